#include "common/seal.h"
#include "common/seal_base64.h"
#include "common/text.h"
#include <endian.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NONCE           12u
#define TAG             16u
#define PAD             16u
#define PREFIX          "~1."
#define KEY_AT          (sizeof PREFIX - 1)
#define KEY_TO          (KEY_AT + 8)
#define MARK_AT         (KEY_TO + 1)
#define MARK_CHARACTERS 22u
#define BODY_AT         (MARK_AT + MARK_CHARACTERS + 1)

struct seal_tools {
    EVP_CIPHER *cipher, *block;
    EVP_MAC *mac;
};
struct seal_key {
    uint32_t id;
    EVP_CIPHER_CTX *closing, *opening; /* keyed: a message only brings its nonce */
};
struct seal_marker {
    EVP_MAC_CTX *mac;      /* keyed: a message only starts it again */
    EVP_CIPHER_CTX *pairs; /* AES-256 of single blocks, under a key of the mac's */
};

/* ---- what is made once */

struct seal_tools *seal_tools_make(void) {
    struct seal_tools *t = calloc(1, sizeof *t);
    if (!t) return NULL;
    t->cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    t->block = EVP_CIPHER_fetch(NULL, "AES-256-ECB", NULL);
    t->mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    if (t->cipher && t->block && t->mac) return t;
    seal_tools_free(t);
    ERR_clear_error();
    return NULL;
}

void seal_tools_free(struct seal_tools *t) {
    if (!t) return;
    EVP_CIPHER_free(t->cipher);
    EVP_CIPHER_free(t->block);
    EVP_MAC_free(t->mac);
    free(t);
}

struct seal_key *seal_key_make(const struct seal_tools *t, const uint8_t key[SEAL_KEY_SIZE], uint32_t id) {
    struct seal_key *k = calloc(1, sizeof *k);
    if (!k) return NULL;
    k->id = id;
    k->closing = EVP_CIPHER_CTX_new();
    k->opening = EVP_CIPHER_CTX_new();
    if (k->closing && k->opening && EVP_EncryptInit_ex2(k->closing, t->cipher, key, NULL, NULL) &&
        EVP_DecryptInit_ex2(k->opening, t->cipher, key, NULL, NULL))
        return k;
    seal_key_free(k);
    ERR_clear_error();
    return NULL;
}

void seal_key_free(struct seal_key *k) {
    if (!k) return;
    EVP_CIPHER_CTX_free(k->closing); /* wipes what it held */
    EVP_CIPHER_CTX_free(k->opening);
    free(k);
}

static bool key_pairs(struct seal_marker *m, const EVP_CIPHER *block) {
    static const char label[] = "liandong pairs 1";
    uint8_t key[SEAL_KEY_SIZE];
    size_t size = 0;
    bool good = EVP_MAC_update(m->mac, (const uint8_t *)label, sizeof label) &&
                EVP_MAC_final(m->mac, key, &size, sizeof key) && size == sizeof key &&
                EVP_EncryptInit_ex2(m->pairs, block, key, NULL, NULL) && EVP_CIPHER_CTX_set_padding(m->pairs, 0);
    OPENSSL_cleanse(key, sizeof key);
    return good;
}

struct seal_marker *seal_marker_make(const struct seal_tools *t, const uint8_t key[SEAL_KEY_SIZE]) {
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                           OSSL_PARAM_construct_end()};
    struct seal_marker *m = calloc(1, sizeof *m);
    if (!m) return NULL;
    m->mac = EVP_MAC_CTX_new(t->mac);
    m->pairs = EVP_CIPHER_CTX_new();
    if (m->mac && m->pairs && EVP_MAC_init(m->mac, key, SEAL_KEY_SIZE, params) && key_pairs(m, t->block)) return m;
    seal_marker_free(m);
    ERR_clear_error();
    return NULL;
}

void seal_marker_free(struct seal_marker *m) {
    if (!m) return;
    EVP_MAC_CTX_free(m->mac);
    EVP_CIPHER_CTX_free(m->pairs);
    free(m);
}

/* ---- marks */

/* HMAC of a label, a name with its length before it, and two parts of which the first has a fixed size. */
static bool mac_of(struct seal_marker *m, const char *label, const char *name, const void *first, size_t first_size,
                   const void *second, size_t second_size, uint8_t out[SEAL_MARK_SIZE]) {
    uint8_t whole[32], length = (uint8_t)strlen(name);
    size_t size = 0;
    bool good = strlen(name) <= UINT8_MAX && EVP_MAC_init(m->mac, NULL, 0, NULL) &&
                EVP_MAC_update(m->mac, (const uint8_t *)label, strlen(label) + 1) &&
                EVP_MAC_update(m->mac, &length, 1) && EVP_MAC_update(m->mac, (const uint8_t *)name, length) &&
                (!first_size || EVP_MAC_update(m->mac, first, first_size)) &&
                (!second_size || EVP_MAC_update(m->mac, second, second_size)) &&
                EVP_MAC_final(m->mac, whole, &size, sizeof whole) && size == sizeof whole;
    if (good)
        memcpy(out, whole, SEAL_MARK_SIZE);
    else
        ERR_clear_error();
    return good;
}

static bool mark_of(struct seal_marker *m, struct seal_place place, const void *text, size_t size,
                    uint8_t out[SEAL_MARK_SIZE]) {
    return mac_of(m, "liandong mark 1", place.field, place.record, 16, text, size, out);
}

bool seal_blind(struct seal_marker *m, const char *what, const void *value, size_t size, uint8_t out[SEAL_MARK_SIZE]) {
    return mac_of(m, "liandong blind 1", what, NULL, 0, value, size, out);
}

size_t seal_phone(char *out, const char *text, size_t size) {
    size_t n = 0, length;
    for (size_t i = 0; i < size; i += length) {
        uint32_t c = text_decode(text + i, size - i, &length);
        c = text_half_width(c);
        if (c >= '0' && c <= '9') out[n++] = (char)c;
    }
    if (n == 0) {
        memcpy(out, text, size);
        return size;
    }
    /* +86 138…, 0086 138…: what stands before a mobile number of eleven digits */
    size_t country = n == 13 && memcmp(out, "861", 3) == 0 ? 2 : n == 15 && memcmp(out, "00861", 5) == 0 ? 4 : 0;
    memmove(out, out + country, n - country);
    return n - country;
}

/* ---- addresses */

bool seal_is_blank(uint32_t c) { return c <= ' ' || c == 0xa0 || c == 0x3000 || (c >= 0x2000 && c <= 0x200b); }

/* One spelling of one character. */
static uint32_t fold(uint32_t c) {
    c = text_half_width(c);
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

size_t seal_address(char *out, const char *text, size_t size) {
    size_t n = 0, length;
    for (size_t i = 0; i < size; i += length) {
        uint32_t c = text_decode(text + i, size - i, &length), folded = fold(c);
        if (c != UINT32_MAX && seal_is_blank(c)) continue;
        if (folded == c) {
            memmove(out + n, text + i, length);
            n += length;
        } else {
            out[n++] = (char)folded;
        }
    }
    return n;
}

#define PAIR_BLOCK 16u /* AES's: two characters of 4 bytes, and zeros */
#define PAIRS_ONCE 32u

static int compare_pairs(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

size_t seal_pairs(struct seal_marker *m, const char *text, size_t size, uint32_t *out) {
    uint8_t blocks[PAIRS_ONCE * PAIR_BLOCK];
    size_t n = 0, kept = 0, length, at;
    uint32_t before = size ? text_decode(text, size, &at) : 0;
    for (size_t i = size ? at : 0; i < size;) {
        size_t waiting = 0;
        int made;
        for (; i < size && waiting < PAIRS_ONCE; waiting++, i += length) {
            uint32_t c = text_decode(text + i, size - i, &length);
            uint32_t pair[PAIR_BLOCK / 4] = {htobe32(before), htobe32(c)};
            memcpy(blocks + waiting * PAIR_BLOCK, pair, sizeof pair);
            before = c;
        }
        if (!EVP_EncryptUpdate(m->pairs, blocks, &made, blocks, (int)(waiting * PAIR_BLOCK))) {
            ERR_clear_error();
            return SIZE_MAX;
        }
        for (size_t j = 0; j < waiting; j++, n++) {
            memcpy(&out[n], blocks + j * PAIR_BLOCK, sizeof *out);
            out[n] = be32toh(out[n]);
        }
    }
    qsort(out, n, sizeof *out, compare_pairs);
    for (size_t i = 0; i < n; i++)
        if (!kept || out[i] != out[kept - 1]) out[kept++] = out[i];
    return kept;
}

/* ---- tokens */

static size_t padded(size_t size) { return (size / PAD + 1) * PAD; }
size_t seal_size(size_t size) { return BODY_AT + seal_base64_size(padded(size) + TAG); }

/* The associated data; the same for both ways. */
static bool bind(EVP_CIPHER_CTX *ctx, struct seal_place place, uint32_t key, const uint8_t mark[SEAL_MARK_SIZE]) {
    uint8_t head[3] = {'~', '1', (uint8_t)strlen(place.field)};
    uint8_t id[4] = {(uint8_t)(key >> 24), (uint8_t)(key >> 16), (uint8_t)(key >> 8), (uint8_t)key};
    int n;
    return EVP_CipherUpdate(ctx, NULL, &n, head, sizeof head) &&
           EVP_CipherUpdate(ctx, NULL, &n, (const uint8_t *)place.field, head[2]) &&
           EVP_CipherUpdate(ctx, NULL, &n, place.record, 16) && EVP_CipherUpdate(ctx, NULL, &n, id, sizeof id) &&
           EVP_CipherUpdate(ctx, NULL, &n, mark, SEAL_MARK_SIZE);
}

bool seal_close(struct seal_key *k, struct seal_marker *m, struct seal_place place, const void *text, size_t size,
                char *token) {
    uint8_t mark[SEAL_MARK_SIZE],
        id[4] = {(uint8_t)(k->id >> 24), (uint8_t)(k->id >> 16), (uint8_t)(k->id >> 8), (uint8_t)k->id};
    size_t inside = padded(size), characters = seal_base64_size(inside + TAG);
    /* Sealed at the end of its own place, whence it is spelled out from the beginning. */
    uint8_t *raw = (uint8_t *)token + BODY_AT + characters - (inside + TAG);
    int n;
    if (size > INT32_MAX / 2 || !mark_of(m, place, text, size, mark)) return false;
    if (size) memcpy(raw, text, size);
    raw[size] = 0x80;
    memset(raw + size + 1, 0, inside - size - 1);
    if (!EVP_EncryptInit_ex2(k->closing, NULL, NULL, mark, NULL) || !bind(k->closing, place, k->id, mark) ||
        !EVP_EncryptUpdate(k->closing, raw, &n, raw, (int)inside) || !EVP_EncryptFinal_ex(k->closing, raw + n, &n) ||
        !EVP_CIPHER_CTX_ctrl(k->closing, EVP_CTRL_AEAD_GET_TAG, TAG, raw + inside)) {
        OPENSSL_cleanse(token, BODY_AT + characters);
        ERR_clear_error();
        return false;
    }
    memcpy(token, PREFIX, KEY_AT);
    text_hex(token + KEY_AT, id, sizeof id);
    token[KEY_TO] = token[BODY_AT - 1] = '.';
    seal_base64_put(token + MARK_AT, mark, sizeof mark);
    seal_base64_put(token + BODY_AT, raw, inside + TAG);
    token[BODY_AT + characters] = '\0';
    return true;
}

bool seal_is_token(const char *text, size_t size, uint32_t *key) {
    uint32_t id = 0;
    if (size < BODY_AT || memcmp(text, PREFIX, KEY_AT) != 0 || text[KEY_TO] != '.' || text[BODY_AT - 1] != '.')
        return false;
    for (size_t i = KEY_AT; i < KEY_TO; i++) {
        char c = text[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
        id = id << 4 | (uint32_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    size_t inside = seal_base64_bytes(size - BODY_AT);
    if (inside == SIZE_MAX || inside < PAD + TAG || inside % PAD ||
        !seal_base64_get(NULL, text + MARK_AT, MARK_CHARACTERS) ||
        !seal_base64_get(NULL, text + BODY_AT, size - BODY_AT))
        return false;
    if (key) *key = id;
    return true;
}

/* Bytes before the padding; SIZE_MAX where it is none. */
static size_t without_padding(const uint8_t *text, size_t size) {
    size_t n = size;
    while (n > 0 && text[n - 1] == 0) n--;
    return n > 0 && text[n - 1] == 0x80 && size - (n - 1) <= PAD ? n - 1 : SIZE_MAX;
}

bool seal_open(struct seal_key *k, struct seal_marker *m, struct seal_place place, const char *token, size_t size,
               uint8_t *text, size_t *text_size) {
    uint8_t mark[SEAL_MARK_SIZE], again[SEAL_MARK_SIZE];
    uint32_t id;
    int n;
    if (!seal_is_token(token, size, &id) || id != k->id || strlen(place.field) > UINT8_MAX) return false;
    size_t inside = seal_base64_bytes(size - BODY_AT) - TAG;
    seal_base64_get(mark, token + MARK_AT, MARK_CHARACTERS);
    seal_base64_get(text, token + BODY_AT, size - BODY_AT);
    bool good = EVP_DecryptInit_ex2(k->opening, NULL, NULL, mark, NULL) && bind(k->opening, place, id, mark) &&
                EVP_DecryptUpdate(k->opening, text, &n, text, (int)inside) &&
                EVP_CIPHER_CTX_ctrl(k->opening, EVP_CTRL_AEAD_SET_TAG, TAG, text + inside) &&
                EVP_DecryptFinal_ex(k->opening, text + inside, &n) == 1;
    size_t found = good ? without_padding(text, inside) : SIZE_MAX;
    if (found != SIZE_MAX && mark_of(m, place, text, found, again) && CRYPTO_memcmp(mark, again, sizeof mark) == 0) {
        *text_size = found;
        return true;
    }
    OPENSSL_cleanse(text, inside + TAG);
    ERR_clear_error();
    return false;
}

/* ---- keys under keys */

static bool wrap_bind(EVP_CIPHER_CTX *ctx, const char *context) {
    static const uint8_t label[] = "liandong key 1";
    int n;
    return EVP_CipherUpdate(ctx, NULL, &n, label, sizeof label) &&
           EVP_CipherUpdate(ctx, NULL, &n, (const uint8_t *)context, (int)strlen(context));
}

bool seal_wrap(const struct seal_tools *t, const uint8_t kek[SEAL_KEY_SIZE], const char *context,
               const uint8_t key[SEAL_KEY_SIZE], uint8_t out[SEAL_WRAPPED_SIZE]) {
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int n;
    bool good = ctx && RAND_bytes(out, NONCE) == 1 && EVP_EncryptInit_ex2(ctx, t->cipher, kek, out, NULL) &&
                wrap_bind(ctx, context) && EVP_EncryptUpdate(ctx, out + NONCE, &n, key, SEAL_KEY_SIZE) &&
                EVP_EncryptFinal_ex(ctx, out + NONCE + SEAL_KEY_SIZE, &n) &&
                EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG, out + NONCE + SEAL_KEY_SIZE);
    EVP_CIPHER_CTX_free(ctx);
    if (!good) ERR_clear_error();
    return good;
}

bool seal_unwrap(const struct seal_tools *t, const uint8_t kek[SEAL_KEY_SIZE], const char *context,
                 const uint8_t *wrapped, size_t size, uint8_t key[SEAL_KEY_SIZE]) {
    if (size != SEAL_WRAPPED_SIZE) return false;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    uint8_t tag[TAG], rest[TAG];
    int n;
    memcpy(tag, wrapped + NONCE + SEAL_KEY_SIZE, TAG);
    bool good = ctx && EVP_DecryptInit_ex2(ctx, t->cipher, kek, wrapped, NULL) && wrap_bind(ctx, context) &&
                EVP_DecryptUpdate(ctx, key, &n, wrapped + NONCE, SEAL_KEY_SIZE) &&
                EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG, tag) && EVP_DecryptFinal_ex(ctx, rest, &n) == 1;
    EVP_CIPHER_CTX_free(ctx);
    if (good) return true;
    OPENSSL_cleanse(key, SEAL_KEY_SIZE);
    ERR_clear_error();
    return false;
}
