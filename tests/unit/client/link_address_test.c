#define _GNU_SOURCE /* EAI_FAIL and its like */
#include "client/link_address.h"
#include "client/language.h"
#include "common/text.h"
#include "support.h"
#include <errno.h>
#include <netdb.h>
#include <string.h>

static void good_ones(void **state) {
    (void)state;
    const char *list = "a:1,192.168.1.10, [::1]:7443 ,[fe80::1],host:65535";
    static const struct link_address expected[] = {
        {"a", "1"}, {"192.168.1.10", "7443"}, {"::1", "7443"}, {"fe80::1", "7443"}, {"host", "65535"}};
    struct link_address address;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        assert_true(link_address_next(&list, &address));
        assert_string_equal(address.host, expected[i].host);
        assert_string_equal(address.port, expected[i].port);
    }
    assert_int_equal(*list, '\0');
}

static void bad_ones(void **state) {
    (void)state;
    static const char *const bad[] = {"",         ":1",   "a:",        "a:0",  "a:65536", "a:x",
                                      "a:123456", "[::1", "[::1]7443", "[]:1", "a:-1"};
    struct link_address address;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *list = bad[i];
        if (link_address_next(&list, &address)) fail_msg("\"%s\" was taken for an address", bad[i]);
    }
    const char *list = "bad:port,good:1"; /* one bad address does not hide the next */
    assert_false(link_address_next(&list, &address));
    assert_true(link_address_next(&list, &address));
    assert_string_equal(address.host, "good");
    char endless[600];
    memset(endless, 'x', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    list = endless;
    assert_false(link_address_next(&list, &address));
}

/* Each reason of the resolver and of the system in the language chosen, the one that is unknown too. */
static void troubles_are_told_in_the_language(void **state) {
    (void)state;
    static const int whys[] = {EAI_NONAME, EAI_AGAIN, EAI_FAIL, EAI_FAMILY, EAI_SERVICE, EAI_MEMORY, EAI_SYSTEM, 4711};
    for (size_t i = 0; i < sizeof whys / sizeof *whys; i++) {
        errno = ENETDOWN;
        language_start("en");
        const char *english = link_address_trouble(whys[i]);
        assert_int_equal(text_count(english, strlen(english)), strlen(english));
        language_start("zh");
        const char *chinese = link_address_trouble(whys[i]);
        assert_true(text_count(chinese, strlen(chinese)) * 3 == strlen(chinese)); /* of three bytes each */
    }
    assert_string_equal(link_address_trouble(EAI_NONAME), "没有这个名字");
    assert_string_equal(language_errno(ECONNREFUSED), "对方拒绝连接");
    language_start("en");
    assert_string_equal(language_errno(ECONNREFUSED), "Connection refused");
    language_start("zh");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(good_ones), cmocka_unit_test(bad_ones),
                                       cmocka_unit_test(troubles_are_told_in_the_language)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
