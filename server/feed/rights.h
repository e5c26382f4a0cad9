/* Who may see what, at each delivery anew. Floor 3 (feed). Pure.
 *
 * The same predicate as server/functions/caller.sql, from what is worked out there: whose entries a role of an office
 * sees, level by level (right_seen, read again when the directory moves), which records are not S1 (few, so that most
 * deliveries cost one look into a list of offices) and which are open to somebody by name; the last two are kept up to
 * date by the events that change them. A record opened to an office is as one opened to a person whose account is the
 * office's number below zero, up to a level of its own. An area is one more origin, below zero; a row tells that of its
 * record, and the events that move one are remembered, for a row may have been read before. What is not known is not
 * seen.
 *
 * What nothing in the feed tells of (rules, pairings, offices, days, periods that end) shows as another veil: a digest
 * of what a watcher may see by its role, and of how many records that were open to its person by name are no longer,
 * for their time is over. A watcher whose veil changes starts anew from a snapshot (FeedReset RIGHTS); whoever was away
 * meanwhile does so when it comes back, for the veil lies on its cursor, too. Only rights of whole offices change so,
 * hence no single retracts: they would be as many as there are records. */
#ifndef LIANDONG_FEED_RIGHTS_H
#define LIANDONG_FEED_RIGHTS_H
#include "db/statement.h"
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>
#include <uthash.h>

#define RIGHTS_WORK 1 /* the level of nearly all records */

/* What the check needs to know of an event. */
struct event_right {
    int64_t num;         /* of its record; 0: it tells of the organisation */
    int64_t subject;     /* of grants and withdrawals: whose account, or -office; 0: none */
    int32_t origin;      /* office that entered the record */
    int16_t sensitivity; /* of the record, now */
    int16_t was;         /* of a grading: before it; -1: this is none */
    int32_t area;        /* of the record, now; 0: none */
    int32_t area_was;    /* of a correction that moves it: before it, 0: none; -1: this is none */
    bool withdrawn;      /* with subject: a withdrawal */
};
/* A role of an office; lives as long as the rights. */
struct rights_role {
    int64_t key; /* office << 8 | role */
    int64_t *seen;
    int32_t seen_count; /* office * 8 + level and -(area * 8 + level), sorted */
    int16_t named_most; /* and what is open by name, up to this level; -1: nothing */
    int16_t given_most; /* and what is open to the office, up to this one */
    uint64_t veil[2];   /* digest of all this */
    UT_hash_handle hh;
};
struct rights_level {
    int64_t num;
    int16_t sensitivity;
    UT_hash_handle hh;
};
struct rights_moved {
    int64_t num;
    int32_t area; /* 0: none */
    UT_hash_handle hh;
};
struct rights_named {
    int64_t num;
    int32_t count;
    int64_t *pairs; /* account or -office, until (ms since 1970): `count` of them */
    UT_hash_handle hh;
};
struct rights_lapsed {
    int64_t account; /* or -office */
    int64_t count;   /* of accesses that ended by their time, ever */
    UT_hash_handle hh;
};
struct rights {
    struct rights_role *roles;
    struct rights_level *levels; /* of what is not RIGHTS_WORK */
    struct rights_moved *moved;  /* since this node looks: few */
    struct rights_named *named;
    struct rights_lapsed *lapsed;
    int64_t lapse_ms; /* the first of `named` ends then (ms since 1970): time to read both again */
};

enum rights_verdict {
    RIGHTS_NOTHING,
    RIGHTS_EVENT,
    RIGHTS_RETRACT, /* it could see the record, and by this event it can't */
    RIGHTS_GRANT    /* the other way round */
};

/* Rows of _feed_rights, _feed_sensitive, _feed_named, _feed_lapsed: what was known before is replaced. False without
 * memory: then some see less than they may. */
bool rights_read(struct rights *r, const PGresult *rows);
bool rights_read_levels(struct rights *r, const PGresult *rows);
bool rights_read_named(struct rights *r, const PGresult *rows);
bool rights_read_lapsed(struct rights *r, const PGresult *rows);
bool rights_contract(const struct statement *s, char *error, size_t room);
/* Never NULL but without memory. */
const struct rights_role *rights_role(struct rights *r, int32_t office, int32_t role);
bool rights_set_level(struct rights *r, int64_t num, int16_t sensitivity);
int16_t rights_level(const struct rights *r, int64_t num);
bool rights_set_area(struct rights *r, int64_t num, int32_t area);
/* Of a record: `told` by a row, unless it was moved meanwhile. */
int32_t rights_area(const struct rights *r, int64_t num, int32_t told);
/* The value of a column int8[] as _feed_named and _feed_pull have it; NULL: to nobody. */
bool rights_set_named(struct rights *r, int64_t num, const PGresult *rows, int row, int column);
/* What a watcher of this role and person may see, as a digest. */
void rights_veil(const struct rights *r, const struct rights_role *role, int64_t account, uint64_t veil[2]);
enum rights_verdict rights_judge(const struct rights *r, const struct rights_role *role, int64_t account,
                                 const struct event_right *e, int64_t now_ms);
void rights_free(struct rights *r);
#endif
