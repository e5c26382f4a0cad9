#include "bench.h"
#include "common/frame.h"
#include "session_fake.h"
#include "support.h"
#include <stdlib.h>
#include <string.h>

static void begin(struct bench *b, struct client *c) {
    memset(&fake, 0, sizeof fake);
    assert_true(bench_start(b));
    assert_true(client_open(c, b));
}
/* Through the handshake and the hello. */
static void greet(struct client *c) {
    client_until(c, client_is_open);
    assert_int_equal(tls_get_state(c->tls), TLS_OPEN);
    client_say(c, "hello", 5);
    client_read(c, FRAME_HEADER + 5);
    assert_memory_equal(buffer_head(&c->in) + FRAME_HEADER, "hello", 5);
    buffer_consume(&c->in, FRAME_HEADER + 5);
}
/* Whatever happened, a session that was opened was closed once and nothing is left. */
static void end(struct bench *b, struct client *c) {
    client_close(c);
    bench_stop(b);
    assert_int_equal(fake.opened, fake.closed);
}
static void expect(struct client *c, const uint8_t *payload, size_t size) {
    uint8_t header[FRAME_HEADER];
    frame_header(header, (uint32_t)size);
    client_read(c, FRAME_HEADER + size);
    assert_memory_equal(buffer_head(&c->in), header, FRAME_HEADER);
    assert_memory_equal(buffer_head(&c->in) + FRAME_HEADER, payload, size);
    buffer_consume(&c->in, FRAME_HEADER + size);
}

static uint8_t *pattern(size_t size, unsigned seed) {
    uint8_t *bytes = malloc(size);
    assert_non_null(bytes);
    for (size_t i = 0; i < size; i++) bytes[i] = (uint8_t)(i * 31 + seed + i / 251);
    return bytes;
}

/* Frames of many sizes, ciphertext in pieces of many sizes. */
static void test_echo(void **state) {
    static const size_t sizes[] = {1, 2, 3, 300, 4096, 16380, 16384, 16385, 65531, 65532, 65536, 200000, FRAME_CAP};
    static const size_t chunks[] = {0, 1, 7, 1460, 16413};
    (void)state;
    for (size_t k = 0; k < sizeof chunks / sizeof *chunks; k++) {
        struct bench b;
        struct client c;
        begin(&b, &c);
        c.chunk = chunks[k];
        greet(&c);
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            if (chunks[k] == 1 && sizes[i] > 5000) break; /* a byte at a time takes its time */
            if (chunks[k] == 7 && sizes[i] > 70000) break;
            uint8_t *bytes = pattern(sizes[i], (unsigned)i);
            client_say(&c, bytes, sizes[i]);
            expect(&c, bytes, sizes[i]);
            free(bytes);
        }
        assert_int_equal(b.hub.counts[CONN_SERVING], 1);
        end(&b, &c);
    }
}

/* A client that does not wait for answers is served in order all the same, whatever lies in which buffer. */
static void test_pipelined(void **state) {
    (void)state;
    for (int round = 0; round < 4; round++) {
        struct bench b;
        struct client c;
        struct dice d = {(uint64_t)round + 1};
        size_t sizes[300];
        begin(&b, &c);
        greet(&c);
        fake.later = true;
        for (size_t i = 0; i < 300; i++) {
            sizes[i] = 1 + roll_below(&d, round < 2 ? 100 : 9000);
            uint8_t *bytes = pattern(sizes[i], (unsigned)i);
            client_say(&c, bytes, sizes[i]);
            free(bytes);
        }
        if (round % 2) c.chunk = 1000;
        for (size_t i = 0; i < 300; i++) {
            while (!fake_answer()) {
                client_turn(&c);
                assert_false(c.ended);
            }
            uint8_t *bytes = pattern(sizes[i], (unsigned)i);
            expect(&c, bytes, sizes[i]);
            free(bytes);
        }
        assert_int_equal(fake.frames, 301);
        end(&b, &c);
    }
}

/* Nobody is read from while a call is in flight beyond what was read already. */
static void test_backpressure(void **state) {
    struct bench b;
    struct client c;
    (void)state;
    begin(&b, &c);
    greet(&c);
    fake.later = true;
    uint8_t *bytes = pattern(60000, 1);
    for (int i = 0; i < 200; i++) client_say(&c, bytes, 60000); /* 12 MB */
    while (client_turn(&c)) {
    }
    assert_true(b.hub.metrics.bytes_in.value < 400000); /* one call and at most two reads; the rest is the peer's */
    assert_int_equal(fake.frames, 2);
    free(bytes);
    end(&b, &c);
}

/* A reader that stops costs its backlog and no more; when it reads on, all comes in order. */
static void test_slow_reader(void **state) {
    struct bench b;
    struct client c;
    (void)state;
    begin(&b, &c);
    client_until(&c, client_is_open);
    fake.pour = 20000000;
    client_say(&c, "hello", 5);
    while (fake.frames == 0) client_turn(&c);
    c.deaf = true;
    while (client_turn(&c)) {
    }
    for (int i = 0; i < 20; i++) client_turn(&c);
    assert_true(fake.largest_backlog < FAKE_HIGH_WATER + 4096);
    assert_true(b.hub.metrics.blocked.value > 0);
    c.deaf = false;
    expect(&c, (const uint8_t *)"hello", 5);
    for (size_t i = 0; i < fake.pour / 1000; i++) {
        uint8_t payload[1000 - FRAME_HEADER];
        memset(payload, 'a' + (int)(i % 26), sizeof payload);
        expect(&c, payload, sizeof payload);
    }
    assert_true(fake.drained > 10);
    end(&b, &c);
}

/* What is appended before a close arrives before the close_notify. */
static void test_last_words(void **state) {
    struct bench b;
    struct client c;
    (void)state;
    begin(&b, &c);
    greet(&c);
    fake.closes = true;
    client_say(&c, "close", 5);
    client_say(&c, "never", 5);
    expect(&c, (const uint8_t *)"close", 5);
    client_until(&c, client_is_over);
    assert_int_equal(tls_get_state(c.tls), TLS_CLOSED);
    assert_int_equal(buffer_size(&c.in), 0);
    assert_int_equal(fake.frames, 2);
    end(&b, &c);
}

/* One who answers each question for a sign of life stays, also where the answer comes within the millisecond in which
 * it was asked. */
static void test_signs_of_life(void **state) {
    struct bench b;
    struct client c;
    unsigned answered = 0;
    (void)state;
    memset(&fake, 0, sizeof fake);
    assert_true(bench_start(&b));
    b.hub.limits.silence_limit_ms = 900; /* a machine that does much else beside answers late */
    assert_true(client_open(&c, &b));
    greet(&c);
    client_say(&c, "now", 3);
    expect(&c, (const uint8_t *)"now", 3);
    while (answered < 6) {
        client_turn(&c);
        assert_false(c.ended);
        if (buffer_size(&c.in) < FRAME_HEADER + 4) continue;
        expect(&c, (const uint8_t *)"ping", 4);
        client_say(&c, "pong", 4);
        expect(&c, (const uint8_t *)"pong", 4); /* the session is an echo */
        answered++;
    }
    end(&b, &c);
}

static void test_bad_frames(void **state) {
    static const struct {
        const char *bytes;
        bool greeted;
    } cases[] = {{"\0\0\0\0", false}, {"\xff\xff\xff\xff", false}, {"\0\0\x10\x01", false},
                 {"\0\0\0\0", true},  {"\0\x10\0\x01", true},      {"\x80\0\0\0", true}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench b;
        struct client c;
        begin(&b, &c);
        if (cases[i].greeted)
            greet(&c);
        else
            client_until(&c, client_is_open);
        size_t frames = fake.frames;
        assert_true(tls_write(c.tls, cases[i].bytes, 4, &c.out));
        client_until(&c, client_is_over);
        assert_int_equal(fake.frames, frames);
        assert_true(buffer_size(&c.in) > FRAME_HEADER); /* it was told why */
        end(&b, &c);
    }
}

/* The peer dies after every byte of handshake, hello and one call. A handshake can be a few bytes shorter than the one
 * before (DER drops leading zeros of a signature), so what was cut is seen from what was held back. */
static void test_every_cut(void **state) {
    size_t whole = 0;
    (void)state;
    for (size_t cut = 0; cut == 0 || cut < whole; cut = cut == 0 ? 1 : cut + 1) {
        struct bench b;
        struct client c;
        begin(&b, &c);
        if (cut > 0) c.limit = cut;
        while (!client_is_open(&c) && client_turn(&c)) {
        }
        if (tls_get_state(c.tls) == TLS_OPEN) {
            client_say(&c, "hello", 5);
            client_say(&c, "a call", 6);
        }
        while (client_turn(&c)) {
        }
        if (cut == 0) {
            assert_int_equal(fake.frames, 2);
            whole = c.sent;
        } else {
            assert_int_equal(fake.frames == 2, buffer_size(&c.out) == 0);
        }
        end(&b, &c);
    }
    assert_true(whole > 500);
}

/* Any close from anywhere, any number of times. */
static void test_close_twice(void **state) {
    struct bench b;
    struct client c[3];
    (void)state;
    memset(&fake, 0, sizeof fake);
    assert_true(bench_start(&b));
    for (int i = 0; i < 3; i++) assert_true(client_open(&c[i], &b));
    greet(&c[0]);
    client_until(&c[1], client_is_open);
    hub_go_away(&b.hub, "AWAY", 0, 0);
    hub_close_quiet(&b.hub, "QUIET");
    hub_close_quiet(&b.hub, "QUIET");
    hub_close_all(&b.hub, "ALL");
    hub_close_all(&b.hub, "ALL");
    for (int i = 0; i < 3; i++) client_until(&c[i], client_is_over);
    assert_int_equal(hub_connections(&b.hub), 0);
    for (int i = 0; i < 3; i++) client_close(&c[i]);
    bench_stop(&b);
    assert_int_equal(fake.opened, fake.closed);
}

static bool is_away(const struct client *c) { return c->ended; }
static void test_drain(void **state) {
    struct bench b;
    struct client c;
    (void)state;
    begin(&b, &c);
    greet(&c);
    fake.later = true;
    client_say(&c, "a call", 6);
    while (fake.frames < 2) client_turn(&c);
    hub_go_away(&b.hub, "AWAY", 0, 0);
    hub_close_quiet(&b.hub, "DRAINING"); /* a call is in flight: it stays */
    expect(&c, (const uint8_t *)"AWAY", 4);
    assert_int_equal(b.hub.counts[CONN_SERVING], 1);
    assert_true(fake_answer());
    hub_close_quiet(&b.hub, "DRAINING");
    expect(&c, (const uint8_t *)"a call", 6);
    client_until(&c, is_away);
    assert_int_equal(tls_get_state(c.tls), TLS_CLOSED);
    end(&b, &c);
}

static void test_refused_session(void **state) {
    struct bench b;
    struct client c;
    (void)state;
    begin(&b, &c);
    fake.refuses = true;
    client_until(&c, client_is_over);
    assert_int_equal(fake.opened, 0);
    end(&b, &c);
}

static void pass_time(struct bench *b, uint64_t ms) {
    uv_update_time(&b->loop);
    uint64_t until = uv_now(&b->loop) + ms;
    while (uv_now(&b->loop) < until) uv_run(&b->loop, UV_RUN_NOWAIT);
}
/* Handshakes make room oldest first and only where they dawdle: one that says nothing sooner than one under way. */
static void test_pressed(void **state) {
    struct bench b;
    struct client silent, greeted, young;
    struct address host, other;
    struct address_error error;
    (void)state;
    begin(&b, &silent);
    assert_true(client_open(&greeted, &b));
    assert_true(address_parse(&host, "127.0.0.1:9", 11, &error) && address_parse(&other, "127.0.0.2:9", 11, &error));
    while (greeted.sent == 0) client_turn(&greeted);
    greeted.limit = greeted.sent; /* its ClientHello and no more */
    while (client_turn(&greeted)) {
    }
    assert_int_equal(conn_press(&b.hub, NULL, 0), 0); /* too young */
    pass_time(&b, CONN_PRESSED_SILENT_MS);
    assert_true(client_open(&young, &b));
    assert_int_equal(conn_press(&b.hub, &host, 3), 0); /* not too many */
    assert_int_equal(conn_press(&b.hub, &other, 0), 0);
    assert_int_equal(conn_press(&b.hub, &host, 1), 1);
    assert_int_equal(conn_press(&b.hub, &host, 0), 0); /* it is on its way out already */
    client_until(&silent, client_is_over);
    pass_time(&b, CONN_PRESSED_MS);
    assert_int_equal(conn_press(&b.hub, NULL, 0), 2);
    client_until(&greeted, client_is_over);
    client_until(&young, client_is_over);
    client_close(&greeted);
    client_close(&young);
    end(&b, &silent);
}

/* Every allocation of ours fails once: the connection ends or all is well, and nothing is left behind. */
static bool converse(void *arg) {
    struct bench b;
    struct client c;
    bool done = false;
    (void)arg;
    memset(&fake, 0, sizeof fake);
    fake.pour = 1000000;
    if (!bench_start(&b)) return false;
    if (client_open(&c, &b)) {
        while (!client_is_open(&c) && client_turn(&c)) {
        }
        if (!c.ended && tls_get_state(c.tls) == TLS_OPEN) {
            uint8_t header[FRAME_HEADER];
            frame_header(header, 5);
            bool said = tls_write(c.tls, header, sizeof header, &c.out) && tls_write(c.tls, "hello", 5, &c.out);
            c.deaf = true;
            for (int i = 0; said && i < 50; i++) client_turn(&c);
            c.deaf = false;
            while (said && client_turn(&c)) {
            }
            done = buffer_size(&c.in) == FRAME_HEADER + 5 + fake.pour;
        }
    }
    end(&b, &c);
    return done;
}
static void test_without_memory(void **state) {
    (void)state;
    assert_true(each_allocation_fails(converse, NULL, true) > 10);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_echo),
                                       cmocka_unit_test(test_pipelined),
                                       cmocka_unit_test(test_backpressure),
                                       cmocka_unit_test(test_slow_reader),
                                       cmocka_unit_test(test_last_words),
                                       cmocka_unit_test(test_signs_of_life),
                                       cmocka_unit_test(test_bad_frames),
                                       cmocka_unit_test(test_every_cut),
                                       cmocka_unit_test(test_close_twice),
                                       cmocka_unit_test(test_drain),
                                       cmocka_unit_test(test_refused_session),
                                       cmocka_unit_test(test_pressed),
                                       cmocka_unit_test(test_without_memory)};
    bench_certificates();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    tls_context_free(bench_client_context());
    return failed;
}
