#include "client/retry.h"
#include <string.h>

#define FINAL                                                                                                          \
    { false, false, false }
#define CODE(c) LIANDONG__V1__CODE__CODE_##c

/* What is not here is a final answer. */
static const struct {
    Liandong__V1__Code code;
    struct retry_outcome outcome;
} statuses[] = {
    {CODE(UNAVAILABLE), {true, false, true}}, /* another server may serve; this one may be about to stop */
    {CODE(RESOURCE_EXHAUSTED), {true, false, false}},
    {CODE(DEADLINE_EXCEEDED), {true, false, false}}, /* said to be not carried out */
    {CODE(PENDING), {true, true, false}},
};

static const struct {
    enum link_fault fault;
    struct retry_outcome outcome; /* unknown: only where the request was sent */
} faults[] = {
    {LINK_ADDRESS, FINAL},
    {LINK_RESOLVE, {true, false, true}},
    {LINK_CONNECT, {true, false, true}},
    {LINK_TLS, FINAL},           /* see below */
    {LINK_HELLO_REFUSED, FINAL}, /* see below */
    {LINK_LOST, {true, true, true}},
    {LINK_TIMEOUT, {true, true, true}}, /* a half-open connection looks like this */
    {LINK_PROTOCOL, {false, true, true}},
    {LINK_LEAVING, {true, true, true}},
    {LINK_INTERRUPTED, {false, true, true}},
    {LINK_MEMORY, {false, true, true}},
};

/* TLS that failed on the way, not because somebody judged a certificate. */
static const char *const passing_tls[] = {"TRUNCATED", "OTHER"};

struct retry_outcome retry_of_status(Liandong__V1__Code code) {
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
        if (statuses[i].code == code) return statuses[i].outcome;
    return (struct retry_outcome)FINAL;
}

struct retry_outcome retry_of_link(const struct link_error *error, bool sent) {
    struct retry_outcome outcome = FINAL;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        if (faults[i].fault == error->fault) outcome = faults[i].outcome;
    if (error->fault == LINK_HELLO_REFUSED && error->status) outcome = retry_of_status(error->status->code);
    for (size_t i = 0; error->fault == LINK_TLS && error->tls && i < sizeof passing_tls / sizeof *passing_tls; i++)
        if (strcmp(error->tls, passing_tls[i]) == 0) outcome = (struct retry_outcome){true, true, false};
    outcome.unknown = outcome.unknown && sent;
    outcome.renew = true;
    return outcome;
}

static uint32_t pause_ms(unsigned attempt, uint32_t first, uint32_t most, uint32_t asked_ms, double jitter) {
    uint32_t pause = first;
    while (attempt-- > 1 && pause < most) pause *= 2;
    if (pause > most) pause = most;
    pause -= (uint32_t)(jitter * pause / 2);
    return pause > asked_ms ? pause : asked_ms + (uint32_t)(jitter * asked_ms / 2);
}

uint32_t retry_pause_ms(unsigned attempt, uint32_t asked_ms, double jitter) {
    return pause_ms(attempt, 200, 5000, asked_ms, jitter);
}
uint32_t retry_watch_pause_ms(unsigned attempt, uint32_t asked_ms, double jitter) {
    return pause_ms(attempt, 1000, 10000, asked_ms, jitter);
}
