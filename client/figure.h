/* `report …`: a figure, or with --list what it counts.
 * Client. */
#ifndef LIANDONG_CLIENT_FIGURE_H
#define LIANDONG_CLIENT_FIGURE_H
#include "client/client.h"
#include "client/command.h"
#include "client/flag.h"

struct figure_flags {
    bool list;
};
#define FIGURE_FLAG_ROWS 1
extern const struct flag figure_flag_rows[FIGURE_FLAG_ROWS];
int figure_run(struct client *client, struct command *command);
#endif
