#include "db/group.h"
#include "common/log.h"
#include <stdio.h>
#include <string.h>

static void note_failure(struct group *g, const PGresult *r) {
    const char *sqlstate = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    if (!g->failed) snprintf(g->sqlstate, sizeof g->sqlstate, "%s", sqlstate ? sqlstate : "");
    g->failed = true;
}

/* True where the result is an error (it is noted and cleared). */
static bool took_error(struct group *g, struct link_answer *answer) {
    if (answer->lost) g->lost = true;
    if (!answer->result) return true;
    ExecStatusType status = PQresultStatus(answer->result);
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_PIPELINE_SYNC) return false;
    if (status != PGRES_PIPELINE_ABORTED) note_failure(g, answer->result);
    PQclear(answer->result);
    return true;
}

static void on_side(void *arg, struct link_answer answer) { /* caller, notify: only their failure matters */
    struct group *g = arg;
    if (!took_error(g, &answer)) PQclear(answer.result);
}

static void on_pen(void *arg, struct link_answer answer) {
    struct group *g = arg;
    if (!took_error(g, &answer)) g->pen = answer.result;
}

static void on_tail(void *arg, struct link_answer answer) {
    struct group *g = arg;
    if (!took_error(g, &answer)) g->tail = answer.result;
}

static void on_alarm(void *arg, struct link_answer answer) {
    struct group *g = arg;
    if (!took_error(g, &answer)) g->alarm = answer.result;
}

static void on_single(void *arg, struct link_answer answer) {
    struct write *w = arg;
    struct group *g = w->group;
    if (took_error(g, &answer)) return;
    if ((PQntuples(answer.result) == 1 || !w->plan->write) && !w->answer) {
        w->answer = answer.result;
        w->row = 0;
        return;
    }
    note_failure(g, answer.result); /* not one row: the statement broke its contract */
    PQclear(answer.result);
}

static int ord_column(const struct plan *plan) {
    for (int c = 0; c < plan->statement->columns_count; c++)
        if (plan->columns[c].target == TARGET_ORD) return c;
    return -1;
}

/* Gives each member its row. False unless every member has exactly one. */
static bool share_rows(struct write **members, size_t count, const PGresult *r) {
    int column = ord_column(members[0]->plan), rows = PQntuples(r);
    if ((size_t)rows != count) return false;
    for (size_t i = 0; i < count; i++) members[i]->row = -1;
    for (int row = 0; row < rows; row++) {
        int64_t ord =
            PQgetlength(r, row, column) == 8 ? mapping_get_int8(r, row, column) : mapping_get_int4(r, row, column);
        if (ord < 1 || (size_t)ord > count || members[ord - 1]->row >= 0) return false;
        members[ord - 1]->row = row;
    }
    return true;
}

static void on_batch(void *arg, struct link_answer answer) {
    struct group *g = arg;
    if (answer.over) {
        g->lost |= answer.lost;
        return;
    }
    if (took_error(g, &answer)) return;
    struct group_batch *b = &g->batches[g->batches_answered];
    if (g->batches_answered < g->batches_count && share_rows(g->members + b->first, b->count, answer.result)) {
        for (size_t i = 0; i < b->count; i++) g->members[b->first + i]->answer = answer.result;
        g->batch_answers[g->batches_answered++] = answer.result;
        return;
    }
    note_failure(g, answer.result);
    PQclear(answer.result);
}

static void on_sync(void *arg, struct link_answer answer) {
    struct group *g = arg;
    bool error = took_error(g, &answer);
    if (!error) PQclear(answer.result);
    if (answer.over) g->settled(g->arg, g);
}

static bool send_side(struct group *g, struct link *link, const struct statement *s, const char *const *values,
                      const int *lengths) {
    return link_send(link, s, values, lengths, on_side, g);
}

/* The only place that sends a single member: its caller and it go together, so that none runs under another's rights.
 */
static bool send_single(struct group *g, struct link *link, const struct writer_options *o, struct write *w) {
    struct caller_values caller;
    caller_bind(&w->caller, WRITE_TIMEOUT_MS, &caller);
    return send_side(g, link, o->caller, caller.at, caller.lengths) &&
           link_send(link, w->plan->statement, w->binding.values, w->binding.lengths, on_single, w);
}

static bool send_batch(struct group *g, struct link *link, size_t first, size_t count) {
    const struct plan *plan = g->members[first]->plan;
    const struct binding **bindings = arena_take(&g->arena, count * sizeof *bindings);
    struct binding arrays;
    if (!bindings || g->batches_count == GROUP_BATCHES) return false;
    for (size_t i = 0; i < count; i++) bindings[i] = &g->members[first + i]->binding;
    if (!mapping_bind_batch(plan, bindings, count, &g->arena, &arrays)) return false;
    g->batches[g->batches_count++] = (struct group_batch){first, count};
    return link_send(link, plan->statement, arrays.values, arrays.lengths, on_batch, g);
}

/* Brings members of the same batch plan together; among different connections there is no order to keep. Returns how
 * many from `first` on share members[first]'s plan. */
static size_t gather(struct group *g, size_t first) {
    size_t to = first + 1;
    for (size_t i = to; i < g->count; i++) {
        if (g->members[i]->plan != g->members[first]->plan) continue;
        struct write *same = g->members[i];
        g->members[i] = g->members[to];
        g->members[to++] = same;
    }
    return to - first;
}

bool group_send(struct group *g, struct link *link, const struct writer_options *o) {
    g->failed = g->lost = false;
    g->batches_count = g->batches_answered = 0;
    g->sqlstate[0] = '\0';
    for (size_t i = 0; i < g->count; i++) g->members[i]->group = g;
    if (!link_send(link, o->pen, NULL, NULL, on_pen, g)) return false;
    for (size_t i = 0; i < g->count;) {
        struct write *w = g->members[i];
        size_t n = w->plan->batch ? gather(g, i) : 1;
        if (w->plan->batch ? !send_batch(g, link, i, n) : !send_single(g, link, o, w)) return false;
        i += n;
    }
    return send_side(g, link, o->notify, NULL, NULL) && link_send(link, o->tail, NULL, NULL, on_tail, g) &&
           (!o->alarm || !g->members[0]->urgent || link_send(link, o->alarm, NULL, NULL, on_alarm, g)) &&
           link_sync(link, on_sync, g);
}

void group_clear(struct group *g) {
    for (size_t i = 0; i < g->batches_answered; i++) PQclear(g->batch_answers[i]);
    for (size_t i = 0; i < g->count; i++) {
        if (!g->members[i]->plan->batch) PQclear(g->members[i]->answer);
        g->members[i]->answer = NULL;
    }
    PQclear(g->pen);
    PQclear(g->tail);
    PQclear(g->alarm);
    g->pen = g->tail = g->alarm = NULL;
    g->count = 0;
    g->batches_answered = 0;
    arena_reset(&g->arena);
}
