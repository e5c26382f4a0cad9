#include "meter.h"
#include "scenario.h"
#include <stdio.h>

#define WARM_SECONDS 0.3
#define FULL_SECONDS 3.0 /* of the flood that fills the sluggards' buffers, at most */

void scenario_pump(struct crowd *c, uint32_t window, uint32_t events) {
    for (uint32_t i = 0; i < c->reporters; i++) {
        struct connection *reporter = &c->connections[i];
        if (reporter->state_now != CONNECTION_READY) continue;
        while (connection_in_flight(reporter) < window && c->witness.published < events) crowd_report(c, reporter);
        if (reporter->out_begin < reporter->out_end) connection_flush(reporter);
    }
}

void scenario_drain(struct crowd *c) {
    uint64_t until = samples_now() + (uint64_t)(DRAIN_SECONDS * 1e9);
    uint64_t due = (uint64_t)c->witness.published * c->witness.watchers;
    while ((c->acknowledgements < c->witness.published || c->deliveries < due) && samples_now() < until)
        crowd_turn(c, 5);
}

static void pump_for(struct crowd *c, uint32_t window, double seconds) {
    uint64_t until = samples_now() + (uint64_t)(seconds * 1e9);
    while (samples_now() < until) {
        scenario_pump(c, window, WITNESS_ROOM);
        crowd_turn(c, 1);
    }
}

bool scenario_reports(struct crowd *c, const struct scenario_options *o) {
    if (!crowd_open(c, c->count, o->parallel, OPEN_SECONDS)) return false;
    pump_for(c, o->outstanding, WARM_SECONDS);
    uint64_t before = c->acknowledgements;
    c->recording = true;
    struct meter meter = meter_start(c);
    pump_for(c, o->outstanding, o->seconds);
    struct reading r = meter_read(&meter);
    c->recording = false;
    double reports = (double)(c->acknowledgements - before);
    samples_print("reports_per_s", reports / r.seconds);
    samples_print("server_us_per_report", r.server_cpu * 1e6 / reports);
    samples_print_percentiles("acknowledged", &c->acknowledged_us);
    reading_print(&r);
    scenario_drain(c);
    samples_print("faults", (double)crowd_faults(c, true));
    return true;
}

void scenario_report_at_rate(struct crowd *c, uint32_t rate, double seconds) {
    uint64_t gap = 1000000000u / rate, next = samples_now() + gap, until = next + (uint64_t)(seconds * 1e9);
    for (uint32_t turn = 0; next < until; next += gap, turn++) {
        for (uint64_t now = samples_now(); now < next; now = samples_now())
            crowd_turn(c, (int)((next - now) / 1000000 + 1));
        struct connection *reporter = &c->connections[turn % c->reporters];
        crowd_report(c, reporter);
        connection_flush(reporter);
    }
}

/* One report at a time, at a rate the server is bored by: what remains is latency. The server's CPU without reports is
 * taken first, so that heartbeats of thousands of idle watchers are not booked on the events. */
bool scenario_deliver(struct crowd *c, const struct scenario_options *o) {
    if (!crowd_open(c, c->count, o->parallel, OPEN_SECONDS)) return false;
    scenario_report_at_rate(c, o->rate, WARM_SECONDS);
    scenario_drain(c);
    struct meter meter = meter_start(c);
    crowd_turn_for(c, o->seconds / 2);
    struct reading idle = meter_read(&meter);
    uint32_t before = c->witness.published;
    c->recording = true;
    meter = meter_start(c);
    scenario_report_at_rate(c, o->rate, o->seconds);
    scenario_drain(c);
    struct reading r = meter_read(&meter);
    c->recording = false;
    double cpu = r.server_cpu - idle.server_cpu * r.seconds / idle.seconds;
    samples_print("server_us_per_event", cpu * 1e6 / (double)(c->witness.published - before));
    samples_print("server_idle_percent", 100 * idle.server_cpu / idle.seconds);
    samples_print_percentiles("delivered", &c->delivered_us);
    samples_print_percentiles("completed", &c->completed_us);
    samples_print_percentiles("acknowledged", &c->acknowledged_us);
    reading_print(&r);
    samples_print("faults", (double)crowd_faults(c, true));
    return true;
}

/* A closed loop: at most `outstanding` reports are not yet with every watcher, and each reporter waits for its own to
 * be acknowledged, so that no queue grows anywhere and what is measured can be held for ever. */
static void fan_out_for(struct crowd *c, uint32_t outstanding, double seconds) {
    uint64_t until = samples_now() + (uint64_t)(seconds * 1e9);
    uint32_t next = 0;
    while (samples_now() < until) {
        for (uint32_t tried = 0; tried < c->reporters && c->witness.published - c->witness.completed < outstanding;
             tried++) {
            struct connection *reporter = &c->connections[next++ % c->reporters];
            if (connection_in_flight(reporter)) continue;
            crowd_report(c, reporter);
            connection_flush(reporter);
        }
        crowd_turn(c, 1);
    }
}

bool scenario_fanout(struct crowd *c, const struct scenario_options *o) {
    if (!crowd_open(c, c->count, o->parallel, OPEN_SECONDS)) return false;
    fan_out_for(c, o->outstanding, WARM_SECONDS);
    uint64_t deliveries = c->deliveries;
    uint32_t published = c->witness.published;
    struct meter meter = meter_start(c);
    fan_out_for(c, o->outstanding, o->seconds);
    struct reading r = meter_read(&meter);
    double delivered = (double)(c->deliveries - deliveries);
    samples_print("deliveries_per_s", delivered / r.seconds);
    samples_print("reports_per_s", (double)(c->witness.published - published) / r.seconds);
    samples_print("server_us_per_delivery", r.server_cpu * 1e6 / delivered);
    samples_print("generator_us_per_delivery", r.own_cpu * 1e6 / delivered);
    reading_print(&r);
    scenario_drain(c);
    samples_print("faults", (double)crowd_faults(c, true));
    return true;
}

static void pause_sluggards(struct crowd *c, bool paused) {
    for (uint32_t i = c->reporters; i < c->count; i++)
        if (c->connections[i].role == ROLE_SLUGGARD) connection_pause(&c->connections[i], paused);
}

static void measure_others(struct crowd *c, const struct scenario_options *o, const char *name) {
    c->delivered_us.count = 0;
    c->recording = true;
    scenario_report_at_rate(c, o->rate, o->seconds);
    crowd_turn_for(c, 0.2);
    c->recording = false;
    samples_print_percentiles(name, &c->delivered_us);
}

/* The sluggards stop reading, a flood of `events` fills their sockets and whatever the server keeps for them, and then
 * the others' latency is taken at the same rate as before. In the end the sluggards read again and must get everything.
 */
bool scenario_slow(struct crowd *c, const struct scenario_options *o) {
    if (!crowd_open(c, c->count, o->parallel, OPEN_SECONDS)) return false;
    scenario_report_at_rate(c, o->rate, WARM_SECONDS);
    scenario_drain(c);
    struct meter meter = meter_start(c);
    measure_others(c, o, "undisturbed");
    pause_sluggards(c, true);
    uint64_t until = samples_now() + (uint64_t)(FULL_SECONDS * 1e9);
    uint32_t target = c->witness.published + o->events;
    while (c->acknowledgements < target && samples_now() < until) {
        scenario_pump(c, 1, target);
        crowd_turn(c, 1);
    }
    crowd_turn_for(c, 0.5);
    measure_others(c, o, "disturbed");
    struct reading r = meter_read(&meter);
    uint64_t behind = (uint64_t)c->witness.published * c->witness.watchers - c->deliveries;
    samples_print("kept_from_sluggards", (double)behind);
    pause_sluggards(c, false);
    scenario_drain(c);
    reading_print(&r);
    samples_print("faults", (double)crowd_faults(c, true));
    return true;
}
