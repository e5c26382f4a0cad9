#include "db/link.h"
#include "db/link_part.h"
#include "common/log.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void on_poll(uv_poll_t *poll, int status, int events);
static void connect_again(uv_timer_t *timer);

/* ---- the queue of answers */

bool link_expect(struct link *l, link_answer_cb done, void *arg, bool sync) {
    if (l->queue_count == l->queue_room) {
        size_t room = l->queue_room ? l->queue_room * 2 : 64;
        struct expected *bigger = malloc(room * sizeof *bigger);
        if (!bigger) return false;
        for (size_t i = 0; i < l->queue_count; i++) bigger[i] = l->queue[(l->queue_first + i) & (l->queue_room - 1)];
        free(l->queue);
        l->queue = bigger;
        l->queue_first = 0;
        l->queue_room = room;
    }
    l->queue[(l->queue_first + l->queue_count++) & (l->queue_room - 1)] = (struct expected){done, arg, sync};
    return true;
}

static struct expected *queue_head(struct link *l) { return l->queue_count ? &l->queue[l->queue_first] : NULL; }

static struct expected queue_pop(struct link *l) {
    struct expected e = l->queue[l->queue_first];
    l->queue_first = (l->queue_first + 1) & (l->queue_room - 1);
    l->queue_count--;
    return e;
}

/* ---- polling the socket */

static void free_handle(uv_handle_t *handle) { free(handle); }

static void poll_drop(struct link *l) {
    if (!l->poll) return;
    uv_poll_stop(l->poll);
    l->poll->data = NULL;
    uv_close((uv_handle_t *)l->poll, free_handle);
    l->poll = NULL;
    l->polled = 0;
}

static bool poll_for(struct link *l, int events) {
    if (!l->poll) {
        l->poll = malloc(sizeof *l->poll);
        if (!l->poll) return false;
        if (uv_poll_init(l->options.loop, l->poll, PQsocket(l->pg)) != 0) {
            free(l->poll);
            l->poll = NULL;
            return false;
        }
        l->poll->data = l;
    }
    if (l->polled == events) return true;
    l->polled = events;
    return uv_poll_start(l->poll, events, on_poll) == 0;
}

/* Sends what libpq holds; asks for writability only while something is left. */
bool link_flush(struct link *l) {
    int left = PQflush(l->pg);
    return left >= 0 && poll_for(l, UV_READABLE | (left ? UV_WRITABLE : 0));
}

/* ---- connecting */

#define SESSION_OPTIONS                                                                                                \
    "-c TimeZone=UTC -c DateStyle=ISO -c search_path=liandong,pg_catalog -c statement_timeout=10s -c lock_timeout=5s " \
    "-c idle_in_transaction_session_timeout=10s -c jit=off"
#define ONE_PLAN_OPTIONS " -c plan_cache_mode=force_generic_plan -c enable_seqscan=off"

static void on_connect_timeout(uv_timer_t *timer) { link_down(timer->data, "connecting took too long"); }

/* Of a notice only its SQLSTATE is told: its text may quote data. The one that matters is that somebody ended a
 * commit's wait for the standby: then what was written is only here and can still be lost. Terminating the backend does
 * that and ends the connection with it; cancelling does it and then answers the Sync as if all were well. */
static void on_notice(void *arg, const PGresult *notice) {
    struct link *l = arg;
    const char *from = PQresultErrorField(notice, PG_DIAG_SOURCE_FUNCTION);
    l->wait_cut |= from && strcmp(from, "SyncRepWaitForLSN") == 0;
    log_event(LOG_WARN, "db.notice", log_str("link", l->options.role),
              log_str("sqlstate", PQresultErrorField(notice, PG_DIAG_SQLSTATE)));
}

static void connect_begin(struct link *l) {
    /* What comes after dbname (the operator's conninfo) wins over it; what comes before is only a default. */
    const char *keys[] = {
        "tcp_user_timeout", "keepalives_idle", "keepalives_interval",  "keepalives_count", "gssencmode", "dbname",
        "application_name", "client_encoding", "target_session_attrs", "options",          NULL};
    const char *values[] = {"5000",
                            "10",
                            "3",
                            "3",
                            "disable",
                            l->conninfo,
                            l->name,
                            "UTF8",
                            l->options.writes ? "read-write" : "any",
                            l->options.one_plan ? SESSION_OPTIONS ONE_PLAN_OPTIONS : SESSION_OPTIONS,
                            NULL};
    l->state = LINK_CONNECTING;
    l->wait_cut = false;
    l->pg = PQconnectStartParams(keys, values, 1);
    if (!l->pg || PQstatus(l->pg) == CONNECTION_BAD) {
        link_down(l, l->pg ? PQerrorMessage(l->pg) : "out of memory");
        return;
    }
    PQsetNoticeReceiver(l->pg, on_notice, l);
    uv_timer_start(&l->timer, on_connect_timeout, l->options.connect_timeout_ms, 0);
    if (!poll_for(l, UV_WRITABLE)) link_down(l, "cannot poll the socket");
}

static void connect_step(struct link *l) {
    PostgresPollingStatusType step = PQconnectPoll(l->pg);
    poll_drop(l);
    switch (step) {
    case PGRES_POLLING_READING:
        if (!poll_for(l, UV_READABLE)) link_down(l, "cannot poll the socket");
        return;
    case PGRES_POLLING_WRITING:
        if (!poll_for(l, UV_WRITABLE)) link_down(l, "cannot poll the socket");
        return;
    case PGRES_POLLING_OK:
        if (!link_set_up(l)) link_down(l, PQerrorMessage(l->pg));
        return;
    default: link_down(l, PQerrorMessage(l->pg)); return;
    }
}

static void connect_again(uv_timer_t *timer) { connect_begin(timer->data); }

/* The one way down: every open answer is given as lost, then the owner hears of it, then the next try is set. */
void link_down(struct link *l, const char *why) {
    if (l->state == LINK_DOWN || l->state == LINK_STOPPED) return;
    bool was_ready = l->state == LINK_READY;
    /* libpq's message may name host and user, never a parameter's value. */
    if (why)
        log_event(was_ready ? LOG_ERROR : LOG_WARN, was_ready ? "db.lost" : "db.unreachable",
                  log_str("link", l->options.role), log_str("why", why));
    l->state = LINK_DOWN;
    uv_timer_stop(&l->timer);
    poll_drop(l);
    if (l->pg) PQfinish(l->pg);
    l->pg = NULL;
    size_t open = l->queue_count; /* callbacks can't add: the link is not ready */
    while (open--) {
        struct expected e = queue_pop(l);
        e.done(e.arg, (struct link_answer){.over = true, .lost = true});
    }
    if (was_ready) l->options.events.lost(l->options.arg);
    uint16_t random = 0; /* without randomness all nodes come back at once: slower, not wrong */
    uv_random(NULL, NULL, &random, sizeof random, 0, NULL);
    uint64_t jitter = random % (l->backoff_ms / 2 + 1);
    uv_timer_start(&l->timer, connect_again, l->backoff_ms + jitter, 0);
    l->backoff_ms = l->backoff_ms * 2 > LINK_BACKOFF_LAST_MS ? LINK_BACKOFF_LAST_MS : l->backoff_ms * 2;
}

/* ---- answers */

/* Hands on one result or the end of a statement's results. False where nothing more is to be had now. */
static bool dispatch_one(struct link *l, unsigned *idle) {
    struct expected *head = queue_head(l);
    if (!head || PQisBusy(l->pg)) return false;
    PGresult *r = PQgetResult(l->pg);
    if (!r) { /* end of a statement's results; in a Sync's place it is the end of a failed commit's error */
        if (head->sync) return (*idle)++ == 0;
        struct expected e = queue_pop(l);
        e.done(e.arg, (struct link_answer){.over = true});
        return true;
    }
    if (!head->sync || PQresultStatus(r) != PGRES_PIPELINE_SYNC) {
        head->done(head->arg, (struct link_answer){.result = r});
        return true;
    }
    if (l->wait_cut) {
        PQclear(r); /* its outcome is unknown: asked again behind the barrier, which waits for the standby */
        link_down(l, "a commit's wait for the standby was cut short");
        return false;
    }
    struct expected e = queue_pop(l);
    e.done(e.arg, (struct link_answer){.result = r, .over = true});
    return true;
}

static void dispatch(struct link *l) {
    unsigned idle = 0;
    while (l->pg && dispatch_one(l, &idle)) {
    }
    if (!l->pg) return;
    for (PGnotify *n; l->pg && (n = PQnotifies(l->pg));) {
        int backend = n->be_pid;
        PQfreemem(n);
        if (l->state == LINK_READY) l->options.events.poked(l->options.arg, backend);
    }
}

static void on_poll(uv_poll_t *poll, int status, int events) {
    struct link *l = poll->data;
    if (!l) return;
    if (l->state == LINK_CONNECTING) {
        connect_step(l);
        return;
    }
    if (status < 0) {
        link_down(l, uv_strerror(status));
        return;
    }
    if ((events & UV_READABLE) && !PQconsumeInput(l->pg)) {
        link_down(l, PQerrorMessage(l->pg));
        return;
    }
    dispatch(l);
    if (l->pg && (PQstatus(l->pg) == CONNECTION_BAD || !link_flush(l))) link_down(l, PQerrorMessage(l->pg));
}

/* ---- for the owner */

bool link_is_ready(const struct link *l) { return l->state == LINK_READY; }
size_t link_open_answers(const struct link *l) { return l->queue_count; }
int link_backend(const struct link *l) { return l->state == LINK_READY ? PQbackendPID(l->pg) : 0; }
uint64_t link_connects(const struct link *l) { return l->connects; }

bool link_send(struct link *l, const struct statement *s, const char *const *values, const int *lengths,
               link_answer_cb done, void *arg) {
    static const int binary[STATEMENT_PARAMS] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                                                 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                                                 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    if (l->state != LINK_READY || !link_expect(l, done, arg, false)) return false;
    if (PQsendQueryPrepared(l->pg, s->name, s->params_count, values, lengths, binary, 1)) return true;
    l->queue_count--; /* the last one pushed: nothing was sent for it */
    return false;
}

bool link_sync(struct link *l, link_answer_cb done, void *arg) {
    if (l->state != LINK_READY || !link_expect(l, done, arg, true)) return false;
    if (!PQpipelineSync(l->pg)) {
        l->queue_count--;
        return false;
    }
    return link_flush(l);
}

void link_break(struct link *l, const char *why) { link_down(l, why); }

struct link *link_start(const struct link_options *options) {
    struct link *l = calloc(1, sizeof *l);
    if (!l) return NULL;
    l->options = *options;
    l->conninfo = strdup(options->conninfo);
    size_t room = strlen(options->node) + strlen(options->role) + sizeof "liandong  ";
    l->name = malloc(room);
    if (l->name) snprintf(l->name, room, "liandong %s %s", options->node, options->role);
    l->backoff_ms = LINK_BACKOFF_FIRST_MS;
    l->timer.data = l;
    if (!l->conninfo || !l->name || uv_timer_init(options->loop, &l->timer) != 0) {
        free(l->conninfo);
        free(l->name);
        free(l);
        return NULL;
    }
    uv_timer_start(&l->timer, connect_again, 0, 0);
    return l;
}

static void on_timer_closed(uv_handle_t *handle) {
    struct link *l = handle->data;
    if (l->stopped) l->stopped(l->stopped_arg);
    free(l->queue);
    free(l->conninfo);
    free(l->name);
    free(l);
}

void link_stop(struct link *l, void (*done)(void *arg), void *arg) {
    link_down(l, NULL); /* as meant: nothing to report */
    l->state = LINK_STOPPED;
    l->stopped = done;
    l->stopped_arg = arg;
    uv_timer_stop(&l->timer);
    uv_close((uv_handle_t *)&l->timer, on_timer_closed);
}
