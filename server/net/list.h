/* A doubly linked ring whose links are members of what it links: no memory of its own, removal without a search.
 * Floor 5 (net). */
#ifndef LIANDONG_NET_LIST_H
#define LIANDONG_NET_LIST_H
#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *next, *previous; /* both itself: an empty ring, or a member of none */
};

static inline void list_init(struct list *l) { l->next = l->previous = l; }
static inline bool list_is_empty(const struct list *l) { return l->next == l; }
static inline void list_remove(struct list *l) {
    l->next->previous = l->previous;
    l->previous->next = l->next;
    list_init(l);
}
static inline void list_append(struct list *ring, struct list *l) {
    l->previous = ring->previous;
    l->next = ring;
    ring->previous->next = l;
    ring->previous = l;
}
/* Everything in `from` is now in `to` (empty before), in order. */
static inline void list_move(struct list *to, struct list *from) {
    list_init(to);
    if (list_is_empty(from)) return;
    to->next = from->next;
    to->previous = from->previous;
    to->next->previous = to->previous->next = to;
    list_init(from);
}
/* The struct that holds `link` as its member at `offset`. */
static inline void *list_owner(struct list *link, size_t offset) { return (char *)link - offset; }
#endif
