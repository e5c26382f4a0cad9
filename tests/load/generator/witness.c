#include "witness.h"
#include <stdlib.h>

bool witness_init(struct witness *w) {
    *w = (struct witness){
        .sent_at = calloc(WITNESS_ROOM, sizeof *w->sent_at),
        .order = calloc(WITNESS_ROOM, sizeof *w->order),
        .told = calloc(WITNESS_ROOM, sizeof *w->told),
    };
    return w->sent_at && w->order && w->told;
}

void witness_free(struct witness *w) {
    free(w->sent_at);
    free(w->order);
    free(w->told);
    *w = (struct witness){0};
}

bool witness_publish(struct witness *w, uint64_t now, uint32_t *index) {
    if (w->published == WITNESS_ROOM) return false;
    *index = w->published++;
    w->sent_at[*index] = now;
    return true;
}

uint64_t witness_tell(struct witness *w, uint32_t *place, uint32_t index) {
    if (index >= w->published) {
        w->faults++;
        return 0;
    }
    uint32_t at = (*place)++;
    if (at < w->seen) {
        if (w->order[at] != index && !w->any_order) w->faults++;
    } else if (at < WITNESS_ROOM) {
        /* The first to come this far: an event it has had before would be told once more than there are watchers. */
        w->order[w->seen++] = index;
    } else {
        w->faults++;
    }
    uint32_t told = ++w->told[index];
    if (told == w->watchers) w->completed++;
    if (told > w->watchers) w->faults++;
    return w->sent_at[index];
}
