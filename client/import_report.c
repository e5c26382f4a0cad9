#include "client/import_report.h"
#include "client/language.h"
#include "client/print.h"
#include "client/value.h"
#include "common/clock.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define DRAW_US 100000u
#define BAR     30

static const char *verdict_word(enum import_verdict verdict, bool for_people) {
    static const char *const words[] = {N_("created"), N_("replayed"), N_("rejected"), N_("valid"), N_("changed")};
    return for_people ? _(words[verdict]) : words[verdict];
}

static void print_row_verdict(struct import_report *r, const struct csv *row, enum import_verdict verdict,
                              const char *no, const char *reason) {
    struct client *client = r->client;
    enum print_form form = print_form(client);
    char line[24];
    snprintf(line, sizeof line, "%zu", row->record_line);
    bool for_people = form == PRINT_TABLE || form == PRINT_CSV;
    const struct sheet_column columns[] = {{.key = "line", .label = _("line"), .number = true},
                                           {.key = "verdict", .label = _("verdict")},
                                           {.key = "no", .label = _("number")},
                                           {.key = "reason", .label = _("reason")}};
    const char *const cells[] = {line, verdict_word(verdict, for_people), no, reason};
    const struct sheet_row sheet_row = {.cells = cells, .mark = verdict == IMPORT_REJECTED ? SHEET_WARN : SHEET_PLAIN};
    const struct sheet sheet = {columns, 4, &sheet_row, 1};
    if (form == PRINT_TABLE) {
        if (client->terminal.out) terminal_state_end(&client->terminal);
        fprintf(client->out, _("line %s: "), line);
        fprintf(client->out, "%s%s%s%s%s\n", cells[1], no ? "  " : "", no ? no : "", reason ? "  " : "",
                reason ? reason : "");
    } else if (form == PRINT_CSV) {
        sheet_print_csv(&sheet, client->out, !r->heading);
    } else if (form == PRINT_ID) {
        if (no) fprintf(client->out, "%s\n", no);
    } else {
        sheet_print_ndjson(&sheet, client->out);
    }
    r->heading = true;
}

const char *import_report_fault(enum csv_fault fault) {
    static const char *const texts[] = {[CSV_FINE] = "",
                                        [CSV_QUOTE_OPEN] = N_("a quotation mark opens and never closes"),
                                        [CSV_QUOTE_MISPLACED] = N_("a quotation mark stands in the middle"),
                                        [CSV_TOO_LONG] = N_("the row is too long, or a quotation mark never closes"),
                                        [CSV_TOO_MANY_CELLS] = N_("the row has too many columns"),
                                        [CSV_NUL] = N_("the row holds a NUL byte")};
    return _(texts[fault]);
}

void import_report_drop_remark(struct csv *row) {
    if (row->count > 1 && strncmp(row->cells[row->count - 1].text, IMPORT_REASON_MARK, strlen(IMPORT_REASON_MARK)) == 0)
        row->count--;
}

static bool open_rejects(struct import_report *r) {
    if (r->rejects || r->reject_failed) return r->rejects != NULL;
    mode_t before = umask(077); /* rows of people: nobody else's on this machine, not even where one lay there before */
    r->rejects = fopen(r->reject_path, "wb");
    umask(before);
    struct stat file;
    if (r->rejects && fstat(fileno(r->rejects), &file) == 0 && S_ISREG(file.st_mode)) fchmod(fileno(r->rejects), 0600);
    if (r->rejects && r->recoded) fputs("\xef\xbb\xbf", r->rejects);
    if (r->rejects && r->reject_heading) fprintf(r->rejects, "%s" CSV_LINE_END, r->reject_heading);
    if (r->rejects) return true;
    r->reject_failed = true;
    client_warn(r->client, _("warning: can't write the reject file %s: %s"), r->reject_path, language_errno(errno));
    return false;
}

/* The row as it came, with the reason behind: column numbers stay right when the mended file is imported again. */
static void put_reject(struct import_report *r, const struct csv *row, const char *reason) {
    if (!open_rejects(r)) return;
    for (size_t i = 0; i < row->count; i++) {
        csv_put(r->rejects, row->cells[i].text, row->cells[i].size, false);
        fputs(CSV_SEPARATOR, r->rejects);
    }
    if (row->count == 0) { /* no record could be made of it */
        csv_put(r->rejects, row->raw, row->raw_size, false);
        fputs(CSV_SEPARATOR, r->rejects);
    }
    const char *marked = arena_printf(&r->client->scratch, IMPORT_REASON_MARK "%s", reason);
    if (!marked) marked = IMPORT_REASON_MARK;
    csv_put(r->rejects, marked, strlen(marked), false);
    arena_reset(&r->client->scratch);
    fputs(CSV_LINE_END, r->rejects);
}

void import_report_row(struct import_report *r, const struct csv *row, enum import_verdict verdict, const char *no,
                       const char *reason) {
    r->counts[verdict]++;
    r->done++;
    if (verdict == IMPORT_REJECTED) put_reject(r, row, reason ? reason : "");
    if (r->every_row || verdict == IMPORT_REJECTED) print_row_verdict(r, row, verdict, no, reason);
}

void import_report_progress(struct import_report *r) {
    uint64_t now = clock_monotonic_us();
    if (!r->client->terminal.err || r->client->quiet || (now - r->drawn_us < DRAW_US && r->done < r->rows)) return;
    r->drawn_us = now;
    double seconds = (double)(now - r->began_us) / 1e6, rate = seconds > 0 ? (double)r->done / seconds : 0;
    size_t filled = r->rows ? r->done * BAR / r->rows : BAR;
    char bar[BAR + 1], line[256];
    memset(bar, '.', BAR);
    memset(bar, '#', filled < BAR ? filled : BAR);
    bar[BAR] = '\0';
    double left = rate > 0 ? (double)(r->rows - r->done) / rate : 0;
    snprintf(line, sizeof line, _("[%s] %zu/%zu %3.0f%%  %.0f rows/s, %.0f s left, rejected %zu"), bar, r->done,
             r->rows, r->rows ? 100.0 * (double)r->done / (double)r->rows : 100.0, rate, left,
             r->counts[IMPORT_REJECTED]);
    terminal_state(&r->client->terminal, line);
}

bool import_report_end(struct import_report *r) {
    struct client *client = r->client;
    double seconds = (double)(clock_monotonic_us() - r->began_us) / 1e6;
    bool written = !r->reject_failed, kept = r->rejects != NULL;
    if (r->rejects && (ferror(r->rejects) || fclose(r->rejects) != 0)) {
        client_warn(client, _("warning: can't write the reject file %s: %s"), r->reject_path, language_errno(errno));
        written = kept = false;
    }
    r->rejects = NULL;
    /* The sum is the answer where no other form was asked for; beside rows for a program it is talk. */
    FILE *out = r->every_row ? client->err : client->out;
    terminal_state_end(&client->terminal);
    if (r->every_row && client->quiet) return written;
    if (r->counts[IMPORT_VALID])
        fprintf(out, _("checked %zu of %zu rows: valid %zu, rejected %zu; nothing was sent"), r->done, r->rows,
                r->counts[IMPORT_VALID], r->counts[IMPORT_REJECTED]);
    else if (r->may_change)
        fprintf(out, _("%zu of %zu rows: created %zu, changed %zu, there already %zu, rejected %zu; %.1f s"), r->done,
                r->rows, r->counts[IMPORT_CREATED], r->counts[IMPORT_CHANGED], r->counts[IMPORT_REPLAYED],
                r->counts[IMPORT_REJECTED], seconds);
    else
        fprintf(out, _("%zu of %zu rows: created %zu, there already %zu, rejected %zu; %.1f s"), r->done, r->rows,
                r->counts[IMPORT_CREATED], r->counts[IMPORT_REPLAYED], r->counts[IMPORT_REJECTED], seconds);
    fputc('\n', out);
    client_flush(client);
    if (kept)
        client_say(client,
                   r->recoded ? _("rejected rows with their reasons: %s, in UTF-8; mend them and import that file with "
                                  "the same flags but without --encoding")
                              : _("rejected rows with their reasons: %s; mend them and import that file with the same "
                                  "flags"),
                   r->reject_path);
    return written;
}
