/* Completion for bash: a short script that asks this program what can stand next.
 * Client. */
#ifndef LIANDONG_CLIENT_COMPLETE_H
#define LIANDONG_CLIENT_COMPLETE_H
#include "client/client.h"
#include "client/command.h"

int completion_run(struct client *client, struct command *command);
/* The words so far, the one being typed last; prints those that can stand there, one a line. */
int complete_run(struct client *client, struct command *command);
#endif
