/* SHA-256 that stops and goes on, perhaps in another process: its state between two blocks is 32 bytes and a count.
 * Floor 1 (common). Pure. OpenSSL's newer interface keeps that state to itself; the older one, which it still has, is
 * used for this alone. */
#ifndef LIANDONG_COMMON_DIGEST_H
#define LIANDONG_COMMON_DIGEST_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DIGEST_SIZE  32u
#define DIGEST_BLOCK 64u

/* `size` more bytes after `done` ones, of which `state` is what the call before gave (anything where done is 0).
 * `last`: *state becomes the SHA-256 of all. Else both done and size must be multiples of DIGEST_BLOCK. False where
 * they are not. */
bool digest_more(uint8_t state[DIGEST_SIZE], uint64_t done, const void *bytes, size_t size, bool last);
#endif
