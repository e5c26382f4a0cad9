#include "common/wire.h"
#include "common/frame.h"
#include "common/wire_private.h"
#include <string.h>

static const ProtobufCFieldDescriptor *first_of_oneof(const ProtobufCMessageDescriptor *type) {
    for (unsigned i = 0; i < type->n_fields; i++)
        if (type->fields[i].flags & PROTOBUF_C_FIELD_FLAG_ONEOF) return &type->fields[i];
    return NULL;
}

static ProtobufCMessage *fail(struct wire_fault *fault, const char *reason) {
    *fault = (struct wire_fault){.reason = reason};
    return NULL;
}

ProtobufCMessage *wire_unpack(const ProtobufCMessageDescriptor *type, const uint8_t *bytes, size_t size, bool strict,
                              struct arena *arena, struct wire_fault *fault) {
    if (size > FRAME_CAP) return fail(fault, "TOO_LARGE");
    if (!wire_scan(type, bytes, size, strict, fault)) return NULL;
    ProtobufCMessage *message = protobuf_c_message_unpack(type, &arena->allocator, size, bytes);
    if (!message) return fail(fault, arena->exhausted ? "TOO_LARGE" : "MALFORMED");
    const ProtobufCFieldDescriptor *body;
    ProtobufCMessage *value;
    if (strict && first_of_oneof(type) && !wire_body(message, &body, &value)) return fail(fault, "NO_BODY");
    return wire_check(message, strict, fault) ? message : NULL;
}

bool wire_put_frame(struct buffer *out, const ProtobufCMessage *message) {
    size_t size = protobuf_c_message_get_packed_size(message);
    if (size == 0 || size > FRAME_CAP) return false;
    uint8_t *to = buffer_reserve(out, FRAME_HEADER + size);
    if (!to) return false;
    frame_header(to, (uint32_t)size);
    protobuf_c_message_pack(message, to + FRAME_HEADER);
    buffer_grew(out, FRAME_HEADER + size);
    return true;
}

bool wire_peek(const uint8_t *bytes, size_t size, uint32_t number, uint64_t *value) {
    const uint8_t *at = bytes, *end = bytes + size;
    uint64_t tag, content;
    while (at < end && wire_read_varint(&at, end, &tag)) {
        switch (tag & 7) {
        case 0:
            if (!wire_read_varint(&at, end, &content)) return false;
            if (tag >> 3 == number) {
                *value = content;
                return true;
            }
            continue;
        case 1: content = 8; break;
        case 2:
            if (!wire_read_varint(&at, end, &content)) return false;
            break;
        case 5: content = 4; break;
        default: return false;
        }
        if (content > (uint64_t)(end - at)) return false;
        at += content;
    }
    return false;
}

void *wire_member(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field) {
    return (char *)(uintptr_t)message + field->offset;
}

/* What stands at the quantifier's offset: n_… of repeated, has_… of optional scalars, …_case of a oneof. */
static void *quantifier(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field) {
    return (char *)(uintptr_t)message + field->quantifier_offset;
}

size_t *wire_quantifier(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field) {
    return field->label == PROTOBUF_C_LABEL_REPEATED ? quantifier(message, field) : NULL;
}

static bool is_pointer(const ProtobufCFieldDescriptor *field) {
    return field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_MESSAGE;
}

bool wire_has(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field) {
    if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) return *(uint32_t *)quantifier(message, field) == field->id;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) return *wire_quantifier(message, field) > 0;
    if (is_pointer(field)) return *(void **)wire_member(message, field) != NULL;
    return *(protobuf_c_boolean *)quantifier(message, field) != 0;
}

void wire_mark_present(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field) {
    if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
        *(uint32_t *)quantifier(message, field) = field->id;
    else if (field->label == PROTOBUF_C_LABEL_OPTIONAL && !is_pointer(field))
        *(protobuf_c_boolean *)quantifier(message, field) = 1;
}

bool wire_body(const ProtobufCMessage *envelope, const ProtobufCFieldDescriptor **field, ProtobufCMessage **body) {
    const ProtobufCFieldDescriptor *any = first_of_oneof(envelope->descriptor);
    if (!any) return false;
    *field = protobuf_c_message_descriptor_get_field(envelope->descriptor, *(uint32_t *)quantifier(envelope, any));
    if (!*field) return false;
    *body = *(ProtobufCMessage **)wire_member(envelope, *field);
    return *body != NULL;
}

void wire_set_body(ProtobufCMessage *envelope, const ProtobufCFieldDescriptor *field, ProtobufCMessage *body) {
    *(ProtobufCMessage **)wire_member(envelope, field) = body;
    wire_mark_present(envelope, field);
}
