/* Forward-only migrations: the numbered files of server/migrations, each once, each in one transaction.
 * Floor 2 (db). Blocking: a command's own business, never the loop's.
 *
 * An advisory lock keeps two runs apart. What was applied stands in liandong.migration with its SHA-256: a file that
 * changed after it was applied, and a database newer than this program, are refused. Old and new programs run side by
 * side (expand, then contract): a migration only adds what the program before it can ignore. */
#ifndef LIANDONG_DB_MIGRATE_H
#define LIANDONG_DB_MIGRATE_H
#include <stdbool.h>
#include <stddef.h>

struct migrate_report {
    unsigned known, applied_before, applied_now; /* files in the program, found applied, applied by this run */
    char error[512];                             /* Chinese: what, where, what to do; "" where it went well */
};
/* `check_only` changes nothing and only counts. False with report->error. conninfo: the owner's role. */
bool migrate_run(const char *conninfo, bool check_only, struct migrate_report *report);
#endif
