/* Whether a path still names the same file with the same content, as far as its inode can tell.
 * Composition floor. */
#ifndef LIANDONG_SERVER_FILE_MARK_H
#define LIANDONG_SERVER_FILE_MARK_H
#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

struct file_mark {
    ino_t inode;
    off_t size;
    struct timespec changed;
};
/* All zero where path is NULL, empty, or names nothing. */
struct file_mark file_mark_of(const char *path);
bool file_mark_is(struct file_mark a, struct file_mark b);
#endif
