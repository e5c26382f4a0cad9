/* One request from the door to its answer.
 * Floor 4 (call).
 *
 * It belongs to a session while somebody waits for it. Where the deadline passes or the connection ends while a write
 * is with the database, it is detached and ends by itself: the write is not undone, and its request_id finds it again.
 */
#ifndef LIANDONG_CALL_CALL_H
#define LIANDONG_CALL_CALL_H
#include "call/core_part.h"
#include "call/requests.h"
#include "common/arena.h"
#include "common/status.h"
#include "common/wire.h"
#include "db/readers.h"
#include "db/writer.h"
#include "envelope.pb-c.h"

struct call {
    struct core *core;
    struct session *session;               /* NULL: detached */
    struct arena arena;                    /* everything of this call */
    Liandong__V1__ToServer *envelope;      /* as it came, checked */
    const ProtobufCFieldDescriptor *field; /* which request it is */
    ProtobufCMessage *message;             /* its body */
    const struct request *row;
    uint64_t number;                  /* the client's, echoed */
    uint64_t started_us, deadline_ms; /* monotonic; deadline as uv_now */
    struct write write;               /* one of the two is in use at a time */
    struct read read;
    uint8_t record[16];                  /* of a write that brings sealed fields: whose they are */
    struct attachment_found *attachment; /* the arena's; of a write that brings one */
    const char *named, *named_by;        /* that record as the request says it, and the field that does */
    char **taken;                        /* a text of the message that the client did not say: sealing_take_over */
    bool resolving;                      /* a write that waits for `read` to find its record: nothing was written yet */
    const char *denied, *denied_field;   /* the refusal that is being written down before it is said */
    bool waits;                   /* a local request is with the database or the pool: it ends when that comes back */
    ProtobufCMessage *told;       /* a read's answer that goes out once it is counted */
    struct attempt *attempt;      /* of a login; the arena's */
    void (*then)(struct call *c); /* what a local request goes on with */
    struct call *next_free;
    bool held; /* its answer is held back: operation.h */
    uint64_t hold_until_us;
    struct call *held_next;
};

/* Checks a payload and starts it; answers at once, or when the database has answered. The session must be able to take
 * one. */
void call_begin(struct session *s, const uint8_t *payload, size_t size);
/* The deadline passed: takes it back where it was not sent yet, else detaches it with the truth that is known. */
void call_expire(struct call *c);
/* The session goes away. */
void call_abandon(struct call *c);

/* ---- answers: each ends the call */
void call_answer(struct call *c, ProtobufCMessage *body); /* of the type that ToClient has for the request's number */
void call_end_silently(struct call *c);                   /* it was itself an answer */
/* A reason of the status table; field (may be NULL) is the part of the request at fault. */
void call_refuse(struct call *c, const char *reason, const char *field);
void call_refuse_status(struct call *c, Liandong__V1__Status *status); /* code and reason set; the rest is filled in */
/* The status's fixed parts by reason. Strings are the table's. */
void call_fill_status(struct call *c, const struct status_row *row, Liandong__V1__Status *status);
#endif
