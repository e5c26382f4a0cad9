/* One client: a TCP stream, TLS over it, frames over that, a session above.
 * Floor 5 (net). conn*.c are the only files that touch the streams of clients.
 *
 * Life: conn_open -> … -> conn_close (asked for, from anywhere, any number of times) -> handles closed -> freed in the
 * last close callback. The session is closed exactly once, never from within one of its own calls.
 *
 * Backpressure: while the session has a call in flight, what arrives is kept as it is (at most one read of
 * HUB_READ_SIZE) and reading stops; a client that keeps to one call at a time never gets there, so the usual call
 * costs no epoll_ctl. */
#ifndef LIANDONG_NET_CONN_H
#define LIANDONG_NET_CONN_H
#include "net/address.h"
#include "net/hub.h"
#include <stdbool.h>
#include <stdint.h>

/* Deadlines, in ms. HANDSHAKE and FRAME end slow attackers (threat: slowloris); STALL ends readers that take nothing:
 * they lose nothing, since their cursor waits in the feed. */
#define CONN_HANDSHAKE_MS 5000u  /* from accept to a verified certificate */
#define CONN_HELLO_MS     10000u /* from there to the first whole frame */
#define CONN_FRAME_MS     10000u /* from the first byte of a frame to its last */
#define CONN_STALL_MS     60000u /* without the kernel taking one byte more */
#define CONN_LEAVE_MS     5000u  /* for the last bytes of a leaving connection */
#define CONN_LINGER_MS                                                                                                 \
    1000u /* for the peer to hang up first, so that a reset does not destroy what it has yet to read */
/* A handshake this old may be put out to make room: one whose client has said its hello, and one whose client has said
 * nothing. */
#define CONN_PRESSED_MS        1000u
#define CONN_PRESSED_SILENT_MS 250u
#define CONN_PRESSED_BATCH     64u

/* Takes the descriptor (non-blocking, close-on-exec) of an accepted connection; closes it where it fails for want of
 * memory. */
bool conn_open(struct hub *hub, int descriptor, const struct address *peer);
/* Asks for an end without another word. `reason` is a literal, for the log; the first one counts. */
void conn_close(struct conn *c, const char *reason);
/* Asks for an end after what was appended so far, with close_notify. */
void conn_leave(struct conn *c, const char *reason);
/* Puts out the oldest handshakes of `host` (of anyone: NULL) that dawdle, until `keep` are left, at most
 * CONN_PRESSED_BATCH. Returns how many. */
size_t conn_press(struct hub *hub, const struct address *host, size_t keep);
#endif
