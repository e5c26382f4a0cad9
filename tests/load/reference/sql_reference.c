/* What PostgreSQL alone takes for the same work, over libpq and its unix socket, with nothing in between.
 *
 *   sql_reference calls CONNINFO OFFICE ROLE REQUEST SQL_FILE CALLS_FILE
 *
 * Each line of CALLS_FILE ("request field=value …") by SQL_FILE, prepared, binary rows, for a role of the office with
 * that id. A connection that row-level security does not bind shows what the predicate costs.
 *
 *   sql_reference replay CONNINFO
 *
 * All of the feed, (seq, act), by COPY in binary. Both print "name<TAB>value" lines. */
#include "../generator/samples.h"
#include "db/statement.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LINE_ROOM       2048
#define VALUE_ROOM      512
#define SQL_ROOM        65536
#define OID_TIMESTAMPTZ 1184u

static void fail(const char *what) {
    fprintf(stderr, "sql_reference: %s\n", what);
    exit(1);
}

static PGconn *connect_to(const char *conninfo) {
    PGconn *link = PQconnectdb(conninfo);
    if (PQstatus(link) != CONNECTION_OK) fail(PQerrorMessage(link));
    return link;
}

static void prepare(PGconn *link, struct statement *s, const char *name, const char *path) {
    static char sql[SQL_ROOM];
    char error[256];
    FILE *file = fopen(path, "r");
    size_t size = file ? fread(sql, 1, sizeof sql, file) : 0;
    if (!size || !statement_parse(s, name, sql, size, error, sizeof error)) fail(path);
    fclose(file);
    PGresult *r = PQprepare(link, name, s->text, 0, NULL);
    if (PQresultStatus(r) != PGRES_COMMAND_OK) fail(PQresultErrorMessage(r));
    PQclear(r);
    r = PQdescribePrepared(link, name);
    if (!statement_describe(s, r, error, sizeof error)) fail(error);
    PQclear(r);
}

/* What PostgreSQL reads as the value of a field: milliseconds become a moment, repeated fields an array. */
static void add_value(const struct statement *s, char values[][VALUE_ROOM], const char **given, const char *name,
                      const char *text) {
    int at = statement_param(s, name);
    if (at < 0) fail(name);
    char *value = values[at];
    if (s->param_types[at] == OID_TIMESTAMPTZ) {
        time_t seconds = (time_t)(strtoll(text, NULL, 10) / 1000);
        strftime(value, VALUE_ROOM, "%Y-%m-%dT%H:%M:%SZ", gmtime(&seconds));
    } else if (!strcmp(name, "states") || !strcmp(name, "classes")) {
        size_t used = given[at] ? strlen(value) - 1 : 0;
        snprintf(value + used, VALUE_ROOM - used, "%s%s}", used ? "," : "{", text);
    } else {
        snprintf(value, VALUE_ROOM, "%s", text);
    }
    given[at] = value;
}

static void run_line(PGconn *link, const struct statement *s, char *line, struct samples *times) {
    static char values[STATEMENT_PARAMS][VALUE_ROOM];
    const char *given[STATEMENT_PARAMS] = {0};
    char *rest = NULL;
    strtok_r(line, " \n", &rest);
    for (char *word; (word = strtok_r(NULL, " \n", &rest));) {
        char *equals = strchr(word, '=');
        if (!equals) fail(word);
        *equals = '\0';
        add_value(s, values, given, word, equals + 1);
    }
    uint64_t begin = samples_now();
    PGresult *r = PQexecPrepared(link, s->name, s->params_count, given, NULL, NULL, 1);
    if (PQresultStatus(r) != PGRES_TUPLES_OK) fail(PQresultErrorMessage(r));
    samples_add(times, (double)(samples_now() - begin) / 1e3);
    PQclear(r);
}

static int run_calls(char **arguments) {
    PGconn *link = connect_to(arguments[0]);
    struct statement s;
    struct samples times;
    char line[LINE_ROOM];
    const char *caller[] = {arguments[1], arguments[2]};
    if (!samples_init(&times)) fail("no memory");
    PGresult *r = PQexecParams(link,
                               "select set_config('liandong.office', $1::text, false), set_config('liandong.role', "
                               "$2::text, false), set_config('search_path', 'liandong,pg_catalog', false)",
                               2, NULL, caller, NULL, NULL, 0);
    if (PQresultStatus(r) != PGRES_TUPLES_OK) fail(PQresultErrorMessage(r));
    PQclear(r);
    prepare(link, &s, arguments[3], arguments[4]);
    FILE *calls = fopen(arguments[5], "r");
    if (!calls) fail(arguments[5]);
    while (fgets(line, sizeof line, calls)) run_line(link, &s, line, &times);
    fclose(calls);
    samples_print_percentiles("call", &times);
    samples_free(&times);
    statement_free(&s);
    PQfinish(link);
    return 0;
}

static int run_replay(char **arguments) {
    PGconn *link = connect_to(arguments[0]);
    uint64_t rows = 0, begin = samples_now();
    char *row;
    PGresult *r = PQexec(link, "copy (select seq, act from liandong.feed order by seq) to stdout (format binary)");
    if (PQresultStatus(r) != PGRES_COPY_OUT) fail(PQresultErrorMessage(r));
    PQclear(r);
    for (int size; (size = PQgetCopyData(link, &row, 0)) > 0; PQfreemem(row)) rows++;
    samples_print("rows_per_s",
                  (double)(rows - 1) / ((double)(samples_now() - begin) / 1e9)); /* the last one is the trailer */
    PQfinish(link);
    return 0;
}

int main(int count, char **arguments) {
    if (count == 8 && !strcmp(arguments[1], "calls")) return run_calls(arguments + 2);
    if (count == 3 && !strcmp(arguments[1], "replay")) return run_replay(arguments + 2);
    fprintf(stderr, "usage: sql_reference calls CONNINFO OFFICE ROLE REQUEST SQL_FILE CALLS_FILE | replay CONNINFO\n");
    return 2;
}
