/* What people type for a field, and what they are shown of it. Input: message, field, text. */
#include "fuzz.h"
#include "client/json.h"
#include "client/language.h"
#include "client/value.h"
#include "common/text.h"
#include "common/wire.h"
#include "envelope.pb-c.h"
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOW 1687695303000 /* ms */

static const ProtobufCMessageDescriptor *const types[] = {
    &liandong__v1__report_incident__descriptor,   &liandong__v1__list_incidents__descriptor,
    &liandong__v1__correct_incident__descriptor,  &liandong__v1__feed_filter__descriptor,
    &liandong__v1__watch_feed__descriptor,        &liandong__v1__hello__descriptor,
    &liandong__v1__feedback_incident__descriptor, &liandong__v1__to_server__descriptor,
    &liandong__v1__incident__descriptor,
};

static void judge_clean(const char *text, bool one_line) {
    fuzz_require(!text || text_check(text, strlen(text), !one_line, NULL) == TEXT_OK, "what is shown is clean");
}

static void judge_json(const ProtobufCMessage *message) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out) exit(1);
    json_print(out, message, NULL, 0);
    if (fclose(out) != 0) exit(1);
    fuzz_require(size >= 2 && text[0] == '{' && text[size - 1] == '}', "a message is an object");
    judge_clean(text, true);
    free(text);
}

static ProtobufCMessage *make(const ProtobufCMessageDescriptor *type, struct arena *arena) {
    ProtobufCMessage *message = arena_zero(arena, type->sizeof_message);
    if (!message) exit(1);
    protobuf_c_message_init(type, message);
    return message;
}

static bool same(const ProtobufCMessage *a, const ProtobufCMessage *b) {
    size_t size = protobuf_c_message_get_packed_size(a);
    if (protobuf_c_message_get_packed_size(b) != size) return false;
    uint8_t *one = malloc(size + 1), *two = malloc(size + 1);
    if (!one || !two) exit(1);
    protobuf_c_message_pack(a, one);
    protobuf_c_message_pack(b, two);
    bool equal = memcmp(one, two, size) == 0;
    free(one);
    free(two);
    return equal;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static bool started;
    if (!started) {
        setlocale(LC_ALL, "C.UTF-8");
        started = true;
    }
    const ProtobufCMessageDescriptor *type = types[fuzz_take(&data, &size) % (sizeof types / sizeof types[0])];
    const ProtobufCFieldDescriptor *field = &type->fields[fuzz_take(&data, &size) % type->n_fields];
    struct arena arena;
    struct value_error error = {{0}};
    if (field->type == PROTOBUF_C_TYPE_MESSAGE || size > 4096) return 0;
    arena_init(&arena, 4u << 20);
    char *text = fuzz_copy(data, size, true);
    ProtobufCMessage *message = make(type, &arena), *back = make(type, &arena);
    if (value_set(message, field, text, NOW, &arena, &error)) {
        judge_clean(value_text(&arena, message, field, true), true);
        judge_clean(value_text(&arena, message, field, false), false);
        judge_json(message);
        const char *plain = value_plain(&arena, message, field);
        if (plain && wire_has(message, field)) {
            fuzz_require(value_set(back, field, plain, NOW, &arena, &error), "the plain form is understood");
            fuzz_require(same(message, back), "and means the same");
        }
    } else if (!arena.exhausted) {
        fuzz_require(error.text[0] && memchr(error.text, '\0', sizeof error.text), "a refusal says why");
        judge_clean(error.text, false);
    }
    judge_clean(value_clean(&arena, text, true), true);
    judge_clean(value_of_field(&arena, 0, field->name, text, true), true);
    free(text);
    arena_free(&arena);
    return 0;
}
