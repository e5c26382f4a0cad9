#include "common/text.h"
#include "support.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Encodes any number as UTF-8 would, also those that are not code points. */
static size_t encode(char *out, uint32_t point, size_t bytes) {
    static const uint8_t leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    if (bytes == 1) {
        out[0] = (char)point;
        return 1;
    }
    for (size_t i = bytes - 1; i > 0; i--, point >>= 6) out[i] = (char)(0x80 | (point & 0x3f));
    out[0] = (char)(leads[bytes] | point);
    return bytes;
}

static size_t bytes_of(uint32_t point) { return point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4; }

static void every_code_point(void **state) {
    (void)state;
    for (uint32_t point = 0; point < 0x120000; point++) {
        char text[8] = "";
        size_t length = 0, size = encode(text, point, bytes_of(point));
        bool valid = point < 0x110000 && (point < 0xd800 || point > 0xdfff);
        uint32_t decoded = text_decode(text, size, &length);
        if (decoded != (valid ? point : UINT32_MAX) || length != (valid ? size : 1)) fail_msg("U+%04X", point);
        enum text_fault expected = !valid                                             ? TEXT_NOT_UTF8
                                   : point < 0x20 || (point >= 0x7f && point <= 0x9f) ? TEXT_CONTROL
                                   : (point >= 0x202a && point <= 0x202e) || point == 0x061c ||
                                           (point >= 0x2066 && point <= 0x2069) || point == 0x200e || point == 0x200f
                                       ? TEXT_DIRECTION
                                       : TEXT_OK;
        if (text_check(text, size, false, NULL) != expected) fail_msg("U+%04X is judged wrong", point);
        bool line = point == '\n' || point == '\t';
        if (text_check(text, size, true, NULL) != (line ? TEXT_OK : expected))
            fail_msg("U+%04X in several lines", point);
        /* Cut short anywhere it is malformed, never read past its size. */
        for (size_t cut = 1; cut < size; cut++) {
            char *exact = malloc(cut);
            memcpy(exact, text, cut);
            if (text_decode(exact, cut, &length) != UINT32_MAX || length != 1)
                fail_msg("U+%04X cut at %zu", point, cut);
            free(exact);
        }
    }
}

static void overlong_forms(void **state) {
    (void)state;
    for (uint32_t point = 0; point < 0x10000; point++)
        for (size_t bytes = bytes_of(point) + 1; bytes <= 4; bytes++) {
            char text[4];
            size_t length;
            encode(text, point, bytes);
            if (text_decode(text, bytes, &length) != UINT32_MAX) fail_msg("U+%04X in %zu bytes", point, bytes);
        }
}

/* The fast way over eight plain bytes must see what the slow way sees, at every place of a word. */
static void faults_at_every_place(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        enum text_fault fault;
    } faults[] = {{"\x80", TEXT_NOT_UTF8},          {"\xff", TEXT_NOT_UTF8},     {"\x7f", TEXT_CONTROL},
                  {"\x1f", TEXT_CONTROL},           {"\x1b", TEXT_CONTROL},      {"\xc2\x85", TEXT_CONTROL},
                  {"\xe2\x80\xae", TEXT_DIRECTION}, {"\xe4\xb8", TEXT_NOT_UTF8}, {"\xc3", TEXT_NOT_UTF8}};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        for (size_t before = 0; before < 20; before++)
            for (size_t after = 0; after < 20; after++) {
                char text[64];
                size_t at = SIZE_MAX,
                       size = (size_t)snprintf(text, sizeof text, "%.*s%s%.*s", (int)before, "~~~~~~~~~~~~~~~~~~~~",
                                               faults[i].bytes, (int)after, "                    ");
                assert_int_equal(text_check(text, size, true, &at), faults[i].fault);
                assert_int_equal(at, before);
            }
    char nul[24] = "aaaaaaaaaaaaaaaaaaaaaaaa";
    nul[11] = '\0';
    assert_int_equal(text_check(nul, sizeof nul, true, NULL), TEXT_CONTROL);
    assert_int_equal(text_check("", 0, false, NULL), TEXT_OK);
    for (int byte = 0x20; byte < 0x7f; byte++) {
        char word[8];
        memset(word, byte, sizeof word);
        assert_int_equal(text_check(word, sizeof word, false, NULL), TEXT_OK);
    }
}

static void counts_and_cuts(void **state) {
    (void)state;
    const char *text = "联动a𠮷"; /* 3 + 3 + 1 + 4 bytes */
    static const size_t cuts[] = {0, 0, 0, 3, 3, 3, 6, 7, 7, 7, 7, 11, 11};
    assert_int_equal(text_count(text, strlen(text)), 4);
    for (size_t max = 0; max < sizeof cuts / sizeof *cuts; max++)
        assert_int_equal(text_cut(text, strlen(text), max), cuts[max]);
}

static void json_is_inert(void **state) {
    (void)state;
    static const struct {
        const char *text, *json;
    } cases[] = {
        {"警情\"a\\b", "警情\\\"a\\\\b"},
        {"\x1b[31m\x7f", "\\u001b[31m\\u007f"},
        {"a\nb\tc\rd", "a\\nb\\tc\\rd"},
        {"\xc2\x9b", "\\u009b"},
        {"\xe2\x80\xae"
         "x",
         "\\u202ex"},
        {"\xe2\x80\xa8", "\\u2028"},
        {"\xff\xe4", "\\u00ff\\u00e4"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[64], whole[64];
        size_t size = strlen(cases[i].text), need = strlen(cases[i].json);
        assert_int_equal(text_json(whole, sizeof whole, cases[i].text, size), need);
        assert_string_equal(whole, cases[i].json);
        /* Cut at every room: a prefix that ends at a whole escape and a NUL, and no byte more. */
        for (size_t room = 0; room <= need + 1; room++) {
            memset(out, '?', sizeof out);
            assert_int_equal(text_json(out, room, cases[i].text, size), need);
            assert_int_equal(out[room], '?');
            if (!room) continue;
            size_t got = strlen(out);
            assert_true(got < room);
            assert_memory_equal(out, whole, got);
            assert_true(got == 0 || out[got - 1] != '\\' || (got > 1 && out[got - 2] == '\\'));
        }
    }
}

static void terminal_is_inert(void **state) {
    (void)state;
    char out[64];
    const char *text = "甲\n乙\t\x1b[2J\xc2\x9b\xe2\x80\xae\x80.";
    text_terminal(out, sizeof out, text, strlen(text), true);
    assert_string_equal(out, "甲 乙 \\x1b[2J\\u009b\\u202e\\x80.");
    text_terminal(out, sizeof out, text, strlen(text), false);
    assert_string_equal(out, "甲\n乙\t\\x1b[2J\\u009b\\u202e\\x80.");
    assert_int_equal(text_terminal(NULL, 0, "\x01", 1, true), 4);
}

/* Whatever goes in, what comes out is valid and can't steer a terminal. */
static void random_bytes_come_out_clean(void **state) {
    (void)state;
    struct dice dice = {3};
    for (int round = 0; round < 20000; round++) {
        char text[24], out[200];
        for (size_t i = 0; i < sizeof text; i++)
            text[i] = (char)(roll_below(&dice, 3) ? roll(&dice) : 0xe2 - roll_below(&dice, 3) * 0x31);
        text_json(out, sizeof out, text, sizeof text);
        assert_int_equal(text_check(out, strlen(out), false, NULL), TEXT_OK);
        text_terminal(out, sizeof out, text, sizeof text, true);
        assert_int_equal(text_check(out, strlen(out), false, NULL), TEXT_OK);
    }
}

static void print_into(char *out, size_t room, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void print_into(char *out, size_t room, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    text_vprint(out, room, format, arguments);
    va_end(arguments);
}

static void printing_cuts_whole(void **state) {
    (void)state;
    const char *text = "a联𠮷é\xe4"; /* also an end that is malformed in itself stays as it is where it fits */
    char out[32];
    static const size_t sizes[] = {0, 1, 1, 1, 4, 4, 4, 4, 8, 8, 10};
    for (size_t room = 1; room <= 11; room++) {
        print_into(out, room, "%s", text);
        assert_int_equal(strlen(out), sizes[room - 1]);
        assert_memory_equal(out, text, strlen(out));
    }
    print_into(out, sizeof out, "%s%d", text, 5);
    assert_string_equal(out, "a联𠮷é\xe4"
                             "5");
}

static void hex_both_ways(void **state) {
    (void)state;
    uint8_t bytes[256], back[256];
    char hex[513];
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)i;
    text_hex(hex, bytes, sizeof bytes);
    assert_int_equal(strlen(hex), 512);
    assert_memory_equal(hex + 2 * 0xa7, "a7", 2);
    assert_true(text_unhex(back, sizeof back, hex, 512));
    assert_memory_equal(back, bytes, sizeof bytes);
    assert_true(text_unhex(back, 2, "aBFf", 4));
    assert_int_equal(back[0], 0xab);
    static const struct {
        const char *hex;
        size_t length;
    } bad[] = {{"abc", 3}, {"ab", 2}, {"abcdef", 6}, {"ab g", 4}, {"/0:9", 4}, {"@A`a", 4}, {"G0g0", 4}, {"abcde", 5}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_false(text_unhex(back, 2, bad[i].hex, bad[i].length));
    assert_true(text_unhex(back, 0, "", 0));
}

static void codes(void **state) {
    (void)state;
    char longest[TEXT_CODE_MAX + 2];
    memset(longest, 'a', sizeof longest);
    longest[TEXT_CODE_MAX] = '\0';
    assert_true(text_is_code("ytp") && text_is_code("station-0") && text_is_code(longest));
    longest[TEXT_CODE_MAX] = 'a';
    longest[TEXT_CODE_MAX + 1] = '\0';
    assert_false(text_is_code(longest) || text_is_code("") || text_is_code("YTP") || text_is_code("岳塘") ||
                 text_is_code("a b") || text_is_code("a_b"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_point),
        cmocka_unit_test(overlong_forms),
        cmocka_unit_test(faults_at_every_place),
        cmocka_unit_test(counts_and_cuts),
        cmocka_unit_test(codes),
        cmocka_unit_test(json_is_inert),
        cmocka_unit_test(terminal_is_inert),
        cmocka_unit_test(random_bytes_come_out_clean),
        cmocka_unit_test(printing_cuts_whole),
        cmocka_unit_test(hex_both_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
