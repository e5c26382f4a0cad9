/* A directory file (see directory_import.h) read and judged as a whole, before any of it touches the database.
 * Composition floor. Pure but for reading the file and the certificates it names.
 *
 * Own reader of INI, not inih: that one cuts section names at 49 bytes and lines at 199 without a word. */
#ifndef LIANDONG_SERVER_DIRECTORY_FILE_H
#define LIANDONG_SERVER_DIRECTORY_FILE_H
#include "common/arena.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum directory_kind { DIRECTORY_OFFICE, DIRECTORY_PAIRING, DIRECTORY_DEVICE, DIRECTORY_ACCOUNT };
#define DIRECTORY_KINDS  4
#define DIRECTORY_FIELDS 7

/* One section. Values are text as the database takes them ("1" for system = police); NULL: not given. */
struct directory_entry {
    enum directory_kind kind;
    unsigned line;                       /* of the section's head */
    const char *name;                    /* code or name; of a pairing "station judicial" */
    const char *value[DIRECTORY_FIELDS]; /* by the place of the field in directory_fields[kind] */
    struct directory_entry *next;
};
struct directory_file {
    struct arena arena;
    const char *path;
    char *text; /* what was read; NULL where the caller holds it */
    struct directory_entry *first[DIRECTORY_KINDS], *last[DIRECTORY_KINDS];
    size_t count[DIRECTORY_KINDS];
    unsigned faults; /* each was printed, with its line and remedy */
};

enum { OFFICE_NAME, OFFICE_SYSTEM, OFFICE_KIND, OFFICE_PARENT, OFFICE_PARTNER };
enum {
    PAIRING_SINCE,
    PAIRING_UNTIL,
    PAIRING_STATION,
    PAIRING_JUDICIAL
}; /* the last two come from the section's name */
enum {
    DEVICE_OFFICE,
    DEVICE_OFFICER,
    DEVICE_ROLE,
    DEVICE_CERTIFICATE,
    DEVICE_KEY,
    DEVICE_REVOKED
}; /* KEY: "\x…" from either */

/* A person with a first capacity; more of them are given by an administrator. */
enum { ACCOUNT_NAME, ACCOUNT_OFFICE, ACCOUNT_ROLE };

/* False where something is wrong; every fault is one Chinese line in `complaints`. `file` must be released either way.
 */
bool directory_file_read(struct directory_file *file, const char *path, FILE *complaints);
/* Judges text that is already in memory, `size` bytes and a NUL, which is cut up and must live as long; certificates
 * are looked for beside `path`. */
bool directory_file_judge(struct directory_file *file, const char *path, char *text, size_t size, FILE *complaints);
void directory_file_release(struct directory_file *file);
/* "单位" "结对" "终端" "人员" */
const char *directory_kind_label(enum directory_kind kind);
#endif
