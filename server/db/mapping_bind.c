#include "common/wire.h"
#include "db/contract.h"
#include "db/mapping.h"
#include <arpa/inet.h>
#include <endian.h>
#include <stdio.h>
#include <string.h>

#define POSTGRES_EPOCH_MS 946684800000 /* 2000-01-01, from which timestamptz counts microseconds */

const char *mapping_int4(struct arena *arena, int32_t v) {
    uint32_t big = htobe32((uint32_t)v);
    return arena_copy(arena, &big, sizeof big);
}
const char *mapping_int8(struct arena *arena, int64_t v) {
    uint64_t big = htobe64((uint64_t)v);
    return arena_copy(arena, &big, sizeof big);
}

struct value {
    const char *at;
    int length;
};

static bool bind_integer(struct arena *arena, Oid type, int64_t v, struct value *out) {
    int64_t us;
    switch (type) {
    case TYPE_INT2: {
        if (v < INT16_MIN || v > INT16_MAX) return false;
        uint16_t big = htobe16((uint16_t)v);
        *out = (struct value){arena_copy(arena, &big, sizeof big), sizeof big};
        return true;
    }
    case TYPE_INT4:
        if (v < INT32_MIN || v > INT32_MAX) return false;
        *out = (struct value){mapping_int4(arena, (int32_t)v), 4};
        return true;
    case TYPE_INT8: *out = (struct value){mapping_int8(arena, v), 8}; return true;
    case TYPE_TIMESTAMPTZ: /* years 1 to 9999 only: what people mean, and what PostgreSQL prints without surprises */
        if (v < -62135596800000 || v > 253402300799999) return false;
        us = (v - POSTGRES_EPOCH_MS) * 1000;
        *out = (struct value){mapping_int8(arena, us), 8};
        return true;
    default: return false;
    }
}

/* One value at `member`. False where it does not fit. */
static bool bind_scalar(struct arena *arena, ProtobufCType field, Oid type, const void *member, struct value *out) {
    switch (field) {
    case PROTOBUF_C_TYPE_STRING: {
        const char *text = *(char *const *)member;
        *out = (struct value){text, (int)strlen(text)};
        return true;
    }
    case PROTOBUF_C_TYPE_BYTES: {
        const ProtobufCBinaryData *bytes = member;
        if (type == TYPE_UUID && bytes->len != 16) return false;
        *out = (struct value){bytes->data ? (const char *)bytes->data : "", (int)bytes->len};
        return true;
    }
    case PROTOBUF_C_TYPE_BOOL: *out = (struct value){*(const protobuf_c_boolean *)member ? "\1" : "\0", 1}; return true;
    case PROTOBUF_C_TYPE_DOUBLE: {
        uint64_t bits;
        memcpy(&bits, member, sizeof bits);
        *out = (struct value){mapping_int8(arena, (int64_t)bits), 8};
        return true;
    }
    case PROTOBUF_C_TYPE_UINT32: return bind_integer(arena, type, *(const uint32_t *)member, out);
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_INT32: return bind_integer(arena, type, *(const int32_t *)member, out);
    case PROTOBUF_C_TYPE_UINT64:
        return *(const uint64_t *)member <= INT64_MAX &&
               bind_integer(arena, type, (int64_t) * (const uint64_t *)member, out);
    case PROTOBUF_C_TYPE_INT64: return bind_integer(arena, type, *(const int64_t *)member, out);
    default: return false;
    }
}

static size_t element_size(ProtobufCType field) {
    switch (field) {
    case PROTOBUF_C_TYPE_STRING: return sizeof(char *);
    case PROTOBUF_C_TYPE_BYTES: return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_BOOL: return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_DOUBLE: return 8;
    default: return 4;
    }
}

/* ---- arrays, PostgreSQL's binary form: dimensions, has-null flag, element type, count, first index; then length and
 * bytes each */

struct array {
    uint8_t *data;
    size_t used;
};

static void array_word(struct array *a, uint32_t v) {
    uint32_t big = htonl(v);
    memcpy(a->data + a->used, &big, 4);
    a->used += 4;
}
static void array_begin(struct array *a, Oid element, size_t count, bool has_null) {
    array_word(a, count ? 1 : 0);
    array_word(a, has_null);
    array_word(a, element);
    if (!count) return;
    array_word(a, (uint32_t)count);
    array_word(a, 1);
}
static void array_value(struct array *a, const char *value, int length) {
    array_word(a, value ? (uint32_t)length : UINT32_MAX);
    if (!value) return;
    memcpy(a->data + a->used, value, (size_t)length);
    a->used += (size_t)length;
}

static bool bind_repeated(struct arena *arena, const struct plan_param *p, const ProtobufCMessage *m,
                          struct value *out) {
    size_t n = *wire_quantifier(m, p->field);
    const char *items = *(char *const *)wire_member(m, p->field);
    Oid element = contract_element(p->type);
    struct value *values = arena_take(arena, (n ? n : 1) * sizeof *values);
    size_t total = 20;
    if (!values) return false;
    for (size_t i = 0; i < n; i++) {
        if (!bind_scalar(arena, p->field->type, element, items + i * element_size(p->field->type), &values[i]))
            return false;
        total += 4 + (size_t)values[i].length;
    }
    struct array a = {arena_take(arena, total), 0};
    if (!a.data) return false;
    array_begin(&a, element, n, false);
    for (size_t i = 0; i < n; i++) array_value(&a, values[i].at, values[i].length);
    *out = (struct value){(char *)a.data, (int)a.used};
    return true;
}

/* "{1,2}": numbers only; the contract lets no other repeated field into a batch. */
static bool bind_literal(struct arena *arena, const struct plan_param *p, const ProtobufCMessage *m,
                         struct value *out) {
    size_t n = *wire_quantifier(m, p->field), used = 1;
    const int32_t *items = *(int32_t *const *)wire_member(m, p->field);
    char *text = arena_take(arena, n * 12 + 3);
    if (!text) return false;
    text[0] = '{';
    for (size_t i = 0; i < n; i++) used += (size_t)sprintf(text + used, i ? ",%d" : "%d", items[i]);
    text[used++] = '}';
    *out = (struct value){text, (int)used};
    return true;
}

static bool bind_field(struct arena *arena, const struct plan_param *p, const ProtobufCMessage *m, struct value *out) {
    if (!wire_has(m, p->field)) {
        *out = (struct value){NULL, 0};
        return true;
    }
    if (p->literal) return bind_literal(arena, p, m, out);
    if (p->field->label == PROTOBUF_C_LABEL_REPEATED) return bind_repeated(arena, p, m, out);
    return bind_scalar(arena, p->field->type, p->type, wire_member(m, p->field), out);
}

static struct value bind_given(struct arena *arena, enum plan_source source, const struct mapping_input *in) {
    switch (source) {
    case SOURCE_REQUEST_ID: return (struct value){(const char *)in->request_id, 16};
    case SOURCE_ACT: return (struct value){in->act ? (const char *)in->act : "", (int)in->act_size};
    case SOURCE_DIGEST: return (struct value){in->digest, in->digest ? (int)strlen(in->digest) : 0};
    case SOURCE_DEVICE_KEY: return (struct value){(const char *)in->device_key, 32};
    case SOURCE_AUTHORITY: return (struct value){(const char *)in->authority, 32};
    case SOURCE_AUTHORITY_UNTIL: {
        struct value v = {NULL, 0};
        if (in->authority) bind_integer(arena, TYPE_TIMESTAMPTZ, in->authority_until, &v);
        return v;
    }
    case SOURCE_CALLER_OFFICE: return (struct value){mapping_int4(arena, in->caller->office), 4};
    case SOURCE_CALLER_DEVICE: return (struct value){mapping_int8(arena, in->caller->device), 8};
    case SOURCE_CALLER_OFFICER: return (struct value){in->caller->officer, (int)strlen(in->caller->officer)};
    case SOURCE_CALLER_ROLE: return (struct value){mapping_int4(arena, in->caller->role), 4};
    case SOURCE_CALLER_ACCOUNT: return (struct value){mapping_int8(arena, in->caller->account), 8};
    case SOURCE_CALLER_ENGLISH: return (struct value){in->caller->english ? "\1" : "\0", 1};
    case SOURCE_PHONE_INDEX: return (struct value){(const char *)in->marks.phone_index, 16};
    case SOURCE_NAME_INDEX: return (struct value){(const char *)in->marks.name_index, 16};
    case SOURCE_ID_INDEX: return (struct value){(const char *)in->marks.id_index, 16};
    case SOURCE_PLACE_INDEX: return (struct value){(const char *)in->marks.place_index, 16};
    case SOURCE_PLACE_PAIRS:
        return (struct value){(const char *)in->marks.place_pairs, (int)in->marks.place_pairs_size};
    case SOURCE_FIELD: break;
    }
    return (struct value){NULL, 0};
}

static bool binding_take(struct binding *b, size_t count, struct arena *arena) {
    b->values = arena_take(arena, (count ? count : 1) * sizeof *b->values);
    b->lengths = arena_take(arena, (count ? count : 1) * sizeof *b->lengths);
    return b->values && b->lengths;
}

bool mapping_bind(const struct plan *plan, const struct mapping_input *in, struct arena *arena, struct binding *out,
                  const char **field) {
    int count = plan->statement->params_count;
    *field = NULL;
    if (!binding_take(out, (size_t)count, arena)) return false;
    for (int i = 0; i < count; i++) {
        const struct plan_param *p = &plan->params[i];
        struct value v;
        if (p->source != SOURCE_FIELD) {
            v = bind_given(arena, p->source, in);
        } else if (!bind_field(arena, p, in->message, &v)) {
            *field = p->field->name;
            return false;
        }
        out->values[i] = v.at;
        out->lengths[i] = v.length;
    }
    if (!arena->exhausted) return true;
    return false;
}

bool mapping_bind_batch(const struct plan *plan, const struct binding *const *members, size_t count,
                        struct arena *arena, struct binding *out) {
    int params = plan->statement->params_count;
    if (!binding_take(out, (size_t)params, arena)) return false;
    for (int i = 0; i < params; i++) {
        size_t total = 20;
        bool has_null = false;
        for (size_t m = 0; m < count; m++) {
            has_null |= !members[m]->values[i];
            total += 4 + (members[m]->values[i] ? (size_t)members[m]->lengths[i] : 0);
        }
        struct array a = {arena_take(arena, total), 0};
        if (!a.data) return false;
        array_begin(&a, plan->params[i].type, count, has_null);
        for (size_t m = 0; m < count; m++) array_value(&a, members[m]->values[i], members[m]->lengths[i]);
        out->values[i] = (char *)a.data;
        out->lengths[i] = (int)a.used;
    }
    return true;
}
