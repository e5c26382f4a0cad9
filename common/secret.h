/* Passwords and tokens: kept so that whoever has the database has neither.
 * Floor 1 (common). No OpenSSL type outside secret.c.
 *
 * A password's secret: format byte 1, log2 N, r, p, 16 bytes of salt, 32 bytes of scrypt (RFC 7914). N = 2^15, r = 8,
 * p = 1 as OWASP's password storage sheet gives for 32 MiB; some 60 to 90 ms of one core (measured 2026-11), so never
 * on the loop. The cost stands in each secret: it can be raised, and old ones still fit. A token has 256 random bits:
 * SHA-256 is enough for it. */
#ifndef LIANDONG_COMMON_SECRET_H
#define LIANDONG_COMMON_SECRET_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SECRET_SIZE       52u
#define SECRET_TOKEN_SIZE 32u

/* Makes the secret of a password with a new salt. False without memory or randomness. Slow. */
bool secret_make(uint8_t out[SECRET_SIZE], const char *password);
/* True where the password fits. secret NULL or of another form: takes the same time and is false, so that an account
 * that does not exist can't be told from a wrong password. Slow. */
bool secret_fits(const uint8_t *secret, size_t size, const char *password);
/* Random bytes for a token. False where the system has none. */
bool secret_random(uint8_t *out, size_t size);
/* What is kept of a token or a one-use code. */
void secret_hash(uint8_t out[SECRET_TOKEN_SIZE], const void *data, size_t size);
/* Overwrites what must not stay in memory; the compiler can't leave it out. */
void secret_wipe(void *data, size_t size);
#endif
