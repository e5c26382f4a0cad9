/* Sealed text on its way to watchers: nobody reads it in an event or a snapshot. Floor 3 (feed). Pure.
 *
 * An event is packed once for all who may see it, whatever their rights; who needs the text shows the record. */
#ifndef LIANDONG_FEED_MASK_H
#define LIANDONG_FEED_MASK_H
#include "common/arena.h"
#include "common/seal.h"
#include <protobuf-c/protobuf-c.h>

/* The text, or SEAL_HIDDEN where it is sealed. NULL for NULL. */
char *mask_text(char *text);
/* Every text of the message itself that is sealed. */
void mask_message(ProtobufCMessage *message);
/* The same of a packed message, whose fields stay as they are otherwise, byte for byte. Where nothing is sealed *bytes
 * stays; else it is a copy in the arena. False without memory, and where it is no message. */
bool mask_packed(const uint8_t **bytes, size_t *size, struct arena *arena);
#endif
