/* Comma-separated values as RFC 4180 describes them: a reader over bytes in memory and a writer of cells.
 * Client, pure: no files, no locale, any bytes.
 *
 * A fault costs one line, never the rest: whatever is wrong with a record (a quotation that never ends swallows the
 * lines after it), only the line it began on is given up and reading goes on with the next one. */
#ifndef LIANDONG_CLIENT_CSV_H
#define LIANDONG_CLIENT_CSV_H
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define CSV_RECORD_MAX                                                                                                 \
    262144u /* bytes of one record, more than any call log holds; bounds what a stray quote can swallow */
#define CSV_CELLS_MAX 512u

struct csv_cell {
    const char *text; /* unquoted; a NUL follows and none is inside */
    size_t size;
};
enum csv_state {
    CSV_RECORD, /* cells[0..count) are set */
    CSV_FAULT,  /* the line was given up: see fault */
    CSV_END
};
enum csv_fault { CSV_FINE, CSV_QUOTE_OPEN, CSV_QUOTE_MISPLACED, CSV_TOO_LONG, CSV_TOO_MANY_CELLS, CSV_NUL };

struct csv {
    const char *bytes; /* borrowed */
    size_t size, at;
    size_t line; /* of `at`, from 1 */
    char separator;
    char *scratch; /* unquoted cells of the record at hand */
    /* The record at hand, until the next call: */
    struct csv_cell cells[CSV_CELLS_MAX];
    size_t count;
    size_t record_line; /* where it begins */
    const char *raw;    /* its bytes as they stand in the file, without the line's end */
    size_t raw_size;
    enum csv_fault fault;
};

/* Begins to read; skips a byte order mark. False without memory. */
bool csv_open(struct csv *c, const char *bytes, size_t size, char separator);
/* The next record. Empty lines are skipped; lines end with LF, CRLF or CR. Never reads past `size`. */
enum csv_state csv_next(struct csv *c);
void csv_close(struct csv *c);

/* Writes one cell, quoted where it must be. `guard`: a text that a spreadsheet would take for a formula (it begins with
 * = + - @, a tab or a carriage return) gets an apostrophe in front. */
void csv_put(FILE *out, const char *text, size_t size, bool guard);
/* Separator and line's end of what csv_put writes. */
#define CSV_SEPARATOR ","
#define CSV_LINE_END  "\r\n"
#endif
