/* The reference server: what libuv and OpenSSL can do with nothing in between.
 *   fanout_reference PORT CERTIFICATES [CONNINFO [STATEMENT_FILE]]
 * A report is put once into one ring; each watcher is a cursor into that ring, served once per turn of the loop in TLS
 * records of up to 16 KiB. With CONNINFO every report is durable in PostgreSQL before it is acknowledged or told
 * (group_commit.h). No authorization, no validation, no messages, no resume, no limits: an upper bound to be held
 * against, not a server. Listens on 127.0.0.1 only. */
#define _GNU_SOURCE
#include "frames.h"
#include "group_commit.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define RING             (64u << 20)
#define RECORD           16384u
#define INPUT            (1u << 17)
#define BACKLOG          4096
#define ACCEPTS_PER_TURN 64

struct server {
    uv_loop_t *loop;
    uv_poll_t listener;
    uv_check_t turn;
    SSL_CTX *tls;
    struct group_commit *durable; /* NULL: reports are acknowledged at once */
    uint8_t *ring, *input;
    uint64_t head;                    /* bytes ever put into the ring */
    struct client **watchers, **owed; /* owed: acknowledgements are waiting */
    size_t watcher_count, watcher_room, owed_count, owed_room;
    int socket;
};

struct client {
    struct server *server;
    uv_poll_t poll;
    SSL *tls;
    uint8_t *tail;
    uint32_t tail_size;
    uint32_t acknowledgements; /* to be sent */
    uint32_t in_flight;        /* reports at the database */
    size_t place;              /* in watchers */
    uint64_t cursor;           /* of a watcher: bytes of the ring it has */
    int socket;
    bool open, watching, blocked, closing, closed;
};

static void fail(const char *what) {
    fprintf(stderr, "fanout_reference: %s: %s\n", what, strerror(errno));
    ERR_print_errors_fp(stderr);
    exit(1);
}

static void *grow(void *list, size_t *room, size_t size) {
    *room = *room * 2 + 64;
    void *grown = realloc(list, *room * size);
    if (!grown) fail("memory");
    return grown;
}

/* ---- clients */

static void take_io(uv_poll_t *poll, int status, int events);

static void free_if_done(struct client *c) {
    if (c->closed && !c->in_flight) free(c);
}

static void on_closed(uv_handle_t *handle) {
    struct client *c = handle->data;
    close(c->socket);
    free(c->tail);
    c->closed = true;
    free_if_done(c);
}

static void drop(struct client *c) {
    struct server *s = c->server;
    if (c->closing) return;
    c->closing = true;
    if (c->watching) {
        s->watchers[c->place] = s->watchers[--s->watcher_count];
        s->watchers[c->place]->place = c->place;
    }
    for (size_t i = 0; i < s->owed_count; i++)
        if (s->owed[i] == c) s->owed[i--] = s->owed[--s->owed_count];
    SSL_set_quiet_shutdown(c->tls, 1);
    SSL_shutdown(c->tls);
    SSL_free(c->tls);
    ERR_clear_error();
    uv_close((uv_handle_t *)&c->poll, on_closed);
}

static void want_write(struct client *c, bool blocked) {
    if (c->blocked == blocked) return;
    c->blocked = blocked;
    uv_poll_start(&c->poll, UV_READABLE | (blocked ? UV_WRITABLE : 0), take_io);
}

/* Bytes taken; 0 where the socket is full; -1 where the client was dropped. */
static int write_some(struct client *c, const void *bytes, size_t size) {
    int sent = SSL_write(c->tls, bytes, (int)size);
    if (sent > 0) return sent;
    if (SSL_get_error(c->tls, sent) == SSL_ERROR_WANT_WRITE) {
        want_write(c, true);
        return 0;
    }
    drop(c);
    return -1;
}

static void serve_watcher(struct client *c) {
    struct server *s = c->server;
    while (!c->closing && c->cursor < s->head) {
        size_t at = c->cursor % RING, size = s->head - c->cursor;
        if (size > RING - at) size = RING - at;
        if (size > RECORD) size = RECORD;
        int sent = write_some(c, s->ring + at, size);
        if (sent <= 0) return;
        c->cursor += (uint64_t)sent;
    }
}

static void serve_reporters(struct server *s) {
    static const uint8_t one[RAW_HEADER] = {1, 0, 0, 0, RAW_STORED};
    uint8_t run[RAW_HEADER * 1024];
    size_t count = s->owed_count;
    s->owed_count = 0;
    for (size_t i = 0; i < count; i++) {
        struct client *c = s->owed[i];
        while (c->acknowledgements && !c->closing) {
            uint32_t n = c->acknowledgements > 1024 ? 1024 : c->acknowledgements;
            for (uint32_t k = 0; k < n; k++) memcpy(run + k * RAW_HEADER, one, RAW_HEADER);
            int size = (int)(n * RAW_HEADER);
            if (write_some(c, run, (size_t)size) != size)
                drop(c); /* reports more than it reads: no business of an upper bound */
            c->acknowledgements -= n;
        }
        c->acknowledgements = 0;
    }
}

static void on_turn(uv_check_t *turn) {
    struct server *s = turn->data;
    if (s->durable) group_commit_kick(s->durable);
    serve_reporters(s);
    /* From the end: a dropped watcher's place is taken by the last one, which was served already. */
    for (size_t i = s->watcher_count; i-- > 0;)
        if (!s->watchers[i]->blocked) serve_watcher(s->watchers[i]);
}

/* ---- reports */

static void put_ring(struct server *s, const void *bytes, size_t size) {
    size_t at = s->head % RING, first = size < RING - at ? size : RING - at;
    memcpy(s->ring + at, bytes, first);
    memcpy(s->ring, (const uint8_t *)bytes + first, size - first);
    s->head += size;
}

static void tell(struct client *reporter, const uint8_t *body, uint32_t size) {
    struct server *s = reporter->server;
    uint8_t header[RAW_HEADER] = {[RAW_HEADER - 1] = RAW_EVENT};
    uint32_t length = size + 1;
    memcpy(header, &length, sizeof length);
    put_ring(s, header, sizeof header);
    put_ring(s, body, size);
    if (reporter->closing || reporter->acknowledgements++) return;
    if (s->owed_count == s->owed_room) s->owed = grow(s->owed, &s->owed_room, sizeof *s->owed);
    s->owed[s->owed_count++] = reporter;
}

static void on_stored(void *owner, const uint8_t *body, uint32_t size) {
    struct client *reporter = owner;
    reporter->in_flight--;
    tell(reporter, body, size);
    free_if_done(reporter);
}

static void take_report(struct client *c, const uint8_t *body, uint32_t size) {
    if (!c->server->durable) {
        tell(c, body, size);
        return;
    }
    c->in_flight++;
    group_commit_put(c->server->durable, c, body, size);
}

static void take_watch(struct client *c, bool from_oldest) {
    struct server *s = c->server;
    if (c->watching) return;
    if (s->watcher_count == s->watcher_room) s->watchers = grow(s->watchers, &s->watcher_room, sizeof *s->watchers);
    c->watching = true;
    c->place = s->watcher_count;
    s->watchers[s->watcher_count++] = c;
    c->cursor = from_oldest ? 0 : s->head;
}

/* ---- reading */

static void take_frame(struct client *c, uint8_t type, const uint8_t *body, uint32_t size) {
    static const uint8_t ready[RAW_HEADER] = {1, 0, 0, 0, RAW_READY};
    if (type == RAW_REPORT) {
        take_report(c, body, size);
        return;
    }
    if (type == RAW_WATCH) take_watch(c, size == RAW_FROM_OLDEST);
    write_some(c, ready, sizeof ready);
}

/* Bytes taken by whole frames; UINT32_MAX: a length no frame may have. */
static uint32_t take_frames(struct client *c, const uint8_t *input, uint32_t size) {
    uint32_t at = 0, length;
    while (!c->closing && size - at >= RAW_HEADER) {
        memcpy(&length, input + at, sizeof length);
        if (!length || length > RAW_BODY_MAX) return UINT32_MAX;
        if (size - at < sizeof length + length) break;
        take_frame(c, input[at + sizeof length], input + at + RAW_HEADER, length - 1);
        at += (uint32_t)sizeof length + length;
    }
    return at;
}

static void take_input(struct client *c) {
    uint8_t *input = c->server->input;
    uint32_t have = c->tail_size;
    bool ended = false;
    if (have) memcpy(input, c->tail, have);
    while (have < INPUT) {
        int got = SSL_read(c->tls, input + have, (int)(INPUT - have));
        if (got <= 0) {
            ended = SSL_get_error(c->tls, got) != SSL_ERROR_WANT_READ;
            break;
        }
        have += (uint32_t)got;
    }
    uint32_t used = take_frames(c, input, have);
    if (c->closing) return;
    if (ended || used == UINT32_MAX) {
        drop(c);
        return;
    }
    c->tail_size = have - used;
    if (!c->tail_size) {
        free(c->tail);
        c->tail = NULL;
    } else if (!(c->tail = realloc(c->tail, c->tail_size)))
        fail("memory");
    else
        memcpy(c->tail, input + used, c->tail_size);
}

static void take_handshake(struct client *c) {
    int got = SSL_do_handshake(c->tls);
    if (got == 1) {
        c->open = true;
        want_write(c, false);
        return;
    }
    int error = SSL_get_error(c->tls, got);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
        want_write(c, error == SSL_ERROR_WANT_WRITE);
    else
        drop(c);
}

static void take_io(uv_poll_t *poll, int status, int events) {
    struct client *c = poll->data;
    if (status < 0) drop(c);
    if (!c->closing && !c->open) take_handshake(c);
    if (c->closing || !c->open) return;
    if (events & UV_WRITABLE) {
        want_write(c, false);
        if (c->watching) serve_watcher(c);
    }
    if (!c->closing && events & UV_READABLE) take_input(c);
}

static void on_accept(uv_poll_t *listener, int status, int events) {
    struct server *s = listener->data;
    (void)events;
    for (int i = 0; status >= 0 && i < ACCEPTS_PER_TURN; i++) {
        int one = 1, fd = accept4(s->socket, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) return;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        struct client *c = calloc(1, sizeof *c);
        if (!c || !(c->tls = SSL_new(s->tls)) || !SSL_set_fd(c->tls, fd)) fail("memory");
        SSL_set_accept_state(c->tls);
        c->server = s;
        c->socket = fd;
        c->poll.data = c;
        uv_poll_init(s->loop, &c->poll, fd);
        uv_poll_start(&c->poll, UV_READABLE, take_io);
    }
}

/* ---- starting */

static SSL_CTX *open_tls(const char *folder) {
    char ca[512], certificate[512], key[512];
    snprintf(ca, sizeof ca, "%s/ca.pem", folder);
    snprintf(certificate, sizeof certificate, "%s/server.pem", folder);
    snprintf(key, sizeof key, "%s/server.key", folder);
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
    if (!tls || !SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION) ||
        !SSL_CTX_set_ciphersuites(tls, "TLS_AES_128_GCM_SHA256") ||
        SSL_CTX_use_certificate_chain_file(tls, certificate) != 1 ||
        SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_load_verify_locations(tls, ca, NULL) != 1)
        fail(folder);
    SSL_CTX_set_verify(tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(
        tls, 0); /* resumption skips the certificate check: the server held against this gives none either */
    SSL_CTX_set_mode(tls,
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    return tls;
}

static void start_listening(struct server *s, const char *port) {
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1;
    s->socket = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(s->socket, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(s->socket, (struct sockaddr *)&at, sizeof at) || listen(s->socket, BACKLOG)) fail(port);
    s->listener.data = s;
    uv_poll_init(s->loop, &s->listener, s->socket);
    uv_poll_start(&s->listener, UV_READABLE, on_accept);
}

int main(int count, char **arguments) {
    if (count < 3) {
        fprintf(stderr, "usage: fanout_reference PORT CERTIFICATES [CONNINFO [STATEMENT_FILE]]\n");
        return 2;
    }
    struct server s = {.loop = uv_default_loop(), .ring = malloc(RING), .input = malloc(INPUT)};
    if (!s.ring || !s.input) fail("memory");
    signal(SIGPIPE, SIG_IGN);
    s.tls = open_tls(arguments[2]);
    if (count > 3) s.durable = group_commit_open(s.loop, arguments[3], count > 4 ? arguments[4] : NULL, on_stored);
    start_listening(&s, arguments[1]);
    s.turn.data = &s;
    uv_check_init(s.loop, &s.turn);
    uv_check_start(&s.turn, on_turn);
    return uv_run(s.loop, UV_RUN_DEFAULT);
}
