#include "common/clock.h"
#include "common/uuid.h"
#include "support.h"
#include <string.h>

static void ids_are_ordered_and_well_formed(void **state) {
    (void)state;
    uint8_t last[UUID_SIZE] = {0}, id[UUID_SIZE];
    for (int i = 0; i < 300000; i++) {
        assert_true(uuid_make(id));
        assert_true(memcmp(last, id, sizeof id) < 0);
        assert_int_equal(id[6] >> 4, 7);
        assert_int_equal(id[8] >> 6, 2);
        memcpy(last, id, sizeof id);
    }
}

static void id_tells_its_time(void **state) {
    (void)state;
    uint8_t id[UUID_SIZE];
    int64_t before = clock_now_ms(), at = 0;
    assert_true(uuid_make(id));
    for (int i = 0; i < 6; i++) at = at << 8 | id[i];
    /* It may be ahead only by what a burst before it borrowed from the future. */
    assert_true(at >= before && at <= clock_now_ms() + 1000);
}

/* Steps within a millisecond are random: neighbours don't tell each other. */
static void steps_are_not_constant(void **state) {
    (void)state;
    uint8_t ids[4][UUID_SIZE];
    for (int i = 0; i < 4; i++) assert_true(uuid_make(ids[i]));
    uint64_t tails[4];
    for (int i = 0; i < 4; i++) memcpy(&tails[i], ids[i] + 8, 8);
    uint64_t first = __builtin_bswap64(tails[1]) - __builtin_bswap64(tails[0]);
    uint64_t second = __builtin_bswap64(tails[2]) - __builtin_bswap64(tails[1]);
    assert_true(first != second);
}

static void text_both_ways(void **state) {
    (void)state;
    static const uint8_t id[UUID_SIZE] = {0x01, 0x8b, 0xcf, 0xe5, 0x68, 0x00, 0x70, 0x00,
                                          0x80, 0,    0,    0,    0xab, 0xcd, 0xef, 0xff};
    char text[UUID_TEXT_SIZE];
    uint8_t back[UUID_SIZE];
    uuid_print(text, id);
    assert_string_equal(text, "018bcfe5-6800-7000-8000-0000abcdefff");
    assert_true(uuid_parse(back, text, strlen(text)));
    assert_memory_equal(back, id, sizeof id);
    assert_true(uuid_parse(back, "018BCFE5-6800-7000-8000-0000ABCDEFFF", 36));
    assert_memory_equal(back, id, sizeof id);
    static const char *const bad[] = {
        "",
        "018bcfe5-6800-7000-8000-0000abcdeff",
        "018bcfe5-6800-7000-8000-0000abcdefff0",
        "018bcfe5068000700008000-0000abcdefff",
        "018bcfe5-6800-7000-8000-0000abcdefg0",
        "-18bcfe5-6800-7000-8000-0000abcdefff",
        "{18bcfe5-6800-7000-8000-0000abcdefff",
        "018bcfe56-800-7000-8000-0000abcdefff",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_false(uuid_parse(back, bad[i], strlen(bad[i])));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_ordered_and_well_formed),
        cmocka_unit_test(id_tells_its_time),
        cmocka_unit_test(steps_are_not_constant),
        cmocka_unit_test(text_both_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
