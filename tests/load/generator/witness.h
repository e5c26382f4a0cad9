/* Who was told what in which order: every watcher must see each event of this run once, in the order of all others.
 * Part of the load generator: knows no protocol.
 *
 * Events are numbered by the generator as they are published (`index`), and carry that number. The order in which the
 * first watcher sees them is the order; every other watcher is held against it. Nothing is measured that is not
 * checked. */
#ifndef LIANDONG_LOAD_WITNESS_H
#define LIANDONG_LOAD_WITNESS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WITNESS_ROOM 4000000u /* events of one run */

struct witness {
    uint64_t *sent_at;  /* ns, by index */
    uint32_t *order;    /* index, by place in the order */
    uint32_t *told;     /* how many watchers have it, by index */
    uint32_t published; /* indexes given out */
    uint32_t seen;      /* places of the order that are known */
    uint32_t completed; /* events that all watchers have */
    uint32_t watchers;  /* how many must be told of each event */
    uint64_t faults;    /* events out of order, twice or never published */
    bool any_order;     /* order is not promised: only "each once" is checked */
};

/* Reserves address space only. False without memory. */
bool witness_init(struct witness *w);
void witness_free(struct witness *w);
/* The index of an event that is sent now; false where the run is longer than the room. */
bool witness_publish(struct witness *w, uint64_t now, uint32_t *index);
/* A watcher that has seen *place events before is told of `index`; advances *place. Returns when it was sent, ns, 0 for
 * an event that was never published. */
uint64_t witness_tell(struct witness *w, uint32_t *place, uint32_t index);
#endif
