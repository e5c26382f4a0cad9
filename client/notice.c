#include "client/notice.h"
#include "client/labels.h"
#include "client/language.h"
#include "client/value.h"
#include "client/width.h"
#include "common/clock.h"
#include <stdlib.h>
#include <string.h>

#define ALARM  "\033[41;97m" /* the screen and what stands on it, until ALARM_END */
#define CLEAR  "\033[2J\033[H"
#define TO_END "\033[K"
#define INDENT 2

bool notice_is_new(struct notices_shown *shown, const Liandong__V1__AlertNotice *notice) {
    const Liandong__V1__Alert *a = notice->alert;
    if (!a || a->id.len != sizeof shown->rows[0].id) return false;
    size_t kept = shown->count < NOTICES_KEPT ? shown->count : NOTICES_KEPT;
    for (size_t i = 0; i < kept; i++)
        if (shown->rows[i].step == notice->step && memcmp(shown->rows[i].id, a->id.data, a->id.len) == 0) return false;
    size_t at = shown->count++ % NOTICES_KEPT;
    memcpy(shown->rows[at].id, a->id.data, a->id.len);
    shown->rows[at].step = notice->step;
    return true;
}

struct page {
    FILE *out;
    size_t columns; /* 0: no terminal */
    unsigned ambiguous;
    bool colour;
    struct arena *arena;
};

static void line(const struct page *p, const char *text) {
    if (p->columns > INDENT + 1) {
        fprintf(p->out, "%*s", INDENT, "");
        width_wrap(p->out, text, INDENT, p->columns, p->ambiguous);
    } else {
        fputs(text, p->out);
    }
    fprintf(p->out, "%s\n", p->colour ? TO_END : "");
}

static void field(const struct page *p, const char *name, const char *text) {
    if (!text || !*text) return;
    const char *whole = arena_printf(p->arena, _("%s: %s"), name, value_clean(p->arena, text, true));
    if (whole) line(p, whole);
}

static const char *word(const struct page *p, const ProtobufCEnumDescriptor *type, int value) {
    char unknown[16];
    return arena_printf(p->arena, "%s", label_value(type, value, unknown));
}

static void print_head(const struct page *p, const Liandong__V1__AlertNotice *notice) {
    const Liandong__V1__Alert *a = notice->alert;
    const char *head = arena_printf(p->arena, _("!!!! ALERT !!!! %s, %s, %s"),
                                    word(p, &liandong__v1__alert_severity__descriptor, (int)a->severity),
                                    word(p, &liandong__v1__alert_urgency__descriptor, (int)a->urgency),
                                    word(p, &liandong__v1__alert_certainty__descriptor, (int)a->certainty));
    if (head) line(p, head);
    if (a->status != LIANDONG__V1__ALERT_STATUS__ALERT_STATUS_ACTUAL && a->has_status)
        line(p, word(p, &liandong__v1__alert_status__descriptor, (int)a->status));
    if (notice->step > 0) {
        const char *step =
            arena_printf(p->arena, _("nobody has acknowledged it: step %u of its escalation"), notice->step);
        if (step) line(p, step);
    }
    line(p, value_clean(p->arena, a->title, true));
}

static void print_rest(const struct page *p, const Liandong__V1__AlertNotice *notice) {
    const Liandong__V1__Alert *a = notice->alert;
    char when[CLOCK_TEXT_SIZE];
    field(p, _("kind of alert"), word(p, &liandong__v1__alert_kind__descriptor, (int)a->kind));
    field(p, label_name("place"), a->place && *a->place ? a->place : notice->about_place);
    if (a->has_people_count) field(p, label_name("people_count"), arena_printf(p->arena, "%u", a->people_count));
    clock_print(when, a->created_at);
    field(p, _("raised by"),
          arena_printf(p->arena, "%s %s %s", a->origin_office_name ? a->origin_office_name : "",
                       a->created_by ? a->created_by : "", when));
    field(p, label_name("about"), a->about);
    field(p, label_name("content"), a->content);
    const char *no = value_clean(p->arena, a->no, true);
    field(p, _("acknowledge it"), arena_printf(p->arena, "liandong alert ack %s", no));
    field(p, _("look at it"), arena_printf(p->arena, "liandong alert show %s", no));
}

void notice_print(FILE *out, const Liandong__V1__AlertNotice *notice, const struct terminal *terminal,
                  struct arena *arena) {
    struct page p = {.out = out, .arena = arena, .ambiguous = 1};
    if (terminal) {
        p.columns = terminal->columns;
        p.ambiguous = terminal->ambiguous ? terminal->ambiguous : 1;
        p.colour = terminal->colour;
        fprintf(out, "%s%s", p.colour ? ALARM : "", CLEAR);
    }
    print_head(&p, notice);
    print_rest(&p, notice);
    if (p.colour) fputs(TERMINAL_PLAIN, out);
}
