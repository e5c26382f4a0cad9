/* What the files of tls share. The only header of ours that knows OpenSSL.
 * Floor 1 (common). Private to tls, tls_peer, tls_failure, tls_context and tls_files. */
#ifndef LIANDONG_COMMON_TLS_PRIVATE_H
#define LIANDONG_COMMON_TLS_PRIVATE_H
#include "common/tls.h"
#include <openssl/ssl.h>
#include <openssl/x509.h>

struct tls_context {
    SSL_CTX *ssl;
    BIO_METHOD *slices;         /* reads the caller's slice, writes into the caller's buffer */
    SSL_CTX *parked;            /* server: see tls_park; NULL until the first connection is open */
    SSL_SESSION *blank;         /* server: the one empty session of all open connections */
    STACK_OF(X509_CRL) * lists; /* NULL: none are looked at */
    X509 *enrols;               /* server: the authority whose enrolments it takes; NULL: none */
    uint8_t pin[32];            /* client without certificate: how the authority's key begins */
    size_t pin_size;            /* 0: an ordinary client */
    int64_t start, expiry;
    unsigned references; /* the owner and every connection */
    bool server;
};

struct tls {
    SSL *ssl;
    struct tls_context *context;
    const uint8_t *input; /* during tls_feed: what OpenSSL has not read yet */
    size_t input_size;
    struct buffer *output; /* during a call: where OpenSSL writes to */
    const char *failure, *detail;
    char *uri;            /* NULL: none */
    X509 *authority;      /* client by pin: the one that was trusted */
    ASN1_INTEGER *serial; /* of the verified peer's certificate, and who issued it: tls_peer_is_revoked */
    unsigned long issuer;
    int64_t expiry;
    uint64_t updates_at; /* us, when updates_left was counted up last */
    enum tls_state state;
    uint8_t updates_left; /* key updates the peer may still ask for */
    bool greeted;         /* server: a ClientHello was read, so the peer does speak TLS */
    bool identified;      /* the peer's certificate was verified */
    bool enrolment;       /* by TLS_ALPN_ENROL */
    uint8_t key[32];
};

struct tls_context *tls_context_hold(struct tls_context *c);
/* tls.c: the BIO of a connection. NULL without memory. */
BIO_METHOD *tls_slices_new(void);

/* ---- tls_peer.c */
/* Called by OpenSSL instead of X509_verify_cert: verifies, then takes the identity. */
int tls_peer_verify(X509_STORE_CTX *store, void *unused);
/* The one SAN URI of printable ASCII, malloc'd; *uri NULL where there is none, or several, or a strange one.
 * False: no memory. */
bool tls_certificate_uri(X509 *certificate, char **uri);
bool tls_certificate_hash(X509 *certificate, uint8_t key[32]);
/* ms since 1970 UTC; INT64_MIN where it can't be read. */
int64_t tls_time_ms(const ASN1_TIME *time);
/* Bits of an RSA key below the least we accept; 0 where the key is strong enough or not RSA. */
int tls_weak_bits(X509 *certificate);
#define TLS_RSA_BITS 3072 /* NIST SP 800-57: RSA of 128 bits' strength */

/* ---- tls_failure.c */
/* Sets failure and detail from OpenSSL's queue, where they are not set yet. */
void tls_explain(struct tls *t);

/* ---- tls_files.c */
struct tls_material {
    X509 *certificate;
    STACK_OF(X509) * chain; /* the other certificates of the file */
    EVP_PKEY *key;
    STACK_OF(X509) * authorities;
    STACK_OF(X509_CRL) * crls; /* NULL: none given */
};
/* Reads and checks all files as a whole; *m is for tls_material_free in either case. */
bool tls_material_read(struct tls_material *m, const struct tls_files *files, bool server, struct tls_error *error);
void tls_material_free(struct tls_material *m);
/* Only certificate, chain and key: a pair, and in force. */
bool tls_pair_read(struct tls_material *m, const char *certificate, const char *key, struct tls_error *error);
/* ca.c: the authority's own certificate, borrowed. */
struct ca;
X509 *ca_certificate(const struct ca *ca);
/* Writes the sentence, cut at a whole character; returns false. */
bool tls_refuse(struct tls_error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));
#endif
