/* A command line, understood: verb, flags, request message.
 * Client, pure. */
#ifndef LIANDONG_CLIENT_COMMAND_H
#define LIANDONG_CLIENT_COMMAND_H
#include "client/flag.h"
#include "client/schema.h"
#include "client/value.h"
#include "client/verbs.h"
#include "common/arena.h"

/* Flags of every verb. Those named like a row of the settings table (options.h) override it. */
struct globals {
    const char *server, *ca, *cert, *key, *profile, *lang, *output, *timeout; /* NULL: not given */
    const char *fields, *request_id;
    bool no_color, csv_bom, yes, quiet, help;
};
extern const struct flag global_flags[];
extern const size_t global_flags_count;

#define COMMAND_WORDS_MAX 256
struct command {
    const struct verb *verb; /* NULL: bare, or only a noun */
    const char *noun;        /* with verb NULL: the noun, or NULL */
    struct globals globals;
    const ProtobufCFieldDescriptor *request; /* NULL where the verb has none */
    ProtobufCMessage *message;               /* of the request; the arena's */
    void *own;                               /* the verb's own flags; the arena's, zeroed */
    const char *words[COMMAND_WORDS_MAX];    /* operands of a verb without positional fields */
    size_t word_count;
    const char *globals_given[64]; /* global flags as typed (but --request-id), to print the command again */
    size_t globals_given_count;
};
struct command_error {
    struct value_error said; /* what is wrong, and what would be right */
    const char *flag;        /* the flag at fault, in the arena, or NULL */
    const char *meant;       /* the command that was probably meant, or NULL */
};

/* Reads argv[1..). `now`: for relative times. False with error; command->verb and noun tell how far it came.
 * Text "-" for a field of many lines means: standard input, at most 64 KiB. */
bool command_parse(struct command *c, int argc, char *const *argv, int64_t now, struct arena *arena,
                   struct command_error *error);
/* The first required field that is absent; NULL where none is. */
const ProtobufCFieldDescriptor *command_missing(const struct command *c);
/* True where nothing was given but what alone changes nothing. */
bool command_is_idle(const struct command *c);
/* The noun or command that was probably meant by words that are none; noun may be NULL. NULL: no idea. */
const char *command_nearest(const char *noun, const char *word, struct arena *arena);
/* True where the name stands in a blank-separated list. */
bool command_lists(const char *list, const char *name);
/* The message that holds a place's field; an inner message is made where there is none yet. NULL without memory. */
ProtobufCMessage *command_holder(ProtobufCMessage *request, struct schema_place place, struct arena *arena);
/* The command line that says exactly this, quoted for a shell, relative times as fixed ones, with --request-id where
 * not NULL. NULL only without memory. */
const char *command_again(const struct command *c, const char *request_id, struct arena *arena);
/* A word as a shell passes it on. NULL only without memory. */
const char *command_quoted(const char *word, struct arena *arena);
/* `--flag` of a field as a person types it, from a path such as "report_incident.content"; the path itself for others.
 */
const char *command_flag_of_path(const struct command *c, const char *path, struct arena *arena);
#endif
