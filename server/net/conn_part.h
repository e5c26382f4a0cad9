/* The inside of a connection, shared by the files conn*.c and hub.c only. */
#ifndef LIANDONG_NET_CONN_PART_H
#define LIANDONG_NET_CONN_PART_H
#include "call/session.h"
#include "common/tls.h"
#include "net/conn.h"

/* What a connection is due for; settled by conn_settle in this order. */
enum conn_due {
    DUE_CLOSE = 1,  /* end without a word */
    DUE_LEAVE = 2,  /* end with close_notify */
    DUE_READ = 4,   /* bytes are kept that can be handled now */
    DUE_DRAINED = 8 /* the session's backlog fell below SESSION_LOW_WATER */
};
#define DUE_END (DUE_CLOSE | DUE_LEAVE)

/* Ciphertext that the kernel did not take. Made when that happens, freed when all of it is gone. */
struct unsent {
    uv_write_t request;
    struct buffer sending; /* given to uv_write: must not move */
    struct buffer waiting; /* encrypted since */
};
#define UNSENT_CAP (8u << 20) /* far above what sessions append with a backlog; past it the connection is closed */

struct conn {
    struct hub *hub;
    uv_tcp_t tcp;
    uv_timer_t timer;
    struct list in_state, in_due;
    enum conn_state state;
    unsigned due; /* set of enum conn_due */
    unsigned open_handles;
    const char *reason; /* why it ends; NULL while it does not */
    struct tls *tls;
    struct session *session; /* in HELLO and SERVING */
    uint64_t id;
    struct address peer;

    struct buffer held; /* ciphertext that waits for the session or for its turn among the handshakes */
    struct buffer in;   /* plaintext: part of a frame, or frames that wait for the session */
    bool reading;
    bool greeted;     /* its ClientHello was answered */
    bool enrolling;   /* counted as one without certificate */
    bool judged;      /* the handshake's result was counted */
    size_t discarded; /* bytes thrown away while leaving */

    uint64_t bytes_in, bytes_out; /* on the wire */
    struct unsent *unsent;
    bool above; /* backlog was above SESSION_LOW_WATER */
    bool asked; /* for a sign of life, since it was heard last */

    /* uv_now of … ; 0: not so */
    uint64_t opened_at;  /* of the present state */
    uint64_t heard_at;   /* last whole frame, or end of the last call */
    uint64_t said_at;    /* last bytes given to the kernel */
    uint64_t partial_at; /* the frame that is incomplete began */
    uint64_t taken_at;   /* the kernel took some of `unsent` */
    size_t taken_left;   /* what was left then */
    uint64_t timer_at;   /* the timer is set for; never later than the earliest deadline */
};

/* conn.c */
void conn_mark(struct conn *c, enum conn_due due);
void conn_enter(struct conn *c, enum conn_state to);
void conn_settle(struct conn *c);
static inline void conn_heard(struct conn *c, uint64_t now) {
    c->heard_at = now;
    c->asked = false;
}
static inline bool conn_is_ending(const struct conn *c) { return c->state >= CONN_LEAVING || (c->due & DUE_END) != 0; }
static inline bool conn_has_session(const struct conn *c) { return c->session != NULL; }
/* Logs and counts a handshake that came to nothing. */
void conn_handshake_failed(struct conn *c, const char *result, const char *detail);

/* conn_read.c */
bool conn_read_start(struct conn *c);
void conn_read_stop(struct conn *c);
/* Handles what was kept, as far as the session takes it; reads on where nothing is kept any more. */
void conn_read_kept(struct conn *c);

/* Enters SERVING once the session has served its hello. */
void conn_note_served(struct conn *c);

/* conn_write.c */
extern const struct session_io conn_session_io;
size_t conn_backlog(const struct conn *c);
/* Plaintext in hub->plain -> the kernel. Never calls into a session. */
void conn_write_plain(struct conn *c);
/* Ciphertext in hub->cipher -> the kernel. */
void conn_write_cipher(struct conn *c);
void conn_unsent_free(struct conn *c);

/* conn_clock.c */
/* Deadlines may have come nearer. */
void conn_clock_set(struct conn *c);
#endif
