#include "crowd.h"
#include <errno.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define TURN_EVENTS  512
#define FAULTS_SHOWN 5u

static void fail(const char *what) {
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* ---- making */

static struct device *find_device(struct crowd *c, const char *name) {
    for (uint32_t i = 0; i < c->device_count; i++)
        if (!strcmp(c->devices[i].name, name)) return &c->devices[i];
    struct device *d = &c->devices[c->device_count++];
    device_open(d, c->options.certificates, name);
    return d;
}

static void add_party(struct crowd *c, const struct party *party) {
    struct device *device = find_device(c, party->device);
    for (uint32_t i = 0; i < party->count; i++) {
        struct connection *one = &c->connections[c->count];
        *one = (struct connection){.crowd = c, .device = device, .fd = -1, .number = c->count++, .role = party->role};
        one->state = calloc(1, c->options.protocol->state_size + 1);
        if (party->role == ROLE_REPORTER) one->sent_at = calloc(CONNECTION_WINDOW, sizeof *one->sent_at);
        if (!one->state || (party->role == ROLE_REPORTER && !one->sent_at)) fail("memory for connections");
    }
}

void crowd_init(struct crowd *c, const struct crowd_options *options, const struct party *parties, size_t party_count) {
    uint32_t total = 0;
    *c = (struct crowd){.options = *options, .epoll = epoll_create1(EPOLL_CLOEXEC)};
    for (size_t i = 0; i < party_count; i++) total += parties[i].count;
    c->connections = calloc(total + 1, sizeof *c->connections);
    c->devices = calloc(party_count + 1, sizeof *c->devices);
    c->scratch = malloc(CROWD_SCRATCH);
    c->tag = samples_now() ^ (uint64_t)getpid() << 44;
    if (c->epoll < 0 || !c->connections || !c->devices || !c->scratch || !witness_init(&c->witness) ||
        !samples_init(&c->delivered_us) || !samples_init(&c->completed_us) || !samples_init(&c->acknowledged_us))
        fail("memory for connections");
    for (int reporters = 1; reporters >= 0; reporters--) {
        for (size_t i = 0; i < party_count; i++)
            if ((parties[i].role == ROLE_REPORTER) == reporters) add_party(c, &parties[i]);
        if (reporters) c->reporters = c->count;
    }
    c->witness.watchers = c->count - c->reporters;
    c->witness.any_order = options->any_order;
}

void crowd_free(struct crowd *c) {
    for (uint32_t i = 0; i < c->count; i++) {
        struct connection *one = &c->connections[i];
        connection_close(one);
        free(one->state);
        free(one->sent_at);
        free(one->tail);
        free(one->out);
    }
    for (uint32_t i = 0; i < c->device_count; i++) device_close(&c->devices[i]);
    witness_free(&c->witness);
    samples_free(&c->delivered_us);
    samples_free(&c->completed_us);
    samples_free(&c->acknowledged_us);
    free(c->connections);
    free(c->devices);
    free(c->scratch);
    close(c->epoll);
}

/* ---- turning */

void crowd_dial(struct crowd *c, uint32_t upto, uint32_t parallel) {
    while (c->dialed < upto && c->opening < parallel) {
        c->opening++;
        connection_dial(&c->connections[c->dialed++]);
    }
}

void crowd_turn(struct crowd *c, int ms) {
    struct epoll_event events[TURN_EVENTS];
    int count = epoll_wait(c->epoll, events, TURN_EVENTS, ms);
    for (int i = 0; i < count; i++) connection_ready(events[i].data.ptr, events[i].events);
}

void crowd_turn_for(struct crowd *c, double seconds) {
    uint64_t until = samples_now() + (uint64_t)(seconds * 1e9);
    while (samples_now() < until) crowd_turn(c, 5);
}

bool crowd_open(struct crowd *c, uint32_t upto, uint32_t parallel, double seconds) {
    uint64_t until = samples_now() + (uint64_t)(seconds * 1e9);
    while (c->ready < upto) {
        crowd_dial(c, upto, parallel);
        crowd_turn(c, 5);
        if (c->lost || samples_now() > until) {
            fprintf(stderr, "load: %u of %u connections ready, %u lost\n", c->ready, upto, c->lost);
            return false;
        }
    }
    return true;
}

void crowd_sent(struct connection *c, uint64_t now) {
    if (connection_in_flight(c) >= CONNECTION_WINDOW) {
        crowd_fault(c, "more reports in flight than the window holds");
        return;
    }
    c->sent_at[c->sent++ % CONNECTION_WINDOW] = now;
}

void crowd_report(struct crowd *c, struct connection *reporter) {
    uint64_t now = samples_now();
    uint32_t index;
    if (!witness_publish(&c->witness, now, &index)) {
        crowd_fault(reporter, "more reports than a run may have");
        return;
    }
    crowd_sent(reporter, now);
    c->options.protocol->report(reporter, index);
}

uint64_t crowd_faults(const struct crowd *c, bool all_delivered) {
    uint64_t due = (uint64_t)c->witness.published * c->witness.watchers;
    uint64_t missing = all_delivered && due > c->deliveries ? due - c->deliveries : 0;
    return c->faults + c->witness.faults + c->lost + missing;
}

/* ---- told */

void crowd_ready(struct connection *c) {
    if (c->state_now == CONNECTION_READY) return;
    c->state_now = CONNECTION_READY;
    c->crowd->ready++;
    c->crowd->opening--;
}

void crowd_live(struct connection *c) {
    if (c->live || c->role == ROLE_REPORTER) return;
    c->live = true;
    c->crowd->live++;
}

void crowd_acknowledged(struct connection *c) {
    struct crowd *crowd = c->crowd;
    if (!connection_in_flight(c)) {
        crowd_fault(c, "an acknowledgement nobody waits for");
        return;
    }
    uint64_t sent_at = c->sent_at[c->acknowledged++ % CONNECTION_WINDOW];
    crowd->acknowledgements++;
    if (crowd->recording) samples_add(&crowd->acknowledged_us, (double)(samples_now() - sent_at) / 1e3);
}

void crowd_delivered(struct connection *c, uint32_t index) {
    struct crowd *crowd = c->crowd;
    uint32_t completed = crowd->witness.completed;
    uint64_t sent_at = witness_tell(&crowd->witness, &c->place, index);
    crowd->deliveries++;
    if (!crowd->recording || !sent_at) return;
    double us = (double)(samples_now() - sent_at) / 1e3;
    if (c->role != ROLE_SLUGGARD) samples_add(&crowd->delivered_us, us);
    if (crowd->witness.completed != completed) samples_add(&crowd->completed_us, us);
}

void crowd_fault(struct connection *c, const char *what) {
    if (++c->crowd->faults <= FAULTS_SHOWN) fprintf(stderr, "load: connection %u: %s\n", c->number, what);
}

void crowd_lost(struct connection *c, const char *what) {
    struct crowd *crowd = c->crowd;
    if (c->state_now == CONNECTION_LOST) return;
    if (c->state_now != CONNECTION_READY) crowd->opening--;
    c->state_now = CONNECTION_LOST;
    epoll_ctl(crowd->epoll, EPOLL_CTL_DEL, c->fd, NULL);
    if (++crowd->lost > FAULTS_SHOWN) return;
    fprintf(stderr, "load: connection %u lost at %s\n", c->number, what);
    ERR_print_errors_fp(stderr);
}
