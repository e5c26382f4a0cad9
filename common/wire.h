/* Messages <-> bytes, and the door check that everything from outside passes before anything else sees it.
 * Floor 1 (common). Pure.
 *
 * protobuf-c trusts its input: it accepts malformed UTF-8, cuts strings at an embedded NUL, passes unknown enum values,
 * nests without limit and expands small frames about 70 times. So: an iterative scan of the raw bytes (depth, number of
 * fields, form, NUL in strings, fields said twice) before unpacking, unpacking into a capped arena, one
 * descriptor-driven check after it. Nothing that passes can make PostgreSQL raise: one bad value would abort other
 * people's writes. Measured: 0.8 us for a report of 251 bytes, scan, unpacking and check together (wire_test prints
 * it). */
#ifndef LIANDONG_COMMON_WIRE_H
#define LIANDONG_COMMON_WIRE_H
#include "common/arena.h"
#include "common/buffer.h"
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>

#define WIRE_ARENA_CAP      (16u << 20) /* for one unpacked message and what is made from it */
#define WIRE_DEPTH_MAX      8u          /* messages within messages, the envelope included; ours need 4 */
#define WIRE_FIELDS_MAX     4000u       /* fields and packed items of one message sent to a server */
#define WIRE_FIELDS_MAX_LAX 200000u     /* and of one from a server: a page of 500 records has 17,000 */

/* What is wrong with a message: `field` is a path such as "report_incident.content", `reason` a stable token:
 * MALFORMED (also: a field said twice), TOO_DEEP, TOO_MANY_FIELDS, TOO_LARGE, UNKNOWN_FIELD, UNKNOWN_REQUEST (an
 * unknown field of the envelope numbered like a body), NOT_UTF8, CONTROL_CHARACTER, DIRECTION_MARK, TOO_LONG, TOO_MANY,
 * UNKNOWN_VALUE, BAD_SIZE, OUT_OF_RANGE, NO_BODY. An unknown field is named by its number: "#33". */
struct wire_fault {
    const char *reason;
    char field[96];
};

/* Unpacks and checks. NULL with *fault set. The message lives in the arena. `strict` is the server's door: it refuses
 * unknown fields and unknown or unspecified enum values (silently dropping what a newer client said would lose data)
 * and a missing body. A client passes false: what a newer server says passes, so enum values may have no name there. */
ProtobufCMessage *wire_unpack(const ProtobufCMessageDescriptor *type, const uint8_t *bytes, size_t size, bool strict,
                              struct arena *arena, struct wire_fault *fault);
/* Only the check, for a message made by hand (the client checks before it sends). */
bool wire_check(const ProtobufCMessage *message, bool strict, struct wire_fault *fault);
/* Appends one frame. False past the buffer's cap or without memory: nothing was added. */
bool wire_put_frame(struct buffer *out, const ProtobufCMessage *message);

/* Value of the varint field `number` at the top level of raw bytes, to answer the `call` of a message that did not
 * pass. False where it is not there before the first malformed byte. */
bool wire_peek(const uint8_t *bytes, size_t size, uint32_t number, uint64_t *value);

/* Member of the oneof "body" that is set: its field descriptor and message; false where none is set. */
bool wire_body(const ProtobufCMessage *envelope, const ProtobufCFieldDescriptor **field, ProtobufCMessage **body);
/* Sets the oneof to `body` (borrowed). */
void wire_set_body(ProtobufCMessage *envelope, const ProtobufCFieldDescriptor *field, ProtobufCMessage *body);

/* A text for a message that is only going to be packed: the generated structs want plain char *, packing never writes.
 */
static inline char *wire_borrow(const char *text) { return (char *)(uintptr_t)text; }

/* Access by descriptor. Absent optional fields: wire_has is false. */
bool wire_has(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field);
void *wire_member(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field); /* the member's address */
size_t *wire_quantifier(const ProtobufCMessage *message,
                        const ProtobufCFieldDescriptor *field); /* n_… of repeated; NULL else */
void wire_mark_present(ProtobufCMessage *message,
                       const ProtobufCFieldDescriptor *field); /* sets has_…, nothing for pointers */

/* Limits of a field, from the one table in wire_limits.c. */
struct wire_limit {
    const char *message, *field; /* protobuf names, "ReportIncident", "content" */
    uint32_t max;   /* bytes of a string or bytes field; items of a repeated one (each item has the defaults);
                       largest value of a uint32, largest amount of a double; 0: none */
    uint32_t size;  /* exact size of a bytes field; 0: any up to max */
    bool multiline; /* newlines and tabs allowed */
    uint32_t min;   /* smallest value of a uint32; of a string: so many characters stand together */
};
extern const struct wire_limit wire_limits[];
extern const size_t wire_limits_count;
#define WIRE_STRING_MAX    256u                     /* bytes, for strings without a row */
#define WIRE_BYTES_MAX     64u                      /* bytes, for bytes fields without a row */
#define WIRE_ITEMS_MAX     64u                      /* items of a repeated field sent to a server, without a row */
#define WIRE_ITEMS_MAX_LAX 100000u                  /* items of any repeated field from a server */
#define WIRE_NUMBER_MAX    2147483647u              /* uint32 without a row: they are stored as int4 */
#define WIRE_TIME_MIN      INT64_C(-62135596800000) /* every int64 is a time in ms UTC: years 0001 .. */
#define WIRE_TIME_MAX      INT64_C(253402300799999) /* .. to 9999 */
/* The row of a field, or the defaults. */
struct wire_limit wire_limit_of(const ProtobufCMessageDescriptor *message, const ProtobufCFieldDescriptor *field);
#endif
