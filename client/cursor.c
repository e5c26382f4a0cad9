#include "client/cursor.h"
#include "client/host.h"
#include "common/text.h"
#include <errno.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER "liandong-cursor 1 "

bool cursor_path(char *out, size_t room, const struct cursor_scope *scope) {
    char folder[HOST_PATH], name[2 * 12 + 1];
    uint8_t digest[SHA256_DIGEST_LENGTH];
    if (!host_state_folder(folder, sizeof folder)) return false;
    /* Lengths between the parts, so that no two scopes run together to the same bytes. */
    size_t texts = strlen(scope->profile) + strlen(scope->servers) + strlen(scope->office);
    char *all = malloc(texts + scope->filter_size + 128);
    if (!all) return false;
    int head = snprintf(all, texts + 128, "%zu %s %zu %s %zu %s ", strlen(scope->profile), scope->profile,
                        strlen(scope->servers), scope->servers, strlen(scope->office), scope->office);
    if (scope->filter_size) memcpy(all + head, scope->filter, scope->filter_size);
    SHA256((const uint8_t *)all, (size_t)head + scope->filter_size, digest);
    free(all);
    text_hex(name, digest, 12);
    int size = snprintf(out, room, "%s/cursors/%s.%s", folder, scope->profile, name);
    return size > 0 && (size_t)size < room;
}

enum cursor_found cursor_load(const char *path, uint8_t cursor[CURSOR_SIZE]) {
    size_t size = 0;
    errno = 0;
    char *text = host_read_file(path, 4096, &size);
    if (!text) return errno == ENOENT || errno == ENOTDIR ? CURSOR_NONE : CURSOR_DAMAGED;
    size_t header = strlen(HEADER);
    bool good = size == header + 2 * CURSOR_SIZE + 1 && memcmp(text, HEADER, header) == 0 && text[size - 1] == '\n' &&
                text_unhex(cursor, CURSOR_SIZE, text + header, 2 * CURSOR_SIZE);
    free(text);
    errno = 0;
    return good ? CURSOR_FOUND : CURSOR_DAMAGED;
}

bool cursor_save(const char *path, const uint8_t cursor[CURSOR_SIZE]) {
    char text[sizeof HEADER + 2 * CURSOR_SIZE + 1];
    char hex[2 * CURSOR_SIZE + 1];
    text_hex(hex, cursor, CURSOR_SIZE);
    int size = snprintf(text, sizeof text, HEADER "%s\n", hex);
    return host_replace_file(path, text, (size_t)size);
}
