#include "meter.h"
#include "scenario.h"
#include "liandong.h"
#include <string.h>

#define FILL_WINDOW_ALL 256u /* reports in flight while filling, over all reporters */
#define FILL_SECONDS    120.0

/* Stores `events` reports as fast as they are acknowledged. */
static bool fill(struct crowd *c, uint32_t events) {
    uint32_t target = c->witness.published + events;
    uint32_t window = c->options.protocol == &protocol_liandong ? 1 : FILL_WINDOW_ALL / c->reporters + 1;
    uint64_t until = samples_now() + (uint64_t)(FILL_SECONDS * 1e9), due = c->acknowledgements + events;
    while (c->acknowledgements < due && samples_now() < until) {
        scenario_pump(c, window, target);
        crowd_turn(c, 5);
    }
    return c->acknowledgements >= due;
}

bool scenario_fill(struct crowd *c, const struct scenario_options *o) {
    if (!crowd_open(c, c->reporters, o->parallel, OPEN_SECONDS)) return false;
    uint64_t begin = samples_now();
    if (!fill(c, o->events)) return false;
    samples_print("reports_per_s", o->events / ((double)(samples_now() - begin) / 1e9));
    samples_print("faults", (double)crowd_faults(c, false));
    return true;
}

/* One watcher that has nothing yet, from the oldest event on. What this run stores before comes on top of what was
 * there; the time runs from the dial to the last event. */
bool scenario_catchup(struct crowd *c, const struct scenario_options *o) {
    struct connection *watcher = &c->connections[c->reporters];
    c->start.kind = START_OLDEST;
    if (c->reporters && (!crowd_open(c, c->reporters, o->parallel, OPEN_SECONDS) || !fill(c, o->events))) return false;
    uint64_t expected = o->expected ? o->expected : c->witness.published;
    uint64_t until = samples_now() + (uint64_t)(OPEN_SECONDS * 1e9);
    struct meter meter = meter_start(c);
    crowd_dial(c, c->reporters + 1, 1);
    while ((watcher->deliveries < expected || !watcher->live) && samples_now() < until && !c->lost) crowd_turn(c, 5);
    struct reading r = meter_read(&meter);
    double events = (double)watcher->deliveries;
    samples_print("events_per_s", events / r.seconds);
    samples_print("events", events);
    samples_print("server_us_per_event", r.server_cpu * 1e6 / events);
    samples_print("generator_us_per_event", r.own_cpu * 1e6 / events);
    reading_print(&r);
    uint64_t missing = watcher->deliveries < expected ? expected - watcher->deliveries : 0;
    samples_print("faults", (double)(crowd_faults(c, false) + missing));
    return watcher->live;
}

/* The place where all watchers of a storm stopped: here and now. Ours is an opaque cursor, which a watcher has to be
 * told. */
static bool remember_place(struct crowd *c) {
    struct connection *first = &c->connections[c->reporters];
    if (c->options.protocol == &protocol_liandong) {
        const struct liandong_state *state = first->state;
        if (!crowd_open(c, c->reporters + 1, 1, OPEN_SECONDS)) return false;
        memcpy(c->start.cursor, state->synced, CURSOR_SIZE);
        c->ready--;
        c->live = 0;
        c->dialed--;
        connection_close(first);
    }
    c->start.sequence = c->last_sequence + 1;
    c->start.kind = START_CURSOR;
    return true;
}

/* All watchers dial in the same moment, each `events` behind, until the last one has everything and is live. */
bool scenario_storm(struct crowd *c, const struct scenario_options *o) {
    if (!crowd_open(c, c->reporters, o->parallel, OPEN_SECONDS) || !fill(c, 1)) return false;
    uint32_t before = c->witness.published;
    if (!remember_place(c) || !fill(c, o->events)) return false;
    uint64_t due = (uint64_t)(c->witness.published - before) * c->witness.watchers;
    uint64_t until = samples_now() + (uint64_t)(OPEN_SECONDS * 1e9);
    struct meter meter = meter_start(c);
    crowd_dial(c, c->count, c->count);
    while ((c->deliveries < due || c->live < c->witness.watchers) && samples_now() < until) crowd_turn(c, 5);
    struct reading r = meter_read(&meter);
    samples_print("storm_s", r.seconds);
    samples_print("server_cpu_s", r.server_cpu);
    samples_print("generator_cpu_s", r.own_cpu);
    reading_print(&r);
    samples_print("faults", (double)(crowd_faults(c, false) + (c->deliveries < due ? due - c->deliveries : 0)));
    return c->live == c->witness.watchers;
}
