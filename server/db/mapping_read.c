#include "common/wire.h"
#include "db/contract.h"
#include "db/mapping.h"
#include <endian.h>
#include <string.h>

#define POSTGRES_EPOCH_MS 946684800000

static uint16_t big2(const char *p) {
    uint16_t v;
    memcpy(&v, p, 2);
    return be16toh(v);
}
static uint32_t big4(const char *p) {
    uint32_t v;
    memcpy(&v, p, 4);
    return be32toh(v);
}
static uint64_t big8(const char *p) {
    uint64_t v;
    memcpy(&v, p, 8);
    return be64toh(v);
}
/* Rounds down, so that times before 2000 stay in order. */
static int64_t time_ms(int64_t us) { return (us < 0 ? (us - 999) / 1000 : us / 1000) + POSTGRES_EPOCH_MS; }

int16_t mapping_get_int2(const PGresult *r, int row, int column) { return (int16_t)big2(PQgetvalue(r, row, column)); }
int32_t mapping_get_int4(const PGresult *r, int row, int column) { return (int32_t)big4(PQgetvalue(r, row, column)); }
int64_t mapping_get_int8(const PGresult *r, int row, int column) { return (int64_t)big8(PQgetvalue(r, row, column)); }
int64_t mapping_get_time(const PGresult *r, int row, int column) { return time_ms(mapping_get_int8(r, row, column)); }

static struct mapping_array read_array(const char *value, int length) {
    if (length < 20 || big4(value) != 1) return (struct mapping_array){0};
    return (struct mapping_array){value + 20, (int32_t)big4(value + 12), big4(value + 8)};
}

struct mapping_array mapping_get_array(const PGresult *r, int row, int column) {
    if (PQgetisnull(r, row, column)) return (struct mapping_array){0};
    return read_array(PQgetvalue(r, row, column), PQgetlength(r, row, column));
}

const char *mapping_array_next(struct mapping_array *a, int32_t *length) {
    const char *value = a->at + 4;
    *length = (int32_t)big4(a->at);
    a->at = value + (*length > 0 ? *length : 0);
    return value;
}

static int64_t read_integer(Oid type, const char *value) {
    switch (type) {
    case TYPE_INT2: return (int16_t)big2(value);
    case TYPE_INT4: return (int32_t)big4(value);
    case TYPE_TIMESTAMPTZ: return time_ms((int64_t)big8(value));
    default: return (int64_t)big8(value);
    }
}

/* One value into `member`. False without memory. */
static bool read_scalar(void *member, ProtobufCType field, Oid type, const char *value, int length,
                        struct arena *arena) {
    switch (field) {
    case PROTOBUF_C_TYPE_STRING: return (*(char **)member = arena_copy(arena, value, (size_t)length)) != NULL;
    case PROTOBUF_C_TYPE_BYTES: {
        ProtobufCBinaryData *bytes = member;
        bytes->len = (size_t)length;
        return (bytes->data = (uint8_t *)arena_copy(arena, value, (size_t)length)) != NULL;
    }
    case PROTOBUF_C_TYPE_BOOL: *(protobuf_c_boolean *)member = value[0] != 0; return true;
    case PROTOBUF_C_TYPE_DOUBLE: {
        uint64_t bits = big8(value);
        memcpy(member, &bits, sizeof bits);
        return true;
    }
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64: *(int64_t *)member = read_integer(type, value); return true;
    default: *(int32_t *)member = (int32_t)read_integer(type, value); return true;
    }
}

static bool read_repeated(ProtobufCMessage *m, const ProtobufCFieldDescriptor *field, const char *value, int length,
                          struct arena *arena) {
    struct mapping_array a = read_array(value, length);
    size_t each = field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_INT64 ? 8 : 4;
    char *items = arena_zero(arena, each * (size_t)(a.count ? a.count : 1));
    size_t n = 0;
    if (!items) return false;
    for (int32_t i = 0; i < a.count; i++) {
        int32_t size;
        const char *item = mapping_array_next(&a, &size);
        if (size < 0) continue; /* a message has no NULL inside a list */
        if (!read_scalar(items + n * each, field->type, a.type, item, size, arena)) return false;
        n++;
    }
    *(void **)wire_member(m, field) = items;
    *wire_quantifier(m, field) = n;
    return true;
}

bool mapping_read_field(ProtobufCMessage *m, const ProtobufCFieldDescriptor *field, Oid type, const char *value,
                        int length, struct arena *arena) {
    if (!value) return true;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) return read_repeated(m, field, value, length, arena);
    if (!read_scalar(wire_member(m, field), field->type, type, value, length, arena)) return false;
    wire_mark_present(m, field);
    return true;
}

static bool read_columns(const struct plan *plan, const PGresult *r, int row, enum plan_target target,
                         ProtobufCMessage *m, struct arena *arena) {
    const struct statement *s = plan->statement;
    for (int c = 0; c < s->columns_count; c++) {
        if (plan->columns[c].target != target || PQgetisnull(r, row, c)) continue;
        if (!mapping_read_field(m, plan->columns[c].field, s->column_types[c], PQgetvalue(r, row, c),
                                PQgetlength(r, row, c), arena))
            return false;
    }
    return true;
}

static ProtobufCMessage *make_message(const ProtobufCMessageDescriptor *type, struct arena *arena) {
    ProtobufCMessage *m = arena_take(arena, type->sizeof_message);
    if (m) type->message_init(m);
    return m;
}

static bool tells_element(const struct plan *plan, const PGresult *r, int row) {
    for (int c = 0; c < plan->statement->columns_count; c++)
        if (plan->columns[c].target == TARGET_ELEMENT && !PQgetisnull(r, row, c)) return true;
    return false;
}

ProtobufCMessage *mapping_read(const struct plan *plan, const PGresult *r, int first, int count, struct arena *arena) {
    ProtobufCMessage *reply = make_message(plan->reply, arena);
    if (!reply) return NULL;
    if (!plan->rows) return read_columns(plan, r, first, TARGET_ELEMENT, reply, arena) ? reply : NULL;
    ProtobufCMessage **items = arena_take(arena, (size_t)(count ? count : 1) * sizeof *items);
    if (!items || (count && !read_columns(plan, r, first, TARGET_OUTER, reply, arena))) return NULL;
    size_t n = 0;
    for (int i = 0; i < count; i++) {
        if (!tells_element(plan, r, first + i)) continue;
        items[n] = make_message(plan->rows->descriptor, arena);
        if (!items[n] || !read_columns(plan, r, first + i, TARGET_ELEMENT, items[n], arena)) return NULL;
        n++;
    }
    *(void **)wire_member(reply, plan->rows) = items;
    *wire_quantifier(reply, plan->rows) = n;
    return reply;
}
