#include "client/language.h"
#include "client/offices.h"
#include "client/value.h"
#include "envelope.pb-c.h"
#include "support.h"
#include "words.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static struct arena arena;
static struct value_error error;

static const ProtobufCFieldDescriptor *field_of(const ProtobufCMessage *message, const char *name) {
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
    assert_non_null(field);
    return field;
}

static bool set(void *message, const char *name, const char *text) {
    return value_set(message, field_of(message, name), text, WORDS_NOW, &arena, &error);
}

static void enums_by_word_label_and_beginning(void **state) {
    (void)state;
    static const char *const spellings[] = {"extreme-threat",
                                            "EXTREME_THREAT",
                                            "Extreme Threat",
                                            "INCIDENT_CLASS_EXTREME_THREAT",
                                            "扬言极端",
                                            "扬言",
                                            "extr"};
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
        Liandong__V1__ReportIncident m = LIANDONG__V1__REPORT_INCIDENT__INIT;
        if (!set(&m, "class", spellings[i])) fail_msg("\"%s\": %s", spellings[i], error.text);
        assert_true(m.has_class_);
        assert_int_equal(m.class_, LIANDONG__V1__INCIDENT_CLASS__INCIDENT_CLASS_EXTREME_THREAT);
    }
    Liandong__V1__ReportIncident m = LIANDONG__V1__REPORT_INCIDENT__INIT;
    assert_false(set(&m, "class", "extrem-treat"));
    assert_non_null(strstr(error.text, "extreme-threat"));
    assert_false(set(&m, "class", "c")); /* criminal or consult */
    assert_false(set(&m, "class", "unspecified"));
    assert_false(set(&m, "class", ""));
    assert_false(m.has_class_);
}

static void enums_by_part_and_rank(void **state) {
    (void)state;
    Liandong__V1__ReportIncident m = LIANDONG__V1__REPORT_INCIDENT__INIT;
    assert_true(set(&m, "threats", "自杀,伤")); /* a part of one label; the beginning of one is closer than a part */
    assert_int_equal(m.threats[0], LIANDONG__V1__THREAT__THREAT_SELF_HARM);
    assert_int_equal(m.threats[1], LIANDONG__V1__THREAT__THREAT_ASSAULT);
    assert_false(set(&m, "class", "事")); /* stands in several */
    assert_true(set(&m, "level", "1"));
    assert_int_equal(m.level, LIANDONG__V1__INCIDENT_LEVEL__INCIDENT_LEVEL_MAJOR);
    assert_false(set(&m, "level", "0"));
    assert_false(set(&m, "level", "5"));
    assert_false(set(&m, "class", "1")); /* classes have no order */
}

static void lists_grow(void **state) {
    (void)state;
    Liandong__V1__ReportIncident m = LIANDONG__V1__REPORT_INCIDENT__INIT;
    assert_true(set(&m, "threats", "arson,自伤自杀"));
    assert_true(set(&m, "threats", "weapon，child、"));
    assert_int_equal(m.n_threats, 4);
    assert_int_equal(m.threats[1], LIANDONG__V1__THREAT__THREAT_SELF_HARM);
    assert_int_equal(m.threats[3], LIANDONG__V1__THREAT__THREAT_CHILD);
    assert_string_equal(value_text(&arena, &m.base, field_of(&m.base, "threats"), true),
                        "放火、自伤自杀、持械、涉及儿童");
    assert_string_equal(value_plain(&arena, &m.base, field_of(&m.base, "threats")), "arson,self-harm,weapon,child");
    assert_false(set(&m, "threats", "arson,fire"));
}

static void times(void **state) {
    (void)state;
    Liandong__V1__ReportIncident m = LIANDONG__V1__REPORT_INCIDENT__INIT;
    assert_true(set(&m, "occurred_at", "20:15"));
    assert_int_equal(m.occurred_at, WORDS_NOW - 3123);
    assert_true(set(&m, "occurred_at", "10m"));
    assert_int_equal(m.occurred_at, WORDS_NOW - 600000);
    assert_true(set(&m, "occurred_at", "@1687695303123"));
    assert_int_equal(m.occurred_at, WORDS_NOW);
    assert_string_equal(value_plain(&arena, &m.base, field_of(&m.base, "occurred_at")), "@1687695303123");
    assert_string_equal(value_text(&arena, &m.base, field_of(&m.base, "occurred_at"), true), "2023-06-25 20:15:03");
    assert_false(set(&m, "occurred_at", "yesterdy"));
    assert_false(set(&m, "occurred_at", "@12x"));
    assert_false(set(&m, "occurred_at", "@"));
}

static void numbers(void **state) {
    (void)state;
    Liandong__V1__ReportIncident m = LIANDONG__V1__REPORT_INCIDENT__INIT;
    assert_true(set(&m, "mass_count", "30"));
    assert_int_equal(m.mass_count, 30);
    assert_true(set(&m, "longitude", "112.9"));
    static const char *const bad_counts[] = {"-1", "+1", "3.5", "", "x", "4294967296", "99999999999999999999"};
    for (size_t i = 0; i < sizeof bad_counts / sizeof *bad_counts; i++)
        assert_false(set(&m, "mass_count", bad_counts[i]));
    static const char *const bad_reals[] = {"", "x", "nan", "inf", "1e999", "1,5"};
    for (size_t i = 0; i < sizeof bad_reals / sizeof *bad_reals; i++) assert_false(set(&m, "longitude", bad_reals[i]));
    assert_int_equal(m.mass_count, 30);
}

static void bytes(void **state) {
    (void)state;
    Liandong__V1__ListIncidents m = LIANDONG__V1__LIST_INCIDENTS__INIT;
    assert_true(set(&m, "page", "00ff10"));
    assert_int_equal(m.page.len, 3);
    assert_memory_equal(m.page.data, "\x00\xff\x10", 3);
    assert_string_equal(value_plain(&arena, &m.base, field_of(&m.base, "page")), "00ff10");
    assert_false(set(&m, "page", "0"));
    assert_false(set(&m, "page", "xy"));
    assert_false(set(&m, "page", ""));
    Liandong__V1__Incident i = LIANDONG__V1__INCIDENT__INIT;
    assert_true(set(&i, "id", "01a20cc9-5c75-749b-9333-ef5683271ff1"));
    assert_int_equal(i.id.len, 16);
    assert_string_equal(value_text(&arena, &i.base, field_of(&i.base, "id"), true),
                        "01a20cc9-5c75-749b-9333-ef5683271ff1");
}

static void switches_and_kinds(void **state) {
    (void)state;
    Liandong__V1__ListIncidents m = LIANDONG__V1__LIST_INCIDENTS__INIT;
    assert_true(set(&m, "open", "no"));
    assert_true(m.has_open && !m.open);
    assert_true(set(&m, "open", "是"));
    assert_true(m.open);
    assert_false(set(&m, "open", "perhaps"));
    Liandong__V1__FeedFilter f = LIANDONG__V1__FEED_FILTER__INIT;
    assert_true(set(&f, "kinds", "接报,note"));
    assert_string_equal(f.kinds[0], "report_incident");
    assert_string_equal(f.kinds[1], "note_incident");
    assert_false(set(&f, "kinds", "list"));
}

/* A tail alone would be an incident's, whatever was meant; with its letters it is a record of this year. */
static void records_of_any_kind(void **state) {
    (void)state;
    Liandong__V1__SendTransfer m = LIANDONG__V1__SEND_TRANSFER__INIT;
    assert_false(set(&m, "about", "17"));
    assert_false(set(&m, "about", "１７"));
    assert_true(set(&m, "about", "jf17"));
    assert_string_equal(m.about, "jf-2023-000017");
    Liandong__V1__ShowDispute d = LIANDONG__V1__SHOW_DISPUTE__INIT; /* of a known kind the tail is enough */
    assert_true(set(&d, "dispute", "17"));
    assert_string_equal(d.dispute, "17");
    assert_true(set(&d, "dispute", "JF17"));
    assert_string_equal(d.dispute, "JF-2023-000017");
    assert_true(set(&m, "about", "JQ-123"));
    assert_string_equal(m.about, "JQ-2023-000123");
    assert_true(set(&m, "about", "JF-2026-000017"));
    assert_string_equal(m.about, "JF-2026-000017");
    assert_true(set(&m, "about", "01a20cc9-5c75-749b-9333-ef5683271ff1"));
    assert_string_equal(m.about, "01a20cc9-5c75-749b-9333-ef5683271ff1");
}

/* As Chinese input methods type it, and as it is copied from a sentence. */
static void numbers_as_they_are_typed(void **state) {
    (void)state;
    static const char *const typed[] = {"JF2023000017",     "JF—2023—000017",    "ＪＦ２０２３００００１７",
                                        "JF-2023-000017；", "JF-2023-000017。 ", "jf17,"};
    for (size_t i = 0; i < sizeof typed / sizeof *typed; i++) {
        Liandong__V1__ShowDispute d = LIANDONG__V1__SHOW_DISPUTE__INIT;
        assert_true(set(&d, "dispute", typed[i]));
        assert_int_equal(strcasecmp(d.dispute, "JF-2023-000017"), 0);
    }
    Liandong__V1__ShowDispute d = LIANDONG__V1__SHOW_DISPUTE__INIT;
    assert_true(set(&d, "dispute", "17；"));
    assert_string_equal(d.dispute, "17");
    assert_true(set(&d, "dispute", "17,18")); /* two numbers are not one */
    assert_string_equal(d.dispute, "17,18");
}

static void a_period_ends_with_its_last_day(void **state) {
    (void)state;
    Liandong__V1__ListDisputes l = LIANDONG__V1__LIST_DISPUTES__INIT;
    assert_true(set(&l, "from", "2023-03-31"));
    assert_true(set(&l, "until", "2023-03-31"));
    assert_int_equal(l.until - l.from, INT64_C(86400000));
    Liandong__V1__GrantAccess g = LIANDONG__V1__GRANT_ACCESS__INIT; /* no period: the moment itself */
    assert_true(set(&g, "until", "2023-12-31"));
    assert_true(set(&l, "from", "2023-12-31"));
    assert_int_equal(g.until, l.from);
}

static void spans_ahead(void **state) {
    (void)state;
    Liandong__V1__AddTask m = LIANDONG__V1__ADD_TASK__INIT;
    assert_true(set(&m, "due_at", "3d"));
    assert_int_equal(m.due_at, WORDS_NOW + INT64_C(3) * 86400000);
    assert_true(set(&m, "due_at", "2小时后"));
    assert_int_equal(m.due_at, WORDS_NOW + INT64_C(7200000));
    Liandong__V1__Transfer t = LIANDONG__V1__TRANSFER__INIT;
    t.has_signing_ms = true;
    t.signing_ms = 3900000;
    assert_string_equal(value_text(&arena, &t.base, field_of(&t.base, "signing_ms"), true), "1 小时 5 分");
    t.signing_ms = 125000;
    assert_string_equal(value_text(&arena, &t.base, field_of(&t.base, "signing_ms"), true), "2 分 5 秒");
}

/* History and conflicts tell values as text; people see labels and local time. */
static void values_of_fields(void **state) {
    (void)state;
    assert_string_equal(value_of_field(&arena, 0, "state", "2", true), "已派警");
    assert_string_equal(value_of_field(&arena, 0, "state", "99", true), "99");
    assert_string_equal(value_of_field(&arena, 0, "arrived_at", "2023-06-25T12:15:03.000Z", true),
                        "2023-06-25 20:15:03");
    assert_string_equal(value_of_field(&arena, 0, "place", "2", true), "2");
    assert_string_equal(value_of_field(&arena, 0, "of a newer server", "x\x1b", true), "x\\x1b");
    assert_string_equal(value_of_field(&arena, 0, NULL, NULL, true), "");
    int dispute = LIANDONG__V1__RECORD_TYPE__RECORD_TYPE_DISPUTE;
    assert_string_equal(value_of_field(&arena, dispute, "state", "2", true), "已评估");
    assert_string_equal(value_of_field(&arena, dispute, "warning", "4", true), "红色·重大复杂");
    int transfer = LIANDONG__V1__RECORD_TYPE__RECORD_TYPE_TRANSFER, task = LIANDONG__V1__RECORD_TYPE__RECORD_TYPE_TASK,
        alert = LIANDONG__V1__RECORD_TYPE__RECORD_TYPE_ALERT;
    assert_string_equal(value_of_field(&arena, transfer, "state", "3", true), "已签收");
    assert_string_equal(value_of_field(&arena, transfer, "mode", "2", true), "协办");
    assert_string_equal(value_of_field(&arena, transfer, "signed_at", "2023-06-25T12:15:03.000Z", true),
                        "2023-06-25 20:15:03");
    assert_string_equal(value_of_field(&arena, task, "state", "3", true), "任务已完成");
    assert_string_equal(value_field_label(alert, "status"), "性质");
    assert_string_equal(value_field_label(dispute, "due_at"), "办结期限");
    assert_string_equal(value_field_label(dispute, "of a newer server"), "of a newer server");
    assert_true(value_field_is_time(transfer, "sent_at"));
    assert_false(value_field_is_time(transfer, "title"));
    assert_string_equal(value_of_field(&arena, dispute, "lead_office", "yts", true), "yts");
    offices_hear("yts", "岳塘司法所");
    assert_string_equal(value_of_field(&arena, dispute, "lead_office", "yts", true), "岳塘司法所");
    Liandong__V1__HistoryEntry e = LIANDONG__V1__HISTORY_ENTRY__INIT;
    char name[] = "class", kind[] = "correct_incident", value[] = "6";
    e.field = name;
    e.kind = kind;
    e.new_value = value;
    assert_string_equal(value_text(&arena, &e.base, field_of(&e.base, "new_value"), true), "纠纷");
    assert_string_equal(value_text(&arena, &e.base, field_of(&e.base, "field"), true), "警情类别");
    Liandong__V1__DirectoryChange d = LIANDONG__V1__DIRECTORY_CHANGE__INIT;
    char told[][3][32] = {{"state", "2", "停用"},
                          {"role", "2", "值班"},
                          {"revoked", "false", "否"},
                          {"since", "2026-11-27", "2026-11-27"},
                          {"certificate_until", "2027-02-24T17:19:10.000Z", "2027-02-25 01:19:10"}};
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        d.field = told[i][0];
        d.new_value = told[i][1];
        assert_string_equal(value_text(&arena, &d.base, field_of(&d.base, "new_value"), true), told[i][2]);
    }
    Liandong__V1__RightReason r = LIANDONG__V1__RIGHT_REASON__INIT;
    char relation[] = "PAIRED";
    r.relation = relation;
    assert_string_equal(value_text(&arena, &r.base, field_of(&r.base, "relation"), true), "结对单位的");
    assert_string_equal(value_text(&arena, &e.base, field_of(&e.base, "kind"), true), "更正");
}

static void amounts_in_yuan(void **state) {
    (void)state;
    static const struct {
        const char *typed;
        uint64_t fen;
        const char *shown;
    } good[] = {{"0", 0, "0"},
                {"3000", 300000, "3000"},
                {"3000.5", 300050, "3000.50"},
                {"0.05", 5, "0.05"},
                {"007.10", 710, "7.10"},
                {"３０００．５０元", 300050, "3000.50"},
                {"999999999999.99", 99999999999999, "999999999999.99"}};
    static const char *const bad[] = {"",     "-1",  "+1",  "3,000", "3 000",         ".5",  "1.",   "1.234", "1.2.3",
                                      "1元2", "1e3", "0x1", "三千",  "1000000000000", "nan", "1.0 ", "元",    "￥3"};
    const int dispute = LIANDONG__V1__RECORD_TYPE__RECORD_TYPE_DISPUTE;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        Liandong__V1__OpenDispute m = LIANDONG__V1__OPEN_DISPUTE__INIT;
        if (!set(&m, "amount_fen", good[i].typed)) fail_msg("\"%s\": %s", good[i].typed, error.text);
        assert_true(m.has_amount_fen && m.amount_fen == good[i].fen);
        const ProtobufCFieldDescriptor *field = field_of(&m.base, "amount_fen");
        assert_string_equal(value_text(&arena, &m.base, field, true), good[i].shown);
        assert_string_equal(value_plain(&arena, &m.base, field), good[i].shown);
        char kept[24];
        snprintf(kept, sizeof kept, "%" PRIu64, good[i].fen); /* as history has it */
        assert_string_equal(value_of_field(&arena, dispute, "amount_fen", kept, true), good[i].shown);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        Liandong__V1__OpenDispute m = LIANDONG__V1__OPEN_DISPUTE__INIT;
        if (set(&m, "amount_fen", bad[i])) fail_msg("\"%s\" was taken", bad[i]);
        assert_false(m.has_amount_fen);
        assert_non_null(strstr(error.text, "3000.50"));
    }
}

static void nothing_reaches_the_terminal_raw(void **state) {
    (void)state;
    Liandong__V1__Incident m = LIANDONG__V1__INCIDENT__INIT;
    char evil[] = "a\x1b[31mb\nc\xe2\x80\xae\x9b";
    m.content = evil;
    const char *text = value_text(&arena, &m.base, field_of(&m.base, "content"), true);
    assert_string_equal(text, "a\\x1b[31mb c\\u202e\\x9b");
    text = value_text(&arena, &m.base, field_of(&m.base, "content"), false);
    assert_non_null(strchr(text, '\n'));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(enums_by_word_label_and_beginning),
        cmocka_unit_test(enums_by_part_and_rank),
        cmocka_unit_test(lists_grow),
        cmocka_unit_test(times),
        cmocka_unit_test(numbers),
        cmocka_unit_test(bytes),
        cmocka_unit_test(switches_and_kinds),
        cmocka_unit_test(records_of_any_kind),
        cmocka_unit_test(numbers_as_they_are_typed),
        cmocka_unit_test(a_period_ends_with_its_last_day),
        cmocka_unit_test(spans_ahead),
        cmocka_unit_test(values_of_fields),
        cmocka_unit_test(amounts_in_yuan),
        cmocka_unit_test(nothing_reaches_the_terminal_raw),
    };
    language_start("zh");
    arena_init(&arena, 1 << 20);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(&arena);
    return failed;
}
