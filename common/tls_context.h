/* Certificates, keys and the protocol settings that every connection shares.
 * Floor 1 (common). The settings are read back by a unit test: TLS 1.3 only, ALPN liandong/1, no tickets, no session
 * cache, no early data, no renegotiation, no compression, X25519 and P-256, ECDSA/Ed25519/RSA-PSS, security level 2,
 * RSA keys of 3,072 bits at least, client certificates with X509_STRICT that are no authority's and, where a CRL is
 * given, CRL checks of the chain. */
#ifndef LIANDONG_COMMON_TLS_CONTEXT_H
#define LIANDONG_COMMON_TLS_CONTEXT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TLS_ALPN       "liandong/1"
#define TLS_ALPN_ENROL "liandong-enrol/1" /* of a device that has no certificate yet */

struct tls_files {
    const char *certificate; /* PEM, chain */
    const char *key;         /* PEM, mode 0600 or stricter, else refused */
    const char *ca;          /* PEM, the only trust anchor */
    const char *crl;         /* PEM or NULL/"" */
};
struct tls_error {
    char text[384];
}; /* one sentence: which file, what is wrong, what to do */
struct tls_context;

/* NULL with error->text. All files are read and checked as a whole: key fits certificate, certificate not expired and
 * of the right purpose, CA readable, CRL not past nextUpdate. */
struct tls_context *tls_context_server(const struct tls_files *files, struct tls_error *error);
struct tls_context *tls_context_client(const struct tls_files *files, struct tls_error *error);
/* Server: connections may also come by TLS_ALPN_ENROL, and then, and only then, without a certificate. They are shown
 * the authority's certificate behind the server's own, so that a device can pin it. Until this is called that protocol
 * is refused as any unknown one. False with error->text where the authority did not issue the server's certificate, or
 * is none that this context trusts; then nothing is changed. The authority may be released afterwards. */
struct ca;
bool tls_context_enrols(struct tls_context *c, const struct ca *ca, struct tls_error *error);
/* Client by TLS_ALPN_ENROL: without certificate, trusting the one authority among those that the server shows whose
 * SHA-256 of SubjectPublicKeyInfo begins with `pin`; nothing is sent to any other ("PIN_MISMATCH"). */
struct tls_context *tls_context_pinned(const uint8_t *pin, size_t size, struct tls_error *error);
/* Whether one of the revocation lists of `fresh` is older than its authority's in `used`: by its number (RFC
 * 5280 5.2.3), where both have one and they differ, else by when it was issued. Who puts an old list in place would let
 * in again whom a newer one names. Then error->text says so, and what to do. */
bool tls_context_is_behind(const struct tls_context *fresh, const struct tls_context *used, struct tls_error *error);
/* Connections made from it stay valid. */
void tls_context_free(struct tls_context *c);
/* notBefore and notAfter of the own certificate, ms since 1970 UTC. */
int64_t tls_context_start(const struct tls_context *c);
int64_t tls_context_expiry(const struct tls_context *c);
/* SHA-256 of the SubjectPublicKeyInfo of a PEM certificate file: what the directory stores of a device. */
bool tls_certificate_key(const char *path, uint8_t key[32], struct tls_error *error);
#endif
