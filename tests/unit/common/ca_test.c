/* What the authority signs, and above all what it does not. */
#include "certificates.h"
#include "common/ca.h"
#include "common/clock.h"
#include "support.h"
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#define DAY INT64_C(86400000)

static struct authority *authority;
static const uint8_t serial[CA_SERIAL] = {0xff, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0};
static struct ca *ca;

static int set_up(void **state) {
    (void)state;
    struct tls_error error;
    authority = authority_make("Issuing CA");
    ca = ca_open(authority_write(authority, "ca.pem"), authority_write_key(authority, "ca.key"), &error);
    if (!ca) print_error("%s\n", error.text);
    return ca ? 0 : -1;
}
static int tear_down(void **state) {
    (void)state;
    ca_free(ca);
    authority_free(authority);
    return 0;
}

/* ---- requests as somebody else makes them */

struct request {
    uint8_t bytes[8192];
    size_t size;
};

static void keep(struct request *out, X509_REQ *request) {
    unsigned char *at = out->bytes;
    int size = i2d_X509_REQ(request, NULL);
    assert_true(size > 0 && (size_t)size < sizeof out->bytes);
    out->size = (size_t)i2d_X509_REQ(request, &at);
}

static X509_REQ *start(EVP_PKEY *key) {
    X509_REQ *request = X509_REQ_new();
    assert_true(key && request && X509_REQ_set_version(request, 0) && X509_REQ_set_pubkey(request, key));
    return request;
}

static void finish(X509_REQ *request, EVP_PKEY *signer, struct request *out) {
    assert_true(X509_REQ_sign(request, signer, EVP_PKEY_is_a(signer, "ED25519") ? NULL : EVP_sha256()) > 0);
    keep(out, request);
    X509_REQ_free(request);
}

static void plain(EVP_PKEY *key, struct request *out) { finish(start(key), key, out); }

static const char *issue(const struct request *r, struct ca_grant *grant) {
    int64_t now = clock_now_ms();
    return ca_issue(ca, r->bytes, r->size, &(struct ca_terms){"ytp-duty", serial, now, now + DAY / 2}, grant);
}

static void refused(const struct request *r, const char *reason) {
    struct ca_grant grant;
    const char *said = issue(r, &grant);
    if (!said) fail_msg("issued, expected %s", reason);
    assert_string_equal(said, reason);
}

static X509 *read(const char *pem) {
    BIO *bio = BIO_new_mem_buf(pem, -1);
    X509 *c = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    BIO_free(bio);
    assert_non_null(c);
    return c;
}

/* ---- cases */

static void own_request_is_signed(void **state) {
    (void)state;
    char key[CA_KEY_PEM_MAX];
    struct request r;
    struct ca_grant grant, other;
    struct ca_facts facts;
    uint8_t hash[CA_HASH], judged[CA_HASH];
    assert_true(ca_key_make(key) && ca_request_make(key, r.bytes, &r.size) && ca_key_hash(key, hash));
    assert_null(issue(&r, &grant));
    assert_memory_equal(grant.key, hash, CA_HASH);
    assert_null(ca_judge(r.bytes, r.size, judged));
    assert_memory_equal(judged, hash, CA_HASH);
    assert_true(ca_certificate_facts(grant.pem, &facts));
    assert_memory_equal(facts.key, hash, CA_HASH);
    assert_string_equal(facts.uri, "liandong:device:ytp-duty");
    assert_int_equal(facts.not_after / DAY, (clock_now_ms() + DAY / 2) / DAY);
    assert_true(facts.not_before < clock_now_ms() && facts.not_before > clock_now_ms() - DAY);
    /* made once more it says the same; only the signature is another */
    assert_null(issue(&r, &other));
    X509 *one = read(grant.pem), *two = read(other.pem);
    assert_int_equal(ASN1_INTEGER_cmp(X509_get0_serialNumber(one), X509_get0_serialNumber(two)), 0);
    X509_free(one);
    X509_free(two);
    char path[4096], from[CA_PEM_MAX] = "";
    snprintf(path, sizeof path, "%s", scratch_path("ca.pem"));
    FILE *file = fopen(path, "r");
    assert_true(file && fread(from, 1, sizeof from - 1, file) > 0);
    fclose(file);
    assert_true(ca_certificate_is_from(grant.pem, from));
    assert_false(ca_certificate_is_from(from, from)); /* an authority is no device */
    assert_false(ca_certificate_is_from(grant.pem, grant.pem));
    struct ca_facts authority_facts;
    assert_true(ca_certificate_facts(from, &authority_facts));
    assert_memory_equal(authority_facts.key, ca_pin(ca), CA_HASH);
    assert_false(ca_certificate_facts("no certificate", &facts));
    assert_false(ca_request_make("no key", r.bytes, &r.size));
    assert_false(ca_key_hash("", hash));
}

static void what_the_certificate_says(void **state) {
    (void)state;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    struct request r;
    struct ca_grant grant;
    plain(key, &r);
    assert_null(issue(&r, &grant));
    X509 *c = read(grant.pem);
    assert_int_equal(X509_check_ca(c), 0);
    assert_int_equal(X509_check_purpose(c, X509_PURPOSE_SSL_CLIENT, 0), 1);
    assert_int_equal(X509_check_purpose(c, X509_PURPOSE_SSL_SERVER, 0), 0);
    assert_int_equal(X509_get_key_usage(c), KU_DIGITAL_SIGNATURE);
    assert_int_equal(X509_get_extended_key_usage(c), XKU_SSL_CLIENT);
    assert_int_equal(X509_get_ext_count(c), 6);
    assert_int_equal(X509_get_version(c), 2);
    BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(c), NULL), *said = BN_bin2bn(serial, CA_SERIAL, NULL);
    assert_int_equal(BN_cmp(number, said), 0);
    assert_false(BN_is_negative(number));
    BN_free(number);
    BN_free(said);
    X509_free(c);
    EVP_PKEY_free(key);
}

static void nothing_it_asks_for_is_given(void **state) {
    (void)state;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509_REQ *request = start(key);
    struct request r;
    struct ca_grant grant;
    X509V3_CTX context;
    static const struct {
        int nid;
        const char *value;
    } wanted[] = {{NID_basic_constraints, "critical,CA:TRUE"},
                  {NID_key_usage, "critical,keyCertSign,cRLSign"},
                  {NID_ext_key_usage, "serverAuth,codeSigning"},
                  {NID_subject_alt_name, "URI:liandong:device:admin,DNS:localhost"}};
    STACK_OF(X509_EXTENSION) *list = sk_X509_EXTENSION_new_null();
    X509V3_set_ctx(&context, NULL, NULL, request, NULL, 0);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        sk_X509_EXTENSION_push(list, X509V3_EXT_conf_nid(NULL, &context, wanted[i].nid, wanted[i].value));
    assert_true(X509_REQ_add_extensions(request, list));
    sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
    X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(request), "CN", MBSTRING_UTF8, (const unsigned char *)"admin",
                               -1, -1, 0);
    /* a NUL within a name, as in the certificates that were to pass for another's */
    X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(request), "OU", V_ASN1_IA5STRING,
                               (const unsigned char *)"a\0b", 3, -1, 0);
    finish(request, key, &r);
    assert_null(issue(&r, &grant));
    X509 *c = read(grant.pem);
    char name[128];
    assert_int_equal(X509_check_ca(c), 0);
    assert_int_equal(X509_get_ext_count(c), 6);
    X509_NAME_get_text_by_NID(X509_get_subject_name(c), NID_commonName, name, sizeof name);
    assert_string_equal(name, "ytp-duty");
    assert_int_equal(X509_NAME_get_text_by_NID(X509_get_subject_name(c), NID_organizationalUnitName, name, sizeof name),
                     -1);
    struct ca_facts facts;
    assert_true(ca_certificate_facts(grant.pem, &facts));
    assert_string_equal(facts.uri, "liandong:device:ytp-duty");
    X509_free(c);
    EVP_PKEY_free(key);
}

static void keys(void **state) {
    (void)state;
    struct request r;
    struct ca_grant grant;
    struct {
        EVP_PKEY *key;
        const char *reason;
    } rows[] = {{EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), NULL},
                {EVP_RSA_gen(3072), NULL},
                {EVP_RSA_gen(1024), "REQUEST_KEY"},
                {EVP_RSA_gen(2048), "REQUEST_KEY"},
                {EVP_EC_gen("P-384"), "REQUEST_KEY"},
                {EVP_EC_gen("P-224"), "REQUEST_KEY"},
                {EVP_EC_gen("secp256k1"), "REQUEST_KEY"},
                {EVP_EC_gen("SM2"), "REQUEST_KEY"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_non_null(rows[i].key);
        plain(rows[i].key, &r);
        const char *said = issue(&r, &grant);
        if (rows[i].reason && (!said || strcmp(said, rows[i].reason) != 0))
            fail_msg("row %zu: %s", i, said ? said : "issued");
        if (!rows[i].reason && said) fail_msg("row %zu: %s", i, said);
        EVP_PKEY_free(rows[i].key);
    }
    /* P-256, but its curve written out, or its point compressed: not the one encoding */
    for (int way = 0; way < 2; way++) {
        EVP_PKEY *key = EVP_EC_gen("P-256");
        if (way == 0)
            assert_true(EVP_PKEY_set_utf8_string_param(key, "encoding", "explicit"));
        else
            assert_true(EVP_PKEY_set_utf8_string_param(key, "point-format", "compressed"));
        plain(key, &r);
        refused(&r, "REQUEST_KEY");
        EVP_PKEY_free(key);
    }
}

static void signed_by_another_key(void **state) {
    (void)state;
    EVP_PKEY *key = EVP_EC_gen("P-256"), *other = EVP_EC_gen("P-256");
    struct request r;
    finish(start(key), other, &r);
    refused(&r, "REQUEST_SIGNATURE");
    plain(key, &r);
    r.bytes[r.size - 1] ^= 1; /* in the signature */
    refused(&r, "REQUEST_SIGNATURE");
    EVP_PKEY_free(key);
    EVP_PKEY_free(other);
}

static void not_exactly_one_request(void **state) {
    (void)state;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    struct request r, bad;
    plain(key, &r);
    bad = r;
    bad.bytes[bad.size++] = 0;
    refused(&bad, "REQUEST_MALFORMED");
    memcpy(bad.bytes, r.bytes, r.size);
    memcpy(bad.bytes + r.size, r.bytes, r.size);
    bad.size = 2 * r.size;
    refused(&bad, "REQUEST_MALFORMED");
    bad.size = 0;
    refused(&bad, "REQUEST_MALFORMED");
    X509_REQ *huge = start(key);
    for (int i = 0; i < 60; i++)
        X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(huge), "OU", MBSTRING_ASC,
                                   (const unsigned char *)"0123456789012345678901234567890123456789", -1, -1, 0);
    finish(huge, key, &bad);
    assert_true(bad.size > CA_REQUEST_MAX);
    refused(&bad, "REQUEST_MALFORMED");
    for (size_t size = 1; size < r.size; size++) { /* cut anywhere, from memory of exactly that size */
        uint8_t *exact = sure_malloc(size), hash[CA_HASH];
        memcpy(exact, r.bytes, size);
        assert_non_null(ca_judge(exact, size, hash));
        free(exact);
    }
    EVP_PKEY_free(key);
}

/* Every byte changed in three ways: whatever that makes of it, nothing is signed but another request's own key. */
static void every_byte_changed(void **state) {
    (void)state;
    static const uint8_t flips[] = {0x01, 0x80, 0xff};
    EVP_PKEY *key = EVP_EC_gen("P-256");
    struct request r;
    uint8_t hash[CA_HASH];
    plain(key, &r);
    for (size_t at = 0; at < r.size; at++)
        for (size_t i = 0; i < sizeof flips; i++) {
            r.bytes[at] ^= flips[i];
            assert_non_null(ca_judge(r.bytes, r.size, hash));
            r.bytes[at] ^= flips[i];
        }
    assert_null(ca_judge(r.bytes, r.size, hash));
    EVP_PKEY_free(key);
}

static void names_and_times(void **state) {
    (void)state;
    char key[CA_KEY_PEM_MAX];
    struct request r;
    struct ca_grant grant;
    int64_t now = clock_now_ms();
    static const char *const names[] = {"", "A", "a,DNS:localhost", "a\nb", "a b", "终端", "a/b"};
    assert_true(ca_key_make(key) && ca_request_make(key, r.bytes, &r.size));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_string_equal(ca_issue(ca, r.bytes, r.size, &(struct ca_terms){names[i], serial, now, now + DAY}, &grant),
                            "INTERNAL");
    char longest[65] = "";
    memset(longest, 'a', 64);
    assert_null(ca_issue(ca, r.bytes, r.size, &(struct ca_terms){longest, serial, now, now + 1000}, &grant));
    /* never longer than the authority itself, which has a day */
    assert_null(ca_issue(ca, r.bytes, r.size, &(struct ca_terms){"a", serial, now, now + 400 * DAY}, &grant));
    struct ca_facts facts;
    assert_true(ca_certificate_facts(grant.pem, &facts));
    assert_int_equal(facts.not_after, ca_expiry(ca));
    assert_string_equal(ca_issue(ca, r.bytes, r.size, &(struct ca_terms){"a", serial, now, now - 1000}, &grant),
                        "INTERNAL");
    assert_string_equal(
        ca_issue(ca, r.bytes, r.size, &(struct ca_terms){"a", serial, now + 2 * DAY, now + 3 * DAY}, &grant),
        "INTERNAL");
}

static void opening(void **state) {
    (void)state;
    struct tls_error error;
    struct wish wish = {.client = true};
    const char *certificate = scratch_path("leaf.pem");
    authority_issue(authority, &wish, "leaf.pem", "leaf.key");
    assert_null(ca_open(certificate, scratch_path("leaf.key"), &error)); /* no authority */
    assert_non_null(strstr(error.text, "CA"));
    assert_null(ca_open(scratch_path("ca.pem"), scratch_path("leaf.key"), &error)); /* no pair */
    assert_null(ca_open(scratch_path("ca.pem"), scratch_path("nothing.key"), &error));
    assert_null(ca_open("", "", &error));
    struct authority *below = authority_below(authority, "Below");
    assert_null(ca_open(authority_write(below, "below.pem"), authority_write_key(below, "below.key"), &error));
    authority_free(below);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(own_request_is_signed),
                                       cmocka_unit_test(what_the_certificate_says),
                                       cmocka_unit_test(nothing_it_asks_for_is_given),
                                       cmocka_unit_test(keys),
                                       cmocka_unit_test(signed_by_another_key),
                                       cmocka_unit_test(not_exactly_one_request),
                                       cmocka_unit_test(every_byte_changed),
                                       cmocka_unit_test(names_and_times),
                                       cmocka_unit_test(opening)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
