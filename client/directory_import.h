/* `directory import`: offices, pairings, people, capacities and positions from one file, row by row, each with its own
 * verdict.
 * Client.
 *
 * The first line names the columns by fields of the requests or by their labels; the first column says what a row is
 * (row_kinds in directory_import.c). The file is gone through once for each kind, in that order, so that people may
 * stand above their office. A row asks for what the administrator would ask for by hand, under a request id made of
 * its content; what is there already and says the same is told as such, and what says something else is changed. */
#ifndef LIANDONG_CLIENT_DIRECTORY_IMPORT_H
#define LIANDONG_CLIENT_DIRECTORY_IMPORT_H
#include "client/import_session.h"

struct directory_import_flags {
    struct import_session_flags session;
};
#define DIRECTORY_IMPORT_FLAG_ROWS IMPORT_SESSION_FLAG_ROWS
extern const struct flag directory_import_flag_rows[DIRECTORY_IMPORT_FLAG_ROWS];
int directory_import_run(struct client *client, struct command *command);
#endif
