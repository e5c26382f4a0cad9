#include "db/readers.h"
#include "common/log.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader { /* one connection: one read at a time */
    struct readers *owner;
    struct link *link;
    struct read *read; /* in flight */
};
struct readers {
    struct readers_options options;
    struct reader *all;
    struct read *first, **last; /* the queue */
    size_t queued;
    unsigned open; /* links not yet stopped */
    bool was_ready, stopping;
    PGresult *answering; /* while its `done` runs */
    struct metric reads, failed;
    void (*stopped)(void *arg);
    void *stopped_arg;
};

static void serve(struct readers *r);

/* `done` may ask again, and that may end another read from within. */
static void finish(struct readers *r, struct read *read, const char *fault) {
    PGresult *outer = r->answering;
    r->answering = read->answer;
    read->answer = NULL;
    read->reader = NULL;
    read->done(read, fault ? NULL : r->answering, fault);
    PQclear(r->answering);
    r->answering = outer;
}

PGresult *readers_keep(struct readers *r) {
    PGresult *answer = r->answering;
    r->answering = NULL;
    return answer;
}

/* The transaction is over: a row set, an error, or a loss. */
static void settle(struct reader *reader, bool lost) {
    struct readers *r = reader->owner;
    struct read *read = reader->read;
    reader->read = NULL;
    if (lost && !read->resent && !r->stopping) { /* once more, before the others */
        PQclear(read->answer);
        read->answer = NULL;
        read->reader = NULL;
        read->resent = true;
        read->queued = true;
        read->next = r->first;
        if (!r->first) r->last = &read->next;
        r->first = read;
        r->queued++;
        return;
    }
    const char *fault = NULL;
    if (lost)
        fault = "DATABASE_AWAY";
    else if (strncmp(read->sqlstate, "57", 2) == 0)
        fault = "DEADLINE";
    else if (read->sqlstate[0] || !read->answer)
        fault = "INTERNAL";
    if (fault) {
        r->failed.value++;
        if (!read->quiet)
            log_event(LOG_WARN, "read.failed", log_str("request", read->statement->name),
                      log_str("sqlstate", read->sqlstate), log_str("fault", fault));
    }
    finish(r, read, fault);
}

static void keep_error(struct read *read, const PGresult *result) {
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (!read->sqlstate[0]) snprintf(read->sqlstate, sizeof read->sqlstate, "%s", sqlstate ? sqlstate : "XX000");
}

static bool is_error(const PGresult *result) {
    ExecStatusType s = PQresultStatus(result);
    return s != PGRES_TUPLES_OK && s != PGRES_COMMAND_OK && s != PGRES_PIPELINE_SYNC && s != PGRES_PIPELINE_ABORTED;
}

static void on_caller(void *arg, struct link_answer answer) {
    struct reader *reader = arg;
    if (answer.result && is_error(answer.result)) keep_error(reader->read, answer.result);
    PQclear(answer.result);
}

static void on_rows(void *arg, struct link_answer answer) {
    struct reader *reader = arg;
    if (!answer.result) return;
    if (PQresultStatus(answer.result) == PGRES_TUPLES_OK && !reader->read->answer) {
        reader->read->answer = answer.result;
        return;
    }
    if (is_error(answer.result)) keep_error(reader->read, answer.result);
    PQclear(answer.result);
}

static void on_sync(void *arg, struct link_answer answer) {
    struct reader *reader = arg;
    if (answer.result && is_error(answer.result)) keep_error(reader->read, answer.result);
    PQclear(answer.result);
    if (!answer.over) return;
    settle(reader, answer.lost);
    serve(reader->owner);
}

/* The only place that sends a read: its caller and it go together. */
static bool send_read(struct reader *reader, struct read *read) {
    struct caller_values caller;
    caller_bind(&read->caller, read->timeout_ms, &caller);
    return link_send(reader->link, reader->owner->options.caller, caller.at, caller.lengths, on_caller, reader) &&
           link_send(reader->link, read->statement, read->binding.values, read->binding.lengths, on_rows, reader) &&
           link_sync(reader->link, on_sync, reader);
}

static struct read *take_first(struct readers *r) {
    struct read *read = r->first;
    r->first = read->next;
    if (!r->first) r->last = &r->first;
    r->queued--;
    read->queued = false;
    read->next = NULL;
    return read;
}

static void serve(struct readers *r) {
    for (unsigned i = 0; i < r->options.connections && r->first; i++) {
        struct reader *reader = &r->all[i];
        if (reader->read || !link_is_ready(reader->link)) continue;
        reader->read = take_first(r);
        reader->read->reader = reader;
        r->reads.value++;
        if (!send_read(reader, reader->read) && reader->read) link_break(reader->link, "a read could not be sent");
        if (reader->read && !link_is_ready(reader->link)) settle(reader, true); /* its Sync never went out */
    }
}

static void on_ready(void *arg) {
    struct readers *r = ((struct reader *)arg)->owner;
    if (!r->was_ready) {
        r->was_ready = true;
        r->options.ready(r->options.arg);
    }
    serve(r);
}
static void on_lost(void *arg) { (void)arg; }
static void on_refused(void *arg, const char *why) {
    struct readers *r = ((struct reader *)arg)->owner;
    r->options.refused(r->options.arg, why);
}

bool readers_are_ready(const struct readers *r) {
    for (unsigned i = 0; i < r->options.connections; i++)
        if (link_is_ready(r->all[i].link)) return true;
    return false;
}

bool readers_submit(struct readers *r, struct read *read) {
    if (r->queued >= r->options.queue_limit || !readers_are_ready(r)) return false;
    read->next = NULL;
    read->reader = NULL;
    read->answer = NULL;
    read->resent = false;
    read->sqlstate[0] = '\0';
    read->queued = true;
    *r->last = read;
    r->last = &read->next;
    r->queued++;
    serve(r);
    return true;
}

bool readers_withdraw(struct readers *r, struct read *read) {
    if (!read->queued) return false;
    for (struct read **p = &r->first; *p; p = &(*p)->next) {
        if (*p != read) continue;
        *p = read->next;
        if (!*p) r->last = p;
        r->queued--;
        read->queued = false;
        return true;
    }
    return false;
}

struct readers *readers_start(uv_loop_t *loop, const char *conninfo, const char *node, uint64_t connect_timeout_ms,
                              const struct readers_options *options, struct metrics *metrics) {
    struct readers *r = calloc(1, sizeof *r);
    if (!r || !(r->all = calloc(options->connections, sizeof *r->all))) {
        free(r);
        return NULL;
    }
    r->options = *options;
    r->last = &r->first;
    for (unsigned i = 0; i < options->connections; i++) {
        r->all[i].owner = r;
        struct link_options link = {.loop = loop,
                                    .conninfo = conninfo,
                                    .node = node,
                                    .role = "reader",
                                    .statements = options->statements,
                                    .statements_count = options->statements_count,
                                    .guard = options->guard,
                                    .connect_timeout_ms = connect_timeout_ms,
                                    .events = {on_ready, on_lost, NULL, on_refused},
                                    .arg = &r->all[i]};
        r->all[i].link = link_start(&link);
        if (!r->all[i].link) { /* those before it stop by themselves; start-up memory may be given up */
            while (i--) link_stop(r->all[i].link, NULL, NULL);
            return NULL;
        }
        r->open++;
    }
    r->reads = (struct metric){.name = "liandong_reads_total", .help = "Reads sent to PostgreSQL"};
    r->failed = (struct metric){.name = "liandong_reads_failed_total", .help = "Reads that PostgreSQL did not answer"};
    metrics_add(metrics, &r->reads);
    metrics_add(metrics, &r->failed);
    return r;
}

static void on_link_stopped(void *arg) {
    struct readers *r = ((struct reader *)arg)->owner;
    if (--r->open) return;
    void (*done)(void *arg) = r->stopped;
    void *done_arg = r->stopped_arg;
    free(r->all);
    free(r);
    if (done) done(done_arg);
}

void readers_stop(struct readers *r, void (*done)(void *arg), void *arg) {
    r->stopping = true;
    r->stopped = done;
    r->stopped_arg = arg;
    for (unsigned i = 0; i < r->options.connections; i++) link_stop(r->all[i].link, on_link_stopped, &r->all[i]);
    while (r->first) finish(r, take_first(r), "DRAINING");
}
