/* A file of rows to be imported: read as a whole, made UTF-8.
 * Client. */
#ifndef LIANDONG_CLIENT_IMPORT_FILE_H
#define LIANDONG_CLIENT_IMPORT_FILE_H
#include "client/client.h"

struct import_file {
    char *bytes; /* owned, UTF-8 but for what single rows get wrong */
    size_t size;
    char separator;
};
/* Reads `path` ("-": standard input). encoding: what iconv knows, NULL: UTF-8. separator: one character or "tab", NULL:
 * a comma. `help` is the command to be named where a flag is wrong. Exit code; not OK: already said. */
int import_file_read(struct import_file *f, struct client *client, const char *path, const char *encoding,
                     const char *separator, const char *help);
/* The name of the reject file where none is given; NULL without memory. */
const char *import_file_rejects(struct client *client, const char *path);
void import_file_free(struct import_file *f);
#endif
