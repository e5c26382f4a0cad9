#include "common/secret.h"
#include "support.h"
#include <string.h>

/* Made by this program once: what it keeps today must fit tomorrow. */
static void fits_only_its_password(void **state) {
    uint8_t secret[SECRET_SIZE], other[SECRET_SIZE];
    (void)state;
    assert_true(secret_make(secret, "岳塘-2023"));
    assert_true(secret_make(other, "岳塘-2023"));
    assert_memory_not_equal(secret, other, sizeof secret); /* another salt */
    assert_true(secret_fits(secret, sizeof secret, "岳塘-2023"));
    assert_false(secret_fits(secret, sizeof secret, "岳塘-2024"));
    assert_false(secret_fits(secret, sizeof secret, ""));
}

static void fits_a_known_vector(void **state) {
    /* RFC 7914 12, fourth vector's parameters are too small for a secret: this one is Python's
     * hashlib.scrypt(b"pleaseletmein", salt=b"0123456789abcdef", n=32768, r=8, p=1, dklen=32). */
    static const uint8_t known[SECRET_SIZE] = {
        1,    15,   8,    1,    '0',  '1',  '2',  '3',  '4',  '5',  '6',  '7',  '8',  '9',  'a',  'b',  'c',  'd',
        'e',  'f',  0xc2, 0x0c, 0xfc, 0x46, 0x39, 0x77, 0x14, 0x87, 0x57, 0xa8, 0xc6, 0xe9, 0xba, 0x9d, 0x60, 0xad,
        0x57, 0x8c, 0x6c, 0x22, 0x75, 0x8f, 0x18, 0x14, 0x92, 0x5b, 0xc4, 0x6f, 0x63, 0x51, 0x47, 0xf4};
    (void)state;
    assert_true(secret_fits(known, sizeof known, "pleaseletmein"));
    assert_false(secret_fits(known, sizeof known, "pleaseletmeiN"));
}

static void refuses_other_forms(void **state) {
    uint8_t secret[SECRET_SIZE];
    (void)state;
    assert_true(secret_make(secret, "x"));
    assert_false(secret_fits(secret, sizeof secret - 1, "x"));
    assert_false(secret_fits(NULL, 0, "x"));
    secret[1] = 63; /* a cost that would stop the machine */
    assert_false(secret_fits(secret, sizeof secret, "x"));
    secret[1] = 15;
    secret[0] = 2;
    assert_false(secret_fits(secret, sizeof secret, "x"));
}

static void nobody_has_the_empty_key(void **state) {
    uint8_t zero[SECRET_SIZE] = {0};
    (void)state;
    assert_false(secret_fits(zero, sizeof zero, ""));
}

static void tokens_differ(void **state) {
    uint8_t a[SECRET_TOKEN_SIZE], b[SECRET_TOKEN_SIZE], hash[SECRET_TOKEN_SIZE];
    (void)state;
    assert_true(secret_random(a, sizeof a) && secret_random(b, sizeof b));
    assert_memory_not_equal(a, b, sizeof a);
    secret_hash(hash, "abc", 3); /* FIPS 180-4's example */
    assert_int_equal(hash[0], 0xba);
    assert_int_equal(hash[31], 0xad);
    secret_wipe(a, sizeof a);
    for (size_t i = 0; i < sizeof a; i++) assert_int_equal(a[i], 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fits_only_its_password), cmocka_unit_test(fits_a_known_vector),
        cmocka_unit_test(refuses_other_forms),    cmocka_unit_test(nobody_has_the_empty_key),
        cmocka_unit_test(tokens_differ),
    };
    return cmocka_run_group_tests_name("secret", tests, NULL, NULL);
}
