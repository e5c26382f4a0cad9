/* A tiny HTTP server for the machine's own scrapers and probes: GET only, one request a connection, loopback only (what
 * it tells is not secret, but nobody else needs it, and it has no TLS).
 * Floor 5 (net). Knows no page: whoever starts it answers. */
#ifndef LIANDONG_NET_HTTP_H
#define LIANDONG_NET_HTTP_H
#include "common/buffer.h"
#include "net/address.h"
#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#define HTTP_CLIENTS    16u   /* at once; more wait in the kernel's backlog */
#define HTTP_TIMEOUT_MS 5000u /* from accept to the last byte of the answer */
#define HTTP_PAGE_MAX   (1u << 20)

/* Fills `page` (text/plain) for a path and returns the status: 200, 503; 404 where there is no such page. */
typedef int (*http_answer)(void *arg, const char *path, struct buffer *page);

struct http_client;
struct http {
    uv_tcp_t listener;
    struct http_client *clients; /* HTTP_CLIENTS slots: nothing is allocated for a request but its page */
    bool waiting;                /* a connection is there and no slot was free */
    bool started, stopping;
    http_answer answer;
    void *arg;
    struct address address; /* as bound: port 0 became a number */
};
/* False: *error is one Chinese sentence, and the loop must run once more before `h` may go (its handle is closing). */
bool http_start(struct http *h, uv_loop_t *loop, const struct address *address, http_answer answer, void *arg,
                struct address_error *error);
/* Hangs up. */
void http_stop(struct http *h);
/* Once the loop has closed its handles. Also for one that was never started (zeroed). */
void http_free(struct http *h);
#endif
