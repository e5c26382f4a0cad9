#include "net/http_request.h"
#include <string.h>

/* Offset behind the empty line that ends the head; 0 while it is not there. Lines end in LF or CR LF. */
static size_t head_end(const char *bytes, size_t size) {
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != '\n') continue;
        if (i + 1 < size && bytes[i + 1] == '\n') return i + 2;
        if (i + 2 < size && bytes[i + 1] == '\r' && bytes[i + 2] == '\n') return i + 3;
    }
    return 0;
}

static bool only_text(const char *bytes, size_t size) {
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)bytes[i] < ' ' && bytes[i] != '\t' && bytes[i] != '\r' && bytes[i] != '\n') return false;
    return true;
}

/* "GET /metrics?x HTTP/1.1" */
static enum http_parse parse_line(struct http_request *request, const char *line, size_t size) {
    const char *end = line + size, *method_end = memchr(line, ' ', size);
    if (!method_end || method_end == line) return HTTP_BAD;
    for (const char *at = line; at < method_end; at++)
        if (*at < 'A' || *at > 'Z') return HTTP_BAD;
    const char *path = method_end + 1, *path_end = memchr(path, ' ', (size_t)(end - path));
    if (!path_end || *path != '/') return HTTP_BAD;
    const char *version = path_end + 1;
    if (end - version != 8 || memcmp(version, "HTTP/1.", 7) != 0 || (version[7] != '0' && version[7] != '1'))
        return HTTP_BAD;
    const char *query = memchr(path, '?', (size_t)(path_end - path));
    size_t length = (size_t)((query ? query : path_end) - path);
    if (length >= sizeof request->path) return HTTP_TOO_LARGE;
    memcpy(request->path, path, length);
    request->path[length] = '\0';
    request->is_get = method_end - line == 3 && memcmp(line, "GET", 3) == 0;
    return HTTP_DONE;
}

enum http_parse http_request_parse(struct http_request *request, const char *bytes, size_t size) {
    memset(request, 0, sizeof *request);
    if (!only_text(bytes, size)) return HTTP_BAD;
    size_t end = head_end(bytes, size);
    if (end > HTTP_HEAD_MAX || (end == 0 && size >= HTTP_HEAD_MAX)) return HTTP_TOO_LARGE;
    if (end == 0) return HTTP_PARTIAL;
    const char *line_end = memchr(bytes, '\n', size);
    size_t length = (size_t)(line_end - bytes);
    if (length > 0 && bytes[length - 1] == '\r') length--;
    return parse_line(request, bytes, length);
}
