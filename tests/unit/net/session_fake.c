#include "session_fake.h"
#include "common/frame.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define SESSIONS 64

struct session {
    struct session_io io;
    void *conn;
    bool greeted, in_flight;
    uint8_t *call;
    size_t call_size, poured;
};
struct fake fake;
static struct session *sessions[SESSIONS];

static void say(struct session *s, const uint8_t *payload, size_t size) {
    uint8_t header[FRAME_HEADER];
    struct buffer *out = s->io.output(s->conn);
    frame_header(header, (uint32_t)size);
    if (!buffer_put(out, header, sizeof header) || !buffer_put(out, payload, size)) {
        s->io.close(s->conn, "NO_ROOM");
        return;
    }
    s->io.flush(s->conn);
}

static void pour(struct session *s) {
    uint8_t payload[1000 - FRAME_HEADER];
    while (s->poured < fake.pour && s->io.backlog(s->conn) < FAKE_HIGH_WATER) {
        memset(payload, 'a' + (int)(s->poured / 1000 % 26), sizeof payload);
        say(s, payload, sizeof payload);
        s->poured += 1000;
        if (s->io.backlog(s->conn) > fake.largest_backlog) fake.largest_backlog = s->io.backlog(s->conn);
    }
}

struct session *session_open(struct core *core, const struct session_peer *peer, const struct session_io *io,
                             void *conn) {
    (void)core;
    assert(peer->address && peer->id && peer->expires_at && peer->uri);
    if (fake.refuses) return NULL;
    struct session *s = calloc(1, sizeof *s);
    if (!s) return NULL;
    s->io = *io;
    s->conn = conn;
    for (size_t i = 0; i < SESSIONS; i++)
        if (!sessions[i]) {
            sessions[i] = s;
            break;
        }
    fake.opened++;
    return s;
}
size_t session_frame_cap(const struct session *s) { return s->greeted ? FRAME_CAP : FRAME_CAP_HELLO; }
bool session_can_take(const struct session *s) { return !s->in_flight; }

void session_frame(struct session *s, const uint8_t *payload, size_t size) {
    assert(!s->in_flight && size <= session_frame_cap(s));
    fake.frames++;
    bool first = !s->greeted;
    s->greeted = true;
    if (fake.later && !first) {
        s->call = malloc(size);
        s->call_size = size;
        s->in_flight = s->call != NULL;
        if (s->call)
            memcpy(s->call, payload, size);
        else
            s->io.close(s->conn, "NO_MEMORY");
        return;
    }
    say(s, payload, size);
    if (fake.closes && size == 5 && memcmp(payload, "close", 5) == 0) s->io.close(s->conn, "ASKED");
    pour(s);
}
void session_bad_stream(struct session *s, const char *reason) { say(s, (const uint8_t *)reason, strlen(reason)); }
bool fake_answer(void) {
    bool any = false;
    for (size_t i = 0; i < SESSIONS; i++) {
        struct session *s = sessions[i];
        if (!s || !s->in_flight) continue;
        s->in_flight = false;
        any = true;
        say(s, s->call, s->call_size);
        free(s->call);
        s->call = NULL;
        s->io.resume(s->conn);
    }
    return any;
}

void session_drained(struct session *s) {
    fake.drained++;
    pour(s);
}
uint64_t session_deadline(const struct session *s) {
    (void)s;
    return fake.deadline;
}
void session_expired(struct session *s, uint64_t now_ms) {
    (void)s;
    assert(now_ms >= fake.deadline);
    fake.deadline = 0;
    fake.expired++;
}
void session_heartbeat(struct session *s) {
    fake.heartbeats++;
    say(s, (const uint8_t *)"beat", 4);
}
void session_ping(struct session *s) { say(s, (const uint8_t *)"ping", 4); }
void session_go_away(struct session *s, const char *reason, uint32_t after_ms, uint32_t jitter_ms) {
    (void)after_ms;
    (void)jitter_ms;
    say(s, (const uint8_t *)reason, strlen(reason));
}
bool session_quiet(const struct session *s) { return !s->in_flight; }
void session_close(struct session *s) {
    for (size_t i = 0; i < SESSIONS; i++)
        if (sessions[i] == s) sessions[i] = NULL;
    fake.closed++;
    free(s->call);
    free(s);
}
const char *session_office(const struct session *s) { return s->greeted ? "test" : ""; }
const char *session_officer(const struct session *s) { return s->greeted ? "test" : ""; }
