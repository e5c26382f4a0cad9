#include "call/line_queue.h"
#include "common/log.h"
#include "support.h"
#include <stdio.h>
#include <string.h>

static void put(struct line_queue *q, unsigned number) {
    char line[128];
    int size = snprintf(line, sizeof line, "{\"n\":%u,\"padding\":\"%050u\"}", number, number);
    line_queue_put(q, line, (size_t)size);
}
/* The n of the batch's line number i, counted from 0; UINT_MAX where it has none. */
static unsigned number_at(const char *batch, size_t i) {
    unsigned n = 0;
    while (i-- > 0 && (batch = strchr(batch, '\n'))) batch++;
    return batch && sscanf(batch, "{\"n\":%u", &n) == 1 ? n : 4294967295u;
}
static size_t lines_of(const char *batch) {
    size_t lines = *batch != '\0';
    for (; *batch; batch++) lines += *batch == '\n';
    return lines;
}

static void gives_what_was_put(void **state) {
    (void)state;
    struct line_queue q;
    uint64_t first;
    line_queue_init(&q);
    assert_true(line_queue_is_empty(&q));
    assert_string_equal(line_queue_take(&q, &first), "");
    for (unsigned i = 1; i <= 3; i++) put(&q, i);
    const char *batch = line_queue_take(&q, &first);
    assert_int_equal(first, 1);
    assert_int_equal(lines_of(batch), 3);
    assert_int_equal(number_at(batch, 2), 3);
    put(&q, 4); /* a batch under way does not grow: its fate may be unknown */
    const char *again = line_queue_take(&q, &first);
    assert_int_equal(first, 1);
    assert_int_equal(lines_of(again), 3);
    line_queue_done(&q, true);
    batch = line_queue_take(&q, &first);
    assert_int_equal(first, 4);
    assert_int_equal(number_at(batch, 0), 4);
    line_queue_done(&q, true);
    assert_true(line_queue_is_empty(&q));
    assert_int_equal(q.dropped_total, 0);
    line_queue_free(&q);
}

/* Nobody takes them: the newest stay, the memory is bounded, the hole is told and numbered. */
static void drops_the_oldest_and_says_so(void **state) {
    (void)state;
    struct line_queue q;
    uint64_t first, expected;
    line_queue_init(&q);
    for (unsigned i = 1; i <= 100000; i++) {
        put(&q, i);
        assert_true(buffer_size(&q.lines) <= LINE_QUEUE_CAP);
    }
    assert_int_equal(q.dropped_total + q.waiting, 100000);
    expected = q.dropped_total;
    const char *batch = line_queue_take(&q, &first);
    assert_non_null(strstr(batch, "\"ev\":\"log.dropped\""));
    assert_int_equal(first, expected);
    assert_int_equal(number_at(batch, 1), expected + 1);
    unsigned last = 0;
    for (; *batch; batch = line_queue_take(&q, &first)) {
        size_t lines = lines_of(batch);
        assert_true(strlen(batch) < LINE_BATCH_CAP + LINE_NOTICE_MAX);
        last = number_at(batch, lines - 1);
        assert_int_equal(first + lines - 1, last); /* numbers and lines stay together */
        line_queue_done(&q, true);
    }
    assert_int_equal(last, 100000);
    line_queue_free(&q);
}

static void a_batch_given_up_counts(void **state) {
    (void)state;
    struct line_queue q;
    uint64_t first;
    line_queue_init(&q);
    for (unsigned i = 1; i <= 5; i++) put(&q, i);
    line_queue_take(&q, &first);
    line_queue_done(&q, false);
    assert_int_equal(q.dropped_total, 5);
    put(&q, 6);
    const char *batch = line_queue_take(&q, &first);
    assert_int_equal(first, 5);
    assert_non_null(strstr(batch, "\"lines\":5}"));
    assert_int_equal(number_at(batch, 1), 6);
    line_queue_free(&q);
}

static void no_memory_is_a_hole_too(void **state) {
    (void)state;
    for (size_t n = 1; n < 12; n++) {
        struct line_queue q;
        uint64_t first;
        line_queue_init(&q);
        allocations_fail_at(n);
        for (unsigned i = 1; i <= 200; i++) put(&q, i);
        const char *batch = line_queue_take(&q, &first);
        allocations_fail_at(0);
        assert_int_equal(q.next, 201);
        if (*batch) assert_int_equal(first + lines_of(batch) - 1 + q.waiting, 200);
        line_queue_done(&q, true);
        batch = line_queue_take(&q, &first);
        if (*batch) assert_int_equal(number_at(batch, lines_of(batch) - 1), 200);
        line_queue_free(&q);
    }
}

/* ---- from the log into it */

static void tap(void *arg, const char *line, size_t size) {
    log_event(LOG_ERROR, "inside.tap", log_int("n", 1)); /* must not come round again */
    line_queue_put(arg, line, size);
}

static void the_log_hands_on(void **state) {
    (void)state;
    struct line_queue q;
    uint64_t first;
    line_queue_init(&q);
    log_open(scratch_text("tap", ""));
    log_set_level(LOG_DEBUG);
    log_tap(tap, &q);
    log_event(LOG_DEBUG, "below", log_int("n", 1));
    log_event(LOG_WARN, "operation.behind", log_int("n", 1));
    log_event(LOG_INFO, "told", log_str("office", "ytp"));
    log_tap(NULL, NULL);
    log_event(LOG_INFO, "after", log_int("n", 1));
    log_set_level(LOG_INFO);
    log_open(NULL);
    const char *batch = line_queue_take(&q, &first);
    assert_int_equal(lines_of(batch), 1);
    assert_non_null(strstr(batch, "\"ev\":\"told\",\"office\":\"ytp\"}"));
    line_queue_free(&q);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_what_was_put),      cmocka_unit_test(drops_the_oldest_and_says_so),
        cmocka_unit_test(a_batch_given_up_counts), cmocka_unit_test(no_memory_is_a_hole_too),
        cmocka_unit_test(the_log_hands_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
