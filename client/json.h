/* Messages as JSON, from their descriptors.
 * Client, pure. Near the JSON of protobuf, with these rules, which `liandong help json` tells users:
 *   names are those of the .proto files; 64-bit numbers are strings; times are ms since 1970 UTC, as in the protocol;
 *   enums are their short token ("EXTREME_THREAT"); ids are UUIDs in text, other bytes hex: as the flags take them;
 *   absent fields are left out, lists are always there. */
#ifndef LIANDONG_CLIENT_JSON_H
#define LIANDONG_CLIENT_JSON_H
#include <protobuf-c/protobuf-c.h>
#include <stdio.h>

/* fields: NULL for all, else the names to show at the top (or in each row of a list), comma-separated, in the message's
 * order. indent: spaces a level; 0: on one line. No newline at the end. */
void json_print(FILE *out, const ProtobufCMessage *message, const char *fields, unsigned indent);
#endif
