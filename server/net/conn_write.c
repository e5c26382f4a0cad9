/* Bytes out. A write never blocks and never calls into a session: what goes wrong here only marks the connection. */
#include "net/conn_part.h"
#include <stdlib.h>
#include <sys/socket.h>

/* Runs on nearly every write: kept free of memory and of log lines. */

void conn_unsent_free(struct conn *c) {
    if (!c->unsent) return;
    buffer_free(&c->unsent->sending);
    buffer_free(&c->unsent->waiting);
    free(c->unsent);
    c->unsent = NULL;
}

static size_t unsent_size(const struct conn *c) {
    return c->unsent ? uv_stream_get_write_queue_size((const uv_stream_t *)&c->tcp) + buffer_size(&c->unsent->waiting)
                     : 0;
}
size_t conn_backlog(const struct conn *c) {
    return unsent_size(c) + (c->hub->speaker == c ? buffer_size(&c->hub->plain) : 0);
}

/* Keeps in mind that the backlog was high, and tells the session (later) once it is not any more. */
static void watch_backlog(struct conn *c) {
    size_t left = conn_backlog(c);
    if (left >= SESSION_LOW_WATER)
        c->above = true;
    else if (c->above) {
        c->above = false;
        conn_mark(c, DUE_DRAINED);
    }
}

/* Nothing is left of a leaving connection's last words: half-close, and wait for the peer to hang up. */
static void said_all(struct conn *c) {
    int descriptor = -1;
    if (uv_fileno((uv_handle_t *)&c->tcp, &descriptor) != 0 || shutdown(descriptor, SHUT_WR) != 0)
        conn_close(c, c->reason);
    else
        conn_clock_set(c);
}

static void on_sent(uv_write_t *request, int status);

static void send_waiting(struct conn *c) {
    struct unsent *u = c->unsent;
    struct buffer empty = u->sending;
    buffer_consume(&empty, buffer_size(&empty));
    u->sending = u->waiting;
    u->waiting = empty;
    uv_buf_t slice = uv_buf_init((char *)buffer_head(&u->sending), (unsigned)buffer_size(&u->sending));
    c->taken_at = uv_now(c->hub->loop);
    c->taken_left = slice.len;
    u->request.data = c;
    if (uv_write(&u->request, (uv_stream_t *)&c->tcp, &slice, 1, on_sent) != 0) conn_close(c, "WRITE_FAILED");
    conn_clock_set(c);
}

static void on_sent(uv_write_t *request, int status) {
    struct conn *c = request->data;
    if (status == UV_ECANCELED) return; /* closing: freed with the connection */
    if (status != 0) {
        conn_close(c, "WRITE_FAILED");
        return;
    }
    c->said_at = uv_now(c->hub->loop);
    c->hub->metrics.bytes_out.value += (int64_t)buffer_size(&c->unsent->sending);
    c->bytes_out += buffer_size(&c->unsent->sending);
    if (buffer_size(&c->unsent->waiting) > 0)
        send_waiting(c);
    else
        conn_unsent_free(c);
    watch_backlog(c);
    if (!c->unsent && c->state == CONN_LEAVING) said_all(c);
}

static void keep_unsent(struct conn *c, const uint8_t *bytes, size_t size) {
    bool first = !c->unsent;
    if (first) {
        c->unsent = calloc(1, sizeof *c->unsent);
        if (!c->unsent) {
            conn_close(c, "NO_MEMORY");
            return;
        }
        buffer_init(&c->unsent->sending, UNSENT_CAP);
        buffer_init(&c->unsent->waiting, UNSENT_CAP);
        c->hub->metrics.blocked.value++;
    }
    if (!buffer_put(&c->unsent->waiting, bytes, size))
        conn_close(c, "BACKLOG_TOO_LARGE");
    else if (first)
        send_waiting(c);
}

void conn_write_cipher(struct conn *c) {
    struct hub *h = c->hub;
    size_t size = buffer_size(&h->cipher), taken = 0;
    if (size > 0 && !(c->due & DUE_CLOSE)) {
        if (!c->unsent) {
            uv_buf_t slice = uv_buf_init((char *)buffer_head(&h->cipher), (unsigned)size);
            int n = uv_try_write((uv_stream_t *)&c->tcp, &slice, 1);
            if (n > 0) {
                taken = (size_t)n;
                h->metrics.bytes_out.value += n;
                c->bytes_out += taken;
                c->said_at = uv_now(h->loop);
            } else if (n != UV_EAGAIN) {
                conn_close(c, "WRITE_FAILED");
                taken = size;
            }
        }
        if (taken < size) keep_unsent(c, buffer_head(&h->cipher) + taken, size - taken);
    }
    buffer_consume(&h->cipher, size);
    if (c->state == CONN_LEAVING && !c->unsent && !(c->due & DUE_CLOSE)) said_all(c);
}

void conn_write_plain(struct conn *c) {
    struct hub *h = c->hub;
    size_t size = buffer_size(&h->plain);
    if (size > 0 && !(c->due & DUE_CLOSE)) {
        if (conn_backlog(c) >= SESSION_LOW_WATER) c->above = true;
        if (!tls_write(c->tls, buffer_head(&h->plain), size, &h->cipher)) {
            conn_close(c, "TLS_FAILED");
            buffer_consume(&h->cipher, buffer_size(&h->cipher));
        }
    }
    buffer_consume(&h->plain, size);
    conn_write_cipher(c);
    watch_backlog(c);
}

/* ---- what a session sees of its connection */

static struct buffer *io_output(void *arg) {
    struct conn *c = arg;
    if (c->hub->speaker != c) {
        hub_flush(c->hub);
        c->hub->speaker = c;
    }
    return &c->hub->plain;
}
static size_t io_backlog(void *arg) { return conn_backlog(arg); }
/* The bytes go out when another connection speaks or the tick ends; a timer's may have to wake the loop. */
static void io_flush(void *arg) { hub_wake(((struct conn *)arg)->hub); }
static void io_resume(void *arg) {
    struct conn *c = arg;
    conn_heard(c, uv_now(c->hub->loop));
    if (!c->reading || buffer_size(&c->in) > 0 || buffer_size(&c->held) > 0) conn_mark(c, DUE_READ);
}
static void io_close(void *arg, const char *reason) { conn_leave(arg, reason); }

static void io_traffic(void *arg, uint64_t *in, uint64_t *out) {
    const struct conn *c = arg;
    *in = c->bytes_in;
    *out = c->bytes_out;
}

const struct session_io conn_session_io = {io_output, io_backlog, io_flush, io_resume, io_close, io_traffic};
