#include "client/enrol.h"
#include "client/failure.h"
#include "client/host.h"
#include "client/labels.h"
#include "client/language.h"
#include "client/schema.h"
#include "client/value.h"
#include "common/ca.h"
#include "common/clock.h"
#include "common/invitation.h"
#include "common/secret.h"
#include "common/text.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_READ     65536u   /* more than any key file has */
#define RENEW_US     5000000u /* a command is not held up for longer */
#define SERVED_US    6000000u /* every server knows a new device within a second */
#define SERVED_STEP  200u     /* ms between looks whether it does */
#define TOKEN_TYPED  256u
#define ID_NAMESPACE "liandong enrol 1"

const struct flag enrol_flag_rows[ENROL_FLAG_ROWS] = {
    {"token", 0, FLAG_TEXT, offsetof(struct enrol_flags, token), N_("TOKEN"),
     N_("the enrolment token; asked for where it is not given")},
    {"token-fd", 0, FLAG_TEXT, offsetof(struct enrol_flags, token_fd), N_("NUMBER"),
     N_("read the token from this open descriptor")},
    {"renew", 0, FLAG_SWITCH, offsetof(struct enrol_flags, renew), NULL,
     N_("get a new certificate for the key that this terminal has")},
};

/* ---- what is kept */

/* A file of the profile's folder. */
static const char *place(struct client *client, const char *name) {
    char folder[HOST_PATH];
    if (!host_config_folder(folder, sizeof folder)) return NULL;
    return arena_printf(&client->arena, "%s/%s/%s", folder, client->profile, name);
}

static char *read_text(const char *path) {
    size_t size = 0;
    char *text = path ? host_read_file(path, KEY_READ, &size) : NULL;
    if (text && strlen(text) == size) return text;
    free(text);
    return NULL;
}

static void forget_text(char *text) {
    if (text) secret_wipe(text, strlen(text));
    free(text);
}

static int no_place(struct client *client, const char *path) {
    const char *what = arena_printf(&client->arena, _("can't write %s: %s"), path ? path : "?", language_errno(errno));
    return client_fail(client, EXIT_CODE_FAILED, what ? what : "",
                       _("make room, or let this user write there, then type the same command again"));
}

/* The key of a try that was cut off, or a new one, kept before it is used. */
static bool take_key(const char *path, char key[CA_KEY_PEM_MAX]) {
    uint8_t hash[CA_HASH];
    char *old = read_text(path);
    bool good = old && strlen(old) < CA_KEY_PEM_MAX && ca_key_hash(old, hash);
    if (good) memcpy(key, old, strlen(old) + 1);
    forget_text(old);
    return good || (path && ca_key_make(key) && host_replace_file(path, key, strlen(key)));
}

/* ---- the token */

static bool read_token(struct client *client, const struct enrol_flags *flags, struct invitation *out) {
    char line[TOKEN_TYPED] = "";
    bool got = true;
    if (flags->token) {
        got = strlen(flags->token) < sizeof line;
        if (got) memcpy(line, flags->token, strlen(flags->token) + 1);
    } else if (flags->token_fd) {
        char *end;
        long number = strtol(flags->token_fd, &end, 10);
        got =
            *flags->token_fd && !*end && number >= 0 && number < 1024 && host_read_line((int)number, line, sizeof line);
    } else {
        got = terminal_ask(&client->terminal, _("enrolment token: "), line, sizeof line);
    }
    bool good = got && invitation_parse(out, line);
    secret_wipe(line, sizeof line);
    if (good) return true;
    client_fail(client, EXIT_CODE_USAGE,
                got ? _("this is no enrolment token, or it was mistyped") : _("no enrolment token was given"),
                _("copy the whole of it, 13 groups of four characters, from what the administrator's liandong device "
                  "invite printed"));
    return false;
}

/* Of token and key: the same try again is the same request. */
static void make_id(uint8_t id[UUID_SIZE], const struct invitation *token, const uint8_t key[CA_HASH]) {
    uint8_t bytes[sizeof ID_NAMESPACE + INVITATION_SECRET + CA_HASH], digest[32];
    memcpy(bytes, ID_NAMESPACE, sizeof ID_NAMESPACE);
    memcpy(bytes + sizeof ID_NAMESPACE, token->secret, INVITATION_SECRET);
    memcpy(bytes + sizeof ID_NAMESPACE + INVITATION_SECRET, key, CA_HASH);
    secret_hash(digest, bytes, sizeof bytes);
    memcpy(id, digest, UUID_SIZE);
    id[6] = (uint8_t)(0x80 | (id[6] & 0x0f)); /* version 8: of our own making, RFC 9562 5.8 */
    id[8] = (uint8_t)(0x80 | (id[8] & 0x3f));
    secret_wipe(bytes, sizeof bytes);
}

/* ---- what the server answered */

static bool fits(const Liandong__V1__Enrolment *e, const uint8_t key[CA_HASH], const char *authority) {
    struct ca_facts facts;
    static const char prefix[] = "liandong:device:";
    return e->certificate && e->device && text_is_code(e->device) && ca_certificate_facts(e->certificate, &facts) &&
           memcmp(facts.key, key, CA_HASH) == 0 && strncmp(facts.uri, prefix, sizeof prefix - 1) == 0 &&
           strcmp(facts.uri + sizeof prefix - 1, e->device) == 0 && ca_certificate_is_from(e->certificate, authority) &&
           facts.not_after > clock_now_ms();
}

static int wrong_answer(struct client *client) {
    return client_fail(client, EXIT_CODE_FAILED,
                       _("the server's certificate for this terminal does not fit key, authority or date"),
                       _("look at this computer's clock, then tell the administrator; nothing was changed here"));
}

/* ---- enrol: keeping it */

struct kept {
    const char *ca, *cert, *key; /* paths */
};

static bool assign(struct options *o, struct client *client, const char *key, const char *value,
                   struct settings_error *error) {
    const char *text = arena_printf(&client->arena, "%s=%s", key, value);
    return text && options_assign(o, text, error);
}

/* The profile's file is what makes the new files count. */
static bool keep_settings(struct client *client, const struct kept *k, struct settings_error *error) {
    struct options o;
    bool good = options_load_file(&o, client->profile, error) &&
                assign(&o, client, "server", client->options.server, error) && assign(&o, client, "ca", k->ca, error) &&
                assign(&o, client, "cert", k->cert, error) && assign(&o, client, "key", k->key, error) &&
                options_save(&o, client->profile, error);
    options_release(&o);
    return good;
}

static void remove_old(struct client *client, const char *old, const char *fresh) {
    const char *folder = place(client, "");
    if (folder && old && *old && strcmp(old, fresh) != 0 && strncmp(old, folder, strlen(folder)) == 0) remove(old);
    errno = 0;
}

static int keep(struct client *client, const Liandong__V1__Enrolment *e, const char *key, const char *authority,
                struct kept *k) {
    struct settings_error error = {.text = ""};
    struct options before;
    char serial[9], pin[9];
    struct ca_facts facts;
    text_hex(serial, e->serial.data, 4);
    if (!ca_certificate_facts(authority, &facts)) return wrong_answer(client);
    text_hex(pin, facts.key, 4);
    const char *base = arena_printf(&client->arena, "%s-%s", e->device, serial);
    const char *ca = arena_printf(&client->arena, "ca-%s.crt", pin);
    if (base && ca)
        *k = (struct kept){place(client, ca), place(client, arena_printf(&client->arena, "%s.crt", base)),
                           place(client, arena_printf(&client->arena, "%s.key", base))};
    if (!k->ca || !k->cert || !k->key) return client_fail(client, EXIT_CODE_FAILED, _("out of memory"), NULL);
    bool known = options_load_file(&before, client->profile, &error);
    const char *failed = !host_replace_file(k->ca, authority, strlen(authority))               ? k->ca
                         : !host_replace_file(k->cert, e->certificate, strlen(e->certificate)) ? k->cert
                         : !host_replace_file(k->key, key, strlen(key))                        ? k->key
                                                                                               : NULL;
    int code = failed ? no_place(client, failed) : EXIT_CODE_OK;
    if (code == EXIT_CODE_OK && !keep_settings(client, k, &error))
        code = client_fail(client, EXIT_CODE_FAILED, value_clean(&client->arena, error.text, true),
                           _("make room, or let this user write there, then type the same command again"));
    if (code == EXIT_CODE_OK && known) {
        remove_old(client, before.key, k->key);
        remove_old(client, before.cert, k->cert);
        remove_old(client, before.ca, k->ca);
    }
    options_release(&before);
    return code;
}

/* Every server reads the directory anew within a second. */
static bool is_served(struct client *client, const struct kept *k, bool *login) {
    struct tls_files files = {.certificate = k->cert, .key = k->key, .ca = k->ca};
    struct tls_error error;
    struct link_error why;
    struct caller c = {.client = client, .locale = language_is_chinese() ? "zh_CN" : "en"};
    uint64_t end = clock_monotonic_us() + SERVED_US;
    bool served = false;
    link_init(&c.link);
    c.context = tls_context_client(&files, &error);
    while (c.context && !served && clock_monotonic_us() < end) {
        served = caller_reconnect(&c, end, &why);
        if (!served && !host_wait_ms(SERVED_STEP)) break;
    }
    *login = served && c.link.hello && c.link.hello->login_needed;
    caller_close(&c);
    return served;
}

static int welcome(struct client *client, const Liandong__V1__Enrolment *e, const struct kept *k) {
    char until[CLOCK_TEXT_SIZE];
    bool login = false;
    clock_print(until, e->valid_until);
    client_say(client, _("this terminal is enrolled: %s, %s; its certificate is valid until %s and renews itself"),
               value_clean(&client->arena, e->device, true), value_clean(&client->arena, e->office_name, true), until);
    client_say(client, _("key, certificate and authority are kept beside profile %s"), client->profile);
    bool served = is_served(client, k, &login);
    if (!served) client_say(client, "%s", _("the server does not serve this terminal yet; look again in a minute"));
    client_say(client, _("next: %s"), login ? "liandong login" : "liandong status");
    return EXIT_CODE_OK;
}

/* ---- enrol */

static int refuse_second(struct client *client, const struct command *command) {
    const struct options *o = &client->options;
    if (command->globals.yes || !*o->cert || !host_exists(o->cert)) return EXIT_CODE_OK;
    const char *what =
        arena_printf(&client->arena, _("profile %s has a certificate already: %s"), client->profile, o->cert);
    return client_fail(client, EXIT_CODE_USAGE, what ? what : "",
                       _("liandong enrol --renew renews it; --yes replaces it; -p NAME makes another profile"));
}

static int not_done(struct client *client, const struct command *command, const struct call_result *result) {
    const char *tls = result->status ? NULL : result->error.tls;
    if (result->end == CALL_UNKNOWN)
        return client_fail(
            client, EXIT_CODE_UNKNOWN, _("the answer did not come: it may have been done, or not"),
            _("type the same command again, on this computer: whatever happened, it is carried out once"));
    if (tls && strcmp(tls, "NO_COMMON_PROTOCOL") == 0)
        return client_fail(
            client, EXIT_CODE_UNREACHABLE, _("this server enrols no terminals"),
            _("check --server; where an outside authority certifies, ask the administrator for the files"));
    return failure_print(client, command, result);
}

/* Asks on an open connection, checks and keeps. */
static int ask(struct caller *c, const struct command *command, const struct invitation *token, char *key) {
    struct client *client = c->client;
    struct call_result result = {.end = CALL_UNREACHABLE};
    Liandong__V1__EnrolDevice body = LIANDONG__V1__ENROL_DEVICE__INIT;
    uint8_t request[CA_REQUEST_MAX], hash[CA_HASH], id[UUID_SIZE];
    char authority[CA_PEM_MAX];
    struct kept k = {NULL, NULL, NULL};
    if (!ca_request_make(key, request, &body.certificate_request.len) || !ca_key_hash(key, hash))
        return client_fail(client, EXIT_CODE_FAILED, _("out of memory"), NULL);
    if (!caller_connect(c, caller_deadline(c), &result.error)) {
        result.status = result.error.status;
        return not_done(client, command, &result);
    }
    if (!tls_authority(c->link.tls, authority, sizeof authority)) return wrong_answer(client);
    make_id(id, token, hash);
    body.has_token = body.has_certificate_request = true;
    body.token = (ProtobufCBinaryData){INVITATION_SECRET, (uint8_t *)(uintptr_t)token->secret};
    body.certificate_request.data = request;
    caller_call(c, schema_request("enrol_device"), &body.base, id, caller_deadline(c), &client->arena, &result);
    if (result.end != CALL_DONE) return not_done(client, command, &result);
    const Liandong__V1__Enrolment *e = (const Liandong__V1__Enrolment *)(const void *)result.reply;
    if (!fits(e, hash, authority) || e->serial.len < 4) return wrong_answer(client);
    int code = keep(client, e, key, authority, &k);
    return code == EXIT_CODE_OK ? welcome(client, e, &k) : code;
}

static int enrol(struct client *client, const struct command *command) {
    struct invitation token;
    struct tls_error error;
    char key[CA_KEY_PEM_MAX] = "";
    const char *pending = place(client, "enrolling.key");
    int code = refuse_second(client, command);
    if (code != EXIT_CODE_OK) return code;
    if (!read_token(client, command->own, &token)) return EXIT_CODE_USAGE;
    if (!take_key(pending, key)) return no_place(client, pending);
    struct caller c = {.client = client, .locale = language_is_chinese() ? "zh_CN" : "en"};
    link_init(&c.link);
    c.context = tls_context_pinned(token.pin, sizeof token.pin, &error);
    code = c.context ? ask(&c, command, &token, key) : client_fail(client, EXIT_CODE_FAILED, error.text, NULL);
    caller_close(&c);
    secret_wipe(key, sizeof key);
    secret_wipe(&token, sizeof token);
    if (code == EXIT_CODE_OK) remove(pending);
    return code;
}

/* ---- renewal */

/* NULL, or what went wrong; *result says more where it was the server's word. */
static const char *renew(struct caller *c, uint64_t deadline_us, struct call_result *result) {
    const struct options *o = &c->client->options;
    Liandong__V1__RenewDevice body = LIANDONG__V1__RENEW_DEVICE__INIT;
    uint8_t request[CA_REQUEST_MAX], hash[CA_HASH];
    char *key = read_text(o->key), *authority = read_text(o->ca);
    const char *why = NULL;
    if (!key || !authority || !ca_key_hash(key, hash) || !ca_request_make(key, request, &body.certificate_request.len))
        why = _("the key or the authority's certificate can't be read");
    if (!why) {
        body.has_certificate_request = true;
        body.certificate_request.data = request;
        caller_call(c, schema_request("renew_device"), &body.base, NULL, deadline_us, &c->client->arena, result);
        const Liandong__V1__Enrolment *e = (const Liandong__V1__Enrolment *)(const void *)result->reply;
        if (result->end != CALL_DONE)
            why = result->status
                      ? failure_status_text(&c->client->arena, result->status, failure_tells_codes(c->client))
                      : failure_link_text(&c->client->arena, &result->error, failure_tells_codes(c->client));
        else if (!fits(e, hash, authority))
            why = _("the server's certificate for this terminal does not fit key, authority or date");
        else if (!host_replace_file(o->cert, e->certificate, strlen(e->certificate)))
            why = language_errno(errno);
    }
    forget_text(key);
    free(authority);
    return why;
}

static void say_renewed(struct client *client, const struct call_result *result) {
    char until[CLOCK_TEXT_SIZE];
    clock_print(until, ((const Liandong__V1__Enrolment *)(const void *)result->reply)->valid_until);
    client_say(client, _("the certificate of this terminal was renewed; it is valid until %s"), until);
}

/* For the connections to come: a watch lives for months. */
static void reload(struct caller *c) {
    const struct options *o = &c->client->options;
    struct tls_files files = {.certificate = o->cert, .key = o->key, .ca = o->ca};
    struct tls_error error;
    struct tls_context *fresh = tls_context_client(&files, &error);
    if (!fresh) return;
    tls_context_free(c->context); /* the open connection holds it */
    c->context = fresh;
}

void enrol_renew_when_due(struct caller *c) {
    struct call_result result = {.end = CALL_UNREACHABLE};
    int64_t start = tls_context_start(c->context), end = tls_context_expiry(c->context), now = clock_now_ms();
    if (now < start + (end - start) / 3 * 2 || !link_is_open(&c->link) || host_interrupted()) return;
    const char *why = renew(c, clock_monotonic_us() + RENEW_US, &result);
    bool elsewhere =
        result.status && result.status->reason && strcmp(result.status->reason, "ENROLMENT_ELSEWHERE") == 0;
    if (!why) {
        say_renewed(c->client, &result);
        reload(c);
    } else if (!elsewhere)
        client_say(c->client,
                   _("note: the certificate of this terminal could not be renewed yet (%s); the next "
                     "command tries again"),
                   why);
}

static int renew_now(struct client *client, struct command *command) {
    struct caller c;
    struct call_result result = {.end = CALL_UNREACHABLE};
    int code = caller_open(&c, client);
    c.has_token = false; /* the terminal itself asks */
    if (code == EXIT_CODE_OK) {
        const char *why = renew(&c, caller_deadline(&c), &result);
        if (!why)
            say_renewed(client, &result);
        else if (result.end != CALL_DONE && (result.status || result.error.fault != LINK_FINE))
            code = not_done(client, command, &result);
        else
            code = client_fail(client, EXIT_CODE_FAILED, why, "liandong profile show");
    }
    caller_close(&c);
    return code;
}

int enrol_run(struct client *client, struct command *command) {
    const struct enrol_flags *flags = command->own;
    return flags->renew ? renew_now(client, command) : enrol(client, command);
}

void enrol_tell_invitation(struct client *client, const Liandong__V1__Invitation *i) {
    char until[CLOCK_TEXT_SIZE];
    if (!i->token) return;
    clock_print(until, i->until);
    client_say(client, _("type this on terminal %s before %s; it works once:"),
               value_clean(&client->arena, i->device, true), until);
    client_say(client, "  liandong enrol --server %s --token %s", client->options.server,
               value_clean(&client->arena, i->token, true));
    if (i->replaces)
        client_say(client, "%s",
                   _("a terminal of this name is there: its present key counts no more once this is used"));
}
