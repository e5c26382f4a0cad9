#include "directory_import.h"
#include "common/buffer.h"
#include "directory_file.h"
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_FAULT       1
#define EXIT_UNREACHABLE 69
#define ARRAY_CAP        (64u << 20)

#define PARAMS_MAX 6

/* What is asked of and done to each kind, set-wise: every parameter is an array with one element an entry, in order.
 * The verdict comes first and only what it calls new or changed is written, so that a second run does not even make the
 * servers read the directory again. "unknown" names an office that is neither in the file nor in the database: nothing
 * is written then. */
static const struct work {
    int params_count;
    int params[PARAMS_MAX]; /* the fields that are $1, $2 …; -1: the entry's name */
    const char *verdict;    /* ord, verdict (new | changed | same | unknown | taken | wrong), detail */
    const char *writes[2];
} works[DIRECTORY_KINDS] = {
    [DIRECTORY_OFFICE] =
        {6,
         {-1, OFFICE_NAME, OFFICE_SYSTEM, OFFICE_KIND, OFFICE_PARENT, OFFICE_PARTNER},
         "select i.ord, case when i.parent is not null and above.id is null and not i.parent = any ($1::text[]) then "
         "'unknown'"
         "   when i.parent = i.code then 'wrong'"
         "   when i.partner is not null and not partner_kind_fits(i.kind, i.partner) then 'no_kind'"
         "   when o.id is null then 'new'"
         "   when (o.name, o.system, o.kind) = (i.name, i.system, i.kind) and o.parent is not distinct from above.id "
         "     and (i.partner is null or o.partner_kind is not distinct from partner_kind_named(i.partner)) "
         "then 'same' else 'changed' end,"
         "  case when i.partner is not null and not partner_kind_fits(i.kind, i.partner) then i.partner else i.parent "
         "end"
         " from unnest($1::text[], $2::text[], $3::int2[], $4::text[], $5::text[], $6::text[]) with ordinality "
         "i(code, name, system, kind, parent, partner, ord)"
         " left join office o on o.code = i.code left join office above on above.code = i.parent order by i.ord",
         {"insert into office as old(code, name, system, kind, partner_kind)"
          " select code, name, system, kind, partner_kind_named(partner)"
          " from unnest($1::text[], $2::text[], $3::int2[], $4::text[], $5::text[], $6::text[]) "
          "i(code, name, system, kind, parent, partner)"
          " on conflict (code) do update set name = excluded.name, system = excluded.system, kind = excluded.kind,"
          "   partner_kind = case when excluded.kind = 'partner' then coalesce(excluded.partner_kind, "
          "old.partner_kind) "
          "end",
          "update office o set parent = above.id"
          " from unnest($1::text[], $2::text[], $3::int2[], $4::text[], $5::text[], $6::text[]) "
          "i(code, name, system, kind, parent, partner)"
          " left join office above on above.code = i.parent where o.code = i.code"}},
    [DIRECTORY_PAIRING] = {5,
                           {-1, PAIRING_STATION, PAIRING_JUDICIAL, PAIRING_SINCE, PAIRING_UNTIL},
                           "select i.ord, case when s.id is null or j.id is null then 'unknown' when s.system <> 1 or "
                           "j.system <> 2 then 'wrong' when p.station is null then 'new'"
                           "   when p.ended_on is not distinct from i.until + 1 then 'same' else 'changed' end,"
                           "  case when s.id is null then i.station when j.id is null then i.judicial end"
                           " from unnest($1::text[], $2::text[], $3::text[], $4::date[], $5::date[]) with ordinality "
                           "i(name, station, judicial, since, until, ord)"
                           " left join office s on s.code = i.station left join office j on j.code = i.judicial"
                           " left join lateral (select * from pairing p where p.station = s.id and p.judicial = j.id"
                           "   and (p.started_on = i.since or i.since is null and (p.ended_on is null or p.ended_on > "
                           "today())) order by p.started_on desc limit 1) p on true"
                           " order by i.ord",
                           {"insert into pairing(station, judicial, started_on, ended_on)"
                            " select s.id, j.id, coalesce(i.since, (select max(p.started_on) from pairing p where "
                            "p.station = s.id and p.judicial = j.id"
                            "   and (p.ended_on is null or p.ended_on > today())), today()), i.until + 1"
                            " from unnest($1::text[], $2::text[], $3::text[], $4::date[], $5::date[]) i(name, station, "
                            "judicial, since, until)"
                            " join office s on s.code = i.station join office j on j.code = i.judicial"
                            " on conflict (station, judicial, started_on) do update set ended_on = excluded.ended_on",
                            NULL}},
    [DIRECTORY_DEVICE] =
        {6,
         {-1, DEVICE_OFFICE, DEVICE_OFFICER, DEVICE_ROLE, DEVICE_KEY, DEVICE_REVOKED},
         "select i.ord, case when o.id is null then 'unknown' when other.id is not null then 'taken' "
         "when d.id is null then 'new'"
         "   when (d.key, d.office, coalesce(d.officer, d.name), d.revoked) = (i.key, o.id, i.officer, i.revoked) and "
         "d.role is not "
         "distinct from i.role then 'same' else 'changed' end,"
         "  case when o.id is null then i.office else other.name end"
         " from unnest($1::text[], $2::text[], $3::text[], $4::int2[], $5::bytea[], $6::bool[]) with "
         "ordinality i(name, office, officer, role, key, revoked, ord)"
         " left join office o on o.code = i.office left join device d on d.name = i.name"
         " left join device other on other.key = i.key and other.name <> i.name order by i.ord",
         {"insert into device(name, office, officer, role, key, revoked, unattended)"
          " select i.name, o.id, i.officer, i.role, i.key, i.revoked, i.role is not null"
          " from unnest($1::text[], $2::text[], $3::text[], $4::int2[], $5::bytea[], $6::bool[]) "
          "i(name, office, officer, role, key, revoked)"
          " join office o on o.code = i.office"
          " on conflict (name) do update set office = excluded.office, officer = excluded.officer, "
          "role = excluded.role, key = excluded.key, revoked = excluded.revoked, unattended = excluded.unattended",
          NULL}},
    /* Who is there already keeps what administrators changed since: the name is brought up to date, a capacity is
       added. */
    [DIRECTORY_ACCOUNT] =
        {3 + 1,
         {-1, ACCOUNT_NAME, ACCOUNT_OFFICE, ACCOUNT_ROLE},
         "select i.ord, case when o.id is null then 'unknown' when a.id is null then 'new'"
         "   when a.name = i.name and exists (select from assignment s where s.account = a.id and s.office = o.id"
         "     and s.role = i.role) then 'same' else 'changed' end,"
         "  case when o.id is null then i.office end"
         " from unnest($1::text[], $2::text[], $3::text[], $4::int2[]) with ordinality i(code, name, office, role, ord)"
         " left join office o on o.code = i.office left join account a on a.code = i.code order by i.ord",
         {"insert into account(code, name) select i.code, i.name"
          " from unnest($1::text[], $2::text[], $3::text[], $4::int2[]) i(code, name, office, role)"
          " on conflict (code) do update set name = excluded.name",
          "insert into assignment(account, office, role) select a.id, o.id, i.role"
          " from unnest($1::text[], $2::text[], $3::text[], $4::int2[]) i(code, name, office, role)"
          " join office o on o.code = i.office join account a on a.code = i.code"
          " where not exists (select from assignment s where s.account = a.id and s.office = o.id and s.role = "
          "i.role)"}},
};

/* Offices above each other in a ring: nobody could be found above them. */
static const char ring_query[] =
    "with recursive above(code, start, id, depth) as (select code, id, parent, 1 from office where parent is not null"
    " union all select a.code, a.start, o.parent, a.depth + 1 from above a join office o on o.id = a.id where o.parent "
    "is not null and a.depth < 64)"
    " select code from above where id = start or depth = 64 limit 1";

struct import {
    PGconn *database;
    struct directory_file file;
    unsigned counts[3]; /* new, changed, same */
    bool failed;
};

static bool fail(struct import *m, const char *what, const char *detail) {
    fprintf(stderr, "%s%s%s\n", what, detail && detail[0] ? "：" : "", detail ? detail : "");
    m->failed = true;
    return false;
}
static bool database_failed(struct import *m) {
    char text[512];
    snprintf(text, sizeof text, "%s", PQerrorMessage(m->database));
    text[strcspn(text, "\n")] = '\0';
    return fail(m,
                "数据库没有接受名册，什么都没有写。是不是还没有执行 liandongd migrate，或者不是属主角色（设置 "
                "migrate_database）",
                text);
}

/* ---- arrays as PostgreSQL reads them: {"a","b",NULL} */

static bool put_element(struct buffer *out, const char *text) {
    if (!text) return buffer_put(out, "NULL", 4);
    bool good = buffer_put(out, "\"", 1);
    for (const char *at = text; *at && good; at++) {
        if (*at == '"' || *at == '\\') good = buffer_put(out, "\\", 1);
        good = good && buffer_put(out, at, 1);
    }
    return good && buffer_put(out, "\"", 1);
}
/* One parameter of all entries: their names where `field` is -1. */
static bool put_array(struct buffer *out, const struct directory_entry *e, int field) {
    bool good = buffer_put(out, "{", 1);
    for (bool first = true; e && good; e = e->next, first = false)
        good = (first || buffer_put(out, ",", 1)) && put_element(out, field < 0 ? e->name : e->value[field]);
    return good && buffer_put(out, "}", 2); /* with its NUL */
}

static bool make_params(struct import *m, enum directory_kind kind, struct buffer arrays[PARAMS_MAX],
                        const char *values[PARAMS_MAX]) {
    const struct work *work = &works[kind];
    bool good = true;
    for (int i = 0; i < PARAMS_MAX; i++) buffer_init(&arrays[i], ARRAY_CAP);
    for (int i = 0; i < work->params_count && good; i++) {
        good = put_array(&arrays[i], m->file.first[kind], work->params[i]);
        values[i] = (const char *)buffer_head(&arrays[i]);
    }
    return good || fail(m, "内存不足", NULL);
}

/* ---- verdicts */

/* True where the entry may be written. */
static bool judge(struct import *m, const struct directory_entry *e, const char *verdict, const char *detail) {
    static const struct {
        const char *word, *text;
        bool good;
    } verdicts[] = {
        {"new", "新增", true},
        {"changed", "更新", true},
        {"same", "无变化", true},
        {"unknown", "没有这个单位，文件里和数据库里都没有", false},
        {"taken", "这张证书已经登记给另一台终端", false},
        {"no_kind", "伙伴单位才写 partner_kind，且要是名录里有的类别（liandong office kinds 列出）", false},
        {"wrong", "单位不合适：结对要一个公安单位和一个司法行政单位；上级不能是自己", false},
    };
    size_t i = 0;
    while (i < sizeof verdicts / sizeof *verdicts - 1 && strcmp(verdicts[i].word, verdict) != 0) i++;
    if (verdicts[i].good) {
        m->counts[i]++;
        printf("%s %s：%s\n", directory_kind_label(e->kind), e->name, verdicts[i].text);
        return true;
    }
    fprintf(stderr, "%s:%u：%s %s：%s%s%s\n", m->file.path, e->line, directory_kind_label(e->kind), e->name,
            verdicts[i].text, detail[0] ? "：" : "", detail);
    m->failed = true;
    return false;
}

/* *writes: something of this kind is new or changed. */
static bool judge_all(struct import *m, enum directory_kind kind, const PGresult *result, bool *writes) {
    unsigned before = m->counts[0] + m->counts[1];
    int row = 0;
    for (const struct directory_entry *e = m->file.first[kind]; e; e = e->next, row++)
        judge(m, e, PQgetvalue(result, row, 1), PQgetvalue(result, row, 2));
    *writes = m->counts[0] + m->counts[1] > before;
    return !m->failed;
}

static bool write_all(struct import *m, const struct work *work, const char *const *values) {
    for (int i = 0; i < 2 && work->writes[i]; i++) {
        PGresult *result = PQexecParams(m->database, work->writes[i], work->params_count, NULL, values, NULL, NULL, 0);
        bool good = PQresultStatus(result) == PGRES_COMMAND_OK;
        PQclear(result);
        if (!good) return database_failed(m);
    }
    return true;
}

static bool import_kind(struct import *m, enum directory_kind kind) {
    const struct work *work = &works[kind];
    struct buffer arrays[PARAMS_MAX];
    const char *values[PARAMS_MAX];
    if (m->file.count[kind] == 0) return true;
    bool writes = false, good = make_params(m, kind, arrays, values);
    if (good) {
        PGresult *result = PQexecParams(m->database, work->verdict, work->params_count, NULL, values, NULL, NULL, 0);
        good = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == (int)m->file.count[kind];
        if (good)
            good = judge_all(m, kind, result, &writes);
        else
            database_failed(m);
        PQclear(result);
    }
    if (good && writes) good = write_all(m, work, values);
    for (int i = 0; i < PARAMS_MAX; i++) buffer_free(&arrays[i]);
    return good;
}

static bool no_ring(struct import *m) {
    PGresult *result = PQexec(m->database, ring_query);
    bool good = PQresultStatus(result) == PGRES_TUPLES_OK;
    if (!good)
        database_failed(m);
    else if (PQntuples(result) > 0)
        good = fail(m, "单位的上下级绕成了圈，检查 parent", PQgetvalue(result, 0, 0));
    PQclear(result);
    return good;
}

static bool command(struct import *m, const char *sql) {
    PGresult *result = PQexec(m->database, sql);
    ExecStatusType status = PQresultStatus(result);
    PQclear(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || database_failed(m);
}

/* All in one transaction; the lock keeps two imports apart, since both judge before they write. */
static bool import_all(struct import *m) {
    if (!command(m, "begin") || !command(m, "select set_config('search_path', 'liandong, pg_catalog', true), "
                                            "pg_advisory_xact_lock(hashtext('liandong directory'))"))
        return false;
    for (enum directory_kind kind = DIRECTORY_OFFICE; kind < DIRECTORY_KINDS; kind++)
        if (!import_kind(m, kind)) return false;
    return no_ring(m) && command(m, "commit");
}

static void ignore_notice(void *arg, const char *message) {
    (void)arg;
    (void)message;
}

int directory_import(const char *conninfo, const char *path) {
    struct import m = {0};
    int code = EXIT_FAULT;
    if (directory_file_read(&m.file, path, stderr)) {
        m.database = PQconnectdb(conninfo);
        if (PQstatus(m.database) != CONNECTION_OK) {
            fail(&m, "连不上数据库，检查设置 migrate_database（liandongd check 会逐项检查）",
                 PQerrorMessage(m.database));
            code = EXIT_UNREACHABLE;
        } else {
            PQsetNoticeProcessor(m.database, ignore_notice, NULL);
            if (import_all(&m)) {
                printf("名册已写入：新增 %u，更新 %u，无变化 %u\n", m.counts[0], m.counts[1], m.counts[2]);
                code = EXIT_SUCCESS;
            }
        }
        PQfinish(m.database);
    }
    if (code == EXIT_FAULT) fputs("名册没有写入，数据库没有改动。改好以上各处再执行一次\n", stderr);
    directory_file_release(&m.file);
    return code;
}
