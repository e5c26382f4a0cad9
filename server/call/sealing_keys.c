#include "call/sealing.h"
#include "common/clock.h"
#include "common/log.h"
#include "db/contract.h"
#include "db/mapping.h"
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *const class_names[SEALING_CLASSES] = {
    [SEALING_NAME] = "name", [SEALING_PHONE] = "phone", [SEALING_PLACE] = "place", [SEALING_FILE] = "file"};

int sealing_year(void) {
    time_t now = (time_t)(clock_now_ms() / 1000) + 8 * 3600; /* Asia/Shanghai, no summer time */
    struct tm day;
    return gmtime_r(&now, &day) ? day.tm_year + 1900 : 2026;
}

void sealing_context(char *out, size_t room, const char *purpose, const char *class, int year) {
    snprintf(out, room, "%s %s %d", purpose, class, year);
}

bool sealing_start(struct sealing *s, const char *file, char *error, size_t room) {
    *s = (struct sealing){.file = file};
    if (!seal_keks_read(&s->keks, file, error, room)) return false;
    s->tools = seal_tools_make();
    if (s->tools) return true;
    snprintf(error, room, "内存不足");
    return false;
}

static void forget_keys(struct sealing_key **keys, struct seal_marker **markers) {
    struct sealing_key *k, *next;
    HASH_ITER(hh, *keys, k, next) {
        HASH_DEL(*keys, k);
        seal_key_free(k->key);
        free(k);
    }
    for (int c = 0; c < SEALING_CLASSES; c++) {
        seal_marker_free(markers[c]);
        markers[c] = NULL;
    }
}

void sealing_free(struct sealing *s) {
    forget_keys(&s->keys, s->markers);
    seal_tools_free(s->tools);
    seal_keks_forget(&s->keks);
    *s = (struct sealing){.version = 0};
}

enum { ID, PURPOSE, CLASS, YEAR, WRAPPED, KEK, CURRENT, CHANGED, COLUMNS };

bool sealing_contract(const struct statement *s, char *error, size_t room) {
    static const char *const names[COLUMNS] = {"id",      "purpose", "class",   "year",
                                               "wrapped", "kek",     "current", "changed"};
    static const Oid types[COLUMNS] = {TYPE_INT4,  TYPE_TEXT, TYPE_TEXT, TYPE_INT4,
                                       TYPE_BYTEA, TYPE_TEXT, TYPE_BOOL, TYPE_INT8};
    return contract_columns(s, names, types, COLUMNS, error, room);
}

static int class_of(const char *name) {
    for (int c = 0; c < SEALING_CLASSES; c++)
        if (strcmp(class_names[c], name) == 0) return c;
    return -1;
}

/* Opens one row's key. */
static bool unwrap(const struct seal_tools *tools, const struct seal_keks *keks, const PGresult *r, int row,
                   uint8_t key[SEAL_KEY_SIZE]) {
    char context[64];
    const struct seal_kek *kek = seal_keks_find(keks, PQgetvalue(r, row, KEK));
    sealing_context(context, sizeof context, PQgetvalue(r, row, PURPOSE), PQgetvalue(r, row, CLASS),
                    mapping_get_int4(r, row, YEAR));
    return kek && seal_unwrap(tools, kek->key, context, (const uint8_t *)PQgetvalue(r, row, WRAPPED),
                              (size_t)PQgetlength(r, row, WRAPPED), key);
}

/* One row's key comes into use. False where it can't be opened, or without memory. */
static bool take_key(struct sealing *fresh, const struct seal_tools *tools, const PGresult *r, int row) {
    uint8_t key[SEAL_KEY_SIZE];
    int class = class_of(PQgetvalue(r, row, CLASS));
    bool good = false;
    if (class < 0) return true; /* of a newer version */
    if (!unwrap(tools, &fresh->keks, r, row, key)) return false;
    if (strcmp(PQgetvalue(r, row, PURPOSE), "index") == 0) {
        seal_marker_free(fresh->markers[class]);
        fresh->markers[class] = seal_marker_make(tools, key);
        good = fresh->markers[class] != NULL;
    } else {
        struct sealing_key *k = calloc(1, sizeof *k);
        if (k) {
            k->id = (uint32_t)mapping_get_int4(r, row, ID);
            k->class = class;
            k->year = mapping_get_int4(r, row, YEAR);
            k->current = PQgetvalue(r, row, CURRENT)[0] != 0;
            k->key = seal_key_make(tools, key, k->id);
            if (k->key) HASH_ADD(hh, fresh->keys, id, sizeof k->id, k);
            good = k->key && k->hh.tbl;
            if (!good) {
                seal_key_free(k->key);
                free(k);
            }
        }
    }
    OPENSSL_cleanse(key, sizeof key);
    return good;
}

bool sealing_read(struct sealing *s, const PGresult *r, char *error, size_t room) {
    struct sealing fresh = {.version = 0};
    int newest = -1;
    if (!seal_keks_read(&fresh.keks, s->file, error, room)) return false;
    for (int row = 0; row < PQntuples(r); row++) {
        if (newest < 0 || mapping_get_int4(r, row, ID) > mapping_get_int4(r, newest, ID)) newest = row;
        if (mapping_get_int8(r, row, CHANGED) > fresh.version) fresh.version = mapping_get_int8(r, row, CHANGED);
    }
    for (int row = 0; row < PQntuples(r); row++) {
        if (take_key(&fresh, s->tools, r, row)) continue;
        log_event(LOG_ERROR, "sealing.key_unreadable", log_int("key", mapping_get_int4(r, row, ID)),
                  log_str("kek", PQgetvalue(r, row, KEK)));
        /* Without an index key nothing of its class can be sealed or opened. */
        if (row != newest && strcmp(PQgetvalue(r, row, PURPOSE), "index") != 0) continue;
        snprintf(error, room,
                 "密钥文件 %s 打不开数据库里的敏感字段密钥（编号 %d，由主密钥 %s "
                 "包裹）。把其他节点正在用的密钥文件复制到本机",
                 s->file, mapping_get_int4(r, row, ID), PQgetvalue(r, row, KEK));
        forget_keys(&fresh.keys, fresh.markers);
        seal_keks_forget(&fresh.keks);
        return false;
    }
    forget_keys(&s->keys, s->markers);
    s->keys = fresh.keys;
    memcpy(s->markers, fresh.markers, sizeof s->markers);
    s->keks = fresh.keks;
    s->version = fresh.version;
    s->newest = newest < 0 ? 0 : (uint32_t)mapping_get_int4(r, newest, ID);
    s->wanted = false;
    seal_keks_forget(&fresh.keks);
    return true;
}

const struct sealing_key *sealing_current(const struct sealing *s, int class, int year) {
    const struct sealing_key *best = NULL;
    for (const struct sealing_key *k = s->keys; k; k = k->hh.next)
        if (k->class == class && k->current && k->year <= year && (!best || k->year > best->year)) best = k;
    return best;
}

static bool lacks(const struct sealing *s, int class, int year) {
    const struct sealing_key *k = sealing_current(s, class, year);
    return !s->markers[class] || !k || k->year != year;
}

bool sealing_make_needed(const struct sealing *s) {
    int year = sealing_year();
    for (int c = 0; c < SEALING_CLASSES; c++)
        if (lacks(s, c, year)) return true;
    return false;
}

bool sealing_make(struct sealing *s, struct sealing_made *out) {
    int year = sealing_year();
    uint8_t key[SEAL_KEY_SIZE];
    char context[64];
    for (int c = 0; c < SEALING_CLASSES; c++) {
        bool index = !s->markers[c];
        if (!lacks(s, c, year)) continue;
        *out = (struct sealing_made){
            .purpose = index ? "index" : "data", .class = class_names[c], .year = index ? 0 : year};
        memcpy(out->kek, s->keks.list[0].id, sizeof out->kek);
        sealing_context(context, sizeof context, out->purpose, out->class, out->year);
        bool good = RAND_priv_bytes(key, sizeof key) == 1 &&
                    seal_wrap(s->tools, s->keks.list[0].key, context, key, out->wrapped);
        OPENSSL_cleanse(key, sizeof key);
        return good;
    }
    return false;
}
