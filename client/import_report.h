/* What an import tells while it runs and when it ends: verdicts, progress, the reject file, the sum.
 * Client. */
#ifndef LIANDONG_CLIENT_IMPORT_REPORT_H
#define LIANDONG_CLIENT_IMPORT_REPORT_H
#include "client/client.h"
#include "client/csv.h"
#include <stdint.h>

/* The reason's cell at the end of a rejected row begins with this, so that it is not taken for a part of the row when
 * the mended file is imported. */
#define IMPORT_REASON_MARK "#rejected: "

enum import_verdict {
    IMPORT_CREATED,
    IMPORT_REPLAYED,
    IMPORT_REJECTED,
    IMPORT_VALID,   /* dry run */
    IMPORT_CHANGED, /* where may_change */
    IMPORT_VERDICTS
};

struct import_report {
    struct client *client;
    const char *reject_path;    /* opened with the first reject */
    const char *reject_heading; /* its first line, without line end, or NULL */
    FILE *rejects;
    bool reject_failed;
    bool recoded;    /* the file came in another encoding; the rejects are UTF-8, with a mark that Excel knows it by */
    bool every_row;  /* print every verdict, not only rejections */
    bool may_change; /* what is there may be changed by a row: the sum says how many were */
    size_t rows, done, counts[IMPORT_VERDICTS];
    bool heading; /* of the CSV was printed */
    uint64_t began_us, drawn_us;
};

/* Tells the verdict on the row at hand. no: the incident's number, or NULL. reason: of a rejection, else NULL. */
void import_report_row(struct import_report *r, const struct csv *row, enum import_verdict verdict, const char *no,
                       const char *reason);
/* What is wrong with a row that could not be read. */
const char *import_report_fault(enum csv_fault fault);
/* Takes off the last cell of a row from a reject file, which is our own remark. */
void import_report_drop_remark(struct csv *row);
/* Draws the bar, not more often than ten times a second. */
void import_report_progress(struct import_report *r);
/* The sum; closes the reject file. False where that could not be written. */
bool import_report_end(struct import_report *r);
#endif
