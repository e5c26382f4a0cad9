/* Sealed text on its way to watchers. Floor 3 (feed). Pure.
 *
 * An event is packed once for all who may see it, whatever their rights. So only what everybody may read who sees the
 * record is opened (its place); of the rest nobody reads anything in an event or a snapshot: who needs it shows the
 * record.
 *
 * Hidden as well are numbers that stand within free text: 11 digits of a mobile telephone, 18 of an identity card (the
 * last may be an X). Each digit of one becomes a *, so that no length changes and nothing has to be packed anew (200
 * bytes of Chinese text without one: 45 ns, 2026-11). Numbers that are written otherwise (with blanks, in Chinese
 * characters, full-width), names and addresses within a text stay. */
#ifndef LIANDONG_FEED_MASK_H
#define LIANDONG_FEED_MASK_H
#include "common/arena.h"
#include "common/seal.h"
#include <protobuf-c/protobuf-c.h>

enum mask_opened {
    MASK_PLAIN,  /* the field is not sealed: somebody typed something like a token */
    MASK_HIDDEN, /* not for everybody */
    MASK_OPEN,   /* `text` holds it, or SEAL_UNREADABLE, and a NUL */
    MASK_LATER   /* its key is on its way here: try again in a second */
};
/* Who has the keys and knows which fields are sealed, by their names in the record's message. `text` has room for
 * size + 1 bytes. */
struct mask_opener {
    enum mask_opened (*open)(void *arg, const char *field, const uint8_t *record, const char *token, size_t size,
                             char *text);
    void *arg;
};
/* One record's texts. */
struct masking {
    const struct mask_opener *opener;
    const uint8_t *record; /* 16 bytes */
    struct arena *arena;   /* for what is opened */
    bool later;            /* set by any of these where a text has to be tried again; the rest is of no use */
};
/* The text of a field; where it is sealed what it says, without numbers, or SEAL_HIDDEN. NULL for NULL. */
char *mask_text(struct masking *m, const char *field, char *text);
/* A place and, after a blank, some words; or the words only. Numbers are hidden as in mask_free_text. */
char *mask_title(struct masking *m, char *title);
/* Hides the numbers in place; true where there was one. A run of eleven digits is looked for by every eleventh byte. */
bool mask_numbers(uint8_t *bytes, size_t size);
/* The same of a whole text, and what is left at its end of a number that was cut. NULL for NULL. */
char *mask_free_text(char *text);
/* Every text of the message itself that is sealed. */
void mask_message(struct masking *m, ProtobufCMessage *message);
/* The same of a packed message of that kind, whose fields stay as they are otherwise, byte for byte. Where nothing is
 * sealed *bytes stays; else it is a copy in the arena. Numbers within its texts are hidden, too. False without memory,
 * and where it is no message. */
bool mask_packed(struct masking *m, const ProtobufCMessageDescriptor *kind, const uint8_t **bytes, size_t *size);
#endif
