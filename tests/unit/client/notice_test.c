#include "client/language.h"
#include "client/notice.h"
#include "support.h"
#include <stdlib.h>
#include <string.h>

#define CLEAR "\033[2J"

static struct notices_shown shown;
static Liandong__V1__Alert alert;

static const Liandong__V1__AlertNotice *notice_of(uint8_t *id, char *no, char *title, int severity) {
    static Liandong__V1__AlertNotice notice;
    notice = (Liandong__V1__AlertNotice)LIANDONG__V1__ALERT_NOTICE__INIT;
    alert = (Liandong__V1__Alert)LIANDONG__V1__ALERT__INIT;
    alert.id = (ProtobufCBinaryData){16, id};
    alert.no = no;
    alert.title = title;
    alert.severity = (Liandong__V1__AlertSeverity)severity;
    notice.alert = &alert;
    return &notice;
}

static char *screen(const Liandong__V1__AlertNotice *notice) {
    struct arena arena;
    struct terminal terminal = {.out = true, .columns = 80, .ambiguous = 1};
    char *text;
    size_t size;
    arena_init(&arena, 1 << 20);
    FILE *out = open_memstream(&text, &size);
    assert_true(notice_is_new(&shown, notice));
    notice_print(out, &shown, notice, &terminal, &arena);
    fclose(out);
    arena_free(&arena);
    return text;
}

/* A lesser one does not wipe a graver one off the screen before somebody has acknowledged it. */
static void the_graver_stays(void **state) {
    (void)state;
    uint8_t grave[16] = {1}, lesser[16] = {2}, last[16] = {3};
    char one[] = "YJ-2026-000001", two[] = "YJ-2026-000002", three[] = "YJ-2026-000003", fire[] = "扬言放火",
         again[] = "反复报警";
    shown = (struct notices_shown){0};
    char *text = screen(notice_of(grave, one, fire, 1));
    assert_non_null(strstr(text, CLEAR));
    assert_null(strstr(text, "没有签收"));
    free(text);
    text = screen(notice_of(lesser, two, again, 3));
    assert_null(strstr(text, CLEAR));
    assert_non_null(strstr(text, "另有 1 条没有签收：liandong alert list --unacked"));
    free(text);
    Liandong__V1__Event event = LIANDONG__V1__EVENT__INIT;
    event.entity = (ProtobufCBinaryData){16, grave};
    event.has_alert_state = 1;
    event.alert_state = LIANDONG__V1__ALERT_STATE__ALERT_STATE_ACKED;
    notice_learn(&shown, &event);
    text = screen(notice_of(last, three, again, 3));
    assert_non_null(strstr(text, CLEAR));
    assert_non_null(strstr(text, "另有 1 条没有签收"));
    free(text);
}

/* The alert itself names only a number; what was reported came a moment before. */
static void what_it_is_about_is_said(void **state) {
    (void)state;
    uint8_t id[16] = {1};
    char no[] = "YJ-2026-000001", title[] = "扬言极端警情", about[] = "JQ-2026-000007",
         what[] = "书院路88号 扬言放火自杀", other[] = "JQ-2026-000008", calm[] = "问路";
    shown = (struct notices_shown){0};
    Liandong__V1__Event event = LIANDONG__V1__EVENT__INIT;
    event.no = about;
    event.title = what;
    notice_learn(&shown, &event);
    event.no = other;
    event.title = calm;
    for (int i = 0; i < EVENTS_KEPT - 1; i++) notice_learn(&shown, &event);
    const Liandong__V1__AlertNotice *notice = notice_of(id, no, title, 1);
    alert.about = about;
    char *text = screen(notice);
    assert_non_null(strstr(text, "所报情况：书院路88号 扬言放火自杀"));
    free(text);
    notice_learn(&shown, &event); /* too long ago */
    id[0] = 2;
    text = screen(notice);
    assert_null(strstr(text, "所报情况"));
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_graver_stays), cmocka_unit_test(what_it_is_about_is_said)};
    language_start("zh");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
