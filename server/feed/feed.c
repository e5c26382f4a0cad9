#include "feed/feed.h"
#include "common/clock.h"
#include "common/log.h"
#include "feed/watcher.h"
#include <stdlib.h>
#include <string.h>

#define PULL_EVENTS    1000
#define PULL_ARENA_CAP (8u << 20)
#define TICK_MS        1000

struct feed {
    struct feed_view view;
    struct feed_options options;
    struct link *link;
    uv_timer_t tick;
    bool warm, pulling, again; /* again: a poke came while pulling */
    bool waits;                /* for a key of sealed text: see mask.h */
    bool alerted;              /* among the rows being taken is an event of an alert */
    bool unreviewed;           /* the rights are to be read again, and were not yet */
    bool head_known;           /* of this connection: checked against our history */
    struct cursor found;       /* head in the table, as this connection told it */
    uint64_t opened, asked;    /* times a record was opened to somebody or closed; and as of the last look at names */
    struct lane *dirty;
    struct arena arena;
    struct metric events, pulls, pokes;
    struct statement *sent[8]; /* what its link prepares */
    void (*stopped)(void *arg);
    void *stopped_arg;
};

static void pull(struct feed *f);

struct feed_view *feed_view(struct feed *f) {
    return &f->view;
}

/* ---- waking watchers */

static void on_touched(void *arg, struct lane *lane) {
    struct feed *f = arg;
    if (lane->dirty) return;
    lane->dirty = true;
    lane->next_dirty = f->dirty;
    f->dirty = lane;
}

static void wake_watchers(struct feed *f) {
    while (f->dirty) {
        struct lane *lane = f->dirty;
        f->dirty = lane->next_dirty;
        lane->dirty = false;
        /* A watcher may leave its lane here, never the next one's. */
        for (struct watcher *w = lane->watchers, *next; w; w = next) {
            next = watcher_next(w);
            watcher_continue(w);
        }
    }
}

static void review_watchers(struct feed *f) {
    for (struct lane *lane = f->view.ring.lanes; lane; lane = lane->hh.next)
        for (struct watcher *w = lane->watchers, *next; w; w = next) {
            next = watcher_next(w);
            watcher_review(w);
        }
}

static void reset_watchers(struct feed *f, const char *reason) {
    for (struct lane *lane = f->view.ring.lanes; lane; lane = lane->hh.next)
        for (struct watcher *w = lane->watchers, *next; w; w = next) {
            next = watcher_next(w);
            watcher_reset(w, reason);
        }
}

/* ---- pulling */

/* Takes one row; false where it does not follow the head: then another history is read, or one was lost. */
static bool take_row(struct feed *f, const PGresult *r, int row) {
    struct event e;
    arena_reset(&f->arena);
    bool read = event_read(&e, r, row, &f->view.keys, &f->arena);
    f->waits = e.later;
    if (!read) return false;
    if (e.seq != f->view.head.seq + 1) {
        log_event(LOG_ERROR, "feed.gap", log_int("head", (int64_t)f->view.head.seq), log_int("found", (int64_t)e.seq));
        return false;
    }
    if (!event_take_right(&f->view.rights, &e, r, row))
        log_event(LOG_ERROR, "feed.rights_lost", log_int("seq", (int64_t)e.seq));
    f->opened += e.right.subject != 0;
    if (e.right.was >= 0) ring_grade(&f->view.ring, e.right.num, e.right.sensitivity);
    if (e.right.area_was >= 0) ring_move(&f->view.ring, e.right.num, e.right.area);
    if (!ring_append(&f->view.ring, &e, on_touched, f))
        log_event(LOG_WARN, "feed.not_in_ring", log_int("seq", (int64_t)e.seq), log_int("bytes", e.frame_size));
    f->view.head = (struct cursor){e.seq, e.mark};
    f->alerted |= e.face.record == LIANDONG__V1__RECORD_TYPE__RECORD_TYPE_ALERT;
    f->events.value++;
    return true;
}

static void become_warm(struct feed *f) {
    f->warm = true;
    log_event(LOG_INFO, "feed.warm", log_int("head", (int64_t)f->view.head.seq),
              log_int("in_ring", (int64_t)(f->view.ring.head + 1 - f->view.ring.first)));
    f->options.ready(f->options.arg);
}

/* Appends rows. False: one did not fit; it is looked at again at the next tick, not in a busy loop. */
static bool take_rows(struct feed *f, const PGresult *r) {
    int rows = PQntuples(r), row = 0;
    while (row < rows && take_row(f, r, row)) row++;
    if (f->alerted && f->options.alerted) f->options.alerted(f->options.arg);
    f->alerted = false;
    return row == rows;
}

static void on_pulled(void *arg, struct link_answer answer) {
    struct feed *f = arg;
    if (answer.lost) return;
    if (answer.result && PQresultStatus(answer.result) == PGRES_TUPLES_OK)
        f->again = take_rows(f, answer.result) && (f->again || PQntuples(answer.result) == PULL_EVENTS);
    PQclear(answer.result);
    if (answer.over) wake_watchers(f);
}

static void on_pull_sync(void *arg, struct link_answer answer) {
    struct feed *f = arg;
    PQclear(answer.result);
    if (!answer.over) return;
    f->pulling = false;
    if (answer.lost) return;
    if (f->again)
        pull(f);
    else if (!f->warm && !f->waits)
        become_warm(f);
}

static void pull(struct feed *f) {
    if (f->pulling || !f->head_known || !link_is_ready(f->link)) {
        f->again = f->pulling;
        return;
    }
    struct statement *s = f->options.statements.pull;
    const char *values[STATEMENT_PARAMS] = {0};
    int lengths[STATEMENT_PARAMS] = {0}, after = statement_param(s, "after"), limit = statement_param(s, "limit");
    if (after < 0 || limit < 0) return;
    arena_reset(&f->arena);
    values[after] = mapping_int8(&f->arena, (int64_t)f->view.head.seq);
    lengths[after] = 8;
    values[limit] = mapping_int4(&f->arena, PULL_EVENTS);
    lengths[limit] = 4;
    f->again = false;
    f->pulling = true;
    f->pulls.value++;
    if (!link_send(f->link, s, values, lengths, on_pulled, f) || !link_sync(f->link, on_pull_sync, f)) {
        f->pulling = false;
        link_break(f->link, "a pull could not be sent");
    }
}

void feed_poke(struct feed *f) {
    f->pokes.value++;
    pull(f);
}

/* The feed's end as columns seq, hash say it. */
static struct cursor end_of(const PGresult *r) {
    return (struct cursor){(uint64_t)mapping_get_int8(r, 0, 0),
                           cursor_mark(PQgetvalue(r, 0, 1), (size_t)PQgetlength(r, 0, 1))};
}

/* While a pull is under way its answer may hold the same rows: they may not be taken twice. */
void feed_take(struct feed *f, const PGresult *pen, const PGresult *tail) {
    struct cursor before = pen && PQntuples(pen) == 1 ? end_of(pen) : (struct cursor){0};
    if (f->pulling || !f->head_known || before.seq != f->view.head.seq || before.mark != f->view.head.mark) {
        feed_poke(f);
        return;
    }
    take_rows(f, tail);
    wake_watchers(f);
}

/* ---- a fresh connection: is it our history? */

static void start_from(struct feed *f, struct cursor at) {
    ring_clear(&f->view.ring, at.seq);
    f->view.head = at;
}

static void history_is_ours(struct feed *f, bool ours) {
    if (!ours) {
        log_event(LOG_ERROR, "feed.forked", log_int("head", (int64_t)f->view.head.seq),
                  log_int("found", (int64_t)f->found.seq));
        start_from(f, f->found);
        reset_watchers(f, "FORKED");
    }
    f->head_known = true;
    pull(f);
}

static void on_compared(void *arg, struct link_answer answer) {
    struct feed *f = arg;
    if (answer.lost) return;
    if (answer.result && PQresultStatus(answer.result) == PGRES_TUPLES_OK)
        history_is_ours(f, PQntuples(answer.result) == 1 &&
                               cursor_mark(PQgetvalue(answer.result, 0, 0), (size_t)PQgetlength(answer.result, 0, 0)) ==
                                   f->view.head.mark);
    PQclear(answer.result);
}

static void on_sync(void *arg, struct link_answer answer) {
    (void)arg;
    PQclear(answer.result);
}

static void compare_history(struct feed *f) {
    struct statement *s = f->options.statements.at;
    if (f->view.head.seq == 0 || f->found.seq < f->view.head.seq) {
        history_is_ours(f, f->found.seq >= f->view.head.seq);
        return;
    }
    arena_reset(&f->arena);
    const char *values[1] = {mapping_int8(&f->arena, (int64_t)f->view.head.seq)};
    int lengths[1] = {8};
    if (!link_send(f->link, s, values, lengths, on_compared, f) || !link_sync(f->link, on_sync, f))
        link_break(f->link, "a check could not be sent");
}

/* The first time: the newest events fill the ring, so that watchers who come back at once find them there. */
static void warm_up(struct feed *f) {
    uint64_t newest = f->view.ring.events_room / 2, head = f->found.seq;
    uint64_t from = head > newest ? head - newest : 0;
    if (from < f->view.floor) from = f->view.floor < head ? f->view.floor : head;
    start_from(f, (struct cursor){from, from == head ? f->found.mark : 0});
    f->head_known = true;
    pull(f);
}

static void on_head(void *arg, struct link_answer answer) { /* seq, hash, floor */
    struct feed *f = arg;
    if (answer.lost) return;
    if (answer.result && PQresultStatus(answer.result) == PGRES_TUPLES_OK && PQntuples(answer.result) == 1) {
        f->found = end_of(answer.result);
        f->view.floor = (uint64_t)mapping_get_int8(answer.result, 0, 2);
        if (!f->head_known) {
            if (f->warm)
                compare_history(f);
            else
                warm_up(f);
        }
    }
    PQclear(answer.result);
}

static void on_secret(void *arg, struct link_answer answer) {
    struct feed *f = arg;
    if (answer.result && PQresultStatus(answer.result) == PGRES_TUPLES_OK && PQntuples(answer.result) == 1 &&
        !f->view.keys.cursor && PQgetlength(answer.result, 0, 0) == CURSOR_KEY_SIZE)
        f->view.keys.cursor = cursor_key_make((const uint8_t *)PQgetvalue(answer.result, 0, 0));
    PQclear(answer.result);
    if (answer.over && !answer.lost && !f->view.keys.cursor)
        f->options.refused(f->options.arg, "读不到游标密钥（表 secret），请重新执行 liandongd migrate");
}

/* ---- who may see what */

static void take_rights(struct feed *f, struct link_answer answer, bool (*read)(struct rights *, const PGresult *)) {
    if (answer.result && PQresultStatus(answer.result) == PGRES_TUPLES_OK && !read(&f->view.rights, answer.result))
        log_event(LOG_ERROR, "feed.rights_lost", log_str("why", "memory"));
    PQclear(answer.result);
}
static void on_rights(void *arg, struct link_answer answer) {
    struct feed *f = arg;
    if (answer.result && PQresultStatus(answer.result) == PGRES_TUPLES_OK) f->unreviewed = false;
    take_rights(f, answer, rights_read);
    if (answer.over && !answer.lost) review_watchers(f);
}
static void on_sensitive(void *arg, struct link_answer answer) { take_rights(arg, answer, rights_read_levels); }
/* A commit of this node may have told something newer than this, on its own connection: then it is read once more. */
static void on_named(void *arg, struct link_answer answer) {
    struct feed *f = arg;
    take_rights(f, answer, rights_read_named);
    if (answer.over && f->asked != f->opened) f->view.rights.lapse_ms = 0;
}
static void on_lapsed(void *arg, struct link_answer answer) {
    take_rights(arg, answer, rights_read_lapsed);
    if (answer.over && !answer.lost) review_watchers(arg);
}

static bool ask_names(struct feed *f) {
    f->asked = f->opened;
    return link_send(f->link, f->options.statements.named, NULL, NULL, on_named, f) &&
           link_send(f->link, f->options.statements.lapsed, NULL, NULL, on_lapsed, f);
}

/* Levels and names before the head: what the pulls behind it tell is newer. */
static bool ask_rights(struct feed *f) {
    const struct feed_statements *s = &f->options.statements;
    return link_send(f->link, s->rights, NULL, NULL, on_rights, f) &&
           link_send(f->link, s->sensitive, NULL, NULL, on_sensitive, f) && ask_names(f);
}

void feed_review(struct feed *f) {
    f->unreviewed = true;                /* until they were: what fails is tried again at the next tick */
    if (!link_is_ready(f->link)) return; /* read when it is */
    if (!link_send(f->link, f->options.statements.rights, NULL, NULL, on_rights, f) || !link_sync(f->link, on_sync, f))
        link_break(f->link, "the rights could not be asked for");
}

static bool ask_head(struct feed *f) {
    return link_send(f->link, f->options.statements.head, NULL, NULL, on_head, f) && link_sync(f->link, on_sync, f);
}

static void on_ready(void *arg) {
    struct feed *f = arg;
    char error[256];
    f->pulling = f->again = f->head_known = false;
    if (!event_contract(f->options.statements.pull, error, sizeof error) ||
        !rights_contract(f->options.statements.rights, error, sizeof error)) {
        f->options.refused(f->options.arg, error);
        return;
    }
    if (!link_send(f->link, f->options.statements.secret, NULL, NULL, on_secret, f) || !ask_rights(f) || !ask_head(f))
        link_break(f->link, "the head could not be asked for");
}
static void on_lost(void *arg) {
    struct feed *f = arg;
    f->pulling = f->head_known = false;
}
static void on_refused(void *arg, const char *why) {
    struct feed *f = arg;
    f->options.refused(f->options.arg, why);
}

static void on_tick(uv_timer_t *timer) {
    struct feed *f = timer->data;
    if (!f->head_known || !link_is_ready(f->link)) return;
    if (clock_now_ms() >= f->view.rights.lapse_ms && !(ask_names(f) && link_sync(f->link, on_sync, f)))
        link_break(f->link, "the names could not be asked for");
    if (f->unreviewed) feed_review(f);
    ask_head(f); /* the floor may have moved */
    pull(f);
}

/* ---- for the owner */

bool feed_is_ready(const struct feed *f) { return f->warm && link_is_ready(f->link); }

bool feed_may_see(struct feed *f, const struct caller *caller, const struct event_right *record) {
    const struct rights_role *role = rights_role(&f->view.rights, caller->office, caller->role);
    return role && rights_judge(&f->view.rights, role, caller->account, record, clock_now_ms()) == RIGHTS_EVENT;
}

uint64_t feed_head(struct feed *f) { return f->view.head.seq; }

static void add_metrics(struct feed *f, struct metrics *metrics) {
    struct feed_view *v = &f->view;
    f->events = (struct metric){.name = "liandong_feed_events_total", .help = "Events read from the feed"};
    f->pulls = (struct metric){.name = "liandong_feed_pulls_total", .help = "Times the feed was looked at"};
    f->pokes = (struct metric){.name = "liandong_feed_pokes_total", .help = "Hints that there may be events"};
    v->deliveries = (struct metric){.name = "liandong_feed_deliveries_total", .help = "Events handed to watchers"};
    v->watchers = (struct metric){.name = "liandong_feed_watchers", .help = "Watches open", .type = METRIC_GAUGE};
    v->resets =
        (struct metric){.name = "liandong_feed_resets_total", .help = "Watches that had to start from a snapshot"};
    v->table_pages =
        (struct metric){.name = "liandong_feed_table_pages_total", .help = "Pages read for watchers behind the ring"};
    struct metric *all[] = {&f->events,   &f->pulls,  &f->pokes,      &v->deliveries,
                            &v->watchers, &v->resets, &v->table_pages};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) metrics_add(metrics, all[i]);
}

static struct link *open_link(struct feed *f, uv_loop_t *loop, const char *conninfo, const char *node,
                              uint64_t connect_timeout_ms) {
    struct feed_statements *s = &f->options.statements;
    struct statement *const sent[] = {s->pull, s->head, s->at, s->secret, s->rights, s->sensitive, s->named, s->lapsed};
    memcpy(f->sent, sent, sizeof sent);
    struct link_options o = {.loop = loop,
                             .conninfo = conninfo,
                             .node = node,
                             .role = "feed",
                             .statements = f->sent,
                             .statements_count = sizeof f->sent / sizeof *f->sent,
                             .guard = f->options.guard,
                             .one_plan = true,
                             .connect_timeout_ms = connect_timeout_ms,
                             .events = {on_ready, on_lost, NULL, on_refused},
                             .arg = f};
    return link_start(&o);
}

struct feed *feed_start(uv_loop_t *loop, const char *conninfo, const char *node, uint64_t connect_timeout_ms,
                        const struct feed_options *options, struct metrics *metrics) {
    struct feed *f = calloc(1, sizeof *f);
    if (!f) return NULL;
    f->options = *options;
    f->view.readers = options->readers;
    f->view.statements = options->statements;
    f->view.keys.opener = options->opener;
    f->view.snapshots = options->snapshots;
    f->view.snapshot_kinds = options->snapshot_kinds;
    arena_init(&f->arena, PULL_ARENA_CAP);
    if (!ring_init(&f->view.ring, options->ring_bytes) ||
        !(f->link = open_link(f, loop, conninfo, node, connect_timeout_ms)) || uv_timer_init(loop, &f->tick) != 0) {
        ring_free(&f->view.ring);
        free(f); /* start-up memory: the process ends */
        return NULL;
    }
    f->tick.data = f;
    uv_timer_start(&f->tick, on_tick, TICK_MS, TICK_MS);
    add_metrics(f, metrics);
    return f;
}

static void on_tick_closed(uv_handle_t *handle) {
    struct feed *f = handle->data;
    void (*done)(void *arg) = f->stopped;
    void *arg = f->stopped_arg;
    ring_free(&f->view.ring);
    rights_free(&f->view.rights);
    cursor_key_free(f->view.keys.cursor);
    arena_free(&f->arena);
    free(f);
    if (done) done(arg);
}

static void on_link_stopped(void *arg) {
    struct feed *f = arg;
    uv_close((uv_handle_t *)&f->tick, on_tick_closed);
}

void feed_stop(struct feed *f, void (*done)(void *arg), void *arg) {
    f->stopped = done;
    f->stopped_arg = arg;
    uv_timer_stop(&f->tick);
    link_stop(f->link, on_link_stopped, f);
}
