#include "net/http_request.h"
#include "support.h"
#include <stdlib.h>
#include <string.h>

static enum http_parse parse(const char *text, struct http_request *r) {
    size_t size = strlen(text);
    char *exact = malloc(size + 1); /* of its own size: reading past it is found by the sanitizer */
    assert_non_null(exact);
    memcpy(exact, text, size);
    enum http_parse result = http_request_parse(r, exact, size);
    free(exact);
    return result;
}

static void test_done(void **state) {
    static const struct {
        const char *text, *path;
        bool get;
    } cases[] = {
        {"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", "/metrics", true},
        {"GET /metrics?a=b HTTP/1.0\n\n", "/metrics", true},
        {"GET / HTTP/1.1\r\n\r\n", "/", true},
        {"POST /metrics HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", "/metrics", false},
        {"GETX /a HTTP/1.1\r\n\r\n", "/a", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct http_request r;
        assert_int_equal(parse(cases[i].text, &r), HTTP_DONE);
        assert_string_equal(r.path, cases[i].path);
        assert_int_equal(r.is_get, cases[i].get);
    }
}

static void test_bad(void **state) {
    static const char *const cases[] = {"\r\n\r\n",
                                        "GET\r\n\r\n",
                                        "GET /\r\n\r\n",
                                        "GET x HTTP/1.1\r\n\r\n",
                                        "get / HTTP/1.1\r\n\r\n",
                                        " / HTTP/1.1\r\n\r\n",
                                        "GET / HTTP/2.0\r\n\r\n",
                                        "GET / HTTP/1.12\r\n\r\n",
                                        "GET / x HTTP/1.1\r\n\r\n",
                                        "GET /\x01 HTTP/1.1\r\n\r\n",
                                        "GET  HTTP/1.1\r\n\r\n",
                                        "\x16\x03\x01\x02\x05\x01"};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct http_request r;
        assert_int_equal(parse(cases[i], &r), HTTP_BAD);
    }
}

/* However the bytes arrive, the answer comes with the last one of the head and not before. */
static void test_every_cut(void **state) {
    static const char text[] = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n";
    struct http_request r;
    (void)state;
    for (size_t size = 0; size < strlen(text); size++) {
        char cut[sizeof text];
        memcpy(cut, text, size);
        cut[size] = '\0';
        assert_int_equal(parse(cut, &r), HTTP_PARTIAL);
    }
    assert_int_equal(parse(text, &r), HTTP_DONE);
}

static void test_too_large(void **state) {
    struct http_request r;
    char *large = malloc(2 * HTTP_HEAD_MAX);
    (void)state;
    assert_non_null(large);
    memset(large, 'a', 2 * HTTP_HEAD_MAX);
    assert_int_equal(http_request_parse(&r, large, HTTP_HEAD_MAX - 1), HTTP_PARTIAL);
    assert_int_equal(http_request_parse(&r, large, HTTP_HEAD_MAX), HTTP_TOO_LARGE);
    memcpy(large + HTTP_HEAD_MAX + 1, "\r\n\r\n", 4);
    assert_int_equal(http_request_parse(&r, large, HTTP_HEAD_MAX + 5), HTTP_TOO_LARGE);
    memcpy(large, "GET /", 5);
    memcpy(large + 5 + HTTP_PATH_MAX, " HTTP/1.1\r\n\r\n", 13);
    assert_int_equal(http_request_parse(&r, large, 5 + HTTP_PATH_MAX + 13), HTTP_TOO_LARGE);
    free(large);
}

static void test_chance(void **state) {
    static const char alphabet[] = "GET / HTTP/1.1\r\n\r\n\n\r?abc";
    struct dice d = {0};
    (void)state;
    for (int i = 0; i < 200000; i++) {
        char text[64];
        size_t size = roll_below(&d, sizeof text - 1);
        for (size_t j = 0; j < size; j++) text[j] = alphabet[roll_below(&d, sizeof alphabet - 1)];
        text[size] = '\0';
        struct http_request r;
        if (parse(text, &r) == HTTP_DONE)
            assert_true(r.path[0] == '/' && strlen(r.path) < HTTP_PATH_MAX && !strpbrk(r.path, " ?\r\n"));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_done), cmocka_unit_test(test_bad),
                                       cmocka_unit_test(test_every_cut), cmocka_unit_test(test_too_large),
                                       cmocka_unit_test(test_chance)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
