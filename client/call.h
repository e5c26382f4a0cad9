/* A request and its answer, over as many connections as it takes.
 * Client. */
#ifndef LIANDONG_CLIENT_CALL_H
#define LIANDONG_CLIENT_CALL_H
#include "client/client.h"
#include "client/link.h"
#include "client/login.h"
#include "common/uuid.h"

#define CALL_ATTEMPT_US                                                                                                \
    10000000u /* for one answer; then the connection is taken for dead. As the protocol's deadline where none is given \
               */

/* What the server recomputes from everything it has (verify_feed, verify_audit, prove_heads) takes minutes where there
 * are millions of records: its answer is waited for as long as a server works at one request, whatever --timeout says;
 * a million records take about 200 s. */
#define CALL_LONG_US 599000000u /* a server takes 600 s at most */

struct caller {
    struct client *client;
    struct tls_context *context;
    struct link link;
    const char *locale;
    uint8_t token[LOGIN_TOKEN_SIZE]; /* of whoever is logged in here */
    bool has_token;
};
enum call_end {
    CALL_DONE,        /* reply */
    CALL_REFUSED,     /* status */
    CALL_UNKNOWN,     /* a write that may have been carried out; status or error tells the last that was heard */
    CALL_UNREACHABLE, /* nothing was carried out; error, or status where the last server said so */
    CALL_INTERRUPTED
};
struct call_result {
    enum call_end end;
    const ProtobufCMessage *reply;      /* body; the arena's */
    const Liandong__V1__Status *status; /* the arena's, or the link's until the next call */
    struct link_error error;
    uint8_t request_id[UUID_SIZE]; /* of a write */
    bool has_request_id, interrupted;
};

/* Reads the certificates and looks at their expiry: warns 14, 7 and 1 days before. Exit code; not OK: already said. */
int caller_open(struct caller *c, struct client *client);
void caller_close(struct caller *c);
/* Connects anew, saying whose login it is. */
bool caller_reconnect(struct caller *c, uint64_t deadline_us, struct link_error *error);
/* Connects where not connected. */
bool caller_connect(struct caller *c, uint64_t deadline_us, struct link_error *error);
/* Sends and waits, trying again as retry.h says, until `deadline_us`. request_id: 16 bytes, or NULL to make one for a
 * write. */
void caller_call(struct caller *c, const ProtobufCFieldDescriptor *request, ProtobufCMessage *body,
                 const uint8_t *request_id, uint64_t deadline_us, struct arena *arena, struct call_result *result);
/* Now plus --timeout. */
uint64_t caller_deadline(const struct caller *c);
#endif
