#include "bench.h"
#include "certificates.h"
#include "common/clock.h"
#include "common/frame.h"
#include "common/log.h"
#include "support.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE_US 20000000u
#define CLIENT_CAP  (64u << 20)

static struct tls_context *client_context;
static struct tls_files server_files;

void bench_certificates(void) {
    struct authority *a = authority_make("ca");
    const char *ca = authority_write(a, "ca.crt");
    struct wish server = {.server = true, .dns = "localhost"},
                client = {.client = true, .uris = {"liandong:device:d1"}};
    server_files = (struct tls_files){authority_issue(a, &server, "server.crt", "server.key"),
                                      scratch_path("server.key"), ca, NULL};
    struct tls_files files = {authority_issue(a, &client, "client.crt", "client.key"), scratch_path("client.key"), ca,
                              NULL};
    struct tls_error error;
    client_context = tls_context_client(&files, &error);
    if (!client_context) fail_msg("%s", error.text);
    authority_free(a);
    log_set_level(LOG_ERROR);
}
struct tls_context *bench_client_context(void) {
    return client_context;
}

bool bench_start(struct bench *b) {
    struct hub_limits limits = {100, 100, 100, 600000, 600000};
    struct tls_error error;
    memset(b, 0, sizeof *b);
    struct tls_context *tls = tls_context_server(&server_files, &error);
    if (!tls) return false;
    assert_int_equal(uv_loop_init(&b->loop), 0);
    uv_loop_configure(&b->loop, UV_METRICS_IDLE_TIME);
    metrics_init(&b->metrics);
    if (hub_start(&b->hub, &b->loop, NULL, tls, &limits, &b->metrics)) return true;
    tls_context_free(tls);
    assert_int_equal(uv_loop_close(&b->loop), 0);
    return false;
}

static void on_stopped(void *arg) { ((struct bench *)arg)->stopped = true; }
void bench_stop(struct bench *b) {
    uint64_t until = clock_monotonic_us() + PATIENCE_US;
    hub_close_all(&b->hub, "TEST_OVER");
    while (hub_connections(&b->hub) > 0) {
        assert_true(clock_monotonic_us() < until);
        uv_run(&b->loop, UV_RUN_NOWAIT);
    }
    hub_stop(&b->hub, on_stopped, b);
    uv_run(&b->loop, UV_RUN_DEFAULT);
    assert_true(b->stopped);
    assert_int_equal(uv_loop_close(&b->loop), 0); /* no handle is left */
}

/* ---- the client's end */

bool client_open(struct client *c, struct bench *b) {
    int pair[2];
    struct address peer;
    struct address_error error;
    memset(c, 0, sizeof *c);
    c->bench = b;
    c->limit = SIZE_MAX;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
    assert_true(address_parse(&peer, "127.0.0.1:1", 11, &error));
    buffer_init(&c->in, CLIENT_CAP);
    buffer_init(&c->out, CLIENT_CAP);
    c->descriptor = pair[0];
    bool good = conn_open(&b->hub, pair[1], &peer);
    c->tls = tls_client(client_context, "localhost");
    size_t used = 0;
    if (c->tls) tls_feed(c->tls, NULL, 0, &used, &c->in, &c->out);
    return good && c->tls;
}

void client_close(struct client *c) {
    close(c->descriptor);
    tls_free(c->tls);
    buffer_free(&c->in);
    buffer_free(&c->out);
}

static bool send_some(struct client *c) {
    size_t size = buffer_size(&c->out);
    if (size > c->limit - c->sent) size = c->limit - c->sent;
    if (c->chunk && size > c->chunk) size = c->chunk;
    if (size == 0) return false;
    ssize_t n = send(c->descriptor, buffer_head(&c->out), size, MSG_NOSIGNAL);
    if (n <= 0) {
        if (n < 0 && errno != EAGAIN) c->ended = true;
        return false;
    }
    c->sent += (size_t)n;
    buffer_consume(&c->out, (size_t)n);
    return true;
}
static bool receive_some(struct client *c) {
    uint8_t bytes[65536];
    if (c->deaf || c->ended) return false;
    ssize_t n = recv(c->descriptor, bytes, sizeof bytes, 0);
    if (n == 0 || (n < 0 && errno != EAGAIN)) c->ended = true;
    if (n <= 0) return false;
    for (size_t used = 0, step; used < (size_t)n; used += step) {
        enum tls_state state = tls_feed(c->tls, bytes + used, (size_t)n - used, &step, &c->in, &c->out);
        if (state == TLS_FAILED || state == TLS_CLOSED) break;
        if (step == 0) break;
    }
    return true;
}
bool client_turn(struct client *c) {
    bool busy = send_some(c);
    uv_run(&c->bench->loop, UV_RUN_NOWAIT);
    return receive_some(c) || busy;
}

void client_say(struct client *c, const void *payload, size_t size) {
    uint8_t header[FRAME_HEADER];
    frame_header(header, (uint32_t)size);
    assert_true(tls_write(c->tls, header, sizeof header, &c->out));
    if (size > 0) assert_true(tls_write(c->tls, payload, size, &c->out));
}

void client_until(struct client *c, bool (*done)(const struct client *c)) {
    uint64_t until = clock_monotonic_us() + PATIENCE_US;
    while (!done(c)) {
        client_turn(c);
        assert_true(clock_monotonic_us() < until);
    }
}
bool client_is_open(const struct client *c) { return c->ended || tls_get_state(c->tls) != TLS_HANDSHAKE; }
bool client_is_over(const struct client *c) { return c->ended; }
void client_read(struct client *c, size_t size) {
    uint64_t until = clock_monotonic_us() + PATIENCE_US;
    while (buffer_size(&c->in) < size) {
        client_turn(c);
        assert_false(c->ended);
        assert_true(clock_monotonic_us() < until);
    }
}
