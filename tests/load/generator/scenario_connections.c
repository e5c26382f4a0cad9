#include "meter.h"
#include "scenario.h"
#include "usage.h"
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#define WARM_SECONDS   0.3
#define SETTLE_SECONDS 1.5

/* Closes every connection that became ready and dials it again. Returns how many. */
static uint32_t redial(struct crowd *c) {
    uint32_t done = 0;
    for (uint32_t i = 0; i < c->count; i++) {
        struct connection *one = &c->connections[i];
        if (one->state_now != CONNECTION_READY) continue;
        if (c->recording) samples_add(&c->acknowledged_us, (double)(samples_now() - one->dialed_at) / 1e3);
        connection_close(one);
        c->ready--;
        c->opening++;
        connection_dial(one);
        done++;
    }
    return done;
}

/* As many connections as the parties have are opened all the time: dial, handshake, hello, close. */
bool scenario_connect(struct crowd *c, const struct scenario_options *o) {
    uint32_t done = 0;
    crowd_dial(c, c->count, c->count);
    for (uint64_t until = samples_now() + (uint64_t)(WARM_SECONDS * 1e9); samples_now() < until; redial(c))
        crowd_turn(c, 5);
    c->recording = true;
    struct meter meter = meter_start(c);
    for (uint64_t until = samples_now() + (uint64_t)(o->seconds * 1e9); samples_now() < until; done += redial(c))
        crowd_turn(c, 5);
    struct reading r = meter_read(&meter);
    samples_print("connects_per_s", done / r.seconds);
    samples_print("server_us_per_connect", r.server_cpu * 1e6 / done);
    samples_print("generator_us_per_connect", r.own_cpu * 1e6 / done);
    samples_print_percentiles("connect", &c->acknowledged_us);
    reading_print(&r);
    samples_print("faults", (double)crowd_faults(c, false));
    return done > 0;
}

/* Memory with all watchers and without any. */
bool scenario_idle(struct crowd *c, const struct scenario_options *o) {
    double before = usage_anonymous_kib(c->options.server_pids);
    if (!crowd_open(c, c->count, o->parallel, OPEN_SECONDS)) return false;
    crowd_turn_for(c, SETTLE_SECONDS);
    double after = usage_anonymous_kib(c->options.server_pids);
    samples_print("kib_per_connection", (after - before) / c->count);
    samples_print("server_kib", after);
    samples_print("faults", (double)crowd_faults(c, false));
    return true;
}

/* Keeps connections open that must be told of nothing, until standard input ends. */
bool scenario_hold(struct crowd *c, const struct scenario_options *o) {
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    uint64_t deliveries = 0;
    if (!crowd_open(c, c->count, o->parallel, OPEN_SECONDS)) return false;
    printf("ready\n");
    fflush(stdout);
    while (poll(&input, 1, 0) == 0) crowd_turn(c, 100);
    for (uint32_t i = 0; i < c->count; i++) deliveries += c->connections[i].deliveries;
    samples_print("faults", (double)(crowd_faults(c, false) + deliveries));
    return true;
}
