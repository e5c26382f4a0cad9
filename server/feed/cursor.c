#include "feed/cursor.h"
#include <endian.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

struct cursor_key {
    EVP_CIPHER_CTX *seal, *open;
};

static EVP_CIPHER_CTX *make_cipher(const uint8_t *key, int encrypt) {
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    if (!c) return NULL;
    /* One block is all there is, so ECB is the bare block cipher here. */
    if (EVP_CipherInit_ex(c, EVP_aes_128_ecb(), NULL, key, NULL, encrypt) == 1 && EVP_CIPHER_CTX_set_padding(c, 0) == 1)
        return c;
    EVP_CIPHER_CTX_free(c);
    return NULL;
}

struct cursor_key *cursor_key_make(const uint8_t key[CURSOR_KEY_SIZE]) {
    struct cursor_key *k = calloc(1, sizeof *k);
    if (!k) return NULL;
    k->seal = make_cipher(key, 1);
    k->open = make_cipher(key, 0);
    if (k->seal && k->open) return k;
    cursor_key_free(k);
    return NULL;
}

void cursor_key_free(struct cursor_key *k) {
    if (!k) return;
    EVP_CIPHER_CTX_free(k->seal);
    EVP_CIPHER_CTX_free(k->open);
    free(k);
}

void cursor_seal(struct cursor_key *k, struct cursor c, uint8_t out[CURSOR_SIZE]) {
    uint64_t plain[2] = {htobe64(c.seq), htobe64(c.mark)};
    int n = 0;
    if (EVP_CipherUpdate(k->seal, out, &n, (const uint8_t *)plain, CURSOR_SIZE) != 1) memset(out, 0, CURSOR_SIZE);
}

struct cursor cursor_open(struct cursor_key *k, const uint8_t sealed[CURSOR_SIZE]) {
    uint64_t plain[2] = {UINT64_MAX, UINT64_MAX};
    int n = 0;
    if (EVP_CipherUpdate(k->open, (uint8_t *)plain, &n, sealed, CURSOR_SIZE) != 1)
        return (struct cursor){UINT64_MAX, 0};
    return (struct cursor){be64toh(plain[0]), be64toh(plain[1])};
}

uint64_t cursor_mark(const void *hash, size_t size) {
    uint64_t mark = 0;
    memcpy(&mark, hash, size < sizeof mark ? size : sizeof mark);
    return be64toh(mark);
}
