#include "common/invitation.h"
#include "support.h"
#include <ctype.h>
#include <string.h>

static void there_and_back(void **state) {
    (void)state;
    uint8_t authority[32];
    for (int round = 0; round < 200; round++) {
        struct invitation i, again;
        char text[INVITATION_TEXT], loose[2 * INVITATION_TEXT];
        for (size_t j = 0; j < sizeof authority; j++) authority[j] = (uint8_t)(j * 7 + (size_t)round);
        assert_true(invitation_make(&i, authority));
        invitation_print(text, &i);
        assert_int_equal(strlen(text), INVITATION_TEXT - 1);
        assert_true(invitation_parse(&again, text));
        assert_memory_equal(&i, &again, sizeof i);
        assert_memory_equal(again.pin, authority, INVITATION_PIN);
        size_t used = 0; /* small letters, blanks for dashes, a newline behind */
        for (const char *c = text; *c; c++) loose[used++] = *c == '-' ? ' ' : (char)tolower((unsigned char)*c);
        strcpy(loose + used, "\n");
        assert_true(invitation_parse(&again, loose));
        assert_memory_equal(&i, &again, sizeof i);
    }
}

/* Every single character mistyped, and every cut, is told as that, but for one in 256. */
static void slips_are_noticed(void **state) {
    (void)state;
    static const char other[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567018.";
    uint8_t authority[32] = {1, 2, 3};
    struct invitation i, out;
    char text[INVITATION_TEXT], bad[INVITATION_TEXT + 1];
    assert_true(invitation_make(&i, authority));
    invitation_print(text, &i);
    unsigned tried = 0, passed = 0;
    for (size_t at = 0; text[at]; at++)
        for (const char *c = other; *c && text[at] != '-'; c++) {
            memcpy(bad, text, sizeof text);
            if (bad[at] == *c) continue;
            bad[at] = *c;
            tried++;
            passed += invitation_parse(&out, bad);
        }
    assert_true(tried > 1500 && passed < tried / 64);
    for (size_t size = 0; size < strlen(text); size++) {
        memcpy(bad, text, sizeof text);
        bad[size] = '\0';
        assert_false(invitation_parse(&out, bad));
    }
    memcpy(bad, text, sizeof text);
    strcpy(bad + strlen(bad), "A");
    assert_false(invitation_parse(&out, bad));
    assert_false(invitation_parse(&out, "中文"));
}

static void the_hash_is_sha256(void **state) {
    (void)state;
    uint8_t secret[INVITATION_SECRET] = {0}, hash[32];
    static const uint8_t expected[] = {0x37, 0x47, 0x08, 0xff, 0xf7, 0x71, 0x9d, 0xd5};
    invitation_hash(hash, secret);
    assert_memory_equal(hash, expected, sizeof expected);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(there_and_back), cmocka_unit_test(slips_are_noticed),
                                       cmocka_unit_test(the_hash_is_sha256)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
