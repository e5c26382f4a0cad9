/* The document of a beat: one JSON object, as functions/operation.sql reads it. */
#include "call/operation_part.h"
#include "common/log.h"
#include "common/text.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>

#define METRICS_CAP (256u << 10)

static bool __attribute__((format(printf, 2, 3))) put(struct buffer *b, const char *format, ...) {
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return size >= 0 && (size_t)size < sizeof text && buffer_put(b, text, (size_t)size);
}

static bool put_bytes(struct buffer *b, const char *key, const char *text, size_t size) {
    size_t room = text_json(NULL, 0, text, size) + 1;
    if (!put(b, "\"%s\":\"", key)) return false;
    uint8_t *at = buffer_reserve(b, room);
    if (!at) return false;
    text_json((char *)at, room, text, size);
    buffer_grew(b, room - 1);
    return buffer_put(b, "\"", 1);
}
static bool put_text(struct buffer *b, const char *key, const char *text) {
    return put_bytes(b, key, text, strlen(text));
}

/* ---- sessions */

static bool put_session(struct buffer *b, struct session *s, bool first) {
    const struct actor *a = &s->actor;
    struct session_traffic traffic = session_traffic(s);
    bool good = put(b, "%s{\"conn\":%" PRIu64 ",\"device\":%" PRId64 ",\"role\":%d,\"since\":%" PRId64 ",\"new\":%s,",
                    first ? "" : ",", s->id, s->device, a->role, s->since, s->told ? "false" : "true") &&
                put_text(b, "office", a->office_code) && put(b, ",") && put_text(b, "officer", a->officer) &&
                put(b, ",") && put_text(b, "address", s->address) && put(b, ",") && put_text(b, "client", s->client) &&
                put(b, ",\"bytes_in\":%" PRIu64 ",\"bytes_out\":%" PRIu64 ",\"queue\":%zu,\"watches\":%s", traffic.in,
                    traffic.out, traffic.queue, s->watcher ? "true" : "false");
    if (good && s->last_request)
        good = put(b, ",\"last_at\":%" PRId64 ",", s->last_at) && put_text(b, "last_request", s->last_request);
    if (good && s->certificate_expires_at) good = put(b, ",\"certificate\":%" PRId64, s->certificate_expires_at);
    if (!good || !put(b, "}")) return false;
    s->told = true;
    s->traffic_told = traffic.in + traffic.out;
    return true;
}

static bool has_moved(const struct session *s) {
    struct session_traffic traffic = session_traffic(s);
    return s->traffic_told != traffic.in + traffic.out;
}

/* New ones, and some of those that moved. Whoever is told goes to the end of the core's list: so the next ones are
 * those told longest ago. */
static bool put_sessions(struct operation *o, struct buffer *b) {
    struct session *last = o->core->sessions ? o->core->sessions->prev : NULL, *s, *next;
    size_t news = 0, again = 0;
    if (!put(b, ",\"fresh\":%s,\"open\":[", o->afresh ? "true" : "false")) return false;
    for (s = last ? o->core->sessions : NULL; s; s = next) {
        next = s == last ? NULL : s->next;
        if (s->state != SESSION_OPEN) continue;
        if (s->told ? again == OPERATION_REFRESH || !has_moved(s) : news == OPERATION_NEWS) continue;
        *(s->told ? &again : &news) += 1;
        if (!put_session(b, s, news + again == 1)) return false;
        DL_DELETE(o->core->sessions, s);
        DL_APPEND(o->core->sessions, s);
    }
    o->afresh = false;
    if (!put(b, "],\"closed\":[")) return false;
    o->over_told = o->over_count < OPERATION_NEWS ? o->over_count : OPERATION_NEWS;
    for (size_t i = 0; i < o->over_told; i++)
        if (!put(b, i ? ",%" PRIu64 : "%" PRIu64, o->over[i])) return false;
    return put(b, "]");
}

/* ---- the node */

static bool put_metrics(struct operation *o, struct buffer *b) {
    const struct core_host *host = &o->core->options.host;
    uint64_t now = uv_now(o->core->loop);
    struct buffer page;
    if (!host->print_metrics || now < o->metrics_at) return true;
    o->metrics_at = now + OPERATION_METRICS_MS;
    buffer_init(&page, METRICS_CAP);
    bool good = !host->print_metrics(host->arg, &page) || buffer_size(&page) == 0 ||
                (put(b, ",") && put_bytes(b, "metrics", (const char *)buffer_head(&page), buffer_size(&page)));
    buffer_free(&page);
    return good;
}

static bool put_answers(struct operation *o, struct buffer *b) {
    if (!put(b, ",\"done\":[")) return false;
    for (size_t i = 0; i < o->answers_count; i++) {
        struct operation_answer *a = &o->answers[i];
        if (!put(b, "%s{\"id\":\"%s\",\"count\":%" PRIu32 ",", i ? "," : "", a->id, a->count) ||
            !put_text(b, "outcome", a->outcome) || !put(b, "}"))
            return false;
        a->told = true;
    }
    return put(b, "]");
}

static bool put_node(struct operation *o, struct buffer *b, uint64_t first_line) {
    static const int levels[] = {[LOG_ERROR] = 1, [LOG_WARN] = 2, [LOG_INFO] = 3, [LOG_DEBUG] = 4}; /* enum LogLevel */
    const struct core *c = o->core;
    const struct core_host *host = &c->options.host;
    const char *fault = NULL;
    bool good = put(b, "{\"instance\":\"%s\",", o->instance) && put_text(b, "node", c->options.node) &&
                put(b,
                    ",\"process\":%d,\"started\":%" PRId64 ",\"version\":\"" LIANDONG_VERSION
                    "\",\"state\":%d,\"level\":%d,\"sessions\":%" PRId64 ",\"writes_waiting\":%zu,\"head\":%" PRIu64
                    ",\"database_ms\":%" PRIu32 ",\"dropped\":%" PRIu64 ",\"first\":%" PRIu64,
                    (int)getpid(), o->started, c->draining ? 2 : 1, levels[log_get_level()], c->sessions_open.value,
                    writer_load(c->writer), feed_head(c->feed), o->database_ms, o->lines.dropped_total, first_line);
    if (good && host->certificate_expiry)
        good = put(b, ",\"certificate\":%" PRId64, host->certificate_expiry(host->arg));
    if (good && (!core_healthy(c, &fault) || (fault = signing_fault(&c->signing))))
        good = put(b, ",") && put_text(b, "fault", fault);
    return good;
}

bool operation_compose(struct operation *o, uint64_t first_line) {
    struct buffer *b = &o->document;
    buffer_consume(b, buffer_size(b));
    return put_node(o, b, first_line) && put_sessions(o, b) && put_answers(o, b) && put_metrics(o, b) &&
           buffer_put(b, "}", 2);
}
