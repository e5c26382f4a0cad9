#include "client/complete.h"
#include "client/labels.h"
#include "client/language.h"
#include "client/schema.h"
#include <stdio.h>
#include <string.h>

static const char script[] =
    "# liandong: source <(liandong completion bash)\n"
    "_liandong() {\n"
    "  local IFS=$'\\n'\n"
    "  compopt -o default 2>/dev/null\n"
    "  mapfile -t COMPREPLY < <(liandong __complete \"${COMP_WORDS[@]:1:COMP_CWORD}\" 2>/dev/null)\n"
    "}\n"
    "complete -F _liandong liandong\n";

int completion_run(struct client *client, struct command *command) {
    if (command->word_count > 1 || (command->word_count == 1 && strcmp(command->words[0], "bash") != 0))
        return client_fail(client, EXIT_CODE_USAGE, _("only bash is known"), "liandong completion bash");
    fputs(script, client->out);
    return EXIT_CODE_OK;
}

static void offer(FILE *out, const char *word, const char *typed) {
    if (strncmp(word, typed, strlen(typed)) == 0) fprintf(out, "%s\n", word);
}

static void offer_verbs(FILE *out, const char *noun, const char *typed) {
    const char *last = "";
    size_t last_size = 0;
    for (size_t i = 0; verbs_at(i); i++) {
        const char *words = verbs_at(i)->words, *blank = strchr(words, ' ');
        size_t size = blank ? (size_t)(blank - words) : strlen(words);
        if (words[0] == '_') continue;
        if (noun) {
            if (blank && strlen(noun) == size && memcmp(words, noun, size) == 0) offer(out, blank + 1, typed);
            continue;
        }
        bool again = size == last_size && memcmp(last, words, size) == 0; /* verbs of a noun stand together */
        if (!again && strncmp(words, typed, strlen(typed)) == 0) fprintf(out, "%.*s\n", (int)size, words);
        last = words;
        last_size = size;
    }
}

/* The value of the flag before: enum words, or nothing, so that the shell offers files. */
static void offer_values(FILE *out, const struct verb *verb, const char *flag, const char *typed) {
    struct schema_place places[SCHEMA_PLACES_MAX];
    size_t count = verb_places(verb, places, SCHEMA_PLACES_MAX);
    for (size_t i = 0; i < count; i++) {
        if (!schema_is_flag(places[i].field, flag, strlen(flag)) || places[i].field->type != PROTOBUF_C_TYPE_ENUM)
            continue;
        const ProtobufCEnumDescriptor *type = places[i].field->descriptor;
        for (unsigned v = 0; v < type->n_values; v++) {
            char word[SCHEMA_WORD];
            if (!schema_offers(places[i].field, &type->values[v])) continue;
            schema_word(word, type, &type->values[v]);
            offer(out, word, typed);
            offer(out, *typed ? label_name(type->values[v].name) : "", *typed ? typed : "x");
        }
    }
    if (strcmp(flag, "output") != 0) return;
    static const char *const forms[] = {"table", "json", "ndjson", "csv", "id"};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) offer(out, forms[i], typed);
}

static void offer_flag(FILE *out, const char *name, const char *typed) {
    char flag[SCHEMA_WORD + 2];
    snprintf(flag, sizeof flag, "--%s", name);
    offer(out, flag, typed);
}

static void offer_flags(FILE *out, const struct verb *verb, const char *typed) {
    struct schema_place places[SCHEMA_PLACES_MAX];
    size_t count = verb_places(verb, places, SCHEMA_PLACES_MAX);
    for (size_t i = 0; i < count; i++) {
        char flag[SCHEMA_WORD];
        schema_flag(flag, places[i].field);
        offer_flag(out, flag, typed);
    }
    for (size_t i = 0; i < verb->flag_count; i++) offer_flag(out, verb->flags[i].name, typed);
    for (size_t i = 0; i < global_flags_count; i++) offer_flag(out, global_flags[i].name, typed);
}

int complete_run(struct client *client, struct command *command) {
    const char *words[2] = {NULL, NULL};
    size_t found = 0, last = command->word_count;
    if (last == 0) return EXIT_CODE_OK;
    const char *typed = command->words[last - 1], *before = last > 1 ? command->words[last - 2] : "";
    for (size_t i = 0; i + 1 < last && found < 2; i++)
        if (command->words[i][0] != '-') words[found++] = command->words[i];
    const struct verb *verb = found ? verbs_find(words[0], NULL) : NULL;
    if (!verb && found == 2) verb = verbs_find(words[0], words[1]);
    if (!verb) {
        if (found < 2) offer_verbs(client->out, found ? words[0] : NULL, typed);
    } else if (typed[0] == '-') {
        offer_flags(client->out, verb, typed);
    } else if (strncmp(before, "--", 2) == 0) {
        offer_values(client->out, verb, before + 2, typed);
    } else if (strcmp(before, "-o") == 0) {
        offer_values(client->out, verb, "output", typed);
    }
    return EXIT_CODE_OK;
}
