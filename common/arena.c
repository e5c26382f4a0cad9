#include "common/arena.h"
#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sanitizer/asan_interface.h> /* its macros are nothing outside AddressSanitizer */

#define ARENA_ALIGN    16u
#define ARENA_FIRST    4096u    /* every first block: what an arena keeps between requests is at most this */
#define ARENA_STEP_MAX 1048576u /* blocks double up to this, so a full 16 MiB arena is about 25 mallocs */

/* Blocks are a list from the newest to the first; only the newest has room to give. The bytes follow the header. */
struct arena_block {
    alignas(ARENA_ALIGN) struct arena_block *older;
    size_t room, used;
};

static uint8_t *block_bytes(struct arena_block *b) { return (uint8_t *)(b + 1); }

static void *take_for_protobuf(void *arena, size_t size) { return arena_take(arena, size); }

/* protobuf-c frees what it replaced (a oneof said twice, a failed unpack); the arena gives back all at once. */
static void keep_for_protobuf(void *arena, void *bytes) {
    (void)arena;
    (void)bytes;
}

void arena_init(struct arena *a, size_t cap) {
    *a = (struct arena){.cap = cap,
                        .allocator = {.alloc = take_for_protobuf, .free = keep_for_protobuf, .allocator_data = a}};
}

static bool add_block(struct arena *a, size_t size) {
    size_t room = a->newest ? a->newest->room * 2 : ARENA_FIRST - sizeof(struct arena_block);
    if (room > ARENA_STEP_MAX) room = ARENA_STEP_MAX;
    /* The first block has always the same size: a large first request gets a second block. */
    if (!a->newest && size > room && !add_block(a, 0)) return false;
    if (room < size) room = size;
    struct arena_block *b = malloc(sizeof *b + room);
    if (!b) return false;
    *b = (struct arena_block){.older = a->newest, .room = room};
    ASAN_POISON_MEMORY_REGION(block_bytes(b), room);
    a->newest = b;
    return true;
}

void *arena_take(struct arena *a, size_t size) {
    size_t whole = size ? size : 1;
    if (whole > a->cap || __builtin_add_overflow(whole, ARENA_ALIGN - 1, &whole)) goto refused;
    whole -= whole % ARENA_ALIGN;
    if (whole > a->cap - a->used) goto refused;
    if ((!a->newest || whole > a->newest->room - a->newest->used) && !add_block(a, whole)) goto refused;
    void *bytes = block_bytes(a->newest) + a->newest->used;
    ASAN_UNPOISON_MEMORY_REGION(bytes, size);
    a->newest->used += whole;
    a->used += whole;
    return bytes;
refused:
    a->exhausted = true;
    return NULL;
}

void *arena_zero(struct arena *a, size_t size) {
    void *bytes = arena_take(a, size);
    return bytes ? memset(bytes, 0, size) : NULL;
}

char *arena_copy(struct arena *a, const void *bytes, size_t size) {
    size_t whole;
    if (__builtin_add_overflow(size, 1u, &whole)) {
        a->exhausted = true;
        return NULL;
    }
    char *copy = arena_take(a, whole);
    if (!copy) return NULL;
    if (size) memcpy(copy, bytes, size);
    copy[size] = '\0';
    return copy;
}

char *arena_printf(struct arena *a, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *text = size < 0 ? NULL : arena_take(a, (size_t)size + 1);
    if (!text) return NULL;
    va_start(arguments, format);
    vsnprintf(text, (size_t)size + 1, format, arguments);
    va_end(arguments);
    return text;
}

static void free_down_to(struct arena *a, struct arena_block *keep) {
    while (a->newest != keep) {
        struct arena_block *b = a->newest;
        a->newest = b->older;
        ASAN_UNPOISON_MEMORY_REGION(block_bytes(b), b->room);
        free(b);
    }
    a->used = 0;
    a->exhausted = false;
}

void arena_reset(struct arena *a) {
    struct arena_block *first = a->newest;
    while (first && first->older) first = first->older;
    free_down_to(a, first);
    if (!first) return;
    first->used = 0;
    ASAN_POISON_MEMORY_REGION(block_bytes(first), first->room);
}

void arena_free(struct arena *a) { free_down_to(a, NULL); }
