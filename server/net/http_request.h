/* The head of one HTTP/1.1 request, as a scraper or a health probe sends it: method and path, nothing else.
 * Floor 5 (net). Pure. Own parser: a library in Debian brings a second TLS stack with it. */
#ifndef LIANDONG_NET_HTTP_REQUEST_H
#define LIANDONG_NET_HTTP_REQUEST_H
#include <stdbool.h>
#include <stddef.h>

#define HTTP_HEAD_MAX 4096u /* request line and headers */
#define HTTP_PATH_MAX 128u

enum http_parse { HTTP_PARTIAL, HTTP_DONE, HTTP_BAD, HTTP_TOO_LARGE };
struct http_request {
    bool is_get;
    char path[HTTP_PATH_MAX]; /* without the query */
};
/* Looks at `bytes` from the start of the request. DONE once the empty line is there; a body is never read. */
enum http_parse http_request_parse(struct http_request *request, const char *bytes, size_t size);
#endif
