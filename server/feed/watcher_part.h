/* A watcher from inside: for watcher*.c only. Its contract is in watcher.h.
 * Floor 3 (feed). */
#ifndef LIANDONG_FEED_WATCHER_PART_H
#define LIANDONG_FEED_WATCHER_PART_H
#include "envelope.pb-c.h"
#include "feed/watcher.h"
#include "feed/watcher_filter.h"

#define SNAPSHOT_TOKEN 64 /* bytes; see page_token in 0008_lookup.sql */

enum watcher_state { WATCHER_CHECKING, WATCHER_SNAPSHOT, WATCHER_TABLE, WATCHER_RING, WATCHER_FAILED, WATCHER_STOPPED };

/* Rows that wait to be sent; rows NULL: none. */
struct watcher_page {
    PGresult *rows;
    int at;       /* the next one */
    uint64_t end; /* every event up to here is in the pages up to this one, or not for this watcher */
};
/* What a watcher needs while it is behind the ring, and only then. */
struct watcher_read {
    struct read read;
    struct arena arena;  /* the read's values */
    struct arena frames; /* the event at hand */
    struct watcher_page hand, next;
    struct watcher *watcher;
    uint64_t until;  /* of a page: what it was asked up to */
    uint64_t window; /* of pages: how many events, whosever they are, the next one looks through; 0: the first */
    int limit;       /* and how many rows it may have */
    bool wide;       /* its pages may be long: one of the view's wide_pages */
    bool in_flight;
};
struct watcher {
    struct feed *feed;
    struct feed_view *view;
    struct caller caller;
    struct watcher_sink sink;
    void *to;
    enum watcher_state state;
    bool snapshot_begun;    /* its first page came: the head is kept */
    unsigned snapshot_kind; /* whose pages are being read */
    bool snapshot_waits;    /* for room, before its next page */
    bool synced;            /* FeedSync was sent since the start or the reset */
    uint64_t position;      /* every event up to here is delivered or not for this watcher */
    uint64_t lane_at;       /* position in the lane, in state RING */
    struct lane *lane;
    struct watcher *prev, *next;     /* in the lane's list, from the start until the end */
    uint8_t last[CURSOR_SIZE];       /* told last, by reply, delivery or sync: the next one's prev */
    struct cursor asked;             /* while CHECKING */
    struct watcher_filter *filter;   /* NULL: everything */
    const struct rights_role *role;  /* what it may see, as it is known now */
    uint64_t veil[2];                /* and its digest when the watch began, or was reset last */
    struct watcher_read *reading;    /* in flight, or with pages */
    char page_token[SNAPSHOT_TOKEN]; /* where the snapshot's next page begins */
    size_t page_token_size;          /* 0: at the beginning of its kind */
};

/* It can't go on. The owner hears of it once and stops it later, never from within. */
void watcher_fail(struct watcher *w, const char *fault);
/* A frame of the watch itself. False: it failed. */
bool watcher_put(struct watcher *w, Liandong__V1__ToClient *m);
/* live: everything up to the head was delivered or is not for it. */
bool watcher_put_sync(struct watcher *w, bool live);
/* A place as this watcher is told it. */
void watcher_seal(struct watcher *w, struct cursor c, uint8_t out[CURSOR_SIZE]);
/* Below the high water: more may be appended. */
bool watcher_has_room(struct watcher *w);
/* One delivery: the packed frame with this watcher's prev. False: no room or memory for it. */
bool watcher_deliver(struct watcher *w, struct buffer *out, const uint8_t *frame, uint32_t size, uint32_t prev_at,
                     const uint8_t *cursor);
/* What this watcher gets of an event: the event, a retract or a grant of its record, nothing; looked at anew for each.
 * False as watcher_deliver; `frame` may be NULL where it is no event for it. */
struct watcher_frames {
    const struct event_face *face;
    const struct event_right *right;
    const uint8_t *frame, *change, *cursor;
    uint32_t frame_size, prev_at, change_size;
};
bool watcher_offer(struct watcher *w, struct buffer *out, const struct watcher_frames *f);
/* Joins its lane at its position and delivers from there; false: the ring no longer holds what comes next. */
bool watcher_join_lane(struct watcher *w);

/* ---- watcher_read.c: one read at a time, and the memory of its values */
struct watcher_read *watcher_take_read(struct watcher *w, struct statement *s);
void watcher_bind_number(struct watcher_read *r, const char *name, int64_t v);
void watcher_submit(struct watcher *w, struct watcher_read *r,
                    void (*done)(struct read *read, const PGresult *result, const char *fault));
void watcher_drop_read(struct watcher *w);
/* The watcher a read belongs to; NULL where it failed or was stopped (then it is freed) meanwhile. */
struct watcher *watcher_of(struct read *read);
void watcher_free(struct watcher *w);

/* ---- watcher_table.c */
/* Reads the next page of the table, or goes over to the ring where it holds what comes next. */
void watcher_table_read(struct watcher *w);
/* There is room again for the page in hand. */
void watcher_go_on_with_page(struct watcher *w);

/* ---- watcher_snapshot.c */
void watcher_go_on_with_snapshot(struct watcher *w);
#endif
