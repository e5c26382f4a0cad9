#include "fuzz.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fuzz_require(bool holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "does not hold: %s\n", what);
    abort();
}

uint8_t fuzz_take(const uint8_t **data, size_t *size) {
    if (*size == 0) return 0;
    (*size)--;
    return *(*data)++;
}

void *fuzz_copy(const void *bytes, size_t size, bool text) {
    size_t room = size + (text ? 1 : 0);
    char *copy = malloc(room ? room : 1);
    if (!copy) exit(1);
    if (size) memcpy(copy, bytes, size);
    if (text) copy[size] = '\0';
    return copy;
}
