/* Work on the keys of sealed fields, one read at a time on a reader's connection:
 *
 *   VERSION (each second) -> KEYS, where the table changed or a key is missing -> MAKE, while one is missing -> KEYS …
 *   BEHIND (once a minute, and while there are some) -> CATCH_UP: blind indexes of telephone numbers and places written
 *   before there were any */
#include "call/core_part.h"
#include "common/log.h"
#include "db/contract.h"
#include <stdlib.h>
#include <string.h>

#define LOOK_MS       1000u
#define BEHIND_MS     60000u
#define BEHIND_LIMIT  500 /* numbers at a time: a millisecond of this process, some ten of PostgreSQL */
#define WORK_DEADLINE 10000u

enum step { STEP_VERSION, STEP_KEYS, STEP_MAKE, STEP_BEHIND, STEP_CATCH_UP, STEPS };

struct core_sealing {
    struct core *core;
    struct read read;
    struct arena arena; /* values of the read */
    struct statement *statements[STEPS];
    enum step step; /* of the read in flight */
    bool busy;
    int64_t refused; /* version of the table that could not be read: told once */
    uint64_t look_ms, behind_ms;
};

static void on_step(struct read *read, const PGresult *result, const char *fault);

static void submit(struct core_sealing *w, enum step step) {
    w->step = step;
    w->read.statement = w->statements[step];
    w->read.caller = (struct caller){0};
    w->read.caller.officer = "";
    w->read.timeout_ms = WORK_DEADLINE;
    w->read.done = on_step;
    w->busy = true; /* before: it may be over, and failed, when submitting comes back */
    if (!readers_submit(w->core->readers, &w->read)) w->busy = false;
}

/* Values by name; the arena is this step's. */
static bool begin_values(struct core_sealing *w, enum step step) {
    int n = w->statements[step]->params_count;
    arena_reset(&w->arena);
    w->read.binding.values = arena_zero(&w->arena, (size_t)(n + 1) * sizeof(char *));
    w->read.binding.lengths = arena_zero(&w->arena, (size_t)(n + 1) * sizeof(int));
    return w->read.binding.values && w->read.binding.lengths;
}
static void put_value(struct core_sealing *w, enum step step, const char *name, const void *bytes, size_t size) {
    int at = statement_param(w->statements[step], name);
    if (at < 0) return;
    w->read.binding.values[at] = arena_copy(&w->arena, bytes, size);
    w->read.binding.lengths[at] = (int)size;
}
static void put_number(struct core_sealing *w, enum step step, const char *name, int32_t v) {
    uint8_t big[4] = {(uint8_t)((uint32_t)v >> 24), (uint8_t)((uint32_t)v >> 16), (uint8_t)((uint32_t)v >> 8),
                      (uint8_t)v};
    put_value(w, step, name, big, sizeof big);
}

/* ---- keys */

static void make_key(struct core_sealing *w) {
    struct sealing_made made;
    if (!begin_values(w, STEP_MAKE) || !sealing_make(&w->core->sealing, &made)) return; /* the next look tries again */
    put_value(w, STEP_MAKE, "purpose", made.purpose, strlen(made.purpose));
    put_value(w, STEP_MAKE, "class", made.class, strlen(made.class));
    put_number(w, STEP_MAKE, "year", made.year);
    put_value(w, STEP_MAKE, "wrapped", made.wrapped, sizeof made.wrapped);
    put_value(w, STEP_MAKE, "kek", made.kek, strlen(made.kek));
    log_event(LOG_INFO, "sealing.key_made", log_str("purpose", made.purpose), log_str("class", made.class),
              log_int("year", made.year), log_str("kek", made.kek));
    if (!w->arena.exhausted) submit(w, STEP_MAKE);
}

static void on_keys(struct core_sealing *w, const PGresult *r) {
    struct core *c = w->core;
    char error[512], what[256];
    c->sealing.wanted = false; /* it is asked for once */
    if (!sealing_contract(w->statements[STEP_KEYS], what, sizeof what)) {
        log_event(LOG_ERROR, "contract.broken", log_str("what", what));
        core_refuse(c, "程序与数据库中的密钥表不一致，请执行 liandongd migrate");
    } else if (!sealing_read(&c->sealing, r, error, sizeof error)) {
        if (!c->sealing_ready)
            core_refuse(c, error);
        else if (w->refused != c->sealing.version) /* it serves on with the keys it has */
            log_event(LOG_ERROR, "sealing.refused", log_str("reason", error));
        w->refused = c->sealing.version;
    } else if (sealing_make_needed(&c->sealing) && !c->options.trial) {
        make_key(w);
    } else if (!c->sealing_ready) {
        c->sealing_ready = true;
        log_event(LOG_INFO, "sealing.ready", log_int("keys", (int64_t)HASH_COUNT(c->sealing.keys)));
        core_check_ready(c);
    } else {
        log_event(LOG_INFO, "sealing.keys", log_int("keys", (int64_t)HASH_COUNT(c->sealing.keys)));
    }
    if (c->sealing_ready) feed_poke(c->feed); /* it may wait for one of them */
}

static void on_version(struct core_sealing *w, const PGresult *r) {
    bool moved = PQntuples(r) == 1 && mapping_get_int8(r, 0, 0) != w->core->sealing.version;
    if (moved || w->core->sealing.wanted || !w->core->sealing_ready || sealing_make_needed(&w->core->sealing))
        submit(w, STEP_KEYS);
}

/* ---- old rows */

/* num, reporter_phone, place -> num and their blind indexes: three arrays. */
static const char *const index_params[] = {"nums", "phones", "places"};
enum { NUM, PHONE, PLACE, INDEX_PARAMS };

static bool index_row(struct core_sealing *w, const PGresult *r, int row, const int *at, struct binding *b) {
    static bool (*const index[INDEX_PARAMS])(struct sealing *, const char *, size_t, uint8_t *) = {
        [PHONE] = sealing_index_phone, [PLACE] = sealing_index_place};
    b->values = arena_zero(&w->arena, INDEX_PARAMS * sizeof(char *));
    b->lengths = arena_zero(&w->arena, INDEX_PARAMS * sizeof(int));
    if (!b->values || !b->lengths) return false;
    b->values[at[NUM]] = arena_copy(&w->arena, PQgetvalue(r, row, NUM), 8);
    b->lengths[at[NUM]] = 8;
    for (int i = PHONE; i < INDEX_PARAMS; i++) {
        uint8_t mark[SEAL_MARK_SIZE];
        if (PQgetisnull(r, row, i)) continue;
        if (!index[i](&w->core->sealing, PQgetvalue(r, row, i), (size_t)PQgetlength(r, row, i), mark)) return false;
        b->values[at[i]] = arena_copy(&w->arena, mark, sizeof mark);
        b->lengths[at[i]] = sizeof mark;
    }
    return true;
}

static bool index_rows(struct core_sealing *w, const PGresult *r, int rows) {
    struct statement *s = w->statements[STEP_CATCH_UP];
    struct plan *plan = arena_zero(&w->arena, sizeof *plan);
    struct binding *all = arena_zero(&w->arena, (size_t)rows * sizeof *all);
    const struct binding **list = arena_zero(&w->arena, (size_t)rows * sizeof *list);
    int at[INDEX_PARAMS];
    if (!plan || !all || !list || s->params_count != INDEX_PARAMS) return false;
    plan->statement = s;
    for (int i = 0; i < INDEX_PARAMS; i++) {
        if ((at[i] = statement_param(s, index_params[i])) < 0) return false;
        plan->params[at[i]].type = i == NUM ? TYPE_INT8 : TYPE_BYTEA;
    }
    for (int i = 0; i < rows; i++) {
        if (!index_row(w, r, i, at, &all[i])) return false;
        list[i] = &all[i];
    }
    return !w->arena.exhausted && mapping_bind_batch(plan, list, (size_t)rows, &w->arena, &w->read.binding);
}

static void on_behind(struct core_sealing *w, const PGresult *r) {
    int rows = PQntuples(r);
    if (rows == 0) return;
    arena_reset(&w->arena);
    if (index_rows(w, r, rows)) submit(w, STEP_CATCH_UP);
}

/* ---- one after the other */

static void on_step(struct read *read, const PGresult *result, const char *fault) {
    struct core_sealing *w = (struct core_sealing *)(void *)((char *)read - offsetof(struct core_sealing, read));
    w->busy = false;
    if (fault) return; /* the next look tries again */
    switch (w->step) {
    case STEP_VERSION: on_version(w, result); return;
    case STEP_KEYS: on_keys(w, result); return;
    case STEP_MAKE: submit(w, STEP_KEYS); return;
    case STEP_BEHIND: on_behind(w, result); return;
    case STEP_CATCH_UP: w->behind_ms = 0; return;
    case STEPS: return;
    }
}

void core_work_sealing(struct core *c) {
    struct core_sealing *w = c->sealing_work;
    uint64_t now = uv_now(c->loop);
    if (w->busy || !readers_are_ready(c->readers)) return;
    if (now >= w->look_ms || w->core->sealing.wanted) {
        w->look_ms = now + LOOK_MS;
        arena_reset(&w->arena);
        submit(w, STEP_VERSION);
    } else if (c->ready && !c->options.trial && now >= w->behind_ms && begin_values(w, STEP_BEHIND)) {
        w->behind_ms = now + BEHIND_MS;
        put_number(w, STEP_BEHIND, "limit", BEHIND_LIMIT);
        submit(w, STEP_BEHIND);
    }
}

void core_stop_sealing(struct core *c) {
    if (!c->sealing_work) return;
    arena_free(&c->sealing_work->arena);
    free(c->sealing_work);
    c->sealing_work = NULL;
}

bool core_start_sealing(struct core *c, char *error, size_t room) {
    static const char *const names[STEPS] = {"_sealing_version", "_sealing_keys", "_sealing_make", "_sealing_behind",
                                             "_sealing_catch_up"};
    struct core_sealing *w = calloc(1, sizeof *w);
    if (!w || !sealing_start(&c->sealing, c->options.seal_key_file, error, room)) {
        free(w);
        return false;
    }
    w->core = c;
    arena_init(&w->arena, 1u << 20);
    for (int i = 0; i < STEPS; i++) w->statements[i] = core_find_statement(c, names[i]);
    c->record_statement = core_find_statement(c, "_record");
    c->attachment_statement = core_find_statement(c, "_attachment");
    c->sealing_work = w;
    return true;
}
