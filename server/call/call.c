#include "call/call.h"
#include "call/attachment.h"
#include "call/enrol.h"
#include "call/verdict.h"
#include "common/ca.h"
#include "common/clock.h"
#include "common/frame.h"
#include "common/log.h"
#include "db/contract.h"
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

/* Who may ask for it at all, as the table of requests says it. */
static void fill_roles(struct call *c, Liandong__V1__Status *status) {
    uint32_t may = c->row ? c->row->roles : 0;
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

/* ---- lanes */

static void fill_caller(struct call *c, struct caller *caller) {
    const struct session *s = c->session;
    const struct actor *a = &s->actor;
    *caller = (struct caller){
        a->office, s->device,  arena_copy(&c->arena, a->officer, strlen(a->officer)),
        a->role,   a->account, a->account ? (const uint8_t *)arena_copy(&c->arena, a->login, sizeof a->login) : NULL,
        s->english};
}

/* Written down or not: it is refused. */
static void on_denied(struct write *w, const PGresult *result, int row, const char *fault) {
    struct call *c = (struct call *)(void *)((char *)w - offsetof(struct call, write));
    (void)result;
    (void)row;
    if (fault) log_event(LOG_ERROR, "audit.denied", log_str("request", c->field->name), log_str("fault", fault));
    call_refuse(c, c->denied, c->denied_field);
}

/* A refusal for want of a right, which no statement of the request has written down, is a line in the audit before it
 * is said. named: the record, NULL where none was looked for; field as call_refuse. */
static void deny(struct call *c, const char *reason, const char *named, const char *field) {
    const char *values[] = {c->field->name, named, reason};
    struct binding *b = &c->write.binding;
    b->values = arena_take(&c->arena, sizeof values);
    b->lengths = arena_take(&c->arena, 3 * sizeof *b->lengths);
    if (!b->values || !b->lengths) {
        call_refuse(c, reason, field);
        return;
    }
    for (int i = 0; i < 3; i++) {
        b->values[i] = values[i];
        b->lengths[i] = values[i] ? (int)strlen(values[i]) : 0;
    }
    c->denied = reason;
    c->denied_field = field;
    c->write.plan = &c->core->denied_plan;
    c->write.done = on_denied;
    if (!writer_submit(c->core->writer, &c->write)) on_denied(&c->write, NULL, 0, "QUEUE_FULL");
}

static void on_written(struct write *w, const PGresult *result, int row, const char *fault) {
    struct call *c = (struct call *)(void *)((char *)w - offsetof(struct call, write));
    if (fault)
        call_refuse(c, fault, NULL);
    else
        verdict_answer(c, result, row);
}

/* The body as the client's codec packs it: what the feed keeps and hashes. */
static bool pack_act(struct call *c, struct mapping_input *in) {
    in->act_size = protobuf_c_message_get_packed_size(c->message);
    uint8_t *act = arena_take(&c->arena, in->act_size + 1);
    if (act) protobuf_c_message_pack(c->message, act);
    in->act = act;
    return act != NULL;
}

static void refuse_binding(struct call *c, const char *field) {
    if (!field)
        call_refuse(c, "TOO_LARGE", c->field->name);
    else
        call_refuse(c, "OUT_OF_RANGE", arena_printf(&c->arena, "%s.%s", c->field->name, field));
}

/* Seals what is to be sealed, which `record` is known for, then binds and submits: from here on nothing has the clear
 * text but the arena. */
static void submit_write(struct call *c) {
    const struct plan *plan = c->core->plans[c->field->id];
    struct mapping_input in = {.message = c->message, .caller = &c->write.caller};
    const char *field;
    in.request_id = c->envelope->request_id.data;
    in.marks = sealing_marks(&c->core->sealing, c->field->id, c->message, &c->arena);
    if (c->core->authority) {
        in.authority = ca_pin(c->core->authority);
        in.authority_until = ca_expiry(c->core->authority);
    }
    const struct request_steps *steps = enrol_steps(c->field->id);
    if (!steps) steps = attachment_steps(c->field->id);
    if (steps && !steps->prepare(c, &in)) return;
    if (!sealing_close(&c->core->sealing, c->field->id, c->message, c->record, &c->arena) || !pack_act(c, &in)) {
        call_refuse(c, "TOO_LARGE", c->field->name);
    } else if (!mapping_bind(plan, &in, &c->arena, &c->write.binding, &field)) {
        refuse_binding(c, field);
    } else {
        c->write.plan = plan;
        c->write.done = on_written;
        if (!writer_submit(c->core->writer, &c->write)) call_refuse(c, "QUEUE_FULL", NULL);
    }
}

/* A read on this call's own behalf. False: it was refused. */
static bool submit_read(struct call *c, const struct statement *statement,
                        void (*done)(struct read *r, const PGresult *result, const char *fault)) {
    c->read.statement = statement;
    c->read.timeout_ms = (uint32_t)(c->deadline_ms - uv_now(c->core->loop));
    c->read.done = done;
    if (readers_submit(c->core->readers, &c->read)) return true;
    call_refuse(c, readers_are_ready(c->core->readers) ? "QUEUE_FULL" : "DATABASE_AWAY", NULL);
    return false;
}

/* id, reason: what _record says. What the change itself would answer where there is no such record is answered here. */
static void on_record(struct read *r, const PGresult *result, const char *fault) {
    struct call *c = (struct call *)(void *)((char *)r - offsetof(struct call, read));
    c->resolving = false;
    const char *why = !fault && PQntuples(result) == 1 && !PQgetisnull(result, 0, 1) ? PQgetvalue(result, 0, 1) : NULL;
    if (why && strcmp(why, "NOT_FOUND") == 0) {
        deny(c, "NOT_FOUND", c->named, arena_printf(&c->arena, "%s.%s", c->field->name, c->named_by));
    } else if (!c->session || fault) {
        call_refuse(c, fault ? fault : "DEADLINE", NULL);
    } else if (PQntuples(result) != 1 || PQgetlength(result, 0, 0) != sizeof c->record) {
        call_refuse(c, why ? why : "INTERNAL",
                    why ? arena_printf(&c->arena, "%s.%s", c->field->name, c->named_by) : NULL);
    } else {
        memcpy(c->record, PQgetvalue(result, 0, 0), sizeof c->record);
        if (!attachment_looks(c->field->id) || attachment_take(c, result))
            submit_write(c);
        else
            call_refuse(c, "NO_MEMORY", NULL);
    }
}

/* Sealed text is bound to its record: a change that names one by its number must learn which it is first. */
static struct statement *name_record(struct call *c) {
    const ProtobufCFieldDescriptor *f =
        protobuf_c_message_descriptor_get_field_by_name(c->message->descriptor, sealing_named(c->field->id));
    struct binding *b = &c->read.binding;
    c->named_by = sealing_named(c->field->id);
    c->named = f ? *(char *const *)wire_member(c->message, f) : NULL;
    b->values = arena_take(&c->arena, 2 * sizeof *b->values);
    b->lengths = arena_take(&c->arena, 2 * sizeof *b->lengths);
    if (!b->values || !b->lengths) return NULL;
    b->values[0] = c->named;
    b->lengths[0] = c->named ? (int)strlen(c->named) : 0;
    b->values[1] = c->named_by; /* the kind's name */
    b->lengths[1] = (int)strlen(c->named_by);
    return c->core->record_statement;
}
static void begin_resolving(struct call *c) {
    struct statement *look =
        attachment_looks(c->field->id) ? attachment_look(c, &c->read.binding, &c->named, &c->named_by) : name_record(c);
    if (!look) {
        call_refuse(c, "TOO_LARGE", c->field->name);
        return;
    }
    c->read.caller = c->write.caller;
    c->resolving = true;
    submit_read(c, look, on_record);
}

static void begin_write(struct call *c) {
    if (!c->envelope->has_request_id) {
        call_refuse(c, "REQUEST_ID_REQUIRED", "request_id");
        return;
    }
    if (c->core->draining) {
        call_refuse(c, "DRAINING", NULL);
        return;
    }
    fill_caller(c, &c->write.caller);
    if (attachment_looks(c->field->id)) {
        begin_resolving(c);
        return;
    }
    switch (sealing_need(c->field->id, c->message)) {
    case SEALING_BY_NAME: begin_resolving(c); return;
    case SEALING_BY_REQUEST: memcpy(c->record, c->envelope->request_id.data, sizeof c->record); break;
    case SEALING_NOTHING: break;
    }
    submit_write(c);
}

static void on_read(struct read *r, const PGresult *result, const char *fault) {
    struct call *c = (struct call *)(void *)((char *)r - offsetof(struct call, read));
    if (fault)
        call_refuse(c, fault, NULL);
    else if (c->row->lane != LANE_HELD || !operation_hold(c->core->operation, c, result))
        verdict_show(c, c->core->plans[c->field->id], result);
}

void call_read(struct call *c) {
    const struct plan *plan = c->core->plans[c->field->id];
    struct mapping_input in = {.message = c->message, .caller = &c->read.caller};
    const char *field;
    fill_caller(c, &c->read.caller);
    in.marks = sealing_marks(&c->core->sealing, c->field->id, c->message, &c->arena);
    if (mapping_bind(plan, &in, &c->arena, &c->read.binding, &field))
        submit_read(c, plan->statement, on_read);
    else
        refuse_binding(c, field);
}

/* An audited read changes no record: that its group was lost says no more than that there is no answer. */
static void on_audited(struct write *w, const PGresult *result, int row, const char *fault) {
    struct call *c = (struct call *)(void *)((char *)w - offsetof(struct call, write));
    (void)row;
    if (fault)
        call_refuse(c, strcmp(fault, "OUTCOME_PENDING") == 0 ? "DATABASE_AWAY" : fault, NULL);
    else
        verdict_show(c, w->plan, result);
}

static void begin_audited(struct call *c, const struct plan *plan) {
    struct mapping_input in = {.message = c->message, .caller = &c->write.caller};
    const char *field;
    fill_caller(c, &c->write.caller);
    in.marks = sealing_marks(&c->core->sealing, c->field->id, c->message, &c->arena);
    if (!mapping_bind(plan, &in, &c->arena, &c->write.binding, &field)) {
        refuse_binding(c, field);
        return;
    }
    c->write.plan = plan;
    c->write.done = on_audited;
    if (!writer_submit(c->core->writer, &c->write)) call_refuse(c, "QUEUE_FULL", NULL);
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

static void enter_lane(struct call *c) {
    const char *reason = admit(c);
    if (reason) {
        struct session *s = c->session;
        bool stranger = s->state == SESSION_FRESH;
        if (is_denial(reason)) {
            fill_caller(c, &c->write.caller);
            deny(c, reason, NULL, NULL);
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
    case LANE_HELD: call_read(c); return;
    case LANE_AUDIT: begin_audited(c, c->core->plans[c->field->id]); return;
    case LANE_WRITE:
    case LANE_BATCH: begin_write(c); return;
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
