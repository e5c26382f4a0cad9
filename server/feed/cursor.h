/* A place in the feed as a client holds it: opaque, so that hidden events can't be counted, and tied to the history, so
 * that a fork (a lost tail after a failover) is seen on resume and not guessed. Floor 3 (feed).
 *
 * 16 bytes: one AES-128 block over (seq, first 8 bytes of the event's hash), under a key that all nodes read from the
 * database. What a stranger makes up decrypts to a seq from the future or to a hash that does not fit. */
#ifndef LIANDONG_FEED_CURSOR_H
#define LIANDONG_FEED_CURSOR_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CURSOR_SIZE     16
#define CURSOR_KEY_SIZE 16

struct cursor {
    uint64_t seq;
    uint64_t mark; /* first 8 bytes of the hash; 0: not checked (the very start of the feed) */
};
struct cursor_key;

struct cursor_key *cursor_key_make(const uint8_t key[CURSOR_KEY_SIZE]);
void cursor_key_free(struct cursor_key *k);
void cursor_seal(struct cursor_key *k, struct cursor c, uint8_t out[CURSOR_SIZE]);
struct cursor cursor_open(struct cursor_key *k, const uint8_t sealed[CURSOR_SIZE]);
/* The mark of a hash. */
uint64_t cursor_mark(const void *hash, size_t size);
#endif
