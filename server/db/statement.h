/* One SQL file as a prepared statement: ":name" becomes "$n", and what PostgreSQL says of its types is kept.
 * Floor 2 (db). The parsing is pure. */
#ifndef LIANDONG_DB_STATEMENT_H
#define LIANDONG_DB_STATEMENT_H
#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

#define STATEMENT_PARAMS  48
#define STATEMENT_COLUMNS 64

struct statement {
    const char *name;               /* borrowed: the file's name, also the prepared statement's */
    char *text;                     /* owned, with $1..$n */
    char *params[STATEMENT_PARAMS]; /* owned; params[0] is $1 */
    int params_count;
    /* From Describe, at the first connection: */
    bool described;
    Oid param_types[STATEMENT_PARAMS];
    char *columns[STATEMENT_COLUMNS]; /* owned */
    Oid column_types[STATEMENT_COLUMNS];
    int columns_count;
};

/* Reads one statement. ":name" ([a-z_][a-z0-9_]*) outside quotes, comments and dollar quotes is a parameter, the same
 * name always the same $n; "::type" is a cast. False with `error` naming the line: several statements (a ';' before
 * more text), an unclosed quote or comment, too many parameters, a literal "$1". On false nothing is held. */
bool statement_parse(struct statement *s, const char *name, const char *sql, size_t size, char *error, size_t room);
/* Keeps what Describe told. False where it differs from what was kept before (the database changed under us) or is too
 * wide. */
bool statement_describe(struct statement *s, const PGresult *described, char *error, size_t room);
/* Index of a parameter, -1 where there is none. */
int statement_param(const struct statement *s, const char *name);
void statement_free(struct statement *s);
#endif
