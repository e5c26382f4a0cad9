/* `duty now`: whom to call, and where there is nobody.
 * Client. */
#ifndef LIANDONG_CLIENT_DUTY_H
#define LIANDONG_CLIENT_DUTY_H
#include "client/call.h"
#include "client/client.h"
#include "client/command.h"

int duty_now(struct client *client, struct command *command);
/* Below the answer to `duty now`: the positions that have nobody, and the command that puts somebody there. Asks the
 * server which there are. Nothing below other answers. */
void duty_tell_vacant(struct client *client, const struct command *command, struct caller *caller,
                      const ProtobufCMessage *reply);
#endif
