#include "common/arena.h"
#include "support.h"
#include <stdlib.h>
#include <string.h>

static void idle_arena_holds_nothing(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, 100);
    assert_null(a.newest);
    assert_int_equal(a.used, 0);
    arena_free(&a); /* also without ever having taken anything */
    assert_non_null(arena_take(&a, 1));
    arena_free(&a);
    assert_null(a.newest);
    assert_non_null(arena_take(&a, 1)); /* usable again */
    arena_free(&a);
}

static void pieces_are_aligned_and_apart(void **state) {
    (void)state;
    struct arena a;
    struct dice dice = {1};
    uint8_t *pieces[500];
    size_t sizes[500];
    arena_init(&a, 4 << 20);
    for (size_t i = 0; i < 500; i++) {
        sizes[i] = roll_below(&dice, i % 50 ? 200 : 20000);
        pieces[i] = arena_take(&a, sizes[i]);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % 16, 0);
        memset(pieces[i], (int)i, sizes[i]);
    }
    for (size_t i = 0; i < 500; i++)
        for (size_t j = 0; j < sizes[i]; j++) assert_int_equal(pieces[i][j], (uint8_t)i);
    arena_free(&a);
}

static void zero_sized_pieces_are_apart(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, 64);
    void *one = arena_take(&a, 0), *other = arena_take(&a, 0);
    assert_non_null(one);
    assert_non_null(other);
    assert_ptr_not_equal(one, other);
    arena_free(&a);
}

static void cap_is_exact_and_soft(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, 160);
    assert_non_null(arena_take(&a, 150)); /* counts as 160 */
    assert_false(a.exhausted);
    assert_null(arena_take(&a, 1));
    assert_true(a.exhausted);
    arena_reset(&a);
    assert_false(a.exhausted);
    assert_int_equal(a.used, 0);
    assert_non_null(arena_take(&a, 160));
    arena_reset(&a);
    assert_null(arena_take(&a, 161));
    assert_null(arena_take(&a, SIZE_MAX));
    assert_null(arena_take(&a, SIZE_MAX - 14));
    assert_null(arena_copy(&a, "", SIZE_MAX));
    assert_int_equal(a.used, 0);
    arena_free(&a);
}

static void reset_keeps_one_small_block(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, 16 << 20);
    void *first = arena_take(&a, 100);
    for (int i = 0; i < 100; i++) assert_non_null(arena_take(&a, 100000));
    arena_reset(&a);
    assert_ptr_equal(arena_take(&a, 100), first);
    /* A large first request must not become what every idle arena keeps. */
    arena_free(&a);
    assert_non_null(arena_take(&a, 8 << 20));
    arena_reset(&a);
    allocations_fail_at(1);
    assert_non_null(arena_take(&a, 4000)); /* fits the kept block */
    assert_false(allocation_failed());
    assert_null(arena_take(&a, 4000)); /* and a second one does not */
    assert_true(allocation_failed());
    allocations_fail_at(0);
    arena_free(&a);
}

static void copies_and_prints(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, 1000);
    assert_string_equal(arena_copy(&a, "abcdef", 3), "abc");
    assert_string_equal(arena_copy(&a, NULL, 0), "");
    assert_string_equal(arena_printf(&a, "%s-%d", "联动", 7), "联动-7");
    assert_null(arena_printf(&a, "%1000d", 1));
    assert_true(a.exhausted);
    uint8_t *zeroed = arena_zero(&a, 300);
    for (size_t i = 0; i < 300; i++) assert_int_equal(zeroed[i], 0);
    arena_free(&a);
}

static bool take_several(void *arg) {
    struct arena a;
    (void)arg;
    arena_init(&a, 1 << 20);
    bool done = arena_copy(&a, "x", 1) && arena_take(&a, 5000) && arena_zero(&a, 100000) && arena_printf(&a, "%d", 1);
    assert_true(done || a.exhausted);
    arena_free(&a);
    return done;
}

static void survives_failing_allocations(void **state) {
    (void)state;
    assert_true(each_allocation_fails(take_several, NULL, false) > 3);
}

static void serves_protobuf(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, 64);
    void *piece = a.allocator.alloc(a.allocator.allocator_data, 32);
    assert_non_null(piece);
    a.allocator.free(a.allocator.allocator_data, piece); /* gives nothing back before reset */
    assert_int_equal(a.used, 32);
    assert_null(a.allocator.alloc(a.allocator.allocator_data, 64));
    arena_free(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(idle_arena_holds_nothing),     cmocka_unit_test(pieces_are_aligned_and_apart),
        cmocka_unit_test(zero_sized_pieces_are_apart),  cmocka_unit_test(cap_is_exact_and_soft),
        cmocka_unit_test(reset_keeps_one_small_block),  cmocka_unit_test(copies_and_prints),
        cmocka_unit_test(survives_failing_allocations), cmocka_unit_test(serves_protobuf),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
