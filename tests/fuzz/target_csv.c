/* A foreign call log. Input: separator, file. */
#include "fuzz.h"
#include "client/csv.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char separators[] = {',', ';', '\t', '|'};

static void judge_record(const struct csv *c, const char *bytes, size_t size) {
    fuzz_require(c->count >= 1 && c->count <= CSV_CELLS_MAX, "a record has cells");
    for (size_t i = 0; i < c->count; i++) {
        fuzz_require(c->cells[i].text[c->cells[i].size] == '\0', "a NUL follows a cell");
        fuzz_require(!memchr(c->cells[i].text, '\0', c->cells[i].size), "no NUL is inside");
    }
    fuzz_require(c->raw >= bytes && c->raw + c->raw_size <= bytes + size, "the raw record lies in the file");
    fuzz_require(c->raw_size <= CSV_RECORD_MAX, "a record has its limit");
}

/* What csv_put writes of the record at hand is read as the same record again. */
static void judge_writing(const struct csv *c) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    struct csv *back = malloc(sizeof *back);
    if (!out || !back) exit(1);
    for (size_t i = 0; i < c->count; i++) {
        if (i) fputs(CSV_SEPARATOR, out);
        csv_put(out, c->cells[i].text, c->cells[i].size, false);
    }
    fputs(CSV_LINE_END, out);
    if (fclose(out) != 0 || !csv_open(back, text, size, ',')) exit(1);
    /* Not read back as they were: an empty line, and a byte order mark at the very beginning. */
    bool nothing = (c->count == 1 && c->cells[0].size == 0) || strncmp(text, "\xef\xbb\xbf", 3) == 0;
    /* Quotes can make the written record longer than a record may be. */
    if (!nothing && size <= CSV_RECORD_MAX) {
        fuzz_require(csv_next(back) == CSV_RECORD && back->count == c->count,
                     "what is written is one record of as many cells");
        for (size_t i = 0; i < c->count; i++)
            fuzz_require(back->cells[i].size == c->cells[i].size &&
                             memcmp(back->cells[i].text, c->cells[i].text, c->cells[i].size) == 0,
                         "cells survive");
        fuzz_require(csv_next(back) == CSV_END, "and nothing more");
    }
    csv_close(back);
    free(back);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char separator = separators[fuzz_take(&data, &size) % sizeof separators];
    char *bytes = fuzz_copy(data, size, false);
    struct csv *c = malloc(sizeof *c);
    if (!c || !csv_open(c, bytes, size, separator)) exit(1);
    size_t line = 0, at = 0, rounds = 0;
    for (enum csv_state state; (state = csv_next(c)) != CSV_END; at = c->at) {
        fuzz_require(++rounds <= size && c->at > at && c->at <= size, "every step takes something");
        fuzz_require(c->record_line > line, "lines are counted");
        line = c->record_line;
        if (state == CSV_RECORD) {
            judge_record(c, bytes, size);
            judge_writing(c);
        } else {
            fuzz_require(c->fault != CSV_FINE, "a fault has a reason");
        }
    }
    fuzz_require(csv_next(c) == CSV_END, "the end stays the end");
    csv_close(c);
    free(c);
    free(bytes);
    return 0;
}
