/* Counters, gauges and histograms, printed in the Prometheus text format.
 * Floor 1 (common). Single-threaded: every floor owns its metrics as plain members and adds 1 where the thing happens.
 */
#ifndef LIANDONG_COMMON_METRICS_H
#define LIANDONG_COMMON_METRICS_H
#include "common/buffer.h"
#include <stdint.h>

#define METRIC_BUCKETS 20 /* upper bounds 2^i * 50 us: 50 us .. 26 s; the rest is +Inf */

struct metric {
    const char *name; /* "liandong_calls_total"; labels may follow: "liandong_calls_total{code=\"OK\"}" */
    const char *help; /* NULL on all but the first of a name */
    enum { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM } type;
    int64_t value;                                   /* counter, gauge */
    uint64_t sum_us, count, buckets[METRIC_BUCKETS]; /* histogram */
    struct metric *next;
};
struct metrics {
    struct metric *first, **last;
};

void metrics_init(struct metrics *m);
/* Borrowed; must live as long as the registry. */
void metrics_add(struct metrics *m, struct metric *metric);
void metric_observe(struct metric *histogram, uint64_t us);
/* Appends the whole page. False where the buffer's cap stopped it. */
bool metrics_print(const struct metrics *m, struct buffer *out);
#endif
