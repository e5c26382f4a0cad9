/* The frame stream: whatever the cuts between the bytes, the same frames come out, none past its cap, and no byte
 * behind the given size is read. Input: cap choice, seed of the cuts, stream. */
#include "fuzz.h"
#include "common/frame.h"
#include <stdlib.h>
#include <string.h>

static const size_t caps[] = {FRAME_CAP_HELLO, FRAME_CAP, 1, 2, 16, 255, 256, 65536};

/* What must come out, written down a second time and as simply as possible. */
static enum frame_state expect(const uint8_t *bytes, size_t size, size_t cap, size_t *payload) {
    if (size < 4) return FRAME_PARTIAL;
    *payload = (size_t)bytes[0] << 24 | (size_t)bytes[1] << 16 | (size_t)bytes[2] << 8 | bytes[3];
    if (*payload == 0) return FRAME_EMPTY;
    if (*payload > cap) return FRAME_TOO_LARGE;
    return size - 4 < *payload ? FRAME_PARTIAL : FRAME_WHOLE;
}

/* Looks at exactly `size` bytes in memory of their own. Returns the bytes the first frame took, 0 where there is none.
 */
static size_t look(const uint8_t *bytes, size_t size, size_t cap, enum frame_state *state) {
    uint8_t *exact = fuzz_copy(bytes, size, false);
    struct frame frame = {0};
    size_t payload = 0, taken = 0;
    *state = frame_look(exact, size, cap, &frame);
    fuzz_require(*state == expect(exact, size, cap, &payload), "the state is that of the simple reading");
    if (*state == FRAME_WHOLE) {
        fuzz_require(frame.payload == exact + FRAME_HEADER && frame.payload_size == payload,
                     "the payload is behind its header");
        fuzz_require(frame.need == payload + FRAME_HEADER && frame.need <= size, "a whole frame took what it needs");
        uint8_t header[FRAME_HEADER];
        frame_header(header, (uint32_t)payload);
        fuzz_require(memcmp(header, exact, FRAME_HEADER) == 0, "the header is written as it was read");
        taken = frame.need;
    }
    if (*state == FRAME_PARTIAL) {
        size_t need = size < FRAME_HEADER ? FRAME_HEADER : payload + FRAME_HEADER;
        fuzz_require(frame.need == need && need > size, "a partial frame says what it needs");
    }
    free(exact);
    return taken;
}

/* Gives the stream in pieces cut by `seed` (0: all at once) and returns a mark of all that came out. */
static uint64_t run(const uint8_t *stream, size_t size, size_t cap, uint32_t seed) {
    uint64_t mark = 14695981039346656037u;
    size_t from = 0, given = 0;
    enum frame_state state = FRAME_PARTIAL;
    while (state == FRAME_PARTIAL && given < size) {
        seed = seed * 1664525u + 1013904223u;
        size_t piece = seed >> 28 ? 1 + (seed >> 16) % 24 : size - given;
        given += piece < size - given ? piece : size - given;
        for (size_t taken; (taken = look(stream + from, given - from, cap, &state)) > 0; from += taken)
            for (size_t i = 0; i < taken; i++) mark = (mark ^ stream[from + i]) * 1099511628211u;
    }
    return mark ^ from ^ (uint64_t)state << 60;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    size_t cap = caps[fuzz_take(&data, &size) % (sizeof caps / sizeof caps[0])];
    uint32_t seed = fuzz_take(&data, &size);
    if (size > 4096) size = 4096;
    uint64_t whole = run(data, size, cap, 0);
    fuzz_require(run(data, size, cap, seed << 8 | 1) == whole, "cuts change nothing");
    fuzz_require(run(data, size, cap, seed << 16 | 7) == whole, "other cuts change nothing");
    return 0;
}
