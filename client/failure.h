/* What went wrong, for the person at the desk: what, why, what to do next, and the request id; and the exit code of it.
 * Client. */
#ifndef LIANDONG_CLIENT_FAILURE_H
#define LIANDONG_CLIENT_FAILURE_H
#include "client/call.h"
#include "client/client.h"

/* Exit code of a refusal, of a connection that did not come about. */
int failure_code_of_status(Liandong__V1__Code code);
int failure_code_of_link(const struct link_error *error);
/* Whether a refusal is told with its code, such as ILLEGAL_TRANSITION: not to a person at a terminal, who reads the
 * words; to files and programs. */
bool failure_tells_codes(const struct client *client);
/* One line each, safe for a terminal. Never NULL. */
const char *failure_status_text(struct arena *arena, const Liandong__V1__Status *status, bool codes);
const char *failure_link_text(struct arena *arena, const struct link_error *error, bool codes);
/* What to do about a connection that did not come about; NULL: nothing but waiting. */
const char *failure_link_next(const struct link_error *error);
/* How to get a new certificate. */
const char *failure_new_certificate(void);
/* One fault of a message found here: "--content (content): too long". */
const char *failure_fault_text(struct arena *arena, const struct command *command, const char *path,
                               const char *reason);

/* Prints everything about a call that did not end well. Returns the exit code. */
int failure_print(struct client *client, const struct command *command, const struct call_result *result);
#endif
