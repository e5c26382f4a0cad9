/* What a statement's rows say, as an answer. Of a write: done and replay fill the reply, conflict and refused become a
 * status. Of a read: a reason in the first row becomes a status, else the rows fill the reply.
 * Floor 4 (call). */
#ifndef LIANDONG_CALL_VERDICT_H
#define LIANDONG_CALL_VERDICT_H
#include "call/call.h"

/* Both end the call. */
void verdict_answer(struct call *c, const PGresult *result, int row);
void verdict_show(struct call *c, const struct plan *plan, const PGresult *result);
#endif
