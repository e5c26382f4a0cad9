/* SQL files as they are read into statements. Input: the file. */
#include "fuzz.h"
#include "db/statement.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static void judge_name(const char *name) {
    fuzz_require(islower((unsigned char)name[0]) || name[0] == '_', "a parameter begins like a name");
    for (; *name; name++)
        fuzz_require(islower((unsigned char)*name) || isdigit((unsigned char)*name) || *name == '_',
                     "a parameter is a name");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct statement s;
    char error[160] = "", *sql = fuzz_copy(data, size, false);
    if (statement_parse(&s, "input", sql, size, error, sizeof error)) {
        fuzz_require(s.params_count >= 0 && s.params_count <= STATEMENT_PARAMS, "the parameters have their places");
        for (int i = 0; i < s.params_count; i++) {
            judge_name(s.params[i]);
            fuzz_require(statement_param(&s, s.params[i]) == i, "every parameter is there once");
        }
        fuzz_require(s.text && strlen(s.text) <= 2 * size + 1, "the text has its room");
        fuzz_require(s.params_count == 0 || strchr(s.text, '$'), "parameters are numbered in the text");
        fuzz_require(statement_param(&s, "") == -1, "what is no parameter is not found");
        if (s.params_count == 0 && !memchr(sql, ';', size))
            fuzz_require(strlen(s.text) == size && memcmp(s.text, sql, size) == 0,
                         "a file without parameters stays as it is");
        statement_free(&s);
    } else {
        fuzz_require(strncmp(error, "input.sql:", 10) == 0 || strcmp(error, "out of memory") == 0,
                     "a refusal names file and line");
        fuzz_require(s.text == NULL && s.params_count == 0, "a refused file holds nothing");
    }
    free(sql);
    return 0;
}
