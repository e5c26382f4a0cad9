#include "common/wire.h"
#include "db/contract.h"
#include "db/mapping.h"
#include "envelope.pb-c.h"
#include "rows.h"
#include <endian.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const struct rows_column receipt[] = {{"outcome", TYPE_TEXT}, {"id", TYPE_UUID},        {"no", TYPE_TEXT},
                                             {"version", TYPE_INT4}, {"at", TYPE_TIMESTAMPTZ}, {"replay", TYPE_BOOL}};
static const struct contract_terms change = {&liandong__v1__dispatch_incident__descriptor,
                                             &liandong__v1__incident_receipt__descriptor, true, false};

static void test_contract_fits_a_write(void **state) {
    (void)state;
    struct statement s;
    struct plan plan;
    char error[256] = "";
    Oid params[] = {TYPE_UUID, TYPE_BYTEA, TYPE_TEXT, TYPE_TIMESTAMPTZ, TYPE_INT4};
    rows_describe(&s, "dispatch_incident", "select f(:request_id, :act, :incident, :dispatched_at, :caller_office)",
                  params, 5, receipt, 6);
    if (!contract_compile(&plan, &s, &change, error, sizeof error)) fail_msg("%s", error);
    assert_int_equal(plan.params[0].source, SOURCE_REQUEST_ID);
    assert_int_equal(plan.params[2].source, SOURCE_FIELD);
    assert_int_equal(plan.params[4].source, SOURCE_CALLER_OFFICE);
    assert_int_equal(plan.verdict[VERDICT_OUTCOME], 0);
    assert_int_equal(plan.verdict[VERDICT_REASON], -1);
    statement_free(&s);
}

static const struct {
    const char *sql;
    Oid params[3];
    int count;
    struct rows_column columns[2];
    int columns_count;
    const char *says;
} broken[] = {
    {"select f(:request_id, :act, :nonsense)",
     {TYPE_UUID, TYPE_BYTEA, TYPE_TEXT},
     3,
     {{"outcome", TYPE_TEXT}},
     1,
     ":nonsense"},
    {"select f(:request_id, :act, :incident)",
     {TYPE_UUID, TYPE_BYTEA, TYPE_INT8},
     3,
     {{"outcome", TYPE_TEXT}},
     1,
     ":incident"},
    {"select f(:request_id, :act)",
     {TYPE_UUID, TYPE_BYTEA},
     2,
     {{"outcome", TYPE_TEXT}, {"nonsense", TYPE_TEXT}},
     2,
     "nonsense"},
    {"select f(:request_id, :act)",
     {TYPE_UUID, TYPE_BYTEA},
     2,
     {{"outcome", TYPE_TEXT}, {"version", TYPE_TEXT}},
     2,
     "version"},
    {"select f(:request_id, :act)", {TYPE_UUID, TYPE_BYTEA}, 2, {{"version", TYPE_INT4}}, 1, "outcome"},
    {"select f(:request_id, :act)", {TYPE_UUID, TYPE_BYTEA}, 2, {{"outcome", TYPE_INT4}}, 1, "outcome"},
    {"select f(:request_id)", {TYPE_UUID}, 1, {{"outcome", TYPE_TEXT}}, 1, ":act"},
    {"select f(:act)", {TYPE_BYTEA}, 1, {{"outcome", TYPE_TEXT}}, 1, ":request_id"},
};

static void test_contract_names_what_disagrees(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        struct statement s;
        struct plan plan;
        char error[256] = "";
        rows_describe(&s, "x", broken[i].sql, broken[i].params, broken[i].count, broken[i].columns,
                      broken[i].columns_count);
        assert_false(contract_compile(&plan, &s, &change, error, sizeof error));
        if (!strstr(error, broken[i].says) || !strstr(error, "x.sql")) fail_msg("%zu: says \"%s\"", i, error);
        statement_free(&s);
    }
}

static uint64_t big8(const char *p) {
    uint64_t v;
    memcpy(&v, p, 8);
    return be64toh(v);
}

static void test_binds_a_message(void **state) {
    (void)state;
    struct statement s;
    struct plan plan;
    struct arena arena;
    struct binding b;
    char error[256];
    const char *field;
    uint8_t id[16] = {1, 2, 3};
    struct caller caller = {.office = 7, .device = 8, .officer = "李", .role = 2};
    Liandong__V1__DispatchIncident m = LIANDONG__V1__DISPATCH_INCIDENT__INIT;
    Oid params[] = {TYPE_UUID, TYPE_BYTEA, TYPE_TEXT, TYPE_TIMESTAMPTZ, TYPE_TEXT, TYPE_INT8, TYPE_TEXT};
    rows_describe(&s, "dispatch_incident",
                  "select f(:request_id, :act, :incident, :dispatched_at, :note, :caller_device, :caller_officer)",
                  params, 7, receipt, 6);
    assert_true(contract_compile(&plan, &s, &change, error, sizeof error));
    arena_init(&arena, 65536);
    m.incident = (char[]){"JQ-1"};
    m.has_dispatched_at = true;
    m.dispatched_at = 946684800001; /* one ms after PostgreSQL's epoch */
    struct mapping_input in = {
        .message = &m.base, .caller = &caller, .request_id = id, .act = (const uint8_t *)"act", .act_size = 3};
    assert_true(mapping_bind(&plan, &in, &arena, &b, &field));
    assert_memory_equal(b.values[0], id, 16);
    assert_int_equal(b.lengths[1], 3);
    assert_int_equal(b.lengths[2], 4);
    assert_int_equal(big8(b.values[3]), 1000);
    assert_null(b.values[4]);
    assert_int_equal(big8(b.values[5]), 8);
    assert_int_equal(b.lengths[6], 3);
    m.dispatched_at = INT64_MAX; /* no year that people mean */
    assert_false(mapping_bind(&plan, &in, &arena, &b, &field));
    assert_string_equal(field, "dispatched_at");
    arena_free(&arena);
    arena_init(&arena, 16); /* no room */
    assert_false(mapping_bind(&plan, &in, &arena, &b, &field));
    assert_null(field);
    arena_free(&arena);
    statement_free(&s);
}

static void compile_report(struct statement *s, struct plan *plan) {
    static const struct contract_terms terms = {&liandong__v1__report_incident__descriptor,
                                                &liandong__v1__incident_receipt__descriptor, true, true};
    static const struct rows_column columns[] = {{"ord", TYPE_INT8}, {"outcome", TYPE_TEXT}, {"no", TYPE_TEXT}};
    Oid params[] = {TYPE_UUID_ARRAY, TYPE_BYTEA_ARRAY, TYPE_TEXT_ARRAY, TYPE_INT2_ARRAY, TYPE_TEXT_ARRAY};
    char error[256];
    rows_describe(s, "report_incident", "select f(:request_id, :act, :content, :class, :threats)", params, 5, columns,
                  3);
    if (!contract_compile(plan, s, &terms, error, sizeof error)) fail_msg("%s", error);
}

/* Arrays in PostgreSQL's binary form, element for element. */
static void test_binds_a_batch(void **state) {
    (void)state;
    struct statement s;
    struct plan plan;
    struct arena arena;
    struct binding members[2], all;
    const struct binding *list[2] = {&members[0], &members[1]};
    const char *field;
    uint8_t id[16] = {9};
    struct caller caller = {.office = 7, .device = 8, .officer = "", .role = 2};
    Liandong__V1__ReportIncident m[2] = {LIANDONG__V1__REPORT_INCIDENT__INIT, LIANDONG__V1__REPORT_INCIDENT__INIT};
    Liandong__V1__Threat threats[] = {LIANDONG__V1__THREAT__THREAT_SELF_HARM, LIANDONG__V1__THREAT__THREAT_ARSON};
    compile_report(&s, &plan);
    arena_init(&arena, 65536);
    m[0].content = (char[]){"放火"};
    m[0].threats = threats;
    m[0].n_threats = 2;
    for (int i = 0; i < 2; i++) {
        struct mapping_input in = {
            .message = &m[i].base, .caller = &caller, .request_id = id, .act = (const uint8_t *)"act", .act_size = 3};
        assert_true(mapping_bind(&plan, &in, &arena, &members[i], &field));
    }
    assert_true(mapping_bind_batch(&plan, list, 2, &arena, &all));
    static const uint8_t content[] = {0,    0,    0,    1,    0,    0,    0,    1,    0,    0,   0, TYPE_TEXT,
                                      0,    0,    0,    2,    0,    0,    0,    1,    0,    0,   0, 6,
                                      0xe6, 0x94, 0xbe, 0xe7, 0x81, 0xab, 0xff, 0xff, 0xff, 0xff};
    assert_int_equal(all.lengths[2], sizeof content);
    assert_memory_equal(all.values[2], content, sizeof content);
    assert_memory_equal(members[0].values[4], "{1,2}", 5);
    assert_null(members[1].values[4]);
    assert_int_equal(all.lengths[0], 20 + 2 * 20);
    arena_free(&arena);
    statement_free(&s);
}

static void test_reads_a_page(void **state) {
    (void)state;
    static const struct rows_column columns[] = {{"no", TYPE_TEXT},
                                                 {"received_at", TYPE_TIMESTAMPTZ},
                                                 {"threats", TYPE_INT2_ARRAY},
                                                 {"next", TYPE_BYTEA},
                                                 {"longitude", TYPE_FLOAT8}};
    static const struct contract_terms terms = {&liandong__v1__list_incidents__descriptor,
                                                &liandong__v1__incident_page__descriptor, false, false};
    struct statement s;
    struct plan plan;
    struct arena arena;
    char error[256];
    rows_describe(&s, "list_incidents", "select 1", NULL, 0, columns, 5);
    if (!contract_compile(&plan, &s, &terms, error, sizeof error)) fail_msg("%s", error);
    PGresult *r = rows_make(columns, 5);
    static const uint8_t threats[] = {0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, TYPE_INT2, 0,
                                      0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0,         2};
    double longitude = 112.96;
    int64_t bits;
    memcpy(&bits, &longitude, sizeof bits);
    for (int row = 0; row < 2; row++) {
        rows_text(r, row, 0, row ? "二" : "一");
        rows_int8(r, row, 1, -1); /* one microsecond before 2000 belongs to the last ms of 1999 */
        if (row)
            rows_null(r, row, 2);
        else
            rows_bytes(r, row, 2, threats, sizeof threats);
        rows_text(r, row, 3, "next");
        rows_int8(r, row, 4, bits);
    }
    arena_init(&arena, 65536);
    Liandong__V1__IncidentPage *page = (Liandong__V1__IncidentPage *)(void *)mapping_read(&plan, r, 0, 2, &arena);
    assert_non_null(page);
    assert_int_equal(page->n_incidents, 2);
    assert_string_equal(page->incidents[1]->no, "二");
    assert_true(page->incidents[0]->has_received_at);
    assert_true(page->incidents[0]->received_at == 946684799999);
    assert_int_equal(page->incidents[0]->n_threats, 1);
    assert_int_equal(page->incidents[0]->threats[0], LIANDONG__V1__THREAT__THREAT_ARSON);
    assert_int_equal(page->incidents[1]->n_threats, 0);
    assert_true(page->incidents[0]->longitude == 112.96);
    assert_false(page->incidents[0]->has_latitude);
    assert_true(page->has_next);
    page = (Liandong__V1__IncidentPage *)(void *)mapping_read(&plan, r, 0, 0, &arena);
    assert_int_equal(page->n_incidents, 0);
    assert_false(page->has_next);
    for (int column = 0; column < 5; column++) rows_null(r, 2, column); /* an empty list, and what stands beside it */
    rows_text(r, 2, 3, "next");
    page = (Liandong__V1__IncidentPage *)(void *)mapping_read(&plan, r, 2, 1, &arena);
    assert_int_equal(page->n_incidents, 0);
    assert_true(page->has_next);
    arena_free(&arena);
    PQclear(r);
    statement_free(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contract_fits_a_write), cmocka_unit_test(test_contract_names_what_disagrees),
        cmocka_unit_test(test_binds_a_message),       cmocka_unit_test(test_binds_a_batch),
        cmocka_unit_test(test_reads_a_page),
    };
    return cmocka_run_group_tests_name("mapping", tests, NULL, NULL);
}
