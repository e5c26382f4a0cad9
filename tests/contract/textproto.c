#include "textproto.h"
#include "common/wire.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define ITEMS_ROOM 64u /* items of a repeated field in the document */

static ProtobufCMessage *read_message(const ProtobufCMessageDescriptor *type, const char **at, struct arena *arena);

static void skip_blanks(const char **at) {
    while (isspace((unsigned char)**at)) (*at)++;
}

static bool take(const char **at, char c) {
    skip_blanks(at);
    if (**at != c) return false;
    (*at)++;
    return true;
}

/* A word of letters, digits, '_', '-', '.': a name or a number. */
static char *take_word(const char **at, struct arena *arena) {
    skip_blanks(at);
    const char *from = *at;
    while (isalnum((unsigned char)**at) || (**at && strchr("_-.", **at))) (*at)++;
    return *at > from ? arena_copy(arena, from, (size_t)(*at - from)) : NULL;
}

/* "…" with \xHH, \n, \t, \" and \\. The bytes end with a NUL that *size does not count. */
static char *take_string(const char **at, size_t *size, struct arena *arena) {
    if (!take(at, '"')) return NULL;
    const char *close = *at;
    while (*close && *close != '"') close += *close == '\\' && close[1] ? 2 : 1;
    char *out = arena_zero(arena, (size_t)(close - *at) + 1);
    if (!out) return NULL;
    for (*size = 0; *at < close; (*size)++) {
        if (**at != '\\') {
            out[*size] = *(*at)++;
        } else if ((*at)[1] == 'x') {
            char digits[3] = {(*at)[2], (*at)[3], '\0'};
            out[*size] = (char)strtoul(digits, NULL, 16);
            *at += 4;
        } else {
            out[*size] = (*at)[1] == 'n' ? '\n' : (*at)[1] == 't' ? '\t' : (*at)[1];
            *at += 2;
        }
    }
    return take(at, '"') ? out : NULL;
}

static bool read_number(const ProtobufCFieldDescriptor *field, const char *word, void *member) {
    char *end = NULL;
    switch (field->type) {
    case PROTOBUF_C_TYPE_BOOL:
        *(protobuf_c_boolean *)member = strcmp(word, "true") == 0;
        return strcmp(word, "true") == 0 || strcmp(word, "false") == 0;
    case PROTOBUF_C_TYPE_ENUM: {
        const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value_by_name(field->descriptor, word);
        if (value) *(int *)member = value->value;
        return value != NULL;
    }
    case PROTOBUF_C_TYPE_DOUBLE: *(double *)member = strtod(word, &end); break;
    case PROTOBUF_C_TYPE_INT64: *(int64_t *)member = strtoll(word, &end, 10); break;
    case PROTOBUF_C_TYPE_UINT64: *(uint64_t *)member = strtoull(word, &end, 10); break;
    case PROTOBUF_C_TYPE_INT32: *(int32_t *)member = (int32_t)strtol(word, &end, 10); break;
    case PROTOBUF_C_TYPE_UINT32: *(uint32_t *)member = (uint32_t)strtoul(word, &end, 10); break;
    default: return false;
    }
    return end > word && *end == '\0';
}

static bool read_value(const ProtobufCFieldDescriptor *field, const char **at, void *member, struct arena *arena) {
    size_t size = 0;
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        if (!take(at, '{')) return false;
        *(ProtobufCMessage **)member = read_message(field->descriptor, at, arena);
        return *(ProtobufCMessage **)member && take(at, '}');
    }
    take(at, ':');
    if (field->type == PROTOBUF_C_TYPE_STRING) return (*(char **)member = take_string(at, &size, arena)) != NULL;
    if (field->type == PROTOBUF_C_TYPE_BYTES) {
        ProtobufCBinaryData *bytes = member;
        bytes->data = (uint8_t *)take_string(at, &bytes->len, arena);
        return bytes->data != NULL;
    }
    const char *word = take_word(at, arena);
    return word && read_number(field, word, member);
}

static size_t item_size(const ProtobufCFieldDescriptor *field) {
    switch (field->type) {
    case PROTOBUF_C_TYPE_ENUM: return sizeof(int);
    case PROTOBUF_C_TYPE_STRING: return sizeof(char *);
    case PROTOBUF_C_TYPE_MESSAGE: return sizeof(ProtobufCMessage *);
    default: return 0; /* the messages repeat nothing else */
    }
}

static bool read_item(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, const char **at,
                      struct arena *arena) {
    size_t *count = wire_quantifier(message, field), size = item_size(field);
    char **items = wire_member(message, field);
    if (size == 0 || *count == ITEMS_ROOM) return false;
    if (!*items && !(*items = arena_zero(arena, ITEMS_ROOM * size))) return false;
    return read_value(field, at, *items + (*count)++ * size, arena);
}

static bool read_field(ProtobufCMessage *message, const char *name, const char **at, struct arena *arena) {
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
    if (!field) return false;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) return read_item(message, field, at, arena);
    if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
        ProtobufCMessage *body = NULL;
        if (!read_value(field, at, &body, arena)) return false;
        wire_set_body(message, field, body);
        return true;
    }
    if (!read_value(field, at, wire_member(message, field), arena)) return false;
    wire_mark_present(message, field);
    return true;
}

static ProtobufCMessage *read_message(const ProtobufCMessageDescriptor *type, const char **at, struct arena *arena) {
    ProtobufCMessage *message = arena_zero(arena, type->sizeof_message);
    if (!message) return NULL;
    protobuf_c_message_init(type, message);
    for (skip_blanks(at); **at && **at != '}'; skip_blanks(at)) {
        const char *name = take_word(at, arena);
        if (!name || !read_field(message, name, at, arena)) return NULL;
    }
    return message;
}

ProtobufCMessage *textproto_read(const ProtobufCMessageDescriptor *type, const char *text, struct arena *arena,
                                 const char **at) {
    *at = text;
    ProtobufCMessage *message = read_message(type, at, arena);
    return **at == '\0' ? message : NULL;
}
