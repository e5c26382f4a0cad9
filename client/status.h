/* `status`: can this terminal work, and as whom.
 * Client. */
#ifndef LIANDONG_CLIENT_STATUS_H
#define LIANDONG_CLIENT_STATUS_H
#include "client/client.h"
#include "client/command.h"

int status_run(struct client *client, struct command *command);
#endif
