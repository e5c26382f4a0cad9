/* An answer, in the form the person chose.
 * Client. */
#ifndef LIANDONG_CLIENT_PRINT_H
#define LIANDONG_CLIENT_PRINT_H
#include "client/client.h"
#include "client/sheet.h"
#include <protobuf-c/protobuf-c.h>

enum print_form { PRINT_TABLE, PRINT_JSON, PRINT_NDJSON, PRINT_CSV, PRINT_ID };
enum print_form print_form(const struct client *client);

/* What a table of such messages shows: field names, comma-separated, "?" behind those that may be left out where the
 * terminal is narrow. NULL: all of them. */
const char *print_columns(const ProtobufCMessageDescriptor *type);
/* What one such message shows, as a record; "?" behind those that are left out where they are no, or 0. */
const char *print_record_columns(const ProtobufCMessageDescriptor *type);
/* Checks --fields against the answer's type before anything is sent. False with `error` set (in the arena). */
bool print_fields_fit(struct arena *arena, const ProtobufCMessageDescriptor *type, const char *fields,
                      const char **error);

/* A message: a list (see schema_rows) as rows, anything else as one record. fields: NULL for the usual ones.
 * False without memory. */
bool print_answer(struct client *client, const ProtobufCMessage *message, const char *fields);
/* Every list of a message that has several (a snapshot's kinds of records), each under its own heading. */
bool print_lists(struct client *client, const ProtobufCMessage *message);
/* One row of a growing list: no alignment across rows; `first` writes the heading where the form has one. */
bool print_row(struct client *client, const ProtobufCMessage *message, const char *fields, bool first);
/* The same for rows that are no messages. `record`: a single row is shown as a record. */
bool print_sheet(struct client *client, const struct sheet *sheet, bool record);

/* How grave a record is, by its level and class. */
enum sheet_mark print_mark(int level, int class_);
#endif
