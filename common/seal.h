/* Sealing one short text (a name, a telephone number, an ID number) so that whoever holds the database without the keys
 * learns nothing of it but its length in steps of 16 bytes. Floor 1 (common). Pure; no OpenSSL type outside.
 *
 * A sealed text travels as text: a token of printable ASCII, which every column, message, index and hash takes as it
 * is.
 *
 *   ~1.<key: 8 hex>.<mark: 22>.<ciphertext and tag: base64url>
 *
 * - AES-256-GCM. Associated data: version, field ("incident.reporter"), record (UUID), key, mark. So a token that is
 *   copied to another field or another row does not open, and neither does one with any bit changed.
 * - The mark is HMAC-SHA-256 under the class's index key over field, record and text, cut to 128 bits, and its first 96
 *   bits are the nonce: the construction of a synthetic IV (Rogaway, Shrimpton 2006, "Deterministic Authenticated-
 *   Encryption"; RFC 5297). A random nonce would make each repetition of a request another request to the comparison
 *   by bytes that makes repetitions safe; a nonce made of the request alone would repeat where a client uses one
 *   request_id for two texts, and under GCM that gives away both. This one repeats under one key only for the same
 *   text at the same place, and then the whole token is the same: what can be learnt is that one field of one record
 *   has the value it had before. Marks of different records or fields tell nothing of each other.
 * - The mark is also what equality is judged by: it stays the same when the key is another one (see rotation in
 *   server/call/sealing.h), and after opening it is worked out again and compared.
 * - Messages under one key: NIST SP 800-38D 8.3 allows 2^32 with nonces of 96 bits that are random, and a PRF's are no
 *   different: at that number two are alike with 2^-33. Keys are made per class and year: a city reports 10^6 a year.
 * - Text is padded to 16 bytes (ISO/IEC 7816-4), so that a name of two characters is not told from one of four.
 *
 * What is searched for by equality over all records has besides a blind index: HMAC-SHA-256 of a normal form under the
 * class's index key. It tells who has the database which records share a value, and of which value nothing: the values
 * can be guessed (there are few telephone numbers), therefore it has a key.
 *
 * What is searched for by a part of it has the set of its pairs of neighbouring characters, each pair as 32 bits of
 * AES-256 under a key of its own. Who has the database learns which records share a pair and how many do, and with
 * another list of a town's addresses may guess the frequent ones (Naveed, Kamara, Wright 2015, "Inference Attacks on
 * Property-Preserving Encrypted Databases"); the order of the pairs, and how often one comes in a text, are not there.
 * That is the price of finding two characters by an index. AES and not HMAC: an address has some twenty pairs, and
 * they are worked out in one call. */
#ifndef LIANDONG_COMMON_SEAL_H
#define LIANDONG_COMMON_SEAL_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEAL_KEY_SIZE     32u
#define SEAL_MARK_SIZE    16u /* bytes of a mark and of a blind index */
#define SEAL_WRAPPED_SIZE 60u /* nonce, key, tag */
#define SEAL_STARRED      "~" /* before a token: numbers in its text are hidden when it is opened */
#define SEAL_HIDDEN       "〔无权查看〕"
#define SEAL_UNREADABLE   "〔无法解密〕"

/* The algorithms, fetched once: fetching costs more than sealing. Outlives what is made with it. */
struct seal_tools;
struct seal_tools *seal_tools_make(void); /* NULL without memory */
void seal_tools_free(struct seal_tools *t);

/* A data key, ready for use, and an index key. The caller's bytes may be wiped afterwards. NULL without memory. */
struct seal_key;
struct seal_marker;
struct seal_key *seal_key_make(const struct seal_tools *t, const uint8_t key[SEAL_KEY_SIZE], uint32_t id);
void seal_key_free(struct seal_key *k);
struct seal_marker *seal_marker_make(const struct seal_tools *t, const uint8_t key[SEAL_KEY_SIZE]);
void seal_marker_free(struct seal_marker *m);

/* Where a text belongs. */
struct seal_place {
    const char *field;     /* "incident.reporter": at most 255 bytes */
    const uint8_t *record; /* 16 bytes */
};

/* Characters of the token of `size` bytes, without NUL. */
size_t seal_size(size_t size);
/* Seals; writes seal_size(size) characters and a NUL. False where OpenSSL failed (memory): nothing to be used is there.
 */
bool seal_close(struct seal_key *k, struct seal_marker *m, struct seal_place place, const void *text, size_t size,
                char *token);
/* True where the text has a token's form; *key (may be NULL) is then the key's id. That says nothing of who made it:
 * what a client says is always sealed, never taken for a token. */
bool seal_is_token(const char *text, size_t size, uint32_t *key);
/* Opens a token into `text` (room for `size` bytes; nothing is added behind). False: another key, place or text than
 * it was made of; `text` then holds nothing of it. */
bool seal_open(struct seal_key *k, struct seal_marker *m, struct seal_place place, const char *token, size_t size,
               uint8_t *text, size_t *text_size);

/* Blind index of a normal form. `what` names the kind of value: "phone". */
bool seal_blind(struct seal_marker *m, const char *what, const void *value, size_t size, uint8_t out[SEAL_MARK_SIZE]);
bool seal_is_blank(uint32_t character); /* what stands between words */
/* Normal form of an address: small letters, full-width characters half-width, no blanks. Writes at most `size` bytes;
 * returns how many. */
size_t seal_address(char *out, const char *text, size_t size);
/* The pairs of a normal form, sorted, each once: at most one fewer than it has characters. Returns how many it wrote;
 * SIZE_MAX where OpenSSL failed. */
size_t seal_pairs(struct seal_marker *m, const char *text, size_t size, uint32_t *out);
/* Normal form of a telephone number: its digits, full-width ones too, without the country's 86; the text itself where
 * it has no digit. Writes at most `size` bytes; returns how many. */
size_t seal_phone(char *out, const char *text, size_t size);

/* A data key under a key-encryption key, bound to `context`; the nonce is random, for a key is wrapped a few times in
 * its life. False without randomness or memory. */
bool seal_wrap(const struct seal_tools *t, const uint8_t kek[SEAL_KEY_SIZE], const char *context,
               const uint8_t key[SEAL_KEY_SIZE], uint8_t out[SEAL_WRAPPED_SIZE]);
bool seal_unwrap(const struct seal_tools *t, const uint8_t kek[SEAL_KEY_SIZE], const char *context,
                 const uint8_t *wrapped, size_t size, uint8_t key[SEAL_KEY_SIZE]);
#endif
