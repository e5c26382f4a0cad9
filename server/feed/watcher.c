#include "feed/watcher.h"
#include "common/frame.h"
#include "common/log.h"
#include "common/wire.h"
#include "envelope.pb-c.h"
#include "feed/watcher_filter.h"
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define PAGE_EVENTS 512
#define SNAPSHOT_INCIDENTS 200
#define READ_TIMEOUT_MS 10000
#define READ_ARENA_CAP (4u << 20)

enum watcher_state { WATCHER_CHECKING, WATCHER_SNAPSHOT, WATCHER_TABLE, WATCHER_RING, WATCHER_FAILED, WATCHER_STOPPED };

/* A read for a watcher, and the memory of its values; taken only while the watcher is behind the ring. */
struct watcher_read {
    struct read read;
    struct arena arena;
    struct watcher *watcher;
    uint64_t until;            /* of a page: what it was asked up to */
    bool in_flight;
};
struct watcher {
    struct feed *feed;
    struct feed_view *view;
    struct caller caller;
    struct watcher_sink sink;
    void *to;
    enum watcher_state state;
    bool snapshot_begun;       /* its first page came: the head is kept */
    bool synced;               /* FeedSync was sent since the start or the reset */
    uint64_t position;         /* every event up to here is delivered or not for this watcher */
    uint64_t lane_at;          /* position in the lane, in state RING */
    struct lane *lane;
    struct watcher *prev, *next; /* in the lane's list, from RING on until the end */
    uint8_t last[CURSOR_SIZE]; /* told last, by reply, delivery or sync: the next one's prev */
    struct cursor asked;       /* while CHECKING */
    struct watcher_filter *filter; /* NULL: everything */
    struct watcher_read *reading;  /* in flight, or an unfinished page */
    PGresult *page;            /* unfinished: rows from page_row on are still to be sent */
    int page_row;
};

static void table_read(struct watcher *w);
static void walk_lane(struct watcher *w);

/* It can't go on. The owner hears of it once and stops it later, never from within. */
static void fail(struct watcher *w, const char *fault) {
    if (w->state == WATCHER_FAILED || w->state == WATCHER_STOPPED) return;
    w->state = WATCHER_FAILED;
    w->sink.failed(w->to, fault);
}

/* ---- frames of the watch itself */

static bool put(struct watcher *w, Liandong__V1__ToClient *m) {
    if (wire_put_frame(w->sink.output(w->to), &m->base)) {
        w->sink.flush(w->to);
        return true;
    }
    fail(w, "SLOW_READER");
    return false;
}

static bool put_sync(struct watcher *w) {
    uint8_t cursor[CURSOR_SIZE];
    Liandong__V1__FeedSync sync = LIANDONG__V1__FEED_SYNC__INIT;
    Liandong__V1__ToClient m = LIANDONG__V1__TO_CLIENT__INIT;
    /* A snapshot can be ahead of what this node has pulled. */
    if (w->view->head.seq >= w->position) cursor_seal(w->view->key, w->view->head, cursor);
    else memcpy(cursor, w->last, CURSOR_SIZE);
    sync.has_cursor = sync.has_live = true;
    sync.cursor = (ProtobufCBinaryData){CURSOR_SIZE, cursor};
    sync.live = true;
    m.body_case = LIANDONG__V1__TO_CLIENT__BODY_FEED_SYNC;
    m.feed_sync = &sync;
    if (!put(w, &m)) return false;
    memcpy(w->last, cursor, CURSOR_SIZE); /* a client holds one cursor, whoever told it: the next delivery's prev */
    return true;
}

static bool put_reset(struct watcher *w, const char *reason) {
    Liandong__V1__FeedReset reset = LIANDONG__V1__FEED_RESET__INIT;
    Liandong__V1__ToClient m = LIANDONG__V1__TO_CLIENT__INIT;
    reset.reason = wire_borrow(reason);
    m.body_case = LIANDONG__V1__TO_CLIENT__BODY_FEED_RESET;
    m.feed_reset = &reset;
    return put(w, &m);
}

/* ---- one delivery: the packed frame with this watcher's prev */

static bool deliver(struct watcher *w, struct buffer *out, const uint8_t *frame, uint32_t size, uint32_t prev_at, const uint8_t *cursor) {
    uint8_t *p = buffer_reserve(out, size);
    if (!p) return false;
    memcpy(p, frame, size);
    memcpy(p + prev_at, w->last, CURSOR_SIZE);
    memcpy(w->last, cursor, CURSOR_SIZE);
    buffer_grew(out, size);
    w->view->deliveries.value++;
    return true;
}

static bool has_room(struct watcher *w) { return w->sink.backlog(w->to) < WATCHER_HIGH_WATER; }

/* ---- from the ring */

/* Joins the lane at its position; false: the ring no longer holds what comes next. */
static bool join_lane(struct watcher *w) {
    struct ring *ring = &w->view->ring;
    if (w->position + 1 < ring->first) return false;
    struct lane *lane = ring_lane(ring, w->caller.office);
    if (!lane) return false;
    if (!w->lane) {
        w->lane = lane;
        DL_APPEND(lane->watchers, w);
    }
    w->lane_at = lane_after(lane, w->position);
    w->state = WATCHER_RING;
    return true;
}

static void walk_lane(struct watcher *w) {
    struct ring *ring = &w->view->ring;
    struct lane *lane = w->lane;
    if (w->lane_at < lane->first) { /* the ring went past it */
        w->state = WATCHER_TABLE;
        table_read(w);
        return;
    }
    struct buffer *out = w->sink.output(w->to);
    size_t before = buffer_size(out);
    while (w->lane_at < lane->next && has_room(w)) {
        uint64_t seq = lane_seq(lane, w->lane_at);
        const struct ring_event *e = ring_get(ring, seq);
        bool wanted = seq > w->position && (!w->filter || watcher_filter_passes(w->filter, &e->face));
        if (wanted && !deliver(w, out, ring_frame(ring, e), e->frame_size, e->prev_at, e->cursor)) {
            fail(w, "SLOW_READER");
            return;
        }
        w->lane_at++;
        if (seq > w->position) w->position = seq;
    }
    if (buffer_size(out) != before) w->sink.flush(w->to);
    if (w->lane_at < lane->next) return;
    if (ring->head > w->position) w->position = ring->head; /* nothing up to the head is for this office */
    if (!w->synced) w->synced = put_sync(w);
}

/* ---- from the database */

static struct watcher_read *take_read(struct watcher *w, struct statement *s) {
    struct watcher_read *r = w->reading;
    if (!r) {
        r = calloc(1, sizeof *r);
        if (!r) return NULL;
        arena_init(&r->arena, READ_ARENA_CAP);
        r->watcher = w;
        w->reading = r;
    }
    arena_reset(&r->arena);
    r->read = (struct read){.statement = s, .caller = w->caller, .timeout_ms = READ_TIMEOUT_MS};
    r->read.binding.values = arena_zero(&r->arena, STATEMENT_PARAMS * sizeof(char *));
    r->read.binding.lengths = arena_zero(&r->arena, STATEMENT_PARAMS * sizeof(int));
    return r->read.binding.values && r->read.binding.lengths ? r : NULL;
}

static void bind_number(struct watcher_read *r, const char *name, int64_t v) {
    int i = statement_param(r->read.statement, name);
    if (i < 0) return;
    bool wide = r->read.statement->param_types[i] == 20;
    r->read.binding.values[i] = wide ? mapping_int8(&r->arena, v) : mapping_int4(&r->arena, (int32_t)v);
    r->read.binding.lengths[i] = wide ? 8 : 4;
}

static void drop_read(struct watcher *w) {
    if (!w->reading) return;
    arena_free(&w->reading->arena);
    free(w->reading);
    w->reading = NULL;
}

static void free_watcher(struct watcher *w) {
    drop_read(w);
    PQclear(w->page);
    free(w->filter);
    free(w);
}

/* The watcher a read belongs to; NULL where it failed or was stopped (then it is freed) meanwhile. */
static struct watcher *reader_of(struct read *read) {
    struct watcher_read *r = (struct watcher_read *)(void *)read;
    struct watcher *w = r->watcher;
    r->in_flight = false;
    if (w->state == WATCHER_STOPPED) {
        free_watcher(w);
        return NULL;
    }
    return w->state == WATCHER_FAILED ? NULL : w;
}

static void submit(struct watcher *w, struct watcher_read *r, void (*done)(struct read *read, const PGresult *result, const char *fault)) {
    r->read.done = done;
    r->in_flight = !r->arena.exhausted && readers_submit(w->view->readers, &r->read);
    if (r->in_flight) return;
    drop_read(w);
    fail(w, "DATABASE_AWAY");
}

/* Sends rows of the page in hand until the way out is full. True where the page is done. */
static bool send_page(struct watcher *w, const PGresult *page, int *row) {
    struct arena *arena = &w->reading->arena;
    struct buffer *out = w->sink.output(w->to);
    bool sent = false, whole = true;
    for (; *row < PQntuples(page); (*row)++) {
        struct event e;
        if (!has_room(w)) {
            whole = false;
            break;
        }
        arena_reset(arena);
        if (!event_read(&e, page, *row, w->view->key, arena)) {
            fail(w, "INTERNAL");
            return false;
        }
        if ((!w->filter || watcher_filter_passes(w->filter, &e.face)) && !deliver(w, out, e.frame, e.frame_size, e.prev_at, e.cursor)) {
            fail(w, "SLOW_READER");
            return false;
        }
        w->position = e.seq;
        sent = true;
    }
    if (sent) w->sink.flush(w->to);
    return whole;
}

static void on_page(struct read *read, const PGresult *result, const char *fault) {
    struct watcher *w = reader_of(read);
    if (!w) return;
    if (fault) {
        drop_read(w);
        fail(w, fault);
        return;
    }
    int rows = PQntuples(result), row = 0;
    uint64_t until = w->reading->until;
    if (!send_page(w, result, &row)) {
        if (w->state == WATCHER_FAILED) return;
        w->page = PQcopyResult(result, PG_COPYRES_TUPLES | PG_COPYRES_ATTRS); /* the rest waits for room */
        w->page_row = row;
        if (!w->page) fail(w, "INTERNAL");
        return;
    }
    if (rows < PAGE_EVENTS) w->position = until;
    table_read(w);
}

/* The next page, or over to the ring where it holds what comes next. */
static void table_read(struct watcher *w) {
    if (join_lane(w)) {
        drop_read(w);
        walk_lane(w);
        return;
    }
    struct watcher_read *r = take_read(w, w->view->statements.page);
    if (!r) {
        fail(w, "INTERNAL");
        return;
    }
    r->until = w->view->head.seq;
    bind_number(r, "office", w->caller.office);
    bind_number(r, "after", (int64_t)w->position);
    bind_number(r, "until", (int64_t)r->until);
    bind_number(r, "limit", PAGE_EVENTS);
    w->view->table_pages.value++;
    submit(w, r, on_page);
}

static void go_on_with_page(struct watcher *w) {
    PGresult *page = w->page;
    int row = w->page_row, rows = PQntuples(page);
    w->page = NULL;
    if (send_page(w, page, &row)) {
        PQclear(page);
        if (rows < PAGE_EVENTS) w->position = w->reading->until;
        table_read(w);
    } else if (w->state == WATCHER_FAILED) {
        PQclear(page);
    } else {
        w->page = page;
        w->page_row = row;
    }
}

/* ---- RESET and its snapshot */

static void read_snapshot(struct watcher *w, const char *page, int page_size);

/* Rows without an incident (id NULL) only carry the head. */
static bool put_snapshot(struct watcher *w, const PGresult *result, bool last) {
    bool empty = PQgetisnull(result, 0, PQfnumber(result, "id"));
    Liandong__V1__ToClient m = LIANDONG__V1__TO_CLIENT__INIT;
    m.body_case = LIANDONG__V1__TO_CLIENT__BODY_FEED_SNAPSHOT;
    m.feed_snapshot = (Liandong__V1__FeedSnapshot *)(void *)mapping_read(w->view->snapshot_plan, result, 0, empty ? 0 : PQntuples(result), &w->reading->arena);
    if (!m.feed_snapshot) {
        fail(w, "INTERNAL");
        return false;
    }
    m.feed_snapshot->has_last = true;
    m.feed_snapshot->last = last;
    return put(w, &m);
}

/* The watch goes on from the head that the first page saw: later pages may show newer states, and then the same changes come
 * again as events, which carry versions. */
static void keep_head(struct watcher *w, const PGresult *result) {
    struct cursor head = {(uint64_t)mapping_get_int8(result, 0, PQfnumber(result, "seq")), 0};
    int hash = PQfnumber(result, "hash");
    if (head.seq) head.mark = cursor_mark(PQgetvalue(result, 0, hash), (size_t)PQgetlength(result, 0, hash));
    w->position = head.seq;
    cursor_seal(w->view->key, head, w->last);
}

static void on_snapshot(struct read *read, const PGresult *result, const char *fault) {
    struct watcher *w = reader_of(read);
    if (!w) return;
    if (fault || PQntuples(result) < 1) {
        drop_read(w);
        fail(w, fault ? fault : "INTERNAL");
        return;
    }
    int next = PQfnumber(result, "next");
    bool last = PQgetisnull(result, 0, next);
    if (!w->snapshot_begun) keep_head(w, result);
    w->snapshot_begun = true;
    if (!put_snapshot(w, result, last)) return;
    if (!last) {
        read_snapshot(w, PQgetvalue(result, 0, next), PQgetlength(result, 0, next));
        return;
    }
    w->state = WATCHER_TABLE;
    w->synced = put_sync(w);
    table_read(w);
}

/* page: where the page before ended, NULL for the first. */
static void read_snapshot(struct watcher *w, const char *page, int page_size) {
    char kept[64];
    size_t n = page && (size_t)page_size <= sizeof kept ? (size_t)page_size : 0;
    memcpy(kept, page ? page : "", n); /* it stands in a result that goes away */
    struct watcher_read *r = take_read(w, w->view->statements.snapshot);
    if (!r) {
        fail(w, "INTERNAL");
        return;
    }
    bind_number(r, "office", w->caller.office);
    bind_number(r, "limit", SNAPSHOT_INCIDENTS);
    int at = statement_param(r->read.statement, "page");
    if (n && at >= 0) {
        r->read.binding.values[at] = arena_copy(&r->arena, kept, n);
        r->read.binding.lengths[at] = (int)n;
    }
    submit(w, r, on_snapshot);
}

void watcher_reset(struct watcher *w, const char *reason) {
    if (w->state == WATCHER_FAILED || w->state == WATCHER_STOPPED) return;
    bool busy = w->reading && w->reading->in_flight;
    PQclear(w->page);
    w->page = NULL;
    w->view->resets.value++;
    log_event(LOG_WARN, "feed.reset", log_str("reason", reason), log_int("office", w->caller.office));
    w->synced = false;
    if (busy) { /* a read in flight belongs to the old history */
        fail(w, "DATABASE_AWAY");
        return;
    }
    if (!put_reset(w, reason)) return;
    w->state = WATCHER_SNAPSHOT;
    w->snapshot_begun = false;
    read_snapshot(w, NULL, 0);
}

/* ---- the start */

static void begin_at(struct watcher *w, struct cursor c) {
    w->position = c.seq;
    cursor_seal(w->view->key, c, w->last);
    w->sink.started(w->to, w->last);
    w->state = WATCHER_TABLE;
    table_read(w);
}

static void begin_reset(struct watcher *w, const char *reason) {
    w->sink.started(w->to, NULL);
    watcher_reset(w, reason);
}

static void on_checked(struct read *read, const PGresult *result, const char *fault) {
    struct watcher *w = reader_of(read);
    if (!w) return;
    struct cursor asked = w->asked;
    bool same = !fault && PQntuples(result) == 1 && cursor_mark(PQgetvalue(result, 0, 0), (size_t)PQgetlength(result, 0, 0)) == asked.mark;
    drop_read(w);
    if (fault) fail(w, fault);
    else if (same) begin_at(w, asked);
    else begin_reset(w, "FORKED");
}

/* Of our history, or not? The ring knows the newest; of older ones the table is asked. */
static void check_cursor(struct watcher *w, struct cursor c) {
    struct feed_view *v = w->view;
    if (c.seq > v->head.seq) {
        begin_reset(w, "FUTURE");
    } else if (c.seq < v->floor) {
        begin_reset(w, "PRUNED");
    } else if (c.mark == 0 || (c.seq == v->head.seq && c.mark == v->head.mark)) {
        begin_at(w, c);
    } else if (c.seq >= v->ring.first) {
        if (ring_get(&v->ring, c.seq)->mark == c.mark) begin_at(w, c);
        else begin_reset(w, "FORKED");
    } else {
        struct watcher_read *r = take_read(w, v->statements.at);
        if (!r) {
            fail(w, "INTERNAL");
            return;
        }
        w->asked = c;
        bind_number(r, "seq", (int64_t)c.seq);
        submit(w, r, on_checked);
    }
}

struct watcher *watcher_start(struct feed *f, const struct watcher_terms *terms, const struct watcher_sink *sink, void *to, const char **fault) {
    struct watcher *w = calloc(1, sizeof *w);
    *fault = NULL;
    if (!w) return NULL;
    *w = (struct watcher){.feed = f, .view = feed_view(f), .caller = terms->caller, .sink = *sink, .to = to, .state = WATCHER_CHECKING};
    if (terms->filter && !watcher_filter_make(&w->filter, terms->filter, fault)) {
        free(w);
        return NULL;
    }
    w->view->watchers.value++;
    if (terms->cursor) check_cursor(w, cursor_open(w->view->key, terms->cursor));
    else if (terms->from_start) begin_at(w, (struct cursor){w->view->floor, 0});
    else begin_at(w, w->view->head);
    return w;
}

/* ---- for the owner */

void watcher_continue(struct watcher *w) {
    if (w->state == WATCHER_RING) walk_lane(w);
    else if (w->state == WATCHER_TABLE && w->page && has_room(w)) go_on_with_page(w);
}

bool watcher_is_live(const struct watcher *w) { return w->state == WATCHER_RING && w->synced && w->lane_at == w->lane->next; }

void watcher_sync(struct watcher *w) {
    if (watcher_is_live(w)) put_sync(w);
}

void watcher_stop(struct watcher *w) {
    if (w->state == WATCHER_STOPPED) return;
    w->state = WATCHER_STOPPED;
    w->view->watchers.value--;
    if (w->lane) DL_DELETE(w->lane->watchers, w);
    w->lane = NULL;
    if (w->reading && w->reading->in_flight && !readers_withdraw(w->view->readers, &w->reading->read)) return; /* freed when the answer comes */
    free_watcher(w);
}

struct watcher *watcher_next(const struct watcher *w) { return w->next; }
