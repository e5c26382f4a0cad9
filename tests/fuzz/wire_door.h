/* The properties of the door that messages pass, for both directions. */
#ifndef LIANDONG_TESTS_FUZZ_WIRE_DOOR_H
#define LIANDONG_TESTS_FUZZ_WIRE_DOOR_H
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void wire_door(const ProtobufCMessageDescriptor *type, bool strict, const uint8_t *payload, size_t size);
#endif
