#include "client/language.h"
#include "client/offices.h"
#include "client/print.h"
#include "client/schema.h"
#include "sample.h"
#include "envelope.pb-c.h"
#include "support.h"
#include "words.h"
#include <stdlib.h>
#include <string.h>

static void expect(const char *output, const ProtobufCMessage *message, const char *fields, const char *expected) {
    struct words_client w;
    words_client_open(&w, output);
    assert_true(print_answer(&w.client, message, fields));
    assert_int_equal(w.client.scratch.used, 0); /* nothing is kept from one answer to the next */
    char *text = words_client_close(&w);
    assert_string_equal(text, expected);
    free(text);
}

static void a_record_for_people(void **state) {
    (void)state;
    SAMPLE(incident);
    expect("table", &incident.base, NULL,
           "编号      JQ-2023-000123\n"
           "状态      已派警\n"
           "级别      重大\n"
           "警情类别  扬言极端\n"
           "涉险要素  放火、自伤自杀\n"
           "地点      霞光路, 烧烤店\n"
           "内容      扬言“放火”\n"
           "          楼顶\\x1b[2J\n"
           "报警电话  +8613800000000\n"
           "接报时间  2023-06-25 20:15:03\n"
           "经度      112.91\n"
           "版本      2\n");
    expect("table", &incident.base, "no,level", "编号  JQ-2023-000123\n级别  重大\n");
    expect("id", &incident.base, NULL, "JQ-2023-000123\n");
}

static void offices_by_name_and_nothing_that_says_nothing(void **state) {
    (void)state;
    Liandong__V1__Dispute d = LIANDONG__V1__DISPUTE__INIT;
    char no[] = "JF-2026-000017", code[] = "yts", name[] = "岳塘司法所";
    d.no = no;
    d.lead_office = code;
    d.lead_office_name = name;
    d.has_joint_required = d.has_rounds = d.has_sensitivity = 1;
    d.sensitivity = 1;
    expect("table", &d.base, NULL, "编号      JF-2026-000017\n主办单位  岳塘司法所 yts\n密级      1 工作\n");
    d.rounds = 2;
    expect("table", &d.base, NULL,
           "编号        JF-2026-000017\n主办单位    岳塘司法所 yts\n已调解场次  2\n密级        1 工作\n");
    expect("table", &d.base, "joint_required,lead_office", "须联合办理  否\n主办单位    yts\n");
}

/* What is not in the list is never seen: only what the number and the name say anyway. */
static void a_record_shows_all_it_has(void **state) {
    (void)state;
    const ProtobufCMessageDescriptor *const types[] = {
        &liandong__v1__incident__descriptor, &liandong__v1__dispute__descriptor, &liandong__v1__alert__descriptor,
        &liandong__v1__transfer__descriptor, &liandong__v1__task__descriptor};
    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
        const char *columns = print_record_columns(types[t]);
        for (unsigned i = 0; i < types[t]->n_fields; i++) {
            const ProtobufCFieldDescriptor *field = &types[t]->fields[i];
            if (strcmp(field->name, "id") == 0 || strcmp(field->name, "allowed") == 0 ||
                offices_name_field(types[t], field))
                continue;
            bool there = false;
            for (const char *at = columns; at && !there; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
                size_t size = strcspn(at, ",?");
                there = size == strlen(field->name) && memcmp(at, field->name, size) == 0;
            }
            if (!there) fail_msg("%s.%s is shown nowhere", types[t]->short_name, field->name);
        }
    }
}

static void a_page_for_people_and_programs(void **state) {
    (void)state;
    SAMPLE(one);
    SAMPLE(two);
    Liandong__V1__Incident *list[] = {&one, &two};
    Liandong__V1__IncidentPage page = LIANDONG__V1__INCIDENT_PAGE__INIT;
    char other[] = "JQ-2023-000007", calm[] = "邻里纠纷";
    two.no = other;
    two.content = calm;
    two.has_level = 0;
    page.n_incidents = 2;
    page.incidents = list;
    expect("table", &page.base, "no,level,content,received_at",
           "编号            级别  内容                    接报时间\n"
           "JQ-2023-000123  重大  扬言“放火” 楼顶\\x1b[2J  2023-06-25 20:15:03\n"
           "JQ-2023-000007        邻里纠纷                2023-06-25 20:15:03\n");
    expect("csv", &page.base, "no,place,reporter_phone,longitude,content",
           "编号,地点,报警电话,经度,内容\r\n"
           "JQ-2023-000123,\"霞光路, 烧烤店\",\"'+8613800000000\",112.91,\"扬言“放火”\n楼顶\\x1b[2J\"\r\n"
           "JQ-2023-000007,\"霞光路, 烧烤店\",\"'+8613800000000\",112.91,邻里纠纷\r\n");
    expect("ndjson", &page.base, "no", "{\"no\":\"JQ-2023-000123\"}\n{\"no\":\"JQ-2023-000007\"}\n");
    expect("id", &page.base, NULL, "JQ-2023-000123\nJQ-2023-000007\n");
    page.n_incidents = 0;
    expect("table", &page.base, NULL, "");
    expect("csv", &page.base, "no", "编号\r\n");
    expect("json", &page.base, NULL, "{\n  \"incidents\": []\n}\n");
}

static void a_mark_for_excel(void **state) {
    (void)state;
    SAMPLE(incident);
    struct words_client w;
    words_client_open(&w, "csv");
    w.client.options.csv_bom = true;
    assert_true(print_answer(&w.client, &incident.base, "no"));
    char *text = words_client_close(&w);
    assert_string_equal(text, "\xef\xbb\xbf编号\r\nJQ-2023-000123\r\n");
    free(text);
}

static void fields_are_checked_beforehand(void **state) {
    (void)state;
    struct arena arena;
    const char *error = NULL;
    arena_init(&arena, 1 << 20);
    assert_true(print_fields_fit(&arena, &liandong__v1__incident_page__descriptor, "no,state", &error));
    assert_false(print_fields_fit(&arena, &liandong__v1__incident_page__descriptor, "no,sttae", &error));
    assert_non_null(strstr(error, "state"));
    assert_false(print_fields_fit(&arena, &liandong__v1__incident_page__descriptor, "no,,state", &error));
    arena_free(&arena);
}

/* The usual columns of every list exist. */
static void usual_columns_exist(void **state) {
    (void)state;
    static const ProtobufCMessageDescriptor *const types[] = {&liandong__v1__incident__descriptor,
                                                              &liandong__v1__history_entry__descriptor};
    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
        for (const char *at = print_columns(types[t]); *at;) {
            size_t size = strcspn(at, ",");
            char name[64];
            snprintf(name, sizeof name, "%.*s", (int)(size - (at[size - 1] == '?')), at);
            if (!protobuf_c_message_descriptor_get_field_by_name(types[t], name))
                fail_msg("%s has no %s", types[t]->short_name, name);
            at += size + (at[size] == ',');
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_for_people),       cmocka_unit_test(offices_by_name_and_nothing_that_says_nothing),
        cmocka_unit_test(a_record_shows_all_it_has), cmocka_unit_test(a_page_for_people_and_programs),
        cmocka_unit_test(a_mark_for_excel),          cmocka_unit_test(fields_are_checked_beforehand),
        cmocka_unit_test(usual_columns_exist)};
    language_start("zh");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
