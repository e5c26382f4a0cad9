/* Signs where the chains of feed and audit end, every minute and every thousand entries (data: table audit_rule), so
 * that whoever rebuilds a chain, a superuser of the database even, contradicts what clients and witnesses have kept.
 * Floor 4 (call).
 *
 * Once a second each node looks what was signed last and whether it is time. The one that finds it so makes the
 * signature and sends it as a member of a commit group: nodes take turns by the pen, and of two that signed the same
 * the second leaves nothing. Before it signs, the chains' growth since the last signature is recomputed from their
 * rows: what does not come to the heads that they claim is not signed, and said loudly at every look. */
#ifndef LIANDONG_CALL_SIGNING_H
#define LIANDONG_CALL_SIGNING_H
#include "common/metrics.h"
#include "common/sign.h"
#include "db/readers.h"
#include "db/writer.h"
#include "status.pb-c.h"

struct core;
struct signing {
    struct core *core;
    struct sign_key *key;  /* NULL: nothing is signed here */
    struct sign_head last; /* the newest one, whoever made it; n 0: none yet */
    struct plan plan;      /* of _sign_heads */
    struct write write;
    struct binding binding;
    const char *values[10];
    int lengths[10];
    uint8_t numbers[4][8];
    struct sign_head next; /* being written */
    bool busy, broken;
    uint64_t said_ms;
    struct metric signing, signatures;
};

/* Reads the key; without one, or with one that can't be read, it is said in the log and the server goes on. */
void signing_start(struct signing *s, struct core *core, const char *file, struct metrics *metrics);
void signing_stop(struct signing *s);
/* What _heads said. */
void signing_look(struct signing *s, const PGresult *result);
bool signing_contract(const struct statement *heads, char *error, size_t room);
/* What is wrong, for the administrator's view; NULL: nothing. */
const char *signing_fault(const struct signing *s);
#endif
