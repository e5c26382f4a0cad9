#include "call/signing.h"
#include "call/core_part.h"
#include "common/clock.h"
#include "common/log.h"
#include "db/contract.h"
#include <endian.h>
#include <stdio.h>
#include <string.h>

#define SAY_AGAIN_MS      3600000u
#define POSTGRES_EPOCH_MS 946684800000

/* Columns of _heads.sql. */
enum {
    DUE,
    GROWN,
    N,
    FEED_SEQ,
    FEED_HASH,
    AUDIT_SEQ,
    AUDIT_HASH,
    LAST_N,
    LAST_AT,
    LAST_NODE,
    LAST_FEED_SEQ,
    LAST_FEED_HASH,
    LAST_AUDIT_SEQ,
    LAST_AUDIT_HASH,
    LAST_PREVIOUS,
    LAST_KEY,
    LAST_SIGNATURE,
    COLUMNS
};

bool signing_contract(const struct statement *s, char *error, size_t room) {
    static const char *const names[COLUMNS] = {"due",
                                               "grown",
                                               "n",
                                               "feed_seq",
                                               "feed_hash",
                                               "audit_seq",
                                               "audit_hash",
                                               "last_n",
                                               "last_at",
                                               "last_node",
                                               "last_feed_seq",
                                               "last_feed_hash",
                                               "last_audit_seq",
                                               "last_audit_hash",
                                               "last_previous",
                                               "last_key",
                                               "last_signature"};
    static const Oid types[COLUMNS] = {TYPE_BOOL,  TYPE_BOOL,  TYPE_INT8,        TYPE_INT8,  TYPE_BYTEA, TYPE_INT8,
                                       TYPE_BYTEA, TYPE_INT8,  TYPE_TIMESTAMPTZ, TYPE_TEXT,  TYPE_INT8,  TYPE_BYTEA,
                                       TYPE_INT8,  TYPE_BYTEA, TYPE_BYTEA,       TYPE_BYTEA, TYPE_BYTEA};
    return contract_columns(s, names, types, COLUMNS, error, room);
}

void signing_start(struct signing *s, struct core *core, const char *file, struct metrics *metrics) {
    char error[512] = "没有设置 audit_key：动态和审计的链头不签名，超级用户重建整条链就查不出来";
    *s = (struct signing){.core = core};
    if (file && *file) s->key = sign_key_read(file, error, sizeof error);
    if (s->key) sign_key_public(s->key, s->next.key);
    if (!s->key) log_event(LOG_ERROR, "audit.unsigned", log_str("why", error));
    s->signing = (struct metric){.name = "liandong_audit_signing",
                                 .help = "1 where this node signs the heads of feed and audit",
                                 .type = METRIC_GAUGE,
                                 .value = s->key != NULL};
    s->signatures = (struct metric){.name = "liandong_audit_signatures_total", .help = "Heads signed by this node"};
    metrics_add(metrics, &s->signing);
    metrics_add(metrics, &s->signatures);
}

void signing_stop(struct signing *s) {
    sign_key_free(s->key);
    s->key = NULL;
}

const char *signing_fault(const struct signing *s) {
    if (s->broken) return "the chains did not grow from the head that was signed last";
    return s->key ? NULL : "the heads of feed and audit are not signed: audit_key";
}

static bool take(uint8_t *out, size_t size, const PGresult *r, int column) {
    if (PQgetlength(r, 0, column) != (int)size) return false;
    memcpy(out, PQgetvalue(r, 0, column), size);
    return true;
}

static bool read_last(struct sign_head *h, const PGresult *r) {
    *h = (struct sign_head){0};
    if (PQgetisnull(r, 0, LAST_N)) return true;
    h->n = (uint64_t)mapping_get_int8(r, 0, LAST_N);
    h->at = mapping_get_time(r, 0, LAST_AT);
    snprintf(h->node, sizeof h->node, "%s", PQgetvalue(r, 0, LAST_NODE));
    h->feed_seq = (uint64_t)mapping_get_int8(r, 0, LAST_FEED_SEQ);
    h->audit_seq = (uint64_t)mapping_get_int8(r, 0, LAST_AUDIT_SEQ);
    return take(h->feed_hash, SIGN_HASH, r, LAST_FEED_HASH) && take(h->audit_hash, SIGN_HASH, r, LAST_AUDIT_HASH) &&
           take(h->previous, SIGN_HASH, r, LAST_PREVIOUS) && take(h->key, SIGN_HASH, r, LAST_KEY) &&
           take(h->signature, SIGN_SIZE, r, LAST_SIGNATURE);
}

static void on_signed(struct write *w, const PGresult *result, int row, const char *fault) {
    struct signing *s = (struct signing *)(void *)((char *)w - offsetof(struct signing, write));
    s->busy = false;
    if (fault || PQgetisnull(result, row, 0)) return; /* the next look finds it due, or signed by another */
    s->last = s->next;
    s->signatures.value++;
}

static void put(struct signing *s, int i, const void *bytes, size_t size) {
    s->values[i] = bytes;
    s->lengths[i] = (int)size;
}
static void put_number(struct signing *s, int i, int which, int64_t v) {
    uint64_t big = htobe64((uint64_t)v);
    memcpy(s->numbers[which], &big, sizeof big);
    put(s, i, s->numbers[which], sizeof big);
}

static void sign(struct signing *s, const PGresult *r) {
    struct sign_head *h = &s->next;
    *h = (struct sign_head){.n = (uint64_t)mapping_get_int8(r, 0, N),
                            .at = clock_now_ms(),
                            .feed_seq = (uint64_t)mapping_get_int8(r, 0, FEED_SEQ),
                            .audit_seq = (uint64_t)mapping_get_int8(r, 0, AUDIT_SEQ)};
    snprintf(h->node, sizeof h->node, "%.63s", s->core->options.node);
    for (char *p = h->node; *p; p++)
        if (*p <= ' ' || *p > '~') *p = '_'; /* one word of a line */
    sign_link(s->last.n ? &s->last : NULL, h->previous);
    if (!take(h->feed_hash, SIGN_HASH, r, FEED_HASH) || !take(h->audit_hash, SIGN_HASH, r, AUDIT_HASH) ||
        !sign_make(s->key, h))
        return;
    put_number(s, 0, 0, (int64_t)h->n);
    put_number(s, 1, 1, (h->at - POSTGRES_EPOCH_MS) * 1000);
    put(s, 2, h->node, strlen(h->node));
    put_number(s, 3, 2, (int64_t)h->feed_seq);
    put(s, 4, h->feed_hash, SIGN_HASH);
    put_number(s, 5, 3, (int64_t)h->audit_seq);
    put(s, 6, h->audit_hash, SIGN_HASH);
    put(s, 7, h->previous, SIGN_HASH);
    put(s, 8, h->key, SIGN_HASH);
    put(s, 9, h->signature, SIGN_SIZE);
    s->plan = (struct plan){.statement = core_find_statement(s->core, "_sign_heads")};
    s->write.plan = &s->plan;
    s->write.caller = (struct caller){0};
    s->write.binding = (struct binding){s->values, s->lengths};
    s->write.done = on_signed;
    s->busy = writer_submit(s->core->writer, &s->write);
}

static void complain(struct signing *s, const char *event, const char *why) {
    uint64_t now = uv_now(s->core->loop);
    if (s->said_ms && now - s->said_ms < SAY_AGAIN_MS) return;
    s->said_ms = now ? now : 1;
    log_event(LOG_ERROR, event, log_str("why", why));
}

void signing_look(struct signing *s, const PGresult *r) {
    if (PQntuples(r) != 1 || s->busy) return;
    struct sign_head last;
    if (!read_last(&last, r)) return;
    s->last = last;
    if (last.n && s->key && (memcmp(last.key, s->next.key, SIGN_HASH) != 0 || !sign_good(&last))) {
        s->broken = true; /* somebody else's, or altered: what follows would vouch for it */
        complain(s, "audit.broken", "the newest signature is not of audit_key");
        return;
    }
    bool due = PQgetvalue(r, 0, DUE)[0] != 0;
    if (due && !PQgetisnull(r, 0, GROWN)) s->broken = PQgetvalue(r, 0, GROWN)[0] == 0;
    if (signing_fault(s)) complain(s, s->broken ? "audit.broken" : "audit.unsigned", signing_fault(s));
    if (due && s->key && !s->broken && !s->core->draining) sign(s, r);
}
