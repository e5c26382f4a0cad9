#include "client/import_key.h"
#include "client/import_map.h"
#include "client/language.h"
#include "incident.pb-c.h"
#include "support.h"
#include <string.h>

static struct arena arena;
static struct value_error error;
static struct csv csv;
static Liandong__V1__ReportIncident report;

static void row(const char *line) {
    csv_close(&csv);
    assert_true(csv_open(&csv, line, strlen(line), ','));
    assert_int_equal(csv_next(&csv), CSV_RECORD);
}

static bool apply(const struct import_map *map, const char *line) {
    row(line);
    liandong__v1__report_incident__init(&report);
    return import_map_apply(map, &csv, &report.base, &arena, &error);
}

static void real_calls(void **state) {
    (void)state;
    struct import_map map;
    import_map_init(&map);
    assert_true(import_map_columns(&map, "latitude=1,longitude=2,content=3,class=3,occurred_at=4,place=5+6", NULL,
                                   &arena, &error));
    assert_true(import_map_classes(&map, "EMS=emergency-help,Fire=灾害事故,Traffic=traffic,traffic: veh=criminal",
                                   &arena, &error));
    assert_true(import_map_constant(&map, "source=transfer", &arena, &error));
    assert_true(import_map_zone(&map, "-05:00", &error));
    assert_true(apply(
        &map, "40.0883549,-75.3821004,EMS: ABDOMINAL PAINS,2016-01-15 12:01,UPPER MERION,DEKALB PIKE & ALLENDALE RD"));
    assert_int_equal(report.class_, LIANDONG__V1__INCIDENT_CLASS__INCIDENT_CLASS_EMERGENCY_HELP);
    assert_int_equal(report.source, LIANDONG__V1__INCIDENT_SOURCE__INCIDENT_SOURCE_TRANSFER);
    assert_string_equal(report.content, "EMS: ABDOMINAL PAINS");
    assert_string_equal(report.place, "UPPER MERION DEKALB PIKE & ALLENDALE RD");
    assert_int_equal(report.occurred_at, INT64_C(1452877260000)); /* 2016-01-15T17:01Z */
    assert_true(report.longitude < -75.38 && report.longitude > -75.39);
    assert_true(apply(&map, "1,2,FIRE ALARM,2016/01/15 12:01,,  X  "));
    assert_int_equal(report.class_, LIANDONG__V1__INCIDENT_CLASS__INCIDENT_CLASS_DISASTER);
    assert_string_equal(report.place, "X");
    assert_true(apply(&map, "1,2,Traffic: VEHICLE,2016-01-15T12:01:00Z,A,B")); /* the longest beginning; its own zone */
    assert_int_equal(report.class_, LIANDONG__V1__INCIDENT_CLASS__INCIDENT_CLASS_CRIMINAL);
    assert_int_equal(report.occurred_at, INT64_C(1452859260000));
}

static void bad_rows(void **state) {
    (void)state;
    struct import_map map;
    import_map_init(&map);
    assert_true(import_map_columns(&map, "class=1,occurred_at=2,content=3,mass_count=4", NULL, &arena, &error));
    assert_true(apply(&map, "tip,2016-01-15 12:01,x,"));
    assert_false(report.has_mass_count);
    static const char *const bad[] = {"ufo,2016-01-15 12:01,x,",
                                      "tip,20:15,x,",
                                      "tip,10m,x,",
                                      "tip,now,x,",
                                      "tip,2016-13-01,x,",
                                      "tip,2016-01-15 12:01,x",
                                      "tip,2016-01-15 12:01,x,many"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        error.text[0] = '\0';
        if (apply(&map, bad[i])) fail_msg("\"%s\" was accepted", bad[i]);
        assert_true(strlen(error.text) > 0);
    }
    map.default_class = "consult";
    assert_true(apply(&map, "ufo,2016-01-15 12:01,x,"));
    assert_int_equal(report.class_, LIANDONG__V1__INCIDENT_CLASS__INCIDENT_CLASS_CONSULT);
    assert_true(apply(&map, ",2016-01-15 12:01,x,"));
    assert_int_equal(report.class_, LIANDONG__V1__INCIDENT_CLASS__INCIDENT_CLASS_CONSULT);
}

static void columns_by_name(void **state) {
    (void)state;
    struct import_map map;
    import_map_init(&map);
    row("时间,Street,备注");
    assert_true(import_map_columns(&map, "# a comment\n内容 = 备注\nplace=street+1\n", &csv, &arena, &error));
    assert_int_equal(map.count, 2);
    assert_int_equal(map.fields[0].columns[0], 2);
    assert_int_equal(map.fields[1].columns[0], 1);
    assert_int_equal(map.fields[1].columns[1], 0);
    assert_false(import_map_columns(&map, "reporter=stret", &csv, &arena, &error));
    assert_non_null(strstr(error.text, "Street"));
}

static void bad_maps(void **state) {
    (void)state;
    static const char *const bad[] = {"place",   "place=",          "plaec=1",  "place=0", "place=513",
                                      "place=x", "place=1,place=2", "place=1+", "=1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct import_map map;
        import_map_init(&map);
        bool good = import_map_columns(&map, bad[i], NULL, &arena, &error);
        if (strcmp(bad[i], "place=1+") == 0)
            assert_true(good); /* a plus too many is no harm */
        else if (good)
            fail_msg("\"%s\" was accepted", bad[i]);
    }
    struct import_map map;
    import_map_init(&map);
    assert_false(import_map_constant(&map, "source=ufo", &arena, &error));
    assert_false(import_map_constant(&map, "source", &arena, &error));
    assert_false(import_map_classes(&map, "EMS=ufo", &arena, &error));
    assert_false(import_map_classes(&map, "EMS", &arena, &error));
    static const char *const zones[] = {"", "+8", "08:00", "+25:00", "+08:60", "+08:00x", "EST"};
    for (size_t i = 0; i < sizeof zones / sizeof *zones; i++) assert_false(import_map_zone(&map, zones[i], &error));
    assert_true(import_map_zone(&map, "+05:30", &error));
    assert_int_equal(map.zone_ms, 19800000);
}

static void key(struct import_keys *keys, const char *line, uint8_t out[UUID_SIZE]) {
    row(line);
    assert_true(import_keys_next(keys, &csv, out));
    assert_int_equal(out[6] >> 4, 8);
    assert_int_equal(out[8] >> 6, 2);
}

static void keys_are_the_rows_own(void **state) {
    (void)state;
    struct import_keys first, second, other;
    uint8_t a[UUID_SIZE], b[UUID_SIZE], a2[UUID_SIZE], again[UUID_SIZE], elsewhere[UUID_SIZE];
    import_keys_init(&first, "ytp");
    import_keys_init(&second, "ytp");
    import_keys_init(&other, "xcp");
    key(&first, "1,x", a);
    key(&first, "2,y", b);
    key(&first, "1,x", a2); /* the second row like it is another call */
    assert_memory_not_equal(a, b, UUID_SIZE);
    assert_memory_not_equal(a, a2, UUID_SIZE);
    key(&second, "2,y", again); /* in another order, quoted differently */
    assert_memory_equal(again, b, UUID_SIZE);
    key(&second, "\"1\",\"x\"", again);
    assert_memory_equal(again, a, UUID_SIZE);
    key(&second, "1,x", again);
    assert_memory_equal(again, a2, UUID_SIZE);
    key(&second, "1x,", again); /* cells don't run together */
    assert_memory_not_equal(again, a, UUID_SIZE);
    key(&other, "1,x", elsewhere); /* another office's call is its own */
    assert_memory_not_equal(elsewhere, a, UUID_SIZE);
    import_keys_free(&first);
    import_keys_free(&second);
    import_keys_free(&other);
}

/* More rows than the table begins with; the counts survive its growth. */
static void many_rows(void **state) {
    (void)state;
    struct import_keys keys;
    uint8_t first[UUID_SIZE], second[UUID_SIZE], once_more[UUID_SIZE];
    char line[32];
    import_keys_init(&keys, "ytp");
    key(&keys, "again", first);
    for (int i = 0; i < 5000; i++) {
        snprintf(line, sizeof line, "row,%d", i);
        key(&keys, line, second);
    }
    key(&keys, "again", once_more);
    assert_memory_not_equal(first, once_more, UUID_SIZE);
    assert_int_equal(keys.used, 5001);
    import_keys_free(&keys);
}

static bool one_key(void *arg) {
    struct import_keys keys;
    uint8_t out[UUID_SIZE];
    import_keys_init(&keys, "ytp");
    bool good = import_keys_next(&keys, arg, out);
    import_keys_free(&keys);
    return good;
}

static void fails_softly_without_memory(void **state) {
    (void)state;
    row("1,x");
    each_allocation_fails(one_key, &csv, false);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(real_calls),
                                       cmocka_unit_test(bad_rows),
                                       cmocka_unit_test(columns_by_name),
                                       cmocka_unit_test(bad_maps),
                                       cmocka_unit_test(keys_are_the_rows_own),
                                       cmocka_unit_test(many_rows),
                                       cmocka_unit_test(fails_softly_without_memory)};
    language_start("zh");
    arena_init(&arena, 16 << 20);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    csv_close(&csv);
    arena_free(&arena);
    return failed;
}
