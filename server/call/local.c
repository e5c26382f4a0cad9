#include "call/local.h"
#include "call/call.h"
#include "call/login.h"
#include "common/clock.h"
#include "common/frame.h"
#include "common/log.h"
#include <string.h>

#define PROTOCOL_VERSION 1u

/* Features of this version; a client names those it has, the answer names those that both have. */
static const char *const features[] = {"feed", "verify"};

static void common_features(const Liandong__V1__Hello *hello, Liandong__V1__HelloReply *reply, char **out) {
    reply->features = out;
    for (size_t i = 0; i < hello->n_features; i++)
        for (size_t j = 0; j < sizeof features / sizeof *features; j++)
            if (strcmp(hello->features[i], features[j]) == 0 && reply->n_features < sizeof features / sizeof *features)
                out[reply->n_features++] = wire_borrow(features[j]);
}

static void fill_hello(struct call *c, Liandong__V1__HelloReply *r) {
    struct actor *d = &c->session->actor;
    const struct core_options *o = &c->core->options;
    r->has_version = r->has_server_time = r->has_max_frame = r->has_heartbeat_ms = r->has_silence_limit_ms = true;
    r->version = PROTOCOL_VERSION;
    r->server = wire_borrow("liandongd/" LIANDONG_VERSION);
    r->server_time = clock_now_ms();
    r->max_frame = (uint32_t)session_frame_cap(c->session);
    r->heartbeat_ms = (uint32_t)o->heartbeat_ms;
    r->silence_limit_ms = (uint32_t)o->silence_limit_ms;
    if (c->session->enrolling) return;
    r->office_code = d->office_code;
    r->office_name = d->office_name;
    r->has_system = true;
    r->system = (Liandong__V1__System)d->system;
    r->officer = d->officer;
    r->has_role = true;
    r->role = (Liandong__V1__Role)d->role;
    r->has_login_needed = true;
    r->login_needed = d->role == 0;
    r->has_login_ends_at = d->account != 0;
    r->login_ends_at = c->session->login_ends_at;
}

/* Where the chains ended, as it was signed last: the client keeps it and demands that they go on from there. */
static Liandong__V1__SignedHead *fill_head(struct sign_head *from, Liandong__V1__SignedHead *to) {
    to->has_n = to->has_at = to->has_feed_seq = to->has_audit_seq = to->has_feed_hash = to->has_audit_hash =
        to->has_previous = to->has_key = to->has_signature = true;
    to->n = from->n;
    to->at = from->at;
    to->node = from->node;
    to->feed_seq = from->feed_seq;
    to->audit_seq = from->audit_seq;
    to->feed_hash = (ProtobufCBinaryData){SIGN_HASH, from->feed_hash};
    to->audit_hash = (ProtobufCBinaryData){SIGN_HASH, from->audit_hash};
    to->previous = (ProtobufCBinaryData){SIGN_HASH, from->previous};
    to->key = (ProtobufCBinaryData){SIGN_HASH, from->key};
    to->signature = (ProtobufCBinaryData){SIGN_SIZE, from->signature};
    return to;
}

static void refuse_hello(struct call *c, const char *reason) {
    struct session *s = c->session;
    log_event(LOG_WARN, "hello.refused", log_int("conn", (int64_t)s->id), log_str("reason", reason),
              log_str("address", s->address), log_bytes("key", s->key, sizeof s->key));
    call_refuse(c, reason, NULL);
    s->io.close(s->conn, reason);
}

static void answer_hello(struct call *c) {
    const Liandong__V1__Hello *hello = c->envelope->hello;
    struct session *s = c->session;
    char *common[sizeof features / sizeof *features];
    Liandong__V1__HelloReply reply = LIANDONG__V1__HELLO_REPLY__INIT;
    Liandong__V1__SignedHead head = LIANDONG__V1__SIGNED_HEAD__INIT;
    if (hello->client) {
        size_t size = text_cut(hello->client, strlen(hello->client), sizeof s->client - 1);
        memcpy(s->client, hello->client, size);
        s->client[size] = '\0';
    }
    s->state = SESSION_OPEN;
    log_event(LOG_INFO, "hello", log_int("conn", (int64_t)s->id), log_str("office", s->actor.office_code),
              log_int("device", s->device), log_int("account", s->actor.account), log_str("client", hello->client),
              log_str("address", s->address));
    common_features(hello, &reply, common);
    fill_hello(c, &reply);
    if (c->core->signing.last.n) reply.head = fill_head(&c->core->signing.last, &head);
    call_answer(c, &reply.base);
}

void local_hello(struct call *c) {
    const Liandong__V1__Hello *hello = c->envelope->hello;
    struct session *s = c->session;
    s->english = hello->locale && strncmp(hello->locale, "en", 2) == 0;
    uint32_t least = hello->has_version_min ? hello->version_min : 1,
             most = hello->has_version_max ? hello->version_max : least;
    const char *reason = least > PROTOCOL_VERSION || most < PROTOCOL_VERSION ? "NO_COMMON_VERSION" : session_admit(s);
    if (reason)
        refuse_hello(c, reason);
    else if (hello->has_token)
        login_resume(c, answer_hello);
    else
        answer_hello(c);
}

/* With a call number it is a question; without, the answer to ours, and answering that would never end. */
void local_ping(struct call *c) {
    Liandong__V1__Ping reply = *c->envelope->ping;
    if (c->envelope->has_call)
        call_answer(c, &reply.base);
    else
        call_end_silently(c);
}

/* ---- watch_feed: the reply comes when the cursor is known to be of this history */

static struct buffer *sink_output(void *to) {
    struct session *s = to;
    return s->io.output(s->conn);
}
static size_t sink_backlog(void *to) {
    struct session *s = to;
    return s->io.backlog(s->conn);
}
static void sink_flush(void *to) {
    struct session *s = to;
    s->io.flush(s->conn);
}
static void sink_started(void *to, const uint8_t *cursor) {
    struct session *s = to;
    struct call *c = s->watch_call;
    Liandong__V1__WatchFeedReply reply = LIANDONG__V1__WATCH_FEED_REPLY__INIT;
    s->watch_call = NULL;
    if (!c) return;
    reply.has_cursor = cursor != NULL;
    if (cursor) reply.cursor = (ProtobufCBinaryData){CURSOR_SIZE, (uint8_t *)(uintptr_t)cursor};
    call_answer(c, &reply.base);
    notices_greet(s->core, s); /* before the backlog */
}
static void sink_failed(void *to, const char *fault) {
    struct session *s = to;
    struct call *c = s->watch_call;
    s->watch_call = NULL;
    log_event(LOG_WARN, "watch.failed", log_int("conn", (int64_t)s->id), log_str("fault", fault));
    if (c) call_refuse(c, fault, NULL);
    s->io.close(s->conn, fault); /* the client comes back with its cursor: nothing is lost */
}

/* The ids of the filter's offices. False: refused, for a watch that waits for an office which is not there would wait
 * for ever and look well. */
static bool find_offices(struct call *c, const Liandong__V1__FeedFilter *filter, const int32_t **out) {
    size_t n = filter ? filter->n_offices : 0;
    int32_t *ids = arena_take(&c->arena, (n + 1) * sizeof *ids);
    for (size_t i = 0; ids && i < n; i++) {
        ids[i] = directory_office(&c->core->directory, filter->offices[i]);
        if (ids[i]) continue;
        call_refuse(c, "UNKNOWN_VALUE", arena_printf(&c->arena, "watch_feed.filter.offices[%zu]", i));
        return false;
    }
    if (!ids) call_refuse(c, "TOO_LARGE", NULL);
    *out = ids;
    return ids != NULL;
}

void local_watch_feed(struct call *c) {
    static const struct watcher_sink sink = {sink_output, sink_backlog, sink_flush, sink_started, sink_failed};
    const Liandong__V1__WatchFeed *m = c->envelope->watch_feed;
    struct session *s = c->session;
    const char *unknown_kind;
    if (s->watcher) {
        call_refuse(c, "ALREADY_WATCHING", NULL);
        return;
    }
    if (!feed_is_ready(c->core->feed)) {
        call_refuse(c, "DATABASE_AWAY", NULL);
        return;
    }
    const int32_t *offices;
    if (!find_offices(c, m->filter, &offices)) return;
    struct watcher_terms terms = {.caller = {.office = s->actor.office,
                                             .device = s->device,
                                             .officer = s->actor.officer,
                                             .role = s->actor.role,
                                             .account = s->actor.account,
                                             .login = s->actor.account ? s->actor.login : NULL},
                                  .cursor = m->has_cursor ? m->cursor.data : NULL,
                                  .from_start = m->has_from_start && m->from_start,
                                  .filter = m->filter,
                                  .offices = offices};
    s->watch_call = c;
    s->watcher = watcher_start(c->core->feed, &terms, &sink, s, &unknown_kind);
    if (s->watcher) return;
    s->watch_call = NULL;
    if (unknown_kind)
        call_refuse(c, "UNKNOWN_VALUE", "watch_feed.filter.kinds");
    else
        call_refuse(c, "TOO_LARGE", NULL);
}
