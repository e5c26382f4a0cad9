#include "net/hub_metrics.h"
#include <string.h>

#define HANDSHAKE(word) "liandong_handshakes_total{result=\"" word "\"}"
#define REFUSAL(word)   "liandong_connections_refused_total{reason=\"" word "\"}"
#define STATE(word)     "liandong_connections{state=\"" word "\"}"

struct word {
    const char *word, *name;
};

/* The last one of each table stands for every word that is not in it. */
static const struct word handshakes[HANDSHAKE_RESULTS] = {
    {"OK", HANDSHAKE("OK")},
    {"CERTIFICATE_REQUIRED", HANDSHAKE("CERTIFICATE_REQUIRED")},
    {"CERTIFICATE_EXPIRED", HANDSHAKE("CERTIFICATE_EXPIRED")},
    {"CERTIFICATE_REVOKED", HANDSHAKE("CERTIFICATE_REVOKED")},
    {"CERTIFICATE_UNKNOWN", HANDSHAKE("CERTIFICATE_UNKNOWN")},
    {"UNKNOWN_CA", HANDSHAKE("UNKNOWN_CA")},
    {"BAD_CERTIFICATE", HANDSHAKE("BAD_CERTIFICATE")},
    {"NAME_MISMATCH", HANDSHAKE("NAME_MISMATCH")},
    {"NO_COMMON_PROTOCOL", HANDSHAKE("NO_COMMON_PROTOCOL")},
    {"OLD_VERSION", HANDSHAKE("OLD_VERSION")},
    {"NOT_TLS", HANDSHAKE("NOT_TLS")},
    {"TRUNCATED", HANDSHAKE("TRUNCATED")},
    {"TIMEOUT", HANDSHAKE("TIMEOUT")},
    {"PRESSED", HANDSHAKE("PRESSED")},
    {"GONE", HANDSHAKE("GONE")},
    {"STOPPED", HANDSHAKE("STOPPED")},
    {"OTHER", HANDSHAKE("OTHER")},
};
static const struct word refusals[REFUSALS] = {
    {"TOO_MANY_CONNECTIONS", REFUSAL("TOO_MANY_CONNECTIONS")},
    {"NO_DESCRIPTORS", REFUSAL("NO_DESCRIPTORS")},
    {"NO_MEMORY", REFUSAL("NO_MEMORY")},
    {"STOPPING", REFUSAL("STOPPING")},
    {"OTHER", REFUSAL("OTHER")},
};
static const char *const state_names[CONN_STATES] = {
    [CONN_HANDSHAKE] = STATE("handshake"), [CONN_HELLO] = STATE("hello"),     [CONN_SERVING] = STATE("serving"),
    [CONN_LEAVING] = STATE("leaving"),     [CONN_CLOSING] = STATE("closing"),
};

static void add_words(struct metric *metric, const struct word *words, size_t count, const char *help,
                      struct metrics *registry) {
    for (size_t i = 0; i < count; i++) {
        metric[i] = (struct metric){.name = words[i].name, .help = i ? NULL : help, .type = METRIC_COUNTER};
        metrics_add(registry, &metric[i]);
    }
}

void hub_metrics_init(struct hub_metrics *m, struct metrics *registry) {
    memset(m, 0, sizeof *m);
    for (size_t i = 0; i < CONN_STATES; i++) {
        m->states[i] =
            (struct metric){.name = state_names[i], .help = i ? NULL : "Connections by state.", .type = METRIC_GAUGE};
        metrics_add(registry, &m->states[i]);
    }
    add_words(m->handshakes, handshakes, HANDSHAKE_RESULTS, "TLS handshakes by result.", registry);
    add_words(m->refusals, refusals, REFUSALS, "Connections refused before a handshake, by reason.", registry);
    m->bytes_in = (struct metric){
        .name = "liandong_bytes_received_total", .help = "Ciphertext from clients.", .type = METRIC_COUNTER};
    m->bytes_out = (struct metric){
        .name = "liandong_bytes_sent_total", .help = "Ciphertext the kernel took.", .type = METRIC_COUNTER};
    m->blocked = (struct metric){.name = "liandong_writes_blocked_total",
                                 .help = "Writes the kernel did not take whole.",
                                 .type = METRIC_COUNTER};
    m->tick = (struct metric){.name = "liandong_loop_tick_seconds",
                              .help = "Time the loop worked between two sleeps.",
                              .type = METRIC_HISTOGRAM};
    metrics_add(registry, &m->bytes_in);
    metrics_add(registry, &m->bytes_out);
    metrics_add(registry, &m->blocked);
    metrics_add(registry, &m->tick);
}

static size_t find(const struct word *words, size_t count, const char *word) {
    size_t i = 0;
    while (i < count - 1 && strcmp(words[i].word, word) != 0) i++;
    return i;
}
void hub_metrics_handshake(struct hub_metrics *m, const char *result) {
    m->handshakes[find(handshakes, HANDSHAKE_RESULTS, result)].value++;
}
void hub_metrics_refusal(struct hub_metrics *m, const char *reason) {
    m->refusals[find(refusals, REFUSALS, reason)].value++;
}
