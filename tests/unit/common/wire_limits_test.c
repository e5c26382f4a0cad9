/* The table of limits against the messages it speaks of. */
#include "common/wire.h"
#include "common/wire_private.h"
#include "envelope.pb-c.h"
#include "support.h"
#include <string.h>

#define TYPES_MAX 512

/* All messages that can be said, each once. */
static size_t collect(const ProtobufCMessageDescriptor *type, const ProtobufCMessageDescriptor **types, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (types[i] == type) return count;
    assert_true(count < TYPES_MAX);
    types[count++] = type;
    for (unsigned i = 0; i < type->n_fields; i++)
        if (type->fields[i].type == PROTOBUF_C_TYPE_MESSAGE) count = collect(type->fields[i].descriptor, types, count);
    return count;
}

static size_t all_types(const ProtobufCMessageDescriptor **types) {
    return collect(&liandong__v1__to_client__descriptor, types,
                   collect(&liandong__v1__to_server__descriptor, types, 0));
}

static const ProtobufCFieldDescriptor *field_of(const struct wire_limit *row, const ProtobufCMessageDescriptor **type) {
    const ProtobufCMessageDescriptor *types[TYPES_MAX];
    size_t count = all_types(types);
    for (size_t i = 0; i < count; i++)
        if (!strcmp(types[i]->short_name, row->message)) {
            *type = types[i];
            return protobuf_c_message_descriptor_get_field_by_name(types[i], row->field);
        }
    return NULL;
}

static void rows_name_fields_and_fit_their_types(void **state) {
    (void)state;
    for (size_t i = 0; i < wire_limits_count; i++) {
        const struct wire_limit *row = &wire_limits[i];
        const ProtobufCMessageDescriptor *type = NULL;
        const ProtobufCFieldDescriptor *field = field_of(row, &type);
        if (!field) fail_msg("%s.%s is no field", row->message, row->field);
        if (row->max == 0 || row->min > row->max) fail_msg("%s.%s lets nothing through", row->message, row->field);
        if (row->size && (field->type != PROTOBUF_C_TYPE_BYTES || row->size != row->max))
            fail_msg("%s.%s has a size", row->message, row->field);
        if (row->multiline && field->type != PROTOBUF_C_TYPE_STRING)
            fail_msg("%s.%s has lines", row->message, row->field);
        if (row->min && field->type != PROTOBUF_C_TYPE_UINT32 && field->type != PROTOBUF_C_TYPE_STRING)
            fail_msg("%s.%s has a least", row->message, row->field);
        bool known = field->label == PROTOBUF_C_LABEL_REPEATED || field->type == PROTOBUF_C_TYPE_STRING ||
                     field->type == PROTOBUF_C_TYPE_BYTES || field->type == PROTOBUF_C_TYPE_UINT32 ||
                     field->type == PROTOBUF_C_TYPE_DOUBLE;
        if (!known) fail_msg("%s.%s is of a type whose limit nobody checks", row->message, row->field);
    }
}

/* The walk beside a message's fields relies on it. */
static void rows_stand_in_order(void **state) {
    (void)state;
    for (size_t i = 1; i < wire_limits_count; i++) {
        const ProtobufCMessageDescriptor *type = NULL;
        int order = strcmp(wire_limits[i - 1].message, wire_limits[i].message);
        if (order > 0) fail_msg("%s stands behind %s", wire_limits[i].message, wire_limits[i - 1].message);
        if (order == 0 && field_of(&wire_limits[i - 1], &type)->id >= field_of(&wire_limits[i], &type)->id)
            fail_msg("%s.%s stands in the wrong place", wire_limits[i].message, wire_limits[i].field);
    }
}

/* Looked up one by one or walked, the limits are the same; and fields without a row have the defaults. */
static void walk_and_lookup_agree(void **state) {
    (void)state;
    const ProtobufCMessageDescriptor *types[TYPES_MAX];
    size_t count = all_types(types), from_rows = 0;
    assert_true(count > 30);
    for (size_t i = 0; i < count; i++) {
        const struct wire_limit *row = wire_limit_first(types[i]);
        for (unsigned j = 0; j < types[i]->n_fields; j++) {
            const ProtobufCFieldDescriptor *field = &types[i]->fields[j];
            const struct wire_limit *walked = wire_limit_step(&row, field);
            struct wire_limit found = wire_limit_of(types[i], field);
            assert_string_equal(found.field, field->name);
            assert_string_equal(found.message, types[i]->short_name);
            assert_int_equal(walked->max, found.max);
            assert_int_equal(walked->min, found.min);
            assert_int_equal(walked->size, found.size);
            assert_int_equal(walked->multiline, found.multiline);
            bool is_row = false;
            for (size_t k = 0; k < wire_limits_count; k++)
                is_row |=
                    !strcmp(wire_limits[k].message, types[i]->short_name) && !strcmp(wire_limits[k].field, field->name);
            from_rows += is_row;
            if (is_row) continue;
            uint32_t standard = field->label == PROTOBUF_C_LABEL_REPEATED ? WIRE_ITEMS_MAX
                                : field->type == PROTOBUF_C_TYPE_STRING   ? WIRE_STRING_MAX
                                : field->type == PROTOBUF_C_TYPE_BYTES    ? WIRE_BYTES_MAX
                                : field->type == PROTOBUF_C_TYPE_UINT32   ? WIRE_NUMBER_MAX
                                                                          : 0;
            assert_int_equal(found.max, standard);
            if (standard == 0 && field->type == PROTOBUF_C_TYPE_DOUBLE)
                fail_msg("%s.%s may be nothing but 0: it needs a row", types[i]->short_name, field->name);
        }
        assert_null(row); /* every row of the message was met */
    }
    assert_int_equal(from_rows, wire_limits_count);
}

/* What goes into a field must fit wherever it comes out again. */
static void what_is_said_can_be_shown(void **state) {
    (void)state;
    static const char *const ways[][4] = {
        {"ReportIncident", "content", "Incident", "content"},
        {"CorrectIncident", "content", "Incident", "content"},
        {"ReportIncident", "place", "Incident", "place"},
        {"FeedbackIncident", "result", "Incident", "result"},
        {"CloseIncident", "result", "Incident", "result"},
        {"VoidIncident", "reason", "Incident", "void_reason"},
        {"NoteIncident", "note", "Event", "note"},
        {"VoidIncident", "reason", "Event", "note"},
        {"ReopenIncident", "reason", "Event", "note"},
        {"CorrectIncident", "reason", "HistoryEntry", "note"},
        {"ReportIncident", "content", "HistoryEntry", "new_value"},
        {"ReportIncident", "content", "Change", "old_value"},
        {"ReportIncident", "content", "Conflict", "theirs"},
        {"CorrectIncident", "content", "Conflict", "yours"},
        {"ReportIncident", "threats", "Event", "threats"},
        {"ReportIncident", "threats", "Incident", "threats"},
        {"ReportIncident", "mass_count", "Incident", "mass_count"},
    };
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct wire_limit in = {.message = ways[i][0], .field = ways[i][1]},
                          out = {.message = ways[i][2], .field = ways[i][3]};
        const ProtobufCMessageDescriptor *type = NULL;
        const ProtobufCFieldDescriptor *field = field_of(&in, &type);
        assert_non_null(field);
        in = wire_limit_of(type, field);
        field = field_of(&out, &type);
        assert_non_null(field);
        out = wire_limit_of(type, field);
        if (in.max > out.max || (in.multiline && !out.multiline))
            fail_msg("%s.%s does not fit %s.%s", in.message, in.field, out.message, out.field);
    }
}

static void a_search_needs_two_characters_together(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool good;
    } cases[] = {{"噪音", true}, {"火 噪音 水", true},  {"ab", true},  {"火 噪", false},
                 {"火", false},  {"火\u3000水", false}, {"  ", false}, {"", false}};
    struct wire_fault fault;
    Liandong__V1__SearchIncidents m = LIANDONG__V1__SEARCH_INCIDENTS__INIT;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        m.text = wire_borrow(cases[i].text);
        assert_int_equal(wire_check(&m.base, true, &fault), cases[i].good);
        if (!cases[i].good) assert_string_equal(fault.reason, "TOO_SHORT");
    }
    m.text = NULL;
    assert_false(wire_check(&m.base, true, &fault));
    assert_string_equal(fault.field, "text");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_name_fields_and_fit_their_types),
        cmocka_unit_test(rows_stand_in_order),
        cmocka_unit_test(walk_and_lookup_agree),
        cmocka_unit_test(what_is_said_can_be_shown),
        cmocka_unit_test(a_search_needs_two_characters_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
