#include "directory_file.h"
#include "certificates.h"
#include "support.h"
#include <stdlib.h>
#include <string.h>

#define KEY_A  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define KEY_B  "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define OFFICE "[office ytp]\nname = 岳塘派出所\nsystem = police\nkind = station\n"
#define DEVICE "[device d1]\noffice = ytp\nrole = duty\n"

/* Judges `text`; what was complained about is in *complaints (to be freed). */
static bool judge(struct directory_file *f, const char *text, size_t size, char **complaints) {
    const char *path = scratch_path("complaints.txt");
    FILE *out = fopen(path, "w");
    char *copy = malloc(size + 1);
    assert_true(out && copy);
    memcpy(copy, text, size);
    copy[size] = '\0';
    bool good = directory_file_judge(f, "x.ini", copy, size, out);
    f->text = copy;
    fclose(out);
    *complaints = read_text(path);
    assert_true(good == ((*complaints)[0] == '\0'));
    return good;
}

static void test_good(void **state) {
    static const char text[] =
        "\xef\xbb\xbf; 示范区\r\n" OFFICE
        "[office yts] # 司法所\nname=岳塘司法所\nsystem=judicial\nkind=judicial_office\nparent = ytsf\n"
        "[pairing ytp yts]\nsince = 2019-08-01\n" DEVICE "key = " KEY_A
        "\nrevoked = yes\n[device d2]\noffice=ytp\nofficer = 张;建国\nrole=chief\nkey=" KEY_B;
    struct directory_file f;
    char *complaints;
    (void)state;
    assert_true(judge(&f, text, sizeof text - 1, &complaints));
    assert_int_equal(f.count[DIRECTORY_OFFICE], 2);
    assert_int_equal(f.count[DIRECTORY_PAIRING], 1);
    assert_int_equal(f.count[DIRECTORY_DEVICE], 2);
    const struct directory_entry *office = f.first[DIRECTORY_OFFICE], *pairing = f.first[DIRECTORY_PAIRING],
                                 *device = f.first[DIRECTORY_DEVICE];
    assert_string_equal(office->name, "ytp");
    assert_string_equal(office->value[OFFICE_SYSTEM], "1");
    assert_null(office->value[OFFICE_PARENT]);
    assert_string_equal(office->next->value[OFFICE_KIND], "judicial");
    assert_string_equal(pairing->value[PAIRING_STATION], "ytp");
    assert_string_equal(pairing->value[PAIRING_JUDICIAL], "yts");
    assert_null(pairing->value[PAIRING_UNTIL]);
    assert_string_equal(device->value[DEVICE_KEY], "\\x" KEY_A);
    assert_string_equal(device->value[DEVICE_REVOKED], "t");
    assert_string_equal(device->value[DEVICE_OFFICER], "d1");
    assert_string_equal(device->next->value[DEVICE_OFFICER], "张;建国");
    assert_string_equal(device->next->value[DEVICE_REVOKED], "f");
    free(complaints);
    directory_file_release(&f);
}

/* Each fault is named with its line. */
static void test_faults(void **state) {
    static const struct {
        const char *text, *line;
    } cases[] = {
        {"", ":1"},
        {"; nothing\n", ":1"},
        {"name = x\n", ":1"},
        {"[office]\n", ":1"},
        {"[office YTP]\n", ":1"},
        {"[office a b]\n", ":1"},
        {"[pairing a]\n", ":1"},
        {"[pairing a b c d]\n", ":1"},
        {"[court x]\n", ":1"},
        {"[office ytp\n", ":1"},
        {"[]\n", ":1"},
        {"[office ytp]\nname = x\n", ":1"},
        {OFFICE "nonsense = 1\n", ":5"},
        {OFFICE "name = twice\n", ":5"},
        {OFFICE "just words\n", ":5"},
        {OFFICE "parent = Ä\n", ":5"},
        {OFFICE OFFICE, ":5"},
        {OFFICE "name", ":5"},
        {"[office ytp]\nname = x\nsystem = navy\nkind = station\n", ":3"},
        {OFFICE "[pairing ytp yts]\nsince = 2019-02-29\n", ":6"},
        {OFFICE "[pairing ytp yts]\nsince = 2019-8-1\n", ":6"},
        {OFFICE "[pairing a b]\n[pairing a b]\n", ":6"},
        {DEVICE, ":1"},
        {DEVICE "key = " KEY_A "\ncertificate = x.crt\n", ":1"},
        {DEVICE "key = " KEY_A "0\n", ":4"},
        {DEVICE "key = g\n", ":4"},
        {DEVICE "certificate = no-such-file.crt\n", ":1"},
        {DEVICE "key = " KEY_A "\nrevoked = perhaps\n", ":5"},
        {DEVICE "key = " KEY_A "\n[device d2]\noffice = ytp\nrole = duty\nkey = " KEY_A "\n", ":5"},
        {"[office ytp]\nname = a\x1b[31m\nsystem = police\nkind = station\n", ":2"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct directory_file f;
        char *complaints;
        assert_false(judge(&f, cases[i].text, strlen(cases[i].text), &complaints));
        if (!strstr(complaints, cases[i].line)) fail_msg("case %zu: %s", i, complaints);
        assert_null(strchr(complaints, '\x1b')); /* nothing of the file reaches the terminal raw */
        free(complaints);
        directory_file_release(&f);
    }
    static const char nul[] = "[office a]\nname = x\0y\nsystem = police\nkind = station\n";
    struct directory_file f;
    char *complaints;
    assert_false(judge(&f, nul, sizeof nul - 1, &complaints));
    free(complaints);
    directory_file_release(&f);
    assert_false(judge(&f, "[office a]\nname = \xff\n", 20, &complaints));
    free(complaints);
    directory_file_release(&f);
}

static void test_many_faults(void **state) {
    char *text = malloc(100000), *complaints;
    size_t size = 0;
    struct directory_file f;
    (void)state;
    assert_non_null(text);
    for (int i = 0; i < 1000; i++) size += (size_t)sprintf(text + size, "[nonsense %d]\n", i);
    assert_false(judge(&f, text, size, &complaints));
    assert_true(strlen(complaints) < 20000); /* the screen is not flooded */
    assert_int_equal(f.faults, 1000);
    free(complaints);
    free(text);
    directory_file_release(&f);
}

static void test_certificate(void **state) {
    struct authority *a = authority_make("ca");
    struct wish wish = {.client = true, .uris = {"liandong:device:d1"}};
    struct directory_file f;
    (void)state;
    authority_issue(a, &wish, "d1.crt", "d1.key");
    const char *path = scratch_text("directory.ini", OFFICE DEVICE "certificate = d1.crt\n"); /* beside the file */
    assert_true(directory_file_read(&f, path, stderr));
    assert_int_equal(strlen(f.first[DIRECTORY_DEVICE]->value[DEVICE_KEY]), 2 + 64);
    directory_file_release(&f);
    authority_free(a);
}

static bool judge_once(void *arg) {
    static const char good[] = OFFICE "[pairing ytp yts]\n" DEVICE "key = " KEY_A "\n";
    char text[sizeof good];
    struct directory_file f;
    memcpy(text, good, sizeof good);
    bool done = directory_file_judge(&f, "x.ini", text, sizeof good - 1, arg);
    directory_file_release(&f);
    return done;
}
static void test_without_memory(void **state) {
    FILE *nowhere = fopen("/dev/null", "w");
    (void)state;
    assert_non_null(nowhere);
    assert_true(each_allocation_fails(judge_once, nowhere, false) > 1);
    fclose(nowhere);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_good), cmocka_unit_test(test_faults),
                                       cmocka_unit_test(test_many_faults), cmocka_unit_test(test_certificate),
                                       cmocka_unit_test(test_without_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
