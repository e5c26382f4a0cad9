#include "common/metrics.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FIRST_BOUND_US 50u

void metrics_init(struct metrics *m) {
    m->first = NULL;
    m->last = &m->first;
}

void metrics_add(struct metrics *m, struct metric *metric) {
    metric->next = NULL;
    *m->last = metric;
    m->last = &metric->next;
}

void metric_observe(struct metric *histogram, uint64_t us) {
    histogram->sum_us += us;
    histogram->count++;
    for (unsigned i = 0; i < METRIC_BUCKETS; i++)
        if (us <= (uint64_t)FIRST_BOUND_US << i) {
            histogram->buckets[i]++;
            return;
        }
}

static bool __attribute__((format(printf, 2, 3))) put_line(struct buffer *out, const char *format, ...) {
    char line[768];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    return size >= 0 && (size_t)size < sizeof line && buffer_put(out, line, (size_t)size);
}

/* A name is a base and maybe labels: "liandong_calls_total{code=\"OK\"}". */
struct name {
    int base;           /* bytes before the labels */
    const char *labels; /* what stands between the braces; "" where there are none */
    int labels_size;
};
static struct name split(const char *name) {
    const char *brace = strchr(name, '{');
    if (!brace) return (struct name){(int)strlen(name), "", 0};
    return (struct name){(int)(brace - name), brace + 1, (int)strcspn(brace + 1, "}")};
}

static bool print_histogram(const struct metric *m, const struct name *n, struct buffer *out) {
    const char *comma = n->labels_size ? "," : "", *open = n->labels_size ? "{" : "",
               *close = n->labels_size ? "}" : "";
    uint64_t below = 0;
    for (unsigned i = 0; i < METRIC_BUCKETS; i++) {
        uint64_t bound = (uint64_t)FIRST_BOUND_US << i;
        below += m->buckets[i];
        if (!put_line(out, "%.*s_bucket{%.*s%sle=\"%" PRIu64 ".%06" PRIu64 "\"} %" PRIu64 "\n", n->base, m->name,
                      n->labels_size, n->labels, comma, bound / 1000000, bound % 1000000, below))
            return false;
    }
    return put_line(out, "%.*s_bucket{%.*s%sle=\"+Inf\"} %" PRIu64 "\n", n->base, m->name, n->labels_size, n->labels,
                    comma, m->count) &&
           put_line(out, "%.*s_sum%s%.*s%s %" PRIu64 ".%06" PRIu64 "\n", n->base, m->name, open, n->labels_size,
                    n->labels, close, m->sum_us / 1000000, m->sum_us % 1000000) &&
           put_line(out, "%.*s_count%s%.*s%s %" PRIu64 "\n", n->base, m->name, open, n->labels_size, n->labels, close,
                    m->count);
}

bool metrics_print(const struct metrics *m, struct buffer *out) {
    static const char *const types[] = {
        [METRIC_COUNTER] = "counter", [METRIC_GAUGE] = "gauge", [METRIC_HISTOGRAM] = "histogram"};
    for (const struct metric *i = m->first; i; i = i->next) {
        struct name n = split(i->name);
        if (i->help && !put_line(out, "# HELP %.*s %s\n# TYPE %.*s %s\n", n.base, i->name, i->help, n.base, i->name,
                                 types[i->type]))
            return false;
        if (i->type == METRIC_HISTOGRAM ? !print_histogram(i, &n, out)
                                        : !put_line(out, "%s %" PRId64 "\n", i->name, i->value))
            return false;
    }
    return true;
}
