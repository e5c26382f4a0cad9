/* One timer serves all deadlines of a connection. It is set to the earliest of them and is not touched while that one
 * moves away (which every message does): it fires, finds nothing due, and is set anew. */
#include "net/conn_part.h"

/* Heartbeats of connections that began together are spread over the last part of the interval, so that they don't fall
 * into one tick for ever. */
#define SPREAD_STEPS 16u

static uint64_t sooner(uint64_t a, uint64_t b) { return a == 0 || (b != 0 && b < a) ? b : a; }

static uint64_t heartbeat_at(const struct conn *c) {
    uint64_t every = c->hub->limits.heartbeat_ms;
    return c->said_at + every - every / 4 * (c->id % SPREAD_STEPS) / SPREAD_STEPS;
}
/* 0 where the peer may be silent: it waits for us. */
static uint64_t silence_at(const struct conn *c) {
    if (!session_can_take(c->session)) return 0;
    return c->heard_at + (c->state == CONN_HELLO ? CONN_HELLO_MS : c->hub->limits.silence_limit_ms);
}
/* Half way there it is asked for a sign of life, once: a watcher that only listens is not dead. */
static uint64_t ping_at(const struct conn *c) {
    if (c->state != CONN_SERVING || c->asked || !session_can_take(c->session)) return 0;
    return c->heard_at + c->hub->limits.silence_limit_ms / 2;
}
static uint64_t frame_at(const struct conn *c) { return c->partial_at ? c->partial_at + CONN_FRAME_MS : 0; }
static uint64_t stall_at(const struct conn *c) { return c->unsent ? c->taken_at + CONN_STALL_MS : 0; }

static uint64_t earliest(const struct conn *c) {
    switch (c->state) {
    case CONN_HANDSHAKE: return c->opened_at + CONN_HANDSHAKE_MS;
    case CONN_LEAVING: return c->opened_at + (c->unsent ? CONN_LEAVE_MS : CONN_LINGER_MS);
    case CONN_CLOSING: return 0;
    case CONN_HELLO:
    case CONN_SERVING: break;
    }
    uint64_t at = sooner(silence_at(c), frame_at(c));
    at = sooner(at, stall_at(c));
    at = sooner(at, session_deadline(c->session));
    at = sooner(at, ping_at(c));
    if (c->state == CONN_SERVING && !c->unsent) at = sooner(at, heartbeat_at(c));
    return at;
}

static bool is_due(uint64_t at, uint64_t now) { return at != 0 && at <= now; }

/* A write is stalled where the kernel took nothing since; one that crawls is not. */
static bool is_stalled(struct conn *c, uint64_t now) {
    if (!is_due(stall_at(c), now)) return false;
    size_t left = uv_stream_get_write_queue_size((uv_stream_t *)&c->tcp);
    if (left == c->taken_left) return true;
    c->taken_left = left;
    c->taken_at = now;
    return false;
}

static void check_session(struct conn *c, uint64_t now) {
    conn_note_served(c);
    if (is_due(silence_at(c), now))
        conn_leave(c, c->state == CONN_HELLO ? "NO_HELLO" : "SILENT");
    else if (is_due(frame_at(c), now))
        conn_leave(c, "FRAME_TIMEOUT");
    else if (is_stalled(c, now))
        conn_close(c, "STALLED");
    if (conn_is_ending(c)) return;
    if (is_due(session_deadline(c->session), now)) session_expired(c->session, now);
    if (!conn_is_ending(c) && is_due(ping_at(c), now)) {
        c->asked = true; /* no moment: the answer may come within the same millisecond */
        session_ping(c->session);
    }
    if (c->state == CONN_SERVING && !conn_is_ending(c) && !c->unsent && is_due(heartbeat_at(c), now)) {
        c->said_at = now; /* even where the session has nothing to say */
        session_heartbeat(c->session);
    }
}

static void on_timer(uv_timer_t *timer) {
    struct conn *c = timer->data;
    uint64_t now = uv_now(c->hub->loop);
    c->timer_at = 0;
    if (conn_is_ending(c) && c->state != CONN_LEAVING) return;
    if (c->session)
        check_session(c, now);
    else if (is_due(earliest(c), now))
        conn_close(c, c->state == CONN_HANDSHAKE ? "TIMEOUT" : c->reason);
    conn_clock_set(c);
}

void conn_clock_set(struct conn *c) {
    if (c->state == CONN_CLOSING || (c->due & DUE_CLOSE)) return;
    uint64_t at = earliest(c);
    if (at == 0 || (c->timer_at != 0 && c->timer_at <= at)) return;
    uint64_t now = uv_now(c->hub->loop);
    c->timer_at = at;
    uv_timer_start(&c->timer, on_timer, at > now ? at - now : 1, 0);
}
