#include "certificates.h"
#include "support.h"
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct authority {
    X509 *certificate;
    EVP_PKEY *key;
    long issued;
    bool intermediate;
};

static EVP_PKEY *make_key(enum key_kind kind) {
    EVP_PKEY *key = kind == KEY_P256       ? EVP_EC_gen("P-256")
                    : kind == KEY_P384     ? EVP_EC_gen("P-384")
                    : kind == KEY_ED25519  ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")
                    : kind == KEY_RSA_2048 ? EVP_RSA_gen(2048)
                                           : EVP_RSA_gen(3072);
    assert_non_null(key);
    return key;
}

static void set_name(X509_NAME *name, const char *common_name) {
    assert_true(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)common_name, -1, -1, 0));
}

static void add_extension(X509 *certificate, X509 *issuer, int nid, const char *value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    assert_non_null(extension);
    assert_true(X509_add_ext(certificate, extension, -1));
    X509_EXTENSION_free(extension);
}

static void add_name(GENERAL_NAMES *names, int type, const void *bytes, size_t size) {
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_STRING *text = ASN1_STRING_type_new(type == GEN_IPADD ? V_ASN1_OCTET_STRING : V_ASN1_IA5STRING);
    assert_true(name && text && ASN1_STRING_set(text, bytes, (int)size));
    GENERAL_NAME_set0_value(name, type, text);
    assert_true(sk_GENERAL_NAME_push(names, name) > 0);
}

static void add_names(X509 *certificate, const struct wish *w) {
    GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
    assert_non_null(names);
    if (w->dns) add_name(names, GEN_DNS, w->dns, strlen(w->dns));
    if (w->ip) {
        ASN1_OCTET_STRING *ip = a2i_IPADDRESS(w->ip);
        assert_non_null(ip);
        add_name(names, GEN_IPADD, ASN1_STRING_get0_data(ip), (size_t)ASN1_STRING_length(ip));
        ASN1_OCTET_STRING_free(ip);
    }
    for (size_t i = 0; i < 3 && w->uris[i]; i++) add_name(names, GEN_URI, w->uris[i], strlen(w->uris[i]));
    if (w->raw_uri) add_name(names, GEN_URI, w->raw_uri, w->raw_uri_size);
    if (sk_GENERAL_NAME_num(names)) assert_true(X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0, 0));
    GENERAL_NAMES_free(names);
}

static X509 *make_certificate(struct authority *issuer, EVP_PKEY *key, const struct wish *w, bool is_authority) {
    X509 *c = X509_new();
    assert_non_null(c);
    X509_set_version(c, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(c), issuer ? ++issuer->issued : 1);
    X509_gmtime_adj(X509_getm_notBefore(c), w->from_s ? w->from_s : -3600);
    X509_gmtime_adj(X509_getm_notAfter(c), w->until_s ? w->until_s : 86400);
    set_name(X509_get_subject_name(c), w->common_name ? w->common_name : "test");
    X509 *above = issuer ? issuer->certificate : c;
    assert_true(X509_set_issuer_name(c, X509_get_subject_name(above)) && X509_set_pubkey(c, key));
    add_extension(c, above, NID_basic_constraints, is_authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
    add_extension(c, above, NID_key_usage, is_authority ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature");
    add_extension(c, above, NID_subject_key_identifier, "hash");
    add_extension(c, above, NID_authority_key_identifier, "keyid:always");
    if (w->server || w->client)
        add_extension(c, above, NID_ext_key_usage,
                      w->server && w->client ? "serverAuth,clientAuth"
                      : w->server            ? "serverAuth"
                                             : "clientAuth");
    add_names(c, w);
    EVP_PKEY *signer = issuer ? issuer->key : key;
    assert_true(X509_sign(c, signer, EVP_PKEY_is_a(signer, "ED25519") ? NULL : EVP_sha256()) > 0);
    return c;
}

struct authority *authority_make(const char *name) {
    struct authority *a = calloc(1, sizeof *a);
    assert_non_null(a);
    a->key = make_key(KEY_P256);
    a->certificate = make_certificate(NULL, a->key, &(struct wish){.common_name = name}, true);
    return a;
}

struct authority *authority_below(struct authority *above, const char *name) {
    struct authority *a = calloc(1, sizeof *a);
    assert_non_null(a);
    a->key = make_key(KEY_P256);
    a->certificate = make_certificate(above, a->key, &(struct wish){.common_name = name}, true);
    a->intermediate = true;
    return a;
}

void authority_free(struct authority *a) {
    X509_free(a->certificate);
    EVP_PKEY_free(a->key);
    free(a);
}

static const char *write_bio(BIO *bio, const char *file) {
    char *bytes;
    long size = BIO_get_mem_data(bio, &bytes);
    const char *path = scratch_write(file, bytes, (size_t)size);
    BIO_free(bio);
    return path;
}

const char *authority_write(struct authority *a, const char *file) {
    BIO *bio = BIO_new(BIO_s_mem());
    assert_true(bio && PEM_write_bio_X509(bio, a->certificate));
    return write_bio(bio, file);
}

const char *authority_write_key(struct authority *a, const char *file) {
    BIO *bio = BIO_new(BIO_s_mem());
    assert_true(bio && PEM_write_bio_PrivateKey(bio, a->key, NULL, NULL, 0, NULL, NULL));
    return write_bio(bio, file);
}

const char *authority_issue(struct authority *a, const struct wish *wish, const char *certificate_file,
                            const char *key_file) {
    EVP_PKEY *key = make_key(wish->key);
    X509 *c = make_certificate(a, key, wish, wish->authority);
    BIO *bio = BIO_new(BIO_s_mem());
    assert_true(bio && PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL));
    write_bio(bio, key_file);
    bio = BIO_new(BIO_s_mem());
    assert_true(bio && PEM_write_bio_X509(bio, c));
    if (a->intermediate) assert_true(PEM_write_bio_X509(bio, a->certificate));
    X509_free(c);
    EVP_PKEY_free(key);
    return write_bio(bio, certificate_file);
}

const char *authority_revoke_as(struct authority *a, const long *serials, int64_t until_s, long list_number,
                                int64_t age_s, const char *file) {
    X509_CRL *crl = X509_CRL_new();
    ASN1_TIME *from = X509_gmtime_adj(NULL, -age_s), *until = X509_gmtime_adj(NULL, until_s);
    assert_true(crl && from && until && X509_CRL_set_version(crl, X509_CRL_VERSION_2));
    assert_true(X509_CRL_set_issuer_name(crl, X509_get_subject_name(a->certificate)));
    X509_CRL_set1_lastUpdate(crl, from);
    X509_CRL_set1_nextUpdate(crl, until);
    for (; *serials; serials++) {
        X509_REVOKED *entry = X509_REVOKED_new();
        ASN1_INTEGER *serial = ASN1_INTEGER_new();
        assert_true(entry && serial && ASN1_INTEGER_set(serial, *serials));
        X509_REVOKED_set_serialNumber(entry, serial);
        X509_REVOKED_set_revocationDate(entry, from);
        assert_true(X509_CRL_add0_revoked(crl, entry));
        ASN1_INTEGER_free(serial);
    }
    X509V3_CTX context;
    X509V3_set_ctx(&context, a->certificate, NULL, NULL, crl, 0);
    X509_EXTENSION *identifier = X509V3_EXT_conf_nid(NULL, &context, NID_authority_key_identifier, "keyid:always");
    ASN1_INTEGER *number = ASN1_INTEGER_new();
    assert_true(identifier && number && X509_CRL_add_ext(crl, identifier, -1) && ASN1_INTEGER_set(number, list_number));
    if (list_number) assert_true(X509_CRL_add1_ext_i2d(crl, NID_crl_number, number, 0, 0));
    assert_true(X509_CRL_sign(crl, a->key, EVP_sha256()) > 0);
    BIO *bio = BIO_new(BIO_s_mem());
    assert_true(bio && PEM_write_bio_X509_CRL(bio, crl));
    X509_EXTENSION_free(identifier);
    ASN1_INTEGER_free(number);
    ASN1_TIME_free(from);
    ASN1_TIME_free(until);
    X509_CRL_free(crl);
    return write_bio(bio, file);
}

const char *authority_revoke(struct authority *a, const long *serials, int64_t until_s, const char *file) {
    return authority_revoke_as(a, serials, until_s, 1, 3600, file);
}
