/* What administrators do beside plain requests: follow the logs, watch the sessions, wait for what nodes make of an
 * order. Client. */
#ifndef LIANDONG_CLIENT_OPERATION_H
#define LIANDONG_CLIENT_OPERATION_H
#include "client/call.h"
#include "client/client.h"
#include "client/command.h"

struct logs_flags {
    bool follow;
    uint32_t count;
};
#define LOGS_FLAG_ROWS 2
extern const struct flag logs_flag_rows[LOGS_FLAG_ROWS];
/* Lines until now, or with --follow for as long as it takes: over every end of a connection, without a gap and without
 * a line twice. */
int logs_run(struct client *client, struct command *command);

struct sessions_flags {
    bool watch;
};
#define SESSIONS_FLAG_ROWS 1
extern const struct flag sessions_flag_rows[SESSIONS_FLAG_ROWS];
/* The list, or with --watch what begins and ends. */
int sessions_run(struct client *client, struct command *command);

/* An order was recorded: waits for the nodes' answers and prints them. Exit code. */
int operation_answers(struct client *client, struct command *command, struct caller *caller,
                      const Liandong__V1__OrderReceipt *receipt);
#endif
