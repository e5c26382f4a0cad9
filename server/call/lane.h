/* The lanes on which a call gets to the database and back (requests.h says which request takes which).
 * Floor 4 (call). Each function ends the call, now or when the database has answered.
 *
 * A write is sealed, bound and given to the writer; where its sealed text belongs to a record that it names, that
 * record is looked up first. A read goes to the readers; one that is audited goes with the writer's group, which writes
 * it down.
 */
#ifndef LIANDONG_CALL_LANE_H
#define LIANDONG_CALL_LANE_H
#include "call/call.h"

/* Asks the readers for what a request of LANE_READ or LANE_HELD wants, with the message as it is now. */
void lane_read(struct call *c);
/* LANE_AUDIT: what it shows is written down in the same transaction. */
void lane_audited(struct call *c);
/* LANE_WRITE, LANE_URGENT and LANE_BATCH. */
void lane_write(struct call *c);
/* A refusal for want of a right, which no statement of the request has written down, is a line in the audit before it
 * is said. named: the record, NULL where none was looked for; reason and field as call_refuse. */
void lane_deny(struct call *c, const char *reason, const char *named, const char *field);
#endif
