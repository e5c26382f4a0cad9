/* The golden frames of the protocol's specification: our codec makes exactly these bytes, takes them, and refuses the
 * bad ones for exactly the reason the document gives. Also every byte of every frame is cut off and changed. */
#include "golden.h"
#include "textproto.h"
#include "common/frame.h"
#include "common/status.h"
#include "common/wire.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

struct document {
    struct golden golden;
    struct arena arena;
};

static const char *readme;

static int open_document(void **state) {
    static struct document d;
    arena_init(&d.arena, 64u << 20);
    *state = &d;
    return golden_read(&d.golden, readme, &d.arena) ? 0 : -1;
}

static int close_document(void **state) {
    struct document *d = *state;
    arena_free(&d->arena);
    return 0;
}

/* The payload of a golden frame; fails the test where the framing is not whole. */
static struct frame payload_of(const struct golden_frame *g) {
    struct frame frame = {0};
    assert_int_equal(frame_look(g->bytes, g->size, FRAME_CAP, &frame), FRAME_WHOLE);
    assert_int_equal(frame.need, g->size);
    return frame;
}

static void assert_frame(const struct golden_frame *g, const ProtobufCMessage *message) {
    struct buffer out;
    buffer_init(&out, FRAME_CAP);
    assert_true(wire_put_frame(&out, message));
    if (buffer_size(&out) != g->size || memcmp(buffer_head(&out), g->bytes, g->size) != 0)
        fail_msg("proto/README.md:%u: %s: our bytes are others than the document's", g->line, g->name);
    buffer_free(&out);
}

static void makes_the_bytes(void **state) {
    struct document *d = *state;
    for (size_t i = 0; i < d->golden.count; i++) {
        const struct golden_frame *g = &d->golden.frames[i];
        const char *at = NULL;
        if (!g->text) continue;
        ProtobufCMessage *message = textproto_read(g->type, g->text, &d->arena, &at);
        if (!message) fail_msg("proto/README.md:%u: %s: text not understood at: %.40s", g->line, g->name, at);
        struct wire_fault fault = {0};
        if (!wire_check(message, g->strict, &fault)) fail_msg("%s: %s %s", g->name, fault.reason, fault.field);
        assert_frame(g, message);
    }
}

static void takes_the_bytes(void **state) {
    struct document *d = *state;
    for (size_t i = 0; i < d->golden.count; i++) {
        const struct golden_frame *g = &d->golden.frames[i];
        struct wire_fault fault = {0};
        struct arena arena;
        if (!g->text) continue;
        arena_init(&arena, WIRE_ARENA_CAP);
        struct frame frame = payload_of(g);
        ProtobufCMessage *message = wire_unpack(g->type, frame.payload, frame.payload_size, g->strict, &arena, &fault);
        if (!message) fail_msg("%s is refused: %s %s", g->name, fault.reason, fault.field);
        assert_frame(g, message);
        arena_free(&arena);
    }
}

/* Framing is refused by frame_look, everything else by the door. */
static const char *refusal_of(const struct golden_frame *g, struct wire_fault *fault, struct arena *arena) {
    struct frame frame = {0};
    switch (frame_look(g->bytes, g->size, FRAME_CAP, &frame)) {
    case FRAME_EMPTY: return "FRAME_EMPTY";
    case FRAME_TOO_LARGE: return "FRAME_TOO_LARGE";
    case FRAME_PARTIAL: return "FRAME_PARTIAL";
    default: break;
    }
    assert_int_equal(frame.need, g->size);
    return wire_unpack(g->type, frame.payload, frame.payload_size, g->strict, arena, fault) ? NULL : fault->reason;
}

static void refuses_the_bad(void **state) {
    struct document *d = *state;
    size_t refused = 0;
    for (size_t i = 0; i < d->golden.count; i++) {
        const struct golden_frame *g = &d->golden.frames[i];
        struct wire_fault fault = {.reason = NULL};
        struct arena arena;
        if (g->text) continue;
        arena_init(&arena, WIRE_ARENA_CAP);
        const char *reason = refusal_of(g, &fault, &arena);
        if (!reason || strcmp(reason, g->reason) != 0)
            fail_msg("proto/README.md:%u: %s: %s instead of %s", g->line, g->name, reason ? reason : "accepted",
                     g->reason);
        if (strcmp(fault.field, g->field) != 0)
            fail_msg("proto/README.md:%u: %s: field \"%s\" instead of \"%s\"", g->line, g->name, fault.field, g->field);
        arena_free(&arena);
        refused++;
    }
    assert_true(refused > 0);
}

/* No payload cut short may read past its end; what is still a message must pack to the same prefix. */
static void survives_cuts(void **state) {
    struct document *d = *state;
    struct arena arena;
    arena_init(&arena, WIRE_ARENA_CAP);
    for (size_t i = 0; i < d->golden.count; i++) {
        const struct golden_frame *g = &d->golden.frames[i];
        if (!g->text) continue;
        struct frame frame = payload_of(g);
        for (size_t size = 0; size < frame.payload_size; size++) {
            struct wire_fault fault = {0};
            uint8_t *exact = test_malloc(size ? size : 1);
            memcpy(exact, frame.payload, size);
            arena_reset(&arena);
            ProtobufCMessage *message = wire_unpack(g->type, exact, size, g->strict, &arena, &fault);
            if (message)
                assert_int_equal(protobuf_c_message_get_packed_size(message), size);
            else
                assert_string_equal(status_find(fault.reason)->reason, fault.reason);
            test_free(exact);
        }
    }
    arena_free(&arena);
}

/* Every byte of every payload, changed to every value: whatever is accepted can be sent on and is accepted again. */
static void survives_changes(void **state) {
    struct document *d = *state;
    struct arena arena;
    struct buffer out;
    arena_init(&arena, WIRE_ARENA_CAP);
    buffer_init(&out, FRAME_CAP);
    for (size_t i = 0; i < d->golden.count; i++) {
        const struct golden_frame *g = &d->golden.frames[i];
        struct frame frame = {0};
        if (frame_look(g->bytes, g->size, FRAME_CAP, &frame) != FRAME_WHOLE) continue;
        uint8_t *exact = test_malloc(frame.payload_size);
        memcpy(exact, frame.payload, frame.payload_size);
        for (size_t at = 0; at < frame.payload_size * 256; at++) {
            struct wire_fault fault = {0};
            exact[at / 256] = (uint8_t)at;
            arena_reset(&arena);
            ProtobufCMessage *message = wire_unpack(g->type, exact, frame.payload_size, g->strict, &arena, &fault);
            if (message && !wire_check(message, g->strict, &fault))
                fail_msg("%s, byte %zu = %02x: accepted, then refused: %s", g->name, at / 256, (unsigned)(at % 256),
                         fault.reason);
            if (message) assert_true(wire_put_frame(&out, message));
            buffer_consume(&out, buffer_size(&out));
            exact[at / 256] = frame.payload[at / 256];
        }
        test_free(exact);
    }
    buffer_free(&out);
    arena_free(&arena);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_the_bytes), cmocka_unit_test(takes_the_bytes),  cmocka_unit_test(refuses_the_bad),
        cmocka_unit_test(survives_cuts),   cmocka_unit_test(survives_changes),
    };
    readme = argc == 2 ? argv[1] : "proto/README.md";
    return cmocka_run_group_tests_name("golden", tests, open_document, close_document);
}
