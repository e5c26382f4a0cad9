/* Runs one target over files: every argument is a file or a folder of files. No input at all is a failure, so that a
 * corpus that went missing is noticed. */
#include "fuzz.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define REPLAY_MAX (4u << 20) /* bytes of one file: larger ones are no seeds */

static unsigned replayed;

static bool replay_file(const char *path) {
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = malloc(REPLAY_MAX);
    bool ok = file && bytes;
    if (ok) {
        size_t size = fread(bytes, 1, REPLAY_MAX, file);
        ok = !ferror(file) && size < REPLAY_MAX;
        if (ok) {
            uint8_t *exact = fuzz_copy(bytes, size, false);
            fprintf(stderr, "%s\n", path); /* the last line before a crash names the input */
            LLVMFuzzerTestOneInput(exact, size);
            free(exact);
            replayed++;
        }
    }
    if (!ok) fprintf(stderr, "%s: %s\n", path, errno ? strerror(errno) : "too large");
    free(bytes);
    if (file) fclose(file);
    return ok;
}

static bool replay_folder(const char *path) {
    struct dirent **entries;
    int count = scandir(path, &entries, NULL, alphasort);
    if (count < 0) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return false;
    }
    bool ok = true;
    for (int i = 0; i < count; i++) {
        char file[4096];
        snprintf(file, sizeof file, "%s/%s", path, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.') ok = replay_file(file) && ok;
        free(entries[i]);
    }
    free(entries);
    return ok;
}

int main(int argc, char **argv) {
    bool ok = true;
    for (int i = 1; i < argc; i++) {
        struct stat s;
        bool folder = stat(argv[i], &s) == 0 && S_ISDIR(s.st_mode);
        ok = (folder ? replay_folder(argv[i]) : replay_file(argv[i])) && ok;
    }
    printf("%u inputs replayed\n", replayed);
    return ok && replayed > 0 ? 0 : 1;
}
