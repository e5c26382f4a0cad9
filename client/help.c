#include "client/help.h"
#include "client/kinds.h"
#include "client/labels.h"
#include "client/language.h"
#include "client/schema.h"
#include "client/value.h"
#include "client/width.h"
#include "common/wire.h"
#include <stdio.h>
#include <string.h>

struct page {
    FILE *out;
    struct arena *arena;
    size_t columns; /* 0: don't break lines */
};

static void heading(const struct page *p, const char *text) { fprintf(p->out, "\n%s\n", text); }

/* "  term   explanation", the explanation in a column of its own. */
static void entry(const struct page *p, const char *term, size_t width, const char *text) {
    fputs("  ", p->out);
    width_pad(p->out, term, width, 1);
    if (width_text(term, 1) > width) {
        fputc('\n', p->out);
        width_pad(p->out, "", width + 2, 1);
    }
    fputs("  ", p->out);
    width_wrap(p->out, text, width + 4, p->columns, 1);
    fputc('\n', p->out);
}

static void examples(const struct page *p, const char *lines) {
    heading(p, _("Examples"));
    for (const char *line = lines; *line;) {
        size_t size = strcspn(line, "\n");
        fprintf(p->out, "  $ %.*s\n", (int)size, line);
        line += size + (line[size] == '\n');
    }
}

static void paragraph(const struct page *p, const char *text) {
    fputs("\n", p->out);
    width_wrap(p->out, text, 0, p->columns, 1);
    fputs("\n", p->out);
}

/* "--flag, -f VALUE" of the client's own flags. */
static const char *flag_term(const struct page *p, const struct flag *flag) {
    const char *letter = flag->letter ? arena_printf(p->arena, "-%c, ", flag->letter) : "";
    const char *term = arena_printf(p->arena, "%s--%s%s%s", letter ? letter : "", flag->name, flag->value ? " " : "",
                                    flag->value ? _(flag->value) : "");
    return term ? term : flag->name;
}

static void flags(const struct page *p, const struct flag *rows, size_t count) {
    size_t widest = 0;
    for (size_t i = 0; i < count; i++) {
        size_t width = width_text(flag_term(p, &rows[i]), 1);
        if (width > widest && width <= 32) widest = width;
    }
    for (size_t i = 0; i < count; i++) entry(p, flag_term(p, &rows[i]), widest, _(rows[i].help));
}

/* What stands for a field's value. */
static const char *value_word(const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *field) {
    switch (field->type) {
    case PROTOBUF_C_TYPE_ENUM: return field->label == PROTOBUF_C_LABEL_REPEATED ? _("WORD,…") : _("WORD");
    case PROTOBUF_C_TYPE_INT64: return _("TIME");
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_DOUBLE: return label_meaning(type, field) == MEANING_MONEY ? _("YUAN") : _("NUMBER");
    case PROTOBUF_C_TYPE_BOOL: return "";
    case PROTOBUF_C_TYPE_BYTES: return _("HEX");
    default: return label_meaning(type, field) == MEANING_REQUEST ? _("WORD,…") : _("TEXT");
    }
}

static const char *field_text(const struct page *p, const struct verb *verb, struct schema_place place) {
    const ProtobufCMessageDescriptor *type =
        place.outer ? schema_type(place.outer) : schema_type(schema_request(verb->request));
    const char *text = label_field(type, place.field);
    if (command_lists(verb->required, place.field->name)) text = arena_printf(p->arena, _("%s (required)"), text);
    if (label_meaning(type, place.field) == MEANING_OFFICE) text = arena_printf(p->arena, _("%s, or its name"), text);
    char words[768] = "";
    if (place.field->type == PROTOBUF_C_TYPE_ENUM) {
        label_words(place.field, words, sizeof words);
    } else if (label_meaning(type, place.field) == MEANING_REQUEST) {
        kinds_examples(words, sizeof words);
    }
    if (*words && text) text = arena_printf(p->arena, _("%s: %s"), text, words);
    return text ? text : place.field->name;
}

static const char *field_term(const struct page *p, const struct verb *verb, struct schema_place place) {
    const ProtobufCMessageDescriptor *type =
        place.outer ? schema_type(place.outer) : schema_type(schema_request(verb->request));
    char flag[SCHEMA_WORD];
    schema_flag(flag, place.field);
    const char *value = value_word(type, place.field);
    const char *term = arena_printf(p->arena, "--%s%s%s", flag, *value ? " " : "", value);
    return term ? term : place.field->name;
}

static void fields(const struct page *p, const struct verb *verb) {
    struct schema_place places[SCHEMA_PLACES_MAX];
    size_t count = verb_places(verb, places, SCHEMA_PLACES_MAX), widest = 0;
    for (size_t i = 0; i < count; i++) {
        size_t width = width_text(field_term(p, verb, places[i]), 1);
        if (width > widest) widest = width;
    }
    for (size_t i = 0; i < count; i++) entry(p, field_term(p, verb, places[i]), widest, field_text(p, verb, places[i]));
}

/* A field's place in a command line: its value where it was given, else what it is called. */
static const char *stand_in(struct arena *arena, const ProtobufCMessageDescriptor *type,
                            const ProtobufCFieldDescriptor *field, const ProtobufCMessage *given) {
    if (given && wire_has(given, field) && field->label != PROTOBUF_C_LABEL_REPEATED)
        return command_quoted(value_text(arena, given, field, true), arena);
    return arena_printf(arena, "<%s>", label_field(type, field));
}

const char *help_line(struct arena *arena, const struct verb *verb, const char *record, bool needed,
                      const ProtobufCMessage *given) {
    const char *line = arena_printf(arena, "liandong %s", verb->words);
    const ProtobufCMessageDescriptor *type = verb->request ? schema_type(schema_request(verb->request)) : NULL;
    for (const char *name = verb->positional; line && name && *name;) {
        size_t size = strcspn(name, " ");
        const char *word = arena_copy(arena, name, size);
        const ProtobufCFieldDescriptor *field =
            word && type ? protobuf_c_message_descriptor_get_field_by_name(type, word) : NULL;
        bool must = field && command_lists(verb->required, word);
        if (field && record && field == schema_record(type))
            line = arena_printf(arena, "%s %s", line, record);
        else if (field && (must || !needed))
            line = arena_printf(arena, must ? "%s %s" : "%s [%s]", line, stand_in(arena, type, field, given));
        name += size + (name[size] == ' ');
    }
    for (unsigned i = 0; line && type && i < type->n_fields; i++) { /* what has to be given by a flag */
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        char flag[SCHEMA_WORD];
        if (!command_lists(verb->required, field->name) || command_lists(verb->positional, field->name)) continue;
        schema_flag(flag, field);
        line = arena_printf(arena, "%s --%s %s", line, flag, stand_in(arena, type, field, given));
    }
    if (line && verb->operands) line = arena_printf(arena, "%s %s", line, _(verb->operands));
    return line ? line : verb->words;
}

/* "liandong incident note INCIDENT NOTE… [flags]" */
static void usage(const struct page *p, const struct verb *verb) {
    heading(p, _("Usage"));
    fprintf(p->out, "  %s %s\n", help_line(p->arena, verb, NULL, false, NULL), _("[flags]"));
}

/* The noun that a command, or a noun itself, begins with; NULL: none. */
static const struct noun *noun_of(const char *words) {
    size_t size = strcspn(words, " ");
    for (size_t i = 0; nouns_at(i); i++)
        if (strlen(nouns_at(i)->word) == size && memcmp(nouns_at(i)->word, words, size) == 0) return nouns_at(i);
    return NULL;
}

static bool is_among(char *const *requests, size_t count, const struct verb *verb) {
    for (size_t i = 0; verb->request && i < count; i++)
        if (strcmp(requests[i], verb->request) == 0 && verbs_of_request(verb->request) == verb) return true;
    return false;
}

bool help_allowed(struct client *client, char *const *requests, size_t count, const char *record) {
    bool said = false;
    for (size_t i = 0; verbs_at(i); i++) {
        const struct verb *verb = verbs_at(i);
        if (!is_among(requests, count, verb)) continue;
        if (!said) client_warn(client, "%s", _("possible now:"));
        client_warn(client, _("  %s - %s"), help_line(&client->arena, verb, record, true, NULL), _(verb->about));
        said = true;
    }
    return said;
}

void help_course(struct client *client, const struct verb *verb) {
    const struct noun *row = noun_of(verb->words);
    if (row && row->course) client_warn(client, "  %s", _(row->course));
}

int help_misused(struct client *client, const struct verb *verb, const char *what) {
    const char *example = _(verb->examples), *line = help_line(&client->arena, verb, NULL, false, NULL);
    client_warn(client, _("error: %s"), what);
    client_warn(client, _("usage: %s %s"), line, _("[flags]"));
    client_warn(client, _("such as: %.*s"), (int)strcspn(example, "\n"), example);
    client_warn(client, _("next: liandong %s --help"), verb->words);
    return EXIT_CODE_USAGE;
}

/* Whether it takes a time; named: one of that name. */
static bool takes_time(const struct verb *verb, const char *named) {
    struct schema_place places[SCHEMA_PLACES_MAX];
    size_t count = verb_places(verb, places, SCHEMA_PLACES_MAX);
    for (size_t i = 0; i < count; i++)
        if (places[i].field->type == PROTOBUF_C_TYPE_INT64 && (!named || strcmp(places[i].field->name, named) == 0))
            return true;
    return false;
}

static void verb_page(const struct page *p, const struct verb *verb) {
    fprintf(p->out, _("liandong %s - %s\n"), verb->words, _(verb->about));
    examples(p, _(verb->examples));
    usage(p, verb);
    if (verb->request && schema_type(schema_request(verb->request))->n_fields > 0) {
        heading(p, _("Fields"));
        fields(p, verb);
    }
    if (verb->flag_count) {
        heading(p, _("Flags of this command"));
        flags(p, verb->flags, verb->flag_count);
    }
    if (takes_time(verb, NULL))
        paragraph(p, arena_printf(p->arena, _("Times: %s"),
                                  _("2023-06-25 20:15, 20:15 (today), 10m (ago), +3d (from now), now")));
    if (takes_time(verb, "from") && takes_time(verb, "until"))
        paragraph(p, _("--until with a day alone: until that day is over"));
    if (verb->detail) paragraph(p, _(verb->detail));
    paragraph(p, _("Flags that every command takes, such as -o and --lang: liandong help flags"));
}

static void verb_list(const struct page *p, const char *noun) {
    size_t widest = 0;
    for (size_t i = 0; verbs_at(i); i++)
        if (verbs_at(i)->words[0] != '_' && strlen(verbs_at(i)->words) > widest) widest = strlen(verbs_at(i)->words);
    for (size_t i = 0; verbs_at(i); i++) {
        size_t size = noun ? strlen(noun) : 0;
        bool wanted = !noun || (strncmp(verbs_at(i)->words, noun, size) == 0 && verbs_at(i)->words[size] == ' ');
        if (wanted && verbs_at(i)->words[0] != '_') entry(p, verbs_at(i)->words, widest, _(verbs_at(i)->about));
    }
}

static bool stands_alone(const struct verb *verb) { return verb->words[0] != '_' && !strchr(verb->words, ' '); }

/* Nouns first, then the verbs that have none. */
static void contents(const struct page *p) {
    size_t widest = 0;
    for (size_t i = 0; nouns_at(i); i++)
        if (strlen(nouns_at(i)->word) > widest) widest = strlen(nouns_at(i)->word);
    for (size_t i = 0; verbs_at(i); i++)
        if (stands_alone(verbs_at(i)) && strlen(verbs_at(i)->words) > widest) widest = strlen(verbs_at(i)->words);
    for (size_t i = 0; nouns_at(i); i++) entry(p, nouns_at(i)->word, widest, _(nouns_at(i)->about));
    for (size_t i = 0; verbs_at(i); i++)
        if (stands_alone(verbs_at(i))) entry(p, verbs_at(i)->words, widest, _(verbs_at(i)->about));
}

static void exit_codes(const struct page *p) {
    static const struct {
        const char *code, *text;
    } rows[] = {{"0", N_("done")},
                {"1", N_("failed; also: an import with rejected rows")},
                {"2", N_("wrong on the command line")},
                {"3", N_("not found, or not to be seen by you")},
                {"4", N_("certificate missing, expired, unknown or refused")},
                {"5", N_("not permitted")},
                {"6", N_("conflict: somebody changed the same, or the request id was used before")},
                {"69", N_("server unreachable or not able to serve")},
                {"75", N_("outcome unknown: ask again with the request id that was printed")},
                {"76", N_("done, but the server's history contradicts what this terminal has seen: call the auditor")},
                {"130", N_("Ctrl-C")}};
    heading(p, _("Exit codes"));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) entry(p, rows[i].code, 3, _(rows[i].text));
}

static void json_rules(const struct page *p) {
    heading(p, _("JSON (-o json, -o ndjson)"));
    paragraph(p, _("Names are those of the protocol's fields and never change with the language. 64-bit numbers are "
                   "strings; times are milliseconds since 1970 UTC. "
                   "Enums are their token, such as EXTREME_THREAT. Ids are UUIDs in text, other bytes hexadecimal, "
                   "just as the flags take them. Absent fields are left out, lists are always there. "
                   "json prints one document, ndjson one row a line."));
}

static void settings(const struct page *p) {
    heading(p, _("Settings"));
    paragraph(p, _("Flags come before LIANDONG_* of the environment (LIANDONG_SERVER, LIANDONG_CA, LIANDONG_CERT, "
                   "LIANDONG_KEY, LIANDONG_PROFILE …), these before the profile in ~/.config/liandong/NAME.ini."));
}

static void main_page(const struct page *p) {
    fprintf(p->out, "%s\n", _("liandong - police station and judicial office work on one live feed of incidents"));
    examples(p, _("liandong login\n"
                  "liandong feed watch\n"
                  "liandong incident report --class dispute --place '12 Jianshe Road' 'neighbours quarrel about "
                  "building noise'\n"
                  "liandong dispute list --open"));
    heading(p, _("Commands (liandong dispute, for one, lists what disputes have; liandong help all lists everything)"));
    contents(p);
    paragraph(p, _("liandong help flags: flags of every command and settings; help exit: exit codes; help json: JSON"));
}

static void flags_page(const struct page *p) {
    heading(p, _("Flags of every command"));
    flags(p, global_flags, global_flags_count);
    settings(p);
}

static struct page page_of(struct client *client, FILE *out) {
    return (struct page){.out = out,
                         .arena = &client->scratch,
                         .columns = out == client->out && !client->terminal.out ? 0 : client->terminal.columns};
}

void help_print_noun(struct client *client, FILE *out, const char *noun) {
    struct page p = page_of(client, out);
    const struct noun *row = noun_of(noun);
    fprintf(out, _("Commands of \"%s\" (each has --help)\n"), noun);
    if (row && row->course) paragraph(&p, _(row->course));
    if (row && row->course) fputc('\n', out);
    verb_list(&p, noun);
    arena_reset(&client->scratch);
}

void help_print(struct client *client, FILE *out, const struct command *command) {
    struct page p = page_of(client, out);
    if (command->verb)
        verb_page(&p, command->verb);
    else if (command->noun)
        help_print_noun(client, out, command->noun);
    else
        main_page(&p);
    arena_reset(&client->scratch);
}

const char *help_of(struct arena *arena, const char *words) {
    const char *command = words ? arena_printf(arena, "liandong %s --help", words) : NULL;
    return command ? command : "liandong help";
}

/* The commands whose explanation has the word. False: none has. */
static bool word_page(const struct page *p, const char *word) {
    bool found = false;
    for (size_t i = 0; verbs_at(i); i++) {
        const struct verb *verb = verbs_at(i);
        bool told = strstr(_(verb->about), word) || (verb->detail && strstr(_(verb->detail), word));
        if (verb->words[0] == '_' || !told) continue;
        if (!found) heading(p, _("Commands about that (each has --help)"));
        found = true;
        entry(p, verb->words, 22, _(verb->about));
    }
    return found;
}

int help_run(struct client *client, struct command *command) {
    struct page p = page_of(client, client->out);
    struct command about = {0};
    const char *first = command->word_count > 0 ? command->words[0] : NULL,
               *second = command->word_count > 1 ? command->words[1] : NULL;
    if (first && strcmp(first, "exit") == 0) {
        exit_codes(&p);
        return EXIT_CODE_OK;
    }
    if (first && strcmp(first, "all") == 0) {
        heading(&p, _("Commands (each has --help)"));
        verb_list(&p, NULL);
        return EXIT_CODE_OK;
    }
    if (first && strcmp(first, "flags") == 0) {
        flags_page(&p);
        return EXIT_CODE_OK;
    }
    if (first && strcmp(first, "json") == 0) {
        json_rules(&p);
        return EXIT_CODE_OK;
    }
    if (first) about.verb = verbs_find(first, second);
    if (first && !second && verbs_is_noun(first)) about.noun = first;
    if (first && !about.verb && !about.noun) {
        struct arena *arena = &client->arena;
        const char *whole = second ? arena_printf(arena, "%s %s", first, second) : first;
        const char *shown = value_clean(arena, whole, true);
        const char *better = second ? command_nearest(first, second, arena) : command_nearest(NULL, first, arena);
        bool chinese = (first[0] & 0x80) != 0;
        if (!second && (chinese || !better) && strlen(first) > 3 && word_page(&p, first)) return EXIT_CODE_OK;
        const char *what =
            better ? arena_printf(arena, _("there is no command \"%s\"; did you mean \"%s\"?"), shown, better)
                   : arena_printf(arena, _("there is no command \"%s\"%s"), shown, "");
        return client_fail(client, EXIT_CODE_USAGE, what ? what : "", help_of(arena, better));
    }
    help_print(client, client->out, &about);
    return EXIT_CODE_OK;
}

int help_version(struct client *client, struct command *command) {
    (void)command;
    fprintf(client->out, "liandong %s\n", LIANDONG_VERSION);
    return EXIT_CODE_OK;
}
