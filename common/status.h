/* The one table of refusals: every code and reason the system can answer with, its English message, its Chinese hint,
 * and whether trying again helps.
 * Floor 1 (common). */
#ifndef LIANDONG_COMMON_STATUS_H
#define LIANDONG_COMMON_STATUS_H
#include "status.pb-c.h"
#include <stdbool.h>

struct status_row {
    const char *reason; /* stable token, key of the table */
    Liandong__V1__Code code;
    const char *message;     /* English, for developers; also gettext msgid of the hint in English */
    const char *hint;        /* Chinese: what is wrong and what to do next */
    uint32_t retry_after_ms; /* 0: trying again as it is does not help */
};
/* The row of a reason; the row of INTERNAL for an unknown one. Never NULL. */
const struct status_row *status_find(const char *reason);
/* All rows, for the document and the tests. */
extern const struct status_row status_rows[];
extern const size_t status_rows_count;
#endif
