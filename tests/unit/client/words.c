#include "words.h"
#include "support.h"
#include <stdlib.h>
#include <string.h>

int words_split(const char *line, char **out, int room, struct arena *arena) {
    int count = 0;
    while (*line && count < room) {
        line += strspn(line, " ");
        if (*line == '<' || *line == '>' || !*line) break;
        char *word = arena_zero(arena, strlen(line) + 1), *at = word;
        assert_non_null(word);
        for (bool quoted = false; *line && (quoted || *line != ' '); line++) {
            if (*line == '\'')
                quoted = !quoted;
            else if (*line == '\\' && !quoted && line[1])
                *at++ = *++line;
            else
                *at++ = *line;
        }
        out[count++] = word;
    }
    return count;
}

bool words_parse(const char *line, struct command *command, struct arena *arena, struct command_error *error) {
    char *words[256];
    int count = words_split(line, words, 256, arena);
    return command_parse(command, count, words, WORDS_NOW, arena, error);
}

void words_client_open(struct words_client *w, const char *output) {
    struct settings_error error;
    *w = (struct words_client){.client = {.profile = "default", .now = WORDS_NOW, .err = stderr, .quiet = true}};
    arena_init(&w->client.arena, CLIENT_ARENA);
    arena_init(&w->client.scratch, CLIENT_ARENA);
    w->client.terminal.ambiguous = 1;
    assert_true(settings_defaults(option_settings, option_settings_count, &w->client.options, &error));
    assert_true(
        settings_set(option_settings, option_settings_count, &w->client.options, "output", output, "test", &error));
    w->client.out = open_memstream(&w->out, &w->size);
    assert_non_null(w->client.out);
}

char *words_client_close(struct words_client *w) {
    fclose(w->client.out);
    options_release(&w->client.options);
    arena_free(&w->client.scratch);
    arena_free(&w->client.arena);
    return w->out;
}
