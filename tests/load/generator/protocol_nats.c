/* NATS core (no storage, no resume) and JetStream: file store, one ephemeral push consumer per watcher without
 * acknowledgements, with flow control and heartbeats, which is what client libraries call an ordered consumer. */
#include "crowd.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS        6
#define SID_EVENTS   1
#define SID_ANSWERS  9
#define FLOW_CONTROL "NATS/1.0 100 Flow"

static void say_connect(struct connection *c) {
    connection_printf(
        c, "CONNECT {\"verbose\":false,\"pedantic\":false,\"tls_required\":true,\"lang\":\"c\",\"version\":\"1\","
           "\"protocol\":1,\"headers\":true,\"no_responders\":true}\r\n");
}

static void hello_core(struct connection *c) {
    say_connect(c);
    if (c->role != ROLE_REPORTER) connection_printf(c, "SUB feed %d\r\n", SID_EVENTS);
    connection_printf(c, "PING\r\n");
}

static void ask(struct connection *c, const char *subject, const char *json) {
    connection_printf(c, "PUB $JS.API.%s _R.%" PRIx64 ".%u %zu\r\n%s\r\n", subject, c->crowd->tag, c->number,
                      strlen(json), json);
}

static void create_stream(struct connection *c) {
    ask(c, "STREAM.CREATE.FEED",
        "{\"name\":\"FEED\",\"subjects\":[\"feed\"],\"retention\":\"limits\",\"max_consumers\":-1,\"max_msgs\":-1,"
        "\"max_bytes\":-1,\"max_age\":0,\"max_msg_size\":-1,\"discard\":\"old\",\"storage\":\"file\",\"num_replicas\":"
        "1,"
        "\"duplicate_window\":120000000000}");
}

static void create_consumer(struct connection *c) {
    const struct start *start = &c->crowd->start;
    char from[80] = "\"deliver_policy\":\"new\"", json[600];
    if (start->kind == START_OLDEST) snprintf(from, sizeof from, "\"deliver_policy\":\"all\"");
    if (start->kind == START_CURSOR)
        snprintf(from, sizeof from, "\"deliver_policy\":\"by_start_sequence\",\"opt_start_seq\":%" PRIu64,
                 start->sequence);
    connection_printf(c, "SUB _D.%" PRIx64 ".%u %d\r\n", c->crowd->tag, c->number, SID_EVENTS);
    snprintf(json, sizeof json,
             "{\"stream_name\":\"FEED\",\"config\":{\"deliver_subject\":\"_D.%" PRIx64
             ".%u\",%s,\"ack_policy\":\"none\","
             "\"replay_policy\":\"instant\",\"max_deliver\":1,\"flow_control\":true,\"idle_heartbeat\":5000000000,"
             "\"mem_storage\":true,\"num_replicas\":1}}",
             c->crowd->tag, c->number, from);
    ask(c, "CONSUMER.CREATE.FEED", json);
}

static void hello_jetstream(struct connection *c) {
    say_connect(c);
    connection_printf(c, "SUB _R.%" PRIx64 ".%u %d\r\n", c->crowd->tag, c->number, SID_ANSWERS);
    if (c->role == ROLE_REPORTER)
        create_stream(c);
    else
        create_consumer(c);
}

static void put_body(struct connection *c, uint32_t index) {
    size_t size;
    const uint8_t *body = protocol_body(c, index, &size);
    connection_printf(c, " %zu\r\n", size);
    connection_put(c, body, size);
    connection_put(c, "\r\n", 2);
}

/* Core NATS acknowledges nothing: a report counts as acknowledged when it is sent. */
static void report_core(struct connection *c, uint32_t index) {
    connection_put(c, "PUB feed", 8);
    put_body(c, index);
    crowd_acknowledged(c);
}

static void report_jetstream(struct connection *c, uint32_t index) {
    connection_printf(c, "PUB feed _R.%" PRIx64 ".%u", c->crowd->tag, c->number);
    put_body(c, index);
}

static void take_answer(struct connection *c, const uint8_t *json, size_t size) {
    static const char sequence[] = "\"seq\":";
    if (memmem(json, size, "\"error\"", 7)) {
        char what[200];
        snprintf(what, sizeof what, "%.*s", (int)size, (const char *)json);
        crowd_fault(c, what);
    }
    if (c->state_now != CONNECTION_READY) {
        crowd_ready(c);
        crowd_live(c);
        return;
    }
    const uint8_t *found = memmem(json, size, sequence, sizeof sequence - 1);
    if (found) c->crowd->last_sequence = strtoull((const char *)found + sizeof sequence - 1, NULL, 10);
    crowd_acknowledged(c);
}

/* MSG subject sid [reply] size, HMSG subject sid [reply] header-size size; then the bytes. False: not all there yet. */
static bool take_message(struct connection *c, const uint8_t *line, const uint8_t *end, const uint8_t *limit,
                         size_t *taken) {
    const char *words[WORDS];
    size_t lengths[WORDS];
    int count = 0;
    for (const uint8_t *at = line; at < end && count < WORDS;) {
        const uint8_t *word = at;
        while (at < end && *at != ' ' && *at != '\r') at++;
        words[count] = (const char *)word;
        lengths[count++] = (size_t)(at - word);
        while (at < end && (*at == ' ' || *at == '\r')) at++;
    }
    bool headed = *line == 'H';
    if (count < (headed ? 5 : 4)) {
        crowd_fault(c, "a message line with too few words");
        *taken = (size_t)(end - line) + 1;
        return true;
    }
    size_t size = strtoul(words[count - 1], NULL, 10), header = headed ? strtoul(words[count - 2], NULL, 10) : 0;
    const uint8_t *body = end + 1;
    if ((size_t)(limit - body) < size + 2) return false;
    *taken = (size_t)(body - line) + size + 2;
    if (headed && count == WORDS && size >= sizeof FLOW_CONTROL - 1 &&
        !memcmp(body, FLOW_CONTROL, sizeof FLOW_CONTROL - 1))
        connection_printf(c, "PUB %.*s 0\r\n\r\n", (int)lengths[3], words[3]);
    else if (strtol(words[2], NULL, 10) == SID_ANSWERS)
        take_answer(c, body + header, size - header);
    else
        protocol_deliver_body(c, body + header, size - header);
    return true;
}

static size_t parse(struct connection *c, const uint8_t *bytes, size_t size) {
    const uint8_t *at = bytes, *limit = bytes + size, *end;
    while (at < limit && (end = memchr(at, '\n', (size_t)(limit - at)))) {
        size_t taken = (size_t)(end - at) + 1;
        if (*at == 'M' || *at == 'H') {
            if (!take_message(c, at, end, limit, &taken)) break;
        } else if (taken > 2 && !memcmp(at, "PI", 2)) {
            connection_put(c, "PONG\r\n", 6);
        } else if (*at == 'P' && c->crowd->options.protocol == &protocol_nats) {
            crowd_ready(c);
            crowd_live(c);
        } else if (*at == '-') {
            crowd_fault(c, "-ERR");
        }
        at += taken;
    }
    return (size_t)(at - bytes);
}

const struct protocol protocol_nats = {
    .name = "nats", .greets = true, .hello = hello_core, .report = report_core, .parse = parse};
const struct protocol protocol_jetstream = {
    .name = "jetstream", .greets = true, .hello = hello_jetstream, .report = report_jetstream, .parse = parse};
