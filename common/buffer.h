/* A byte queue with a cap: bytes are put at the end and consumed from the front.
 * Floor 1 (common).
 *
 *   data ....... data+begin ............ data+end ............ data+room
 *        consumed            to consume           free
 *
 * Invariant: begin <= end <= room <= cap. An empty buffer can hold no memory (buffer_free). */
#ifndef LIANDONG_COMMON_BUFFER_H
#define LIANDONG_COMMON_BUFFER_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer {
    uint8_t *data;
    size_t begin, end, room, cap;
};

void buffer_init(struct buffer *b, size_t cap);
static inline size_t buffer_size(const struct buffer *b) { return b->end - b->begin; }
static inline uint8_t *buffer_head(const struct buffer *b) { return b->data ? b->data + b->begin : NULL; }
/* Makes room for `size` more bytes and returns where to write them; follow with buffer_grew.
 * NULL past the cap or without memory: the buffer is unchanged. */
uint8_t *buffer_reserve(struct buffer *b, size_t size);
/* `size` of the reserved bytes were written. */
void buffer_grew(struct buffer *b, size_t size);
/* Copies bytes to the end. False past the cap or without memory: nothing was added. */
bool buffer_put(struct buffer *b, const void *bytes, size_t size);
/* Drops `size` bytes from the front; size <= buffer_size. */
void buffer_consume(struct buffer *b, size_t size);
void buffer_free(struct buffer *b);
#endif
