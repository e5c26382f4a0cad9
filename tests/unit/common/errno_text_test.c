#include "common/errno_text.h"
#include "common/text.h"
#include "support.h"
#include <errno.h>
#include <string.h>

/* What a person may come across, each in words of its own. */
static const int usual[] = {ENOENT,       EACCES,       EPERM,      ENOSPC,        EROFS,       ENOTDIR,   EISDIR,
                            EMFILE,       ENFILE,       ENOMEM,     EIO,           EINVAL,      EEXIST,    ELOOP,
                            ENAMETOOLONG, EPIPE,        EFBIG,      ECONNREFUSED,  ECONNRESET,  ETIMEDOUT, ENETDOWN,
                            ENETUNREACH,  EHOSTUNREACH, EADDRINUSE, EADDRNOTAVAIL, EAFNOSUPPORT};

static void usual_ones_have_words(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++) {
        const char *text = errno_text(usual[i]);
        size_t size = strlen(text);
        assert_int_equal(text_check(text, size, false, NULL), TEXT_OK);
        assert_int_equal(text_count(text, size) * 3, size); /* nothing but Chinese: three bytes each */
        assert_true(size >= strlen("网络不通") && size <= 60);
        for (size_t j = 0; j < i; j++)
            if (strcmp(text, errno_text(usual[j])) == 0) fail_msg("%d and %d: %s", usual[j], usual[i], text);
    }
    assert_string_equal(errno_text(ENOSPC), "设备上没有空间");
}

static void others_keep_their_number(void **state) {
    (void)state;
    assert_string_equal(errno_text(0), "错误 0");
    assert_string_equal(errno_text(4711), "错误 4711");
    assert_string_equal(errno_text(-2147483647 - 1), "错误 -2147483648");
}

/* No number of this system is told in English or cut short. */
static void no_number_is_without_words(void **state) {
    (void)state;
    for (int number = 0; number < 200; number++) {
        const char *text = errno_text(number);
        assert_int_equal(text_check(text, strlen(text), false, NULL), TEXT_OK);
        assert_int_equal(strcspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"), strlen(text));
    }
}

static void asking_changes_nothing(void **state) {
    (void)state;
    errno = EACCES;
    errno_text(4711);
    assert_int_equal(errno, EACCES);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(usual_ones_have_words),
        cmocka_unit_test(others_keep_their_number),
        cmocka_unit_test(no_number_is_without_words),
        cmocka_unit_test(asking_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
