#include "common/clock.h"
#include "common/seal.h"
#include "common/seal_file.h"
#include "support.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static struct seal_tools *tools;
static const uint8_t key_bytes[SEAL_KEY_SIZE] = "0123456789abcdef0123456789abcdef";
static const uint8_t index_bytes[SEAL_KEY_SIZE] = "ABCDEFGHIJKLMNOPABCDEFGHIJKLMNOP";
static const uint8_t record[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
static const struct seal_place place = {"incident.reporter", record};

static struct seal_key *key;
static struct seal_marker *marker;

static int set_up(void **state) {
    (void)state;
    tools = seal_tools_make();
    key = seal_key_make(tools, key_bytes, 0x2a);
    marker = seal_marker_make(tools, index_bytes);
    return tools && key && marker ? 0 : -1;
}
static int tear_down(void **state) {
    (void)state;
    seal_key_free(key);
    seal_marker_free(marker);
    seal_tools_free(tools);
    return 0;
}

static char *sealed(struct seal_place at, const void *text, size_t size) {
    char *token = sure_malloc(seal_size(size) + 1);
    assert_true(seal_close(key, marker, at, text, size, token));
    assert_int_equal(strlen(token), seal_size(size));
    assert_true(seal_is_token(token, strlen(token), NULL));
    return token;
}
static bool opens(struct seal_key *k, struct seal_marker *m, struct seal_place at, const char *token, size_t size) {
    uint8_t *text = sure_malloc(size + 1);
    size_t n = 0;
    bool good = seal_open(k, m, at, token, size, text, &n);
    free(text);
    return good;
}
static void expect_text(const char *token, const void *text, size_t size) {
    uint8_t *back = sure_malloc(strlen(token));
    size_t n = SIZE_MAX;
    assert_true(seal_open(key, marker, place, token, strlen(token), back, &n));
    assert_int_equal(n, size);
    assert_memory_equal(back, text, size);
    free(back);
}

/* Worked out by another program from the description in the header (HMAC of Python's standard library, AES and GHASH
 * written out). */
static void known_tokens(void **state) {
    (void)state;
    static const struct {
        const char *text, *token;
    } known[] = {
        {"", "~1.0000002a.WgLpUtfszLzqqy3WpK226g.q0rFY5uV_L6_k7juvyEnQrkoiR71nZ9Xcm_mqe2k9Wo"},
        {"张三", "~1.0000002a.XKuyhOVp-JNzcxI0-4nrUw.FqL9qaQM15k6Rox5ftTET4xmvqM6DSeOUZExSw8zD3c"},
        {"13800000001", "~1.0000002a.9zWcbwc9Ldj6cx_aE7NEOA.bOo93H98DYMvwgeROhq_PamIBLJfLG6txa1lyZXZJ_Q"},
        {"尉迟·买买提江·艾合买提",
         "~1.0000002a.YK1ms_J3djqxExOithqGqg."
         "CGljRROjcTkh4Q0nygRHyKch29O8EmstSXolTzClPdKPRVYBYV6ZqD1aqt0D8ri43Zx7ahwPagrdYPMCmQSZaw"},
        {"~1.0000002a.AAAAAAAAAAAAAAAAAAAAAA.",
         "~1.0000002a.2h2D7LYaJwHB0ArVWx5j3Q.fgdGaGxtALK0iOg-"
         "FAfioZnw105oqrjnLuASI5d4Od1j8Ci4Vrrr0h9IsNLgH4v3OZEODG6yahygB-sjSrqX6g"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        char *token = sealed(place, known[i].text, strlen(known[i].text));
        assert_string_equal(token, known[i].token);
        expect_text(token, known[i].text, strlen(known[i].text));
        free(token);
    }
}

static void every_length_comes_back(void **state) {
    (void)state;
    static uint8_t text[65536];
    struct dice dice = {7};
    for (size_t i = 0; i < sizeof text; i++) text[i] = (uint8_t)roll_below(&dice, 4); /* NULs among them */
    for (size_t size = 0; size <= sizeof text; size += size < 300 ? 1 : 9997) {
        char *token = sealed(place, text, size);
        expect_text(token, text, size);
        free(token);
    }
    char *whole = sealed(place, text, sizeof text);
    expect_text(whole, text, sizeof text);
    free(whole);
    /* Names of different lengths are not told apart. */
    assert_int_equal(seal_size(0), seal_size(15));
    assert_true(seal_size(15) < seal_size(16));
}

/* Of a text that looks like a token, or like padding, nothing is special. */
static void text_is_only_text(void **state) {
    (void)state;
    char *inner = sealed(place, "张三", strlen("张三"));
    char *outer = sealed(place, inner, strlen(inner));
    expect_text(outer, inner, strlen(inner));
    free(outer);
    free(inner);
    static const uint8_t endings[] = {0x80, 0, 0, 0x80, 0, 0};
    for (size_t n = 1; n <= sizeof endings; n++) {
        char *token = sealed(place, endings, n);
        expect_text(token, endings, n);
        free(token);
    }
}

/* Any bit of any character, any character left out, doubled or added: it does not open. */
static void nothing_changed_opens(void **state) {
    (void)state;
    char *token = sealed(place, "13800000001", 11);
    size_t size = strlen(token);
    assert_true(opens(key, marker, place, token, size));
    for (size_t i = 0; i < size; i++)
        for (int bit = 0; bit < 8; bit++) {
            token[i] = (char)(token[i] ^ 1 << bit);
            assert_false(opens(key, marker, place, token, size));
            token[i] = (char)(token[i] ^ 1 << bit);
        }
    char *other = sure_malloc(size + 2);
    for (size_t i = 0; i < size; i++) {
        memcpy(other, token, i);
        memcpy(other + i, token + i + 1, size - i);
        assert_false(opens(key, marker, place, other, size - 1));
        memcpy(other, token, i + 1);
        memcpy(other + i + 1, token + i, size - i + 1);
        assert_false(opens(key, marker, place, other, size + 1));
        assert_false(opens(key, marker, place, token, i));
    }
    free(other);
    free(token);
}

static void only_at_its_place(void **state) {
    (void)state;
    uint8_t elsewhere[16];
    memcpy(elsewhere, record, sizeof elsewhere);
    elsewhere[15] ^= 1;
    char *token = sealed(place, "李四", strlen("李四"));
    size_t size = strlen(token);
    assert_false(opens(key, marker, (struct seal_place){"incident.reporter_phone", record}, token, size));
    assert_false(opens(key, marker, (struct seal_place){"incident.reporte", record}, token, size));
    assert_false(opens(key, marker, (struct seal_place){"incident.reporter", elsewhere}, token, size));
    /* Nor do field and record flow into each other. */
    struct seal_key *wrong = seal_key_make(tools, index_bytes, 0x2a), *renamed = seal_key_make(tools, key_bytes, 0x2b);
    struct seal_marker *other = seal_marker_make(tools, key_bytes);
    assert_false(opens(wrong, marker, place, token, size));
    assert_false(opens(renamed, marker, place, token, size));
    assert_false(opens(key, other, place, token, size)); /* the mark is worked out again */
    seal_key_free(wrong);
    seal_key_free(renamed);
    seal_marker_free(other);
    free(token);
}

/* The same again is the same; under another key the mark stays; other records' marks tell nothing. */
static void marks(void **state) {
    (void)state;
    uint8_t elsewhere[16] = {9};
    struct seal_key *next = seal_key_make(tools, index_bytes, 0x2b);
    char *one = sealed(place, "王五", strlen("王五")), *again = sealed(place, "王五", strlen("王五")),
         *differs = sealed(place, "王六", strlen("王六")),
         *there = sealed((struct seal_place){"incident.reporter", elsewhere}, "王五", strlen("王五"));
    char *rotated = sure_malloc(seal_size(6) + 1);
    assert_true(seal_close(next, marker, place, "王五", strlen("王五"), rotated));
    assert_string_equal(one, again);
    assert_memory_equal(one + 12, rotated + 12, 22);
    assert_string_not_equal(one + 35, rotated + 35);
    assert_memory_not_equal(one + 12, differs + 12, 22);
    assert_memory_not_equal(one + 12, there + 12, 22);
    assert_true(opens(next, marker, place, rotated, strlen(rotated)));
    assert_false(opens(key, marker, place, rotated, strlen(rotated)));
    seal_key_free(next);
    free(one);
    free(again);
    free(differs);
    free(there);
    free(rotated);
}

static void form_of_tokens(void **state) {
    (void)state;
    static const char *const not_tokens[] = {
        "", "~", "~1.", "~1.0000002a", "~1.0000002a.", "13800000001", "~2.0000002a.AAAAAAAAAAAAAAAAAAAAAA.",
        /* too short; not a whole block; upper-case key; another alphabet; bits beyond the end */
        "~1.0000002a.AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAA",
        "~1.0000002a.AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "~1.0000002A.AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "~1.0000002a.AAAAAAAAAAAAAAAAAAAAAA.+AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "~1.0000002a.AAAAAAAAAAAAAAAAAAAAAB.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "~1.0000002a.AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB",
        "x~1.000002a.AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
    static const char form[] = "~1.0000002a.AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    uint32_t id = 0;
    for (size_t i = 0; i < sizeof not_tokens / sizeof *not_tokens; i++)
        assert_false(seal_is_token(not_tokens[i], strlen(not_tokens[i]), &id));
    assert_true(seal_is_token(form, strlen(form), &id));
    assert_int_equal(id, 0x2a);
    assert_false(opens(key, marker, place, form, strlen(form)));
}

static void blind_indexes(void **state) {
    (void)state;
    uint8_t one[SEAL_MARK_SIZE], other[SEAL_MARK_SIZE];
    char normal[64];
    static const char *const same[] = {"13800000001",     "138 0000 0001",          "138-0000-0001",  "+86 13800000001",
                                       "008613800000001", "１３８０００００００１", "电话13800000001"};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        size_t n = seal_phone(normal, same[i], strlen(same[i]));
        assert_int_equal(n, 11);
        assert_memory_equal(normal, "13800000001", 11);
    }
    assert_int_equal(seal_phone(normal, "无", 3), 3);
    assert_int_equal(seal_phone(normal, "", 0), 0);
    assert_int_equal(seal_phone(normal, "8613800", 7), 7); /* too short for a country's number */
    assert_true(seal_blind(marker, "phone", "13800000001", 11, one));
    assert_true(seal_blind(marker, "phone", "13800000001", 11, other));
    assert_memory_equal(one, other, sizeof one);
    assert_true(seal_blind(marker, "id", "13800000001", 11, other));
    assert_memory_not_equal(one, other, sizeof one);
    assert_true(seal_blind(marker, "phone", "13800000002", 11, other));
    assert_memory_not_equal(one, other, sizeof one);
}

static void keys_under_keys(void **state) {
    (void)state;
    uint8_t wrapped[SEAL_WRAPPED_SIZE], again[SEAL_WRAPPED_SIZE], back[SEAL_KEY_SIZE];
    assert_true(seal_wrap(tools, key_bytes, "data phone 2026", index_bytes, wrapped));
    assert_true(seal_wrap(tools, key_bytes, "data phone 2026", index_bytes, again));
    assert_memory_not_equal(wrapped, again, sizeof wrapped);
    assert_true(seal_unwrap(tools, key_bytes, "data phone 2026", wrapped, sizeof wrapped, back));
    assert_memory_equal(back, index_bytes, sizeof back);
    assert_false(seal_unwrap(tools, key_bytes, "data name 2026", wrapped, sizeof wrapped, back));
    assert_memory_not_equal(back, index_bytes, sizeof back);
    assert_false(seal_unwrap(tools, index_bytes, "data phone 2026", wrapped, sizeof wrapped, back));
    assert_false(seal_unwrap(tools, key_bytes, "data phone 2026", wrapped, sizeof wrapped - 1, back));
    for (size_t i = 0; i < sizeof wrapped * 8; i++) {
        wrapped[i / 8] ^= (uint8_t)(1u << i % 8);
        assert_false(seal_unwrap(tools, key_bytes, "data phone 2026", wrapped, sizeof wrapped, back));
        wrapped[i / 8] ^= (uint8_t)(1u << i % 8);
    }
}

/* ---- the file */

#define HEX    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define BASE64 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

static void key_files(void **state) {
    (void)state;
    char error[512];
    struct seal_keks keks;
    const char *good = scratch_text("good.key", "# 值班服务器\n\n" HEX "\n  " BASE64 "\r\n");
    assert_true(seal_keks_read(&keks, good, error, sizeof error));
    assert_int_equal(keks.count, 2);
    assert_int_equal(keks.list[0].key[1], 0x11);
    assert_int_equal(keks.list[1].key[31], 31);
    assert_ptr_equal(seal_keks_find(&keks, keks.list[1].id), &keks.list[1]);
    assert_null(seal_keks_find(&keks, "0000000000000000"));
    static const struct {
        const char *text, *says;
    } bad[] = {{"", "没有密钥"},
               {"# nur\n", "没有密钥"},
               {HEX "0\n", "第 1 行"},
               {HEX "\n" HEX "\n", "重复"},
               {"\n" BASE64 "=\n", "第 2 行"},
               {HEX " " HEX "\n", "第 1 行"},
               {"password\n", "第 1 行"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(seal_keks_read(&keks, scratch_text("bad.key", bad[i].text), error, sizeof error));
        assert_non_null(strstr(error, bad[i].says));
        assert_null(strstr(error, "password"));
        assert_null(strstr(error, "00112233"));
        assert_int_equal(keks.count, 0);
    }
    assert_false(seal_keks_read(&keks, "/no/such/file", error, sizeof error));
    assert_non_null(strstr(error, "liandongd seal-key"));
    assert_false(seal_keks_read(&keks, "", error, sizeof error));
    assert_non_null(strstr(error, "liandongd seal-key"));
    chmod(good, 0640);
    assert_false(seal_keks_read(&keks, good, error, sizeof error));
    assert_non_null(strstr(error, "chmod 600"));
}

static void key_files_are_made(void **state) {
    (void)state;
    char error[512];
    struct seal_keks first, second;
    struct stat info;
    const char *path = scratch_path("made.key");
    assert_false(seal_keks_make(path, true, error, sizeof error)); /* nothing to add to */
    assert_true(seal_keks_make(path, false, error, sizeof error));
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_true(seal_keks_read(&first, path, error, sizeof error));
    assert_int_equal(first.count, 1);
    assert_false(seal_keks_make(path, false, error, sizeof error)); /* never overwritten */
    assert_non_null(strstr(error, "add"));
    assert_true(seal_keks_make(path, true, error, sizeof error));
    assert_true(seal_keks_read(&second, path, error, sizeof error));
    assert_int_equal(second.count, 2);
    assert_string_equal(second.list[1].id, first.list[0].id);
    for (int i = 2; i < (int)SEAL_KEKS_MAX; i++) assert_true(seal_keks_make(path, true, error, sizeof error));
    assert_false(seal_keks_make(path, true, error, sizeof error));
    assert_true(seal_keks_read(&second, path, error, sizeof error));
    assert_int_equal(second.count, SEAL_KEKS_MAX);
    char fresh[512];
    snprintf(fresh, sizeof fresh, "%s.new", path);
    assert_int_not_equal(stat(fresh, &info), 0);
}

/* ---- memory and time */

static bool seal_one(void *arg) {
    (void)arg;
    struct seal_tools *t = seal_tools_make();
    struct seal_key *k = t ? seal_key_make(t, key_bytes, 1) : NULL;
    struct seal_marker *m = t ? seal_marker_make(t, index_bytes) : NULL;
    char token[128];
    uint8_t text[128];
    size_t n;
    bool good = k && m && seal_close(k, m, place, "赵七", strlen("赵七"), token) &&
                seal_open(k, m, place, token, strlen(token), text, &n) && n == strlen("赵七");
    seal_key_free(k);
    seal_marker_free(m);
    seal_tools_free(t);
    return good;
}
static void without_memory(void **state) {
    (void)state;
    assert_true(each_allocation_fails(seal_one, NULL, true) > 1);
}

/* How long is printed, not judged: machines differ. */
static void takes_microseconds(void **state) {
    (void)state;
    enum { TIMES = 20000 };
    char token[128];
    uint8_t text[128];
    size_t n;
    uint64_t begun = clock_monotonic_us();
    for (int i = 0; i < TIMES; i++) assert_true(seal_close(key, marker, place, "13800000001", 11, token));
    uint64_t closed = clock_monotonic_us();
    for (int i = 0; i < TIMES; i++) assert_true(seal_open(key, marker, place, token, strlen(token), text, &n));
    uint64_t opened = clock_monotonic_us();
    printf("sealing %.2f us, opening %.2f us\n", (double)(closed - begun) / TIMES, (double)(opened - closed) / TIMES);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(known_tokens),       cmocka_unit_test(every_length_comes_back),
                                       cmocka_unit_test(text_is_only_text),  cmocka_unit_test(nothing_changed_opens),
                                       cmocka_unit_test(only_at_its_place),  cmocka_unit_test(marks),
                                       cmocka_unit_test(form_of_tokens),     cmocka_unit_test(blind_indexes),
                                       cmocka_unit_test(keys_under_keys),    cmocka_unit_test(key_files),
                                       cmocka_unit_test(key_files_are_made), cmocka_unit_test(without_memory),
                                       cmocka_unit_test(takes_microseconds)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
