#include "common/frame.h"
#include "support.h"
#include <stdlib.h>
#include <string.h>

/* Looks at a copy of exactly this size, so that AddressSanitizer sees any byte read beyond it. */
static enum frame_state look(const uint8_t *bytes, size_t size, size_t cap, struct frame *frame) {
    uint8_t *exact = malloc(size ? size : 1);
    assert_non_null(exact);
    if (size) memcpy(exact, bytes, size);
    enum frame_state state = frame_look(exact, size, cap, frame);
    if (state == FRAME_WHOLE) {
        assert_true(frame->payload == exact + FRAME_HEADER);
        assert_int_equal(frame->payload_size + FRAME_HEADER, frame->need);
    }
    free(exact);
    return state;
}

static void header_is_big_endian(void **state) {
    (void)state;
    uint8_t out[FRAME_HEADER];
    frame_header(out, 0x01020304);
    assert_memory_equal(out, "\1\2\3\4", 4);
    frame_header(out, UINT32_MAX);
    assert_memory_equal(out, "\377\377\377\377", 4);
}

static void claims_are_judged_before_anything_is_taken(void **state) {
    (void)state;
    static const struct {
        uint32_t claim;
        size_t cap;
        enum frame_state state;
    } cases[] = {
        {0, FRAME_CAP_HELLO, FRAME_EMPTY},
        {1, FRAME_CAP_HELLO, FRAME_PARTIAL},
        {FRAME_CAP_HELLO, FRAME_CAP_HELLO, FRAME_PARTIAL},
        {FRAME_CAP_HELLO + 1, FRAME_CAP_HELLO, FRAME_TOO_LARGE},
        {FRAME_CAP - 1, FRAME_CAP, FRAME_PARTIAL},
        {FRAME_CAP, FRAME_CAP, FRAME_PARTIAL},
        {FRAME_CAP + 1, FRAME_CAP, FRAME_TOO_LARGE},
        {UINT32_C(1) << 31, FRAME_CAP, FRAME_TOO_LARGE},
        {UINT32_MAX, FRAME_CAP, FRAME_TOO_LARGE},
        {UINT32_MAX, SIZE_MAX, FRAME_TOO_LARGE}, /* header and payload together would not fit 32 bits */
        {UINT32_MAX - FRAME_HEADER, SIZE_MAX, FRAME_PARTIAL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t header[FRAME_HEADER];
        struct frame frame;
        frame_header(header, cases[i].claim);
        assert_int_equal(look(header, sizeof header, cases[i].cap, &frame), cases[i].state);
        if (cases[i].state == FRAME_PARTIAL) assert_true(frame.need == FRAME_HEADER + (size_t)cases[i].claim);
    }
}

static void needs_are_exact_at_every_size(void **state) {
    (void)state;
    uint8_t bytes[40];
    struct frame frame;
    memset(bytes, 0xee, sizeof bytes);
    frame_header(bytes, 20);
    for (size_t size = 0; size <= sizeof bytes; size++) {
        enum frame_state expected = size < 24 ? FRAME_PARTIAL : FRAME_WHOLE;
        assert_int_equal(look(bytes, size, 20, &frame), expected);
        assert_int_equal(frame.need, size < FRAME_HEADER ? FRAME_HEADER : 24);
    }
}

/* All splits of all short streams: 12 bytes over the interesting values. */
static void every_short_stream(void **state) {
    (void)state;
    struct dice dice = {21};
    static const uint8_t values[] = {0, 0, 0, 1, 2, 3, 255};
    for (int round = 0; round < 200000; round++) {
        uint8_t bytes[12];
        size_t size = roll_below(&dice, sizeof bytes + 1);
        for (size_t i = 0; i < size; i++) bytes[i] = values[roll_below(&dice, sizeof values)];
        for (size_t at = 0; at < size;) {
            struct frame frame;
            enum frame_state state_now = look(bytes + at, size - at, 600, &frame);
            uint64_t claim = size - at < 4
                                 ? 0
                                 : (uint64_t)bytes[at] << 24 | bytes[at + 1] << 16 | bytes[at + 2] << 8 | bytes[at + 3];
            enum frame_state expected = size - at < 4            ? FRAME_PARTIAL
                                        : claim == 0             ? FRAME_EMPTY
                                        : claim > 600            ? FRAME_TOO_LARGE
                                        : claim + 4 <= size - at ? FRAME_WHOLE
                                                                 : FRAME_PARTIAL;
            assert_int_equal(state_now, expected);
            if (state_now != FRAME_WHOLE) break;
            at += frame.need;
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_is_big_endian),
        cmocka_unit_test(claims_are_judged_before_anything_is_taken),
        cmocka_unit_test(needs_are_exact_at_every_size),
        cmocka_unit_test(every_short_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
