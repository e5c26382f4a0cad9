/* Attachments on their way through the server: what of them PostgreSQL must not have in the clear (name, SHA-256,
 * bytes) is sealed before and opened after, and the SHA-256 of the whole is worked out chunk by chunk.
 * Floor 4 (call). The rest is SQL: server/functions/attachment.sql.
 *
 * - A chunk's token is bound to its record (UUID), its attachment's number and its place in it: none opens elsewhere.
 * - The hash's state after each chunk lies, sealed, with the attachment, so that any node goes on with it, also after a
 *   kill -9. Every chunk but the last is a whole number of SHA-256's blocks: see common/digest.h.
 * - The last chunk brings the SHA-256 of all, sealed as the announced one was: their marks (common/seal.h) are equal
 *   exactly where they are, which SQL judges under the pen.
 * - Which attachment, and how far it came, is read before the chunk is sealed; the write looks again, and takes a chunk
 *   only where that has not changed. */
#ifndef LIANDONG_CALL_ATTACHMENT_H
#define LIANDONG_CALL_ATTACHMENT_H
#include "call/call.h"
#include "call/enrol.h"

/* True for the requests that need a look before they are written. */
bool attachment_looks(uint32_t number);
/* The statement of that look, with its values bound; *named is the record's name for the audit, or NULL, and *field the
 * one that names it. NULL without memory. */
struct statement *attachment_look(struct call *c, struct binding *binding, const char **named, const char **field);
/* Takes what the look found; its first two columns are the caller's business. False without memory. */
bool attachment_take(struct call *c, const PGresult *found);
/* Seals; see request_steps. NULL for requests of others. */
const struct request_steps *attachment_steps(uint32_t number);
/* Opens a chunk that is handed out. NULL, or a reason. */
const char *attachment_open(struct call *c, ProtobufCMessage *reply, const uint8_t *record);
bool attachment_contract(const struct statement *s, char *error, size_t room);
#endif
