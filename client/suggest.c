#include "client/suggest.h"
#include "common/text.h"
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define WORD_MAX 64u

static size_t decode(const char *word, uint32_t points[WORD_MAX]) {
    size_t count = 0, size = strlen(word);
    for (size_t at = 0; at < size && count < WORD_MAX;) {
        size_t length = 1;
        uint32_t point = text_decode(word + at, size - at, &length);
        points[count++] = point >= 'A' && point <= 'Z' ? point + ('a' - 'A') : point;
        at += length;
    }
    return count;
}

static size_t least(size_t a, size_t b, size_t c) {
    size_t m = a < b ? a : b;
    return m < c ? m : c;
}

size_t suggest_distance(const char *a, const char *b) {
    uint32_t pa[WORD_MAX], pb[WORD_MAX];
    size_t na = decode(a, pa), nb = decode(b, pb);
    size_t rows[3][WORD_MAX + 1]; /* two rows back, one row back, this row */
    size_t *before = rows[0], *above = rows[1], *row = rows[2];
    for (size_t j = 0; j <= nb; j++) row[j] = j;
    for (size_t i = 1; i <= na; i++) {
        size_t *oldest = before;
        before = above;
        above = row;
        row = oldest;
        row[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            row[j] = least(above[j] + 1, row[j - 1] + 1, above[j - 1] + (pa[i - 1] == pb[j - 1] ? 0 : 1));
            bool swapped = i > 1 && j > 1 && pa[i - 1] == pb[j - 2] && pa[i - 2] == pb[j - 1];
            if (swapped && before[j - 2] + 1 < row[j]) row[j] = before[j - 2] + 1;
        }
    }
    return row[nb];
}

void suggest_begin(struct suggest *s, const char *typed) {
    size_t third = text_count(typed, strlen(typed)) / 3;
    *s = (struct suggest){.typed = typed, .distance = (third > 2 ? third : 2) + 1};
}

void suggest_offer(struct suggest *s, const char *word) {
    size_t distance = suggest_distance(s->typed, word);
    if (distance < s->distance && distance < text_count(word, strlen(word))) {
        s->best = word;
        s->distance = distance;
    }
}
