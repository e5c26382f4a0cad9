#include "support.h"
#include <dirent.h>
#include <fcntl.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- allocations that fail: the linker sends malloc of all static code here (--wrap) */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

static size_t until_failure;
static bool failed;

static bool fails_now(void) {
    if (until_failure == 0 || --until_failure > 0) return false;
    failed = true;
    return true;
}

void *__wrap_malloc(size_t size) { return fails_now() ? NULL : __real_malloc(size); }
void *__wrap_calloc(size_t count, size_t size) { return fails_now() ? NULL : __real_calloc(count, size); }
void *__wrap_realloc(void *old, size_t size) { return fails_now() ? NULL : __real_realloc(old, size); }

void allocations_fail_at(size_t n) {
    until_failure = n;
    failed = false;
}

bool allocation_failed(void) { return failed; }

void *sure_malloc(size_t size) {
    void *bytes = __real_malloc(size);
    assert_non_null(bytes);
    return bytes;
}

static size_t openssl_bytes;

static void *counted(void *bytes) {
    if (bytes) openssl_bytes += malloc_usable_size(bytes);
    return bytes;
}

static void *openssl_malloc(size_t size, const char *file, int line) {
    (void)file, (void)line;
    return size ? counted(__wrap_malloc(size)) : NULL;
}

static void openssl_free(void *bytes, const char *file, int line) {
    (void)file, (void)line;
    if (bytes) openssl_bytes -= malloc_usable_size(bytes);
    free(bytes);
}

static void *openssl_realloc(void *old, size_t size, const char *file, int line) {
    (void)file, (void)line;
    size_t before = old ? malloc_usable_size(old) : 0;
    void *bytes = __wrap_realloc(old, size);
    if (bytes) openssl_bytes -= before;
    return counted(bytes);
}

size_t allocations_openssl_bytes(void) { return openssl_bytes; }

void allocations_watch_openssl(void) {
    if (!CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free)) {
        fprintf(stderr, "allocations_watch_openssl came after OpenSSL's first allocation\n");
        exit(1);
    }
}

size_t each_allocation_fails(bool (*body)(void *arg), void *arg, bool may_do_without) {
    for (size_t n = 1;; n++) {
        allocations_fail_at(n);
        bool done = body(arg);
        bool injected = failed;
        allocations_fail_at(0);
        if (!injected) {
            assert_true(done);
            return n;
        }
        if (done && !may_do_without) fail_msg("allocation %zu failed and nobody noticed", n);
    }
}

/* ---- scratch files */

static char folder[64];

static void remove_folder(void) {
    DIR *d = opendir(folder);
    for (struct dirent *e; d && (e = readdir(d));)
        if (e->d_name[0] != '.') unlinkat(dirfd(d), e->d_name, 0);
    if (d) closedir(d);
    rmdir(folder);
}

const char *scratch_path(const char *name) {
    if (!folder[0]) {
        const char *base = getenv("TMPDIR");
        snprintf(folder, sizeof folder, "%.40s/unit.XXXXXX", base ? base : "/tmp");
        assert_non_null(mkdtemp(folder));
        atexit(remove_folder);
    }
    /* Kept to the end of the process: a test's paths are few. */
    static char paths[64][160];
    static size_t used;
    char path[160];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    for (size_t i = 0; i < used; i++)
        if (!strcmp(paths[i], path)) return paths[i];
    assert_true(used < sizeof paths / sizeof *paths);
    memcpy(paths[used], path, sizeof path);
    return paths[used++];
}

const char *scratch_write(const char *name, const void *bytes, size_t size) {
    const char *path = scratch_path(name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size), (ssize_t)size);
    assert_int_equal(fchmod(fd, 0600), 0);
    close(fd);
    return path;
}

const char *scratch_text(const char *name, const char *text) { return scratch_write(name, text, strlen(text)); }

char *read_text(const char *path) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t room = 1 << 20;
    char *text = malloc(room);
    assert_non_null(text);
    text[fread(text, 1, room - 1, file)] = '\0';
    fclose(file);
    return text;
}

/* ---- chance, xorshift64* */

uint64_t roll(struct dice *d) {
    if (d->state == 0) d->state = UINT64_C(0x9e3779b97f4a7c15);
    d->state ^= d->state >> 12;
    d->state ^= d->state << 25;
    d->state ^= d->state >> 27;
    return d->state * UINT64_C(0x2545f4914f6cdd1d);
}

uint64_t roll_below(struct dice *d, uint64_t limit) { return roll(d) % limit; }
