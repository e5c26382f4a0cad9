#include "client/suggest.h"
#include "support.h"
#include <string.h>

static void distances(void **state) {
    (void)state;
    assert_int_equal(suggest_distance("", ""), 0);
    assert_int_equal(suggest_distance("abc", ""), 3);
    assert_int_equal(suggest_distance("kitten", "sitting"), 3);
    assert_int_equal(suggest_distance("Report", "report"), 0);
    assert_int_equal(suggest_distance("reprot", "report"), 1);     /* two swapped are one slip */
    assert_int_equal(suggest_distance("扬言极端", "扬言极瑞"), 1); /* one character, not three bytes */
    assert_int_equal(suggest_distance("\xff\xfe", "a"), 2);        /* malformed bytes count one each */
}

static const char *nearest(const char *typed, const char *const *words, size_t count) {
    struct suggest s;
    suggest_begin(&s, typed);
    for (size_t i = 0; i < count; i++) suggest_offer(&s, words[i]);
    return s.best;
}

static void offers_only_what_is_near(void **state) {
    (void)state;
    static const char *const words[] = {"report", "show", "list", "dispatch"};
    assert_string_equal(nearest("reprot", words, 4), "report");
    assert_string_equal(nearest("dispach", words, 4), "dispatch");
    assert_string_equal(nearest("lst", words, 4), "list");
    assert_null(nearest("zzzzzz", words, 4));
    assert_null(nearest("", words, 4)); /* nothing typed is no slip */
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(distances), cmocka_unit_test(offers_only_what_is_near)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
