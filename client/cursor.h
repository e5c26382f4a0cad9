/* Where a watch of the feed has come to, kept on disk.
 * Client. One file per profile, servers, office and filter, so that watches of different things don't disturb each
 * other: "liandong-cursor 1 <32 hex digits>\n" in the state folder. Written as a whole, never in part. */
#ifndef LIANDONG_CLIENT_CURSOR_H
#define LIANDONG_CLIENT_CURSOR_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CURSOR_SIZE 16

struct cursor_scope {
    const char *profile, *servers, *office;
    const uint8_t *filter; /* the packed filter; its bytes name it */
    size_t filter_size;
};
enum cursor_found { CURSOR_FOUND, CURSOR_NONE, CURSOR_DAMAGED /* errno 0, or why it can't be read */ };

/* Path of the scope's file. False where there is no state folder. */
bool cursor_path(char *out, size_t room, const struct cursor_scope *scope);
enum cursor_found cursor_load(const char *path, uint8_t cursor[CURSOR_SIZE]);
/* False with errno set. */
bool cursor_save(const char *path, const uint8_t cursor[CURSOR_SIZE]);
#endif
