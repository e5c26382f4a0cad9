#include "server_settings.h"
#include "support.h"
#include <stdlib.h>
#include <string.h>

static char *no_environment[] = {NULL};

static bool load(struct server_settings *v, const char *const *flags, char **environment,
                 struct settings_error *error) {
    char *words[32];
    int count = 0, left = 0;
    while (flags[count]) {
        words[count] = (char *)(uintptr_t)flags[count];
        count++;
    }
    memset(v, 0, sizeof *v);
    error->text[0] = '\0';
    bool good = server_settings_load(v, count, words, environment, &left, error);
    assert_true(good == (error->text[0] == '\0'));
    if (good) assert_int_equal(left, 0);
    return good;
}

/* Every row says what it is for, has a default that it accepts itself, and no two share a key or a place. */
static void test_table(void **state) {
    (void)state;
    for (size_t i = 0; i < server_settings_count; i++) {
        const struct setting *row = &server_settings_table[i];
        assert_true(strlen(row->help) > 0);
        assert_true(strspn(row->key, "abcdefghijklmnopqrstuvwxyz_") == strlen(row->key));
        assert_true(row->offset < sizeof(struct server_settings));
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(server_settings_table[j].key, row->key);
            assert_int_not_equal(server_settings_table[j].offset, row->offset);
        }
        if (!row->standard) continue;
        struct server_settings v;
        struct settings_error error;
        assert_true(load(&v, (const char *const[]){NULL}, no_environment, &error));
        assert_true(
            settings_set(server_settings_table, server_settings_count, &v, row->key, row->standard, "test", &error));
        server_settings_release(&v);
    }
}

static void test_order(void **state) {
    static char from_environment[] = "LIANDONG_HEARTBEAT=3s", other[] = "LIANDONG_RING=2MiB",
                client[] = "LIANDONG_SERVER=10.0.0.1:7443";
    char *environment[] = {from_environment, other, client, NULL};
    const char *file = scratch_text("server.ini", "[liandong]\nheartbeat = 2s\nring = 1MiB\nnode = 一号\n");
    struct server_settings v;
    struct settings_error error;
    (void)state;
    assert_true(load(&v, (const char *const[]){"--settings", file, "--heartbeat=4s", NULL}, environment, &error));
    assert_int_equal(v.heartbeat_ms, 4000);
    assert_int_equal(v.ring, 2 << 20);
    assert_string_equal(v.node, "一号");
    assert_int_equal(v.drain_ms, 30000);
    server_settings_release(&v);
}

static void test_refused(void **state) {
    const char *file = scratch_text("bad.ini", "[liandong]\nheartbeat = 2s\nheartbaet = 2s\n");
    const char *const cases[][4] = {{"--settings", file}, {"--settings"},       {"--settings=/no/such/file"},
                                    {"--nonsense=1"},     {"--heartbeat"},      {"--heartbeat=soon"},
                                    {"--readers=17"},     {"--log-level=loud"}, {"--reuse-port=perhaps"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct server_settings v;
        struct settings_error error;
        const char *flags[5] = {cases[i][0], cases[i][1], cases[i][2], cases[i][3], NULL};
        assert_false(load(&v, flags, no_environment, &error));
        assert_null(v.listen); /* holds nothing */
    }
    static char unknown[] = "LIANDONG_HEARTBAET=1s";
    char *environment[] = {unknown, NULL};
    struct server_settings v;
    struct settings_error error;
    assert_false(load(&v, (const char *const[]){NULL}, environment, &error));
}

static void test_judge(void **state) {
    static const char *const good[] = {"--tls-certificate=a", "--tls-key=b", "--tls-ca=c", "--seal-key-file=d"};
    static const struct {
        const char *flag;
        bool passes;
    } cases[] = {{"--node=x", true},
                 {"--tls-ca=", false},
                 {"--seal-key-file=", false},
                 {"--silence-limit=20s", false},
                 {"--listen=localhost:1", false},
                 {"--listen=[::]:1,0.0.0.0:2", true},
                 {"--metrics-listen=0.0.0.0:1", false},
                 {"--metrics-listen=", true},
                 {"--metrics-listen=[::1]:0", true},
                 {"--metrics-listen=x", false},
                 {"--database=host=/x dbname", false},
                 {"--database=postgresql://u@h1,h2/d?target_session_attrs=read-write", true},
                 {"--migrate-database=nonsense=1", false}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct server_settings v;
        struct settings_error error;
        assert_true(load(&v, (const char *const[]){good[0], good[1], good[2], good[3], cases[i].flag, NULL},
                         no_environment, &error));
        assert_int_equal(server_settings_judge(&v, &error), cases[i].passes);
        server_settings_release(&v);
    }
}

static bool load_once(void *arg) {
    struct server_settings v;
    struct settings_error error;
    char flag[] = "--node=eins", *flags[] = {flag};
    int words;
    (void)arg;
    memset(&v, 0, sizeof v);
    bool good = server_settings_load(&v, 1, flags, no_environment, &words, &error);
    if (good) server_settings_release(&v);
    return good;
}
static void test_without_memory(void **state) {
    (void)state;
    assert_true(each_allocation_fails(load_once, NULL, false) > 1);
}

static void test_help(void **state) {
    const char *path = scratch_path("help.txt");
    FILE *out = fopen(path, "w");
    (void)state;
    assert_non_null(out);
    server_settings_help(out);
    fclose(out);
    char *text = read_text(path);
    for (size_t i = 0; i < server_settings_count; i++) assert_non_null(strstr(text, server_settings_table[i].help));
    assert_non_null(strstr(text, "--tls-certificate"));
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_table),          cmocka_unit_test(test_order),
                                       cmocka_unit_test(test_refused),        cmocka_unit_test(test_judge),
                                       cmocka_unit_test(test_without_memory), cmocka_unit_test(test_help)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
