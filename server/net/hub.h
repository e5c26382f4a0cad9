/* What all connections of one loop share: the core behind them, the TLS context, limits, scratch memory, the lists of
 * connections by state, and the two moments of a tick at which postponed work is done.
 * Floor 5 (net).
 *
 * Scratch instead of buffers per connection. An idle connection holds no buffer, and a sweep over 1,000 watchers runs
 * through the same few KiB of hot cache: read    ciphertext of the read that is being handled inflow  plaintext
 * decrypted from it; lent to one connection at a time, what is left of a frame is copied out plain   frames on their
 * way out of ONE connection, the speaker. When another one wants to speak, or at the end of the tick, the speaker's
 * bytes are encrypted and written in one go. cipher  ciphertext between tls and the kernel; empty between any two calls
 *
 * Nothing that can call into a session happens inside a call of a session: conn_close, a failed write, a drained
 * backlog and the end of a call only mark the connection due. What is due is settled after polling (uv_check) and
 * before it (uv_prepare), one round each, so that one busy connection can't keep the others waiting. */
#ifndef LIANDONG_NET_HUB_H
#define LIANDONG_NET_HUB_H
#include "call/core.h"
#include "common/buffer.h"
#include "common/tls_context.h"
#include "net/conn_state.h"
#include "net/hub_metrics.h"
#include "net/list.h"
#include <stdbool.h>
#include <uv.h>

#define HUB_READ_SIZE 65536u
/* Handshake steps in one tick; a step costs up to 0.5 ms (verifying the peer's chain), so that a storm of reconnecting
 * clients holds up live events by 4 ms at most and still gets all the time that is left. */
#define HUB_HANDSHAKES_PER_TICK 8u

/* Connections without certificate at a time: who is to be enrolled is in and out within a second, and whoever floods
 * this keeps nobody away but others who are to be enrolled. */
#define HUB_ENROLLING_MOST 32u

struct conn;
struct hub_limits {
    size_t max_connections, max_handshakes, handshakes_per_address;
    uint64_t heartbeat_ms, silence_limit_ms;
};
struct hub {
    uv_loop_t *loop;
    struct core *core;
    struct tls_context *tls; /* owned; of the connections to come */
    struct hub_limits limits;
    struct hub_metrics metrics;

    struct list states[CONN_STATES]; /* of struct conn by in_state; HANDSHAKE is in order of age */
    size_t counts[CONN_STATES];
    struct list due;  /* of struct conn by in_due */
    size_t enrolling; /* connections without certificate */
    uint64_t last_id;

    uint8_t *read;
    struct buffer inflow, plain, cipher;
    struct conn *speaker;      /* whose bytes are in `plain`; NULL: nobody's */
    unsigned handshake_budget; /* left in this tick */

    uv_check_t check;
    uv_prepare_t prepare;
    uv_idle_t again;             /* active while something is due: the loop must not sleep */
    uint64_t tick_at, tick_idle; /* ns */
    unsigned open_handles;

    void (*freed)(void *arg); /* a connection is gone or left the handshake: a listener may go on. NULL: nobody asks */
    void *freed_arg;
    void (*stopped)(void *arg);
    void *stopped_arg;
};

/* Owns `tls` from here on. False without memory: nothing is held, `tls` neither. */
bool hub_start(struct hub *h, uv_loop_t *loop, struct core *core, struct tls_context *tls,
               const struct hub_limits *limits, struct metrics *metrics);
/* For the connections to come; those that are open keep what they were made with, but where a revocation list of the
 * new context names their certificate they are closed; those in their handshake are asked when it ends. */
void hub_set_tls(struct hub *h, struct tls_context *tls);
void hub_set_limits(struct hub *h, const struct hub_limits *limits);
size_t hub_connections(const struct hub *h); /* all that hold a descriptor */
/* Says GoAway to every session; connections without one are closed. */
void hub_go_away(struct hub *h, const char *reason, uint32_t after_ms, uint32_t jitter_ms);
/* Closes the connections whose session is quiet. */
void hub_close_quiet(struct hub *h, const char *reason);
/* Closes every connection without a word; done when hub_connections is 0, some ticks later. */
void hub_close_all(struct hub *h, const char *reason);
/* Frees what it holds; every connection must be gone. `stopped` when the last handle is closed. */
void hub_stop(struct hub *h, void (*stopped)(void *arg), void *arg);

/* For conn: the speaker's bytes go out now. */
void hub_flush(struct hub *h);
/* For conn: something became due; the loop must not sleep before it was settled. */
void hub_wake(struct hub *h);
#endif
