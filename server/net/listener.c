#define _GNU_SOURCE /* accept4 */
#include "net/listener.h"
#include "common/errno_text.h"
#include "common/log.h"
#include "net/conn.h"
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define KEEPALIVE_IDLE_S  60
#define KEEPALIVE_EVERY_S 10
#define KEEPALIVE_PROBES  3
/* Unacknowledged bytes for this long: the peer's machine or network is gone. The kernel also counts the time in which a
 * reader's window stays full, so it must be above CONN_STALL_MS: a slow reader is given its minute, and then a reason.
 */
#define USER_TIMEOUT_MS (CONN_STALL_MS + 5000)

static bool fail(struct address_error *error, const struct address *address, const char *what, int number) {
    char text[ADDRESS_TEXT_SIZE];
    address_print(text, address);
    const char *remedy = number == EADDRINUSE ? "：已有别的程序占用，停掉它，或换一个端口，或打开 reuse_port"
                         : number == EACCES        ? "：1024 以下的端口要有特权，换一个端口"
                         : number == EADDRNOTAVAIL ? "：本机没有这个地址，用 ip addr 查看"
                                                   : "";
    snprintf(error->text, sizeof error->text, "无法%s %s（%s）%s", what, text, errno_text(number), remedy);
    return false;
}

/* Accepted sockets inherit these from the listening one, which saves five system calls for each. */
static bool set_options(int descriptor, bool reuse_port, int family) {
    const struct {
        int level, name, value;
        bool wanted;
    } options[] = {
        {SOL_SOCKET, SO_REUSEADDR, 1, true},
        {SOL_SOCKET, SO_REUSEPORT, 1, reuse_port},
        {IPPROTO_IPV6, IPV6_V6ONLY, 0, family == AF_INET6},
        {SOL_SOCKET, SO_KEEPALIVE, 1, true},
        {IPPROTO_TCP, TCP_NODELAY, 1, true},
        {IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S, true},
        {IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_EVERY_S, true},
        {IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES, true},
        {IPPROTO_TCP, TCP_USER_TIMEOUT, USER_TIMEOUT_MS, true},
    };
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (options[i].wanted &&
            setsockopt(descriptor, options[i].level, options[i].name, &options[i].value, sizeof(int)) != 0)
            return false;
    return true;
}

bool listener_bind(struct listener *l, const struct address *address, bool reuse_port, struct address_error *error) {
    memset(l, 0, sizeof *l);
    l->address = *address;
    int family = address->socket.any.sa_family;
    l->descriptor = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (l->descriptor < 0) return fail(error, address, "打开套接字", errno);
    socklen_t length = sizeof l->address.socket;
    const char *what = "设置套接字";
    if (!set_options(l->descriptor, reuse_port, family)) goto failed;
    what = "监听";
    if (bind(l->descriptor, &address->socket.any, address_length(address)) != 0) goto failed;
    if (getsockname(l->descriptor, &l->address.socket.any, &length) != 0) goto failed; /* port 0 became a number */
    return true;
failed:
    fail(error, address, what, errno);
    close(l->descriptor);
    l->descriptor = -1;
    return false;
}

/* ---- accepting */

static void stop_accepting(struct listener *l) {
    l->accepting = false;
    uv_poll_stop(&l->poll);
}

static void refuse(struct listener *l, int descriptor, const struct address *peer, const char *reason) {
    struct hub *h = l->hub;
    close(descriptor);
    hub_metrics_refusal(&h->metrics, reason);
    struct log_field suppressed;
    if (!log_gate_open(&h->metrics.refused, uv_now(h->loop), &suppressed)) return;
    char text[ADDRESS_TEXT_SIZE];
    address_print(text, peer);
    log_event(LOG_WARN, "conn.refused", log_str("peer", text), log_str("reason", reason), suppressed);
}

static void on_pause_over(uv_timer_t *timer) { listener_go_on(timer->data); }
static void pause_for(struct listener *l, uint64_t ms) {
    stop_accepting(l);
    uv_timer_start(&l->pause, on_pause_over, ms, 0);
}

/* No connection can be accepted now, although one waits: the poll would fire without end. */
static void out_of_descriptors(struct listener *l, int number) {
    struct hub *h = l->hub;
    struct log_field suppressed;
    hub_metrics_refusal(&h->metrics, number == ENOMEM || number == ENOBUFS ? "NO_MEMORY" : "NO_DESCRIPTORS");
    if (log_gate_open(&h->metrics.refused, uv_now(h->loop), &suppressed))
        log_event(LOG_ERROR, "listener.paused", log_str("error", strerror(number)),
                  log_int("connections", (int64_t)hub_connections(h)), suppressed);
    pause_for(l, LISTENER_PAUSE_MS);
}

/* False where the next one has to wait in the backlog. */
static bool has_room(struct listener *l) {
    struct hub *h = l->hub;
    if (h->counts[CONN_HANDSHAKE] < h->limits.max_handshakes) return true;
    size_t most = h->limits.max_handshakes;
    if (conn_press(h, NULL, most > CONN_PRESSED_BATCH ? most - CONN_PRESSED_BATCH : most - 1) > 0)
        stop_accepting(l); /* until they are gone, which is this very tick */
    else
        pause_for(l, LISTENER_PAUSE_MS); /* or until one ends */
    return false;
}

static void on_poll(uv_poll_t *poll, int status, int events) {
    struct listener *l = poll->data;
    struct hub *h = l->hub;
    (void)status;
    (void)events;
    for (unsigned i = 0; i < LISTENER_BATCH && l->accepting && has_room(l); i++) {
        struct address peer = {0};
        socklen_t length = sizeof peer.socket;
        int descriptor = accept4(l->descriptor, &peer.socket.any, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (descriptor < 0) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) out_of_descriptors(l, errno);
            if (errno == ECONNABORTED || errno == EINTR) continue;
            return; /* EAGAIN: nobody else waits; anything else is the fault of one connection and gone with it */
        }
        if (hub_connections(h) >= h->limits.max_connections)
            refuse(l, descriptor, &peer, "TOO_MANY_CONNECTIONS");
        else {
            if (h->counts[CONN_HANDSHAKE] >= h->limits.handshakes_per_address)
                conn_press(h, &peer, h->limits.handshakes_per_address - 1);
            if (!conn_open(h, descriptor, &peer)) hub_metrics_refusal(&h->metrics, "NO_MEMORY");
        }
    }
}

void listener_go_on(struct listener *l) {
    if (!l->serving || l->accepting || l->hub->counts[CONN_HANDSHAKE] >= l->hub->limits.max_handshakes) return;
    uv_timer_stop(&l->pause);
    l->accepting = uv_poll_start(&l->poll, UV_READABLE, on_poll) == 0;
}

bool listener_serve(struct listener *l, struct hub *hub, struct address_error *error) {
    l->hub = hub;
    if (listen(l->descriptor, LISTENER_BACKLOG) != 0) {
        fail(error, &l->address, "监听", errno);
        close(l->descriptor);
        l->descriptor = -1;
        return false;
    }
    uv_poll_init(hub->loop, &l->poll, l->descriptor);
    uv_timer_init(hub->loop, &l->pause);
    l->poll.data = l->pause.data = l;
    l->open_handles = 2;
    l->serving = true;
    listener_go_on(l);
    return true;
}

static void on_closed(uv_handle_t *handle) {
    struct listener *l = handle->data;
    l->open_handles--;
}
void listener_stop(struct listener *l) {
    if (l->serving) {
        l->serving = l->accepting = false;
        uv_close((uv_handle_t *)&l->poll, on_closed);
        uv_close((uv_handle_t *)&l->pause, on_closed);
    }
    if (l->descriptor >= 0) close(l->descriptor); /* after uv_close took it out of the poll set */
    l->descriptor = -1;
}
