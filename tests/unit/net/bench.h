/* A hub and its clients in one process, one loop, no network: connections run over socket pairs. */
#ifndef LIANDONG_TESTS_BENCH_H
#define LIANDONG_TESTS_BENCH_H
#include "common/tls.h"
#include "net/conn.h"
#include "net/hub.h"
#include <stdbool.h>

struct bench {
    uv_loop_t loop;
    struct metrics metrics;
    struct hub hub;
    bool stopped;
};
/* Makes the certificates once a process. */
void bench_certificates(void);
struct tls_context *bench_client_context(void);
/* False where the hub could not be had. */
bool bench_start(struct bench *b);
void bench_stop(struct bench *b);

/* The client's end. */
struct client {
    struct bench *bench;
    int descriptor;
    struct tls *tls;
    struct buffer in, out; /* plaintext that came; ciphertext on its way */
    size_t sent, limit;    /* ciphertext bytes sent; no more than `limit` ever (a peer that dies in the middle) */
    size_t chunk;          /* most bytes in one write; 0: all */
    bool ended;            /* the server hung up */
    bool deaf;             /* reads nothing */
};
/* False where conn_open failed. */
bool client_open(struct client *c, struct bench *b);
void client_close(struct client *c);
/* One turn of loop and client; false where neither had anything to do. */
bool client_turn(struct client *c);
/* Appends a frame to what is to be sent; the handshake must be over. */
void client_say(struct client *c, const void *payload, size_t size);
/* Turns until `done` holds; fails the test after a few seconds. */
void client_until(struct client *c, bool (*done)(const struct client *c));
bool client_is_open(const struct client *c);
bool client_is_over(const struct client *c);
/* Turns until `size` bytes of plaintext came. */
void client_read(struct client *c, size_t size);
#endif
