/* All connections of a run, one loop over them, and what is counted.
 * Part of the load generator. */
#ifndef LIANDONG_LOAD_CROWD_H
#define LIANDONG_LOAD_CROWD_H
#include "connection.h"
#include "device.h"
#include "protocol.h"
#include "samples.h"
#include "witness.h"

/* So many connections of one role with one device's certificate. */
struct party {
    enum role role;
    char device[64];
    uint32_t count;
};

/* Where a watcher begins. */
struct start {
    enum { START_NOW, START_OLDEST, START_CURSOR } kind;
    uint8_t cursor[16]; /* liandong */
    uint64_t sequence;  /* JetStream: of the first message wanted */
};

struct crowd_options {
    const struct protocol *protocol;
    uint16_t port;
    const char *certificates; /* folder */
    const char *server_pids;  /* "12,34": whose CPU is counted as the server's */
    const char *other_pids;   /* its database's: not the server's, but not a stranger's either */
    size_t body_size;         /* bytes of a report */
    bool any_order;           /* see witness.h */
};

struct crowd {
    struct crowd_options options;
    struct connection *connections; /* reporters first */
    struct device *devices;
    uint8_t *scratch; /* for reading */
    uint64_t tag;     /* of this run */
    struct start start;
    int epoll;
    uint32_t count, reporters, device_count;
    uint32_t dialed, opening, ready, lost, live;

    struct witness witness;
    uint64_t deliveries;       /* events of this run, over all watchers */
    uint64_t acknowledgements; /* of reports and calls */
    uint64_t faults;           /* besides the witness's: refusals, malformed answers, broken chains of cursors */
    uint64_t last_sequence;    /* JetStream: of the newest message acknowledged */
    /* The protocol was told of an alert, by its title and number. */
    void (*noticed)(struct connection *c, const char *title, const char *no);
    void *noticed_arg;
    bool recording; /* the samples below are taken */
    struct samples delivered_us, completed_us, acknowledged_us;
};

#define CROWD_SCRATCH (1u << 20)

/* Makes the connections of the parties; dials none. Ends the program with a sentence where that can't be done. */
void crowd_init(struct crowd *c, const struct crowd_options *options, const struct party *parties, size_t party_count);
void crowd_free(struct crowd *c);

/* Dials until `upto` connections were dialed, at most `parallel` in the middle of it at a time. */
void crowd_dial(struct crowd *c, uint32_t upto, uint32_t parallel);
/* Waits for the first `upto` connections to be ready. False after `seconds`, or where one was lost. */
bool crowd_open(struct crowd *c, uint32_t upto, uint32_t parallel, double seconds);
/* One turn of the loop, waiting `ms` at most. */
void crowd_turn(struct crowd *c, int ms);
void crowd_turn_for(struct crowd *c, double seconds);
/* Sends the next report of this run on a connection. */
void crowd_report(struct crowd *c, struct connection *reporter);
/* Reports on its way and not yet acknowledged. */
static inline uint64_t connection_in_flight(const struct connection *c) { return c->sent - c->acknowledged; }
/* Notes that something is sent that will be acknowledged. */
void crowd_sent(struct connection *c, uint64_t now);
/* Everything wrong so far, with what is missing where everything published should have been delivered. */
uint64_t crowd_faults(const struct crowd *c, bool all_delivered);

/* ---- said by protocols and connections */
void crowd_ready(struct connection *c);
void crowd_live(struct connection *c);
void crowd_acknowledged(struct connection *c);
void crowd_delivered(struct connection *c, uint32_t index);
/* Prints the first few. */
void crowd_fault(struct connection *c, const char *what);
void crowd_lost(struct connection *c, const char *what);
#endif
