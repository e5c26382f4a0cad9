/* The alerts that wait for somebody, as this node knows them, and telling them to terminals: as soon as an alert's
 * event is in the ring, ahead of the events that wait for a watcher, and to whoever begins to watch before its backlog.
 * Floor 4 (call). Whom an alert concerns is PostgreSQL's to say (the view alert_told); that a session may see it is
 * judged as for an event.
 *
 * What this node raises is told when it is durable: its commit group has brought along what there is to tell, so that
 * nobody waits for one more round trip (1 ms at the median of 7, and up to 6; measured 2026-11, figure alert_p99).
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
    struct plan look;     /* _alert_notices -> AlertPage, a row at a time */
    struct plan alarm;    /* the same of what a group raised */
    struct notice *list;  /* in `kept` */
    struct arena kept[2]; /* of the list, and of the one before it while the two are compared */
    int current;          /* which of them */
    bool wanted;          /* an alert changed since the look under way began */
    struct metric told, waiting;
};
void notices_init(struct notices *n, struct metrics *metrics);
bool notices_contract(struct notices *n, const struct statement *look, const struct statement *alarm, char *error,
                      size_t room);
/* A look begins. */
void notices_look(struct core *c);
/* The rows of a look: tells what is new. */
void notices_take(struct core *c, const PGresult *rows);
/* Rows of what this node has just raised: tells them without waiting for the look that shows them as well. */
void notices_tell(struct core *c, const PGresult *rows);
/* A session begins to watch. */
void notices_greet(struct core *c, struct session *s);
void notices_free(struct notices *n);
#endif
