#define _XOPEN_SOURCE 700 /* wcwidth */
#include "client/width.h"
#include "common/text.h"
#include <string.h>
#include <wchar.h>

/* Characters of East Asian Width A (Unicode 15) that Chinese input methods and records produce. */
static const struct range {
    uint32_t first, last;
} ambiguous_ranges[] = {
    {0xA1, 0xA1},     {0xA4, 0xA4},     {0xA7, 0xA8},     {0xAA, 0xAA},     {0xAE, 0xAE},     {0xB0, 0xB4},
    {0xB6, 0xBA},     {0xBC, 0xBF},     {0xC6, 0xC6},     {0xD0, 0xD0},     {0xD7, 0xD8},     {0xDE, 0xE1},
    {0xE6, 0xE6},     {0xE8, 0xEA},     {0xEC, 0xED},     {0xF0, 0xF0},     {0xF2, 0xF3},     {0xF7, 0xFA},
    {0xFC, 0xFC},     {0xFE, 0xFE},     {0x101, 0x101},   {0x113, 0x113},   {0x11B, 0x11B},   {0x12B, 0x12B},
    {0x144, 0x144},   {0x148, 0x148},   {0x14D, 0x14D},   {0x16B, 0x16B},   {0x1CE, 0x1CE},   {0x1D0, 0x1D0},
    {0x1D2, 0x1D2},   {0x1D4, 0x1D4},   {0x1D6, 0x1D6},   {0x1D8, 0x1D8},   {0x1DA, 0x1DA},   {0x1DC, 0x1DC},
    {0x2C7, 0x2C7},   {0x2C9, 0x2CB},   {0x2D9, 0x2D9},   {0x391, 0x3A1},   {0x3A3, 0x3A9},   {0x3B1, 0x3C1},
    {0x3C3, 0x3C9},   {0x401, 0x401},   {0x410, 0x44F},   {0x451, 0x451},   {0x2010, 0x2010}, {0x2013, 0x2016},
    {0x2018, 0x2019}, {0x201C, 0x201D}, {0x2020, 0x2022}, {0x2024, 0x2027}, {0x2030, 0x2030}, {0x2032, 0x2033},
    {0x2035, 0x2035}, {0x203B, 0x203B}, {0x20AC, 0x20AC}, {0x2103, 0x2103}, {0x2105, 0x2105}, {0x2109, 0x2109},
    {0x2116, 0x2116}, {0x2121, 0x2122}, {0x2153, 0x2154}, {0x2160, 0x216B}, {0x2170, 0x2179}, {0x2190, 0x2199},
    {0x21D2, 0x21D2}, {0x21D4, 0x21D4}, {0x2208, 0x2208}, {0x220F, 0x220F}, {0x2211, 0x2211}, {0x2215, 0x2215},
    {0x221A, 0x221A}, {0x221D, 0x2220}, {0x2223, 0x2223}, {0x2225, 0x2225}, {0x2227, 0x222C}, {0x222E, 0x222E},
    {0x2234, 0x2237}, {0x223D, 0x223D}, {0x2248, 0x2248}, {0x224C, 0x224C}, {0x2260, 0x2261}, {0x2264, 0x2267},
    {0x226E, 0x226F}, {0x2295, 0x2295}, {0x2299, 0x2299}, {0x22A5, 0x22A5}, {0x22BF, 0x22BF}, {0x2312, 0x2312},
    {0x2460, 0x24E9}, {0x24EB, 0x254B}, {0x2550, 0x2573}, {0x2580, 0x258F}, {0x2592, 0x2595}, {0x25A0, 0x25A1},
    {0x25B2, 0x25B3}, {0x25BC, 0x25BD}, {0x25C6, 0x25C8}, {0x25CB, 0x25CB}, {0x25CE, 0x25D1}, {0x25E2, 0x25E5},
    {0x2605, 0x2606}, {0x2609, 0x2609}, {0x260E, 0x260F}, {0x2640, 0x2640}, {0x2642, 0x2642}, {0xFFFD, 0xFFFD},
};

bool width_is_ambiguous(uint32_t point) {
    size_t low = 0, high = sizeof ambiguous_ranges / sizeof *ambiguous_ranges;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (point > ambiguous_ranges[middle].last) {
            low = middle + 1;
        } else if (point < ambiguous_ranges[middle].first) {
            high = middle;
        } else {
            return true;
        }
    }
    return false;
}

unsigned width_point(uint32_t point, unsigned ambiguous) {
    if (point >= 0x20 && point < 0x7f) return 1;
    if (width_is_ambiguous(point)) return ambiguous;
    int width = wcwidth((wchar_t)point);
    return width > 0 ? (unsigned)width : 0;
}

size_t width_text(const char *text, unsigned ambiguous) {
    size_t columns = 0, size = strlen(text);
    for (size_t at = 0; at < size;) {
        size_t length = 1;
        uint32_t point = text_decode(text + at, size - at, &length);
        columns += width_point(point, ambiguous);
        at += length;
    }
    return columns;
}

bool width_depends(const char *text) {
    size_t size = strlen(text);
    for (size_t at = 0; at < size;) {
        size_t length = 1;
        if (width_is_ambiguous(text_decode(text + at, size - at, &length))) return true;
        at += length;
    }
    return false;
}

size_t width_fit(const char *text, size_t columns, unsigned ambiguous) {
    size_t size = strlen(text), at = 0, used = 0;
    while (at < size) {
        size_t length = 1;
        used += width_point(text_decode(text + at, size - at, &length), ambiguous);
        if (used > columns) break;
        at += length;
    }
    return at;
}

static void blanks(FILE *out, size_t count) {
    while (count-- > 0) fputc(' ', out);
}

void width_pad(FILE *out, const char *text, size_t columns, unsigned ambiguous) {
    size_t width = width_text(text, ambiguous);
    fputs(text, out);
    if (width < columns) blanks(out, columns - width);
}

/* Where a line that holds `fit` bytes of `text` may end: after a blank, or before or after a wide character. */
static size_t break_at(const char *text, size_t fit) {
    if (text[fit] == '\0' || text[fit] == ' ') return fit;
    size_t size = strlen(text), best = 0;
    unsigned before = 1;
    for (size_t at = 0; at <= fit && at < size;) {
        size_t length = 1;
        unsigned width = width_point(text_decode(text + at, size - at, &length), 1);
        /* Chinese closing punctuation does not begin a line: 。，、；：！？） */
        bool closing =
            length == 3 && strstr("。，、；：！？）」", (char[]){text[at], text[at + 1], text[at + 2], 0}) != NULL;
        if (at > 0 && (text[at - 1] == ' ' || ((width == 2 || before == 2) && !closing))) best = at;
        before = width;
        at += length;
    }
    return best > 0 ? best : fit;
}

void width_wrap(FILE *out, const char *text, size_t indent, size_t columns, unsigned ambiguous) {
    size_t room = columns > indent + 8 ? columns - indent : 0;
    bool first = true;
    while (*text) {
        if (!first) {
            fputc('\n', out);
            blanks(out, indent);
        }
        first = false;
        size_t line = strcspn(text, "\n");
        size_t fit = room ? width_fit(text, room, ambiguous) : line;
        if (fit >= line) {
            fwrite(text, 1, line, out);
            text += line + (text[line] == '\n');
            continue;
        }
        size_t end = break_at(text, fit);
        if (end == 0) end = line; /* not even one character fits */
        fwrite(text, 1, end, out);
        text += end;
        while (*text == ' ') text++;
    }
}
