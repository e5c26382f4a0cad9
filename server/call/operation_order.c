/* Orders that administrators gave: each is carried out once, and answered. */
#include "call/operation_part.h"
#include "common/log.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whoever was sent away comes back by itself, as after every end of a connection; not at once. */
#define KICK_AFTER_MS  5000u
#define KICK_JITTER_MS 2000u

static bool was_carried_out(const struct operation *o, const char *id) {
    for (size_t i = 0; i < OPERATION_REMEMBERED; i++)
        if (strcmp(o->carried_out[i], id) == 0) return true;
    return false;
}

static uint32_t kick(struct operation *o, const PGresult *r, int row) {
    bool by_session = !PQgetisnull(r, row, BEAT_SESSION), by_device = !PQgetisnull(r, row, BEAT_DEVICE),
         by_office = !PQgetisnull(r, row, BEAT_OFFICE);
    uint64_t id = by_session ? strtoull(PQgetvalue(r, row, BEAT_SESSION), NULL, 10) : 0;
    int64_t device = by_device ? mapping_get_int8(r, row, BEAT_DEVICE) : 0;
    int32_t office = by_office ? mapping_get_int4(r, row, BEAT_OFFICE) : 0;
    uint32_t count = 0;
    for (struct session *s = o->core->sessions; s; s = s->next) {
        bool meant = by_session  ? s->id == id
                     : by_device ? s->device == device
                                 : by_office && s->actor.office == office;
        if (s->state != SESSION_OPEN || s->enrolling || !meant) continue; /* who enrols is nobody yet */
        log_event(LOG_WARN, "session.kicked", log_int("conn", (int64_t)s->id), log_int("device", s->device),
                  log_str("office", s->actor.office_code));
        session_go_away(s, "KICKED", KICK_AFTER_MS, KICK_JITTER_MS);
        s->io.close(s->conn, "KICKED"); /* later, not from within */
        count++;
    }
    return count;
}

static void set_level(const PGresult *r, int row, char *outcome, size_t room) {
    enum log_level from = log_get_level(), to;
    if (PQgetisnull(r, row, BEAT_LEVEL) || !log_parse_level(&to, PQgetvalue(r, row, BEAT_LEVEL))) return;
    snprintf(outcome, room, "%s -> %s", log_level_name(from), log_level_name(to));
    if (to > LOG_WARN)
        log_event(LOG_WARN, "log.level", log_str("from", log_level_name(from)), log_str("to", log_level_name(to)));
    log_set_level(to);
    if (to <= LOG_WARN)
        log_event(LOG_WARN, "log.level", log_str("from", log_level_name(from)), log_str("to", log_level_name(to)));
}

static void carry_out(struct operation *o, const PGresult *r, int row) {
    struct operation_answer *a = &o->answers[o->answers_count++];
    const char *kind = PQgetvalue(r, row, BEAT_KIND);
    *a = (struct operation_answer){.outcome = ""};
    snprintf(a->id, sizeof a->id, "%s", PQgetvalue(r, row, BEAT_ORDER));
    memcpy(o->carried_out[o->carried_out_next++ % OPERATION_REMEMBERED], a->id, sizeof a->id);
    log_event(LOG_WARN, "order.carried_out", log_str("order", a->id), log_str("kind", kind));
    if (strcmp(kind, "kick_sessions") == 0) {
        a->count = kick(o, r, row);
    } else if (strcmp(kind, "set_log_level") == 0) {
        set_level(r, row, a->outcome, sizeof a->outcome);
    } else if (strcmp(kind, "drain_node") == 0) {
        int32_t after = PQgetisnull(r, row, BEAT_AFTER) ? 0 : mapping_get_int4(r, row, BEAT_AFTER);
        o->drain_at = uv_now(o->core->loop) + (uint64_t)after * 1000;
        a->count = (uint32_t)o->core->sessions_open.value;
    }
}

void operation_take_orders(struct operation *o, const PGresult *r) {
    for (int row = 0; row < PQntuples(r); row++) {
        if (PQgetisnull(r, row, BEAT_ORDER) || was_carried_out(o, PQgetvalue(r, row, BEAT_ORDER))) continue;
        if (o->answers_count == OPERATION_ORDERS) return; /* the next beat gives it again */
        carry_out(o, r, row);
    }
}
