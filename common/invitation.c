#include "common/invitation.h"
#include <openssl/sha.h>
#include <string.h>
#include <unistd.h>

#define BYTES  (INVITATION_SECRET + INVITATION_PIN + 1u)
#define LENGTH ((BYTES * 8 + 4) / 5) /* 52 characters */

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

bool invitation_make(struct invitation *i, const uint8_t authority[32]) {
    memcpy(i->pin, authority, sizeof i->pin);
    return getentropy(i->secret, sizeof i->secret) == 0;
}

static uint8_t check_byte(const uint8_t bytes[BYTES]) {
    uint8_t digest[SHA256_DIGEST_LENGTH];
    SHA256(bytes, BYTES - 1, digest);
    return digest[0];
}

void invitation_print(char out[INVITATION_TEXT], const struct invitation *i) {
    uint8_t bytes[BYTES + 1] = {0}; /* one more: the last character's bits end in it */
    size_t used = 0;
    memcpy(bytes, i->secret, INVITATION_SECRET);
    memcpy(bytes + INVITATION_SECRET, i->pin, INVITATION_PIN);
    bytes[BYTES - 1] = check_byte(bytes);
    for (size_t at = 0; at < LENGTH; at++) {
        size_t bit = at * 5;
        unsigned two = (unsigned)bytes[bit / 8] << 8 | bytes[bit / 8 + 1];
        if (at && at % 4 == 0) out[used++] = '-';
        out[used++] = alphabet[two >> (11 - bit % 8) & 31];
    }
    out[used] = '\0';
}

static int value_of(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a';
    if (c >= '2' && c <= '7') return c - '2' + 26;
    return -1;
}

bool invitation_parse(struct invitation *i, const char *text) {
    uint8_t bytes[BYTES + 1] = {0};
    size_t at = 0;
    for (; *text; text++) {
        int value = value_of(*text);
        if (*text == '-' || *text == ' ' || *text == '\t' || *text == '\r' || *text == '\n') continue;
        if (value < 0 || at == LENGTH) return false;
        size_t bit = at++ * 5;
        unsigned two = (unsigned)value << (11 - bit % 8);
        bytes[bit / 8] |= (uint8_t)(two >> 8);
        bytes[bit / 8 + 1] |= (uint8_t)two;
    }
    /* The last character has bits of nothing: one text for one invitation. */
    if (at != LENGTH || bytes[BYTES] || bytes[BYTES - 1] != check_byte(bytes)) return false;
    memcpy(i->secret, bytes, INVITATION_SECRET);
    memcpy(i->pin, bytes + INVITATION_SECRET, INVITATION_PIN);
    return true;
}

void invitation_hash(uint8_t out[32], const uint8_t secret[INVITATION_SECRET]) {
    SHA256(secret, INVITATION_SECRET, out);
}
