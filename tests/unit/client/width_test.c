#include "client/language.h"
#include "client/width.h"
#include "support.h"
#include <stdlib.h>
#include <string.h>

static void widths(void **state) {
    (void)state;
    assert_int_equal(width_text("abc", 1), 3);
    assert_int_equal(width_text("扬言极端", 1), 8);
    assert_int_equal(width_text("“纠纷”", 1), 6);
    assert_int_equal(width_text("“纠纷”", 2), 8);
    assert_int_equal(width_text("𠮷", 1), 2);        /* a rare character of names */
    assert_int_equal(width_text("e\xcc\x81", 1), 1); /* a combining accent takes no column */
    assert_true(width_depends("—"));
    assert_false(width_depends("纠纷 abc，。"));
    assert_true(width_is_ambiguous(0x201C));
    assert_false(width_is_ambiguous(0x4E00));
}

static void fits(void **state) {
    (void)state;
    assert_int_equal(width_fit("纠纷", 3, 1), 3);
    assert_int_equal(width_fit("纠纷", 4, 1), 6);
    assert_int_equal(width_fit("纠纷", 0, 1), 0);
    assert_int_equal(width_fit("abc", 10, 1), 3);
}

static char *printed(void (*print)(FILE *out)) {
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    print(out);
    fclose(out);
    return text;
}

static void pad(FILE *out) {
    width_pad(out, "纠纷", 6, 1);
    fputc('|', out);
    width_pad(out, "toolong", 3, 1);
    fputc('|', out);
}

static void wrap(FILE *out) { width_wrap(out, "one two three four", 2, 12, 1); }
static void wrap_chinese(FILE *out) { width_wrap(out, "一二三四五，六七八九十。", 0, 12, 1); }
static void wrap_lines(FILE *out) { width_wrap(out, "a\nb", 2, 0, 1); }
static void wrap_narrow(FILE *out) { width_wrap(out, "一二", 4, 5, 1); }

static void expect(void (*print)(FILE *out), const char *expected) {
    char *text = printed(print);
    assert_string_equal(text, expected);
    free(text);
}

static void prints_by_columns(void **state) {
    (void)state;
    expect(pad, "纠纷  |toolong|");
    expect(wrap, "one two \n  three four");
    expect(wrap_lines, "a\n  b");
    expect(wrap_narrow, "一二"); /* no room to break in: printed whole */
    char *text = printed(wrap_chinese);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        assert_true(width_text(line, 1) <= 12);
        assert_true(strncmp(line, "，", 3) != 0 &&
                    strncmp(line, "。", 3) != 0); /* no line begins with closing punctuation */
    }
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(widths), cmocka_unit_test(fits),
                                       cmocka_unit_test(prints_by_columns)};
    language_start("zh");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
