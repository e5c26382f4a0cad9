#include "call/call.h"
#include "call/attachment.h"
#include "call/core_part.h"
#include "call/login.h"
#include "db/contract.h"
#include "db/embedded.h"
#include "feed/event.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct statement *core_find_statement(const struct core *c, const char *name) {
    for (size_t i = 0; i < c->statements_count; i++)
        if (strcmp(c->statements[i].name, name) == 0) return &c->statements[i];
    return NULL;
}

bool core_parse_statements(struct core *c, char *error, size_t room) {
    c->statements = calloc(embedded_sql_count, sizeof *c->statements);
    if (!c->statements) return false;
    for (size_t i = 0; i < embedded_sql_count; i++) {
        const struct embedded_file *f = &embedded_sql[i];
        if (!statement_parse(&c->statements[i], f->name, f->data, (size_t)(f->end - f->data), error, room))
            return false;
        c->statements_count++;
    }
    return true;
}

/* A request has a row, a body in both envelopes and, unless it is local, a file; and every file has a request. */
bool core_match_requests(struct core *c, char *error, size_t room) {
    const ProtobufCMessageDescriptor *envelope = &liandong__v1__to_server__descriptor;
    size_t used = 0;
    for (unsigned i = 0; i < envelope->n_fields; i++) {
        const ProtobufCFieldDescriptor *f = &envelope->fields[i];
        if (f->type != PROTOBUF_C_TYPE_MESSAGE) continue;
        enum request_lane lane = f->id < REQUESTS ? requests[f->id].lane : LANE_NONE;
        struct statement *s = core_find_statement(c, f->name);
        const ProtobufCFieldDescriptor *reply = request_reply_field(f->id);
        if (lane == LANE_NONE || !reply || strcmp(reply->name, f->name) != 0 || (lane != LANE_LOCAL) != (s != NULL)) {
            snprintf(error, room,
                     "request %s: its row in requests.c, its reply in ToClient or its .sql file is missing", f->name);
            return false;
        }
        c->by_request[f->id] = s;
        used += s != NULL;
    }
    for (size_t i = 0; i < c->statements_count; i++) used += c->statements[i].name[0] == '_';
    if (used == c->statements_count) return true;
    snprintf(error, room, "a file of server/sql belongs to no request");
    return false;
}

static const ProtobufCMessageDescriptor *body_of(const ProtobufCMessageDescriptor *envelope, unsigned number) {
    return protobuf_c_message_descriptor_get_field(envelope, number)->descriptor;
}

/* What is read by column number: events, and where the feed ends. */
static bool check_feed_statements(const struct core *c, char *error, size_t room) {
    static const char *const events[] = {"_feed_pull", "_feed_tail", "_feed_page", "_feed_stretch"};
    static const char *const ends[] = {"_pen", "_feed_head"}, *const columns[] = {"seq", "hash"};
    static const Oid types[] = {TYPE_INT8, TYPE_BYTEA};
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        if (!event_contract(core_find_statement(c, events[i]), error, room)) return false;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (!contract_columns(core_find_statement(c, ends[i]), columns, types, 2, error, room)) return false;
    return true;
}

/* What a watch that starts over is told of, kind by kind; the first also tells where the feed stands. */
static const struct {
    const char *statement;
    const ProtobufCMessageDescriptor *page;
} snapshots[SNAPSHOT_KINDS] = {
    {"_snapshot", &liandong__v1__feed_snapshot__descriptor},
    {"_snapshot_disputes", &liandong__v1__dispute_page__descriptor},
    {"_snapshot_alerts", &liandong__v1__alert_page__descriptor},
    {"_snapshot_transfers", &liandong__v1__transfer_page__descriptor},
    {"_snapshot_tasks", &liandong__v1__task_page__descriptor},
};

void core_find_snapshots(struct core *c) {
    for (size_t i = 0; i < SNAPSHOT_KINDS; i++)
        c->snapshots[i] = (struct feed_snapshot){core_find_statement(c, snapshots[i].statement), &c->snapshot_plans[i]};
}

static bool compile_snapshots(struct core *c, char *error, size_t room) {
    for (size_t i = 0; i < SNAPSHOT_KINDS; i++) {
        struct contract_terms terms = {NULL, snapshots[i].page, false, false};
        if (!contract_compile(&c->snapshot_plans[i], c->snapshots[i].statement, &terms, error, room)) return false;
    }
    return true;
}

/* With everything described: does every request fit its statement? */
bool core_compile_plans(struct core *c, char *error, size_t room) {
    for (unsigned i = 0; i < REQUESTS; i++) {
        if (!c->by_request[i] || c->plans[i]) continue;
        struct contract_terms terms = {body_of(&liandong__v1__to_server__descriptor, i),
                                       body_of(&liandong__v1__to_client__descriptor, i),
                                       request_writes(requests[i].lane), requests[i].lane == LANE_BATCH};
        struct plan *plan = calloc(1, sizeof *plan);
        if (!plan || !contract_compile(plan, c->by_request[i], &terms, error, room)) {
            free(plan);
            return false;
        }
        c->plans[i] = plan;
    }
    c->denied_plan = (struct plan){.statement = core_find_statement(c, "_audit_denied")};
    c->rows_plan = (struct plan){.statement = core_find_statement(c, "_rows_read")};
    c->login_begin.statement = core_find_statement(c, "_login_begin");
    c->login_password.statement = core_find_statement(c, "_login_password");
    return compile_snapshots(c, error, room) && check_feed_statements(c, error, room) &&
           signing_contract(core_find_statement(c, "_heads"), error, room) &&
           directory_contract(core_find_statement(c, "_directory"), error, room) &&
           sealing_contract(core_find_statement(c, "_sealing_keys"), error, room) &&
           operation_contract(c, error, room) && clocks_contract(core_find_statement(c, "_clocks_due"), error, room) &&
           notices_contract(&c->notices, core_find_statement(c, "_alert_notices"), core_find_statement(c, "_alarm"),
                            error, room) &&
           attachment_contract(core_find_statement(c, "_attachment"), error, room) && login_contract(c, error, room);
}
