/* What watch.c and watch_hear.c share: a watch under way.
 * Private to these two files.
 */
#ifndef LIANDONG_CLIENT_WATCH_PART_H
#define LIANDONG_CLIENT_WATCH_PART_H
#include "client/call.h"
#include "client/cursor.h"
#include "client/host.h"
#include "client/notice.h"
#include "client/watch.h"
#include "client/watch_line.h"

#define WATCH_CONNECT_US 10000000u /* for one try over all servers */

enum watch_end {
    WATCH_AGAIN, /* the connection ended, w->error says why */
    WATCH_DONE,  /* as asked */
    WATCH_FATAL  /* no use trying again; said */
};

struct watch {
    struct client *client;
    struct command *command;
    const struct watch_flags *flags;
    Liandong__V1__WatchFeed *request;
    struct caller caller;
    struct arena arena;      /* of one message */
    struct link_error error; /* why the connection ended */
    bool started;            /* chose where to begin */
    bool lost;               /* it ended because a delivery was missing */
    uint8_t cursor[CURSOR_SIZE];
    bool has_cursor, resetting;
    char path[HOST_PATH]; /* "" where the cursor can't be kept */
    bool unsaved, live, was_live, save_failed;
    uint64_t saved_us;
    uint32_t printed, caught_up; /* in all; since the connection came back */
    int64_t reached_at;          /* of the last event shown; 0: none yet */
    char reached_no[40];
    unsigned failures;
    struct notices_shown notices;
    struct link_told linked;
    int code;
};

/* The place in the feed is known; it is saved once the lines before it are out. */
void watch_keep(struct watch *w, ProtobufCBinaryData cursor);
/* Shows what the server says and answers it where it asks for a receipt. *ended: the session is over, for the reason
 * returned. */
enum watch_end watch_hear(struct watch *w, const Liandong__V1__ToClient *m, bool *ended);
#endif
