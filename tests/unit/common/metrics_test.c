#include "common/metrics.h"
#include "support.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *page_of(const struct metrics *m) {
    struct buffer out;
    buffer_init(&out, 1 << 20);
    assert_true(metrics_print(m, &out));
    char *page = malloc(buffer_size(&out) + 1);
    assert_non_null(page);
    if (buffer_size(&out)) memcpy(page, buffer_head(&out), buffer_size(&out));
    page[buffer_size(&out)] = '\0';
    buffer_free(&out);
    return page;
}

static void prints_counters_and_gauges(void **state) {
    (void)state;
    struct metrics m;
    struct metric calls = {.name = "calls_total{code=\"OK\"}", .help = "Calls.", .type = METRIC_COUNTER, .value = 3};
    struct metric failed = {.name = "calls_total{code=\"INTERNAL\"}", .type = METRIC_COUNTER};
    struct metric open_now = {.name = "conns", .help = "Connections.", .type = METRIC_GAUGE, .value = -1};
    metrics_init(&m);
    char *page = page_of(&m);
    assert_string_equal(page, "");
    free(page);
    metrics_add(&m, &calls);
    metrics_add(&m, &failed);
    metrics_add(&m, &open_now);
    failed.value += 2;
    page = page_of(&m);
    assert_string_equal(page,
                        "# HELP calls_total Calls.\n# TYPE calls_total counter\ncalls_total{code=\"OK\"} 3\n"
                        "calls_total{code=\"INTERNAL\"} 2\n# HELP conns Connections.\n# TYPE conns gauge\nconns -1\n");
    free(page);
}

static void histogram_bounds_are_exact(void **state) {
    (void)state;
    struct metrics m;
    struct metric h = {.name = "wait_seconds{lane=\"write\"}", .help = "Wait.", .type = METRIC_HISTOGRAM};
    metrics_init(&m);
    metrics_add(&m, &h);
    static const uint64_t seen[] = {0, 50, 51, 100, 101, 26214400, 26214401, UINT64_C(10000000000)};
    for (size_t i = 0; i < sizeof seen / sizeof *seen; i++) metric_observe(&h, seen[i]);
    assert_int_equal(h.count, 8);
    assert_int_equal(h.buckets[0], 2);
    assert_int_equal(h.buckets[1], 2);
    assert_int_equal(h.buckets[2], 1);
    assert_int_equal(h.buckets[METRIC_BUCKETS - 1], 1);
    char *page = page_of(&m);
    assert_non_null(
        strstr(page, "# TYPE wait_seconds histogram\nwait_seconds_bucket{lane=\"write\",le=\"0.000050\"} 2\n"));
    assert_non_null(strstr(page, "wait_seconds_bucket{lane=\"write\",le=\"0.000100\"} 4\n")); /* they add up */
    assert_non_null(strstr(page, "wait_seconds_bucket{lane=\"write\",le=\"26.214400\"} 6\n"));
    assert_non_null(strstr(page,
                           "wait_seconds_bucket{lane=\"write\",le=\"+Inf\"} 8\n"
                           "wait_seconds_sum{lane=\"write\"} 10052.429103\nwait_seconds_count{lane=\"write\"} 8\n"));
    free(page);
}

static void histogram_without_labels(void **state) {
    (void)state;
    struct metrics m;
    struct metric h = {.name = "lag", .type = METRIC_HISTOGRAM};
    metrics_init(&m);
    metrics_add(&m, &h);
    metric_observe(&h, 1000001);
    char *page = page_of(&m);
    assert_non_null(strstr(page, "lag_bucket{le=\"0.819200\"} 0\nlag_bucket{le=\"1.638400\"} 1\n"));
    assert_non_null(strstr(page, "lag_sum 1.000001\nlag_count 1\n"));
    free(page);
}

static void stops_at_the_cap(void **state) {
    (void)state;
    struct metrics m;
    struct metric h = {.name = "lag", .help = "Lag.", .type = METRIC_HISTOGRAM},
                  g = {.name = "g", .type = METRIC_GAUGE};
    metrics_init(&m);
    metrics_add(&m, &h);
    metrics_add(&m, &g);
    char *page = page_of(&m);
    size_t need = strlen(page);
    free(page);
    for (size_t cap = 0; cap <= need; cap++) {
        struct buffer out;
        buffer_init(&out, cap);
        assert_int_equal(metrics_print(&m, &out), cap == need);
        buffer_free(&out);
    }
}

static bool print_page(void *arg) {
    struct buffer out;
    buffer_init(&out, 1 << 20);
    bool done = metrics_print(arg, &out);
    buffer_free(&out);
    return done;
}

static void survives_failing_allocations(void **state) {
    (void)state;
    struct metrics m;
    struct metric h[3] = {{.name = "a", .type = METRIC_HISTOGRAM},
                          {.name = "b", .type = METRIC_HISTOGRAM},
                          {.name = "c", .type = METRIC_HISTOGRAM}};
    metrics_init(&m);
    for (size_t i = 0; i < 3; i++) metrics_add(&m, &h[i]);
    assert_true(each_allocation_fails(print_page, &m, false) > 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_counters_and_gauges),   cmocka_unit_test(histogram_bounds_are_exact),
        cmocka_unit_test(histogram_without_labels),     cmocka_unit_test(stops_at_the_cap),
        cmocka_unit_test(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
