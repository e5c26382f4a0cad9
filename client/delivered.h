/* A transfer that a watch has shown at the office it is addressed to is delivered: the client says so by itself, and
 * doesn't wait for the answer, for another terminal may have been faster. Client. */
#ifndef LIANDONG_CLIENT_DELIVERED_H
#define LIANDONG_CLIENT_DELIVERED_H
#include "client/link.h"

/* Whether the event is of a transfer sent to this office. */
bool delivered_is_ours(const Liandong__V1__Event *event, const char *office);
/* False: the connection is closed, with the error. */
bool delivered_say(struct link *link, const Liandong__V1__Event *event, uint64_t deadline_us, struct link_error *error);
#endif
