/* The first thing a stranger meets. Bytes are fed to a server and to a client, in pieces, at different stages of a
 * handshake: whatever they are, no plaintext comes before the peer is verified, and nothing is taken without end.
 * Input: choices (role and stage, seed of the cuts), bytes. */
#include "fuzz.h"
#include "certificates.h"
#include "common/tls.h"
#include "support.h"
#include <stdlib.h>
#include <string.h>

#define ROOM (1u << 20)

static struct tls_context *server_context, *client_context;

static void make_contexts(void) {
    struct tls_error error;
    struct authority *ca = authority_make("fuzz");
    const char *trusted = authority_write(ca, "ca.crt");
    const struct wish server = {.dns = "localhost", .server = true};
    const struct wish client = {.uris = {"liandong:device:fuzz"}, .client = true};
    const char *server_file = authority_issue(ca, &server, "server.crt", "server.key");
    const char *client_file = authority_issue(ca, &client, "client.crt", "client.key");
    struct tls_files files = {server_file, scratch_path("server.key"), trusted, NULL};
    server_context = tls_context_server(&files, &error);
    files = (struct tls_files){client_file, scratch_path("client.key"), trusted, NULL};
    client_context = tls_context_client(&files, &error);
    authority_free(ca);
    fuzz_require(server_context && client_context, "the contexts are made");
}

/* Moves what `from` wrote to `to`; no cuts. Returns what it answered in `answer`. */
static void move(struct buffer *from, struct tls *to, struct buffer *in, struct buffer *answer) {
    size_t used = 0;
    tls_feed(to, buffer_head(from), buffer_size(from), &used, in, answer);
    buffer_consume(from, used);
}

/* Brings both to the wanted stage: 0 nothing said, 1 the client said hello, 2 the server answered, 3 open. */
static void advance(struct tls *server, struct tls *client, unsigned stage, struct buffer *in) {
    struct buffer to_server, to_client;
    size_t used = 0;
    buffer_init(&to_server, ROOM);
    buffer_init(&to_client, ROOM);
    if (stage > 0) tls_feed(client, NULL, 0, &used, in, &to_server);
    if (stage > 1) move(&to_server, server, in, &to_client);
    if (stage > 2) {
        move(&to_client, client, in, &to_server);
        move(&to_server, server, in, &to_client);
        fuzz_require(tls_get_state(server) == TLS_OPEN && tls_get_state(client) == TLS_OPEN, "a good handshake is one");
    }
    buffer_free(&to_server);
    buffer_free(&to_client);
}

static void judge_end(const struct tls *t, enum tls_state state, bool was_open, const struct buffer *in) {
    fuzz_require(state == tls_get_state(t), "the state is told");
    fuzz_require((state == TLS_FAILED) == (tls_failure(t) != NULL), "a failure has a name, and only a failure");
    fuzz_require(was_open || state != TLS_OPEN, "nobody gets in without a certificate");
    fuzz_require(was_open || buffer_size(in) == 0, "no plaintext before the handshake");
    fuzz_require(tls_failure_detail(t) != NULL, "the detail is a text");
}

static void feed(struct tls *t, const uint8_t *data, size_t size, uint32_t seed) {
    struct buffer in, out;
    buffer_init(&in, 65536);
    buffer_init(&out, ROOM);
    bool was_open = tls_get_state(t) == TLS_OPEN;
    enum tls_state state = tls_get_state(t);
    for (size_t at = 0; at < size && (state == TLS_HANDSHAKE || state == TLS_OPEN);) {
        seed = seed * 1664525u + 1013904223u;
        size_t piece = seed >> 30 ? 1 + (seed >> 16) % 512 : size - at, used = 0;
        if (piece > size - at) piece = size - at;
        uint8_t *exact = fuzz_copy(data + at, piece, false);
        state = tls_feed(t, exact, piece, &used, &in, &out);
        free(exact);
        fuzz_require(used <= piece, "no more is taken than was given");
        fuzz_require(used == piece || state == TLS_FAILED || state == TLS_CLOSED,
                     "nothing is left lying while there is room");
        at += piece;
        judge_end(t, state, was_open, &in);
    }
    if (state == TLS_HANDSHAKE || state == TLS_OPEN) state = tls_end(t);
    judge_end(t, state, was_open, &in);
    buffer_free(&in);
    buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint8_t choice = fuzz_take(&data, &size);
    uint32_t seed = fuzz_take(&data, &size);
    if (!server_context) make_contexts();
    struct tls *server = tls_server(server_context), *client = tls_client(client_context, "localhost");
    struct buffer in;
    if (!server || !client) exit(1);
    buffer_init(&in, ROOM);
    advance(server, client, choice >> 1 & 3, &in);
    feed(choice & 1 ? client : server, data, size, seed);
    buffer_free(&in);
    tls_free(server);
    tls_free(client);
    return 0;
}
