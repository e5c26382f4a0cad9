#include "db/link_part.h"
#include "common/log.h"
#include <stdio.h>
#include <stdlib.h>

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
    l->backoff_ms = LINK_BACKOFF_FIRST_MS;
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
    if (PQsendPrepare(l->pg, s->name, s->text, 0, NULL) && link_expect(l, on_setup, l, false)) {
        if (PQsendDescribePrepared(l->pg, s->name) && link_expect(l, on_described, d, false)) {
            l->setup_open += 2;
            return true;
        }
    }
    free(d);
    return false;
}

static bool setup_query(struct link *l, const char *text, link_answer_cb done) {
    if (!PQsendQueryParams(l->pg, text, 0, NULL, NULL, NULL, NULL, 0) || !link_expect(l, done, l, false)) return false;
    l->setup_open++;
    return true;
}

static bool setup_sync(struct link *l) {
    if (!PQpipelineSync(l->pg) || !link_expect(l, on_setup, l, true)) return false;
    l->setup_open++;
    return true;
}

bool link_set_up(struct link *l) {
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
    return link_flush(l);
}
