/* What unit tests share: cmocka with its includes, allocations that fail on purpose, scratch files. */
#ifndef LIANDONG_TESTS_SUPPORT_H
#define LIANDONG_TESTS_SUPPORT_H
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* The n-th allocation from now on (1: the next one) fails, once; 0: none. Counts malloc, calloc and realloc of all code
 * that is linked statically, and OpenSSL's where allocations_watch_openssl was called first of all. */
void allocations_fail_at(size_t n);
/* True where that allocation came. */
bool allocation_failed(void);
void allocations_watch_openssl(void);
/* malloc that never fails on purpose, for the tests' own tools. */
void *sure_malloc(size_t size);
/* Bytes that OpenSSL holds now, as the allocator counts them. */
size_t allocations_openssl_bytes(void);

/* Runs `body` with its first allocation failing, then its second, and so on until a run needs fewer. `body` returns
 * true where it did all of its work. It may fail only where an allocation did, must then say so by false, and must
 * leave nothing behind (AddressSanitizer looks for leaks). `may_do_without`: it may also succeed then. Returns the
 * runs. */
size_t each_allocation_fails(bool (*body)(void *arg), void *arg, bool may_do_without);

/* Path of a file of this name in a folder of this process that is removed at exit. Valid until exit. */
const char *scratch_path(const char *name);
/* Writes the file with mode 0600 and returns its path. */
const char *scratch_write(const char *name, const void *bytes, size_t size);
const char *scratch_text(const char *name, const char *text);
/* The whole file and a NUL, malloc'd. */
char *read_text(const char *path);

/* A small generator with a fixed seed: the same sequence in every run. */
struct dice {
    uint64_t state;
};
uint64_t roll(struct dice *d);
uint64_t roll_below(struct dice *d, uint64_t limit);
#endif
