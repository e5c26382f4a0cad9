/* The states of a connection and which may follow which.
 * Floor 5 (net). Pure.
 *
 *   HANDSHAKE -> HELLO -> SERVING -> LEAVING -> CLOSING -> (freed)
 *       |          |         |
 *       +----------+---------+--> LEAVING: there is something left to say (an alert, the last reply, close_notify)
 *       +----------+---------+--> CLOSING: nobody listens any more */
#ifndef LIANDONG_NET_CONN_STATE_H
#define LIANDONG_NET_CONN_STATE_H
#include <stdbool.h>

enum conn_state {
    CONN_HANDSHAKE, /* TLS is not open: a stranger */
    CONN_HELLO,     /* certificate verified, a session exists, its hello was not served yet */
    CONN_SERVING,
    CONN_LEAVING, /* the session is closed; the last bytes go out, what comes in is thrown away */
    CONN_CLOSING  /* handles are being closed; freed in the last close callback */
};
#define CONN_STATES 5

bool conn_state_may_follow(enum conn_state from, enum conn_state to);
/* "handshake" …, for the log and the metrics. */
const char *conn_state_name(enum conn_state state);
#endif
