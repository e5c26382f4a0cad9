/* Signed heads: where the chains of the feed and of the audit ended at a moment, under a server's Ed25519 key. What is
 * signed is a text of a few lines, so that anybody can check it with any tool.
 * Floor 1 (common). With tls*, ca* and seal* the only place of OpenSSL. */
#ifndef LIANDONG_COMMON_SIGN_H
#define LIANDONG_COMMON_SIGN_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIGN_HASH      32u /* SHA-256; also a public key */
#define SIGN_SIZE      64u /* a signature */
#define SIGN_NODE_SIZE 64u
#define SIGN_TEXT_SIZE 512u

struct sign_head {
    uint64_t n; /* 1 and on, no gaps; 0: none */
    int64_t at; /* ms since 1970 UTC */
    char node[SIGN_NODE_SIZE];
    uint64_t feed_seq, audit_seq;
    uint8_t feed_hash[SIGN_HASH], audit_hash[SIGN_HASH];
    uint8_t previous[SIGN_HASH]; /* SHA-256 of the signature before it; of the first: of "liandong heads" */
    uint8_t key[SIGN_HASH], signature[SIGN_SIZE];
};

struct sign_key;
/* A new key in a file of mode 0600 (PEM, PKCS#8) that must not be there yet; and one read, whose file nobody else may
 * read. False, NULL with one Chinese sentence and the remedy. */
bool sign_key_make(const char *path, char *error, size_t room);
struct sign_key *sign_key_read(const char *path, char *error, size_t room);
void sign_key_free(struct sign_key *key); /* NULL is fine */
void sign_key_public(const struct sign_key *key, uint8_t out[SIGN_HASH]);

/* The bytes that are signed; returns their number. */
size_t sign_text(const struct sign_head *head, char out[SIGN_TEXT_SIZE]);
/* Fills key and signature. False: OpenSSL failed. */
bool sign_make(const struct sign_key *key, struct sign_head *head);
bool sign_good(const struct sign_head *head);
/* Any bytes. */
bool sign_bytes(const struct sign_key *key, const void *bytes, size_t size, uint8_t signature[SIGN_SIZE]);
bool sign_bytes_good(const uint8_t key[SIGN_HASH], const void *bytes, size_t size, const uint8_t signature[SIGN_SIZE]);
/* What the next head says of this one in `previous`; of NULL, what the first one says. */
void sign_link(const struct sign_head *head, uint8_t out[SIGN_HASH]);

/* One line of text without its end, and back. False where it is none. */
#define SIGN_LINE_SIZE 640u
void sign_print(const struct sign_head *head, char out[SIGN_LINE_SIZE]);
bool sign_parse(struct sign_head *head, const char *line, size_t size);
#endif
