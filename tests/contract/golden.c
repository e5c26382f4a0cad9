#include "golden.h"
#include "envelope.pb-c.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define FRAME_ROOM 16384u /* bytes of one golden frame */

char *golden_file(const char *path, struct arena *arena) {
    FILE *file = fopen(path, "rb");
    char *text = NULL;
    if (file && fseek(file, 0, SEEK_END) == 0) {
        long size = ftell(file);
        if (size > 0) text = arena_zero(arena, (size_t)size + 1);
        rewind(file);
        if (text && fread(text, 1, (size_t)size, file) != (size_t)size) text = NULL;
    }
    if (file) fclose(file);
    if (!text) fprintf(stderr, "%s can't be read\n", path);
    return text;
}

static bool complain(unsigned line, const char *what) {
    fprintf(stderr, "proto/README.md:%u: %s\n", line, what);
    return false;
}

/* "hex DIRECTION NAME [refused REASON [FIELD]]" */
static bool read_fence(struct golden_frame *f, char *words) {
    char *rest = NULL, *word[6] = {NULL};
    size_t count = 0;
    for (char *w = strtok_r(words, " ", &rest); w && count < 6; w = strtok_r(NULL, " ", &rest)) word[count++] = w;
    if (count < 3 || count == 4 || count > 5 + 1) return complain(f->line, "a hex fence needs a direction and a name");
    if (strcmp(word[1], "to_server") == 0) {
        f->type = &liandong__v1__to_server__descriptor;
        f->strict = true;
    } else if (strcmp(word[1], "to_client") == 0) {
        f->type = &liandong__v1__to_client__descriptor;
    } else {
        return complain(f->line, "the direction is to_server or to_client");
    }
    f->name = word[2];
    if (word[3]) {
        if (strcmp(word[3], "refused") != 0)
            return complain(f->line, "only \"refused REASON FIELD\" may follow the name");
        f->reason = word[4];
        f->field = word[5] ? word[5] : "";
    }
    return true;
}

static bool read_hex(struct golden_frame *f, const char *line) {
    for (const char *at = line; *at && *at != '#';) {
        unsigned byte = 0;
        if (*at == ' ') {
            at++;
            continue;
        }
        if (!isxdigit((unsigned char)at[0]) || !isxdigit((unsigned char)at[1]) || sscanf(at, "%2x", &byte) != 1)
            return complain(f->line, "two hex digits make a byte");
        if (f->size == FRAME_ROOM) return complain(f->line, "too long");
        f->bytes[f->size++] = (uint8_t)byte;
        at += 2;
    }
    return true;
}

/* Takes the next line off *at and ends it with NUL. NULL at the end. */
static char *next_line(char **at, unsigned *number) {
    char *line = *at;
    if (!*line) return NULL;
    char *end = strchr(line, '\n');
    *at = end ? end + 1 : line + strlen(line);
    if (end) *end = '\0';
    (*number)++;
    return line;
}

/* The lines up to the closing fence, joined again. */
static const char *read_text(char **at, unsigned *number) {
    char *begin = *at, *line;
    while ((line = next_line(at, number)) && strncmp(line, "```", 3) != 0) {
        if (*at > begin && (*at)[-1] == '\0') (*at)[-1] = '\n';
    }
    if (line) *line = '\0';
    return begin;
}

static bool read_frame(struct golden *g, char *fence, char **at, unsigned *number, struct arena *arena) {
    if (g->count == GOLDEN_MAX) return complain(*number, "too many frames: raise GOLDEN_MAX");
    struct golden_frame *f = &g->frames[g->count++];
    *f = (struct golden_frame){.line = *number, .bytes = arena_take(arena, FRAME_ROOM)};
    char *line;
    if (!f->bytes || !read_fence(f, fence)) return false;
    while ((line = next_line(at, number)) && strncmp(line, "```", 3) != 0)
        if (!read_hex(f, line)) return false;
    if (!line || f->size == 0) return complain(f->line, "no bytes, or no closing fence");
    for (size_t i = 0; i + 1 < g->count; i++)
        if (strcmp(g->frames[i].name, f->name) == 0) return complain(f->line, "a name occurs twice");
    if (f->reason) return true;
    line = next_line(at, number);
    if (!line || strcmp(line, "```textproto") != 0) return complain(f->line, "the text of the frame must follow it");
    f->text = read_text(at, number);
    return true;
}

bool golden_read(struct golden *g, const char *path, struct arena *arena) {
    char *at = golden_file(path, arena), *line;
    unsigned number = 0;
    *g = (struct golden){.count = 0};
    if (!at) return false;
    while ((line = next_line(&at, &number)))
        if (strncmp(line, "```hex ", 7) == 0 && !read_frame(g, line + 3, &at, &number, arena)) return false;
    return g->count > 0 || complain(number, "no golden frame found");
}
