/* The device's side of an enrolment. */
#include "common/ca.h"
#include "common/tls_private.h"
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

/* Says "no password". */
static int no_password(char *out, int room, int writing, void *unused) {
    (void)out, (void)room, (void)writing, (void)unused;
    return -1;
}

static EVP_PKEY *read_key(const char *pem) {
    BIO *bio = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;
    BIO_free(bio);
    return key;
}

static X509 *read_certificate(const char *pem) {
    BIO *bio = BIO_new_mem_buf(pem, -1);
    X509 *c = bio ? PEM_read_bio_X509(bio, NULL, no_password, NULL) : NULL;
    BIO_free(bio);
    return c;
}

bool ca_key_make(char pem[CA_KEY_PEM_MAX]) {
    char *bytes;
    ERR_clear_error();
    EVP_PKEY *key = EVP_EC_gen("P-256");
    BIO *bio = BIO_new(BIO_s_secmem());
    long size = key && bio && PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL)
                    ? BIO_get_mem_data(bio, &bytes)
                    : 0;
    bool fits = size > 0 && (size_t)size < CA_KEY_PEM_MAX;
    if (fits) {
        memcpy(pem, bytes, (size_t)size);
        pem[size] = '\0';
    }
    BIO_free(bio);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return fits;
}

bool ca_request_make(const char *pem, uint8_t out[CA_REQUEST_MAX], size_t *size) {
    ERR_clear_error();
    EVP_PKEY *key = read_key(pem);
    X509_REQ *request = X509_REQ_new();
    unsigned char *der = NULL;
    int der_size = -1;
    /* No name: the server would not read it. */
    if (key && request && X509_REQ_set_version(request, X509_REQ_VERSION_1) && X509_REQ_set_pubkey(request, key) &&
        X509_REQ_sign(request, key, EVP_PKEY_is_a(key, "ED25519") ? NULL : EVP_sha256()) > 0)
        der_size = i2d_X509_REQ(request, &der);
    bool fits = der_size > 0 && (size_t)der_size <= CA_REQUEST_MAX;
    if (fits) {
        memcpy(out, der, (size_t)der_size);
        *size = (size_t)der_size;
    }
    OPENSSL_free(der);
    X509_REQ_free(request);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return fits;
}

bool ca_key_hash(const char *pem, uint8_t hash[CA_HASH]) {
    unsigned char *der = NULL;
    ERR_clear_error();
    EVP_PKEY *key = read_key(pem);
    int size = key ? i2d_PUBKEY(key, &der) : -1;
    bool good = size > 0 && EVP_Digest(der, (size_t)size, hash, NULL, EVP_sha256(), NULL) == 1;
    OPENSSL_free(der);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return good;
}

bool ca_certificate_facts(const char *pem, struct ca_facts *out) {
    char *uri = NULL;
    ERR_clear_error();
    X509 *c = read_certificate(pem);
    bool good = c && tls_certificate_hash(c, out->key) && tls_certificate_uri(c, &uri);
    if (good) {
        out->not_before = tls_time_ms(X509_get0_notBefore(c));
        out->not_after = tls_time_ms(X509_get0_notAfter(c));
        out->uri[0] = '\0';
        if (uri && strlen(uri) < sizeof out->uri) memcpy(out->uri, uri, strlen(uri) + 1);
    }
    OPENSSL_free(uri);
    X509_free(c);
    ERR_clear_error();
    return good;
}

bool ca_certificate_is_from(const char *pem, const char *authority) {
    ERR_clear_error();
    X509 *c = read_certificate(pem), *above = read_certificate(authority);
    bool good = c && above && X509_check_ca(above) == 1 && X509_check_issued(above, c) == X509_V_OK &&
                X509_verify(c, X509_get0_pubkey(above)) == 1 && X509_check_purpose(c, X509_PURPOSE_SSL_CLIENT, 0) == 1;
    X509_free(c);
    X509_free(above);
    ERR_clear_error();
    return good;
}
