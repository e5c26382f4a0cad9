#include "common/tls.h"
#include "common/clock.h"
#include "tls_pair.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const size_t steps[] = {1, 7, 16384};
#define STEPS (sizeof steps / sizeof *steps)

static void handshakes_in_fragments(void **state) {
    (void)state;
    uint8_t device[32], server[32];
    struct tls_error error;
    assert_true(tls_certificate_key(pki_client().certificate, device, &error));
    assert_true(tls_certificate_key(pki_server().certificate, server, &error));
    for (size_t i = 0; i < STEPS; i++) {
        struct pair p;
        pair_open(&p, steps[i]);
        assert_memory_equal(tls_peer_key(p.server.tls), device, 32);
        assert_memory_equal(tls_peer_key(p.client.tls), server, 32);
        assert_string_equal(tls_peer_uri(p.server.tls), "liandong:device:ytp-duty");
        assert_string_equal(tls_peer_uri(p.client.tls), "");
        int64_t left = tls_peer_expiry(p.server.tls) - clock_now_ms();
        assert_true(left > INT64_C(80000000) && left <= INT64_C(86400000));
        assert_int_equal(buffer_size(&p.server.in), 0);
        pair_free(&p);
    }
}

static void names_are_checked(void **state) {
    (void)state;
    static const struct {
        const char *name;
        bool good;
    } cases[] = {{"localhost", true},    {"LOCALHOST", true}, {"127.0.0.1", true},   {"127.0.0.2", false},
                 {"example.org", false}, {"::1", false},      {"localhost.", false}, {"test", false}};
    struct tls_context *server = context_of(pki_server(), true), *client = context_of(pki_client(), false);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct end c, s;
        end_make(&s, tls_server(server));
        end_make(&c, tls_client(client, cases[i].name));
        carry(&c, &s, 16384);
        if (cases[i].good) {
            assert_int_equal(tls_get_state(c.tls), TLS_OPEN);
        } else {
            expect_failure(&c, "NAME_MISMATCH");
            assert_int_equal(tls_get_state(s.tls), TLS_FAILED); /* told by an alert */
            assert_true(strlen(tls_failure_detail(c.tls)) > 5);
        }
        end_free(&c);
        end_free(&s);
    }
    assert_null(tls_client(client, ""));
    tls_context_free(server);
    tls_context_free(client);
}

static void data_goes_both_ways(void **state) {
    (void)state;
    struct dice dice = {9};
    static uint8_t bytes[200000];
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)roll(&dice);
    for (size_t i = 0; i < STEPS; i++) {
        struct pair p;
        pair_open(&p, 16384);
        static const size_t sizes[] = {0, 1, 300, 16383, 16384, 16385, 200000};
        for (size_t j = 0; j < sizeof sizes / sizeof *sizes; j++) {
            assert_true(tls_write(p.client.tls, bytes, sizes[j], &p.client.out));
            assert_true(tls_write(p.server.tls, bytes + 1, sizes[j] ? sizes[j] - 1 : 0, &p.server.out));
            size_t records = (sizes[j] + 16383) / 16384;
            assert_int_equal(buffer_size(&p.client.out), sizes[j] + records * 22); /* full records, nothing else */
            carry(&p.client, &p.server, steps[i]);
            expect_in(&p.server, bytes, sizes[j]);
            expect_in(&p.client, bytes + 1, sizes[j] ? sizes[j] - 1 : 0);
        }
        pair_free(&p);
    }
}

/* A full `in` stops the reading; what was held back comes after draining, in order, whatever the sizes. */
static void a_full_buffer_pushes_back(void **state) {
    (void)state;
    static uint8_t bytes[100000];
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)(i * 7 + i / 256);
    static const size_t caps[] = {1, 999, 16384, 50000};
    for (size_t i = 0; i < sizeof caps / sizeof *caps; i++) {
        struct pair p;
        size_t size = caps[i] == 1 ? 3000 : sizeof bytes, arrived = 0, at = 0, consumed;
        pair_open(&p, 16384);
        assert_true(tls_write(p.client.tls, bytes, size, &p.client.out));
        const uint8_t *wire = buffer_head(&p.client.out);
        size_t wire_size = buffer_size(&p.client.out);
        p.server.in.cap = caps[i];
        while (arrived < size) {
            assert_int_equal(tls_feed(p.server.tls, wire + at, wire_size - at, &consumed, &p.server.in, &p.server.out),
                             TLS_OPEN);
            at += consumed;
            size_t got = buffer_size(&p.server.in);
            assert_true(got > 0 && got <= caps[i]);
            if (at < wire_size || tls_pending(p.server.tls))
                assert_int_equal(got, caps[i]); /* stopped only because it was full */
            expect_in(&p.server, bytes + arrived, got);
            arrived += got;
        }
        assert_int_equal(at, wire_size);
        assert_false(tls_pending(p.server.tls));
        pair_free(&p);
    }
}

/* ---- ends */

static void close_notify_both_ways(void **state) {
    (void)state;
    struct pair p;
    size_t consumed;
    pair_open(&p, 16384);
    assert_true(tls_write(p.client.tls, "last words", 10, &p.client.out));
    tls_close(p.client.tls, &p.client.out);
    carry(&p.client, &p.server, 1);
    assert_int_equal(tls_get_state(p.server.tls), TLS_CLOSED);
    expect_in(&p.server, "last words", 10);
    assert_null(tls_failure(p.server.tls));
    assert_int_equal(tls_end(p.server.tls), TLS_CLOSED); /* the end of the stream is in order now */
    assert_false(tls_write(p.server.tls, "x", 1, &p.server.out));
    assert_int_equal(buffer_size(&p.server.out), 0);
    tls_close(p.server.tls, &p.server.out);
    assert_true(buffer_size(&p.server.out) > 0);
    carry(&p.client, &p.server, 16384);
    assert_int_equal(tls_get_state(p.client.tls), TLS_CLOSED);
    /* What follows a close is nobody's and is swallowed. */
    assert_int_equal(tls_feed(p.server.tls, (const uint8_t *)"garbage", 7, &consumed, &p.server.in, &p.server.out),
                     TLS_CLOSED);
    assert_int_equal(consumed, 7);
    assert_int_equal(buffer_size(&p.server.in), 0);
    pair_free(&p);
}

static void the_end_without_close_notify(void **state) {
    (void)state;
    struct pair p;
    pair_open(&p, 16384);
    assert_int_equal(tls_end(p.server.tls), TLS_FAILED);
    expect_failure(&p.server, "TRUNCATED");
    assert_false(tls_write(p.server.tls, "x", 1, &p.server.out));
    tls_close(p.server.tls, &p.server.out); /* says nothing any more */
    assert_int_equal(buffer_size(&p.server.out), 0);
    pair_free(&p);
}

static void one_changed_bit_ends_it(void **state) {
    (void)state;
    for (size_t at = 0; at < 32; at++) {
        struct pair p;
        pair_open(&p, 16384);
        assert_true(tls_write(p.client.tls, "0123456789", 10, &p.client.out));
        assert_int_equal(buffer_size(&p.client.out), 32);
        buffer_head(&p.client.out)[at] ^= 1;
        size_t consumed;
        enum tls_state s =
            tls_feed(p.server.tls, buffer_head(&p.client.out), 32, &consumed, &p.server.in, &p.server.out);
        /* A length made longer waits for bytes that never come; all else is refused at once, by an alert. */
        if (s == TLS_OPEN)
            s = tls_end(p.server.tls);
        else
            assert_true(buffer_size(&p.server.out) > 0);
        assert_int_equal(s, TLS_FAILED);
        assert_int_equal(buffer_size(&p.server.in), 0);
        pair_free(&p);
    }
}

static void no_room_is_a_failure(void **state) {
    (void)state;
    struct pair p;
    char bytes[1000] = "";
    pair_open(&p, 16384);
    p.server.out.cap = 1021; /* a byte less than the record */
    assert_false(tls_write(p.server.tls, bytes, sizeof bytes, &p.server.out));
    expect_failure(&p.server, "OTHER");
    assert_int_equal(buffer_size(&p.server.out), 0);
    pair_free(&p);
    pair_open(&p, 16384);
    p.server.out.cap = 1022;
    assert_true(tls_write(p.server.tls, bytes, sizeof bytes, &p.server.out));
    pair_free(&p);
}

/* ---- memory */

struct contexts {
    struct tls_context *server, *client;
};

/* A whole life: handshake, data both ways, close. */
static bool live(void *arg) {
    struct contexts *contexts = arg;
    struct end c = {0}, s = {0};
    bool done = false;
    buffer_init(&c.in, IN_CAP);
    buffer_init(&c.out, OUT_CAP);
    buffer_init(&s.in, IN_CAP);
    buffer_init(&s.out, OUT_CAP);
    c.tls = tls_client(contexts->client, "localhost");
    s.tls = c.tls ? tls_server(contexts->server) : NULL;
    if (s.tls) {
        carry(&c, &s, 16384);
        done = tls_get_state(c.tls) == TLS_OPEN && tls_get_state(s.tls) == TLS_OPEN &&
               tls_write(c.tls, "hello", 5, &c.out) && tls_write(s.tls, "hello", 5, &s.out);
        if (done) {
            carry(&c, &s, 16384);
            done = buffer_size(&c.in) == 5 && buffer_size(&s.in) == 5;
            tls_close(c.tls, &c.out);
            carry(&c, &s, 16384);
            done = done && tls_get_state(s.tls) == TLS_CLOSED;
        }
        /* An end that failed names its reason; one that still waits is cut off by a deadline. */
        if (tls_get_state(s.tls) == TLS_FAILED) assert_non_null(tls_failure(s.tls));
        if (tls_get_state(c.tls) == TLS_FAILED) assert_non_null(tls_failure(c.tls));
    }
    end_free(&c);
    end_free(&s);
    return done;
}

static void survives_failing_allocations(void **state) {
    (void)state;
    struct contexts contexts = {context_of(pki_server(), true), context_of(pki_client(), false)};
    assert_true(live(&contexts)); /* what OpenSSL makes once is made before */
    size_t held = allocations_openssl_bytes();
    size_t runs = each_allocation_fails(live, &contexts, true);
    assert_true(runs > 500);
    assert_true(allocations_openssl_bytes() < held + 20000); /* a leak of every run would be megabytes */
    tls_context_free(contexts.server);
    tls_context_free(contexts.client);
}

/* Not judged, printed. */
static void prints_its_speed(void **state) {
    (void)state;
    struct contexts contexts = {context_of(pki_server(), true), context_of(pki_client(), false)};
    const unsigned rounds = 300;
    clock_t begin = clock();
    for (unsigned i = 0; i < rounds; i++) {
        struct end c, s;
        end_make(&s, tls_server(contexts.server));
        end_make(&c, tls_client(contexts.client, "localhost"));
        carry(&c, &s, 16384);
        assert_int_equal(tls_get_state(s.tls), TLS_OPEN);
        end_free(&c);
        end_free(&s);
    }
    double us = (double)(clock() - begin) / CLOCKS_PER_SEC * 1e6 / rounds;
    printf("figure tls_handshake %.0f us (both ends, CPU time)\n", us);
    struct pair p;
    char event[300] = "";
    pair_open(&p, 16384);
    begin = clock();
    for (unsigned i = 0; i < 100000; i++) {
        assert_true(tls_write(p.server.tls, event, sizeof event, &p.server.out));
        buffer_consume(&p.server.out, buffer_size(&p.server.out));
    }
    printf("figure tls_write_300 %.0f ns\n", (double)(clock() - begin) / CLOCKS_PER_SEC * 1e9 / 100000);
    pair_free(&p);
    tls_context_free(contexts.server);
    tls_context_free(contexts.client);
}

int main(void) {
    allocations_watch_openssl();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handshakes_in_fragments),      cmocka_unit_test(names_are_checked),
        cmocka_unit_test(data_goes_both_ways),          cmocka_unit_test(a_full_buffer_pushes_back),
        cmocka_unit_test(close_notify_both_ways),       cmocka_unit_test(the_end_without_close_notify),
        cmocka_unit_test(one_changed_bit_ends_it),      cmocka_unit_test(no_room_is_a_failure),
        cmocka_unit_test(survives_failing_allocations), cmocka_unit_test(prints_its_speed),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    pki_free();
    return failed;
}
