/* What a protocol must be able to do to be measured: five functions. One file per protocol.
 * Part of the load generator.
 *
 * Every protocol carries the same: a report of an incident, numbered by the generator (witness.h) and marked with the
 * tag of the run, acknowledged to its reporter and delivered to all watchers. */
#ifndef LIANDONG_LOAD_PROTOCOL_H
#define LIANDONG_LOAD_PROTOCOL_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct connection;

struct protocol {
    const char *name;
    const char *alpn;  /* NULL where the protocol names none */
    bool greets;       /* the server says a line in the clear before TLS begins */
    size_t state_size; /* bytes of the protocol's own memory in each connection, zeroed */
    /* TLS is open: say hello, subscribe. Leads to crowd_ready. */
    void (*hello)(struct connection *c);
    /* Puts one report. Leads to crowd_acknowledged; to crowd_delivered at every watcher. */
    void (*report)(struct connection *c, uint32_t index);
    /* Takes whole messages from the front; returns the bytes taken. */
    size_t (*parse)(struct connection *c, const uint8_t *bytes, size_t size);
    /* Sends "request field=value …". Leads to crowd_acknowledged. NULL where the protocol has no such requests. */
    bool (*call)(struct connection *c, const char *line);
    bool (*write)(struct connection *c, const char *line); /* the same for what is written */
};

extern const struct protocol protocol_liandong, protocol_raw, protocol_nats, protocol_jetstream, protocol_mqtt;

/* Body of a report in the protocols that carry plain bytes: the tag, the index, then text up to the size asked for. */
struct report_mark {
    uint64_t tag;
    uint32_t index;
};
/* Reads the mark and tells the crowd. Bodies of other runs are ignored. */
void protocol_deliver_body(struct connection *c, const uint8_t *body, size_t size);
/* The body of the report, crowd->options.body_size bytes. Valid until the next call. */
const uint8_t *protocol_body(struct connection *c, uint32_t index, size_t *size);
#endif
