/* `profile show`, `set`, `list`: settings kept under a name.
 * Client. */
#ifndef LIANDONG_CLIENT_PROFILE_H
#define LIANDONG_CLIENT_PROFILE_H
#include "client/client.h"
#include "client/command.h"

int profile_show(struct client *client, struct command *command);
int profile_set(struct client *client, struct command *command);
int profile_list(struct client *client, struct command *command);
#endif
