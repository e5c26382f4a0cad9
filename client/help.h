/* Help at every level, all from the tables and the messages; examples first.
 * Client. */
#ifndef LIANDONG_CLIENT_HELP_H
#define LIANDONG_CLIENT_HELP_H
#include "client/client.h"
#include "client/command.h"

/* The program's, a noun's, a verb's. */
void help_print(struct client *client, FILE *out, const struct command *command);
void help_print_noun(struct client *client, FILE *out, const char *noun);
/* "liandong dispute assess <dispute> <warning> [<note>]": the record's number in its place where one is given;
 * `needed`: only what must be there. given: a request whose values stand for what they are called; NULL. */
const char *help_line(struct arena *arena, const struct verb *verb, const char *record, bool needed,
                      const ProtobufCMessage *given);
/* What the state of a record allows its reader, each request as a command, in the order of the help. False: nothing is
 * said of it. */
bool help_allowed(struct client *client, char *const *requests, size_t count, const char *record);
/* In which order the commands of this one's noun are used, where the help knows. */
void help_course(struct client *client, const struct verb *verb);
/* A command line that does not fit its verb: what is wrong, how it is used, an example. Returns EXIT_CODE_USAGE. */
int help_misused(struct client *client, const struct verb *verb, const char *what);
/* The command that shows the help on these words; NULL: on everything. */
const char *help_of(struct arena *arena, const char *words);
int help_run(struct client *client, struct command *command);
int help_version(struct client *client, struct command *command);
#endif
