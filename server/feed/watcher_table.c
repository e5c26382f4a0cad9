#include "feed/watcher_part.h"

#define PAGE_EVENTS 512

/* A page merges the events of all offices that the watcher sees, so it must not look further than about a page of them
 * in all: each office would give as many. How densely they lie among everybody else's is learned page by page. */
static void learn_window(struct watcher_read *r, int rows) {
    if (rows < PAGE_EVENTS / 2)
        r->window *= 2;
    else if (rows == PAGE_EVENTS && r->window > PAGE_EVENTS)
        r->window -= r->window / 4;
}

/* Sends rows of the page in hand until the way out is full. True where the page is done. */
static bool send_page(struct watcher *w, const PGresult *page, int *row) {
    struct arena *arena = &w->reading->arena;
    struct buffer *out = w->sink.output(w->to);
    bool sent = false, whole = true;
    for (; *row < PQntuples(page); (*row)++) {
        struct event e;
        if (!watcher_has_room(w)) {
            whole = false;
            break;
        }
        arena_reset(arena);
        if (!event_read(&e, page, *row, w->view->key, arena)) {
            watcher_fail(w, "INTERNAL");
            return false;
        }
        if ((!w->filter || watcher_filter_passes(w->filter, &e.face)) &&
            !watcher_deliver(w, out, e.frame, e.frame_size, e.prev_at, e.cursor)) {
            watcher_fail(w, "SLOW_READER");
            return false;
        }
        w->position = e.seq;
        sent = true;
    }
    if (sent) w->sink.flush(w->to);
    return whole;
}

static void on_page(struct read *read, const PGresult *result, const char *fault) {
    struct watcher *w = watcher_of(read);
    if (!w) return;
    if (fault) {
        watcher_drop_read(w);
        watcher_fail(w, fault);
        return;
    }
    int rows = PQntuples(result), row = 0;
    learn_window(w->reading, rows);
    uint64_t until = w->reading->until;
    if (!send_page(w, result, &row)) {
        if (w->state == WATCHER_FAILED) return;
        w->page = PQcopyResult(result, PG_COPYRES_TUPLES | PG_COPYRES_ATTRS); /* the rest waits for room */
        w->page_row = row;
        if (!w->page) watcher_fail(w, "INTERNAL");
        return;
    }
    if (rows < PAGE_EVENTS) w->position = until;
    watcher_table_read(w);
}

/* The next page, or over to the ring where it holds what comes next. */
void watcher_table_read(struct watcher *w) {
    if (watcher_join_lane(w)) {
        watcher_drop_read(w);
        watcher_continue(w);
        return;
    }
    struct watcher_read *r = watcher_take_read(w, w->view->statements.page);
    if (!r) {
        watcher_fail(w, "INTERNAL");
        return;
    }
    if (r->window == 0) r->window = PAGE_EVENTS;
    uint64_t head = w->view->head.seq; /* a cursor of another node may be ahead of it */
    r->until = head > w->position && head - w->position > r->window ? w->position + r->window : head;
    watcher_bind_number(r, "office", w->caller.office);
    watcher_bind_number(r, "after", (int64_t)w->position);
    watcher_bind_number(r, "until", (int64_t)r->until);
    watcher_bind_number(r, "limit", PAGE_EVENTS);
    w->view->table_pages.value++;
    watcher_submit(w, r, on_page);
}

void watcher_go_on_with_page(struct watcher *w) {
    PGresult *page = w->page;
    int row = w->page_row, rows = PQntuples(page);
    w->page = NULL;
    if (send_page(w, page, &row)) {
        PQclear(page);
        if (rows < PAGE_EVENTS) w->position = w->reading->until;
        watcher_table_read(w);
    } else if (w->state == WATCHER_FAILED) {
        PQclear(page);
    } else {
        w->page = page;
        w->page_row = row;
    }
}
