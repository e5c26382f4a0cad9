#include "client/command.h"
#include "common/wire.h"
#include <stdio.h>
#include <string.h>

const char *command_quoted(const char *word, struct arena *arena) {
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=,+@%";
    if (*word && strspn(word, safe) == strlen(word)) return word;
    size_t quotes = 0, size = strlen(word);
    for (const char *c = word; *c; c++) quotes += *c == '\'';
    char *out = arena_take(arena, size + quotes * 3 + 3), *at = out;
    if (!out) return NULL;
    *at++ = '\'';
    for (const char *c = word; *c; c++) {
        if (*c == '\'') {
            memcpy(at, "'\\''", 4);
            at += 4;
        } else {
            *at++ = *c;
        }
    }
    *at++ = '\'';
    *at = '\0';
    return out;
}

static const char *add(const char *line, const char *word, struct arena *arena) {
    const char *safe = line && word ? command_quoted(word, arena) : NULL;
    return safe ? arena_printf(arena, "%s %s", line, safe) : NULL;
}

/* The verb's own flags; a table of settings needs no more than these types. */
static const char *add_own(const struct command *c, const char *line, struct arena *arena) {
    for (size_t i = 0; i < c->verb->flag_count; i++) {
        const struct flag *flag = &c->verb->flags[i];
        const void *member = (const char *)c->own + flag->offset;
        const struct flag_texts *texts = member;
        switch (flag->type) {
        case FLAG_SWITCH:
            if (*(const bool *)member) line = add(line, arena_printf(arena, "--%s", flag->name), arena);
            break;
        case FLAG_TEXT:
            if (*(const char *const *)member)
                line = add(line, arena_printf(arena, "--%s=%s", flag->name, *(const char *const *)member), arena);
            break;
        case FLAG_TEXTS:
            for (size_t j = 0; j < texts->count; j++)
                line = add(line, arena_printf(arena, "--%s=%s", flag->name, texts->items[j]), arena);
            break;
        case FLAG_COUNT:
            if (*(const uint32_t *)member)
                line = add(line, arena_printf(arena, "--%s=%u", flag->name, *(const uint32_t *)member), arena);
            break;
        }
    }
    return line;
}

const char *command_again(const struct command *c, const char *request_id, struct arena *arena) {
    const char *line = arena_printf(arena, "liandong %s", c->verb->words);
    struct schema_place places[SCHEMA_PLACES_MAX];
    size_t count = c->message ? verb_places(c->verb, places, SCHEMA_PLACES_MAX) : 0;
    for (size_t i = 0; i < count; i++) {
        const ProtobufCMessage *holder =
            places[i].outer ? *(ProtobufCMessage **)wire_member(c->message, places[i].outer) : c->message;
        if (!holder || !wire_has(holder, places[i].field)) continue;
        const char *value = value_plain(arena, holder, places[i].field);
        char flag[SCHEMA_WORD];
        schema_flag(flag, places[i].field);
        line = add(line, value ? arena_printf(arena, "--%s=%s", flag, value) : NULL, arena);
    }
    if (c->own) line = add_own(c, line, arena);
    for (size_t i = 0; i < c->word_count; i++) line = add(line, c->words[i], arena);
    for (size_t i = 0; i < c->globals_given_count; i++) line = add(line, c->globals_given[i], arena);
    if (request_id) line = add(line, arena_printf(arena, "--request-id=%s", request_id), arena);
    return line;
}

const char *command_flag_of_path(const struct command *c, const char *path, struct arena *arena) {
    const char *name = strrchr(path, '.');
    size_t size = strcspn(name ? name + 1 : path, "[");
    const char *plain = arena_copy(arena, name ? name + 1 : path, size);
    if (!plain || !c->message) return path;
    struct schema_place places[SCHEMA_PLACES_MAX];
    size_t count = verb_places(c->verb, places, SCHEMA_PLACES_MAX);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(places[i].field->name, plain) != 0) continue;
        char flag[SCHEMA_WORD];
        schema_flag(flag, places[i].field);
        const char *text = arena_printf(arena, "--%s", flag);
        return text ? text : path;
    }
    return path;
}
