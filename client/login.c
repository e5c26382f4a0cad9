#include "client/login.h"
#include "client/call.h"
#include "client/failure.h"
#include "client/host.h"
#include "client/labels.h"
#include "client/language.h"
#include "client/request.h"
#include "client/schema.h"
#include "client/terminal.h"
#include "client/value.h"
#include "common/clock.h"
#include "common/secret.h"
#include "common/text.h"
#include "common/wire.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER      "liandong-login 1 "
#define SECRET_MOST 256u

const struct flag login_flag_rows[LOGIN_FLAG_ROWS] = {
    {"secret-fd", 0, FLAG_TEXT, offsetof(struct login_flags, secret_fd), N_("NUMBER"),
     N_("read passwords and codes from this open descriptor, a line each, instead of asking")},
    {"with-code", 0, FLAG_SWITCH, offsetof(struct login_flags, with_code), NULL,
     N_("log in with a one-use code and set a new password")},
};

/* ---- the kept token */

static bool token_path(const struct client *client, char *out, size_t room) {
    const struct options *o = &client->options;
    char folder[HOST_PATH], name[25];
    uint8_t digest[SECRET_TOKEN_SIZE];
    const char *all = NULL;
    struct arena arena;
    if (!host_private_folder(folder, sizeof folder)) return false;
    arena_init(&arena, 1u << 20);
    all = arena_printf(&arena, "%zu %s %zu %s %zu %s", strlen(client->profile), client->profile, strlen(o->server),
                       o->server, strlen(o->cert), o->cert);
    if (all) secret_hash(digest, all, strlen(all));
    bool good = all != NULL;
    arena_free(&arena);
    if (!good) return false;
    text_hex(name, digest, 12);
    int size = snprintf(out, room, "%s/logins/%s.%s", folder, client->profile, name);
    return size > 0 && (size_t)size < room;
}

bool login_token(const struct client *client, uint8_t token[LOGIN_TOKEN_SIZE]) {
    char path[HOST_PATH];
    size_t size = 0, header = strlen(HEADER);
    if (!token_path(client, path, sizeof path)) return false;
    char *text = host_read_file(path, 4096, &size);
    bool good = text && size == header + 2 * LOGIN_TOKEN_SIZE + 1 && memcmp(text, HEADER, header) == 0 &&
                text_unhex(token, LOGIN_TOKEN_SIZE, text + header, 2 * LOGIN_TOKEN_SIZE);
    if (text) secret_wipe(text, size);
    free(text);
    errno = 0;
    return good;
}

static bool keep_token(const struct client *client, const uint8_t *token) {
    char path[HOST_PATH], text[sizeof HEADER + 2 * LOGIN_TOKEN_SIZE + 1], hex[2 * LOGIN_TOKEN_SIZE + 1];
    text_hex(hex, token, LOGIN_TOKEN_SIZE);
    int size = snprintf(text, sizeof text, HEADER "%s\n", hex);
    bool kept = token_path(client, path, sizeof path) && host_replace_file(path, text, (size_t)size);
    secret_wipe(text, sizeof text);
    secret_wipe(hex, sizeof hex);
    return kept;
}

static void forget_token(const struct client *client) {
    char path[HOST_PATH];
    if (token_path(client, path, sizeof path)) remove(path);
    errno = 0;
}

/* ---- secrets */

/* The next line of the descriptor, or an answer without echo. NULL: said. */
static char *read_secret(struct client *client, const struct login_flags *flags, const char *question) {
    char line[SECRET_MOST + 2];
    bool got = false;
    if (flags->secret_fd) {
        char *end;
        long number = strtol(flags->secret_fd, &end, 10);
        got = *flags->secret_fd && !*end && number >= 0 && number < 1024 &&
              host_read_line((int)number, line, sizeof line);
    } else {
        got = terminal_ask_hidden(&client->terminal, question, line, sizeof line);
    }
    char *secret = got && *line ? arena_copy(&client->arena, line, strlen(line)) : NULL;
    secret_wipe(line, sizeof line);
    if (!secret)
        client_fail(
            client, EXIT_CODE_USAGE, _("no password was given"),
            _("type it at a terminal, or give it through a descriptor: liandong login NAME --secret-fd 3 3<FILE"));
    return secret;
}

/* Twice at a terminal: nobody sees what they type. */
static char *read_new_secret(struct client *client, const struct login_flags *flags) {
    char *first = read_secret(client, flags, _("new password: "));
    if (!first || flags->secret_fd) return first;
    char *second = read_secret(client, flags, _("new password, once more: "));
    if (!second) return NULL;
    if (strcmp(first, second) == 0) return first;
    client_fail(client, EXIT_CODE_USAGE, _("the two are not the same; nothing was changed"), NULL);
    return NULL;
}

/* ---- login */

static int fill_login(struct client *client, struct command *command) {
    Liandong__V1__Login *m = (Liandong__V1__Login *)(void *)command->message;
    const struct login_flags *flags = command->own;
    const char *label;
    char account[256];
    if (!m->account) {
        label =
            arena_printf(&client->arena, _("%s: "),
                         label_field(m->base.descriptor,
                                     protobuf_c_message_descriptor_get_field_by_name(m->base.descriptor, "account")));
        if (!label || !terminal_ask(&client->terminal, label, account, sizeof account) || !*account)
            return client_fail(client, EXIT_CODE_USAGE, _("who logs in? the account is missing"),
                               "liandong login ACCOUNT");
        m->account = arena_copy(&client->arena, account, strlen(account));
    }
    if (!flags->with_code) {
        m->password = read_secret(client, flags, _("password: "));
        return m->password ? EXIT_CODE_OK : EXIT_CODE_USAGE;
    }
    m->code = read_secret(client, flags, _("one-use code: "));
    if (m->code) m->new_password = read_new_secret(client, flags);
    return m->new_password ? EXIT_CODE_OK : EXIT_CODE_USAGE;
}

static int welcome(struct client *client, const Liandong__V1__LoginReply *reply) {
    char until[CLOCK_TEXT_SIZE], unknown[16];
    if (reply->token.len != LOGIN_TOKEN_SIZE || !keep_token(client, reply->token.data))
        return client_fail(client, EXIT_CODE_FAILED, _("logged in, but the login can't be kept on this computer"),
                           _("make room in the folder of XDG_STATE_HOME or ~/.local/state, then log in again"));
    clock_print(until, reply->ends_at);
    client_say(client, _("logged in: %s, %s, %s; until %s, or after %u minutes without use"),
               value_clean(&client->arena, reply->officer, true), value_clean(&client->arena, reply->office_name, true),
               label_value(&liandong__v1__role__descriptor, (int)reply->role, unknown), until, reply->idle_minutes);
    return EXIT_CODE_OK;
}

int login_run(struct client *client, struct command *command) {
    struct caller caller;
    struct call_result result;
    int code = fill_login(client, command);
    if (code != EXIT_CODE_OK) return code;
    code = caller_open(&caller, client);
    caller.has_token = false; /* whoever was here before does not matter */
    if (code == EXIT_CODE_OK) {
        caller_call(&caller, command->request, command->message, NULL, caller_deadline(&caller), &client->arena,
                    &result);
        code = result.end == CALL_DONE ? welcome(client, (const Liandong__V1__LoginReply *)(const void *)result.reply)
                                       : failure_print(client, command, &result);
    }
    caller_close(&caller);
    return code;
}

int logout_run(struct client *client, struct command *command) {
    uint8_t token[LOGIN_TOKEN_SIZE];
    if (!login_token(client, token)) {
        client_say(client, "%s", _("nobody is logged in here"));
        return EXIT_CODE_OK;
    }
    int code = request_run(client, command);
    /* Already over is as good as ended now. */
    if (code == EXIT_CODE_OK || code == EXIT_CODE_CERTIFICATE) forget_token(client);
    return code;
}

int password_run(struct client *client, struct command *command) {
    Liandong__V1__ChangePassword *m = (Liandong__V1__ChangePassword *)(void *)command->message;
    const struct login_flags *flags = command->own;
    m->password = read_secret(client, flags, _("password now: "));
    if (m->password) m->new_password = read_new_secret(client, flags);
    if (!m->new_password) return EXIT_CODE_USAGE;
    int code = request_run(client, command);
    if (code == EXIT_CODE_OK)
        client_say(client, "%s", _("the password was changed; all other logins of the account have ended"));
    return code;
}
