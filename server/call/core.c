#include "call/core.h"
#include "call/call.h"
#include "call/core_part.h"
#include "common/log.h"
#include "db/contract.h"
#include "db/embedded.h"
#include "feed/event.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define TICK_MS 100
#define SEARCH_INDEX_LIMIT 2000

/* ---- statements */

static struct statement *find_statement(const struct core *c, const char *name) {
    for (size_t i = 0; i < c->statements_count; i++)
        if (strcmp(c->statements[i].name, name) == 0) return &c->statements[i];
    return NULL;
}

static bool parse_statements(struct core *c, char *error, size_t room) {
    c->statements = calloc(embedded_sql_count, sizeof *c->statements);
    if (!c->statements) return false;
    for (size_t i = 0; i < embedded_sql_count; i++) {
        const struct embedded_file *f = &embedded_sql[i];
        if (!statement_parse(&c->statements[i], f->name, f->data, (size_t)(f->end - f->data), error, room)) return false;
        c->statements_count++;
    }
    return true;
}

/* A request has a row, a body in both envelopes and, unless it is local, a file; and every file has a request. */
static bool match_requests(struct core *c, char *error, size_t room) {
    const ProtobufCMessageDescriptor *envelope = &liandong__v1__to_server__descriptor;
    size_t used = 0;
    for (unsigned i = 0; i < envelope->n_fields; i++) {
        const ProtobufCFieldDescriptor *f = &envelope->fields[i];
        if (f->type != PROTOBUF_C_TYPE_MESSAGE) continue;
        enum request_lane lane = f->id < REQUESTS ? requests[f->id].lane : LANE_NONE;
        struct statement *s = find_statement(c, f->name);
        const ProtobufCFieldDescriptor *reply = request_reply_field(f->id);
        if (lane == LANE_NONE || !reply || strcmp(reply->name, f->name) != 0 || (lane != LANE_LOCAL) != (s != NULL)) {
            snprintf(error, room, "request %s: its row in requests.c, its reply in ToClient or its .sql file is missing", f->name);
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

static bool is_write_lane(enum request_lane lane) { return lane == LANE_WRITE || lane == LANE_BATCH; }

/* All statements of the requests in the given lanes, and the named internal ones. */
static struct statement **collect(struct core *c, bool writes, const char *const *names, size_t names_count, size_t *count) {
    struct statement **list = calloc(REQUESTS + names_count, sizeof *list);
    *count = 0;
    if (!list) return NULL;
    for (size_t i = 0; i < names_count; i++) list[(*count)++] = find_statement(c, names[i]);
    for (unsigned i = 0; i < REQUESTS; i++)
        if (c->by_request[i] && is_write_lane(requests[i].lane) == writes) list[(*count)++] = c->by_request[i];
    return list;
}

static const ProtobufCMessageDescriptor *body_of(const ProtobufCMessageDescriptor *envelope, unsigned number) {
    return protobuf_c_message_descriptor_get_field(envelope, number)->descriptor;
}

/* With everything described: does every request fit its statement? */
static bool compile_plans(struct core *c, char *error, size_t room) {
    for (unsigned i = 0; i < REQUESTS; i++) {
        if (!c->by_request[i] || c->plans[i]) continue;
        struct contract_terms terms = {body_of(&liandong__v1__to_server__descriptor, i), body_of(&liandong__v1__to_client__descriptor, i),
                                       is_write_lane(requests[i].lane), requests[i].lane == LANE_BATCH};
        struct plan *plan = calloc(1, sizeof *plan);
        if (!plan || !contract_compile(plan, c->by_request[i], &terms, error, room)) {
            free(plan);
            return false;
        }
        c->plans[i] = plan;
    }
    struct contract_terms snapshot = {NULL, &liandong__v1__feed_snapshot__descriptor, false, false};
    return contract_compile(&c->snapshot_plan, find_statement(c, "_snapshot"), &snapshot, error, room) &&
           event_contract(find_statement(c, "_feed_page"), error, room) && directory_contract(find_statement(c, "_directory"), error, room);
}

/* ---- becoming ready */

static void tell(struct core *c, bool ok, const char *why) {
    if (c->told || !c->on_ready) return;
    c->told = true;
    c->ready = ok;
    c->on_ready(c->on_ready_arg, ok, why);
}

static void check_ready(struct core *c) {
    char error[256];
    if (c->told || !c->on_ready || !c->writer_ready || !c->readers_ready || !c->feed_ready || !c->directory.version) return;
    if (compile_plans(c, error, sizeof error)) {
        tell(c, true, NULL);
        return;
    }
    log_event(LOG_ERROR, "contract.broken", log_str("what", error));
    tell(c, false, "程序与数据库中的请求定义不一致，请执行 liandongd migrate，或改用与数据库一致的程序版本（详见日志 contract.broken）");
}

static void on_refused(void *arg, const char *why) { tell(arg, false, why); }
static void on_writer_ready(void *arg) {
    struct core *c = arg;
    c->writer_ready = true;
    check_ready(c);
}
static void on_readers_ready(void *arg) {
    struct core *c = arg;
    c->readers_ready = true;
    check_ready(c);
}
static void on_feed_ready(void *arg) {
    struct core *c = arg;
    c->feed_ready = true;
    check_ready(c);
}
static void on_committed(void *arg) { feed_poke(((struct core *)arg)->feed); }

/* ---- chores: periodic reads on the core's own behalf */

enum { CHORE_VERSION, CHORE_DIRECTORY, CHORE_SEARCH, CHORE_KEEP };

static struct chore *chore_of(struct read *r) { return (struct chore *)(void *)((char *)r - offsetof(struct chore, read)); }
static void run_chore(struct chore *chore);

static void on_version(struct core *c, const PGresult *r) {
    struct chore *load = &c->chores[CHORE_DIRECTORY];
    if (PQntuples(r) == 1 && mapping_get_int8(r, 0, 0) != c->directory.version) {
        load->next_ms = (uint64_t)mapping_get_int8(r, 0, 0); /* the version it will be */
        run_chore(load);
    }
}

/* Sessions whose device went, or works for another office now, end; the others go on under their new names. */
static void review_sessions(struct core *c) {
    struct session *s, *next;
    DL_FOREACH_SAFE(c->sessions, s, next) {
        if (s->state != SESSION_OPEN) continue;
        const struct device *d = directory_find(&c->directory, s->key);
        if (d && d->office == s->device.office && d->role == s->device.role) {
            s->device = *d;
            continue;
        }
        log_event(LOG_WARN, "session.revoked", log_int("conn", (int64_t)s->id), log_int("device", s->device.id));
        s->io.close(s->conn, "UNKNOWN_DEVICE");
    }
}

static void on_directory(struct core *c, const PGresult *r) {
    struct directory fresh;
    if (!directory_contract(c->chores[CHORE_DIRECTORY].statement, (char[256]){0}, 256) ||
        !directory_read(&fresh, r, (int64_t)c->chores[CHORE_DIRECTORY].next_ms))
        return; /* the old one stays; the next look finds the version still moved */
    directory_free(&c->directory);
    c->directory = fresh;
    log_event(LOG_INFO, "directory.read", log_int("version", fresh.version), log_int("devices", (int64_t)HASH_COUNT(fresh.devices)));
    review_sessions(c);
    check_ready(c);
}

static void on_chore(struct read *read, const PGresult *result, const char *fault) {
    struct chore *chore = chore_of(read);
    struct core *c = chore->core;
    size_t which = (size_t)(chore - c->chores);
    chore->busy = false;
    if (fault) return;
    if (which == CHORE_VERSION) on_version(c, result);
    else if (which == CHORE_DIRECTORY) on_directory(c, result);
    else if (which == CHORE_SEARCH && PQntuples(result) == 1 && mapping_get_int4(result, 0, 0) == SEARCH_INDEX_LIMIT) chore->next_ms = 0;
}

static void run_chore(struct chore *chore) {
    if (chore->busy) return;
    chore->read.statement = chore->statement;
    chore->read.caller = (struct caller){0, 0, "", 0};
    chore->read.timeout_ms = 10000;
    chore->read.done = on_chore;
    chore->busy = readers_submit(chore->core->readers, &chore->read);
}

static void on_tick(uv_timer_t *timer) {
    struct core *c = timer->data;
    uint64_t now = uv_now(c->loop);
    for (size_t i = 0; i < sizeof c->chores / sizeof *c->chores; i++) {
        struct chore *chore = &c->chores[i];
        if (!chore->every_ms || now < chore->next_ms || !readers_are_ready(c->readers)) continue;
        chore->next_ms = now + chore->every_ms;
        run_chore(chore);
    }
}

/* Their parameters are numbers of the core's own; they stand in the chore for its life. */
static void set_up_chores(struct core *c) {
    static const char *const names[] = {"_directory_version", "_directory", "_search_index", "_feed_keep"};
    static const uint64_t every[] = {1000, 0, 1000, 60000};
    static uint8_t limit[4] = {SEARCH_INDEX_LIMIT >> 24, (SEARCH_INDEX_LIMIT >> 16) & 255, (SEARCH_INDEX_LIMIT >> 8) & 255, SEARCH_INDEX_LIMIT & 255};
    static const char *limit_value[] = {(const char *)limit};
    static int limit_length[] = {4}, keep_length[] = {8};
    for (size_t i = 0; i < sizeof c->chores / sizeof *c->chores; i++)
        c->chores[i] = (struct chore){.core = c, .statement = find_statement(c, names[i]), .every_ms = every[i]};
    for (int i = 0; i < 8; i++) c->keep[i] = (char)((uint64_t)c->options.feed_keep_ms >> (56 - 8 * i));
    c->keep_value[0] = c->keep;
    c->chores[CHORE_SEARCH].read.binding = (struct binding){limit_value, limit_length};
    c->chores[CHORE_KEEP].read.binding = (struct binding){c->keep_value, keep_length};
}

/* ---- start */

static bool start_writer(struct core *c, struct metrics *metrics) {
    static const char *const names[] = {"_pen", "_caller", "_notify"};
    size_t count;
    c->writer_list = collect(c, true, names, 3, &count);
    if (!c->writer_list) return false;
    struct writer_options o = {.pen = find_statement(c, "_pen"), .caller = find_statement(c, "_caller"), .notify = find_statement(c, "_notify"),
                               .guard = find_statement(c, "_guard"), .barrier = find_statement(c, "_barrier"), .statements = c->writer_list,
                               .statements_count = count, .queue_limit = c->options.queue_limit, .ready = on_writer_ready,
                               .refused = on_refused, .committed = on_committed, .arg = c};
    c->writer = writer_start(c->loop, c->options.database, c->options.node, c->options.connect_timeout_ms, &o, metrics);
    return c->writer != NULL;
}

static bool start_readers(struct core *c, struct metrics *metrics) {
    static const char *const names[] = {"_caller", "_snapshot", "_feed_page", "_feed_at", "_directory", "_directory_version", "_search_index", "_feed_keep"};
    size_t count;
    c->reader_list = collect(c, false, names, sizeof names / sizeof *names, &count);
    if (!c->reader_list) return false;
    struct readers_options o = {.caller = find_statement(c, "_caller"), .guard = find_statement(c, "_guard"), .statements = c->reader_list,
                                .statements_count = count, .connections = c->options.readers, .queue_limit = c->options.queue_limit,
                                .ready = on_readers_ready, .refused = on_refused, .arg = c};
    c->readers = readers_start(c->loop, c->options.database, c->options.node, c->options.connect_timeout_ms, &o, metrics);
    return c->readers != NULL;
}

static bool start_feed(struct core *c, struct metrics *metrics) {
    struct feed_options o = {.statements = {find_statement(c, "_feed_pull"), find_statement(c, "_feed_page"), find_statement(c, "_feed_head"),
                                            find_statement(c, "_feed_at"), find_statement(c, "_secret"), find_statement(c, "_snapshot")},
                             .guard = find_statement(c, "_guard"), .snapshot_plan = &c->snapshot_plan, .readers = c->readers,
                             .ring_bytes = c->options.ring_bytes, .ready = on_feed_ready, .refused = on_refused, .arg = c};
    c->feed = feed_start(c->loop, c->options.database, c->options.node, c->options.connect_timeout_ms, &o, metrics);
    return c->feed != NULL;
}

static void add_metrics(struct core *c, struct metrics *metrics) {
    static const char *const codes[] = {
        "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS",
        "UNAUTHENTICATED", "PENDING"};
    c->calls = (struct metric){.name = "liandong_calls_total", .help = "Requests answered"};
    c->call_us = (struct metric){.name = "liandong_call_seconds", .help = "From a request's arrival to its answer", .type = METRIC_HISTOGRAM};
    c->sessions_open = (struct metric){.name = "liandong_sessions", .help = "Connections past the handshake", .type = METRIC_GAUGE};
    metrics_add(metrics, &c->calls);
    metrics_add(metrics, &c->call_us);
    metrics_add(metrics, &c->sessions_open);
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        snprintf(c->code_names[i], sizeof c->code_names[i], "liandong_answers_total{code=\"%s\"}", codes[i]);
        c->by_code[i] = (struct metric){.name = c->code_names[i], .help = i ? NULL : "Answers by code"};
        metrics_add(metrics, &c->by_code[i]);
    }
}

static bool copy_options(struct core *c, const struct core_options *o) {
    c->options = *o;
    c->options.database = strdup(o->database);
    c->options.node = strdup(o->node);
    return c->options.database && c->options.node;
}

struct core *core_start(uv_loop_t *loop, const struct core_options *options, struct metrics *metrics) {
    char error[256] = "out of memory";
    struct core *c = calloc(1, sizeof *c);
    if (!c) return NULL;
    c->loop = loop;
    /* Start-up memory is not given back where it fails: the process ends. */
    if (!copy_options(c, options) || !parse_statements(c, error, sizeof error) || !match_requests(c, error, sizeof error) ||
        uv_timer_init(loop, &c->tick) != 0 || !start_writer(c, metrics) || !start_readers(c, metrics) || !start_feed(c, metrics)) {
        log_event(LOG_ERROR, "core.start", log_str("error", error));
        return NULL;
    }
    set_up_chores(c);
    c->tick.data = c;
    uv_timer_start(&c->tick, on_tick, 10, TICK_MS);
    add_metrics(c, metrics);
    return c;
}

void core_when_ready(struct core *c, void (*ready)(void *arg, bool ok, const char *why), void *arg) {
    c->on_ready = ready;
    c->on_ready_arg = arg;
    check_ready(c);
}

bool core_healthy(const struct core *c, const char **why) {
    const char *reason = !c->ready                     ? "not ready"
                         : !writer_is_ready(c->writer) ? "the writer has no database connection"
                         : !feed_is_ready(c->feed)     ? "the feed has no database connection"
                                                       : NULL;
    if (why) *why = reason;
    return !reason;
}

void core_drain(struct core *c) { c->draining = true; }
bool core_quiet(const struct core *c) { return writer_load(c->writer) == 0; }

/* ---- stop */

static void free_core(struct core *c) {
    void (*done)(void *arg) = c->stopped;
    void *arg = c->stopped_arg;
    for (size_t i = 0; i < c->statements_count; i++) statement_free(&c->statements[i]);
    for (unsigned i = 0; i < REQUESTS; i++) free(c->plans[i]);
    for (struct call *call = c->free_calls, *next; call; call = next) {
        next = call->next_free;
        arena_free(&call->arena);
        free(call);
    }
    directory_free(&c->directory);
    free(c->statements);
    free(c->writer_list);
    free(c->reader_list);
    free((char *)(uintptr_t)c->options.database);
    free((char *)(uintptr_t)c->options.node);
    free(c);
    if (done) done(arg);
}

static void on_part_stopped(void *arg) {
    struct core *c = arg;
    if (--c->stopping == 0) free_core(c);
}
static void on_tick_closed(uv_handle_t *handle) { on_part_stopped(handle->data); }

void core_stop(struct core *c, void (*done)(void *arg), void *arg) {
    c->stopped = done;
    c->stopped_arg = arg;
    c->stopping = 4;
    uv_timer_stop(&c->tick);
    uv_close((uv_handle_t *)&c->tick, on_tick_closed);
    writer_stop(c->writer, on_part_stopped, c);
    readers_stop(c->readers, on_part_stopped, c);
    feed_stop(c->feed, on_part_stopped, c);
}
