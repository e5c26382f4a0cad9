/* The head of a request to the metrics page, and the addresses in the settings. Input: text. */
#include "fuzz.h"
#include "common/text.h"
#include "net/address.h"
#include "net/http_request.h"
#include <stdlib.h>
#include <string.h>

static void judge_request(const char *bytes, size_t size) {
    struct http_request whole = {0}, part = {0};
    enum http_parse state = http_request_parse(&whole, bytes, size);
    fuzz_require(size <= HTTP_HEAD_MAX || state != HTTP_PARTIAL, "a head has its limit");
    if (state == HTTP_DONE)
        fuzz_require(whole.path[0] == '/' && memchr(whole.path, '\0', sizeof whole.path), "a path is a path");
    for (size_t cut = 0; cut < size; cut += 1 + size / 64) {
        char *exact = fuzz_copy(bytes, cut, false);
        enum http_parse early = http_request_parse(&part, exact, cut);
        if (early == HTTP_DONE)
            fuzz_require(state == HTTP_DONE && strcmp(part.path, whole.path) == 0, "what is done stays so");
        if (early == HTTP_BAD) fuzz_require(state == HTTP_BAD || state == HTTP_TOO_LARGE, "what is bad stays so");
        free(exact);
    }
}

static void judge_address(const char *text, size_t size) {
    struct address a, back, list[ADDRESS_LIST_MAX];
    struct address_error error = {{0}};
    char print[ADDRESS_TEXT_SIZE];
    size_t count = 0;
    if (address_parse(&a, text, size, &error)) {
        address_print(print, &a);
        fuzz_require(address_parse(&back, print, strlen(print), &error), "what is printed can be read");
        fuzz_require(address_same_host(&a, &back) && address_is_loopback(&a) == address_is_loopback(&back),
                     "and is the same");
    } else {
        fuzz_require(error.text[0] && text_check(error.text, strlen(error.text), false, NULL) == TEXT_OK,
                     "a refusal can be shown");
    }
    char *whole = fuzz_copy(text, size, true);
    if (address_parse_list(list, &count, whole, &error))
        fuzz_require(count >= 1 && count <= ADDRESS_LIST_MAX, "a list is counted");
    free(whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = fuzz_copy(data, size, false);
    judge_request(text, size);
    judge_address(text, size);
    free(text);
    return 0;
}
