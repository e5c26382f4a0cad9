#include "client/language.h"
#include "client/watch_line.h"
#include "support.h"
#include "words.h"
#include <stdlib.h>
#include <string.h>

static char *line_on(const Liandong__V1__Event *event, struct terminal terminal) {
    struct arena arena;
    char *text;
    size_t size;
    arena_init(&arena, 1 << 20);
    FILE *out = open_memstream(&text, &size);
    watch_line_print(out, event, "yts", &terminal, &arena);
    fclose(out);
    arena_free(&arena);
    return text;
}

static char *line(const Liandong__V1__Event *event, bool colour) {
    return line_on(event, (struct terminal){.ambiguous = 1, .colour = colour});
}

static void reports_and_changes(void **state) {
    (void)state;
    char no[] = "JQ-2023-000123", kind[] = "report_incident", office[] = "岳塘派出所", officer[] = "张建国",
         title[] = "霞光路 扬言放火\x1b";
    Liandong__V1__Threat threats[] = {LIANDONG__V1__THREAT__THREAT_ARSON};
    Liandong__V1__ReportIncident report = LIANDONG__V1__REPORT_INCIDENT__INIT;
    Liandong__V1__Event event = LIANDONG__V1__EVENT__INIT;
    event.has_at = event.has_class_ = event.has_level = event.has_repeat_count = 1;
    event.at = WORDS_NOW;
    event.no = no;
    event.kind = kind;
    event.class_ = LIANDONG__V1__INCIDENT_CLASS__INCIDENT_CLASS_EXTREME_THREAT;
    event.level = LIANDONG__V1__INCIDENT_LEVEL__INCIDENT_LEVEL_MAJOR;
    event.office_name = office;
    event.officer = officer;
    event.title = title;
    event.n_threats = 1;
    event.threats = threats;
    event.repeat_count = 3;
    event.report = &report;
    char *text = line(&event, false);
    assert_string_equal(text, "!! 2023-06-25 20:15:03  JQ-2023-000123  接报      扬言极端      重大    岳塘派出所  "
                              "张建国  霞光路 扬言放火\\x1b；涉险：放火；30天内第3次\n");
    free(text);
    text = line_on(&event, (struct terminal){.out = true, .columns = 140, .ambiguous = 1}); /* it fits */
    assert_null(strstr(text, "\n "));
    free(text);
    text = line_on(&event, (struct terminal){.out = true, .columns = 100, .ambiguous = 1});
    assert_string_equal(text, "!! 2023-06-25 20:15:03  JQ-2023-000123  接报      扬言极端      重大    岳塘派出所  "
                              "张建国\n   霞光路 扬言放火\\x1b；涉险：放火；30天内第3次\n");
    free(text);
    text = line_on(&event, (struct terminal){.out = true, .columns = 72, .ambiguous = 1});
    assert_string_equal(text, "!! 2023-06-25 20:15:03  JQ-2023-000123  接报      扬言极端      重大\n"
                              "   岳塘派出所  张建国  霞光路 扬言放火\\x1b；涉险：放火；30天内第3次\n");
    free(text);
    text = line(&event, true);
    assert_memory_equal(text, TERMINAL_RED, strlen(TERMINAL_RED));
    assert_non_null(strstr(text, TERMINAL_PLAIN "\n"));
    free(text);
    report.has_received_at = 1; /* out of an older system: told as what it is, and nobody is woken */
    report.received_at = event.at - 24 * 60 * 60 * (int64_t)1000;
    assert_true(watch_line_rings(&event, NULL));
    report.received_at -= 1000;
    assert_false(watch_line_rings(&event, NULL));
    text = line(&event, false);
    assert_non_null(strstr(text, "；30天内第3次；补录，接报于2023-06-24 20:15:02\n"));
    free(text);

    char dispatch[] = "dispatch_incident", state_field[] = "state", at_field[] = "dispatched_at", one[] = "1",
         two[] = "2", moment[] = "2023-06-25T12:15:03.123Z", note[] = "快\n去";
    Liandong__V1__Change change = LIANDONG__V1__CHANGE__INIT, when = LIANDONG__V1__CHANGE__INIT,
                         *changes[] = {&change, &when};
    change.field = state_field;
    change.old_value = one;
    change.new_value = two;
    when.field = at_field;
    when.new_value = moment; /* the time of the line itself says nothing new */
    event.kind = dispatch;
    event.report = NULL;
    event.has_repeat_count = 0;
    event.level = LIANDONG__V1__INCIDENT_LEVEL__INCIDENT_LEVEL_GENERAL;
    event.class_ = LIANDONG__V1__INCIDENT_CLASS__INCIDENT_CLASS_DISPUTE;
    event.n_changes = 2;
    event.changes = changes;
    event.note = note;
    text = line(&event, false);
    assert_string_equal(text, "   2023-06-25 20:15:03  JQ-2023-000123  派警      纠纷          一般    岳塘派出所  "
                              "张建国  霞光路 扬言放火\\x1b；状态：已接报→已派警；备注：快 去\n");
    free(text);

    char reason_field[] = "void_reason", reason[] = "快\n去"; /* a reason that is the note too is told once */
    when.field = reason_field;
    when.new_value = reason;
    text = line(&event, false);
    assert_non_null(strstr(text, "作废原因：快 去"));
    assert_null(strstr(text, "备注"));
    free(text);
}

/* A link stands on the screen once, though both its records tell of it. */
static void the_other_end_of_a_link(void **state) {
    (void)state;
    char kind[] = "link_incident", linked[] = "linked", dispute[] = "JF-2026-000001", incident[] = "JQ-2026-000002",
         other[] = "JQ-2026-000003", as_kept[] = "12026000000002", back[] = "22026000000001";
    struct arena arena;
    struct link_told last = {0};
    Liandong__V1__Change change = LIANDONG__V1__CHANGE__INIT, *changes[] = {&change};
    Liandong__V1__Event of_dispute = LIANDONG__V1__EVENT__INIT, of_incident = LIANDONG__V1__EVENT__INIT;
    arena_init(&arena, 1 << 16);
    change.field = linked;
    of_dispute.kind = of_incident.kind = kind;
    of_dispute.no = dispute;
    of_incident.no = incident;
    of_dispute.n_changes = of_incident.n_changes = 1;
    of_dispute.changes = of_incident.changes = changes;
    change.new_value = as_kept;
    assert_false(watch_line_echoes(&last, &of_dispute, &arena));
    change.new_value = back;
    assert_true(watch_line_echoes(&last, &of_incident, &arena));
    assert_false(watch_line_echoes(&last, &of_incident, &arena)); /* by itself it is news */
    change.new_value = as_kept;
    assert_true(watch_line_echoes(&last, &of_dispute, &arena)); /* whichever comes first */
    assert_false(watch_line_echoes(&last, &of_dispute, &arena));
    change.new_value = back;
    of_incident.no = other;
    assert_false(watch_line_echoes(&last, &of_incident, &arena)); /* another incident */
    arena_free(&arena);
}

/* What one's own office is handed calls for somebody; what another is does not. */
static void handed_to_an_office(void **state) {
    (void)state;
    char field[] = "to_office", office[] = "yts";
    Liandong__V1__Change change = LIANDONG__V1__CHANGE__INIT, *changes[] = {&change};
    Liandong__V1__Event event = LIANDONG__V1__EVENT__INIT;
    event.has_version = event.has_record = 1;
    event.version = 1;
    event.record = LIANDONG__V1__RECORD_TYPE__RECORD_TYPE_TASK;
    change.field = field;
    change.new_value = office;
    event.n_changes = 1;
    event.changes = changes;
    assert_int_equal(watch_line_mark(&event, "yts"), SHEET_WARN);
    assert_true(watch_line_rings(&event, "yts"));
    assert_int_equal(watch_line_mark(&event, "ytp"), SHEET_PLAIN);
    assert_int_equal(watch_line_mark(&event, NULL), SHEET_PLAIN);
    event.version = 2;
    assert_int_equal(watch_line_mark(&event, "yts"), SHEET_PLAIN);
}

/* The first of two heads agrees; with the second it is closed. */
static void the_first_of_two_agrees(void **state) {
    (void)state;
    char kind[] = "close_dispute", state_field[] = "state", before[] = "19", after[] = "20";
    Liandong__V1__Change change = LIANDONG__V1__CHANGE__INIT, *changes[] = {&change};
    Liandong__V1__Event event = LIANDONG__V1__EVENT__INIT;
    event.has_record = 1;
    event.record = LIANDONG__V1__RECORD_TYPE__RECORD_TYPE_DISPUTE;
    event.kind = kind;
    char *text = line(&event, false);
    assert_non_null(strstr(text, "同意结案"));
    free(text);
    change.field = state_field;
    change.old_value = before;
    change.new_value = after;
    event.n_changes = 1;
    event.changes = changes;
    text = line(&event, false);
    assert_null(strstr(text, "同意结案"));
    assert_non_null(strstr(text, "结案"));
    free(text);
}

static void an_empty_event_is_a_line_too(void **state) {
    (void)state;
    Liandong__V1__Event event = LIANDONG__V1__EVENT__INIT;
    char *text = line(&event, false);
    assert_non_null(strchr(text, '\n'));
    assert_int_equal(watch_line_mark(&event, NULL), SHEET_PLAIN);
    free(text);
    event.has_level = 1;
    event.level = LIANDONG__V1__INCIDENT_LEVEL__INCIDENT_LEVEL_URGENT;
    assert_int_equal(watch_line_mark(&event, NULL), SHEET_WARN);
    event.has_class_ = 1;
    event.class_ = LIANDONG__V1__INCIDENT_CLASS__INCIDENT_CLASS_EXTREME_THREAT;
    assert_int_equal(watch_line_mark(&event, NULL), SHEET_ALARM);
    assert_true(watch_line_rings(&event, NULL));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(reports_and_changes), cmocka_unit_test(the_other_end_of_a_link),
                                       cmocka_unit_test(handed_to_an_office), cmocka_unit_test(the_first_of_two_agrees),
                                       cmocka_unit_test(an_empty_event_is_a_line_too)};
    language_start("zh");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
