#include "feed/rights.h"
#include "db/contract.h"
#include "db/mapping.h"
#include <endian.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

bool rights_contract(const struct statement *s, char *error, size_t room) {
    static const char *const names[] = {"office", "role", "work", "beyond", "named_most", "given_most"};
    static const Oid types[] = {TYPE_INT4, TYPE_INT2, TYPE_INT4_ARRAY, TYPE_INT8_ARRAY, TYPE_INT2, TYPE_INT2};
    return contract_columns(s, names, types, 6, error, room);
}

static int64_t number(const char *bytes, int32_t size) {
    uint32_t four;
    uint64_t eight;
    if (size == sizeof four) {
        memcpy(&four, bytes, sizeof four);
        return (int32_t)be32toh(four);
    }
    if (size != sizeof eight) return 0;
    memcpy(&eight, bytes, sizeof eight);
    return (int64_t)be64toh(eight);
}

static int compare(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static struct rights_role *find_role(struct rights *r, int64_t key) {
    struct rights_role *role;
    HASH_FIND(hh, r->roles, &key, sizeof key, role);
    return role;
}

static void digest(const void *bytes, size_t size, uint64_t out[2]) {
    uint8_t whole[SHA256_DIGEST_LENGTH];
    SHA256(bytes, size, whole);
    memcpy(out, whole, 2 * sizeof *out);
}

static void digest_role(struct rights_role *role) {
    int64_t all[5] = {role->key, role->named_most, role->given_most};
    if (role->seen_count) digest(role->seen, (size_t)role->seen_count * sizeof *role->seen, (uint64_t *)&all[3]);
    digest(all, sizeof all, role->veil);
}

static struct rights_role *make_role(struct rights *r, int64_t key) {
    struct rights_role *role = find_role(r, key);
    if (role) return role;
    role = calloc(1, sizeof *role);
    if (!role) return NULL;
    role->key = key;
    role->named_most = role->given_most = -1;
    HASH_ADD(hh, r->roles, key, sizeof role->key, role);
    if (role->hh.tbl) {
        digest_role(role);
        return role;
    }
    free(role); /* the table had no memory for it */
    return NULL;
}

static int64_t key_of(int32_t office, int32_t role) { return (int64_t)office * 256 + role; }
/* As which an office stands among accounts. */
static int64_t as_account(const struct rights_role *role) { return -(role->key / 256); }

const struct rights_role *rights_role(struct rights *r, int32_t office, int32_t role) {
    return make_role(r, key_of(office, role));
}

static bool read_role(struct rights *r, const PGresult *rows, int row) {
    struct rights_role *role = make_role(r, key_of(mapping_get_int4(rows, row, 0), mapping_get_int2(rows, row, 1)));
    struct mapping_array work = mapping_get_array(rows, row, 2), beyond = mapping_get_array(rows, row, 3);
    int64_t *seen = malloc(((size_t)work.count + (size_t)beyond.count + 1) * sizeof *seen);
    int32_t n = 0, size;
    if (!role || !seen) {
        free(seen);
        return false;
    }
    for (int32_t i = 0; i < work.count; i++) {
        const char *at = mapping_array_next(&work, &size);
        seen[n++] = number(at, size) * 8 + RIGHTS_WORK;
    }
    for (int32_t i = 0; i < beyond.count; i++) {
        const char *at = mapping_array_next(&beyond, &size);
        seen[n++] = number(at, size);
    }
    qsort(seen, (size_t)n, sizeof *seen, compare);
    role->seen = seen;
    role->seen_count = n;
    role->named_most = mapping_get_int2(rows, row, 4);
    role->given_most = mapping_get_int2(rows, row, 5);
    return true;
}

bool rights_read(struct rights *r, const PGresult *rows) {
    bool good = true;
    for (struct rights_role *role = r->roles; role; role = role->hh.next) {
        free(role->seen);
        role->seen = NULL;
        role->seen_count = 0;
        role->named_most = role->given_most = -1;
    }
    for (int row = 0; row < PQntuples(rows); row++) good &= read_role(r, rows, row);
    for (struct rights_role *role = r->roles; role; role = role->hh.next) digest_role(role);
    return good;
}

/* ---- records */

bool rights_set_level(struct rights *r, int64_t num, int16_t sensitivity) {
    struct rights_level *l;
    HASH_FIND(hh, r->levels, &num, sizeof num, l);
    if (l && sensitivity == RIGHTS_WORK) {
        HASH_DEL(r->levels, l);
        free(l);
        return true;
    }
    if (sensitivity == RIGHTS_WORK) return true;
    if (!l) {
        l = calloc(1, sizeof *l);
        if (!l) return false;
        l->num = num;
        HASH_ADD(hh, r->levels, num, sizeof l->num, l);
        if (!l->hh.tbl) {
            free(l);
            return false;
        }
    }
    l->sensitivity = sensitivity;
    return true;
}

int16_t rights_level(const struct rights *r, int64_t num) {
    struct rights_level *l;
    if (!r->levels) return RIGHTS_WORK;
    HASH_FIND(hh, r->levels, &num, sizeof num, l);
    return l ? l->sensitivity : RIGHTS_WORK;
}

bool rights_set_area(struct rights *r, int64_t num, int32_t area) {
    struct rights_moved *m;
    HASH_FIND(hh, r->moved, &num, sizeof num, m);
    if (!m) {
        m = calloc(1, sizeof *m);
        if (!m) return false;
        m->num = num;
        HASH_ADD(hh, r->moved, num, sizeof m->num, m);
        if (!m->hh.tbl) {
            free(m);
            return false;
        }
    }
    m->area = area;
    return true;
}

int32_t rights_area(const struct rights *r, int64_t num, int32_t told) {
    struct rights_moved *m;
    if (!r->moved) return told;
    HASH_FIND(hh, r->moved, &num, sizeof num, m);
    return m ? m->area : told;
}

static void forget_levels(struct rights *r) {
    struct rights_level *l, *next;
    HASH_ITER(hh, r->levels, l, next) {
        HASH_DEL(r->levels, l);
        free(l);
    }
}

bool rights_read_levels(struct rights *r, const PGresult *rows) {
    bool good = true;
    forget_levels(r);
    for (int row = 0; row < PQntuples(rows); row++)
        good &= rights_set_level(r, mapping_get_int8(rows, row, 0), mapping_get_int2(rows, row, 1));
    return good;
}

static void forget_named(struct rights *r, struct rights_named *n) {
    HASH_DEL(r->named, n);
    free(n->pairs);
    free(n);
}

bool rights_set_named(struct rights *r, int64_t num, const PGresult *rows, int row, int column) {
    struct mapping_array a = mapping_get_array(rows, row, column);
    struct rights_named *n;
    HASH_FIND(hh, r->named, &num, sizeof num, n);
    if (n) forget_named(r, n);
    if (a.count < 2) return true;
    n = calloc(1, sizeof *n);
    int64_t *pairs = malloc((size_t)a.count * sizeof *pairs);
    if (n && pairs) {
        n->num = num;
        n->count = a.count / 2;
        n->pairs = pairs;
        for (int32_t i = 0; i < a.count; i++) {
            int32_t size;
            const char *at = mapping_array_next(&a, &size);
            pairs[i] = number(at, size);
        }
        for (int32_t i = 1; i < 2 * n->count; i += 2)
            if (pairs[i] < r->lapse_ms) r->lapse_ms = pairs[i];
        HASH_ADD(hh, r->named, num, sizeof n->num, n);
        if (n->hh.tbl) return true;
    }
    free(pairs);
    free(n);
    return false;
}

bool rights_read_named(struct rights *r, const PGresult *rows) {
    struct rights_named *n, *next;
    bool good = true;
    HASH_ITER(hh, r->named, n, next) { forget_named(r, n); }
    r->lapse_ms = INT64_MAX;
    for (int row = 0; row < PQntuples(rows); row++)
        good &= rights_set_named(r, mapping_get_int8(rows, row, 0), rows, row, 1);
    return good;
}

static void forget_lapsed(struct rights *r) {
    struct rights_lapsed *l, *next;
    HASH_ITER(hh, r->lapsed, l, next) {
        HASH_DEL(r->lapsed, l);
        free(l);
    }
}

bool rights_read_lapsed(struct rights *r, const PGresult *rows) {
    forget_lapsed(r);
    for (int row = 0; row < PQntuples(rows); row++) {
        struct rights_lapsed *l = calloc(1, sizeof *l);
        if (!l) return false;
        l->account = mapping_get_int8(rows, row, 0);
        l->count = mapping_get_int8(rows, row, 1);
        HASH_ADD(hh, r->lapsed, account, sizeof l->account, l);
        if (!l->hh.tbl) {
            free(l);
            return false;
        }
    }
    return true;
}

static void veil_lapsed(const struct rights *r, int64_t account, uint64_t veil[2]) {
    struct rights_lapsed *l = NULL;
    if (account && r->lapsed) HASH_FIND(hh, r->lapsed, &account, sizeof account, l);
    if (!l) return;
    int64_t told[2] = {l->account, l->count};
    uint64_t more[2];
    digest(told, sizeof told, more);
    veil[0] ^= more[0];
    veil[1] ^= more[1];
}

void rights_veil(const struct rights *r, const struct rights_role *role, int64_t account, uint64_t veil[2]) {
    memcpy(veil, role->veil, sizeof role->veil);
    veil_lapsed(r, account, veil);
    veil_lapsed(r, as_account(role), veil);
}

/* ---- the verdict */

static bool has(const struct rights_role *role, int64_t wanted) {
    return role->seen_count && bsearch(&wanted, role->seen, (size_t)role->seen_count, sizeof wanted, compare);
}

static bool sees_level(const struct rights_role *role, int32_t origin, int32_t area, int16_t level) {
    return has(role, (int64_t)origin * 8 + level) || (area && has(role, -((int64_t)area * 8 + level)));
}

/* Opened to the person or to the office. */
static bool sees_opened(const struct rights *r, const struct rights_role *role, int64_t account,
                        const struct event_right *e, int16_t level, int64_t now_ms) {
    struct rights_named *n;
    if (!r->named) return false;
    HASH_FIND(hh, r->named, &e->num, sizeof e->num, n);
    for (int32_t i = 0; n && i < n->count; i++) {
        bool given = n->pairs[2 * i] == as_account(role);
        if (!given && (!account || n->pairs[2 * i] != account)) continue;
        if (level <= (given ? role->given_most : role->named_most) && n->pairs[2 * i + 1] > now_ms) return true;
    }
    return false;
}

/* Of a grant or a withdrawal: did it see before? Nobody hears of the end of what was above its level anyway. */
static bool saw_opened(const struct rights_role *role, int64_t account, const struct event_right *e, bool sees) {
    bool given = e->subject == as_account(role);
    if (!given && (!account || e->subject != account)) return sees;
    return e->withdrawn && e->sensitivity <= (given ? role->given_most : role->named_most);
}

enum rights_verdict rights_judge(const struct rights *r, const struct rights_role *role, int64_t account,
                                 const struct event_right *e, int64_t now_ms) {
    bool by_level = sees_level(role, e->origin, e->area, e->sensitivity);
    bool changes = e->was >= 0 || e->area_was >= 0 || e->subject;
    bool sees = by_level || sees_opened(r, role, account, e, e->sensitivity, now_ms), saw = sees;
    if (e->area_was >= 0)
        saw = sees_level(role, e->origin, e->area_was, e->sensitivity) ||
              sees_opened(r, role, account, e, e->sensitivity, now_ms);
    else if (e->was >= 0)
        saw = sees_level(role, e->origin, e->area, e->was) || sees_opened(r, role, account, e, e->was, now_ms);
    else if (e->subject)
        saw = by_level || saw_opened(role, account, e, sees);
    if (sees) return saw ? RIGHTS_EVENT : RIGHTS_GRANT;
    return changes && saw ? RIGHTS_RETRACT : RIGHTS_NOTHING;
}

void rights_free(struct rights *r) {
    struct rights_role *role, *next_role;
    struct rights_named *n, *next;
    struct rights_moved *m, *next_moved;
    HASH_ITER(hh, r->moved, m, next_moved) {
        HASH_DEL(r->moved, m);
        free(m);
    }
    HASH_ITER(hh, r->roles, role, next_role) {
        HASH_DEL(r->roles, role);
        free(role->seen);
        free(role);
    }
    HASH_ITER(hh, r->named, n, next) { forget_named(r, n); }
    forget_lapsed(r);
    forget_levels(r);
}
