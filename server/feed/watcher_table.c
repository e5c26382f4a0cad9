#include "feed/watcher_part.h"

/* A page: what a connection that reads slowly holds, twice at most, besides what is on its way; all that it costs is
 * to stay about half a MiB. The first is small, for nobody knows yet how long the records are. Asking costs
 * the same for a short page as for a long one: a few watchers at a time, those who came first, have it wider, which the
 * server's memory bears even if they all stop reading. */
#define PAGE_FIRST   32
#define PAGE_MOST    1024
#define PAGE_BYTES   (192u << 10)
#define WIDE_BYTES   (1024u << 10)
#define WIDE_PAGES   8
#define WINDOW_FIRST 512u
#define WINDOW_SHORT 2048u /* up to here it is cheaper to look at everybody's events than at each office's */

/* A page must not look further than about a page of events in all: among few of its own it merges those of each office
 * that the watcher sees, and each would give a page. How densely they lie among everybody else's is learned. */
static void learn_window(struct watcher_read *r, int rows) {
    if (rows < r->limit / 2)
        r->window *= 2;
    else if (rows == r->limit && r->window > WINDOW_SHORT)
        r->window -= r->window / 4;
}

static size_t page_bytes(const struct watcher_read *r) { return r->wide ? WIDE_BYTES : PAGE_BYTES; }

/* How many rows the next page may have, from what those of this one took: a little less than would fill it, for one
 * that is too long has none asked for ahead. */
static void learn_limit(struct watcher_read *r, int rows, size_t bytes) {
    size_t most = page_bytes(r);
    if (bytes > most)
        r->limit = (int)((size_t)rows * (most - most / 8) / bytes) + 1;
    else if (rows == r->limit && bytes < most / 2 && r->limit < PAGE_MOST)
        r->limit *= 2;
}

static void on_page(struct read *read, const PGresult *result, const char *fault);

static void page_clear(struct watcher_page *page) {
    PQclear(page->rows);
    *page = (struct watcher_page){0};
}

/* Asks for the page behind `after`. Where it can't be asked for, the watcher fails and loses its read. */
static void ask(struct watcher *w, uint64_t after) {
    bool is_short = !w->reading || w->reading->window <= WINDOW_SHORT;
    struct watcher_read *r = watcher_take_read(w, is_short ? w->view->statements.stretch : w->view->statements.page);
    if (!r) {
        watcher_fail(w, "INTERNAL");
        return;
    }
    if (r->window == 0) r->window = WINDOW_FIRST;
    if (r->limit == 0) {
        r->limit = PAGE_FIRST;
        r->wide = w->view->wide_pages < WIDE_PAGES;
        w->view->wide_pages += r->wide;
    }
    uint64_t head = w->view->head.seq; /* a cursor of another node may be ahead of it */
    r->until = head > after && head - after > r->window ? after + r->window : head;
    watcher_bind_number(r, "after", (int64_t)after);
    watcher_bind_number(r, "until", (int64_t)r->until);
    watcher_bind_number(r, "limit", r->limit);
    w->view->table_pages.value++;
    watcher_submit(w, r, on_page);
}

/* The page after the one in hand, so that PostgreSQL reads while this one is sent; unless the ring will be reached, or
 * this one is long. */
static void ask_ahead(struct watcher *w) {
    const struct watcher_page *hand = &w->reading->hand;
    if (!w->reading->in_flight && hand->end + 1 < w->view->ring.first &&
        PQresultMemorySize(hand->rows) <= page_bytes(w->reading))
        ask(w, hand->end);
}

/* Sends from the page in hand until the way out is full. True where the page is done. */
static bool send_page(struct watcher *w, struct watcher_page *page, struct arena *frames) {
    struct buffer *out = w->sink.output(w->to);
    int begin = page->at, rows = PQntuples(page->rows);
    for (; page->at < rows && watcher_has_room(w); page->at++) {
        struct event e;
        if (event_is_hidden(page->rows, page->at)) {
            w->position = (uint64_t)mapping_get_int8(page->rows, page->at, 0);
            continue;
        }
        arena_reset(frames);
        if (!event_read(&e, page->rows, page->at, &w->view->keys, frames)) {
            watcher_fail(w, e.later ? "DATABASE_AWAY" : "INTERNAL");
            return false;
        }
        e.right.sensitivity = rights_level(&w->view->rights, e.right.num);
        e.right.area = rights_area(&w->view->rights, e.right.num, e.right.area);
        struct watcher_frames sent = {&e.face,  &e.right,     e.frame,   e.change,
                                      e.cursor, e.frame_size, e.prev_at, e.change_size};
        if (!watcher_offer(w, out, &sent)) {
            watcher_fail(w, "SLOW_READER");
            return false;
        }
        w->position = e.seq;
    }
    if (page->at > begin) w->sink.flush(w->to);
    return page->at == rows;
}

void watcher_go_on_with_page(struct watcher *w) {
    struct watcher_read *r = w->reading;
    while (send_page(w, &r->hand, &r->frames)) {
        w->position = r->hand.end;
        page_clear(&r->hand);
        if (!r->next.rows) {
            if (!r->in_flight) watcher_table_read(w);
            return;
        }
        r->hand = r->next;
        r->next = (struct watcher_page){0};
        ask_ahead(w);
        if (w->state != WATCHER_TABLE) return;
    }
}

static void on_page(struct read *read, const PGresult *result, const char *fault) {
    struct watcher *w = watcher_of(read);
    if (!w) return;
    if (fault) {
        watcher_drop_read(w);
        watcher_fail(w, fault);
        return;
    }
    struct watcher_read *r = w->reading;
    int rows = PQntuples(result);
    uint64_t end = rows < r->limit ? r->until : (uint64_t)mapping_get_int8(result, rows - 1, 0);
    learn_window(r, rows);
    learn_limit(r, rows, PQresultMemorySize(result));
    struct watcher_page page = {readers_keep(w->view->readers), 0, end};
    if (r->hand.rows) {
        r->next = page;
        return;
    }
    r->hand = page;
    ask_ahead(w);
    if (w->state == WATCHER_TABLE) watcher_go_on_with_page(w);
}

/* The next page, or over to the ring where it holds what comes next. Nothing is in flight and no page in hand. */
void watcher_table_read(struct watcher *w) {
    if (!watcher_join_lane(w)) {
        ask(w, w->position);
        return;
    }
    watcher_drop_read(w);
    watcher_continue(w);
}
