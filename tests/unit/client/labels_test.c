#include "client/kinds.h"
#include "client/labels.h"
#include "client/language.h"
#include "client/schema.h"
#include "client/verbs.h"
#include "envelope.pb-c.h"
#include "support.h"
#include <stdio.h>
#include <string.h>

/* Visits every message that can be said, each once. */
static void visit(const ProtobufCMessageDescriptor *type, void (*each)(const ProtobufCMessageDescriptor *type)) {
    static const ProtobufCMessageDescriptor *seen[512];
    static size_t count;
    static void (*visitor)(const ProtobufCMessageDescriptor *type);
    if (visitor != each) {
        visitor = each;
        count = 0;
    }
    for (size_t i = 0; i < count; i++)
        if (seen[i] == type) return;
    assert_true(count < sizeof seen / sizeof *seen);
    seen[count++] = type;
    each(type);
    for (unsigned i = 0; i < type->n_fields; i++)
        if (type->fields[i].type == PROTOBUF_C_TYPE_MESSAGE) visit(type->fields[i].descriptor, each);
}

static void visit_all(void (*each)(const ProtobufCMessageDescriptor *type)) {
    visit(&liandong__v1__to_server__descriptor, each);
    visit(&liandong__v1__to_client__descriptor, each);
}

static void check_fields(const ProtobufCMessageDescriptor *type) {
    for (unsigned i = 0; i < type->n_fields; i++)
        if (!label_of_field(type, &type->fields[i]))
            fail_msg("%s.%s has no label in client/labels/", type->short_name, type->fields[i].name);
}

static void check_values(const ProtobufCMessageDescriptor *type) {
    for (unsigned i = 0; i < type->n_fields; i++) {
        if (type->fields[i].type != PROTOBUF_C_TYPE_ENUM) continue;
        const ProtobufCEnumDescriptor *values = type->fields[i].descriptor;
        for (unsigned v = 0; v < values->n_values; v++)
            if (!label_find(values->values[v].name))
                fail_msg("%s has no label in client/labels/", values->values[v].name);
    }
}

/* Two values of one enum with the same label, or a label like another's word, could not be told apart when typed. */
static void check_distinct(const ProtobufCMessageDescriptor *type) {
    for (unsigned i = 0; i < type->n_fields; i++) {
        if (type->fields[i].type != PROTOBUF_C_TYPE_ENUM) continue;
        const ProtobufCEnumDescriptor *values = type->fields[i].descriptor;
        for (unsigned a = 0; a < values->n_values; a++) {
            for (unsigned b = 0; b < values->n_values; b++) {
                char word[SCHEMA_WORD];
                if (a == b) continue;
                schema_word(word, values, &values->values[b]);
                assert_false(schema_same_word(label_name(values->values[a].name), label_name(values->values[b].name)));
                assert_false(schema_same_word(label_name(values->values[a].name), word));
            }
        }
    }
}

/* The client reads and shows every int64 as a moment, and says in JSON that it is ms; every amount of fen as yuan. */
static void check_moments(const ProtobufCMessageDescriptor *type) {
    for (unsigned i = 0; i < type->n_fields; i++) {
        bool moment = label_meaning(type, &type->fields[i]) == MEANING_TIME;
        if ((type->fields[i].type == PROTOBUF_C_TYPE_INT64) != moment)
            fail_msg("%s.%s: int64 and MEANING_TIME must go together", type->short_name, type->fields[i].name);
        if (schema_is_money(&type->fields[i]) != (label_meaning(type, &type->fields[i]) == MEANING_MONEY))
            fail_msg("%s.%s: fen and MEANING_MONEY must go together", type->short_name, type->fields[i].name);
    }
}

static void check_translated(const ProtobufCMessageDescriptor *type) {
    for (unsigned i = 0; i < type->n_fields; i++) {
        const char *text = label_field(type, &type->fields[i]);
        bool chinese = false;
        for (const char *c = text; *c; c++) chinese |= (unsigned char)*c >= 0xe4;
        if (!chinese) fail_msg("%s.%s is \"%s\" in Chinese", type->short_name, type->fields[i].name, text);
    }
}

static void fields_have_labels(void **state) {
    (void)state;
    visit_all(check_fields);
}
static void values_have_labels(void **state) {
    (void)state;
    visit_all(check_values);
}
static void int64_are_moments(void **state) {
    (void)state;
    visit_all(check_moments);
}

static void labels_are_distinct_in_both_languages(void **state) {
    (void)state;
    language_start("en");
    visit_all(check_distinct);
    language_start("zh");
    visit_all(check_distinct);
}

static void labels_are_chinese(void **state) {
    (void)state;
    language_start("zh");
    visit_all(check_translated);
    assert_string_equal(label_name("INCIDENT_CLASS_EXTREME_THREAT"), "扬言极端");
    language_start("en");
    assert_string_equal(label_name("INCIDENT_CLASS_EXTREME_THREAT"), "extreme threat");
}

static void rows_are_unique(void **state) {
    (void)state;
    for (size_t i = 0; label_at(i); i++) assert_ptr_equal(label_find(label_at(i)->name), label_at(i));
}

/* Every request has a verb, but those that the connection needs for itself; every verb has its texts and its fields. */
static void verbs_fit_the_messages(void **state) {
    (void)state;
    for (size_t i = 0; verbs_at(i); i++) {
        const struct verb *verb = verbs_at(i);
        assert_true(verb->about && verb->examples && (verb->run || verb->request));
        if (!verb->request) continue;
        const ProtobufCFieldDescriptor *request = schema_request(verb->request);
        if (!request) fail_msg("%s: there is no request %s", verb->words, verb->request);
        const char *lists[] = {verb->positional, verb->required};
        for (size_t l = 0; l < 2; l++) {
            for (const char *at = lists[l]; at && *at;) {
                char name[64];
                size_t size = strcspn(at, " ");
                snprintf(name, sizeof name, "%.*s", (int)size, at);
                if (!protobuf_c_message_descriptor_get_field_by_name(schema_type(request), name))
                    fail_msg("%s: there is no field %s", verb->words, name);
                at += size + (at[size] == ' ');
            }
        }
    }
    for (unsigned i = 0; i < liandong__v1__to_server__descriptor.n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &liandong__v1__to_server__descriptor.fields[i];
        bool found = strcmp(field->name, "hello") == 0 || strcmp(field->name, "ping") == 0 ||
                     strcmp(field->name, "prove_heads") == 0 || /* part of `audit witness` */
                     strcmp(field->name, "put_chunk") == 0 || strcmp(field->name, "get_chunk") == 0 || /* of attach */
                     strcmp(field->name, "list_joint") == 0 || strcmp(field->name, "list_transfer_legs") == 0 ||
                     strcmp(field->name, "list_alert_acks") == 0 ||
                     strcmp(field->name, "list_session_times") == 0 || /* report … --list */
                     strcmp(field->name, "renew_device") == 0;         /* enrol --renew, and by itself */
        if (!(field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)) continue;
        for (size_t v = 0; verbs_at(v); v++)
            found |= verbs_at(v)->request && strcmp(verbs_at(v)->request, field->name) == 0;
        if (!found) fail_msg("the request %s has no verb in client/verbs/", field->name);
    }
}

static void kinds_by_any_name(void **state) {
    (void)state;
    const char *names[KINDS_OF_WORD];
    language_start("zh");
    static const char *const words[] = {"report_incident", "report", "接报"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        assert_int_equal(kinds_named(words[i], names), 1);
        assert_string_equal(names[0], "report_incident");
    }
    size_t all = kinds_named("note", names), one = kinds_named("dispute note", names);
    assert_in_range(all, 2, KINDS_OF_WORD - 1);
    assert_int_equal(one, 1);
    assert_string_equal(names[0], "note_dispute");
    assert_int_equal(kinds_named("deadline-breached", names), 1);
    assert_string_equal(names[0], "deadline_breached");
    assert_int_equal(kinds_named("list", names), 0); /* reading leaves no trace in the feed */
    assert_int_equal(kinds_named("rubbish", names), 0);
}

static void nouns_are_told(void **state) {
    (void)state;
    for (size_t i = 0; nouns_at(i); i++) assert_true(verbs_is_noun(nouns_at(i)->word));
    for (size_t v = 0; verbs_at(v); v++) {
        const char *words = verbs_at(v)->words, *blank = strchr(words, ' ');
        size_t i = 0;
        while (blank && nouns_at(i) &&
               (strlen(nouns_at(i)->word) != (size_t)(blank - words) ||
                strncmp(nouns_at(i)->word, words, (size_t)(blank - words)) != 0))
            i++;
        if (blank && !nouns_at(i)) fail_msg("the noun of \"%s\" has no row in client/nouns.c", words);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_have_labels),     cmocka_unit_test(values_have_labels),
        cmocka_unit_test(int64_are_moments),      cmocka_unit_test(labels_are_distinct_in_both_languages),
        cmocka_unit_test(labels_are_chinese),     cmocka_unit_test(rows_are_unique),
        cmocka_unit_test(verbs_fit_the_messages), cmocka_unit_test(kinds_by_any_name),
        cmocka_unit_test(nouns_are_told),
    };
    language_start("zh");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
