/* Forward-only migrations: the numbered files of server/migrations, each once, each in one transaction; then the
 * functions of server/functions, whichever changed, all in one transaction.
 * Floor 2 (db). Blocking: a command's own business, never the loop's.
 *
 * An advisory lock keeps two runs apart. What was applied stands in liandong.migration with its SHA-256: a file that
 * changed after it was applied, and a database newer than this program, are refused. Old and new programs run side by
 * side (expand, then contract): a migration only adds what the program before it can ignore.
 *
 * Tables are migrated, functions are replaced (2026-11): a landed migration is never edited, so a function that lived
 * in one was repeated whole with each change. Now its one text is in server/functions, and the latest program to
 * migrate puts its own in place. They may refer to each other in any order. A change of a function's parameters is a
 * new function: its file drops the old signature first (`drop function if exists`), or keeps both while an older
 * program may still call it. The functions in migrations 0002 to 0011 are history: these files replace them. */
#ifndef LIANDONG_DB_MIGRATE_H
#define LIANDONG_DB_MIGRATE_H
#include <stdbool.h>
#include <stddef.h>

struct migrate_report {
    unsigned known, applied_before, applied_now; /* files in the program, found applied, applied by this run */
    unsigned functions_now;                      /* files of functions put in place by this run */
    char error[512];                             /* Chinese: what, where, what to do; "" where it went well */
};
/* `check_only` changes nothing and only counts. False with report->error. conninfo: the owner's role. */
bool migrate_run(const char *conninfo, bool check_only, struct migrate_report *report);
#endif
