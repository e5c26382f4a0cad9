/* Names of the offices that this run of the program has heard of: events and history tell codes, people read names.
 * Client. */
#ifndef LIANDONG_CLIENT_OFFICES_H
#define LIANDONG_CLIENT_OFFICES_H
#include "common/arena.h"
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

/* Keeps a name. Past OFFICES_KEPT, and where one is too long, it is not kept. */
#define OFFICES_KEPT 4096
void offices_hear(const char *code, const char *name);
/* The same of every code in a message that has its name beside it ("lead_office", "lead_office_name"). */
void offices_hear_message(const ProtobufCMessage *message);
/* The name, or the code itself where none was heard. */
const char *offices_name(const char *code);
/* The codes of those whose name this is (*whole), else of those who have it in their name: at most `most`. */
size_t offices_named(struct arena *arena, const char *name, const char **codes, size_t most, bool *whole);
/* The field that names the office whose code a field holds; NULL: there is none. */
const ProtobufCFieldDescriptor *offices_name_field(const ProtobufCMessageDescriptor *type,
                                                   const ProtobufCFieldDescriptor *field);
#endif
