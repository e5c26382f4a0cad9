#include "client/retry.h"
#include "support.h"

#define CODE(c) LIANDONG__V1__CODE__CODE_##c

static void final_answers_are_final(void **state) {
    (void)state;
    static const Liandong__V1__Code again[] = {CODE(UNAVAILABLE), CODE(RESOURCE_EXHAUSTED), CODE(DEADLINE_EXCEEDED),
                                               CODE(PENDING)};
    for (int code = 0; code <= 17; code++) {
        struct retry_outcome o = retry_of_status((Liandong__V1__Code)code);
        bool expected = false;
        for (size_t i = 0; i < sizeof again / sizeof *again; i++) expected |= (int)again[i] == code;
        assert_int_equal(o.again, expected);
        /* Only "not known yet" leaves a write open; the others were said not to have been carried out. */
        assert_int_equal(o.unknown, code == (int)CODE(PENDING));
    }
    assert_false(retry_of_status((Liandong__V1__Code)99).again);
}

static void connections(void **state) {
    (void)state;
    static const struct {
        enum link_fault fault;
        const char *tls;
        bool sent, again, unknown;
    } cases[] = {
        {LINK_CONNECT, NULL, false, true, false},
        {LINK_RESOLVE, NULL, false, true, false},
        {LINK_ADDRESS, NULL, false, false, false},
        {LINK_LOST, NULL, false, true, false},
        {LINK_LOST, NULL, true, true, true},
        {LINK_TIMEOUT, NULL, true, true, true},
        {LINK_TIMEOUT, NULL, false, true, false},
        {LINK_PROTOCOL, NULL, true, false, true},
        {LINK_INTERRUPTED, NULL, true, false, true},
        {LINK_INTERRUPTED, NULL, false, false, false},
        {LINK_TLS, "UNKNOWN_CA", false, false, false},
        {LINK_TLS, "NAME_MISMATCH", false, false, false},
        {LINK_TLS, "CERTIFICATE_REVOKED", false, false, false},
        {LINK_TLS, "TRUNCATED", false, true, false},
        {LINK_TLS, "OTHER", true, true, true},
        {LINK_MEMORY, NULL, false, false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct link_error error = {.fault = cases[i].fault, .tls = cases[i].tls};
        struct retry_outcome o = retry_of_link(&error, cases[i].sent);
        assert_int_equal(o.again, cases[i].again);
        assert_int_equal(o.unknown, cases[i].unknown);
        assert_true(o.renew);
    }
}

static void a_refused_hello_is_judged_by_its_status(void **state) {
    (void)state;
    Liandong__V1__Status status = LIANDONG__V1__STATUS__INIT;
    struct link_error error = {.fault = LINK_HELLO_REFUSED, .status = &status};
    status.code = CODE(UNAUTHENTICATED);
    assert_false(retry_of_link(&error, false).again);
    status.code = CODE(UNAVAILABLE);
    assert_true(retry_of_link(&error, false).again);
}

static void pauses(void **state) {
    (void)state;
    for (unsigned attempt = 1; attempt < 100; attempt++) {
        for (double jitter = 0; jitter < 1; jitter += 0.25) {
            uint32_t pause = retry_pause_ms(attempt, 0, jitter), watch = retry_watch_pause_ms(attempt, 0, jitter);
            assert_in_range(pause, 100, 5000);
            assert_in_range(watch, 500, 10000);
            assert_true(retry_pause_ms(attempt, 2000, jitter) >= 2000);
            if (attempt > 1 && jitter == 0) assert_true(pause >= retry_pause_ms(attempt - 1, 0, 0));
        }
    }
    assert_int_equal(retry_pause_ms(1, 0, 0), 200);
    assert_int_equal(retry_watch_pause_ms(50, 0, 0), 10000);
    assert_true(retry_watch_pause_ms(50, 0, 0.99) < retry_watch_pause_ms(50, 0, 0.1)); /* they don't all come at once */
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(final_answers_are_final), cmocka_unit_test(connections),
                                       cmocka_unit_test(a_refused_hello_is_judged_by_its_status),
                                       cmocka_unit_test(pauses)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
