/* An alert that the server tells a watching terminal of by itself: shown over the whole screen, once for each step of
 * its escalation. Client, pure. */
#ifndef LIANDONG_CLIENT_NOTICE_H
#define LIANDONG_CLIENT_NOTICE_H
#include "client/terminal.h"
#include "common/arena.h"
#include "alert.pb-c.h"
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "feed.pb-c.h"

#define NOTICES_KEPT 256 /* of the newest it is known that they were shown */
#define EVENTS_KEPT  16  /* of the newest it is known what they were about */

/* What was shown here: the server tells again after each connection. */
struct notices_shown {
    struct {
        uint8_t id[16];
        uint32_t step;
        int severity;
        bool over; /* somebody acknowledged it, or it was called off */
    } rows[NOTICES_KEPT];
    size_t count;
    struct {
        char no[40], title[256];
    } events[EVENTS_KEPT];
    size_t event_count;
};
/* True the first time. */
bool notice_is_new(struct notices_shown *shown, const Liandong__V1__AlertNotice *notice);
/* What an event tells of alerts that were shown, and of the records that coming ones are about. */
void notice_learn(struct notices_shown *shown, const Liandong__V1__Event *event);
/* Other alerts that were shown and still wait. *graver: one of them is graver than this one. */
size_t notice_waiting(const struct notices_shown *shown, const Liandong__V1__AlertNotice *notice, bool *graver);
/* What, how grave, where, who says so, and the command that acknowledges it. On a terminal (`terminal` not NULL) it
 * wipes the screen, unless a graver one stands there; lines are broken between words at its width, whatever that is. */
void notice_print(FILE *out, const struct notices_shown *shown, const Liandong__V1__AlertNotice *notice,
                  const struct terminal *terminal, struct arena *arena);
#endif
