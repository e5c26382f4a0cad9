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
    shown->rows[at].severity = (int)a->severity;
    shown->rows[at].over = false;
    return true;
}

void notice_learn(struct notices_shown *shown, const Liandong__V1__Event *event) {
    size_t kept = shown->count < NOTICES_KEPT ? shown->count : NOTICES_KEPT, at = shown->event_count % EVENTS_KEPT;
    bool over = event->has_alert_state && event->alert_state != LIANDONG__V1__ALERT_STATE__ALERT_STATE_RAISED;
    for (size_t i = 0; over && event->entity.len == sizeof shown->rows[0].id && i < kept; i++)
        if (memcmp(shown->rows[i].id, event->entity.data, event->entity.len) == 0) shown->rows[i].over = true;
    if (!event->no || !event->title || !*event->title || strlen(event->no) >= sizeof shown->events[0].no ||
        strlen(event->title) >= sizeof shown->events[0].title)
        return;
    memcpy(shown->events[at].no, event->no, strlen(event->no) + 1);
    memcpy(shown->events[at].title, event->title, strlen(event->title) + 1);
    shown->event_count++;
}

size_t notice_waiting(const struct notices_shown *shown, const Liandong__V1__AlertNotice *notice, bool *graver) {
    size_t kept = shown->count < NOTICES_KEPT ? shown->count : NOTICES_KEPT, waiting = 0;
    const Liandong__V1__Alert *a = notice->alert;
    *graver = false;
    for (size_t i = 0; i < kept; i++) {
        bool again = memcmp(shown->rows[i].id, a->id.data, sizeof shown->rows[i].id) == 0 || shown->rows[i].over;
        for (size_t j = 0; !again && j < i; j++)
            again = memcmp(shown->rows[i].id, shown->rows[j].id, sizeof shown->rows[i].id) == 0;
        if (again) continue; /* another step of one that is counted */
        waiting++;
        if (shown->rows[i].severity > 0 && shown->rows[i].severity < (int)a->severity) *graver = true;
    }
    return waiting;
}

/* What the newest event of that record said it is; NULL: none was seen here. */
static const char *title_of(const struct notices_shown *shown, const char *no) {
    for (size_t i = shown->event_count; no && i > 0 && i + EVENTS_KEPT > shown->event_count; i--)
        if (strcmp(shown->events[(i - 1) % EVENTS_KEPT].no, no) == 0) return shown->events[(i - 1) % EVENTS_KEPT].title;
    return NULL;
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

static void print_rest(const struct page *p, const struct notices_shown *shown, const Liandong__V1__AlertNotice *notice,
                       size_t waiting) {
    const Liandong__V1__Alert *a = notice->alert;
    char when[CLOCK_TEXT_SIZE];
    const char *about = title_of(shown, a->about);
    if (about && a->title && strcmp(about, a->title) != 0) field(p, _("what it is about"), about);
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
    const char *others = arena_printf(p->arena, _("%zu more wait: liandong alert list --unacked"), waiting);
    if (waiting > 0 && others) line(p, others);
}

void notice_print(FILE *out, const struct notices_shown *shown, const Liandong__V1__AlertNotice *notice,
                  const struct terminal *terminal, struct arena *arena) {
    bool graver = false;
    size_t waiting = notice_waiting(shown, notice, &graver);
    struct page p = {.out = out, .arena = arena, .ambiguous = 1};
    if (terminal) {
        p.columns = terminal->columns;
        p.ambiguous = terminal->ambiguous ? terminal->ambiguous : 1;
        p.colour = terminal->colour;
        fprintf(out, "%s%s", p.colour ? ALARM : "", graver ? "\n" : CLEAR);
    }
    print_head(&p, notice);
    print_rest(&p, shown, notice, waiting);
    if (p.colour) fputs(TERMINAL_PLAIN, out);
}
