/* The server's certificates as they stand in files: read as a whole, told when they run out, and whether the revocation
 * list was replaced since.
 * Composition floor. */
#ifndef LIANDONG_SERVER_CERTIFICATES_H
#define LIANDONG_SERVER_CERTIFICATES_H
#include "common/ca.h"
#include "common/metrics.h"
#include "common/tls_context.h"
#include "server_settings.h"
#include <sys/types.h>
#include <time.h>

struct certificates_mark { /* of a file, as far as its inode can tell; all zero: there is none */
    ino_t inode;
    off_t size;
    struct timespec changed;
};
/* Read and not in use yet. */
struct certificates_read {
    struct tls_context *tls;
    struct ca *authority; /* NULL: an outside one certifies devices */
    struct certificates_mark list;
};
struct certificates { /* in use */
    struct metric days;
    int64_t expiry; /* ms since 1970 UTC */
    struct certificates_mark list;
};

void certificates_init(struct certificates *c, struct metrics *registry);
/* All files together, or none: false with error->text. `used`: the context that they would replace, whose revocation
 * list may not be newer; NULL at the start. */
bool certificates_read(struct certificates_read *out, const struct server_settings *values,
                       const struct tls_context *used, struct tls_error *error);
void certificates_release(struct certificates_read *read);
/* What was read is in use from now on; whoever took tls and authority owns them. */
void certificates_take(struct certificates *c, const struct certificates_read *read, const char *file);
/* Warns from 14 days before the end on, once for each day that is fewer. `file`: of the server's certificate. */
void certificates_look(struct certificates *c, const char *file);
/* Whether `file`, the revocation list, is another one than when this was last asked or taken. */
bool certificates_list_replaced(struct certificates *c, const char *file);
#endif
