/* The process itself: what it may do, what it costs, what it tells its supervisor.
 * Composition floor. */
#ifndef LIANDONG_SERVER_PROCESS_H
#define LIANDONG_SERVER_PROCESS_H
#include "common/metrics.h"
#include <stddef.h>
#include <stdint.h>

/* No core files and nobody of the same user looks into our memory (it holds case content and the key); as many
 * descriptors as the hard limit grants. Returns how many. */
size_t process_limit(void);

struct process_metrics {
    struct metric up_seconds, resident, descriptors, descriptors_limit, cpu_ms, log_lost, version;
    uint64_t started_us;
};
void process_metrics_init(struct process_metrics *p, struct metrics *registry);
void process_metrics_update(struct process_metrics *p);

/* sd_notify: "READY=1", "STOPPING=1" …; nothing where no supervisor listens ($NOTIFY_SOCKET). */
void process_notify(const char *state);
/* How often "WATCHDOG=1" is expected, in ms: half of $WATCHDOG_USEC; 0: not. */
uint64_t process_watchdog_ms(void);
#endif
