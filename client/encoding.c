#include "client/encoding.h"
#include "client/host.h"
#include "common/text.h"
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static bool begins(const char *bytes, size_t size, const char *mark) {
    return size >= strlen(mark) && memcmp(bytes, mark, strlen(mark)) == 0;
}

/* The offset of the first byte that is no UTF-8; `size` where all is. */
static size_t broken_at(const char *bytes, size_t size) {
    size_t at = 0, length;
    for (; at < size; at += length)
        if (text_decode(bytes + at, size - at, &length) == UINT32_MAX) return at;
    return size;
}

static size_t line_of(const char *bytes, size_t at) {
    size_t line = 1;
    for (size_t i = 0; i < at; i++) line += bytes[i] == '\n';
    return line;
}

static char *copy(const char *bytes, size_t size, size_t *out_size, size_t *line) {
    char *out = malloc(size + 1);
    *line = 0;
    if (!out) return NULL;
    memcpy(out, bytes, size);
    out[size] = '\0';
    *out_size = size;
    return out;
}

char *encoding_read(const char *bytes, size_t size, size_t *out_size, bool *recoded, size_t *line) {
    static const char utf8[] = "\xef\xbb\xbf", little[] = "\xff\xfe", big[] = "\xfe\xff";
    bool marked = begins(bytes, size, utf8), wide = begins(bytes, size, little) || begins(bytes, size, big);
    size_t skip = marked ? strlen(utf8) : 0, broken = wide ? 0 : broken_at(bytes + skip, size - skip), at;
    *recoded = wide || (!marked && broken < size - skip);
    if (!wide && broken == size - skip) return copy(bytes + skip, size - skip, out_size, line);
    char *out = *recoded ? host_to_utf8(wide ? "UTF-16" : "GB18030", bytes, size, out_size, &at) : NULL;
    *line = *recoded && errno == ENOMEM ? 0 : line_of(bytes, marked ? skip + broken : wide ? 0 : broken);
    return out;
}
