#include "client/csv.h"
#include "support.h"
#include <stdlib.h>
#include <string.h>

/* Reads a copy of exactly this size, so that AddressSanitizer sees any byte read beyond it; records as "line:[a|b]" or
 * "line:!fault{raw}". */
static char *read_all(const char *bytes, size_t size, char separator) {
    struct csv csv;
    char *exact = malloc(size ? size : 1), *text;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    assert_non_null(exact);
    memcpy(exact, bytes, size);
    assert_true(csv_open(&csv, exact, size, separator));
    for (enum csv_state state; (state = csv_next(&csv)) != CSV_END;) {
        fprintf(out, "%zu:", csv.record_line);
        if (state == CSV_FAULT) {
            fprintf(out, "!%d{%.*s} ", csv.fault, (int)csv.raw_size, csv.raw);
            continue;
        }
        for (size_t i = 0; i < csv.count; i++) {
            assert_int_equal(strlen(csv.cells[i].text), csv.cells[i].size);
            fprintf(out, "%s%s", i ? "|" : "[", csv.cells[i].text);
        }
        fputs("] ", out);
    }
    assert_int_equal(csv_next(&csv), CSV_END);
    csv_close(&csv);
    fclose(out);
    free(exact);
    return text;
}

static void expect(const char *input, const char *output) {
    char *text = read_all(input, strlen(input), ',');
    assert_string_equal(text, output);
    free(text);
}

static void reads_records(void **state) {
    (void)state;
    expect("", "");
    expect("\n\r\n", "");
    expect("a", "1:[a] ");
    expect("a,b\nc,d\n", "1:[a|b] 2:[c|d] ");
    expect("a,b\r\nc,d", "1:[a|b] 2:[c|d] ");
    expect("a\rb", "1:[a] 2:[b] ");
    expect(",\n,,", "1:[|] 2:[||] ");
    expect("\n\na\n\nb", "3:[a] 5:[b] ");
    expect("\xef\xbb\xbf"
           "警情,地点\n纠纷,建设路",
           "1:[警情|地点] 2:[纠纷|建设路] ");
}

static void reads_quotes(void **state) {
    (void)state;
    expect("\"a,b\",c", "1:[a,b|c] ");
    expect("\"say \"\"no\"\"\"", "1:[say \"no\"] ");
    expect("\"two\nlines\",x\ny", "1:[two\nlines|x] 3:[y] ");
    expect("\"\",\"\"\n", "1:[|] ");
    expect("5\" pipe,x", "1:[5\" pipe|x] ");
}

static void a_bad_line_costs_only_itself(void **state) {
    (void)state;
    expect("a\n\"b,c\nd\n", "1:[a] 2:!1{\"b,c} 3:[d] ");
    expect("\"a\"b,c\nd", "1:!2{\"a\"b,c} 2:[d] ");
    char *text = read_all("a\0b\nc", 5, ',');
    assert_non_null(strstr(text, "1:!5{a"));
    assert_non_null(strstr(text, "2:[c] "));
    free(text);
}

static void limits_hold(void **state) {
    (void)state;
    size_t size = 2 * CSV_RECORD_MAX;
    char *big = malloc(size + 3);
    assert_non_null(big);
    memset(big, 'x', size);
    memcpy(big + size, "\ny", 2);
    struct csv csv;
    assert_true(csv_open(&csv, big, size + 2, ','));
    assert_int_equal(csv_next(&csv), CSV_FAULT);
    assert_int_equal(csv.fault, CSV_TOO_LONG);
    assert_int_equal(csv_next(&csv), CSV_RECORD);
    assert_string_equal(csv.cells[0].text, "y");
    csv_close(&csv);

    memset(big, ',', CSV_CELLS_MAX); /* one cell more than commas */
    memcpy(big + CSV_CELLS_MAX, "\nz", 2);
    assert_true(csv_open(&csv, big, CSV_CELLS_MAX + 2, ','));
    assert_int_equal(csv_next(&csv), CSV_FAULT);
    assert_int_equal(csv.fault, CSV_TOO_MANY_CELLS);
    assert_int_equal(csv_next(&csv), CSV_RECORD);
    csv_close(&csv);
    assert_true(csv_open(&csv, big + 1, CSV_CELLS_MAX + 1, ','));
    assert_int_equal(csv_next(&csv), CSV_RECORD);
    assert_int_equal(csv.count, CSV_CELLS_MAX);
    csv_close(&csv);
    free(big);
}

static char *written(const char *text, bool guard) {
    char *out;
    size_t size;
    FILE *file = open_memstream(&out, &size);
    csv_put(file, text, strlen(text), guard);
    fclose(file);
    return out;
}

static void writes_what_it_reads(void **state) {
    (void)state;
    static const char *const texts[] = {"",        "a",    "a,b",  "say \"no\"", "two\nlines",
                                        " blank ", "=1+1", "纠纷", "\"",         "-"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char *cell = written(texts[i], false), *line, *expected;
        size_t size;
        FILE *file = open_memstream(&line, &size);
        fprintf(file, "x,%s\r\n", cell);
        fclose(file);
        file = open_memstream(&expected, &size);
        fprintf(file, "1:[x|%s] ", texts[i]);
        fclose(file);
        expect(line, expected);
        free(expected);
        free(line);
        free(cell);
    }
}

static void formulas_are_guarded(void **state) {
    (void)state;
    static const struct {
        const char *text, *out;
    } cases[] = {{"=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\""},
                 {"+86 138", "\"'+86 138\""},
                 {"-1", "\"'-1\""},
                 {"@cmd", "\"'@cmd\""},
                 {"\tx", "\"'\tx\""},
                 {"a=1", "a=1"},
                 {"", ""}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *out = written(cases[i].text, true);
        assert_string_equal(out, cases[i].out);
        free(out);
    }
}

/* Anything at all: no crash, every line accounted for, and it ends. */
static void survives_anything(void **state) {
    (void)state;
    static const char alphabet[] = "a,\"\n\r\"\",b\n";
    struct dice dice = {5};
    for (int round = 0; round < 20000; round++) {
        char bytes[40];
        size_t size = roll_below(&dice, sizeof bytes);
        for (size_t i = 0; i < size; i++) bytes[i] = alphabet[roll_below(&dice, sizeof alphabet)];
        free(read_all(bytes, size, ','));
    }
}

static bool open_with_failures(void *arg) {
    struct csv csv;
    (void)arg;
    if (!csv_open(&csv, "a,b", 3, ',')) return false;
    bool good = csv_next(&csv) == CSV_RECORD && csv.count == 2;
    csv_close(&csv);
    return good;
}

static void fails_softly_without_memory(void **state) {
    (void)state;
    each_allocation_fails(open_with_failures, NULL, false);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_records),
        cmocka_unit_test(reads_quotes),
        cmocka_unit_test(a_bad_line_costs_only_itself),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(writes_what_it_reads),
        cmocka_unit_test(formulas_are_guarded),
        cmocka_unit_test(survives_anything),
        cmocka_unit_test(fails_softly_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
