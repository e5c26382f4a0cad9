#include "call/lane.h"
#include "call/attachment.h"
#include "call/enrol.h"
#include "call/verdict.h"
#include "common/ca.h"
#include "common/log.h"
#include "common/wire.h"
#include "db/contract.h"
#include <arpa/inet.h>
#include <string.h>

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

void lane_deny(struct call *c, const char *reason, const char *named, const char *field) {
    const char *values[] = {c->field->name, named, reason};
    struct binding *b = &c->write.binding;
    fill_caller(c, &c->write.caller);
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

/* The body as the client's codec packs it: what the feed keeps and hashes. What was taken over is not said by it: it
 * may be another one when the same request comes again. */
static bool pack_act(struct call *c, struct mapping_input *in) {
    char *taken = c->taken ? *c->taken : NULL;
    if (c->taken) *c->taken = NULL;
    in->act_size = protobuf_c_message_get_packed_size(c->message);
    uint8_t *act = arena_take(&c->arena, in->act_size + 1);
    if (act) protobuf_c_message_pack(c->message, act);
    in->act = act;
    if (c->taken) *c->taken = taken;
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
        bool urgent = c->row->lane == LANE_URGENT;
        if (!(urgent ? writer_submit_urgent : writer_submit)(c->core->writer, &c->write))
            call_refuse(c, "QUEUE_FULL", NULL);
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

/* The record that was found is only where a new one comes out of: what it is sealed for is the new one. */
static void take_over(struct call *c, const PGresult *result) {
    const char *place = PQgetisnull(result, 0, 2) ? NULL : PQgetvalue(result, 0, 2);
    c->taken = sealing_take_over(&c->core->sealing, c->message, place, c->record, &c->arena);
    memcpy(c->record, c->envelope->request_id.data, sizeof c->record);
}

/* id, reason: what _record says. What the change itself would answer where there is no such record is answered here. */
static void on_record(struct read *r, const PGresult *result, const char *fault) {
    struct call *c = (struct call *)(void *)((char *)r - offsetof(struct call, read));
    c->resolving = false;
    const char *why = !fault && PQntuples(result) == 1 && !PQgetisnull(result, 0, 1) ? PQgetvalue(result, 0, 1) : NULL;
    if (why && strcmp(why, "NOT_FOUND") == 0) {
        lane_deny(c, "NOT_FOUND", c->named, arena_printf(&c->arena, "%s.%s", c->field->name, c->named_by));
    } else if (!c->session || fault) {
        call_refuse(c, fault ? fault : "DEADLINE", NULL);
    } else if (PQntuples(result) != 1 || PQgetlength(result, 0, 0) != sizeof c->record) {
        call_refuse(c, why ? why : "INTERNAL",
                    why ? arena_printf(&c->arena, "%s.%s", c->field->name, c->named_by) : NULL);
    } else {
        memcpy(c->record, PQgetvalue(result, 0, 0), sizeof c->record);
        if (sealing_source(c->field->id, c->message)) take_over(c, result);
        if (!attachment_looks(c->field->id) || attachment_take(c, result))
            submit_write(c);
        else
            call_refuse(c, "NO_MEMORY", NULL);
    }
}

/* Sealed text is bound to its record: a change that names one by its number must learn which it is first. */
static struct statement *name_record(struct call *c) {
    const char *source = sealing_source(c->field->id, c->message);
    const char *name = source ? source : sealing_named(c->field->id), *kind = source ? "incident" : name;
    const ProtobufCFieldDescriptor *f = protobuf_c_message_descriptor_get_field_by_name(c->message->descriptor, name);
    const char *part_name = sealing_part(c->field->id);
    const ProtobufCFieldDescriptor *part =
        part_name ? protobuf_c_message_descriptor_get_field_by_name(c->message->descriptor, part_name) : NULL;
    struct binding *b = &c->read.binding;
    c->named_by = name;
    c->named = f ? *(char *const *)wire_member(c->message, f) : NULL;
    b->values = arena_take(&c->arena, 3 * sizeof *b->values);
    b->lengths = arena_take(&c->arena, 3 * sizeof *b->lengths);
    if (!b->values || !b->lengths) return NULL;
    b->values[0] = c->named;
    b->lengths[0] = c->named ? (int)strlen(c->named) : 0;
    b->values[1] = kind;
    b->lengths[1] = (int)strlen(kind);
    b->values[2] = NULL;
    if (part && wire_has(c->message, part)) {
        uint32_t *number = arena_take(&c->arena, sizeof *number);
        if (!number) return NULL;
        *number = htonl(*(uint32_t *)wire_member(c->message, part));
        b->values[2] = (const char *)number;
        b->lengths[2] = sizeof *number;
    }
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

void lane_write(struct call *c) {
    if (!c->envelope->has_request_id) {
        call_refuse(c, "REQUEST_ID_REQUIRED", "request_id");
        return;
    }
    if (c->core->draining) {
        call_refuse(c, "DRAINING", NULL);
        return;
    }
    fill_caller(c, &c->write.caller);
    if (attachment_looks(c->field->id) || sealing_source(c->field->id, c->message)) {
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

void lane_read(struct call *c) {
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

void lane_audited(struct call *c) {
    const struct plan *plan = c->core->plans[c->field->id];
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
