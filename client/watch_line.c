#include "client/watch_line.h"
#include "client/labels.h"
#include "client/language.h"
#include "client/print.h"
#include "client/value.h"
#include "client/width.h"
#include "common/clock.h"
#include <stdlib.h>
#include <string.h>

#define INDENT  3 /* of what stands below its line: as wide as the mark */
#define LATE_MS (24 * 60 * 60 * (int64_t)1000)

/* What is handed to an office: a transfer that comes in, a task. */
static bool is_handed(const Liandong__V1__Event *event, const char *office) {
    for (size_t i = 0; office && event->version == 1 && event->has_record && i < event->n_changes; i++) {
        const Liandong__V1__Change *c = event->changes[i];
        if (c->field && strcmp(c->field, "to_office") == 0) return c->new_value && strcmp(c->new_value, office) == 0;
    }
    return false;
}

enum sheet_mark watch_line_mark(const Liandong__V1__Event *event, const char *office) {
    enum sheet_mark mark =
        print_mark(event->has_level ? (int)event->level : 0, event->has_class_ ? (int)event->class_ : 0);
    return mark == SHEET_PLAIN && is_handed(event, office) ? SHEET_WARN : mark;
}

static bool is_late(const Liandong__V1__Event *event) {
    return event->report && event->report->has_received_at && event->at - event->report->received_at > LATE_MS;
}

bool watch_line_rings(const Liandong__V1__Event *event, const char *office) {
    return watch_line_mark(event, office) != SHEET_PLAIN && !is_late(event);
}

static const char *const marks[] = {[SHEET_PLAIN] = "  ", [SHEET_WARN] = "! ", [SHEET_ALARM] = "!!"};
static const char *const colours[] = {[SHEET_PLAIN] = "", [SHEET_WARN] = TERMINAL_YELLOW, [SHEET_ALARM] = TERMINAL_RED};

/* Columns are as wide as their usual texts; a longer one pushes the rest of its own line only. */
static void column(FILE *out, const char *text, size_t width, unsigned ambiguous) {
    width_pad(out, text, width, ambiguous);
    fputs("  ", out);
}

/* "dispatched at 20:15" in the line of 20:15 says nothing new. */
static bool is_now(const Liandong__V1__Event *event, const Liandong__V1__Change *change) {
    int64_t ms;
    return change->field && change->new_value && value_field_is_time((int)event->record, change->field) &&
           clock_parse(&ms, change->new_value, 0) && ms / 1000 == event->at / 1000;
}

static void print_change(FILE *out, const Liandong__V1__Event *event, const Liandong__V1__Change *change,
                         struct arena *arena) {
    const char *field = change->field ? change->field : "";
    bool was = change->old_value && *change->old_value, is = change->new_value && *change->new_value;
    bool emptied = !is && event->kind && strcmp(event->kind, "reopen_dispute") == 0; /* all of the former end is */
    if ((!was && !is) || emptied || is_now(event, change)) return;
    const char *old_value = value_of_field(arena, (int)event->record, field, change->old_value, true);
    const char *new_value = value_of_field(arena, (int)event->record, field, change->new_value, true);
    fprintf(out, _("; %s: "), value_clean(arena, value_field_label((int)event->record, field), true));
    if (old_value && *old_value) fprintf(out, "%s→", old_value);
    fputs(new_value && *new_value ? new_value : _("(none)"), out);
}

static bool is_state(const Liandong__V1__Change *change) {
    return change->field && strcmp(change->field, "state") == 0;
}

/* A reason stands in a field of its own; as the note it would be told twice. */
static bool tells_note(const Liandong__V1__Event *event) {
    for (size_t i = 0; i < event->n_changes; i++)
        if (event->changes[i]->new_value && strcmp(event->changes[i]->new_value, event->note) == 0) return true;
    return false;
}

static bool is_incident(const Liandong__V1__Event *event) {
    return !event->has_record || event->record == LIANDONG__V1__RECORD_TYPE__RECORD_TYPE_INCIDENT;
}

/* The first event of a record that is no incident has all its fields: a line tells those that decide whether to open
 * it. */
static bool tells(const Liandong__V1__Event *event, const Liandong__V1__Change *change) {
    static const char *const first[] = {"warning",   "severity", "status", "place",
                                        "to_office", "about",    "mode",   "due_at"};
    if (event->version != 1 || is_incident(event)) return true;
    for (size_t i = 0; i < sizeof first / sizeof *first; i++)
        if (change->field && strcmp(change->field, first[i]) == 0) return true;
    return false;
}

static void print_rest(FILE *out, const Liandong__V1__Event *event, struct arena *arena) {
    fputs(value_clean(arena, event->title, true), out);
    for (size_t i = 0; event->report && i < event->n_threats; i++) {
        char unknown[16];
        fputs(i ? _(", ") : _("; threats: "), out);
        fputs(label_value(&liandong__v1__threat__descriptor, (int)event->threats[i], unknown), out);
    }
    if (event->has_repeat_count && event->repeat_count > 1)
        fprintf(out, _("; report no. %u within 30 days"), event->repeat_count);
    if (is_late(event)) {
        char when[CLOCK_TEXT_SIZE];
        clock_print(when, event->report->received_at);
        fprintf(out, _("; entered late, received %s"), when);
    }
    for (int state = 1; state >= 0; state--) /* how it stands comes first */
        for (size_t i = 0; i < event->n_changes; i++)
            if (is_state(event->changes[i]) == (state == 1) && tells(event, event->changes[i]))
                print_change(out, event, event->changes[i], arena);
    if (event->note && *event->note && !tells_note(event))
        fprintf(out, _("; note: %s"), value_clean(arena, event->note, true));
}

/* An incident by its class, others by their kind. */
static const char *what(const Liandong__V1__Event *event, char unknown[16]) {
    if (event->has_class_) return label_value(&liandong__v1__incident_class__descriptor, (int)event->class_, unknown);
    return is_incident(event) ? "" : label_value(&liandong__v1__record_type__descriptor, (int)event->record, unknown);
}
/* The level is an incident's own word; of others it only says how the line is marked. */
static const char *how_grave(const Liandong__V1__Event *event, char unknown[16]) {
    if (!event->has_level || !is_incident(event)) return "";
    return label_value(&liandong__v1__incident_level__descriptor, (int)event->level, unknown);
}

/* What was done. The first of two who have to agree has not done it yet. */
static const char *deed(const Liandong__V1__Event *event) {
    static const struct {
        const char *kind, *field, *word;
    } agreed[] = {{"close_dispute", "state", N_("agrees to close")},
                  {"lower_dispute", "warning", N_("agrees to lower the warning")}};
    for (size_t i = 0; event->kind && i < sizeof agreed / sizeof *agreed; i++) {
        bool done = strcmp(event->kind, agreed[i].kind) != 0;
        for (size_t j = 0; !done && j < event->n_changes; j++)
            done = event->changes[j]->field && strcmp(event->changes[j]->field, agreed[i].field) == 0;
        if (!done) return _(agreed[i].word);
    }
    return event->kind ? label_name(event->kind) : "";
}

static void print_what(FILE *out, const Liandong__V1__Event *event, enum sheet_mark mark, unsigned ambiguous,
                       struct arena *arena) {
    char when[CLOCK_TEXT_SIZE], unknown[16];
    clock_print(when, event->at);
    fprintf(out, "%s %s  ", marks[mark], when);
    column(out, value_clean(arena, event->no, true), 14, ambiguous);
    column(out, value_clean(arena, deed(event), true), 8, ambiguous);
    column(out, what(event, unknown), 12, ambiguous);
    column(out, how_grave(event, unknown), 6, ambiguous);
}

static void print_who(FILE *out, const Liandong__V1__Event *event, unsigned ambiguous, struct arena *arena) {
    column(out, value_clean(arena, event->office_name ? event->office_name : event->office, true), 10, ambiguous);
    column(out, value_clean(arena, event->officer, true), 6, ambiguous);
}

/* One line, where it fits; else what happened below it, together with who where even that does not fit. */
static void print_folded(FILE *out, const Liandong__V1__Event *event, enum sheet_mark mark, size_t columns,
                         unsigned ambiguous, struct arena *arena) {
    char *text = NULL;
    size_t size = 0;
    FILE *line = open_memstream(&text, &size);
    if (!line) return;
    print_what(line, event, mark, ambiguous, arena);
    fflush(line);
    size_t who = size;
    print_who(line, event, ambiguous, arena);
    fflush(line);
    size_t rest = size;
    print_rest(line, event, arena);
    if (fclose(line) != 0 || width_text(text, ambiguous) <= columns) {
        fputs(text ? text : "", out);
    } else {
        const char *head = arena_copy(arena, text, rest);
        size_t cut = head && width_text(head, ambiguous) <= columns + 2 ? rest : who;
        size_t end = cut;
        while (end > 0 && text[end - 1] == ' ') end--;
        fprintf(out, "%.*s\n%*s", (int)end, text, INDENT, "");
        width_wrap(out, text + cut, INDENT, columns, ambiguous);
    }
    free(text);
}

bool watch_line_echoes(struct link_told *last, const Liandong__V1__Event *event, struct arena *arena) {
    struct link_told told = {0};
    for (size_t i = 0; event->kind && strcmp(event->kind, "link_incident") == 0 && i < event->n_changes; i++) {
        const Liandong__V1__Change *c = event->changes[i];
        if (!c->field || strcmp(c->field, "linked") != 0) continue;
        snprintf(told.of, sizeof told.of, "%s", event->no ? event->no : "");
        snprintf(told.to, sizeof told.to, "%s",
                 value_of_field(arena, (int)event->record, c->field, c->new_value, true));
    }
    bool echo = *told.of && strcmp(told.of, last->to) == 0 && strcmp(told.to, last->of) == 0;
    if (echo) memset(&told, 0, sizeof told);
    *last = told;
    return echo;
}

void watch_line_print(FILE *out, const Liandong__V1__Event *event, const char *office, const struct terminal *terminal,
                      struct arena *arena) {
    enum sheet_mark mark = watch_line_mark(event, office);
    unsigned ambiguous = terminal->ambiguous ? terminal->ambiguous : 1;
    if (terminal->colour) fputs(colours[mark], out);
    if (terminal->out && terminal->columns > 0) {
        print_folded(out, event, mark, terminal->columns, ambiguous, arena);
    } else {
        print_what(out, event, mark, ambiguous, arena);
        print_who(out, event, ambiguous, arena);
        print_rest(out, event, arena);
    }
    if (terminal->colour && mark != SHEET_PLAIN) fputs(TERMINAL_PLAIN, out);
    fputc('\n', out);
}
