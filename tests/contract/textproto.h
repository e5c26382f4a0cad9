/* Protobuf text format into a message, by descriptor: as much of it as the document uses (nested messages, strings with
 * C escapes, numbers, booleans, enum names, repeated fields by repetition). protobuf-c has no reader of it. */
#ifndef LIANDONG_TESTS_CONTRACT_TEXTPROTO_H
#define LIANDONG_TESTS_CONTRACT_TEXTPROTO_H
#include "common/arena.h"

/* NULL, with *at where reading stopped, on any text that is not understood. */
ProtobufCMessage *textproto_read(const ProtobufCMessageDescriptor *type, const char *text, struct arena *arena,
                                 const char **at);
#endif
