/* The request_id of an imported row, the same on every run: what makes a second import change nothing.
 * Client, pure.
 *
 * It is made from the office, the row's cells and the how-manieth row like it this is in the file; neither the file's
 * name nor the order of different rows matters, so a longer export of the same log adds only what is new. The mapping
 * does not matter either: the same rows under another mapping are refused as used before, not entered twice. */
#ifndef LIANDONG_CLIENT_IMPORT_KEY_H
#define LIANDONG_CLIENT_IMPORT_KEY_H
#include "client/csv.h"
#include "common/buffer.h"
#include "common/uuid.h"
#include <stdbool.h>
#include <stdint.h>

struct import_keys {
    struct import_count *counts; /* open addressing */
    size_t room, used;
    const char *office;  /* borrowed */
    struct buffer bytes; /* to be hashed */
};
void import_keys_init(struct import_keys *k, const char *office);
/* The next row's UUID (version 8). False without memory. */
bool import_keys_next(struct import_keys *k, const struct csv *row, uint8_t out[UUID_SIZE]);
void import_keys_free(struct import_keys *k);
#endif
