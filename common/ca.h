/* The server's own authority, which makes a device's certificate of a request made on the device, and the device's side
 * of it: key, request, a look at what came back.
 * Floor 1 (common). With tls* the only place of OpenSSL's certificates: none of its types leaves here.
 *
 * Of a request nothing counts but its key and that its sender holds it: names, extensions and attributes that it asks
 * for are never read. What the certificate says is the caller's word (a device's name that an administrator gave). Keys
 * are P-256, Ed25519 or RSA of 3,072 to 4,096 bits; others are refused, as is whatever is not exactly one request. */
#ifndef LIANDONG_COMMON_CA_H
#define LIANDONG_COMMON_CA_H
#include "common/tls_context.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CA_REQUEST_MAX 2048u /* bytes of DER; the largest we take, RSA of 4,096 bits, has 1,160 */
#define CA_PEM_MAX     3500u /* of a certificate, with NUL: fits the frame of one who has none yet */
#define CA_KEY_PEM_MAX 4096u
#define CA_HASH        32u /* SHA-256 */
#define CA_SERIAL      16u

/* ---- the authority */
struct ca;
/* Reads both files and judges them: a pair, a certificate of an authority that signs itself, in force, key file 0600 or
 * stricter. NULL with error->text. */
struct ca *ca_open(const char *certificate, const char *key, struct tls_error *error);
void ca_free(struct ca *ca);
/* SHA-256 of its SubjectPublicKeyInfo: what clients pin. */
const uint8_t *ca_pin(const struct ca *ca);
/* ms since 1970 UTC; nothing it signs is valid for longer. */
int64_t ca_expiry(const struct ca *ca);

struct ca_grant {
    char pem[CA_PEM_MAX];
    uint8_t key[CA_HASH]; /* SHA-256 of SubjectPublicKeyInfo: what the directory knows a device by */
};
/* What a certificate shall say: kept by the caller, so that the same one can be made again. */
struct ca_terms {
    const char *device;        /* text_is_code */
    const uint8_t *serial;     /* CA_SERIAL random bytes */
    int64_t from_ms, until_ms; /* since 1970 UTC, cut to seconds; never longer than the authority's own */
};
/* Makes the certificate out of a request in DER. NULL, or a reason of the status table: REQUEST_MALFORMED, REQUEST_KEY,
 * REQUEST_SIGNATURE, INTERNAL. */
const char *ca_issue(const struct ca *ca, const uint8_t *request, size_t size, const struct ca_terms *terms,
                     struct ca_grant *out);
/* Only the judgement of the request, and its key. */
const char *ca_judge(const uint8_t *request, size_t size, uint8_t key[CA_HASH]);

/* ---- the device's side. Texts are PEM with their NUL. */
/* A new P-256 key, PKCS#8. False without memory or randomness. */
bool ca_key_make(char pem[CA_KEY_PEM_MAX]);
/* A request of that key in DER, *size bytes. False where `pem` is no private key, or it is too large. */
bool ca_request_make(const char *pem, uint8_t out[CA_REQUEST_MAX], size_t *size);
/* SHA-256 of the key's SubjectPublicKeyInfo. */
bool ca_key_hash(const char *pem, uint8_t key[CA_HASH]);

struct ca_facts {
    uint8_t key[CA_HASH];
    int64_t not_before, not_after; /* ms since 1970 UTC */
    char uri[256];                 /* the one SAN URI, or "" */
};
/* What one certificate says. False where `pem` does not begin with a whole one. */
bool ca_certificate_facts(const char *pem, struct ca_facts *out);
/* True where the certificate is signed by `authority` (PEM) and good for a client's side. */
bool ca_certificate_is_from(const char *pem, const char *authority);
#endif
