/* Rules that every .proto must keep, read from the descriptors that protoc-c made of them. */
#include "envelope.pb-c.h"
#include "support.h"
#include <protobuf-c/protobuf-c.h>
#include <string.h>

#define DEPTH_MAX 8 /* as deep as wire lets messages nest */

static const ProtobufCMessageDescriptor *const envelopes[] = {&liandong__v1__to_server__descriptor,
                                                              &liandong__v1__to_client__descriptor};

typedef void field_rule(const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *field);

/* Walks all fields below `type`; protobuf-c unpacks nested messages by recursion, so a message within itself is fatal.
 */
static void walk(const ProtobufCMessageDescriptor *type, const ProtobufCMessageDescriptor **above, size_t depth,
                 field_rule *rule) {
    for (size_t i = 0; i < depth; i++)
        if (above[i] == type) fail_msg("%s holds itself", type->name);
    if (depth == DEPTH_MAX) fail_msg("%s is nested too deeply", type->name);
    above[depth] = type;
    for (unsigned i = 0; i < type->n_fields; i++) {
        if (rule) rule(type, &type->fields[i]);
        if (type->fields[i].type == PROTOBUF_C_TYPE_MESSAGE) walk(type->fields[i].descriptor, above, depth + 1, rule);
    }
}

static void walk_all(field_rule *rule) {
    const ProtobufCMessageDescriptor *above[DEPTH_MAX];
    for (size_t i = 0; i < 2; i++) walk(envelopes[i], above, 0, rule);
}

static void no_message_holds_itself(void **state) {
    (void)state;
    walk_all(NULL);
}

static void judge_label(const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *field) {
    if (field->label != PROTOBUF_C_LABEL_OPTIONAL && field->label != PROTOBUF_C_LABEL_REPEATED)
        fail_msg("%s.%s is neither optional nor repeated: absence must be sayable", type->name, field->name);
    if (field->default_value) fail_msg("%s.%s has a default: absent would look like a value", type->name, field->name);
}

static void absence_can_be_said_of_every_field(void **state) {
    (void)state;
    walk_all(judge_label);
}

/* The types that the mapping to SQL, the limits and the client's printer know. */
static void judge_type(const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *field) {
    static const ProtobufCType known[] = {PROTOBUF_C_TYPE_STRING, PROTOBUF_C_TYPE_BYTES,  PROTOBUF_C_TYPE_BOOL,
                                          PROTOBUF_C_TYPE_ENUM,   PROTOBUF_C_TYPE_INT32,  PROTOBUF_C_TYPE_UINT32,
                                          PROTOBUF_C_TYPE_INT64,  PROTOBUF_C_TYPE_UINT64, PROTOBUF_C_TYPE_DOUBLE,
                                          PROTOBUF_C_TYPE_MESSAGE};
    bool found = false;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) found |= field->type == known[i];
    if (!found) fail_msg("%s.%s is of a type that is not used here", type->name, field->name);
    /* wire's scan keeps a bit for each field, and one for all members of a oneof. */
    if (!(field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) && field - type->fields >= 63)
        fail_msg("%s.%s stands behind 63 others", type->name, field->name);
}

static void types_are_known(void **state) {
    (void)state;
    walk_all(judge_type);
}

static void judge_enum(const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *field) {
    if (field->type != PROTOBUF_C_TYPE_ENUM) return;
    const ProtobufCEnumDescriptor *e = field->descriptor;
    const ProtobufCEnumValue *zero = protobuf_c_enum_descriptor_get_value(e, 0);
    (void)type;
    if (!zero) fail_msg("%s has no 0", e->name);
    for (unsigned i = 0; i < e->n_values; i++)
        if (e->values[i].value < 0 || e->values[i].value > INT16_MAX)
            fail_msg("%s.%s is no smallint", e->name, e->values[i].name);
}

static void enums_are_small_and_begin_with_0(void **state) {
    (void)state;
    walk_all(judge_enum);
}

static bool is_body(const ProtobufCFieldDescriptor *field) { return field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF; }

/* A reply is the body of the same number: so it has the same name too, and what is pushed has numbers of its own. */
static void replies_match_their_requests(void **state) {
    (void)state;
    const ProtobufCMessageDescriptor *asked = envelopes[0], *answered = envelopes[1];
    size_t bodies = 0;
    for (unsigned i = 0; i < asked->n_fields; i++) {
        const ProtobufCFieldDescriptor *request = &asked->fields[i];
        if (!is_body(request)) continue;
        bodies++;
        const ProtobufCFieldDescriptor *reply = protobuf_c_message_descriptor_get_field(answered, request->id);
        if (!reply || !is_body(reply))
            fail_msg("%s = %u has no reply of its number", request->name, (unsigned)request->id);
        if (strcmp(reply->name, request->name))
            fail_msg("%u is %s there and %s back", (unsigned)request->id, request->name, reply->name);
        if (request->type != PROTOBUF_C_TYPE_MESSAGE || reply->type != PROTOBUF_C_TYPE_MESSAGE)
            fail_msg("%s is no message", request->name);
    }
    assert_true(bodies > 10);
    for (unsigned i = 0; i < answered->n_fields; i++) {
        const ProtobufCFieldDescriptor *said = &answered->fields[i];
        bool reply = protobuf_c_message_descriptor_get_field(asked, said->id) != NULL;
        if (is_body(said) && !reply && said->id < 100)
            fail_msg("%s = %u answers nothing", said->name, (unsigned)said->id);
    }
}

/* wire finds the body by its oneof: there is one in each envelope and none elsewhere. */
static void judge_oneof(const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *field) {
    if (is_body(field) && type != envelopes[0] && type != envelopes[1]) fail_msg("%s has a oneof", type->name);
    for (unsigned i = 0; is_body(field) && i < type->n_fields; i++)
        if (is_body(&type->fields[i])) assert_int_equal(type->fields[i].quantifier_offset, field->quantifier_offset);
}

static void only_envelopes_have_a_oneof(void **state) {
    (void)state;
    walk_all(judge_oneof);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_message_holds_itself),
        cmocka_unit_test(absence_can_be_said_of_every_field),
        cmocka_unit_test(types_are_known),
        cmocka_unit_test(enums_are_small_and_begin_with_0),
        cmocka_unit_test(replies_match_their_requests),
        cmocka_unit_test(only_envelopes_have_a_oneof),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
