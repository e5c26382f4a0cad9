/* What tests of the client share: languages, command lines, output as a string. */
#ifndef LIANDONG_TESTS_CLIENT_WORDS_H
#define LIANDONG_TESTS_CLIENT_WORDS_H
#include "client/client.h"
#include "client/command.h"

#define WORDS_NOW INT64_C(1687695303123) /* 2023-06-25 20:15:03.123 in +08:00 */

/* Splits as a shell would: blanks, single quotes; stops at < or >. Returns the number of words; all in `arena`. */
int words_split(const char *line, char **out, int room, struct arena *arena);
/* Parses a whole line ("liandong incident …"). */
bool words_parse(const char *line, struct command *command, struct arena *arena, struct command_error *error);
/* A client that prints into memory, without a terminal. */
struct words_client {
    struct client client;
    char *out;
    size_t size;
};
void words_client_open(struct words_client *w, const char *output);
/* What was printed; closes. To be freed. */
char *words_client_close(struct words_client *w);
#endif
