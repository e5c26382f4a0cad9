#include "wire_door.h"
#include "fuzz.h"
#include "common/frame.h"
#include "common/status.h"
#include "common/text.h"
#include "common/wire.h"
#include <string.h>

#define SMALL_ARENA 2048u /* too little for most messages: the way out of memory is walked, too */

static void judge_fault(const struct wire_fault *fault) {
    fuzz_require(fault->reason && strcmp(status_find(fault->reason)->reason, fault->reason) == 0,
                 "every refusal is a row of the status table");
    const char *end = memchr(fault->field, '\0', sizeof fault->field);
    fuzz_require(end && text_check(fault->field, (size_t)(end - fault->field), false, NULL) == TEXT_OK,
                 "the field's path can be shown");
}

/* Packs what was accepted into `out`, as one frame, and returns its payload. */
static struct frame repack(const ProtobufCMessage *message, struct buffer *out) {
    struct frame frame = {0};
    buffer_init(out, 4 * FRAME_CAP);
    fuzz_require(wire_put_frame(out, message), "what was accepted can be sent");
    enum frame_state state = frame_look(buffer_head(out), buffer_size(out), 4 * FRAME_CAP, &frame);
    if (protobuf_c_message_get_packed_size(message) == 0) return frame;
    fuzz_require(state == FRAME_WHOLE && frame.need == buffer_size(out), "one message makes one frame");
    return frame;
}

static void judge_message(ProtobufCMessage *message, bool strict, struct arena *arena) {
    struct wire_fault fault = {0};
    struct buffer first, second;
    fuzz_require(wire_check(message, strict, &fault), "what was accepted passes the check again");
    struct frame one = repack(message, &first);
    ProtobufCMessage *again = wire_unpack(message->descriptor, one.payload, one.payload_size, strict, arena, &fault);
    fuzz_require(again != NULL || arena->exhausted, "what was accepted is accepted again");
    if (again) {
        struct frame two = repack(again, &second);
        fuzz_require(one.payload_size == two.payload_size, "packing is stable");
        fuzz_require(!one.payload_size || memcmp(one.payload, two.payload, one.payload_size) == 0, "packing is stable");
        buffer_free(&second);
    }
    const ProtobufCFieldDescriptor *field = NULL;
    ProtobufCMessage *body = NULL;
    if (wire_body(message, &field, &body)) {
        fuzz_require(body && field && body->descriptor == field->descriptor, "the body is of its field's type");
        fuzz_require(wire_has(message, field), "the body is present");
    }
    buffer_free(&first);
}

void wire_door(const ProtobufCMessageDescriptor *type, bool strict, const uint8_t *payload, size_t size) {
    struct arena arena, small;
    struct wire_fault fault = {0};
    if (size > FRAME_CAP) return;
    arena_init(&arena, WIRE_ARENA_CAP);
    arena_init(&small, SMALL_ARENA);
    ProtobufCMessage *message = wire_unpack(type, payload, size, strict, &arena, &fault);
    fuzz_require(arena.used <= arena.cap, "the arena keeps its cap");
    if (message)
        judge_message(message, strict, &arena);
    else
        judge_fault(&fault);

    struct wire_fault short_fault = {0};
    ProtobufCMessage *squeezed = wire_unpack(type, payload, size, strict, &small, &short_fault);
    fuzz_require(!squeezed || message, "less memory accepts nothing more");
    if (!squeezed) judge_fault(&short_fault);
    fuzz_require(small.used <= small.cap, "the small arena keeps its cap");

    struct wire_fault lax_fault = {0};
    arena_reset(&arena);
    if (message && strict) {
        fuzz_require(wire_unpack(type, payload, size, false, &arena, &lax_fault) || arena.exhausted,
                     "lax accepts what strict does");
    }
    arena_free(&arena);
    arena_free(&small);
}
