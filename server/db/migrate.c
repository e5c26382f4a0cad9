#include "db/migrate.h"
#include "common/text.h"
#include "db/embedded.h"
#include <libpq-fe.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIGRATE_LOCK "7236824500310" /* any number; the same for every program that migrates this system */

struct migration {
    char sha256[SHA256_DIGEST_LENGTH * 2 + 1];
    const struct embedded_file *file;
};

static void fail(struct migrate_report *report, const char *what, const char *why, const char *remedy) {
    size_t n = strcspn(why, "\n");
    snprintf(report->error, sizeof report->error, "%s：%.*s。%s", what, (int)n, why, remedy);
}

static bool execute(PGconn *pg, const char *sql, const char *what, struct migrate_report *report) {
    PGresult *r = PQexec(pg, sql);
    ExecStatusType status = PQresultStatus(r);
    bool ok = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    if (!ok) {
        const char *primary = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
        fail(report, what, primary ? primary : PQerrorMessage(pg), "本次未作任何改动，请把这一行交给系统管理员");
    }
    PQclear(r);
    return ok;
}

static void ignore_notice(void *arg, const PGresult *notice) {
    (void)arg;
    (void)notice;
}

static bool open_history(PGconn *pg, bool check_only, struct migrate_report *report) {
    if (!execute(pg, "select pg_advisory_lock(" MIGRATE_LOCK ")", "无法取得数据库升级锁", report)) return false;
    if (check_only) return true;
    return execute(pg, "create schema if not exists liandong", "无法建立 liandong 模式", report) &&
           execute(pg,
                   "create table if not exists liandong.migration ("
                   " name text primary key, sha256 text not null, applied_at timestamptz not null default now(),"
                   " applied_by text not null default session_user)",
                   "无法建立升级记录表", report) &&
           execute(pg,
                   "create table if not exists liandong.function_file ("
                   " name text primary key, sha256 text not null, applied_at timestamptz not null default now())",
                   "无法建立函数记录表", report);
}

/* What stands in the history must be the first files of ours, unchanged. */
static bool compare_history(PGconn *pg, const struct migration *all, struct migrate_report *report) {
    PGresult *there = PQexec(pg, "select to_regclass('liandong.migration') is not null");
    bool exists = PQresultStatus(there) == PGRES_TUPLES_OK && PQgetvalue(there, 0, 0)[0] == 't';
    PQclear(there);
    if (!exists) return true;
    PGresult *r = PQexec(pg, "select name, sha256 from liandong.migration order by name");
    bool ok = PQresultStatus(r) == PGRES_TUPLES_OK;
    if (!ok) fail(report, "无法读取升级记录", PQerrorMessage(pg), "请确认连接所用的数据库角色是 liandong_owner");
    for (int i = 0; ok && i < PQntuples(r); i++) {
        const char *name = PQgetvalue(r, i, 0);
        ok = (unsigned)i < report->known && strcmp(all[i].file->name, name) == 0;
        if (!ok) {
            fail(report, "数据库比本程序新，或升级记录不连续", name, "请改用与数据库一致或更新的程序版本");
        } else if (strcmp(all[i].sha256, PQgetvalue(r, i, 1)) != 0) {
            ok = false;
            fail(report, "已执行过的升级文件被改动", name, "升级文件只能新增不能修改，请恢复原文件");
        } else {
            report->applied_before++;
        }
    }
    PQclear(r);
    return ok;
}

static bool apply(PGconn *pg, const struct migration *m, struct migrate_report *report) {
    char what[160];
    snprintf(what, sizeof what, "执行升级 %s.sql 失败", m->file->name);
    const char *values[] = {m->file->name, m->sha256};
    if (!execute(pg, "begin", what, report) ||
        !execute(pg, "set local search_path = liandong, pg_catalog", what, report) ||
        !execute(pg, m->file->data, what, report))
        return false;
    PGresult *r =
        PQexecParams(pg, "insert into liandong.migration(name, sha256) values($1, $2)", 2, NULL, values, NULL, NULL, 0);
    bool ok = PQresultStatus(r) == PGRES_COMMAND_OK;
    if (!ok) fail(report, what, PQerrorMessage(pg), "本次未作任何改动");
    PQclear(r);
    if (!ok || !execute(pg, "commit", what, report)) return false;
    report->applied_now++;
    return true;
}

static void identify(struct migration *m, const struct embedded_file *file) {
    uint8_t digest[SHA256_DIGEST_LENGTH];
    SHA256((const unsigned char *)file->data, (size_t)(file->end - file->data), digest);
    text_hex(m->sha256, digest, sizeof digest);
    m->file = file;
}

static struct migration *read_all(void) {
    struct migration *all = calloc(embedded_migrations_count + 1, sizeof *all);
    for (size_t i = 0; all && i < embedded_migrations_count; i++) identify(&all[i], &embedded_migrations[i]);
    return all;
}

/* True where the database has this very text of the file, put after the last migration: some functions are made of the
 * tables' columns. */
static bool has_functions(PGconn *pg, const struct migration *m) {
    const char *values[] = {m->file->name, m->sha256};
    PGresult *r = PQexecParams(pg,
                               "select from liandong.function_file where name = $1 and sha256 = $2"
                               " and applied_at >= (select max(applied_at) from liandong.migration)",
                               2, NULL, values, NULL, NULL, 0);
    bool has = PQresultStatus(r) == PGRES_TUPLES_OK && PQntuples(r) == 1;
    PQclear(r);
    return has;
}

static bool put_functions(PGconn *pg, const struct migration *m, struct migrate_report *report) {
    char what[160];
    snprintf(what, sizeof what, "更新函数 %s.sql 失败", m->file->name);
    const char *values[] = {m->file->name, m->sha256};
    if (!execute(pg, m->file->data, what, report)) return false;
    PGresult *r = PQexecParams(pg,
                               "insert into liandong.function_file(name, sha256) values($1, $2)"
                               " on conflict (name) do update set sha256 = excluded.sha256, applied_at = now()",
                               2, NULL, values, NULL, NULL, 0);
    bool ok = PQresultStatus(r) == PGRES_COMMAND_OK;
    if (!ok) fail(report, what, PQerrorMessage(pg), "本次未作任何改动");
    PQclear(r);
    report->functions_now += ok;
    return ok;
}

/* Bodies are not checked while they come in: a function may call one of a later file. The last file says who may call
 * what: a function that was dropped and made again has lost that. */
static bool replace_functions(PGconn *pg, struct migrate_report *report) {
    const char *what = "无法更新函数";
    if (!execute(pg, "begin", what, report) ||
        !execute(pg, "set local search_path = liandong, pg_catalog; set local check_function_bodies = off", what,
                 report))
        return false;
    for (size_t i = 0; i < embedded_functions_count; i++) {
        struct migration m;
        identify(&m, &embedded_functions[i]);
        bool again = i + 1 == embedded_functions_count && report->functions_now > 0;
        if ((again || !has_functions(pg, &m)) && !put_functions(pg, &m, report)) return false;
    }
    return execute(pg, "commit", what, report);
}

bool migrate_run(const char *conninfo, bool check_only, struct migrate_report *report) {
    *report = (struct migrate_report){.known = (unsigned)embedded_migrations_count};
    PGconn *pg = PQconnectdb(conninfo);
    struct migration *all = read_all();
    bool ok = false;
    if (!all) {
        fail(report, "无法执行升级", "内存不足", "请释放内存后重试");
    } else if (PQstatus(pg) != CONNECTION_OK) {
        fail(report, "连接不上数据库", PQerrorMessage(pg), "请检查设置 migrate_database 与 PostgreSQL 是否在运行");
    } else {
        PQsetNoticeReceiver(pg, ignore_notice, NULL);
        ok = open_history(pg, check_only, report) && compare_history(pg, all, report);
        for (size_t i = report->applied_before; ok && !check_only && i < report->known; i++)
            ok = apply(pg, &all[i], report);
        ok = ok && (check_only || replace_functions(pg, report));
    }
    free(all);
    PQfinish(pg);
    return ok;
}
