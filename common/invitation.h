/* What one types into a device that is to be enrolled: a secret that is good once, and the fingerprint of the authority
 * that the device will trust, in one text, so that nothing else has to be typed or believed.
 * Floor 1 (common). Pure.
 *
 *   32 bytes: secret (16) | first 15 bytes of SHA-256 of the authority's SubjectPublicKeyInfo | check byte
 *   52 characters of RFC 4648's base32 in 13 groups of four: ABCD-EFGH-…
 *
 * The check byte is the first of SHA-256 over the 31 before it: what was mistyped is told as that, and never as
 * "another authority", which would mean an attack. */
#ifndef LIANDONG_COMMON_INVITATION_H
#define LIANDONG_COMMON_INVITATION_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INVITATION_SECRET 16u
#define INVITATION_PIN    15u
#define INVITATION_TEXT   65u /* with NUL */

struct invitation {
    uint8_t secret[INVITATION_SECRET];
    uint8_t pin[INVITATION_PIN];
};
/* A fresh secret; `authority` is SHA-256 of the authority's SubjectPublicKeyInfo. False without randomness. */
bool invitation_make(struct invitation *i, const uint8_t authority[32]);
void invitation_print(char out[INVITATION_TEXT], const struct invitation *i);
/* Reads the text in either case, with or without its dashes, blanks around and between them. False on anything else. */
bool invitation_parse(struct invitation *i, const char *text);
/* What the server keeps of the secret: SHA-256. Enough for 128 random bits; nobody guesses those. */
void invitation_hash(uint8_t out[32], const uint8_t secret[INVITATION_SECRET]);
#endif
