#include "client/language.h"
#include "client/options.h"
#include "support.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char home[4096];
static struct options options;
static struct settings_error error;

static int fresh_home(void **state) {
    (void)state;
    char name[32];
    static int count;
    snprintf(name, sizeof name, "home%d", count++);
    snprintf(home, sizeof home, "%s", scratch_path(name));
    setenv("XDG_CONFIG_HOME", home, 1);
    static const char *const variables[] = {"LIANDONG_SERVER", "LIANDONG_PROFILE", "LIANDONG_SERVRE",
                                            "LIANDONG_DATABASE", "LIANDONG_TIMEOUT"};
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) unsetenv(variables[i]);
    return 0;
}

static bool load(const char *profile, bool named, struct globals globals) {
    options_release(&options);
    return options_load(&options, profile, named, &globals, &error);
}

static void file_then_environment_then_flags(void **state) {
    (void)state;
    assert_true(load("default", false, (struct globals){0}));
    assert_string_equal(options.server, "127.0.0.1:7443");
    assert_int_equal(options.timeout, 30000);

    assert_true(options_assign(&options, "server=file:1", &error));
    assert_true(options_assign(&options, "csv-bom=on", &error));
    assert_true(options_save(&options, "default", &error));
    assert_true(load("default", false, (struct globals){0}));
    assert_string_equal(options.server, "file:1");
    assert_true(options.csv_bom);

    setenv("LIANDONG_SERVER", "environment:2", 1);
    assert_true(load("default", false, (struct globals){0}));
    assert_string_equal(options.server, "environment:2");
    assert_true(load("default", false, (struct globals){.server = "flag:3", .timeout = "5s", .no_color = true}));
    assert_string_equal(options.server, "flag:3");
    assert_int_equal(options.timeout, 5000);
    assert_false(options.color);
}

static void only_what_differs_is_written(void **state) {
    (void)state;
    assert_true(load("night", false, (struct globals){0}));
    assert_true(options_assign(&options, "output=ndjson", &error));
    assert_true(options_assign(&options, "timeout=2min", &error));
    assert_true(options_save(&options, "night", &error));
    char path[4096];
    struct stat facts;
    assert_true(options_path(path, sizeof path, "night"));
    char *text = read_text(path);
    assert_non_null(strstr(text, "output = ndjson\n"));
    assert_non_null(strstr(text, "timeout = 120000ms\n"));
    assert_null(strstr(text, "server ="));
    free(text);
    assert_int_equal(stat(path, &facts), 0);
    assert_int_equal(facts.st_mode & 0777, 0600);
    assert_true(load("night", true, (struct globals){0}));
    assert_int_equal(options.timeout, 120000);
}

static void mistakes_are_refused(void **state) {
    (void)state;
    assert_false(load("nowhere", true, (struct globals){0}));
    assert_non_null(strstr(error.text, "nowhere"));
    assert_true(load("nowhere", false, (struct globals){0}));
    static const char *const bad[] = {
        "server", "=x", "servr=x", "output=xml", "timeout=soon", "color=maybe", "ca=/nowhere/ca.crt", "ambiwidth=3"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_false(options_assign(&options, bad[i], &error));
    assert_false(load("default", false, (struct globals){.output = "xml"}));
    setenv("LIANDONG_SERVRE", "x", 1);
    assert_false(load("default", false, (struct globals){0}));
    assert_non_null(strstr(error.text, "LIANDONG_SERVER"));
    unsetenv("LIANDONG_SERVRE");
    setenv("LIANDONG_DATABASE", "the server's, not ours", 1);
    assert_true(load("default", false, (struct globals){0}));
    setenv("LIANDONG_TIMEOUT", "soon", 1);
    assert_false(load("default", false, (struct globals){0}));
}

static void names_of_profiles(void **state) {
    (void)state;
    assert_string_equal(options_profile(&(struct globals){0}), "default");
    assert_string_equal(options_profile(&(struct globals){.profile = "夜班"}), "夜班");
    assert_null(options_profile(&(struct globals){.profile = "../x"}));
    assert_null(options_profile(&(struct globals){.profile = ".x"}));
    setenv("LIANDONG_PROFILE", "day", 1);
    assert_string_equal(options_profile(&(struct globals){0}), "day");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup(file_then_environment_then_flags, fresh_home),
                                       cmocka_unit_test_setup(only_what_differs_is_written, fresh_home),
                                       cmocka_unit_test_setup(mistakes_are_refused, fresh_home),
                                       cmocka_unit_test_setup(names_of_profiles, fresh_home)};
    language_start("zh");
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    options_release(&options);
    return failed;
}
