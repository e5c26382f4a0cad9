/* `feed watch`: the live feed, for as long as it takes.
 * Client.
 *
 *   connect -> watch_feed(cursor) -> backlog -> SYNC -> live -> … the connection ends -> connect with the last cursor
 *
 * Holds one cursor: what the server said last. Every delivery names the one before it; where that is not ours,
 * something was lost on the way, and the watch goes back to where it is sure of. A cursor is saved only after its lines
 * were flushed: whoever kills the watch may see a line twice, never miss one. */
#ifndef LIANDONG_CLIENT_WATCH_H
#define LIANDONG_CLIENT_WATCH_H
#include "client/client.h"
#include "client/command.h"

struct watch_flags {
    bool no_follow, bell;
    uint32_t count;
    const char *cursor_file;
};
#define WATCH_FLAG_ROWS 4
extern const struct flag watch_flag_rows[WATCH_FLAG_ROWS];
int watch_run(struct client *client, struct command *command);
#endif
