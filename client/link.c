#include "client/link.h"
#include "client/host.h"
#include "client/language.h"
#include "client/link_address.h"
#include "client/offices.h"
#include "common/clock.h"
#include "common/frame.h"
#include "common/wire.h"
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PLAIN_CAP   (FRAME_CAP + FRAME_HEADER + 65536u) /* one frame and what came with its last record */
#define CIPHER_CAP  (2u * FRAME_CAP)
#define READ_SIZE   16384u
#define KEEPALIVE_S 20 /* the kernel notices a dead path even while nothing is asked */

static bool fail(struct link *l, struct link_error *error, enum link_fault fault, const char *detail) {
    *error = (struct link_error){.fault = fault, .tls = l->tls ? tls_failure(l->tls) : NULL};
    snprintf(error->server, sizeof error->server, "%s", l->server);
    snprintf(error->detail, sizeof error->detail, "%s", detail ? detail : "");
    return false;
}

void link_init(struct link *l) {
    *l = (struct link){.socket = -1};
    arena_init(&l->arena, LINK_MESSAGE);
}

/* Leaves the arena: the error of a refused hello points into it. */
static void drop(struct link *l) {
    if (l->tls) tls_free(l->tls);
    l->tls = NULL;
    if (l->socket >= 0) close(l->socket);
    l->socket = -1;
    buffer_free(&l->plain);
    buffer_free(&l->cipher);
    l->hello = NULL;
}

/* Waits for the socket. False with the error: deadline, Ctrl-C, or nobody to read what would be printed. */
static bool wait_for(struct link *l, short events, uint64_t deadline_us, struct link_error *error) {
    for (;;) {
        uint64_t now = clock_monotonic_us();
        int64_t left_ms = deadline_us > now ? (int64_t)((deadline_us - now + 999) / 1000) : 0;
        if (host_interrupted()) return fail(l, error, LINK_INTERRUPTED, NULL);
        struct pollfd waits[3] = {{.fd = l->socket, .events = events},
                                  {.fd = host_interrupt_handle(), .events = POLLIN},
                                  {.fd = host_reader_handle()}};
        int ready = poll(waits, 3, left_ms > 3600000 ? 3600000 : (int)left_ms);
        if (ready < 0 && errno != EINTR) return fail(l, error, LINK_LOST, language_errno(errno));
        if (ready > 0 && waits[0].revents) return true;
        if (ready == 0 && left_ms == 0) return fail(l, error, LINK_TIMEOUT, NULL);
    }
}

/* Sends all ciphertext. */
static bool flush(struct link *l, uint64_t deadline_us, struct link_error *error) {
    while (buffer_size(&l->cipher) > 0) {
        ssize_t sent = send(l->socket, buffer_head(&l->cipher), buffer_size(&l->cipher), MSG_NOSIGNAL);
        if (sent >= 0) {
            buffer_consume(&l->cipher, (size_t)sent);
            l->said_us = clock_monotonic_us();
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            if (!wait_for(l, POLLOUT, deadline_us, error)) return false;
        } else if (errno != EINTR) {
            return fail(l, error, LINK_LOST, language_errno(errno));
        }
    }
    return true;
}

static bool judge_tls(struct link *l, enum tls_state state, struct link_error *error) {
    if (state == TLS_FAILED) return fail(l, error, LINK_TLS, tls_failure_detail(l->tls));
    if (state == TLS_CLOSED) return fail(l, error, LINK_LOST, NULL);
    return true;
}

/* Takes what the socket has now, or waits for it. False: deadline (nothing changed) or the connection's end. */
static bool take_bytes(struct link *l, uint64_t deadline_us, struct link_error *error) {
    uint8_t bytes[READ_SIZE];
    ssize_t got;
    if (!judge_tls(l, tls_get_state(l->tls), error)) return false;
    while ((got = recv(l->socket, bytes, sizeof bytes, 0)) < 0) {
        if (errno == EINTR) continue;
        if (errno != EAGAIN && errno != EWOULDBLOCK) return fail(l, error, LINK_LOST, language_errno(errno));
        if (!wait_for(l, POLLIN, deadline_us, error)) return false;
    }
    if (got == 0) return fail(l, error, LINK_LOST, NULL);
    l->heard_us = clock_monotonic_us();
    size_t consumed = 0, before = buffer_size(&l->plain);
    enum tls_state state = tls_feed(l->tls, bytes, (size_t)got, &consumed, &l->plain, &l->cipher);
    struct link_error ignored; /* an alert on a dying connection; what is said about it stands in `error` already */
    if (state == TLS_FAILED) flush(l, clock_monotonic_us(), &ignored);
    /* The last words may come together with the end: they say why. The end is judged when more is wanted. */
    if (!judge_tls(l, state, error)) return buffer_size(&l->plain) > before;
    /* A whole frame is taken out before more is read, so this room is enough for a peer that keeps to the protocol. */
    if (consumed < (size_t)got) return fail(l, error, LINK_PROTOCOL, "more than one frame's room");
    return flush(l, deadline_us, error);
}

static bool connect_to(struct link *l, const struct addrinfo *address, uint64_t deadline_us, struct link_error *error) {
    int on = 1, seconds = KEEPALIVE_S;
    l->socket = socket(address->ai_family, address->ai_socktype, address->ai_protocol);
    if (l->socket < 0) return fail(l, error, LINK_CONNECT, language_errno(errno));
    fcntl(l->socket, F_SETFD, FD_CLOEXEC);
    if (fcntl(l->socket, F_SETFL, O_NONBLOCK) != 0) return fail(l, error, LINK_CONNECT, language_errno(errno));
    setsockopt(l->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(l->socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
#ifdef TCP_KEEPIDLE
    setsockopt(l->socket, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof seconds);
#endif
    if (connect(l->socket, address->ai_addr, address->ai_addrlen) == 0) return true;
    if (errno != EINPROGRESS) return fail(l, error, LINK_CONNECT, language_errno(errno));
    if (!wait_for(l, POLLOUT, deadline_us, error)) {
        if (error->fault == LINK_TIMEOUT) fail(l, error, LINK_CONNECT, language_errno(ETIMEDOUT));
        return false;
    }
    int why = 0;
    socklen_t size = sizeof why;
    if (getsockopt(l->socket, SOL_SOCKET, SO_ERROR, &why, &size) == 0 && why == 0) return true;
    return fail(l, error, LINK_CONNECT, language_errno(why));
}

static bool handshake(struct link *l, struct tls_context *context, const char *host, uint64_t deadline_us,
                      struct link_error *error) {
    size_t consumed = 0;
    l->tls = tls_client(context, host);
    if (!l->tls) return fail(l, error, LINK_MEMORY, NULL);
    buffer_init(&l->plain, PLAIN_CAP);
    buffer_init(&l->cipher, CIPHER_CAP);
    if (!judge_tls(l, tls_feed(l->tls, NULL, 0, &consumed, &l->plain, &l->cipher), error)) return false;
    if (!flush(l, deadline_us, error)) return false;
    while (tls_get_state(l->tls) == TLS_HANDSHAKE)
        if (!take_bytes(l, deadline_us, error)) return false;
    return true;
}

static bool hello(struct link *l, const struct link_hello *say, uint64_t deadline_us, struct link_error *error) {
    char name[64];
    char *features[] = {wire_borrow("feed"), wire_borrow("verify")};
    Liandong__V1__Hello body = LIANDONG__V1__HELLO__INIT;
    Liandong__V1__ToServer message = LIANDONG__V1__TO_SERVER__INIT;
    snprintf(name, sizeof name, "liandong/%s %s", LIANDONG_VERSION, host_system());
    body.has_version_min = body.has_version_max = true;
    body.version_min = body.version_max = 1;
    body.n_features = sizeof features / sizeof *features;
    body.features = features;
    body.client = name;
    body.locale = wire_borrow(say->locale);
    body.has_token = say->token != NULL;
    if (say->token) body.token = (ProtobufCBinaryData){32, (uint8_t *)(uintptr_t)say->token};
    message.has_call = true;
    message.call = l->next_call++;
    message.body_case = LIANDONG__V1__TO_SERVER__BODY_HELLO;
    message.hello = &body;
    if (!link_send(l, &message, deadline_us, error)) {
        /* A server that refused our certificate has closed already; its alert may still be here to be read. */
        struct link_error why;
        if (error->fault == LINK_LOST && !take_bytes(l, clock_monotonic_us(), &why) && why.fault == LINK_TLS)
            *error = why;
        return false;
    }
    const Liandong__V1__ToClient *reply = link_receive(l, &l->arena, deadline_us, error);
    if (!reply) return false;
    if (reply->status) {
        fail(l, error, LINK_HELLO_REFUSED, NULL);
        error->status = reply->status;
        return false;
    }
    if (reply->body_case != LIANDONG__V1__TO_CLIENT__BODY_HELLO || reply->call != message.call)
        return fail(l, error, LINK_PROTOCOL, "no hello");
    l->hello = reply->hello;
    offices_hear_message(&l->hello->base);
    return true;
}

static bool open_address(struct link *l, struct tls_context *context, const struct addrinfo *address, const char *host,
                         const struct link_hello *say, uint64_t deadline_us, struct link_error *error) {
    uint64_t attempt = clock_monotonic_us() + LINK_ATTEMPT_US;
    if (attempt > deadline_us) attempt = deadline_us;
    arena_reset(&l->arena);
    l->next_call = 1;
    l->leaving = false;
    l->heard_us = l->said_us = clock_monotonic_us();
    if (connect_to(l, address, attempt, error) && handshake(l, context, host, attempt, error) &&
        hello(l, say, attempt, error))
        return true;
    drop(l);
    return false;
}

/* How much an error tells: what a server said is worth more than a closed port. */
static int weight(enum link_fault fault) {
    static const int weights[] = {
        [LINK_ADDRESS] = 1, [LINK_RESOLVE] = 2,  [LINK_CONNECT] = 2,    [LINK_TIMEOUT] = 3,
        [LINK_LOST] = 4,    [LINK_PROTOCOL] = 5, [LINK_TLS] = 6,        [LINK_HELLO_REFUSED] = 7,
        [LINK_MEMORY] = 8,  [LINK_LEAVING] = 3,  [LINK_INTERRUPTED] = 9};
    return weights[fault];
}

static bool open_server(struct link *l, struct tls_context *context, const struct link_address *where,
                        const struct link_hello *say, uint64_t deadline_us, struct link_error *error) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV}, *found = NULL;
    int why = getaddrinfo(where->host, where->port, &hints, &found);
    if (why != 0 && why != EAI_AGAIN) { /* a machine with nothing but a loopback has no "configured" family */
        hints.ai_flags = AI_NUMERICSERV;
        why = getaddrinfo(where->host, where->port, &hints, &found);
    }
    if (why != 0) return fail(l, error, LINK_RESOLVE, link_address_trouble(why));
    struct link_error one = {.fault = LINK_FINE};
    bool done = false;
    for (struct addrinfo *address = found; address && !done && one.fault != LINK_INTERRUPTED;
         address = address->ai_next) {
        done = open_address(l, context, address, where->host, say, deadline_us, &one);
        if (!done && weight(one.fault) >= weight(error->fault)) *error = one;
    }
    freeaddrinfo(found);
    return done;
}

bool link_open(struct link *l, struct tls_context *context, const char *servers, const struct link_hello *say,
               uint64_t deadline_us, struct link_error *error) {
    struct link_error best = {.fault = LINK_FINE}, one = {.fault = LINK_FINE};
    link_close(l);
    while (*servers) {
        struct link_address where;
        const char *written = servers;
        bool good = link_address_next(&servers, &where);
        int size = (int)strcspn(written, ",");
        if (good && strchr(where.host, ':')) {
            snprintf(l->server, sizeof l->server, "[%s]:%.5s", where.host, where.port);
        } else if (good) {
            snprintf(l->server, sizeof l->server, "%.248s:%.5s", where.host, where.port);
        } else {
            snprintf(l->server, sizeof l->server, "%.*s", size < 250 ? size : 250, written);
        }
        one = (struct link_error){.fault = LINK_FINE};
        if (!good) {
            fail(l, &one, LINK_ADDRESS, NULL);
        } else if (open_server(l, context, &where, say, deadline_us, &one)) {
            return true;
        }
        if (one.fault == LINK_HELLO_REFUSED || weight(one.fault) >= weight(best.fault)) best = one;
        if (one.fault == LINK_INTERRUPTED || one.fault == LINK_HELLO_REFUSED)
            break; /* all servers have the same directory */
        if (clock_monotonic_us() >= deadline_us) break;
    }
    *error = best;
    if (best.fault == LINK_FINE) fail(l, error, LINK_ADDRESS, NULL);
    return false;
}

void link_close(struct link *l) {
    if (l->tls && tls_get_state(l->tls) == TLS_OPEN) {
        struct link_error ignored; /* politeness: the server notices a closed socket as well */
        tls_close(l->tls, &l->cipher);
        flush(l, clock_monotonic_us(), &ignored);
    }
    drop(l);
    arena_free(&l->arena);
}

bool link_send(struct link *l, const Liandong__V1__ToServer *message, uint64_t deadline_us, struct link_error *error) {
    struct buffer frame;
    if (!link_is_open(l)) return fail(l, error, LINK_LOST, NULL);
    buffer_init(&frame, FRAME_CAP + FRAME_HEADER);
    bool packed = wire_put_frame(&frame, &message->base) &&
                  tls_write(l->tls, buffer_head(&frame), buffer_size(&frame), &l->cipher);
    buffer_free(&frame);
    if (packed && flush(l, deadline_us, error)) return true;
    if (!packed) fail(l, error, tls_get_state(l->tls) == TLS_OPEN ? LINK_MEMORY : LINK_LOST, NULL);
    if (link_is_open(l) && l->hello) drop(l);
    return false;
}

bool link_has_message(const struct link *l) {
    struct frame frame;
    return link_is_open(l) &&
           frame_look(buffer_head(&l->plain), buffer_size(&l->plain), FRAME_CAP, &frame) != FRAME_PARTIAL;
}

static bool answer_ping(struct link *l, const Liandong__V1__Ping *ping, uint64_t deadline_us,
                        struct link_error *error) {
    Liandong__V1__Ping body = LIANDONG__V1__PING__INIT;
    Liandong__V1__ToServer message = LIANDONG__V1__TO_SERVER__INIT;
    body.has_token = ping->has_token;
    body.token = ping->token;
    message.body_case = LIANDONG__V1__TO_SERVER__BODY_PING;
    message.ping = &body;
    return link_send(l, &message, deadline_us, error);
}

/* What the server says about the connection itself, not to the caller. True where the message is of that kind. */
static bool is_housekeeping(struct link *l, const Liandong__V1__ToClient *message) {
    if (message->has_call) return false;
    if (message->body_case == LIANDONG__V1__TO_CLIENT__BODY_GO_AWAY) {
        l->leaving = true;
        l->leave_after_ms = message->go_away->reconnect_after_ms;
        l->leave_jitter_ms = message->go_away->jitter_ms;
        return true;
    }
    /* A body this version does not know is for newer clients. */
    return message->body_case == LIANDONG__V1__TO_CLIENT__BODY_PING ||
           (message->body_case == LIANDONG__V1__TO_CLIENT__BODY__NOT_SET && !message->status);
}

const Liandong__V1__ToClient *link_receive(struct link *l, struct arena *arena, uint64_t deadline_us,
                                           struct link_error *error) {
    bool greeted = l->hello != NULL;
    if (!link_is_open(l)) {
        fail(l, error, LINK_LOST, NULL);
        return NULL;
    }
    for (;;) {
        struct frame frame;
        enum frame_state state = frame_look(buffer_head(&l->plain), buffer_size(&l->plain), FRAME_CAP, &frame);
        if (state == FRAME_PARTIAL) {
            if (take_bytes(l, deadline_us, error)) continue;
            if (error->fault != LINK_TIMEOUT && greeted) drop(l);
            return NULL;
        }
        struct wire_fault wrong = {.reason = "FRAME"};
        ProtobufCMessage *message = NULL;
        if (state == FRAME_WHOLE) {
            message = wire_unpack(&liandong__v1__to_client__descriptor, frame.payload, frame.payload_size, false, arena,
                                  &wrong);
            buffer_consume(&l->plain, frame.need);
        }
        if (!message) {
            char detail[160];
            snprintf(detail, sizeof detail, "%s %.96s", wrong.reason, wrong.field);
            fail(l, error, LINK_PROTOCOL, detail);
            if (greeted) drop(l);
            return NULL;
        }
        const Liandong__V1__ToClient *reply = (const Liandong__V1__ToClient *)(const void *)message;
        if (!is_housekeeping(l, reply)) return reply;
        if (reply->body_case == LIANDONG__V1__TO_CLIENT__BODY_PING && !answer_ping(l, reply->ping, deadline_us, error))
            return NULL;
        if (reply->body_case == LIANDONG__V1__TO_CLIENT__BODY_GO_AWAY) {
            fail(l, error, LINK_LEAVING, NULL);
            return NULL;
        }
    }
}
