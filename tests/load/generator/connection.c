#include "crowd.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define OUT_KEPT        65536u /* a larger queue is given back once it is empty */
#define SLUGGARD_BUFFER 4096   /* SO_RCVBUF: the kernel makes of it the least it allows */

static void fail(const char *what) {
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void arm(struct connection *c, uint32_t events) {
    if (c->paused) events &= ~(uint32_t)EPOLLIN;
    if (c->armed == events) return;
    struct epoll_event e = {.events = events, .data.ptr = c};
    if (epoll_ctl(c->crowd->epoll, EPOLL_CTL_MOD, c->fd, &e)) fail("epoll_ctl");
    c->armed = events;
}

void connection_dial(struct connection *c) {
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(c->crowd->options.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1, small = SLUGGARD_BUFFER;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0) fail("socket");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (c->role == ROLE_SLUGGARD) setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    c->dialed_at = samples_now();
    if (connect(c->fd, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS) fail("connect");
    struct epoll_event e = {.events = EPOLLOUT, .data.ptr = c};
    if (epoll_ctl(c->crowd->epoll, EPOLL_CTL_ADD, c->fd, &e)) fail("epoll_ctl");
    c->armed = EPOLLOUT;
    c->state_now = CONNECTION_DIALING;
    c->out_begin = c->out_end = c->tail_size = 0;
    c->live = false;
}

void connection_close(struct connection *c) {
    struct linger reset = {.l_onoff = 1};
    if (c->fd < 0) return;
    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    if (c->ssl) {
        SSL_set_quiet_shutdown(c->ssl, 1);
        SSL_shutdown(c->ssl);
        SSL_free(c->ssl);
        c->ssl = NULL;
    }
    close(c->fd);
    c->fd = -1;
    c->state_now = CONNECTION_NEW;
    c->sent = c->acknowledged = 0;
    memset(c->state, 0, c->crowd->options.protocol->state_size);
}

/* ---- sending */

uint8_t *connection_reserve(struct connection *c, size_t size) {
    if (c->out_end + size > c->out_room) {
        c->out_room = (c->out_end + size) * 2;
        c->out = realloc(c->out, c->out_room);
        if (!c->out) fail("memory for output");
    }
    return c->out + c->out_end;
}

void connection_put_done(struct connection *c, size_t size) { c->out_end += size; }

void connection_put(struct connection *c, const void *bytes, size_t size) {
    memcpy(connection_reserve(c, size), bytes, size);
    c->out_end += size;
}

void connection_printf(struct connection *c, const char *format, ...) {
    char text[2048];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (size < 0 || (size_t)size >= sizeof text) fail("a line that long");
    connection_put(c, text, (size_t)size);
}

void connection_flush(struct connection *c) {
    if (c->state_now != CONNECTION_HELLO && c->state_now != CONNECTION_READY) return;
    while (c->out_begin < c->out_end) {
        size_t sent = 0;
        int ok = SSL_write_ex(c->ssl, c->out + c->out_begin, c->out_end - c->out_begin, &sent);
        if (!ok && SSL_get_error(c->ssl, ok) == SSL_ERROR_WANT_WRITE) {
            arm(c, EPOLLIN | EPOLLOUT);
            return;
        }
        if (!ok) {
            crowd_lost(c, "write");
            return;
        }
        c->out_begin += sent;
    }
    c->out_begin = c->out_end = 0;
    if (c->out_room > OUT_KEPT) {
        free(c->out);
        c->out = NULL;
        c->out_room = 0;
    }
    arm(c, EPOLLIN);
}

void connection_pause(struct connection *c, bool paused) {
    c->paused = paused;
    arm(c, c->out_begin < c->out_end ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

/* ---- opening */

static void begin_handshake(struct connection *c) {
    const char *alpn = c->crowd->options.protocol->alpn;
    c->ssl = SSL_new(c->device->context);
    if (!c->ssl || !SSL_set_fd(c->ssl, c->fd)) fail("memory for TLS");
    if (alpn) {
        uint8_t list[64];
        size_t size = strlen(alpn);
        list[0] = (uint8_t)size;
        memcpy(list + 1, alpn, size);
        SSL_set_alpn_protos(c->ssl, list, (unsigned)size + 1);
    }
    SSL_set_connect_state(c->ssl);
    c->state_now = CONNECTION_HANDSHAKE;
}

/* The line before TLS: taken to its end and not a byte further, what follows is TLS. */
static void take_greeting(struct connection *c) {
    uint8_t *scratch = c->crowd->scratch;
    ssize_t size = recv(c->fd, scratch, 8192, MSG_PEEK);
    if (size == 0) crowd_lost(c, "greeting");
    uint8_t *end = size > 0 ? memchr(scratch, '\n', (size_t)size) : NULL;
    if (!end) return;
    if (recv(c->fd, scratch, (size_t)(end - scratch) + 1, 0) < 0) fail("recv");
    begin_handshake(c);
}

static void take_connected(struct connection *c) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error) {
        errno = error;
        crowd_lost(c, strerror(error));
        return;
    }
    arm(c, EPOLLIN);
    if (c->crowd->options.protocol->greets)
        c->state_now = CONNECTION_GREETED;
    else
        begin_handshake(c);
}

static void take_handshake(struct connection *c) {
    int got = SSL_do_handshake(c->ssl);
    if (got != 1) {
        int error = SSL_get_error(c->ssl, got);
        if (error == SSL_ERROR_WANT_READ)
            arm(c, EPOLLIN);
        else if (error == SSL_ERROR_WANT_WRITE)
            arm(c, EPOLLOUT);
        else
            crowd_lost(c, "handshake");
        return;
    }
    c->state_now = CONNECTION_HELLO;
    c->crowd->options.protocol->hello(c);
    connection_flush(c);
}

/* ---- reading */

/* Keeps what is not yet a whole message for the next time. */
static void keep_tail(struct connection *c, const uint8_t *bytes, size_t size) {
    if (size) {
        uint8_t *tail = realloc(c->tail, size);
        if (!tail) fail("memory for input");
        c->tail = tail;
        memcpy(tail, bytes, size);
    }
    c->tail_size = size;
}

/* Reads what is there, as much as fits, and parses it. True where more may be waiting. */
static bool read_some(struct connection *c) {
    uint8_t *scratch = c->crowd->scratch;
    size_t have = c->tail_size, before = have;
    bool more = true;
    if (have) memcpy(scratch, c->tail, have);
    while (have < CROWD_SCRATCH) {
        size_t got = 0;
        int ok = SSL_read_ex(c->ssl, scratch + have, CROWD_SCRATCH - have, &got);
        if (!ok && SSL_get_error(c->ssl, ok) != SSL_ERROR_WANT_READ) {
            crowd_lost(c, "read");
            return false;
        }
        have += got;
        if (!ok || !SSL_has_pending(c->ssl)) {
            more = false;
            break;
        }
    }
    if (have == before) return false;
    size_t used = c->crowd->options.protocol->parse(c, scratch, have);
    if (c->state_now == CONNECTION_LOST || c->state_now == CONNECTION_NEW) return false;
    keep_tail(c, scratch + used, have - used);
    return more;
}

void connection_ready(struct connection *c, uint32_t events) {
    if (c->state_now == CONNECTION_LOST || c->state_now == CONNECTION_NEW) return;
    if (c->state_now == CONNECTION_DIALING) take_connected(c);
    if (c->state_now == CONNECTION_GREETED && events & EPOLLIN) take_greeting(c);
    if (c->state_now == CONNECTION_HANDSHAKE) take_handshake(c);
    if (c->state_now != CONNECTION_HELLO && c->state_now != CONNECTION_READY) return;
    if (events & EPOLLOUT) connection_flush(c);
    if (c->paused && !(events & (EPOLLHUP | EPOLLERR))) return;
    while (read_some(c)) {
    }
    if (c->out_begin < c->out_end) connection_flush(c);
}
