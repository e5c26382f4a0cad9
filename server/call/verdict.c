#include "call/verdict.h"
#include "call/attachment.h"
#include "call/enrol.h"
#include "common/log.h"
#include <endian.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const char *text_of(const struct call *c, const PGresult *r, int row, int verdict) {
    int column = c->write.plan->verdict[verdict];
    return column < 0 || PQgetisnull(r, row, column) ? NULL : PQgetvalue(r, row, column);
}

static char *array_item(struct call *c, struct mapping_array *a, int32_t i) {
    int32_t n;
    if (i >= a->count) return NULL;
    const char *value = mapping_array_next(a, &n);
    return n < 0 ? NULL : arena_copy(&c->arena, value, (size_t)n);
}

static struct mapping_array array_of(const struct call *c, const PGresult *r, int row, int verdict) {
    int column = c->write.plan->verdict[verdict];
    if (column < 0) return (struct mapping_array){0};
    return mapping_get_array(r, row, column);
}

/* Both values of each field that two people changed. */
static void fill_conflicts(struct call *c, const PGresult *r, int row, Liandong__V1__Status *status) {
    struct mapping_array fields = array_of(c, r, row, VERDICT_CONFLICT_FIELDS),
                         theirs = array_of(c, r, row, VERDICT_CONFLICT_THEIRS),
                         yours = array_of(c, r, row, VERDICT_CONFLICT_YOURS);
    int32_t n = fields.count;
    status->conflicts = arena_take(&c->arena, (size_t)(n + 1) * sizeof *status->conflicts);
    for (int32_t i = 0; status->conflicts && i < n; i++) {
        Liandong__V1__Conflict *conflict = arena_take(&c->arena, sizeof *conflict);
        if (!conflict) return;
        liandong__v1__conflict__init(conflict);
        conflict->field = array_item(c, &fields, i);
        conflict->theirs = array_item(c, &theirs, i);
        conflict->yours = array_item(c, &yours, i);
        status->conflicts[status->n_conflicts++] = conflict;
    }
}

/* A refused change tells `state`, the receipt's otherwise, where it is what stands in the way. */
static void fill_state(struct call *c, const PGresult *r, int row, Liandong__V1__Status *status) {
    const struct statement *s = c->write.plan->statement;
    const ProtobufCFieldDescriptor *f =
        protobuf_c_message_descriptor_get_field_by_name(status->base.descriptor, "current_state");
    for (int i = 0; i < s->columns_count; i++)
        if (strcmp(s->columns[i], "state") == 0 && !PQgetisnull(r, row, i))
            mapping_read_field(&status->base, f, s->column_types[i], PQgetvalue(r, row, i), PQgetlength(r, row, i),
                               &c->arena);
}

/* What could be done instead, and by whom. */
static void fill_remedies(struct call *c, const PGresult *r, int row, Liandong__V1__Status *status) {
    struct mapping_array allowed = array_of(c, r, row, VERDICT_ALLOWED), roles = array_of(c, r, row, VERDICT_ROLES);
    status->allowed = arena_take(&c->arena, (size_t)(allowed.count + 1) * sizeof *status->allowed);
    for (int32_t i = 0; status->allowed && i < allowed.count; i++)
        if ((status->allowed[status->n_allowed] = array_item(c, &allowed, i))) status->n_allowed++;
    if (!roles.count) return; /* else those of the table of requests stand */
    status->n_roles = 0;
    status->roles = arena_take(&c->arena, (size_t)roles.count * sizeof *status->roles);
    for (int32_t i = 0; status->roles && i < roles.count; i++) {
        int32_t n;
        uint16_t big;
        const char *value = mapping_array_next(&roles, &n);
        if (n != sizeof big) continue;
        memcpy(&big, value, sizeof big);
        status->roles[status->n_roles++] = (Liandong__V1__Role)be16toh(big);
    }
}

/* The record that a refused change was about, where it says so. */
static const uint8_t *record_of(const struct call *c, const PGresult *r, int row) {
    const struct statement *s = c->write.plan->statement;
    for (int i = 0; i < s->columns_count; i++)
        if (strcmp(s->columns[i], "id") == 0 && PQgetlength(r, row, i) == 16)
            return (const uint8_t *)PQgetvalue(r, row, i);
    return NULL;
}

/* `fields`: one, or several with blanks between them. */
static void fill_violations(struct call *c, const char *fields, const char *reason, Liandong__V1__Status *status) {
    size_t n = 1, size;
    for (const char *at = fields; *at; at++) n += *at == ' ';
    status->violations = arena_take(&c->arena, n * sizeof *status->violations);
    for (; status->violations && *fields; fields += size + (fields[size] == ' ')) {
        Liandong__V1__FieldViolation *violation = arena_take(&c->arena, sizeof *violation);
        size = strcspn(fields, " ");
        if (!violation) return;
        liandong__v1__field_violation__init(violation);
        violation->field = arena_printf(&c->arena, "%s.%.*s", c->field->name, (int)size, fields);
        violation->reason = wire_borrow(reason);
        violation->hint = status->hint;
        status->violations[status->n_violations++] = violation;
    }
}

static void answer_refusal(struct call *c, const PGresult *r, int row, const char *fallback) {
    const char *reason = text_of(c, r, row, VERDICT_REASON), *field = text_of(c, r, row, VERDICT_FIELD);
    Liandong__V1__Status status = LIANDONG__V1__STATUS__INIT;
    const struct status_row *known = status_find(reason ? reason : fallback);
    call_fill_status(c, known, &status);
    int version = c->write.plan->verdict[VERDICT_CURRENT_VERSION];
    if (version >= 0 && !PQgetisnull(r, row, version)) {
        status.has_current_version = true;
        status.current_version = (uint32_t)mapping_get_int4(r, row, version);
    }
    if (field) fill_violations(c, field, known->reason, &status);
    fill_conflicts(c, r, row, &status);
    sealing_open_conflicts(&c->core->sealing, &status, c->field->id, record_of(c, r, row), &c->arena);
    fill_state(c, r, row, &status);
    fill_remedies(c, r, row, &status);
    call_refuse_status(c, &status);
}

/* The client asked once; that this server had to send it twice is no replay to it. */
static void hide_own_replay(const struct call *c, ProtobufCMessage *reply) {
    const ProtobufCFieldDescriptor *f = protobuf_c_message_descriptor_get_field_by_name(reply->descriptor, "replay");
    if (c->write.losses && f && f->type == PROTOBUF_C_TYPE_BOOL) *(protobuf_c_boolean *)wire_member(reply, f) = false;
}

void verdict_answer(struct call *c, const PGresult *r, int row) {
    const char *outcome = text_of(c, r, row, VERDICT_OUTCOME);
    if (!outcome) outcome = "";
    if (strcmp(outcome, "done") == 0 || strcmp(outcome, "replay") == 0) {
        ProtobufCMessage *reply = mapping_read(c->write.plan, r, row, 1, &c->arena);
        if (!reply) {
            call_refuse(c, "OUTCOME_PENDING", NULL); /* it is done, but there is no memory to say how */
            return;
        }
        hide_own_replay(c, reply);
        const struct request_steps *steps = enrol_steps(c->field->id);
        const char *reason = steps && c->session ? steps->finish(c, reply) : NULL;
        if (reason)
            call_refuse(c, reason, NULL);
        else
            call_answer(c, reply);
    } else if (strcmp(outcome, "conflict") == 0) {
        answer_refusal(c, r, row, "VERSION_CONFLICT");
    } else {
        answer_refusal(c, r, row, "INTERNAL");
    }
}

/* A read says reason and field in one column, for what it tells may have a `field` of its own: "NOT_FOUND",
 * "UNKNOWN_VALUE office". */
static void refuse_read(struct call *c, const char *said) {
    size_t n = strcspn(said, " ");
    const char *field = said[n] ? arena_printf(&c->arena, "%s.%s", c->field->name, said + n + 1) : NULL;
    call_refuse(c, arena_copy(&c->arena, said, n), field);
}

/* Of a reply about one record: which. */
static const uint8_t *sealed_record(const struct plan *plan, const PGresult *r) {
    int column = plan->verdict[VERDICT_SEALED_RECORD];
    if (column < 0 || PQntuples(r) == 0 || PQgetlength(r, 0, column) != 16) return NULL;
    return (const uint8_t *)PQgetvalue(r, 0, column);
}

/* ---- what is handed out is counted first */

static void on_counted(struct write *w, const PGresult *r, int row, const char *fault) {
    struct call *c = (struct call *)(void *)((char *)w - offsetof(struct call, write));
    if (fault) /* nothing was handed out: that its group was lost says no more than that there is no answer */
        call_refuse(c, strcmp(fault, "OUTCOME_PENDING") == 0 ? "DATABASE_AWAY" : fault, NULL);
    else if (!PQgetisnull(r, row, 0))
        refuse_read(c, PQgetvalue(r, row, 0));
    else
        call_answer(c, c->told);
}

static const char *digits(struct arena *arena, protobuf_c_boolean has, int64_t value) {
    return has ? arena_printf(arena, "%" PRId64, value) : NULL;
}

/* The numbers of those that are S2 and above, comma-separated; empty: none is; NULL: no memory. */
static const char *sensitive_ones(struct arena *arena, const Liandong__V1__IncidentPage *page) {
    size_t room = 1, used = 0;
    for (size_t i = 0; i < page->n_incidents; i++) room += strlen(page->incidents[i]->no) + 1;
    char *list = arena_take(arena, room);
    if (!list) return NULL;
    list[0] = '\0';
    for (size_t i = 0; i < page->n_incidents; i++)
        if (page->incidents[i]->sensitivity >= 2)
            used += (size_t)snprintf(list + used, room - used, "%s%s", used ? "," : "", page->incidents[i]->no);
    return list;
}

/* A page of records, some of which count, or are sensitive: it goes out once that is durable, and only if it may. See
 * server/functions/reading.sql. False: nothing of it is. */
static bool count_rows(struct call *c, ProtobufCMessage *reply) {
    const Liandong__V1__IncidentPage *page = (const Liandong__V1__IncidentPage *)(void *)reply;
    if (reply->descriptor != &liandong__v1__incident_page__descriptor) return false;
    const char *sensitive = sensitive_ones(&c->arena, page);
    bool list = c->message->descriptor == &liandong__v1__list_incidents__descriptor;
    const Liandong__V1__ListIncidents *asked = list ? (const Liandong__V1__ListIncidents *)(void *)c->message : NULL;
    bool exports = asked && asked->purpose && *asked->purpose; /* of nothing, too: the purpose is looked at */
    if (!page->has_counted && !exports && sensitive && !*sensitive) return false;
    const char *values[] = {c->field->name,
                            digits(&c->arena, true, page->has_counted ? page->counted : 0),
                            asked ? asked->purpose : NULL,
                            asked ? digits(&c->arena, asked->has_from, asked->from) : NULL,
                            asked ? digits(&c->arena, asked->has_until, asked->until) : NULL,
                            sensitive};
    const size_t count = sizeof values / sizeof *values;
    struct binding *b = &c->write.binding;
    b->values = arena_take(&c->arena, sizeof values);
    b->lengths = arena_take(&c->arena, count * sizeof *b->lengths);
    if (!b->values || !b->lengths || !sensitive) {
        call_refuse(c, "NO_MEMORY", NULL);
        return true;
    }
    for (size_t i = 0; i < count; i++) {
        b->values[i] = values[i];
        b->lengths[i] = values[i] ? (int)strlen(values[i]) : 0;
    }
    c->told = reply;
    c->write.caller = c->read.caller;
    c->write.plan = &c->core->rows_plan;
    c->write.done = on_counted;
    if (!writer_submit(c->core->writer, &c->write)) call_refuse(c, "QUEUE_FULL", NULL);
    return true;
}

void verdict_show(struct call *c, const struct plan *plan, const PGresult *r) {
    int rows = PQntuples(r), reason = plan->verdict[VERDICT_REASON];
    if (rows > 0 && reason >= 0 && !PQgetisnull(r, 0, reason)) {
        refuse_read(c, PQgetvalue(r, 0, reason));
        return;
    }
    if (!plan->rows && rows != 1) {
        call_refuse(c, "INTERNAL", NULL);
        return;
    }
    ProtobufCMessage *reply = mapping_read(plan, r, 0, rows, &c->arena);
    if (!reply) {
        call_refuse(c, "TOO_LARGE", NULL);
        return;
    }
    sealing_open(&c->core->sealing, reply, sealed_record(plan, r), &c->arena);
    const char *closed = attachment_open(c, reply, sealed_record(plan, r));
    if (closed)
        call_refuse(c, closed, NULL);
    else if (!count_rows(c, reply))
        call_answer(c, reply);
}
