/* `liandongd enrol-token`: the operator's invitation, on the server's own machine and under the owner's role. How the
 * very first device comes in, before there is an administrator who could invite; later ones are invited by `liandong
 * device invite`, which the feed remembers. Composition floor. */
#ifndef LIANDONG_ENROL_TOKEN_H
#define LIANDONG_ENROL_TOKEN_H
#include "server_settings.h"

struct enrol_token_flags {
    const char *office, *device, *role, *server; /* NULL: not given; only office and device must be */
};
/* Takes its own flags out of the list (they become NULL). False: told. */
bool enrol_token_flags(struct enrol_token_flags *out, int count, char **flags);
/* Prints the command to run on the device. Exit code. */
int enrol_token(const struct server_settings *values, const struct enrol_token_flags *flags);
#endif
