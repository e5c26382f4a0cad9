#include "common/status.h"
#include "common/text.h"
#include "common/wire.h"
#include "support.h"
#include <string.h>

static void every_row_is_complete_and_found(void **state) {
    (void)state;
    assert_true(status_rows_count > 30);
    for (size_t i = 0; i < status_rows_count; i++) {
        const struct status_row *row = &status_rows[i];
        assert_ptr_equal(status_find(row->reason), row); /* also: no reason is there twice */
        assert_int_equal(strspn(row->reason, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_8"), strlen(row->reason));
        assert_true(row->code != LIANDONG__V1__CODE__CODE_OK);
        assert_non_null(protobuf_c_enum_descriptor_get_value(&liandong__v1__code__descriptor, (int)row->code));
        assert_true(strlen(row->message) > 10 &&
                    text_count(row->message, strlen(row->message)) == strlen(row->message));
        /* A hint is Chinese, says what to do in a second sentence, and can be sent. */
        size_t size = strlen(row->hint);
        assert_int_equal(text_check(row->hint, size, false, NULL), TEXT_OK);
        size_t points = text_count(row->hint, size);
        assert_true((size - points) / 2 >= 12 && points < 100); /* characters of three bytes */
        if (!strstr(row->hint, "请")) fail_msg("%s: the hint asks for nothing", row->reason);
        assert_string_equal(row->hint + size - strlen("。"), "。");
    }
}

static void trying_again_helps_only_where_it_says_so(void **state) {
    (void)state;
    for (size_t i = 0; i < status_rows_count; i++) {
        const struct status_row *row = &status_rows[i];
        bool again = row->code == LIANDONG__V1__CODE__CODE_UNAVAILABLE ||
                     row->code == LIANDONG__V1__CODE__CODE_RESOURCE_EXHAUSTED ||
                     row->code == LIANDONG__V1__CODE__CODE_PENDING;
        if (again != (row->retry_after_ms > 0)) fail_msg("%s", row->reason);
    }
}

static void known_reasons_have_their_codes(void **state) {
    (void)state;
    static const struct {
        const char *reason;
        Liandong__V1__Code code;
    } cases[] = {
        {"MALFORMED", LIANDONG__V1__CODE__CODE_INVALID_ARGUMENT},
        {"NOT_FOUND", LIANDONG__V1__CODE__CODE_NOT_FOUND},
        {"NOT_YOURS", LIANDONG__V1__CODE__CODE_PERMISSION_DENIED},
        {"UNKNOWN_DEVICE", LIANDONG__V1__CODE__CODE_UNAUTHENTICATED},
        {"UNKNOWN_REQUEST", LIANDONG__V1__CODE__CODE_UNIMPLEMENTED},
        {"KEY_REUSED", LIANDONG__V1__CODE__CODE_ALREADY_EXISTS},
        {"VERSION_CONFLICT", LIANDONG__V1__CODE__CODE_ABORTED},
        {"ILLEGAL_TRANSITION", LIANDONG__V1__CODE__CODE_FAILED_PRECONDITION},
        {"NO_CHANGE", LIANDONG__V1__CODE__CODE_FAILED_PRECONDITION},
        {"DATABASE_AWAY", LIANDONG__V1__CODE__CODE_UNAVAILABLE},
        {"DEADLINE", LIANDONG__V1__CODE__CODE_DEADLINE_EXCEEDED},
        {"OUTCOME_PENDING", LIANDONG__V1__CODE__CODE_PENDING},
        {"INTERNAL", LIANDONG__V1__CODE__CODE_INTERNAL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_string_equal(status_find(cases[i].reason)->reason, cases[i].reason);
        assert_int_equal(status_find(cases[i].reason)->code, cases[i].code);
    }
}

static void unknown_reasons_are_internal(void **state) {
    (void)state;
    assert_string_equal(status_find("NO_SUCH_REASON")->reason, "INTERNAL");
    assert_string_equal(status_find("")->reason, "INTERNAL");
    assert_string_equal(status_find(NULL)->reason, "INTERNAL");
}

/* All that wire can say is in the table. */
static void wire_has_its_rows(void **state) {
    (void)state;
    static const char *const reasons[] = {"MALFORMED",      "TOO_DEEP",        "TOO_MANY_FIELDS", "TOO_LARGE",
                                          "UNKNOWN_FIELD",  "UNKNOWN_REQUEST", "NOT_UTF8",        "CONTROL_CHARACTER",
                                          "DIRECTION_MARK", "TOO_LONG",        "TOO_MANY",        "UNKNOWN_VALUE",
                                          "BAD_SIZE",       "OUT_OF_RANGE",    "NO_BODY"};
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        assert_string_equal(status_find(reasons[i])->reason, reasons[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_complete_and_found),
        cmocka_unit_test(trying_again_helps_only_where_it_says_so),
        cmocka_unit_test(known_reasons_have_their_codes),
        cmocka_unit_test(unknown_reasons_are_internal),
        cmocka_unit_test(wire_has_its_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
