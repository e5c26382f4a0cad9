#include "common/settings_private.h"
#include "common/text.h"
#include <ctype.h>
#include <libintl.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX "LIANDONG_"
#define SHOWN  96u /* bytes of a value that a refusal repeats */

/* Cuts a name or value from outside to what may be shown. */
static const char *shown(char out[SHOWN], const char *text) {
    text_terminal(out, SHOWN, text, strlen(text), true);
    return out;
}

bool settings_refuse(struct settings_error *error, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    text_vprint(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    return false;
}

static const struct setting *find(const struct setting *table, size_t count, const char *key, size_t size) {
    for (size_t i = 0; i < count; i++)
        if (strlen(table[i].key) == size && !memcmp(table[i].key, key, size)) return &table[i];
    return NULL;
}

static bool assign(const struct setting *row, void *values, const char *text, const char *source,
                   struct settings_error *error) {
    struct setting_fault fault;
    char value[SHOWN], where[2 * SHOWN];
    if (setting_assign(row, values, text, &fault)) return true;
    text_terminal(where, sizeof where, source, strlen(source), true);
    return settings_refuse(error, "%s：设置 %s 的值“%s”%s。%s。", where, row->key,
                           row->secret ? "***" : shown(value, text), fault.reason, fault.remedy);
}

bool settings_defaults(const struct setting *table, size_t count, void *values, struct settings_error *error) {
    for (size_t i = 0; i < count; i++) {
        const struct setting *row = &table[i];
        /* The empty string of a row without default may be shorter than what a person must write. */
        struct setting empty = *row;
        if (!row->standard) empty.minimum = 0;
        bool text = row->type == SETTING_STRING || row->standard;
        if (!text)
            setting_clear(row, values);
        else if (!assign(&empty, values, row->standard ? row->standard : "", "默认值", error))
            return false;
    }
    return true;
}

bool settings_set(const struct setting *table, size_t count, void *values, const char *key, const char *text,
                  const char *source, struct settings_error *error) {
    char name[SHOWN], where[2 * SHOWN];
    const struct setting *row = find(table, count, key, strlen(key));
    if (row) return assign(row, values, text, source, error);
    text_terminal(where, sizeof where, source, strlen(source), true);
    return settings_refuse(error, "%s：没有名为 %s 的设置。请核对拼写，用 --help 查看全部设置。", where,
                           shown(name, key));
}

static bool is_ignored(const char *const *ignore, const char *name, size_t size) {
    for (; ignore && *ignore; ignore++)
        if (strlen(*ignore) == size && !memcmp(*ignore, name, size)) return true;
    return false;
}

bool settings_read_environment(const struct setting *table, size_t count, void *values, char **environment,
                               const char *const *ignore, struct settings_error *error) {
    for (; *environment; environment++) {
        const char *entry = *environment, *equals = strchr(entry, '=');
        size_t size = equals ? (size_t)(equals - entry) : 0;
        if (!equals || strncmp(entry, PREFIX, strlen(PREFIX))) continue;
        char name[64] = "", key[sizeof name] = "";
        if (size < sizeof name) memcpy(name, entry, size);
        bool upper = size < sizeof name;
        for (size_t i = strlen(PREFIX); upper && i < size; i++) {
            upper = !islower((unsigned char)name[i]);
            key[i - strlen(PREFIX)] = (char)tolower((unsigned char)name[i]);
        }
        const struct setting *row = upper ? find(table, count, key, strlen(key)) : NULL;
        if (row) {
            if (!assign(row, values, equals + 1, name, error)) return false;
        } else if (!is_ignored(ignore, entry, size)) {
            char where[SHOWN];
            text_terminal(where, sizeof where, entry, size, true);
            return settings_refuse(
                error, "环境变量 %s：没有对应的设置。请核对拼写或执行 unset 删除它，用 --help 查看全部设置。", where);
        }
    }
    return true;
}

static const struct setting *find_flag(const struct setting *table, size_t count, const char *flag, size_t size) {
    char key[64];
    if (size >= sizeof key || memchr(flag, '_', size)) return NULL;
    for (size_t i = 0; i < size; i++) key[i] = flag[i] == '-' ? '_' : flag[i];
    return find(table, count, key, size);
}

/* Value of a flag without "=": the next argument; a switch needs none and takes one only where it is a switch's word.
 */
static const char *next_value(const struct setting *row, const char *next, bool *used_next) {
    bool on;
    struct setting_fault fault;
    struct setting as_switch = {.type = SETTING_BOOLEAN};
    if (row->type == SETTING_BOOLEAN) {
        *used_next = next && setting_assign(&as_switch, &on, next, &fault);
        return *used_next ? next : "on";
    }
    *used_next = next && strncmp(next, "--", 2) != 0;
    return *used_next ? next : NULL;
}

bool settings_read_flag(const struct setting *table, size_t count, void *values, const char *argument, const char *next,
                        bool *used_next, struct settings_error *error) {
    error->text[0] = '\0';
    *used_next = false;
    if (strncmp(argument, "--", 2)) return false;
    const char *name = argument + 2;
    size_t size = strcspn(name, "=");
    const struct setting *row = find_flag(table, count, name, size);
    if (!row) return false;
    char source[SHOWN];
    snprintf(source, sizeof source, "--%.*s", (int)size, name);
    if (row->secret) {
        char upper[64] = "";
        for (size_t i = 0; i < size && i < sizeof upper - 1; i++) upper[i] = (char)toupper((unsigned char)row->key[i]);
        return settings_refuse(error,
                               "%s：秘密不能写在命令行上，其他用户看得到。请写进设置文件，或用环境变量 " PREFIX "%s。",
                               source, upper);
    }
    const char *value = name[size] == '=' ? name + size + 1 : next_value(row, next, used_next);
    if (!value) return settings_refuse(error, "%s：缺少值。请写成 %s=值。", source, source);
    return assign(row, values, value, source, error);
}

static void print_upper(FILE *out, const char *key) {
    for (; *key; key++) fputc(toupper((unsigned char)*key), out);
}

static void print_flag(FILE *out, const char *key) {
    for (; *key; key++) fputc(*key == '_' ? '-' : *key, out);
}

void settings_print(const struct setting *table, size_t count, const void *values, FILE *out) {
    for (size_t i = 0; i < count; i++) {
        const struct setting *row = &table[i];
        char number[32], range[80];
        setting_range(row, range, sizeof range);
        fprintf(out, "%s# %s\n# %s", i ? "\n" : "", row->help && *row->help ? gettext(row->help) : "", PREFIX);
        print_upper(out, row->key);
        if (!row->secret) fputs("  --", out);
        if (!row->secret) print_flag(out, row->key);
        if (row->standard && *row->standard) fprintf(out, "  默认 %s", row->standard);
        if (range[0]) fprintf(out, "  范围 %s", range);
        if (row->choices) fprintf(out, "  可选 %s", row->choices);
        if (row->reloadable) fputs("  可热加载", out);
        const char *text = setting_text(row, values, number, sizeof number);
        fprintf(out, "\n%s = %s\n", row->key, row->secret && *text ? "***" : text);
    }
}

void settings_fixed_changes(const struct setting *table, size_t count, const void *old_values, const void *new_values,
                            char *out, size_t room) {
    size_t at = 0;
    if (room) out[0] = '\0';
    for (size_t i = 0; i < count && at < room; i++)
        if (!table[i].reloadable && !setting_equal(&table[i], old_values, new_values))
            at += (size_t)snprintf(out + at, room - at, "%s%s", at ? ", " : "", table[i].key);
}

void settings_release(const struct setting *table, size_t count, void *values) {
    for (size_t i = 0; i < count; i++) setting_clear(&table[i], values);
}
