/* liandong: the command line of a station's or an office's terminal. */
#include "client/client.h"
#include "client/command.h"
#include "client/help.h"
#include "client/host.h"
#include "client/language.h"
#include "client/request.h"
#include "common/clock.h"
#include <stdlib.h>
#include <string.h>

/* What is wrong with a command line is said in the language it asks for, before it is understood. */
static const char *language_asked(int argc, char *const *argv) {
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--lang=", 7) == 0) return argv[i] + 7;
        if (strcmp(argv[i], "--lang") == 0 && i + 1 < argc) return argv[i + 1];
    }
    return getenv("LIANDONG_LANG");
}

static int usage_error(struct client *client, const struct command *command, const struct command_error *error) {
    const char *what =
        error->flag ? arena_printf(&client->arena, _("%s: %s"), error->flag, error->said.text) : error->said.text;
    if (!what) what = error->said.text;
    if (command->verb) return help_misused(client, command->verb, what);
    return client_fail(client, EXIT_CODE_USAGE, what,
                       help_of(&client->arena, error->meant ? error->meant : command->noun));
}

static int load_options(struct client *client, const struct command *command) {
    struct settings_error error = {.text = ""};
    const char *profile = options_profile(&command->globals);
    const char *named = getenv("LIANDONG_PROFILE");
    if (!profile)
        return client_fail(client, EXIT_CODE_USAGE,
                           _("a profile's name is a plain word, without / and not beginning with a dot"),
                           "liandong profile list");
    client->profile = profile;
    /* A profile that is to be made or looked at need not be there. */
    bool must_exist = (command->globals.profile || (named && *named)) &&
                      strncmp(command->verb->words, "profile", 7) != 0 && strcmp(command->verb->words, "enrol") != 0;
    if (options_load(&client->options, profile, must_exist, &command->globals, &error)) return EXIT_CODE_OK;
    return client_fail(client, EXIT_CODE_USAGE, value_clean(&client->arena, error.text, true),
                       "liandong profile show, liandong help");
}

static int run_verb(struct client *client, struct command *command) {
    int code = load_options(client, command);
    if (code != EXIT_CODE_OK) return code;
    language_start(client->options.lang);
    terminal_look(&client->terminal, client->options.color, (unsigned)client->options.ambiwidth);
    host_catch_signals();
    return command->verb->run ? command->verb->run(client, command) : request_run(client, command);
}

static int run(struct client *client, struct command *command, int argc, char *const *argv) {
    struct command_error error;
    if (!command_parse(command, argc, argv, client->now, &client->arena, &error))
        return usage_error(client, command, &error);
    client->quiet = command->globals.quiet;
    if (command->globals.help || (!command->verb && !command->noun)) {
        help_print(client, client->out, command);
        return EXIT_CODE_OK;
    }
    if (!command->verb) {
        client_warn(client, _("error: \"%s\" needs one more word"), command->noun);
        help_print_noun(client, client->err, command->noun);
        return EXIT_CODE_USAGE;
    }
    return run_verb(client, command);
}

int main(int argc, char **argv) {
    struct client client = {.profile = OPTIONS_PROFILE, .out = stdout, .err = stderr, .now = clock_now_ms()};
    struct command command;
    arena_init(&client.arena, CLIENT_ARENA);
    arena_init(&client.scratch, CLIENT_ARENA);
    language_start(language_asked(argc, argv));
    terminal_look(&client.terminal, true, 0);
    int code = client_finish(&client, run(&client, &command, argc, argv));
    options_release(&client.options);
    arena_free(&client.scratch);
    arena_free(&client.arena);
    return code;
}
