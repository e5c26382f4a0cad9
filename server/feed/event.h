/* One row of the feed as the frame that its audience gets.
 * Floor 3 (feed).
 *
 * Packed once, never per watcher: all watchers get the same bytes but for the 16 bytes of `prev`, which stand at a
 * fixed place. */
#ifndef LIANDONG_FEED_EVENT_H
#define LIANDONG_FEED_EVENT_H
#include "common/arena.h"
#include "db/statement.h"
#include "feed/cursor.h"
#include <libpq-fe.h>

/* What filters look at. */
struct event_face {
    uint32_t kind;        /* number of the request in ToServer's oneof; 0: none of this version's */
    int16_t class, level; /* 0: none */
    int32_t office;       /* the acting one's id: a code may be long, and the ring holds many */
};
struct event {
    uint64_t seq, mark;
    struct event_face face;
    uint8_t cursor[CURSOR_SIZE];
    const uint8_t *frame; /* header included; prev is zero */
    uint32_t frame_size, prev_at;
    const int32_t *audience; /* offices that may see it */
    uint32_t audience_count;
};
/* Reads row `row` of _feed_pull or _feed_page. Memory is the arena's. False without memory. */
bool event_read(struct event *out, const PGresult *r, int row, struct cursor_key *key, struct arena *arena);
/* The row of a page that only says where it is: what stands there is hidden from this watcher. */
bool event_is_hidden(const PGresult *r, int row);
/* The columns that event_read relies on: for the contract. */
bool event_contract(const struct statement *s, char *error, size_t room);
/* Number of a kind's name, 0 where this version has no such request. */
uint32_t event_kind(const char *name);
#endif
