#include "feed/watcher_part.h"
#include <stdlib.h>
#include <string.h>

#define READ_TIMEOUT_MS 10000
#define READ_ARENA_CAP  (4u << 20)

struct watcher_read *watcher_take_read(struct watcher *w, struct statement *s) {
    struct watcher_read *r = w->reading;
    if (!r) {
        r = calloc(1, sizeof *r);
        if (!r) return NULL;
        arena_init(&r->arena, READ_ARENA_CAP);
        arena_init(&r->frames, READ_ARENA_CAP);
        r->watcher = w;
        w->reading = r;
    }
    arena_reset(&r->arena);
    r->read = (struct read){.statement = s, .caller = w->caller, .timeout_ms = READ_TIMEOUT_MS};
    r->read.binding.values = arena_zero(&r->arena, STATEMENT_PARAMS * sizeof(char *));
    r->read.binding.lengths = arena_zero(&r->arena, STATEMENT_PARAMS * sizeof(int));
    return r->read.binding.values && r->read.binding.lengths ? r : NULL;
}

void watcher_bind_number(struct watcher_read *r, const char *name, int64_t v) {
    int i = statement_param(r->read.statement, name);
    if (i < 0) return;
    bool wide = r->read.statement->param_types[i] == 20;
    r->read.binding.values[i] = wide ? mapping_int8(&r->arena, v) : mapping_int4(&r->arena, (int32_t)v);
    r->read.binding.lengths[i] = wide ? 8 : 4;
}

void watcher_drop_read(struct watcher *w) {
    if (!w->reading) return;
    w->view->wide_pages -= w->reading->wide;
    arena_free(&w->reading->arena);
    arena_free(&w->reading->frames);
    PQclear(w->reading->hand.rows);
    PQclear(w->reading->next.rows);
    free(w->reading);
    w->reading = NULL;
}

void watcher_free(struct watcher *w) {
    watcher_drop_read(w);
    free(w->filter);
    free(w);
}

/* The watcher a read belongs to; NULL where it failed or was stopped (then it is freed) meanwhile. */
struct watcher *watcher_of(struct read *read) {
    struct watcher_read *r = (struct watcher_read *)(void *)read;
    struct watcher *w = r->watcher;
    r->in_flight = false;
    if (w->state == WATCHER_STOPPED) {
        watcher_free(w);
        return NULL;
    }
    return w->state == WATCHER_FAILED ? NULL : w;
}

void watcher_submit(struct watcher *w, struct watcher_read *r,
                    void (*done)(struct read *read, const PGresult *result, const char *fault)) {
    r->read.done = done;
    r->in_flight = !r->arena.exhausted && readers_submit(w->view->readers, &r->read);
    if (r->in_flight) return;
    watcher_drop_read(w);
    watcher_fail(w, "DATABASE_AWAY");
}
