#define _GNU_SOURCE /* EAI_NODATA */
#include "client/link_address.h"
#include "client/language.h"
#include "client/link.h"
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_port(const char *text, size_t size) {
    if (size == 0 || size > 5) return false;
    unsigned number = 0;
    for (size_t i = 0; i < size; i++) {
        if (text[i] < '0' || text[i] > '9') return false;
        number = number * 10 + (unsigned)(text[i] - '0');
    }
    return number >= 1 && number <= 65535;
}

bool link_address_next(const char **list, struct link_address *out) {
    const char *text = *list + strspn(*list, " ");
    size_t size = strcspn(text, ",");
    *list = text + size + (text[size] == ',');
    while (size > 0 && text[size - 1] == ' ') size--;

    const char *host = text, *port = LINK_PORT;
    size_t host_size, port_size = strlen(LINK_PORT);
    if (size > 0 && text[0] == '[') {
        const char *close = memchr(text, ']', size);
        if (!close) return false;
        host = text + 1;
        host_size = (size_t)(close - host);
        size_t rest = size - (size_t)(close + 1 - text);
        if (rest > 0 && close[1] != ':') return false;
        if (rest > 0) port = close + 2, port_size = rest - 1;
    } else {
        const char *colon = memchr(text, ':', size);
        host_size = colon ? (size_t)(colon - text) : size;
        if (colon) port = colon + 1, port_size = size - host_size - 1;
    }
    if (host_size == 0 || host_size >= sizeof out->host || !is_port(port, port_size)) return false;
    snprintf(out->host, sizeof out->host, "%.*s", (int)host_size, host);
    snprintf(out->port, sizeof out->port, "%.*s", (int)port_size, port);
    return true;
}

const char *link_address_trouble(int why) {
    static const struct {
        int why;
        const char *text; /* msgid */
    } rows[] = {
        {EAI_NONAME, N_("nobody knows this name")},       {EAI_AGAIN, N_("the name server does not answer")},
        {EAI_FAIL, N_("the name server can't find out")}, {EAI_FAMILY, N_("this computer has no such kind of address")},
        {EAI_SERVICE, N_("nobody knows this port")},      {EAI_MEMORY, N_("out of memory")},
#ifdef EAI_NODATA
        {EAI_NODATA, N_("the name has no address")},
#endif
#ifdef EAI_ADDRFAMILY
        {EAI_ADDRFAMILY, N_("the name has no address")},
#endif
    };
    if (why == EAI_SYSTEM) return language_errno(errno);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].why == why) return _(rows[i].text);
    return _("the resolver does not say why");
}
