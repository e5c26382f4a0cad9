/* What can be measured: one function each. They print "name<TAB>value" lines, end with the line "faults", and return
 * whether the measurement could be made at all. Part of the load generator. */
#ifndef LIANDONG_LOAD_SCENARIO_H
#define LIANDONG_LOAD_SCENARIO_H
#include "crowd.h"

struct scenario_options {
    double seconds;       /* of the measured stretch */
    uint32_t rate;        /* reports per second, where they come at a rate */
    uint32_t outstanding; /* reports of one reporter not yet acknowledged; of all not yet delivered */
    uint32_t events;      /* to be stored before or during the measurement */
    uint32_t expected;    /* at least so many must come at a catch-up */
    uint32_t parallel;    /* handshakes at a time */
    const char *calls;    /* file of requests, one a line */
};

struct scenario {
    const char *name, *help;
    bool (*run)(struct crowd *c, const struct scenario_options *o);
};
extern const struct scenario scenarios[];
extern const size_t scenario_count;

/* ---- reports and their delivery (scenario_reports.c) */
bool scenario_reports(struct crowd *c, const struct scenario_options *o);
bool scenario_deliver(struct crowd *c, const struct scenario_options *o);
bool scenario_fanout(struct crowd *c, const struct scenario_options *o);
bool scenario_slow(struct crowd *c, const struct scenario_options *o);
/* ---- alerts (scenario_alerts.c): the first two reporters raise and acknowledge, the others report */
bool scenario_alerts(struct crowd *c, const struct scenario_options *o);
/* ---- connections (scenario_connections.c) */
bool scenario_connect(struct crowd *c, const struct scenario_options *o);
bool scenario_idle(struct crowd *c, const struct scenario_options *o);
bool scenario_hold(struct crowd *c, const struct scenario_options *o);
/* ---- what was missed (scenario_replay.c) */
bool scenario_fill(struct crowd *c, const struct scenario_options *o);
bool scenario_catchup(struct crowd *c, const struct scenario_options *o);
bool scenario_storm(struct crowd *c, const struct scenario_options *o);
/* ---- requests (scenario_pages.c) */
bool scenario_pages(struct crowd *c, const struct scenario_options *o);

#define OPEN_SECONDS  60.0 /* for all connections to become ready */
#define DRAIN_SECONDS 10.0 /* for the last events to arrive */

/* Reports until each reporter has `window` in flight or `events` are published in all. */
void scenario_pump(struct crowd *c, uint32_t window, uint32_t events);
/* Turns until all that was published is acknowledged and delivered to every watcher, or DRAIN_SECONDS passed. */
void scenario_drain(struct crowd *c);
/* Reports at a rate for so long. */
void scenario_report_at_rate(struct crowd *c, uint32_t rate, double seconds);
#endif
