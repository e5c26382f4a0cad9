/* One commit group: how members become statements of one transaction, and how the answers find their members.
 * Floor 2 (db). */
#ifndef LIANDONG_DB_GROUP_H
#define LIANDONG_DB_GROUP_H
#include "db/writer.h"

#define GROUP_MEMBERS 1024u /* a bound on one transaction's length, not a tuning: 20 ms of work at most */

#define GROUP_BATCHES    8u     /* different batch requests in one group; the table of requests has fewer */
#define WRITE_TIMEOUT_MS 10000u /* statement_timeout of a member; the commit itself is never cut short */

struct group_batch {
    size_t first, count; /* members[first .. first + count) share one execution */
};
struct group {
    struct write *members[GROUP_MEMBERS];
    size_t count;
    bool sent; /* until it is settled */
    uint64_t sent_at_us;
    struct arena arena; /* arrays of the batches, until the Sync */
    bool failed, lost;
    char sqlstate[6]; /* of the first error */
    struct group_batch batches[GROUP_BATCHES];
    PGresult *batch_answers[GROUP_BATCHES]; /* kept until the Sync, and so are these two: */
    PGresult *pen, *tail, *alarm;
    size_t batches_count, batches_answered;
    void (*settled)(void *arg, struct group *g); /* after the Sync, or after the loss */
    void *arg;
};

/* Sends pen, members, notify, tail, alarm where they are urgent, Sync of g->members[0..count). False where memory ran
 * out or the link broke before the Sync was sent: `settled` does not come; break the link, so that PostgreSQL rolls
 * back what it was sent. */
bool group_send(struct group *g, struct link *link, const struct writer_options *o);
/* Gives back what the answers held. */
void group_clear(struct group *g);
#endif
