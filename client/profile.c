#include "client/profile.h"
#include "client/host.h"
#include "client/language.h"
#include "client/print.h"
#include "client/value.h"
#include <stdio.h>
#include <string.h>

static const char *setting_text(struct arena *arena, const struct setting *setting, const struct options *values) {
    const void *member = (const char *)values + setting->offset;
    switch (setting->type) {
    case SETTING_BOOLEAN: return *(const bool *)member ? "on" : "off";
    case SETTING_DURATION: return arena_printf(arena, "%gs", (double)*(const int64_t *)member / 1000);
    case SETTING_INTEGER:
    case SETTING_SIZE: return arena_printf(arena, "%lld", (long long)*(const int64_t *)member);
    default: return value_clean(arena, *(char *const *)member, true);
    }
}

int profile_show(struct client *client, struct command *command) {
    char path[HOST_PATH];
    (void)command;
    if (options_path(path, sizeof path, client->profile))
        client_say(client,
                   host_exists(path) ? _("profile %s (%s); flags and environment included")
                                     : _("profile %s (no file yet: %s)"),
                   client->profile, path);
    struct sheet_column columns[32];
    const char *cells[32];
    size_t count = 0;
    for (size_t i = 0; i < option_settings_count && i < 32; i++) {
        columns[count] = (struct sheet_column){.key = option_settings[i].key, .label = option_settings[i].key};
        cells[count++] = setting_text(&client->arena, &option_settings[i], &client->options);
    }
    const struct sheet_row row = {.cells = cells};
    const struct sheet sheet = {columns, count, &row, 1};
    print_sheet(client, &sheet, true);
    return EXIT_CODE_OK;
}

int profile_set(struct client *client, struct command *command) {
    struct options options;
    struct settings_error error = {.text = ""};
    char path[HOST_PATH];
    if (command->word_count == 0)
        return client_fail(
            client, EXIT_CODE_USAGE, _("nothing to set: KEY=VALUE is missing"),
            "liandong profile set server=192.168.1.10:7443 ca=ca.crt cert=terminal.crt key=terminal.key");
    bool good = options_load_file(&options, client->profile, &error);
    for (size_t i = 0; good && i < command->word_count; i++) good = options_assign(&options, command->words[i], &error);
    good = good && options_save(&options, client->profile, &error);
    options_release(&options);
    if (!good)
        return client_fail(client, EXIT_CODE_USAGE, value_clean(&client->arena, error.text, true),
                           "liandong profile show");
    if (options_path(path, sizeof path, client->profile)) client_say(client, _("kept in %s"), path);
    return EXIT_CODE_OK;
}

#define PROFILES_MAX 256

struct listing {
    struct client *client;
    const char *cells[PROFILES_MAX][3];
    struct sheet_row rows[PROFILES_MAX];
    size_t count;
};

static void list_one(void *arg, const char *name) {
    struct listing *listing = arg;
    struct arena *arena = &listing->client->arena;
    struct options options;
    struct settings_error error;
    if (listing->count == PROFILES_MAX) return;
    const char **cells = listing->cells[listing->count];
    bool good = options_load_file(&options, name, &error);
    cells[0] = value_clean(arena, name, true);
    cells[1] = good ? value_clean(arena, options.server, true) : _("(unreadable)");
    cells[2] = good ? value_clean(arena, options.cert, true) : "";
    listing->rows[listing->count++] = (struct sheet_row){.cells = cells};
    options_release(&options);
}

int profile_list(struct client *client, struct command *command) {
    const struct sheet_column columns[] = {{.key = "profile", .label = _("profile")},
                                           {.key = "server", .label = _("server")},
                                           {.key = "cert", .label = _("certificate")}};
    char folder[HOST_PATH];
    struct listing *listing = arena_zero(&client->arena, sizeof *listing);
    (void)command;
    if (!listing) return client_fail(client, EXIT_CODE_FAILED, _("out of memory"), NULL);
    listing->client = client;
    if (host_config_folder(folder, sizeof folder)) host_list(folder, ".ini", list_one, listing);
    const struct sheet sheet = {columns, 3, listing->rows, listing->count};
    if (listing->count > 0)
        print_sheet(client, &sheet, false);
    else
        client_say(client, _("no profile yet; make one: %s"),
                   "liandong profile set server=HOST:PORT ca=ca.crt cert=terminal.crt key=terminal.key");
    return EXIT_CODE_OK;
}
