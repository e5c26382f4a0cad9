/* Help at every level, all from the tables and the messages; examples first.
 * Client. */
#ifndef LIANDONG_CLIENT_HELP_H
#define LIANDONG_CLIENT_HELP_H
#include "client/client.h"
#include "client/command.h"

/* The program's, a noun's, a verb's. */
void help_print(struct client *client, FILE *out, const struct command *command);
void help_print_noun(struct client *client, FILE *out, const char *noun);
int help_run(struct client *client, struct command *command);
int help_version(struct client *client, struct command *command);
#endif
