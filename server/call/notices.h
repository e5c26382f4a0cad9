/* The alerts that wait for somebody, as this node knows them, and telling them to terminals: as soon as an alert's
 * event is in the ring, ahead of the events that wait for a watcher, and to whoever begins to watch before its backlog.
 * Floor 4 (call). Whom an alert concerns is PostgreSQL's to say (the view alert_told); that a session may see it is
 * judged as for an event.
 *
 * Each look reads what is open and not acknowledged, of each office the newest and the gravest hundred; what was not
 * there at the look before, has gone a step further, or is for others now (who is on duty has changed; nobody there got
 * it in time), is told. So a node that starts, or missed something, needs nothing but its next look. What was told once
 * is told again to whoever connects anew: the client knows it by id and step. */
#ifndef LIANDONG_CALL_NOTICES_H
#define LIANDONG_CALL_NOTICES_H
#include "common/arena.h"
#include "common/metrics.h"
#include "db/mapping.h"
#include <libpq-fe.h>
#include <stdbool.h>

struct core;
struct session;
struct notice;
struct notices {
    struct plan plan;     /* _alert_notices -> AlertPage, a row at a time */
    struct notice *list;  /* in `kept` */
    struct arena kept[2]; /* of the list, and of the one before it while the two are compared */
    int current;          /* which of them */
    bool wanted;          /* an alert changed since the look under way began */
    struct metric told, waiting;
};
void notices_init(struct notices *n, struct metrics *metrics);
bool notices_contract(struct notices *n, const struct statement *s, char *error, size_t room);
/* The rows of a look: tells what is new. */
void notices_take(struct core *c, const PGresult *rows);
/* A session begins to watch. */
void notices_greet(struct core *c, struct session *s);
void notices_free(struct notices *n);
#endif
