/* Numeric socket addresses: "10.0.0.5:7443", "[::1]:7443". Names are refused: resolving blocks, and a listener that
 * moves with DNS is a trap. Floor 5 (net). Pure. */
#ifndef LIANDONG_NET_ADDRESS_H
#define LIANDONG_NET_ADDRESS_H
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#define ADDRESS_TEXT_SIZE 56 /* "[" + 45 of an IPv6 address + "]:65535" + NUL */
#define ADDRESS_LIST_MAX  8  /* addresses of one listen setting */

struct address {
    union {
        struct sockaddr any;
        struct sockaddr_in four;
        struct sockaddr_in6 six;
    } socket;
};
struct address_error {
    char text[256];
}; /* one Chinese sentence: what is wrong, what to write instead */

bool address_parse(struct address *a, const char *text, size_t size, struct address_error *error);
/* Comma-separated, 1 to ADDRESS_LIST_MAX of them. */
bool address_parse_list(struct address list[ADDRESS_LIST_MAX], size_t *count, const char *text,
                        struct address_error *error);
socklen_t address_length(const struct address *a);
bool address_is_loopback(const struct address *a);
/* The host alone, without the port: two connections of one machine compare equal. IPv4 in IPv6 counts as IPv4. */
bool address_same_host(const struct address *a, const struct address *b);
/* Turns ::ffff:a.b.c.d, which a dual-stack socket reports, into a.b.c.d. */
void address_unmap(struct address *a);
void address_print(char out[ADDRESS_TEXT_SIZE], const struct address *a);
#endif
