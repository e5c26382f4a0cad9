#include "client/json.h"
#include "client/labels.h"
#include "client/schema.h"
#include "client/sheet.h"
#include "common/text.h"
#include "common/uuid.h"
#include "common/wire.h"
#include <inttypes.h>
#include <string.h>

struct printer {
    FILE *out;
    unsigned indent, depth;
};

static void message_json(struct printer *p, const ProtobufCMessage *message, const char *fields);

static void new_line(struct printer *p) {
    if (p->indent == 0) return;
    fputc('\n', p->out);
    for (unsigned i = 0; i < p->indent * p->depth; i++) fputc(' ', p->out);
}

static void enum_json(FILE *out, const ProtobufCEnumDescriptor *type, int number) {
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(type, number);
    if (!value) {
        fprintf(out, "%d", number);
        return;
    }
    const char *token = schema_token(type, value);
    sheet_put_json(out, token, strlen(token));
}

static void bytes_json(FILE *out, const ProtobufCBinaryData *bytes, bool uuid) {
    fputc('"', out);
    if (uuid && bytes->len == UUID_SIZE) {
        char text[UUID_TEXT_SIZE];
        uuid_print(text, bytes->data);
        fputs(text, out);
    } else {
        for (size_t i = 0; i < bytes->len; i++) fprintf(out, "%02x", bytes->data[i]);
    }
    fputc('"', out);
}

static void item_json(struct printer *p, const ProtobufCMessageDescriptor *owner, const ProtobufCFieldDescriptor *field,
                      const void *item, const char *fields) {
    const char *text;
    char real[SCHEMA_REAL];
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        text = *(char *const *)item;
        sheet_put_json(p->out, text, strlen(text));
        return;
    case PROTOBUF_C_TYPE_ENUM: enum_json(p->out, field->descriptor, *(const int *)item); return;
    case PROTOBUF_C_TYPE_INT64: fprintf(p->out, "\"%" PRId64 "\"", *(const int64_t *)item); return;
    case PROTOBUF_C_TYPE_UINT64: fprintf(p->out, "\"%" PRIu64 "\"", *(const uint64_t *)item); return;
    case PROTOBUF_C_TYPE_UINT32: fprintf(p->out, "%" PRIu32, *(const uint32_t *)item); return;
    case PROTOBUF_C_TYPE_INT32: fprintf(p->out, "%" PRId32, *(const int32_t *)item); return;
    case PROTOBUF_C_TYPE_DOUBLE:
        schema_real(real, *(const double *)item);
        fputs(real, p->out);
        return;
    case PROTOBUF_C_TYPE_BOOL: fputs(*(const protobuf_c_boolean *)item ? "true" : "false", p->out); return;
    case PROTOBUF_C_TYPE_BYTES: bytes_json(p->out, item, label_meaning(owner, field) == MEANING_UUID); return;
    case PROTOBUF_C_TYPE_MESSAGE: message_json(p, *(ProtobufCMessage *const *)item, fields); return;
    default: fputs("null", p->out); return; /* the .proto files use no other type */
    }
}

static void list_json(struct printer *p, const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                      const char *fields) {
    size_t count = schema_count(message, field);
    fputc('[', p->out);
    p->depth++;
    for (size_t i = 0; i < count; i++) {
        if (i) fputc(',', p->out);
        new_line(p);
        item_json(p, message->descriptor, field, schema_item(message, field, i), fields);
    }
    p->depth--;
    if (count) new_line(p);
    fputc(']', p->out);
}

static bool is_chosen(const char *fields, const char *name) {
    size_t size = strlen(name);
    for (const char *at = fields; *at;) {
        size_t word = strcspn(at, ",");
        if (word == size && memcmp(at, name, size) == 0) return true;
        at += word + (at[word] == ',');
    }
    return false;
}

static void message_json(struct printer *p, const ProtobufCMessage *message, const char *fields) {
    const ProtobufCFieldDescriptor *rows = schema_rows(message->descriptor);
    const char *separator = "";
    fputc('{', p->out);
    p->depth++;
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        bool list = field->label == PROTOBUF_C_LABEL_REPEATED;
        if (!list && !wire_has(message, field)) continue;
        if (fields && !rows && !is_chosen(fields, field->name)) continue;
        fputs(separator, p->out);
        separator = ",";
        new_line(p);
        fprintf(p->out, p->indent ? "\"%s\": " : "\"%s\":", field->name);
        if (list) {
            list_json(p, message, field, field == rows ? fields : NULL);
        } else {
            item_json(p, message->descriptor, field, wire_member(message, field), NULL);
        }
    }
    p->depth--;
    if (*separator) new_line(p);
    fputc('}', p->out);
}

void json_print(FILE *out, const ProtobufCMessage *message, const char *fields, unsigned indent) {
    struct printer p = {.out = out, .indent = indent};
    message_json(&p, message, fields);
}
