#include "common/errno_text.h"
#include "common/settings_private.h"
#include "common/text.h"
#include <errno.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX       262144u /* bytes; a real one has two thousand */
#define LINE_MAX_BYTES (2 * SETTING_TEXT_MAX)
#define SECTION        "liandong"

/* A file on its way through inih. The lines come from memory, so that a line has a number, a length and a character
 * set before inih sees it; inih alone would cut a line at 200 bytes and go on with the rest as another one. */
struct pass {
    const struct setting *table;
    size_t count;
    void *values;
    const char *path;
    struct settings_error *error;
    const char *at, *end; /* what is still to be read */
    unsigned line;
    bool *seen; /* by row */
    bool failed;
};

/* Every refusal of a file goes through here: only the first one is kept. */
static void refuse(struct pass *p, const char *what) {
    if (!p->failed) settings_refuse(p->error, "%s:%u：%s", p->path, p->line, what);
    p->failed = true;
}

static char *next_line(char *out, int room, void *pass) {
    struct pass *p = pass;
    if (p->failed || p->at == p->end) return NULL;
    const char *newline = memchr(p->at, '\n', (size_t)(p->end - p->at)), *end = newline ? newline : p->end;
    size_t size = (size_t)(end - p->at);
    p->line++;
    if (size && p->at[size - 1] == '\r') size--;
    if (text_check(p->at, size, true, NULL) != TEXT_OK) {
        refuse(p, "这一行含有控制字符或不是 UTF-8 文字。请用 UTF-8 编码重新保存文件。");
        return NULL;
    }
    if (size + 2 > (size_t)room) {
        refuse(p, "这一行太长。请缩短这一项的值。");
        return NULL;
    }
    memcpy(out, p->at, size);
    memcpy(out + size, "\n", 2);
    p->at = newline ? newline + 1 : p->end;
    return out;
}

static int take_pair(void *pass, const char *section, const char *key, const char *value) {
    struct pass *p = pass;
    char source[192];
    if (p->failed) return 0;
    if (*section && strcmp(section, SECTION)) {
        refuse(p, "只认得 [" SECTION "] 这一节。请把设置放在这一节里，或删去节名。");
        return 0;
    }
    for (size_t i = 0; i < p->count; i++) {
        if (strcmp(p->table[i].key, key)) continue;
        if (p->seen[i]) {
            refuse(p, "这一项前面已经写过。请只保留一行。");
            return 0;
        }
        p->seen[i] = true;
    }
    snprintf(source, sizeof source, "%.170s:%u", p->path, p->line);
    if (settings_set(p->table, p->count, p->values, key, value, source, p->error)) return 1;
    p->failed = true;
    return 0;
}

/* Debian's inih takes its options from variables of the library. Ours: long lines; no comment behind a value (" ;" may
 * be part of a password) and no value over several lines. Put back afterwards for whoever else uses it. */
static int parse(struct pass *p) {
    bool stack = ini_use_stack, comments = ini_allow_inline_comments, lines = ini_allow_multiline;
    int longest = ini_max_line, initial = ini_initial_alloc;
    ini_use_stack = ini_allow_inline_comments = ini_allow_multiline = false;
    ini_max_line = ini_initial_alloc = LINE_MAX_BYTES;
    int result = ini_parse_stream(next_line, p, take_pair, p);
    ini_use_stack = stack;
    ini_allow_inline_comments = comments;
    ini_allow_multiline = lines;
    ini_max_line = longest;
    ini_initial_alloc = initial;
    return result;
}

/* The whole file, malloc'd. NULL with the error. */
static char *read_whole(const char *path, size_t *size, struct settings_error *error) {
    char where[192];
    text_terminal(where, sizeof where, path, strlen(path), true);
    FILE *file = fopen(path, "rbe");
    if (!file) {
        settings_refuse(error, "%s：设置文件打不开（%s）。请检查路径和读取权限。", where, errno_text(errno));
        return NULL;
    }
    char *content = malloc(FILE_MAX + 1);
    if (!content) {
        settings_refuse(error, "%s：内存不足，无法读取设置文件。请稍候重试。", where);
        fclose(file);
        return NULL;
    }
    *size = fread(content, 1, FILE_MAX + 1, file);
    bool broken = ferror(file) != 0;
    fclose(file);
    if (broken)
        settings_refuse(error, "%s：设置文件读不出来。请确认它是普通文件，且有读取权限。", where);
    else if (*size > FILE_MAX)
        settings_refuse(error, "%s：设置文件超过 256KiB。请确认没有指错文件。", where);
    else if (*size == 0)
        settings_refuse(error, "%s：设置文件是空的。请填写设置，或不要指定该文件。", where);
    else
        return content;
    free(content);
    return NULL;
}

bool settings_read_file(const struct setting *table, size_t count, void *values, const char *path,
                        struct settings_error *error) {
    size_t size;
    char shown[128];
    char *content = read_whole(path, &size, error);
    if (!content) return false;
    text_terminal(shown, sizeof shown, path, strlen(path), true);
    struct pass p = {.table = table,
                     .count = count,
                     .values = values,
                     .path = shown,
                     .error = error,
                     .at = content,
                     .end = content + size,
                     .seen = calloc(count + 1, sizeof(bool))};
    int result = p.seen ? parse(&p) : -2;
    if (result < 0)
        settings_refuse(error, "%s：内存不足，无法读取设置文件。请稍候重试。", shown);
    else if (result > 0 && !p.failed) {
        p.line = (unsigned)result;
        refuse(&p, "这一行既不是“名称 = 值”，也不是 [" SECTION "] 或注释。请改正这一行。");
    }
    free(p.seen);
    free(content);
    return result == 0 && !p.failed;
}
