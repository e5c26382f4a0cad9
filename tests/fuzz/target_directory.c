/* The file of offices, pairings and devices. Input: content. */
#include "fuzz.h"
#include "directory_file.h"
#include "common/text.h"
#include <stdlib.h>
#include <string.h>

#define TOLD_AT_LEAST 50u /* of very many faults only the first are told, and their number */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct directory_file file = {.text = NULL};
    char *text = fuzz_copy(data, size, true), *said = NULL;
    size_t said_size = 0, lines = 0;
    FILE *complaints = open_memstream(&said, &said_size);
    if (!complaints) exit(1);
    bool good = directory_file_judge(&file, "/nowhere/directory.ini", text, size, complaints);
    if (fclose(complaints) != 0) exit(1);
    for (size_t i = 0; i < said_size; i++) lines += said[i] == '\n';
    fuzz_require(good == (file.faults == 0), "it is good where nothing is wrong");
    fuzz_require(lines >= (file.faults < TOLD_AT_LEAST ? file.faults : TOLD_AT_LEAST), "faults are told");
    fuzz_require(file.faults > 0 || said_size == 0, "and nothing else");
    fuzz_require(text_check(said, said_size, true, NULL) == TEXT_OK, "what is told can be shown");
    for (int kind = 0; kind < DIRECTORY_KINDS; kind++) {
        size_t count = 0;
        for (struct directory_entry *e = file.first[kind]; e; e = e->next, count++)
            fuzz_require(e->name && e->name[0] && (int)e->kind == kind && e->line > 0,
                         "an entry has a name and a place");
        fuzz_require(count == file.count[kind], "entries are counted");
    }
    directory_file_release(&file);
    free(said);
    free(text);
    return 0;
}
