#include "client/options.h"
#include "client/host.h"
#include "client/language.h"
#include "client/suggest.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

const struct setting option_settings[] = {
    {"server", SETTING_STRING, offsetof(struct options, server), "127.0.0.1:7443", 1, 1024, NULL, false, false,
     N_("servers, host:port, comma-separated, tried in this order")},
    {"ca", SETTING_STRING, offsetof(struct options, ca), "", 0, 4000, NULL, false, false,
     N_("certificate of the authority that the server's must come from")},
    {"cert", SETTING_STRING, offsetof(struct options, cert), "", 0, 4000, NULL, false, false,
     N_("certificate of this terminal")},
    {"key", SETTING_STRING, offsetof(struct options, key), "", 0, 4000, NULL, false, false, N_("its private key")},
    {"lang", SETTING_CHOICE, offsetof(struct options, lang), "auto", 0, 0, "auto zh en", false, false, N_("language")},
    {"output", SETTING_CHOICE, offsetof(struct options, output), "table", 0, 0, "table json ndjson csv id", false,
     false, N_("form of the answer")},
    {"timeout", SETTING_DURATION, offsetof(struct options, timeout), "30s", 100, 600000, NULL, false, false,
     N_("longest wait, tries again included (30s)")},
    {"color", SETTING_BOOLEAN, offsetof(struct options, color), "on", 0, 0, NULL, false, false,
     N_("colours on a terminal")},
    {"csv_bom", SETTING_BOOLEAN, offsetof(struct options, csv_bom), "off", 0, 0, NULL, false, false,
     N_("begin CSV with a byte order mark, for Excel")},
    {"ambiwidth", SETTING_INTEGER, offsetof(struct options, ambiwidth), "0", 0, 2, NULL, false, false,
     N_("columns of characters such as “ ” — …: 1, 2, or 0 to ask the terminal")},
};
const size_t option_settings_count = sizeof option_settings / sizeof *option_settings;

/* Names of the environment that are no settings. */
static const char *const other_variables[] = {"LIANDONG_PROFILE", "LIANDONG_LOCALEDIR", NULL};

static bool said(struct settings_error *error, const char *format, const char *a, const char *b) {
    snprintf(error->text, sizeof error->text, format, a, b);
    return false;
}

const char *options_profile(const struct globals *globals) {
    const char *name = globals->profile ? globals->profile : getenv("LIANDONG_PROFILE");
    if (!name || !*name) return OPTIONS_PROFILE;
    return strchr(name, '/') || name[0] == '.' || strlen(name) > 64 ? NULL : name;
}

bool options_path(char *out, size_t room, const char *profile) {
    char folder[HOST_PATH];
    if (!host_config_folder(folder, sizeof folder)) return false;
    int size = snprintf(out, room, "%s/%s.ini", folder, profile);
    return size > 0 && (size_t)size < room;
}

/* The variables that are ours. Others named LIANDONG_ may be the server's, on a machine that has both; but what is
 * nearly one of ours is a slip of the pen. */
static bool read_environment(struct options *o, struct settings_error *error) {
    char *ours[64];
    size_t count = 0;
    char names[64][64];
    for (size_t i = 0; i < option_settings_count && i < 64; i++) {
        size_t at = (size_t)snprintf(names[i], sizeof names[i], "LIANDONG_%s", option_settings[i].key);
        for (size_t j = 0; j < at && j < sizeof names[i]; j++)
            if (names[i][j] >= 'a' && names[i][j] <= 'z') names[i][j] = (char)(names[i][j] - 'a' + 'A');
    }
    for (char **entry = environ; *entry && count < 63; entry++) {
        if (strncmp(*entry, "LIANDONG_", 9) != 0) continue;
        size_t size = strcspn(*entry, "=");
        const char *near = NULL;
        bool known = false;
        char name[128];
        snprintf(name, sizeof name, "%.*s", (int)(size < sizeof name ? size : sizeof name - 1), *entry);
        for (size_t i = 0; other_variables[i]; i++) known |= strcmp(other_variables[i], name) == 0;
        if (known) continue;
        for (size_t i = 0; i < option_settings_count && i < 64; i++) {
            size_t distance = suggest_distance(name, names[i]);
            if (distance == 0) known = true;
            if (distance == 1) near = names[i];
        }
        if (known) ours[count++] = *entry;
        if (!known && near)
            return said(error, _("the environment variable %s is not known; did you mean %s?"), name, near);
    }
    ours[count] = NULL;
    return settings_read_environment(option_settings, option_settings_count, o, ours, other_variables, error);
}

static bool read_flags(struct options *o, const struct globals *globals, struct settings_error *error) {
    for (size_t i = 0; i < global_flags_count; i++) {
        const struct flag *flag = &global_flags[i];
        if (flag->type != FLAG_TEXT) continue;
        const char *value = *(const char *const *)((const char *)globals + flag->offset);
        bool is_setting = false;
        for (size_t j = 0; j < option_settings_count; j++)
            is_setting |= strcmp(option_settings[j].key, flag->name) == 0;
        if (!value || !is_setting) continue;
        char source[40];
        snprintf(source, sizeof source, "--%s", flag->name);
        if (!settings_set(option_settings, option_settings_count, o, flag->name, value, source, error)) return false;
    }
    if (globals->no_color) o->color = false;
    if (globals->csv_bom) o->csv_bom = true;
    return true;
}

bool options_load_file(struct options *o, const char *profile, struct settings_error *error) {
    char path[HOST_PATH];
    *o = (struct options){0};
    if (!settings_defaults(option_settings, option_settings_count, o, error)) return false;
    if (!options_path(path, sizeof path, profile) || !host_exists(path)) return true;
    return settings_read_file(option_settings, option_settings_count, o, path, error);
}

bool options_load(struct options *o, const char *profile, bool named, const struct globals *globals,
                  struct settings_error *error) {
    char path[HOST_PATH];
    if (!options_load_file(o, profile, error)) return false;
    bool there = options_path(path, sizeof path, profile) && host_exists(path);
    if (named && !there)
        return said(error, _("there is no profile %s. Make it: liandong profile set --profile=%s server=HOST:PORT …"),
                    profile, profile);
    return read_environment(o, error) && read_flags(o, globals, error);
}

bool options_assign(struct options *o, const char *assignment, struct settings_error *error) {
    const char *equals = strchr(assignment, '=');
    char key[64], real[HOST_PATH];
    if (!equals || equals == assignment || (size_t)(equals - assignment) >= sizeof key)
        return said(error, _("\"%s\" is no setting: write KEY=VALUE, such as server=%s"), assignment,
                    "192.168.1.10:7443");
    snprintf(key, sizeof key, "%.*s", (int)(equals - assignment), assignment);
    for (char *c = key; *c; c++)
        if (*c == '-') *c = '_';
    const char *value = equals + 1;
    bool is_path = strcmp(key, "ca") == 0 || strcmp(key, "cert") == 0 || strcmp(key, "key") == 0;
    if (is_path && *value) {
        if (!host_absolute(real, sizeof real, value)) return said(error, _("%s: %s"), value, language_errno(errno));
        value = real;
    }
    return settings_set(option_settings, option_settings_count, o, key, value, assignment, error);
}

/* A value as the file would say it. */
static void write_value(FILE *out, const struct setting *setting, const void *values) {
    const void *member = (const char *)values + setting->offset;
    switch (setting->type) {
    case SETTING_BOOLEAN: fprintf(out, "%s = %s\n", setting->key, *(const bool *)member ? "on" : "off"); return;
    case SETTING_DURATION: fprintf(out, "%s = %lldms\n", setting->key, (long long)*(const int64_t *)member); return;
    case SETTING_INTEGER:
    case SETTING_SIZE: fprintf(out, "%s = %lld\n", setting->key, (long long)*(const int64_t *)member); return;
    case SETTING_STRING:
    case SETTING_CHOICE:
        fprintf(out, "%s = %s\n", setting->key, *(char *const *)member ? *(char *const *)member : "");
        return;
    }
}

bool options_save(const struct options *o, const char *profile, struct settings_error *error) {
    char path[HOST_PATH];
    if (!options_path(path, sizeof path, profile))
        return said(error, "%s%s", _("neither HOME nor XDG_CONFIG_HOME is set"), "");
    struct options standard = {0};
    char *text = NULL;
    size_t size = 0;
    FILE *out = settings_defaults(option_settings, option_settings_count, &standard, error)
                    ? open_memstream(&text, &size)
                    : NULL;
    if (out) {
        fprintf(out, "; liandong profile set --profile=%s KEY=VALUE\n[liandong]\n", profile);
        for (size_t i = 0; i < option_settings_count; i++) {
            char changed[64];
            settings_fixed_changes(&option_settings[i], 1, &standard, o, changed, sizeof changed);
            if (*changed) write_value(out, &option_settings[i], o);
        }
    }
    bool done = out && fclose(out) == 0 && host_replace_file(path, text, size);
    if (!done) said(error, _("can't write %s: %s"), path, language_errno(errno));
    free(text);
    options_release(&standard);
    return done;
}

void options_release(struct options *o) { settings_release(option_settings, option_settings_count, o); }
