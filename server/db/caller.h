/* On whose behalf a statement runs, and how a transaction is told of it. Floor 2 (db). Pure.
 *
 * Never taken from a message: the server knows it from the certificate and the login. The one statement that tells it
 * (server/sql/_caller.sql) goes with each statement that runs for somebody, in the same transaction, and ends with it.
 */
#ifndef LIANDONG_DB_CALLER_H
#define LIANDONG_DB_CALLER_H
#include <stdbool.h>
#include <stdint.h>

#define CALLER_LOGIN_SIZE 16

struct caller {
    int32_t office; /* in whose name; 0: nobody's */
    int64_t device;
    const char *officer; /* name and number of the person, as the feed keeps it; borrowed; NULL: none */
    int32_t role;
    int64_t account;      /* who logged in; 0: nobody, the device acts by itself */
    const uint8_t *login; /* CALLER_LOGIN_SIZE bytes, borrowed; NULL: none */
    bool english;         /* reads what code lists say in English; no transaction is told of it */
};

#define CALLER_PARAMS 7
/* The values of _caller.sql. Borrows the caller's texts. */
struct caller_values {
    const char *at[CALLER_PARAMS];
    int lengths[CALLER_PARAMS];
    char office[12], device[24], role[12], timeout[12], account[24], login[37];
};
void caller_bind(const struct caller *caller, uint32_t timeout_ms, struct caller_values *out);
#endif
