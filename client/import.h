/* `incident import`: a foreign call log, row by row, each with its own verdict.
 * Client. */
#ifndef LIANDONG_CLIENT_IMPORT_H
#define LIANDONG_CLIENT_IMPORT_H
#include "client/import_session.h"

struct import_flags {
    struct flag_texts map, set, class_map;
    const char *map_file, *default_class, *tz;
    bool header;
    struct import_session_flags session;
};
#define IMPORT_FLAG_ROWS (7 + IMPORT_SESSION_FLAG_ROWS)
extern const struct flag import_flag_rows[IMPORT_FLAG_ROWS];
int import_run(struct client *client, struct command *command);
#endif
