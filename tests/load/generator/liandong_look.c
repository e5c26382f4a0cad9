#include "liandong.h"

/* Numbers of fields, from proto/envelope.proto, feed.proto and incident.proto. The C names that protobuf-c makes carry
 * no numbers, and a watcher's path must not search descriptors. */
enum {
    TO_CLIENT_DELIVERY = 100,
    DELIVERY_CURSOR = 1,
    DELIVERY_PREV = 2,
    DELIVERY_EVENT = 3,
    EVENT_REPORT = 16,
    REPORT_EXTERNAL_NO = 4
};
enum { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };

struct field {
    uint64_t number;
    const uint8_t *bytes; /* of a BYTES field, else NULL */
    size_t size;
};

static const uint8_t *read_varint(const uint8_t *at, const uint8_t *end, uint64_t *value) {
    *value = 0;
    for (unsigned shift = 0; at < end && shift < 64; shift += 7) {
        *value |= (uint64_t)(*at & 127) << shift;
        if (!(*at++ & 128)) return at;
    }
    return NULL;
}

/* The field at `at`; returns what follows it, NULL where the bytes are malformed. */
static const uint8_t *read_field(const uint8_t *at, const uint8_t *end, struct field *f) {
    uint64_t key, value;
    if (!(at = read_varint(at, end, &key))) return NULL;
    *f = (struct field){.number = key >> 3};
    switch (key & 7) {
    case VARINT: return read_varint(at, end, &value);
    case FIXED64: return end - at < 8 ? NULL : at + 8;
    case FIXED32: return end - at < 4 ? NULL : at + 4;
    case BYTES:
        if (!(at = read_varint(at, end, &value)) || value > (uint64_t)(end - at)) return NULL;
        f->bytes = at;
        f->size = (size_t)value;
        return at + value;
    default: return NULL;
    }
}

/* The first BYTES field `number` in a message; false where there is none. */
static bool find(const uint8_t *at, size_t size, uint64_t number, struct field *f) {
    const uint8_t *end = at + size;
    while (at && at < end) {
        at = read_field(at, end, f);
        if (at && f->number == number && f->bytes) return true;
    }
    return false;
}

bool liandong_look(const uint8_t *payload, size_t size, struct liandong_delivery *d) {
    struct field f;
    const uint8_t *end = payload + size;
    if (read_field(payload, end, &f) != end || f.number != TO_CLIENT_DELIVERY || !f.bytes) return false;
    *d = (struct liandong_delivery){0};
    const uint8_t *at = f.bytes, *inner_end = f.bytes + f.size;
    while (at && at < inner_end) {
        at = read_field(at, inner_end, &f);
        if (!at) return false;
        if (f.number == DELIVERY_CURSOR && f.size == CURSOR_SIZE)
            d->cursor = f.bytes;
        else if (f.number == DELIVERY_PREV && f.size == CURSOR_SIZE)
            d->prev = f.bytes;
        else if (f.number == DELIVERY_EVENT && f.bytes) {
            struct field report, mark;
            if (!find(f.bytes, f.size, EVENT_REPORT, &report) ||
                !find(report.bytes, report.size, REPORT_EXTERNAL_NO, &mark))
                continue;
            d->mark = mark.bytes;
            d->mark_size = mark.size;
        }
    }
    return true;
}
