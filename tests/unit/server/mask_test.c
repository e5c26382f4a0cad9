#include "feed/mask.h"
#include "incident.pb-c.h"
#include "support.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOKEN "~1.0000002a.XKuyhOVp-JNzcxI0-4nrUw.FqL9qaQM15k6Rox5ftTET4xmvqM6DSeOUZExSw8zD3c"

static struct arena arena;

/* Opens a place, hides a reporter, knows no other field; until its key is there. */
static bool there = true;
static enum mask_opened open_token(void *arg, const char *field, const uint8_t *record, const char *token, size_t size,
                                   char *text) {
    assert_null(arg);
    assert_int_equal(record[0], 7);
    (void)token, (void)size;
    if (strcmp(field, "reporter") == 0 || strcmp(field, "reporter_phone") == 0) return MASK_HIDDEN;
    if (strcmp(field, "place") != 0) return MASK_PLAIN;
    strcpy(text, "书院路 13800138000");
    return there ? MASK_OPEN : MASK_LATER;
}
#define OPENED "书院路 ***********"
static const struct mask_opener opener = {open_token, NULL};
static const uint8_t record[16] = {7};
static struct masking masking = {&opener, record, &arena, false};

static int set_up(void **state) {
    (void)state;
    arena_init(&arena, 1u << 20);
    return 0;
}
static int tear_down(void **state) {
    (void)state;
    arena_free(&arena);
    return 0;
}

static void texts(void **state) {
    (void)state;
    char token[] = TOKEN, near[] = TOKEN "!", plain[] = "刘某";
    char starred[] = "~" TOKEN, title[] = TOKEN " 电话13800138000", bare[] = TOKEN, other[] = "书院路 电话13800138000";
    assert_string_equal(mask_text(&masking, "reporter", token), SEAL_HIDDEN);
    assert_string_equal(mask_text(&masking, "place", token), OPENED);
    assert_string_equal(mask_text(&masking, "place", starred), OPENED);
    assert_ptr_equal(mask_text(&masking, "content", token), token); /* somebody typed that */
    assert_ptr_equal(mask_text(&masking, "reporter", near), near);
    assert_ptr_equal(mask_text(&masking, "reporter", plain), plain);
    assert_null(mask_text(&masking, "reporter", NULL));
    assert_string_equal(mask_title(&masking, title), OPENED " 电话***********");
    assert_string_equal(mask_title(&masking, bare), OPENED);
    assert_string_equal(mask_title(&masking, other), "书院路 电话***********");
    assert_null(mask_title(&masking, NULL));
    Liandong__V1__Incident m = LIANDONG__V1__INCIDENT__INIT;
    m.reporter = token;
    m.content = plain;
    m.place = starred;
    mask_message(&masking, &m.base);
    assert_string_equal(m.reporter, SEAL_HIDDEN);
    assert_ptr_equal(m.content, plain);
    assert_string_equal(m.place, OPENED);
}

/* Nothing of what is not there yet is told, and who asked knows that there is more. */
static void later(void **state) {
    (void)state;
    char token[] = TOKEN;
    struct masking m = masking;
    there = false;
    assert_string_equal(mask_text(&m, "place", token), SEAL_HIDDEN);
    assert_true(m.later);
    there = true;
}

static Liandong__V1__ReportIncident report_of(char *reporter, char *phone, char *content) {
    static Liandong__V1__Threat threats[] = {1, 2};
    Liandong__V1__ReportIncident m = LIANDONG__V1__REPORT_INCIDENT__INIT;
    m.has_longitude = m.has_received_at = true;
    m.longitude = 112.96;
    m.received_at = 1687695300000;
    m.reporter = reporter;
    m.reporter_phone = phone;
    m.content = content;
    m.threats = threats;
    m.n_threats = 2;
    return m;
}

/* Packed again by hand it is what the codec would have packed. */
static void packed(void **state) {
    (void)state;
    char token[] = TOKEN, hidden[] = SEAL_HIDDEN, plain[] = "刘某", content[] = "见 " TOKEN " 一文";
    uint8_t bytes[1024], wanted[1024];
    char opened[] = OPENED;
    for (int which = 0; which < 8; which++) {
        Liandong__V1__ReportIncident in = report_of(which & 1 ? token : plain, which & 2 ? token : NULL, content),
                                     out = report_of(which & 1 ? hidden : plain, which & 2 ? hidden : NULL, content);
        in.place = which & 4 ? token : NULL;
        out.place = which & 4 ? opened : NULL;
        size_t size = liandong__v1__report_incident__pack(&in, bytes),
               wanted_size = liandong__v1__report_incident__pack(&out, wanted);
        const uint8_t *at = bytes;
        assert_true(mask_packed(&masking, &liandong__v1__report_incident__descriptor, &at, &size));
        assert_int_equal(size, wanted_size);
        assert_memory_equal(at, wanted, size);
    }
}

static void nothing_sealed_nothing_copied(void **state) {
    (void)state;
    char plain[] = "刘某", tilde[] = "~1 ~ ~1";
    uint8_t bytes[1024];
    Liandong__V1__ReportIncident m = report_of(plain, NULL, tilde);
    size_t size = liandong__v1__report_incident__pack(&m, bytes), before = size;
    const uint8_t *at = bytes;
    assert_true(mask_packed(&masking, &liandong__v1__report_incident__descriptor, &at, &size));
    assert_ptr_equal(at, bytes);
    assert_int_equal(size, before);
    size = 0;
    assert_true(mask_packed(&masking, &liandong__v1__report_incident__descriptor, &at, &size));
}

/* Only what is a number by itself, wherever it stands; what has another length or no day of birth stays. */
static void numbers(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"13800138000", "***********"},
        {"电话13800138000，又19912345678。", "电话***********，又***********。"},
        {"身份证43030219900307123x和430302200012311234", "身份证******************和******************"},
        {"警情编号430302999912311234", "警情编号430302999912311234"},
        {"138001380001", "138001380001"},
        {"1380013800", "1380013800"},
        {"12800138000", "12800138000"},
        {"a1b2c3 13800138000a", "a1b2c3 ***********a"},
        {"", ""}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t before = 0; before < 24; before++) {
            char text[128];
            memset(text, 'x', before);
            snprintf(text + before, sizeof text - before, "%s", cases[i][0]);
            mask_numbers((uint8_t *)text, strlen(text));
            assert_string_equal(text + before, cases[i][1]);
        }
    char cut[] = "书院路 电话1380013";
    assert_string_equal(mask_free_text(cut), "书院路 电话*******");
    assert_null(mask_free_text(NULL));
    /* packed: a text of 49 bytes has a digit for its length */
    char content[] = "13800138000xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
         wanted[] = "***********xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
    uint8_t bytes[1024], other[1024];
    Liandong__V1__ReportIncident in = report_of(NULL, NULL, content), out = report_of(NULL, NULL, wanted);
    size_t size = liandong__v1__report_incident__pack(&in, bytes);
    liandong__v1__report_incident__pack(&out, other);
    const uint8_t *at = bytes;
    assert_true(mask_packed(&masking, &liandong__v1__report_incident__descriptor, &at, &size));
    assert_memory_equal(at, other, size);
    assert_int_equal(bytes[0] == other[0], 1); /* what was hashed is as it was */
    assert_non_null(strstr((char *)memchr(bytes, '1', size), "13800138000"));
}

/* Whatever the bytes: it says no or gives fewer, and stays inside (AddressSanitizer). */
static void broken(void **state) {
    (void)state;
    char token[] = TOKEN;
    uint8_t bytes[1024], cut[1024];
    Liandong__V1__ReportIncident m = report_of(token, token, token);
    size_t whole = liandong__v1__report_incident__pack(&m, bytes);
    struct dice dice = {3};
    for (size_t n = 0; n < whole; n++)
        for (int turn = 0; turn < 20; turn++) {
            uint8_t *exact = sure_malloc(n + 1);
            size_t size = n;
            memcpy(cut, bytes, whole);
            if (turn && n) cut[roll_below(&dice, n)] = (uint8_t)roll(&dice);
            memcpy(exact, cut, n);
            const uint8_t *at = exact;
            if (mask_packed(&masking, &liandong__v1__report_incident__descriptor, &at, &size)) assert_true(size <= n);
            arena_reset(&arena);
            free(exact);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(texts),   cmocka_unit_test(later),
                                       cmocka_unit_test(packed),  cmocka_unit_test(nothing_sealed_nothing_copied),
                                       cmocka_unit_test(numbers), cmocka_unit_test(broken)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
