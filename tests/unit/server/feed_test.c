/* The feed's pure parts: cursor, event, ring and its lanes, filter. */
#include "common/frame.h"
#include "common/wire.h"
#include "db/contract.h"
#include "envelope.pb-c.h"
#include "feed/event.h"
#include "feed/ring.h"
#include "feed/watcher_filter.h"
#include "rows.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const uint8_t key[CURSOR_KEY_SIZE] = "0123456789abcde";

static void test_cursor_is_opaque_and_whole(void **state) {
    (void)state;
    struct cursor_key *k = cursor_key_make(key);
    uint8_t a[CURSOR_SIZE], b[CURSOR_SIZE];
    for (uint64_t seq = 0; seq < 1000; seq++) {
        cursor_seal(k, (struct cursor){seq, seq * 7}, a);
        struct cursor c = cursor_open(k, a);
        assert_true(c.seq == seq && c.mark == seq * 7);
    }
    cursor_seal(k, (struct cursor){1, 0}, a);
    cursor_seal(k, (struct cursor){2, 0}, b);
    int same = 0;
    for (int i = 0; i < CURSOR_SIZE; i++) same += a[i] == b[i];
    assert_true(same < 6); /* neighbours look unrelated: one cannot count by them */
    a[3] ^= 1;
    assert_true(cursor_open(k, a).seq > 1000000);
    cursor_key_free(k);
}

/* ---- events */

static const struct rows_column feed_columns[] = {{"seq", TYPE_INT8},
                                                  {"at", TYPE_TIMESTAMPTZ},
                                                  {"kind", TYPE_TEXT},
                                                  {"entity", TYPE_UUID},
                                                  {"no", TYPE_TEXT},
                                                  {"version", TYPE_INT4},
                                                  {"state", TYPE_INT2},
                                                  {"class", TYPE_INT2},
                                                  {"level", TYPE_INT2},
                                                  {"office", TYPE_TEXT},
                                                  {"office_name", TYPE_TEXT},
                                                  {"officer", TYPE_TEXT},
                                                  {"title", TYPE_TEXT},
                                                  {"changed", TYPE_TEXT_ARRAY},
                                                  {"old_values", TYPE_TEXT_ARRAY},
                                                  {"new_values", TYPE_TEXT_ARRAY},
                                                  {"note", TYPE_TEXT},
                                                  {"threats", TYPE_INT2_ARRAY},
                                                  {"repeat_count", TYPE_INT4},
                                                  {"act", TYPE_BYTEA},
                                                  {"audience", TYPE_INT4_ARRAY},
                                                  {"actor", TYPE_INT4},
                                                  {"hash", TYPE_BYTEA},
                                                  {"num", TYPE_INT8},
                                                  {"origin", TYPE_INT4},
                                                  {"sensitivity", TYPE_INT2},
                                                  {"was", TYPE_INT2},
                                                  {"subject", TYPE_INT8},
                                                  {"named", TYPE_INT8_ARRAY},
                                                  {"area", TYPE_INT4},
                                                  {"area_was", TYPE_INT4}};
#define FEED_COLUMNS (int)(sizeof feed_columns / sizeof *feed_columns)

static PGresult *one_event(const char *kind, const void *act, int act_size) {
    PGresult *r = rows_make(feed_columns, FEED_COLUMNS);
    const char *changed[] = {"state", "dispatched_to"}, *old_values[] = {"1", NULL}, *new_values[] = {"2", "李警官"};
    rows_int8(r, 0, 0, 41);
    rows_int8(r, 0, 1, 0);
    rows_text(r, 0, 2, kind);
    rows_bytes(r, 0, 3, "0123456789abcdef", 16);
    rows_text(r, 0, 4, "JQ-2026-000041");
    rows_int4(r, 0, 5, 3);
    rows_int2(r, 0, 6, 2);
    rows_int2(r, 0, 7, 8);
    rows_int2(r, 0, 8, 1);
    rows_text(r, 0, 9, "YTP");
    rows_text(r, 0, 10, "岳塘派出所");
    rows_text(r, 0, 11, "王警官");
    rows_text(r, 0, 12, "书院路 扬言放火");
    rows_texts(r, 0, 13, changed, 2);
    rows_texts(r, 0, 14, old_values, 2);
    rows_texts(r, 0, 15, new_values, 2);
    rows_null(r, 0, 16);
    rows_null(r, 0, 17);
    rows_null(r, 0, 18);
    rows_bytes(r, 0, 19, act, act_size);
    rows_int4s(r, 0, 20, (const int32_t[]){3, 5}, 2);
    rows_int4(r, 0, 21, 70000);
    rows_bytes(r, 0, 22, "hash567890123456789012345678901", 32);
    rows_int8(r, 0, 23, 2026000000041);
    rows_int4(r, 0, 24, 3);
    rows_int2(r, 0, 25, 1);
    for (int column = 26; column < FEED_COLUMNS; column++) rows_null(r, 0, column);
    return r;
}

static Liandong__V1__ToClient *open_frame(const struct event *e, struct arena *arena) {
    struct frame f;
    struct wire_fault fault;
    assert_int_equal(frame_look(e->frame, e->frame_size, FRAME_CAP, &f), FRAME_WHOLE);
    assert_int_equal(f.need, e->frame_size);
    ProtobufCMessage *m =
        wire_unpack(&liandong__v1__to_client__descriptor, f.payload, f.payload_size, true, arena, &fault);
    if (!m) fail_msg("%s %s", fault.reason, fault.field);
    return (Liandong__V1__ToClient *)(void *)m;
}

static enum mask_opened open_nothing(void *arg, const char *field, const uint8_t *record, const char *token,
                                     size_t size, char *text) {
    (void)arg, (void)field, (void)record, (void)token, (void)size, (void)text;
    return MASK_PLAIN;
}

static void test_event_becomes_a_frame(void **state) {
    (void)state;
    struct cursor_key *k = cursor_key_make(key);
    struct arena arena;
    struct event e;
    PGresult *r = one_event("dispatch_incident", "ignored", 7);
    arena_init(&arena, 1 << 20);
    assert_true(event_read(&e, r, 0, &(struct event_keys){k, {open_nothing, NULL}}, &arena));
    assert_int_equal(e.audience_count, 2);
    assert_int_equal(e.audience[1], 5);
    assert_int_equal(e.face.kind, LIANDONG__V1__TO_SERVER__BODY_DISPATCH_INCIDENT);
    assert_int_equal(e.face.office, 70000);
    memcpy((uint8_t *)(uintptr_t)e.frame + e.prev_at, "prev567890123456", CURSOR_SIZE);
    const Liandong__V1__Delivery *d = open_frame(&e, &arena)->delivery;
    assert_memory_equal(d->prev.data, "prev567890123456", CURSOR_SIZE);
    assert_true(cursor_open(k, d->cursor.data).seq == 41);
    assert_string_equal(d->event->title, "书院路 扬言放火");
    assert_int_equal(d->event->n_changes, 2);
    assert_null(d->event->changes[1]->old_value);
    assert_string_equal(d->event->changes[1]->new_value, "李警官");
    assert_null(d->event->report);
    PQclear(r);
    arena_free(&arena);
    cursor_key_free(k);
}

static void test_report_travels_whole(void **state) {
    (void)state;
    struct cursor_key *k = cursor_key_make(key);
    struct arena arena;
    struct event e;
    uint8_t act[9000];
    Liandong__V1__ReportIncident m = LIANDONG__V1__REPORT_INCIDENT__INIT;
    char content[8001];
    memset(content, 'x', 8000);
    content[8000] = '\0';
    m.content = content;
    size_t n = liandong__v1__report_incident__pack(&m, act);
    PGresult *r = one_event("report_incident", act, (int)n);
    arena_init(&arena, 1 << 20);
    assert_true(event_read(&e, r, 0, &(struct event_keys){k, {open_nothing, NULL}}, &arena));
    const Liandong__V1__Delivery *d = open_frame(&e, &arena)->delivery;
    assert_string_equal(d->event->report->content, content);
    PQclear(r);
    arena_free(&arena);
    cursor_key_free(k);
}

/* ---- ring: against a plain list of everything ever appended */

#define MODEL_EVENTS 20000
static struct {
    uint32_t size;
    int32_t audience[3];
    uint32_t count;
} model[MODEL_EVENTS + 1];

static uint32_t next_random(uint32_t *s) {
    *s ^= *s << 13;
    *s ^= *s >> 17;
    *s ^= *s << 5;
    return *s;
}

static void check_lane(const struct ring *ring, struct lane *lane) {
    uint64_t position = lane->first;
    for (uint64_t seq = ring->first; seq <= ring->head; seq++)
        for (uint32_t i = 0; i < model[seq].count; i++) {
            if (model[seq].audience[i] != lane->office) continue;
            assert_true(position < lane->next);
            assert_true(lane_seq(lane, position) == seq);
            assert_true(lane_after(lane, seq) == position + 1);
            assert_true(lane_after(lane, seq - 1) == position);
            position++;
        }
    assert_true(position == lane->next);
}

static void check_frames(const struct ring *ring) {
    for (uint64_t seq = ring->first; seq <= ring->head; seq++) {
        const struct ring_event *e = ring_get(ring, seq);
        const uint8_t *frame = ring_frame(ring, e);
        assert_int_equal(e->frame_size, model[seq].size);
        for (uint32_t i = 0; i < e->frame_size; i++) assert_int_equal(frame[i], (uint8_t)(seq + i));
    }
}

static void test_ring_keeps_the_newest_whole(void **state) {
    (void)state;
    struct ring ring;
    uint32_t seed = 20221028;
    static uint8_t bytes[40000];
    assert_true(ring_init(&ring, 65536));
    for (uint64_t seq = 1; seq <= MODEL_EVENTS; seq++) {
        struct event e = {.seq = seq, .frame = bytes};
        model[seq].size = e.frame_size = 1 + next_random(&seed) % (seq % 100 == 0 ? 20000 : 900);
        model[seq].count = e.audience_count = next_random(&seed) % 4;
        for (uint32_t i = 0; i < e.audience_count; i++) model[seq].audience[i] = (int32_t)((seq + i) % 7);
        for (uint32_t i = 0; i < e.frame_size; i++) bytes[i] = (uint8_t)(seq + i);
        e.audience = model[seq].audience;
        bool fits = e.frame_size + e.audience_count * 4 <= 65536 / 4;
        if (seq == 100) assert_non_null(ring_lane(&ring, 2));  /* one that comes early, */
        if (seq == 9000) assert_non_null(ring_lane(&ring, 3)); /* one that comes late */
        assert_int_equal(ring_append(&ring, &e, NULL, NULL), fits);
        if (!fits) {
            assert_true(ring.first == seq + 1 && ring.head == seq);
            continue;
        }
        if (seq % 97) continue;
        check_frames(&ring);
        for (struct lane *l = ring.lanes; l; l = l->hh.next) check_lane(&ring, l);
    }
    ring_free(&ring);
}

static int touches;
static void on_touched(void *arg, struct lane *lane) {
    (void)arg;
    touches += lane->office == 5;
}

/* Whoever waits for an event that did not fit must find that it missed one. */
static void test_what_does_not_fit_is_not_passed_over(void **state) {
    (void)state;
    struct ring ring;
    static uint8_t bytes[65536];
    const int32_t audience[] = {5};
    assert_true(ring_init(&ring, 65536));
    struct lane *lane = ring_lane(&ring, 5);
    struct event small = {.seq = 1, .frame = bytes, .frame_size = 100, .audience = audience, .audience_count = 1};
    struct event large = {.seq = 2, .frame = bytes, .frame_size = 60000, .audience = audience, .audience_count = 1};
    touches = 0;
    assert_true(ring_append(&ring, &small, on_touched, NULL));
    uint64_t caught_up = lane->next;
    assert_false(ring_append(&ring, &large, on_touched, NULL));
    assert_int_equal(touches, 2);
    assert_true(caught_up < lane->first);
    ring_free(&ring);
}

/* ---- filter */

static void test_filter(void **state) {
    (void)state;
    struct watcher_filter *f;
    const char *fault;
    Liandong__V1__FeedFilter m = LIANDONG__V1__FEED_FILTER__INIT;
    char *kinds[] = {(char[]){"report_incident"}}, *offices[] = {(char[]){"xcs"}, (char[]){"ytp"}};
    const int32_t ids[] = {3, 70000};
    Liandong__V1__IncidentClass classes[] = {LIANDONG__V1__INCIDENT_CLASS__INCIDENT_CLASS_EXTREME_THREAT};
    struct event_face face = {LIANDONG__V1__TO_SERVER__BODY_REPORT_INCIDENT, 8, 1, 70000, 1}, other = face;
    assert_true(watcher_filter_make(&f, &m, ids, &fault));
    assert_null(f);
    m.kinds = kinds, m.n_kinds = 1;
    m.classes = classes, m.n_classes = 1;
    m.offices = offices, m.n_offices = 2;
    m.has_level_at_least = true, m.level_at_least = LIANDONG__V1__INCIDENT_LEVEL__INCIDENT_LEVEL_URGENT;
    assert_true(watcher_filter_make(&f, &m, ids, &fault));
    assert_true(watcher_filter_passes(f, &face));
    other.kind = LIANDONG__V1__TO_SERVER__BODY_NOTE_INCIDENT;
    assert_false(watcher_filter_passes(f, &other));
    other = face, other.class = 6;
    assert_false(watcher_filter_passes(f, &other));
    other = face, other.level = 3;
    assert_false(watcher_filter_passes(f, &other));
    other = face, other.level = 0;
    assert_false(watcher_filter_passes(f, &other));
    other = face, other.office = 7;
    assert_false(watcher_filter_passes(f, &other));
    free(f);
    Liandong__V1__FeedFilter disputes = LIANDONG__V1__FEED_FILTER__INIT;
    Liandong__V1__RecordType kind = LIANDONG__V1__RECORD_TYPE__RECORD_TYPE_DISPUTE;
    disputes.records = &kind, disputes.n_records = 1;
    assert_true(watcher_filter_make(&f, &disputes, NULL, &fault));
    assert_false(watcher_filter_passes(f, &face));
    other = face, other.record = (int16_t)kind;
    assert_true(watcher_filter_passes(f, &other));
    free(f);
    kinds[0] = (char[]){"no_such_request"};
    assert_false(watcher_filter_make(&f, &m, ids, &fault));
    assert_string_equal(fault, "no_such_request");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cursor_is_opaque_and_whole),
        cmocka_unit_test(test_event_becomes_a_frame),
        cmocka_unit_test(test_report_travels_whole),
        cmocka_unit_test(test_ring_keeps_the_newest_whole),
        cmocka_unit_test(test_what_does_not_fit_is_not_passed_over),
        cmocka_unit_test(test_filter),
    };
    return cmocka_run_group_tests_name("feed", tests, NULL, NULL);
}
