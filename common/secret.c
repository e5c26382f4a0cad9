#include "common/secret.h"
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <string.h>

#define FORMAT      1u
#define LOG2_N      15u
#define BLOCK       8u
#define PARALLEL    1u
#define SALT_AT     4u
#define SALT_SIZE   16u
#define KEY_AT      (SALT_AT + SALT_SIZE)
#define KEY_SIZE    32u
#define MEMORY_MOST (256u << 20) /* of a secret of the database's: it may be costlier than ours, not boundless */
#define LOG2_MOST   20u

static bool derive(uint8_t out[KEY_SIZE], const uint8_t *form, const char *password) {
    return EVP_PBE_scrypt(password, strlen(password), form + SALT_AT, SALT_SIZE, UINT64_C(1) << form[1], form[2],
                          form[3], MEMORY_MOST, out, KEY_SIZE) == 1;
}

static void begin(uint8_t form[SECRET_SIZE]) {
    memset(form, 0, SECRET_SIZE);
    form[0] = FORMAT;
    form[1] = LOG2_N;
    form[2] = BLOCK;
    form[3] = PARALLEL;
}

bool secret_make(uint8_t out[SECRET_SIZE], const char *password) {
    begin(out);
    return secret_random(out + SALT_AT, SALT_SIZE) && derive(out + KEY_AT, out, password);
}

bool secret_fits(const uint8_t *secret, size_t size, const char *password) {
    uint8_t nobody[SECRET_SIZE], key[KEY_SIZE];
    bool known = secret && size == SECRET_SIZE && secret[0] == FORMAT && secret[1] >= 1 && secret[1] <= LOG2_MOST;
    begin(nobody);
    const uint8_t *form = known ? secret : nobody;
    bool fits = derive(key, form, password) && CRYPTO_memcmp(key, form + KEY_AT, KEY_SIZE) == 0 && known;
    secret_wipe(key, sizeof key);
    return fits;
}

bool secret_random(uint8_t *out, size_t size) { return size <= 256 && RAND_bytes(out, (int)size) == 1; }
void secret_hash(uint8_t out[SECRET_TOKEN_SIZE], const void *data, size_t size) { SHA256(data, size, out); }
void secret_wipe(void *data, size_t size) { OPENSSL_cleanse(data, size); }
