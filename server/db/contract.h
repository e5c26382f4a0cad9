/* The check that every request's pieces fit: message, SQL file, reply, labels of types. Run at start and by the tests,
 * so that a missing or wrong piece stops the server (and the build) instead of a caller. Floor 2 (db). */
#ifndef LIANDONG_DB_CONTRACT_H
#define LIANDONG_DB_CONTRACT_H
#include "db/mapping.h"

struct contract_terms {
    const ProtobufCMessageDescriptor
        *request; /* NULL: parameters are bound by hand, and so are columns that are no field */
    const ProtobufCMessageDescriptor *reply;
    bool write; /* columns `outcome` … are expected, :request_id and :act allowed; a read may have a `reason` */
    bool batch; /* parameters are arrays, a column `ord` numbers the members */
};
/* Fits a described statement to its messages. False with one sentence: which file, which name, what disagrees. */
bool contract_compile(struct plan *plan, const struct statement *statement, const struct contract_terms *terms,
                      char *error, size_t room);
/* Column names and types of a statement that is read by hand, e.g. "seq:20 at:1184". False with one sentence. */
bool contract_columns(const struct statement *statement, const char *const *names, const Oid *types, int count,
                      char *error, size_t room);

/* PostgreSQL's type numbers (pg_type.dat; they never change). */
enum {
    TYPE_BOOL = 16,
    TYPE_BYTEA = 17,
    TYPE_INT8 = 20,
    TYPE_INT2 = 21,
    TYPE_INT4 = 23,
    TYPE_TEXT = 25,
    TYPE_FLOAT8 = 701,
    TYPE_TIMESTAMPTZ = 1184,
    TYPE_UUID = 2950,
    TYPE_BOOL_ARRAY = 1000,
    TYPE_BYTEA_ARRAY = 1001,
    TYPE_INT2_ARRAY = 1005,
    TYPE_INT4_ARRAY = 1007,
    TYPE_TEXT_ARRAY = 1009,
    TYPE_INT8_ARRAY = 1016,
    TYPE_FLOAT8_ARRAY = 1022,
    TYPE_TIMESTAMPTZ_ARRAY = 1185,
    TYPE_UUID_ARRAY = 2951
};
/* Element type of an array type, 0 for any other. */
Oid contract_element(Oid array);
#endif
