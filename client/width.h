/* Columns that text takes on a terminal, and printing by columns.
 * Client, pure; needs a UTF-8 LC_CTYPE (language_start).
 *
 * `ambiguous` is what the terminal makes of characters such as “ ” — … · ①, which the standard leaves open: 1 or 2
 * columns. */
#ifndef LIANDONG_CLIENT_WIDTH_H
#define LIANDONG_CLIENT_WIDTH_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

bool width_is_ambiguous(uint32_t point);
unsigned width_point(uint32_t point, unsigned ambiguous);
size_t width_text(const char *text, unsigned ambiguous);
/* True where the width of `text` depends on `ambiguous`. */
bool width_depends(const char *text);
/* Bytes of the longest beginning of `text` that fits in `columns`. */
size_t width_fit(const char *text, size_t columns, unsigned ambiguous);
/* Prints the text and blanks up to `columns`; a longer text is printed whole and followed by no blank. */
void width_pad(FILE *out, const char *text, size_t columns, unsigned ambiguous);
/* Prints the text from column `indent` on (the first line is there already), broken between words or CJK characters so
 * that no line passes `columns`; the lines after the first are indented. columns 0: never broken. Ends without a
 * newline. */
void width_wrap(FILE *out, const char *text, size_t indent, size_t columns, unsigned ambiguous);
#endif
