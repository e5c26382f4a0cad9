#include "call/sealing.h"
#include "db/contract.h"
#include "envelope.pb-c.h"
#include "rows.h"
#include "support.h"
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPORT  LIANDONG__V1__TO_SERVER__BODY_REPORT_INCIDENT
#define CORRECT LIANDONG__V1__TO_SERVER__BODY_CORRECT_INCIDENT
#define SEARCH  LIANDONG__V1__TO_SERVER__BODY_SEARCH_INCIDENTS
#define NOTE    LIANDONG__V1__TO_SERVER__BODY_NOTE_INCIDENT

static const struct rows_column columns[] = {{"id", TYPE_INT4},      {"purpose", TYPE_TEXT},  {"class", TYPE_TEXT},
                                             {"year", TYPE_INT4},    {"wrapped", TYPE_BYTEA}, {"kek", TYPE_TEXT},
                                             {"current", TYPE_BOOL}, {"changed", TYPE_INT8}};
static uint8_t record[16] = {7}, elsewhere[16] = {8};

/* The table sealing_key as PostgreSQL would hold it. */
struct table {
    PGresult *rows;
    int count;
};
static void put(struct table *t, const struct sealing_made *m, bool current) {
    int row = t->count++;
    rows_int4(t->rows, row, 0, t->count);
    rows_text(t->rows, row, 1, m->purpose);
    rows_text(t->rows, row, 2, m->class);
    rows_int4(t->rows, row, 3, m->year);
    rows_bytes(t->rows, row, 4, m->wrapped, sizeof m->wrapped);
    rows_text(t->rows, row, 5, m->kek);
    rows_bytes(t->rows, row, 6, current ? "\1" : "\0", 1);
    rows_int8(t->rows, row, 7, t->count);
}
/* Makes what is missing, as a server does. */
static void fill(struct sealing *s, struct table *t) {
    char error[512];
    struct sealing_made made;
    if (!t->rows) t->rows = rows_make(columns, 8);
    assert_true(sealing_read(s, t->rows, error, sizeof error));
    while (sealing_make_needed(s)) {
        assert_true(sealing_make(s, &made));
        put(t, &made, true);
        assert_true(sealing_read(s, t->rows, error, sizeof error));
    }
}

static const char *key_file;
static struct sealing sealing;
static struct table table;
static struct arena arena;

static int set_up(void **state) {
    char error[512];
    (void)state;
    key_file = scratch_text("seal.key", "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n");
    arena_init(&arena, 1u << 20);
    if (!sealing_start(&sealing, key_file, error, sizeof error)) return -1;
    fill(&sealing, &table);
    return 0;
}
static int tear_down(void **state) {
    (void)state;
    sealing_free(&sealing);
    PQclear(table.rows);
    arena_free(&arena);
    return 0;
}

static void keys_are_made_once(void **state) {
    (void)state;
    struct sealing_made made;
    assert_int_equal(table.count, 2 * SEALING_CLASSES);
    assert_false(sealing_make_needed(&sealing));
    assert_false(sealing_make(&sealing, &made));
    assert_int_equal(sealing.version, table.count);
}

/* The latest year that has begun; what is not current only opens. */
static void which_key(void **state) {
    (void)state;
    int year = sealing_year();
    const struct sealing_key *now = sealing_current(&sealing, SEALING_PHONE, year);
    assert_non_null(now);
    assert_int_equal(now->year, year);
    assert_ptr_equal(sealing_current(&sealing, SEALING_PHONE, year + 1), now); /* until the new year's is made */
    assert_null(sealing_current(&sealing, SEALING_PHONE, year - 1));
    assert_ptr_not_equal(sealing_current(&sealing, SEALING_NAME, year), now);
}

static void what_needs_what(void **state) {
    (void)state;
    Liandong__V1__ReportIncident report = LIANDONG__V1__REPORT_INCIDENT__INIT;
    Liandong__V1__CorrectIncident correct = LIANDONG__V1__CORRECT_INCIDENT__INIT;
    Liandong__V1__NoteIncident note = LIANDONG__V1__NOTE_INCIDENT__INIT;
    char name[] = "张三", empty[] = "";
    assert_int_equal(sealing_need(REPORT, &report.base), SEALING_NOTHING);
    report.reporter = empty;
    correct.reporter_phone = empty;
    assert_int_equal(sealing_need(REPORT, &report.base), SEALING_NOTHING);
    assert_int_equal(sealing_need(CORRECT, &correct.base), SEALING_NOTHING);
    report.reporter = name;
    correct.reporter_phone = name;
    note.note = name;
    assert_int_equal(sealing_need(REPORT, &report.base), SEALING_BY_REQUEST);
    assert_int_equal(sealing_need(CORRECT, &correct.base), SEALING_BY_NAME);
    assert_int_equal(sealing_need(NOTE, &note.base), SEALING_NOTHING);
}

/* A report goes in sealed; as a record it comes out again, and only as this one. */
static void there_and_back(void **state) {
    (void)state;
    char name[] = "张三", phone[] = "13800000001", content[] = "张三来电", empty[] = "";
    Liandong__V1__ReportIncident report = LIANDONG__V1__REPORT_INCIDENT__INIT;
    report.reporter = name;
    report.reporter_phone = phone;
    report.content = content;
    report.place = empty;
    assert_true(sealing_close(&sealing, REPORT, &report.base, record, &arena));
    assert_true(seal_is_token(report.reporter, strlen(report.reporter), NULL));
    assert_true(seal_is_token(report.reporter_phone, strlen(report.reporter_phone), NULL));
    assert_ptr_equal(report.content, content);
    assert_ptr_equal(report.place, empty);

    Liandong__V1__Incident one = LIANDONG__V1__INCIDENT__INIT, two = LIANDONG__V1__INCIDENT__INIT,
                           *both[] = {&one, &two};
    Liandong__V1__IncidentPage page = LIANDONG__V1__INCIDENT_PAGE__INIT;
    one.has_id = two.has_id = true;
    one.id = (ProtobufCBinaryData){16, record};
    two.id = (ProtobufCBinaryData){16, elsewhere};
    one.reporter = two.reporter = one.content = report.reporter;
    one.reporter_phone = report.reporter_phone;
    two.reporter_phone = phone; /* of before */
    page.incidents = both;
    page.n_incidents = 2;
    sealing_open(&sealing, &page.base, NULL, &arena);
    assert_string_equal(one.reporter, name);
    assert_string_equal(one.reporter_phone, phone);
    assert_ptr_equal(one.content, report.reporter); /* no sealed field: somebody typed that */
    assert_string_equal(two.reporter, SEAL_UNREADABLE);
    assert_string_equal(two.reporter_phone, phone);

    char field[] = "reporter", other[] = "content", mask[] = SEAL_HIDDEN;
    Liandong__V1__HistoryEntry e = LIANDONG__V1__HISTORY_ENTRY__INIT, plain = e, *entries[] = {&e, &plain};
    Liandong__V1__History history = LIANDONG__V1__HISTORY__INIT;
    e.field = field;
    plain.field = other;
    e.old_value = mask;
    e.new_value = plain.new_value = report.reporter;
    history.entries = entries;
    history.n_entries = 2;
    sealing_open(&sealing, &history.base, record, &arena);
    assert_string_equal(e.old_value, SEAL_HIDDEN);
    assert_string_equal(e.new_value, name);
    assert_ptr_equal(plain.new_value, report.reporter);
    e.new_value = report.reporter;
    sealing_open(&sealing, &history.base, NULL, &arena);
    assert_string_equal(e.new_value, SEAL_UNREADABLE);

    Liandong__V1__Status status = LIANDONG__V1__STATUS__INIT;
    Liandong__V1__Conflict conflict = LIANDONG__V1__CONFLICT__INIT, *conflicts[] = {&conflict};
    conflict.field = field;
    conflict.theirs = report.reporter;
    status.conflicts = conflicts;
    status.n_conflicts = 1;
    sealing_open_conflicts(&sealing, &status, 0, record, &arena);
    assert_string_equal(conflict.theirs, name);
    assert_null(conflict.yours);
}

static void telephone_numbers(void **state) {
    (void)state;
    char phone[] = "138 0000 0001", text[] = "+86-13800000001";
    Liandong__V1__ReportIncident report = LIANDONG__V1__REPORT_INCIDENT__INIT;
    Liandong__V1__SearchIncidents search = LIANDONG__V1__SEARCH_INCIDENTS__INIT;
    assert_null(sealing_marks(&sealing, REPORT, &report.base, &arena).phone_index);
    report.reporter_phone = phone;
    search.text = text;
    const uint8_t *one = sealing_marks(&sealing, REPORT, &report.base, &arena).phone_index,
                  *other = sealing_marks(&sealing, SEARCH, &search.base, &arena).phone_index;
    assert_non_null(one);
    assert_non_null(other);
    assert_memory_equal(one, other, SEAL_MARK_SIZE);
    static const char *const no_numbers[] = {"", "138000", "烧烤 13800000001", "13800000001a", "１３８", "~1.00000001"};
    for (size_t i = 0; i < sizeof no_numbers / sizeof *no_numbers; i++) {
        search.text = (char *)(uintptr_t)no_numbers[i];
        assert_null(sealing_marks(&sealing, SEARCH, &search.base, &arena).phone_index);
    }
    search.text = (char *)(uintptr_t) "１３８００００";
    assert_non_null(sealing_marks(&sealing, SEARCH, &search.base, &arena).phone_index);
}

static struct mapping_marks marks_of_place(const char *place) {
    Liandong__V1__CorrectIncident m = LIANDONG__V1__CORRECT_INCIDENT__INIT;
    m.place = (char *)(uintptr_t)place;
    return sealing_marks(&sealing, CORRECT, &m.base, &arena);
}
static uint32_t word_at(const uint8_t *bytes, size_t n) {
    uint32_t big;
    memcpy(&big, bytes + 4 * n, sizeof big);
    return be32toh(big);
}

/* One place however it is written; its pairs are those of its words, of each once and in no order of the text. */
static void places(void **state) {
    (void)state;
    struct mapping_marks none = marks_of_place(""), one = marks_of_place("书院路 １２号B座"),
                         same = marks_of_place("书院路12号b座 "), other = marks_of_place("书院路13号b座");
    assert_null(none.place_index);
    assert_int_equal(none.place_pairs_size, 0);
    assert_memory_equal(one.place_index, same.place_index, SEAL_MARK_SIZE);
    assert_memory_not_equal(one.place_index, other.place_index, SEAL_MARK_SIZE);
    assert_int_equal(one.place_pairs_size, 4 * 7);
    assert_memory_equal(one.place_pairs, same.place_pairs, 4 * 7);
    for (size_t i = 1; i < 7; i++) assert_true(word_at(one.place_pairs, i - 1) < word_at(one.place_pairs, i));
    assert_int_equal(marks_of_place("号").place_pairs_size, 0);
    assert_int_equal(marks_of_place("号号号号").place_pairs_size, 4);

    Liandong__V1__SearchIncidents search = LIANDONG__V1__SEARCH_INCIDENTS__INIT;
    search.text = (char *)(uintptr_t) " 书院　1  12号";
    struct mapping_marks words = sealing_marks(&sealing, SEARCH, &search.base, &arena);
    assert_int_equal(words.place_pairs_size, 4 * (1 + 1 + 1 + 1 + 2));
    assert_int_equal(word_at(words.place_pairs, 0), 1);
    assert_int_equal(word_at(words.place_pairs, 2), 0);
    assert_int_equal(word_at(words.place_pairs, 3), 2);
    for (size_t i = 0; i < 3; i++) {
        uint32_t pair = word_at(words.place_pairs, (size_t[]){1, 4, 5}[i]);
        bool found = false;
        for (size_t j = 0; j < 7; j++) found = found || word_at(one.place_pairs, j) == pair;
        assert_true(found);
    }
}

/* Pairs of a text longer than what is worked out at once are those of its parts. */
static void long_places(void **state) {
    (void)state;
    char text[401] = "";
    for (int i = 0; i < 100; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%c%c号", 'a' + i % 26, 'a' + i / 26);
    struct mapping_marks whole = marks_of_place(text);
    for (size_t at = 0; at + 5 <= strlen(text); at += 5) {
        char part[6] = "";
        memcpy(part, text + at, 5);
        struct mapping_marks small = marks_of_place(part);
        bool found = false;
        assert_int_equal(small.place_pairs_size, 8);
        for (size_t j = 0; j < whole.place_pairs_size / 4; j++)
            found = found || word_at(whole.place_pairs, j) == word_at(small.place_pairs, 0);
        assert_true(found);
    }
}

/* To the feed: the place, no reporter; a key that this node does not have is read first, once. */
static void told_to_the_feed(void **state) {
    (void)state;
    char place[] = "书院路12号", name[] = "张三", text[256], error[512], lost[256];
    Liandong__V1__ReportIncident m = LIANDONG__V1__REPORT_INCIDENT__INIT;
    m.place = place;
    m.reporter = name;
    assert_true(sealing_close(&sealing, REPORT, &m.base, record, &arena));
    size_t size = strlen(m.place);
    assert_int_equal(sealing_tell(&sealing, "place", record, m.place, size, text), MASK_OPEN);
    assert_string_equal(text, "书院路12号");
    assert_int_equal(sealing_tell(&sealing, "reporter", record, m.reporter, strlen(m.reporter), text), MASK_HIDDEN);
    assert_int_equal(sealing_tell(&sealing, "content", record, m.place, size, text), MASK_PLAIN);
    assert_int_equal(sealing_tell(&sealing, "place", elsewhere, m.place, size, text), MASK_OPEN);
    assert_string_equal(text, SEAL_UNREADABLE);
    memcpy(lost, m.place, size + 1);
    memcpy(lost + 3, "0000ffff", 8);
    assert_false(sealing.wanted);
    for (int i = 0; i < 2; i++) assert_int_equal(sealing_tell(&sealing, "place", record, lost, size, text), MASK_LATER);
    assert_true(sealing.wanted);
    assert_true(sealing_read(&sealing, table.rows, error, sizeof error));
    assert_int_equal(sealing_tell(&sealing, "place", record, lost, size, text), MASK_OPEN);
    assert_string_equal(text, SEAL_UNREADABLE);
    assert_false(sealing.wanted);
}

/* The newest key must open, or nothing changes; an older one that does not is left out. */
static void keys_of_others(void **state) {
    (void)state;
    char error[512];
    struct sealing other;
    struct table theirs = {NULL, 0};
    const char *file = scratch_text("other.key", "ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n");
    assert_true(sealing_start(&other, file, error, sizeof error));
    fill(&other, &theirs);
    assert_false(sealing_read(&sealing, theirs.rows, error, sizeof error));
    assert_non_null(strstr(error, key_file));
    assert_int_equal(sealing.version, table.count);
    assert_non_null(sealing_current(&sealing, SEALING_NAME, sealing_year()));
    sealing_free(&other);
    PQclear(theirs.rows);

    struct table mixed = {PQcopyResult(table.rows, PG_COPYRES_TUPLES | PG_COPYRES_ATTRS), table.count};
    for (int row = 0; row < mixed.count; row++) /* the first data key: another's */
        if (strcmp(PQgetvalue(mixed.rows, row, 1), "data") == 0) {
            rows_text(mixed.rows, row, 5, "0000000000000000");
            break;
        }
    assert_true(sealing_start(&other, key_file, error, sizeof error));
    assert_true(sealing_read(&other, mixed.rows, error, sizeof error));
    assert_int_equal(HASH_COUNT(other.keys), SEALING_CLASSES - 1);
    assert_true(sealing_make_needed(&other));
    sealing_free(&other);
    PQclear(mixed.rows);
}

static bool read_once(void *arg) {
    char error[512];
    struct sealing s;
    (void)arg;
    if (!sealing_start(&s, key_file, error, sizeof error)) return false;
    bool good = sealing_read(&s, table.rows, error, sizeof error) && !sealing_make_needed(&s);
    sealing_free(&s);
    return good;
}
static void without_memory(void **state) {
    (void)state;
    assert_true(each_allocation_fails(read_once, NULL, true) > 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(keys_are_made_once), cmocka_unit_test(which_key),
                                       cmocka_unit_test(what_needs_what),    cmocka_unit_test(there_and_back),
                                       cmocka_unit_test(telephone_numbers),  cmocka_unit_test(places),
                                       cmocka_unit_test(long_places),        cmocka_unit_test(told_to_the_feed),
                                       cmocka_unit_test(keys_of_others),     cmocka_unit_test(without_memory)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
