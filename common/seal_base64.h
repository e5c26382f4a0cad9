/* base64url without padding (RFC 4648 5), strict: one text for one value. For seal*.c only.
 * Floor 1 (common). */
#ifndef LIANDONG_COMMON_SEAL_BASE64_H
#define LIANDONG_COMMON_SEAL_BASE64_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline size_t seal_base64_size(size_t bytes) { return (bytes * 4 + 2) / 3; }
/* Writes seal_base64_size(size) characters, no NUL. `bytes` may stand at the end of the place they are written to. */
void seal_base64_put(char *out, const uint8_t *bytes, size_t size);
/* Bytes that `size` characters stand for; SIZE_MAX where there is no such text. */
size_t seal_base64_bytes(size_t size);
/* False on any character of another alphabet and on bits beyond the last byte. `out` may be the place of `text`, or
 * NULL to judge only. */
bool seal_base64_get(uint8_t *out, const char *text, size_t size);
#endif
