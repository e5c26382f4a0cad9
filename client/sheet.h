/* Rows and columns of text, printed as an aligned table, as one record or as CSV.
 * Client. Knows no messages; texts are safe for a terminal already. */
#ifndef LIANDONG_CLIENT_SHEET_H
#define LIANDONG_CLIENT_SHEET_H
#include "client/terminal.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define SHEET_COLUMNS_MAX 64

enum sheet_mark { SHEET_PLAIN, SHEET_WARN, SHEET_ALARM }; /* colour of a row, on a terminal */

struct sheet_column {
    const char *key;   /* stable name, for JSON */
    const char *label; /* for people */
    bool number;       /* right-aligned; CSV does not guard it against being taken for a formula; JSON writes it bare */
    bool wide;         /* long text: gives way where the terminal is narrow */
    bool optional;     /* left out of a table where the terminal is too narrow even so */
};
struct sheet_row {
    const char *const *cells; /* one per column; NULL is empty */
    enum sheet_mark mark;
};
struct sheet {
    const struct sheet_column *columns;
    size_t column_count;
    const struct sheet_row *rows;
    size_t row_count;
};

/* Aligned columns under a heading. On a terminal long text is cut (it ends in "..") and optional columns are left out
 * (empty ones always; where it is narrow the leftmost), so that a row is a line; elsewhere all is printed. False
 * without memory. */
bool sheet_print_table(const struct sheet *s, FILE *out, struct terminal *terminal);
/* True where a terminal as wide as this one shows all columns, and all of their text. */
bool sheet_fits(const struct sheet *s, const struct terminal *terminal);
/* One row as "label  value" lines; empty values are left out; several lines of a value stand below each other. */
void sheet_print_record(const struct sheet *s, FILE *out, struct terminal *terminal);
/* The cells of each row with two blanks between: for rows that come one by one. */
void sheet_print_line(const struct sheet *s, FILE *out);
/* RFC 4180; times and labels as people read them. `heading`: the line of labels first. */
void sheet_print_csv(const struct sheet *s, FILE *out, bool heading);
/* {"key":"text",…} one line a row; empty cells are left out. */
void sheet_print_ndjson(const struct sheet *s, FILE *out);
/* `text` as a JSON string with its quotes. */
void sheet_put_json(FILE *out, const char *text, size_t size);
#endif
