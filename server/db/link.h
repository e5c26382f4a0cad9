/* One libpq connection on the loop, in pipeline mode: connects, prepares its statements, sends, hands back the answers,
 * and connects again when it is lost.
 * Floor 2 (db). Knows SQL only as prepared statements; does not know who asked.
 *
 *   DOWN -> CONNECTING -> SETTING_UP -> READY -> DOWN (lost) -> …          STOPPED is final
 *
 * - libpq's asynchronous API ignores connect_timeout: the link has its own timer. Give `hostaddr` besides `host`, since
 *   names are resolved in a blocking way.
 * - The socket can change during PQconnectPoll, so the poll handle is made anew at each step.
 * - A commit that fails answers with an error in the place of the Sync: such a result reaches the sync's callback. */
#ifndef LIANDONG_DB_LINK_H
#define LIANDONG_DB_LINK_H
#include "db/statement.h"
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct link;

/* An answer: every result of a statement, then, for the last time, NULL with `over` true. The receiver owns `result`.
 * lost: the connection broke before the answer; what was sent may or may not have been carried out. */
struct link_answer {
    PGresult *result;
    bool over, lost;
};
typedef void (*link_answer_cb)(void *arg, struct link_answer answer);

struct link_events {
    void (*ready)(void *arg);              /* every statement is prepared and described: send now */
    void (*lost)(void *arg);               /* after every open answer was given as lost */
    void (*poked)(void *arg, int backend); /* where it listens: a notification on the channel "liandong", and which
                                              backend sent it */
    void (*refused)(void *arg, const char *why); /* the guard said no; the link goes on trying (it may be mended) */
};
struct link_options {
    uv_loop_t *loop;
    const char *conninfo;    /* copied */
    const char *node, *role; /* application_name is "liandong NODE ROLE"; role is a literal */
    struct statement *const *statements;
    size_t statements_count; /* borrowed for the link's life */
    struct statement *guard; /* run first; each row (reason text, hint text) is a refusal. NULL: none */
    struct statement
        *barrier;         /* a commit of its own after each connect, so that what was unknown is settled. NULL: none */
    bool listens, writes; /* writes: only a server that takes writes will do (target_session_attrs) */
    bool one_plan;        /* its statements are always carried out the same way, by index: each is planned once, also
                             while the tables are still empty. Planning costs more than executing most of them */
    uint64_t connect_timeout_ms;
    struct link_events events;
    void *arg;
};

struct link *link_start(const struct link_options *options);
bool link_is_ready(const struct link *l);
/* Queues one execution of a prepared statement, binary both ways. False: the link is not ready or just broke (then
 * `lost` comes). */
bool link_send(struct link *l, const struct statement *s, const char *const *values, const int *lengths,
               link_answer_cb done, void *arg);
/* Ends the implicit transaction: its callback gets the PGRES_PIPELINE_SYNC result, or an error result first. Sends what
 * is queued. */
bool link_sync(struct link *l, link_answer_cb done, void *arg);
/* Answers still open. */
size_t link_open_answers(const struct link *l);
/* Drops the connection and connects again: PostgreSQL rolls back what no Sync ended. Open answers come as lost, before
 * it returns. */
void link_break(struct link *l, const char *why);
/* Never cancels a commit: closes the socket; open answers come as lost. `done` when the last handle is closed; frees
 * the link. */
void link_stop(struct link *l, void (*done)(void *arg), void *arg);
/* Process id of the PostgreSQL backend it talks to; 0 while not ready. */
int link_backend(const struct link *l);
/* Times it became ready. */
uint64_t link_connects(const struct link *l);
#endif
