/* A settings file, and the same words as flags and environment. Input: choice, content. */
#define _GNU_SOURCE /* memfd_create: a file without a disk, thousands of times a second */
#include "fuzz.h"
#include "common/settings.h"
#include "common/text.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct values {
    char *name, *free_text, *mode, *password;
    int64_t count, bytes, wait;
    bool on;
};
#define AT(member) offsetof(struct values, member)
static const struct setting table[] = {
    {"name", SETTING_STRING, AT(name), "standard", 1, 64, NULL, false, false, "a name"},
    {"free_text", SETTING_STRING, AT(free_text), NULL, 0, 200, NULL, true, false, "any text"},
    {"mode", SETTING_CHOICE, AT(mode), "fast", 0, 0, "fast slow", true, false, "one of two"},
    {"password", SETTING_STRING, AT(password), NULL, 0, 64, NULL, true, true, "never shown"},
    {"count", SETTING_INTEGER, AT(count), "3", -5, 1000, NULL, true, false, "a number"},
    {"bytes", SETTING_SIZE, AT(bytes), "64KiB", 0, INT64_MAX, NULL, true, false, "a size"},
    {"wait", SETTING_DURATION, AT(wait), "30s", 0, INT64_MAX, NULL, true, false, "a time"},
    {"on", SETTING_BOOLEAN, AT(on), "off", 0, 0, NULL, true, false, "a switch"},
};
#define ROWS (sizeof table / sizeof table[0])

static void judge_values(const struct values *v) {
    fuzz_require(v->name && strlen(v->name) >= 1 && strlen(v->name) <= 64, "a string keeps its lengths");
    fuzz_require(!v->free_text || strlen(v->free_text) <= 200, "an optional string keeps its length");
    fuzz_require(v->mode && (strcmp(v->mode, "fast") == 0 || strcmp(v->mode, "slow") == 0),
                 "a choice is one of its words");
    fuzz_require(v->count >= -5 && v->count <= 1000, "a number keeps its range");
    fuzz_require(v->bytes >= 0 && v->wait >= 0, "sizes and times did not overflow");
}

static void judge_error(const struct settings_error *error) {
    const char *end = memchr(error->text, '\0', sizeof error->text);
    fuzz_require(end && end > error->text, "a refusal says why");
    fuzz_require(text_check(error->text, (size_t)(end - error->text), false, NULL) == TEXT_OK,
                 "the reason can be shown");
}

static bool read_content(struct values *v, const char *path, const uint8_t *data, size_t size,
                         struct settings_error *error) {
    FILE *file = fopen(path, "wb");
    if (!file || (size && fwrite(data, 1, size, file) != size) || fclose(file) != 0) exit(1);
    return settings_read_file(table, ROWS, v, path, error);
}

/* What settings_print says must be a file that gives the same values again. */
static void judge_print(const struct values *v, const char *path) {
    struct values back = {0};
    struct settings_error error = {{0}};
    char changes[256];
    FILE *file = fopen(path, "wb");
    if (!file) exit(1);
    settings_print(table, ROWS, v, file);
    if (fclose(file) != 0) exit(1);
    fuzz_require(settings_defaults(table, ROWS, &back, &error), "defaults are good");
    fuzz_require(settings_read_file(table, ROWS, &back, path, &error), "what is printed can be read");
    fuzz_require(back.count == v->count && back.bytes == v->bytes && back.wait == v->wait && back.on == v->on,
                 "numbers survive");
    fuzz_require(strcmp(back.name, v->name) == 0 && strcmp(back.mode, v->mode) == 0, "words survive");
    settings_fixed_changes(table, ROWS, v, &back, changes, sizeof changes);
    fuzz_require(changes[0] == '\0', "nothing changed");
    settings_release(table, ROWS, &back);
}

/* The content once more, as arguments and as an environment: no crash, and ranges are kept there, too. */
static void judge_words(const char *text, uint8_t choice) {
    struct values v = {0};
    struct settings_error error = {{0}};
    bool used_next = false;
    char *environment[] = {NULL, NULL};
    const char *const ignore[] = {"LIANDONG_IGNORED", NULL};
    size_t room = strlen(text) + 16;
    environment[0] = malloc(room);
    if (!environment[0] || !settings_defaults(table, ROWS, &v, &error)) exit(1);
    snprintf(environment[0], room, "LIANDONG_%s", text);
    if (!settings_read_environment(table, ROWS, &v, environment, ignore, &error)) judge_error(&error);
    error.text[0] = '\0';
    settings_read_flag(table, ROWS, &v, text, choice & 1 ? "7" : NULL, &used_next, &error);
    if (!settings_set(table, ROWS, &v, table[choice % ROWS].key, text, "--input", &error)) judge_error(&error);
    judge_values(&v);
    settings_release(table, ROWS, &v);
    free(environment[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint8_t choice = fuzz_take(&data, &size);
    struct values v = {0};
    struct settings_error error = {{0}};
    char path[32];
    int fd = memfd_create("settings", MFD_CLOEXEC);
    if (fd < 0 || !settings_defaults(table, ROWS, &v, &error)) exit(1);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    bool ok = read_content(&v, path, data, size, &error);
    judge_values(&v);
    if (ok)
        judge_print(&v, path);
    else
        judge_error(&error);
    settings_release(table, ROWS, &v);
    char *text = fuzz_copy(data, size, true);
    judge_words(text, choice);
    free(text);
    close(fd);
    return 0;
}
