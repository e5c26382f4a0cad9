/* Memory of one request: taken piece by piece, given back all at once.
 * Floor 1 (common): no libuv, no libpq, no sockets.
 *
 * An arena never grows past its cap, so that a small frame that unpacks into a large message (protobuf-c
 * expands empty sub-messages about 70 times) fails softly instead of taking the process's memory.
 * It is also the ProtobufCAllocator of every unpacked message. Single-threaded. */
#ifndef LIANDONG_COMMON_ARENA_H
#define LIANDONG_COMMON_ARENA_H
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

struct arena_block;
struct arena {
    struct arena_block *newest; /* NULL while nothing was taken: an idle arena holds no memory */
    size_t used;                /* bytes handed out since the last reset */
    size_t cap;                 /* bytes it may hand out */
    bool exhausted;             /* a request was refused since the last reset, by cap or by malloc */
    ProtobufCAllocator allocator;
};

/* Makes an empty arena of at most `cap` bytes. Takes no memory. */
void arena_init(struct arena *a, size_t cap);
/* `size` bytes aligned to 16, or NULL (and a->exhausted) past the cap or without memory. Valid until reset or free. */
void *arena_take(struct arena *a, size_t size);
/* Same, zeroed. */
void *arena_zero(struct arena *a, size_t size);
/* Copies `size` bytes and adds a NUL behind them. NULL as above. */
char *arena_copy(struct arena *a, const void *bytes, size_t size);
/* printf into the arena. NULL as above. */
char *arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Everything taken becomes invalid; the first block is kept for the next request. */
void arena_reset(struct arena *a);
/* Everything taken becomes invalid and no memory is held; the arena can be used again. */
void arena_free(struct arena *a);
#endif
