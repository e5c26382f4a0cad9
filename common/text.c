#include "common/text.h"
#include <stdio.h>
#include <string.h>

uint32_t text_decode(const char *text, size_t size, size_t *length) {
    const uint8_t *s = (const uint8_t *)text;
    *length = 1;
    if (s[0] < 0x80) return s[0];
    size_t need = s[0] >= 0xc2 && s[0] < 0xe0   ? 2
                  : s[0] >= 0xe0 && s[0] < 0xf0 ? 3
                  : s[0] >= 0xf0 && s[0] < 0xf5 ? 4
                                                : 0;
    if (need == 0 || size < need) return UINT32_MAX;
    uint32_t point = s[0] & (0xffu >> (need + 1));
    for (size_t i = 1; i < need; i++) {
        if ((s[i] & 0xc0) != 0x80) return UINT32_MAX;
        point = point << 6 | (s[i] & 0x3fu);
    }
    /* Two bytes can't be overlong (the lead is c2 or more); longer ones are judged by value. */
    bool overlong = (need == 3 && point < 0x800) || (need == 4 && point < 0x10000);
    if (overlong || (point >= 0xd800 && point < 0xe000) || point > 0x10ffff) return UINT32_MAX;
    *length = need;
    return point;
}

static bool continues(char byte) { return ((uint8_t)byte & 0xc0) == 0x80; }

static bool is_control(uint32_t point) { return point < 0x20 || (point >= 0x7f && point < 0xa0); }

static bool is_direction(uint32_t point) {
    return (point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069) || point == 0x200e ||
           point == 0x200f || point == 0x061c;
}

static enum text_fault judge(uint32_t point, bool multiline) {
    if (point == UINT32_MAX) return TEXT_NOT_UTF8;
    if (is_control(point)) return multiline && (point == '\n' || point == '\t') ? TEXT_OK : TEXT_CONTROL;
    return is_direction(point) ? TEXT_DIRECTION : TEXT_OK;
}

/* A word of eight bytes that are all plain ASCII: the common case of codes, names and numbers. */
static bool is_plain_word(const char *text) {
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
    uint64_t word;
    memcpy(&word, text, sizeof word);
    uint64_t below_space = word - ones * 0x20, is_delete = (word ^ ones * 0x7f) - ones;
    return ((word | below_space | is_delete) & tops) == 0;
}

/* Three bytes of U+3000 to U+CFFF: Han, Kana, Hangul and the punctuation of Chinese. Nothing there is a fault. */
static bool is_plain_han(const char *text) {
    return (uint8_t)text[0] >= 0xe3 && (uint8_t)text[0] <= 0xec && continues(text[1]) && continues(text[2]);
}

enum text_fault text_check(const char *text, size_t size, bool multiline, size_t *at) {
    size_t i = 0, length;
    while (i < size) {
        if (size - i >= 8 && is_plain_word(text + i)) {
            i += 8;
            continue;
        }
        if (size - i >= 3 && is_plain_han(text + i)) {
            i += 3;
            continue;
        }
        enum text_fault fault = judge(text_decode(text + i, size - i, &length), multiline);
        if (fault != TEXT_OK) {
            if (at) *at = i;
            return fault;
        }
        i += length;
    }
    return TEXT_OK;
}

bool text_is_code(const char *text) {
    size_t size = strlen(text);
    return size >= 1 && size <= TEXT_CODE_MAX && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == size;
}

uint32_t text_half_width(uint32_t c) {
    if (c == 0x3000) return ' ';
    return c >= 0xff01 && c <= 0xff5e ? c - 0xff01 + '!' : c;
}

size_t text_count(const char *text, size_t size) {
    size_t count = 0;
    for (size_t i = 0; i < size; i++) count += !continues(text[i]);
    return count;
}

size_t text_cut(const char *text, size_t size, size_t max) {
    if (size <= max) return size;
    while (max > 0 && continues(text[max])) max--;
    return max;
}

/* Where escaped text goes: `at` counts on past the room, writing ends at the first piece that does not fit. */
struct sink {
    char *out;
    size_t room, at;
    bool full;
};

static void emit(struct sink *s, const char *piece, size_t size) {
    s->full = s->full || s->room == 0 || size > s->room - 1 - s->at;
    if (!s->full) memcpy(s->out + s->at, piece, size);
    s->at += size;
    if (!s->full) s->out[s->at] = '\0';
}

static size_t begin_sink(struct sink *s, char *out, size_t room) {
    *s = (struct sink){.out = out, .room = room};
    if (room) out[0] = '\0';
    return 0;
}

size_t text_json(char *out, size_t room, const char *text, size_t size) {
    struct sink sink;
    size_t length;
    for (size_t i = begin_sink(&sink, out, room); i < size; i += length) {
        uint32_t point = text_decode(text + i, size - i, &length);
        char escape[8];
        if (point == '"' || point == '\\')
            emit(&sink, escape, (size_t)snprintf(escape, sizeof escape, "\\%c", (char)point));
        else if (point == '\n' || point == '\t' || point == '\r')
            emit(&sink, point == '\n' ? "\\n" : point == '\t' ? "\\t" : "\\r", 2);
        else if (point == UINT32_MAX)
            emit(&sink, escape, (size_t)snprintf(escape, sizeof escape, "\\u00%02x", (unsigned)(uint8_t)text[i]));
        else if (is_control(point) || is_direction(point) || point == 0x2028 || point == 0x2029)
            emit(&sink, escape, (size_t)snprintf(escape, sizeof escape, "\\u%04x", (unsigned)(point & 0xffff)));
        else
            emit(&sink, text + i, length);
    }
    return sink.at;
}

size_t text_terminal(char *out, size_t room, const char *text, size_t size, bool one_line) {
    struct sink sink;
    size_t length;
    for (size_t i = begin_sink(&sink, out, room); i < size; i += length) {
        uint32_t point = text_decode(text + i, size - i, &length);
        char escape[8];
        if (point == '\n' || point == '\t')
            emit(&sink, one_line ? " " : text + i, 1);
        else if (point == UINT32_MAX || point < 0x20 || point == 0x7f)
            emit(&sink, escape, (size_t)snprintf(escape, sizeof escape, "\\x%02x", (unsigned)(uint8_t)text[i]));
        else if (is_control(point) || is_direction(point))
            emit(&sink, escape, (size_t)snprintf(escape, sizeof escape, "\\u%04x", (unsigned)(point & 0xffff)));
        else
            emit(&sink, text + i, length);
    }
    return sink.at;
}

void text_vprint(char *out, size_t room, const char *format, va_list arguments) {
    int size = vsnprintf(out, room, format, arguments);
    if (size < 0)
        out[0] = '\0';
    else if ((size_t)size >= room) {
        size_t at = room - 1, length;
        while (at > 0 && room - 1 - at < 3 && continues(out[at - 1])) at--;
        /* `at` is behind the last lead byte: whole, or cut off with its beginning. */
        if (at > 0 && (uint8_t)out[at - 1] >= 0x80 && text_decode(out + at - 1, room - at, &length) == UINT32_MAX)
            out[at - 1] = '\0';
    }
}

void text_hex(char *out, const void *bytes, size_t size) {
    static const char digits[] = "0123456789abcdef";
    const uint8_t *from = bytes;
    for (size_t i = 0; i < size; i++) {
        out[2 * i] = digits[from[i] >> 4];
        out[2 * i + 1] = digits[from[i] & 15];
    }
    out[2 * size] = '\0';
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool text_unhex(void *out, size_t size, const char *hex, size_t length) {
    uint8_t *to = out;
    if (length / 2 != size || length % 2) return false;
    for (size_t i = 0; i < size; i++) {
        int high = hex_digit(hex[2 * i]), low = hex_digit(hex[2 * i + 1]);
        if (high < 0 || low < 0) return false;
        to[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}
