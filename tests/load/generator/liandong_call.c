#include "liandong.h"
#include "common/wire.h"
#include "crowd.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_ROOM 2048u
#define ITEMS     16u /* of a repeated field */

/* Memory of the numbers and texts of one request, dead when it is packed. */
struct values {
    int32_t numbers[4][ITEMS];
    size_t lists;
};

/* Sets one field from its text. Enums by number. False where the field is of a kind no page is asked with. */
static bool set_field(ProtobufCMessage *body, const ProtobufCFieldDescriptor *field, char *text,
                      struct values *values) {
    void *member = wire_member(body, field);
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        size_t *count = wire_quantifier(body, field);
        if (field->type != PROTOBUF_C_TYPE_ENUM || *count == ITEMS) return false;
        if (!*count) {
            if (values->lists == sizeof values->numbers / sizeof *values->numbers) return false;
            *(int32_t **)member = values->numbers[values->lists++];
        }
        (*(int32_t **)member)[(*count)++] = (int32_t)strtol(text, NULL, 10);
        return true;
    }
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING: *(char **)member = text; break;
    case PROTOBUF_C_TYPE_BOOL: *(protobuf_c_boolean *)member = !strcmp(text, "true"); break;
    case PROTOBUF_C_TYPE_INT64: *(int64_t *)member = strtoll(text, NULL, 10); break;
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_UINT32: *(uint32_t *)member = (uint32_t)strtoul(text, NULL, 10); break;
    default: return false;
    }
    wire_mark_present(body, field);
    return true;
}

static bool send(struct connection *c, const char *line, void (*put)(struct connection *, Liandong__V1__ToServer *)) {
    Liandong__V1__ToServer envelope = LIANDONG__V1__TO_SERVER__INIT;
    char text[LINE_ROOM], *rest = NULL;
    struct values values = {.lists = 0};
    if ((size_t)snprintf(text, sizeof text, "%s", line) >= sizeof text) return false;
    const char *name = strtok_r(text, " \n", &rest);
    const ProtobufCFieldDescriptor *request =
        name ? protobuf_c_message_descriptor_get_field_by_name(&liandong__v1__to_server__descriptor, name) : NULL;
    if (!request || request->type != PROTOBUF_C_TYPE_MESSAGE) return false;
    const ProtobufCMessageDescriptor *type = request->descriptor;
    ProtobufCMessage *body = calloc(1, type->sizeof_message);
    bool ok = body != NULL;
    if (ok) type->message_init(body);
    for (char *word; ok && (word = strtok_r(NULL, " \n", &rest));) {
        char *equals = strchr(word, '=');
        if (equals) *equals = '\0';
        const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(type, word);
        ok = equals && field && set_field(body, field, equals + 1, &values);
    }
    if (ok) {
        wire_set_body(&envelope.base, request, body);
        crowd_sent(c, samples_now());
        put(c, &envelope);
    }
    free(body);
    return ok;
}

bool liandong_call(struct connection *c, const char *line) { return send(c, line, liandong_put); }
bool liandong_write(struct connection *c, const char *line) { return send(c, line, liandong_put_write); }
