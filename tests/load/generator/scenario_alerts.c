#include "meter.h"
#include "scenario.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WARM_SECONDS    1.0
#define ALERTS_ROOM     4096u
#define ALERT_GAP_NS    80000000u
#define NUMBER_ROOM     32u
#define ALERT_TITLE     "ALERT"
#define KIND_MASS_EVENT 1

/* Alerts on their way: raised by one connection, shown to the watcher on duty, acknowledged by a third, as a district
 * would: so the alerts that wait stay few. */
struct alerts {
    struct crowd *crowd;
    struct connection *raiser, *duty;
    uint64_t raised_at[ALERTS_ROOM];
    uint32_t raised, open, shown, acknowledged; /* open: raised and not yet shown */
    char numbers[ALERTS_ROOM][NUMBER_ROOM];     /* in the order in which they were shown */
    struct samples shown_us;
};

static void noticed(struct connection *c, const char *title, const char *no) {
    struct alerts *a = c->crowd->noticed_arg;
    bool ours = strncmp(title, ALERT_TITLE, strlen(ALERT_TITLE)) == 0; /* not what the reports bring about */
    uint64_t index = ours ? strtoull(title + strlen(ALERT_TITLE), NULL, 10) : 0;
    if (a->shown == ALERTS_ROOM) return;
    snprintf(a->numbers[a->shown++], NUMBER_ROOM, "%s", no);
    if (!ours) return;
    if (index >= a->raised || !a->raised_at[index]) {
        crowd_fault(c, "a notice that was not expected, or once more");
        return;
    }
    if (a->crowd->recording) samples_add(&a->shown_us, (double)(samples_now() - a->raised_at[index]) / 1e3);
    a->raised_at[index] = 0;
    a->open--;
}

static void write_line(struct connection *c, const char *line) {
    if (!c->crowd->options.protocol->write(c, line)) crowd_fault(c, line);
    connection_flush(c);
}

static void raise_one(struct alerts *a) {
    char line[128];
    if (a->raised == ALERTS_ROOM || connection_in_flight(a->raiser)) return;
    snprintf(line, sizeof line, "raise_alert kind=%d title=%s%u", KIND_MASS_EVENT, ALERT_TITLE, a->raised);
    a->raised_at[a->raised++] = samples_now();
    a->open++;
    write_line(a->raiser, line);
}

static void acknowledge_one(struct alerts *a) {
    char line[128];
    if (a->acknowledged == a->shown || connection_in_flight(a->duty)) return;
    snprintf(line, sizeof line, "ack_alert alert=%s", a->numbers[a->acknowledged++]);
    write_line(a->duty, line);
}

/* Reports at a rate on all connections but the first two, and an alert now and then. Where the reports fall behind
 * their rate they are not made up for: how many there were is told. */
static void flow(struct alerts *a, uint32_t rate, double seconds) {
    struct crowd *c = a->crowd;
    uint64_t gap = 1000000000u / rate, next = samples_now() + gap, until = next + (uint64_t)(seconds * 1e9);
    uint64_t alert = next;
    for (uint32_t turn = 0; next < until; next += gap, turn++) {
        for (uint64_t now = samples_now(); now < next; now = samples_now()) {
            crowd_turn(c, (int)((next - now) / 1000000 + 1));
            acknowledge_one(a);
        }
        if (next >= alert) {
            raise_one(a);
            alert = next + ALERT_GAP_NS;
        }
        struct connection *reporter = &c->connections[2 + turn % (c->reporters - 2)];
        if (connection_in_flight(reporter) >= CONNECTION_WINDOW) continue;
        crowd_report(c, reporter);
        connection_flush(reporter);
    }
}

bool scenario_alerts(struct crowd *c, const struct scenario_options *o) {
    static struct alerts a;
    a = (struct alerts){.crowd = c, .raiser = &c->connections[0], .duty = &c->connections[1]};
    c->noticed = noticed;
    c->noticed_arg = &a;
    if (!c->options.protocol->write || c->reporters < 3 || !samples_init(&a.shown_us) ||
        !crowd_open(c, c->count, o->parallel, OPEN_SECONDS))
        return false;
    flow(&a, o->rate, WARM_SECONDS);
    uint32_t before = c->witness.published;
    struct meter meter = meter_start(c);
    c->recording = true;
    flow(&a, o->rate, o->seconds);
    struct reading r = meter_read(&meter);
    samples_print("flow_per_s", (double)(c->witness.published - before) / r.seconds);
    scenario_drain(c);
    crowd_turn_for(c, 0.5);
    samples_print("alerts", (double)a.shown_us.count);
    samples_print_percentiles("shown", &a.shown_us);
    samples_print_percentiles("delivered", &c->delivered_us);
    reading_print(&r);
    samples_print("faults", (double)(crowd_faults(c, true) + a.open));
    samples_free(&a.shown_us);
    return true;
}
