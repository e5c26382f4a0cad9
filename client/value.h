/* One value of a message <-> what a person types or reads.
 * Client, pure. */
#ifndef LIANDONG_CLIENT_VALUE_H
#define LIANDONG_CLIENT_VALUE_H
#include "common/arena.h"
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>

/* What is wrong with a typed value and what would be right, one or two sentences in the chosen language. */
struct value_error {
    char text[768];
};

/* What was typed with a Chinese input method still on: "２", "ｙｔｐ", "２０：１５". In the arena, or `text` itself
 * without memory. */
const char *value_half_width(struct arena *arena, const char *text);
/* Sets the field from text; a repeated one gets the comma-separated items added. Memory is the arena's.
 *   enum      English word (extreme-threat) or label (扬言极端), any case, or an unambiguous beginning
 *   time      whatever clock_parse reads, relative to `now`; "@1687695303123" is ms since 1970 UTC to the letter
 *   amount    yuan, with two decimals at most
 *   bool      yes/no, on/off, true/false, 1/0
 *   bytes     hex, or a UUID where the field is one
 *   names of requests (kinds of events): the name, its label, or the verb ("report") */
bool value_set(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, const char *text, int64_t now,
               struct arena *arena, struct value_error *error);

/* What a person reads: labels, times in +08:00, items joined. Safe for a terminal; `one_line` makes newlines blanks.
 * "" where absent or a message. NULL only without memory. */
const char *value_text(struct arena *arena, const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                       bool one_line);
/* The reverse of value_set, to the letter: value_set(value_plain(x)) gives x again. NULL only without memory. */
const char *value_plain(struct arena *arena, const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field);
/* A value of a record's field as history tells it (enum as number, moment in ISO 8601), for people. `record`: of enum
 * RecordType; 0: an incident. */
const char *value_of_field(struct arena *arena, int record, const char *field, const char *text, bool one_line);
/* What that field is called of that kind of record, and whether it is a moment. */
const char *value_field_label(int record, const char *field);
bool value_field_is_time(int record, const char *field);
/* The kind of record that a full number is of, as its letters say; 0: none. */
int value_record_of_number(const char *no);
/* The kind of record whose states an enum lists; 0: of none. */
int value_record_of(const ProtobufCEnumDescriptor *states);
/* Any text from outside, safe for a terminal. "" for NULL, and without memory. */
const char *value_clean(struct arena *arena, const char *text, bool one_line);
#endif
