#include "rows.h"
#include "db/contract.h"
#include <endian.h>
#include <stdlib.h>
#include <string.h>

PGresult *rows_make(const struct rows_column *columns, int count) {
    PGresult *r = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    PGresAttDesc *described = calloc((size_t)count, sizeof *described);
    for (int i = 0; i < count; i++) {
        described[i].name = (char *)(uintptr_t)columns[i].name;
        described[i].typid = columns[i].type;
        described[i].format = 1;
    }
    PQsetResultAttrs(r, count, described);
    free(described);
    return r;
}
void rows_null(PGresult *r, int row, int column) { PQsetvalue(r, row, column, NULL, -1); }
void rows_bytes(PGresult *r, int row, int column, const void *bytes, int size) {
    PQsetvalue(r, row, column, (char *)(uintptr_t)bytes, size);
}
void rows_text(PGresult *r, int row, int column, const char *text) {
    rows_bytes(r, row, column, text, (int)strlen(text));
}
void rows_int2(PGresult *r, int row, int column, int16_t v) {
    uint16_t big = htobe16((uint16_t)v);
    rows_bytes(r, row, column, &big, sizeof big);
}
void rows_int4(PGresult *r, int row, int column, int32_t v) {
    uint32_t big = htobe32((uint32_t)v);
    rows_bytes(r, row, column, &big, sizeof big);
}
void rows_int8(PGresult *r, int row, int column, int64_t v) {
    uint64_t big = htobe64((uint64_t)v);
    rows_bytes(r, row, column, &big, sizeof big);
}

static size_t put_word(uint8_t *out, size_t used, uint32_t v) {
    uint32_t big = htobe32(v);
    memcpy(out + used, &big, sizeof big);
    return used + sizeof big;
}
static size_t put_head(uint8_t *out, Oid element, int count) {
    size_t used = put_word(out, 0, count ? 1 : 0);
    used = put_word(out, used, 1);
    used = put_word(out, used, element);
    if (!count) return used;
    used = put_word(out, used, (uint32_t)count);
    return put_word(out, used, 1);
}

void rows_texts(PGresult *r, int row, int column, const char *const *items, int count) {
    uint8_t bytes[4096];
    size_t used = put_head(bytes, TYPE_TEXT, count);
    for (int i = 0; i < count; i++) {
        size_t n = items[i] ? strlen(items[i]) : 0;
        used = put_word(bytes, used, items[i] ? (uint32_t)n : UINT32_MAX);
        memcpy(bytes + used, items[i] ? items[i] : "", n);
        used += n;
    }
    rows_bytes(r, row, column, bytes, (int)used);
}
void rows_int4s(PGresult *r, int row, int column, const int32_t *items, int count) {
    uint8_t bytes[4096];
    size_t used = put_head(bytes, TYPE_INT4, count);
    for (int i = 0; i < count; i++) {
        used = put_word(bytes, used, 4);
        used = put_word(bytes, used, (uint32_t)items[i]);
    }
    rows_bytes(r, row, column, bytes, (int)used);
}

void rows_describe(struct statement *s, const char *name, const char *sql, const Oid *params, int params_count,
                   const struct rows_column *columns, int columns_count) {
    char error[256];
    if (!statement_parse(s, name, sql, strlen(sql), error, sizeof error) || s->params_count != params_count) abort();
    for (int i = 0; i < params_count; i++) s->param_types[i] = params[i];
    for (int i = 0; i < columns_count; i++) {
        s->columns[i] = strdup(columns[i].name);
        s->column_types[i] = columns[i].type;
    }
    s->columns_count = columns_count;
    s->described = true;
}
