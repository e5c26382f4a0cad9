/* What this node tells the others of itself, and what they have it do: its beat.
 * Floor 4 (call).
 *
 * Nodes meet only in PostgreSQL. Once a second, in one statement on a reader's connection (server/sql/_node_beat.sql),
 * a node tells that it is there and how it is, which of its sessions began, changed or ended, the lines of its log
 * since, and the answers to orders; it gets the orders that are for it, and how far the log of all nodes goes. What it
 * tells of is written into unlogged tables. Administrators read these tables by ordinary requests, on any node.
 *
 * What it costs, and why these numbers: 200 nodes are 200 small transactions a second, none of which waits for a disk
 * unless a session began or ended, or an order was answered. 80,000 sessions, 400 a node, are told when they begin and
 * end; of those whose counts moved, OPERATION_REFRESH a beat are told again, those told longest ago first: all of
 * them are at most 40 s old then, for 2,000 small rows a second in the whole system. Metrics, 15 KiB a node, go every
 * OPERATION_METRICS_MS: 200 KiB a second.
 *
 * Measured 2026-11 on 2 virtual cores, statement not prepared: 0.4 ms of PostgreSQL for an idle beat, 0.9 ms with 10
 * sessions and 10 lines, 18 ms with 500 of each; so 200 nodes take a fifth of one core. A page of 500 sessions out of
 * 80,000 takes 0.2 s, a search through a day of 1,000,000 lines 0.7 s, a look at the newest lines 1 ms.
 *
 * A beat that fails is made good by the next ones: lines are numbered and handed over again; all sessions are told
 * anew; orders are remembered, so that none is carried out twice; answers are repeated until they are recorded. */
#ifndef LIANDONG_CALL_OPERATION_H
#define LIANDONG_CALL_OPERATION_H
#include <libpq-fe.h>
#include <stdbool.h>

struct call;
struct core;
struct metrics;
struct operation;
struct session;

#define OPERATION_BEAT_MS    1000u
#define OPERATION_FORGET_MS  60000u /* between two looks for what is over */
#define OPERATION_METRICS_MS 15000u
#define OPERATION_NEWS       500u /* sessions that began or ended, told in one beat */
#define OPERATION_REFRESH    10u  /* sessions whose counts moved, told again in one beat */

/* NULL without memory. From here on it has the lines of the process's log. */
struct operation *operation_start(struct core *core, struct metrics *metrics);
/* Called several times a second. */
void operation_tick(struct operation *o);
/* The statements' columns are read by number. */
bool operation_contract(const struct core *core, char *error, size_t room);
/* A session ends: others must not see it any more. */
void operation_session_over(struct operation *o, const struct session *s);
/* The node begins to drain: says so with the next beat, which comes at once, and lets all held answers go. */
void operation_drain(struct operation *o);
/* False while that was not said; true again where the database does not take it soon. */
bool operation_is_quiet(const struct operation *o);
/* No read of its may be open any more, and no call held. */
void operation_free(struct operation *o);

/* ---- answers held back (LANE_HELD): asked again by themselves while they have nothing to tell. A request of this lane
 * has a field `wait_ms`; its statement tells nothing by no row, or by one whose first column is NULL. Where both have
 * a column and a field `cursor`, the next look goes on from there. */

/* Takes the call in where its answer `result` tells nothing and its time is not over. */
bool operation_hold(struct operation *o, struct call *c, const PGresult *result);
/* Lets go of it, unanswered. */
void operation_release(struct operation *o, struct call *c);
#endif
