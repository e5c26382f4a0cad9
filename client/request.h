/* A verb that is one request: complete it, send it, print the answer.
 * Client. */
#ifndef LIANDONG_CLIENT_REQUEST_H
#define LIANDONG_CLIENT_REQUEST_H
#include "client/client.h"
#include "client/command.h"

/* What request_run does before anything is sent: asks for what is missing, checks. */
int request_prepare(struct client *client, struct command *command);
int request_run(struct client *client, struct command *command);
#endif
