#include "client/duty.h"
#include "client/request.h"
#include "envelope.pb-c.h"

int duty_now(struct client *client, struct command *command) {
    Liandong__V1__ListDuties *list = (Liandong__V1__ListDuties *)(void *)command->message;
    list->has_now = true;
    list->now = true;
    return request_run(client, command);
}
