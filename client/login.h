/* Who is at this terminal: `login`, `logout`, `password`, and the token that the commands in between show.
 * Client.
 *
 * The token is kept for a profile, server and certificate in $XDG_RUNTIME_DIR (memory that goes with the desktop's
 * session) where there is one, else in the state folder; mode 0600. It counts on this terminal's certificate only, and
 * ends by itself when nothing was done for a while. Passwords are asked for without echo or read from a file
 * descriptor, a line each, never from the command line, which other programs can read. */
#ifndef LIANDONG_CLIENT_LOGIN_H
#define LIANDONG_CLIENT_LOGIN_H
#include "client/client.h"
#include "client/command.h"

#define LOGIN_TOKEN_SIZE 32u
struct login_flags {
    const char *secret_fd; /* number of an open descriptor */
    bool with_code;
};
#define LOGIN_FLAG_ROWS 2
extern const struct flag login_flag_rows[LOGIN_FLAG_ROWS];

int login_run(struct client *client, struct command *command);
int logout_run(struct client *client, struct command *command);
int password_run(struct client *client, struct command *command);

/* The kept token of these settings. False: nobody has logged in here. */
bool login_token(const struct client *client, uint8_t token[LOGIN_TOKEN_SIZE]);
#endif
