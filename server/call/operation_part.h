/* The beat from inside: for operation*.c only.
 * Floor 4 (call). */
#ifndef LIANDONG_CALL_OPERATION_PART_H
#define LIANDONG_CALL_OPERATION_PART_H
#include "call/call.h"
#include "call/line_queue.h"
#include "call/operation.h"
#include "common/buffer.h"
#include "common/uuid.h"

#define OPERATION_DOCUMENT_CAP (2u << 20)
#define OPERATION_OVER         4096u /* ended sessions not yet told; past it all are told anew */
#define OPERATION_ORDERS       16u   /* in one beat; the statement gives no more */
#define OPERATION_REMEMBERED   64u   /* orders carried out */

struct operation_answer {
    char id[UUID_TEXT_SIZE];
    uint32_t count;
    char outcome[64];
    bool told; /* in the beat that is under way */
};

struct operation {
    struct core *core;
    char instance[UUID_TEXT_SIZE];
    int64_t started;
    struct line_queue lines;
    struct read beat, forget;
    bool beating, forgetting;
    uint64_t beat_at, forget_at, metrics_at; /* uv_now of the next one */
    uint64_t sent_us;
    uint32_t database_ms;
    struct buffer document; /* of the beat under way */
    const char *values[2];
    int lengths[2];

    bool afresh; /* all sessions are to be told anew */
    uint64_t over[OPERATION_OVER];
    size_t over_count, over_told;

    struct operation_answer answers[OPERATION_ORDERS];
    size_t answers_count;
    char carried_out[OPERATION_REMEMBERED][UUID_TEXT_SIZE]; /* ring */
    size_t carried_out_next;
    uint64_t drain_at;       /* uv_now; 0: nobody ordered it */
    uint64_t draining_since; /* uv_now; 0: not */
    bool draining_told, draining_telling;

    struct call *held; /* by held_next */
    int64_t log_head;  /* newest line of all nodes */
    bool failing;      /* said once, until it goes well again */
    struct metric handed, dropped;
};

/* operation_tell.c: the document of a beat. False without memory. */
bool operation_compose(struct operation *o, uint64_t first_line);
/* operation_order.c: carries out the orders of a beat's rows. */
void operation_take_orders(struct operation *o, const PGresult *rows);
/* Columns of _node_beat.sql. */
enum {
    BEAT_KNOWN,
    BEAT_LOG_HEAD,
    BEAT_ORDER,
    BEAT_KIND,
    BEAT_SESSION,
    BEAT_DEVICE,
    BEAT_OFFICE,
    BEAT_LEVEL,
    BEAT_AFTER,
    BEAT_COLUMNS
};
/* operation_hold.c: asks again for the calls that may be answered now. `news`: the log goes further. */
void operation_review_held(struct operation *o, bool news);
#endif
