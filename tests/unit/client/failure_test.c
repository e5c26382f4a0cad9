#include "client/failure.h"
#include "client/language.h"
#include "common/status.h"
#include "support.h"
#include "words.h"
#include <stdlib.h>
#include <string.h>

#define CODE(c) LIANDONG__V1__CODE__CODE_##c

static void exit_codes(void **state) {
    (void)state;
    static const struct {
        Liandong__V1__Code code;
        int exit_code;
    } cases[] = {{CODE(NOT_FOUND), 3},    {CODE(UNAUTHENTICATED), 4},     {CODE(PERMISSION_DENIED), 5},
                 {CODE(ABORTED), 6},      {CODE(ALREADY_EXISTS), 6},      {CODE(INVALID_ARGUMENT), 2},
                 {CODE(OUT_OF_RANGE), 2}, {CODE(UNAVAILABLE), 69},        {CODE(RESOURCE_EXHAUSTED), 69},
                 {CODE(PENDING), 75},     {CODE(FAILED_PRECONDITION), 1}, {CODE(INTERNAL), 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(failure_code_of_status(cases[i].code), cases[i].exit_code);
    assert_int_equal(failure_code_of_link(&(struct link_error){.fault = LINK_CONNECT}), 69);
    assert_int_equal(failure_code_of_link(&(struct link_error){.fault = LINK_ADDRESS}), 2);
    assert_int_equal(failure_code_of_link(&(struct link_error){.fault = LINK_TLS, .tls = "CERTIFICATE_REVOKED"}), 4);
    assert_int_equal(failure_code_of_link(&(struct link_error){.fault = LINK_TLS, .tls = "NOT_TLS"}), 69);
}

/* Every way in which TLS can fail has its own sentence and next step, as has every other fault. */
static void every_fault_is_explained(void **state) {
    (void)state;
    static const char *const tokens[] = {"CERTIFICATE_REQUIRED",
                                         "CERTIFICATE_EXPIRED",
                                         "CERTIFICATE_REVOKED",
                                         "CERTIFICATE_UNKNOWN",
                                         "UNKNOWN_CA",
                                         "BAD_CERTIFICATE",
                                         "NAME_MISMATCH",
                                         "NO_COMMON_PROTOCOL",
                                         "OLD_VERSION",
                                         "NOT_TLS",
                                         "TRUNCATED"};
    struct arena arena;
    arena_init(&arena, 1 << 20);
    const char *other = failure_link_text(&arena, &(struct link_error){.fault = LINK_TLS, .tls = "OTHER"}, true);
    for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
        struct link_error error = {.fault = LINK_TLS, .tls = tokens[i]};
        if (strcmp(failure_link_text(&arena, &error, true), other) == 0)
            fail_msg("%s has no text of its own", tokens[i]);
        assert_non_null(failure_link_next(&error));
    }
    for (int fault = LINK_ADDRESS; fault <= LINK_MEMORY; fault++) {
        struct link_error error = {.fault = (enum link_fault)fault, .server = "a:1", .detail = "why\x1b"};
        const char *text = failure_link_text(&arena, &error, true);
        assert_non_null(strstr(text, "a:1"));
        assert_non_null(strstr(text, "why\\x1b"));
    }
    arena_free(&arena);
}

static bool on_terminal;
/* Prints a failure of `line` and returns what was said. */
static char *said(const char *line, const struct call_result *result, int expected) {
    struct words_client w;
    struct command command;
    struct command_error error;
    char *text;
    size_t size;
    words_client_open(&w, "table");
    w.client.err = open_memstream(&text, &size);
    w.client.terminal.err = on_terminal;
    assert_true(words_parse(line, &command, &w.client.arena, &error));
    assert_int_equal(failure_print(&w.client, &command, result), expected);
    fclose(w.client.err);
    free(words_client_close(&w));
    return text;
}

static void a_conflict_shows_both_values(void **state) {
    (void)state;
    char reason[] = "VERSION_CONFLICT", field[] = "class", theirs[] = "6", yours[] = "8";
    Liandong__V1__Status status = LIANDONG__V1__STATUS__INIT;
    Liandong__V1__Conflict conflict = LIANDONG__V1__CONFLICT__INIT, *conflicts[] = {&conflict};
    conflict.field = field;
    conflict.theirs = theirs;
    conflict.yours = yours;
    status.has_code = 1;
    status.code = CODE(ABORTED);
    status.reason = reason;
    status.n_conflicts = 1;
    status.conflicts = conflicts;
    status.has_current_version = 1;
    status.current_version = 7;
    struct call_result result = {.end = CALL_REFUSED, .status = &status, .has_request_id = true};
    char *text = said("liandong incident correct 123 --class extreme-threat", &result, 6);
    assert_non_null(strstr(text, "警情类别：对方改为“纠纷”，您要改为“扬言极端”"));
    assert_non_null(strstr(text, "当前版本：7"));
    assert_non_null(strstr(text, "liandong incident show 123"));
    assert_non_null(strstr(text, "请求号：00000000-0000-0000-0000-000000000000"));
    assert_non_null(strstr(text, status_find("VERSION_CONFLICT")->hint)); /* ours, where the server sent none */
    free(text);
}

static void the_state_that_does_not_allow_it_is_said(void **state) {
    (void)state;
    char reason[] = "ILLEGAL_TRANSITION";
    Liandong__V1__Status status = LIANDONG__V1__STATUS__INIT;
    status.code = CODE(FAILED_PRECONDITION);
    status.reason = reason;
    status.has_current_state = 1;
    status.current_state = LIANDONG__V1__INCIDENT_STATE__INCIDENT_STATE_CLOSED;
    struct call_result result = {.end = CALL_REFUSED, .status = &status};
    char *text = said("liandong incident arrive 123", &result, 1);
    assert_non_null(strstr(text, "当前状态：已结案"));
    assert_non_null(strstr(text, reason));
    free(text);
    on_terminal = true; /* a person reads words */
    text = said("liandong incident arrive 123", &result, 1);
    on_terminal = false;
    assert_non_null(strstr(text, "当前状态：已结案"));
    assert_null(strstr(text, reason));
    free(text);
}

/* What can be done instead, as commands that can be copied; and who may. */
static void the_way_on_is_said(void **state) {
    (void)state;
    char reason[] = "ILLEGAL_TRANSITION", forbidden[] = "ROLE_NOT_ALLOWED", dispatch[] = "dispatch_incident",
         unknown[] = "teleport_incident", *allowed[] = {dispatch, unknown};
    Liandong__V1__Role roles[] = {LIANDONG__V1__ROLE__ROLE_DUTY, LIANDONG__V1__ROLE__ROLE_CHIEF};
    Liandong__V1__Status status = LIANDONG__V1__STATUS__INIT;
    status.code = CODE(FAILED_PRECONDITION);
    status.reason = reason;
    status.allowed = allowed;
    status.n_allowed = 2;
    struct call_result result = {.end = CALL_REFUSED, .status = &status};
    char *text = said("liandong incident arrive 123", &result, 1);
    assert_non_null(strstr(text, "现在可以：\n  liandong incident dispatch 123 "));
    assert_null(strstr(text, "teleport"));
    assert_null(strstr(text, "下一步"));
    free(text);
    status = (Liandong__V1__Status)LIANDONG__V1__STATUS__INIT;
    status.code = CODE(PERMISSION_DENIED);
    status.reason = forbidden;
    status.roles = roles;
    status.n_roles = 2;
    text = said("liandong incident void 123 'twice'", &result, 5);
    assert_non_null(strstr(text, "可以办理的岗位：值班、派出所长"));
    free(text);
    char not_found[] = "NOT_FOUND";
    status = (Liandong__V1__Status)LIANDONG__V1__STATUS__INIT;
    status.code = CODE(NOT_FOUND);
    status.reason = not_found;
    text = said("liandong approval decide 99 yes", &result, 3);
    assert_non_null(strstr(text, "liandong approval list"));
    assert_null(strstr(text, "incident list"));
    free(text);
    text = said("liandong incident show JF-2026-000017", &result, 3);
    assert_non_null(strstr(text, "liandong dispute show JF-2026-000017"));
    free(text);
    text = said("liandong mediation list JF-2026-000017", &result, 3);
    assert_null(strstr(text, "另一种记录"));
    assert_non_null(strstr(text, "liandong dispute list"));
    free(text);
}

static void the_item_at_fault_is_named(void **state) {
    (void)state;
    char reason[] = "UNKNOWN_VALUE", field[] = "watch_feed.filter.offices[1]";
    Liandong__V1__Status status = LIANDONG__V1__STATUS__INIT;
    Liandong__V1__FieldViolation violation = LIANDONG__V1__FIELD_VIOLATION__INIT, *violations[] = {&violation};
    violation.field = field;
    violation.reason = status.reason = reason;
    status.code = CODE(INVALID_ARGUMENT);
    status.violations = violations;
    status.n_violations = 1;
    struct call_result result = {.end = CALL_REFUSED, .status = &status};
    char *text = said("liandong feed watch --office ytp,nowhere", &result, 2);
    assert_non_null(strstr(text, "--office"));
    assert_non_null(strstr(text, "单位代码，第2项"));
    assert_non_null(strstr(text, "liandong status")); /* where codes are to be found */
    free(text);
}

static void what_did_not_reach_the_server_is_said_so(void **state) {
    (void)state;
    struct call_result result = {
        .end = CALL_UNREACHABLE, .error = {.fault = LINK_CONNECT, .server = "a:1"}, .has_request_id = true};
    char *text = said("liandong incident report --class dispute quarrel", &result, 69);
    assert_non_null(strstr(text, "没有送到服务器：什么都没有登记"));
    free(text);
    result.has_request_id = false;
    text = said("liandong incident list", &result, 69);
    assert_null(strstr(text, "没有送到服务器"));
    free(text);
}

static void a_short_number_is_written_out(void **state) {
    (void)state;
    char reason[] = "AMBIGUOUS_NUMBER";
    Liandong__V1__Status status = LIANDONG__V1__STATUS__INIT;
    status.code = CODE(INVALID_ARGUMENT);
    status.reason = reason;
    struct call_result result = {.end = CALL_REFUSED, .status = &status};
    char *text = said("liandong incident show 12", &result, 2);
    assert_non_null(strstr(text, "000012"));
    assert_null(strstr(text, "--help"));
    free(text);
}

static void a_violation_names_its_flag_once(void **state) {
    (void)state;
    char reason[] = "TOO_LONG", path[] = "report_incident.content", hint[] = "内容太长";
    Liandong__V1__Status status = LIANDONG__V1__STATUS__INIT;
    Liandong__V1__FieldViolation violation = LIANDONG__V1__FIELD_VIOLATION__INIT, *violations[] = {&violation};
    violation.field = path;
    violation.reason = reason;
    violation.hint = hint;
    status.code = CODE(INVALID_ARGUMENT);
    status.reason = reason;
    status.hint = hint;
    status.n_violations = 1;
    status.violations = violations;
    struct call_result result = {.end = CALL_REFUSED, .status = &status};
    char *text = said("liandong incident report --class tip x", &result, 2);
    assert_non_null(strstr(text, "--content（内容）\n"));
    assert_null(strstr(strstr(text, "内容太长") + 1, "内容太长"));
    assert_non_null(strstr(text, "liandong incident report --help"));
    free(text);
}

static void an_unknown_outcome_says_how_to_ask(void **state) {
    (void)state;
    struct call_result result = {.end = CALL_UNKNOWN, .has_request_id = true, .error = {.fault = LINK_LOST}};
    char *text = said("liandong incident report --class tip --occurred-at 10m 'two words'", &result, 75);
    assert_non_null(strstr(text, "liandong incident report --class=tip --occurred-at=@1687694703123 '--content=two "
                                 "words' --request-id=00000000-0000-0000-0000-000000000000"));
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(exit_codes),
                                       cmocka_unit_test(every_fault_is_explained),
                                       cmocka_unit_test(a_conflict_shows_both_values),
                                       cmocka_unit_test(the_state_that_does_not_allow_it_is_said),
                                       cmocka_unit_test(the_way_on_is_said),
                                       cmocka_unit_test(the_item_at_fault_is_named),
                                       cmocka_unit_test(what_did_not_reach_the_server_is_said_so),
                                       cmocka_unit_test(a_short_number_is_written_out),
                                       cmocka_unit_test(a_violation_names_its_flag_once),
                                       cmocka_unit_test(an_unknown_outcome_says_how_to_ask)};
    language_start("zh");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
