#include "common/uuid.h"
#include "common/clock.h"
#include "common/text.h"
#include <errno.h>
#include <sys/random.h>

/* RFC 9562 6.2, method 2: within one millisecond (or while the clock stands or goes back) the 74 random bits are a
 * counter that grows by a random step, so that ids are ordered and still can't be guessed. */
struct uuid_state {
    uint64_t ms;   /* 48 bits used */
    uint64_t high; /* 12 bits, rand_a */
    uint64_t low;  /* 62 bits, rand_b */
};

#define HIGH_LIMIT (UINT64_C(1) << 12)
#define LOW_LIMIT  (UINT64_C(1) << 62)

static bool fill_random(void *out, size_t size) {
    /* Up to 256 bytes come whole or not at all; a signal may interrupt the wait for the pool after boot. */
    ssize_t got;
    do got = getrandom(out, size, 0);
    while (got < 0 && errno == EINTR);
    return got == (ssize_t)size;
}

static void encode(uint8_t out[UUID_SIZE], const struct uuid_state *s) {
    for (int i = 0; i < 6; i++) out[i] = (uint8_t)(s->ms >> (40 - 8 * i));
    out[6] = (uint8_t)(0x70 | s->high >> 8);
    out[7] = (uint8_t)s->high;
    out[8] = (uint8_t)(0x80 | s->low >> 56);
    for (int i = 1; i < 8; i++) out[8 + i] = (uint8_t)(s->low >> (56 - 8 * i));
}

bool uuid_make(uint8_t out[UUID_SIZE]) {
    /* The one memory of this process's order; there is one thread that makes ids. */
    static struct uuid_state last;
    uint64_t random[2];
    if (!fill_random(random, sizeof random)) return false;
    uint64_t now = (uint64_t)clock_now_ms();
    struct uuid_state next = last;
    if (now > last.ms) {
        /* The counter's top bit starts at 0: 2^73 steps of room within a millisecond. */
        next = (struct uuid_state){now, random[0] % (HIGH_LIMIT / 2), random[1] % LOW_LIMIT};
    } else {
        next.low += 1 + random[0] % (UINT64_C(1) << 32);
        if (next.low >= LOW_LIMIT) {
            next.low -= LOW_LIMIT;
            next.high++;
        }
        if (next.high >= HIGH_LIMIT) {
            next.high = 0;
            next.ms++;
        }
    }
    last = next;
    encode(out, &next);
    return true;
}

void uuid_print(char out[UUID_TEXT_SIZE], const uint8_t id[UUID_SIZE]) {
    static const uint8_t groups[] = {4, 2, 2, 2, 6};
    for (size_t i = 0, at = 0; i < sizeof groups; at += groups[i++]) {
        if (i) *out++ = '-';
        text_hex(out, id + at, groups[i]);
        out += 2 * groups[i];
    }
}

bool uuid_parse(uint8_t out[UUID_SIZE], const char *text, size_t size) {
    char digits[2 * UUID_SIZE];
    if (size != UUID_TEXT_SIZE - 1) return false;
    for (size_t i = 0, at = 0; i < size; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash != (text[i] == '-')) return false;
        if (!dash) digits[at++] = text[i];
    }
    return text_unhex(out, UUID_SIZE, digits, sizeof digits);
}
