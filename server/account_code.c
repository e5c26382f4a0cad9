#include "account_code.h"
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_UNREACHABLE 69

static void complain(const char *what, const char *why) {
    fprintf(stderr, "%s：%.*s\n", what, (int)strcspn(why, "\n"), why);
}

static void ignore_notice(void *arg, const char *message) {
    (void)arg;
    (void)message;
}

static bool commit(PGconn *database) {
    PGresult *r = PQexec(database, "commit");
    bool good = PQresultStatus(r) == PGRES_COMMAND_OK;
    PQclear(r);
    return good;
}

static int make(PGconn *database, const char *account) {
    const char *values[] = {account};
    PQclear(PQexec(database, "begin; select set_config('search_path', 'liandong, pg_catalog', true)"));
    PGresult *r = PQexecParams(database,
                               "select c.code, to_char(c.until at time zone 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI')"
                               " from account a, one_use_code(a.id) c where a.code = $1 and a.state = 1",
                               1, NULL, values, NULL, NULL, 0);
    int code = EXIT_FAILURE;
    if (PQresultStatus(r) != PGRES_TUPLES_OK) {
        complain("数据库没有接受，检查设置 migrate_database 是不是属主角色", PQerrorMessage(database));
    } else if (PQntuples(r) == 0) {
        complain("没有这个账号，或已停用。名册里写 [account 账号] 再执行 liandongd directory", account);
    } else if (!commit(database)) {
        complain("数据库没有写入", PQerrorMessage(database));
    } else {
        puts(PQgetvalue(r, 0, 0));
        fflush(stdout);
        fprintf(stderr, "一次性登录码，有效至 %s。本人在终端上执行 liandong login %s --with-code，设置自己的密码\n",
                PQgetvalue(r, 0, 1), account);
        code = EXIT_SUCCESS;
    }
    PQclear(r);
    return code;
}

int account_code(const char *conninfo, const char *account) {
    PGconn *database = PQconnectdb(conninfo);
    int code = EXIT_UNREACHABLE;
    PQsetNoticeProcessor(database, ignore_notice, NULL);
    if (PQstatus(database) == CONNECTION_OK)
        code = make(database, account);
    else
        complain("连不上数据库，检查设置 migrate_database（liandongd check 会逐项检查）", PQerrorMessage(database));
    PQfinish(database);
    return code;
}
