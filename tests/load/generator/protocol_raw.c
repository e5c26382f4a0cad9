/* The bare protocol of the reference server (../reference): u32 length, u8 type, body; see reference/frames.h. */
#include "../reference/frames.h"
#include "crowd.h"
#include <string.h>

static void put_frame(struct connection *c, uint8_t type, const void *body, size_t size) {
    uint32_t length = (uint32_t)size + 1;
    connection_put(c, &length, sizeof length);
    connection_put(c, &type, 1);
    connection_put(c, body, size);
}

static void hello(struct connection *c) {
    uint8_t oldest[RAW_FROM_OLDEST] = {0};
    if (c->role == ROLE_REPORTER)
        put_frame(c, RAW_HELLO, NULL, 0);
    else
        put_frame(c, RAW_WATCH, oldest, c->crowd->start.kind == START_OLDEST ? sizeof oldest : 0);
}

static void report(struct connection *c, uint32_t index) {
    size_t size;
    const uint8_t *body = protocol_body(c, index, &size);
    put_frame(c, RAW_REPORT, body, size);
}

static size_t parse(struct connection *c, const uint8_t *bytes, size_t size) {
    size_t at = 0;
    uint32_t length;
    for (; size - at >= RAW_HEADER; at += sizeof length + length) {
        memcpy(&length, bytes + at, sizeof length);
        if (size - at < sizeof length + length) break;
        const uint8_t *body = bytes + at + RAW_HEADER;
        switch (bytes[at + sizeof length]) {
        case RAW_EVENT: protocol_deliver_body(c, body, length - 1); break;
        case RAW_STORED: crowd_acknowledged(c); break;
        case RAW_READY:
            crowd_ready(c);
            crowd_live(c);
            break;
        default: crowd_fault(c, "a frame of unknown type");
        }
    }
    return at;
}

const struct protocol protocol_raw = {.name = "raw", .hello = hello, .report = report, .parse = parse};
