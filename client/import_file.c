#include "client/import_file.h"
#include "client/host.h"
#include "client/language.h"
#include "client/value.h"
#include "common/text.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (1u << 30) /* it is read as a whole; a year of a city's calls is a tenth of this */

static int fail(struct client *client, const char *format, const char *a, const char *b) {
    const char *what = arena_printf(&client->arena, format, value_clean(&client->arena, a, true), b);
    return client_fail(client, EXIT_CODE_FAILED, what ? what : format, NULL);
}

static int convert(struct import_file *f, struct client *client, const char *encoding, const char *help) {
    size_t size = 0, at = 0;
    char *text = host_to_utf8(encoding, f->bytes, f->size, &size, &at);
    if (!text && errno == EINVAL)
        return client_fail(client, EXIT_CODE_USAGE, _("this encoding is not known; try gb18030"), help);
    if (!text) {
        char where[32];
        snprintf(where, sizeof where, "%zu", at);
        return fail(client, _("the file is not in the encoding %s: byte %s does not fit"), encoding, where);
    }
    free(f->bytes);
    f->bytes = text;
    f->size = size;
    return EXIT_CODE_OK;
}

/* Whether more of what is no ASCII is broken than whole: then it is no UTF-8 at all. */
static bool is_foreign(const struct import_file *f) {
    size_t good = 0, bad = 0, length;
    for (size_t at = 0; at < f->size; at += length) {
        length = 1;
        if ((unsigned char)f->bytes[at] < 0x80) continue;
        if (text_decode(f->bytes + at, f->size - at, &length) == UINT32_MAX)
            bad++;
        else
            good++;
    }
    return bad > good && f->size > 100;
}

int import_file_read(struct import_file *f, struct client *client, const char *path, const char *encoding,
                     const char *separator, const char *help) {
    *f = (struct import_file){.separator = !separator ? ',' : strcmp(separator, "tab") == 0 ? '\t' : separator[0]};
    if (separator && strcmp(separator, "tab") != 0 && (strlen(separator) != 1 || strchr("\"\r\n", separator[0])))
        return client_fail(client, EXIT_CODE_USAGE, _("--separator is one character, or tab"), help);
    f->bytes = host_read_file(path, FILE_MAX, &f->size);
    if (!f->bytes) return fail(client, "%s: %s", path, language_errno(errno));
    if (encoding) return convert(f, client, encoding, help);
    /* Text saved by a Chinese Excel is GBK: said at once for the whole file; a few bad rows get their own verdicts. */
    if (is_foreign(f))
        return client_fail(client, EXIT_CODE_USAGE,
                           _("the file is not in UTF-8; for a file from a Chinese Excel add --encoding gb18030"), help);
    return EXIT_CODE_OK;
}

const char *import_file_rejects(struct client *client, const char *path) {
    return arena_printf(&client->arena, "%s.rejected.csv", strcmp(path, "-") == 0 ? "stdin" : path);
}

void import_file_free(struct import_file *f) {
    free(f->bytes);
    f->bytes = NULL;
}
