#include "common/ca.h"
#include "common/text.h"
#include "common/tls_private.h"
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#define RSA_BITS_MAX 4096
#define BACKDATE_MS  600000 /* a device's clock may be behind by so much */

struct ca {
    X509 *certificate;
    EVP_PKEY *key;
    uint8_t pin[CA_HASH];
    int64_t expiry;
};

/* ---- life */

static bool judge(struct ca *ca, const char *path, struct tls_error *error) {
    if (X509_check_ca(ca->certificate) != 1 ||
        !(X509_get_extension_flags(ca->certificate) & EXFLAG_SS)) /* clients know one anchor, and this is it */
        return tls_refuse(
            error, "签发终端证书的 %s 不是自签名的 CA 证书。请填写根证书；用外部 CA 签发时，这两项设置都留空。", path);
    if (tls_weak_bits(ca->certificate))
        return tls_refuse(error, "签发终端证书的 %s 的 RSA 密钥不足 %d 位。请换用更长的密钥或 ECDSA P-256。", path,
                          TLS_RSA_BITS);
    ca->expiry = tls_time_ms(X509_get0_notAfter(ca->certificate));
    if (tls_certificate_hash(ca->certificate, ca->pin)) return true;
    return tls_refuse(error, "证书 %s 的公钥无法解读。请重新导出证书。", path);
}

struct ca *ca_open(const char *certificate, const char *key, struct tls_error *error) {
    struct tls_material m;
    error->text[0] = '\0';
    ERR_clear_error();
    struct ca *ca = OPENSSL_zalloc(sizeof *ca);
    if (!ca) {
        tls_refuse(error, "内存不足，无法读取证书。请稍候重试。");
        return NULL;
    }
    bool good = tls_pair_read(&m, certificate, key, error);
    if (good) {
        ca->certificate = m.certificate;
        ca->key = m.key;
        m.certificate = NULL;
        m.key = NULL;
        good = judge(ca, certificate, error);
    }
    tls_material_free(&m);
    ERR_clear_error();
    if (good) return ca;
    ca_free(ca);
    return NULL;
}

void ca_free(struct ca *ca) {
    if (!ca) return;
    X509_free(ca->certificate);
    EVP_PKEY_free(ca->key);
    OPENSSL_free(ca);
}

const uint8_t *ca_pin(const struct ca *ca) { return ca->pin; }
int64_t ca_expiry(const struct ca *ca) { return ca->expiry; }
X509 *ca_certificate(const struct ca *ca) { return ca->certificate; }

/* ---- requests */

/* The one encoding of a P-256 and of an Ed25519 key: curves by parameters, compressed points and the like never come
 * so far. The key's bytes follow. */
static const uint8_t p256[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
                               0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04};
static const uint8_t ed25519[] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};

static bool is_strong_rsa(EVP_PKEY *key) {
    BIGNUM *exponent = NULL;
    int bits = EVP_PKEY_get_bits(key);
    bool good = EVP_PKEY_is_a(key, "RSA") && bits >= TLS_RSA_BITS && bits <= RSA_BITS_MAX &&
                EVP_PKEY_get_bn_param(key, "e", &exponent) && BN_is_word(exponent, RSA_F4);
    BN_free(exponent);
    return good;
}

static bool judge_key(EVP_PKEY *key, const uint8_t *der, size_t size) {
    if (size == sizeof p256 + 64 && memcmp(der, p256, sizeof p256) == 0) return EVP_PKEY_is_a(key, "EC");
    if (size == sizeof ed25519 + 32 && memcmp(der, ed25519, sizeof ed25519) == 0) return EVP_PKEY_is_a(key, "ED25519");
    return is_strong_rsa(key);
}

/* NULL with *out, or the reason. */
static const char *read_request(const uint8_t *bytes, size_t size, X509_REQ **out, uint8_t hash[CA_HASH]) {
    const unsigned char *at = bytes;
    unsigned char *der = NULL;
    const char *reason = NULL;
    ERR_clear_error();
    *out = NULL;
    if (size == 0 || size > CA_REQUEST_MAX) return "REQUEST_MALFORMED";
    X509_REQ *request = d2i_X509_REQ(NULL, &at, (long)size);
    EVP_PKEY *key = request ? X509_REQ_get0_pubkey(request) : NULL;
    int der_size = key ? i2d_X509_PUBKEY(X509_REQ_get_X509_PUBKEY(request), &der) : -1;
    if (!request || at != bytes + size)
        reason = "REQUEST_MALFORMED";
    else if (der_size <= 0 || !judge_key(key, der, (size_t)der_size))
        reason = "REQUEST_KEY";
    else if (X509_REQ_verify(request, key) != 1)
        reason = "REQUEST_SIGNATURE";
    else if (EVP_Digest(der, (size_t)der_size, hash, NULL, EVP_sha256(), NULL) != 1)
        reason = "INTERNAL";
    OPENSSL_free(der);
    ERR_clear_error();
    if (reason)
        X509_REQ_free(request);
    else
        *out = request;
    return reason;
}

const char *ca_judge(const uint8_t *bytes, size_t size, uint8_t key[CA_HASH]) {
    X509_REQ *request;
    const char *reason = read_request(bytes, size, &request, key);
    X509_REQ_free(request);
    return reason;
}

/* ---- issuing */

static bool set_serial(X509 *c, const uint8_t serial[CA_SERIAL]) {
    BIGNUM *number = BN_bin2bn(serial, CA_SERIAL, NULL); /* positive, whatever its first bit is */
    bool good = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(c));
    BN_free(number);
    return good;
}

static bool set_dates(X509 *c, int64_t from_ms, int64_t until_ms) {
    return ASN1_TIME_set(X509_getm_notBefore(c), (time_t)(from_ms / 1000)) &&
           ASN1_TIME_set(X509_getm_notAfter(c), (time_t)(until_ms / 1000));
}

static bool set_subject(X509 *c, const char *device) {
    X509_NAME *name = X509_get_subject_name(c);
    return X509_NAME_add_entry_by_txt(name, "O", MBSTRING_ASC, (const unsigned char *)"liandong", -1, -1, 0) &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)device, -1, -1, 0);
}

static bool add_extensions(X509 *c, X509 *issuer, const char *device) {
    char uri[TEXT_CODE_MAX + 32];
    snprintf(uri, sizeof uri, "URI:liandong:device:%s", device); /* a code: nothing in it means anything to OpenSSL */
    const struct {
        int nid;
        const char *value;
    } rows[] = {{NID_basic_constraints, "critical,CA:FALSE"},
                {NID_key_usage, "critical,digitalSignature"},
                {NID_ext_key_usage, "clientAuth"},
                {NID_subject_key_identifier, "hash"},
                {NID_authority_key_identifier, "keyid"},
                {NID_subject_alt_name, uri}};
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, c, NULL, NULL, 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        X509_EXTENSION *one = X509V3_EXT_conf_nid(NULL, &context, rows[i].nid, rows[i].value);
        bool good = one && X509_add_ext(c, one, -1);
        X509_EXTENSION_free(one);
        if (!good) return false;
    }
    return true;
}

static bool write_pem(X509 *c, char out[CA_PEM_MAX]) {
    char *bytes;
    BIO *bio = BIO_new(BIO_s_mem());
    long size = bio && PEM_write_bio_X509(bio, c) ? BIO_get_mem_data(bio, &bytes) : 0;
    bool fits = size > 0 && (size_t)size < CA_PEM_MAX;
    if (fits) {
        memcpy(out, bytes, (size_t)size);
        out[size] = '\0';
    }
    BIO_free(bio);
    return fits;
}

const char *ca_issue(const struct ca *ca, const uint8_t *bytes, size_t size, const struct ca_terms *terms,
                     struct ca_grant *out) {
    X509_REQ *request;
    const char *reason = text_is_code(terms->device) ? read_request(bytes, size, &request, out->key) : "INTERNAL";
    if (reason) return reason;
    int64_t until = terms->until_ms < ca->expiry ? terms->until_ms : ca->expiry;
    X509 *c = until > terms->from_ms ? X509_new() : NULL;
    bool good =
        c && X509_set_version(c, X509_VERSION_3) && set_serial(c, terms->serial) &&
        set_dates(c, terms->from_ms - BACKDATE_MS, until) && set_subject(c, terms->device) &&
        X509_set_issuer_name(c, X509_get_subject_name(ca->certificate)) &&
        X509_set_pubkey(c, X509_REQ_get0_pubkey(request)) && add_extensions(c, ca->certificate, terms->device) &&
        X509_sign(c, ca->key, EVP_PKEY_is_a(ca->key, "ED25519") ? NULL : EVP_sha256()) > 0 && write_pem(c, out->pem);
    X509_free(c);
    X509_REQ_free(request);
    ERR_clear_error();
    return good ? NULL : "INTERNAL";
}
