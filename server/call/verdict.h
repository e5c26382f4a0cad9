/* What a write's row says, as an answer: done and replay fill the reply, conflict and refused become a status.
 * Floor 4 (call). */
#ifndef LIANDONG_CALL_VERDICT_H
#define LIANDONG_CALL_VERDICT_H
#include "call/call.h"

/* Ends the call. */
void verdict_answer(struct call *c, const PGresult *result, int row);
#endif
