#include "net/address.h"
#include "support.h"
#include <string.h>

static bool parse(struct address *a, const char *text) {
    struct address_error error = {""};
    bool good = address_parse(a, text, strlen(text), &error);
    assert_true(good == (error.text[0] == '\0')); /* a refusal always says why */
    return good;
}

static void test_round_trip(void **state) {
    static const char *const texts[] = {"127.0.0.1:7443", "0.0.0.0:0", "255.255.255.255:65535",
                                        "[::]:7443",      "[::1]:1",   "[2001:db8::5]:443"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct address a;
        char text[ADDRESS_TEXT_SIZE];
        assert_true(parse(&a, texts[i]));
        address_print(text, &a);
        assert_string_equal(text, texts[i]);
    }
}

static void test_refused(void **state) {
    static const char *const texts[] = {"",
                                        ":",
                                        ":7443",
                                        "7443",
                                        "127.0.0.1",
                                        "127.0.0.1:",
                                        "127.0.0.1:65536",
                                        "127.0.0.1:-1",
                                        "127.0.0.1:+1",
                                        "127.0.0.1: 1",
                                        "127.0.0.1:99999999999999999999",
                                        "localhost:7443",
                                        "127.0.0.1:74x3",
                                        "::1:7443",
                                        "[::1]7443",
                                        "[::1]",
                                        "[::1:7443",
                                        "[]:1",
                                        "[127.0.0.1]:1",
                                        "1.2.3:4",
                                        "[fe80::1%lo]:1",
                                        "127.0.0.1:1:2",
                                        "[1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb]:1"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct address a;
        assert_false(parse(&a, texts[i]));
    }
}

static void test_list(void **state) {
    struct address list[ADDRESS_LIST_MAX];
    struct address_error error;
    size_t count;
    char text[ADDRESS_TEXT_SIZE];
    (void)state;
    assert_true(address_parse_list(list, &count, "127.0.0.1:1, [::1]:2 ,10.0.0.1:3", &error));
    assert_int_equal(count, 3);
    address_print(text, &list[1]);
    assert_string_equal(text, "[::1]:2");
    assert_false(address_parse_list(list, &count, "127.0.0.1:1,", &error));
    assert_false(address_parse_list(list, &count, "127.0.0.1:1,,127.0.0.1:2", &error));
    assert_true(address_parse_list(
        list, &count, "1.1.1.1:1,1.1.1.1:1,1.1.1.1:1,1.1.1.1:1,1.1.1.1:1,1.1.1.1:1,1.1.1.1:1,1.1.1.1:1", &error));
    assert_false(address_parse_list(
        list, &count, "1.1.1.1:1,1.1.1.1:1,1.1.1.1:1,1.1.1.1:1,1.1.1.1:1,1.1.1.1:1,1.1.1.1:1,1.1.1.1:1,1.1.1.1:1",
        &error));
}

static void test_hosts(void **state) {
    struct address four, mapped, other, six;
    (void)state;
    assert_true(parse(&four, "127.0.0.1:1") && parse(&mapped, "[::ffff:127.0.0.1]:9") && parse(&other, "127.0.0.2:1") &&
                parse(&six, "[::1]:1"));
    assert_true(address_same_host(&four, &mapped)); /* or a dual-stack listener would count one machine as two */
    assert_false(address_same_host(&four, &other));
    assert_false(address_same_host(&four, &six));
    assert_true(address_is_loopback(&four) && address_is_loopback(&mapped) && address_is_loopback(&other) &&
                address_is_loopback(&six));
    struct address outside[4];
    assert_true(parse(&outside[0], "0.0.0.0:1") && parse(&outside[1], "[::]:1") && parse(&outside[2], "10.0.0.1:1") &&
                parse(&outside[3], "[::ffff:10.0.0.1]:1"));
    for (size_t i = 0; i < 4; i++) assert_false(address_is_loopback(&outside[i]));
    char text[ADDRESS_TEXT_SIZE];
    address_unmap(&mapped);
    address_print(text, &mapped);
    assert_string_equal(text, "127.0.0.1:9");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_round_trip), cmocka_unit_test(test_refused),
                                       cmocka_unit_test(test_list), cmocka_unit_test(test_hosts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
