#include "db/statement.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const struct {
    const char *sql, *text, *params; /* params joined by ',' */
} good[] = {
    {"select 1", "select 1", ""},
    {"select :a, :b, :a", "select $1, $2, $1", "a,b"},
    {"select :a::text[]", "select $1::text[]", "a"},
    {"select x::int4", "select x::int4", ""},
    {"select ':a', \":b\", :c", "select ':a', \":b\", $1", "c"},
    {"select 'it''s :a', :b", "select 'it''s :a', $1", "b"},
    {"select 1 -- :a\n, :b", "select 1 -- :a\n, $1", "b"},
    {"select /* :a /* :b */ :c */ :d", "select /* :a /* :b */ :c */ $1", "d"},
    {"select $$ :a ; $$, :b", "select $$ :a ; $$, $1", "b"},
    {"select $x$ $$ :a $x$, :b", "select $x$ $$ :a $x$, $1", "b"},
    {"select a[1:2], :n", "select a[1:2], $1", "n"},
    {"select 1;\n-- the end\n/* truly */ \n", "select 1", ""},
    {"select :under_score1", "select $1", "under_score1"},
    {"", "", ""},
};

static void test_reads_statements(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct statement s;
        char error[256] = "", params[256] = "";
        if (!statement_parse(&s, "x", good[i].sql, strlen(good[i].sql), error, sizeof error))
            fail_msg("%s: %s", good[i].sql, error);
        assert_string_equal(s.text, good[i].text);
        for (int p = 0; p < s.params_count; p++) {
            strcat(params, p ? "," : "");
            strcat(params, s.params[p]);
            assert_int_equal(statement_param(&s, s.params[p]), p);
        }
        assert_string_equal(params, good[i].params);
        assert_int_equal(statement_param(&s, "absent"), -1);
        statement_free(&s);
    }
}

static const struct {
    const char *sql, *says;
} bad[] = {
    {"select 1; select 2", "x.sql:1: more than one statement"},
    {"select\n'abc", "x.sql:2: this quote or comment is never closed"},
    {"select \"abc", "never closed"},
    {"select /* abc", "never closed"},
    {"select /* /* */", "never closed"},
    {"select $$ abc", "never closed"},
    {"select $1", "write :name"},
};

static void test_refuses_what_is_no_statement(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct statement s;
        char error[256] = "";
        assert_false(statement_parse(&s, "x", bad[i].sql, strlen(bad[i].sql), error, sizeof error));
        if (!strstr(error, bad[i].says)) fail_msg("%s: says \"%s\"", bad[i].sql, error);
        assert_null(s.text);
    }
}

static void test_refuses_nul_and_too_many_parameters(void **state) {
    (void)state;
    struct statement s;
    char error[256], sql[2048] = "select 0";
    assert_false(statement_parse(&s, "x", "select\0 1", 9, error, sizeof error));
    for (int i = 0; i <= STATEMENT_PARAMS; i++) sprintf(sql + strlen(sql), ", :p%d", i);
    assert_false(statement_parse(&s, "x", sql, strlen(sql), error, sizeof error));
    assert_non_null(strstr(error, "more than"));
}

/* Whatever prefix of a statement is read, nothing beyond it is touched (the sanitizers watch). */
static void test_every_prefix(void **state) {
    (void)state;
    const char *sql = "select $q$ :a $q$, ':b', :c::text /* ; */ from \"t\" -- x\n where :d = 1;";
    for (size_t n = 0; n <= strlen(sql); n++) {
        struct statement s;
        char error[256], *copy = malloc(n ? n : 1);
        memcpy(copy, sql, n);
        if (statement_parse(&s, "x", copy, n, error, sizeof error)) statement_free(&s);
        free(copy);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_statements),
        cmocka_unit_test(test_refuses_what_is_no_statement),
        cmocka_unit_test(test_refuses_nul_and_too_many_parameters),
        cmocka_unit_test(test_every_prefix),
    };
    return cmocka_run_group_tests_name("statement", tests, NULL, NULL);
}
