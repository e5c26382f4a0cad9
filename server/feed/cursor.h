/* A place in the feed as a client holds it: opaque, so that hidden events can't be counted, and tied to the history, so
 * that a fork (a lost tail after a failover) is seen on resume and not guessed. Floor 3 (feed).
 *
 * 16 bytes: one AES-128 block over (seq, first 8 bytes of the event's hash), under a key that all nodes read from the
 * database. What a stranger makes up decrypts to a seq from the future or to a hash that does not fit.
 *
 * Over the block lies the veil of whoever it was told to: a digest of what that one may see (see rights.h). With other
 * rights, or in the hands of another role, it opens to nonsense: so whoever was away while rights changed gets a RESET,
 * on any node, and nobody has to keep a list of who was away. It costs two exclusive ors a delivery (fanout is packed
 * once for all); a generation number inside the block would have cost an AES block for each. */
#ifndef LIANDONG_FEED_CURSOR_H
#define LIANDONG_FEED_CURSOR_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

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
/* Puts the veil on, or takes it off. */
static inline void cursor_veil(uint8_t cursor[CURSOR_SIZE], const uint64_t veil[2]) {
    uint64_t block[2];
    memcpy(block, cursor, CURSOR_SIZE);
    block[0] ^= veil[0];
    block[1] ^= veil[1];
    memcpy(cursor, block, CURSOR_SIZE);
}
/* Further than any history goes: it was opened under another veil, or made up. */
static inline bool cursor_is_nonsense(struct cursor c) { return c.seq >> 48 != 0; }
/* The mark of a hash. */
uint64_t cursor_mark(const void *hash, size_t size);
#endif
