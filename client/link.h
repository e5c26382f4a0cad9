/* One connection to a server: TCP, TLS, hello, frames. Blocking, every wait with a deadline, Ctrl-C ends every wait.
 * Client. The only place of sockets.
 *
 * Deadlines are monotonic us (clock_monotonic_us). */
#ifndef LIANDONG_CLIENT_LINK_H
#define LIANDONG_CLIENT_LINK_H
#include "common/arena.h"
#include "common/buffer.h"
#include "common/tls.h"
#include "envelope.pb-c.h"
#include <stdbool.h>
#include <stdint.h>

#define LINK_PORT       "7443"      /* where an address names none */
#define LINK_ATTEMPT_US 5000000u    /* for one address, so that a dead one does not use up the time of the others */
#define LINK_MESSAGE    (16u << 20) /* memory of one unpacked message, as WIRE_ARENA_CAP */

enum link_fault {
    LINK_FINE,
    LINK_ADDRESS,       /* not host:port */
    LINK_RESOLVE,       /* no such name, or the resolver is away */
    LINK_CONNECT,       /* refused, unreachable, no answer */
    LINK_TLS,           /* tls says why */
    LINK_HELLO_REFUSED, /* status says why */
    LINK_LOST,          /* closed by the peer or the network */
    LINK_TIMEOUT,
    LINK_PROTOCOL,    /* the peer sent what no server sends */
    LINK_LEAVING,     /* the server said GoAway; the connection is still open */
    LINK_INTERRUPTED, /* Ctrl-C */
    LINK_MEMORY
};
struct link_error {
    enum link_fault fault;
    char server[272];                   /* address it happened at */
    char detail[256];                   /* for people: the system's, in their language; that of TLS as it came */
    const char *tls;                    /* tls_failure's token, or NULL */
    const Liandong__V1__Status *status; /* of a refused hello; valid until the next link_open or link_close */
};

struct link {
    int socket; /* -1: closed */
    struct tls *tls;
    struct buffer plain, cipher; /* received and decrypted; encrypted and to be sent */
    char server[272];
    struct arena arena;                    /* of the hello */
    const Liandong__V1__HelloReply *hello; /* in the arena */
    uint64_t next_call;
    uint64_t heard_us, said_us; /* when bytes last came, went */
    bool leaving;               /* it said GoAway: what is in flight is served, the next call needs a new connection */
    uint32_t leave_after_ms, leave_jitter_ms;
};

/* What the client says of itself in the hello. */
struct link_hello {
    const char *locale;
    const uint8_t *token; /* of a login, 32 bytes; NULL: the terminal speaks for itself */
};
void link_init(struct link *l);
/* Tries the servers ("host:port,[::1]:7443,host") in order, each address of each, until one served the hello. False
 * with the error that tells most: a refusal rather than a closed port. */
bool link_open(struct link *l, struct tls_context *context, const char *servers, const struct link_hello *hello,
               uint64_t deadline_us, struct link_error *error);
/* Closes; a closed one may be opened again. */
void link_close(struct link *l);
static inline bool link_is_open(const struct link *l) { return l->socket >= 0; }

/* Sends one message. False: closed, with the error; it may have been sent nevertheless. */
bool link_send(struct link *l, const Liandong__V1__ToServer *message, uint64_t deadline_us, struct link_error *error);
/* The next message, in the arena. Pings are answered on the way. NULL with error->fault LINK_TIMEOUT (none until the
 * deadline) or LINK_LEAVING (GoAway, told once; see leave_after_ms): the connection stays open. Any other fault:
 * closed. */
const Liandong__V1__ToClient *link_receive(struct link *l, struct arena *arena, uint64_t deadline_us,
                                           struct link_error *error);
/* True where link_receive would return at once. */
bool link_has_message(const struct link *l);
#endif
