/* The door: bytes by hand, each refused for its reason at its place, or let in. */
#include "common/frame.h"
#include "envelope.pb-c.h"
#include "raw.h"
#include "support.h"
#include <math.h>
#include <string.h>

#define TO_SERVER &liandong__v1__to_server__descriptor
#define TO_CLIENT &liandong__v1__to_client__descriptor

static void malformed_bytes(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        const char *field;
    } cases[] = {
        {"\x08", 1, "call"},                                              /* a tag without value */
        {"\x08\x80", 2, "call"},                                          /* a varint without end */
        {"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 11, "call"},     /* beyond 64 bits */
        {"\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 12, "call"}, /* eleven bytes */
        {"\x80", 1, ""},                                                  /* half a tag */
        {"\x80\x80\x80\x80\x80\x01\x01", 7, ""},                          /* a tag beyond 32 bits */
        {"\x00\x01", 2, ""},                                              /* field number 0 */
        {"\x0b", 1, "call"},                                              /* groups */
        {"\x0c", 1, "call"},
        {"\x0e\x01", 2, "call"}, /* wire types 6 and 7 */
        {"\x0f\x01", 2, "call"},
        {"\x12\x05"
         "abcd",
         6, "request_id"},                                                  /* a length past the end */
        {"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11, "request_id"}, /* 2^64 - 1 bytes */
        {"\x09\x01\x02\x03", 4, "call"},                                    /* half a fixed64 */
        {"\x0d\x01\x02\x03", 4, "call"},                                    /* half a fixed32 */
        {"\x0a\x01\x01", 3, "call"},                                        /* the right number in the wrong type */
        {"\x10\x01", 2, "request_id"},
        {"\x08\x01\x08\x02", 4, "call"},                            /* said twice */
        {"\x52\x00\x52\x00", 4, "hello"},                           /* a body twice */
        {"\x52\x00\x5a\x00", 4, "ping"},                            /* two bodies */
        {"\xa2\x01\x02\x20\x01", 5, "report_incident.external_no"}, /* a string as a number */
        {"\xa2\x01\x03\x3a\x05"
         "a",
         6, "report_incident.place"}, /* a length past its message, though not past the frame */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int strict = 0; strict < 2; strict++) {
            struct buffer b = raw_empty();
            assert_true(buffer_put(&b, cases[i].bytes, cases[i].size));
            expect_fault(TO_SERVER, &b, strict, "MALFORMED", cases[i].field);
        }
}

static void unknown_fields(void **state) {
    (void)state;
    struct buffer b = raw_empty();
    raw_number(&b, 4, 1); /* of the envelope */
    expect_fault(TO_SERVER, &b, true, "UNKNOWN_FIELD", "#4");
    b = raw_empty();
    raw_counted(&b, 99, "", 0); /* numbered like a body */
    expect_fault(TO_SERVER, &b, true, "UNKNOWN_REQUEST", "#99");
    b = raw_empty();
    raw_number(&b, 99, 1); /* a body is a message */
    expect_fault(TO_SERVER, &b, true, "UNKNOWN_FIELD", "#99");
    b = raw_empty();
    raw_counted(&b, 400, "new", 3);
    raw_wrap(&b, 20);
    expect_fault(TO_SERVER, &b, true, "UNKNOWN_FIELD", "report_incident.#400");
    b = raw_empty();
    raw_counted(&b, 400, "\x08", 1); /* what is inside nobody can judge */
    raw_wrap(&b, 20);
    expect_good(TO_SERVER, &b, false);
    b = raw_empty();
    raw_counted(&b, 99, "", 0);
    expect_good(TO_CLIENT, &b, false);
}

static void a_request_needs_a_body(void **state) {
    (void)state;
    struct buffer b = raw_empty();
    expect_fault(TO_SERVER, &b, true, "NO_BODY", "");
    b = raw_empty();
    raw_number(&b, 1, 5);
    expect_fault(TO_SERVER, &b, true, "NO_BODY", "");
    b = raw_empty();
    raw_number(&b, 1, 5);
    expect_good(TO_CLIENT, &b, false); /* a reply may be a status alone */
}

/* One string field of a report, as bytes. */
static void expect_text(uint32_t number, const void *text, size_t size, const char *reason, const char *field) {
    struct buffer b = raw_empty();
    raw_counted(&b, number, text, size);
    raw_wrap(&b, 20);
    if (reason)
        expect_fault(TO_SERVER, &b, true, reason, field);
    else
        expect_good(TO_SERVER, &b, true);
}

static void texts(void **state) {
    (void)state;
    char long_text[8002];
    memset(long_text, 'x', sizeof long_text);
    expect_text(12, "a\xff", 2, "NOT_UTF8", "report_incident.content");
    expect_text(12, "\xed\xa0\x80", 3, "NOT_UTF8", "report_incident.content");
    expect_text(12, "\xe4\xb8", 2, "NOT_UTF8", "report_incident.content");
    expect_text(12, "a\0b", 3, "CONTROL_CHARACTER", "report_incident.content"); /* protobuf-c would keep "a" */
    expect_text(12, "\0", 1, "CONTROL_CHARACTER", "report_incident.content");
    expect_text(12, "a\0", 2, "CONTROL_CHARACTER", "report_incident.content");
    expect_text(12, "a\x1b[2J", 5, "CONTROL_CHARACTER", "report_incident.content");
    expect_text(12, "a\r", 2, "CONTROL_CHARACTER", "report_incident.content");
    expect_text(12, "甲\xe2\x80\xae乙", 9, "DIRECTION_MARK", "report_incident.content");
    expect_text(12, "第一行\n\t第二行", 20, NULL, NULL);
    expect_text(12, "", 0, NULL, NULL);
    expect_text(7, "a\nb", 3, "CONTROL_CHARACTER", "report_incident.place"); /* one line */
    expect_text(12, long_text, 8000, NULL, NULL);
    expect_text(12, long_text, 8001, "TOO_LONG", "report_incident.content");
    expect_text(7, long_text, 512, NULL, NULL);
    expect_text(7, long_text, 513, "TOO_LONG", "report_incident.place");
    expect_text(10, long_text, 256, NULL, NULL); /* no row: the default */
    expect_text(10, long_text, 257, "TOO_LONG", "report_incident.reporter");
}

static void sizes_of_bytes(void **state) {
    (void)state;
    char bytes[65] = "";
    for (size_t size = 0; size <= 20; size++) {
        struct buffer b = raw_empty();
        raw_counted(&b, 2, bytes, size);
        raw_counted(&b, 11, "", 0);
        if (size == 16)
            expect_good(TO_SERVER, &b, true);
        else
            expect_fault(TO_SERVER, &b, true, "BAD_SIZE", "request_id");
    }
    for (size_t size = 64; size <= 65; size++) {
        struct buffer b = raw_empty();
        raw_counted(&b, 9, bytes, size);
        raw_wrap(&b, 22);
        if (size == 64)
            expect_good(TO_SERVER, &b, true);
        else
            expect_fault(TO_SERVER, &b, true, "TOO_LONG", "list_incidents.page");
    }
}

static void expect_number(uint32_t body, uint32_t number, uint64_t value, const char *reason, const char *field) {
    struct buffer b = raw_empty();
    raw_number(&b, number, value);
    raw_wrap(&b, body);
    if (reason)
        expect_fault(TO_SERVER, &b, true, reason, field);
    else
        expect_good(TO_SERVER, &b, true);
}

static void numbers(void **state) {
    (void)state;
    expect_number(20, 14, 1000000, NULL, NULL);
    expect_number(20, 14, 1000001, "OUT_OF_RANGE", "report_incident.mass_count");
    expect_number(20, 14, (UINT64_C(1) << 32) + 5, "OUT_OF_RANGE", "report_incident.mass_count"); /* would become 5 */
    expect_number(24, 2, INT32_MAX, NULL, NULL);
    expect_number(24, 2, UINT64_C(1) << 31, "OUT_OF_RANGE", "dispatch_incident.base_version"); /* no int4 */
    expect_number(22, 8, 0, "OUT_OF_RANGE", "list_incidents.limit");
    expect_number(22, 8, 1, NULL, NULL);
    expect_number(22, 8, 500, NULL, NULL);
    expect_number(22, 8, 501, "OUT_OF_RANGE", "list_incidents.limit");
    expect_number(20, 6, 253402300799999, NULL, NULL);
    expect_number(20, 6, 253402300800000, "OUT_OF_RANGE", "report_incident.received_at");
    expect_number(20, 6, (uint64_t)INT64_C(-62135596800000), NULL, NULL);
    expect_number(20, 6, (uint64_t)INT64_C(-62135596800001), "OUT_OF_RANGE", "report_incident.received_at");
    expect_number(20, 6, (uint64_t)INT64_MIN, "OUT_OF_RANGE", "report_incident.received_at");
    expect_number(11, 1, UINT64_MAX, NULL, NULL); /* a token may be any */
    expect_number(22, 7, 2, NULL, NULL);          /* and any number but 0 is true */
    struct buffer b = raw_empty();
    raw_number(&b, 3, 600001);
    raw_counted(&b, 11, "", 0);
    expect_fault(TO_SERVER, &b, true, "OUT_OF_RANGE", "deadline_ms");
}

static void degrees(void **state) {
    (void)state;
    static const struct {
        double value;
        bool longitude, good;
    } cases[] = {{180, true, true},       {-180, true, true},        {180.0001, true, false},
                 {90, false, true},       {-90.5, false, false},     {NAN, true, false},
                 {INFINITY, true, false}, {-INFINITY, false, false}, {0, false, true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer b = raw_empty();
        raw_tag(&b, cases[i].longitude ? 8 : 9, 1);
        assert_true(buffer_put(&b, &cases[i].value, 8));
        raw_wrap(&b, 20);
        if (cases[i].good)
            expect_good(TO_SERVER, &b, true);
        else
            expect_fault(TO_SERVER, &b, true, "OUT_OF_RANGE",
                         cases[i].longitude ? "report_incident.longitude" : "report_incident.latitude");
    }
}

static void enums(void **state) {
    (void)state;
    expect_number(20, 2, 13, NULL, NULL);
    expect_number(20, 2, 14, "UNKNOWN_VALUE", "report_incident.class");
    expect_number(20, 2, 0, "UNKNOWN_VALUE", "report_incident.class"); /* unspecified is said by leaving it out */
    expect_number(20, 2, UINT64_MAX, "UNKNOWN_VALUE", "report_incident.class");
    expect_number(20, 2, (UINT64_C(1) << 32) + 1, "OUT_OF_RANGE", "report_incident.class"); /* would become 1 */
    struct buffer b = raw_empty();
    raw_number(&b, 1, 1);
    raw_number(&b, 1, 9);
    raw_wrap(&b, 22);
    expect_fault(TO_SERVER, &b, true, "UNKNOWN_VALUE", "list_incidents.states[1]");
    b = raw_empty();
    raw_number(&b, 6, 99); /* a class that only a newer server knows */
    raw_wrap(&b, 21);
    expect_good(TO_CLIENT, &b, false);
}

static void lists(void **state) {
    (void)state;
    for (size_t count = 16; count <= 17; count++)
        for (int packed = 0; packed < 2; packed++) {
            struct buffer b = raw_empty();
            char items[32];
            memset(items, 2, sizeof items);
            if (packed) raw_counted(&b, 1, items, count);
            for (size_t i = 0; !packed && i < count; i++) raw_number(&b, 1, 2);
            raw_wrap(&b, 22);
            if (count == 16)
                expect_good(TO_SERVER, &b, true);
            else
                expect_fault(TO_SERVER, &b, true, "TOO_MANY", "list_incidents.states");
        }
    struct buffer b = raw_empty();
    raw_counted(&b, 1, "\x02\x80", 2); /* packed, torn */
    raw_wrap(&b, 22);
    expect_fault(TO_SERVER, &b, true, "MALFORMED", "list_incidents.states");
    b = raw_empty();
    for (int i = 0; i < 3; i++) raw_counted(&b, 3, i == 2 ? "\x01" : "a", 1);
    raw_wrap(&b, 10);
    expect_fault(TO_SERVER, &b, true, "CONTROL_CHARACTER", "hello.features[2]");
}

static void numbers_of_fields(void **state) {
    (void)state;
    char items[4001];
    memset(items, 2, sizeof items);
    struct buffer b = raw_empty();
    raw_counted(&b, 1, items, 4000); /* with the two tags around it 4,002 */
    raw_wrap(&b, 22);
    expect_fault(TO_SERVER, &b, true, "TOO_MANY_FIELDS", "list_incidents.states");
    b = raw_empty();
    for (int i = 0; i < 4001; i++) raw_counted(&b, 3, "a", 1);
    raw_wrap(&b, 10);
    expect_fault(TO_SERVER, &b, true, "TOO_MANY_FIELDS", "hello.features");
    b = raw_empty();
    for (int i = 0; i < 20000; i++) raw_counted(&b, 9, "", 0);
    expect_good(&liandong__v1__history__descriptor, &b, false);
    b = raw_empty();
    for (int i = 0; i < 200001; i++) raw_counted(&b, 9, "", 0);
    expect_fault(&liandong__v1__history__descriptor, &b, false, "TOO_MANY_FIELDS", "#9");
}

/* Empty sub-messages grow 130 times: the arena's cap is what stops them. */
static void amplification_ends_at_the_cap(void **state) {
    (void)state;
    struct buffer b = raw_empty();
    for (int i = 0; i < 60000; i++) raw_counted(&b, 1, "", 0);
    raw_wrap(&b, 22);
    assert_true(buffer_size(&b) < 130000);
    expect_fault(TO_CLIENT, &b, false, "TOO_LARGE", "");
    b = raw_empty();
    raw_counted(&b, 11, "", 0);
    assert_non_null(buffer_reserve(&b, FRAME_CAP));
    memset(buffer_reserve(&b, FRAME_CAP), 0, FRAME_CAP);
    buffer_grew(&b, FRAME_CAP);
    expect_fault(TO_SERVER, &b, true, "TOO_LARGE", ""); /* judged before it is read */
}

/* A type that holds itself, which ours may never do (proto_test). */
struct deep {
    ProtobufCMessage base;
    struct deep *next;
};
static const ProtobufCMessageDescriptor deep_type;
static const ProtobufCFieldDescriptor deep_fields[] = {{"next", 1, PROTOBUF_C_LABEL_OPTIONAL, PROTOBUF_C_TYPE_MESSAGE,
                                                        0, offsetof(struct deep, next), &deep_type, NULL, 0, 0, NULL,
                                                        NULL}};
static const unsigned deep_names[] = {0};
static const ProtobufCIntRange deep_ranges[] = {{1, 0}, {0, 1}};
static void deep_init(ProtobufCMessage *m) { *(struct deep *)m = (struct deep){{&deep_type, 0, NULL}, NULL}; }
static const ProtobufCMessageDescriptor deep_type = {PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC,
                                                     "Deep",
                                                     "Deep",
                                                     "Deep",
                                                     "",
                                                     sizeof(struct deep),
                                                     1,
                                                     deep_fields,
                                                     deep_names,
                                                     1,
                                                     deep_ranges,
                                                     deep_init,
                                                     NULL,
                                                     NULL,
                                                     NULL};

static void depth(void **state) {
    (void)state;
    for (int levels = 1; levels <= 10000; levels = levels < 12 ? levels + 1 : levels * 7) {
        struct buffer b = raw_empty();
        for (int i = 1; i < levels; i++) raw_wrap(&b, 1);
        if (levels <= 8)
            expect_good(&deep_type, &b, true);
        else
            expect_fault(&deep_type, &b, true, "TOO_DEEP", "next.next.next.next.next.next.next.next");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(malformed_bytes),
        cmocka_unit_test(unknown_fields),
        cmocka_unit_test(a_request_needs_a_body),
        cmocka_unit_test(texts),
        cmocka_unit_test(sizes_of_bytes),
        cmocka_unit_test(numbers),
        cmocka_unit_test(degrees),
        cmocka_unit_test(enums),
        cmocka_unit_test(lists),
        cmocka_unit_test(numbers_of_fields),
        cmocka_unit_test(amplification_ends_at_the_cap),
        cmocka_unit_test(depth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
