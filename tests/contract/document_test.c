/* The tables of proto/README.md against what the programs really do: every row that the code has must stand in the
 * document with these very words, and the document may have no row more. A row may go on with cells of its own
 * ("meaning").
 *
 * A table lies between "<!-- table: NAME -->" and "<!-- end -->". What is missing is printed ready to be pasted. */
#include "golden.h"
#include "envelope.pb-c.h"
#include "call/requests.h"
#include "common/frame.h"
#include "common/status.h"
#include "common/wire.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define ROW_ROOM 1024u

static const char *readme;
static struct arena arena;

static int open_document(void **state) {
    arena_init(&arena, 16u << 20);
    *state = golden_file(readme, &arena);
    return *state ? 0 : -1;
}

static int close_document(void **state) {
    (void)state;
    arena_free(&arena);
    return 0;
}

/* The table's first row behind its head, or fails the test. */
static const char *find_table(const char *document, const char *name, const char **end) {
    char marker[64];
    snprintf(marker, sizeof marker, "<!-- table: %s -->\n", name);
    const char *begin = strstr(document, marker), *rule = begin ? strstr(begin, "\n|--") : NULL;
    *end = rule ? strstr(rule, "<!-- end -->") : NULL;
    if (!*end) {
        fail_msg("proto/README.md holds no table %s", name);
        abort();
    }
    return strchr(rule + 1, '\n') + 1;
}

static size_t count_rows(const char *begin, const char *end) {
    size_t rows = 0;
    for (const char *at = begin; at < end; at = strchr(at, '\n') + 1) rows += *at == '|';
    return rows;
}

static bool has_row(const char *begin, const char *end, const char *row) {
    for (const char *at = begin; at < end; at = strchr(at, '\n') + 1)
        if (strncmp(at, row, strlen(row)) == 0) return true;
    return false;
}

/* `write_row` writes row i, or returns false behind the last one. */
static void compare(const char *document, const char *name, bool (*write_row)(size_t i, char *row)) {
    const char *end, *begin = find_table(document, name, &end);
    char row[ROW_ROOM];
    size_t i = 0, missing = 0;
    for (; write_row(i, row); i++) {
        if (has_row(begin, end, row)) continue;
        if (missing++ == 0) fprintf(stderr, "the table \"%s\" of proto/README.md lacks:\n", name);
        fprintf(stderr, "%s\n", row);
    }
    assert_true(i > 0);
    assert_int_equal(missing, 0);
    if (count_rows(begin, end) != i) fail_msg("table %s has %zu rows, the code %zu", name, count_rows(begin, end), i);
}

static bool code_row(size_t i, char *row) {
    const ProtobufCEnumDescriptor *codes = &liandong__v1__code__descriptor;
    if (i >= codes->n_values) return false;
    snprintf(row, ROW_ROOM, "| %d | `%s` |", codes->values[i].value, codes->values[i].name);
    return true;
}
static void codes_agree(void **state) { compare(*state, "codes", code_row); }

static bool status_row(size_t i, char *row) {
    if (i >= status_rows_count) return false;
    const struct status_row *s = &status_rows[i];
    const ProtobufCEnumValue *code =
        protobuf_c_enum_descriptor_get_value(&liandong__v1__code__descriptor, (int)s->code);
    char retry[16] = "-";
    if (s->retry_after_ms) snprintf(retry, sizeof retry, "%u", (unsigned)s->retry_after_ms);
    snprintf(row, ROW_ROOM, "| `%s` | %s | %s | %s | %s |", s->reason, code ? code->name + strlen("CODE_") : "?", retry,
             s->message, s->hint);
    return true;
}
static void statuses_agree(void **state) { compare(*state, "statuses", status_row); }

static const ProtobufCMessageDescriptor *message_named(const ProtobufCMessageDescriptor *type, const char *name) {
    if (strcmp(type->short_name, name) == 0) return type;
    for (unsigned i = 0; i < type->n_fields; i++) {
        if (type->fields[i].type != PROTOBUF_C_TYPE_MESSAGE) continue;
        const ProtobufCMessageDescriptor *found = message_named(type->fields[i].descriptor, name);
        if (found) return found;
    }
    return NULL;
}

static void print_limit(char *out, size_t room, const ProtobufCFieldDescriptor *field, const struct wire_limit *l) {
    unsigned max = l->max;
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        snprintf(out, room, "at most %u items", max);
    else if (field->type == PROTOBUF_C_TYPE_STRING && l->min)
        snprintf(out, room, "a word of %u characters, at most %u bytes", (unsigned)l->min, max);
    else if (field->type == PROTOBUF_C_TYPE_STRING)
        snprintf(out, room, "at most %u bytes%s", max, l->multiline ? ", several lines" : "");
    else if (field->type == PROTOBUF_C_TYPE_BYTES)
        snprintf(out, room, "%s %u bytes", l->size ? "exactly" : "at most", l->size ? (unsigned)l->size : max);
    else if (field->type == PROTOBUF_C_TYPE_DOUBLE)
        snprintf(out, room, "-%u to %u", max, max);
    else
        snprintf(out, room, "%u to %u", (unsigned)l->min, max);
}

static bool limit_row(size_t i, char *row) {
    if (i >= wire_limits_count) return false;
    const struct wire_limit *l = &wire_limits[i];
    const ProtobufCMessageDescriptor *type = message_named(&liandong__v1__to_server__descriptor, l->message);
    if (!type) type = message_named(&liandong__v1__to_client__descriptor, l->message);
    const ProtobufCFieldDescriptor *field =
        type ? protobuf_c_message_descriptor_get_field_by_name(type, l->field) : NULL;
    if (!field) {
        fail_msg("wire_limits holds %s.%s, which is no field", l->message, l->field);
        return false;
    }
    char limit[96];
    print_limit(limit, sizeof limit, field, l);
    snprintf(row, ROW_ROOM, "| `%s` | `%s` | %s |", l->message, l->field, limit);
    return true;
}
static void limits_agree(void **state) { compare(*state, "limits", limit_row); }

static bool default_row(size_t i, char *row) {
    static const struct {
        const char *what;
        unsigned value;
    } defaults[] = {
        {"payload of a frame before the hello was answered, bytes", FRAME_CAP_HELLO},
        {"payload of a frame afterwards, bytes", FRAME_CAP},
        {"a string, bytes", WIRE_STRING_MAX},
        {"a bytes field, bytes", WIRE_BYTES_MAX},
        {"items of a repeated field, to a server", WIRE_ITEMS_MAX},
    };
    if (i >= sizeof defaults / sizeof defaults[0]) return false;
    snprintf(row, ROW_ROOM, "| %s | %u |", defaults[i].what, defaults[i].value);
    return true;
}
static void defaults_agree(void **state) { compare(*state, "defaults", default_row); }

/* Who may ask, in the document's words. */
static void print_roles(char *out, size_t room, uint32_t roles) {
    static const struct {
        const char *word;
        uint32_t roles; /* bits 1 << ROLE_… */
    } groups[] = {
        {"police", 1u << LIANDONG__V1__ROLE__ROLE_OFFICER | 1u << LIANDONG__V1__ROLE__ROLE_DUTY |
                       1u << LIANDONG__V1__ROLE__ROLE_CHIEF},
        {"judicial", 1u << LIANDONG__V1__ROLE__ROLE_MEDIATOR | 1u << LIANDONG__V1__ROLE__ROLE_OFFICE_HEAD},
        {"viewer", 1u << LIANDONG__V1__ROLE__ROLE_VIEWER},
        {"heads", 1u << LIANDONG__V1__ROLE__ROLE_CHIEF | 1u << LIANDONG__V1__ROLE__ROLE_OFFICE_HEAD},
        {"admin", 1u << LIANDONG__V1__ROLE__ROLE_ADMIN},
        {"auditor", 1u << LIANDONG__V1__ROLE__ROLE_AUDITOR},
        {"nobody", 1u << LIANDONG__V1__ROLE__ROLE_UNSPECIFIED},
    };
    size_t at = 0;
    out[0] = '\0';
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        bool here = (roles & groups[i].roles) == groups[i].roles;
        if (here) roles &= ~groups[i].roles;
        if (here) at += (size_t)snprintf(out + at, room - at, "%s%s", at ? ", " : "", groups[i].word);
    }
    if (roles) fail_msg("roles %x: the document has no word for them", (unsigned)roles);
}

static const char *lane_word(enum request_lane lane) {
    static const char *const words[] = {
        [LANE_NONE] = "none",   [LANE_LOCAL] = "local", [LANE_READ] = "read",    [LANE_HELD] = "held",
        [LANE_AUDIT] = "audit", [LANE_WRITE] = "write", [LANE_URGENT] = "write", [LANE_BATCH] = "write"};
    return words[lane];
}

static const char *message_name(const ProtobufCFieldDescriptor *field) {
    return ((const ProtobufCMessageDescriptor *)field->descriptor)->short_name;
}

/* The i-th member of ToClient's oneof, of those that a client asks for or of those that only a server says. NULL behind
 * the last. */
static const ProtobufCFieldDescriptor *body_at(size_t i, bool asked_for) {
    const ProtobufCMessageDescriptor *says = &liandong__v1__to_client__descriptor;
    for (unsigned f = 0; f < says->n_fields; f++) {
        const ProtobufCFieldDescriptor *body = &says->fields[f];
        const void *request = protobuf_c_message_descriptor_get_field(&liandong__v1__to_server__descriptor, body->id);
        if ((body->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) && (request != NULL) == asked_for && i-- == 0) return body;
    }
    return NULL;
}

static bool request_row(size_t i, char *row) {
    char who[64];
    const ProtobufCFieldDescriptor *reply = body_at(i, true);
    if (!reply) return false;
    const ProtobufCFieldDescriptor *request =
        protobuf_c_message_descriptor_get_field(&liandong__v1__to_server__descriptor, reply->id);
    assert_true(reply->id < REQUESTS);
    print_roles(who, sizeof who, requests[reply->id].roles);
    snprintf(row, ROW_ROOM, "| %u | `%s` | `%s` | `%s` | %s | %s |", reply->id, request->name, message_name(request),
             message_name(reply), lane_word(requests[reply->id].lane), who);
    return true;
}
static void requests_agree(void **state) { compare(*state, "requests", request_row); }

static bool push_row(size_t i, char *row) {
    const ProtobufCFieldDescriptor *push = body_at(i, false);
    if (push) snprintf(row, ROW_ROOM, "| %u | `%s` | `%s` |", push->id, push->name, message_name(push));
    return push != NULL;
}
static void pushes_agree(void **state) { compare(*state, "pushes", push_row); }

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_agree),    cmocka_unit_test(statuses_agree), cmocka_unit_test(limits_agree),
        cmocka_unit_test(defaults_agree), cmocka_unit_test(requests_agree), cmocka_unit_test(pushes_agree),
    };
    readme = argc == 2 ? argv[1] : "proto/README.md";
    return cmocka_run_group_tests_name("document", tests, open_document, close_document);
}
