#include "db/link.h"
#include "common/log.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BACKOFF_FIRST_MS 50u
#define BACKOFF_LAST_MS  3000u

enum link_state { LINK_DOWN, LINK_CONNECTING, LINK_SETTING_UP, LINK_READY, LINK_STOPPED };

struct expected { /* one answer we wait for, in the order of sending */
    link_answer_cb done;
    void *arg;
    bool sync;
};

struct link {
    struct link_options options;
    char *conninfo, *name;
    enum link_state state;
    PGconn *pg;
    uv_poll_t *poll; /* own allocation: closed and freed whenever the socket may have changed */
    uv_timer_t timer;
    uint64_t backoff_ms, connects;
    struct expected *queue; /* ring of queue_room (a power of two) */
    size_t queue_first, queue_count, queue_room;
    size_t setup_open; /* answers of the set-up still to come */
    bool setup_failed;
    char why[256];
    void (*stopped)(void *arg);
    void *stopped_arg;
};

static void on_poll(uv_poll_t *poll, int status, int events);
static void link_down(struct link *l, const char *why);
static void connect_again(uv_timer_t *timer);

/* ---- the queue of answers */

static bool queue_push(struct link *l, link_answer_cb done, void *arg, bool sync) {
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
    return uv_poll_start(l->poll, events, on_poll) == 0;
}

/* Sends what libpq holds; asks for writability only while something is left. */
static bool flush(struct link *l) {
    int left = PQflush(l->pg);
    return left >= 0 && poll_for(l, UV_READABLE | (left ? UV_WRITABLE : 0));
}

/* ---- set-up of a fresh connection: guard, prepare, describe, listen, barrier */

static void setup_fail(struct link *l, const char *why) {
    if (!l->setup_failed) snprintf(l->why, sizeof l->why, "%s", why);
    l->setup_failed = true;
}

static void setup_done(struct link *l) {
    if (--l->setup_open) return;
    if (l->setup_failed) {
        l->options.events.refused(l->options.arg, l->why);
        link_down(l, "refused");
        return;
    }
    uv_timer_stop(&l->timer);
    l->state = LINK_READY;
    l->connects++;
    l->backoff_ms = BACKOFF_FIRST_MS;
    log_event(LOG_INFO, "db.ready", log_str("link", l->options.role), log_int("connects", (int64_t)l->connects));
    l->options.events.ready(l->options.arg);
}

static void on_setup(void *arg, struct link_answer answer) {
    struct link *l = arg;
    if (answer.lost) return;
    if (answer.result) {
        ExecStatusType status = PQresultStatus(answer.result);
        if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK && status != PGRES_PIPELINE_SYNC &&
            status != PGRES_PIPELINE_ABORTED)
            setup_fail(l, PQresultErrorMessage(answer.result));
        PQclear(answer.result);
    }
    if (answer.over) setup_done(l);
}

static void on_guard(void *arg, struct link_answer answer) {
    struct link *l = arg;
    if (answer.result && PQresultStatus(answer.result) == PGRES_TUPLES_OK && PQntuples(answer.result) > 0 &&
        PQnfields(answer.result) >= 2) {
        log_event(LOG_ERROR, "db.refused", log_str("link", l->options.role),
                  log_str("reason", PQgetvalue(answer.result, 0, 0)));
        setup_fail(l, PQgetvalue(answer.result, 0, 1));
    }
    on_setup(arg, answer);
}

/* `arg` of a description: which statement of which link. Freed with the answer. */
struct described {
    struct link *link;
    struct statement *statement;
};

static void on_described(void *arg, struct link_answer answer) {
    struct described *d = arg;
    struct link *l = d->link;
    char error[256];
    if (answer.result && PQresultStatus(answer.result) == PGRES_COMMAND_OK &&
        !statement_describe(d->statement, answer.result, error, sizeof error))
        setup_fail(l, error);
    if (answer.over || answer.lost) free(d);
    on_setup(l, answer);
}

static bool setup_prepare(struct link *l, struct statement *s) {
    struct described *d = malloc(sizeof *d);
    if (!d) return false;
    *d = (struct described){l, s};
    if (PQsendPrepare(l->pg, s->name, s->text, 0, NULL) && queue_push(l, on_setup, l, false)) {
        if (PQsendDescribePrepared(l->pg, s->name) && queue_push(l, on_described, d, false)) {
            l->setup_open += 2;
            return true;
        }
    }
    free(d);
    return false;
}

static bool setup_query(struct link *l, const char *text, link_answer_cb done) {
    if (!PQsendQueryParams(l->pg, text, 0, NULL, NULL, NULL, NULL, 0) || !queue_push(l, done, l, false)) return false;
    l->setup_open++;
    return true;
}

static bool setup_sync(struct link *l) {
    if (!PQpipelineSync(l->pg) || !queue_push(l, on_setup, l, true)) return false;
    l->setup_open++;
    return true;
}

static bool setup_begin(struct link *l) {
    struct link_options *o = &l->options;
    l->state = LINK_SETTING_UP;
    l->setup_open = 0;
    l->setup_failed = false;
    if (PQsetnonblocking(l->pg, 1) != 0 || PQenterPipelineMode(l->pg) != 1) return false;
    if (o->guard && (!setup_query(l, o->guard->text, on_guard) || !setup_sync(l))) return false;
    for (size_t i = 0; i < o->statements_count; i++)
        if (!setup_prepare(l, o->statements[i])) return false;
    if (o->listens && !setup_query(l, "listen liandong", on_setup)) return false;
    if (!setup_sync(l)) return false;
    if (o->barrier && (!setup_query(l, o->barrier->text, on_setup) || !setup_sync(l))) return false;
    return flush(l);
}

/* ---- connecting */

static void on_connect_timeout(uv_timer_t *timer) { link_down(timer->data, "connecting took too long"); }

/* Notices are counted by level only: their text may quote data. SQLSTATE 57P01 as a WARNING is the one that matters: an
 * administrator ended a commit's wait for the standby. The connection ends with it, so the outcome is unknown, as it
 * must be. */
static void on_notice(void *arg, const PGresult *notice) {
    const struct link *l = arg;
    log_event(LOG_WARN, "db.notice", log_str("link", l->options.role),
              log_str("sqlstate", PQresultErrorField(notice, PG_DIAG_SQLSTATE)));
}

static void connect_begin(struct link *l) {
    /* What comes after dbname (the operator's conninfo) wins over it; what comes before is only a default. */
    const char *keys[] = {
        "tcp_user_timeout", "keepalives_idle", "keepalives_interval",  "keepalives_count", "gssencmode", "dbname",
        "application_name", "client_encoding", "target_session_attrs", "options",          NULL};
    const char *values[] = {
        "5000",
        "10",
        "3",
        "3",
        "disable",
        l->conninfo,
        l->name,
        "UTF8",
        l->options.writes ? "read-write" : "any",
        "-c TimeZone=UTC -c DateStyle=ISO -c search_path=liandong,pg_catalog -c statement_timeout=10s "
        "-c lock_timeout=5s -c idle_in_transaction_session_timeout=10s -c jit=off",
        NULL};
    l->state = LINK_CONNECTING;
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
        if (!setup_begin(l)) link_down(l, PQerrorMessage(l->pg));
        return;
    default: link_down(l, PQerrorMessage(l->pg)); return;
    }
}

static void connect_again(uv_timer_t *timer) { connect_begin(timer->data); }

/* The one way down: every open answer is given as lost, then the owner hears of it, then the next try is set. */
static void link_down(struct link *l, const char *why) {
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
    uint64_t jitter = (uint64_t)rand() % (l->backoff_ms / 2 + 1);
    uv_timer_start(&l->timer, connect_again, l->backoff_ms + jitter, 0);
    l->backoff_ms = l->backoff_ms * 2 > BACKOFF_LAST_MS ? BACKOFF_LAST_MS : l->backoff_ms * 2;
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
    if (head->sync && PQresultStatus(r) == PGRES_PIPELINE_SYNC) {
        struct expected e = queue_pop(l);
        e.done(e.arg, (struct link_answer){.result = r, .over = true});
        return true;
    }
    head->done(head->arg, (struct link_answer){.result = r});
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
    if (l->pg && (PQstatus(l->pg) == CONNECTION_BAD || !flush(l))) link_down(l, PQerrorMessage(l->pg));
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
    if (l->state != LINK_READY || !queue_push(l, done, arg, false)) return false;
    if (PQsendQueryPrepared(l->pg, s->name, s->params_count, values, lengths, binary, 1)) return true;
    l->queue_count--; /* the last one pushed: nothing was sent for it */
    return false;
}

bool link_sync(struct link *l, link_answer_cb done, void *arg) {
    if (l->state != LINK_READY || !queue_push(l, done, arg, true)) return false;
    if (!PQpipelineSync(l->pg)) {
        l->queue_count--;
        return false;
    }
    return flush(l);
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
    l->backoff_ms = BACKOFF_FIRST_MS;
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
