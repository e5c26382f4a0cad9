/* The newest events in memory, packed, in order, without gaps; and for each office that watches, which of them are its
 * own. Floor 3 (feed). Pure.
 *
 *   first ................................. head        seqs of the events held: first..head; none held: first = head +
 * 1
 *
 * A lane is the list of the seqs that one office may see, so that an event costs as much as it has recipients and never
 * as much as there are connections. Lane positions are counted from the lane's start and never reused:
 *
 *   first ........ next      positions held; what stood before `first` has left the ring */
#ifndef LIANDONG_FEED_RING_H
#define LIANDONG_FEED_RING_H
#include "feed/event.h"
#include <uthash.h>

struct watcher;
struct ring_event {
    struct event_face face;
    uint64_t mark;
    uint8_t cursor[CURSOR_SIZE];
    size_t at; /* of the frame in the ring's bytes; the audience follows it, and `change` */
    uint32_t frame_size, prev_at, audience_count;
    uint32_t change_size; /* of the frame behind the audience; 0: none */
    struct event_right right;
};
struct lane {
    int32_t office;
    uint64_t first, next; /* positions */
    uint64_t *seqs;       /* position & (room - 1); room is a power of two */
    uint64_t room;
    struct watcher *watchers; /* the feed's */
    bool dirty;
    struct lane *next_dirty;
    UT_hash_handle hh;
};
struct ring {
    uint8_t *bytes;
    size_t size, write_at;
    struct ring_event *events; /* seq & (events_room - 1) */
    uint64_t events_room;
    uint64_t first, head;
    struct lane *lanes; /* by office */
};

/* bytes: memory for frames; a power of two of events is derived from it (one per 256 bytes). False without memory. */
bool ring_init(struct ring *r, size_t bytes);
/* Empties it; the next event must be head + 1. Lanes stay, empty. */
void ring_clear(struct ring *r, uint64_t head);
/* Appends event head + 1; the oldest leave where room is needed. Lanes of its audience get its seq and are handed to
 * `touched` (may be NULL). False: it is larger than a quarter of the ring, or there is no memory for a lane: it counts
 * as already gone, the ring is empty after it, and its audience goes by the table. */
bool ring_append(struct ring *r, const struct event *e, void (*touched)(void *arg, struct lane *lane), void *arg);
const struct ring_event *ring_get(const struct ring *r, uint64_t seq); /* first <= seq <= head */
const uint8_t *ring_frame(const struct ring *r, const struct ring_event *e);
const uint8_t *ring_change(const struct ring *r, const struct ring_event *e); /* see event.change */
/* A record has another level from now on: its events that are held, too. */
void ring_grade(struct ring *r, int64_t num, int16_t sensitivity);
void ring_move(struct ring *r, int64_t num, int32_t area); /* and of an area */
/* The lane of an office; made, from what the ring holds, where there is none. NULL without memory. */
struct lane *ring_lane(struct ring *r, int32_t office);
static inline uint64_t lane_seq(const struct lane *l, uint64_t position) { return l->seqs[position & (l->room - 1)]; }
/* First position whose seq is larger than `seq`; only right where the ring holds everything after `seq`. */
uint64_t lane_after(const struct lane *l, uint64_t seq);
void ring_free(struct ring *r);
#endif
