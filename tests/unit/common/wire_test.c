#include "common/wire.h"
#include "common/frame.h"
#include "envelope.pb-c.h"
#include "raw.h"
#include "support.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TO_SERVER &liandong__v1__to_server__descriptor
#define TO_CLIENT &liandong__v1__to_client__descriptor

/* The tests' report: the article's evening. */
static void fill_report(Liandong__V1__ToServer *envelope, Liandong__V1__ReportIncident *report, uint8_t id[16]) {
    static Liandong__V1__Threat threats[] = {LIANDONG__V1__THREAT__THREAT_ARSON,
                                             LIANDONG__V1__THREAT__THREAT_SELF_HARM};
    liandong__v1__to_server__init(envelope);
    liandong__v1__report_incident__init(report);
    memset(id, 7, 16);
    envelope->has_call = envelope->has_request_id = envelope->has_deadline_ms = 1;
    envelope->call = 41;
    envelope->request_id = (ProtobufCBinaryData){16, id};
    envelope->deadline_ms = 5000;
    envelope->body_case = LIANDONG__V1__TO_SERVER__BODY_REPORT_INCIDENT;
    envelope->report_incident = report;
    report->has_source = report->has_class_ = report->has_level = report->has_received_at = 1;
    report->source = LIANDONG__V1__INCIDENT_SOURCE__INCIDENT_SOURCE_CALL_110;
    report->class_ = LIANDONG__V1__INCIDENT_CLASS__INCIDENT_CLASS_EXTREME_THREAT;
    report->level = LIANDONG__V1__INCIDENT_LEVEL__INCIDENT_LEVEL_MAJOR;
    report->received_at = INT64_C(1687695303123);
    report->has_longitude = report->has_latitude = 1;
    report->longitude = 112.94;
    report->latitude = 27.83;
    static char place[] = "岳塘区霞光东路某小区3栋2单元502室";
    report->place = place;
    static char reporter[] = "群众";
    report->reporter = reporter;
    static char reporter_phone[] = "0731-00000000";
    report->reporter_phone = reporter_phone;
    static char content[] = "楼上住户因感情纠纷情绪激动，扬言要点燃液化气罐自杀，\n屋内有汽油味，请速派人。";
    report->content = content;
    report->n_threats = 2;
    report->threats = threats;
}

static void a_report_goes_there_and_back(void **state) {
    (void)state;
    Liandong__V1__ToServer out, *in;
    Liandong__V1__ReportIncident report;
    uint8_t id[16];
    struct buffer b = raw_empty();
    struct frame frame;
    struct arena arena;
    struct wire_fault fault;
    const ProtobufCFieldDescriptor *field;
    ProtobufCMessage *body;
    fill_report(&out, &report, id);
    assert_true(buffer_put(&b, "before", 6));
    assert_true(wire_put_frame(&b, &out.base));
    buffer_consume(&b, 6);
    assert_int_equal(frame_look(buffer_head(&b), buffer_size(&b), FRAME_CAP, &frame), FRAME_WHOLE);
    assert_int_equal(frame.need, buffer_size(&b));
    arena_init(&arena, WIRE_ARENA_CAP);
    in = (Liandong__V1__ToServer *)wire_unpack(TO_SERVER, frame.payload, frame.payload_size, true, &arena, &fault);
    assert_non_null(in);
    assert_true(wire_body(&in->base, &field, &body));
    assert_string_equal(field->name, "report_incident");
    assert_ptr_equal(body, in->report_incident);
    assert_int_equal(in->call, 41);
    assert_memory_equal(in->request_id.data, id, 16);
    assert_string_equal(in->report_incident->content, report.content);
    assert_int_equal(in->report_incident->n_threats, 2);
    assert_int_equal(in->report_incident->threats[1], LIANDONG__V1__THREAT__THREAT_SELF_HARM);
    assert_true(in->report_incident->longitude == 112.94);
    assert_false(in->report_incident->has_mass_count);
    assert_null(in->report_incident->external_no);
    arena_free(&arena);
    buffer_free(&b);
}

static void frames_respect_caps(void **state) {
    (void)state;
    Liandong__V1__ToServer out;
    Liandong__V1__ReportIncident report;
    uint8_t id[16];
    fill_report(&out, &report, id);
    size_t size = protobuf_c_message_get_packed_size(&out.base);
    struct buffer b;
    buffer_init(&b, size + FRAME_HEADER - 1);
    assert_false(wire_put_frame(&b, &out.base));
    assert_int_equal(buffer_size(&b), 0);
    b.cap++;
    assert_true(wire_put_frame(&b, &out.base));
    buffer_free(&b);
    buffer_init(&b, 4 * FRAME_CAP);
    report.content = malloc(FRAME_CAP + 1);
    memset(report.content, 'x', FRAME_CAP);
    report.content[FRAME_CAP] = '\0';
    assert_false(wire_put_frame(&b, &out.base)); /* the peer would close on it */
    free(report.content);
    Liandong__V1__ToClient nothing = LIANDONG__V1__TO_CLIENT__INIT;
    assert_false(wire_put_frame(&b, &nothing.base)); /* an empty frame too */
    assert_int_equal(buffer_size(&b), 0);
    buffer_free(&b);
}

/* Every prefix of a good message, and every single changed byte: refused or good, never beyond its bytes. */
static void torn_and_flipped(void **state) {
    (void)state;
    Liandong__V1__ToServer out;
    Liandong__V1__ReportIncident report;
    uint8_t id[16], packed[1000];
    struct wire_fault fault;
    struct arena arena;
    size_t refused = 0, passed = 0;
    arena_init(&arena, WIRE_ARENA_CAP);
    fill_report(&out, &report, id);
    size_t size = protobuf_c_message_pack(&out.base, packed);
    for (size_t cut = 0; cut < size; cut++) {
        struct buffer b = raw_empty();
        assert_true(buffer_put(&b, packed, cut));
        assert_null(raw_unpack(TO_SERVER, &b, true, &arena, &fault));
        buffer_free(&b);
        arena_reset(&arena);
    }
    for (size_t at = 0; at < size; at++)
        for (int value = 0; value < 256; value++) {
            struct buffer b = raw_empty();
            assert_true(buffer_put(&b, packed, size));
            buffer_head(&b)[at] = (uint8_t)value;
            ProtobufCMessage *m = raw_unpack(TO_SERVER, &b, true, &arena, &fault);
            if (m)
                passed++;
            else
                refused++;
            if (m)
                assert_true(wire_check(m, true, &fault));
            else
                assert_true(fault.reason && strlen(fault.field) < sizeof fault.field);
            buffer_free(&b);
            arena_reset(&arena);
        }
    assert_true(refused > 10000 && passed > 10000); /* most bytes are text, where many values are good */
    arena_free(&arena);
}

static void long_paths_are_cut(void **state) {
    (void)state;
    struct wire_fault fault;
    Liandong__V1__ToServer m = LIANDONG__V1__TO_SERVER__INIT;
    Liandong__V1__WatchFeed watch = LIANDONG__V1__WATCH_FEED__INIT;
    Liandong__V1__FeedFilter filter = LIANDONG__V1__FEED_FILTER__INIT;
    char report[] = "report_incident", note[] = "note_incident", *kinds[] = {report, NULL};
    m.body_case = LIANDONG__V1__TO_SERVER__BODY_WATCH_FEED;
    m.watch_feed = &watch;
    watch.filter = &filter;
    filter.n_kinds = 2;
    filter.kinds = kinds;
    assert_false(wire_check(&m.base, true, &fault)); /* only by hand: an item without its text */
    assert_string_equal(fault.reason, "MALFORMED");
    assert_string_equal(fault.field, "watch_feed.filter.kinds[1]");
    kinds[1] = note;
    assert_true(wire_check(&m.base, true, &fault));
    assert_null(fault.reason);
}

static void peeks_at_the_call(void **state) {
    (void)state;
    struct buffer b = raw_empty();
    uint64_t value = 0;
    raw_counted(&b, 99, "xyz", 3);
    raw_tag(&b, 98, 1);
    assert_true(buffer_put(&b, "01234567", 8));
    raw_tag(&b, 97, 5);
    assert_true(buffer_put(&b, "0123", 4));
    raw_number(&b, 2, 5);
    raw_number(&b, 1, 77);
    assert_true(wire_peek(buffer_head(&b), buffer_size(&b), 1, &value));
    assert_int_equal(value, 77);
    for (size_t cut = 0; cut < buffer_size(&b); cut++) assert_false(wire_peek(buffer_head(&b), cut, 1, &value));
    assert_false(wire_peek(buffer_head(&b), buffer_size(&b), 3, &value));
    assert_false(wire_peek((const uint8_t *)"\x0b\x08\x01", 3, 1, &value));
    buffer_free(&b);
}

/* Every field of every message: absent at first, present after having been marked, in its own place. */
static void access_by_descriptor(void **state) {
    (void)state;
    const ProtobufCMessageDescriptor *envelopes[] = {TO_SERVER, TO_CLIENT};
    size_t seen = 0;
    for (size_t e = 0; e < 2; e++)
        for (unsigned i = 0; i < envelopes[e]->n_fields; i++) {
            const ProtobufCMessageDescriptor *type = envelopes[e]->fields[i].descriptor;
            if (envelopes[e]->fields[i].type != PROTOBUF_C_TYPE_MESSAGE) continue;
            for (unsigned j = 0; j < type->n_fields; j++, seen++) {
                const ProtobufCFieldDescriptor *field = &type->fields[j];
                ProtobufCMessage *m = malloc(type->sizeof_message);
                protobuf_c_message_init(type, m);
                assert_false(wire_has(m, field));
                wire_mark_present(m, field);
                bool pointer = field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_MESSAGE;
                if (field->label == PROTOBUF_C_LABEL_REPEATED)
                    *wire_quantifier(m, field) = 1;
                else
                    assert_null(wire_quantifier(m, field));
                if (pointer && field->label != PROTOBUF_C_LABEL_REPEATED) *(const void **)wire_member(m, field) = "";
                assert_true(wire_has(m, field));
                for (unsigned k = 0; k < type->n_fields; k++)
                    if (k != j) assert_false(wire_has(m, &type->fields[k]));
                free(m);
            }
        }
    assert_true(seen > 150);
}

static void bodies_are_set_and_found(void **state) {
    (void)state;
    Liandong__V1__ToClient m = LIANDONG__V1__TO_CLIENT__INIT;
    Liandong__V1__Incident incident = LIANDONG__V1__INCIDENT__INIT;
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(TO_CLIENT, "show_incident"),
                                   *found;
    ProtobufCMessage *body;
    assert_false(wire_body(&m.base, &found, &body));
    wire_set_body(&m.base, field, &incident.base);
    assert_int_equal(m.body_case, LIANDONG__V1__TO_CLIENT__BODY_SHOW_INCIDENT);
    assert_ptr_equal(m.show_incident, &incident);
    assert_true(wire_body(&m.base, &found, &body));
    assert_ptr_equal(found, field);
    assert_ptr_equal(body, &incident);
    assert_false(wire_body(&incident.base, &found, &body)); /* no envelope */
}

static bool unpack_report(void *arg) {
    struct buffer *packed = arg;
    struct arena arena;
    struct wire_fault fault;
    arena_init(&arena, WIRE_ARENA_CAP);
    bool done = wire_unpack(TO_SERVER, buffer_head(packed), buffer_size(packed), true, &arena, &fault) != NULL;
    if (!done) assert_string_equal(fault.reason, "TOO_LARGE");
    arena_free(&arena);
    return done;
}

static bool put_report(void *arg) {
    struct buffer b = raw_empty();
    bool done = wire_put_frame(&b, arg);
    if (!done) assert_int_equal(buffer_size(&b), 0);
    buffer_free(&b);
    return done;
}

static void survives_failing_allocations(void **state) {
    (void)state;
    Liandong__V1__ToServer out;
    Liandong__V1__ReportIncident report;
    uint8_t id[16];
    char content[7001];
    struct buffer b = raw_empty();
    fill_report(&out, &report, id);
    memset(content, 'x', 7000);
    content[7000] = '\0';
    report.content = content; /* two blocks */
    assert_true(each_allocation_fails(put_report, &out, false) > 1);
    uint8_t *to = buffer_reserve(&b, 10000);
    buffer_grew(&b, protobuf_c_message_pack(&out.base, to));
    assert_true(each_allocation_fails(unpack_report, &b, false) > 2);
    buffer_free(&b);
}

/* Not judged, printed: the hot path. */
static void prints_its_speed(void **state) {
    (void)state;
    Liandong__V1__ToServer out;
    Liandong__V1__ReportIncident report;
    uint8_t id[16], packed[1000];
    struct arena arena;
    struct wire_fault fault;
    fill_report(&out, &report, id);
    size_t size = protobuf_c_message_pack(&out.base, packed);
    arena_init(&arena, WIRE_ARENA_CAP);
    const unsigned rounds = 200000;
    clock_t begin = clock();
    for (unsigned i = 0; i < rounds; i++) {
        assert_true(wire_unpack(TO_SERVER, packed, size, true, &arena, &fault) != NULL);
        arena_reset(&arena);
    }
    double ns = (double)(clock() - begin) / CLOCKS_PER_SEC * 1e9 / rounds;
    printf("figure wire_unpack %.0f ns (%zu bytes, CPU time)\n", ns, size);
    arena_free(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_goes_there_and_back),
        cmocka_unit_test(frames_respect_caps),
        cmocka_unit_test(torn_and_flipped),
        cmocka_unit_test(long_paths_are_cut),
        cmocka_unit_test(peeks_at_the_call),
        cmocka_unit_test(access_by_descriptor),
        cmocka_unit_test(bodies_are_set_and_found),
        cmocka_unit_test(survives_failing_allocations),
        cmocka_unit_test(prints_its_speed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
