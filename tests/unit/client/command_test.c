#include "client/host.h"
#include "client/language.h"
#include "client/watch.h"
#include "envelope.pb-c.h"
#include "support.h"
#include "words.h"
#include <string.h>

static struct arena arena;
static struct command command;
static struct command_error error;

static bool parse(const char *line) {
    arena_reset(&arena);
    return words_parse(line, &command, &arena, &error);
}

static void refused(const char *line, const char *part) {
    if (parse(line)) fail_msg("\"%s\" was accepted", line);
    if (!strstr(error.said.text, part)) fail_msg("\"%s\": \"%s\" does not name \"%s\"", line, error.said.text, part);
}

static void fields_become_flags(void **state) {
    (void)state;
    assert_true(parse("liandong incident report --class dispute --place '12 Jianshe Road' --mass-count=30 --threat "
                      "arson 'they quarrel' again"));
    const Liandong__V1__ReportIncident *m = (const void *)command.message;
    assert_string_equal(command.verb->words, "incident report");
    assert_int_equal(m->class_, LIANDONG__V1__INCIDENT_CLASS__INCIDENT_CLASS_DISPUTE);
    assert_string_equal(m->place, "12 Jianshe Road");
    assert_int_equal(m->mass_count, 30);
    assert_int_equal(m->n_threats, 1);
    assert_string_equal(m->content, "they quarrel again");
    assert_false(m->has_level);
}

static void what_is_meant_by_a_command(void **state) {
    (void)state;
    refused("liandong watch", "feed watch");
    refused("liandong incident watch", "feed watch");
    assert_true(parse("liandong feed watch --office ytp,岳塘司法所")); /* the server says which that is */
    refused("liandong office open 新所 新所 --system police --kind station --parent ytga",
            "新所");                                             /* is to be a code */
    refused("liandong login --office 岳塘派出所", "岳塘派出所"); /* nobody tells names before */
}

/* An input method that was left on gives full-width characters; free text stays as it was typed. */
static void full_width_is_understood(void **state) {
    (void)state;
    assert_true(parse("liandong incident report --level ２ --mass-count １２ --occurred-at "
                      "２０２３－０６－２５　２０：１５ --place １２号 又吵起来了"));
    const Liandong__V1__ReportIncident *m = (const void *)command.message;
    assert_int_equal(m->level, 2);
    assert_int_equal(m->mass_count, 12);
    assert_true(m->occurred_at == 1687695300000);
    assert_string_equal(m->place, "１２号");
    assert_true(parse("liandong feed watch --office ｙｔｐ"));
    refused("liandong incident report --phone 13800000000 --class dispute 又吵起来了", "--reporter-phone");
}

static void a_correction_corrects_something(void **state) {
    (void)state;
    assert_true(parse("liandong incident correct 123 --reason why --base-version 2"));
    assert_true(command_is_idle(&command));
    assert_true(parse("liandong incident correct 123 --place there"));
    assert_false(command_is_idle(&command));
    assert_true(parse("liandong incident close 123"));
    assert_false(command_is_idle(&command));
}

static void positional_fields_in_order(void **state) {
    (void)state;
    assert_true(parse("liandong incident note 123 both calmed down"));
    const Liandong__V1__NoteIncident *m = (const void *)command.message;
    assert_string_equal(m->incident, "123");
    assert_string_equal(m->note, "both calmed down");
    assert_true(parse("liandong incident note 123 -- --not-a-flag"));
    assert_string_equal(((const Liandong__V1__NoteIncident *)(const void *)command.message)->note, "--not-a-flag");
    refused("liandong feed verify now", "now");
    refused("liandong alert receipts 8 sixty", "sixty"); /* no part of the number */
    assert_true(parse("liandong alert update 8 sixty people --people-count 60"));
    assert_string_equal(((const Liandong__V1__UpdateAlert *)(const void *)command.message)->title, "sixty people");
    refused("liandong transfer send JF-2026-000017 yts co-handle", "co-handle");
}

static void flags_by_beginnings_and_plurals(void **state) {
    (void)state;
    assert_true(parse("liandong incident list --cl 纠纷 --classes traffic --state received --no-open --lev urgent"));
    const Liandong__V1__ListIncidents *m = (const void *)command.message;
    assert_int_equal(m->n_classes, 2);
    assert_true(m->has_open && !m->open);
    assert_int_equal(m->level_at_least, LIANDONG__V1__INCIDENT_LEVEL__INCIDENT_LEVEL_URGENT);
    assert_true(parse("liandong incident list --open"));
    assert_true(((const Liandong__V1__ListIncidents *)(const void *)command.message)->open);
    refused("liandong incident report --l major x", "--level、--longitude、--latitude");
    refused("liandong incident list --no-open=yes", "--no-open");
    refused("liandong report sessions 17 --from 2026-03-01 --to 2026-03-31", "--until");
}

static void inner_fields_and_own_flags(void **state) {
    (void)state;
    assert_true(parse("liandong feed watch --kind report,note --class 8 -n 5 --no-follow") ==
                false); /* a number is no class */
    assert_true(parse("liandong feed watch --kind report,incident-note --class tip -n5 --no-follow --office ytp"));
    const Liandong__V1__WatchFeed *m = (const void *)command.message;
    const struct watch_flags *own = command.own;
    assert_int_equal(m->filter->n_kinds, 2);
    assert_string_equal(m->filter->kinds[1], "note_incident");
    assert_string_equal(m->filter->offices[0], "ytp");
    assert_int_equal(own->count, 5);
    assert_true(own->no_follow);
    assert_false(own->bell);
    assert_true(parse("liandong feed watch"));
    assert_null(((const Liandong__V1__WatchFeed *)(const void *)command.message)->filter);
    refused("liandong feed watch -n 0", "0");
    refused("liandong feed watch -n x", "x");
}

static void globals_anywhere(void **state) {
    (void)state;
    assert_true(parse("liandong -o json --server=a:1 incident -q list --timeout 5s -y --fields no,state"));
    assert_string_equal(command.globals.output, "json");
    assert_string_equal(command.globals.server, "a:1");
    assert_string_equal(command.globals.timeout, "5s");
    assert_string_equal(command.globals.fields, "no,state");
    assert_true(command.globals.quiet && command.globals.yes);
    assert_true(parse("liandong incident list -ojson -qy"));
    assert_string_equal(command.globals.output, "json");
    assert_true(command.globals.yes);
}

static void mistakes_name_the_part(void **state) {
    (void)state;
    refused("liandong incdent list", "incident");
    refused("liandong incident lst", "incident list");
    refused("liandong agree make", "agreement");
    refused("liandong visit", "dispute visit");
    refused("liandong incident list --clsas dispute", "--class");
    refused("liandong incident list --class disputs", "dispute");
    refused("liandong incident list --class", "--class");
    refused("liandong incident list -x", "-x");
    refused("liandong incident list --limit many", "many");
    refused("liandong incident list --zzzzzzzzzzz", "zzzzz");
    refused("liandong incident list \x1b[31m", "\\x1b");
    assert_true(parse("liandong")); /* bare: help */
    assert_null(command.verb);
    assert_true(parse("liandong incident"));
    assert_null(command.verb);
    assert_string_equal(command.noun, "incident");
    assert_true(parse("liandong incident report --help"));
    assert_true(command.globals.help);
}

static void required_fields_are_found(void **state) {
    (void)state;
    assert_true(parse("liandong incident report x"));
    assert_string_equal(command_missing(&command)->name, "class");
    assert_true(parse("liandong incident report --class tip"));
    assert_string_equal(command_missing(&command)->name, "content");
    assert_true(parse("liandong incident report --class tip x"));
    assert_null(command_missing(&command));
}

/* What is printed to be run again says the same to the letter, whatever time it is then. */
static void again_says_the_same(void **state) {
    (void)state;
    static const char *const lines[] = {
        "liandong incident report --class 扬言极端 --occurred-at 10m --longitude 112.91 --threat arson,child --place "
        "'it'\\''s here' 'two words'",
        "liandong incident list --open --class dispute,tip --from 昨天 --limit 10 -o json --server a:1",
        "liandong feed watch --kind note --level-at-least urgent -n 3 --bell",
        "liandong incident correct 7 --place x --mass-count 0 --base-version 3"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct arena second;
        struct command again;
        arena_init(&second, 1 << 20);
        assert_true(parse(lines[i]));
        const char *line = command_again(&command, NULL, &arena);
        assert_non_null(line);
        char *words[64];
        int count = words_split(line, words, 64, &second);
        if (!command_parse(&again, count, words, WORDS_NOW + 86400000, &second, &error))
            fail_msg("\"%s\": %s", line, error.said.text);
        uint8_t a[2048], b[2048];
        size_t size = protobuf_c_message_pack(command.message, a);
        assert_int_equal(protobuf_c_message_pack(again.message, b), size);
        assert_memory_equal(a, b, size);
        if (command.own) assert_memory_equal(command.own, again.own, command.verb->own_size);
        assert_true((command.globals.output == NULL) == (again.globals.output == NULL));
        arena_free(&second);
    }
    assert_true(parse("liandong incident arrive 7 --request-id 01a20cc9-5c75-749b-9333-ef5683271ff1"));
    const char *line = command_again(&command, "other", &arena);
    assert_non_null(strstr(line, "--request-id=other"));
    assert_null(strstr(line, "01a20cc9"));
}

static void paths_become_flags(void **state) {
    (void)state;
    assert_true(parse("liandong feed watch"));
    assert_string_equal(command_flag_of_path(&command, "watch_feed.filter.kinds[3]", &arena), "--kind");
    assert_string_equal(command_flag_of_path(&command, "request_id", &arena), "request_id");
}

/* A field whose flag is a global one, or one of the verb's own, could never be set. */
static void no_flag_hides_another(void **state) {
    (void)state;
    for (size_t v = 0; verbs_at(v); v++) {
        struct schema_place places[SCHEMA_PLACES_MAX];
        size_t count = verbs_at(v)->request ? verb_places(verbs_at(v), places, SCHEMA_PLACES_MAX) : 0;
        assert_true(count <= SCHEMA_PLACES_MAX);
        for (size_t i = 0; i < count; i++) {
            char flag[SCHEMA_WORD];
            schema_flag(flag, places[i].field);
            for (size_t g = 0; g < global_flags_count; g++) assert_string_not_equal(flag, global_flags[g].name);
            for (size_t f = 0; f < verbs_at(v)->flag_count; f++)
                assert_string_not_equal(flag, verbs_at(v)->flags[f].name);
            for (size_t j = 0; j < i; j++) assert_false(schema_is_flag(places[j].field, flag, strlen(flag)));
        }
        for (size_t f = 0; f < verbs_at(v)->flag_count; f++)
            for (size_t g = 0; g < global_flags_count; g++) {
                assert_string_not_equal(verbs_at(v)->flags[f].name, global_flags[g].name);
                assert_true(!verbs_at(v)->flags[f].letter || verbs_at(v)->flags[f].letter != global_flags[g].letter);
            }
    }
}

/* Every example of the help is a command line that works, in both languages. */
static void examples_parse(void **state) {
    (void)state;
    static const char *const languages[] = {"en", "zh"};
    for (size_t l = 0; l < 2; l++) {
        language_start(languages[l]);
        for (size_t v = 0; verbs_at(v); v++) {
            const char *examples = _(verbs_at(v)->examples);
            if (strncmp(examples, "source", 6) == 0 || verbs_at(v)->words[0] == '_') continue;
            while (*examples) {
                char line[2048];
                size_t size = strcspn(examples, "\n");
                snprintf(line, sizeof line, "%.*s", (int)size, examples);
                /* standard input is not to be read here */
                for (char *dash; (dash = strstr(line, " - ")) != NULL;) dash[1] = 'x';
                if (!parse(line)) fail_msg("%s: %s", line, error.said.text);
                assert_ptr_equal(command.verb, verbs_at(v));
                examples += size + (examples[size] == '\n');
            }
        }
    }
    language_start("zh");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_become_flags),        cmocka_unit_test(what_is_meant_by_a_command),
        cmocka_unit_test(full_width_is_understood),   cmocka_unit_test(a_correction_corrects_something),
        cmocka_unit_test(positional_fields_in_order), cmocka_unit_test(flags_by_beginnings_and_plurals),
        cmocka_unit_test(inner_fields_and_own_flags), cmocka_unit_test(globals_anywhere),
        cmocka_unit_test(mistakes_name_the_part),     cmocka_unit_test(required_fields_are_found),
        cmocka_unit_test(again_says_the_same),        cmocka_unit_test(paths_become_flags),
        cmocka_unit_test(no_flag_hides_another),      cmocka_unit_test(examples_parse),
    };
    language_start("zh");
    arena_init(&arena, 1 << 20);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(&arena);
    return failed;
}
