/* UUIDs: version 7 (RFC 9562 5.7), so that keys made later sort later and land on the same index pages.
 * Floor 1 (common). */
#ifndef LIANDONG_COMMON_UUID_H
#define LIANDONG_COMMON_UUID_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UUID_SIZE      16
#define UUID_TEXT_SIZE 37 /* with NUL */

/* Makes one; strictly larger than the one before in this process. False where the system gives no randomness. */
bool uuid_make(uint8_t out[UUID_SIZE]);
void uuid_print(char out[UUID_TEXT_SIZE], const uint8_t id[UUID_SIZE]);
/* Reads the 36-character form, either case. */
bool uuid_parse(uint8_t out[UUID_SIZE], const char *text, size_t size);
#endif
