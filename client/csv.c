#include "client/csv.h"
#include <stdlib.h>
#include <string.h>

bool csv_open(struct csv *c, const char *bytes, size_t size, char separator) {
    *c = (struct csv){.bytes = bytes, .size = size, .line = 1, .separator = separator};
    if (size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) c->at = 3;
    c->scratch = malloc(CSV_RECORD_MAX + CSV_CELLS_MAX + 1); /* unquoting never lengthens; every cell gets a NUL */
    return c->scratch != NULL;
}

void csv_close(struct csv *c) {
    free(c->scratch);
    c->scratch = NULL;
}

static bool is_end(char byte) { return byte == '\n' || byte == '\r'; }

/* Steps over the line's end at `at`, if there is one. */
static size_t past_end(const struct csv *c, size_t at) {
    if (at < c->size && c->bytes[at] == '\r') {
        at++;
        if (at < c->size && c->bytes[at] == '\n') at++;
    } else if (at < c->size && c->bytes[at] == '\n') {
        at++;
    }
    return at;
}

static size_t count_lines(const struct csv *c, size_t from, size_t until) {
    size_t lines = 0;
    while (from < until) {
        if (is_end(c->bytes[from])) {
            lines++;
            from = past_end(c, from);
        } else {
            from++;
        }
    }
    return lines;
}

/* Gives up the line on which the record began. */
static enum csv_state give_up(struct csv *c, size_t start, enum csv_fault fault) {
    size_t end = start;
    while (end < c->size && !is_end(c->bytes[end])) end++;
    c->raw = c->bytes + start;
    c->raw_size = end - start;
    c->count = 0;
    c->fault = fault;
    c->at = past_end(c, end);
    c->line = c->record_line + 1;
    return CSV_FAULT;
}

/* Copies the cell at *at into the scratch memory at *used; leaves *at on the separator, the line's end or the file's.
 */
static enum csv_fault read_cell(const struct csv *c, size_t limit, size_t *at, size_t *used) {
    size_t i = *at;
    size_t out = *used;
    bool quoted = i < c->size && c->bytes[i] == '"';
    if (quoted) i++;
    for (;; i++) {
        if (i >= limit) {
            if (limit < c->size) return CSV_TOO_LONG;
            if (quoted) return CSV_QUOTE_OPEN;
            break;
        }
        char byte = c->bytes[i];
        if (byte == '\0') return CSV_NUL;
        if (quoted && byte == '"') {
            if (i + 1 < c->size && c->bytes[i + 1] == '"') {
                i++;
            } else {
                i++;
                if (i < c->size && c->bytes[i] != c->separator && !is_end(c->bytes[i])) return CSV_QUOTE_MISPLACED;
                break;
            }
        } else if (!quoted && (byte == c->separator || is_end(byte))) {
            break;
        }
        c->scratch[out++] = byte;
    }
    *at = i;
    *used = out;
    return CSV_FINE;
}

enum csv_state csv_next(struct csv *c) {
    while (c->at < c->size && is_end(c->bytes[c->at])) {
        c->at = past_end(c, c->at);
        c->line++;
    }
    if (c->at >= c->size) return CSV_END;

    size_t start = c->at, at = c->at, used = 0;
    size_t limit = c->size - start > CSV_RECORD_MAX ? start + CSV_RECORD_MAX : c->size;
    c->count = 0;
    c->fault = CSV_FINE;
    c->record_line = c->line;
    for (;;) {
        if (c->count == CSV_CELLS_MAX) return give_up(c, start, CSV_TOO_MANY_CELLS);
        size_t begin = used;
        enum csv_fault fault = read_cell(c, limit, &at, &used);
        if (fault != CSV_FINE) return give_up(c, start, fault);
        c->cells[c->count++] = (struct csv_cell){c->scratch + begin, used - begin};
        c->scratch[used++] = '\0';
        if (at >= c->size || is_end(c->bytes[at])) break;
        at++; /* the separator */
    }
    c->raw = c->bytes + start;
    c->raw_size = at - start;
    c->line += count_lines(c, start, at) + 1;
    c->at = past_end(c, at);
    return CSV_RECORD;
}

static bool stands_in(const char *set, char byte) { return byte != '\0' && strchr(set, byte) != NULL; }

void csv_put(FILE *out, const char *text, size_t size, bool guard) {
    bool formula = guard && size > 0 && stands_in("=+-@\t\r", text[0]);
    bool quote = formula;
    for (size_t i = 0; i < size && !quote; i++) quote = stands_in(",\"\r\n", text[i]);
    if (size > 0 && (text[0] == ' ' || text[size - 1] == ' ')) quote = true;
    if (quote) fputc('"', out);
    if (formula) fputc('\'', out);
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '"') fputc('"', out);
        fputc(text[i], out);
    }
    if (quote) fputc('"', out);
}
