#include "common/text.h"
#include "common/wire_private.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

#define NO_INDEX SIZE_MAX

/* Where the check is: a list from the field at hand up to the message it began with. */
struct place {
    const struct place *above;
    const ProtobufCFieldDescriptor *field;
    size_t index; /* of an item of a repeated field; NO_INDEX: the field itself */
};

struct check {
    bool strict;
    struct wire_fault *fault;
};

static size_t print_place(char *out, size_t room, const struct place *p) {
    size_t at = p->above ? print_place(out, room, p->above) : 0;
    if (at >= room) return at;
    at += (size_t)snprintf(out + at, room - at, "%s%s", at ? "." : "", p->field->name);
    if (p->index != NO_INDEX && at < room) at += (size_t)snprintf(out + at, room - at, "[%zu]", p->index);
    return at;
}

static bool refuse(const struct check *c, const struct place *p, const char *reason) {
    c->fault->reason = reason;
    print_place(c->fault->field, sizeof c->fault->field, p);
    return false;
}

/* `wanted` characters without a blank between them. */
static bool has_word(const char *text, size_t size, uint32_t wanted) {
    uint32_t together = 0;
    size_t step;
    for (size_t at = 0; at < size && together < wanted; at += step) {
        uint32_t point = text_decode(text + at, size - at, &step);
        together = point <= ' ' || point == 0x3000 ? 0 : together + 1;
    }
    return together >= wanted;
}

static bool check_string(const struct check *c, const struct place *p, const struct wire_limit *limit,
                         const char *text) {
    static const char *const reasons[] = {
        [TEXT_NOT_UTF8] = "NOT_UTF8", [TEXT_CONTROL] = "CONTROL_CHARACTER", [TEXT_DIRECTION] = "DIRECTION_MARK"};
    if (!text) return refuse(c, p, "MALFORMED"); /* only by hand: a repeated string without its text */
    size_t size = strlen(text);
    if (size > limit->max) return refuse(c, p, "TOO_LONG");
    enum text_fault fault = text_check(text, size, limit->multiline, NULL);
    if (fault != TEXT_OK) return refuse(c, p, reasons[fault]);
    return has_word(text, size, limit->min) || refuse(c, p, "TOO_SHORT");
}

static bool check_bytes(const struct check *c, const struct place *p, const struct wire_limit *limit, size_t size) {
    if (limit->size ? size != limit->size : size > limit->max)
        return refuse(c, p, limit->size ? "BAD_SIZE" : "TOO_LONG");
    return true;
}

static bool ends_with(const char *text, const char *end) {
    size_t size = strlen(text), tail = strlen(end);
    return size >= tail && !strcmp(text + size - tail, end);
}

/* "Unspecified" is said by leaving the field out: a 0 in the tables would be neither absent nor a value. What a newer
 * server says passes on a client. */
static bool check_enum(const struct check *c, const struct place *p, int value) {
    if (!c->strict) return true;
    const ProtobufCEnumValue *known = protobuf_c_enum_descriptor_get_value(p->field->descriptor, value);
    if (!known || (value == 0 && ends_with(known->name, "_UNSPECIFIED"))) return refuse(c, p, "UNKNOWN_VALUE");
    return true;
}

/* int64 is always a time; uint32 is stored as int4; a number that is none (NaN) has no place anywhere. */
static bool check_number(const struct check *c, const struct place *p, const struct wire_limit *limit,
                         const void *member) {
    bool fits = true;
    double real;
    switch (p->field->type) {
    case PROTOBUF_C_TYPE_UINT32:
        fits = *(const uint32_t *)member <= limit->max && *(const uint32_t *)member >= limit->min;
        break;
    case PROTOBUF_C_TYPE_INT64:
        fits = *(const int64_t *)member >= WIRE_TIME_MIN && *(const int64_t *)member <= WIRE_TIME_MAX;
        break;
    case PROTOBUF_C_TYPE_DOUBLE:
        real = *(const double *)member;
        fits = isfinite(real) && fabs(real) <= (double)limit->max;
        break;
    default: break;
    }
    return fits || refuse(c, p, "OUT_OF_RANGE");
}

static bool check_message(const struct check *c, const struct place *above, const ProtobufCMessage *message);

static bool check_value(const struct check *c, const struct place *p, const struct wire_limit *limit,
                        const void *member) {
    switch (p->field->type) {
    case PROTOBUF_C_TYPE_STRING: return check_string(c, p, limit, *(const char *const *)member);
    case PROTOBUF_C_TYPE_BYTES: return check_bytes(c, p, limit, ((const ProtobufCBinaryData *)member)->len);
    case PROTOBUF_C_TYPE_ENUM: return check_enum(c, p, *(const int *)member);
    case PROTOBUF_C_TYPE_MESSAGE: return check_message(c, p, *(const ProtobufCMessage *const *)member);
    default: return check_number(c, p, limit, member);
    }
}

static size_t item_size(ProtobufCType type) {
    switch (type) {
    case PROTOBUF_C_TYPE_BYTES: return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE: return sizeof(void *);
    case PROTOBUF_C_TYPE_DOUBLE:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64: return 8;
    default: return 4; /* int32, uint32, float, enum; protobuf_c_boolean is an int */
    }
}

/* `limit` is of the field: its max counts the items, and each item has the defaults of its type. */
static bool check_items(const struct check *c, struct place *p, const struct wire_limit *limit,
                        const ProtobufCMessage *m) {
    size_t count = *wire_quantifier(m, p->field), step = item_size(p->field->type);
    const uint8_t *items = *(uint8_t *const *)wire_member(m, p->field);
    const struct wire_limit *each = wire_limit_standard(p->field->type);
    if (count > (c->strict ? limit->max : WIRE_ITEMS_MAX_LAX)) return refuse(c, p, "TOO_MANY");
    for (p->index = 0; p->index < count; p->index++)
        if (!check_value(c, p, each, items + p->index * step)) return false;
    return true;
}

static bool check_message(const struct check *c, const struct place *above, const ProtobufCMessage *message) {
    if (!message) return refuse(c, above, "MALFORMED"); /* only by hand: a repeated message without its value */
    const ProtobufCMessageDescriptor *type = message->descriptor;
    const struct wire_limit *rows = wire_limit_first(type);
    if (c->strict && message->n_unknown_fields && above) return refuse(c, above, "UNKNOWN_FIELD");
    for (unsigned i = 0; i < type->n_fields; i++) {
        struct place here = {above, &type->fields[i], NO_INDEX};
        bool list = here.field->label == PROTOBUF_C_LABEL_REPEATED;
        /* The rows of a message stand in the order of its fields, so both lists are walked side by side. A message has
         * no row: most of an envelope's fields are bodies that are not there. */
        const struct wire_limit *limit =
            list || here.field->type != PROTOBUF_C_TYPE_MESSAGE ? wire_limit_step(&rows, here.field) : NULL;
        if (!wire_has(message, here.field)) {
            if (limit && limit->min && here.field->type == PROTOBUF_C_TYPE_STRING) return refuse(c, &here, "TOO_SHORT");
            continue;
        }
        if (list ? !check_items(c, &here, limit, message)
                 : !check_value(c, &here, limit, wire_member(message, here.field)))
            return false;
    }
    return true;
}

bool wire_check(const ProtobufCMessage *message, bool strict, struct wire_fault *fault) {
    struct check c = {strict, fault};
    fault->reason = NULL;
    fault->field[0] = '\0';
    if (strict && message->n_unknown_fields) {
        fault->reason = "UNKNOWN_FIELD";
        return false;
    }
    return check_message(&c, NULL, message);
}
