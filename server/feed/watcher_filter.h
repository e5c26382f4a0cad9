/* Which events a watcher wants, of those it may see.
 * Floor 3 (feed). Pure. */
#ifndef LIANDONG_FEED_WATCHER_FILTER_H
#define LIANDONG_FEED_WATCHER_FILTER_H
#include "feed.pb-c.h"
#include "feed/event.h"

struct watcher_filter;
/* `offices` are the ids of the message's offices, in its order; NULL where it names none. *out is NULL where the
 * message asks for everything. False without memory (*fault NULL) or for an unknown kind (*fault names it, borrowed
 * from the message). One allocation: free() it. */
bool watcher_filter_make(struct watcher_filter **out, const Liandong__V1__FeedFilter *message, const int32_t *offices,
                         const char **fault);
bool watcher_filter_passes(const struct watcher_filter *f, const struct event_face *face);
#endif
