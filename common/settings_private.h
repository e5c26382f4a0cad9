/* Values of settings: text to member and back. Private to settings.
 * Floor 1 (common). */
#ifndef LIANDONG_COMMON_SETTINGS_PRIVATE_H
#define LIANDONG_COMMON_SETTINGS_PRIVATE_H
#include "common/settings.h"

#define SETTING_TEXT_MAX 4096 /* bytes, for strings whose row names no maximum */

/* What is wrong with a value, and what to write instead: two Chinese clauses. */
struct setting_fault {
    char reason[96], remedy[256];
};

/* Puts `text` into the row's member. False: *fault is set, the member is as before. */
bool setting_assign(const struct setting *row, void *values, const char *text, struct setting_fault *fault);
/* Writes the sentence, cut at a whole character; returns false. */
bool settings_refuse(struct settings_error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Releases a string member and zeroes any member. */
void setting_clear(const struct setting *row, void *values);
bool setting_equal(const struct setting *row, const void *a, const void *b);
/* The value as setting_assign reads it. Strings are not cut: `room` of 32 is enough for all others. */
const char *setting_text(const struct setting *row, const void *values, char *out, size_t room);
/* "1s 到 10min": the row's range in its unit; "" where it has none. */
void setting_range(const struct setting *row, char *out, size_t room);
#endif
