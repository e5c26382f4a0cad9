/* What the connections count, and the gate that keeps refusals from flooding the log.
 * Floor 5 (net). */
#ifndef LIANDONG_NET_HUB_METRICS_H
#define LIANDONG_NET_HUB_METRICS_H
#include "common/metrics.h"
#include "net/conn_state.h"
#include <stdbool.h>
#include <stdint.h>

#define HANDSHAKE_RESULTS 17
#define REFUSALS          5

struct hub_metrics {
    struct metric states[CONN_STATES];           /* gauges */
    struct metric handshakes[HANDSHAKE_RESULTS]; /* by result: OK, a token of tls_failure, TIMEOUT … */
    struct metric refusals[REFUSALS];            /* connections refused before a handshake, by reason */
    struct metric bytes_in, bytes_out, blocked, tick;
    /* lines of refused peers in the log: at most LOG_LINES a second */
    uint64_t window_at;
    unsigned lines;
    int64_t suppressed;
};

void hub_metrics_init(struct hub_metrics *m, struct metrics *registry);
/* Unknown words count as OTHER. */
void hub_metrics_handshake(struct hub_metrics *m, const char *result);
void hub_metrics_refusal(struct hub_metrics *m, const char *reason);
/* False: this line must not be written. *suppressed: how many were not written before this one. */
bool hub_metrics_may_log(struct hub_metrics *m, uint64_t now_ms, int64_t *suppressed);
#endif
