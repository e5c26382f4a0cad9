#include "client/sheet.h"
#include "client/csv.h"
#include "client/width.h"
#include "common/text.h"
#include <libsmartcols/libsmartcols.h>
#include <stdlib.h>
#include <string.h>

/* libsmartcols measures with wcwidth, for which ambiguous characters take one column. Where the terminal gives them
 * two, each is replaced by a stand-in of two columns from the very rare block U+30000 (those in the text are replaced
 * as well, so nothing is mistaken), and put back in the finished table. */
#define WIDE_LEAST    20 /* columns of long text, as of a time, below which others give way */
#define WIDE_SHORTEST 4  /* a character and CUT_MARK */
#define CUT_MARK      ".."
#define STAND_IN      0x30000u
#define STAND_INS_MAX 128u
struct stand_ins {
    uint32_t points[STAND_INS_MAX];
    size_t count;
};

static size_t encode(char out[4], uint32_t point) {
    if (point < 0x80) return (void)(out[0] = (char)point), 1;
    if (point < 0x800) {
        out[0] = (char)(0xc0 | point >> 6);
        out[1] = (char)(0x80 | (point & 0x3f));
        return 2;
    }
    if (point < 0x10000) {
        out[0] = (char)(0xe0 | point >> 12);
        out[1] = (char)(0x80 | (point >> 6 & 0x3f));
        out[2] = (char)(0x80 | (point & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | point >> 18);
    out[1] = (char)(0x80 | (point >> 12 & 0x3f));
    out[2] = (char)(0x80 | (point >> 6 & 0x3f));
    out[3] = (char)(0x80 | (point & 0x3f));
    return 4;
}

static uint32_t stand_in_for(struct stand_ins *s, uint32_t point) {
    size_t i = 0;
    while (i < s->count && s->points[i] != point) i++;
    if (i == STAND_INS_MAX) return point; /* a column off, in a table with 128 different ones */
    if (i == s->count) s->points[s->count++] = point;
    return STAND_IN + (uint32_t)i;
}

/* A copy with stand-ins; to be freed. NULL without memory. */
static char *disguise(struct stand_ins *s, const char *text) {
    size_t size = strlen(text), used = 0;
    char *out = malloc(size * 2 + 1); /* two bytes at least become four at most */
    if (!out) return NULL;
    for (size_t at = 0; at < size;) {
        size_t length = 1;
        uint32_t point = text_decode(text + at, size - at, &length);
        if (point != UINT32_MAX && (width_is_ambiguous(point) || point - STAND_IN < STAND_INS_MAX)) {
            used += encode(out + used, stand_in_for(s, point));
        } else {
            memcpy(out + used, text + at, length);
            used += length;
        }
        at += length;
    }
    out[used] = '\0';
    return out;
}

/* Prints the finished table, without the blanks that fill up the last column. */
static void reveal(const struct stand_ins *s, const char *text, FILE *out) {
    size_t size = strlen(text);
    for (size_t at = 0; at < size;) {
        size_t blanks = strspn(text + at, " ");
        if (blanks > 0) {
            if (text[at + blanks] != '\n' && text[at + blanks] != '\0') fprintf(out, "%*s", (int)blanks, "");
            at += blanks;
            continue;
        }
        size_t length = 1;
        uint32_t point = text_decode(text + at, size - at, &length);
        if (point - STAND_IN < s->count) {
            char bytes[4];
            size_t count = encode(bytes, s->points[point - STAND_IN]);
            fwrite(bytes, 1, count, out);
        } else {
            fwrite(text + at, 1, length, out);
        }
        at += length;
    }
}

static bool any_ambiguous(const struct sheet *s) {
    for (size_t c = 0; c < s->column_count; c++) {
        if (width_depends(s->columns[c].label)) return true;
        for (size_t r = 0; r < s->row_count; r++)
            if (s->rows[r].cells[c] && width_depends(s->rows[r].cells[c])) return true;
    }
    return false;
}

/* NULL for no stand-ins. */
static bool put_text(struct libscols_line *line, size_t column, const char *text, struct stand_ins *stand_ins) {
    if (!stand_ins) return scols_line_set_data(line, column, text) == 0;
    char *copy = disguise(stand_ins, text);
    return copy && scols_line_refer_data(line, column, copy) == 0;
}

/* Which columns are shown, and how wide each may be. */
struct layout {
    bool shown[SHEET_COLUMNS_MAX];
    size_t rooms[SHEET_COLUMNS_MAX];
};

static size_t natural_width(const struct sheet *s, size_t c, unsigned ambiguous) {
    size_t widest = width_text(s->columns[c].label, ambiguous);
    for (size_t r = 0; r < s->row_count; r++) {
        size_t width = s->rows[r].cells[c] ? width_text(s->rows[r].cells[c], ambiguous) : 0;
        if (width > widest) widest = width;
    }
    return widest;
}

static bool is_empty(const struct sheet *s, size_t c) {
    for (size_t r = 0; r < s->row_count; r++)
        if (s->rows[r].cells[c] && *s->rows[r].cells[c]) return false;
    return true;
}

/* Leaves out optional columns, the leftmost first, until the rest takes no more than `limit`. */
static size_t leave_out(const struct sheet *s, struct layout *l, size_t total, size_t limit, bool only_empty) {
    for (size_t c = 0; c < s->column_count && total > limit; c++) {
        if (!l->shown[c] || !s->columns[c].optional || (only_empty && !is_empty(s, c))) continue;
        l->shown[c] = false;
        total -= l->rooms[c] + 2;
    }
    return total;
}

/* Long text begins with WIDE_LEAST columns; then it shares what is left, or gives what is still missing. */
static void lay_out(const struct sheet *s, const struct terminal *terminal, unsigned ambiguous, struct layout *l) {
    size_t total = 0, limit = (size_t)terminal->columns + 2, natural[SHEET_COLUMNS_MAX];
    for (size_t c = 0; c < s->column_count; c++) {
        natural[c] = natural_width(s, c, ambiguous);
        bool gives = terminal->out && s->columns[c].wide && natural[c] > WIDE_LEAST;
        l->shown[c] = true;
        l->rooms[c] = gives ? WIDE_LEAST : natural[c];
        total += l->rooms[c] + 2;
    }
    if (!terminal->out) return;
    total = leave_out(s, l, total, 0, true);
    total = leave_out(s, l, total, limit, false);
    for (bool changed = true; changed && total != limit;) {
        changed = false;
        for (size_t c = 0; c < s->column_count && total != limit; c++) {
            if (!l->shown[c] || !s->columns[c].wide) continue;
            if (total < limit && l->rooms[c] < natural[c]) {
                l->rooms[c]++;
                total++;
            } else if (total > limit && l->rooms[c] > WIDE_SHORTEST) {
                l->rooms[c]--;
                total--;
            } else {
                continue;
            }
            changed = true;
        }
    }
}

bool sheet_fits(const struct sheet *s, const struct terminal *terminal) {
    size_t total = 0;
    for (size_t c = 0; c < s->column_count; c++)
        if (!s->columns[c].optional || !is_empty(s, c)) total += natural_width(s, c, 1) + 2;
    return total <= (size_t)terminal->columns + 2;
}

/* The text, or its beginning and CUT_MARK; to be freed. NULL without memory. */
static char *cut(const char *text, size_t room, unsigned ambiguous) {
    if (width_text(text, ambiguous) <= room) return strdup(text);
    size_t fit = width_fit(text, room > strlen(CUT_MARK) ? room - strlen(CUT_MARK) : 0, ambiguous);
    char *out = malloc(fit + sizeof CUT_MARK);
    if (!out) return NULL;
    memcpy(out, text, fit);
    memcpy(out + fit, CUT_MARK, sizeof CUT_MARK);
    return out;
}

static bool fill(const struct sheet *s, struct libscols_table *table, const struct terminal *terminal,
                 struct stand_ins *stand_ins) {
    unsigned ambiguous = stand_ins ? 2 : 1;
    struct layout l;
    lay_out(s, terminal, ambiguous, &l);
    for (size_t c = 0; c < s->column_count; c++) {
        if (!l.shown[c]) continue;
        const struct sheet_column *column = &s->columns[c];
        int flags = (column->number ? SCOLS_FL_RIGHT : 0) | (column->wide && terminal->out ? SCOLS_FL_TRUNC : 0);
        char *label = stand_ins ? disguise(stand_ins, column->label) : NULL;
        bool added = scols_table_new_column(table, label ? label : column->label, 0, flags) != NULL;
        free(label);
        if (!added) return false;
    }
    for (size_t r = 0; r < s->row_count; r++) {
        struct libscols_line *line = scols_table_new_line(table, NULL);
        if (!line) return false;
        for (size_t c = 0, at = 0; c < s->column_count; c++) {
            if (!l.shown[c]) continue;
            char *text = cut(s->rows[r].cells[c] ? s->rows[r].cells[c] : "", l.rooms[c], ambiguous);
            bool put = text && put_text(line, at++, text, stand_ins);
            free(text);
            if (!put) return false;
        }
        if (s->rows[r].mark == SHEET_ALARM) scols_line_set_color(line, TERMINAL_RED);
        if (s->rows[r].mark == SHEET_WARN) scols_line_set_color(line, TERMINAL_YELLOW);
    }
    return true;
}

bool sheet_print_table(const struct sheet *s, FILE *out, struct terminal *terminal) {
    if (s->column_count > SHEET_COLUMNS_MAX) return false;
    struct stand_ins stand_ins = {.count = 0};
    bool disguised = terminal->out && any_ambiguous(s) && terminal_ambiguous(terminal) == 2;
    struct libscols_table *table = scols_new_table();
    if (!table) return false;
    bool done = fill(s, table, terminal, disguised ? &stand_ins : NULL);
    char *text = NULL;
    if (done) {
        scols_table_enable_noencoding(table, 1); /* texts are safe already; it would escape our escapes */
        scols_table_set_column_separator(table, "  ");
        scols_table_enable_colors(table, terminal->colour);
        scols_table_set_termforce(table, terminal->out ? SCOLS_TERMFORCE_ALWAYS : SCOLS_TERMFORCE_NEVER);
        if (terminal->columns) scols_table_set_termwidth(table, terminal->columns);
        done = scols_print_table_to_string(table, &text) == 0;
    }
    if (done && text) {
        reveal(&stand_ins, text, out);
        if (*text && text[strlen(text) - 1] != '\n') fputc('\n', out);
    }
    free(text);
    scols_unref_table(table);
    return done;
}

void sheet_print_record(const struct sheet *s, FILE *out, struct terminal *terminal) {
    if (s->row_count == 0) return;
    bool ask = terminal->out && any_ambiguous(s);
    unsigned ambiguous = ask ? terminal_ambiguous(terminal) : 1;
    size_t widest = 0;
    for (size_t c = 0; c < s->column_count; c++) {
        size_t width = width_text(s->columns[c].label, ambiguous);
        const char *cell = s->rows[0].cells[c];
        if (cell && *cell && width > widest) widest = width;
    }
    const char *colour = s->rows[0].mark == SHEET_ALARM  ? TERMINAL_RED
                         : s->rows[0].mark == SHEET_WARN ? TERMINAL_YELLOW
                                                         : "";
    for (size_t c = 0; c < s->column_count; c++) {
        const char *cell = s->rows[0].cells[c];
        if (!cell || !*cell) continue;
        if (terminal->colour) fputs(TERMINAL_DIM, out);
        width_pad(out, s->columns[c].label, widest + 2, ambiguous);
        if (terminal->colour) fprintf(out, "%s%s", TERMINAL_PLAIN, colour);
        width_wrap(out, cell, widest + 2, terminal->out ? terminal->columns : 0, ambiguous);
        if (terminal->colour) fputs(TERMINAL_PLAIN, out);
        fputc('\n', out);
    }
}

void sheet_print_line(const struct sheet *s, FILE *out) {
    for (size_t r = 0; r < s->row_count; r++)
        for (size_t c = 0; c < s->column_count; c++)
            fprintf(out, "%s%s", s->rows[r].cells[c] ? s->rows[r].cells[c] : "", c + 1 < s->column_count ? "  " : "\n");
}

void sheet_print_csv(const struct sheet *s, FILE *out, bool heading) {
    for (size_t c = 0; c < s->column_count && heading; c++) {
        csv_put(out, s->columns[c].label, strlen(s->columns[c].label), true);
        fputs(c + 1 < s->column_count ? CSV_SEPARATOR : CSV_LINE_END, out);
    }
    for (size_t r = 0; r < s->row_count; r++) {
        for (size_t c = 0; c < s->column_count; c++) {
            const char *cell = s->rows[r].cells[c] ? s->rows[r].cells[c] : "";
            csv_put(out, cell, strlen(cell), !s->columns[c].number);
            fputs(c + 1 < s->column_count ? CSV_SEPARATOR : CSV_LINE_END, out);
        }
    }
}

void sheet_put_json(FILE *out, const char *text, size_t size) {
    fputc('"', out);
    while (size > 0) {
        char part[4096];
        size_t take = text_cut(text, size, 512); /* an escape takes six bytes at most, twice that above U+FFFF */
        if (take == 0) take = size < 512 ? size : 512;
        text_json(part, sizeof part, text, take);
        fputs(part, out);
        text += take;
        size -= take;
    }
    fputc('"', out);
}

void sheet_print_ndjson(const struct sheet *s, FILE *out) {
    for (size_t r = 0; r < s->row_count; r++) {
        const char *separator = "{";
        for (size_t c = 0; c < s->column_count; c++) {
            const char *cell = s->rows[r].cells[c];
            if (!cell || !*cell) continue;
            fputs(separator, out);
            separator = ",";
            sheet_put_json(out, s->columns[c].key, strlen(s->columns[c].key));
            fputc(':', out);
            if (s->columns[c].number) {
                fputs(cell, out);
            } else {
                sheet_put_json(out, cell, strlen(cell));
            }
        }
        fputs(*separator == '{' ? "{}\n" : "}\n", out);
    }
}
