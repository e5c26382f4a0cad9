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
#include "feed/mask.h"
#include "feed/rights.h"
#include <libpq-fe.h>

/* What filters look at. */
struct event_face {
    uint32_t kind;        /* number of the request in ToServer's oneof; 0: none of this version's */
    int16_t class, level; /* 0: none */
    int32_t office;       /* the acting one's id: a code may be long, and the ring holds many */
    int16_t record;       /* enum RecordType; 0: it tells of the organisation */
};
struct event {
    uint64_t seq, mark;
    struct event_face face;
    uint8_t cursor[CURSOR_SIZE];
    const uint8_t *frame; /* header included; prev is zero */
    uint32_t frame_size, prev_at;
    const int32_t *audience; /* offices that may see it */
    uint32_t audience_count;
    bool later; /* not read: a sealed text has to be tried again in a second (see mask.h) */
    struct event_right right;
    /* Of an event that changes who sees its record: the frame that says so and nothing else, with `retract`. */
    const uint8_t *change; /* NULL: none */
    uint32_t change_size;
};
/* In every such frame: where its prev stands, and the tag that makes a retract or a grant of it. */
/* In every frame: how far before its prev its own cursor stands. */
#define EVENT_CURSOR_BEFORE_PREV (2u + CURSOR_SIZE)
#define EVENT_CHANGE_PREV        27u
#define EVENT_CHANGE_TAG         (EVENT_CHANGE_PREV + CURSOR_SIZE)
#define EVENT_TAG_GRANT          (5u << 3 | 2u)
/* What reading an event needs besides its row. */
struct event_keys {
    struct cursor_key *cursor;
    struct mask_opener opener;
};
/* Reads row `row` of _feed_pull or _feed_page. Memory is the arena's. False without memory, and with `later`. Of a row
 * without a moment only the place and `change` are told: frame is NULL. A page does not tell right.sensitivity: then it
 * is -1. */
bool event_read(struct event *out, const PGresult *r, int row, const struct event_keys *keys, struct arena *arena);
/* Keeps what a row of _feed_pull tells of its record's level, of where it was moved to, and of whom it is open to.
 * False without memory. */
bool event_take_right(struct rights *rights, const struct event *e, const PGresult *r, int row);
/* The row of a page that only says where it is: what stands there is hidden from this watcher. */
bool event_is_hidden(const PGresult *r, int row);
/* The columns that event_read relies on: for the contract. */
bool event_contract(const struct statement *s, char *error, size_t room);
/* Number of a kind's name, 0 where this version has no such request. */
uint32_t event_kind(const char *name);
#endif
