#include "net/address.h"
#include "common/text.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static bool fail(struct address_error *error, const char *text, size_t size, const char *why) {
    char shown[96]; /* what was typed may hold anything; the sentence goes to a terminal */
    text_terminal(shown, sizeof shown, text, size, true);
    snprintf(error->text, sizeof error->text, "地址 %s %s：写成 10.0.0.5:7443 或 [::1]:7443", shown, why);
    return false;
}

static bool parse_port(const char *text, size_t size, in_port_t *port) {
    unsigned value = 0;
    if (size == 0 || size > 5) return false;
    for (size_t i = 0; i < size; i++) {
        if (text[i] < '0' || text[i] > '9') return false;
        value = value * 10 + (unsigned)(text[i] - '0');
    }
    if (value > 65535) return false;
    *port = htons((uint16_t)value);
    return true;
}

bool address_parse(struct address *a, const char *text, size_t size, struct address_error *error) {
    char host[INET6_ADDRSTRLEN];
    bool six = size > 0 && text[0] == '[';
    const char *end = text + size, *host_at = six ? text + 1 : text, *host_end = NULL;
    for (const char *at = host_at; at < end && !host_end; at++)
        if (*at == (six ? ']' : ':')) host_end = at;
    if (!host_end) return fail(error, text, size, six ? "缺少 ]" : "缺少端口");
    const char *colon = six ? host_end + 1 : host_end;
    if (colon >= end || *colon != ':') return fail(error, text, size, "缺少端口");
    in_port_t port;
    if (!parse_port(colon + 1, (size_t)(end - colon - 1), &port))
        return fail(error, text, size, "的端口不是 0 到 65535 的数");
    size_t host_size = (size_t)(host_end - host_at);
    if (host_size >= sizeof host) return fail(error, text, size, "太长");
    memcpy(host, host_at, host_size);
    host[host_size] = '\0';
    memset(a, 0, sizeof *a);
    if (six) {
        a->socket.six.sin6_family = AF_INET6;
        a->socket.six.sin6_port = port;
        return inet_pton(AF_INET6, host, &a->socket.six.sin6_addr) == 1 || fail(error, text, size, "不是 IPv6 地址");
    }
    a->socket.four.sin_family = AF_INET;
    a->socket.four.sin_port = port;
    return inet_pton(AF_INET, host, &a->socket.four.sin_addr) == 1 || fail(error, text, size, "不是数字地址");
}

bool address_parse_list(struct address list[ADDRESS_LIST_MAX], size_t *count, const char *text,
                        struct address_error *error) {
    *count = 0;
    for (const char *at = text;;) {
        at += strspn(at, " ");
        size_t size = strcspn(at, ","), bare = size;
        while (bare > 0 && at[bare - 1] == ' ') bare--;
        if (*count == ADDRESS_LIST_MAX) {
            snprintf(error->text, sizeof error->text, "地址超过 %d 个：删去一些", ADDRESS_LIST_MAX);
            return false;
        }
        if (!address_parse(&list[*count], at, bare, error)) return false;
        ++*count;
        if (!at[size]) return true;
        at += size + 1;
    }
}

socklen_t address_length(const struct address *a) {
    return a->socket.any.sa_family == AF_INET6 ? sizeof a->socket.six : sizeof a->socket.four;
}

void address_unmap(struct address *a) {
    if (a->socket.any.sa_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&a->socket.six.sin6_addr)) return;
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = a->socket.six.sin6_port};
    memcpy(&four.sin_addr, a->socket.six.sin6_addr.s6_addr + 12, sizeof four.sin_addr);
    memset(a, 0, sizeof *a);
    a->socket.four = four;
}

bool address_is_loopback(const struct address *a) {
    struct address plain = *a;
    address_unmap(&plain);
    if (plain.socket.any.sa_family == AF_INET6) return IN6_IS_ADDR_LOOPBACK(&plain.socket.six.sin6_addr);
    return ntohl(plain.socket.four.sin_addr.s_addr) >> 24 == 127;
}

bool address_same_host(const struct address *a, const struct address *b) {
    struct address x = *a, y = *b;
    address_unmap(&x);
    address_unmap(&y);
    if (x.socket.any.sa_family != y.socket.any.sa_family) return false;
    if (x.socket.any.sa_family == AF_INET6)
        return memcmp(&x.socket.six.sin6_addr, &y.socket.six.sin6_addr, sizeof x.socket.six.sin6_addr) == 0;
    return x.socket.four.sin_addr.s_addr == y.socket.four.sin_addr.s_addr;
}

void address_print(char out[ADDRESS_TEXT_SIZE], const struct address *a) {
    char host[INET6_ADDRSTRLEN] = "?";
    bool six = a->socket.any.sa_family == AF_INET6;
    inet_ntop(six ? AF_INET6 : AF_INET,
              six ? (const void *)&a->socket.six.sin6_addr : (const void *)&a->socket.four.sin_addr, host, sizeof host);
    unsigned port = ntohs(six ? a->socket.six.sin6_port : a->socket.four.sin_port);
    snprintf(out, ADDRESS_TEXT_SIZE, six ? "[%s]:%u" : "%s:%u", host, port);
}
