/* The one live feed: reads the table `feed` behind the writer of any node, keeps the newest events in the ring, and
 * wakes the watchers whose offices may see them. Floor 3 (feed). Knows no socket.
 *
 * The table is the truth. A poke (notification of another node, a tick each second) only means: look. Pulls ask for
 * seq > head in order, so every node and every client sees the same order, and nothing is sent before it is durable. A
 * commit of this node brings its own events along; they are taken where the commit began exactly at the head known
 * here, by hash, and are only a poke else. After a reconnect the head is compared by hash: another history (FORKED)
 * empties the ring and resets every watcher. */
#ifndef LIANDONG_FEED_FEED_H
#define LIANDONG_FEED_FEED_H
#include "common/metrics.h"
#include "db/link.h"
#include "db/readers.h"
#include "feed/event.h"
#include "feed/ring.h"

struct feed_statements {
    struct statement *pull, *page, *stretch, *head, *at, *secret, *rights, *sensitive, *named, *lapsed;
};
/* How the records of one kind are read for a watch that starts over. */
struct feed_snapshot {
    struct statement *statement;
    const struct plan
        *plan; /* its rows -> FeedSnapshot, or a page of that kind; compiled by the time the feed is ready */
};
struct feed_options {
    struct feed_statements statements;
    struct statement *guard;
    const struct feed_snapshot *snapshots; /* the first also tells where the feed stands */
    unsigned snapshot_kinds;
    struct readers *readers; /* for pages, checks of cursors and snapshots */
    struct mask_opener opener;
    size_t ring_bytes;
    void (*ready)(void *arg); /* the ring is warm: watches may begin */
    void (*refused)(void *arg, const char *why);
    void (*alerted)(void *arg); /* events of alerts came into the ring; before the watchers are woken */
    void *arg;
};
struct feed;
struct feed *feed_start(uv_loop_t *loop, const char *conninfo, const char *node, uint64_t connect_timeout_ms,
                        const struct feed_options *options, struct metrics *metrics);
/* Something may have been committed. */
void feed_poke(struct feed *f);
/* A group is durable: what its pen (seq and hash of the feed's end before it) and its tail (what it appended) said. */
void feed_take(struct feed *f, const PGresult *pen, const PGresult *tail);
/* The directory moved: what each role may see is read again, and holds from the next delivery on; watchers that see
 * other offices than before start over (see rights.h). Access by name that ends by its time is seen to once a second.
 */
void feed_review(struct feed *f);
/* Whether this caller may see a record, as it is known now. */
bool feed_may_see(struct feed *f, const struct caller *caller, const struct event_right *record);
bool feed_is_ready(const struct feed *f); /* warm, and its connection is up */
/* Number of the newest event passed on here; 0 before the first. */
uint64_t feed_head(struct feed *f);
/* All watchers must be gone. */
void feed_stop(struct feed *f, void (*done)(void *arg), void *arg);

/* ---- for watcher.c only */
struct feed_view {
    struct ring ring;
    struct rights rights;
    struct event_keys keys;
    struct cursor head;
    uint64_t floor; /* events up to here are no longer replayed */
    struct readers *readers;
    struct feed_statements statements;
    const struct feed_snapshot *snapshots;
    unsigned snapshot_kinds;
    unsigned wide_pages; /* watchers behind the ring that have long pages */
    struct metric deliveries, watchers, resets, table_pages;
};
struct feed_view *feed_view(struct feed *f);
#endif
