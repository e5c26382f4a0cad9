#include "client/link_address.h"
#include "support.h"
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

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(good_ones), cmocka_unit_test(bad_ones)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
