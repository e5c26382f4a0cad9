/* One TLS 1.3 connection without a socket: takes bytes, gives bytes. The server's loop, the blocking client and the
 * unit tests share it. No OpenSSL type leaves this pair of files and tls_context. Floor 1 (common).
 *
 * Decision 2026-11: a BIO of our own instead of two memory BIOs. It reads from the caller's slice and writes into the
 * caller's buffer, so the "want write during read" class of bug can't happen (a write never blocks) and an idle
 * connection holds no buffer at all. After the handshake a server lets the peer's decoded certificate go: an idle
 * connection holds 12.4 KiB of OpenSSL instead of 17.9 (tls_park_test prints it). */
#ifndef LIANDONG_COMMON_TLS_H
#define LIANDONG_COMMON_TLS_H
#include "common/buffer.h"
#include "common/tls_context.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tls_state { TLS_HANDSHAKE, TLS_OPEN, TLS_CLOSED /* peer said close_notify */, TLS_FAILED };
struct tls;

/* NULL without memory. Server: requires and verifies a client certificate (but see tls_context_enrols). Client: checks
 * `peer_name` (DNS name or IP literal) against the server's SAN. The context may be released while connections live. */
struct tls *tls_server(struct tls_context *context);
struct tls *tls_client(struct tls_context *context, const char *peer_name);
void tls_free(struct tls *t);
enum tls_state tls_get_state(const struct tls *t);

/* Feeds ciphertext. What must go to the peer is appended to `out` (ciphertext); plaintext is appended to `in`.
 * Consumes everything unless `in` is full (its cap): then *consumed says how much was taken, and the rest must be given
 * again after `in` was drained, also where that rest is empty but tls_pending says that decrypted bytes are waiting.
 * Returns the state. Passing size 0 starts a client's handshake or goes on after draining. */
enum tls_state tls_feed(struct tls *t, const uint8_t *bytes, size_t size, size_t *consumed, struct buffer *in,
                        struct buffer *out);
/* True where a record was read but `in` had no room for all of its plaintext (16 KiB at most). */
bool tls_pending(const struct tls *t);
/* The stream below ended. Without a close_notify before it that is a failure, "TRUNCATED": what came last may be
 * missing. */
enum tls_state tls_end(struct tls *t);
/* Encrypts `size` bytes into `out`, in records of at most 16 KiB. False: failed, close. Only in TLS_OPEN. */
bool tls_write(struct tls *t, const void *bytes, size_t size, struct buffer *out);
/* Appends close_notify. */
void tls_close(struct tls *t, struct buffer *out);

/* Why it failed, as a stable token: "CERTIFICATE_REQUIRED", "CERTIFICATE_EXPIRED", "CERTIFICATE_REVOKED",
 * "CERTIFICATE_UNKNOWN", "UNKNOWN_CA", "BAD_CERTIFICATE", "NAME_MISMATCH", "NO_COMMON_PROTOCOL" (ALPN), "OLD_VERSION",
 * "NOT_TLS", "TRUNCATED", "PIN_MISMATCH", "OTHER"; NULL where it did not fail. Alerts 42-48, 70, 116, 120 are mapped.
 */
const char *tls_failure(const struct tls *t);
/* One line for the log, from OpenSSL; "" where none. No secrets. */
const char *tls_failure_detail(const struct tls *t);

/* Identity of the verified peer; valid from TLS_OPEN on. SHA-256 of its SubjectPublicKeyInfo. */
const uint8_t *tls_peer_key(const struct tls *t); /* 32 bytes */
/* The one SAN URI, "" where there is none or several, or where it holds a NUL or control byte. Never the CN. */
const char *tls_peer_uri(const struct tls *t);
/* notAfter of the peer's certificate, ms since 1970 UTC. */
int64_t tls_peer_expiry(const struct tls *t);
/* True where a revocation list of `context`, which may be a newer one than the connection was made with, names the
 * peer's certificate. */
bool tls_peer_is_revoked(const struct tls *t, const struct tls_context *context);
/* True where TLS_ALPN_ENROL was agreed on: a server knows nothing of its peer then, key, uri and expiry say nothing. */
bool tls_is_enrolment(const struct tls *t);
/* Client by pin: the certificate that was trusted, as PEM. False where there is none, or no room. */
bool tls_authority(const struct tls *t, char *pem, size_t room);
#endif
