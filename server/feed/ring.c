#include "feed/ring.h"
#include <stdlib.h>
#include <string.h>

#define BYTES_PER_EVENT                                                                                                \
    256u /* so that the index never limits before the bytes do: a frame with its audience is larger */

bool ring_init(struct ring *r, size_t bytes) {
    *r = (struct ring){.size = bytes, .events_room = 1024, .first = 1};
    while (r->events_room * BYTES_PER_EVENT < bytes) r->events_room *= 2;
    r->bytes = malloc(bytes);
    r->events = calloc(r->events_room, sizeof *r->events);
    if (r->bytes && r->events) return true;
    ring_free(r);
    return false;
}

void ring_clear(struct ring *r, uint64_t head) {
    r->first = head + 1;
    r->head = head;
    r->write_at = 0;
    for (struct lane *l = r->lanes; l; l = l->hh.next) l->first = l->next;
}

const struct ring_event *ring_get(const struct ring *r, uint64_t seq) { return &r->events[seq & (r->events_room - 1)]; }
const uint8_t *ring_frame(const struct ring *r, const struct ring_event *e) { return r->bytes + e->at; }

const uint8_t *ring_change(const struct ring *r, const struct ring_event *e) {
    return r->bytes + e->at + e->frame_size + e->audience_count * sizeof(int32_t);
}

void ring_grade(struct ring *r, int64_t num, int16_t sensitivity) {
    for (uint64_t seq = r->first; seq <= r->head; seq++) {
        struct ring_event *e = &r->events[seq & (r->events_room - 1)];
        if (e->right.num == num) e->right.sensitivity = sensitivity;
    }
}

void ring_move(struct ring *r, int64_t num, int32_t area) {
    for (uint64_t seq = r->first; seq <= r->head; seq++) {
        struct ring_event *e = &r->events[seq & (r->events_room - 1)];
        if (e->right.num == num) e->right.area = area;
    }
}

static int32_t audience_at(const struct ring *r, const struct ring_event *e, uint32_t i) {
    int32_t office;
    memcpy(&office, r->bytes + e->at + e->frame_size + i * sizeof office, sizeof office);
    return office;
}

static struct lane *find_lane(const struct ring *r, int32_t office) {
    struct lane *l;
    HASH_FIND_INT(r->lanes, &office, l);
    return l;
}

/* Makes sure that one more seq fits. */
static bool lane_reserve(struct lane *l) {
    if (l->next - l->first < l->room) return true;
    uint64_t room = l->room ? l->room * 2 : 64;
    uint64_t *bigger = malloc(room * sizeof *bigger);
    if (!bigger) return false;
    for (uint64_t p = l->first; p < l->next; p++) bigger[p & (room - 1)] = lane_seq(l, p);
    free(l->seqs);
    l->seqs = bigger;
    l->room = room;
    return true;
}

static void evict_first(struct ring *r) {
    const struct ring_event *e = ring_get(r, r->first);
    for (uint32_t i = 0; i < e->audience_count; i++) {
        struct lane *l = find_lane(r, audience_at(r, e, i));
        if (l && l->first < l->next && lane_seq(l, l->first) == r->first) l->first++;
    }
    r->first++;
}

/* Where `size` bytes in a row can be written: the oldest events that stand there leave. */
static size_t make_room(struct ring *r, size_t size) {
    if (r->write_at + size >
        r->size) { /* the rest of the bytes stays unused; what stands in it is the oldest there is */
        while (r->first <= r->head && ring_get(r, r->first)->at >= r->write_at) evict_first(r);
        r->write_at = 0;
    }
    while (r->first <= r->head) {
        const struct ring_event *e = ring_get(r, r->first);
        size_t end = e->at + e->frame_size + e->audience_count * sizeof(int32_t) + e->change_size;
        bool overlaps = e->at < r->write_at + size && end > r->write_at;
        if (!overlaps && r->head - r->first + 1 < r->events_room) break;
        evict_first(r);
    }
    return r->write_at;
}

/* The event could not be kept: whoever may see it must go by the table, so every lane it belongs to counts it as
 * already gone. */
static bool skip_event(struct ring *r, const struct event *e, void (*touched)(void *arg, struct lane *lane),
                       void *arg) {
    for (uint32_t i = 0; i < e->audience_count; i++) {
        struct lane *l = find_lane(r, e->audience[i]);
        if (!l) continue;
        l->next++;
        if (touched) touched(arg, l);
    }
    ring_clear(r, e->seq);
    return false;
}

bool ring_append(struct ring *r, const struct event *e, void (*touched)(void *arg, struct lane *lane), void *arg) {
    size_t audience = e->audience_count * sizeof *e->audience, size = e->frame_size + audience + e->change_size;
    if (size > r->size / 4) return skip_event(r, e, touched, arg);
    for (uint32_t i = 0; i < e->audience_count; i++) {
        struct lane *l = find_lane(r, e->audience[i]);
        if (l && !lane_reserve(l)) return skip_event(r, e, touched, arg);
    }
    size_t at = make_room(r, size);
    memcpy(r->bytes + at, e->frame, e->frame_size);
    memcpy(r->bytes + at + e->frame_size, e->audience, audience);
    if (e->change) memcpy(r->bytes + at + e->frame_size + audience, e->change, e->change_size);
    r->write_at = at + size;
    r->head = e->seq;
    struct ring_event *slot = &r->events[e->seq & (r->events_room - 1)];
    *slot = (struct ring_event){.face = e->face,
                                .mark = e->mark,
                                .at = at,
                                .frame_size = e->frame_size,
                                .prev_at = e->prev_at,
                                .audience_count = e->audience_count,
                                .change_size = e->change_size,
                                .right = e->right};
    memcpy(slot->cursor, e->cursor, CURSOR_SIZE);
    for (uint32_t i = 0; i < e->audience_count; i++) {
        struct lane *l = find_lane(r, e->audience[i]);
        if (!l) continue;
        l->seqs[l->next++ & (l->room - 1)] = e->seq;
        if (touched) touched(arg, l);
    }
    return true;
}

struct lane *ring_lane(struct ring *r, int32_t office) {
    struct lane *l = find_lane(r, office);
    if (l) return l;
    l = calloc(1, sizeof *l);
    if (!l) return NULL;
    l->office = office;
    for (uint64_t seq = r->first; seq <= r->head; seq++) {
        const struct ring_event *e = ring_get(r, seq);
        for (uint32_t i = 0; i < e->audience_count; i++) {
            if (audience_at(r, e, i) != office) continue;
            if (!lane_reserve(l)) {
                free(l->seqs);
                free(l);
                return NULL;
            }
            l->seqs[l->next++ & (l->room - 1)] = seq;
        }
    }
    HASH_ADD_INT(r->lanes, office, l);
    if (l->hh.tbl) return l;
    free(l->seqs); /* the table had no memory for it */
    free(l);
    return NULL;
}

uint64_t lane_after(const struct lane *l, uint64_t seq) {
    uint64_t low = l->first, high = l->next;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (lane_seq(l, middle) > seq)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

void ring_free(struct ring *r) {
    struct lane *l, *next;
    HASH_ITER(hh, r->lanes, l, next) {
        HASH_DEL(r->lanes, l);
        free(l->seqs);
        free(l);
    }
    free(r->bytes);
    free(r->events);
    *r = (struct ring){0};
}
