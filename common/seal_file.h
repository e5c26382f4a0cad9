/* The file of key-encryption keys: what all other keys are wrapped under, and what must never stand where the database
 * does. Floor 1 (common).
 *
 * Text, mode 0600. Each line is one key of 32 bytes, as 64 hex digits or 44 characters of base64; the first is the one
 * that new keys are wrapped under, the others still open what was wrapped before. Blank lines and lines with '#' in
 * front are left alone. A key is named by the beginning of a hash of it, so that a name never belongs to another key.
 */
#ifndef LIANDONG_COMMON_SEAL_FILE_H
#define LIANDONG_COMMON_SEAL_FILE_H
#include "common/seal.h"

#define SEAL_KEKS_MAX 16u
struct seal_kek {
    uint8_t key[SEAL_KEY_SIZE];
    char id[17];
};
struct seal_keks {
    struct seal_kek list[SEAL_KEKS_MAX]; /* newest first */
    size_t count;
};

/* Reads the whole file or nothing. False with one Chinese sentence and the remedy; it holds no part of a key. */
bool seal_keks_read(struct seal_keks *out, const char *path, char *error, size_t room);
const struct seal_kek *seal_keks_find(const struct seal_keks *k, const char *id); /* NULL where there is none */
/* Wipes it. */
void seal_keks_forget(struct seal_keks *k);
/* A new file with one new key; with `add`, a new first line in the file that is there. The file is replaced as a whole,
 * on disk before it has its name. */
bool seal_keks_make(const char *path, bool add, char *error, size_t room);
#endif
