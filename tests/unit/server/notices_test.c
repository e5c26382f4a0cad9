/* Whom an alert is told to, and when again: rows made by hand, sessions that keep what they are sent. */
#include "call/core_part.h"
#include "db/contract.h"
#include "envelope.pb-c.h"
#include "rows.h"
#include "support.h"
#include <endian.h>
#include <string.h>

enum { OFFICE = 3, OTHER = 4, DUTY = 11, SECOND = 12, HIDDEN = 99 };
static const struct rows_column columns[] = {
    {"id", TYPE_UUID},           {"no", TYPE_TEXT},         {"escalation", TYPE_INT2},     {"sensitivity", TYPE_INT2},
    {"title", TYPE_TEXT},        {"record_num", TYPE_INT8}, {"record_origin", TYPE_INT4},  {"record_area", TYPE_INT4},
    {"to_office", TYPE_INT4},    {"heads_only", TYPE_BOOL}, {"accounts", TYPE_INT8_ARRAY}, {"place_record", TYPE_UUID},
    {"place_sealed", TYPE_TEXT}, {"seq", TYPE_INT8},
};
#define COLUMNS (int)(sizeof columns / sizeof *columns)

bool __wrap_feed_may_see(struct feed *f, const struct caller *caller, const struct event_right *record);
bool __wrap_feed_may_see(struct feed *f, const struct caller *caller, const struct event_right *record) {
    (void)f, (void)caller;
    return record->num != HIDDEN;
}

static uint64_t head; /* what this node has seen of the feed */
uint64_t __wrap_feed_head(struct feed *f);
uint64_t __wrap_feed_head(struct feed *f) {
    (void)f;
    return head;
}

static struct core core;
static struct metrics metrics;
static struct statement statement, alarm;
static struct buffer out;
static struct session duty, second, chief, machine, other;
static unsigned told[5];

static struct buffer *output(void *conn) {
    (*(unsigned *)conn)++;
    return &out;
}
static void flush(void *conn) { (void)conn; }

static void sit(struct session *s, unsigned *count, int32_t office, uint8_t role, int64_t account) {
    *s = (struct session){
        .core = &core, .state = SESSION_OPEN, .conn = count, .watcher = (struct watcher *)(void *)count};
    s->io = (struct session_io){.output = output, .flush = flush};
    s->actor.office = office;
    s->actor.role = role;
    s->actor.account = account;
    s->next = core.sessions;
    core.sessions = s;
}

static int set_up(void **state) {
    char error[256];
    (void)state;
    memset(&core, 0, sizeof core);
    memset(told, 0, sizeof told);
    core.ready = true;
    metrics_init(&metrics);
    notices_init(&core.notices, &metrics);
    buffer_init(&out, 1u << 20);
    if (!statement.described) rows_describe(&statement, "_alert_notices", "select 1", NULL, 0, columns, COLUMNS);
    if (!alarm.described) rows_describe(&alarm, "_alarm", "select 1", NULL, 0, columns, COLUMNS);
    if (!notices_contract(&core.notices, &statement, &alarm, error, sizeof error)) fail_msg("%s", error);
    head = 1;
    sit(&duty, &told[0], OFFICE, LIANDONG__V1__ROLE__ROLE_DUTY, DUTY);
    sit(&second, &told[1], OFFICE, LIANDONG__V1__ROLE__ROLE_DUTY, SECOND);
    sit(&chief, &told[2], OFFICE, LIANDONG__V1__ROLE__ROLE_CHIEF, 13);
    sit(&machine, &told[3], OFFICE, LIANDONG__V1__ROLE__ROLE_DUTY, 0);
    sit(&other, &told[4], OTHER, LIANDONG__V1__ROLE__ROLE_DUTY, 21);
    return 0;
}
static int tear_down(void **state) {
    (void)state;
    notices_free(&core.notices);
    buffer_free(&out);
    return 0;
}

/* A row with one alert. on_duty 0: nobody is on the roster. */
static PGresult *row_of(int64_t num, int16_t step, bool heads_only, int64_t on_duty, int64_t seq) {
    PGresult *r = rows_make(columns, COLUMNS);
    uint32_t array[] = {htobe32(1), 0, htobe32(20), htobe32(1), htobe32(1), htobe32(8)};
    uint8_t accounts[sizeof array + 8];
    uint64_t big = htobe64((uint64_t)on_duty);
    memcpy(accounts, array, sizeof array);
    memcpy(accounts + sizeof array, &big, sizeof big);
    rows_bytes(r, 0, 0, "0123456789abcdef", 16);
    rows_text(r, 0, 1, "YJ-2026-000001");
    rows_int2(r, 0, 2, step);
    rows_int2(r, 0, 3, 1);
    rows_text(r, 0, 4, "扬言放火");
    rows_int8(r, 0, 5, num);
    rows_int4(r, 0, 6, OTHER);
    rows_null(r, 0, 7);
    rows_int4(r, 0, 8, OFFICE);
    rows_bytes(r, 0, 9, heads_only ? "\1" : "\0", 1);
    if (on_duty)
        rows_bytes(r, 0, 10, accounts, sizeof accounts);
    else
        rows_null(r, 0, 10);
    rows_null(r, 0, 11);
    rows_null(r, 0, 12);
    rows_int8(r, 0, 13, seq);
    return r;
}
static void take(PGresult *r, void (*how)(struct core *, const PGresult *)) {
    how(&core, r);
    PQclear(r);
}
static void look(int64_t num, int16_t step, bool heads_only, int64_t on_duty) {
    notices_look(&core);
    take(row_of(num, step, heads_only, on_duty, 1), notices_take);
}
static void assert_told(unsigned a, unsigned b, unsigned c, unsigned d) {
    const unsigned wanted[5] = {a, b, c, d, 0};
    assert_memory_equal(told, wanted, sizeof told);
}

static void everybody_where_nobody_is_on_duty(void **state) {
    (void)state;
    look(1, 0, false, 0);
    assert_told(1, 1, 1, 1);
    look(1, 0, false, 0); /* known */
    assert_told(1, 1, 1, 1);
    look(1, 1, false, 0); /* a step further */
    assert_told(2, 2, 2, 2);
}
static void who_is_on_duty_and_then_who_is(void **state) {
    (void)state;
    look(1, 0, false, DUTY);
    assert_told(1, 0, 0, 1); /* a terminal that acts by itself stands where duty is done */
    look(1, 0, false, DUTY);
    assert_told(1, 0, 0, 1);
    look(1, 0, false, SECOND); /* the shift changed */
    assert_told(1, 1, 0, 2);
    look(1, 0, false, 0); /* it came to nobody in time */
    assert_told(2, 2, 1, 3);
}
static void heads_alone_and_what_is_hidden(void **state) {
    (void)state;
    look(1, 3, true, 0);
    assert_told(0, 0, 1, 0);
    look(HIDDEN, 4, false, 0);
    assert_told(0, 0, 1, 0);
}
static void who_comes_later_is_greeted(void **state) {
    (void)state;
    second.watcher = NULL;
    look(1, 0, false, 0);
    assert_told(1, 0, 1, 1);
    notices_greet(&core, &second);
    notices_greet(&core, &other);
    assert_told(1, 1, 1, 1);
    assert_int_equal(core.notices.told.value, 4);
}
static void what_was_just_raised_is_told_once(void **state) {
    (void)state;
    notices_look(&core); /* a look is under way that does not find it */
    take(row_of(1, 0, false, DUTY, 1), notices_tell);
    assert_told(1, 0, 0, 1);
    take(rows_make(columns, COLUMNS), notices_take);
    look(1, 0, false, DUTY);
    take(row_of(1, 0, false, DUTY, 1), notices_tell);
    assert_told(1, 0, 0, 1);
    notices_greet(&core, &duty);
    assert_told(2, 0, 0, 1);
    notices_look(&core); /* began after it: what it does not find is over */
    take(rows_make(columns, COLUMNS), notices_take);
    notices_greet(&core, &duty);
    assert_told(2, 0, 0, 1);
}
static void what_this_node_has_not_seen_is_told_when_it_has(void **state) {
    (void)state;
    notices_look(&core);
    take(row_of(1, 0, false, 0, 2), notices_take);
    assert_told(0, 0, 0, 0);
    take(row_of(1, 0, false, 0, 2), notices_tell);
    assert_told(0, 0, 0, 0);
    head = 2;
    notices_look(&core);
    take(row_of(1, 0, false, 0, 2), notices_take);
    assert_told(1, 1, 1, 1);
    notices_look(&core); /* it was opened to somebody: to those who know it that is nothing new */
    take(row_of(1, 0, false, 0, 3), notices_take);
    head = 3;
    notices_look(&core);
    take(row_of(1, 0, false, 0, 3), notices_take);
    assert_told(1, 1, 1, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(everybody_where_nobody_is_on_duty, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_is_on_duty_and_then_who_is, set_up, tear_down),
        cmocka_unit_test_setup_teardown(heads_alone_and_what_is_hidden, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_comes_later_is_greeted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_just_raised_is_told_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_this_node_has_not_seen_is_told_when_it_has, set_up, tear_down)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
