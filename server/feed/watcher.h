/* One watch of the feed: a cursor, a filter, and where its events go. No queue of its own: a slow reader is a cursor
 * that falls behind the ring and then reads the table. Floor 3 (feed).
 *
 *   CHECKING (is this cursor of our history?) -> TABLE -> RING -> waits at the head of its lane
 *            |                                     ^-------'  (the ring went past it)
 *            '-> SNAPSHOT (RESET) -> TABLE …
 *
 * Order of what is sent: started, or reset, snapshot and its FeedSync (live false); deliveries (backlog); FeedSync
 * (live true); deliveries as they happen. */
#ifndef LIANDONG_FEED_WATCHER_H
#define LIANDONG_FEED_WATCHER_H
#include "common/buffer.h"
#include "feed.pb-c.h"
#include "feed/feed.h"

#define WATCHER_HIGH_WATER 131072u /* bytes not yet taken by the kernel at which a watcher waits */

struct watcher_sink {
    struct buffer *(*output)(void *to); /* frames are appended here */
    size_t (*backlog)(void *to);
    void (*flush)(void *to);
    void (*started)(void *to, const uint8_t *cursor); /* answer the request; NULL: a reset follows */
    void (*failed)(
        void *to, const char *fault); /* it can't go on; a reason of the status table. Stop it later, not from within */
};
struct watcher_terms {
    struct caller caller;  /* officer is borrowed for the watch's life */
    const uint8_t *cursor; /* 16 bytes or NULL */
    bool from_start;
    const Liandong__V1__FeedFilter *filter; /* or NULL; copied */
    const int32_t *offices;                 /* ids of the filter's offices, in its order; copied */
};
struct watcher;
/* NULL without memory or where the filter names an unknown kind (*fault then says which; NULL: no memory). */
struct watcher *watcher_start(struct feed *f, const struct watcher_terms *terms, const struct watcher_sink *sink,
                              void *to, const char **fault);
/* Room again, or new events: sends what may be sent now. */
void watcher_continue(struct watcher *w);
/* True where it waits at the head with everything sent. */
bool watcher_is_live(const struct watcher *w);
/* Cursor of the head for its heartbeat: what lies before it and was not delivered is not for this watcher. */
void watcher_sync(struct watcher *w);
/* No more is sent. It frees itself once a read in flight has answered. */
void watcher_stop(struct watcher *w);

/* ---- for feed.c only */
struct watcher *watcher_next(const struct watcher *w);
void watcher_reset(struct watcher *w, const char *reason);
/* What is known of rights was read anew: it starts over where they are no longer what it began with. */
void watcher_review(struct watcher *w);
#endif
