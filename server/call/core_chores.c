/* Chores: periodic reads on the core's own behalf. */
#include "call/core_part.h"
#include "call/login.h"
#include "common/log.h"
#include <arpa/inet.h>
#include <stddef.h>
#include <string.h>
#include <utlist.h>

/* Indexing a record takes about as long as writing it (140 us of a core), and a search finds what is not indexed yet by
 * looking at it (50,000 records in 0.7 to 0.8 s; both measured 2026-11). So while there is writing nothing is indexed,
 * until the index is that far behind; and then in bites that keep nobody waiting for longer than a commit does, one
 * each tick, which keep up with 1,000 records a second. */
#define SEARCH_INDEX_LIMIT  1000
#define SEARCH_INDEX_BITE   100
#define SEARCH_BEHIND_LIMIT 50000
#define WRITING_PER_S       100 /* below it the index keeps up with 1.4 % of a core */
#define WRITING_MS          1000
#define PROPOSALS_GAP_MS    20
#define PROPOSALS_MS        250  /* a look at an index; both offices hear of a repeated alarm within a second */
#define REVIEWS_MS          5000 /* an index holds what waits for review, which is little */
#define NOTICES_MS          5000 /* besides when an alert changes: who is on duty changes, too */

enum {
    CHORE_VERSION,
    CHORE_DIRECTORY,
    CHORE_SEARCH,
    CHORE_KEEP,
    CHORE_HEADS,
    CHORE_LOGINS_ENDED,
    CHORE_LOGINS_SEEN,
    CHORE_REVIEWS,
    CHORE_PEN,
    CHORE_CLOCKS,
    CHORE_PROPOSALS,
    CHORE_NOTICES
};

static struct chore *chore_of(struct read *r) {
    return (struct chore *)(void *)((char *)r - offsetof(struct chore, read));
}
static void run_chore(struct chore *chore);

static void on_version(struct core *c, const PGresult *r) {
    struct chore *load = &c->chores[CHORE_DIRECTORY];
    /* One under way may have begun before this version was there: it must not pass for it. The next look asks again. */
    if (!load->busy && PQntuples(r) == 1 && mapping_get_int8(r, 0, 0) != c->directory.version) {
        load->next_ms = (uint64_t)mapping_get_int8(r, 0, 0); /* the version it will be */
        run_chore(load);
    }
}

/* Sessions whose device went, or works for another office now, end; the others go on under their new names. */
static void review_sessions(struct core *c) {
    struct session *s, *next;
    DL_FOREACH_SAFE(c->sessions, s, next) {
        if (s->state != SESSION_OPEN || s->enrolling) continue;
        const struct device *d = directory_find(&c->directory, s->key);
        if (d && !directory_is_named(d, s->uri)) d = NULL; /* the key is another device's now */
        if (d && s->actor.account) continue;               /* a login ends by itself: see login_take_ended */
        if (d && d->acts.office == s->actor.office && d->acts.role == s->actor.role) {
            s->actor = d->acts;
            continue;
        }
        log_event(LOG_WARN, "session.revoked", log_int("conn", (int64_t)s->id), log_int("device", s->device));
        s->io.close(s->conn, "UNKNOWN_DEVICE");
    }
}

static void on_directory(struct core *c, const PGresult *r) {
    struct directory fresh;
    if (!directory_contract(c->chores[CHORE_DIRECTORY].statement, (char[256]){0}, 256) ||
        !directory_read(&fresh, r, (int64_t)c->chores[CHORE_DIRECTORY].next_ms))
        return; /* the old one stays; the next look finds the version still moved */
    directory_free(&c->directory);
    c->directory = fresh;
    log_event(LOG_INFO, "directory.read", log_int("version", fresh.version),
              log_int("devices", (int64_t)HASH_COUNT(fresh.devices)));
    review_sessions(c);
    if (c->feed) feed_review(c->feed);
    core_check_ready(c);
}

static void on_search_indexed(struct core *c, int32_t indexed, int32_t behind) {
    c->search_behind = behind;
    if (indexed > 0 && indexed == c->search_most) c->chores[CHORE_SEARCH].next_ms = 0; /* there is more */
}

/* Whether this node wrote much in the last second. */
static bool is_writing(struct core *c) {
    uint64_t now = uv_now(c->loop), since = now - c->written_at_ms;
    if (since >= WRITING_MS) {
        int64_t written = writer_written(c->writer);
        c->writing = (written - c->written) * 1000 > (int64_t)since * WRITING_PER_S;
        c->written = written;
        c->written_at_ms = now;
    }
    return c->writing;
}

/* Asked in any case: how far behind it is has to be known. */
static void bind_search_limit(struct core *c) {
    c->search_most = !is_writing(c)                           ? SEARCH_INDEX_LIMIT
                     : c->search_behind < SEARCH_BEHIND_LIMIT ? 0
                                                              : SEARCH_INDEX_BITE;
    uint32_t limit = htonl((uint32_t)c->search_most);
    memcpy(c->search_limit, &limit, sizeof limit);
}

/* Nodes that held the pen and said nothing more. */
static void tell_pen_freed(const PGresult *r) {
    for (int i = 0; i < PQntuples(r); i++) log_event(LOG_WARN, "pen.freed", log_str("held_by", PQgetvalue(r, i, 0)));
}

/* While there are more it goes on, with a gap in which reports take the pen. */
static void on_proposed(struct core *c, const PGresult *r) {
    if (!PQgetisnull(r, 0, 1))
        log_event(LOG_ERROR, "proposals.failed", log_str("incident", PQgetvalue(r, 0, 1)),
                  log_str("hint", "反复报警的自动立案失败，稍后自动重试。请将本行日志交给维护人员"));
    if (mapping_get_int4(r, 0, 0) > 0) c->chores[CHORE_PROPOSALS].next_ms = uv_now(c->loop) + PROPOSALS_GAP_MS;
}

static void on_chore(struct read *read, const PGresult *result, const char *fault) {
    struct chore *chore = chore_of(read);
    struct core *c = chore->core;
    size_t which = (size_t)(chore - c->chores);
    chore->busy = false;
    if (fault) return;
    if (which == CHORE_VERSION)
        on_version(c, result);
    else if (which == CHORE_DIRECTORY)
        on_directory(c, result);
    else if (which == CHORE_SEARCH && PQntuples(result) == 1)
        on_search_indexed(c, mapping_get_int4(result, 0, 0), mapping_get_int4(result, 0, 1));
    else if (which == CHORE_HEADS)
        signing_look(&c->signing, result);
    else if (which == CHORE_REVIEWS && PQntuples(result) == 1) {
        c->reviews_open.value = mapping_get_int4(result, 0, 0);
        c->reviews_overdue.value = mapping_get_int4(result, 0, 1);
    } else if (which == CHORE_LOGINS_ENDED)
        login_take_ended(c, result);
    else if (which == CHORE_PEN)
        tell_pen_freed(result);
    else if (which == CHORE_CLOCKS && PQntuples(result) == 1)
        chore->next_ms = uv_now(c->loop) + clocks_take(&c->clocks, result);
    else if (which == CHORE_PROPOSALS && PQntuples(result) == 1)
        on_proposed(c, result);
    else if (which == CHORE_NOTICES) {
        notices_take(c, result);
        if (c->notices.wanted) run_chore(chore); /* another change came while this was read */
    }
}

/* What a chore is asked with, made anew for each turn. False: there is nothing to ask. */
static bool prepare(struct core *c, const struct chore *chore) {
    if (chore == &c->chores[CHORE_LOGINS_SEEN]) return login_list_seen(c);
    if (chore == &c->chores[CHORE_LOGINS_ENDED]) {
        for (int i = 0; i < 8; i++) c->login_end_after[i] = (char)((uint64_t)c->login_end_seen >> (56 - 8 * i));
        c->login_end_value[0] = c->login_end_known ? c->login_end_after : NULL;
    }
    if (chore == &c->chores[CHORE_SEARCH]) bind_search_limit(c);
    if (chore == &c->chores[CHORE_CLOCKS]) clocks_ask(&c->clocks);
    if (chore == &c->chores[CHORE_NOTICES]) notices_look(c);
    return true;
}

static void run_chore(struct chore *chore) {
    if (chore->busy || !prepare(chore->core, chore)) return;
    chore->read.statement = chore->statement;
    chore->read.caller = (struct caller){0};
    chore->read.timeout_ms = 10000;
    chore->read.done = on_chore;
    chore->busy = true; /* before: it may be over, and failed, when submitting comes back */
    if (!readers_submit(chore->core->readers, &chore->read)) chore->busy = false;
}

void core_run_chores(struct core *c) {
    uint64_t now = uv_now(c->loop);
    for (size_t i = 0; i < sizeof c->chores / sizeof *c->chores; i++) {
        struct chore *chore = &c->chores[i];
        if (!chore->every_ms || now < chore->next_ms || !readers_are_ready(c->readers)) continue;
        chore->next_ms = now + chore->every_ms;
        run_chore(chore);
    }
}

void core_look_at_alerts(struct core *c) {
    c->notices.wanted = true;
    if (readers_are_ready(c->readers))
        run_chore(&c->chores[CHORE_NOTICES]); /* where it is busy: again when it is over */
}

/* Their parameters are numbers of the core's own; they stand in the chore for its life. */
void core_set_up_chores(struct core *c) {
    static const char *const names[] = {
        "_directory_version", "_directory",   "_search_index", "_feed_keep",  "_heads",   "_logins_ended",
        "_logins_seen",       "_reviews_due", "_pen_free",     "_clocks_due", "_propose", "_alert_notices"};
    static const uint64_t every[] = {1000,  0,          1000, 60000, 1000,         1000,
                                     60000, REVIEWS_MS, 1000, 1000,  PROPOSALS_MS, NOTICES_MS};
    static int four[] = {4}, eight[] = {8};
    for (size_t i = 0; i < sizeof c->chores / sizeof *c->chores; i++)
        c->chores[i] = (struct chore){.core = c, .statement = core_find_statement(c, names[i]), .every_ms = every[i]};
    for (int i = 0; i < 8; i++) c->keep[i] = (char)((uint64_t)c->options.feed_keep_ms >> (56 - 8 * i));
    c->keep_value[0] = c->keep;
    c->search_limit_value[0] = c->search_limit;
    c->chores[CHORE_SEARCH].read.binding = (struct binding){c->search_limit_value, four};
    c->chores[CHORE_KEEP].read.binding = (struct binding){c->keep_value, eight};
    c->chores[CHORE_LOGINS_ENDED].read.binding = (struct binding){c->login_end_value, eight};
    c->chores[CHORE_CLOCKS].read.binding = (struct binding){c->clocks.values, c->clocks.lengths};
    c->chores[CHORE_LOGINS_SEEN].read.binding = (struct binding){c->logins_open_value, c->logins_open_length};
}
