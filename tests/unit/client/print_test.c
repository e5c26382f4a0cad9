#include "client/language.h"
#include "client/print.h"
#include "client/schema.h"
#include "sample.h"
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
           "标识      01a20cc9-5c75-749b-9333-ef5683271ff1\n"
           "编号      JQ-2023-000123\n"
           "版本      2\n"
           "状态      已派警\n"
           "警情类别  扬言极端\n"
           "级别      重大\n"
           "接报时间  2023-06-25 20:15:03\n"
           "地点      霞光路, 烧烤店\n"
           "经度      112.91\n"
           "报警电话  +8613800000000\n"
           "内容      扬言“放火”\n"
           "          楼顶\\x1b[2J\n"
           "涉险要素  放火、自伤自杀\n");
    expect("table", &incident.base, "no,level", "编号  JQ-2023-000123\n级别  重大\n");
    expect("id", &incident.base, NULL, "JQ-2023-000123\n");
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
        cmocka_unit_test(a_record_for_people), cmocka_unit_test(a_page_for_people_and_programs),
        cmocka_unit_test(a_mark_for_excel), cmocka_unit_test(fields_are_checked_beforehand),
        cmocka_unit_test(usual_columns_exist)};
    language_start("zh");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
