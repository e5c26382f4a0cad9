/* Messages <-> SQL: which field meets which parameter and which column meets which field, worked out once at start from
 * the descriptors and from what PostgreSQL says of its types; then only pointers are followed. Floor 2 (db). Pure:
 * takes messages and results, gives values and messages. */
#ifndef LIANDONG_DB_MAPPING_H
#define LIANDONG_DB_MAPPING_H
#include "common/arena.h"
#include "db/caller.h"
#include "db/statement.h"
#include <libpq-fe.h>
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>

/* What sealed text is found by, worked out before it is sealed (call/sealing.h). NULL: none. */
struct mapping_marks {
    const uint8_t *phone_index, *place_index, *name_index, *id_index; /* 16 bytes: blind indexes */
    const uint8_t *place_pairs;
    size_t place_pairs_size;
};
/* What a statement may be given besides the fields of its message. */
struct mapping_input {
    const ProtobufCMessage *message;
    const struct caller *caller;
    const uint8_t *request_id; /* 16 bytes or NULL */
    const uint8_t *act;        /* the packed message, for writes; or NULL */
    size_t act_size;
    struct mapping_marks marks;
    const char *digest;        /* token of the hash of what an attachment has by now; or NULL */
    const uint8_t *device_key; /* 32 bytes: of a certificate that is asked for, its holder proved; or NULL */
    const uint8_t *authority;  /* 32 bytes: the server's own authority's key; NULL: it has none */
    int64_t authority_until;   /* ms since 1970 UTC; counts where there is one */
};

enum plan_source {
    SOURCE_FIELD,
    SOURCE_REQUEST_ID,
    SOURCE_ACT,
    SOURCE_DIGEST,
    SOURCE_DEVICE_KEY,
    SOURCE_AUTHORITY,
    SOURCE_AUTHORITY_UNTIL,
    SOURCE_CALLER_OFFICE,
    SOURCE_CALLER_DEVICE,
    SOURCE_CALLER_OFFICER,
    SOURCE_CALLER_ROLE,
    SOURCE_CALLER_ACCOUNT,
    SOURCE_CALLER_ENGLISH,
    SOURCE_PHONE_INDEX,
    SOURCE_PLACE_INDEX,
    SOURCE_PLACE_PAIRS,
    SOURCE_NAME_INDEX,
    SOURCE_ID_INDEX
};
/* What every write says of its outcome, by column name: outcome (done, replay, conflict, refused), reason, field, …
 * A read refuses by a reason in its first row. */
enum {
    VERDICT_OUTCOME,
    VERDICT_REASON,
    VERDICT_FIELD,
    VERDICT_CONFLICT_FIELDS,
    VERDICT_CONFLICT_THEIRS,
    VERDICT_CONFLICT_YOURS,
    VERDICT_CURRENT_VERSION,
    VERDICT_ALLOWED,
    VERDICT_ROLES,
    VERDICT_SEALED_RECORD, /* of a read: the UUID of the record whose fields the rows tell */
    PLAN_VERDICTS
};
enum plan_target { TARGET_ELEMENT, TARGET_OUTER, TARGET_VERDICT, TARGET_ORD, TARGET_BY_HAND };

struct plan_param {
    enum plan_source source;
    const ProtobufCFieldDescriptor *field;
    Oid type;     /* of one value: with a batch, of the array's element */
    bool literal; /* a repeated field of a batch: passed as the text of an array, since arrays of arrays can't be ragged
                   */
};
struct plan_column {
    enum plan_target target;
    const ProtobufCFieldDescriptor *field;
};
/* One request and its statement, fitted together by contract_compile. */
struct plan {
    const struct statement *statement;
    const ProtobufCMessageDescriptor *request, *reply;
    const ProtobufCFieldDescriptor
        *rows;  /* the reply's repeated message field: each row is one element; NULL: one row = the reply */
    bool write; /* one row, with a verdict; else a read, which may have any number */
    bool batch;
    struct plan_param params[STATEMENT_PARAMS];
    struct plan_column columns[STATEMENT_COLUMNS];
    int verdict[PLAN_VERDICTS]; /* columns of the verdict, -1 where absent */
};

/* Values of one execution (or of one member of a batch), in the order of the plan's parameters, binary; NULL = SQL
 * NULL. */
struct binding {
    const char **values;
    int *lengths;
};

/* Binds. Memory is the arena's and the message's. False without memory or where a value does not fit its column:
 * *field is the field's name then, NULL without memory. */
bool mapping_bind(const struct plan *plan, const struct mapping_input *in, struct arena *arena, struct binding *out,
                  const char **field);
/* Makes one binding of arrays out of `count` members' bindings. False without memory. */
bool mapping_bind_batch(const struct plan *plan, const struct binding *const *members, size_t count,
                        struct arena *arena, struct binding *out);
/* Big-endian scalars for the statements that are bound by hand. */
const char *mapping_int4(struct arena *arena, int32_t v);
const char *mapping_int8(struct arena *arena, int64_t v);

/* Makes the reply from rows [first, first + count) of a result. NULL without memory. The message lives in the arena and
 * copies what it needs. With plan->rows NULL, count must be 1; else a row whose columns of an element are all NULL is
 * none, so that an empty list can still tell what stands beside it. */
ProtobufCMessage *mapping_read(const struct plan *plan, const PGresult *result, int first, int count,
                               struct arena *arena);
/* Reads one column into one field of a message. False without memory. NULL leaves the field absent. */
bool mapping_read_field(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, Oid type, const char *value,
                        int length, struct arena *arena);

/* Readers for the statements that are read by hand; the column must have that type (the contract checks names and
 * types). */
int16_t mapping_get_int2(const PGresult *r, int row, int column);
int32_t mapping_get_int4(const PGresult *r, int row, int column);
int64_t mapping_get_int8(const PGresult *r, int row, int column);
int64_t mapping_get_time(const PGresult *r, int row, int column); /* timestamptz -> ms since 1970 UTC */
/* Elements of a one-dimensional array of int2, int4 or text. */
struct mapping_array {
    const char *at;
    int32_t count;
    Oid type;
};
struct mapping_array mapping_get_array(const PGresult *r, int row, int column);
/* Next element: its bytes and length, length -1 for NULL. Call `count` times. */
const char *mapping_array_next(struct mapping_array *a, int32_t *length);
#endif
