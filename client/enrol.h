/* `enrol`, and the certificate's renewal: the key is made here and stays here.
 * Client.
 *
 * Kept in the profile's folder, <config>/liandong/<profile>/: the key (mode 0600), the certificate and the authority's,
 * named after device and serial number; the profile's file, replaced last and as a whole, says which of them count. So
 * whoever is cut off in the middle has the old ones or the new ones. The key is kept before anything is sent, and the
 * request_id is made of the token and it: typing the same command again asks for the outcome of the first one.
 *
 * The token is asked for or read from a descriptor. --token is allowed although others on this computer can see a
 * command line: it is good for one device, once, for minutes, and whoever gets ahead of us makes our own try fail
 * loudly. Nothing is sent before the server has shown the authority that the token names. */
#ifndef LIANDONG_CLIENT_ENROL_H
#define LIANDONG_CLIENT_ENROL_H
#include "client/call.h"
#include "client/client.h"
#include "client/command.h"

struct enrol_flags {
    const char *token, *token_fd; /* as typed; number of an open descriptor */
    bool renew;
};
#define ENROL_FLAG_ROWS 3
extern const struct flag enrol_flag_rows[ENROL_FLAG_ROWS];

int enrol_run(struct client *client, struct command *command);
/* From two thirds of the certificate's life on, on the open connection of a command that has done its work: a new
 * certificate for the same key. Takes some seconds at most; says so where it works, and warns where it does not. */
void enrol_renew_when_due(struct caller *caller);
/* Tells the person what to type into the new device, after `device invite`. */
void enrol_tell_invitation(struct client *client, const Liandong__V1__Invitation *invitation);
#endif
