/* A listening socket: accepts, judges whether there is room, hands the descriptor to conn.
 * Floor 5 (net).
 *
 * libuv 1.44 knows no SO_REUSEPORT and accepts without end inside one callback (with no descriptor left it would spin),
 * so the socket is our own and libuv only polls it.
 *
 * Room: as many connections as `max_connections`, then refused at once: the client has other servers to try. As many
 * handshakes as `max_handshakes`, then nobody is refused but the kernel's backlog holds them, so that a storm of honest
 * clients is served as fast as it can be; a handshake that dawdles (CONN_PRESSED_MS) is put out to make room. Without
 * descriptors accepting pauses for LISTENER_PAUSE_MS. */
#ifndef LIANDONG_NET_LISTENER_H
#define LIANDONG_NET_LISTENER_H
#include "net/address.h"
#include "net/hub.h"
#include <stdbool.h>

#define LISTENER_BACKLOG  4096 /* the kernel cuts it to net.core.somaxconn */
#define LISTENER_BATCH    64u  /* accepts in one tick */
#define LISTENER_PAUSE_MS 50u

struct listener {
    struct hub *hub;
    uv_poll_t poll;
    uv_timer_t pause;
    int descriptor; /* -1: none */
    bool accepting, serving;
    unsigned open_handles;
    struct address address;
};

/* Makes and binds the socket; nobody can connect yet. False: *error is one Chinese sentence; nothing is held. */
bool listener_bind(struct listener *l, const struct address *address, bool reuse_port, struct address_error *error);
/* Clients may come. False as above; the socket is closed. */
bool listener_serve(struct listener *l, struct hub *hub, struct address_error *error);
/* There may be room again. */
void listener_go_on(struct listener *l);
/* Closes the socket; `l` must live until its handles are closed (the loop has run). Any number of times. */
void listener_stop(struct listener *l);
#endif
