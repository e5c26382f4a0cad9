/* The one catalogue of names that people read: fields, enum values, requests; and what a field means where its type
 * does not say.
 * Client, pure. A test fails where a field, value or request has no label. */
#ifndef LIANDONG_CLIENT_LABELS_H
#define LIANDONG_CLIENT_LABELS_H
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

enum meaning {
    MEANING_PLAIN,
    MEANING_TIME,           /* int64: ms since 1970 UTC; shown in +08:00 */
    MEANING_DURATION,       /* ms */
    MEANING_MONEY,          /* uint64: fen; yuan for people */
    MEANING_SENSITIVITY,    /* 0 to 4, public to named persons only */
    MEANING_RECORD,         /* string: full number of a record of any kind */
    MEANING_RANK,           /* enum whose numbers people say too: level 1 */
    MEANING_UUID,           /* 16 bytes, shown as 8-4-4-4-12 */
    MEANING_OFFICE,         /* string: code of an office, "ytp"; people may type its name, and read it */
    MEANING_CODE,           /* string: a code that is typed and read as it is: of an office that is to be */
    MEANING_NUMBER,         /* string: of a person, a telephone, another system's record; typed at half width */
    MEANING_REQUEST,        /* string: name of a request, "report_incident" */
    MEANING_FIELD,          /* string: name of a field */
    MEANING_WORD,           /* string: a word that has a label of its own, "PAIRED" */
    MEANING_FIELD_VALUE,    /* string: value of the field of Incident that the sibling `field` names */
    MEANING_DIRECTORY_VALUE /* the same of an office, account or device */
};
struct label {
    const char *name; /* field; or "Message.field" where it means something else there; or an enum value's full name */
    const char *text; /* English msgid */
    enum meaning meaning;
};
/* Every row, in the order of their names; NULL past the last. The rows stand in client/labels/. */
const struct label *label_at(size_t index);

/* The row of a field in a message (type may be NULL), of an enum value, of anything by its name. NULL: there is none.
 */
const struct label *label_of_field(const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *field);
const struct label *label_find(const char *name);
/* Their texts in the chosen language; without a row, the name itself: what a newer server says is shown, not hidden. */
const char *label_field(const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *field);
const char *label_value(const ProtobufCEnumDescriptor *type, int value, char unknown[16]);
const char *label_name(const char *name);
/* All words that a field offers for its value: "criminal, dispute, …"; in Chinese the Chinese ones (the English ones
 * are taken as well). */
void label_words(const ProtobufCFieldDescriptor *field, char *out, size_t room);
enum meaning label_meaning(const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *field);
#endif
