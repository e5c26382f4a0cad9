#include "common/log.h"
#include "common/wire.h"
#include "feed/watcher_part.h"
#include <string.h>

#define SNAPSHOT_INCIDENTS 200

static bool put_reset(struct watcher *w, const char *reason) {
    Liandong__V1__FeedReset reset = LIANDONG__V1__FEED_RESET__INIT;
    Liandong__V1__ToClient m = LIANDONG__V1__TO_CLIENT__INIT;
    reset.reason = wire_borrow(reason);
    m.body_case = LIANDONG__V1__TO_CLIENT__BODY_FEED_RESET;
    m.feed_reset = &reset;
    return watcher_put(w, &m);
}

static void read_snapshot(struct watcher *w, const char *page, int page_size);

/* Rows without an incident (id NULL) only carry the head. */
static bool put_snapshot(struct watcher *w, const PGresult *result, bool last) {
    bool empty = PQgetisnull(result, 0, PQfnumber(result, "id"));
    Liandong__V1__ToClient m = LIANDONG__V1__TO_CLIENT__INIT;
    m.body_case = LIANDONG__V1__TO_CLIENT__BODY_FEED_SNAPSHOT;
    m.feed_snapshot = (Liandong__V1__FeedSnapshot *)(void *)mapping_read(
        w->view->snapshot_plan, result, 0, empty ? 0 : PQntuples(result), &w->reading->arena);
    if (!m.feed_snapshot) {
        watcher_fail(w, "INTERNAL");
        return false;
    }
    m.feed_snapshot->has_last = true;
    m.feed_snapshot->last = last;
    return watcher_put(w, &m);
}

/* The watch goes on from the head that the first page saw: later pages may show newer states, and then the same changes
 * come again as events, which carry versions. */
static void keep_head(struct watcher *w, const PGresult *result) {
    struct cursor head = {(uint64_t)mapping_get_int8(result, 0, PQfnumber(result, "seq")), 0};
    int hash = PQfnumber(result, "hash");
    if (head.seq) head.mark = cursor_mark(PQgetvalue(result, 0, hash), (size_t)PQgetlength(result, 0, hash));
    w->position = head.seq;
    cursor_seal(w->view->key, head, w->last);
}

static void on_snapshot(struct read *read, const PGresult *result, const char *fault) {
    struct watcher *w = watcher_of(read);
    if (!w) return;
    if (fault || PQntuples(result) < 1) {
        watcher_drop_read(w);
        watcher_fail(w, fault ? fault : "INTERNAL");
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
    w->synced = watcher_put_sync(w);
    watcher_table_read(w);
}

/* page: where the page before ended, NULL for the first. */
static void read_snapshot(struct watcher *w, const char *page, int page_size) {
    char kept[64];
    size_t n = page && (size_t)page_size <= sizeof kept ? (size_t)page_size : 0;
    memcpy(kept, page ? page : "", n); /* it stands in a result that goes away */
    struct watcher_read *r = watcher_take_read(w, w->view->statements.snapshot);
    if (!r) {
        watcher_fail(w, "INTERNAL");
        return;
    }
    watcher_bind_number(r, "office", w->caller.office);
    watcher_bind_number(r, "limit", SNAPSHOT_INCIDENTS);
    int at = statement_param(r->read.statement, "page");
    if (n && at >= 0) {
        r->read.binding.values[at] = arena_copy(&r->arena, kept, n);
        r->read.binding.lengths[at] = (int)n;
    }
    watcher_submit(w, r, on_snapshot);
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
        watcher_fail(w, "DATABASE_AWAY");
        return;
    }
    if (!put_reset(w, reason)) return;
    w->state = WATCHER_SNAPSHOT;
    w->snapshot_begun = false;
    read_snapshot(w, NULL, 0);
}
