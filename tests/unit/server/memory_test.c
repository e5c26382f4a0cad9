/* The server's pure parts with each allocation failing in turn: a clean refusal, nothing left behind. */
#include "db/contract.h"
#include "envelope.pb-c.h"
#include "feed/event.h"
#include "feed/ring.h"
#include "feed/watcher_filter.h"
#include "rows.h"
#include "support.h"
#include "common/wire.h"
#include <stdlib.h>
#include <string.h>

static bool parse_statement(void *arg) {
    struct statement s;
    char error[256];
    const char *sql = "select :a, :b, :c::text[] from t -- :d\n where x = :e";
    (void)arg;
    if (!statement_parse(&s, "x", sql, strlen(sql), error, sizeof error)) return false;
    statement_free(&s);
    return true;
}

static struct statement described;
static struct plan plan;

static void compile(void) {
    static const struct contract_terms terms = {&liandong__v1__list_incidents__descriptor,
                                                &liandong__v1__incident_page__descriptor, false, false};
    static const struct rows_column columns[] = {{"no", TYPE_TEXT}, {"threats", TYPE_INT2_ARRAY}, {"next", TYPE_BYTEA}};
    const Oid params[] = {TYPE_INT2_ARRAY, TYPE_TEXT, TYPE_INT8};
    char error[256];
    rows_describe(&described, "list_incidents", "select f(:states, :office, :from)", params, 3, columns, 3);
    assert_true(contract_compile(&plan, &described, &terms, error, sizeof error));
}

static bool bind_message(void *arg) {
    Liandong__V1__IncidentState states[] = {LIANDONG__V1__INCIDENT_STATE__INCIDENT_STATE_RECEIVED,
                                            LIANDONG__V1__INCIDENT_STATE__INCIDENT_STATE_ARRIVED};
    Liandong__V1__ListIncidents m = LIANDONG__V1__LIST_INCIDENTS__INIT;
    struct caller caller = {.office = 1, .device = 2, .officer = "", .role = 3};
    struct mapping_input in = {.message = &m.base, .caller = &caller};
    struct binding members[2], all;
    const struct binding *list[2] = {&members[0], &members[1]};
    const char *field;
    struct arena arena;
    (void)arg;
    arena_init(&arena, 1 << 20);
    m.states = states;
    m.n_states = 2;
    m.has_from = true;
    bool ok = mapping_bind(&plan, &in, &arena, &members[0], &field) &&
              mapping_bind(&plan, &in, &arena, &members[1], &field) && mapping_bind_batch(&plan, list, 2, &arena, &all);
    arena_free(&arena);
    return ok;
}

static bool read_page(void *arg) {
    PGresult *r = arg;
    struct arena arena;
    arena_init(&arena, 1 << 20);
    bool ok = mapping_read(&plan, r, 0, 2, &arena) != NULL;
    arena_free(&arena);
    return ok;
}

static PGresult *make_page(void) {
    static const struct rows_column columns[] = {{"no", TYPE_TEXT}, {"threats", TYPE_INT2_ARRAY}, {"next", TYPE_BYTEA}};
    PGresult *r = rows_make(columns, 3);
    for (int row = 0; row < 2; row++) {
        rows_text(r, row, 0, "JQ-2026-000001");
        rows_null(r, row, 1);
        rows_text(r, row, 2, "page");
    }
    return r;
}

static bool fill_ring(void *arg) {
    static uint8_t bytes[600];
    const int32_t audience[] = {1, 2};
    struct ring ring;
    (void)arg;
    if (!ring_init(&ring, 65536)) return false;
    bool ok = ring_lane(&ring, 1) && ring_lane(&ring, 2);
    for (uint64_t seq = 1; ok && seq <= 300; seq++) {
        struct event e = {.seq = seq, .frame = bytes, .frame_size = 40, .audience = audience, .audience_count = 2};
        ok = ring_append(&ring, &e, NULL, NULL);
    }
    ring_free(&ring);
    return ok;
}

static bool make_filter(void *arg) {
    Liandong__V1__FeedFilter m = LIANDONG__V1__FEED_FILTER__INIT;
    struct watcher_filter *f;
    const char *fault;
    (void)arg;
    m.has_level_at_least = true;
    m.level_at_least = LIANDONG__V1__INCIDENT_LEVEL__INCIDENT_LEVEL_URGENT;
    if (!watcher_filter_make(&f, &m, NULL, &fault)) return false;
    free(f);
    return true;
}

static bool make_cursor_key(void *arg) {
    struct cursor_key *k = cursor_key_make((const uint8_t *)"0123456789abcdef");
    (void)arg;
    cursor_key_free(k);
    return k != NULL;
}

static void test_each_allocation_fails(void **state) {
    (void)state;
    PGresult *page = make_page();
    compile();
    assert_true(each_allocation_fails(parse_statement, NULL, false) > 5);
    assert_true(each_allocation_fails(bind_message, NULL, false) > 1);
    assert_true(each_allocation_fails(read_page, page, false) > 1);
    assert_true(each_allocation_fails(fill_ring, NULL, false) > 5);
    assert_true(each_allocation_fails(make_filter, NULL, false) > 1);
    assert_true(each_allocation_fails(make_cursor_key, NULL, false) > 1);
    statement_free(&described);
    PQclear(page);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_each_allocation_fails)};
    return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
