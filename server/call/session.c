#include "call/session.h"
#include "call/call.h"
#include "call/enrol.h"
#include "common/clock.h"
#include "common/frame.h"
#include "common/log.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

struct session *session_open(struct core *core, const struct session_peer *peer, const struct session_io *io,
                             void *conn) {
    struct session *s = calloc(1, sizeof *s);
    if (!s) return NULL;
    s->core = core;
    s->io = *io;
    s->conn = conn;
    s->id = peer->id;
    s->enrolling = peer->enrolling;
    s->opened_ms = uv_now(core->loop);
    s->certificate_expires_at = peer->expires_at;
    memcpy(s->key, peer->key, sizeof s->key);
    s->uri = peer->uri;
    snprintf(s->address, sizeof s->address, "%s", peer->address ? peer->address : "");
    DL_APPEND(core->sessions, s);
    core->sessions_open.value++;
    return s;
}

const char *session_admit(struct session *s) {
    if (s->enrolling) return NULL; /* nobody, who may nothing but be enrolled */
    const struct device *d = directory_find(&s->core->directory, s->key);
    if (!d || !directory_is_named(d, s->uri)) {
        /* The peer learns no more than that; which of the two it was stands in the log, without the certificate's text.
         */
        struct log_field suppressed;
        if (log_gate_open(&s->core->strangers, uv_now(s->core->loop), &suppressed))
            log_event(LOG_WARN, "hello.stranger", log_int("conn", (int64_t)s->id),
                      log_str("detail", d ? "the certificate's URI is not the device's" : "no device has this key"),
                      log_int("device", d ? d->id : 0), suppressed);
        return "UNKNOWN_DEVICE";
    }
    if (s->certificate_expires_at && s->certificate_expires_at < clock_now_ms()) return "CERTIFICATE_EXPIRED";
    s->device = d->id;
    s->actor = d->acts;
    s->since = clock_now_ms();
    return NULL;
}

bool session_send(struct session *s, const ProtobufCMessage *to_client) {
    if (s->state == SESSION_CLOSING) return false;
    if (wire_put_frame(s->io.output(s->conn), to_client)) {
        s->io.flush(s->conn);
        return true;
    }
    s->io.close(s->conn, "SLOW_READER");
    return false;
}

struct session_traffic session_traffic(const struct session *s) {
    struct session_traffic t = {.queue = s->io.backlog(s->conn)};
    if (s->io.traffic) s->io.traffic(s->conn, &t.in, &t.out);
    return t;
}

void session_call_over(struct session *s) {
    if (s->state != SESSION_CLOSING) s->io.resume(s->conn);
}

size_t session_frame_cap(const struct session *s) {
    return s->state == SESSION_FRESH || s->enrolling ? FRAME_CAP_HELLO : FRAME_CAP;
}
bool session_can_take(const struct session *s) { return !s->call && s->state != SESSION_CLOSING; }
void session_frame(struct session *s, const uint8_t *payload, size_t size) { call_begin(s, payload, size); }

void session_bad_stream(struct session *s, const char *reason) {
    const struct status_row *row = status_find(reason);
    Liandong__V1__Status status = LIANDONG__V1__STATUS__INIT;
    Liandong__V1__ToClient m = LIANDONG__V1__TO_CLIENT__INIT;
    status.has_code = true;
    status.code = row->code;
    status.reason = wire_borrow(row->reason);
    status.message = wire_borrow(row->message);
    status.hint = wire_borrow(s->english ? row->message : row->hint);
    m.status = &status;
    session_send(s, &m.base);
}

void session_drained(struct session *s) {
    if (s->watcher) watcher_continue(s->watcher);
}

uint64_t session_deadline(const struct session *s) {
    if (s->call) return s->call->deadline_ms;
    return s->enrolling ? s->opened_ms + ENROL_SECONDS * 1000 : 0;
}

void session_expired(struct session *s, uint64_t now_ms) {
    struct call *c = s->call;
    if (!c && s->enrolling && session_deadline(s) <= now_ms) s->io.close(s->conn, "ENROLMENT_OVER");
    if (!c || c->deadline_ms > now_ms) return;
    if (c == s->watch_call) { /* the watch's start waits for the database */
        s->watch_call = NULL;
        call_refuse(c, "DEADLINE", NULL);
        s->io.close(s->conn, "DEADLINE");
        return;
    }
    call_expire(c);
}

void session_heartbeat(struct session *s) {
    if (s->watcher && watcher_is_live(s->watcher))
        watcher_sync(s->watcher);
    else
        session_ping(s);
}

void session_ping(struct session *s) {
    Liandong__V1__Ping ping = LIANDONG__V1__PING__INIT;
    Liandong__V1__ToClient m = LIANDONG__V1__TO_CLIENT__INIT;
    if (s->state != SESSION_OPEN) return;
    ping.has_token = true;
    ping.token = clock_monotonic_us();
    m.body_case = LIANDONG__V1__TO_CLIENT__BODY_PING;
    m.ping = &ping;
    session_send(s, &m.base);
}

void session_go_away(struct session *s, const char *reason, uint32_t after_ms, uint32_t jitter_ms) {
    Liandong__V1__GoAway away = LIANDONG__V1__GO_AWAY__INIT;
    Liandong__V1__ToClient m = LIANDONG__V1__TO_CLIENT__INIT;
    if (s->state != SESSION_OPEN) return;
    away.reason = wire_borrow(reason);
    away.has_reconnect_after_ms = away.has_jitter_ms = true;
    away.reconnect_after_ms = after_ms;
    away.jitter_ms = jitter_ms;
    m.body_case = LIANDONG__V1__TO_CLIENT__BODY_GO_AWAY;
    m.go_away = &away;
    session_send(s, &m.base);
}

bool session_quiet(const struct session *s) { return !s->call && (!s->watcher || watcher_is_live(s->watcher)); }

void session_close(struct session *s) {
    s->state = SESSION_CLOSING;
    if (s->watcher) watcher_stop(s->watcher);
    s->watcher = NULL;
    if (s->call) call_abandon(s->call);
    operation_session_over(s->core->operation, s);
    DL_DELETE(s->core->sessions, s);
    s->core->sessions_open.value--;
    free(s);
}

const char *session_office(const struct session *s) { return s->actor.office_code; }
const char *session_officer(const struct session *s) { return s->actor.officer; }
