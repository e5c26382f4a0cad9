/* One connection seen from above the bytes: hello, one request at a time, one watch of the feed.
 * Floor 4 (call). Knows no socket: what it needs of the connection is a table of functions, so that unit tests drive it
 * in memory and net/ stays the only place that touches streams.
 *
 * Lifetime: conn opens a session when TLS is open and closes it once when the connection ends, at any moment. A session
 * with a write already sent to the database outlives its connection until the answer came (the write is not undone),
 * then frees itself. After session_close no function of `io` is called any more. */
#ifndef LIANDONG_CALL_SESSION_H
#define LIANDONG_CALL_SESSION_H
#include "common/buffer.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct core;
struct session;

struct session_io {
    struct buffer *(*output)(void *conn); /* plaintext on its way out: sessions append whole frames. Valid until another
                                             connection's is asked for */
    size_t (*backlog)(void *conn);        /* bytes, plaintext and ciphertext, that the kernel has not taken yet */
    void (*flush)(
        void *conn); /* bytes were appended: encrypt and write them, at the latest at the end of this loop tick */
    void (*resume)(void *conn); /* the call is over: go on reading */
    void (*close)(void *conn,
                  const char *reason); /* flush what was appended, say close_notify, close; later, not from within */
    void (*traffic)(void *conn, uint64_t *in, uint64_t *out); /* bytes on the wire so far. NULL: not known */
};

struct session_peer {
    const uint8_t *key;  /* SHA-256 of the certificate's SubjectPublicKeyInfo, 32 bytes */
    const char *uri;     /* SAN URI or "" */
    int64_t expires_at;  /* of the certificate, ms since 1970 UTC */
    const char *address; /* for the log */
    bool enrolling;      /* it has no certificate: key, uri and expires_at say nothing */
    uint64_t id;         /* of the connection, for the log; never reused in a process */
};

/* NULL without memory. peer is copied; its uri must live as long as the session. */
struct session *session_open(struct core *core, const struct session_peer *peer, const struct session_io *io,
                             void *conn);
/* Largest payload it takes now: FRAME_CAP_HELLO before the hello was served, FRAME_CAP after. */
size_t session_frame_cap(const struct session *s);
/* False while a call is in flight: don't read from the socket (backpressure) and don't call session_frame. */
bool session_can_take(const struct session *s);
/* One whole payload. Answers by io->output + io->flush, or io->close. */
void session_frame(struct session *s, const uint8_t *payload, size_t size);
/* The bytes can't be followed as frames any more; the connection is about to close. Says why: a reason of the status
 * table. */
void session_bad_stream(struct session *s, const char *reason);
/* backlog fell below SESSION_LOW_WATER after having been above: a watch goes on from its cursor. */
void session_drained(struct session *s);
#define SESSION_LOW_WATER 65536u
/* Monotonic ms (uv_now) at which session_expired wants to be called; 0: never. May change with every call above. */
uint64_t session_deadline(const struct session *s);
void session_expired(struct session *s, uint64_t now_ms);
/* Nothing was sent for a heartbeat's length: says Heartbeat (FeedSync with the head's cursor) or Ping. */
void session_heartbeat(struct session *s);
/* The peer has been silent for half the silence limit: asks it for a sign of life. */
void session_ping(struct session *s);
/* Planned stop: says GoAway; the session serves what is in flight. */
void session_go_away(struct session *s, const char *reason, uint32_t after_ms, uint32_t jitter_ms);
/* True where neither a call nor undelivered events are in flight: a drain may close the connection. */
bool session_quiet(const struct session *s);
void session_close(struct session *s);
/* For logs and the admin's view: "" before hello. Valid until session_close. */
const char *session_office(const struct session *s);
const char *session_officer(const struct session *s);
#endif
