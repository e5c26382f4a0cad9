/* After the handshake a server's connection lets the peer's certificate go (tls.c, park). OpenSSL has no call made for
 * that, so this proves on the OpenSSL at hand that nothing a connection does afterwards misses it. */
#include "common/tls_private.h"
#include "tls_pair.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BULK 300000u

static uint8_t bulk[BULK];

static int fill_bulk(void **state) {
    (void)state;
    struct dice dice = {17};
    for (size_t i = 0; i < BULK; i++) bulk[i] = (uint8_t)roll(&dice);
    return 0;
}

static void exchange(struct pair *p, size_t step) {
    assert_true(tls_write(p->client.tls, bulk, BULK, &p->client.out));
    assert_true(tls_write(p->server.tls, bulk, BULK - 1, &p->server.out));
    carry(&p->client, &p->server, step);
    expect_in(&p->server, bulk, BULK);
    expect_in(&p->client, bulk, BULK - 1);
}

static void the_certificate_is_gone(void **state) {
    (void)state;
    struct pair p;
    pair_open(&p, 7);
    SSL *ssl = p.server.tls->ssl;
    assert_ptr_equal(SSL_get_session(ssl), p.server.tls->context->blank);
    assert_null(SSL_get0_peer_certificate(ssl));
    assert_null(SSL_get0_verified_chain(ssl));
    assert_true(SSL_is_init_finished(ssl));
    assert_int_equal(SSL_version(ssl), TLS1_3_VERSION);
    assert_string_equal(tls_peer_uri(p.server.tls), "liandong:device:ytp-duty"); /* what was taken stays */
    pair_free(&p);
}

static void bulk_goes_both_ways(void **state) {
    (void)state;
    struct pair p;
    pair_open(&p, 16384);
    for (int i = 0; i < 20; i++) exchange(&p, i % 2 ? 16384 : 777);
    pair_free(&p);
}

static void keys_change_both_ways(void **state) {
    (void)state;
    struct pair p;
    pair_open(&p, 16384);
    for (int round = 0; round < 14; round++) {
        struct end *asks = round % 2 ? &p.client : &p.server;
        assert_true(
            SSL_key_update(asks->tls->ssl, round % 4 < 2 ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED));
        exchange(&p, round % 3 ? 16384 : 1);
        exchange(&p, 16384);
        assert_int_equal(tls_get_state(p.server.tls), TLS_OPEN);
        assert_int_equal(tls_get_state(p.client.tls), TLS_OPEN);
    }
    pair_free(&p);
}

/* The same with a peer that is not our code, in both directions at once. */
static void keys_change_with_a_stranger(void **state) {
    (void)state;
    struct tls_context *context = context_of(pki_server(), true);
    struct tls_files files = pki_client();
    struct stranger stranger;
    struct end s;
    end_make(&s, tls_server(context));
    stranger_make(&stranger, false, &files, TLS_ALPN, 0);
    stranger_carry(&stranger, &s);
    assert_int_equal(tls_get_state(s.tls), TLS_OPEN);
    for (int round = 0; round < 5; round++) {
        assert_true(SSL_key_update(stranger.ssl, SSL_KEY_UPDATE_REQUESTED));
        assert_true(SSL_key_update(s.tls->ssl, SSL_KEY_UPDATE_REQUESTED));
        assert_int_equal(SSL_write(stranger.ssl, bulk, 5000), 5000);
        assert_true(tls_write(s.tls, bulk, BULK, &s.out));
        assert_int_equal(stranger_carry(&stranger, &s), BULK);
        expect_in(&s, bulk, 5000);
    }
    SSL_shutdown(stranger.ssl);
    stranger_carry(&stranger, &s);
    assert_int_equal(tls_get_state(s.tls), TLS_CLOSED);
    tls_close(s.tls, &s.out);
    stranger_carry(&stranger, &s);
    assert_int_equal(SSL_get_shutdown(stranger.ssl), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    stranger_free(&stranger);
    end_free(&s);
    tls_context_free(context);
}

static void alerts_go_both_ways(void **state) {
    (void)state;
    struct pair p;
    pair_open(&p, 16384);
    assert_true(tls_write(p.client.tls, "x", 1, &p.client.out));
    buffer_head(&p.client.out)[10] ^= 1;
    end_feed(&p.server, buffer_head(&p.client.out), buffer_size(&p.client.out), 16384);
    expect_failure(&p.server, "OTHER");
    buffer_consume(&p.client.out, buffer_size(&p.client.out));
    carry(&p.client, &p.server, 16384);
    expect_failure(&p.client, "OTHER");
    assert_non_null(strstr(tls_failure_detail(p.client.tls), "bad record mac")); /* what the server said */
    pair_free(&p);
    pair_open(&p, 16384);
    assert_true(tls_write(p.server.tls, "x", 1, &p.server.out));
    buffer_head(&p.server.out)[10] ^= 1;
    end_feed(&p.client, buffer_head(&p.server.out), buffer_size(&p.server.out), 16384);
    expect_failure(&p.client, "OTHER");
    buffer_consume(&p.server.out, buffer_size(&p.server.out));
    end_feed(&p.server, buffer_head(&p.client.out), buffer_size(&p.client.out), 16384);
    expect_failure(&p.server, "OTHER");
    assert_non_null(strstr(tls_failure_detail(p.server.tls), "bad record mac"));
    pair_free(&p);
}

static void close_notify_works(void **state) {
    (void)state;
    struct pair p;
    pair_open(&p, 16384);
    tls_close(p.server.tls, &p.server.out);
    carry(&p.client, &p.server, 1);
    assert_int_equal(tls_get_state(p.client.tls), TLS_CLOSED);
    tls_close(p.client.tls, &p.client.out);
    carry(&p.client, &p.server, 1);
    assert_int_equal(tls_get_state(p.server.tls), TLS_CLOSED);
    pair_free(&p);
}

/* Connections of one context share the empty session: the end of one, also a bad one, is nothing to the others. */
static void connections_do_not_share_their_fate(void **state) {
    (void)state;
    struct tls_context *server = context_of(pki_server(), true), *client = context_of(pki_client(), false);
    struct pair pairs[8];
    for (size_t i = 0; i < 8; i++) {
        end_make(&pairs[i].server, tls_server(server));
        end_make(&pairs[i].client, tls_client(client, "localhost"));
        carry(&pairs[i].client, &pairs[i].server, 16384);
    }
    tls_context_free(server);
    tls_context_free(client);
    for (size_t i = 0; i < 8; i++) {
        exchange(&pairs[i], 16384);
        if (i % 2) {
            assert_true(tls_write(pairs[i].client.tls, "x", 1, &pairs[i].client.out));
            buffer_head(&pairs[i].client.out)[10] ^= 1;
            carry(&pairs[i].client, &pairs[i].server, 16384);
            expect_failure(&pairs[i].server, "OTHER");
        } else {
            tls_close(pairs[i].client.tls, &pairs[i].client.out);
            carry(&pairs[i].client, &pairs[i].server, 16384);
        }
        pair_free(&pairs[i]);
    }
}

static void a_flood_of_key_updates_ends_it(void **state) {
    (void)state;
    struct pair p;
    pair_open(&p, 16384);
    unsigned updates = 0;
    for (; updates < 100 && tls_get_state(p.server.tls) == TLS_OPEN; updates++) {
        assert_true(SSL_key_update(p.client.tls->ssl, SSL_KEY_UPDATE_REQUESTED));
        assert_true(tls_write(p.client.tls, "x", 1, &p.client.out));
        carry(&p.client, &p.server, 16384);
    }
    assert_in_range(updates, 17, 25); /* 16 at once; a slow machine may earn some more meanwhile */
    expect_failure(&p.server, "OTHER");
    assert_string_equal(tls_failure_detail(p.server.tls), "too many key updates");
    pair_free(&p);
    /* Two more are earned every second. */
    pair_open(&p, 16384);
    for (updates = 0; updates < 60; updates++) {
        p.server.tls->updates_at -= 500000;
        p.client.tls->updates_at -= 500000;
        assert_true(SSL_key_update(p.client.tls->ssl, SSL_KEY_UPDATE_REQUESTED));
        assert_true(tls_write(p.client.tls, "x", 1, &p.client.out));
        carry(&p.client, &p.server, 16384);
        expect_in(&p.server, "x", 1);
    }
    pair_free(&p);
}

/* A slice full of key updates is looked at one by one: it ends after the allowed ones, not after the whole slice. */
static void a_slice_of_key_updates(void **state) {
    (void)state;
    struct pair p;
    pair_open(&p, 16384);
    for (int i = 0; i < 2000; i++) {
        assert_true(SSL_key_update(p.client.tls->ssl, SSL_KEY_UPDATE_REQUESTED));
        p.client.tls->output = &p.client.out;
        assert_int_equal(SSL_do_handshake(p.client.tls->ssl), 1);
        p.client.tls->output = NULL;
    }
    assert_true(buffer_size(&p.client.out) > 40000);
    end_feed(&p.server, buffer_head(&p.client.out), buffer_size(&p.client.out), 65536);
    expect_failure(&p.server, "OTHER");
    assert_true(buffer_size(&p.server.out) < 1000);
    pair_free(&p);
}

/* What one idle connection of a plain OpenSSL server holds, with released buffers. */
static size_t plain_bytes_held(void) {
    struct tls_context *context = context_of(pki_client(), false);
    struct tls_files files = pki_server();
    struct stranger stranger;
    struct end c;
    end_make(&c, tls_client(context, "localhost"));
    stranger_make(&stranger, true, &files, TLS_ALPN, 0);
    SSL_CTX_set_session_cache_mode(stranger.context, SSL_SESS_CACHE_OFF);
    SSL_set_mode(stranger.ssl, SSL_MODE_RELEASE_BUFFERS);
    SSL_set_num_tickets(stranger.ssl, 0);
    stranger_carry(&stranger, &c);
    assert_int_equal(tls_get_state(c.tls), TLS_OPEN);
    SSL_set_bio(stranger.ssl, BIO_new(BIO_s_null()), BIO_new(BIO_s_null()));
    size_t before = allocations_openssl_bytes();
    SSL_free(stranger.ssl);
    size_t held = before - allocations_openssl_bytes();
    stranger.ssl = NULL;
    stranger_free(&stranger);
    end_free(&c);
    tls_context_free(context);
    return held;
}

static void it_saves_memory(void **state) {
    (void)state;
    struct pair p;
    pair_open(&p, 16384);
    exchange(&p, 16384);
    size_t before = allocations_openssl_bytes();
    struct tls_context *context = tls_context_hold(p.server.tls->context); /* shared, so not a connection's own */
    tls_free(p.server.tls);
    size_t held = before - allocations_openssl_bytes();
    p.server.tls = NULL;
    tls_context_free(context);
    pair_free(&p);
    size_t plain = plain_bytes_held();
    printf("figure tls_idle %zu bytes (a plain OpenSSL connection: %zu)\n", held, plain);
    assert_true(held + 5000 < plain);
}

int main(void) {
    allocations_watch_openssl();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_certificate_is_gone),
        cmocka_unit_test(bulk_goes_both_ways),
        cmocka_unit_test(keys_change_both_ways),
        cmocka_unit_test(keys_change_with_a_stranger),
        cmocka_unit_test(alerts_go_both_ways),
        cmocka_unit_test(close_notify_works),
        cmocka_unit_test(connections_do_not_share_their_fate),
        cmocka_unit_test(a_flood_of_key_updates_ends_it),
        cmocka_unit_test(a_slice_of_key_updates),
        cmocka_unit_test(it_saves_memory),
    };
    int failed = cmocka_run_group_tests(tests, fill_bulk, NULL);
    pki_free();
    return failed;
}
