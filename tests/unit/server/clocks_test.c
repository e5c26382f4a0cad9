#include "call/clocks.h"
#include "support.h"

/* One look: what the database's clock said, when the question left, when the answer came. */
static const struct wall first = {1000000, 5000, 5010};

static void no_leap_where_time_went_on(void **state) {
    (void)state;
    struct wall next = {1001000, 6000, 6010};
    assert_int_equal(wall_leap(&first, &next), 0);
    next.ms += 900; /* slewed, or read later than asked */
    assert_int_equal(wall_leap(&first, &next), 0);
}

static void one_that_waited_is_no_leap(void **state) {
    (void)state;
    struct wall early = {1001000, 6000, 96010}, late = {1091000, 6000, 96010};
    assert_int_equal(wall_leap(&first, &early), 0);
    assert_int_equal(wall_leap(&first, &late), 0);
    struct wall after = {1092000, 97010, 97020}; /* held against one that waited: neither way */
    assert_int_equal(wall_leap(&early, &after), 0);
    assert_int_equal(wall_leap(&late, &after), 0);
}

static void a_leap_and_how_far(void **state) {
    (void)state;
    struct wall ahead = {1000000 + 86400000 + 1005, 6000, 6010}, back = {1000000 - 3600000 + 1005, 6000, 6010};
    assert_int_equal(wall_leap(&first, &ahead), 86400000 - 5);
    assert_int_equal(wall_leap(&first, &back), -3600000 + 15);
    struct wall hidden = {1000000 + 86400000, 6000, 96010}; /* only what can't have been waiting counts */
    assert_int_equal(wall_leap(&first, &hidden), 86400000 - 91010);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_leap_where_time_went_on),
                                       cmocka_unit_test(one_that_waited_is_no_leap),
                                       cmocka_unit_test(a_leap_and_how_far)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
