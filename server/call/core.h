/* All of the server that is not connections: the database links, the writer, the readers, the feed, the directory of
 * offices and devices, the table of requests. One per process; the composition root (server.c) owns it.
 * Floor 4 (call). */
#ifndef LIANDONG_CALL_CORE_H
#define LIANDONG_CALL_CORE_H
#include "common/metrics.h"
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct core;
struct buffer;
/* What the core needs of the process around it. Functions may be NULL. */
struct core_host {
    void *arg;
    bool (*print_metrics)(void *arg, struct buffer *page); /* false where it could not be made */
    int64_t (*certificate_expiry)(void *arg);              /* of the server's, ms since 1970 */
    void (*drain)(void *arg);                              /* an administrator ordered a planned stop */
};
struct core_options {
    const char *database; /* conninfo or URL of the runtime role; several hosts allowed */
    const char *node;     /* name of this process in logs and in pg_stat_activity */
    unsigned readers;     /* connections for reads, 1..16 */
    size_t ring_bytes;    /* memory for recent events */
    uint64_t heartbeat_ms, silence_limit_ms;
    uint64_t connect_timeout_ms; /* per database host */
    uint32_t queue_limit;        /* writes waiting; past it: RESOURCE_EXHAUSTED */
    const char *audit_key;       /* Ed25519 key that signs the chains' heads, see signing.h; "": none */
    const char *seal_key_file;   /* key-encryption keys of sealed fields, see common/seal_file.h */
    bool trial;                  /* looks whether it could serve, and leaves nothing behind: makes no keys */
    int64_t feed_keep_ms;        /* events older than this are not replayed: RESET */
    struct core_host host;
};

/* Begins to connect; returns at once. NULL without memory or with a malformed conninfo (logged). Options are copied. */
struct core *core_start(uv_loop_t *loop, const struct core_options *options, struct metrics *metrics);
/* The server's own authority from now on, owned by the core; NULL: none. */
struct ca;
void core_set_authority(struct core *c, struct ca *authority);
/* Called once, on the loop: ok: every statement is prepared, the contract holds, the feed is warm, clients may come.
 * Not ok (a refusal that trying again won't mend: contract broken, schema version, durability settings): `why` is one
 * Chinese sentence. While the database can't be reached the core keeps trying and logs; nothing is called. */
void core_when_ready(struct core *c, void (*ready)(void *arg, bool ok, const char *why), void *arg);
/* True while the writer's connection works and the feed is at most a few seconds behind: /healthz. `why` (may be NULL):
 * reason if not. */
bool core_healthy(const struct core *c, const char **why);
/* After this no new write is accepted (UNAVAILABLE, reason DRAINING); what is in flight goes on. */
void core_drain(struct core *c);
/* True where no write is queued or in flight. */
bool core_quiet(const struct core *c);
/* Closes everything; all sessions must be closed. `done` when the last handle is closed; frees the core. */
void core_stop(struct core *c, void (*done)(void *arg), void *arg);
#endif
