#include "directory_file.h"
#include "common/text.h"
#include "common/tls_context.h"
#include "session.pb-c.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX     (16u << 20)
#define ARENA_MAX    (64u << 20)
#define TEXT_MAX     200u /* bytes of an office's or officer's name */
#define KEY_BYTES    32u
#define FAULTS_SHOWN 50u

/* ---- what a section may hold */

enum field_type { FIELD_TEXT, FIELD_CODE, FIELD_CHOICE, FIELD_DATE, FIELD_PATH, FIELD_HEX };
struct choice {
    const char *word, *value;
};
struct field {
    const char *key;
    enum field_type type;
    bool required;
    const struct choice *choices; /* of FIELD_CHOICE; ended by a NULL word */
    const char *help;             /* what to write, for the complaint */
};
static const struct choice systems[] = {{"police", "1"}, {"judicial", "2"}, {"partner", "3"}, {NULL, NULL}};
static const struct choice kinds[] = {{"station", "station"},
                                      {"judicial_office", "judicial"},
                                      {"bureau", "bureau"},
                                      {"partner", "partner"},
                                      {NULL, NULL}};
static const struct choice roles[] = {{"officer", "1"},  {"duty", "2"},        {"chief", "3"},
                                      {"mediator", "4"}, {"office_head", "5"}, {"viewer", "6"},
                                      {"admin", "7"},    {"auditor", "8"},     {NULL, NULL}};
#define ROLES_HELP "officer、duty、chief、mediator、office_head、viewer、admin 或 auditor"
static const struct choice flags[] = {{"yes", "t"}, {"no", "f"}, {NULL, NULL}};

static const struct field office_fields[] = {
    [OFFICE_NAME] = {"name", FIELD_TEXT, true, NULL, "单位的名称"},
    [OFFICE_SYSTEM] = {"system", FIELD_CHOICE, true, systems, "police、judicial 或 partner"},
    [OFFICE_KIND] = {"kind", FIELD_CHOICE, true, kinds, "station、judicial_office、bureau 或 partner"},
    [OFFICE_PARENT] = {"parent", FIELD_CODE, false, NULL, "上级单位的代码"},
    [OFFICE_PARTNER] = {"partner_kind", FIELD_TEXT, false, NULL, "伙伴单位是哪一类，如 社区、街道、律师"},
};
static const struct field pairing_fields[] = {
    [PAIRING_SINCE] = {"since", FIELD_DATE, false, NULL, "日期，如 2019-08-01"},
    [PAIRING_UNTIL] = {"until", FIELD_DATE, false, NULL, "日期，如 2026-12-31"},
};
static const struct field device_fields[] = {
    [DEVICE_OFFICE] = {"office", FIELD_CODE, true, NULL, "所属单位的代码"},
    [DEVICE_OFFICER] = {"officer", FIELD_TEXT, false, NULL, "使用人的姓名"},
    /* with a role it acts by itself, without one somebody has to log in */
    [DEVICE_ROLE] = {"role", FIELD_CHOICE, false, roles, ROLES_HELP},
    [DEVICE_CERTIFICATE] = {"certificate", FIELD_PATH, false, NULL, "证书文件（PEM）"},
    [DEVICE_KEY] = {"key", FIELD_HEX, false, NULL, "64 位十六进制的公钥 SHA-256"},
    [DEVICE_REVOKED] = {"revoked", FIELD_CHOICE, false, flags, "yes 或 no"},
};
static const struct field account_fields[] = {
    [ACCOUNT_NAME] = {"name", FIELD_TEXT, true, NULL, "姓名"},
    [ACCOUNT_OFFICE] = {"office", FIELD_CODE, true, NULL, "所在单位的代码"},
    [ACCOUNT_ROLE] = {"role", FIELD_CHOICE, true, roles, ROLES_HELP},
};
static const struct section {
    const char *word, *label;
    const struct field *fields;
    size_t fields_count;
    unsigned codes; /* how many codes stand behind the word */
} sections[DIRECTORY_KINDS] = {
    [DIRECTORY_OFFICE] = {"office", "单位", office_fields, sizeof office_fields / sizeof *office_fields, 1},
    [DIRECTORY_PAIRING] = {"pairing", "结对", pairing_fields, sizeof pairing_fields / sizeof *pairing_fields, 2},
    [DIRECTORY_DEVICE] = {"device", "终端", device_fields, sizeof device_fields / sizeof *device_fields, 1},
    [DIRECTORY_ACCOUNT] = {"account", "人员", account_fields, sizeof account_fields / sizeof *account_fields, 1},
};
const char *directory_kind_label(enum directory_kind kind) { return sections[kind].label; }

/* ---- complaints */

struct reader {
    struct directory_file *file;
    FILE *complaints;
    unsigned line;
    struct directory_entry
        *entry; /* the section that is being read; NULL before the first or in one that is at fault */
};
static void __attribute__((format(printf, 3, 4))) complain(struct reader *r, unsigned line, const char *format, ...) {
    va_list arguments;
    char raw[512], shown[1024];
    if (++r->file->faults > FAULTS_SHOWN) return;
    va_start(arguments, format);
    vsnprintf(raw, sizeof raw, format, arguments);
    va_end(arguments);
    text_terminal(shown, sizeof shown, raw, strlen(raw), true);
    fprintf(r->complaints, "%s:%u：%s\n", r->file->path, line, shown);
}

/* ---- values */

static bool is_date(const char *text) {
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year, month, day, used = 0;
    if (sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &used) != 3 || used != 10 || text[10]) return false;
    if (year < 1900 || year > 9999 || month < 1 || month > 12 || day < 1 || day > days[month - 1]) return false;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month != 2 || day < 29 || leap;
}
static const char *find_choice(const struct choice *choices, const char *word) {
    for (; choices->word; choices++)
        if (strcmp(choices->word, word) == 0) return choices->value;
    return NULL;
}

/* The value as the database takes it; NULL where it is none. */
static const char *convert(struct reader *r, const struct field *field, const char *text) {
    switch (field->type) {
    case FIELD_TEXT:
        return text_check(text, strlen(text), false, NULL) == TEXT_OK && strlen(text) <= TEXT_MAX ? text : NULL;
    case FIELD_CODE: return text_is_code(text) ? text : NULL;
    case FIELD_CHOICE: return find_choice(field->choices, text);
    case FIELD_DATE: return is_date(text) ? text : NULL;
    case FIELD_PATH: return text;
    case FIELD_HEX: break;
    }
    uint8_t key[KEY_BYTES];
    return text_unhex(key, sizeof key, text, strlen(text)) ? arena_printf(&r->file->arena, "\\x%s", text) : NULL;
}

static void take_value(struct reader *r, char *key, char *text) {
    struct directory_entry *e = r->entry;
    if (!e) return; /* its section's head was complained about */
    const struct section *section = &sections[e->kind];
    size_t i = 0;
    while (i < section->fields_count && strcmp(section->fields[i].key, key) != 0) i++;
    if (i == section->fields_count) {
        complain(r, r->line, "[%s %s] 里没有 %s 这一项：删掉它，或检查拼写", section->word, e->name, key);
        return;
    }
    const struct field *field = &section->fields[i];
    if (e->value[i]) {
        complain(r, r->line, "[%s %s] 里 %s 写了两次：删掉一个", section->word, e->name, key);
        return;
    }
    const char *value = text[0] ? convert(r, field, text) : NULL;
    if (!value && !text[0] && !field->required) return;
    if (!value) complain(r, r->line, "%s = %s 不行：写%s", key, text, field->help);
    e->value[i] = value ? value : ""; /* not complained about once more as missing */
}

/* ---- lines */

static char *trim(char *text) {
    while (*text == ' ' || *text == '\t') text++;
    size_t size = strlen(text);
    while (size > 0 && (text[size - 1] == ' ' || text[size - 1] == '\t' || text[size - 1] == '\r')) text[--size] = '\0';
    return text;
}
/* A comment begins a line or stands behind a blank. */
static void cut_comment(char *text) {
    for (char *at = text; *at; at++)
        if ((*at == ';' || *at == '#') && (at == text || at[-1] == ' ' || at[-1] == '\t')) {
            *at = '\0';
            return;
        }
}

static void take_section(struct reader *r, char *head) {
    char *rest = NULL, *word = strtok_r(head, " \t", &rest), *one = strtok_r(NULL, " \t", &rest);
    char *two = strtok_r(NULL, " \t", &rest), *three = strtok_r(NULL, " \t", &rest);
    size_t kind = 0;
    r->entry = NULL;
    while (word && kind < DIRECTORY_KINDS && strcmp(sections[kind].word, word) != 0) kind++;
    if (!word || kind == DIRECTORY_KINDS) {
        complain(r, r->line,
                 "不认识的节 [%s]：只有 [office 代码]、[pairing 派出所 司法所]、[device 名称]、[account 账号]",
                 word ? word : "");
        return;
    }
    unsigned codes = (one != NULL) + (two != NULL) + (three != NULL);
    if (codes != sections[kind].codes || !text_is_code(one) || (two && !text_is_code(two))) {
        complain(r, r->line, "[%s …] 后面要写%s，只用小写字母、数字和 -，最多 %u 个字符", word,
                 kind == DIRECTORY_PAIRING ? "派出所和司法所两个代码" : "一个代码", TEXT_CODE_MAX);
        return;
    }
    struct directory_file *f = r->file;
    struct directory_entry *e = arena_zero(&f->arena, sizeof *e);
    if (!e) return; /* told at the end: arena exhausted */
    e->kind = (enum directory_kind)kind;
    e->line = r->line;
    e->name = two ? arena_printf(&f->arena, "%s %s", one, two) : one;
    if (!e->name) return;
    if (two) {
        e->value[PAIRING_STATION] = one;
        e->value[PAIRING_JUDICIAL] = two;
    }
    if (f->last[kind])
        f->last[kind]->next = e;
    else
        f->first[kind] = e;
    f->last[kind] = e;
    f->count[kind]++;
    r->entry = e;
}

static size_t count_all(const struct directory_file *f) {
    size_t all = 0;
    for (size_t kind = 0; kind < DIRECTORY_KINDS; kind++) all += f->count[kind];
    return all;
}

static void take_line(struct reader *r, char *line) {
    cut_comment(line);
    line = trim(line);
    size_t size = strlen(line);
    if (size == 0) return;
    if (line[0] == '[') {
        if (line[size - 1] != ']') {
            complain(r, r->line, "节没有写完：缺少 ]");
            r->entry = NULL;
            return;
        }
        line[size - 1] = '\0';
        take_section(r, line + 1);
        return;
    }
    char *equals = strchr(line, '=');
    if (!equals) {
        complain(r, r->line, "这一行不是 项 = 值");
        return;
    }
    *equals = '\0';
    char *key = trim(line);
    if (!r->entry && count_all(r->file) == 0 && r->file->faults == 0)
        complain(r, r->line, "%s 前面还没有节：先写 [office 代码] 之类", key);
    take_value(r, key, trim(equals + 1));
}

/* ---- the whole */

struct named {
    const char *name;
    const struct directory_entry *entry;
};
static int by_name(const void *a, const void *b) {
    const struct named *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order ? order : (x->entry->line > y->entry->line) - (x->entry->line < y->entry->line);
}

/* Complains where two entries of a kind share a name or (value >= 0) a value. */
static void judge_unique(struct reader *r, enum directory_kind kind, int value, const char *what) {
    size_t count = 0;
    struct named *all = arena_take(&r->file->arena, (r->file->count[kind] + 1) * sizeof *all);
    if (!all) return; /* told at the end: arena exhausted */
    for (const struct directory_entry *e = r->file->first[kind]; e; e = e->next) {
        const char *name = value < 0 ? e->name : e->value[value];
        if (name && name[0]) all[count++] = (struct named){name, e};
    }
    qsort(all, count, sizeof *all, by_name);
    for (size_t i = 1; i < count; i++)
        if (strcmp(all[i].name, all[i - 1].name) == 0)
            complain(r, all[i].entry->line, "%s %s 的%s和第 %u 行的 %s 相同：改掉一个", sections[kind].label,
                     all[i].entry->name, what, all[i - 1].entry->line, all[i - 1].entry->name);
}

static void judge_required(struct reader *r, struct directory_entry *e) {
    const struct section *section = &sections[e->kind];
    for (size_t i = 0; i < section->fields_count; i++)
        if (section->fields[i].required && !e->value[i])
            complain(r, e->line, "[%s %s] 缺少 %s：写%s", section->word, e->name, section->fields[i].key,
                     section->fields[i].help);
}

static void judge_device(struct reader *r, struct directory_entry *e) {
    struct directory_file *f = r->file;
    const char *certificate = e->value[DEVICE_CERTIFICATE];
    if (!e->value[DEVICE_OFFICER]) e->value[DEVICE_OFFICER] = e->name;
    if (!e->value[DEVICE_REVOKED]) e->value[DEVICE_REVOKED] = "f";
    if ((certificate != NULL) == (e->value[DEVICE_KEY] != NULL)) {
        complain(r, e->line, "[device %s] 要写 certificate 或 key 中的一个", e->name);
        return;
    }
    if (!certificate) return;
    const char *slash = strrchr(f->path, '/');
    int folder = slash && certificate[0] != '/' ? (int)(slash - f->path) + 1 : 0;
    const char *path = arena_printf(&f->arena, "%.*s%s", folder, f->path, certificate);
    uint8_t key[KEY_BYTES];
    char hex[2 * KEY_BYTES + 1];
    struct tls_error error;
    if (path && tls_certificate_key(path, key, &error)) {
        text_hex(hex, key, sizeof key);
        e->value[DEVICE_KEY] = arena_printf(&f->arena, "\\x%s", hex);
    } else {
        complain(r, e->line, "[device %s]：%s", e->name, path ? error.text : "内存不足");
    }
}

bool directory_file_judge(struct directory_file *file, const char *path, char *text, size_t size, FILE *complaints) {
    struct reader r = {.file = file, .complaints = complaints};
    size_t at = 0;
    memset(file, 0, sizeof *file);
    file->path = path;
    arena_init(&file->arena, ARENA_MAX);
    if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) at = 3; /* Windows' Notepad puts a mark there */
    if (text_check(text + at, size - at, true, NULL) == TEXT_NOT_UTF8 || memchr(text, '\0', size)) {
        complain(&r, 1, "不是 UTF-8 文本：用编辑器另存为 UTF-8");
        return false;
    }
    for (char *end = text + size, *line = text + at, *next; line < end; line = next) {
        char *newline = memchr(line, '\n', (size_t)(end - line));
        next = newline ? newline + 1 : end;
        r.line++;
        if (newline) *newline = '\0';
        take_line(&r, line); /* the last line is ended by the NUL behind the text */
    }
    for (size_t kind = 0; kind < DIRECTORY_KINDS; kind++)
        for (struct directory_entry *e = file->first[kind]; e; e = e->next) {
            judge_required(&r, e);
            if (kind == DIRECTORY_DEVICE) judge_device(&r, e);
        }
    judge_unique(&r, DIRECTORY_OFFICE, -1, "代码");
    judge_unique(&r, DIRECTORY_DEVICE, -1, "名称");
    judge_unique(&r, DIRECTORY_DEVICE, DEVICE_KEY, "证书");
    judge_unique(&r, DIRECTORY_PAIRING, -1, "两个单位");
    judge_unique(&r, DIRECTORY_ACCOUNT, -1, "账号");
    if (file->arena.exhausted) complain(&r, r.line, "文件太大：分成几个文件导入");
    if (file->faults == 0 && count_all(file) == 0) complain(&r, 1, "文件里没有任何单位、结对、终端或人员");
    if (file->faults > FAULTS_SHOWN) fprintf(complaints, "……还有 %u 处\n", file->faults - FAULTS_SHOWN);
    return file->faults == 0;
}

static char *read_whole(const char *path, size_t *size, const char **why) {
    FILE *in = fopen(path, "rb");
    char *text = in ? malloc(FILE_MAX + 1) : NULL;
    *size = text ? fread(text, 1, FILE_MAX, in) : 0;
    *why = !in                ? "打不开：检查路径和权限"
           : !text            ? "内存不足"
           : ferror(in)       ? "读不了：检查它是不是文件"
           : fgetc(in) != EOF ? "超过 16 MiB：分成几个文件导入"
                              : NULL;
    if (in) fclose(in);
    if (!*why) {
        text[*size] = '\0';
        return text;
    }
    free(text);
    return NULL;
}

bool directory_file_read(struct directory_file *file, const char *path, FILE *complaints) {
    size_t size = 0;
    const char *why = NULL;
    char *text = read_whole(path, &size, &why);
    if (!text) {
        memset(file, 0, sizeof *file);
        arena_init(&file->arena, ARENA_MAX);
        file->faults = 1;
        fprintf(complaints, "%s：%s\n", path, why);
        return false;
    }
    bool good = directory_file_judge(file, path, text, size, complaints);
    file->text = text; /* the entries point into it */
    return good;
}

void directory_file_release(struct directory_file *file) {
    arena_free(&file->arena);
    free(file->text);
    file->text = NULL;
}
