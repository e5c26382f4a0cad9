/* Protobuf's wire format by hand, also wrongly. */
#ifndef LIANDONG_TESTS_RAW_H
#define LIANDONG_TESTS_RAW_H
#include "common/wire.h"
#include <stdint.h>

void raw_varint(struct buffer *b, uint64_t value);
void raw_tag(struct buffer *b, uint32_t number, unsigned type);
void raw_number(struct buffer *b, uint32_t number, uint64_t value);
void raw_counted(struct buffer *b, uint32_t number, const void *bytes, size_t size);
/* Makes all that is there the content of one counted field. */
void raw_wrap(struct buffer *b, uint32_t number);
/* An empty buffer with room for more than a frame. */
struct buffer raw_empty(void);

/* wire_unpack of a copy of exactly these bytes: AddressSanitizer sees one read beyond them. */
ProtobufCMessage *raw_unpack(const ProtobufCMessageDescriptor *type, const struct buffer *b, bool strict,
                             struct arena *arena, struct wire_fault *fault);
/* The bytes are refused for this reason at this field, or let in. Frees them. */
void expect_fault(const ProtobufCMessageDescriptor *type, struct buffer *b, bool strict, const char *reason,
                  const char *field);
void expect_good(const ProtobufCMessageDescriptor *type, struct buffer *b, bool strict);
#endif
