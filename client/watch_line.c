#include "client/watch_line.h"
#include "client/labels.h"
#include "client/language.h"
#include "client/print.h"
#include "client/value.h"
#include "client/width.h"
#include "common/clock.h"

enum sheet_mark watch_line_mark(const Liandong__V1__Event *event) {
    return print_mark(event->has_level ? (int)event->level : 0, event->has_class_ ? (int)event->class_ : 0);
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
    const ProtobufCFieldDescriptor *field =
        change->field
            ? protobuf_c_message_descriptor_get_field_by_name(&liandong__v1__incident__descriptor, change->field)
            : NULL;
    int64_t ms;
    return field && change->new_value && label_meaning(NULL, field) == MEANING_TIME &&
           clock_parse(&ms, change->new_value, 0) && ms / 1000 == event->at / 1000;
}

static void print_change(FILE *out, const Liandong__V1__Event *event, const Liandong__V1__Change *change,
                         struct arena *arena) {
    const char *field = change->field ? change->field : "";
    if (is_now(event, change)) return;
    const char *old_value = value_of_field(arena, field, change->old_value, true);
    const char *new_value = value_of_field(arena, field, change->new_value, true);
    fprintf(out, _("; %s: "), value_clean(arena, label_name(field), true));
    if (old_value && *old_value) fprintf(out, "%s→", old_value);
    fputs(new_value && *new_value ? new_value : _("(none)"), out);
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
    for (size_t i = 0; i < event->n_changes; i++) print_change(out, event, event->changes[i], arena);
    if (event->note && *event->note) fprintf(out, _("; note: %s"), value_clean(arena, event->note, true));
}

void watch_line_print(FILE *out, const Liandong__V1__Event *event, unsigned ambiguous, bool colour,
                      struct arena *arena) {
    char when[CLOCK_TEXT_SIZE], unknown[16];
    enum sheet_mark mark = watch_line_mark(event);
    clock_print(when, event->at);
    if (colour) fputs(colours[mark], out);
    fprintf(out, "%s %s  ", marks[mark], when);
    column(out, value_clean(arena, event->no, true), 14, ambiguous);
    column(out, event->kind ? value_clean(arena, label_name(event->kind), true) : "", 8, ambiguous);
    column(out,
           event->has_class_ ? label_value(&liandong__v1__incident_class__descriptor, (int)event->class_, unknown) : "",
           12, ambiguous);
    column(out,
           event->has_level ? label_value(&liandong__v1__incident_level__descriptor, (int)event->level, unknown) : "",
           6, ambiguous);
    column(out, value_clean(arena, event->office_name ? event->office_name : event->office, true), 10, ambiguous);
    column(out, value_clean(arena, event->officer, true), 6, ambiguous);
    print_rest(out, event, arena);
    if (colour && mark != SHEET_PLAIN) fputs(TERMINAL_PLAIN, out);
    fputc('\n', out);
}
