#include "call/call.h"
#include "call/enrol.h"
#include "call/lane.h"
#include "common/clock.h"
#include "common/frame.h"
#include "common/log.h"
#include <stdlib.h>
#include <string.h>

/* ---- the object */

static struct call *take_call(struct core *core) {
    struct call *c = core->free_calls;
    if (c) {
        core->free_calls = c->next_free;
        core->free_calls_count--;
        return c;
    }
    c = calloc(1, sizeof *c);
    if (c) arena_init(&c->arena, WIRE_ARENA_CAP);
    return c;
}

static void give_back(struct call *c) {
    struct core *core = c->core;
    if (core->free_calls_count >= CALL_POOL) {
        arena_free(&c->arena);
        free(c);
        return;
    }
    arena_reset(&c->arena);
    c->session = NULL;
    c->envelope = NULL;
    c->next_free = core->free_calls;
    core->free_calls = c;
    core->free_calls_count++;
}

/* The answer went out, or there is nobody to answer. */
static void end(struct call *c, Liandong__V1__Code code) {
    struct session *s = c->session;
    uint64_t us = clock_monotonic_us() - c->started_us;
    c->core->calls.value++;
    if ((unsigned)code < sizeof c->core->by_code / sizeof *c->core->by_code) c->core->by_code[code].value++;
    metric_observe(&c->core->call_us, us);
    if (log_get_level() <= LOG_DEBUG || code == LIANDONG__V1__CODE__CODE_INTERNAL)
        log_event(code == LIANDONG__V1__CODE__CODE_INTERNAL ? LOG_ERROR : LOG_DEBUG, "call",
                  log_int("conn", s ? (int64_t)s->id : -1), log_str("request", c->field ? c->field->name : "?"),
                  log_int("code", code), log_int("us", (int64_t)us),
                  c->envelope && c->envelope->has_request_id
                      ? log_bytes("request_id", c->envelope->request_id.data, c->envelope->request_id.len)
                      : log_str("request_id", NULL));
    bool last = s && s->enrolling && c->field && c->field->id == LIANDONG__V1__TO_SERVER__BODY_ENROL_DEVICE;
    if (s && s->call == c) s->call = NULL;
    give_back(c);
    if (s) session_call_over(s);
    if (last) s->io.close(s->conn, "ENROLMENT_OVER");
}

/* ---- answers */

void call_answer(struct call *c, ProtobufCMessage *body) {
    Liandong__V1__ToClient reply = LIANDONG__V1__TO_CLIENT__INIT;
    if (!c->session) {
        end(c, LIANDONG__V1__CODE__CODE_OK);
        return;
    }
    reply.has_call = true;
    reply.call = c->number;
    wire_set_body(&reply.base, request_reply_field(c->field->id), body);
    if (protobuf_c_message_get_packed_size(&reply.base) > FRAME_CAP) { /* a page of the longest records there are */
        call_refuse(c, "PAGE_TOO_LARGE", NULL);
        return;
    }
    bool sent = session_send(c->session, &reply.base);
    end(c, sent ? LIANDONG__V1__CODE__CODE_OK : LIANDONG__V1__CODE__CODE_CANCELLED);
}

void call_end_silently(struct call *c) { end(c, LIANDONG__V1__CODE__CODE_OK); }

/* Who else may ask for it at all, as the table of requests says it: the caller's own role has just been refused. */
static void fill_roles(struct call *c, Liandong__V1__Status *status) {
    uint32_t may = c->row ? c->row->roles : 0;
    if (c->session) may &= ~(1u << c->session->actor.role);
    status->roles = arena_take(&c->arena, 32 * sizeof *status->roles);
    for (unsigned role = 1; status->roles && role < 32; role++)
        if (may >> role & 1) status->roles[status->n_roles++] = (Liandong__V1__Role)role;
}

void call_fill_status(struct call *c, const struct status_row *row, Liandong__V1__Status *status) {
    bool english = c->session && c->session->english;
    status->has_code = true;
    status->code = row->code;
    status->reason = wire_borrow(row->reason);
    status->message = wire_borrow(row->message);
    status->hint = wire_borrow(english ? row->message : row->hint);
    status->has_retry_after_ms = row->retry_after_ms != 0;
    status->retry_after_ms = row->retry_after_ms;
    if (c->envelope && c->envelope->has_request_id) {
        status->has_request_id = true;
        status->request_id = c->envelope->request_id;
    }
    if (strcmp(row->reason, "ROLE_NOT_ALLOWED") == 0) fill_roles(c, status);
}

void call_refuse_status(struct call *c, Liandong__V1__Status *status) {
    Liandong__V1__ToClient reply = LIANDONG__V1__TO_CLIENT__INIT;
    Liandong__V1__Code code = status->code;
    reply.has_call = true;
    reply.call = c->number;
    reply.status = status;
    if (c->session) session_send(c->session, &reply.base);
    end(c, code);
}

void call_refuse(struct call *c, const char *reason, const char *field) {
    Liandong__V1__Status status = LIANDONG__V1__STATUS__INIT;
    Liandong__V1__FieldViolation violation = LIANDONG__V1__FIELD_VIOLATION__INIT, *violations[1] = {&violation};
    const struct status_row *row = status_find(reason);
    call_fill_status(c, row, &status);
    if (field) {
        violation.field = wire_borrow(field);
        violation.reason = wire_borrow(row->reason);
        violation.hint = status.hint;
        status.violations = violations;
        status.n_violations = 1;
    }
    call_refuse_status(c, &status);
}

/* ---- the door */

/* Is it for want of a right? A stranger and a device at which nobody has logged in are none of the audit's. */
static bool is_denial(const char *reason) {
    return strcmp(reason, "ROLE_NOT_ALLOWED") == 0 || strcmp(reason, "ADMIN_ONLY") == 0;
}

/* What keeps this request from its lane, or NULL. */
static const char *admit(const struct call *c) {
    const struct session *s = c->session;
    bool hello = c->field->id == LIANDONG__V1__TO_SERVER__BODY_HELLO;
    if (c->row->lane == LANE_NONE) return "UNKNOWN_REQUEST";
    if (hello) return s->state == SESSION_FRESH ? NULL : "HELLO_TWICE";
    if (s->state == SESSION_FRESH) return "HELLO_FIRST";
    if (s->enrolling != (c->field->id == LIANDONG__V1__TO_SERVER__BODY_ENROL_DEVICE) &&
        !(s->enrolling && enrol_allows(c->field->id)))
        return "ENROLMENT_ONLY";
    if (c->row->roles >> s->actor.role & 1) return NULL;
    if (!s->actor.role) return "LOGIN_REQUIRED";
    return c->row->roles == 1u << LIANDONG__V1__ROLE__ROLE_ADMIN ? "ADMIN_ONLY" : "ROLE_NOT_ALLOWED";
}

/* The record that a request names, as it says it; NULL: none. */
static const char *named_record(const struct call *c) {
    static const char *const names[] = {"incident", "dispute", "transfer", "alert", "task", "about"};
    for (size_t i = 0; c->message && i < sizeof names / sizeof *names; i++) {
        const ProtobufCFieldDescriptor *f =
            protobuf_c_message_descriptor_get_field_by_name(c->message->descriptor, names[i]);
        if (f && f->type == PROTOBUF_C_TYPE_STRING && f->label != PROTOBUF_C_LABEL_REPEATED)
            return *(char *const *)wire_member(c->message, f);
    }
    return NULL;
}

static void enter_lane(struct call *c) {
    const char *reason = admit(c);
    if (reason) {
        struct session *s = c->session;
        bool stranger = s->state == SESSION_FRESH;
        if (is_denial(reason)) {
            lane_deny(c, reason, named_record(c), NULL);
            return;
        }
        call_refuse(c, reason, NULL);
        if (stranger) s->io.close(s->conn, reason);
        return;
    }
    if (c->field->id != LIANDONG__V1__TO_SERVER__BODY_PING) {
        c->session->last_request = c->field->name;
        c->session->last_at = clock_now_ms();
    }
    switch (c->row->lane) {
    case LANE_NONE: return;
    case LANE_LOCAL: c->row->local(c); return;
    case LANE_READ:
    case LANE_HELD: lane_read(c); return;
    case LANE_AUDIT: lane_audited(c); return;
    case LANE_WRITE:
    case LANE_URGENT:
    case LANE_BATCH: lane_write(c); return;
    }
}

/* Unpacks and checks; false: it was refused. */
static bool open_envelope(struct call *c, const uint8_t *payload, size_t size) {
    struct wire_fault fault;
    struct session *s = c->session;
    bool stranger = s->state == SESSION_FRESH;
    /* So that the refusal of a faulty body finds its question. */
    c->number = 0;
    wire_peek(payload, size, 1, &c->number);
    c->envelope = (Liandong__V1__ToServer *)(void *)wire_unpack(&liandong__v1__to_server__descriptor, payload, size,
                                                                true, &c->arena, &fault);
    if (c->envelope) {
        c->number = c->envelope->call;
        if (wire_body(&c->envelope->base, &c->field, &c->message) && c->field->id < REQUESTS) return true;
        fault = (struct wire_fault){.reason = "NO_BODY"};
    }
    log_event(LOG_WARN, "call.refused", log_int("conn", (int64_t)s->id), log_str("reason", fault.reason),
              log_str("field", fault.field));
    call_refuse(c, fault.reason, fault.field[0] ? fault.field : NULL);
    if (stranger) s->io.close(s->conn, fault.reason);
    return false;
}

void call_begin(struct session *s, const uint8_t *payload, size_t size) {
    struct call *c = take_call(s->core);
    if (!c) {
        s->io.close(s->conn, "NO_MEMORY");
        return;
    }
    c->core = s->core;
    c->session = s;
    c->field = NULL;
    c->message = NULL;
    c->taken = NULL;
    c->resolving = false;
    c->denied = NULL;
    c->told = NULL;
    c->waits = false;
    c->started_us = clock_monotonic_us();
    c->hold_until_us = 0;
    s->call = c;
    if (!open_envelope(c, payload, size)) return;
    uint32_t wait =
        c->envelope->has_deadline_ms && c->envelope->deadline_ms ? c->envelope->deadline_ms : CALL_DEADLINE_MS;
    c->deadline_ms = uv_now(s->core->loop) + (wait > CALL_DEADLINE_MAX_MS ? CALL_DEADLINE_MAX_MS : wait);
    c->row = &requests[c->field->id];
    enter_lane(c);
}

/* ---- ends that are not answers */

static bool is_write(const struct call *c) { return c->row && request_writes(c->row->lane); }

/* True where it was not with the database yet: nothing will come of it. A refusal is written down whether somebody
 * waits for it or not. */
static bool take_back(struct call *c) {
    if (c->denied) return false;
    if (c->told) return writer_withdraw(c->core->writer, &c->write);
    if (c->resolving) return readers_withdraw(c->core->readers, &c->read);
    if (c->row && request_in_group(c->row->lane))
        return c->write.state == WRITE_IDLE || writer_withdraw(c->core->writer, &c->write);
    if (c->held) {
        operation_release(c->core->operation, c);
        return true;
    }
    return c->row && (c->row->lane == LANE_READ || c->row->lane == LANE_HELD) &&
           readers_withdraw(c->core->readers, &c->read);
}

void call_expire(struct call *c) {
    if (take_back(c)) {
        call_refuse(c, "DEADLINE", NULL);
        return;
    }
    /* Say what is known, then let it end alone. */
    struct session *s = c->session;
    Liandong__V1__Status status = LIANDONG__V1__STATUS__INIT;
    Liandong__V1__ToClient reply = LIANDONG__V1__TO_CLIENT__INIT;
    const char *known = c->denied ? c->denied : is_write(c) && !c->resolving ? "OUTCOME_PENDING" : "DEADLINE";
    call_fill_status(c, status_find(known), &status);
    reply.has_call = true;
    reply.call = c->number;
    reply.status = &status;
    session_send(s, &reply.base);
    c->session = NULL;
    s->call = NULL;
    session_call_over(s);
}

void call_abandon(struct call *c) {
    c->session = NULL;
    if (take_back(c) || (c->row->lane == LANE_LOCAL && !c->denied && !c->waits))
        end(c, LIANDONG__V1__CODE__CODE_CANCELLED);
}
