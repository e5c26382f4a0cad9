#include "common/wire_private.h"
#include <stdio.h>
#include <string.h>

enum wire_type { VARINT = 0, FIXED64 = 1, COUNTED = 2, FIXED32 = 5 }; /* 3 and 4, groups, are never used */

#define SEEN_ONEOF 63u /* bit of "a member of the oneof was there" */

/* One message that the scan is inside of. */
struct level {
    const ProtobufCMessageDescriptor *type;
    const ProtobufCFieldDescriptor *via; /* field of the level above that it is the value of */
    const uint8_t *end;
    uint64_t seen; /* bit i: field i of the descriptor was there */
};

struct scan {
    struct level levels[WIRE_DEPTH_MAX];
    unsigned depth; /* levels in use */
    unsigned fields, fields_max;
    bool strict;
    struct wire_fault *fault;
};

/* One field as it stands in the bytes. */
struct item {
    uint32_t number;
    enum wire_type type;
    uint64_t value;       /* of a varint; number of bytes of a counted one */
    const uint8_t *bytes; /* of a counted one */
};

static bool refuse(struct scan *s, const char *reason, const ProtobufCFieldDescriptor *field, uint32_t number) {
    char *out = s->fault->field;
    size_t room = sizeof s->fault->field, at = 0;
    s->fault->reason = reason;
    out[0] = '\0';
    if (!field && number) field = protobuf_c_message_descriptor_get_field(s->levels[s->depth - 1].type, number);
    for (unsigned i = 1; i < s->depth && at < room; i++)
        at += (size_t)snprintf(out + at, room - at, "%s.", s->levels[i].via->name);
    if (at < room && field) at += (size_t)snprintf(out + at, room - at, "%s", field->name);
    if (at < room && !field && number) at += (size_t)snprintf(out + at, room - at, "#%u", (unsigned)number);
    if (at < room && !field && !number && at) out[at - 1] = '\0';
    return false;
}

bool wire_read_varint(const uint8_t **at, const uint8_t *end, uint64_t *value) {
    *value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        if (*at == end) return false;
        uint8_t byte = *(*at)++;
        if (shift == 63 && byte > 1) return false; /* beyond 64 bits */
        *value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) return true;
    }
    return false;
}

/* Reads tag and value; *at is behind them afterwards. */
static bool read_item(const uint8_t **at, const uint8_t *end, struct item *item) {
    uint64_t tag;
    *item = (struct item){0};
    if (!wire_read_varint(at, end, &tag) || tag > UINT32_MAX || tag >> 3 == 0) return false;
    item->number = (uint32_t)(tag >> 3);
    item->type = (enum wire_type)(tag & 7);
    size_t skip;
    switch (item->type) {
    case VARINT: return wire_read_varint(at, end, &item->value);
    case FIXED64: skip = 8; break;
    case FIXED32: skip = 4; break;
    case COUNTED:
        if (!wire_read_varint(at, end, &item->value) || item->value > (uint64_t)(end - *at)) return false;
        item->bytes = *at;
        skip = (size_t)item->value;
        break;
    default: return false;
    }
    if (skip > (size_t)(end - *at)) return false;
    *at += skip;
    return true;
}

static enum wire_type type_of(ProtobufCType type) {
    switch (type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE: return COUNTED;
    case PROTOBUF_C_TYPE_DOUBLE:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64: return FIXED64;
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SFIXED32: return FIXED32;
    default: return VARINT;
    }
}

/* protobuf-c keeps the low 32 bits of a longer varint: 2^32 + 1 would become 1. */
static bool is_cut(ProtobufCType type, uint64_t value) {
    switch (type) {
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_SINT32: return value > UINT32_MAX;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_ENUM: return (int64_t)value > INT32_MAX || (int64_t)value < INT32_MIN;
    default: return false;
    }
}

static bool count_field(struct scan *s, const ProtobufCFieldDescriptor *field, uint32_t number) {
    return ++s->fields <= s->fields_max || refuse(s, "TOO_MANY_FIELDS", field, number);
}

/* Several numbers in one counted value: each counts as a field. */
static bool scan_packed(struct scan *s, const ProtobufCFieldDescriptor *field, const struct item *item) {
    const uint8_t *at = item->bytes, *end = at + item->value;
    size_t step = type_of(field->type) == FIXED64 ? 8 : type_of(field->type) == FIXED32 ? 4 : 0;
    while (at < end) {
        uint64_t value = 0;
        if (step ? (size_t)(end - at) < step : !wire_read_varint(&at, end, &value))
            return refuse(s, "MALFORMED", field, 0);
        at += step;
        if (!step && is_cut(field->type, value)) return refuse(s, "OUT_OF_RANGE", field, 0);
        if (!count_field(s, field, 0)) return false;
    }
    return true;
}

/* Twice the same singular field, or two members of the oneof, would make protobuf-c merge or replace: nobody who packs
 * a message writes that. */
static bool note_seen(struct scan *s, struct level *l, const ProtobufCFieldDescriptor *field) {
    if (field->label == PROTOBUF_C_LABEL_REPEATED) return true;
    unsigned index = (unsigned)(field - l->type->fields);
    uint64_t bit = UINT64_C(1) << (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF ? SEEN_ONEOF : index % SEEN_ONEOF);
    if (l->seen & bit) return refuse(s, "MALFORMED", field, 0);
    l->seen |= bit;
    return true;
}

static bool enter(struct scan *s, const ProtobufCFieldDescriptor *field, const struct item *item) {
    if (s->depth == WIRE_DEPTH_MAX) return refuse(s, "TOO_DEEP", field, 0);
    s->levels[s->depth++] = (struct level){.type = field->descriptor, .via = field, .end = item->bytes + item->value};
    return true;
}

/* A field of the envelope that only a newer peer knows, numbered like the bodies: a request, not a detail. */
static bool is_unknown_request(const struct scan *s, const struct item *item) {
    const ProtobufCMessageDescriptor *type = s->levels[0].type;
    if (s->depth != 1 || item->type != COUNTED) return false;
    for (unsigned i = 0; i < type->n_fields; i++)
        if (type->fields[i].flags & PROTOBUF_C_FIELD_FLAG_ONEOF) return item->number >= type->fields[i].id;
    return false;
}

/* Judges one field; enters it where it is a message, so that *at must go back to its first byte. */
static bool scan_item(struct scan *s, const struct item *item, bool *entered) {
    struct level *l = &s->levels[s->depth - 1];
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field(l->type, item->number);
    *entered = false;
    if (!count_field(s, field, item->number)) return false;
    if (!field) {
        if (!s->strict) return true;
        return refuse(s, is_unknown_request(s, item) ? "UNKNOWN_REQUEST" : "UNKNOWN_FIELD", NULL, item->number);
    }
    enum wire_type expected = type_of(field->type);
    if (item->type == COUNTED && expected != COUNTED && field->label == PROTOBUF_C_LABEL_REPEATED)
        return scan_packed(s, field, item);
    if (item->type != expected) return refuse(s, "MALFORMED", field, 0);
    if (!note_seen(s, l, field)) return false;
    if (item->type == VARINT && is_cut(field->type, item->value)) return refuse(s, "OUT_OF_RANGE", field, 0);
    if (field->type == PROTOBUF_C_TYPE_STRING && item->value && memchr(item->bytes, 0, (size_t)item->value))
        return refuse(s, "CONTROL_CHARACTER", field, 0);
    *entered = field->type == PROTOBUF_C_TYPE_MESSAGE;
    return !*entered || enter(s, field, item);
}

bool wire_scan(const ProtobufCMessageDescriptor *type, const uint8_t *bytes, size_t size, bool strict,
               struct wire_fault *fault) {
    struct scan s = {.levels[0] = {.type = type, .end = bytes + size},
                     .depth = 1,
                     .fields_max = strict ? WIRE_FIELDS_MAX : WIRE_FIELDS_MAX_LAX,
                     .strict = strict,
                     .fault = fault};
    const uint8_t *at = bytes;
    while (s.depth) {
        const struct level *l = &s.levels[s.depth - 1];
        if (at == l->end) {
            s.depth--;
            continue;
        }
        struct item item;
        bool entered;
        if (!read_item(&at, l->end, &item))
            return refuse(&s, "MALFORMED", protobuf_c_message_descriptor_get_field(l->type, item.number), item.number);
        if (!scan_item(&s, &item, &entered)) return false;
        if (entered) at = item.bytes;
    }
    return true;
}
