/* `attach add` and `attach get`: files to and from records, in chunks, going on where they were cut off.
 * Client. */
#ifndef LIANDONG_CLIENT_ATTACH_H
#define LIANDONG_CLIENT_ATTACH_H
#include "client/client.h"
#include "client/command.h"
#include "client/flag.h"

struct attach_flags {
    const char *out;
    bool force;
};
#define ATTACH_GET_FLAG_ROWS 2
extern const struct flag attach_get_flag_rows[ATTACH_GET_FLAG_ROWS];

int attach_add(struct client *client, struct command *command);
/* Into FILE.<number>.part until all of it is there and has the right SHA-256. */
int attach_get(struct client *client, struct command *command);
/* What a file may be called here: no folders, no control characters, not hidden. In the arena. */
const char *attach_clean_name(struct arena *arena, const char *name);
#endif
