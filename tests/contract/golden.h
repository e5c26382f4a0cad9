/* The golden frames of proto/README.md, read out of the document itself: what the text shows is what the tests use.
 *
 * A frame is a fence "```hex DIRECTION NAME", or "```hex DIRECTION NAME refused REASON [FIELD]" for one that must be
 * refused; blanks and everything after '#' in a line are no part of it. An accepted frame is followed by a fence
 * "```textproto" with the same message in protobuf text format. */
#ifndef LIANDONG_TESTS_CONTRACT_GOLDEN_H
#define LIANDONG_TESTS_CONTRACT_GOLDEN_H
#include "common/arena.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GOLDEN_MAX 96

struct golden_frame {
    const char *name;
    const ProtobufCMessageDescriptor *type; /* ToServer or ToClient */
    bool strict;                            /* to a server: unknown fields are refused */
    const char *reason, *field;             /* why it must be refused; NULL where it is good. field "" where none */
    uint8_t *bytes;                         /* header included */
    size_t size;
    const char *text; /* NUL-terminated; NULL for a refused frame */
    unsigned line;    /* of the fence in the document */
};
struct golden {
    struct golden_frame frames[GOLDEN_MAX];
    size_t count;
};

/* Reads the document into the arena. False, having printed the line and the reason, where it is not as described above,
 * or holds no frame at all. */
bool golden_read(struct golden *g, const char *path, struct arena *arena);
/* The whole file, NUL-terminated, in the arena; NULL, having said why. */
char *golden_file(const char *path, struct arena *arena);
#endif
