/* Answers held back until there is something to tell. */
#include "call/operation_part.h"
#include "call/lane.h"
#include "common/clock.h"
#include <string.h>
#include <utlist.h>

static const ProtobufCFieldDescriptor *field_of(const struct call *c, const char *name) {
    return protobuf_c_message_descriptor_get_field_by_name(c->message->descriptor, name);
}

static bool tells_nothing(const struct call *c, const PGresult *r) {
    int reason = c->core->plans[c->field->id]->verdict[VERDICT_REASON];
    if (PQntuples(r) == 0) return true;
    return PQntuples(r) == 1 && PQgetisnull(r, 0, 0) && (reason < 0 || PQgetisnull(r, 0, reason));
}

/* How far the answer looked is where the next look begins. */
static bool move_cursor(struct call *c, const PGresult *r) {
    const struct statement *s = c->core->plans[c->field->id]->statement;
    const ProtobufCFieldDescriptor *cursor = field_of(c, "cursor");
    if (!cursor || PQntuples(r) == 0) return true;
    for (int i = 0; i < s->columns_count; i++)
        if (strcmp(s->columns[i], "cursor") == 0)
            return mapping_read_field(c->message, cursor, s->column_types[i], PQgetvalue(r, 0, i), PQgetlength(r, 0, i),
                                      &c->arena);
    return true;
}

bool operation_hold(struct operation *o, struct call *c, const PGresult *r) {
    const ProtobufCFieldDescriptor *wait = field_of(c, "wait_ms");
    uint32_t wait_ms = wait ? *(uint32_t *)wire_member(c->message, wait) : 0;
    if (!c->session || c->core->draining || wait_ms == 0 || !tells_nothing(c, r)) return false;
    if (c->hold_until_us == 0) c->hold_until_us = c->started_us + (uint64_t)wait_ms * 1000;
    if (!move_cursor(c, r)) return false;
    LL_PREPEND2(o->held, c, held_next);
    c->held = true;
    return true;
}

void operation_release(struct operation *o, struct call *c) {
    LL_DELETE2(o->held, c, held_next);
    c->held = false;
}

void operation_review_held(struct operation *o, bool news) {
    uint64_t now = clock_monotonic_us();
    struct call *held = o->held, *c, *next;
    o->held = NULL; /* whoever asks again may come back into it */
    for (c = held; c; c = next) {
        next = c->held_next;
        bool last = o->core->draining || now >= c->hold_until_us;
        if (!last && !news && field_of(c, "cursor")) {
            LL_PREPEND2(o->held, c, held_next);
            continue;
        }
        c->held = false;
        if (last) *(uint32_t *)wire_member(c->message, field_of(c, "wait_ms")) = 0;
        lane_read(c);
    }
}
