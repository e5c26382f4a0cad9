#include "client/labels.h"
#include "client/language.h"
#include "client/money.h"
#include "client/offices.h"
#include "client/schema.h"
#include "client/value.h"
#include "common/clock.h"
#include "common/text.h"
#include "common/uuid.h"
#include "common/wire.h"
#include "alert.pb-c.h"
#include "dispute.pb-c.h"
#include "incident.pb-c.h"
#include "operation.pb-c.h"
#include "organisation.pb-c.h"
#include "person.pb-c.h"
#include "record.pb-c.h"
#include "rights.pb-c.h"
#include "task.pb-c.h"
#include "transfer.pb-c.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *value_clean(struct arena *arena, const char *text, bool one_line) {
    if (!text) return "";
    size_t size = strlen(text), room = text_terminal(NULL, 0, text, size, one_line) + 1;
    char *out = arena_take(arena, room);
    if (!out) return "";
    text_terminal(out, room, text, size, one_line);
    return out;
}

static const char *time_text(struct arena *arena, int64_t ms) {
    char text[CLOCK_TEXT_SIZE];
    clock_print(text, ms);
    return arena_copy(arena, text, strlen(text));
}

/* From an hour on nobody counts seconds. */
static const char *duration_text(struct arena *arena, uint64_t ms) {
    uint64_t minutes = ms / 60000;
    if (ms < 1000 && ms > 0) return arena_printf(arena, _("%u ms"), (unsigned)ms);
    if (minutes == 0) return arena_printf(arena, _("%g s"), (double)ms / 1000);
    if (minutes < 60) return arena_printf(arena, _("%u min %u s"), (unsigned)minutes, (unsigned)(ms / 1000 % 60));
    return arena_printf(arena, _("%u h %u min"), (unsigned)(minutes / 60), (unsigned)(minutes % 60));
}

static const char *money_text(struct arena *arena, uint64_t fen) {
    char text[MONEY_TEXT];
    money_print(text, fen);
    return arena_copy(arena, text, strlen(text));
}

static const char *bytes_text(struct arena *arena, const ProtobufCBinaryData *bytes, bool uuid) {
    char *out = arena_take(arena, 2 * bytes->len + UUID_TEXT_SIZE);
    if (!out) return NULL;
    if (uuid && bytes->len == UUID_SIZE) {
        uuid_print(out, bytes->data);
    } else {
        text_hex(out, bytes->data, bytes->len);
    }
    return out;
}

/* "1 work": the number is what people type. */
static const char *sensitivity_text(struct arena *arena, uint32_t level) {
    static const char *const words[] = {N_("public"), N_("work"), N_("identity"), N_("special categories"),
                                        N_("named persons only")};
    if (level >= sizeof words / sizeof *words) return arena_printf(arena, "%" PRIu32, level);
    return arena_printf(arena, "%" PRIu32 " %s", level, _(words[level]));
}

static const char *const prefixes[] = {"JQ-", "JF-", "YS-", "YJ-", "RW-"}; /* in the order of RecordType */
#define PREFIXES (sizeof prefixes / sizeof *prefixes)

/* History keeps a record as type * 10^13 + year * 10^9 + n; people know it as "JF-2026-000017". */
static const char *record_text(struct arena *arena, const char *text, bool one_line) {
    char *end;
    unsigned long long num = strtoull(text, &end, 10), type = num / 10000000000000u;
    if (*end || type == 0 || type > PREFIXES || strlen(text) != 14) return value_clean(arena, text, one_line);
    return arena_printf(arena, "%s%llu-%06llu", prefixes[type - 1], num / 1000000000u % 10000u, num % 1000000000u);
}

/* An enum's value that history keeps as a word, "centre" of POSITION_KIND_CENTRE; several types have a field of that
 * name, each with words of its own. NULL: none knows the word. */
static const char *kept_word(struct arena *arena, const ProtobufCMessageDescriptor *const *types, const char *name,
                             const char *word) {
    char unknown[16];
    for (; *types; types++) {
        const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(*types, name);
        if (!field || field->type != PROTOBUF_C_TYPE_ENUM) continue;
        const ProtobufCEnumDescriptor *kinds = field->descriptor;
        for (unsigned n = 0; n < kinds->n_values; n++) {
            size_t whole = strlen(kinds->values[n].name), tail = strlen(word);
            if (whole > tail && kinds->values[n].name[whole - tail - 1] == '_' &&
                strcasecmp(kinds->values[n].name + whole - tail, word) == 0)
                return arena_printf(arena, "%s", label_value(kinds, kinds->values[n].value, unknown));
        }
    }
    return NULL;
}

/* A code as history keeps it, or several: "1、3". NULL: it is none. */
static const char *kept_codes(struct arena *arena, const ProtobufCFieldDescriptor *field, const char *text) {
    static const char between[] = "、";
    char unknown[16], *end;
    const char *all = "", *comma = language_is_chinese() ? between : ", ";
    for (const char *at = text; *at; at = end) {
        if (at > text && strncmp(at, between, strlen(between)) == 0) at += strlen(between);
        if (*at < '0' || *at > '9') return NULL;
        int code = (int)strtol(at, &end, 10);
        all = arena_printf(arena, "%s%s%s", all, *all ? comma : "", label_value(field->descriptor, code, unknown));
        if (!all) return NULL;
    }
    return all;
}

/* Names of fields, with commas between them. */
static const char *kept_fields(struct arena *arena, const char *text) {
    const char *all = "", *comma = language_is_chinese() ? "、" : ", ";
    for (size_t size; all && *text; text += size + (text[size] == ',')) {
        size = strcspn(text, ",");
        const char *name = arena_copy(arena, text, size);
        all = name ? arena_printf(arena, "%s%s%s", all, *all ? comma : "", value_clean(arena, label_name(name), true))
                   : NULL;
    }
    return all;
}

/* A value as history keeps it, of the field of that name in one of the types; NULL ends them. */
static const char *kept_text(struct arena *arena, const ProtobufCMessageDescriptor *const *types, const char *name,
                             const char *text, bool one_line) {
    const char *word = name && text && *text ? kept_word(arena, types, name, text) : NULL;
    if (word) return word;
    const ProtobufCFieldDescriptor *field = NULL;
    for (; name && *types && !field; types++) field = protobuf_c_message_descriptor_get_field_by_name(*types, name);
    const struct label *label = name ? label_find(name) : NULL;
    if (!field && name && strncmp(name, "party_", 6) == 0) /* of a party, told in a dispute's event */
        field = protobuf_c_message_descriptor_get_field_by_name(&liandong__v1__party__descriptor, name + 6);
    if (label && label->meaning == MEANING_FIELD && text) return kept_fields(arena, text);
    if (label && label->meaning == MEANING_RECORD && text) return record_text(arena, text, one_line);
    if (label && label->meaning == MEANING_OFFICE && text) return value_clean(arena, offices_name(text), one_line);
    if (label && label->meaning == MEANING_REQUEST && text && (!field || field->type != PROTOBUF_C_TYPE_ENUM))
        return value_clean(arena, label_name(text), one_line);
    if (!field || !text || !*text) return value_clean(arena, text, one_line);
    const char *codes = field->type == PROTOBUF_C_TYPE_ENUM ? kept_codes(arena, field, text) : NULL;
    if (codes) return codes;
    if (field->type == PROTOBUF_C_TYPE_BOOL) return strcmp(text, "true") == 0 ? _("yes") : _("no");
    if (label_meaning(NULL, field) == MEANING_MONEY && text[strspn(text, "0123456789")] == '\0')
        return money_text(arena, strtoull(text, NULL, 10));
    int64_t ms;
    if (label_meaning(NULL, field) == MEANING_TIME && strchr(text, 'T') && clock_parse(&ms, text, 0))
        return time_text(arena, ms);
    return value_clean(arena, text, one_line);
}

/* The messages whose fields are told of a kind of record, in its events and its history. */
static const struct {
    int record;
    const ProtobufCEnumDescriptor *states;
    const ProtobufCMessageDescriptor *const *types;
} told_of[] = {
    {LIANDONG__V1__RECORD_TYPE__RECORD_TYPE_INCIDENT, &liandong__v1__incident_state__descriptor,
     (const ProtobufCMessageDescriptor *const[]){&liandong__v1__incident__descriptor,
                                                 &liandong__v1__glass_review__descriptor,
                                                 &liandong__v1__decide_approval__descriptor, NULL}},
    {LIANDONG__V1__RECORD_TYPE__RECORD_TYPE_DISPUTE, &liandong__v1__dispute_state__descriptor,
     (const ProtobufCMessageDescriptor *const[]){&liandong__v1__dispute__descriptor,
                                                 &liandong__v1__mediation_session__descriptor,
                                                 &liandong__v1__agreement__descriptor, &liandong__v1__visit__descriptor,
                                                 &liandong__v1__decide_approval__descriptor, NULL}},
    {LIANDONG__V1__RECORD_TYPE__RECORD_TYPE_ALERT, &liandong__v1__alert_state__descriptor,
     (const ProtobufCMessageDescriptor *const[]){&liandong__v1__alert__descriptor, NULL}},
    {LIANDONG__V1__RECORD_TYPE__RECORD_TYPE_TRANSFER, &liandong__v1__transfer_state__descriptor,
     (const ProtobufCMessageDescriptor *const[]){&liandong__v1__transfer__descriptor,
                                                 &liandong__v1__send_transfer__descriptor, NULL}},
    {LIANDONG__V1__RECORD_TYPE__RECORD_TYPE_TASK, &liandong__v1__task_state__descriptor,
     (const ProtobufCMessageDescriptor *const[]){&liandong__v1__task__descriptor,
                                                 &liandong__v1__recheck_task__descriptor, NULL}},
};

static const ProtobufCMessageDescriptor *const *types_of(int record) {
    for (size_t i = 0; i < sizeof told_of / sizeof *told_of; i++)
        if (told_of[i].record == record) return told_of[i].types;
    return told_of[0].types;
}

int value_record_of(const ProtobufCEnumDescriptor *states) {
    for (size_t i = 0; i < sizeof told_of / sizeof *told_of; i++)
        if (told_of[i].states == states) return told_of[i].record;
    return 0;
}

const char *value_of_field(struct arena *arena, int record, const char *name, const char *text, bool one_line) {
    return kept_text(arena, types_of(record), name, text, one_line);
}

const char *value_field_label(int record, const char *name) {
    for (const ProtobufCMessageDescriptor *const *type = types_of(record); *type; type++) {
        const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(*type, name);
        if (field) return label_field(*type, field);
    }
    return label_name(name);
}

bool value_field_is_time(int record, const char *name) {
    for (const ProtobufCMessageDescriptor *const *type = types_of(record); *type; type++) {
        const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(*type, name);
        if (field) return field->type == PROTOBUF_C_TYPE_INT64;
    }
    return false;
}

/* Of an office, an account, a position or a device. */
static const char *directory_text(struct arena *arena, const char *name, const char *text, bool one_line) {
    static const ProtobufCMessageDescriptor *const types[] = {
        &liandong__v1__account_record__descriptor, &liandong__v1__office_record__descriptor,
        &liandong__v1__position_record__descriptor, &liandong__v1__device_state__descriptor, NULL};
    return kept_text(arena, types, name, text, one_line);
}

static const char *sibling_field(const ProtobufCMessage *message) {
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(message->descriptor, "field");
    return field && field->type == PROTOBUF_C_TYPE_STRING ? *(char **)wire_member(message, field) : NULL;
}

int value_record_of_number(const char *no) {
    for (size_t i = 0; no && i < PREFIXES; i++)
        if (strncmp(no, prefixes[i], strlen(prefixes[i])) == 0) return (int)i + 1;
    return 0;
}

/* The kind of record that a message says it tells of; 0: none. */
static int sibling_record(const ProtobufCMessage *message) {
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(message->descriptor, "record");
    const ProtobufCFieldDescriptor *cite = protobuf_c_message_descriptor_get_field_by_name(message->descriptor, "cite");
    if (cite && cite->type == PROTOBUF_C_TYPE_STRING)
        return value_record_of_number(*(char **)wire_member(message, cite));
    return field && field->descriptor == &liandong__v1__record_type__descriptor && wire_has(message, field)
               ? *(int *)wire_member(message, field)
               : 0;
}

static const char *string_text(struct arena *arena, const ProtobufCMessage *message, enum meaning meaning,
                               const char *text, bool one_line) {
    switch (meaning) {
    case MEANING_FIELD: return value_clean(arena, value_field_label(sibling_record(message), text), one_line);
    case MEANING_REQUEST:
    case MEANING_WORD: return value_clean(arena, label_name(text), one_line);
    case MEANING_FIELD_VALUE:
        return value_of_field(arena, sibling_record(message), sibling_field(message), text, one_line);
    case MEANING_DIRECTORY_VALUE: return directory_text(arena, sibling_field(message), text, one_line);
    default: return value_clean(arena, text, one_line);
    }
}

static const char *item_text(struct arena *arena, const ProtobufCMessage *message,
                             const ProtobufCFieldDescriptor *field, const void *item, bool one_line) {
    enum meaning meaning = label_meaning(message->descriptor, field);
    char unknown[16], real[SCHEMA_REAL];
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        if (meaning == MEANING_OFFICE && !offices_name_field(message->descriptor, field))
            return value_clean(arena, offices_name(*(char *const *)item), one_line);
        return string_text(arena, message, meaning, *(char *const *)item, one_line);
    case PROTOBUF_C_TYPE_ENUM:
        return arena_printf(arena, "%s", label_value(field->descriptor, *(const int *)item, unknown));
    case PROTOBUF_C_TYPE_INT64: return time_text(arena, *(const int64_t *)item);
    case PROTOBUF_C_TYPE_UINT32:
        if (meaning == MEANING_DURATION) return duration_text(arena, *(const uint32_t *)item);
        if (meaning == MEANING_SENSITIVITY) return sensitivity_text(arena, *(const uint32_t *)item);
        return arena_printf(arena, "%" PRIu32, *(const uint32_t *)item);
    case PROTOBUF_C_TYPE_UINT64:
        if (meaning == MEANING_DURATION) return duration_text(arena, *(const uint64_t *)item);
        if (meaning == MEANING_MONEY) return money_text(arena, *(const uint64_t *)item);
        return arena_printf(arena, "%" PRIu64, *(const uint64_t *)item);
    case PROTOBUF_C_TYPE_DOUBLE: schema_real(real, *(const double *)item); return arena_copy(arena, real, strlen(real));
    case PROTOBUF_C_TYPE_BOOL: return *(const protobuf_c_boolean *)item ? _("yes") : _("no");
    case PROTOBUF_C_TYPE_BYTES: return bytes_text(arena, item, meaning == MEANING_UUID);
    default: return "";
    }
}

static const char *item_plain(struct arena *arena, const ProtobufCMessage *message,
                              const ProtobufCFieldDescriptor *field, const void *item) {
    const ProtobufCEnumValue *value;
    char word[SCHEMA_WORD];
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING: return *(char *const *)item;
    case PROTOBUF_C_TYPE_ENUM:
        value = protobuf_c_enum_descriptor_get_value(field->descriptor, *(const int *)item);
        if (!value) return "";
        schema_word(word, field->descriptor, value);
        return arena_copy(arena, word, strlen(word));
    case PROTOBUF_C_TYPE_INT64: return arena_printf(arena, "@%" PRId64, *(const int64_t *)item);
    case PROTOBUF_C_TYPE_BOOL: return *(const protobuf_c_boolean *)item ? "yes" : "no";
    case PROTOBUF_C_TYPE_UINT32: return arena_printf(arena, "%" PRIu32, *(const uint32_t *)item);
    default: return item_text(arena, message, field, item, false);
    }
}

static const char *joined(struct arena *arena, const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                          bool plain, bool one_line, const char *separator) {
    const char *all = "";
    for (size_t i = 0; i < schema_count(message, field); i++) {
        const void *item = schema_item(message, field, i);
        const char *one =
            plain ? item_plain(arena, message, field, item) : item_text(arena, message, field, item, one_line);
        if (!one) return NULL;
        all = i ? arena_printf(arena, "%s%s%s", all, separator, one) : one;
        if (!all) return NULL;
    }
    return all;
}

const char *value_text(struct arena *arena, const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                       bool one_line) {
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) return "";
    return joined(arena, message, field, false, one_line, language_is_chinese() ? "、" : ", ");
}

const char *value_plain(struct arena *arena, const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field) {
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) return "";
    return joined(arena, message, field, true, false, ",");
}
