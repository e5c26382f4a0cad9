#include "client/call.h"
#include "client/failure.h"
#include "client/heads.h"
#include "client/host.h"
#include "client/language.h"
#include "client/office_find.h"
#include "client/retry.h"
#include "client/schema.h"
#include "common/ca.h"
#include "common/clock.h"
#include "common/secret.h"
#include "common/wire.h"
#include <stdlib.h>
#include <string.h>

#define CERTIFICATE_MOST 65536u
#define DAY_MS           INT64_C(86400000)

static int check_expiry(struct client *client, int64_t expires_at) {
    static const int warnings[] = {1, 7, 14};
    char when[CLOCK_TEXT_SIZE];
    int64_t left = expires_at - client->now;
    clock_print(when, expires_at);
    if (left <= 0) {
        const char *what = arena_printf(&client->arena, _("the certificate of this terminal expired on %s"), when);
        return client_fail(client, EXIT_CODE_CERTIFICATE, what ? what : "", failure_new_certificate());
    }
    for (size_t i = 0; i < sizeof warnings / sizeof *warnings; i++) {
        if (left > warnings[i] * DAY_MS) continue;
        const char *tone = i == 0 ? _("URGENT: the certificate of this terminal expires on %s, in less than a day")
                                  : _("note: the certificate of this terminal expires on %s");
        client_say(client, tone, when);
        client_say(client, _("next: %s"), "liandong enrol --renew");
        break;
    }
    return EXIT_CODE_OK;
}

/* When a certificate file's first one expires; INT64_MAX where it can't be told. */
static int64_t expiry_of(const char *path) {
    struct ca_facts facts;
    size_t size = 0;
    char *pem = host_read_file(path, CERTIFICATE_MOST, &size);
    int64_t expiry = pem && ca_certificate_facts(pem, &facts) ? facts.not_after : INT64_MAX;
    free(pem);
    return expiry;
}

int caller_open(struct caller *c, struct client *client) {
    const struct options *o = &client->options;
    struct tls_error error;
    int64_t expiry;
    *c = (struct caller){.client = client, .locale = language_is_chinese() ? "zh_CN" : "en"};
    link_init(&c->link);
    if (!*o->ca || !*o->cert || !*o->key) {
        const char *missing = !*o->ca ? "ca" : !*o->cert ? "cert" : "key";
        const char *what =
            arena_printf(&client->arena, _("this terminal has no certificate: --%s is not set (profile %s)"), missing,
                         client->profile);
        return client_fail(client, EXIT_CODE_CERTIFICATE, what ? what : "",
                           "liandong profile set server=HOST:PORT ca=ca.crt cert=terminal.crt key=terminal.key");
    }
    struct tls_files files = {.certificate = o->cert, .key = o->key, .ca = o->ca};
    c->context = tls_context_client(&files, &error);
    if (!c->context && (expiry = expiry_of(o->cert)) <= client->now) return check_expiry(client, expiry);
    if (!c->context)
        return client_fail(client, EXIT_CODE_CERTIFICATE, value_clean(&client->arena, error.text, true),
                           _("look at the files that --ca, --cert and --key name (liandong profile show); where one is "
                             "damaged, ask the administrator for a new one"));
    c->has_token = login_token(client, c->token);
    return check_expiry(client, tls_context_expiry(c->context));
}

void caller_close(struct caller *c) {
    link_close(&c->link);
    if (c->context) tls_context_free(c->context);
    c->context = NULL;
    secret_wipe(c->token, sizeof c->token);
}

uint64_t caller_deadline(const struct caller *c) {
    return clock_monotonic_us() + (uint64_t)c->client->options.timeout * 1000;
}

bool caller_reconnect(struct caller *c, uint64_t deadline_us, struct link_error *error) {
    const struct link_hello hello = {.locale = c->locale, .token = c->has_token ? c->token : NULL};
    return link_open(&c->link, c->context, c->client->options.server, &hello, deadline_us, error);
}

bool caller_connect(struct caller *c, uint64_t deadline_us, struct link_error *error) {
    if (link_is_open(&c->link) && !c->link.leaving) return true;
    if (!caller_reconnect(c, deadline_us, error)) return false;
    heads_greet(c, deadline_us);
    return true;
}

static bool is_long(const Liandong__V1__ToServer *message) {
    return message->body_case == LIANDONG__V1__TO_SERVER__BODY_VERIFY_FEED ||
           message->body_case == LIANDONG__V1__TO_SERVER__BODY_VERIFY_AUDIT ||
           message->body_case == LIANDONG__V1__TO_SERVER__BODY_PROVE_HEADS;
}

/* One try on the open connection. True: an answer, result->reply or ->status. False: result->error. */
static bool attempt(struct caller *c, Liandong__V1__ToServer *message, uint64_t deadline_us, struct arena *arena,
                    struct call_result *result) {
    uint64_t now = clock_monotonic_us();
    uint64_t until = is_long(message)                      ? now + CALL_LONG_US
                     : deadline_us - now < CALL_ATTEMPT_US ? deadline_us
                                                           : now + CALL_ATTEMPT_US;
    message->has_call = message->has_deadline_ms = true;
    message->call = c->link.next_call++;
    message->deadline_ms = (uint32_t)((until - now) / 1000) + 1;
    if (!link_send(&c->link, message, until, &result->error)) return false;
    for (;;) {
        const Liandong__V1__ToClient *reply = link_receive(&c->link, arena, until, &result->error);
        if (!reply && result->error.fault == LINK_LEAVING) continue; /* what is in flight is still served */
        if (!reply) return false;
        if (!reply->has_call || reply->call != message->call) continue; /* the late answer of a call given up */
        const ProtobufCFieldDescriptor *field;
        ProtobufCMessage *body = NULL;
        result->status = reply->status;
        result->reply =
            !reply->status && wire_body(&reply->base, &field, &body) && field->id == (uint32_t)message->body_case
                ? body
                : NULL;
        if (result->status || result->reply) return true;
        result->error = (struct link_error){.fault = LINK_PROTOCOL};
        return false;
    }
}

/* Says what happened and waits. False where Ctrl-C came or there is no time left for another try. */
static bool pause_before(struct caller *c, const struct call_result *result, unsigned tries, uint64_t deadline_us) {
    uint32_t asked = result->status ? result->status->retry_after_ms : 0;
    uint32_t pause = retry_pause_ms(tries, asked, host_jitter());
    uint64_t now = clock_monotonic_us();
    if (now + (uint64_t)pause * 1000 >= deadline_us) return false;
    struct arena *arena = &c->client->scratch;
    bool codes = failure_tells_codes(c->client);
    const char *why = result->status ? failure_status_text(arena, result->status, codes)
                                     : failure_link_text(arena, &result->error, codes);
    client_say(c->client, _("%s; trying again in %.1f s (%.0f s left)"), why, pause / 1000.0,
               (double)(deadline_us - now) / 1e6);
    arena_reset(arena);
    return host_wait_ms(pause);
}

static enum call_end end_without_answer(const struct call_result *result, bool unknown) {
    if (unknown) return CALL_UNKNOWN;
    return result->interrupted ? CALL_INTERRUPTED : CALL_UNREACHABLE;
}

void caller_call(struct caller *c, const ProtobufCFieldDescriptor *request, ProtobufCMessage *body,
                 const uint8_t *request_id, uint64_t deadline_us, struct arena *arena, struct call_result *result) {
    Liandong__V1__ToServer message = LIANDONG__V1__TO_SERVER__INIT;
    bool writes = schema_writes(request), unknown = false;
    *result = (struct call_result){.has_request_id = writes || request_id};
    if (request_id) memcpy(result->request_id, request_id, UUID_SIZE);
    if (writes && !request_id && !uuid_make(result->request_id)) {
        result->end = CALL_UNREACHABLE;
        result->error = (struct link_error){.fault = LINK_MEMORY, .detail = "no randomness"};
        return;
    }
    message.has_request_id = result->has_request_id;
    message.request_id = (ProtobufCBinaryData){UUID_SIZE, result->request_id};
    wire_set_body(&message.base, request, body);

    for (unsigned tries = 1;; tries++) {
        struct retry_outcome outcome;
        result->status = NULL;
        bool connected = caller_connect(c, deadline_us, &result->error);
        if (connected && clock_monotonic_us() >= deadline_us) {
            result->error = (struct link_error){.fault = LINK_TIMEOUT};
            connected = false;
        }
        bool ready = connected && office_find(c, request, body, deadline_us, arena, result);
        if (ready && (result->status || attempt(c, &message, deadline_us, arena, result))) {
            if (!result->status) {
                result->end = CALL_DONE;
                return;
            }
            outcome = retry_of_status(result->status->code);
            if (!outcome.again) {
                result->end = CALL_REFUSED;
                return;
            }
        } else {
            outcome = retry_of_link(&result->error, ready);
            if (result->error.fault == LINK_HELLO_REFUSED) result->status = result->error.status;
        }
        unknown = unknown || (outcome.unknown && writes);
        result->interrupted = host_interrupted() != 0;
        if (!outcome.again && result->status && !unknown) {
            result->end = CALL_REFUSED; /* at the hello */
            return;
        }
        if (!outcome.again || result->interrupted || !pause_before(c, result, tries, deadline_us)) {
            result->interrupted = host_interrupted() != 0;
            result->end = end_without_answer(result, unknown);
            return;
        }
        if (outcome.renew) link_close(&c->link);
    }
}
