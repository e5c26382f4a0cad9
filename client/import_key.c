#include "client/import_key.h"
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#define NAMESPACE "liandong incident import 1"

/* How many rows of this digest came so far; 0: the place is free. */
struct import_count {
    uint8_t digest[SHA256_DIGEST_LENGTH];
    uint64_t count;
};

void import_keys_init(struct import_keys *k, const char *office) {
    *k = (struct import_keys){.office = office};
    buffer_init(&k->bytes, CSV_RECORD_MAX + 16 * CSV_CELLS_MAX + 4096);
}

void import_keys_free(struct import_keys *k) {
    buffer_free(&k->bytes);
    free(k->counts);
    k->counts = NULL;
}

static struct import_count *place_of(struct import_count *counts, size_t room,
                                     const uint8_t digest[SHA256_DIGEST_LENGTH]) {
    size_t at;
    memcpy(&at, digest, sizeof at);
    for (at &= room - 1; counts[at].count && memcmp(counts[at].digest, digest, SHA256_DIGEST_LENGTH) != 0;)
        at = (at + 1) & (room - 1);
    return &counts[at];
}

static bool make_room(struct import_keys *k) {
    if (k->used * 2 < k->room) return true;
    size_t room = k->room ? k->room * 2 : 1024; /* a power of two */
    struct import_count *counts = calloc(room, sizeof *counts);
    if (!counts) return false;
    for (size_t i = 0; i < k->room; i++)
        if (k->counts[i].count) *place_of(counts, room, k->counts[i].digest) = k->counts[i];
    free(k->counts);
    k->counts = counts;
    k->room = room;
    return true;
}

static bool add_number(struct buffer *bytes, uint64_t number) {
    uint8_t big_endian[8];
    for (int i = 0; i < 8; i++) big_endian[i] = (uint8_t)(number >> (56 - 8 * i));
    return buffer_put(bytes, big_endian, sizeof big_endian);
}

/* Lengths go in front, so that no two rows run together to the same bytes. */
static bool add_text(struct buffer *bytes, const char *text, size_t size) {
    return add_number(bytes, size) && buffer_put(bytes, text, size);
}

static bool add_row(struct buffer *bytes, const char *office, const struct csv *row) {
    buffer_consume(bytes, buffer_size(bytes));
    bool good = add_text(bytes, NAMESPACE, strlen(NAMESPACE)) && add_text(bytes, office, strlen(office)) &&
                add_number(bytes, row->count);
    for (size_t i = 0; i < row->count && good; i++) good = add_text(bytes, row->cells[i].text, row->cells[i].size);
    return good;
}

bool import_keys_next(struct import_keys *k, const struct csv *row, uint8_t out[UUID_SIZE]) {
    uint8_t digest[SHA256_DIGEST_LENGTH];
    if (!make_room(k) || !add_row(&k->bytes, k->office, row)) return false;
    SHA256(buffer_head(&k->bytes), buffer_size(&k->bytes), digest);
    struct import_count *seen = place_of(k->counts, k->room, digest);
    if (seen->count == 0) {
        memcpy(seen->digest, digest, sizeof digest);
        k->used++;
    }
    seen->count++;
    buffer_consume(&k->bytes, buffer_size(&k->bytes));
    if (!buffer_put(&k->bytes, digest, sizeof digest) || !add_number(&k->bytes, seen->count)) return false;
    SHA256(buffer_head(&k->bytes), buffer_size(&k->bytes), digest);
    memcpy(out, digest, UUID_SIZE);
    out[6] = (uint8_t)(0x80 | (out[6] & 0x0f)); /* version 8: of our own making, RFC 9562 5.8 */
    out[8] = (uint8_t)(0x80 | (out[8] & 0x3f));
    return true;
}
