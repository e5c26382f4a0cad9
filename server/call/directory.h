/* Who is who: devices by the key of their certificate, with their office, officer and role, and all offices by their
 * code, kept in memory and read anew when the database's version of it moves (looked at each second, so that a revoked
 * device is out within seconds).
 * Floor 4 (call). */
#ifndef LIANDONG_CALL_DIRECTORY_H
#define LIANDONG_CALL_DIRECTORY_H
#include "common/text.h"
#include "db/caller.h"
#include "db/statement.h"
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>
#include <uthash.h>

#define DIRECTORY_KEY_SIZE 32
/* In whose name and as what something is done: one office, one role, one person or machine. */
struct actor {
    int32_t office;
    int16_t system, role; /* numbers of the protocol's enums; role 0: nobody has logged in */
    int64_t account;      /* 0: the device itself */
    uint8_t login[CALLER_LOGIN_SIZE];
    char office_code[TEXT_CODE_MAX + 1], office_name[96], officer[160]; /* name, and number where there is an account */
};
struct device {
    uint8_t key[DIRECTORY_KEY_SIZE]; /* SHA-256 of the certificate's SubjectPublicKeyInfo */
    char name[TEXT_CODE_MAX + 1];    /* a code; the certificate says it too: see directory_is_named */
    int64_t id;
    struct actor
        acts; /* by itself, where it is unattended: a screen on a wall. Else role 0, and somebody has to log in */
    UT_hash_handle hh;
};
struct office {
    char code[TEXT_CODE_MAX + 1];
    int32_t id;
    UT_hash_handle hh;
};
struct directory {
    int64_t version;        /* 0: never read */
    struct device *devices; /* by key */
    struct office *offices; /* by code */
};

/* Fills an empty directory from the rows of _directory.sql, revoked devices left out. False without memory; then it is
 * empty. */
bool directory_read(struct directory *d, const PGresult *rows, int64_t version);
const struct device *directory_find(const struct directory *d, const uint8_t key[DIRECTORY_KEY_SIZE]);
/* True where a certificate with this SAN URI ("" or NULL: none, several, or a strange one) is the device's own:
 * liandong:device:<name>, byte for byte. The key alone would let in whatever else the authority certified for it. */
bool directory_is_named(const struct device *d, const char *uri);
/* The id of an office, with or without devices; 0 where the directory has none of this code. */
int32_t directory_office(const struct directory *d, const char *code);
void directory_free(struct directory *d);
/* The columns that directory_read relies on. */
bool directory_contract(const struct statement *s, char *error, size_t room);
#endif
