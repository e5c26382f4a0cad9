/* The node's look at the clocks that are due, and whether the database's clock went as time did.
 * Floor 4 (call). What is due and what comes of it is PostgreSQL's: functions/clock.sql. */
#ifndef LIANDONG_CALL_CLOCKS_H
#define LIANDONG_CALL_CLOCKS_H
#include "common/metrics.h"
#include "db/statement.h"
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

/* What the database's clock said, and when by this machine's clock that nobody sets. */
struct wall {
    int64_t ms;                   /* 0: not looked at yet */
    int64_t sent_ms, received_ms; /* the question left and the answer came: it was read in between */
};
/* How far the clock went ahead (negative: back) of time from one look to the next, as far as the looks prove it: one
 * that waits long for its answer is no leap. */
int64_t wall_leap(const struct wall *before, const struct wall *after);

enum { CLOCKS_PARAMS = 3 };
struct clocks {
    struct wall wall;
    int64_t sent_ms, leap_ms; /* of the look under way; what the next one tells of */
    bool held;
    char expected[8], leap[8], most[4]; /* parameters of _clocks_due */
    const char *values[CLOCKS_PARAMS];
    int lengths[CLOCKS_PARAMS];
    struct metric fired, holding;
};
/* Whether _clocks_due says what is read of it. */
bool clocks_contract(const struct statement *s, char *error, size_t room);
void clocks_init(struct clocks *c, struct metrics *metrics);
/* Before each look. */
void clocks_ask(struct clocks *c);
/* Its answer; returns in how many ms to look again. */
uint64_t clocks_take(struct clocks *c, const PGresult *answer);
#endif
