/* Sealed text on its way to watchers: nobody reads it in an event or a snapshot. Floor 3 (feed). Pure.
 *
 * An event is packed once for all who may see it, whatever their rights; who needs the text shows the record.
 *
 * So are numbers that stand within free text: 11 digits of a mobile telephone, 18 of an identity card (the last may be
 * an X). Each digit of one becomes a *, so that no length changes and nothing has to be packed anew (200 bytes of
 * Chinese text without one: 45 ns, 2026-11). Numbers that are written otherwise (with blanks, in Chinese characters,
 * full-width), names and addresses within a text stay. */
#ifndef LIANDONG_FEED_MASK_H
#define LIANDONG_FEED_MASK_H
#include "common/arena.h"
#include "common/seal.h"
#include <protobuf-c/protobuf-c.h>

/* The text, or SEAL_HIDDEN where it is sealed. NULL for NULL. */
char *mask_text(char *text);
/* Hides the numbers in place; true where there was one. A run of eleven digits is looked for by every eleventh byte. */
bool mask_numbers(uint8_t *bytes, size_t size);
/* The same of a whole text, and what is left at its end of a number that was cut. NULL for NULL. */
char *mask_free_text(char *text);
/* Every text of the message itself that is sealed. */
void mask_message(ProtobufCMessage *message);
/* The same of a packed message, whose fields stay as they are otherwise, byte for byte. Where nothing is sealed *bytes
 * stays; else it is a copy in the arena. Numbers within its texts are hidden, too. False without memory, and where it
 * is no message. */
bool mask_packed(const uint8_t **bytes, size_t *size, struct arena *arena);
#endif
