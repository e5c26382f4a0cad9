#include "call/notices.h"
#include "call/core_part.h"
#include "common/frame.h"
#include "common/log.h"
#include "common/wire.h"
#include "db/contract.h"
#include "envelope.pb-c.h"
#include <endian.h>
#include <string.h>
#include <utlist.h>

#define KEPT_CAP (16u << 20) /* thousands of alerts that nobody acknowledged, two hundred at most of an office */

/* An alert and one office that it waits for. */
struct notice {
    uint8_t id[16];
    uint32_t step;
    int32_t office;
    bool heads_only, somebody; /* only the office's heads; only these accounts */
    bool ahead;                /* told since the look under way began, which may not know of it */
    uint64_t seq;              /* of its last event */
    const int64_t *accounts;
    int32_t accounts_count;
    struct event_right right;
    const uint8_t *frame;
    size_t size;
    struct notice *next;
};

void notices_init(struct notices *n, struct metrics *metrics) {
    arena_init(&n->kept[0], KEPT_CAP);
    arena_init(&n->kept[1], KEPT_CAP);
    n->told = (struct metric){.name = "liandong_alert_notices_total", .help = "Notices of alerts sent to terminals"};
    n->waiting =
        (struct metric){.name = "liandong_alerts_waiting",
                        .help = "Alerts that nobody has acknowledged, once for each office, two hundred at most of one",
                        .type = METRIC_GAUGE};
    metrics_add(metrics, &n->told);
    metrics_add(metrics, &n->waiting);
}

void notices_free(struct notices *n) {
    arena_free(&n->kept[0]);
    arena_free(&n->kept[1]);
}

/* ---- reading */

enum {
    RECORD_NUM,
    RECORD_ORIGIN,
    RECORD_AREA,
    TO_OFFICE,
    HEADS_ONLY,
    ACCOUNTS,
    PLACE_RECORD,
    PLACE_SEALED,
    SEQ,
    BY_HAND
};
static const char *const names[BY_HAND] = {"record_num", "record_origin", "record_area",  "to_office", "heads_only",
                                           "accounts",   "place_record",  "place_sealed", "seq"};

bool notices_contract(struct notices *n, const struct statement *look, const struct statement *alarm, char *error,
                      size_t room) {
    struct contract_terms terms = {NULL, &liandong__v1__alert_page__descriptor, false, false};
    return contract_compile(&n->look, look, &terms, error, room) &&
           contract_compile(&n->alarm, alarm, &terms, error, room);
}

/* The place of what an alert is about, or updates: bound to that record, not to the alert's. NULL: none to be told. */
static char *about_place(struct core *c, const PGresult *r, int row, int record, int sealed, struct arena *arena) {
    if (PQgetisnull(r, row, record) || PQgetisnull(r, row, sealed)) return NULL;
    size_t size = (size_t)PQgetlength(r, row, sealed);
    char *text = arena_take(arena, size + 1);
    if (!text) return NULL;
    switch (sealing_tell(&c->sealing, "place", (const uint8_t *)PQgetvalue(r, row, record), PQgetvalue(r, row, sealed),
                         size, text)) {
    case MASK_OPEN: return text;
    case MASK_PLAIN: return arena_copy(arena, PQgetvalue(r, row, sealed), size);
    default: return NULL;
    }
}

static bool pack(struct notice *n, Liandong__V1__AlertNotice *notice, struct arena *arena) {
    Liandong__V1__ToClient m = LIANDONG__V1__TO_CLIENT__INIT;
    struct buffer out;
    m.body_case = LIANDONG__V1__TO_CLIENT__BODY_ALERT_NOTICE;
    m.alert_notice = notice;
    buffer_init(&out, FRAME_CAP + FRAME_HEADER);
    if (wire_put_frame(&out, &m.base)) {
        n->size = buffer_size(&out);
        n->frame = (const uint8_t *)arena_copy(arena, (const char *)buffer_head(&out), n->size);
    }
    buffer_free(&out);
    return n->frame != NULL;
}

static bool read_accounts(struct notice *n, const PGresult *r, int row, int column, struct arena *arena) {
    n->somebody = !PQgetisnull(r, row, column);
    if (!n->somebody) return true;
    struct mapping_array a = mapping_get_array(r, row, column);
    int64_t *accounts = arena_take(arena, (size_t)(a.count + 1) * sizeof *accounts);
    n->accounts = accounts;
    for (int32_t i = 0; accounts && i < a.count; i++) {
        int32_t size;
        uint64_t big;
        const char *value = mapping_array_next(&a, &size);
        if (size != sizeof big) continue;
        memcpy(&big, value, sizeof big);
        accounts[n->accounts_count++] = (int64_t)be64toh(big);
    }
    return accounts != NULL;
}

static struct notice *read_row(struct core *c, const struct plan *plan, const PGresult *r, int row,
                               struct arena *arena) {
    struct notice *n = arena_take(arena, sizeof *n);
    int at[BY_HAND];
    Liandong__V1__AlertPage *page = (Liandong__V1__AlertPage *)(void *)mapping_read(plan, r, row, 1, arena);
    Liandong__V1__AlertNotice notice = LIANDONG__V1__ALERT_NOTICE__INIT;
    if (!n || !page || page->n_alerts != 1 || page->alerts[0]->id.len != sizeof n->id) return NULL;
    for (int i = 0; i < BY_HAND; i++) at[i] = PQfnumber(r, names[i]);
    sealing_open(&c->sealing, &page->base, NULL, arena);
    notice.alert = page->alerts[0];
    notice.has_step = true;
    notice.step = notice.alert->escalation;
    if (!notice.alert->place) notice.about_place = about_place(c, r, row, at[PLACE_RECORD], at[PLACE_SEALED], arena);
    *n = (struct notice){.step = notice.step,
                         .seq = (uint64_t)mapping_get_int8(r, row, at[SEQ]),
                         .office = mapping_get_int4(r, row, at[TO_OFFICE]),
                         .heads_only = PQgetvalue(r, row, at[HEADS_ONLY])[0] != 0,
                         .right = {.num = mapping_get_int8(r, row, at[RECORD_NUM]),
                                   .origin = mapping_get_int4(r, row, at[RECORD_ORIGIN]),
                                   .sensitivity = (int16_t)notice.alert->sensitivity,
                                   .was = -1,
                                   .area_was = -1}};
    if (!PQgetisnull(r, row, at[RECORD_AREA])) n->right.area = mapping_get_int4(r, row, at[RECORD_AREA]);
    memcpy(n->id, notice.alert->id.data, sizeof n->id);
    return read_accounts(n, r, row, at[ACCOUNTS], arena) && pack(n, &notice, arena) ? n : NULL;
}

/* Each in the order of the rows; what can't be read is left out and logged. */
static struct notice *read_rows(struct core *c, const struct plan *plan, const PGresult *rows, struct arena *arena) {
    struct notice *list = NULL, **end = &list;
    for (int row = 0; row < PQntuples(rows); row++) {
        *end = read_row(c, plan, rows, row, arena);
        if (*end)
            end = &(*end)->next;
        else
            log_event(LOG_ERROR, "alert.notice_lost", log_int("row", row));
    }
    return list;
}

/* ---- telling */

static bool concerns(const struct notice *n, struct core *c, const struct session *s) {
    struct caller caller = {.office = s->actor.office, .role = s->actor.role, .account = s->actor.account};
    bool head =
        s->actor.role == LIANDONG__V1__ROLE__ROLE_CHIEF || s->actor.role == LIANDONG__V1__ROLE__ROLE_OFFICE_HEAD;
    if (s->actor.office != n->office || (n->heads_only && !head)) return false;
    bool on_duty = !n->somebody || !s->actor.account; /* a terminal that acts by itself stands where duty is done */
    for (int32_t i = 0; i < n->accounts_count && !on_duty; i++) on_duty = n->accounts[i] == s->actor.account;
    return on_duty && feed_may_see(c->feed, &caller, &n->right);
}

static void tell(const struct notice *n, struct core *c, struct session *s) {
    if (!concerns(n, c, s)) return;
    if (!buffer_put(s->io.output(s->conn), n->frame, n->size)) {
        s->io.close(s->conn, "SLOW_READER");
        return;
    }
    s->io.flush(s->conn);
    c->notices.told.value++;
}

void notices_greet(struct core *c, struct session *s) {
    if (s->state != SESSION_OPEN) return;
    for (const struct notice *n = c->notices.list; n; n = n->next) tell(n, c, s);
}

/* Whoever was told is on duty no longer, or is no longer the only one: it is told again, and who has had it knows that
 * by id and step. */
static bool same_whom(const struct notice *a, const struct notice *b) {
    return a->somebody == b->somebody && a->accounts_count == b->accounts_count &&
           (a->accounts_count == 0 ||
            memcmp(a->accounts, b->accounts, (size_t)a->accounts_count * sizeof *a->accounts) == 0);
}

/* Lists are by number and office. */
static bool is_before(const struct notice *a, const struct notice *b) {
    return a->right.num < b->right.num || (a->right.num == b->right.num && a->office < b->office);
}

static bool was_told(const struct notice *old, const struct notice *n) {
    return old && !is_before(n, old) && old->step == n->step && same_whom(old, n);
}

static void tell_watchers(const struct notice *n, struct core *c) {
    struct session *s, *next;
    DL_FOREACH_SAFE(c->sessions, s, next) {
        if (s->state == SESSION_OPEN && s->watcher && !s->watch_call) tell(n, c, s);
    }
}

/* Adds to a list a notice of the one before, as it was. Without memory it is left out, and told again. */
static struct notice **keep(const struct notice *old, struct notice **end, struct arena *arena) {
    struct notice *n = arena_take(arena, sizeof *n);
    int64_t *accounts = arena_take(arena, (size_t)(old->accounts_count + 1) * sizeof *accounts);
    const char *frame = arena_copy(arena, (const char *)old->frame, old->size);
    if (!n || !accounts || !frame) return end;
    if (old->accounts_count) memcpy(accounts, old->accounts, (size_t)old->accounts_count * sizeof *accounts);
    *n = *old;
    n->ahead = false;
    n->accounts = accounts;
    n->frame = (const uint8_t *)frame;
    n->next = NULL;
    *end = n;
    return &n->next;
}

/* An event that this node has not seen yet may be what gives somebody the right to see the alert. Once it is in the
 * ring there is another look. */
static bool is_seen(struct core *c, const struct notice *n) { return n->seq <= feed_head(c->feed); }

void notices_look(struct core *c) {
    c->notices.wanted = false;
    for (struct notice *n = c->notices.list; n; n = n->next) n->ahead = false;
}

void notices_take(struct core *c, const PGresult *rows) {
    struct notices *all = &c->notices;
    struct arena *arena = &all->kept[!all->current];
    struct notice *list = NULL, **end = &list, *old = all->list;
    if (!all->look.statement || !c->ready) { /* looked at again once it serves */
        all->wanted = false;
        return;
    }
    arena_reset(arena);
    for (struct notice *n = read_rows(c, &all->look, rows, arena), *next; n; n = next) {
        next = n->next;
        for (; old && is_before(old, n); old = old->next)
            if (old->ahead) end = keep(old, end, arena);
        bool known = old && !is_before(n, old);
        if (is_seen(c, n)) {
            if (!was_told(old, n)) tell_watchers(n, c);
            *end = n;
            end = &n->next;
            *end = NULL;
        } else if (known) {
            end = keep(old, end, arena);
        }
        if (known) old = old->next;
    }
    for (; old; old = old->next)
        if (old->ahead) end = keep(old, end, arena);
    all->list = list;
    all->current = !all->current;
    all->waiting.value = PQntuples(rows);
}

void notices_tell(struct core *c, const PGresult *rows) {
    struct notices *all = &c->notices;
    struct notice **at = &all->list;
    if (!c->ready) return;
    for (struct notice *n = read_rows(c, &all->alarm, rows, &all->kept[all->current]), *next; n; n = next) {
        next = n->next;
        while (*at && is_before(*at, n)) at = &(*at)->next;
        if (!is_seen(c, n) || was_told(*at, n)) continue;
        n->next = *at && !is_before(n, *at) ? (*at)->next : *at;
        n->ahead = true;
        *at = n;
        tell_watchers(n, c);
    }
}
