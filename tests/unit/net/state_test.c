#include "net/conn_state.h"
#include "net/hub_metrics.h"
#include "net/list.h"
#include "support.h"
#include <string.h>

/* A connection only moves forward, every state can be left for the end, and the end for nothing. */
static void test_transitions(void **state) {
    (void)state;
    for (enum conn_state from = 0; from < CONN_STATES; from++) {
        for (enum conn_state to = 0; to <= from; to++) assert_false(conn_state_may_follow(from, to));
        assert_int_equal(conn_state_may_follow(from, CONN_CLOSING), from != CONN_CLOSING);
        assert_true(strlen(conn_state_name(from)) > 0);
    }
    assert_true(conn_state_may_follow(CONN_HANDSHAKE, CONN_HELLO) && conn_state_may_follow(CONN_HELLO, CONN_SERVING));
    assert_false(conn_state_may_follow(CONN_HANDSHAKE, CONN_SERVING)); /* nobody is served before the hello */
}

struct item {
    int number;
    struct list link;
};
static void test_list(void **state) {
    struct item items[5];
    struct list ring, other;
    (void)state;
    list_init(&ring);
    assert_true(list_is_empty(&ring));
    list_move(&other, &ring);
    assert_true(list_is_empty(&other));
    for (int i = 0; i < 5; i++) {
        items[i].number = i;
        list_append(&ring, &items[i].link);
    }
    list_remove(&items[2].link);
    list_remove(&items[2].link); /* of none: nothing happens */
    list_move(&other, &ring);
    assert_true(list_is_empty(&ring));
    int expected[] = {0, 1, 3, 4}, at = 0;
    for (struct list *l = other.next; l != &other; l = l->next)
        assert_int_equal(((struct item *)list_owner(l, offsetof(struct item, link)))->number, expected[at++]);
    assert_int_equal(at, 4);
}

static void test_metrics(void **state) {
    struct metrics registry;
    struct hub_metrics m;
    (void)state;
    metrics_init(&registry);
    hub_metrics_init(&m, &registry);
    hub_metrics_handshake(&m, "OK");
    hub_metrics_handshake(&m, "TIMEOUT");
    hub_metrics_handshake(&m, "something new");
    int64_t sum = 0;
    for (size_t i = 0; i < HANDSHAKE_RESULTS; i++) {
        assert_non_null(m.handshakes[i].name);
        sum += m.handshakes[i].value;
    }
    assert_int_equal(sum, 3);
    assert_int_equal(m.handshakes[0].value, 1);
    assert_int_equal(m.handshakes[HANDSHAKE_RESULTS - 1].value, 1);
    struct buffer page;
    buffer_init(&page, 1 << 20);
    assert_true(metrics_print(&registry, &page));
    buffer_free(&page);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_transitions), cmocka_unit_test(test_list),
                                       cmocka_unit_test(test_metrics)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
