/* What the connections count.
 * Floor 5 (net). */
#ifndef LIANDONG_NET_HUB_METRICS_H
#define LIANDONG_NET_HUB_METRICS_H
#include "common/log.h"
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
    struct log_gate refused; /* lines of refused peers */
};

void hub_metrics_init(struct hub_metrics *m, struct metrics *registry);
/* Unknown words count as OTHER. */
void hub_metrics_handshake(struct hub_metrics *m, const char *result);
void hub_metrics_refusal(struct hub_metrics *m, const char *reason);
#endif
