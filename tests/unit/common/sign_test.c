#include "common/sign.h"
#include "common/text.h"
#include "support.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static struct sign_key *key;
static char error[512];

static int set_up(void **state) {
    (void)state;
    const char *path = scratch_path("sign.key");
    if (!sign_key_make(path, error, sizeof error)) return -1;
    key = sign_key_read(path, error, sizeof error);
    return key ? 0 : -1;
}
static int tear_down(void **state) {
    (void)state;
    sign_key_free(key);
    return 0;
}

static struct sign_head sample(void) {
    struct sign_head h = {.n = 17, .at = 1687694400123, .node = "a", .feed_seq = 204, .audit_seq = 77};
    memset(h.feed_hash, 0x11, sizeof h.feed_hash);
    memset(h.audit_hash, 0x22, sizeof h.audit_hash);
    sign_link(NULL, h.previous);
    assert_true(sign_make(key, &h));
    return h;
}

/* The text stands in the protocol's document: whoever writes a witness of his own relies on it. */
static void what_is_signed(void **state) {
    (void)state;
    struct sign_head h = sample();
    char text[SIGN_TEXT_SIZE], wanted[SIGN_TEXT_SIZE], feed[65], audit[65];
    memset(feed, '1', 64);
    memset(audit, '2', 64);
    feed[64] = audit[64] = '\0';
    snprintf(wanted, sizeof wanted,
             "liandong heads 1\nn 17\nat 1687694400123\nnode a\nfeed 204 %s\naudit 77 %s\nprevious "
             "385e473d33d3fb338e0fab351d074ea9ecd2f5560725450e6aea7e6465414aa9\n",
             feed, audit);
    assert_int_equal(sign_text(&h, text), strlen(wanted));
    assert_string_equal(text, wanted);
    assert_true(sign_good(&h));
}

static void any_change_is_noticed(void **state) {
    (void)state;
    struct sign_head good = sample(), h;
    uint8_t *bytes[] = {h.feed_hash, h.audit_hash, h.previous, h.key, h.signature};
    for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++) {
        h = good;
        bytes[i][7] ^= 1;
        assert_false(sign_good(&h));
    }
    h = good, h.n++, assert_false(sign_good(&h));
    h = good, h.at--, assert_false(sign_good(&h));
    h = good, h.feed_seq++, assert_false(sign_good(&h));
    h = good, h.audit_seq++, assert_false(sign_good(&h));
    h = good, h.node[0] = 'b', assert_false(sign_good(&h));
    assert_true(sign_good(&good));
}

static void lines_there_and_back(void **state) {
    (void)state;
    struct sign_head h = sample(), back;
    char line[SIGN_LINE_SIZE], again[SIGN_LINE_SIZE];
    sign_print(&h, line);
    assert_true(sign_parse(&back, line, strlen(line)));
    sign_print(&back, again);
    assert_string_equal(line, again);
    assert_true(sign_good(&back));
    for (size_t cut = 0; cut < strlen(line); cut++) assert_false(sign_parse(&back, line, cut));
    for (size_t at = 0; at < strlen(line); at++) { /* nothing that is damaged still verifies */
        char damaged[SIGN_LINE_SIZE];
        memcpy(damaged, line, sizeof damaged);
        damaged[at] = damaged[at] == 'x' ? 'y' : 'x';
        assert_false(sign_parse(&back, damaged, strlen(damaged)) && sign_good(&back));
    }
    assert_false(sign_parse(&back, "9999999999999999999 1", 21));
}

static void the_keys_file(void **state) {
    (void)state;
    struct stat info;
    const char *path = scratch_path("other.key");
    assert_true(sign_key_make(path, error, sizeof error));
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_false(sign_key_make(path, error, sizeof error)); /* never over one that is there */
    struct sign_key *other = sign_key_read(path, error, sizeof error);
    uint8_t a[SIGN_HASH], b[SIGN_HASH], signature[SIGN_SIZE];
    assert_non_null(other);
    sign_key_public(key, a);
    sign_key_public(other, b);
    assert_memory_not_equal(a, b, sizeof a);
    assert_true(sign_bytes(other, "x", 1, signature));
    assert_true(sign_bytes_good(b, "x", 1, signature));
    assert_false(sign_bytes_good(a, "x", 1, signature));
    sign_key_free(other);
    assert_int_equal(chmod(path, 0640), 0);
    assert_null(sign_key_read(path, error, sizeof error));
    assert_non_null(strstr(error, "chmod 600"));
    assert_null(sign_key_read(scratch_text("no.key", "hello\n"), error, sizeof error));
    assert_non_null(strstr(error, "Ed25519"));
    assert_null(sign_key_read(scratch_path("absent.key"), error, sizeof error));
    assert_non_null(strstr(error, "audit-key"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_signed),
        cmocka_unit_test(any_change_is_noticed),
        cmocka_unit_test(lines_there_and_back),
        cmocka_unit_test(the_keys_file),
    };
    return cmocka_run_group_tests_name("sign", tests, set_up, tear_down);
}
