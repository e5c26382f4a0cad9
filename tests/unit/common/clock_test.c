#include "common/clock.h"
#include "support.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

#define DAY INT64_C(86400000)
/* 2023-06-25 20:15:03.123 in +08:00 */
#define NOW INT64_C(1687695303123)

static void prints_known_times(void **state) {
    (void)state;
    static const struct {
        int64_t ms;
        const char *here, *utc;
    } cases[] = {
        {0, "1970-01-01 08:00:00", "1970-01-01T00:00:00.000Z"},
        {-1, "1970-01-01 07:59:59", "1969-12-31T23:59:59.999Z"},
        {NOW, "2023-06-25 20:15:03", "2023-06-25T12:15:03.123Z"},
        {INT64_C(951811200000), "2000-02-29 16:00:00", "2000-02-29T08:00:00.000Z"},
        {INT64_C(253402271999999), "9999-12-31 23:59:59", "9999-12-31T15:59:59.999Z"},
        {INT64_C(-62135596800000), "0001-01-01 08:00:00", "0001-01-01T00:00:00.000Z"},
        {INT64_C(253402300799999), "-", "9999-12-31T23:59:59.999Z"}, /* the year 10000 has begun here */
        {INT64_C(253402300800000), "-", "-"},
        {INT64_C(-62135596800001), "0001-01-01 07:59:59", "-"},
        {INT64_MAX, "-", "-"},
        {INT64_MIN, "-", "-"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[CLOCK_TEXT_SIZE];
        clock_print(out, cases[i].ms);
        assert_string_equal(out, cases[i].here);
        clock_print_utc(out, cases[i].ms);
        assert_string_equal(out, cases[i].utc);
    }
}

/* The C library's calendar as a second opinion, over 8,000 years. */
static void agrees_with_the_library(void **state) {
    (void)state;
    struct dice dice = {11};
    for (int i = 0; i < 200000; i++) {
        int64_t seconds = (int64_t)roll_below(&dice, UINT64_C(250000000000)) - INT64_C(10000000000);
        time_t t = (time_t)seconds;
        struct tm parts;
        char out[CLOCK_TEXT_SIZE], expected[64];
        assert_non_null(gmtime_r(&t, &parts));
        strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%S.007Z", &parts);
        clock_print_utc(out, seconds * 1000 + 7);
        assert_string_equal(out, expected);
    }
}

static int64_t parsed(const char *text) {
    int64_t ms = -1;
    if (!clock_parse(&ms, text, NOW)) fail_msg("\"%s\" was not understood", text);
    return ms;
}

static void reads_what_people_type(void **state) {
    (void)state;
    static const struct {
        const char *text, *here;
    } cases[] = {
        {"2023-06-25", "2023-06-25 00:00:00"},
        {"2023-6-5 8:05", "2023-06-05 08:05:00"},
        {"2023-06-25 20:15", "2023-06-25 20:15:00"},
        {"2023-06-25 20:15:07", "2023-06-25 20:15:07"},
        {"2023-06-25T12:15:03Z", "2023-06-25 20:15:03"},
        {"2023-06-25T12:15:03.500Z", "2023-06-25 20:15:03"},
        {"2023-06-25T20:15:03+08:00", "2023-06-25 20:15:03"},
        {"2023-06-25T20:15:03+0800", "2023-06-25 20:15:03"},
        {"2023-06-25T06:45:03-05:30", "2023-06-25 20:15:03"},
        {"2023-06-25T20:15", "2023-06-25 20:15:00"},
        {"2023年6月25日 20时15分", "2023-06-25 20:15:00"},
        {"2023年6月25日20时15分3秒", "2023-06-25 20:15:03"},
        {"2023年06月25日", "2023-06-25 00:00:00"},
        {"2023年6月25日 20时", "2023-06-25 20:00:00"},
        {"6月25日 20:15", "2023-06-25 20:15:00"},
        {"6月25日", "2023-06-25 00:00:00"},
        {"12月31日 23:50", "2022-12-31 23:50:00"}, /* not in the future: last year's */
        {"20:15", "2023-06-25 20:15:00"},
        {"20：15", "2023-06-25 20:15:00"}, /* as a Chinese input method types it */
        {"8:05", "2023-06-25 08:05:00"},
        {"昨天 20:15", "2023-06-24 20:15:00"},
        {"昨天20:15", "2023-06-24 20:15:00"},
        {"昨天", "2023-06-24 00:00:00"},
        {"前天 1:02:03", "2023-06-23 01:02:03"},
        {"今天 9时", "2023-06-25 09:00:00"},
        {"2023/6/25 20:15", "2023-06-25 20:15:00"},
        {"2023.06.25", "2023-06-25 00:00:00"},
        {"06-24 20:15", "2023-06-24 20:15:00"}, /* as a list prints it */
        {"6月24号 8点", "2023-06-24 08:00:00"},
        {"昨天22点", "2023-06-24 22:00:00"},
        {"昨晚10点半", "2023-06-24 22:30:00"},
        {"昨晚 22:10", "2023-06-24 22:10:00"},
        {"今早8点", "2023-06-25 08:00:00"},
        {"晚上8点5分", "2023-06-25 20:05:00"},
        {"下午3:20", "2023-06-25 15:20:00"},
        {"中午12点", "2023-06-25 12:00:00"},
        {"中午1点", "2023-06-25 13:00:00"},
        {"凌晨12点", "2023-06-25 00:00:00"},
        {"昨天凌晨3点", "2023-06-24 03:00:00"},
        {"2024-02-29", "2024-02-29 00:00:00"},
        {"2000-02-29", "2000-02-29 00:00:00"},
        {"  2023-06-25  ", "2023-06-25 00:00:00"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[CLOCK_TEXT_SIZE];
        clock_print(out, parsed(cases[i].text));
        if (strcmp(out, cases[i].here)) fail_msg("\"%s\" became %s", cases[i].text, out);
    }
}

static void reads_times_before_now(void **state) {
    (void)state;
    assert_int_equal(parsed("now"), NOW);
    assert_int_equal(parsed("现在"), NOW);
    assert_int_equal(parsed("30s"), NOW - 30000);
    assert_int_equal(parsed("10m"), NOW - 600000);
    assert_int_equal(parsed("10分钟前"), NOW - 600000);
    assert_int_equal(parsed("10 分钟前"), NOW - 600000);
    assert_int_equal(parsed("2h"), NOW - 7200000);
    assert_int_equal(parsed("2小时前"), NOW - 7200000);
    assert_int_equal(parsed("3d"), NOW - 3 * DAY);
    assert_int_equal(parsed("3天前"), NOW - 3 * DAY);
    assert_int_equal(parsed("99999d"), NOW - 99999 * DAY);
    assert_int_equal(parsed("+3d"), NOW + 3 * DAY);
    assert_int_equal(parsed("3天后"), NOW + 3 * DAY);
    assert_int_equal(parsed("3 天内"), NOW + 3 * DAY);
    assert_int_equal(parsed("2小时后"), NOW + 7200000);
    assert_int_equal(parsed("明天 20:15"), parsed("昨天 20:15") + 2 * DAY);
    assert_int_equal(parsed("后天"), parsed("前天") + 4 * DAY);
    assert_int_equal(parsed("半小时前"), NOW - 1800000);
    assert_int_equal(parsed("半个小时后"), NOW + 1800000);
    assert_int_equal(parsed("2周前"), NOW - 14 * DAY);
}

static int64_t parsed_as(const char *text, enum clock_sense sense) {
    int64_t ms = -1;
    if (!clock_parse_as(&ms, text, NOW, sense)) fail_msg("\"%s\" was not understood", text);
    return ms;
}

static void what_it_is_for_says_how_it_is_meant(void **state) {
    (void)state;
    assert_int_equal(parsed_as("3d", CLOCK_AHEAD), NOW + 3 * DAY);
    assert_int_equal(parsed_as("3天", CLOCK_AHEAD), NOW + 3 * DAY);
    assert_int_equal(parsed_as("3天前", CLOCK_AHEAD), NOW - 3 * DAY);
    assert_int_equal(parsed_as("12月31日", CLOCK_AHEAD), parsed("2023-12-31"));
    assert_int_equal(parsed_as("1月5日 18:00", CLOCK_AHEAD), parsed("2024-01-05 18:00"));
    assert_int_equal(parsed_as("2023-03-31", CLOCK_END), parsed("2023-04-01"));
    assert_int_equal(parsed_as("3月31日", CLOCK_END), parsed("2023-04-01"));
    assert_int_equal(parsed_as("昨天", CLOCK_END), parsed("今天"));
    assert_int_equal(parsed_as("2023-03-31 00:00", CLOCK_END), parsed("2023-03-31")); /* to the minute */
    assert_int_equal(parsed_as("3d", CLOCK_END), NOW - 3 * DAY);
}

static void leap_day_without_a_year(void **state) {
    (void)state;
    int64_t ms, now;
    char out[CLOCK_TEXT_SIZE];
    assert_true(clock_parse(&now, "2025-01-15", NOW));
    assert_true(clock_parse(&ms, "2月29日", now));
    clock_print(out, ms);
    assert_string_equal(out, "2024-02-29 00:00:00");
    assert_true(clock_parse(&now, "2023-03-15", NOW));
    assert_false(clock_parse(&ms, "2月29日", now)); /* neither this year nor last */
}

static void refuses_the_rest(void **state) {
    (void)state;
    static const char *const bad[] = {
        "+3天后",
        "3天",
        "+",
        "3天后前",
        "",
        " ",
        "x",
        "2023",
        "2023-13-01",
        "2023-00-10",
        "2023-02-29",
        "2100-02-29",
        "2023-06-31",
        "2023-06-00",
        "0000-01-01",
        "23-06-25",
        "20230625",
        "2023-06-25x",
        "2023-06-25 24:00",
        "2023-06-25 20:60",
        "2023-06-25 20:15:60",
        "2023-06-25 20",
        "2023-06-25 20:1",
        "2023-06-25T",
        "2023-06-25T20:15:03+8",
        "2023-06-25T20:15:03+24:00",
        "2023-06-25T20:15:03Zx",
        "2023-06-25 20:15 x",
        "6月",
        "6月25",
        "25日",
        "2023年6月",
        "昨天 x",
        "昨天x",
        "10",
        "10x",
        "m",
        "-5m",
        "999999d",
        "1000000d",
        "10分钟",
        "nowx",
        "20:15 昨天",
        "2023-06-25 20时15",
        "晚上12点", /* this day's end, or the next one's */
        "上午15点",
        "昨晚",
        "昨晚凌晨3点",
        "6.25 20:15",
        "半3小时前",
        "半h",
        "半小时",
        "20:15:03.1",
        "20:15:03.1234",
        "9999999999999999999999-01-01",
        "2023--06-25",
        "+2023-06-25",
        "２０２３-06-25",
        "2023-06-25 20:15:03 and a tail that is far too long to be a time of any kind at all",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t ms = 42;
        if (clock_parse(&ms, bad[i], NOW)) fail_msg("\"%s\" was taken for a time", bad[i]);
        assert_int_equal(ms, 42);
    }
}

/* What is printed can be read again. */
static void print_and_parse_agree(void **state) {
    (void)state;
    struct dice dice = {5};
    for (int i = 0; i < 50000; i++) {
        int64_t ms = (int64_t)roll_below(&dice, UINT64_C(253402000000)) * 1000, back;
        char out[CLOCK_TEXT_SIZE];
        clock_print(out, ms);
        assert_true(clock_parse(&back, out, NOW));
        assert_int_equal(back, ms);
        clock_print_utc(out, ms + 456);
        assert_true(clock_parse(&back, out, NOW));
        assert_int_equal(back, ms + 456);
    }
}

static void clocks_go_on(void **state) {
    (void)state;
    uint64_t before = clock_monotonic_us();
    int64_t wall = clock_now_ms();
    assert_true(wall > INT64_C(1600000000000));
    while (clock_monotonic_us() == before) continue;
    assert_true(clock_monotonic_us() > before);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_known_times),
        cmocka_unit_test(agrees_with_the_library),
        cmocka_unit_test(reads_what_people_type),
        cmocka_unit_test(reads_times_before_now),
        cmocka_unit_test(what_it_is_for_says_how_it_is_meant),
        cmocka_unit_test(leap_day_without_a_year),
        cmocka_unit_test(refuses_the_rest),
        cmocka_unit_test(print_and_parse_agree),
        cmocka_unit_test(clocks_go_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
