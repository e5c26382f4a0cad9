/* Settings from one table: file < environment < flags. Everything that names a setting (the file's key, LIANDONG_<KEY>,
 * --<key>, --help, the documentation) comes from its row.
 * Floor 1 (common). Knows no particular setting: server and client each pass their own table. */
#ifndef LIANDONG_COMMON_SETTINGS_H
#define LIANDONG_COMMON_SETTINGS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum setting_type {
    SETTING_STRING,   /* char *, owned by the values; "" is allowed only where minimum is 0 */
    SETTING_INTEGER,  /* int64_t, minimum..maximum */
    SETTING_BOOLEAN,  /* bool: on/off, true/false, yes/no, 1/0 */
    SETTING_SIZE,     /* int64_t bytes: 4096, 64KiB, 16MiB, 1GiB */
    SETTING_DURATION, /* int64_t ms: 250ms, 30s, 5min, 1h, 30d */
    SETTING_CHOICE    /* char *, one of `choices` */
};
struct setting {
    const char *key; /* lower_case, also file key; env is LIANDONG_KEY; flag is --key with '-' for '_' */
    enum setting_type type;
    size_t offset;            /* of its member in the values struct */
    const char *standard;     /* default, as text; NULL: "" or 0 */
    int64_t minimum, maximum; /* for numbers; for strings lengths in bytes */
    const char *choices;      /* space-separated, for SETTING_CHOICE */
    bool reloadable;          /* may change on SIGHUP */
    bool secret;              /* printed as "***"; refused as a flag */
    const char *help;         /* English msgid */
};

/* Where a refusal came from, as one sentence ready to print: source ("/etc/x.ini:12", "LIANDONG_LISTEN", "--listen"),
 * key, reason and remedy. */
struct settings_error {
    char text[512];
};

/* Sets every member to its default. `values` must be zeroed or released. False only without memory. */
bool settings_defaults(const struct setting *table, size_t count, void *values, struct settings_error *error);
/* Applies one INI file (inih; section [liandong] or none; UTF-8). Unknown or repeated keys, empty files and
 * unreadable files are errors that name the line. */
bool settings_read_file(const struct setting *table, size_t count, void *values, const char *path,
                        struct settings_error *error);
/* Applies LIANDONG_* of `environment` (as environ). Unknown LIANDONG_ names are errors except those in `ignore`
 * (NULL-ended). */
bool settings_read_environment(const struct setting *table, size_t count, void *values, char **environment,
                               const char *const *ignore, struct settings_error *error);
/* Applies one value; `source` is for the error. */
bool settings_set(const struct setting *table, size_t count, void *values, const char *key, const char *text,
                  const char *source, struct settings_error *error);
/* True where `argument` is "--key=value" or "--key" with `next` as value (*used_next). Error: error->text not empty. */
bool settings_read_flag(const struct setting *table, size_t count, void *values, const char *argument, const char *next,
                        bool *used_next, struct settings_error *error);
/* key = value lines with help as comments: what --help and `check` print. */
void settings_print(const struct setting *table, size_t count, const void *values, FILE *out);
/* Names of the settings that differ and may not change while running, comma-separated; "" where none. */
void settings_fixed_changes(const struct setting *table, size_t count, const void *old_values, const void *new_values,
                            char *out, size_t room);
void settings_release(const struct setting *table, size_t count, void *values);
#endif
