#include "db/writer.h"
#include "common/clock.h"
#include "common/log.h"
#include "db/group.h"
#include <stdlib.h>
#include <string.h>

#define GROUP_ARENA_CAP (64u << 20)
#define FAILURES_LIMIT  3
#define LOSSES_SUSPECT  2 /* one more, alone, and it is given back */

struct writer {
    struct writer_options options;
    struct link *link;
    uv_check_t after_poll; /* what one tick's sockets brought goes out as one group */
    struct group groups[2];
    struct write *first, *last; /* the queue */
    size_t queued;
    bool was_urgent; /* the group that was sent last */
    struct metric groups_sent, members, group_us, failed, lost, depth;
    void (*stopped)(void *arg);
    void *stopped_arg;
};

/* ---- the queue */

static void queue_insert(struct writer *w, struct write *m, struct write *before) {
    m->prev = before ? before->prev : w->last;
    m->next = before;
    *(m->prev ? &m->prev->next : &w->first) = m;
    *(before ? &before->prev : &w->last) = m;
    m->state = WRITE_QUEUED;
    w->queued++;
}
static void queue_prepend(struct writer *w, struct write *m) { queue_insert(w, m, w->first); }
static void queue_append(struct writer *w, struct write *m) {
    struct write *before = m->urgent ? w->first : NULL;
    while (before && before->urgent) before = before->next;
    queue_insert(w, m, before);
}

static void queue_remove(struct writer *w, struct write *m) {
    *(m->prev ? &m->prev->next : &w->first) = m->next;
    *(m->next ? &m->next->prev : &w->last) = m->prev;
    m->next = m->prev = NULL;
    m->state = WRITE_IDLE;
    w->queued--;
}

/* ---- groups */

/* `done` may use the write again or free it, so nothing of it is looked at afterwards. A batch's answer is the group's.
 */
static void finish(struct write *m, const char *fault) {
    PGresult *answer = m->answer, *own = m->plan->batch ? NULL : answer;
    m->state = WRITE_IDLE;
    m->group = NULL;
    m->answer = NULL;
    m->done(m, fault ? NULL : answer, m->row, fault);
    PQclear(own);
}

/* SQLSTATEs after which the same statement may well succeed: serialisation, deadlock, lock or statement timeout, lack
 * of resources (class 53), intervention of an operator (57). All of them rolled back. */
static bool is_passing(const char *sqlstate) {
    static const char *const classes[] = {"40", "53", "55", "57", "08"};
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        if (strncmp(sqlstate, classes[i], 2) == 0) return true;
    return false;
}

/* A group of one failed: it is its own doing, or the database's. */
static const char *alone_fault(struct write *m, const char *sqlstate) {
    if (is_passing(sqlstate) && ++m->failures < FAILURES_LIMIT) return NULL;
    log_event(LOG_ERROR, "write.failed", log_str("request", m->plan->statement->name), log_str("sqlstate", sqlstate));
    return is_passing(sqlstate) ? "DATABASE_AWAY" : "INTERNAL";
}

/* A suspect that was lost alone as well. */
static const char *lost_fault(const struct group *g) {
    const struct write *m = g->members[0];
    if (!m->alone || m->losses < LOSSES_SUSPECT) return NULL;
    log_event(LOG_ERROR, "write.suspected", log_str("request", m->plan->statement->name),
              log_int("losses", m->losses + 1));
    return "OUTCOME_PENDING";
}

/* False: it is over, and `fault` is what its members are told; NULL: that it went well. */
static bool goes_again(const struct group *g, const char **fault) {
    *fault = NULL;
    if (g->lost)
        *fault = lost_fault(g);
    else if (g->failed && g->count == 1)
        *fault = alone_fault(g->members[0], g->sqlstate);
    return (g->lost || g->failed) && !*fault;
}

static void requeue(struct writer *w, struct group *g) {
    for (size_t i = g->count; i-- > 0;) {
        struct write *m = g->members[i];
        m->losses += g->lost;
        m->alone = !g->lost || m->losses >= LOSSES_SUSPECT;
        queue_prepend(w, m);
    }
}

static void on_settled(void *arg, struct group *g) {
    struct writer *w = arg;
    struct write *members[GROUP_MEMBERS];
    size_t count = g->count;
    const char *fault;
    g->sent = false;
    metric_observe(&w->group_us, clock_monotonic_us() - g->sent_at_us);
    if (g->lost || g->failed) (g->lost ? &w->lost : &w->failed)->value++;
    if (goes_again(g, &fault)) {
        requeue(w, g);
        group_clear(g);
        return;
    }
    /* A callback may submit again, so the group must be free by then; its answers live until all have read them. */
    memcpy(members, g->members, count * sizeof *members);
    g->count = 0;
    for (size_t i = 0; i < count; i++) finish(members[i], fault);
    if (!fault) w->options.committed(w->options.arg, g->pen, g->tail, g->alarm);
    group_clear(g);
}

/* Where the next group begins: with the first, but after an urgent group with one that is not, if one waits. Else three
 * terminals that raise one alert after the other would keep everybody's reports waiting for ever. */
static struct write *whose_turn(const struct writer *w) {
    struct write *m = w->first;
    while (w->was_urgent && m && m->urgent) m = m->next;
    return m ? m : w->first;
}

/* The members of the next group: one that must go alone, or as many as come before such a one, urgent all or none. */
static void collect(struct writer *w, struct group *g) {
    struct write *m = whose_turn(w), *next;
    w->was_urgent = m->urgent;
    for (; m && g->count < GROUP_MEMBERS && !(g->count && (m->alone || m->urgent != w->was_urgent)); m = next) {
        next = m->alone ? NULL : m->next;
        queue_remove(w, m);
        m->state = WRITE_SENT;
        g->members[g->count++] = m;
    }
}

/* The group that may go out now. NULL: both are sent, the next one is still smaller than the one before it and not
 * urgent, or that one goes alone and would take the next with it. */
static struct group *next_group(struct writer *w) {
    struct group *free = !w->groups[0].sent ? &w->groups[0] : &w->groups[1];
    const struct group *other = free == &w->groups[0] ? &w->groups[1] : &w->groups[0];
    if (!other->sent) return free;
    bool large = w->queued >= other->count || (w->first && w->first->urgent);
    return free->sent || !large || other->members[0]->alone ? NULL : free;
}

static void kick(struct writer *w) {
    struct group *g = next_group(w);
    if (!g || !w->first || !link_is_ready(w->link)) return;
    collect(w, g);
    g->sent = true;
    g->sent_at_us = clock_monotonic_us();
    w->groups_sent.value++;
    w->members.value += (int64_t)g->count;
    if (group_send(g, w->link, &w->options)) return;
    if (!g->sent) return; /* the Sync was sent, then the link broke: it is settled already */
    link_break(w->link, "a group could not be sent");
    if (!g->sent) return;
    g->lost = true;
    on_settled(w, g);
}

static void on_after_poll(uv_check_t *check) {
    struct writer *w = check->data;
    w->depth.value = (int64_t)writer_load(w);
    kick(w);
}

/* ---- the link's events */

static void on_ready(void *arg) {
    struct writer *w = arg;
    w->options.ready(w->options.arg);
    kick(w);
}
static void on_lost(void *arg) { (void)arg; } /* the open answers came as lost: the group is queued again */
static void on_poked(void *arg, int backend) {
    struct writer *w = arg;
    if (backend != link_backend(w->link)) w->options.poked(w->options.arg);
}
static void on_refused(void *arg, const char *why) {
    struct writer *w = arg;
    w->options.refused(w->options.arg, why);
}

/* ---- for the owner */

bool writer_is_ready(const struct writer *w) { return link_is_ready(w->link); }
size_t writer_load(const struct writer *w) { return w->queued + w->groups[0].count + w->groups[1].count; }

int64_t writer_written(const struct writer *w) { return w->members.value; }

static bool submit(struct writer *w, struct write *m, bool urgent) {
    if (w->queued >= w->options.queue_limit) return false;
    m->urgent = urgent;
    m->alone = false;
    m->losses = m->failures = 0;
    m->answer = NULL;
    queue_append(w, m);
    return true;
}

bool writer_submit(struct writer *w, struct write *m) { return submit(w, m, false); }
bool writer_submit_urgent(struct writer *w, struct write *m) { return submit(w, m, true); }

bool writer_withdraw(struct writer *w, struct write *m) {
    if (m->state != WRITE_QUEUED || m->losses) return false;
    queue_remove(w, m);
    return true;
}

static void add_metrics(struct writer *w, struct metrics *metrics) {
    w->groups_sent =
        (struct metric){.name = "liandong_commit_groups_total", .help = "Commit groups sent to PostgreSQL"};
    w->members = (struct metric){.name = "liandong_commit_members_total", .help = "Writes sent in commit groups"};
    w->failed = (struct metric){.name = "liandong_commit_groups_failed_total",
                                .help = "Groups that were rolled back and sent again member by member"};
    w->lost = (struct metric){.name = "liandong_commit_groups_lost_total",
                              .help = "Groups whose outcome was unknown and that were sent again"};
    w->group_us = (struct metric){
        .name = "liandong_commit_group_seconds", .help = "From sending a group to its Sync", .type = METRIC_HISTOGRAM};
    w->depth =
        (struct metric){.name = "liandong_writes_waiting", .help = "Writes queued or in flight", .type = METRIC_GAUGE};
    struct metric *all[] = {&w->groups_sent, &w->members, &w->failed, &w->lost, &w->group_us, &w->depth};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) metrics_add(metrics, all[i]);
}

struct writer *writer_start(uv_loop_t *loop, const char *conninfo, const char *node, uint64_t connect_timeout_ms,
                            const struct writer_options *options, struct metrics *metrics) {
    struct writer *w = calloc(1, sizeof *w);
    if (!w) return NULL;
    w->options = *options;
    for (size_t i = 0; i < 2; i++) {
        w->groups[i].settled = on_settled;
        w->groups[i].arg = w;
        arena_init(&w->groups[i].arena, GROUP_ARENA_CAP);
    }
    struct link_options link = {.loop = loop,
                                .conninfo = conninfo,
                                .node = node,
                                .role = "writer",
                                .statements = options->statements,
                                .statements_count = options->statements_count,
                                .guard = options->guard,
                                .barrier = options->barrier,
                                .listens = true,
                                .writes = true,
                                .one_plan = true,
                                .connect_timeout_ms = connect_timeout_ms,
                                .events = {on_ready, on_lost, on_poked, on_refused},
                                .arg = w};
    w->link = link_start(&link);
    if (!w->link || uv_check_init(loop, &w->after_poll) != 0) {
        if (w->link) link_stop(w->link, NULL, NULL);
        free(w);
        return NULL;
    }
    w->after_poll.data = w;
    uv_check_start(&w->after_poll, on_after_poll);
    add_metrics(w, metrics);
    return w;
}

static void on_check_closed(uv_handle_t *handle) {
    struct writer *w = handle->data;
    void (*done)(void *arg) = w->stopped;
    void *arg = w->stopped_arg;
    for (size_t i = 0; i < 2; i++) arena_free(&w->groups[i].arena);
    free(w);
    if (done) done(arg);
}

static void on_link_stopped(void *arg) {
    struct writer *w = arg;
    uv_close((uv_handle_t *)&w->after_poll, on_check_closed);
}

void writer_stop(struct writer *w, void (*done)(void *arg), void *arg) {
    w->stopped = done;
    w->stopped_arg = arg;
    uv_check_stop(&w->after_poll);
    link_stop(w->link, on_link_stopped, w); /* a group in flight is queued again by this */
    while (w->first) {
        struct write *m = w->first;
        queue_remove(w, m);
        finish(m, "OUTCOME_PENDING");
    }
}
