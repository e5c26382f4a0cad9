#include "client/schema.h"
#include "common/wire.h"
#include "envelope.pb-c.h"
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MONEY "_fen"
bool schema_is_money(const ProtobufCFieldDescriptor *field) {
    size_t size = strlen(field->name);
    return field->type == PROTOBUF_C_TYPE_UINT64 && size > strlen(MONEY) &&
           strcmp(field->name + size - strlen(MONEY), MONEY) == 0;
}

void schema_flag(char out[SCHEMA_WORD], const ProtobufCFieldDescriptor *field) {
    snprintf(out, SCHEMA_WORD, "%s", field->name);
    for (char *c = out; *c; c++)
        if (*c == '_') *c = '-';
    size_t size = strlen(out);
    if (schema_is_money(field)) out[size -= strlen(MONEY)] = '\0';
    if (field->label != PROTOBUF_C_LABEL_REPEATED || size < 2 || out[size - 1] != 's') return;
    bool es = size > 4 && strcmp(out + size - 4, "sses") == 0;
    out[size - (es ? 2 : 1)] = '\0';
}

bool schema_is_flag(const ProtobufCFieldDescriptor *field, const char *flag, size_t size) {
    char word[SCHEMA_WORD];
    schema_flag(word, field);
    if (strlen(word) == size && memcmp(word, flag, size) == 0) return true;
    if (strlen(field->name) != size || schema_is_money(field)) return false;
    for (size_t i = 0; i < size; i++)
        if ((field->name[i] == '_' ? '-' : field->name[i]) != flag[i]) return false;
    return true;
}

/* "IncidentClass" -> the length of "INCIDENT_CLASS_". */
static size_t prefix_size(const ProtobufCEnumDescriptor *type) {
    size_t size = strlen(type->short_name) + 1;
    for (const char *c = type->short_name + 1; *c; c++)
        if (isupper((unsigned char)*c)) size++;
    return size;
}

const char *schema_token(const ProtobufCEnumDescriptor *type, const ProtobufCEnumValue *value) {
    size_t size = prefix_size(type);
    return strlen(value->name) > size && value->name[size - 1] == '_' ? value->name + size : value->name;
}

void schema_word(char out[SCHEMA_WORD], const ProtobufCEnumDescriptor *type, const ProtobufCEnumValue *value) {
    snprintf(out, SCHEMA_WORD, "%s", schema_token(type, value));
    for (char *c = out; *c; c++) *c = *c == '_' ? '-' : (char)tolower((unsigned char)*c);
}

static int folded(char byte) { return byte == '_' || byte == ' ' ? '-' : tolower((unsigned char)byte); }

#define KIND(k)    (1u << LIANDONG__V1__ALERT_KIND__ALERT_KIND_##k)
#define OUTCOME(o) (1u << LIANDONG__V1__DISPUTE_OUTCOME__DISPUTE_OUTCOME_##o)
/* Values that a request takes from nobody: alerts that come by themselves, outcomes that other requests bring about. */
static const struct {
    const ProtobufCMessageDescriptor *request;
    const char *field;
    uint32_t values;
} withheld[] = {
    {&liandong__v1__raise_alert__descriptor, "kind",
     KIND(REPEAT_ALARM) | KIND(COLOR_RAISED) | KIND(DEADLINE_NEAR) | KIND(DEADLINE_BREACH) | KIND(HAZARD_OVERDUE) |
         KIND(TRANSFER_UNSIGNED) | KIND(DUP_SUSPECT) | KIND(SYSTEM) | KIND(IGNITE)},
    {&liandong__v1__conclude_dispute__descriptor, "outcome",
     OUTCOME(AGREED_WRITTEN) | OUTCOME(AGREED_ORAL) | OUTCOME(PERFORMED_ON_SPOT) | OUTCOME(NOT_ACCEPTED)},
};

bool schema_offers(const ProtobufCFieldDescriptor *field, const ProtobufCEnumValue *value) {
    for (size_t i = 0; i < sizeof withheld / sizeof *withheld; i++)
        if (protobuf_c_message_descriptor_get_field_by_name(withheld[i].request, withheld[i].field) == field &&
            (withheld[i].values >> value->value & 1))
            return false;
    return value->value != 0; /* unspecified is said by not saying it */
}

bool schema_same_word(const char *a, const char *b) {
    for (; *a && *b; a++, b++)
        if (folded(*a) != folded(*b)) return false;
    return *a == *b;
}

static const ProtobufCFieldDescriptor *body_field(const ProtobufCMessageDescriptor *envelope, const char *name) {
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(envelope, name);
    return field && field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF ? field : NULL;
}

const ProtobufCFieldDescriptor *schema_request(const char *name) {
    return body_field(&liandong__v1__to_server__descriptor, name);
}

const ProtobufCFieldDescriptor *schema_reply(const ProtobufCFieldDescriptor *request) {
    return body_field(&liandong__v1__to_client__descriptor, request->name);
}

const ProtobufCMessageDescriptor *schema_type(const ProtobufCFieldDescriptor *field) { return field->descriptor; }

const ProtobufCFieldDescriptor *schema_record(const ProtobufCMessageDescriptor *request) {
    static const char *const nouns[] = {"incident", "dispute", "transfer", "alert", "task"};
    for (size_t i = 0; request && i < sizeof nouns / sizeof *nouns; i++) {
        const ProtobufCFieldDescriptor *f = protobuf_c_message_descriptor_get_field_by_name(request, nouns[i]);
        if (f && f->type == PROTOBUF_C_TYPE_STRING && f->label != PROTOBUF_C_LABEL_REPEATED) return f;
    }
    return NULL;
}

bool schema_writes(const ProtobufCFieldDescriptor *request) {
    const ProtobufCFieldDescriptor *reply = schema_reply(request);
    return reply && protobuf_c_message_descriptor_get_field_by_name(schema_type(reply), "replay") != NULL;
}

const ProtobufCFieldDescriptor *schema_rows(const ProtobufCMessageDescriptor *type) {
    const ProtobufCFieldDescriptor *rows = NULL;
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        bool list = field->type == PROTOBUF_C_TYPE_MESSAGE && field->label == PROTOBUF_C_LABEL_REPEATED;
        if (list && rows) return NULL;
        if (list) rows = field;
    }
    /* A record with a list inside it (an event and its changes) is a record; what begins with its list is a page. */
    return rows && (type->n_fields <= 2 || rows == type->fields) ? rows : NULL;
}

size_t schema_places(const ProtobufCMessageDescriptor *type, struct schema_place *out, size_t room) {
    size_t count = 0;
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        if (field->type != PROTOBUF_C_TYPE_MESSAGE) {
            if (count < room) out[count] = (struct schema_place){NULL, field};
            count++;
            continue;
        }
        if (field->label == PROTOBUF_C_LABEL_REPEATED) continue; /* no request has one, and no flag could say it */
        const ProtobufCMessageDescriptor *inner = schema_type(field);
        for (unsigned j = 0; j < inner->n_fields; j++) {
            if (inner->fields[j].type == PROTOBUF_C_TYPE_MESSAGE) continue;
            if (count < room) out[count] = (struct schema_place){field, &inner->fields[j]};
            count++;
        }
    }
    return count;
}

static size_t item_size(ProtobufCType type) {
    switch (type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE: return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES: return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_BOOL: return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_INT32: return 4;
    default: return 8;
    }
}

size_t schema_count(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field) {
    if (field->label == PROTOBUF_C_LABEL_REPEATED) return *wire_quantifier(message, field);
    return wire_has(message, field) ? 1 : 0;
}

const void *schema_item(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, size_t index) {
    const void *member = wire_member(message, field);
    if (field->label != PROTOBUF_C_LABEL_REPEATED) return member;
    return *(const char *const *)member + index * item_size(field->type);
}

void schema_real(char out[SCHEMA_REAL], double number) {
    snprintf(out, SCHEMA_REAL, "null");
    for (int digits = 6; digits <= 17 && isfinite(number); digits++) {
        snprintf(out, SCHEMA_REAL, "%.*g", digits, number);
        if (strtod(out, NULL) == number) break;
    }
}
