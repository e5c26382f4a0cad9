#include "common/settings_private.h"
#include "common/text.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct unit {
    const char *name;
    int64_t size;
};
/* Largest first: a value prints in the first unit that divides it. */
static const struct unit sizes[] = {{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"", 1}, {NULL, 0}};
static const struct unit durations[] = {{"d", 86400000}, {"h", 3600000}, {"min", 60000},
                                        {"s", 1000},     {"ms", 1},      {NULL, 0}};
static const struct unit plain[] = {{"", 1}, {NULL, 0}};

static const struct unit *units_of(enum setting_type type) {
    return type == SETTING_SIZE ? sizes : type == SETTING_DURATION ? durations : plain;
}

static void *member(const struct setting *row, void *values) { return (char *)values + row->offset; }
static const void *view(const struct setting *row, const void *values) { return (const char *)values + row->offset; }
static bool is_string(const struct setting *row) { return row->type == SETTING_STRING || row->type == SETTING_CHOICE; }

static bool __attribute__((format(printf, 2, 3))) refuse(struct setting_fault *fault, const char *remedy, ...) {
    va_list arguments;
    va_start(arguments, remedy);
    text_vprint(fault->remedy, sizeof fault->remedy, remedy, arguments);
    va_end(arguments);
    return false;
}

static void print_number(const struct unit *unit, int64_t value, char *out, size_t room) {
    if (value == 0) {
        snprintf(out, room, "0");
        return;
    }
    while (value % unit->size) unit++;
    snprintf(out, room, "%" PRId64 "%s", value / unit->size, unit->name);
}

void setting_range(const struct setting *row, char *out, size_t room) {
    char low[32], high[32];
    out[0] = '\0';
    if (is_string(row) || row->type == SETTING_BOOLEAN || row->minimum >= row->maximum) return;
    print_number(units_of(row->type), row->minimum, low, sizeof low);
    print_number(units_of(row->type), row->maximum, high, sizeof high);
    snprintf(out, room, "%s 到 %s", low, high);
}

static bool read_number(const struct setting *row, const char *text, int64_t *value) {
    bool negative = *text == '-';
    const char *digits = text + negative, *end = digits;
    if (*digits < '0' || *digits > '9' || strlen(digits) > 24) return false;
    uint64_t count = 0;
    for (; *end >= '0' && *end <= '9'; end++)
        if (__builtin_mul_overflow(count, 10u, &count) || __builtin_add_overflow(count, (uint64_t)(*end - '0'), &count))
            return false;
    while (*end == ' ') end++;
    if (count > INT64_MAX) return false;
    *value = negative ? -(int64_t)count : (int64_t)count;
    if (count == 0 && !*end) return true; /* 0 needs no unit */
    for (const struct unit *unit = units_of(row->type); unit->name; unit++)
        if (!strcmp(unit->name, end)) return !__builtin_mul_overflow(*value, unit->size, value);
    return false;
}

static bool assign_number(const struct setting *row, void *to, const char *text, struct setting_fault *fault) {
    static const char *const kinds[] = {[SETTING_INTEGER] = "整数",
                                        [SETTING_SIZE] = "大小（如 64KiB、16MiB）",
                                        [SETTING_DURATION] = "时长（如 250ms、30s、5min、1h、30d）"};
    char range[80];
    int64_t value;
    setting_range(row, range, sizeof range);
    bool known = read_number(row, text, &value);
    if (known && (!range[0] || (value >= row->minimum && value <= row->maximum))) {
        *(int64_t *)to = value;
        return true;
    }
    snprintf(fault->reason, sizeof fault->reason, "%s", known ? "超出范围" : "无法解读");
    return refuse(fault, "请填写%s%s%s", kinds[row->type], range[0] ? "，范围 " : "", range);
}

static bool assign_boolean(void *to, const char *text, struct setting_fault *fault) {
    static const char *const words[] = {"off", "on", "false", "true", "no", "yes", "0", "1"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!strcmp(text, words[i])) {
            *(bool *)to = i % 2;
            return true;
        }
    snprintf(fault->reason, sizeof fault->reason, "不是开关");
    return refuse(fault, "请填写 on 或 off");
}

static bool is_choice(const char *choices, const char *text) {
    size_t size = strlen(text);
    for (const char *at = choices; size && *at; at += strspn(at, " ")) {
        size_t word = strcspn(at, " ");
        if (word == size && !memcmp(at, text, size)) return true;
        at += word;
    }
    return false;
}

static bool check_string(const struct setting *row, const char *text, size_t size, struct setting_fault *fault) {
    int64_t most = row->maximum > 0 ? row->maximum : SETTING_TEXT_MAX;
    if (row->type == SETTING_CHOICE) {
        if (is_choice(row->choices, text)) return true;
        snprintf(fault->reason, sizeof fault->reason, "不在可选范围内");
        return refuse(fault, "请填写其中之一：%s", row->choices);
    }
    if (text_check(text, size, false, NULL) != TEXT_OK) {
        snprintf(fault->reason, sizeof fault->reason, "含有控制字符或不是 UTF-8 文字");
        return refuse(fault, "请删除不可见字符，用 UTF-8 编码保存");
    }
    if (size == 0 && row->minimum > 0) {
        snprintf(fault->reason, sizeof fault->reason, "是空的");
        return refuse(fault, "请填写这一项");
    }
    if ((int64_t)size >= row->minimum && (int64_t)size <= most) return true;
    snprintf(fault->reason, sizeof fault->reason, (int64_t)size > most ? "太长" : "太短");
    return refuse(fault, "请填写 %" PRId64 " 到 %" PRId64 " 个字节的文字", row->minimum, most);
}

static bool assign_string(const struct setting *row, char **to, const char *text, struct setting_fault *fault) {
    /* Spaces at the ends can't be written in a file: they mean nothing anywhere. */
    text += strspn(text, " ");
    size_t size = strlen(text);
    while (size && text[size - 1] == ' ') size--;
    if (size > SETTING_TEXT_MAX) size = SETTING_TEXT_MAX + 1;
    char *copy = malloc(size + 1);
    if (!copy) {
        snprintf(fault->reason, sizeof fault->reason, "放不进内存");
        return refuse(fault, "内存不足，请稍候重试");
    }
    memcpy(copy, text, size);
    copy[size] = '\0';
    if (!check_string(row, copy, size, fault)) {
        free(copy);
        return false;
    }
    free(*to);
    *to = copy;
    return true;
}

bool setting_assign(const struct setting *row, void *values, const char *text, struct setting_fault *fault) {
    void *to = member(row, values);
    if (is_string(row)) return assign_string(row, to, text, fault);
    return row->type == SETTING_BOOLEAN ? assign_boolean(to, text, fault) : assign_number(row, to, text, fault);
}

void setting_clear(const struct setting *row, void *values) {
    if (is_string(row)) {
        char **to = member(row, values);
        free(*to);
        *to = NULL;
    } else if (row->type == SETTING_BOOLEAN) {
        *(bool *)member(row, values) = false;
    } else {
        *(int64_t *)member(row, values) = 0;
    }
}

bool setting_equal(const struct setting *row, const void *a, const void *b) {
    if (row->type == SETTING_BOOLEAN) return *(const bool *)view(row, a) == *(const bool *)view(row, b);
    if (!is_string(row)) return *(const int64_t *)view(row, a) == *(const int64_t *)view(row, b);
    const char *one = *(char *const *)view(row, a), *other = *(char *const *)view(row, b);
    return !strcmp(one ? one : "", other ? other : "");
}

const char *setting_text(const struct setting *row, const void *values, char *out, size_t room) {
    if (row->type == SETTING_BOOLEAN) return *(const bool *)view(row, values) ? "on" : "off";
    if (is_string(row)) {
        const char *text = *(char *const *)view(row, values);
        return text ? text : "";
    }
    print_number(units_of(row->type), *(const int64_t *)view(row, values), out, room);
    return out;
}
