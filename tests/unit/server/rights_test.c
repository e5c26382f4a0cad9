/* Who may see an event, and what a watcher is told of a record that came into sight or left it. */
#include "feed/rights.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

/* An event of office 3's record, judged for a role that sees its S1 and S2, and one by name up to S4. */
static void test_rights_are_judged(void **state) {
    (void)state;
    enum { NUM = 41, ME = 7, OTHER = 8 };
    static int64_t seen[] = {3 * 8 + 0, 3 * 8 + 1, 3 * 8 + 2};
    struct rights_role role = {.seen = seen, .seen_count = 3, .named_most = 4}, nobody = {.named_most = -1};
    int64_t pairs[] = {ME, 1000};
    struct rights_named open = {.num = NUM, .count = 1, .pairs = pairs}, *opened = &open;
    struct rights r = {0};
    const struct {
        int16_t level, was;
        int64_t subject, account, now;
        bool withdrawn;
        enum rights_verdict verdict;
    } cases[] = {
        {1, -1, 0, 0, 0, false, RIGHTS_EVENT},        {2, -1, 0, 0, 0, false, RIGHTS_EVENT},
        {3, -1, 0, 0, 0, false, RIGHTS_NOTHING},      {3, 1, 0, 0, 0, false, RIGHTS_RETRACT},
        {1, 3, 0, 0, 0, false, RIGHTS_GRANT},         {4, 3, 0, 0, 0, false, RIGHTS_NOTHING},
        {1, 2, 0, 0, 0, false, RIGHTS_EVENT},         {4, -1, 0, ME, 999, false, RIGHTS_EVENT},
        {4, -1, 0, ME, 1000, false, RIGHTS_NOTHING},  {4, -1, 0, OTHER, 0, false, RIGHTS_NOTHING},
        {4, 1, 0, ME, 0, false, RIGHTS_EVENT},        {4, -1, ME, ME, 0, false, RIGHTS_GRANT},
        {1, -1, ME, ME, 0, false, RIGHTS_EVENT},      {4, -1, ME, ME, 1000, true, RIGHTS_RETRACT},
        {4, -1, ME, OTHER, 0, false, RIGHTS_NOTHING},
    };
    HASH_ADD(hh, r.named, num, sizeof open.num, opened);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct event_right e = {.num = NUM,
                                .subject = cases[i].subject,
                                .origin = 3,
                                .sensitivity = cases[i].level,
                                .was = cases[i].was,
                                .area_was = -1,
                                .withdrawn = cases[i].withdrawn};
        if (rights_judge(&r, &role, cases[i].account, &e, cases[i].now) != cases[i].verdict) fail_msg("case %zu", i);
        assert_int_equal(rights_judge(&r, &nobody, cases[i].account, &e, 0) == RIGHTS_EVENT, false);
    }
    HASH_DEL(r.named, opened);
    assert_int_equal(rights_level(&r, NUM), RIGHTS_WORK);
    assert_true(rights_set_level(&r, NUM, 3) && rights_level(&r, NUM) == 3 && rights_level(&r, NUM + 1) == RIGHTS_WORK);
    assert_true(rights_set_level(&r, NUM, RIGHTS_WORK) && !r.levels);
    assert_non_null(rights_role(&r, 3, 1));
    assert_ptr_equal(rights_role(&r, 3, 1), rights_role(&r, 3, 1));
    rights_free(&r);
}

/* Office 9's record, for a role to whose office area 5 is assigned up to S1. */
static void test_an_area_is_one_more_origin(void **state) {
    (void)state;
    enum { NUM = 41 };
    static int64_t seen[] = {-(5 * 8 + 1), -(5 * 8 + 0), 3 * 8 + 1};
    struct rights_role role = {.seen = seen, .seen_count = 3, .named_most = -1}, nobody = {.named_most = -1};
    struct rights r = {0};
    const struct {
        int16_t level, was;
        int32_t area, area_was;
        enum rights_verdict verdict;
    } cases[] = {
        {1, -1, 0, -1, RIGHTS_NOTHING}, {1, -1, 5, -1, RIGHTS_EVENT},  {2, -1, 5, -1, RIGHTS_NOTHING},
        {1, -1, 6, -1, RIGHTS_NOTHING}, {1, -1, 5, 0, RIGHTS_GRANT},   {1, -1, 5, 6, RIGHTS_GRANT},
        {1, -1, 0, 5, RIGHTS_RETRACT},  {1, -1, 6, 5, RIGHTS_RETRACT}, {1, -1, 6, 7, RIGHTS_NOTHING},
        {2, -1, 6, 5, RIGHTS_NOTHING},  {2, 1, 5, -1, RIGHTS_RETRACT}, {1, 2, 5, -1, RIGHTS_GRANT},
        {1, -1, 3, -1, RIGHTS_NOTHING}, /* no area, an office has that number */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct event_right e = {.num = NUM,
                                .origin = 9,
                                .sensitivity = cases[i].level,
                                .was = cases[i].was,
                                .area = cases[i].area,
                                .area_was = cases[i].area_was};
        if (rights_judge(&r, &role, 0, &e, 0) != cases[i].verdict) fail_msg("case %zu", i);
        assert_int_equal(rights_judge(&r, &nobody, 0, &e, 0), RIGHTS_NOTHING);
    }
    assert_int_equal(rights_area(&r, NUM, 5), 5);
    assert_true(rights_set_area(&r, NUM, 6) && rights_area(&r, NUM, 5) == 6 && rights_area(&r, NUM + 1, 5) == 5);
    assert_true(rights_set_area(&r, NUM, 0) && rights_area(&r, NUM, 5) == 0);
    rights_free(&r);
}

/* Office 9's record, opened to office 4 until 1000 and to account 7: for roles of office 4, up to S2 for one of them.
 */
static void test_an_office_is_as_an_account(void **state) {
    (void)state;
    enum { NUM = 41, GIVEN = -4, ME = 7 };
    struct rights_role roles[] = {{.key = 4 * 256 + 3, .named_most = 4, .given_most = 2},
                                  {.key = 4 * 256 + 7, .named_most = -1, .given_most = -1},
                                  {.key = 5 * 256 + 3, .named_most = 4, .given_most = 2}};
    int64_t pairs[] = {GIVEN, 1000, ME, 2000};
    struct rights_named open = {.num = NUM, .count = 2, .pairs = pairs}, *opened = &open;
    struct rights_lapsed ended = {.account = GIVEN, .count = 1}, *lapsed = &ended;
    struct rights r = {0};
    const struct {
        int role;
        int16_t level;
        int64_t subject, account, now;
        bool withdrawn;
        enum rights_verdict verdict;
    } cases[] = {
        {0, 2, 0, 0, 999, false, RIGHTS_EVENT},       {0, 3, 0, 0, 999, false, RIGHTS_NOTHING},
        {0, 2, 0, 0, 1000, false, RIGHTS_NOTHING},    {1, 1, 0, 0, 999, false, RIGHTS_NOTHING},
        {2, 1, 0, 0, 999, false, RIGHTS_NOTHING},     {0, 2, GIVEN, 0, 999, false, RIGHTS_GRANT},
        {0, 3, GIVEN, 0, 999, false, RIGHTS_NOTHING}, {0, 2, GIVEN, 0, 1000, true, RIGHTS_RETRACT},
        {0, 3, GIVEN, 0, 1000, true, RIGHTS_NOTHING}, /* it never was open to it */
        {1, 1, GIVEN, 0, 1000, true, RIGHTS_NOTHING}, {2, 1, GIVEN, 0, 1000, true, RIGHTS_NOTHING},
        {0, 2, GIVEN, ME, 1000, true, RIGHTS_EVENT}, /* still open to the person */
        {0, 2, ME, ME, 999, true, RIGHTS_EVENT},      {0, 2, ME, ME, 2000, true, RIGHTS_RETRACT},
        {1, 1, ME, ME, 2000, true, RIGHTS_NOTHING},
    };
    HASH_ADD(hh, r.named, num, sizeof open.num, opened);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct event_right e = {.num = NUM,
                                .subject = cases[i].subject,
                                .origin = 9,
                                .sensitivity = cases[i].level,
                                .was = -1,
                                .area_was = -1,
                                .withdrawn = cases[i].withdrawn};
        if (rights_judge(&r, &roles[cases[i].role], cases[i].account, &e, cases[i].now) != cases[i].verdict)
            fail_msg("case %zu", i);
    }
    HASH_DEL(r.named, opened);
    uint64_t before[2][2], after[2][2];
    for (int i = 0; i < 2; i++) rights_veil(&r, &roles[i * 2], 0, before[i]);
    HASH_ADD(hh, r.lapsed, account, sizeof ended.account, lapsed);
    for (int i = 0; i < 2; i++) rights_veil(&r, &roles[i * 2], 0, after[i]);
    assert_memory_not_equal(before[0], after[0],
                            sizeof before[0]);                  /* its time was over: those of the office start anew, */
    assert_memory_equal(before[1], after[1], sizeof before[1]); /* and nobody else */
    HASH_DEL(r.lapsed, lapsed);
    rights_free(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rights_are_judged),
        cmocka_unit_test(test_an_area_is_one_more_origin),
        cmocka_unit_test(test_an_office_is_as_an_account),
    };
    return cmocka_run_group_tests_name("rights", tests, NULL, NULL);
}
