/* Reads, each a transaction of its own: [caller, statement, Sync], on one of a few connections.
 * Floor 2 (db). A read waits for a free connection in the order of arrival; a lost one is sent again (it changes
 * nothing). */
#ifndef LIANDONG_DB_READERS_H
#define LIANDONG_DB_READERS_H
#include "common/metrics.h"
#include "db/link.h"
#include "db/mapping.h"

struct reader;
/* Embedded in whoever asks; must live until `done`. */
struct read {
    const struct statement *statement;
    struct caller caller;   /* officer is borrowed */
    struct binding binding; /* borrowed until done */
    uint32_t timeout_ms;    /* statement_timeout: the caller's deadline */
    bool quiet;             /* its failure is its asker's to log */
    /* result: all rows, borrowed during the call; NULL: `fault` is a reason of the status table. Called once, never
     * from within readers_submit. */
    void (*done)(struct read *r, const PGresult *result, const char *fault);
    /* The readers' own: */
    struct read *next;
    struct reader *reader; /* while sent */
    PGresult *answer;
    bool queued, resent;
    char sqlstate[6];
};

struct readers;
struct readers_options {
    struct statement *caller, *guard;
    struct statement *const *statements;
    size_t statements_count;
    unsigned connections;
    uint32_t queue_limit;
    void (*ready)(void *arg); /* the first connection is ready */
    void (*refused)(void *arg, const char *why);
    void *arg;
};
struct readers *readers_start(uv_loop_t *loop, const char *conninfo, const char *node, uint64_t connect_timeout_ms,
                              const struct readers_options *options, struct metrics *metrics);
bool readers_are_ready(const struct readers *r);
/* Queues. False where the queue is full or no connection is up. */
bool readers_submit(struct readers *r, struct read *read);
/* The asker goes away: where the read is only queued it is removed (true, `done` is not called); else false and `done`
 * comes. */
bool readers_withdraw(struct readers *r, struct read *read);
/* During `done`: the result becomes the caller's, who clears it. */
PGresult *readers_keep(struct readers *r);
void readers_stop(struct readers *r, void (*done)(void *arg), void *arg);
#endif
