/* Who must not come in, by which reason, and what the refused end is told. */
#include "common/tls.h"
#include "tls_pair.h"
#include <stdlib.h>
#include <string.h>

static void expect_refused_client(const struct tls_files *server_files, const struct tls_files *client_files,
                                  const char *by_server, const char *told) {
    struct tls_context *server = context_of(*server_files, true), *client = context_of(*client_files, false);
    struct end c, s;
    end_make(&s, tls_server(server));
    end_make(&c, tls_client(client, "localhost"));
    carry(&c, &s, 16384);
    expect_failure(&s, by_server);
    expect_failure(&c, told); /* at its first read after the handshake */
    assert_string_equal(tls_peer_uri(c.tls), "");
    end_free(&c);
    end_free(&s);
    tls_context_free(server);
    tls_context_free(client);
}

static void wrong_authority(void **state) {
    (void)state;
    struct authority *other = authority_make("Test CA"); /* of the same name, too */
    struct tls_files server = pki_server(), client = pki_client(), foreign;
    foreign = pki_issue(other, &(struct wish){.uris = {"liandong:device:ytp-duty"}, .client = true}, "foreign");
    expect_refused_client(&server, &foreign, "UNKNOWN_CA", "UNKNOWN_CA");
    struct tls_files foreign_server =
        pki_issue(other, &(struct wish){.dns = "localhost", .server = true}, "foreign-server");
    struct tls_context *s = context_of(foreign_server, true), *c = context_of(client, false);
    struct end a, b;
    end_make(&a, tls_client(c, "localhost"));
    end_make(&b, tls_server(s));
    carry(&a, &b, 7);
    expect_failure(&a, "UNKNOWN_CA");
    expect_failure(&b, "UNKNOWN_CA");
    end_free(&a);
    end_free(&b);
    tls_context_free(s);
    tls_context_free(c);
    authority_free(other);
}

static void revoked_certificate(void **state) {
    (void)state;
    struct authority *ca = pki_authority();
    struct tls_files server = pki_server(), client = pki_client();
    server.crl = authority_revoke(ca, (const long[]){2, 0}, 3600,
                                  "client-revoked.crl"); /* the client was the second one issued */
    expect_refused_client(&server, &client, "CERTIFICATE_REVOKED", "CERTIFICATE_REVOKED");
    server.crl = authority_revoke(ca, (const long[]){77, 0}, 3600, "other-revoked.crl");
    struct tls_context *s = context_of(server, true), *c = context_of(client, false);
    struct end a, b;
    end_make(&a, tls_client(c, "localhost"));
    end_make(&b, tls_server(s));
    carry(&a, &b, 16384);
    assert_int_equal(tls_get_state(b.tls), TLS_OPEN);
    end_free(&a);
    end_free(&b);
    tls_context_free(s);
    tls_context_free(c);
}

/* A stranger against our server: what the server says of it, and which alert it sends. */
static void expect_refused_stranger(const struct tls_files *files, const char *protocol, int version, const char *token,
                                    int alert) {
    struct tls_context *context = context_of(pki_server(), true);
    struct stranger stranger;
    struct end s;
    end_make(&s, tls_server(context));
    stranger_make(&stranger, false, files, protocol, version);
    stranger_carry(&stranger, &s);
    expect_failure(&s, token);
    assert_int_equal(stranger.alert, alert);
    stranger_free(&stranger);
    end_free(&s);
    tls_context_free(context);
}

static void bad_clients(void **state) {
    (void)state;
    struct authority *ca = pki_authority();
    static const char *const uri = "liandong:device:x";
    const struct {
        struct wish wish;
        const char *name, *token;
        int alert;
    } cases[] = {
        {{.uris = {uri}, .client = true, .from_s = -7200, .until_s = -3600}, "expired", "CERTIFICATE_EXPIRED", 45},
        {{.uris = {uri}, .client = true, .from_s = 3600}, "early", "BAD_CERTIFICATE", 42},
        {{.uris = {uri}, .server = true}, "purpose", "BAD_CERTIFICATE", 43},
        {{.uris = {uri}, .client = true, .key = KEY_RSA_2048}, "weak", "BAD_CERTIFICATE", 42},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tls_files files = pki_issue(ca, &cases[i].wish, cases[i].name);
        expect_refused_stranger(&files, TLS_ALPN, 0, cases[i].token, cases[i].alert);
    }
    struct tls_files good = pki_client();
    expect_refused_stranger(NULL, TLS_ALPN, 0, "CERTIFICATE_REQUIRED", 116);
    expect_refused_stranger(&good, NULL, 0, "NO_COMMON_PROTOCOL", 120);
    expect_refused_stranger(&good, "h2", 0, "NO_COMMON_PROTOCOL", 120);
    expect_refused_stranger(&good, "liandong/2", 0, "NO_COMMON_PROTOCOL", 120);
    expect_refused_stranger(&good, "liandong/", 0, "NO_COMMON_PROTOCOL", 120);
    expect_refused_stranger(&good, TLS_ALPN, TLS1_2_VERSION, "OLD_VERSION", 70);
    expect_refused_stranger(&good, NULL, TLS1_2_VERSION, "OLD_VERSION", 70);
}

static void good_clients_of_every_kind(void **state) {
    (void)state;
    static const enum key_kind kinds[] = {KEY_P256, KEY_P384, KEY_ED25519, KEY_RSA_3072};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct tls_files files =
            pki_issue(pki_authority(),
                      &(struct wish){.client = true, .server = true, .dns = "localhost", .key = kinds[i]}, "kind");
        struct tls_context *server = context_of(files, true), *client = context_of(files, false);
        struct end c, s;
        end_make(&s, tls_server(server));
        end_make(&c, tls_client(client, "localhost"));
        carry(&c, &s, 7);
        assert_int_equal(tls_get_state(s.tls), TLS_OPEN);
        assert_memory_equal(tls_peer_key(s.tls), tls_peer_key(c.tls), 32);
        end_free(&c);
        end_free(&s);
        tls_context_free(server);
        tls_context_free(client);
    }
}

/* An authority in between is sent along and is fine; two are too many. */
static void chains(void **state) {
    (void)state;
    struct authority *between = authority_below(pki_authority(), "Station CA"),
                     *below = authority_below(between, "Desk CA");
    struct tls_files server = pki_server(),
                     files =
                         pki_issue(between, &(struct wish){.uris = {"liandong:device:deep"}, .client = true}, "deep");
    struct tls_context *s = context_of(server, true), *c = context_of(files, false);
    struct end a, b;
    end_make(&a, tls_client(c, "localhost"));
    end_make(&b, tls_server(s));
    carry(&a, &b, 16384);
    assert_int_equal(tls_get_state(b.tls), TLS_OPEN);
    assert_string_equal(tls_peer_uri(b.tls), "liandong:device:deep");
    end_free(&a);
    end_free(&b);
    tls_context_free(s);
    tls_context_free(c);
    files = pki_issue(below, &(struct wish){.client = true}, "deeper"); /* its file lacks the authority in between */
    expect_refused_stranger(&files, TLS_ALPN, 0, "UNKNOWN_CA", 48);
    authority_free(below);
    authority_free(between);
}

/* The identity is one plain URI or none. */
static void strange_names(void **state) {
    (void)state;
    static char long_uri[300];
    memset(long_uri, 'x', 256);
    const struct {
        struct wish wish;
        const char *uri;
    } cases[] = {
        {{.client = true}, ""},
        {{.common_name = "liandong:device:cn", .client = true}, ""}, /* never the common name */
        {{.uris = {"liandong:device:a"}, .dns = "a.example", .ip = "10.0.0.1", .client = true}, "liandong:device:a"},
        {{.uris = {"liandong:device:a", "liandong:device:b"}, .client = true}, ""},
        {{.uris = {"liandong:device:a", "liandong:device:a"}, .client = true}, ""},
        {{.uris = {"liandong:device:a"}, .raw_uri = "x", .raw_uri_size = 1, .client = true}, ""},
        {{.raw_uri = "liandong:device:a\0b", .raw_uri_size = 19, .client = true}, ""},
        {{.raw_uri = "liandong:device:a\0", .raw_uri_size = 18, .client = true}, ""},
        {{.raw_uri = "\0", .raw_uri_size = 1, .client = true}, ""},
        {{.raw_uri = "", .raw_uri_size = 0, .client = true}, ""},
        {{.raw_uri = "liandong:device:a\nb", .raw_uri_size = 19, .client = true}, ""},
        {{.raw_uri = "liandong:device:a b", .raw_uri_size = 19, .client = true}, ""},
        {{.raw_uri = "liandong:device:\x7f", .raw_uri_size = 17, .client = true}, ""},
        {{.raw_uri = "liandong:device:\xe4\xb8\xad", .raw_uri_size = 19, .client = true}, ""},
        {{.raw_uri = long_uri, .raw_uri_size = 256, .client = true}, ""},
        {{.raw_uri = long_uri, .raw_uri_size = 255, .client = true}, long_uri + 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tls_files files = pki_issue(pki_authority(), &cases[i].wish, "strange");
        struct tls_context *server = context_of(pki_server(), true), *client = context_of(files, false);
        struct end c, s;
        end_make(&s, tls_server(server));
        end_make(&c, tls_client(client, "localhost"));
        carry(&c, &s, 16384);
        assert_int_equal(tls_get_state(s.tls), TLS_OPEN);
        if (strcmp(tls_peer_uri(s.tls), cases[i].uri)) fail_msg("case %zu is called \"%s\"", i, tls_peer_uri(s.tls));
        end_free(&c);
        end_free(&s);
        tls_context_free(server);
        tls_context_free(client);
    }
}

static void strange_servers(void **state) {
    (void)state;
    static const struct {
        const char *protocol;
        int version;
        const char *token;
    } cases[] = {{NULL, 0, "NO_COMMON_PROTOCOL"}, {TLS_ALPN, TLS1_2_VERSION, "OLD_VERSION"}, {TLS_ALPN, 0, NULL}};
    struct tls_context *context = context_of(pki_client(), false);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tls_files files = pki_server();
        struct stranger stranger;
        struct end c;
        end_make(&c, tls_client(context, "localhost"));
        stranger_make(&stranger, true, &files, cases[i].protocol, cases[i].version);
        stranger_carry(&stranger, &c);
        if (cases[i].token)
            expect_failure(&c, cases[i].token);
        else
            assert_int_equal(tls_get_state(c.tls), TLS_OPEN);
        stranger_free(&stranger);
        end_free(&c);
    }
    tls_context_free(context);
}

/* Bytes that are no TLS, to either side. */
static void plain_bytes(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
    } cases[] = {
        {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 27},
        {"CONNECT x:443 HTTP/1.1\r\n\r\n", 26},
        {"\0\0\0\x08\x08\x01\x52\x04\x08\x01\x10\x01", 12}, /* our own frame without TLS */
        {"SSH-2.0-OpenSSH_9.2\r\n", 21},
        {"\0\0\0\0\0\0\0\0\0\0\0\0", 12},
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff", 9},
        {"\x17\x03\x03\x00\x05hello", 10},   /* data before any hello */
        {"\x15\x03\x03\x00\x02\x02\x28", 7}, /* an alert */
        {"\x14\x03\x03\x00\x01\x01\x14\x03\x03\x00\x01\x01", 12},
        {"\x16\x03\x01\x00\x04\x0e\x00\x00\x00", 9}, /* a handshake message that is no hello */
        {"\x16\x03\x01\xff\xff\x01", 6},             /* a record of 65,535 bytes */
    };
    struct tls_context *server = context_of(pki_server(), true), *client = context_of(pki_client(), false);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int side = 0; side < 2; side++)
            for (size_t step = 1; step < 40; step += 38) {
                struct end e;
                size_t consumed;
                end_make(&e, side ? tls_server(server) : tls_client(client, "localhost"));
                tls_feed(e.tls, NULL, 0, &consumed, &e.in, &e.out);
                end_feed(&e, cases[i].bytes, cases[i].size, step);
                if (tls_get_state(e.tls) != TLS_FAILED) fail_msg("case %zu goes on", i);
                bool alert = side && cases[i].bytes[0] == 0x15; /* which an alert says is its sender's affair */
                if (side && !alert && strcmp(tls_failure(e.tls), "NOT_TLS"))
                    fail_msg("case %zu: %s", i, tls_failure(e.tls));
                assert_int_equal(buffer_size(&e.in), 0);
                assert_true(buffer_size(&e.out) < 1000);
                end_free(&e);
            }
    tls_context_free(server);
    tls_context_free(client);
}

/* The oldest form of a hello, which OpenSSL still reads: answered as an old version. */
static void an_sslv2_hello(void **state) {
    (void)state;
    uint8_t hello[48] = {0x80, 0x2e, 1, 3, 3, 0, 0x15, 0, 0, 0, 0x10, 0x13, 0x01};
    struct tls_context *server = context_of(pki_server(), true);
    struct end e;
    end_make(&e, tls_server(server));
    end_feed(&e, hello, sizeof hello, sizeof hello);
    expect_failure(&e, "OLD_VERSION");
    end_free(&e);
    tls_context_free(server);
}

/* The client's whole handshake cut at every byte: the server waits, and the end of the stream is a failure. */
static void cut_anywhere(void **state) {
    (void)state;
    struct tls_context *server = context_of(pki_server(), true), *client = context_of(pki_client(), false);
    struct end c, s, cut;
    size_t consumed;
    end_make(&c, tls_client(client, "localhost"));
    end_make(&s, tls_server(server));
    tls_feed(c.tls, NULL, 0, &consumed, &c.in, &c.out);
    size_t hello = buffer_size(&c.out);
    assert_true(hello > 150);
    for (size_t at = 0; at < hello; at++) {
        end_make(&cut, tls_server(server));
        end_feed(&cut, buffer_head(&c.out), at, 16384);
        assert_int_equal(tls_get_state(cut.tls), TLS_HANDSHAKE);
        assert_int_equal(buffer_size(&cut.out), 0);
        assert_int_equal(tls_end(cut.tls), TLS_FAILED);
        expect_failure(&cut, "TRUNCATED");
        end_free(&cut);
    }
    end_feed(&s, buffer_head(&c.out), hello, 16384);
    buffer_consume(&c.out, hello);
    end_feed(&c, buffer_head(&s.out), buffer_size(&s.out), 16384);
    size_t rest = buffer_size(&c.out);
    for (size_t at = 0; at < rest; at++) { /* certificate, signature, finished: one byte more each time */
        assert_int_equal(tls_get_state(s.tls), TLS_HANDSHAKE);
        assert_string_equal(tls_peer_uri(s.tls)[0] ? "liandong:device:ytp-duty" : "", tls_peer_uri(s.tls));
        end_feed(&s, buffer_head(&c.out) + at, 1, 1);
    }
    assert_int_equal(tls_get_state(s.tls), TLS_OPEN);
    end_free(&c);
    end_free(&s);
    tls_context_free(server);
    tls_context_free(client);
}

/* A ClientHello with one byte changed: a failure or a handshake that does not finish, never more. */
static void flipped_hellos(void **state) {
    (void)state;
    struct tls_context *server = context_of(pki_server(), true), *client = context_of(pki_client(), false);
    struct end c;
    size_t consumed;
    end_make(&c, tls_client(client, "localhost"));
    tls_feed(c.tls, NULL, 0, &consumed, &c.in, &c.out);
    size_t failed = 0;
    for (size_t at = 0; at < buffer_size(&c.out); at++)
        for (int bit = 0; bit < 8; bit++) {
            struct end s;
            end_make(&s, tls_server(server));
            buffer_head(&c.out)[at] ^= (uint8_t)(1 << bit);
            end_feed(&s, buffer_head(&c.out), buffer_size(&c.out), 16384);
            buffer_head(&c.out)[at] ^= (uint8_t)(1 << bit);
            assert_int_not_equal(tls_get_state(s.tls), TLS_OPEN);
            assert_int_equal(buffer_size(&s.in), 0);
            failed += tls_get_state(s.tls) == TLS_FAILED;
            end_free(&s);
        }
    assert_true(failed > 100);
    end_free(&c);
    tls_context_free(server);
    tls_context_free(client);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_authority), cmocka_unit_test(revoked_certificate),
        cmocka_unit_test(bad_clients),     cmocka_unit_test(good_clients_of_every_kind),
        cmocka_unit_test(chains),          cmocka_unit_test(strange_names),
        cmocka_unit_test(strange_servers), cmocka_unit_test(plain_bytes),
        cmocka_unit_test(an_sslv2_hello),  cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(flipped_hellos),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    pki_free();
    return failed;
}
