/* Lines of the log on their way to where administrators read them: a bounded queue that never waits.
 * Floor 4 (call). Pure.
 *
 * Lines are numbered from 1. When the queue is full the oldest is dropped; its number is used up, so that the receiver
 * sees the hole, and the next batch begins with a line that says how many were dropped. A batch that was taken stays
 * until it is done, with the same numbers: one whose fate is unknown is handed over again and taken only once. */
#ifndef LIANDONG_CALL_LINE_QUEUE_H
#define LIANDONG_CALL_LINE_QUEUE_H
#include "common/buffer.h"

#define LINE_QUEUE_CAP  262144u /* bytes waiting: some 1,500 lines */
#define LINE_BATCH_CAP  131072u /* bytes of one batch */
#define LINE_NOTICE_MAX 160u    /* of the line about dropped ones */

struct line_queue {
    struct buffer lines; /* each with a newline */
    struct buffer batch; /* without the last newline, then a NUL */
    uint64_t next;       /* number of the next line that comes */
    uint64_t waiting;    /* lines in `lines`: they are the last ones before `next` */
    uint64_t first;      /* number of the batch's first line */
    uint64_t dropped;    /* since the last batch */
    uint64_t dropped_total;
};

void line_queue_init(struct line_queue *q);
/* One line without its newline; copied. */
void line_queue_put(struct line_queue *q, const char *line, size_t size);
/* The batch that is not done, or a new one; "" where nothing waits. Valid until line_queue_done. *first: its first
 * number. */
const char *line_queue_take(struct line_queue *q, uint64_t *first);
/* The batch is where it should be, or is given up (its lines count as dropped). */
void line_queue_done(struct line_queue *q, bool arrived);
bool line_queue_is_empty(const struct line_queue *q);
void line_queue_free(struct line_queue *q);
#endif
