#include "crowd.h"
#include <string.h>

#define BODY_ROOM 65536u

void protocol_deliver_body(struct connection *c, const uint8_t *body, size_t size) {
    struct report_mark mark;
    if (size < sizeof mark) return;
    memcpy(&mark, body, sizeof mark);
    c->deliveries++;
    if (mark.tag == c->crowd->tag) crowd_delivered(c, mark.index);
}

const uint8_t *protocol_body(struct connection *c, uint32_t index, size_t *size) {
    static uint8_t body[BODY_ROOM];
    static const char text[] = "an incident report of some length, ";
    struct report_mark mark = {.tag = c->crowd->tag, .index = index};
    *size = c->crowd->options.body_size < BODY_ROOM ? c->crowd->options.body_size : BODY_ROOM;
    if (!body[BODY_ROOM - 1])
        for (size_t i = 0; i < BODY_ROOM; i++) body[i] = (uint8_t)text[i % (sizeof text - 1)];
    memcpy(body, &mark, sizeof mark);
    return body;
}
