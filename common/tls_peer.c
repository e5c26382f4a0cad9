#include "common/tls_private.h"
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#define URI_MAX 255 /* ours are 64 at most (liandong:device:<name>) */

int64_t tls_time_ms(const ASN1_TIME *time) {
    struct tm parts;
    if (!time || ASN1_TIME_to_tm(time, &parts) != 1) return INT64_MIN;
    return (int64_t)timegm(&parts) * 1000;
}

bool tls_certificate_hash(X509 *certificate, uint8_t key[32]) {
    unsigned char *der = NULL;
    int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
    bool ok = size > 0 && EVP_Digest(der, (size_t)size, key, NULL, EVP_sha256(), NULL) == 1;
    OPENSSL_free(der);
    return ok;
}

int tls_weak_bits(X509 *certificate) {
    EVP_PKEY *key = X509_get0_pubkey(certificate);
    if (!key || !EVP_PKEY_is_a(key, "RSA")) return 0;
    int bits = EVP_PKEY_get_bits(key);
    return bits < TLS_RSA_BITS ? bits : 0;
}

static bool is_plain(const ASN1_IA5STRING *text) {
    const unsigned char *bytes = ASN1_STRING_get0_data(text);
    int size = ASN1_STRING_length(text);
    if (size < 1 || size > URI_MAX) return false;
    for (int i = 0; i < size; i++)
        if (bytes[i] <= 0x20 || bytes[i] >= 0x7f) return false;
    return true;
}

bool tls_certificate_uri(X509 *certificate, char **uri) {
    const ASN1_IA5STRING *found = NULL;
    int count = 0;
    *uri = NULL;
    /* NULL also where the extension is there twice. */
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type != GEN_URI) continue;
        found = name->d.uniformResourceIdentifier;
        count++;
    }
    bool ok = true;
    if (count == 1 && is_plain(found)) {
        *uri = OPENSSL_strndup((const char *)ASN1_STRING_get0_data(found), (size_t)ASN1_STRING_length(found));
        ok = *uri != NULL;
    }
    GENERAL_NAMES_free(names);
    return ok;
}

static bool chain_is_strong(X509_STORE_CTX *store) {
    STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(store);
    for (int i = 0; i < sk_X509_num(chain); i++)
        if (tls_weak_bits(sk_X509_value(chain, i))) {
            X509_STORE_CTX_set_error(store, i ? X509_V_ERR_CA_KEY_TOO_SMALL : X509_V_ERR_EE_KEY_TOO_SMALL);
            return false;
        }
    return true;
}

/* Who may certify others is no device; nor may an authority's key lie about in a client's folder. */
static bool is_leaf(const struct tls *t, X509_STORE_CTX *store) {
    X509 *certificate = X509_STORE_CTX_get0_cert(store);
    bool authority = X509_get_extension_flags(certificate) & EXFLAG_CA || X509_check_ca(certificate);
    if (!t->context->server || !authority) return true;
    X509_STORE_CTX_set_error(store, X509_V_ERR_INVALID_CA);
    return false;
}

static bool take_identity(struct tls *t, X509_STORE_CTX *store) {
    X509 *certificate = X509_STORE_CTX_get0_cert(store);
    t->expiry = tls_time_ms(X509_get0_notAfter(certificate));
    OPENSSL_free(t->uri);
    ASN1_INTEGER_free(t->serial);
    t->serial = ASN1_INTEGER_dup(X509_get0_serialNumber(certificate));
    t->issuer = X509_issuer_name_hash(certificate);
    if (t->serial && t->expiry != INT64_MIN && tls_certificate_hash(certificate, t->key) &&
        tls_certificate_uri(certificate, &t->uri))
        return true;
    X509_STORE_CTX_set_error(store, X509_V_ERR_OUT_OF_MEM);
    return false;
}

bool tls_peer_is_revoked(const struct tls *t, const struct tls_context *context) {
    STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(SSL_CTX_get_cert_store(context->ssl));
    if (!t->serial) return false; /* by TLS_ALPN_ENROL: it has no certificate */
    for (int i = 0; i < sk_X509_OBJECT_num(objects); i++) {
        X509_CRL *list = X509_OBJECT_get0_X509_CRL(sk_X509_OBJECT_value(objects, i));
        X509_REVOKED *found;
        int good;
        if (list && X509_NAME_hash_ex(X509_CRL_get_issuer(list), NULL, NULL, &good) == t->issuer && good &&
            X509_CRL_get0_by_serial(list, &found, t->serial) == 1)
            return true;
    }
    return false;
}

/* The authority among what the server shows whose key was pinned. */
static X509 *find_pinned(const struct tls_context *c, X509_STORE_CTX *store) {
    STACK_OF(X509) *shown = X509_STORE_CTX_get0_untrusted(store);
    uint8_t key[32];
    for (int i = 0; i < sk_X509_num(shown); i++) {
        X509 *one = sk_X509_value(shown, i);
        if (X509_check_ca(one) == 1 && tls_certificate_hash(one, key) && memcmp(key, c->pin, c->pin_size) == 0)
            return one;
    }
    return NULL;
}

/* Verifies with the pinned authority as the only one there is. */
static bool verify_pinned(struct tls *t, X509_STORE_CTX *store) {
    X509 *authority = find_pinned(t->context, store);
    STACK_OF(X509) *anchor = sk_X509_new_null();
    bool good = false;
    if (!authority) {
        t->failure = "PIN_MISMATCH";
        X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_UNTRUSTED);
    } else if (anchor && sk_X509_push(anchor, authority) > 0) {
        X509_STORE_CTX_set0_trusted_stack(store, anchor);
        good = X509_verify_cert(store) == 1;
        X509_STORE_CTX_set0_trusted_stack(store, NULL); /* ours ends here */
    }
    sk_X509_free(anchor);
    if (!good) return false;
    X509_up_ref(authority);
    X509_free(t->authority);
    t->authority = authority;
    return true;
}

int tls_peer_verify(X509_STORE_CTX *store, void *unused) {
    (void)unused;
    struct tls *t = SSL_get_app_data(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
    if (t->context->pin_size ? !verify_pinned(t, store) : X509_verify_cert(store) != 1) {
        /* Out of memory leaves "ok" behind; nothing that failed may look verified. */
        if (X509_STORE_CTX_get_error(store) == X509_V_OK) X509_STORE_CTX_set_error(store, X509_V_ERR_UNSPECIFIED);
        return 0;
    }
    if (!chain_is_strong(store) || !is_leaf(t, store) || !take_identity(t, store)) return 0;
    t->identified = true;
    /* OpenSSL would keep the chain, and with it the decoded certificate, as long as the connection lives. */
    if (t->context->server) X509_STORE_CTX_set0_verified_chain(store, NULL);
    return 1;
}
