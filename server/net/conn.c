#include "net/conn_part.h"
#include "common/log.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void print_peer(char out[ADDRESS_TEXT_SIZE], const struct conn *c) { address_print(out, &c->peer); }

void conn_enter(struct conn *c, enum conn_state to) {
    struct hub *h = c->hub;
    assert(conn_state_may_follow(c->state, to)); /* our own order of calls; no peer chooses it */
    bool stranger = c->state == CONN_HANDSHAKE;
    h->counts[c->state]--;
    list_remove(&c->in_state);
    c->state = to;
    c->opened_at = uv_now(h->loop);
    h->counts[to]++;
    list_append(&h->states[to], &c->in_state);
    if (stranger && h->freed) h->freed(h->freed_arg);
}

void conn_mark(struct conn *c, enum conn_due due) {
    if (c->state == CONN_CLOSING) return;
    c->due |= due;
    if (list_is_empty(&c->in_due)) list_append(&c->hub->due, &c->in_due);
    hub_wake(c->hub);
}

void conn_close(struct conn *c, const char *reason) {
    if (!c->reason) c->reason = reason;
    conn_mark(c, DUE_CLOSE);
}
void conn_leave(struct conn *c, const char *reason) {
    if (conn_is_ending(c)) return;
    c->reason = reason;
    conn_mark(c, DUE_LEAVE);
}

void conn_handshake_failed(struct conn *c, const char *result, const char *detail) {
    struct hub *h = c->hub;
    c->judged = true;
    hub_metrics_handshake(&h->metrics, result);
    struct log_field suppressed;
    if (!log_gate_open(&h->metrics.refused, uv_now(h->loop), &suppressed)) return;
    char peer[ADDRESS_TEXT_SIZE];
    print_peer(peer, c);
    log_event(LOG_INFO, "conn.handshake_failed", log_int("conn", (int64_t)c->id), log_str("peer", peer),
              log_str("reason", result), log_str("detail", detail && detail[0] ? detail : NULL), suppressed);
}

/* ---- the end */

static void on_closed(uv_handle_t *handle) {
    struct conn *c = handle->data;
    struct hub *h = c->hub;
    if (--c->open_handles > 0) return;
    if (c->enrolling) h->enrolling--;
    list_remove(&c->in_state);
    h->counts[CONN_CLOSING]--;
    tls_free(c->tls);
    buffer_free(&c->held);
    buffer_free(&c->in);
    conn_unsent_free(c);
    free(c);
    if (h->freed) h->freed(h->freed_arg);
}

static void end_session(struct conn *c) {
    if (!c->session) return;
    char peer[ADDRESS_TEXT_SIZE];
    print_peer(peer, c);
    log_event(LOG_INFO, "conn.close", log_int("conn", (int64_t)c->id), log_str("peer", peer),
              log_str("reason", c->reason), log_str("office", session_office(c->session)));
    session_close(c->session);
    c->session = NULL;
}

static void close_now(struct conn *c) {
    struct hub *h = c->hub;
    if (c->state == CONN_HANDSHAKE && !c->judged) conn_handshake_failed(c, c->reason, NULL);
    end_session(c);
    if (h->speaker == c) { /* the session may have spoken while it was marked */
        buffer_consume(&h->plain, buffer_size(&h->plain));
        h->speaker = NULL;
    }
    list_remove(&c->in_due);
    c->due = 0;
    conn_enter(c, CONN_CLOSING);
    uv_close((uv_handle_t *)&c->tcp, on_closed);
    uv_close((uv_handle_t *)&c->timer, on_closed);
}

/* Says what is left, then close_notify; conn_write_cipher and the clock end it. */
static void leave_now(struct conn *c) {
    struct hub *h = c->hub;
    c->due &= ~(unsigned)(DUE_LEAVE | DUE_READ | DUE_DRAINED);
    if (h->speaker == c) hub_flush(h);
    if (c->due & DUE_CLOSE) return;
    end_session(c);
    conn_enter(c, CONN_LEAVING);
    if (tls_get_state(c->tls) == TLS_OPEN || tls_get_state(c->tls) == TLS_CLOSED) tls_close(c->tls, &h->cipher);
    conn_write_cipher(c);
    buffer_free(&c->held);
    buffer_free(&c->in);
    if (!c->reading && !conn_read_start(c)) conn_close(c, c->reason); /* to see the peer hang up */
    conn_clock_set(c);
}

void conn_settle(struct conn *c) {
    if (!(c->due & DUE_CLOSE) && (c->due & DUE_LEAVE)) leave_now(c);
    if (c->due & DUE_CLOSE) {
        close_now(c);
        return;
    }
    if (c->state == CONN_LEAVING) {
        c->due = 0;
        return;
    }
    if (c->due & DUE_READ) {
        c->due &= ~(unsigned)DUE_READ;
        conn_read_kept(c);
    }
    if ((c->due & DUE_DRAINED) && !(c->due & DUE_END)) {
        c->due &= ~(unsigned)DUE_DRAINED;
        if (c->session) session_drained(c->session);
        conn_clock_set(c);
    }
}

/* ---- the beginning */

bool conn_open(struct hub *hub, int descriptor, const struct address *peer) {
    struct conn *c = calloc(1, sizeof *c);
    if (!c) goto no_memory;
    c->tls = tls_server(hub->tls);
    if (!c->tls) goto no_memory;
    c->hub = hub;
    c->peer = *peer;
    address_unmap(&c->peer);
    buffer_init(&c->held, 2 * HUB_READ_SIZE);
    list_init(&c->in_due);
    uv_tcp_init(hub->loop, &c->tcp);
    uv_timer_init(hub->loop, &c->timer);
    c->tcp.data = c->timer.data = c;
    c->open_handles = 2;
    c->id = ++hub->last_id;
    c->state = CONN_HANDSHAKE;
    c->opened_at = uv_now(hub->loop);
    hub->counts[CONN_HANDSHAKE]++;
    list_append(&hub->states[CONN_HANDSHAKE], &c->in_state);
    if (uv_tcp_open(&c->tcp, descriptor) != 0) {
        close(descriptor);
        conn_close(c, "OTHER");
        return false;
    }
    conn_clock_set(c);
    if (!conn_read_start(c)) conn_close(c, "OTHER");
    return true;
no_memory:
    free(c);
    close(descriptor);
    return false;
}

/* An honest client says its whole hello one round trip after it is accepted. Once that was answered, or waits for its
 * turn, the next step is allowed more. */
static bool is_pressable(const struct conn *c, uint64_t now) {
    bool greeted = c->greeted || buffer_size(&c->held) > 0;
    return now - c->opened_at >= (greeted ? CONN_PRESSED_MS : CONN_PRESSED_SILENT_MS);
}

size_t conn_press(struct hub *hub, const struct address *host, size_t keep) {
    struct list *ring = &hub->states[CONN_HANDSHAKE];
    uint64_t now = uv_now(hub->loop);
    size_t count = 0, pressed = 0;
    if (list_is_empty(ring) ||
        now - ((struct conn *)list_owner(ring->next, offsetof(struct conn, in_state)))->opened_at <
            CONN_PRESSED_SILENT_MS)
        return 0; /* in order of age: a storm of honest clients ends here, without a walk */
    for (struct list *l = ring->next; l != ring; l = l->next) {
        const struct conn *c = list_owner(l, offsetof(struct conn, in_state));
        if (!(c->due & DUE_END) && (!host || address_same_host(&c->peer, host))) count++;
    }
    for (struct list *l = ring->next; l != ring && count - pressed > keep && pressed < CONN_PRESSED_BATCH;
         l = l->next) {
        struct conn *c = list_owner(l, offsetof(struct conn, in_state));
        if (now - c->opened_at < CONN_PRESSED_SILENT_MS) break; /* in order of age */
        if ((c->due & DUE_END) || (host && !address_same_host(&c->peer, host)) || !is_pressable(c, now)) continue;
        conn_close(c, "PRESSED");
        pressed++;
    }
    return pressed;
}
