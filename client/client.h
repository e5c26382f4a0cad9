/* One run of the program: what every verb gets.
 * Client. */
#ifndef LIANDONG_CLIENT_CLIENT_H
#define LIANDONG_CLIENT_CLIENT_H
#include "client/options.h"
#include "client/terminal.h"
#include "common/arena.h"
#include <stdint.h>
#include <stdio.h>

/* Exit codes; `liandong help exit` tells users. */
enum exit_code {
    EXIT_CODE_OK = 0,
    EXIT_CODE_FAILED = 1,
    EXIT_CODE_USAGE = 2,
    EXIT_CODE_NOT_FOUND = 3,
    EXIT_CODE_CERTIFICATE = 4,
    EXIT_CODE_FORBIDDEN = 5,
    EXIT_CODE_CONFLICT = 6,
    EXIT_CODE_UNREACHABLE = 69,
    EXIT_CODE_UNKNOWN = 75,
    EXIT_CODE_TAMPERED = 76,
    EXIT_CODE_SIGNAL = 128 /* plus its number: Ctrl-C is 130 */
};

#define CLIENT_ARENA (64u << 20) /* the largest reply (1 MiB frame) with its texts, tables included */

struct client {
    const char *profile;
    struct options options;
    struct terminal terminal;
    FILE *out, *err; /* data; talk */
    bool quiet;
    bool tampered;        /* the server's history contradicts what this terminal saw before */
    int out_error;        /* errno of the first time that `out` took nothing more; 0: it took all */
    struct arena arena;   /* of the run: the command and what is said at its end */
    struct arena scratch; /* of one line or answer; whoever prints resets it */
    int64_t now;          /* ms, when the command began: what relative times are relative to */
};

/* Talk on standard error; not with --quiet. Texts from outside go through value_clean first. Wipes out the line of
 * state. */
void client_say(struct client *client, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same, in spite of --quiet. */
void client_warn(struct client *client, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "error: …" with what is wrong, and what to do next (NULL: nothing). Returns `code`. */
int client_fail(struct client *client, int code, const char *what, const char *next);
/* Hands over what was printed, before talk about it follows. False: standard output takes no more. */
bool client_flush(struct client *client);
/* Ends output: FAILED with the reason where standard output could not take everything, else `code`. */
int client_finish(struct client *client, int code);
#endif
