#include "client/command.h"
#include "client/encoding.h"
#include "client/host.h"
#include "client/labels.h"
#include "client/language.h"
#include "client/suggest.h"
#include "common/wire.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STDIN_MAX 65536u /* more than any field takes; the door check names the field's own limit */

const struct flag global_flags[] = {
    {"server", 0, FLAG_TEXT, offsetof(struct globals, server), N_("HOST:PORT,…"), N_("servers, tried in this order")},
    {"ca", 0, FLAG_TEXT, offsetof(struct globals, ca), N_("FILE"),
     N_("certificate of the authority that the server's must come from")},
    {"cert", 0, FLAG_TEXT, offsetof(struct globals, cert), N_("FILE"), N_("certificate of this terminal")},
    {"key", 0, FLAG_TEXT, offsetof(struct globals, key), N_("FILE"), N_("its private key")},
    {"profile", 'p', FLAG_TEXT, offsetof(struct globals, profile), N_("NAME"),
     N_("settings to use (see liandong profile)")},
    {"lang", 0, FLAG_TEXT, offsetof(struct globals, lang), "zh|en", N_("language")},
    {"output", 'o', FLAG_TEXT, offsetof(struct globals, output), "table|json|ndjson|csv|id", N_("form of the answer")},
    {"fields", 0, FLAG_TEXT, offsetof(struct globals, fields), N_("A,B,…"), N_("only these fields, in this order")},
    {"timeout", 0, FLAG_TEXT, offsetof(struct globals, timeout), N_("TIME"),
     N_("longest wait, tries again included (30s)")},
    {"request-id", 0, FLAG_TEXT, offsetof(struct globals, request_id), "UUID",
     N_("ask again for the outcome of an earlier write")},
    {"no-color", 0, FLAG_SWITCH, offsetof(struct globals, no_color), NULL, N_("no colours")},
    {"csv-bom", 0, FLAG_SWITCH, offsetof(struct globals, csv_bom), NULL,
     N_("begin CSV with a byte order mark, for Excel")},
    {"yes", 'y', FLAG_SWITCH, offsetof(struct globals, yes), NULL, N_("don't ask, do it")},
    {"quiet", 'q', FLAG_SWITCH, offsetof(struct globals, quiet), NULL, N_("say nothing but errors beside the answer")},
    {"help", 'h', FLAG_SWITCH, offsetof(struct globals, help), NULL, N_("help on this command")},
};
const size_t global_flags_count = sizeof global_flags / sizeof *global_flags;

/* What a "--flag" turned out to be. */
struct meant {
    const struct flag *flag; /* a row of a table, filling `into` */
    void *into;
    struct schema_place place; /* or a field of the request */
    bool negated;              /* --no-open */
    unsigned candidates;
};

struct parser {
    struct command *c;
    struct arena *arena;
    struct command_error *error;
    char *const *argv;
    int argc, at;
    int64_t now;
    struct schema_place places[SCHEMA_PLACES_MAX];
    size_t place_count;
    const char *positional[COMMAND_WORDS_MAX];
    size_t positional_count;
};

static bool fault(struct parser *p, const char *format, const char *a, const char *b) {
    snprintf(p->error->said.text, sizeof p->error->said.text, format, value_clean(p->arena, a, true), b);
    return false;
}

bool command_lists(const char *list, const char *name) {
    size_t size = strlen(name);
    for (const char *at = list; at && *at;) {
        size_t word = strcspn(at, " ");
        if (word == size && memcmp(at, name, size) == 0) return true;
        at += word + (at[word] == ' ');
    }
    return false;
}

ProtobufCMessage *command_holder(ProtobufCMessage *request, struct schema_place place, struct arena *arena) {
    if (!place.outer) return request;
    ProtobufCMessage **member = wire_member(request, place.outer);
    if (!*member) {
        const ProtobufCMessageDescriptor *type = schema_type(place.outer);
        ProtobufCMessage *inner = arena_zero(arena, type->sizeof_message);
        if (!inner) return NULL;
        protobuf_c_message_init(type, inner);
        *member = inner;
    }
    return *member;
}

static void match_table(struct meant *m, const struct flag *table, size_t count, void *into, const char *name,
                        size_t size, bool exactly) {
    for (size_t i = 0; i < count; i++) {
        if (strncmp(table[i].name, name, size) != 0 || (exactly && table[i].name[size] != '\0')) continue;
        m->flag = &table[i];
        m->into = into;
        m->candidates++;
    }
}

static void match_places(const struct parser *p, struct meant *m, const char *name, size_t size, bool exactly) {
    for (size_t i = 0; i < p->place_count; i++) {
        const ProtobufCFieldDescriptor *field = p->places[i].field;
        char flag[SCHEMA_WORD];
        schema_flag(flag, field);
        bool same = schema_is_flag(field, name, size) || (!exactly && strncmp(flag, name, size) == 0);
        bool negated = false;
        if (!same && field->type == PROTOBUF_C_TYPE_BOOL && size > 3 && strncmp(name, "no-", 3) == 0)
            negated = schema_is_flag(field, name + 3, size - 3);
        if (!same && !negated) continue;
        m->flag = NULL;
        m->place = p->places[i];
        m->negated = negated;
        m->candidates++;
    }
}

/* Exactly, else by an unambiguous beginning. */
static struct meant find_flag(const struct parser *p, const char *name, size_t size) {
    struct meant m = {0};
    for (int exactly = 1; exactly >= 0 && m.candidates == 0; exactly--) {
        if (p->c->verb) {
            match_places(p, &m, name, size, exactly);
            match_table(&m, p->c->verb->flags, p->c->verb->flag_count, p->c->own, name, size, exactly);
        }
        if (m.candidates == 0) match_table(&m, global_flags, global_flags_count, &p->c->globals, name, size, exactly);
    }
    return m;
}

static struct meant find_letter(const struct parser *p, char letter) {
    struct meant m = {0};
    for (size_t i = 0; p->c->verb && i < p->c->verb->flag_count; i++)
        if (p->c->verb->flags[i].letter == letter)
            m = (struct meant){.flag = &p->c->verb->flags[i], .into = p->c->own, .candidates = 1};
    for (size_t i = 0; m.candidates == 0 && i < global_flags_count; i++)
        if (global_flags[i].letter == letter)
            m = (struct meant){.flag = &global_flags[i], .into = &p->c->globals, .candidates = 1};
    return m;
}

/* Whether `word` is one of the parts of a flag's name, between its hyphens. */
static bool has_part(const char *name, const char *word) {
    size_t size = strlen(word), part;
    for (; *name; name += part + (name[part] == '-')) {
        part = strcspn(name, "-");
        if (part == size && strncmp(name, word, size) == 0) return true;
    }
    return false;
}

static bool unknown_flag(struct parser *p, const char *name, size_t size) {
    struct suggest near;
    char typed[SCHEMA_WORD];
    char words[SCHEMA_PLACES_MAX][SCHEMA_WORD];
    snprintf(typed, sizeof typed, "%.*s", (int)(size < sizeof typed ? size : sizeof typed - 1), name);
    suggest_begin(&near, typed);
    for (size_t i = 0; i < p->place_count; i++) {
        schema_flag(words[i], p->places[i].field);
        suggest_offer(&near, words[i]);
    }
    for (size_t i = 0; p->c->verb && i < p->c->verb->flag_count; i++) suggest_offer(&near, p->c->verb->flags[i].name);
    for (size_t i = 0; i < global_flags_count; i++) suggest_offer(&near, global_flags[i].name);
    for (size_t i = 0; !near.best && i < p->place_count; i++) /* "phone" for "reporter-phone" */
        if (has_part(words[i], typed)) near.best = words[i];
    static const char *const others[][2] = {{"to", "until"}, {"since", "from"}}; /* other words for the same */
    for (size_t i = 0; !near.best && i < sizeof others / sizeof *others; i++)
        for (size_t j = 0; strcmp(typed, others[i][0]) == 0 && j < p->place_count; j++)
            if (strcmp(words[j], others[i][1]) == 0) near.best = words[j];
    if (near.best) return fault(p, _("there is no flag --%s here; did you mean --%s?"), typed, near.best);
    return fault(p, _("there is no flag --%s here%s"), typed, "");
}

static bool fill_flag(struct parser *p, const struct flag *flag, void *into, const char *value) {
    void *member = (char *)into + flag->offset;
    struct flag_texts *texts = member;
    char *end;
    switch (flag->type) {
    case FLAG_SWITCH: *(bool *)member = true; return true;
    case FLAG_TEXT: *(const char **)member = value; return true;
    case FLAG_TEXTS:
        if (texts->count == FLAG_TEXTS_MAX) return fault(p, _("--%s is given too often%s"), flag->name, "");
        texts->items[texts->count++] = value;
        return true;
    case FLAG_COUNT: {
        errno = 0;
        value = value_half_width(p->arena, value);
        unsigned long number = strtoul(value, &end, 10);
        if (*end || end == value || value[0] == '-' || errno || number == 0 || number > UINT32_MAX)
            return fault(p, _("\"%s\" is no number for --%s: 1 or more"), value, flag->name);
        *(uint32_t *)member = (uint32_t)number;
        return true;
    }
    }
    return false;
}

static void remember_global(struct parser *p, const struct flag *flag, const char *value) {
    struct command *c = p->c;
    if (strcmp(flag->name, "request-id") == 0) return;
    const char *text = flag->type == FLAG_SWITCH ? arena_printf(p->arena, "--%s", flag->name)
                                                 : arena_printf(p->arena, "--%s=%s", flag->name, value);
    if (text && c->globals_given_count < sizeof c->globals_given / sizeof *c->globals_given)
        c->globals_given[c->globals_given_count++] = text;
}

/* "-" stands for standard input where the field may hold several lines. */
static const char *from_stdin(struct parser *p, const ProtobufCMessageDescriptor *type,
                              const ProtobufCFieldDescriptor *field, const char *value) {
    if (strcmp(value, "-") != 0 || field->type != PROTOBUF_C_TYPE_STRING || !wire_limit_of(type, field).multiline)
        return value;
    size_t size = 0, line;
    bool recoded;
    char *bytes = host_read_file("-", STDIN_MAX, &size);
    if (!bytes) {
        fault(p, _("can't read standard input: %s%s"), language_errno(errno), "");
        return NULL;
    }
    char *text = encoding_read(bytes, size, &size, &recoded, &line);
    free(bytes);
    if (!text) {
        const char *where = arena_printf(p->arena, "%zu", line);
        fault(p, _("standard input is neither UTF-8 nor GBK, see line %s: save the file as one of them%s"),
              where ? where : "", "");
        return NULL;
    }
    while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == '\r')) size--;
    const char *copy = memchr(text, '\0', size) ? NULL : arena_copy(p->arena, text, size);
    if (!copy) fault(p, "%s%s", _("standard input holds a NUL byte, or memory is short"), "");
    free(text);
    return copy;
}

static bool fill_field(struct parser *p, struct schema_place place, const char *value) {
    if (!place.field)
        return fault(p, "%s%s", _("this word has no place here"), ""); /* a table of verbs that no test has seen */
    ProtobufCMessage *holder = command_holder(p->c->message, place, p->arena);
    char flag[SCHEMA_WORD];
    schema_flag(flag, place.field);
    p->error->flag = arena_printf(p->arena, "--%s", flag);
    if (!holder) return fault(p, "%s%s", _("out of memory"), "");
    value = from_stdin(p, holder->descriptor, place.field, value);
    return value && value_set(holder, place.field, value, p->now, p->arena, &p->error->said);
}

/* The value of a flag: what stands behind '=', or the next argument. NULL: said. */
static const char *need_value(struct parser *p, const char *shown, const char *value) {
    if (value) return value;
    if (p->at < p->argc) return p->argv[p->at++];
    fault(p, _("%s needs a value%s"), shown, "");
    return NULL;
}

static bool take_field(struct parser *p, struct schema_place place, bool negated, const char *shown,
                       const char *value) {
    if (place.field->type == PROTOBUF_C_TYPE_BOOL) {
        if (negated && value) return fault(p, _("%s takes no value%s"), shown, "");
        if (!value) value = negated ? "no" : "yes";
    }
    value = need_value(p, shown, value);
    if (!value || !fill_field(p, place, value)) return false;
    p->error->flag = NULL;
    return true;
}

static bool take_own(struct parser *p, const struct flag *flag, void *into, const char *shown, const char *value) {
    if (flag->type == FLAG_SWITCH && value) return fault(p, _("%s takes no value%s"), shown, "");
    value = flag->type == FLAG_SWITCH ? "" : need_value(p, shown, value);
    if (!value) return false;
    if (into == &p->c->globals) remember_global(p, flag, value);
    return fill_flag(p, flag, into, value);
}

/* "--external-no, --external-at" */
static const char *flags_beginning(const struct parser *p, const char *name) {
    const char *all = "";
    for (size_t i = 0; i < p->place_count && all; i++) {
        char flag[SCHEMA_WORD];
        schema_flag(flag, p->places[i].field);
        if (strncmp(flag, name, strlen(name)) == 0)
            all = arena_printf(p->arena, "%s%s--%s", all, *all ? _(", ") : "", flag);
    }
    return all ? all : "";
}

static bool take_long(struct parser *p, const char *argument) {
    const char *name = argument + 2;
    size_t size = strcspn(name, "=");
    struct meant m = find_flag(p, name, size);
    if (!m.flag && !m.place.field) return unknown_flag(p, name, size);
    char shown[SCHEMA_WORD];
    snprintf(shown, sizeof shown, "--%.*s", (int)(size < sizeof shown - 3 ? size : sizeof shown - 3), name);
    if (m.candidates > 1)
        return fault(p, _("%s may be several flags: %s"), shown, flags_beginning(p, shown + strlen("--")));
    const char *value = name[size] == '=' ? name + size + 1 : NULL;
    return m.flag ? take_own(p, m.flag, m.into, shown, value) : take_field(p, m.place, m.negated, shown, value);
}

static bool take_letters(struct parser *p, const char *argument) {
    for (const char *letter = argument + 1; *letter; letter++) {
        char shown[3] = {'-', *letter, '\0'};
        struct meant m = find_letter(p, *letter);
        if (!m.flag) return fault(p, _("there is no flag %s here%s"), argument, "");
        if (m.flag->type == FLAG_SWITCH) {
            if (!take_own(p, m.flag, m.into, shown, NULL)) return false;
            continue;
        }
        return take_own(p, m.flag, m.into, shown, letter[1] ? letter + 1 + (letter[1] == '=') : NULL);
    }
    return true;
}

static bool unknown_verb(struct parser *p, const char *noun, const char *word) {
    const char *whole = noun ? arena_printf(p->arena, "%s %s", noun, word) : word;
    const char *better = p->error->meant = command_nearest(noun, word, p->arena);
    if (better) return fault(p, _("there is no command \"%s\"; did you mean \"%s\"?"), whole ? whole : word, better);
    return fault(p, _("there is no command \"%s\"%s"), whole ? whole : word, "");
}

static bool begin_verb(struct parser *p, const struct verb *verb) {
    struct command *c = p->c;
    c->verb = verb;
    c->noun = NULL;
    if (verb->own_size) {
        c->own = arena_zero(p->arena, verb->own_size);
        if (!c->own) return fault(p, "%s%s", _("out of memory"), "");
    }
    if (!verb->request) return true;
    c->request = schema_request(verb->request);
    const ProtobufCMessageDescriptor *type = schema_type(c->request);
    c->message = arena_zero(p->arena, type->sizeof_message);
    if (!c->message) return fault(p, "%s%s", _("out of memory"), "");
    protobuf_c_message_init(type, c->message);
    p->place_count = verb_places(verb, p->places, SCHEMA_PLACES_MAX);
    return true;
}

/* A word that is no flag: of the verb's name, then its operands. */
static bool take_word(struct parser *p, const char *word) {
    struct command *c = p->c;
    if (c->verb) {
        if (p->positional_count == COMMAND_WORDS_MAX) return fault(p, "%s%s", _("too many words"), "");
        p->positional[p->positional_count++] = word;
        return true;
    }
    const struct verb *verb = verbs_find(c->noun ? c->noun : word, c->noun ? word : NULL);
    if (verb) return begin_verb(p, verb);
    if (c->noun || !verbs_is_noun(word)) return unknown_verb(p, c->noun, word);
    c->noun = word;
    return true;
}

static struct schema_place place_named(const struct parser *p, const char *name, size_t size) {
    for (size_t i = 0; i < p->place_count; i++)
        if (strlen(p->places[i].field->name) == size && memcmp(p->places[i].field->name, name, size) == 0)
            return p->places[i];
    return (struct schema_place){NULL, NULL};
}

/* A request about records of any kind is told whose verb it is. */
static bool name_record(struct parser *p) {
    const struct verb *verb = p->c->verb;
    struct value_error error;
    return !verb->record ||
           value_set(p->c->message,
                     protobuf_c_message_descriptor_get_field_by_name(p->c->message->descriptor, "record"), verb->record,
                     0, p->arena, &error);
}

/* Text of several words needs no quotes; a number, a word of a list or an office's code is one word. */
static bool takes_words(const struct parser *p, const ProtobufCFieldDescriptor *field) {
    return field && field->type == PROTOBUF_C_TYPE_STRING && field != schema_record(p->c->message->descriptor) &&
           label_meaning(p->c->message->descriptor, field) == MEANING_PLAIN;
}

/* Words without flags become the verb's positional fields, or its operands. */
static bool spread_words(struct parser *p) {
    struct command *c = p->c;
    size_t next = 0;
    for (const char *name = c->verb->positional; name && *name && next < p->positional_count;) {
        size_t size = strcspn(name, " ");
        bool last = name[size] == '\0';
        const char *value = p->positional[next++];
        while (last && value && next < p->positional_count && takes_words(p, place_named(p, name, size).field))
            value = arena_printf(p->arena, "%s %s", value, p->positional[next++]);
        if (!value) return fault(p, "%s%s", _("out of memory"), "");
        if (!fill_field(p, place_named(p, name, size), value)) return false;
        p->error->flag = NULL;
        name += size + !last;
    }
    if (next < p->positional_count && !c->verb->operands)
        return fault(p, _("\"%s\" is one word too many for \"%s\""), p->positional[next], c->verb->words);
    while (next < p->positional_count) c->words[c->word_count++] = p->positional[next++];
    return true;
}

bool command_parse(struct command *c, int argc, char *const *argv, int64_t now, struct arena *arena,
                   struct command_error *error) {
    struct parser p = {.c = c, .arena = arena, .error = error, .argv = argv, .argc = argc, .at = 1, .now = now};
    *c = (struct command){0};
    *error = (struct command_error){0};
    bool flags = true;
    while (p.at < argc) {
        const char *argument = argv[p.at++];
        bool good;
        if (flags && strcmp(argument, "--") == 0) {
            flags = false;
            continue;
        }
        if (c->verb && c->verb->words[0] == '_') flags = false; /* __complete gets another command's flags as words */
        if (flags && strncmp(argument, "--", 2) == 0) {
            good = take_long(&p, argument);
        } else if (flags && argument[0] == '-' && argument[1]) {
            good = take_letters(&p, argument);
        } else {
            good = take_word(&p, argument);
        }
        if (!good) return false;
    }
    return c->verb && !c->globals.help ? spread_words(&p) && name_record(&p) : true;
}

const ProtobufCFieldDescriptor *command_missing(const struct command *c) {
    if (!c->message) return NULL;
    for (unsigned i = 0; i < c->message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &c->message->descriptor->fields[i];
        if (command_lists(c->verb->required, field->name) && !wire_has(c->message, field)) return field;
    }
    return NULL;
}

bool command_is_idle(const struct command *c) {
    if (!c->message || !c->verb->idle) return false;
    for (unsigned i = 0; i < c->message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &c->message->descriptor->fields[i];
        if (wire_has(c->message, field) && !command_lists(c->verb->idle, field->name)) return false;
    }
    return true;
}
