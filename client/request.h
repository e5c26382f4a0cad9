/* A verb that is one request: complete it, send it, print the answer.
 * Client. */
#ifndef LIANDONG_CLIENT_REQUEST_H
#define LIANDONG_CLIENT_REQUEST_H
#include "client/client.h"
#include "client/command.h"

int request_run(struct client *client, struct command *command);
#endif
