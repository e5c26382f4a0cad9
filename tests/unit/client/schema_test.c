#include "client/schema.h"
#include "envelope.pb-c.h"
#include "support.h"
#include <string.h>

static const ProtobufCFieldDescriptor *field(const ProtobufCMessageDescriptor *type, const char *name) {
    const ProtobufCFieldDescriptor *found = protobuf_c_message_descriptor_get_field_by_name(type, name);
    assert_non_null(found);
    return found;
}

static void flags_from_names(void **state) {
    (void)state;
    const ProtobufCMessageDescriptor *list = &liandong__v1__list_incidents__descriptor;
    char flag[SCHEMA_WORD];
    schema_flag(flag, field(list, "level_at_least"));
    assert_string_equal(flag, "level-at-least");
    schema_flag(flag, field(list, "classes"));
    assert_string_equal(flag, "class");
    schema_flag(flag, field(list, "states"));
    assert_string_equal(flag, "state");
    assert_true(schema_is_flag(field(list, "classes"), "class", 5));
    assert_true(schema_is_flag(field(list, "classes"), "classes", 7));
    assert_false(schema_is_flag(field(list, "classes"), "clas", 4));
    const ProtobufCFieldDescriptor *amount = field(&liandong__v1__open_dispute__descriptor, "amount_fen");
    schema_flag(flag, amount);
    assert_string_equal(flag, "amount");
    assert_true(schema_is_flag(amount, "amount", 6));
    assert_false(schema_is_flag(amount, "amount-fen", 10)); /* would be taken for fen */
}

static void words_of_enums(void **state) {
    (void)state;
    const ProtobufCEnumDescriptor *type = &liandong__v1__incident_class__descriptor;
    const ProtobufCEnumValue *threat =
        protobuf_c_enum_descriptor_get_value_by_name(type, "INCIDENT_CLASS_EXTREME_THREAT");
    char word[SCHEMA_WORD];
    assert_string_equal(schema_token(type, threat), "EXTREME_THREAT");
    schema_word(word, type, threat);
    assert_string_equal(word, "extreme-threat");
    assert_true(schema_same_word("Extreme_Threat", "extreme-threat"));
    assert_true(schema_same_word("extreme threat", "EXTREME-THREAT"));
    assert_false(schema_same_word("extreme", "extreme-threat"));
}

/* Every token of every enum is what is left behind the enum's own name. */
static void prefixes_are_cut(void **state) {
    (void)state;
    static const ProtobufCEnumDescriptor *const enums[] = {
        &liandong__v1__incident_source__descriptor, &liandong__v1__incident_class__descriptor,
        &liandong__v1__incident_level__descriptor,  &liandong__v1__incident_state__descriptor,
        &liandong__v1__threat__descriptor,          &liandong__v1__role__descriptor,
        &liandong__v1__system__descriptor,          &liandong__v1__code__descriptor};
    for (size_t e = 0; e < sizeof enums / sizeof *enums; e++)
        for (unsigned v = 0; v < enums[e]->n_values; v++)
            assert_true(strlen(schema_token(enums[e], &enums[e]->values[v])) < strlen(enums[e]->values[v].name));
}

static void requests_and_replies(void **state) {
    (void)state;
    const ProtobufCFieldDescriptor *report = schema_request("report_incident");
    assert_non_null(report);
    assert_null(schema_request("call")); /* a member of the envelope, no request */
    assert_null(schema_request("nonsense"));
    assert_ptr_equal(schema_type(schema_reply(report)), &liandong__v1__incident_receipt__descriptor);
    assert_true(schema_writes(report));
    assert_false(schema_writes(schema_request("list_incidents")));
    assert_false(schema_writes(schema_request("hello")));
    assert_string_equal(schema_rows(&liandong__v1__incident_page__descriptor)->name, "incidents");
    assert_string_equal(schema_rows(&liandong__v1__history__descriptor)->name, "entries");
    assert_null(schema_rows(&liandong__v1__event__descriptor)); /* a record with a list in it */
    assert_null(schema_rows(&liandong__v1__incident__descriptor));
}

static void inner_messages_give_flags_too(void **state) {
    (void)state;
    struct schema_place places[SCHEMA_PLACES_MAX];
    size_t count = schema_places(&liandong__v1__watch_feed__descriptor, places, SCHEMA_PLACES_MAX);
    assert_int_equal(count, 7);
    assert_null(places[0].outer);
    assert_string_equal(places[2].outer->name, "filter");
    assert_string_equal(places[2].field->name, "kinds");
}

static bool offers(const ProtobufCMessageDescriptor *type, const char *name, const char *value) {
    const ProtobufCFieldDescriptor *f = field(type, name);
    const ProtobufCEnumValue *found = protobuf_c_enum_descriptor_get_value_by_name(f->descriptor, value);
    assert_non_null(found);
    return schema_offers(f, found);
}

/* Lists still take what is raised by itself. */
static void only_what_a_person_may_give_is_offered(void **state) {
    (void)state;
    const ProtobufCMessageDescriptor *raise = &liandong__v1__raise_alert__descriptor,
                                     *conclude = &liandong__v1__conclude_dispute__descriptor;
    assert_true(offers(raise, "kind", "ALERT_KIND_MASS_EVENT"));
    assert_true(offers(raise, "kind", "ALERT_KIND_MENTAL_CRISIS"));
    assert_false(offers(raise, "kind", "ALERT_KIND_DEADLINE_BREACH"));
    assert_false(offers(raise, "kind", "ALERT_KIND_UNSPECIFIED"));
    assert_true(offers(&liandong__v1__list_alerts__descriptor, "kinds", "ALERT_KIND_DEADLINE_BREACH"));
    assert_true(offers(conclude, "outcome", "DISPUTE_OUTCOME_TO_COURT"));
    assert_false(offers(conclude, "outcome", "DISPUTE_OUTCOME_AGREED_ORAL"));
    assert_false(offers(conclude, "outcome", "DISPUTE_OUTCOME_NOT_ACCEPTED"));
}

static void reals(void **state) {
    (void)state;
    char text[SCHEMA_REAL];
    schema_real(text, 27.83);
    assert_string_equal(text, "27.83");
    schema_real(text, -75.3821004);
    assert_string_equal(text, "-75.3821004");
    schema_real(text, 0.1 + 0.2);
    assert_string_equal(text, "0.30000000000000004");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flags_from_names),
        cmocka_unit_test(words_of_enums),
        cmocka_unit_test(prefixes_are_cut),
        cmocka_unit_test(requests_and_replies),
        cmocka_unit_test(inner_messages_give_flags_too),
        cmocka_unit_test(only_what_a_person_may_give_is_offered),
        cmocka_unit_test(reals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
