#include "feed/watcher.h"
#include "common/clock.h"
#include "common/wire.h"
#include "feed/watcher_part.h"
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

static void walk_lane(struct watcher *w);

/* It can't go on. The owner hears of it once and stops it later, never from within. */
void watcher_fail(struct watcher *w, const char *fault) {
    if (w->state == WATCHER_FAILED || w->state == WATCHER_STOPPED) return;
    w->state = WATCHER_FAILED;
    w->sink.failed(w->to, fault);
}

/* ---- frames of the watch itself */

bool watcher_put(struct watcher *w, Liandong__V1__ToClient *m) {
    if (wire_put_frame(w->sink.output(w->to), &m->base)) {
        w->sink.flush(w->to);
        return true;
    }
    watcher_fail(w, "SLOW_READER");
    return false;
}

void watcher_seal(struct watcher *w, struct cursor c, uint8_t out[CURSOR_SIZE]) {
    cursor_seal(w->view->keys.cursor, c, out);
    cursor_veil(out, w->veil);
}

bool watcher_put_sync(struct watcher *w, bool live) {
    uint8_t cursor[CURSOR_SIZE];
    Liandong__V1__FeedSync sync = LIANDONG__V1__FEED_SYNC__INIT;
    Liandong__V1__ToClient m = LIANDONG__V1__TO_CLIENT__INIT;
    /* Up to the head only where everything before it was delivered: a client that saves this and dies must lose
     * nothing. And a snapshot, or a cursor of another node, can be ahead of what this node has pulled. */
    if (live && w->view->head.seq >= w->position)
        watcher_seal(w, w->view->head, cursor);
    else
        memcpy(cursor, w->last, CURSOR_SIZE);
    sync.has_cursor = sync.has_live = true;
    sync.cursor = (ProtobufCBinaryData){CURSOR_SIZE, cursor};
    sync.live = live;
    m.body_case = LIANDONG__V1__TO_CLIENT__BODY_FEED_SYNC;
    m.feed_sync = &sync;
    if (!watcher_put(w, &m)) return false;
    memcpy(w->last, cursor, CURSOR_SIZE); /* a client holds one cursor, whoever told it: the next delivery's prev */
    return true;
}

/* ---- one delivery: the packed frame with this watcher's prev */

bool watcher_deliver(struct watcher *w, struct buffer *out, const uint8_t *frame, uint32_t size, uint32_t prev_at,
                     const uint8_t *cursor) {
    uint8_t *p = buffer_reserve(out, size);
    if (!p) return false;
    memcpy(p, frame, size);
    memcpy(p + prev_at, w->last, CURSOR_SIZE);
    memcpy(w->last, cursor, CURSOR_SIZE);
    cursor_veil(w->last, w->veil);
    cursor_veil(p + prev_at - EVENT_CURSOR_BEFORE_PREV, w->veil);
    buffer_grew(out, size);
    w->view->deliveries.value++;
    return true;
}

bool watcher_offer(struct watcher *w, struct buffer *out, const struct watcher_frames *f) {
    enum rights_verdict verdict = rights_judge(&w->view->rights, w->role, w->caller.account, f->right,
                                               w->view->rights.named ? clock_now_ms() : 0);
    if (verdict == RIGHTS_EVENT)
        return !f->frame || (w->filter && !watcher_filter_passes(w->filter, f->face)) ||
               watcher_deliver(w, out, f->frame, f->frame_size, f->prev_at, f->cursor);
    if (verdict == RIGHTS_NOTHING || !f->change_size) return true;
    if (!watcher_deliver(w, out, f->change, f->change_size, EVENT_CHANGE_PREV, f->cursor)) return false;
    if (verdict == RIGHTS_GRANT) out->data[out->end - f->change_size + EVENT_CHANGE_TAG] = EVENT_TAG_GRANT;
    return true;
}

bool watcher_has_room(struct watcher *w) { return w->sink.backlog(w->to) < WATCHER_HIGH_WATER; }

/* ---- from the ring */

/* Joins the lane at its position; false: the ring no longer holds what comes next. */
bool watcher_join_lane(struct watcher *w) {
    if (w->position + 1 < w->view->ring.first) return false;
    w->lane_at = lane_after(w->lane, w->position);
    w->state = WATCHER_RING;
    return true;
}

static void walk_lane(struct watcher *w) {
    struct ring *ring = &w->view->ring;
    struct lane *lane = w->lane;
    if (w->lane_at < lane->first) { /* the ring went past it */
        w->state = WATCHER_TABLE;
        watcher_table_read(w);
        return;
    }
    struct buffer *out = w->sink.output(w->to);
    size_t before = buffer_size(out);
    while (w->lane_at < lane->next && watcher_has_room(w)) {
        uint64_t seq = lane_seq(lane, w->lane_at);
        const struct ring_event *e = ring_get(ring, seq);
        struct watcher_frames frames = {&e->face,  &e->right,     ring_frame(ring, e), ring_change(ring, e),
                                        e->cursor, e->frame_size, e->prev_at,          e->change_size};
        if (seq > w->position && !watcher_offer(w, out, &frames)) {
            watcher_fail(w, "SLOW_READER");
            return;
        }
        w->lane_at++;
        if (seq > w->position) w->position = seq;
    }
    if (buffer_size(out) != before) w->sink.flush(w->to);
    if (w->lane_at < lane->next) return;
    if (ring->head > w->position) w->position = ring->head; /* nothing up to the head is for this office */
    if (!w->synced) w->synced = watcher_put_sync(w, true);
}

/* ---- the start */

static void begin_at(struct watcher *w, struct cursor c) {
    w->position = c.seq;
    watcher_seal(w, c, w->last);
    w->sink.started(w->to, w->last);
    w->state = WATCHER_TABLE;
    watcher_table_read(w);
}

static void begin_reset(struct watcher *w, const char *reason) {
    w->sink.started(w->to, NULL);
    watcher_reset(w, reason);
}

static void on_checked(struct read *read, const PGresult *result, const char *fault) {
    struct watcher *w = watcher_of(read);
    if (!w) return;
    struct cursor asked = w->asked;
    bool same = !fault && PQntuples(result) == 1 &&
                cursor_mark(PQgetvalue(result, 0, 0), (size_t)PQgetlength(result, 0, 0)) == asked.mark;
    bool unknown = !fault && PQntuples(result) == 0 && asked.seq > w->view->head.seq;
    watcher_drop_read(w);
    if (fault)
        watcher_fail(w, fault);
    else if (same)
        begin_at(w, asked);
    else
        begin_reset(w, unknown ? "FUTURE" : "FORKED");
}

/* Of our history, or not? The ring knows the newest; of older ones the table is asked, and of newer ones, too: a
 * watcher that comes from another node can be ahead of what this one has pulled. */
static void check_cursor(struct watcher *w, struct cursor c) {
    struct feed_view *v = w->view;
    if (cursor_is_nonsense(c)) {
        begin_reset(w, "RIGHTS");
    } else if (c.seq < v->floor) {
        begin_reset(w, "PRUNED");
    } else if (c.mark == 0 && c.seq > v->head.seq) {
        begin_reset(w, "FUTURE");
    } else if (c.mark == 0 || c.seq == 0 /* where every history begins */ ||
               (c.seq == v->head.seq && c.mark == v->head.mark)) {
        begin_at(w, c);
    } else if (c.seq >= v->ring.first && c.seq <= v->head.seq) {
        if (ring_get(&v->ring, c.seq)->mark == c.mark)
            begin_at(w, c);
        else
            begin_reset(w, "FORKED");
    } else {
        struct watcher_read *r = watcher_take_read(w, v->statements.at);
        if (!r) {
            watcher_fail(w, "INTERNAL");
            return;
        }
        w->asked = c;
        watcher_bind_number(r, "seq", (int64_t)c.seq);
        watcher_submit(w, r, on_checked);
    }
}

static struct cursor open_cursor(struct watcher *w, const uint8_t told[CURSOR_SIZE]) {
    uint8_t bare[CURSOR_SIZE];
    memcpy(bare, told, CURSOR_SIZE);
    cursor_veil(bare, w->veil);
    return cursor_open(w->view->keys.cursor, bare);
}

struct watcher *watcher_start(struct feed *f, const struct watcher_terms *terms, const struct watcher_sink *sink,
                              void *to, const char **fault) {
    struct watcher *w = calloc(1, sizeof *w);
    *fault = NULL;
    if (!w) return NULL;
    *w = (struct watcher){
        .feed = f, .view = feed_view(f), .caller = terms->caller, .sink = *sink, .to = to, .state = WATCHER_CHECKING};
    if (terms->filter && !watcher_filter_make(&w->filter, terms->filter, terms->offices, fault)) {
        free(w);
        return NULL;
    }
    w->lane = ring_lane(&w->view->ring, w->caller.office);
    w->role = rights_role(&w->view->rights, w->caller.office, w->caller.role);
    if (!w->lane || !w->role) {
        free(w->filter);
        free(w);
        return NULL;
    }
    rights_veil(&w->view->rights, w->role, w->caller.account, w->veil);
    DL_APPEND(w->lane->watchers, w);
    w->view->watchers.value++;
    if (terms->cursor)
        check_cursor(w, open_cursor(w, terms->cursor));
    else if (terms->from_start)
        begin_at(w, (struct cursor){w->view->floor, 0});
    else
        begin_at(w, w->view->head);
    return w;
}

/* ---- for the owner */

void watcher_continue(struct watcher *w) {
    if (w->state == WATCHER_RING)
        walk_lane(w);
    else if (w->state == WATCHER_TABLE && w->reading && w->reading->hand.rows && watcher_has_room(w))
        watcher_go_on_with_page(w);
    else if (w->state == WATCHER_SNAPSHOT && w->snapshot_waits && watcher_has_room(w))
        watcher_go_on_with_snapshot(w);
}

void watcher_review(struct watcher *w) {
    uint64_t now[2];
    rights_veil(&w->view->rights, w->role, w->caller.account, now);
    if (memcmp(now, w->veil, sizeof now) == 0) return;
    memcpy(w->veil, now, sizeof now);
    watcher_reset(w, "RIGHTS");
}

bool watcher_is_live(const struct watcher *w) {
    return w->state == WATCHER_RING && w->synced && w->lane_at == w->lane->next;
}

void watcher_sync(struct watcher *w) {
    if (watcher_is_live(w)) watcher_put_sync(w, true);
}

void watcher_stop(struct watcher *w) {
    if (w->state == WATCHER_STOPPED) return;
    w->state = WATCHER_STOPPED;
    w->view->watchers.value--;
    DL_DELETE(w->lane->watchers, w);
    if (w->reading && w->reading->in_flight && !readers_withdraw(w->view->readers, &w->reading->read))
        return; /* freed when the answer comes */
    watcher_free(w);
}

struct watcher *watcher_next(const struct watcher *w) {
    return w->next;
}
