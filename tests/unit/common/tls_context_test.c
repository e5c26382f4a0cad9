/* The settings every connection shares, read back; and the files, each refused for its own reason. */
#include "common/clock.h"
#include "common/text.h"
#include "common/tls_private.h"
#include "tls_pair.h"
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void judge_settings(SSL_CTX *ctx) {
    static const uint64_t on =
        SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE;
    static const long modes = SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN;
    assert_int_equal(SSL_CTX_get_min_proto_version(ctx), TLS1_3_VERSION);
    assert_int_equal(SSL_CTX_get_max_proto_version(ctx), TLS1_3_VERSION);
    assert_int_equal(SSL_CTX_get_options(ctx) & on, on);
    assert_int_equal(
        SSL_CTX_get_options(ctx) & (SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION), 0);
    assert_int_equal(SSL_CTX_get_mode(ctx) & modes, modes);
    assert_int_equal(SSL_CTX_get_mode(ctx) & SSL_MODE_AUTO_RETRY, 0);
    assert_int_equal(SSL_CTX_get_session_cache_mode(ctx), SSL_SESS_CACHE_OFF);
    assert_int_equal(SSL_CTX_get_num_tickets(ctx), 0);
    assert_int_equal(SSL_CTX_get_max_early_data(ctx), 0);
    assert_int_equal(SSL_CTX_get_recv_max_early_data(ctx), 0);
    assert_int_equal(SSL_CTX_get_security_level(ctx), 2);
    assert_int_equal(SSL_CTX_get_verify_mode(ctx), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT);
    assert_int_equal(SSL_CTX_get_verify_depth(ctx), 2);
    assert_int_equal(SSL_CTX_get_max_cert_list(ctx), 16384);
    assert_null(SSL_CTX_get_keylog_callback(ctx));
    static const char *const suites[] = {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
                                         "TLS_CHACHA20_POLY1305_SHA256"};
    STACK_OF(SSL_CIPHER) *ciphers = SSL_CTX_get_ciphers(ctx);
    size_t tls13 = 0;
    for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); i++) {
        const SSL_CIPHER *c = sk_SSL_CIPHER_value(ciphers, i);
        if (strcmp(SSL_CIPHER_get_version(c), "TLSv1.3")) continue; /* older ones are out by the version */
        assert_true(tls13 < 3);
        assert_string_equal(SSL_CIPHER_get_name(c), suites[tls13++]);
    }
    assert_int_equal(tls13, 3);
}

static void settings_read_back(void **state) {
    (void)state;
    struct tls_files with_list = pki_server();
    with_list.crl = authority_revoke(pki_authority(), (const long[]){99, 0}, 3600, "some.crl");
    struct tls_context *plain = context_of(pki_server(), true), *listed = context_of(with_list, true),
                       *client = context_of(pki_client(), false);
    judge_settings(plain->ssl);
    judge_settings(listed->ssl);
    judge_settings(client->ssl);
    unsigned long strict = X509_V_FLAG_X509_STRICT, all = strict | X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;
    assert_int_equal(X509_VERIFY_PARAM_get_flags(SSL_CTX_get0_param(plain->ssl)) & all, strict);
    assert_int_equal(X509_VERIFY_PARAM_get_flags(SSL_CTX_get0_param(listed->ssl)) & all, all);
    assert_int_equal(X509_VERIFY_PARAM_get_flags(SSL_CTX_get0_param(client->ssl)) & all, strict);
    assert_int_equal(X509_VERIFY_PARAM_get_flags(SSL_CTX_get0_param(plain->ssl)) & X509_V_FLAG_PARTIAL_CHAIN, 0);
    tls_context_free(plain);
    tls_context_free(listed);
    tls_context_free(client);
}

/* What was really agreed on, seen from a connection. */
static void what_is_negotiated(void **state) {
    (void)state;
    struct pair p;
    int signature;
    const unsigned char *protocol;
    unsigned size;
    pair_open(&p, 16384);
    SSL *ssl = p.client.tls->ssl;
    assert_int_equal(SSL_version(ssl), TLS1_3_VERSION);
    assert_string_equal(SSL_get_cipher_name(ssl), "TLS_AES_128_GCM_SHA256");
    assert_int_equal(SSL_get_negotiated_group(ssl), NID_X25519);
    assert_true(SSL_get_peer_signature_nid(ssl, &signature));
    assert_int_equal(signature, NID_sha256);
    SSL_get0_alpn_selected(ssl, &protocol, &size);
    assert_int_equal(size, strlen(TLS_ALPN));
    assert_memory_equal(protocol, TLS_ALPN, size);
    assert_false(SSL_session_reused(ssl));
    assert_false(SSL_SESSION_is_resumable(SSL_get_session(ssl))); /* no ticket came */
    assert_null(SSL_get_current_compression(ssl));
    pair_free(&p);
}

static void expiry_is_told(void **state) {
    (void)state;
    struct tls_files files = pki_issue(pki_authority(), &(struct wish){.server = true, .until_s = 5000}, "short");
    struct tls_context *c = context_of(files, true);
    int64_t left = tls_context_expiry(c) - clock_now_ms();
    assert_true(left > 4000000 && left <= 5000000);
    tls_context_free(c);
    tls_context_free(NULL);
}

/* One sentence with these words, Chinese, asking for something. */
static void expect_refusal(const struct tls_files *files, bool server, const char *const *words) {
    struct tls_error error;
    memset(&error, '?', sizeof error);
    struct tls_context *c = server ? tls_context_server(files, &error) : tls_context_client(files, &error);
    assert_null(c);
    assert_non_null(memchr(error.text, '\0', sizeof error.text));
    assert_int_equal(text_check(error.text, strlen(error.text), false, NULL), TEXT_OK);
    if (!strstr(error.text, "请")) fail_msg("\"%s\" asks for nothing", error.text);
    for (; *words; words++)
        if (!strstr(error.text, *words)) fail_msg("\"%s\" does not say \"%s\"", error.text, *words);
}
#define EXPECT_REFUSAL(files, server, ...) expect_refusal(files, server, (const char *const[]){__VA_ARGS__, NULL})

static void missing_and_broken_files(void **state) {
    (void)state;
    const struct tls_files good = pki_server();
    struct tls_files f = good;
    f.certificate = NULL;
    EXPECT_REFUSAL(&f, true, "证书", "没有指定");
    f.certificate = "";
    EXPECT_REFUSAL(&f, true, "证书", "没有指定");
    f.certificate = "/nonexistent/a.pem";
    EXPECT_REFUSAL(&f, true, "/nonexistent/a.pem", "打不开");
    f.certificate = "/";
    EXPECT_REFUSAL(&f, true, "不是普通文件");
    f.certificate = good.key;
    EXPECT_REFUSAL(&f, true, good.key, "BEGIN CERTIFICATE");
    f.certificate = scratch_text("empty.pem", "");
    EXPECT_REFUSAL(&f, true, "empty.pem", "BEGIN CERTIFICATE");
    char *whole = read_text(good.certificate), torn[8192];
    snprintf(torn, sizeof torn, "%s%.*s", whole, (int)strlen(whole) / 2, whole); /* a good one, and half of another */
    f.certificate = scratch_text("torn.pem", torn);
    EXPECT_REFUSAL(&f, true, "torn.pem", "完整");
    free(whole);
    f = good;
    f.key = good.certificate;
    EXPECT_REFUSAL(&f, true, good.certificate, "私钥");
    f.key = "/nonexistent/a.key";
    EXPECT_REFUSAL(&f, true, "/nonexistent/a.key", "打不开");
    f = good;
    f.ca = good.key;
    EXPECT_REFUSAL(&f, true, "根证书", "BEGIN CERTIFICATE");
    f.ca = good.certificate;
    EXPECT_REFUSAL(&f, true, "根证书", "不是 CA");
    f = good;
    f.crl = "/nonexistent/a.crl";
    EXPECT_REFUSAL(&f, true, "吊销列表", "打不开");
    f.crl = good.certificate;
    EXPECT_REFUSAL(&f, true, "吊销列表", "X509 CRL");
    f.crl = "";
    tls_context_free(context_of(f, true)); /* none given */
    char long_path[600];
    memset(long_path, 'x', sizeof long_path - 1);
    long_path[sizeof long_path - 1] = '\0';
    f.certificate = long_path;
    struct tls_error error;
    assert_null(tls_context_server(&f, &error));
    assert_int_equal(text_check(error.text, strlen(error.text), false, NULL), TEXT_OK); /* cut at a whole character */
}

static void keys_are_for_their_owner(void **state) {
    (void)state;
    struct tls_files f = pki_server();
    static const mode_t open_modes[] = {0640, 0604, 0660, 0610, 0601, 0644, 0777};
    for (size_t i = 0; i < sizeof open_modes / sizeof *open_modes; i++) {
        char mode[8];
        snprintf(mode, sizeof mode, "%04o", (unsigned)open_modes[i]);
        assert_int_equal(chmod(f.key, open_modes[i]), 0);
        EXPECT_REFUSAL(&f, true, f.key, mode, "chmod 600");
    }
    static const mode_t closed_modes[] = {0600, 0400};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(chmod(f.key, closed_modes[i]), 0);
        tls_context_free(context_of(f, true));
    }
    chmod(f.key, 0600);
}

static void locked_keys_do_not_ask(void **state) {
    (void)state;
    struct tls_files f = pki_server();
    EVP_PKEY *key = EVP_EC_gen("P-256");
    BIO *bio = BIO_new(BIO_s_mem());
    char *bytes;
    assert_true(key && bio &&
                PEM_write_bio_PrivateKey(bio, key, EVP_aes_128_cbc(), (const unsigned char *)"secret", 6, NULL, NULL));
    long size = BIO_get_mem_data(bio, &bytes);
    f.key = scratch_write("locked.key", bytes, (size_t)size);
    EXPECT_REFUSAL(&f, true, "locked.key", "未加密");
    BIO_free(bio);
    EVP_PKEY_free(key);
}

static void certificates_must_fit(void **state) {
    (void)state;
    struct authority *ca = pki_authority();
    struct tls_files f = pki_server(), other = pki_client();
    f.key = other.key;
    EXPECT_REFUSAL(&f, true, "不是一对", f.key, f.certificate);
    f = pki_issue(ca, &(struct wish){.server = true, .from_s = -7200, .until_s = -3600}, "old");
    EXPECT_REFUSAL(&f, true, "过期", f.certificate);
    f = pki_issue(ca, &(struct wish){.server = true, .from_s = 3600}, "new");
    EXPECT_REFUSAL(&f, true, "起才有效", "时钟");
    other = pki_client();
    EXPECT_REFUSAL(&other, true, "serverAuth");
    f = pki_server();
    EXPECT_REFUSAL(&f, false, "clientAuth");
    f = pki_issue(ca, &(struct wish){.server = true, .client = true}, "both");
    tls_context_free(context_of(f, true));
    tls_context_free(context_of(f, false));
    f = pki_issue(ca, &(struct wish){.dns = "x"}, "neither"); /* without the extension any use is fine */
    tls_context_free(context_of(f, true));
    tls_context_free(context_of(f, false));
    f = pki_issue(ca, &(struct wish){.server = true, .key = KEY_RSA_2048}, "weak");
    EXPECT_REFUSAL(&f, true, "2048", "3072");
}

static void lists_must_hold_today(void **state) {
    (void)state;
    struct authority *ca = pki_authority(), *other = authority_make("Other CA"), *twin = authority_make("Test CA");
    struct tls_files f = pki_server();
    f.crl = authority_revoke(ca, (const long[]){99, 0}, -60, "late.crl");
    EXPECT_REFUSAL(&f, true, "late.crl", "到期");
    f.crl = authority_revoke(other, (const long[]){99, 0}, 3600, "foreign.crl");
    EXPECT_REFUSAL(&f, true, "foreign.crl", "不是");
    f.crl = authority_revoke(twin, (const long[]){99, 0}, 3600, "forged.crl"); /* the right name, another key */
    EXPECT_REFUSAL(&f, true, "forged.crl", "不是");
    authority_free(other);
    authority_free(twin);
}

static struct tls_context *with_list(long number, int64_t age_s) {
    struct tls_files f = pki_server();
    f.crl = authority_revoke_as(pki_authority(), (const long[]){99, 0}, 3600, number, age_s, "aged.crl");
    return context_of(f, true);
}

/* By number, and where that says nothing by time; a context without a list is behind nobody, nor is anybody behind it.
 */
static void lists_have_an_order(void **state) {
    (void)state;
    static const struct {
        long fresh_number;
        int64_t fresh_age;
        long used_number;
        int64_t used_age;
        bool behind;
    } cases[] = {{1, 60, 1, 60, false},     {1, 60, 1, 30, true},    {1, 30, 1, 60, false}, {2, 60, 1, 30, false},
                 {1, 30, 2, 60, true},      {0, 60, 2, 30, true},    {0, 30, 2, 60, false}, {2, 60, 0, 30, true},
                 {300, 30, 299, 60, false}, {299, 30, 300, 60, true}};
    struct tls_context *bare = context_of(pki_server(), true);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tls_error error = {""};
        struct tls_context *fresh = with_list(cases[i].fresh_number, cases[i].fresh_age),
                           *used = with_list(cases[i].used_number, cases[i].used_age);
        assert_int_equal(tls_context_is_behind(fresh, used, &error), cases[i].behind);
        assert_int_equal(strstr(error.text, "旧") != NULL, cases[i].behind);
        assert_false(tls_context_is_behind(fresh, bare, &error));
        assert_false(tls_context_is_behind(bare, used, &error));
        tls_context_free(fresh);
        tls_context_free(used);
    }
    tls_context_free(bare);
}

static void keys_of_certificates(void **state) {
    (void)state;
    struct tls_error error;
    uint8_t key[32], again[32];
    assert_true(tls_certificate_key(pki_client().certificate, key, &error));
    assert_true(tls_certificate_key(pki_server().certificate, again, &error));
    assert_memory_not_equal(key, again, 32);
    /* The same by OpenSSL's other door: the key of the private half. */
    FILE *file = fopen(pki_client().key, "r");
    assert_non_null(file);
    EVP_PKEY *private = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    fclose(file);
    unsigned char *der = NULL;
    int size = i2d_PUBKEY(private, &der);
    assert_true(size > 0 && EVP_Digest(der, (size_t)size, again, NULL, EVP_sha256(), NULL));
    assert_memory_equal(key, again, 32);
    OPENSSL_free(der);
    EVP_PKEY_free(private);
    assert_false(tls_certificate_key("/nonexistent/a.pem", key, &error));
    assert_non_null(strstr(error.text, "打不开"));
    assert_false(tls_certificate_key(pki_client().key, key, &error));
}

static bool make_and_free(void *files) {
    struct tls_error error;
    struct tls_context *c = tls_context_server(files, &error);
    if (!c) assert_true(strlen(error.text) > 10);
    tls_context_free(c);
    return c != NULL;
}

static void survives_failing_allocations(void **state) {
    (void)state;
    struct tls_files files = pki_server();
    files.crl = authority_revoke(pki_authority(), (const long[]){99, 0}, 3600, "memory.crl");
    assert_true(make_and_free(&files)); /* what OpenSSL makes once is made before */
    size_t held = allocations_openssl_bytes();
    assert_true(each_allocation_fails(make_and_free, &files, true) > 500);
    assert_true(allocations_openssl_bytes() < held + 50000);
}

int main(void) {
    allocations_watch_openssl();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_read_back),
        cmocka_unit_test(what_is_negotiated),
        cmocka_unit_test(expiry_is_told),
        cmocka_unit_test(missing_and_broken_files),
        cmocka_unit_test(keys_are_for_their_owner),
        cmocka_unit_test(locked_keys_do_not_ask),
        cmocka_unit_test(certificates_must_fit),
        cmocka_unit_test(lists_must_hold_today),
        cmocka_unit_test(lists_have_an_order),
        cmocka_unit_test(keys_of_certificates),
        cmocka_unit_test(survives_failing_allocations),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    pki_free();
    return failed;
}
