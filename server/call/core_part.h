/* The core and its sessions from inside: for the files of this folder only.
 * Floor 4 (call). */
#ifndef LIANDONG_CALL_CORE_PART_H
#define LIANDONG_CALL_CORE_PART_H
#include "call/clocks.h"
#include "call/core.h"
#include "call/directory.h"
#include "call/notices.h"
#include "call/operation.h"
#include "call/requests.h"
#include "call/sealing.h"
#include "call/session.h"
#include "common/log.h"
#include "db/mapping.h"
#include "db/readers.h"
#include "db/writer.h"
#include "feed/feed.h"
#include "feed/watcher.h"
#include "call/signing.h"

#define CALL_DEADLINE_MS     10000u /* where the client names none */
#define CALL_DEADLINE_MAX_MS 600000u
#define SNAPSHOT_KINDS       5u   /* kinds of records with a snapshot: core_contract.c */
#define CALL_POOL            256u /* calls kept for reuse, with the first block of their arenas */

struct core {
    uv_loop_t *loop;
    struct core_options options;
    struct statement *statements; /* of every embedded file */
    size_t statements_count;
    struct statement *by_request[REQUESTS];
    struct plan *plans[REQUESTS]; /* compiled once everything is described */
    struct feed_snapshot snapshots[SNAPSHOT_KINDS];
    struct plan snapshot_plans[SNAPSHOT_KINDS], denied_plan, rows_plan;
    struct statement **writer_list, **reader_list;
    struct writer *writer;
    struct readers *readers;
    struct feed *feed;
    struct directory directory;
    struct sealing sealing;
    struct statement *record_statement;     /* which record a change names */
    struct statement *attachment_statement; /* how far an attachment came */
    struct core_sealing *sealing_work;
    struct operation *operation;
    struct signing signing;
    struct clocks clocks;
    struct notices notices;
    const PGresult *alarm; /* what the group that is being taken told of its alerts */
    struct ca *authority;  /* owned; NULL: certificates come from elsewhere */
    uv_timer_t tick;
    struct chore { /* a periodic read on the core's own behalf */
        struct core *core;
        struct read read;
        struct statement *statement;
        uint64_t every_ms, next_ms;
        bool busy;
    } chores[12];
    int32_t search_behind; /* records that are not in the index of search, as last told */
    int32_t search_most;   /* that the look under way indexes at most */
    char search_limit[4];  /* the same, as parameter of _search_index */
    int64_t written;       /* writes of this node up to written_at_ms; writing: there were many shortly before */
    uint64_t written_at_ms;
    bool writing;
    const char *search_limit_value[1];
    struct plan login_begin, login_password; /* written by login.c, not by a request's own statement */
    unsigned working;                        /* turns in libuv's pool */
    int64_t login_end_seen; /* newest row of login_end that was looked at; known: since the first look */
    bool login_end_known;
    char *logins_open; /* parameter of _logins_seen: uuid[] */
    const char *logins_open_value[1], *login_end_value[1];
    int logins_open_length[1];
    char login_end_after[8];
    char keep[8]; /* options.feed_keep_ms as a parameter */
    const char *keep_value[1];
    struct log_gate strangers; /* lines of certificates that are no device's */
    struct session *sessions;  /* utlist */
    struct call *free_calls;
    unsigned free_calls_count;
    bool writer_ready, readers_ready, feed_ready, sealing_ready, told, ready, draining;
    void (*on_ready)(void *arg, bool ok, const char *why);
    void *on_ready_arg;
    struct metric calls, call_us, sessions_open, reviews_open, reviews_overdue, by_code[18];
    char code_names[18][56];
    unsigned stopping; /* parts still to be closed */
    void (*stopped)(void *arg);
    void *stopped_arg;
};

/* core.c: tells the owner once everything is there. */
void core_check_ready(struct core *c);
/* It can't serve, and trying again won't mend it. */
void core_refuse(struct core *c, const char *why);
/* core.c: a turn in the pool is over. */
void core_work_over(struct core *c);
/* core_contract.c: the SQL files, and whether every request's pieces fit. False with one sentence. */
bool core_parse_statements(struct core *c, char *error, size_t room);
bool core_match_requests(struct core *c, char *error, size_t room);
void core_find_snapshots(struct core *c);
bool core_compile_plans(struct core *c, char *error, size_t room);
struct statement *core_find_statement(const struct core *c, const char *name);
/* core_chores.c: what is looked at again and again. */
void core_set_up_chores(struct core *c);
void core_run_chores(struct core *c);
/* An alert changed: the notices are looked at now. */
void core_look_at_alerts(struct core *c);
/* core_sealing.c: the keys of sealed fields: read, made where they are missing, read again when they change; and the
 * blind indexes of old rows. At each tick. */
bool core_start_sealing(struct core *c, char *error, size_t room);
void core_stop_sealing(struct core *c);
void core_work_sealing(struct core *c);

enum session_state { SESSION_FRESH, SESSION_OPEN, SESSION_CLOSING };
struct session {
    struct core *core;
    struct session *prev, *next;
    struct session_io io;
    void *conn;
    enum session_state state;
    bool enrolling;     /* without certificate: see enrol.h */
    uint64_t opened_ms; /* uv_now */
    bool english;       /* hints in English: the client's locale says so */
    uint8_t key[DIRECTORY_KEY_SIZE];
    const char *uri; /* of the certificate; the connection's, which lives longer */
    uint64_t id;     /* of the connection */
    int64_t certificate_expires_at;
    int64_t device;        /* its id; valid once OPEN */
    struct actor actor;    /* in whose name it acts now */
    int64_t login_ends_at; /* where it is somebody's login */
    struct call *call;     /* in flight */
    struct watcher *watcher;
    struct call *watch_call; /* its reply is still due */
    char address[64];
    /* For administrators: see operation.h. */
    char client[64];          /* what it says it is */
    int64_t since, last_at;   /* ms since 1970: of the hello, of the last request */
    const char *last_request; /* its name; NULL: none yet */
    bool told;                /* the others know of it */
    uint64_t traffic_told;    /* bytes both ways, as they know */
};
struct session_traffic {
    uint64_t in, out; /* bytes on the wire */
    size_t queue;     /* not taken by the peer yet */
};
struct session_traffic session_traffic(const struct session *s);
/* The call is answered: the connection may go on. */
void session_call_over(struct session *s);
/* Hello: finds the device and sets what it may do by itself. NULL, or the reason why not. */
const char *session_admit(struct session *s);
/* A frame for the client; closes where it can't be taken. */
bool session_send(struct session *s, const ProtobufCMessage *to_client);
#endif
