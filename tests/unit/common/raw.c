#include "raw.h"
#include "common/frame.h"
#include "support.h"
#include <stdlib.h>
#include <string.h>

void raw_varint(struct buffer *b, uint64_t value) {
    do {
        uint8_t byte = (uint8_t)(value & 0x7f);
        value >>= 7;
        if (value) byte |= 0x80;
        assert_true(buffer_put(b, &byte, 1));
    } while (value);
}

void raw_tag(struct buffer *b, uint32_t number, unsigned type) { raw_varint(b, (uint64_t)number << 3 | type); }

void raw_number(struct buffer *b, uint32_t number, uint64_t value) {
    raw_tag(b, number, 0);
    raw_varint(b, value);
}

void raw_counted(struct buffer *b, uint32_t number, const void *bytes, size_t size) {
    raw_tag(b, number, 2);
    raw_varint(b, size);
    assert_true(buffer_put(b, bytes, size));
}

void raw_wrap(struct buffer *b, uint32_t number) {
    struct buffer inner = *b;
    buffer_init(b, inner.cap);
    raw_counted(b, number, buffer_head(&inner), buffer_size(&inner));
    buffer_free(&inner);
}

ProtobufCMessage *raw_unpack(const ProtobufCMessageDescriptor *type, const struct buffer *b, bool strict,
                             struct arena *arena, struct wire_fault *fault) {
    size_t size = buffer_size(b);
    uint8_t *exact = malloc(size ? size : 1);
    assert_non_null(exact);
    if (size) memcpy(exact, buffer_head(b), size);
    *fault = (struct wire_fault){"untouched", "untouched"};
    ProtobufCMessage *message = wire_unpack(type, exact, size, strict, arena, fault);
    free(exact);
    return message;
}

void expect_fault(const ProtobufCMessageDescriptor *type, struct buffer *b, bool strict, const char *reason,
                  const char *field) {
    struct arena arena;
    struct wire_fault fault;
    arena_init(&arena, WIRE_ARENA_CAP);
    assert_null(raw_unpack(type, b, strict, &arena, &fault));
    assert_string_equal(fault.reason, reason);
    assert_string_equal(fault.field, field);
    arena_free(&arena);
    buffer_free(b);
}

void expect_good(const ProtobufCMessageDescriptor *type, struct buffer *b, bool strict) {
    struct arena arena;
    struct wire_fault fault;
    arena_init(&arena, WIRE_ARENA_CAP);
    if (!raw_unpack(type, b, strict, &arena, &fault)) fail_msg("%s at %s", fault.reason, fault.field);
    arena_free(&arena);
    buffer_free(b);
}

struct buffer raw_empty(void) {
    struct buffer b;
    buffer_init(&b, 2 * FRAME_CAP);
    return b;
}
