/* What to do when a call got no final answer. A table, so that it can be read and tested.
 * Client, pure.
 *
 * A write is asked again with the same request_id; the server carries it out once, whatever was lost on the way. */
#ifndef LIANDONG_CLIENT_RETRY_H
#define LIANDONG_CLIENT_RETRY_H
#include "client/link.h"
#include "status.pb-c.h"
#include <stdbool.h>
#include <stdint.h>

struct retry_outcome {
    bool again;   /* worth another try while there is time */
    bool unknown; /* a write may have been carried out */
    bool renew;   /* on a new connection */
};

/* A status instead of an answer. */
struct retry_outcome retry_of_status(Liandong__V1__Code code);
/* No connection, or its end. `sent`: the request was on its way. */
struct retry_outcome retry_of_link(const struct link_error *error, bool sent);
/* Pause before try number `attempt` (from 1): 0.2 s doubling to 5 s, of which `jitter` (0..1) shortens up to half;
 * never less than the server asked for. ms. */
uint32_t retry_pause_ms(unsigned attempt, uint32_t asked_ms, double jitter);
/* The same for a watch, which goes on for ever: 0.5 to 10 s: an alert must not wait long for a server that is back. */
uint32_t retry_watch_pause_ms(unsigned attempt, uint32_t asked_ms, double jitter);
#endif
