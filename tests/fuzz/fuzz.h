/* What every fuzz target is made of. A target is one file with LLVMFuzzerTestOneInput; it is built twice: with replay.c
 * into a plain program that reads files (every build, every test run), and with libFuzzer (clang, LIANDONG_FUZZ=ON).
 *
 * A target does not only wait for a crash: it states what must hold for every input, by fuzz_require. */
#ifndef LIANDONG_TESTS_FUZZ_H
#define LIANDONG_TESTS_FUZZ_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Returns 0 always, as libFuzzer wants it. Must free what it takes: the sanitizers watch for leaks. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Aborts, saying `what`, where a property does not hold: both drivers then keep or name the input. */
void fuzz_require(bool holds, const char *what);
/* Takes one byte off the front of the input, 0 where none is left: for choices that are part of the input. */
uint8_t fuzz_take(const uint8_t **data, size_t *size);
/* A copy that ends where its memory ends, so that reading one byte too far is seen; NUL-terminated where `text`.
 * Never NULL: ends the process without memory. free() it. */
void *fuzz_copy(const void *bytes, size_t size, bool text);
#endif
