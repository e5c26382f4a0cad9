#include "client/doubt.h"
#include "support.h"

static void an_id_number_that_can_not_be(void **state) {
    (void)state;
    static const char *const good[] = {"11010519491231002X", "11010519491231002x", "110105 1949 1231 002X",
                                       "440524188001010014", "110105491231002", /* of fifteen digits, as they were */
                                       "护照 E12345678",     "E12345678"},
                             *const odd[] = {"110105194912310020", "11010519491231003X", "1101051949123100",
                                             "430302198001011235"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (doubt_about("id_no", good[i])) fail_msg("%s was doubted", good[i]);
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        if (!doubt_about("id_no", odd[i])) fail_msg("%s was not doubted", odd[i]);
}

static void a_telephone_with_a_digit_lost(void **state) {
    (void)state;
    static const char *const good[] = {"13800001111",   "138 0000 1111", "+86 138-0000-1111",
                                       "0731-58512345", "58512345",      "110",
                                       "12345",         "门卫室"},
                             *const odd[] = {"1380000111", "138000011112", "1380000 111"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (doubt_about("reporter_phone", good[i])) fail_msg("%s was doubted", good[i]);
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        if (!doubt_about("phone", odd[i])) fail_msg("%s was not doubted", odd[i]);
    assert_null(doubt_about("place", "1380000111"));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(an_id_number_that_can_not_be),
                                       cmocka_unit_test(a_telephone_with_a_digit_lost)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
