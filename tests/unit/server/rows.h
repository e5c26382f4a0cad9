/* PGresults made by hand, so that what reads rows is tested without a database. */
#ifndef LIANDONG_TESTS_UNIT_SERVER_ROWS_H
#define LIANDONG_TESTS_UNIT_SERVER_ROWS_H
#include "db/statement.h"
#include <libpq-fe.h>
#include <stdint.h>

struct rows_column {
    const char *name;
    Oid type;
};
/* An empty set of rows with these columns; PQclear it. */
PGresult *rows_make(const struct rows_column *columns, int count);
void rows_null(PGresult *r, int row, int column);
void rows_bytes(PGresult *r, int row, int column, const void *bytes, int size);
void rows_text(PGresult *r, int row, int column, const char *text);
void rows_int2(PGresult *r, int row, int column, int16_t v);
void rows_int4(PGresult *r, int row, int column, int32_t v);
void rows_int8(PGresult *r, int row, int column, int64_t v);
/* One-dimensional arrays. A NULL text is a NULL element. */
void rows_texts(PGresult *r, int row, int column, const char *const *items, int count);
void rows_int4s(PGresult *r, int row, int column, const int32_t *items, int count);
/* A statement as if PostgreSQL had described it. Parameter types in the order of $1, $2, …; statement_free it. */
void rows_describe(struct statement *s, const char *name, const char *sql, const Oid *params, int params_count,
                   const struct rows_column *columns, int columns_count);
#endif
