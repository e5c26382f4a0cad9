/* `duty now`: whom to call.
 * Client. */
#ifndef LIANDONG_CLIENT_DUTY_H
#define LIANDONG_CLIENT_DUTY_H
#include "client/client.h"
#include "client/command.h"

int duty_now(struct client *client, struct command *command);
#endif
