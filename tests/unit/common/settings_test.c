#include "common/settings.h"
#include "common/text.h"
#include "support.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct values {
    char *name, *free_text, *mode, *password;
    int64_t count, bytes, wait;
    bool on;
};
#define AT(member) offsetof(struct values, member)
static const struct setting table[] = {
    {"name", SETTING_STRING, AT(name), "standard", 1, 16, NULL, false, false, "a name"},
    {"free_text", SETTING_STRING, AT(free_text), NULL, 0, 3000, NULL, true, false, "any text"},
    {"mode", SETTING_CHOICE, AT(mode), "fast", 0, 0, "fast slow", true, false, "one of two"},
    {"password", SETTING_STRING, AT(password), NULL, 0, 64, NULL, false, true, "never shown"},
    {"count", SETTING_INTEGER, AT(count), "3", -5, 1000, NULL, false, false, "a number"},
    {"bytes", SETTING_SIZE, AT(bytes), "64KiB", 0, INT64_C(1) << 40, NULL, true, false, "a size"},
    {"wait", SETTING_DURATION, AT(wait), "30s", 0, INT64_C(90) * 86400000, NULL, true, false, "a time"},
    {"on", SETTING_BOOLEAN, AT(on), "off", 0, 0, NULL, true, false, "a switch"},
};
#define ROWS (sizeof table / sizeof *table)

static struct values fresh(void) {
    struct values v = {0};
    struct settings_error error;
    assert_true(settings_defaults(table, ROWS, &v, &error));
    return v;
}

static void release(struct values *v) { settings_release(table, ROWS, v); }

/* A refusal is one Chinese sentence with all of these words in it, and changes nothing. */
static void expect_words(const struct settings_error *error, const char *const *words) {
    assert_int_equal(text_check(error->text, strlen(error->text), false, NULL), TEXT_OK);
    assert_string_equal(error->text + strlen(error->text) - strlen("。"), "。");
    assert_non_null(strstr(error->text, "请"));
    for (; *words; words++)
        if (!strstr(error->text, *words)) fail_msg("\"%s\" does not say \"%s\"", error->text, *words);
}
#define EXPECT_WORDS(error, ...) expect_words(error, (const char *const[]){__VA_ARGS__, NULL})

static void defaults_come_from_the_table(void **state) {
    (void)state;
    struct values v = fresh();
    assert_string_equal(v.name, "standard");
    assert_string_equal(v.free_text, "");
    assert_string_equal(v.mode, "fast");
    assert_string_equal(v.password, "");
    assert_int_equal(v.count, 3);
    assert_int_equal(v.bytes, 65536);
    assert_int_equal(v.wait, 30000);
    assert_false(v.on);
    release(&v);
    assert_null(v.name);
    assert_int_equal(v.count, 0);
    release(&v); /* once more does nothing */
}

static void numbers_have_units_and_ranges(void **state) {
    (void)state;
    static const struct {
        const char *key, *text;
        int64_t value; /* -1: refused */
    } cases[] = {
        {"count", "0", 0},
        {"count", "1000", 1000},
        {"count", "1001", -1},
        {"count", "-6", -1},
        {"count", "", -1},
        {"count", "7x", -1},
        {"count", "0x7", -1},
        {"count", "+7", -1},
        {"count", "1e2", -1},
        {"count", "--5", -1},
        {"count", "99999999999999999999", -1},
        {"bytes", "0", 0},
        {"bytes", "4096", 4096},
        {"bytes", "64KiB", 65536},
        {"bytes", "64 KiB", 65536},
        {"bytes", "1GiB", 1 << 30},
        {"bytes", "64kb", -1},
        {"bytes", "64K", -1},
        {"bytes", "-1KiB", -1},
        {"bytes", "9000000000GiB", -1},
        {"bytes", "1.5MiB", -1},
        {"bytes", "KiB", -1},
        {"bytes", "2048GiB", -1},
        {"wait", "250ms", 250},
        {"wait", "30s", 30000},
        {"wait", "5min", 300000},
        {"wait", "1h", 3600000},
        {"wait", "30d", INT64_C(2592000000)},
        {"wait", "0", 0},
        {"wait", "30", -1},
        {"wait", "30S", -1},
        {"wait", "1m", -1},
        {"wait", "91d", -1},
        {"wait", "9223372036854775807d", -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct values v = fresh();
        struct settings_error error = {""};
        bool ok = settings_set(table, ROWS, &v, cases[i].key, cases[i].text, "here", &error);
        int64_t value = cases[i].key[0] == 'c' ? v.count : cases[i].key[0] == 'b' ? v.bytes : v.wait;
        int64_t standard = cases[i].key[0] == 'c' ? 3 : cases[i].key[0] == 'b' ? 65536 : 30000;
        if (ok != (cases[i].value >= 0) || value != (ok ? cases[i].value : standard))
            fail_msg("%s = %s", cases[i].key, cases[i].text);
        if (!ok) EXPECT_WORDS(&error, "here：", cases[i].key, cases[i].text, "范围");
        release(&v);
    }
    struct values v = fresh();
    struct settings_error error;
    assert_true(settings_set(table, ROWS, &v, "count", "-5", "here", &error));
    assert_int_equal(v.count, -5);
    assert_false(settings_set(table, ROWS, &v, "wait", "91d", "--wait", &error));
    EXPECT_WORDS(&error, "--wait：", "wait", "“91d”", "超出范围", "0 到 90d");
    release(&v);
}

static void words_are_checked(void **state) {
    (void)state;
    struct values v = fresh();
    struct settings_error error;
    static const char *const on[] = {"on", "true", "yes", "1"}, *const off[] = {"off", "false", "no", "0"};
    for (size_t i = 0; i < 4; i++) {
        assert_true(settings_set(table, ROWS, &v, "on", on[i], "x", &error));
        assert_true(v.on);
        assert_true(settings_set(table, ROWS, &v, "on", off[i], "x", &error));
        assert_false(v.on);
    }
    assert_false(settings_set(table, ROWS, &v, "on", "ON", "x", &error));
    EXPECT_WORDS(&error, "on 或 off");
    assert_true(settings_set(table, ROWS, &v, "mode", "slow", "x", &error));
    assert_string_equal(v.mode, "slow");
    static const char *const bad_modes[] = {"", "slo", "slower", "fast slow", " ", "Fast"};
    for (size_t i = 0; i < sizeof bad_modes / sizeof *bad_modes; i++)
        assert_false(settings_set(table, ROWS, &v, "mode", bad_modes[i], "x", &error));
    EXPECT_WORDS(&error, "fast slow");
    assert_string_equal(v.mode, "slow");
    assert_false(settings_set(table, ROWS, &v, "name", "", "x", &error));
    assert_false(settings_set(table, ROWS, &v, "name", "   ", "x", &error));
    assert_false(settings_set(table, ROWS, &v, "name", "12345678901234567", "x", &error));
    EXPECT_WORDS(&error, "太长", "1 到 16");
    assert_false(settings_set(table, ROWS, &v, "name", "a\x1b[2J", "x", &error));
    EXPECT_WORDS(&error, "控制字符", "\\x1b");
    assert_false(settings_set(table, ROWS, &v, "name", "a\xff", "x", &error));
    assert_string_equal(v.name, "standard");
    assert_true(settings_set(table, ROWS, &v, "name", "  岳塘 所  ", "x", &error));
    assert_string_equal(v.name, "岳塘 所");
    assert_false(settings_set(table, ROWS, &v, "nmae", "x", "/etc/x.ini:7", &error));
    EXPECT_WORDS(&error, "/etc/x.ini:7：", "nmae", "--help");
    char long_secret[80];
    memset(long_secret, 's', sizeof long_secret - 1);
    long_secret[sizeof long_secret - 1] = '\0';
    assert_false(settings_set(table, ROWS, &v, "password", long_secret, "x", &error));
    assert_null(strstr(error.text, "sss")); /* a secret is not repeated */
    release(&v);
}

/* ---- files */

static bool read_file(struct values *v, const char *content, size_t size, struct settings_error *error) {
    *v = fresh();
    return settings_read_file(table, ROWS, v, scratch_write("settings.ini", content, size), error);
}

static void a_file_sets_values(void **state) {
    (void)state;
    struct values v;
    struct settings_error error;
    static const char content[] = "\xef\xbb\xbf# 注释\n\n; another\n[liandong]\nname = 岳塘\r\n  count=7\nwait:\t5min\n"
                                  "password = a;b ;c # \"d\"\nfree_text = x = y\n";
    assert_true(read_file(&v, content, sizeof content - 1, &error));
    assert_string_equal(v.name, "岳塘");
    assert_int_equal(v.count, 7);
    assert_int_equal(v.wait, 300000);
    assert_string_equal(v.password, "a;b ;c # \"d\""); /* nothing behind a value is a comment */
    assert_string_equal(v.free_text, "x = y");
    assert_string_equal(v.mode, "fast"); /* what it does not name stays */
    release(&v);
    assert_true(read_file(&v, "name = a", 8, &error)); /* without a newline at the end */
    release(&v);
    assert_true(read_file(&v, "# only comments\n", 16, &error));
    release(&v);
}

/* inih alone would cut at 200 bytes and take the rest for another line. */
static void long_lines(void **state) {
    (void)state;
    struct values v;
    struct settings_error error;
    char content[10000] = "free_text = ";
    size_t head = strlen(content);
    memset(content + head, 'x', 2900);
    assert_true(read_file(&v, content, head + 2900, &error));
    assert_int_equal(strlen(v.free_text), 2900);
    release(&v);
    memset(content + head, 'x', 9000);
    assert_false(read_file(&v, content, head + 9000, &error));
    EXPECT_WORDS(&error, "settings.ini:1：", "太长");
    release(&v);
}

static void bad_files_name_the_line(void **state) {
    (void)state;
    static const struct {
        const char *content, *place, *word;
    } cases[] = {
        {"name = a\ncuont = 7\n", "settings.ini:2：", "cuont"},
        {"\n\n\ncount = many\n", "settings.ini:4：", "“many”"},
        {"count = 1\nname = a\ncount = 1\n", "settings.ini:3：", "只保留一行"},
        {"count = 1\n  count = 2\n", "settings.ini:2：", "只保留一行"},
        {"count = 1\njust words\n", "settings.ini:2：", "名称 = 值"},
        {"[liandong\ncount = 1\n", "settings.ini:1：", "[liandong]"},
        {"[other]\ncount = 1\n", "settings.ini:2：", "[liandong]"},
        {"count = 1\nname = a\xff\n", "settings.ini:2：", "UTF-8"},
        {"count = 1\nname = a\x1b[2J\n", "settings.ini:2：", "控制字符"},
        {"count = bad\nmode = bad\n", "settings.ini:1：", "count"}, /* the first one */
        {"= 1\n", "settings.ini:1：", "设置"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct values v;
        struct settings_error error = {""};
        if (read_file(&v, cases[i].content, strlen(cases[i].content), &error)) fail_msg("case %zu passed", i);
        EXPECT_WORDS(&error, cases[i].place, cases[i].word);
        release(&v);
    }
    struct values v;
    struct settings_error error;
    assert_false(read_file(&v, "name = a\0b\n", 11, &error));
    EXPECT_WORDS(&error, "settings.ini:1：");
    release(&v);
}

static void unreadable_files(void **state) {
    (void)state;
    struct values v = fresh();
    struct settings_error error;
    assert_false(settings_read_file(table, ROWS, &v, "/nonexistent/x.ini", &error));
    EXPECT_WORDS(&error, "/nonexistent/x.ini：", "打不开");
    assert_false(settings_read_file(table, ROWS, &v, "/", &error));
    EXPECT_WORDS(&error, "/：");
    release(&v);
    assert_false(read_file(&v, "", 0, &error)); /* a file that was cut off must not mean "all defaults" */
    EXPECT_WORDS(&error, "空的");
    release(&v);
    char *big = calloc(1, 300000);
    assert_non_null(big);
    memset(big, '\n', 300000);
    assert_false(read_file(&v, big, 300000, &error));
    EXPECT_WORDS(&error, "256KiB");
    release(&v);
    free(big);
}

/* ---- environment and flags */

static void the_environment_sets_values(void **state) {
    (void)state;
    struct values v = fresh();
    struct settings_error error;
    static const char *const ignore[] = {"LIANDONG_OTHER", NULL};
    char *good[] = {(char[]){"HOME=/"},
                    (char[]){"LIANDONG_COUNT=9"},
                    (char[]){"LIANDONG_FREE_TEXT=a=b"},
                    (char[]){"LIANDONG_OTHER=1"},
                    (char[]){"XLIANDONG_COUNT=1"},
                    (char[]){"LIANDONG_PASSWORD=secret"},
                    (char[]){"strange"},
                    NULL};
    assert_true(settings_read_environment(table, ROWS, &v, good, ignore, &error));
    assert_int_equal(v.count, 9);
    assert_string_equal(v.free_text, "a=b");
    assert_string_equal(v.password, "secret");
    assert_false(settings_read_environment(table, ROWS, &v, good, NULL, &error));
    EXPECT_WORDS(&error, "LIANDONG_OTHER", "unset");
    static const char *const unknown[] = {
        "LIANDONG_COUNTT=1", "LIANDONG_count=1", "LIANDONG_=1", "LIANDONG_OTHER_THING=1",
        "LIANDONG_A_NAME_THAT_IS_LONGER_THAN_ANY_NAME_OF_A_SETTING_COULD_EVER_BE_HERE=1"};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        char entry[128];
        char *environment[] = {entry, NULL};
        snprintf(entry, sizeof entry, "%s", unknown[i]);
        if (settings_read_environment(table, ROWS, &v, environment, ignore, &error))
            fail_msg("%s was ignored", unknown[i]);
    }
    char *bad[] = {(char[]){"LIANDONG_COUNT=x"}, NULL};
    assert_false(settings_read_environment(table, ROWS, &v, bad, ignore, &error));
    EXPECT_WORDS(&error, "LIANDONG_COUNT：", "“x”");
    release(&v);
}

static void flags_set_values(void **state) {
    (void)state;
    struct values v = fresh();
    struct settings_error error;
    bool used;
    assert_true(settings_read_flag(table, ROWS, &v, "--count=8", "9", &used, &error));
    assert_false(used);
    assert_int_equal(v.count, 8);
    assert_true(settings_read_flag(table, ROWS, &v, "--free-text", "a b", &used, &error));
    assert_true(used);
    assert_string_equal(v.free_text, "a b");
    assert_true(settings_read_flag(table, ROWS, &v, "--count", "-5", &used, &error));
    assert_int_equal(v.count, -5);
    assert_true(settings_read_flag(table, ROWS, &v, "--free-text=", "x", &used, &error));
    assert_string_equal(v.free_text, "");
    /* A switch takes the next word only where it is a switch's word. */
    assert_true(settings_read_flag(table, ROWS, &v, "--on", "run", &used, &error));
    assert_false(used);
    assert_true(v.on);
    assert_true(settings_read_flag(table, ROWS, &v, "--on", "off", &used, &error));
    assert_true(used);
    assert_false(v.on);
    assert_true(settings_read_flag(table, ROWS, &v, "--on", NULL, &used, &error));
    assert_true(v.on);
    static const char *const strangers[] = {"run",    "-count=1",      "--",   "--counts",
                                            "--coun", "--free_text=x", "--=1", "count=1"};
    for (size_t i = 0; i < sizeof strangers / sizeof *strangers; i++) {
        assert_false(settings_read_flag(table, ROWS, &v, strangers[i], "1", &used, &error));
        assert_string_equal(error.text, ""); /* somebody else's argument */
        assert_false(used);
    }
    assert_false(settings_read_flag(table, ROWS, &v, "--count", NULL, &used, &error));
    EXPECT_WORDS(&error, "--count：", "缺少值");
    assert_false(settings_read_flag(table, ROWS, &v, "--count", "--mode=fast", &used, &error));
    EXPECT_WORDS(&error, "--count：", "缺少值");
    assert_false(settings_read_flag(table, ROWS, &v, "--count=x", NULL, &used, &error));
    EXPECT_WORDS(&error, "--count：", "“x”");
    assert_false(settings_read_flag(table, ROWS, &v, "--password=secret", NULL, &used, &error));
    EXPECT_WORDS(&error, "--password：", "LIANDONG_PASSWORD");
    assert_null(strstr(error.text, "secret"));
    release(&v);
}

/* ---- what is printed */

static const char *print_to_file(const struct values *v) {
    const char *path = scratch_text("printed.ini", "");
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    settings_print(table, ROWS, v, out);
    assert_int_equal(fclose(out), 0);
    return path;
}

static void what_is_printed_can_be_read(void **state) {
    (void)state;
    struct values v = fresh(), back = fresh();
    struct settings_error error;
    char changes[128];
    assert_true(settings_set(table, ROWS, &v, "name", "联动 ;#=:", "x", &error));
    assert_true(settings_set(table, ROWS, &v, "free_text", "[a] = \"b\" 'c' ; d", "x", &error));
    assert_true(settings_set(table, ROWS, &v, "bytes", "1537", "x", &error));
    assert_true(settings_set(table, ROWS, &v, "wait", "90s", "x", &error));
    assert_true(settings_set(table, ROWS, &v, "on", "on", "x", &error));
    if (!settings_read_file(table, ROWS, &back, print_to_file(&v), &error)) fail_msg("%s", error.text);
    settings_fixed_changes(table, ROWS, &v, &back, changes, sizeof changes);
    assert_string_equal(changes, "");
    assert_string_equal(back.free_text, v.free_text);
    assert_int_equal(back.bytes, 1537);
    assert_int_equal(back.wait, 90000);
    assert_true(back.on);
    release(&v);
    release(&back);
}

static void printing_explains_and_hides(void **state) {
    (void)state;
    struct values v = fresh();
    struct settings_error error;
    assert_true(settings_set(table, ROWS, &v, "password", "hunter2", "x", &error));
    char *text = read_text(print_to_file(&v));
    assert_null(strstr(text, "hunter2"));
    assert_null(strstr(text, "--password"));
    assert_non_null(strstr(text, "password = ***\n"));
    assert_non_null(strstr(text, "# a time\n# LIANDONG_WAIT  --wait  默认 30s  范围 0 到 90d  可热加载\nwait = 30s\n"));
    assert_non_null(strstr(text, "--free-text"));
    assert_non_null(strstr(text, "可选 fast slow"));
    assert_non_null(strstr(text, "bytes = 64KiB\n"));
    free(text);
    release(&v);
}

static void fixed_changes_are_named(void **state) {
    (void)state;
    struct values a = fresh(), b = fresh();
    struct settings_error error;
    char out[64];
    assert_true(settings_set(table, ROWS, &b, "wait", "1s", "x", &error)); /* may change */
    settings_fixed_changes(table, ROWS, &a, &b, out, sizeof out);
    assert_string_equal(out, "");
    assert_true(settings_set(table, ROWS, &b, "name", "other", "x", &error));
    assert_true(settings_set(table, ROWS, &b, "count", "4", "x", &error));
    settings_fixed_changes(table, ROWS, &a, &b, out, sizeof out);
    assert_string_equal(out, "name, count");
    settings_fixed_changes(table, ROWS, &a, &b, out, 6);
    assert_string_equal(out, "name,");
    release(&a);
    release(&b);
}

static bool read_everything(void *path) {
    struct values v = {0};
    struct settings_error error = {""};
    bool used;
    char *environment[] = {(char[]){"LIANDONG_NAME=c"}, NULL};
    bool done = settings_defaults(table, ROWS, &v, &error) && settings_read_file(table, ROWS, &v, path, &error) &&
                settings_read_environment(table, ROWS, &v, environment, NULL, &error) &&
                settings_read_flag(table, ROWS, &v, "--mode=slow", NULL, &used, &error);
    if (!done) EXPECT_WORDS(&error, "内存");
    settings_release(table, ROWS, &v);
    return done;
}

static void survives_failing_allocations(void **state) {
    (void)state;
    char path[160];
    snprintf(path, sizeof path, "%s", scratch_text("few.ini", "name = a\nfree_text = b\n"));
    assert_true(each_allocation_fails(read_everything, path, false) > 8);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_come_from_the_table),
        cmocka_unit_test(numbers_have_units_and_ranges),
        cmocka_unit_test(words_are_checked),
        cmocka_unit_test(a_file_sets_values),
        cmocka_unit_test(long_lines),
        cmocka_unit_test(bad_files_name_the_line),
        cmocka_unit_test(unreadable_files),
        cmocka_unit_test(the_environment_sets_values),
        cmocka_unit_test(flags_set_values),
        cmocka_unit_test(what_is_printed_can_be_read),
        cmocka_unit_test(printing_explains_and_hides),
        cmocka_unit_test(fixed_changes_are_named),
        cmocka_unit_test(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
