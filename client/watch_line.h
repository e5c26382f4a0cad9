/* One event of the feed as one line for people.
 * Client, pure. */
#ifndef LIANDONG_CLIENT_WATCH_LINE_H
#define LIANDONG_CLIENT_WATCH_LINE_H
#include "client/sheet.h"
#include "common/arena.h"
#include "feed.pb-c.h"
#include <stdio.h>

/* "!! 2023-06-25 20:15:03  JQ-2023-000123  reported  extreme threat  major  岳塘派出所  张建国  霞光路 扬言放火;
 * threats: arson". The mark in front ("!!" alarm, "! " urgent) says without colour what colour says. Where that is
 * wider than `columns` (0: never), what happened goes below it, indented and broken between words. Texts are made in
 * the arena. */
void watch_line_print(FILE *out, const Liandong__V1__Event *event, const char *office, const struct terminal *terminal,
                      struct arena *arena);
/* `office`: the watcher's; what is handed to it is marked as urgent. NULL: of no office. */
/* A link is told once of each of its two records, one right after the other. */
struct link_told {
    char of[40], to[40]; /* of the event before; "" where it was none */
};
/* Whether the event says what the one before it has said. Remembers it either way. */
bool watch_line_echoes(struct link_told *last, const Liandong__V1__Event *event, struct arena *arena);
enum sheet_mark watch_line_mark(const Liandong__V1__Event *event, const char *office);
/* Whether somebody should look up: urgent or worse, or handed to his office, and not entered more than a day late, as
 * the calls of an older system are. */
bool watch_line_rings(const Liandong__V1__Event *event, const char *office);
#endif
