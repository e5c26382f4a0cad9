#include "common/buffer.h"
#include <stdlib.h>
#include <string.h>

#define BUFFER_FIRST 1024u /* smallest block: an answer of one call fits */

void buffer_init(struct buffer *b, size_t cap) { *b = (struct buffer){.cap = cap}; }

static void move_to_front(struct buffer *b) {
    memmove(b->data, b->data + b->begin, buffer_size(b));
    b->end -= b->begin;
    b->begin = 0;
}

static bool grow(struct buffer *b, size_t need) {
    size_t room = b->room > b->cap / 2 ? b->cap : b->room * 2;
    if (room < BUFFER_FIRST) room = BUFFER_FIRST;
    if (room < need) room = need;
    if (room > b->cap) room = b->cap;
    uint8_t *data = malloc(room);
    if (!data) return false;
    size_t size = buffer_size(b);
    if (size) memcpy(data, b->data + b->begin, size);
    free(b->data);
    *b = (struct buffer){.data = data, .end = size, .room = room, .cap = b->cap};
    return true;
}

uint8_t *buffer_reserve(struct buffer *b, size_t size) {
    size_t held = buffer_size(b);
    if (held > b->cap || size > b->cap - held) return NULL;
    if (b->data && size <= b->room - b->end) return b->data + b->end;
    /* Moving costs `held`, so it waits until as much was consumed: every byte is moved once on average. At the cap
     * there is nothing to grow to. */
    bool fits = b->data && held + size <= b->room;
    if (fits && (b->begin >= held || b->room == b->cap))
        move_to_front(b);
    else if (!grow(b, held + size)) {
        if (!fits) return NULL;
        move_to_front(b);
    }
    return b->data + b->end;
}

void buffer_grew(struct buffer *b, size_t size) { b->end += size; }

bool buffer_put(struct buffer *b, const void *bytes, size_t size) {
    if (size == 0) return true;
    uint8_t *to = buffer_reserve(b, size);
    if (!to) return false;
    memcpy(to, bytes, size);
    b->end += size;
    return true;
}

void buffer_consume(struct buffer *b, size_t size) {
    b->begin += size;
    if (b->begin == b->end) b->begin = b->end = 0;
}

void buffer_free(struct buffer *b) {
    free(b->data);
    buffer_init(b, b->cap);
}
