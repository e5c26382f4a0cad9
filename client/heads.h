/* Signed heads of the feed and the audit: kept here, compared at each connection, followed by a witness.
 * Client. What the server says now must go on from what it said before; a head that changed, went back or is not signed
 * by the same key means that somebody rewrote history, or restored an old database. */
#ifndef LIANDONG_CLIENT_HEADS_H
#define LIANDONG_CLIENT_HEADS_H
#include "client/call.h"
#include "client/client.h"
#include "client/command.h"
#include "common/sign.h"

/* Of a message. False where a part is missing or has the wrong size. */
bool heads_read(struct sign_head *out, const Liandong__V1__SignedHead *from);
/* Whether `next` may follow `before` (n 0: nothing is known yet): NULL, or why not, as one sentence. Of one and the
 * same n everything must be the same. */
const char *heads_fault(const struct sign_head *before, const struct sign_head *next);
/* After a hello: compares what it said with what the state folder holds for these servers, asks for the old head where
 * that is not enough, and keeps the newer one. False: said loudly, and the command will end with
 * EXIT_CODE_TAMPERED; it goes on, for a report must not wait for an auditor. */
bool heads_greet(struct caller *caller, uint64_t deadline_us);

/* ---- a witness's file: a line with its public key, then a head and its counter-signature a line, each over the line
 * before too. Only ever appended to. */
struct witness_file {
    struct sign_head *heads;
    size_t count;
    uint8_t key[SIGN_HASH];       /* the witness's */
    char last[2 * SIGN_SIZE + 1]; /* counter-signature of the last line */
};
/* False with one sentence: it can't be read, or a line was changed. A file that is not there has no heads. */
bool witness_read(struct witness_file *out, const char *path, struct arena *arena, const char **error);

struct witness_flags {
    const char *key, *witness;
    bool once;
    uint32_t every;
};
#define WITNESS_FLAG_ROWS 3
extern const struct flag witness_flag_rows[WITNESS_FLAG_ROWS];
#define AUDIT_VERIFY_FLAG_ROWS 1
extern const struct flag audit_verify_flag_rows[AUDIT_VERIFY_FLAG_ROWS];
int audit_verify_run(struct client *client, struct command *command);
int audit_witness_run(struct client *client, struct command *command);
#endif
