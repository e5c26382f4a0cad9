#include "file_mark.h"
#include <sys/stat.h>

struct file_mark file_mark_of(const char *path) {
    struct stat at;
    if (!path || !*path || stat(path, &at) != 0) return (struct file_mark){0, 0, {0, 0}};
    return (struct file_mark){at.st_ino, at.st_size, at.st_mtim};
}

bool file_mark_is(struct file_mark a, struct file_mark b) {
    return a.inode == b.inode && a.size == b.size && a.changed.tv_sec == b.changed.tv_sec &&
           a.changed.tv_nsec == b.changed.tv_nsec;
}
