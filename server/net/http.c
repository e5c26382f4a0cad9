#include "net/http.h"
#include "common/errno_text.h"
#include "net/http_request.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HTTP_BACKLOG 64

struct http_client {
    struct http *http;
    uv_tcp_t tcp;
    uv_timer_t timer;
    uv_write_t write;
    unsigned open_handles; /* 0: a free slot */
    char head[HTTP_HEAD_MAX];
    size_t size;
    struct buffer page;
    char answer_head[256];
};

static void on_connection(uv_stream_t *stream, int status);

static void on_client_closed(uv_handle_t *handle) {
    struct http_client *c = handle->data;
    struct http *h = c->http;
    if (--c->open_handles > 0) return;
    buffer_free(&c->page);
    if (h->waiting && !h->stopping) on_connection((uv_stream_t *)&h->listener, 0);
}
static void client_close(struct http_client *c) {
    if (uv_is_closing((uv_handle_t *)&c->tcp)) return;
    uv_close((uv_handle_t *)&c->tcp, on_client_closed);
    uv_close((uv_handle_t *)&c->timer, on_client_closed);
}
static void on_timeout(uv_timer_t *timer) { client_close(timer->data); }
static void on_written(uv_write_t *request, int status) {
    (void)status;
    client_close(request->data);
}

static const char *reason_of(int status) {
    switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 431: return "Request Header Fields Too Large";
    default: return "Service Unavailable";
    }
}

static void answer(struct http_client *c, enum http_parse parsed, const struct http_request *request) {
    int status = parsed == HTTP_TOO_LARGE ? 431 : parsed == HTTP_BAD ? 400 : !request->is_get ? 405 : 200;
    if (status == 200) status = c->http->answer(c->http->arg, request->path, &c->page);
    if (status != 200 && buffer_size(&c->page) == 0) {
        const char *text = reason_of(status);
        buffer_put(&c->page, text, strlen(text)); /* without memory the page stays empty, its length says so */
        buffer_put(&c->page, "\n", 1);
    }
    int length =
        snprintf(c->answer_head, sizeof c->answer_head,
                 "HTTP/1.1 %d %s\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: %zu\r\n"
                 "Cache-Control: no-store\r\nConnection: close\r\n\r\n",
                 status, reason_of(status), buffer_size(&c->page));
    c->write.data = c;
    uv_buf_t parts[] = {uv_buf_init(c->answer_head, (unsigned)length),
                        uv_buf_init((char *)buffer_head(&c->page), (unsigned)buffer_size(&c->page))};
    if (uv_write(&c->write, (uv_stream_t *)&c->tcp, parts, buffer_size(&c->page) > 0 ? 2 : 1, on_written) != 0)
        client_close(c);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *slice) {
    (void)suggested;
    struct http_client *c = handle->data;
    *slice = uv_buf_init(c->head + c->size, (unsigned)(sizeof c->head - c->size));
}
static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *slice) {
    struct http_client *c = stream->data;
    (void)slice;
    if (n == 0) return;
    if (n < 0) {
        client_close(c);
        return;
    }
    c->size += (size_t)n;
    struct http_request request;
    enum http_parse parsed = http_request_parse(&request, c->head, c->size);
    if (parsed == HTTP_PARTIAL) return;
    uv_read_stop(stream);
    answer(c, parsed, &request);
}

/* Without a free slot the connection is left where it is: libuv accepts no other until it is taken. */
static void on_connection(uv_stream_t *stream, int status) {
    struct http *h = stream->data;
    struct http_client *c = h->clients, *end = h->clients + HTTP_CLIENTS;
    if (status != 0) return;
    while (c < end && c->open_handles > 0) c++;
    h->waiting = c == end;
    if (h->waiting) return;
    c->http = h;
    c->size = 0;
    buffer_init(&c->page, HTTP_PAGE_MAX);
    uv_tcp_init(stream->loop, &c->tcp);
    uv_timer_init(stream->loop, &c->timer);
    c->tcp.data = c->timer.data = c;
    c->open_handles = 2;
    if (uv_accept(stream, (uv_stream_t *)&c->tcp) != 0 ||
        uv_timer_start(&c->timer, on_timeout, HTTP_TIMEOUT_MS, 0) != 0 ||
        uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read) != 0)
        client_close(c);
}

bool http_start(struct http *h, uv_loop_t *loop, const struct address *address, http_answer answer_cb, void *arg,
                struct address_error *error) {
    char text[ADDRESS_TEXT_SIZE];
    address_print(text, address);
    memset(h, 0, sizeof *h);
    h->answer = answer_cb;
    h->arg = arg;
    h->listener.data = h;
    if (!address_is_loopback(address)) {
        snprintf(error->text, sizeof error->text, "%s 不是本机回环地址，指标不对外开放：写成 127.0.0.1:9743", text);
        return false;
    }
    h->clients = calloc(HTTP_CLIENTS, sizeof *h->clients);
    if (!h->clients) {
        snprintf(error->text, sizeof error->text, "内存不足，无法在 %s 提供指标", text);
        return false;
    }
    uv_tcp_init(loop, &h->listener);
    h->started = true;
    int length = sizeof h->address.socket;
    int failed = uv_tcp_bind(&h->listener, &address->socket.any, 0);
    if (!failed) failed = uv_listen((uv_stream_t *)&h->listener, HTTP_BACKLOG, on_connection);
    if (!failed) failed = uv_tcp_getsockname(&h->listener, &h->address.socket.any, &length);
    if (!failed) return true;
    snprintf(error->text, sizeof error->text, "无法在 %s 提供指标（%s）%s", text, errno_text(-failed),
             failed == UV_EADDRINUSE ? "：已有别的程序占用，换一个端口，或把 metrics_listen 设为空" : "");
    http_stop(h);
    return false;
}

void http_stop(struct http *h) {
    if (!h->started || h->stopping) return;
    h->stopping = true;
    uv_close((uv_handle_t *)&h->listener, NULL);
    for (struct http_client *c = h->clients; c < h->clients + HTTP_CLIENTS; c++)
        if (c->open_handles > 0) client_close(c);
}
void http_free(struct http *h) {
    free(h->clients);
    h->clients = NULL;
}
