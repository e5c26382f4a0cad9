/* The one pen: all writes of this process, in commit groups.
 * Floor 2 (db). Does not know who asked.
 *
 * One group is being carried out; what arrives meanwhile is the next group (no timer, no knob: idle means lowest
 * latency, load means large groups). Once the next one is as large as the one before it, it is sent ahead, so that
 * PostgreSQL need not wait while this process answers and reads: among two groups there is no order to keep, for each
 * connection has one call in flight. A group is one implicit transaction: pen (feed_head for update, a statement of its
 * own, so that everything after it sees all earlier commits of all processes), members, notify, tail (what the group
 * appended, for those who wait for it: asked for here it costs no second round trip, and is shown to nobody before the
 * Sync), Sync. Members of the same batch request share one execution. A member learns its outcome only after the Sync:
 * its row comes before the commit.
 *
 *   QUEUED -> SENT -> done          SENT -> (group failed) QUEUED alone -> SENT -> done
 *                                   SENT -> (connection lost: outcome unknown) QUEUED again, safe by request_id
 *                                   (lost twice) QUEUED alone -> (lost alone) done: OUTCOME_PENDING
 *
 * A write that takes its backend down with it would do so for ever, and all others' groups with it. One that was lost
 * twice is suspected and goes alone, with no group sent ahead behind it; lost once more it is given back with the
 * truth, that nobody knows. Its sender may ask again, by the same request_id: that costs everybody three reconnections,
 * not their own writes.
 *
 * An urgent write waits for what was sent, and for nothing that was not: it goes ahead of the queue, at once, and its
 * group has no others to carry out. What it is urgent for is asked for in the same round trip (2026-11: so what alerts
 * somebody, see tests/load, figure alert_p99). After such a group comes one of the others, if any waits: nobody keeps
 * them waiting with alert upon alert.
 *
 * A read may be a member too, where what it writes down of its reader has to be durable before it is answered; it gets
 * all its rows. Sent twice it is written down twice.
 *
 * Decision 2026-11: reports are executed set-wise. One statement per member costs one executor start-up each; see
 * tests/load, figure report_64x1. */
#ifndef LIANDONG_DB_WRITER_H
#define LIANDONG_DB_WRITER_H
#include "common/metrics.h"
#include "db/link.h"
#include "db/mapping.h"

struct group;
enum write_state { WRITE_IDLE, WRITE_QUEUED, WRITE_SENT };

/* Embedded in the call that it belongs to, which must live until `done`. */
struct write {
    const struct plan *plan;
    struct caller caller; /* set before each single member; officer is borrowed */
    struct binding binding;
    /* row: of the plan's statement (of a read, row 0: all rows are its answer); NULL: it could not be carried out,
     * `fault` is a reason of the status table. Called once, never from within writer_submit. `result` is borrowed
     * during the call. */
    void (*done)(struct write *w, const PGresult *row_of, int row, const char *fault);
    /* The writer's own: */
    enum write_state state;
    bool urgent;
    bool alone;                /* its group failed, or it is suspected: next time it goes by itself */
    uint8_t losses;            /* times its outcome was unknown, the connection being lost */
    uint8_t failures;          /* times it failed alone */
    struct write *next, *prev; /* in the queue */
    struct group *group;       /* while sent */
    int row;
    PGresult *answer; /* of a single member, until the Sync */
};

struct writer;
struct writer_options {
    struct statement *pen, *caller, *notify, *tail, *guard,
        *barrier;                        /* caller: office, device, officer, role, timeout in ms as text */
    struct statement *alarm;             /* after the tail of an urgent group. NULL: nothing */
    struct statement *const *statements; /* all that the writer sends, the first four and `alarm` included */
    size_t statements_count;
    uint32_t queue_limit;
    void (*ready)(void *arg); /* connected (again) */
    void (*refused)(void *arg, const char *why);
    /* A group is durable and its members were answered. What its pen, its tail and, where it is urgent, `alarm` said,
     * borrowed. */
    void (*committed)(void *arg, const PGresult *pen, const PGresult *tail, const PGresult *alarm);
    void (*poked)(void *arg); /* another process committed */
    void *arg;
};
struct writer *writer_start(uv_loop_t *loop, const char *conninfo, const char *node, uint64_t connect_timeout_ms,
                            const struct writer_options *options, struct metrics *metrics);
bool writer_is_ready(const struct writer *w);
/* Queues. False where the queue is full. Goes out with the next group, at the latest at the end of this loop tick. */
bool writer_submit(struct writer *w, struct write *write);
/* The same, before all that waits and is not urgent, and in a group without those. */
bool writer_submit_urgent(struct writer *w, struct write *write);
/* Takes back what was not sent yet; then it was surely not carried out and `done` is not called. False: it was sent. */
bool writer_withdraw(struct writer *w, struct write *write);
/* Writes queued or in flight. */
size_t writer_load(const struct writer *w);
/* Writes sent since the start. */
int64_t writer_written(const struct writer *w);
/* What is queued or in flight is given back with fault OUTCOME_PENDING. `done`: handles closed, writer freed. */
void writer_stop(struct writer *w, void (*done)(void *arg), void *arg);
#endif
