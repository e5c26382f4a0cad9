#include "common/buffer.h"
#include "support.h"
#include <stdlib.h>
#include <string.h>

static void judge(const struct buffer *b) {
    assert_true(b->begin <= b->end && b->end <= b->room && b->room <= b->cap);
    assert_true(b->data || b->room == 0);
}

static void puts_and_consumes(void **state) {
    (void)state;
    struct buffer b;
    buffer_init(&b, 10);
    assert_null(buffer_head(&b));
    assert_true(buffer_put(&b, "abcdef", 6));
    buffer_consume(&b, 2);
    assert_memory_equal(buffer_head(&b), "cdef", 4);
    assert_true(buffer_put(&b, "ghijkl", 6)); /* exactly the cap, with the hole in front */
    assert_memory_equal(buffer_head(&b), "cdefghijkl", 10);
    assert_false(buffer_put(&b, "x", 1));
    assert_int_equal(buffer_size(&b), 10);
    buffer_consume(&b, 10);
    assert_int_equal(b.begin, 0); /* an empty buffer starts in front again */
    judge(&b);
    buffer_free(&b);
    assert_null(b.data);
    assert_int_equal(b.cap, 10);
    assert_true(buffer_put(&b, "x", 1));
    buffer_free(&b);
}

static void nothing_is_put_for_free(void **state) {
    (void)state;
    struct buffer b;
    buffer_init(&b, 0);
    assert_true(buffer_put(&b, NULL, 0));
    assert_null(b.data);
    assert_null(buffer_reserve(&b, 1));
    buffer_init(&b, SIZE_MAX);
    assert_true(buffer_put(&b, "abc", 3));
    assert_null(buffer_reserve(&b, SIZE_MAX)); /* no overflow of held + size */
    assert_memory_equal(buffer_head(&b), "abc", 3);
    buffer_free(&b);
}

static void lowered_cap_refuses(void **state) {
    (void)state;
    struct buffer b;
    buffer_init(&b, 100);
    assert_true(buffer_put(&b, "0123456789", 10));
    b.cap = 5;
    assert_null(buffer_reserve(&b, 1));
    b.cap = 100;
    buffer_free(&b);
}

/* The same as a plain array would do, for a long random life. */
static void behaves_like_an_array(void **state) {
    (void)state;
    struct dice dice = {7};
    for (size_t cap = 1; cap < 9000; cap = cap * 3 + 1) {
        struct buffer b;
        uint8_t *model = malloc(cap), byte = 0;
        size_t held = 0;
        buffer_init(&b, cap);
        for (int step = 0; step < 3000; step++) {
            size_t size = roll_below(&dice, cap / 3 + 2);
            if (roll_below(&dice, 2)) {
                uint8_t *to = buffer_reserve(&b, size);
                assert_int_equal(to != NULL || size == 0, held + size <= cap || size == 0);
                if (to && size) {
                    for (size_t i = 0; i < size; i++) to[i] = model[held + i] = byte++;
                    buffer_grew(&b, size);
                    held += size;
                }
            } else {
                size = size < held ? size : held;
                buffer_consume(&b, size);
                memmove(model, model + size, held - size);
                held -= size;
            }
            judge(&b);
            assert_int_equal(buffer_size(&b), held);
            if (held) assert_memory_equal(buffer_head(&b), model, held);
        }
        free(model);
        buffer_free(&b);
    }
}

static bool grow_twice(void *arg) {
    struct buffer b;
    char bytes[3000] = "begin";
    (void)arg;
    buffer_init(&b, 1 << 20);
    bool first = buffer_put(&b, bytes, sizeof bytes);
    bool second = first && buffer_put(&b, bytes, sizeof bytes);
    if (first) assert_memory_equal(buffer_head(&b), bytes, sizeof bytes); /* a failed growth changes nothing */
    assert_int_equal(buffer_size(&b), (first + second) * sizeof bytes);
    buffer_free(&b);
    return second;
}

static bool move_where_growing_fails(void *arg) {
    struct buffer b;
    char bytes[1024] = "begin";
    (void)arg;
    buffer_init(&b, 1 << 20);
    bool ok = buffer_put(&b, bytes, sizeof bytes);
    if (ok) {
        buffer_consume(&b, 100);
        ok = buffer_put(&b, bytes, 50); /* would rather grow, but fits after moving */
        assert_true(ok);
        assert_int_equal(buffer_size(&b), 974);
    }
    buffer_free(&b);
    return ok;
}

static void survives_failing_allocations(void **state) {
    (void)state;
    assert_true(each_allocation_fails(grow_twice, NULL, false) > 2);
    each_allocation_fails(move_where_growing_fails, NULL, true);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(puts_and_consumes),
        cmocka_unit_test(nothing_is_put_for_free),
        cmocka_unit_test(lowered_cap_refuses),
        cmocka_unit_test(behaves_like_an_array),
        cmocka_unit_test(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
