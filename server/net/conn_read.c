/* Bytes in: socket -> tls -> frames -> session. */
#include "net/conn_part.h"
#include "common/frame.h"
#include "common/log.h"

/* Room above the largest frame for what one TLS record brings: a buffer that is full holds a whole frame. */
#define IN_SLACK      (2u * 16384u)
#define LEAVE_DISCARD (1u << 20) /* of a peer that talks on although we are leaving */

static size_t frame_cap(const struct conn *c) { return c->session ? session_frame_cap(c->session) : FRAME_CAP_HELLO; }
static bool may_take(const struct conn *c) { return !c->session || session_can_take(c->session); }

/* ---- the plaintext buffer is lent by the hub while it is in use */

static void borrow(struct conn *c) {
    struct hub *h = c->hub;
    if (!c->in.data) {
        c->in = h->inflow;
        buffer_init(&h->inflow, 0);
    }
    c->in.cap = frame_cap(c) + FRAME_HEADER + IN_SLACK;
}

/* The hub gets the memory back; part of a frame moves to memory of its own size. */
static void give_back(struct conn *c) {
    struct hub *h = c->hub;
    size_t size = buffer_size(&c->in);
    if (size > 0 && !h->inflow.data && c->in.room > 2 * size) {
        struct buffer rest;
        buffer_init(&rest, c->in.cap);
        if (!buffer_put(&rest, buffer_head(&c->in), size)) {
            conn_close(c, "NO_MEMORY");
            return;
        }
        buffer_consume(&c->in, size);
        h->inflow = c->in;
        c->in = rest;
    } else if (size == 0 && !h->inflow.data && c->in.room <= HUB_READ_SIZE) {
        h->inflow = c->in;
        buffer_init(&c->in, 0);
    } else if (size == 0) {
        buffer_free(&c->in);
    }
}

/* ---- frames */

void conn_note_served(struct conn *c) {
    if (c->state == CONN_HELLO && frame_cap(c) > FRAME_CAP_HELLO) conn_enter(c, CONN_SERVING);
}

static void take_frames(struct conn *c) {
    uint64_t now = uv_now(c->hub->loop);
    enum frame_state state = FRAME_WHOLE;
    while (state == FRAME_WHOLE && !conn_is_ending(c) && may_take(c)) {
        struct frame frame;
        size_t cap = frame_cap(c);
        state = frame_look(buffer_head(&c->in), buffer_size(&c->in), cap, &frame);
        if (state == FRAME_TOO_LARGE || state == FRAME_EMPTY) {
            session_bad_stream(c->session, state == FRAME_EMPTY ? "MALFORMED" : "TOO_LARGE");
            conn_leave(c, state == FRAME_EMPTY ? "FRAME_EMPTY" : "FRAME_TOO_LARGE");
        }
        if (state != FRAME_WHOLE) break;
        conn_heard(c, now);
        c->partial_at = 0;
        session_frame(c->session, frame.payload, frame.payload_size);
        buffer_consume(&c->in, frame.need);
        conn_note_served(c);
    }
    if (state == FRAME_PARTIAL && buffer_size(&c->in) > 0) {
        if (c->partial_at == 0) c->partial_at = now;
    } else {
        c->partial_at = 0;
    }
}

/* ---- tls */

static void open_session(struct conn *c) {
    struct hub *h = c->hub;
    char address[ADDRESS_TEXT_SIZE];
    address_print(address, &c->peer);
    struct session_peer peer = {.key = tls_peer_key(c->tls),
                                .uri = tls_peer_uri(c->tls),
                                .expires_at = tls_peer_expiry(c->tls),
                                .address = address,
                                .enrolling = tls_is_enrolment(c->tls),
                                .id = c->id};
    /* It was verified with the list of when it began; a newer one may have come in between. */
    if (tls_peer_is_revoked(c->tls, h->tls)) {
        conn_handshake_failed(c, "CERTIFICATE_REVOKED", "by a list that came during the handshake");
        conn_leave(c, "CERTIFICATE_REVOKED");
        return;
    }
    if (peer.enrolling && h->enrolling >= HUB_ENROLLING_MOST) {
        conn_handshake_failed(c, "ENROLMENT_BUSY", NULL);
        conn_leave(c, "ENROLMENT_BUSY");
        return;
    }
    c->enrolling = peer.enrolling;
    h->enrolling += c->enrolling;
    c->judged = true;
    hub_metrics_handshake(&h->metrics, "OK");
    c->session = session_open(h->core, &peer, &conn_session_io, c);
    if (!c->session) {
        conn_close(c, "NO_MEMORY");
        return;
    }
    conn_heard(c, uv_now(h->loop));
    conn_enter(c, CONN_HELLO);
    log_event(LOG_DEBUG, "conn.open", log_int("conn", (int64_t)c->id), log_str("peer", address),
              log_str("uri", peer.uri));
}

static void tls_ended(struct conn *c, enum tls_state state) {
    if (state == TLS_CLOSED)
        conn_leave(c, c->state == CONN_HANDSHAKE ? "GONE" : "PEER_CLOSED");
    else if (c->state == CONN_HANDSHAKE) {
        const char *why = tls_failure(c->tls);
        conn_handshake_failed(c, why ? why : "OTHER", tls_failure_detail(c->tls));
        conn_leave(c, "HANDSHAKE_FAILED"); /* the alert is on its way */
    } else {
        conn_leave(c, "TLS_FAILED");
    }
}

/* Feeds ciphertext as far as the session takes it; returns how much was used. */
static size_t feed(struct conn *c, const uint8_t *bytes, size_t size) {
    size_t used = 0;
    borrow(c);
    bool more = true, full = false;
    while (more && !conn_is_ending(c) && may_take(c)) {
        size_t step = 0, before = buffer_size(&c->in);
        enum tls_state state = tls_feed(c->tls, bytes + used, size - used, &step, &c->in, &c->hub->cipher);
        used += step;
        if (buffer_size(&c->hub->cipher) > 0) c->greeted = true;
        conn_write_cipher(c);
        if (state == TLS_OPEN && c->state == CONN_HANDSHAKE) open_session(c);
        bool grew = buffer_size(&c->in) > before;
        full = buffer_size(&c->in) + IN_SLACK > c->in.cap; /* tls may hold plaintext back */
        if (c->session) take_frames(c);
        if (state == TLS_CLOSED || state == TLS_FAILED) tls_ended(c, state);
        more = (used < size || full) && (step > 0 || grew);
        c->in.cap = frame_cap(c) + FRAME_HEADER + IN_SLACK;
    }
    if (used < size && !conn_is_ending(c) && may_take(c))
        conn_close(c, "OTHER"); /* tls takes nothing although there is room */
    give_back(c);
    return used;
}

/* ---- the socket */

static void keep(struct conn *c, const uint8_t *bytes, size_t size) {
    conn_read_stop(c);
    if (size > 0 && !buffer_put(&c->held, bytes, size)) conn_close(c, "NO_MEMORY");
}

/* True where it is a stranger's turn. A handshake costs a hundred times what a request does, so only some go on in one
 * tick. */
static bool has_turn(struct conn *c) {
    if (c->state != CONN_HANDSHAKE) return true;
    if (c->hub->handshake_budget == 0) return false;
    c->hub->handshake_budget--;
    return true;
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *slice) {
    (void)suggested;
    struct conn *c = handle->data;
    *slice = uv_buf_init((char *)c->hub->read, HUB_READ_SIZE);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *slice) {
    struct conn *c = stream->data;
    if (n == 0 || (c->due & DUE_CLOSE)) return;
    if (n < 0) {
        conn_read_stop(c);
        conn_close(c, c->state == CONN_HANDSHAKE ? "GONE" : n == UV_EOF ? "PEER_GONE" : "READ_FAILED");
        return;
    }
    size_t size = (size_t)n;
    c->hub->metrics.bytes_in.value += n;
    c->bytes_in += size;
    if (conn_is_ending(c)) {
        c->discarded += size;
        if (c->discarded > LEAVE_DISCARD) conn_close(c, c->reason);
        return;
    }
    const uint8_t *bytes = (const uint8_t *)slice->base;
    if (!may_take(c)) {
        keep(c, bytes, size);
        return;
    }
    if (!has_turn(c)) {
        keep(c, bytes, size);
        conn_mark(c, DUE_READ);
        return;
    }
    size_t used = feed(c, bytes, size);
    if (used < size && !conn_is_ending(c)) keep(c, bytes + used, size - used);
    conn_clock_set(c);
}

bool conn_read_start(struct conn *c) {
    c->reading = uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read) == 0;
    return c->reading;
}
void conn_read_stop(struct conn *c) {
    c->reading = false;
    uv_read_stop((uv_stream_t *)&c->tcp);
}

void conn_read_kept(struct conn *c) {
    if (conn_is_ending(c)) return;
    if (buffer_size(&c->in) > 0 && may_take(c)) take_frames(c);
    if (may_take(c) && !conn_is_ending(c)) { /* also where nothing is held: tls may hold plaintext back */
        if (!has_turn(c)) {
            conn_mark(c, DUE_READ);
            return;
        }
        static const uint8_t nothing[1];
        size_t size = buffer_size(&c->held);
        buffer_consume(&c->held, feed(c, size > 0 ? buffer_head(&c->held) : nothing, size));
    }
    if (conn_is_ending(c)) return;
    if (buffer_size(&c->held) == 0) {
        buffer_free(&c->held);
        if (!c->reading && may_take(c) && !conn_read_start(c)) conn_close(c, "READ_FAILED");
    }
    conn_clock_set(c);
}
