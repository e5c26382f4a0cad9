#include "seal_command.h"
#include "call/sealing.h"
#include "common/text.h"
#include "server.h"
#include <libpq-fe.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int seal_key_command(const char *path, bool add) {
    char error[512];
    struct seal_keks keks;
    if (!seal_keks_make(path, add, error, sizeof error) || !seal_keks_read(&keks, path, error, sizeof error)) {
        fprintf(stderr, "%s\n", error);
        return SERVER_FAILED;
    }
    printf("%s主密钥 %s 已写入 %s（共 %zu 个）。离线另存一份：丢了它，已加密的姓名和电话谁也打不开\n",
           add ? "新的" : "", keks.list[0].id, path, keks.count);
    seal_keks_forget(&keks);
    return SERVER_OK;
}

/* ---- rotation */

struct rotation {
    PGconn *pg;
    struct seal_tools *tools;
    struct seal_keks keks;
    char error[512];
    int wrapped, made;
};

static bool fail(struct rotation *r, const char *what, const char *why) {
    snprintf(r->error, sizeof r->error, "%s（%.*s）。没有作任何改动", what, (int)strcspn(why, "\n"), why);
    return false;
}

/* The result, or NULL with the error said. */
static PGresult *ask(struct rotation *r, const char *sql, int count, const char *const *values) {
    PGresult *result = PQexecParams(r->pg, sql, count, NULL, values, NULL, NULL, 0);
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) return result;
    const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    fail(r, "数据库拒绝了密钥轮换", primary ? primary : PQerrorMessage(r->pg));
    PQclear(result);
    return NULL;
}
static bool act(struct rotation *r, const char *sql, int count, const char *const *values) {
    PGresult *result = ask(r, sql, count, values);
    PQclear(result);
    return result != NULL;
}

/* A key under the newest key-encryption key, as bytea's text. */
static bool wrap_text(struct rotation *r, const char *context, const uint8_t key[SEAL_KEY_SIZE],
                      char out[2 * SEAL_WRAPPED_SIZE + 3]) {
    uint8_t wrapped[SEAL_WRAPPED_SIZE];
    if (!seal_wrap(r->tools, r->keks.list[0].key, context, key, wrapped)) return fail(r, "密钥没有包裹成", "OpenSSL");
    out[0] = '\\';
    out[1] = 'x';
    text_hex(out + 2, wrapped, sizeof wrapped);
    return true;
}

enum { ID, PURPOSE, CLASS, YEAR, WRAPPED, KEK };

static bool wrap_anew(struct rotation *r, const PGresult *rows, int row) {
    uint8_t bytes[SEAL_WRAPPED_SIZE], key[SEAL_KEY_SIZE];
    char context[64], text[2 * SEAL_WRAPPED_SIZE + 3];
    const char *hex = PQgetvalue(rows, row, WRAPPED), *id = PQgetvalue(rows, row, ID);
    const struct seal_kek *kek = seal_keks_find(&r->keks, PQgetvalue(rows, row, KEK));
    sealing_context(context, sizeof context, PQgetvalue(rows, row, PURPOSE), PQgetvalue(rows, row, CLASS),
                    atoi(PQgetvalue(rows, row, YEAR)));
    if (!kek || !text_unhex(bytes, sizeof bytes, hex, strlen(hex)) ||
        !seal_unwrap(r->tools, kek->key, context, bytes, sizeof bytes, key)) {
        snprintf(r->error, sizeof r->error,
                 "密钥文件打不开编号 %s 的密钥（由主密钥 %s 包裹），没有作任何改动。在文件里保留旧的主密钥", id,
                 PQgetvalue(rows, row, KEK));
        return false;
    }
    bool good = wrap_text(r, context, key, text);
    OPENSSL_cleanse(key, sizeof key);
    const char *values[] = {text, r->keks.list[0].id, id};
    r->wrapped++;
    return good && act(r,
                       "update liandong.sealing_key set wrapped = $1, kek = $2, changed = "
                       "nextval('liandong.sealing_change') where id = $3",
                       3, values);
}

/* A new data key in the place of the current one of its class and year. */
static bool replace(struct rotation *r, const char *class, const char *year) {
    uint8_t key[SEAL_KEY_SIZE];
    char context[64], text[2 * SEAL_WRAPPED_SIZE + 3];
    const char *old[] = {class, year};
    const char *fresh[] = {class, year, text, r->keks.list[0].id};
    sealing_context(context, sizeof context, "data", class, atoi(year));
    bool good =
        RAND_priv_bytes(key, sizeof key) == 1 ? wrap_text(r, context, key, text) : fail(r, "没有随机数", "OpenSSL");
    OPENSSL_cleanse(key, sizeof key);
    r->made++;
    return good &&
           act(r,
               "update liandong.sealing_key set current = false, changed = nextval('liandong.sealing_change')"
               " where current and purpose = 'data' and class = $1 and year = $2",
               2, old) &&
           act(r,
               "insert into liandong.sealing_key(purpose, class, year, wrapped, kek) values ('data', $1, $2, $3, $4)",
               4, fresh);
}

static bool rotate(struct rotation *r) {
    char year[16];
    snprintf(year, sizeof year, "%d", sealing_year());
    const char *values[] = {year};
    if (!act(r, "begin", 0, NULL) || !act(r, "lock table liandong.sealing_key in share row exclusive mode", 0, NULL))
        return false;
    PGresult *rows = ask(r,
                         "select id, purpose, class, year, encode(wrapped, 'hex'), kek from liandong.sealing_key"
                         " order by id",
                         0, NULL);
    bool good = rows != NULL;
    for (int i = 0; good && i < PQntuples(rows); i++) good = wrap_anew(r, rows, i);
    PQclear(rows);
    rows = good ? ask(r,
                      "select class, year from liandong.sealing_key where current and purpose = 'data' and year >= $1"
                      " order by id",
                      1, values)
                : NULL;
    good = good && rows;
    for (int i = 0; good && i < PQntuples(rows); i++) good = replace(r, PQgetvalue(rows, i, 0), PQgetvalue(rows, i, 1));
    PQclear(rows);
    return good && act(r, "commit", 0, NULL);
}

int seal_rotate_command(const char *conninfo, const char *path) {
    struct rotation r = {.tools = seal_tools_make()};
    int code = SERVER_FAILED;
    if (!seal_keks_read(&r.keks, path, r.error, sizeof r.error)) {
        code = SERVER_CONFIG;
    } else if (!r.tools) {
        snprintf(r.error, sizeof r.error, "内存不足");
    } else if (r.pg = PQconnectdb(conninfo), PQstatus(r.pg) != CONNECTION_OK) {
        fail(&r, "连不上数据库", PQerrorMessage(r.pg));
        code = SERVER_UNAVAILABLE;
    } else if (rotate(&r)) {
        code = SERVER_OK;
    }
    if (code == SERVER_OK)
        printf("换好了：%d 个密钥改由主密钥 %s 包裹，%d 个新的数据密钥即刻启用；正在运行的节点一秒内跟上\n", r.wrapped,
               r.keks.list[0].id, r.made);
    else
        fprintf(stderr, "%s\n", r.error);
    PQfinish(r.pg);
    seal_tools_free(r.tools);
    seal_keks_forget(&r.keks);
    return code;
}
