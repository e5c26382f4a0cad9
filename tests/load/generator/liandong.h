/* What the files of our own protocol share.
 * Part of the load generator. */
#ifndef LIANDONG_LOAD_LIANDONG_H
#define LIANDONG_LOAD_LIANDONG_H
#include "connection.h"
#include "envelope.pb-c.h"

#define CURSOR_SIZE 16u

struct liandong_state {
    uint64_t call;     /* number of the newest call */
    uint64_t answered; /* and of the newest that was answered: answers come in order */
    bool has_cursor;
    uint8_t cursor[CURSOR_SIZE]; /* of the newest event: what the next one's prev must be */
    uint8_t synced[CURSOR_SIZE]; /* of the newest sync, where one came after that event */
};

/* Numbers the call and puts the frame. */
void liandong_put(struct connection *c, Liandong__V1__ToServer *envelope);
/* The same for a write: with a new request id. */
void liandong_put_write(struct connection *c, Liandong__V1__ToServer *envelope);
/* "list_incidents classes=6 limit=50": the fields by their names in the .proto, repeated ones by repeating them. */
bool liandong_call(struct connection *c, const char *line);
bool liandong_write(struct connection *c, const char *line);

/* Looks at a pushed event without unpacking it: a thousand watchers on one core could not be served by malloc. Returns
 * false where the bytes are not an envelope of one delivery. */
struct liandong_delivery {
    const uint8_t *cursor, *prev; /* CURSOR_SIZE bytes, or NULL */
    const uint8_t *mark;          /* external_no of the report in it, or NULL */
    size_t mark_size;
};
bool liandong_look(const uint8_t *payload, size_t size, struct liandong_delivery *d);
#endif
