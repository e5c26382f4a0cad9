/* What the three files of wire share: the scan of raw bytes, and the limits walked beside a message's fields.
 * Floor 1 (common). Private to wire. */
#ifndef LIANDONG_COMMON_WIRE_PRIVATE_H
#define LIANDONG_COMMON_WIRE_PRIVATE_H
#include "common/wire.h"

/* True where protobuf-c can unpack `bytes` safely: every tag, varint and length is well-formed, known fields have the
 * wire type of their declaration, no field that can be there once is there twice, no string holds a NUL, depth and
 * number of fields are within their limits, no number is cut by its type. Takes no memory. */
bool wire_scan(const ProtobufCMessageDescriptor *type, const uint8_t *bytes, size_t size, bool strict,
               struct wire_fault *fault);
/* Reads one varint of at most 10 bytes at *at. False: malformed or past `end`. */
bool wire_read_varint(const uint8_t **at, const uint8_t *end, uint64_t *value);

/* First row of a message; NULL where it has none. */
const struct wire_limit *wire_limit_first(const ProtobufCMessageDescriptor *message);
/* Limit of `field`, for one who asks for the fields of a message in their order: *row moves on where it matched. The
 * defaults name no message and no field. */
const struct wire_limit *wire_limit_step(const struct wire_limit **row, const ProtobufCFieldDescriptor *field);
/* Limits of one value of a type that has no row: also of each item of a repeated field. */
const struct wire_limit *wire_limit_standard(ProtobufCType type);
#endif
