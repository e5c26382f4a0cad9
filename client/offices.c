#include "client/offices.h"
#include "client/labels.h"
#include "client/value.h"
#include "common/wire.h"
#include <stdio.h>
#include <string.h>

static struct { char code[64], name[192]; } kept[OFFICES_KEPT];
static size_t count;

void offices_hear(const char *code, const char *name) {
    if (!code || !name || !*code || !*name || strlen(code) >= sizeof kept->code || strlen(name) >= sizeof kept->name)
        return;
    size_t i = 0;
    while (i < count && strcmp(kept[i].code, code) != 0) i++;
    if (i == OFFICES_KEPT) return;
    if (i == count) count++;
    memcpy(kept[i].code, code, strlen(code) + 1);
    memcpy(kept[i].name, name, strlen(name) + 1);
}

const ProtobufCFieldDescriptor *offices_name_field(const ProtobufCMessageDescriptor *type,
                                                   const ProtobufCFieldDescriptor *field) {
    char name[128];
    if (field->type != PROTOBUF_C_TYPE_STRING || field->label == PROTOBUF_C_LABEL_REPEATED ||
        (label_meaning(type, field) != MEANING_OFFICE && strcmp(field->name, "office_code") != 0))
        return NULL;
    bool is_code = strcmp(field->name, "office_code") == 0;
    snprintf(name, sizeof name, "%s_name", is_code ? "office" : field->name);
    const ProtobufCFieldDescriptor *found = protobuf_c_message_descriptor_get_field_by_name(type, name);
    return found && found->type == PROTOBUF_C_TYPE_STRING ? found : NULL;
}

void offices_hear_message(const ProtobufCMessage *message) {
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *code = &message->descriptor->fields[i],
                                       *name = offices_name_field(message->descriptor, code);
        if (name) offices_hear(*(char **)wire_member(message, code), *(char **)wire_member(message, name));
    }
}

const char *offices_name(const char *code) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(kept[i].code, code) == 0) return kept[i].name;
    return code;
}

size_t offices_named(struct arena *arena, const char *name, const char **codes, size_t most, bool *whole) {
    size_t found = 0;
    const char *wanted = value_half_width(arena, name);
    for (*whole = true;; *whole = false) {
        for (size_t i = 0; i < count && found < most; i++) {
            const char *one = value_half_width(arena, kept[i].name);
            if (*whole ? strcmp(one, wanted) == 0 : strstr(one, wanted) != NULL) codes[found++] = kept[i].code;
        }
        if (found || !*whole) return found;
    }
}
