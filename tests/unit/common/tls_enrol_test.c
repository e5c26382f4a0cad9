/* Who comes without a certificate: by the one protocol that is for that, to a server that takes enrolments, and by no
 * other way. And whom such a client trusts. */
#include "common/ca.h"
#include "common/tls.h"
#include "tls_pair.h"
#include <string.h>

static struct ca *open_ca(void) {
    struct tls_error error;
    pki_authority();
    const char *key = authority_write_key(pki_authority(), "ca.key");
    struct ca *ca = ca_open(scratch_path("ca.pem"), key, &error);
    if (!ca) fail_msg("%s", error.text);
    return ca;
}

static struct tls_context *enrolling_server(struct ca *ca) {
    struct tls_error error;
    struct tls_context *c = context_of(pki_server(), true);
    if (!tls_context_enrols(c, ca, &error)) fail_msg("%s", error.text);
    return c;
}

static void meet(struct end *client, struct end *server, struct tls_context *c, struct tls_context *s,
                 const char *name) {
    end_make(client, tls_client(c, name));
    end_make(server, tls_server(s));
    carry(client, server, 16384);
}

static void part(struct end *client, struct end *server) {
    end_free(client);
    end_free(server);
}

static void pinned_client_comes_in(void **state) {
    (void)state;
    struct ca *ca = open_ca();
    struct tls_error error;
    struct tls_context *s = enrolling_server(ca), *c = tls_context_pinned(ca_pin(ca), 15, &error);
    struct end client, server;
    char pem[CA_PEM_MAX], small[20];
    uint8_t zero[32] = {0};
    struct ca_facts facts;
    meet(&client, &server, c, s, "localhost");
    assert_int_equal(tls_get_state(server.tls), TLS_OPEN);
    assert_int_equal(tls_get_state(client.tls), TLS_OPEN);
    assert_true(tls_is_enrolment(server.tls) && tls_is_enrolment(client.tls));
    assert_memory_equal(tls_peer_key(server.tls), zero, 32);
    assert_string_equal(tls_peer_uri(server.tls), "");
    assert_true(tls_authority(client.tls, pem, sizeof pem));
    assert_false(tls_authority(client.tls, small, sizeof small));
    assert_false(tls_authority(server.tls, pem, 0));
    assert_true(ca_certificate_facts(pem, &facts));
    assert_memory_equal(facts.key, ca_pin(ca), CA_HASH);
    assert_true(tls_write(client.tls, "token", 5, &client.out));
    carry(&client, &server, 16384);
    expect_in(&server, "token", 5);
    part(&client, &server);
    tls_context_free(c);
    tls_context_free(s);
    ca_free(ca);
}

/* Somebody in between, with a CA of the same name, and even one who shows the true CA's certificate beside his own. */
static void pin_of_another_authority(void **state) {
    (void)state;
    struct ca *ca = open_ca();
    struct tls_error error;
    struct authority *other = authority_make("Test CA");
    struct tls_files files = pki_issue(other, &(struct wish){.dns = "localhost", .server = true}, "between");
    authority_write(other, "other-ca.pem");
    files.ca = scratch_path("other-ca.pem");
    struct ca *false_ca = ca_open(files.ca, authority_write_key(other, "other-ca.key"), &error);
    struct tls_context *s = context_of(files, true), *c = tls_context_pinned(ca_pin(ca), 15, &error);
    struct end client, server;
    assert_false(tls_context_enrols(s, ca, &error)); /* our own server would not even start so */
    assert_true(tls_context_enrols(s, false_ca, &error));
    meet(&client, &server, c, s, "localhost");
    expect_failure(&client, "PIN_MISMATCH");
    assert_true(tls_get_state(server.tls) != TLS_OPEN);
    assert_int_equal(buffer_size(&server.in), 0);
    part(&client, &server);
    /* chain file: his certificate, then the true authority's */
    struct stranger stranger;
    stranger_make(&stranger, true, &files, TLS_ALPN_ENROL, 0);
    SSL_set_verify(stranger.ssl, SSL_VERIFY_NONE, NULL);
    FILE *file = fopen(scratch_path("ca.pem"), "r");
    X509 *truth = file ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;
    assert_non_null(truth);
    fclose(file);
    assert_true(SSL_add1_chain_cert(stranger.ssl, truth));
    X509_free(truth);
    end_make(&client, tls_client(c, "localhost"));
    stranger_carry(&stranger, &client);
    assert_int_equal(tls_get_state(client.tls), TLS_FAILED);
    assert_string_equal(tls_failure(client.tls), "UNKNOWN_CA");
    end_free(&client);
    stranger_free(&stranger);
    tls_context_free(c);
    tls_context_free(s);
    ca_free(false_ca);
    ca_free(ca);
    authority_free(other);
}

static void pinned_and_the_wrong_name(void **state) {
    (void)state;
    struct ca *ca = open_ca();
    struct tls_error error;
    struct tls_context *s = enrolling_server(ca), *c = tls_context_pinned(ca_pin(ca), 15, &error);
    struct end client, server;
    meet(&client, &server, c, s, "elsewhere");
    expect_failure(&client, "NAME_MISMATCH");
    part(&client, &server);
    tls_context_free(c);
    tls_context_free(s);
    ca_free(ca);
}

static void server_that_takes_none(void **state) {
    (void)state;
    struct ca *ca = open_ca();
    struct tls_error error;
    struct tls_context *s = context_of(pki_server(), true), *c = tls_context_pinned(ca_pin(ca), 15, &error);
    struct end client, server;
    meet(&client, &server, c, s, "localhost");
    expect_failure(&server, "NO_COMMON_PROTOCOL");
    expect_failure(&client, "NO_COMMON_PROTOCOL");
    part(&client, &server);
    tls_context_free(c);
    tls_context_free(s);
    ca_free(ca);
}

/* On the ordinary protocol the certificate is demanded as before, whatever else is offered beside it. */
static void no_certificate_on_the_ordinary_protocol(void **state) {
    (void)state;
    static const unsigned char lists[][32] = {"\x0aliandong/1", "\x0aliandong/1\x10liandong-enrol/1",
                                              "\x10liandong-enrol/1\x0aliandong/1", "\x02h2\x0aliandong/1"};
    static const unsigned sizes[] = {11, 28, 28, 14};
    struct ca *ca = open_ca();
    struct tls_context *s = enrolling_server(ca);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int retry = 0; retry < 2; retry++) {
            struct stranger stranger;
            struct end server;
            end_make(&server, tls_server(s));
            stranger_make(&stranger, false, NULL, NULL, 0);
            SSL_set_alpn_protos(stranger.ssl, lists[i], sizes[i]);
            /* a key share that the server does not take: it asks for another hello */
            if (retry) assert_true(SSL_set1_groups_list(stranger.ssl, "P-384:P-256"));
            stranger_carry(&stranger, &server);
            expect_failure(&server, "CERTIFICATE_REQUIRED");
            assert_int_equal(stranger.alert, 116);
            end_free(&server);
            stranger_free(&stranger);
        }
    /* and who has one is let in and known, also where the other protocol is offered too */
    struct tls_files files = pki_client();
    struct stranger stranger;
    struct end server;
    end_make(&server, tls_server(s));
    stranger_make(&stranger, false, &files, NULL, 0);
    SSL_set_alpn_protos(stranger.ssl, lists[2], sizes[2]);
    stranger_carry(&stranger, &server);
    assert_int_equal(tls_get_state(server.tls), TLS_OPEN);
    assert_false(tls_is_enrolment(server.tls));
    assert_string_equal(tls_peer_uri(server.tls), "liandong:device:ytp-duty");
    end_free(&server);
    stranger_free(&stranger);
    tls_context_free(s);
    ca_free(ca);
}

/* The list changes in the second hello, which the server asked for: once from the open protocol to the closed one, once
 * the other way round. What counts is the last. */
struct switching {
    const unsigned char *second;
    unsigned size;
    int hellos;
};
static void switch_list(int writing, int version, int type, const void *bytes, size_t size, SSL *ssl, void *arg) {
    struct switching *s = arg;
    (void)version;
    if (!writing && type == SSL3_RT_HANDSHAKE && size && *(const uint8_t *)bytes == SSL3_MT_SERVER_HELLO &&
        !s->hellos++)
        SSL_set_alpn_protos(ssl, s->second, s->size);
}
static void protocol_switched_in_the_middle(void **state) {
    (void)state;
    static const unsigned char open_list[] = "\x10liandong-enrol/1", closed[] = "\x0aliandong/1";
    struct ca *ca = open_ca();
    struct tls_context *s = enrolling_server(ca);
    struct stranger stranger;
    struct end server;
    struct switching plan = {closed, 11, 0};
    end_make(&server, tls_server(s));
    stranger_make(&stranger, false, NULL, NULL, 0);
    SSL_set_alpn_protos(stranger.ssl, open_list, 17);
    SSL_set1_groups_list(stranger.ssl, "P-384:P-256");
    SSL_set_msg_callback(stranger.ssl, switch_list);
    SSL_set_msg_callback_arg(stranger.ssl, &plan);
    stranger_carry(&stranger, &server);
    assert_true(plan.hellos > 0);
    assert_true(tls_get_state(server.tls) != TLS_OPEN || tls_is_enrolment(server.tls));
    if (tls_get_state(server.tls) == TLS_FAILED) assert_string_equal(tls_failure(server.tls), "CERTIFICATE_REQUIRED");
    end_free(&server);
    stranger_free(&stranger);
    tls_context_free(s);
    ca_free(ca);
}

static int clean_up(void **state) {
    (void)state;
    pki_free();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(pinned_client_comes_in),
                                       cmocka_unit_test(pin_of_another_authority),
                                       cmocka_unit_test(pinned_and_the_wrong_name),
                                       cmocka_unit_test(server_that_takes_none),
                                       cmocka_unit_test(no_certificate_on_the_ordinary_protocol),
                                       cmocka_unit_test(protocol_switched_in_the_middle)};
    return cmocka_run_group_tests(tests, NULL, clean_up);
}
