#include "call/core.h"
#include "call/call.h"
#include "call/core_part.h"
#include "common/ca.h"
#include "common/log.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TICK_MS 100

/* ---- becoming ready */

static void tell(struct core *c, bool ok, const char *why) {
    if (c->told || !c->on_ready) return;
    c->told = true;
    c->ready = ok;
    c->on_ready(c->on_ready_arg, ok, why);
}

void core_check_ready(struct core *c) {
    char error[256];
    if (c->told || !c->on_ready || !c->writer_ready || !c->readers_ready || !c->feed_ready || !c->directory.version ||
        !c->sealing_ready)
        return;
    if (core_compile_plans(c, error, sizeof error)) {
        tell(c, true, NULL);
        core_look_at_alerts(c);
        return;
    }
    log_event(LOG_ERROR, "contract.broken", log_str("what", error));
    tell(c, false,
         "程序与数据库中的请求定义不一致，请执行 liandongd migrate，或改用与数据库一致的程序版本（详见日志 "
         "contract.broken）");
}

void core_refuse(struct core *c, const char *why) { tell(c, false, why); }
static void on_refused(void *arg, const char *why) { tell(arg, false, why); }
/* The look that follows finds whom the alert concerns no longer, and what other nodes raised. */
static void on_alerted(void *arg) {
    struct core *c = arg;
    if (c->alarm) notices_tell(c, c->alarm);
    core_look_at_alerts(c);
}
static void on_writer_ready(void *arg) {
    struct core *c = arg;
    c->writer_ready = true;
    core_check_ready(c);
}
static void on_readers_ready(void *arg) {
    struct core *c = arg;
    c->readers_ready = true;
    core_check_ready(c);
}
static void on_feed_ready(void *arg) {
    struct core *c = arg;
    c->feed_ready = true;
    core_check_ready(c);
}
static void on_committed(void *arg, const PGresult *pen, const PGresult *tail, const PGresult *alarm) {
    struct core *c = arg;
    c->alarm = alarm;
    feed_take(c->feed, pen, tail);
    c->alarm = NULL;
}
static void on_poked(void *arg) {
    struct core *c = arg;
    if (c->feed) feed_poke(c->feed); /* the writer is there first */
}

/* ---- start */

/* All statements of the requests in the given lanes, and the named internal ones. */
static struct statement **collect(struct core *c, bool groups, const char *const *names, size_t names_count,
                                  size_t *count) {
    struct statement **list = calloc(REQUESTS + names_count, sizeof *list);
    *count = 0;
    if (!list) return NULL;
    for (size_t i = 0; i < names_count; i++) list[(*count)++] = core_find_statement(c, names[i]);
    for (unsigned i = 0; i < REQUESTS; i++)
        if (c->by_request[i] && request_in_group(requests[i].lane) == groups) list[(*count)++] = c->by_request[i];
    return list;
}

static bool start_writer(struct core *c, struct metrics *metrics) {
    static const char *const names[] = {"_pen",        "_caller",      "_notify",         "_feed_tail", "_audit_denied",
                                        "_sign_heads", "_login_begin", "_login_password", "_rows_read", "_alarm"};
    size_t count;
    c->writer_list = collect(c, true, names, sizeof names / sizeof *names, &count);
    if (!c->writer_list) return false;
    struct writer_options o = {.pen = core_find_statement(c, "_pen"),
                               .caller = core_find_statement(c, "_caller"),
                               .notify = core_find_statement(c, "_notify"),
                               .tail = core_find_statement(c, "_feed_tail"),
                               .guard = core_find_statement(c, "_guard"),
                               .barrier = core_find_statement(c, "_barrier"),
                               .alarm = core_find_statement(c, "_alarm"),
                               .statements = c->writer_list,
                               .statements_count = count,
                               .queue_limit = c->options.queue_limit,
                               .ready = on_writer_ready,
                               .refused = on_refused,
                               .committed = on_committed,
                               .poked = on_poked,
                               .arg = c};
    c->writer = writer_start(c->loop, c->options.database, c->options.node, c->options.connect_timeout_ms, &o, metrics);
    return c->writer != NULL;
}

static bool start_readers(struct core *c, struct metrics *metrics) {
    static const char *const names[] = {"_caller",
                                        "_snapshot",
                                        "_snapshot_disputes",
                                        "_snapshot_alerts",
                                        "_snapshot_transfers",
                                        "_snapshot_tasks",
                                        "_feed_page",
                                        "_feed_stretch",
                                        "_feed_at",
                                        "_directory",
                                        "_directory_version",
                                        "_search_index",
                                        "_feed_keep",
                                        "_heads",
                                        "_record",
                                        "_attachment",
                                        "_sealing_version",
                                        "_sealing_keys",
                                        "_sealing_make",
                                        "_sealing_behind",
                                        "_sealing_catch_up",
                                        "_node_beat",
                                        "_node_forget",
                                        "_login_secret",
                                        "_login_resume",
                                        "_logins_ended",
                                        "_logins_seen",
                                        "_reviews_due",
                                        "_pen_free",
                                        "_propose",
                                        "_clocks_due",
                                        "_alert_notices"};
    size_t count;
    c->reader_list = collect(c, false, names, sizeof names / sizeof *names, &count);
    if (!c->reader_list) return false;
    struct readers_options o = {.caller = core_find_statement(c, "_caller"),
                                .guard = core_find_statement(c, "_guard"),
                                .statements = c->reader_list,
                                .statements_count = count,
                                .connections = c->options.readers,
                                .queue_limit = c->options.queue_limit,
                                .ready = on_readers_ready,
                                .refused = on_refused,
                                .arg = c};
    c->readers =
        readers_start(c->loop, c->options.database, c->options.node, c->options.connect_timeout_ms, &o, metrics);
    return c->readers != NULL;
}

static bool start_feed(struct core *c, struct metrics *metrics) {
    core_find_snapshots(c);
    struct feed_options o = {
        .statements = {core_find_statement(c, "_feed_pull"), core_find_statement(c, "_feed_page"),
                       core_find_statement(c, "_feed_stretch"), core_find_statement(c, "_feed_head"),
                       core_find_statement(c, "_feed_at"), core_find_statement(c, "_secret"),
                       core_find_statement(c, "_feed_rights"), core_find_statement(c, "_feed_sensitive"),
                       core_find_statement(c, "_feed_named"), core_find_statement(c, "_feed_lapsed")},
        .guard = core_find_statement(c, "_guard"),
        .snapshots = c->snapshots,
        .snapshot_kinds = SNAPSHOT_KINDS,
        .readers = c->readers,
        .opener = {sealing_tell, &c->sealing},
        .ring_bytes = c->options.ring_bytes,
        .ready = on_feed_ready,
        .refused = on_refused,
        .alerted = on_alerted,
        .arg = c};
    c->feed = feed_start(c->loop, c->options.database, c->options.node, c->options.connect_timeout_ms, &o, metrics);
    return c->feed != NULL;
}

static void on_tick(uv_timer_t *timer) {
    struct core *c = timer->data;
    core_run_chores(c);
    core_work_sealing(c);
    operation_tick(c->operation);
}

static void add_metrics(struct core *c, struct metrics *metrics) {
    static const char *const codes[] = {"OK",
                                        "CANCELLED",
                                        "UNKNOWN",
                                        "INVALID_ARGUMENT",
                                        "DEADLINE_EXCEEDED",
                                        "NOT_FOUND",
                                        "ALREADY_EXISTS",
                                        "PERMISSION_DENIED",
                                        "RESOURCE_EXHAUSTED",
                                        "FAILED_PRECONDITION",
                                        "ABORTED",
                                        "OUT_OF_RANGE",
                                        "UNIMPLEMENTED",
                                        "INTERNAL",
                                        "UNAVAILABLE",
                                        "DATA_LOSS",
                                        "UNAUTHENTICATED",
                                        "PENDING"};
    c->calls = (struct metric){.name = "liandong_calls_total", .help = "Requests answered"};
    c->call_us = (struct metric){
        .name = "liandong_call_seconds", .help = "From a request's arrival to its answer", .type = METRIC_HISTOGRAM};
    c->sessions_open =
        (struct metric){.name = "liandong_sessions", .help = "Connections past the handshake", .type = METRIC_GAUGE};
    metrics_add(metrics, &c->calls);
    metrics_add(metrics, &c->call_us);
    metrics_add(metrics, &c->sessions_open);
    c->reviews_open =
        (struct metric){.name = "liandong_reviews_open", .help = "Break-glass not reviewed yet", .type = METRIC_GAUGE};
    c->reviews_overdue = (struct metric){
        .name = "liandong_reviews_overdue", .help = "Of these, later than the rule says", .type = METRIC_GAUGE};
    metrics_add(metrics, &c->reviews_open);
    metrics_add(metrics, &c->reviews_overdue);
    clocks_init(&c->clocks, metrics);
    notices_init(&c->notices, metrics);
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
    c->options.audit_key = strdup(o->audit_key ? o->audit_key : "");
    c->options.seal_key_file = strdup(o->seal_key_file ? o->seal_key_file : "");
    return c->options.database && c->options.node && c->options.seal_key_file && c->options.audit_key;
}

struct core *core_start(uv_loop_t *loop, const struct core_options *options, struct metrics *metrics) {
    char error[256] = "out of memory";
    struct core *c = calloc(1, sizeof *c);
    if (!c) return NULL;
    c->loop = loop;
    /* Start-up memory is not given back where it fails: the process ends. */
    if (!copy_options(c, options) || !core_parse_statements(c, error, sizeof error) ||
        !core_match_requests(c, error, sizeof error) || uv_timer_init(loop, &c->tick) != 0 ||
        !core_start_sealing(c, error, sizeof error) || !start_writer(c, metrics) || !start_readers(c, metrics) ||
        !start_feed(c, metrics) || !(c->operation = operation_start(c, metrics))) {
        log_event(LOG_ERROR, "core.start", log_str("error", error));
        return NULL;
    }
    core_set_up_chores(c);
    signing_start(&c->signing, c, c->options.audit_key, metrics);
    c->tick.data = c;
    uv_timer_start(&c->tick, on_tick, 10, TICK_MS);
    add_metrics(c, metrics);
    return c;
}

void core_when_ready(struct core *c, void (*ready)(void *arg, bool ok, const char *why), void *arg) {
    c->on_ready = ready;
    c->on_ready_arg = arg;
    core_check_ready(c);
}

bool core_healthy(const struct core *c, const char **why) {
    const char *reason = !c->ready                     ? "not ready"
                         : !writer_is_ready(c->writer) ? "the writer has no database connection"
                         : !feed_is_ready(c->feed)     ? "the feed has no database connection"
                                                       : NULL;
    if (why) *why = reason;
    return !reason;
}

void core_set_authority(struct core *c, struct ca *authority) {
    ca_free(c->authority);
    c->authority = authority;
}

void core_drain(struct core *c) {
    c->draining = true;
    operation_drain(c->operation);
}
bool core_quiet(const struct core *c) { return writer_load(c->writer) == 0 && operation_is_quiet(c->operation); }

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
    operation_free(c->operation);
    directory_free(&c->directory);
    ca_free(c->authority);
    free(c->logins_open);
    free(c->statements);
    free(c->writer_list);
    free(c->reader_list);
    free((char *)(uintptr_t)c->options.database);
    free((char *)(uintptr_t)c->options.node);
    sealing_free(&c->sealing);
    notices_free(&c->notices);
    signing_stop(&c->signing);
    core_stop_sealing(c);
    free((char *)(uintptr_t)c->options.seal_key_file);
    free((char *)(uintptr_t)c->options.audit_key);
    free(c);
    if (done) done(arg);
}

static void on_part_stopped(void *arg) {
    struct core *c = arg;
    if (--c->stopping == 0 && c->working == 0) free_core(c);
}
void core_work_over(struct core *c) {
    if (c->stopped && c->stopping == 0 && c->working == 0) free_core(c);
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
