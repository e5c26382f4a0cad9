#include "client/json.h"
#include "client/language.h"
#include "sample.h"
#include "support.h"
#include <stdlib.h>
#include <string.h>

static char *json(const ProtobufCMessage *message, const char *fields, unsigned indent) {
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    json_print(out, message, fields, indent);
    fclose(out);
    return text;
}

static void a_record_on_one_line(void **state) {
    (void)state;
    SAMPLE(incident);
    char *text = json(&incident.base, NULL, 0);
    assert_string_equal(
        text, "{\"id\":\"01a20cc9-5c75-749b-9333-ef5683271ff1\",\"no\":\"JQ-2023-000123\",\"version\":2,\"state\":"
              "\"DISPATCHED\","
              "\"class\":\"EXTREME_THREAT\",\"level\":\"MAJOR\",\"received_at\":\"1687695303123\",\"place\":\"霞光路, "
              "烧烤店\","
              "\"longitude\":112.91,\"reporter_phone\":\"+8613800000000\",\"content\":\"扬言“放火”\\n楼顶\\u001b[2J\","
              "\"threats\":[\"ARSON\",\"SELF_HARM\"],\"allowed\":[]}");
    free(text);
}

static void the_same_in_every_language(void **state) {
    (void)state;
    SAMPLE(incident);
    language_start("en");
    char *english = json(&incident.base, NULL, 2);
    language_start("zh");
    char *chinese = json(&incident.base, NULL, 2);
    assert_string_equal(english, chinese);
    free(english);
    free(chinese);
}

static void a_page(void **state) {
    (void)state;
    SAMPLE(incident);
    Liandong__V1__Incident *list[] = {&incident};
    uint8_t next[] = {0xab, 0xcd};
    Liandong__V1__IncidentPage page = LIANDONG__V1__INCIDENT_PAGE__INIT;
    char *text = json(&page.base, NULL, 0);
    assert_string_equal(text, "{\"incidents\":[]}");
    free(text);
    page.n_incidents = 1;
    page.incidents = list;
    page.has_next = 1;
    page.next = (ProtobufCBinaryData){2, next};
    text = json(&page.base, "no,state", 2);
    assert_string_equal(text, "{\n  \"incidents\": [\n    {\n      \"no\": \"JQ-2023-000123\",\n      \"state\": "
                              "\"DISPATCHED\"\n    }\n  ],\n  \"next\": \"abcd\"\n}");
    free(text);
}

static void what_a_newer_server_says(void **state) {
    (void)state;
    Liandong__V1__Incident incident = LIANDONG__V1__INCIDENT__INIT;
    incident.has_state = 1;
    incident.state = (Liandong__V1__IncidentState)42;
    char *text = json(&incident.base, "state", 0);
    assert_string_equal(text, "{\"state\":42}");
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_record_on_one_line),
                                       cmocka_unit_test(the_same_in_every_language), cmocka_unit_test(a_page),
                                       cmocka_unit_test(what_a_newer_server_says)};
    language_start("zh");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
