/* One connection: socket, TLS, the queue of what is to be sent, the rest of what was not yet understood.
 * Part of the load generator: knows protocols only by their table. */
#ifndef LIANDONG_LOAD_CONNECTION_H
#define LIANDONG_LOAD_CONNECTION_H
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct crowd;
struct device;

enum role {
    ROLE_REPORTER,
    ROLE_WATCHER,
    ROLE_SLUGGARD /* a watcher that can be told to stop reading; with a small receive buffer, so that the kernel stops
                     soon */
};
enum connection_state {
    CONNECTION_NEW,
    CONNECTION_DIALING,
    CONNECTION_GREETED, /* waits for the line in the clear */
    CONNECTION_HANDSHAKE,
    CONNECTION_HELLO,
    CONNECTION_READY,
    CONNECTION_LOST
};

struct connection {
    struct crowd *crowd;
    struct device *device;
    void *state; /* the protocol's */
    SSL *ssl;
    int fd;
    uint32_t number; /* within the crowd */
    enum role role;
    enum connection_state state_now;
    uint32_t armed; /* epoll events */
    bool paused;    /* does not read */
    bool live;      /* a watcher whose backlog is over */

    uint8_t *tail; /* begin of a message whose rest has not come */
    size_t tail_size;
    uint8_t *out;
    size_t out_begin, out_end, out_room;

    uint64_t dialed_at; /* ns */
    uint64_t *sent_at;  /* ns, ring of what waits to be acknowledged: CONNECTION_WINDOW of a reporter, else NULL */
    uint64_t sent, acknowledged;
    uint32_t place;      /* in the witness's order */
    uint64_t deliveries; /* events of any run */
};
#define CONNECTION_WINDOW 4096u /* reports in flight at most */

/* Begins to connect to 127.0.0.1:port of the crowd. */
void connection_dial(struct connection *c);
/* Takes what the kernel says of the socket. */
void connection_ready(struct connection *c, uint32_t events);
/* Appends bytes to what is to be sent. */
void connection_put(struct connection *c, const void *bytes, size_t size);
void connection_printf(struct connection *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Room for `size` bytes; follow with connection_put_done. */
uint8_t *connection_reserve(struct connection *c, size_t size);
void connection_put_done(struct connection *c, size_t size);
/* Sends what was put as far as the kernel takes it. */
void connection_flush(struct connection *c);
/* Stops or goes on reading. */
void connection_pause(struct connection *c, bool paused);
/* Closes with a reset, so that thousands of connections leave no ports in TIME_WAIT. It can be dialed again. */
void connection_close(struct connection *c);
#endif
