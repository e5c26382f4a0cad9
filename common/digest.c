#define OPENSSL_SUPPRESS_DEPRECATED
#include "common/digest.h"
#include <endian.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <string.h>

#define WORDS 8u

bool digest_more(uint8_t state[DIGEST_SIZE], uint64_t done, const void *bytes, size_t size, bool last) {
    SHA256_CTX ctx;
    if (done % DIGEST_BLOCK || (!last && size % DIGEST_BLOCK)) return false;
    SHA256_Init(&ctx);
    for (size_t i = 0; done && i < WORDS; i++) {
        uint32_t word;
        memcpy(&word, state + i * sizeof word, sizeof word);
        ctx.h[i] = be32toh(word);
    }
    ctx.Nl = (uint32_t)(done << 3); /* bits so far */
    ctx.Nh = (uint32_t)(done >> 29);
    SHA256_Update(&ctx, bytes, size);
    if (last) SHA256_Final(state, &ctx);
    for (size_t i = 0; !last && i < WORDS; i++) {
        uint32_t word = htobe32(ctx.h[i]);
        memcpy(state + i * sizeof word, &word, sizeof word);
    }
    OPENSSL_cleanse(&ctx, sizeof ctx);
    return true;
}
