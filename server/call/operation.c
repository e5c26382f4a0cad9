#include "call/operation.h"
#include "call/operation_part.h"
#include "common/clock.h"
#include "common/log.h"
#include "db/contract.h"
#include <stdlib.h>
#include <string.h>

#define BEAT_TIMEOUT_MS     8000u
#define DATA_EXCEPTION      "22"  /* class of SQLSTATE */
#define DRAIN_TELL_MS       2000u /* a database that does not take the last beat holds nobody up */
#define DRAIN_UNANSWERED_MS 5000u /* an order to drain is carried out although its answer could not be recorded */

/* ---- the beat */

static void tell_all_anew(struct operation *o) {
    struct session *s;
    for (s = o->core->sessions; s; s = s->next) s->told = false;
    o->afresh = true;
    o->over_count = o->over_told = 0;
}

/* Lines about this go to the node's own file only. */
static void note_fault(struct operation *o, const char *fault) {
    if (fault && !o->failing) log_event(LOG_WARN, "operation.behind", log_str("fault", fault));
    if (!fault && o->failing) log_event(LOG_INFO, "operation.caught_up", log_int("dropped", o->dropped.value));
    o->failing = fault != NULL;
}

static void settle_answers(struct operation *o, bool recorded) {
    size_t kept = 0;
    for (size_t i = 0; i < o->answers_count; i++) {
        if (recorded && o->answers[i].told) continue;
        o->answers[kept] = o->answers[i];
        o->answers[kept++].told = false;
    }
    o->answers_count = kept;
}

static void settle_over(struct operation *o) {
    memmove(o->over, o->over + o->over_told, (o->over_count - o->over_told) * sizeof *o->over);
    o->over_count -= o->over_told;
    o->over_told = 0;
}

static void on_beat(struct read *read, const PGresult *r, const char *fault) {
    struct operation *o = (struct operation *)(void *)((char *)read - offsetof(struct operation, beat));
    o->beating = false;
    o->draining_told |= o->draining_telling && !fault;
    o->draining_telling = false;
    settle_answers(o, !fault);
    note_fault(o, fault);
    if (fault) {
        /* What PostgreSQL can't read it can't read again: lines are given up. */
        if (strncmp(read->sqlstate, DATA_EXCEPTION, 2) == 0) line_queue_done(&o->lines, false);
        tell_all_anew(o);
        return;
    }
    line_queue_done(&o->lines, true);
    o->database_ms = (uint32_t)((clock_monotonic_us() - o->sent_us) / 1000);
    settle_over(o);
    if (PQntuples(r) == 0) return;
    if (PQgetvalue(r, 0, BEAT_KNOWN)[0] == 0) tell_all_anew(o);
    int64_t head = PQgetisnull(r, 0, BEAT_LOG_HEAD) ? 0 : mapping_get_int8(r, 0, BEAT_LOG_HEAD);
    bool news = head != o->log_head;
    o->log_head = head;
    operation_take_orders(o, r);
    operation_review_held(o, news);
    bool more = o->lines.waiting > 0 && buffer_size(&o->lines.lines) > LINE_BATCH_CAP / 2;
    if (o->answers_count > 0 || more) o->beat_at = uv_now(o->core->loop); /* somebody waits */
}

static void send_beat(struct operation *o) {
    uint64_t first;
    const char *lines = line_queue_take(&o->lines, &first);
    if (!operation_compose(o, first)) { /* without memory: the next beat tries again, with everything */
        tell_all_anew(o);
        return;
    }
    o->values[0] = (const char *)buffer_head(&o->document);
    o->lengths[0] = (int)buffer_size(&o->document) - 1; /* the NUL */
    o->values[1] = lines;
    o->lengths[1] = (int)strlen(lines);
    o->beat.binding = (struct binding){o->values, o->lengths};
    o->draining_telling = o->draining_since != 0;
    o->sent_us = clock_monotonic_us();
    o->beating = readers_submit(o->core->readers, &o->beat);
    if (!o->beating) tell_all_anew(o);
}

static void on_forgotten(struct read *read, const PGresult *r, const char *fault) {
    struct operation *o = (struct operation *)(void *)((char *)read - offsetof(struct operation, forget));
    (void)r;
    o->forgetting = false;
    if (fault) log_event(LOG_WARN, "operation.not_forgotten", log_str("fault", fault));
}

/* An order to drain: first the answer is recorded. */
static void drain_if_due(struct operation *o, uint64_t now) {
    const struct core_host *host = &o->core->options.host;
    if (o->drain_at == 0 || now < o->drain_at) return;
    if (o->answers_count > 0 && now < o->drain_at + DRAIN_UNANSWERED_MS) return;
    o->drain_at = 0;
    if (host->drain) host->drain(host->arg);
}

void operation_tick(struct operation *o) {
    uint64_t now = uv_now(o->core->loop);
    drain_if_due(o, now);
    if (!o->core->ready || !readers_are_ready(o->core->readers)) return;
    if (!o->beating && now >= o->beat_at) {
        o->beat_at = now + OPERATION_BEAT_MS;
        send_beat(o);
    }
    if (!o->forgetting && now >= o->forget_at) {
        o->forget_at = now + OPERATION_FORGET_MS;
        o->forgetting = readers_submit(o->core->readers, &o->forget);
    }
    o->dropped.value = (int64_t)o->lines.dropped_total;
    o->handed.value = (int64_t)(o->lines.next - 1 - o->lines.waiting - o->lines.dropped_total);
}

/* ---- for the core */

void operation_session_over(struct operation *o, const struct session *s) {
    if (!s->told || o->afresh) return;
    if (o->over_count < OPERATION_OVER)
        o->over[o->over_count++] = s->id;
    else
        tell_all_anew(o);
}

void operation_drain(struct operation *o) {
    o->draining_since = uv_now(o->core->loop) + 1;
    o->beat_at = 0;
    operation_review_held(o, false);
}

bool operation_is_quiet(const struct operation *o) {
    if (o->draining_since == 0 || o->draining_told || !readers_are_ready(o->core->readers)) return true;
    return uv_now(o->core->loop) > o->draining_since + DRAIN_TELL_MS;
}

bool operation_contract(const struct core *core, char *error, size_t room) {
    static const char *const names[BEAT_COLUMNS] = {"known",  "log_head", "order", "kind", "session",
                                                    "device", "office",   "level", "after"};
    static const Oid types[BEAT_COLUMNS] = {TYPE_BOOL, TYPE_INT8, TYPE_TEXT, TYPE_TEXT, TYPE_TEXT,
                                            TYPE_INT8, TYPE_INT4, TYPE_TEXT, TYPE_INT4};
    return contract_columns(core_find_statement(core, "_node_beat"), names, types, BEAT_COLUMNS, error, room);
}

static void on_line(void *arg, const char *line, size_t size) {
    line_queue_put(&((struct operation *)arg)->lines, line, size);
}

static struct read own_read(const struct core *core, const char *statement,
                            void (*done)(struct read *r, const PGresult *result, const char *fault)) {
    return (struct read){.statement = core_find_statement(core, statement),
                         .caller = {.officer = ""},
                         .timeout_ms = BEAT_TIMEOUT_MS,
                         .quiet = true,
                         .done = done};
}

struct operation *operation_start(struct core *core, struct metrics *metrics) {
    uint8_t instance[UUID_SIZE];
    struct operation *o = calloc(1, sizeof *o);
    if (!o || !uuid_make(instance)) {
        free(o);
        return NULL;
    }
    uuid_print(o->instance, instance);
    o->core = core;
    o->started = clock_now_ms();
    o->afresh = true;
    o->beat = own_read(core, "_node_beat", on_beat);
    o->forget = own_read(core, "_node_forget", on_forgotten);
    line_queue_init(&o->lines);
    buffer_init(&o->document, OPERATION_DOCUMENT_CAP);
    o->handed = (struct metric){.name = "liandong_log_lines_handed_on_total",
                                .help = "Lines of the log that other nodes can read"};
    o->dropped = (struct metric){.name = "liandong_log_lines_dropped_total",
                                 .help = "Lines that only this node's own log has: the database was away for too long"};
    metrics_add(metrics, &o->handed);
    metrics_add(metrics, &o->dropped);
    log_tap(on_line, o);
    return o;
}

void operation_free(struct operation *o) {
    if (!o) return;
    log_tap(NULL, NULL);
    line_queue_free(&o->lines);
    buffer_free(&o->document);
    free(o);
}
