/* A link from inside: for link*.c only. Its contract is in link.h.
 * Floor 2 (db). */
#ifndef LIANDONG_DB_LINK_PART_H
#define LIANDONG_DB_LINK_PART_H
#include "db/link.h"

#define LINK_BACKOFF_FIRST_MS 50u
#define LINK_BACKOFF_LAST_MS  3000u

enum link_state { LINK_DOWN, LINK_CONNECTING, LINK_SETTING_UP, LINK_READY, LINK_STOPPED };

struct expected { /* one answer we wait for, in the order of sending */
    link_answer_cb done;
    void *arg;
    bool sync;
};

struct link {
    struct link_options options;
    char *conninfo, *name;
    enum link_state state;
    PGconn *pg;
    uv_poll_t *poll; /* own allocation: closed and freed whenever the socket may have changed */
    int polled;      /* events it waits for: asking again for the same ones would cost two system calls */
    uv_timer_t timer;
    uint64_t backoff_ms, connects;
    struct expected *queue; /* ring of queue_room (a power of two) */
    size_t queue_first, queue_count, queue_room;
    size_t setup_open; /* answers of the set-up still to come */
    bool setup_failed;
    bool wait_cut; /* a commit's wait for the standby was ended: the next Sync proves nothing */
    char why[256];
    void (*stopped)(void *arg);
    void *stopped_arg;
};

/* One more answer will come. False without memory. */
bool link_expect(struct link *l, link_answer_cb done, void *arg, bool sync);
/* Sends what libpq holds; asks for writability only while something is left. */
bool link_flush(struct link *l);
/* The one way down: every open answer is given as lost, then the owner hears of it, then the next try is set. why NULL:
 * as meant. */
void link_down(struct link *l, const char *why);
/* link_setup.c: guard, prepare, describe, listen, barrier of a fresh connection; then READY. False: it broke. */
bool link_set_up(struct link *l);
#endif
