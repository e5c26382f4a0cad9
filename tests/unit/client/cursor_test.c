#include "client/cursor.h"
#include "support.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const uint8_t sample[CURSOR_SIZE] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 255};

static void comes_back_as_it_was_saved(void **state) {
    (void)state;
    char path[4096];
    uint8_t read[CURSOR_SIZE];
    struct stat facts;
    snprintf(path, sizeof path, "%s/deep/er/cursor", scratch_path("state"));
    assert_int_equal(cursor_load(path, read), CURSOR_NONE);
    assert_true(cursor_save(path, sample));
    assert_int_equal(cursor_load(path, read), CURSOR_FOUND);
    assert_memory_equal(read, sample, CURSOR_SIZE);
    assert_int_equal(stat(path, &facts), 0);
    assert_int_equal(facts.st_mode & 0777, 0600);
    uint8_t later[CURSOR_SIZE] = {9};
    assert_true(cursor_save(path, later));
    assert_int_equal(cursor_load(path, read), CURSOR_FOUND);
    assert_memory_equal(read, later, CURSOR_SIZE);
}

/* A device that is put in place of would be gone. */
static void only_plain_files(void **state) {
    (void)state;
    struct stat facts;
    const char *path = scratch_path("pipe");
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_false(cursor_save(path, sample));
    assert_int_equal(lstat(path, &facts), 0);
    assert_true(S_ISFIFO(facts.st_mode));
}

/* A file that is not one is never taken for "no cursor": that would begin at now and lose what came before. */
static void damage_is_seen(void **state) {
    (void)state;
    static const char *const bad[] = {"",
                                      "\n",
                                      "liandong-cursor 1 ",
                                      "liandong-cursor 1 000102030405060708090a0b0c0d0eff",
                                      "liandong-cursor 2 000102030405060708090a0b0c0d0eff\n",
                                      "liandong-cursor 1 000102030405060708090a0b0c0d0ef\n",
                                      "liandong-cursor 1 000102030405060708090a0b0c0d0exx\n",
                                      "liandong-cursor 1 000102030405060708090a0b0c0d0eff\nx"};
    uint8_t read[CURSOR_SIZE];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(cursor_load(scratch_text("bad", bad[i]), read), CURSOR_DAMAGED);
    assert_int_equal(cursor_load(scratch_text("good", "liandong-cursor 1 000102030405060708090a0b0c0d0eff\n"), read),
                     CURSOR_FOUND);
    assert_memory_equal(read, sample, CURSOR_SIZE);
    char folder[4096];
    snprintf(folder, sizeof folder, "%s", scratch_path("afolder"));
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_int_equal(cursor_load(folder, read), CURSOR_DAMAGED);
}

static void every_scope_has_its_own_file(void **state) {
    (void)state;
    static const uint8_t filter[] = {1, 2, 3};
    const struct cursor_scope scopes[] = {
        {.profile = "a", .servers = "s:1", .office = "ytp"},
        {.profile = "b", .servers = "s:1", .office = "ytp"},
        {.profile = "a", .servers = "s:2", .office = "ytp"},
        {.profile = "a", .servers = "s:1", .office = "yts"},
        {.profile = "a", .servers = "s:1", .office = "ytp", .filter = filter, .filter_size = 3},
        {.profile = "a", .servers = "s:1", .office = "ytp", .filter = filter, .filter_size = 2},
        {.profile = "a", .servers = "s:1y", .office = "tp"}, /* parts don't run together */
    };
    enum { COUNT = sizeof scopes / sizeof *scopes };
    char paths[COUNT][4096], again[4096];
    setenv("XDG_STATE_HOME", "/somewhere", 1);
    for (size_t i = 0; i < COUNT; i++) {
        assert_true(cursor_path(paths[i], sizeof paths[i], &scopes[i]));
        assert_true(cursor_path(again, sizeof again, &scopes[i]));
        assert_string_equal(paths[i], again);
        assert_memory_equal(paths[i], "/somewhere/liandong/cursors/", 28);
        for (size_t j = 0; j < i; j++) assert_string_not_equal(paths[i], paths[j]);
    }
    unsetenv("XDG_STATE_HOME");
    unsetenv("HOME");
    assert_false(cursor_path(again, sizeof again, &scopes[0]));
}

static bool save_and_load(void *arg) {
    uint8_t read[CURSOR_SIZE];
    return cursor_save(arg, sample) && cursor_load(arg, read) == CURSOR_FOUND;
}

static void fails_softly_without_memory(void **state) {
    (void)state;
    char path[4096];
    snprintf(path, sizeof path, "%s", scratch_path("short"));
    each_allocation_fails(save_and_load, path, false);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(comes_back_as_it_was_saved), cmocka_unit_test(only_plain_files),
                                       cmocka_unit_test(damage_is_seen), cmocka_unit_test(every_scope_has_its_own_file),
                                       cmocka_unit_test(fails_softly_without_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
