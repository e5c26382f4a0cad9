/* MQTT 3.1.1, QoS 1, persistent sessions: what comes nearest to a feed that can be resumed. */
#include "crowd.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum packet { CONNECT = 1, CONNACK, PUBLISH, PUBACK, SUBSCRIBE = 8, SUBACK };
#define QOS_1           0x02
#define SUBSCRIBE_FLAGS 0x02
#define TOPIC           "feed"
#define TOPIC_SIZE      4

struct state {
    uint16_t packet_id;
};

static void put_packet(struct connection *c, enum packet type, unsigned flags, const void *head, size_t head_size,
                       const void *body, size_t body_size) {
    uint8_t start[5] = {(uint8_t)((unsigned)type << 4 | flags)};
    size_t used = 1, rest = head_size + body_size;
    do {
        start[used] = (uint8_t)(rest & 127);
        rest >>= 7;
        if (rest) start[used] |= 128;
        used++;
    } while (rest);
    connection_put(c, start, used);
    connection_put(c, head, head_size);
    if (body_size) connection_put(c, body, body_size);
}

static void hello(struct connection *c) {
    char name[50];
    uint8_t head[12] = {0, 4, 'M', 'Q', 'T', 'T', 4, 0 /* flags: keep the session */, 0, 0};
    int size = snprintf(name, sizeof name, "c%u-%" PRIx64, c->number, c->crowd->tag);
    head[11] = (uint8_t)size;
    put_packet(c, CONNECT, 0, head, sizeof head, name, (size_t)size);
}

static void subscribe(struct connection *c) {
    static const uint8_t body[] = {0, 1, 0, TOPIC_SIZE, 'f', 'e', 'e', 'd', 1};
    put_packet(c, SUBSCRIBE, SUBSCRIBE_FLAGS, body, sizeof body, NULL, 0);
}

static void report(struct connection *c, uint32_t index) {
    struct state *state = c->state;
    size_t size;
    const uint8_t *body = protocol_body(c, index, &size);
    if (!++state->packet_id) state->packet_id = 1;
    uint8_t head[2 + TOPIC_SIZE + 2] = {
        0, TOPIC_SIZE, 'f', 'e', 'e', 'd', (uint8_t)(state->packet_id >> 8), (uint8_t)state->packet_id};
    put_packet(c, PUBLISH, QOS_1, head, sizeof head, body, size);
}

static void take_event(struct connection *c, const uint8_t *packet, const uint8_t *body, size_t size) {
    size_t skip = 2 + ((size_t)body[0] << 8 | body[1]);
    if (*packet & 6) {
        put_packet(c, PUBACK, 0, body + skip, 2, NULL, 0);
        skip += 2;
    }
    protocol_deliver_body(c, body + skip, size - skip);
}

static void take_ready(struct connection *c) {
    crowd_ready(c);
    crowd_live(c);
}

static size_t parse(struct connection *c, const uint8_t *bytes, size_t size) {
    size_t at = 0;
    while (size - at >= 2) {
        size_t rest = 0, used = 1;
        unsigned shift = 0;
        bool whole = false;
        while (at + used < size && !whole) {
            uint8_t byte = bytes[at + used++];
            rest |= (size_t)(byte & 127) << shift;
            shift += 7;
            whole = !(byte & 128);
        }
        if (!whole || size - at - used < rest) break;
        const uint8_t *body = bytes + at + used;
        switch (bytes[at] >> 4) {
        case CONNACK:
            if (c->role == ROLE_REPORTER)
                take_ready(c);
            else
                subscribe(c);
            break;
        case SUBACK: take_ready(c); break;
        case PUBACK: crowd_acknowledged(c); break;
        case PUBLISH: take_event(c, bytes + at, body, rest); break;
        default: break;
        }
        at += used + rest;
    }
    return at;
}

const struct protocol protocol_mqtt = {
    .name = "mqtt", .state_size = sizeof(struct state), .hello = hello, .report = report, .parse = parse};
