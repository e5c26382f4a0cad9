#include "client/language.h"
#include "client/sheet.h"
#include "client/width.h"
#include "support.h"
#include <stdlib.h>
#include <string.h>

static const struct sheet_column columns[] = {{.key = "no", .label = "编号"},
                                              {.key = "count", .label = "次数", .number = true},
                                              {.key = "office", .label = "单位", .optional = true},
                                              {.key = "content", .label = "内容", .wide = true}};
static const char *const first[] = {"JQ-1", "3", "岳塘派出所", "邻居“吵架”"};
static const char *const second[] = {"JQ-20", "12", NULL, "=1+1"};
static const struct sheet_row rows[] = {{first, SHEET_ALARM}, {second, SHEET_PLAIN}};
static const struct sheet sheet = {columns, 4, rows, 2};

static char *table(struct terminal terminal) {
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_true(sheet_print_table(&sheet, out, &terminal));
    fclose(out);
    return text;
}

static void a_table_for_a_file(void **state) {
    (void)state;
    char *text = table((struct terminal){.ambiguous = 1});
    assert_string_equal(text, "编号   次数  单位        内容\n"
                              "JQ-1      3  岳塘派出所  邻居“吵架”\n"
                              "JQ-20    12              =1+1\n");
    free(text);
}

static void a_table_for_a_terminal(void **state) {
    (void)state;
    char *text = table((struct terminal){.out = true, .columns = 80, .ambiguous = 1});
    assert_null(strchr(text, '\033')); /* no colour where it is not wanted */
    assert_non_null(strstr(text, "邻居“吵架”"));
    free(text);
    text = table((struct terminal){.out = true, .columns = 80, .ambiguous = 1, .colour = true});
    assert_non_null(strstr(text, TERMINAL_RED));
    free(text);
    text = table(
        (struct terminal){.out = true, .columns = 24, .ambiguous = 1}); /* the office gives way, the content is cut */
    assert_null(strstr(text, "单位"));
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) assert_true(width_text(line, 1) <= 24);
    free(text);
}

/* Where “ and ” take two columns, what stands right of them is still in line, and the text is unchanged. */
static void ambiguous_characters_of_two_columns(void **state) {
    (void)state;
    static const struct sheet_column pair[] = {{.key = "a", .label = "甲"}, {.key = "b", .label = "乙"}};
    static const char *const one[] = {"“x”", "1"}, *const two[] = {"abcd", "2"},
                             *const three[] = {"\xf0\xb0\x80\x80", "3"}; /* U+30000 */
    static const struct sheet_row three_rows[] = {{one, SHEET_PLAIN}, {two, SHEET_PLAIN}, {three, SHEET_PLAIN}};
    static const struct sheet narrow = {pair, 2, three_rows, 3};
    struct terminal terminal = {.out = true, .columns = 40, .ambiguous = 2};
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_true(sheet_print_table(&narrow, out, &terminal));
    fclose(out);
    assert_string_equal(text, "甲     乙\n“x”  1\nabcd   2\n\xf0\xb0\x80\x80     3\n");
    free(text);
}

static char *by(void (*print)(const struct sheet *s, FILE *out)) {
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    print(&sheet, out);
    fclose(out);
    return text;
}

static void csv_with_heading(const struct sheet *s, FILE *out) { sheet_print_csv(s, out, true); }
static void as_record(const struct sheet *s, FILE *out) {
    struct terminal terminal = {.ambiguous = 1};
    sheet_print_record(s, out, &terminal);
}

static void other_forms(void **state) {
    (void)state;
    char *text = by(csv_with_heading);
    assert_string_equal(text, "编号,次数,单位,内容\r\nJQ-1,3,岳塘派出所,邻居“吵架”\r\nJQ-20,12,,\"'=1+1\"\r\n");
    free(text);
    text = by(sheet_print_ndjson);
    assert_string_equal(text, "{\"no\":\"JQ-1\",\"count\":3,\"office\":\"岳塘派出所\",\"content\":\"邻居“吵架”\"}\n"
                              "{\"no\":\"JQ-20\",\"count\":12,\"content\":\"=1+1\"}\n");
    free(text);
    text = by(as_record);
    assert_string_equal(text, "编号  JQ-1\n次数  3\n单位  岳塘派出所\n内容  邻居“吵架”\n");
    free(text);
    text = by(sheet_print_line);
    assert_string_equal(text, "JQ-1  3  岳塘派出所  邻居“吵架”\nJQ-20  12    =1+1\n");
    free(text);
}

static void long_json_is_cut_nowhere(void **state) {
    (void)state;
    char *long_text = malloc(30001), *text;
    size_t size;
    assert_non_null(long_text);
    for (int i = 0; i < 10000; i++) memcpy(long_text + 3 * i, "扬", 3);
    long_text[30000] = '\0';
    FILE *out = open_memstream(&text, &size);
    sheet_put_json(out, long_text, 30000);
    sheet_put_json(out, "\xff\x1b\"\\", 4);
    fclose(out);
    assert_int_equal(size, 30002 + strlen("\"\\u00ff\\u001b\\\"\\\\\""));
    assert_memory_equal(text + 1, long_text, 30000);
    free(text);
    free(long_text);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_table_for_a_file), cmocka_unit_test(a_table_for_a_terminal),
                                       cmocka_unit_test(ambiguous_characters_of_two_columns),
                                       cmocka_unit_test(other_forms), cmocka_unit_test(long_json_is_cut_nowhere)};
    language_start("zh");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
