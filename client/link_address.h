/* Addresses as people write them: "host", "host:port", "[::1]:7443", comma-separated.
 * Client, pure. */
#ifndef LIANDONG_CLIENT_LINK_ADDRESS_H
#define LIANDONG_CLIENT_LINK_ADDRESS_H
#include <stdbool.h>

struct link_address {
    char host[254]; /* longest DNS name, or an IP literal without brackets */
    char port[6];
};
/* Reads the first one and steps *list past it and its comma. False: it is none (*list is moved all the same). */
bool link_address_next(const char **list, struct link_address *out);
/* Why a name has no address, for people: of what getaddrinfo returned, and errno where that is EAI_SYSTEM. */
const char *link_address_trouble(int why);
#endif
