/* The messages as a person types and reads them: flags from field names, words from enum values, which requests write.
 * Client, pure. All from descriptors; nothing here knows a particular request. */
#ifndef LIANDONG_CLIENT_SCHEMA_H
#define LIANDONG_CLIENT_SCHEMA_H
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

#define SCHEMA_WORD 80 /* room for a flag or a word with its NUL */

/* An amount of money in fen: "amount_fen". */
bool schema_is_money(const ProtobufCFieldDescriptor *field);
/* "level_at_least" -> "level-at-least". A repeated field's flag is its singular: "classes" -> "class"; of an amount,
 * which people say in yuan, it names no unit: "amount_fen" -> "amount". */
void schema_flag(char out[SCHEMA_WORD], const ProtobufCFieldDescriptor *field);
/* True where `flag` names the field: its flag, or its name with '-' for '_' (not of an amount: it would be taken for
 * fen). */
bool schema_is_flag(const ProtobufCFieldDescriptor *field, const char *flag, size_t size);

/* INCIDENT_CLASS_EXTREME_THREAT -> "EXTREME_THREAT" (what JSON shows), "extreme-threat" (what people type). */
const char *schema_token(const ProtobufCEnumDescriptor *type, const ProtobufCEnumValue *value);
void schema_word(char out[SCHEMA_WORD], const ProtobufCEnumDescriptor *type, const ProtobufCEnumValue *value);
/* Whether a person is offered this value of this field, in help, questions and completion: not "unspecified", and not
 * what the request takes from nobody, such as an alert that comes by itself. */
bool schema_offers(const ProtobufCFieldDescriptor *field, const ProtobufCEnumValue *value);
/* True where both are the same word: case, '-', '_' and blanks between make no difference. */
bool schema_same_word(const char *a, const char *b);

/* Member of the envelope's oneof; NULL where there is none of that name. */
const ProtobufCFieldDescriptor *schema_request(const char *name);
const ProtobufCFieldDescriptor *schema_reply(const ProtobufCFieldDescriptor *request);
const ProtobufCMessageDescriptor *schema_type(const ProtobufCFieldDescriptor *field); /* of a message field */
/* The field of a request that names a record (incident, dispute, transfer, alert, task: the noun of its verbs); NULL:
 * it has none. */
const ProtobufCFieldDescriptor *schema_record(const ProtobufCMessageDescriptor *request);
/* A request writes where its answer can say that it was carried out before (a field `replay`). */
bool schema_writes(const ProtobufCFieldDescriptor *request);
/* The one repeated message field of a message that is a list of something; NULL where it is a record of its own. */
const ProtobufCFieldDescriptor *schema_rows(const ProtobufCMessageDescriptor *type);

/* The values of a field, one by one: 0 or 1 of a single field, as many as there are of a repeated one. */
size_t schema_count(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field);
const void *schema_item(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, size_t index);
/* The shortest decimal form that reads back as the same number; "null" for what is none. */
#define SCHEMA_REAL 40
void schema_real(char out[SCHEMA_REAL], double number);

/* A field of a request or of a message inside it, as in WatchFeed.filter: `outer` is NULL for the request's own. */
struct schema_place {
    const ProtobufCFieldDescriptor *outer, *field;
};
/* The fields of a request that can be flags, those of inner messages included. Returns how many; writes at most `room`.
 */
size_t schema_places(const ProtobufCMessageDescriptor *type, struct schema_place *out, size_t room);
#define SCHEMA_PLACES_MAX 64
#endif
