/* Settings of the client: profile file < environment (LIANDONG_*) < flags.
 * Client. */
#ifndef LIANDONG_CLIENT_OPTIONS_H
#define LIANDONG_CLIENT_OPTIONS_H
#include "client/command.h"
#include "common/settings.h"

struct options {
    char *server; /* "host:port,host:port" */
    char *ca, *cert, *key;
    char *lang, *output;
    int64_t timeout; /* ms */
    bool color, csv_bom;
    int64_t ambiwidth; /* 0: find out */
};
extern const struct setting option_settings[];
extern const size_t option_settings_count;

#define OPTIONS_PROFILE "default"

/* Name of the profile that a command uses: flag, LIANDONG_PROFILE, "default". NULL where the name can't be a file's. */
const char *options_profile(const struct globals *globals);
/* Path of a profile's file. False where there is no home. */
bool options_path(char *out, size_t room, const char *profile);
/* All sources. A profile that was asked for by name must exist. False with the error; *o is to be released either way.
 */
bool options_load(struct options *o, const char *profile, bool named, const struct globals *globals,
                  struct settings_error *error);
/* Only the defaults and the file, as `profile show` and `profile set` want them. A missing file is an empty one. */
bool options_load_file(struct options *o, const char *profile, struct settings_error *error);
/* Applies "key=value"; paths become absolute. */
bool options_assign(struct options *o, const char *assignment, struct settings_error *error);
/* Writes what differs from the defaults as the profile's file. */
bool options_save(const struct options *o, const char *profile, struct settings_error *error);
void options_release(struct options *o);
#endif
