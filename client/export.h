/* `incident export`: all records that fit, into a file, for a purpose that is written down.
 * Client. */
#ifndef LIANDONG_CLIENT_EXPORT_H
#define LIANDONG_CLIENT_EXPORT_H
#include "client/client.h"
#include "client/command.h"
#include "client/flag.h"

struct export_flags {
    const char *out;
};
#define EXPORT_FLAG_ROWS 1
extern const struct flag export_flag_rows[EXPORT_FLAG_ROWS];
/* A file that is there already is left alone; one that could not be filled is taken away again. */
int export_run(struct client *client, struct command *command);
#endif
