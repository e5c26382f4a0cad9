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

/* Packs what was accepted into `out`, as one frame, and returns its payload. False where it can't be one: empty (a
 * client lets an empty envelope pass), or grown past the cap by writing packed numbers out one by one. */
static bool repack(const ProtobufCMessage *message, struct buffer *out, struct frame *frame) {
    size_t size = protobuf_c_message_get_packed_size(message);
    bool fits = size > 0 && size <= FRAME_CAP;
    buffer_init(out, FRAME_HEADER + FRAME_CAP);
    fuzz_require(wire_put_frame(out, message) == fits, "what was accepted can be sent");
    if (!fits) return false;
    enum frame_state state = frame_look(buffer_head(out), buffer_size(out), FRAME_CAP, frame);
    fuzz_require(state == FRAME_WHOLE && frame->need == buffer_size(out), "one message makes one frame");
    return true;
}

/* What was accepted, sent on and received, is accepted again and is the same. */
static void judge_again(const ProtobufCMessage *message, bool strict, struct arena *arena) {
    struct wire_fault fault = {0};
    struct buffer first, second;
    struct frame one = {0}, two = {0};
    if (repack(message, &first, &one)) {
        ProtobufCMessage *again =
            wire_unpack(message->descriptor, one.payload, one.payload_size, strict, arena, &fault);
        fuzz_require(again || arena->exhausted, "what was accepted is accepted again");
        if (again) {
            fuzz_require(repack(again, &second, &two) && one.payload_size == two.payload_size &&
                             memcmp(one.payload, two.payload, one.payload_size) == 0,
                         "packing is stable");
            buffer_free(&second);
        }
    }
    buffer_free(&first);
}

static void judge_message(const ProtobufCMessage *message, bool strict, struct arena *arena) {
    struct wire_fault fault = {0};
    const ProtobufCFieldDescriptor *field = NULL;
    ProtobufCMessage *body = NULL;
    fuzz_require(wire_check(message, strict, &fault), "what was accepted passes the check again");
    bool has_body = wire_body(message, &field, &body);
    fuzz_require(has_body || !strict, "a server gets no message without a request");
    if (has_body)
        fuzz_require(body->descriptor == field->descriptor && wire_has(message, field),
                     "the body is its field's value");
    judge_again(message, strict, arena);
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
