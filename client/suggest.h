/* "Did you mean": the nearest of some words.
 * Client, pure. */
#ifndef LIANDONG_CLIENT_SUGGEST_H
#define LIANDONG_CLIENT_SUGGEST_H
#include <stddef.h>

/* Levenshtein distance in code points, two neighbours swapped counting one; case ignored in ASCII; words are cut at 64
 * points. */
size_t suggest_distance(const char *a, const char *b);

/* Offers one word after the other, keeps the nearest. */
struct suggest {
    const char *typed;
    const char *best; /* NULL where none is near enough: at most a third of the typed word, 2 at least, is wrong */
    size_t distance;
};
void suggest_begin(struct suggest *s, const char *typed);
/* `word` is borrowed and must outlive the answer. */
void suggest_offer(struct suggest *s, const char *word);
#endif
