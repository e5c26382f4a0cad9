#include "common/log.h"
#include "common/text.h"
#include "support.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static const char *path;

/* What was logged since the last call, without the time; the caller frees it. */
static char *logged(void) {
    char *text = read_text(path);
    assert_int_equal(truncate(path, 0), 0);
    return text;
}

static int open_log(void **state) {
    (void)state;
    path = scratch_text("log", "");
    log_set_level(LOG_INFO);
    return log_open(path) ? 0 : -1;
}

/* The line's tail behind "ts", which is a time and nothing else. */
static void expect_line(const char *tail) {
    char *text = logged();
    size_t size = strlen(text);
    assert_true(size > 32);
    assert_memory_equal(text, "{\"ts\":\"2", 8);
    assert_memory_equal(text + 30, "Z\",", 3);
    assert_int_equal(text[size - 1], '\n');
    text[size - 1] = '\0';
    assert_string_equal(text + 33, tail);
    free(text);
}

static void writes_one_object_a_line(void **state) {
    (void)state;
    log_event(LOG_INFO, "conn.open", log_int("conn", 7), log_str("office", "yts"), log_bytes("key", "\x01\xff", 2),
              log_int("least", INT64_MIN));
    expect_line("\"level\":\"info\",\"ev\":\"conn.open\",\"conn\":7,\"office\":\"yts\",\"key\":\"01ff\",\"least\":-"
                "9223372036854775808}");
    log_event(LOG_ERROR, "x", log_str("none", NULL), log_str(NULL, "skipped"), log_bytes("none", NULL, 3),
              log_int("n", 1));
    expect_line("\"level\":\"error\",\"ev\":\"x\",\"n\":1}");
}

static void keeps_quiet_below_its_level(void **state) {
    (void)state;
    enum log_level level;
    log_event(LOG_DEBUG, "x", log_int("n", 1));
    char *text = logged();
    assert_string_equal(text, "");
    free(text);
    log_set_level(LOG_DEBUG);
    assert_int_equal(log_get_level(), LOG_DEBUG);
    log_event(LOG_DEBUG, "x", log_int("n", 1));
    expect_line("\"level\":\"debug\",\"ev\":\"x\",\"n\":1}");
    log_set_level(LOG_INFO);
    assert_true(log_parse_level(&level, "warn"));
    assert_int_equal(level, LOG_WARN);
    assert_string_equal(log_level_name(level), "warn");
    assert_false(log_parse_level(&level, "warning"));
    assert_false(log_parse_level(&level, ""));
}

static void a_string_cannot_forge_a_line(void **state) {
    (void)state;
    log_event(LOG_INFO, "x", log_str("s", "a\"}\n{\"level\":\"error\x1b[0m\xe2\x80\xae\xff"));
    expect_line("\"level\":\"info\",\"ev\":\"x\",\"s\":\"a\\\"}\\n{\\\"level\\\":\\\"error\\u001b[0m\\u202e\\u00ff\"}");
}

static void blots_private_numbers(void **state) {
    (void)state;
    static const struct {
        const char *text, *logged;
    } cases[] = {
        {"身份证430304199001011234。", "身份证******************。"},
        {"43030419900101123X", "******************"},
        {"43030419900101123x,", "******************,"},
        {"430304900101123", "***************"},
        {"电话13812345678", "电话***********"},
        {"+8613812345678", "+*************"},
        {"13812345678 and 19912345678", "*********** and ***********"},
        {"12012345678", "12012345678"},   /* no mobile number */
        {"138123456789", "138123456789"}, /* twelve digits */
        {"1381234567", "1381234567"},
        {"1687695303123", "1687695303123"}, /* a time in ms */
        {"43030419900101123", "43030419900101123"},
        {"4303041990010112345", "4303041990010112345"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char expected[128];
        snprintf(expected, sizeof expected, "\"level\":\"info\",\"ev\":\"x\",\"s\":\"%s\"}", cases[i].logged);
        log_event(LOG_INFO, "x", log_str("s", cases[i].text));
        expect_line(expected);
    }
}

/* A number across the cut would lose digits and with them its disguise. */
static void cuts_long_strings_after_blotting(void **state) {
    (void)state;
    for (size_t before = 480; before < 520; before++) {
        char text[700];
        memset(text, 'x', sizeof text);
        memcpy(text + before, "430304199001011234", 18);
        text[699] = '\0';
        log_event(LOG_INFO, "x", log_str("s", text));
        char *line = logged();
        const char *shown = strstr(line, "\"s\":"); /* the time before it has digits of its own */
        assert_non_null(shown);
        assert_null(strstr(shown, "43"));
        assert_true(strlen(line) < 600);
        free(line);
    }
    char wide[700] = "x";
    for (size_t i = 1; i + 3 < sizeof wide; i += 3) memcpy(wide + i, "联", 4);
    log_event(LOG_INFO, "x", log_str("s", wide));
    char *line = logged();
    assert_int_equal(text_check(line, strlen(line) - 1, false, NULL), TEXT_OK);
    free(line);
}

/* A line is one piece of at most PIPE_BUF; the fields that do not fit are left out whole, and it says so. */
static void a_line_has_an_end(void **state) {
    (void)state;
    char text[600];
    struct log_field fields[40];
    memset(text, '\x01', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    for (size_t i = 0; i < 39; i++) fields[i] = log_str("long", text);
    fields[39] = log_int("last", 1);
    log_emit(LOG_INFO, "x", fields, 40);
    char *line = logged();
    size_t size = strlen(line);
    assert_true(size <= 4096 && size > 3000);
    assert_string_equal(line + size - strlen("\"last\":1,\"cut\":1}\n"), "\"last\":1,\"cut\":1}\n");
    assert_ptr_equal(strchr(line, '\n'), line + size - 1);
    free(line);
}

static void counts_what_it_loses(void **state) {
    (void)state;
    uint64_t before = log_lost();
    struct rlimit old, small = {10, 10};
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small.rlim_max = old.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0); /* a full disk: ten bytes fit, the rest does not */
    log_event(LOG_INFO, "lost", log_int("n", 1));
    log_event(LOG_INFO, "lost", log_int("n", 2));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(log_lost(), before + 2);
    log_event(LOG_INFO, "kept", log_int("n", 3));
    char *text = logged(), *newline = strchr(text, '\n');
    assert_non_null(newline);
    assert_int_equal(newline - text, 10); /* the torn line ends before the next one begins */
    assert_memory_equal(newline + 1, "{\"ts\":", 6);
    free(text);
}

static void reopens_and_keeps_the_old_one_on_failure(void **state) {
    (void)state;
    assert_false(log_open("/nonexistent/folder/log"));
    log_event(LOG_INFO, "still", log_int("n", 1));
    expect_line("\"level\":\"info\",\"ev\":\"still\",\"n\":1}");
    const char *moved = scratch_path("log.1");
    assert_int_equal(rename(path, moved), 0);
    log_event(LOG_INFO, "old", log_int("n", 1));
    assert_true(log_open(path));
    log_event(LOG_INFO, "new", log_int("n", 1));
    expect_line("\"level\":\"info\",\"ev\":\"new\",\"n\":1}");
    char *old = read_text(moved);
    assert_non_null(strstr(old, "\"ev\":\"old\""));
    free(old);
}

/* To standard error, which is a pipe here. */
static void goes_to_standard_error(void **state) {
    (void)state;
    int ends[2], saved = dup(STDERR_FILENO);
    char line[256] = "";
    assert_int_equal(pipe(ends), 0);
    assert_true(log_open("-"));
    dup2(ends[1], STDERR_FILENO);
    log_event(LOG_WARN, "here", log_int("n", 1));
    dup2(saved, STDERR_FILENO);
    close(ends[1]);
    assert_true(read(ends[0], line, sizeof line - 1) > 0);
    close(ends[0]);
    close(saved);
    assert_non_null(strstr(line, "\"ev\":\"here\",\"n\":1}\n"));
    assert_true(log_open(path));
}

/* A flood of strangers writes some lines a second, and the next one says how many there were. */
static void a_gate_for_strangers(void **state) {
    (void)state;
    struct log_gate gate = {0};
    struct log_field suppressed;
    unsigned written = 0;
    for (int i = 0; i < 1000; i++)
        if (log_gate_open(&gate, 10000, &suppressed)) {
            written++;
            assert_null(suppressed.key);
        }
    assert_int_equal(written, LOG_GATE_LINES);
    assert_true(log_gate_open(&gate, 11000, &suppressed));
    assert_string_equal(suppressed.key, "suppressed");
    assert_int_equal(suppressed.integer, 1000 - written);
    assert_true(log_gate_open(&gate, 11000, &suppressed));
    assert_null(suppressed.key);
}

int main(void) {
    signal(SIGXFSZ, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_one_object_a_line),
        cmocka_unit_test(keeps_quiet_below_its_level),
        cmocka_unit_test(a_string_cannot_forge_a_line),
        cmocka_unit_test(blots_private_numbers),
        cmocka_unit_test(cuts_long_strings_after_blotting),
        cmocka_unit_test(a_line_has_an_end),
        cmocka_unit_test(counts_what_it_loses),
        cmocka_unit_test(reopens_and_keeps_the_old_one_on_failure),
        cmocka_unit_test(goes_to_standard_error),
        cmocka_unit_test(a_gate_for_strangers),
    };
    return cmocka_run_group_tests(tests, open_log, NULL);
}
