#include "client/import_session.h"
#include "client/encoding.h"
#include "client/failure.h"
#include "client/host.h"
#include "client/language.h"
#include "client/schema.h"
#include "client/value.h"
#include "common/clock.h"
#include "common/text.h"
#include "common/wire.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (1u << 30) /* it is read as a whole; a year of a city's calls is a tenth of this */

bool import_session_usage(struct import_session *s, const char *what) {
    s->code = client_fail(s->client, EXIT_CODE_USAGE, what, s->help);
    return false;
}

bool import_session_fail(struct import_session *s, const char *format, const char *a, const char *b) {
    const char *what = arena_printf(&s->client->arena, format, value_clean(&s->client->arena, a, true), b);
    s->code = client_fail(s->client, EXIT_CODE_FAILED, what ? what : format, NULL);
    return false;
}

/* ---- the file */

static bool convert(struct import_session *s, const char *encoding) {
    size_t size = 0, at = 0;
    char *text = host_to_utf8(encoding, s->bytes, s->size, &size, &at);
    if (!text && errno == EINVAL) return import_session_usage(s, _("this encoding is not known; try gb18030"));
    if (!text) {
        char where[32];
        snprintf(where, sizeof where, "%zu", at);
        return import_session_fail(s, _("the file is not in the encoding %s: byte %s does not fit"), encoding, where);
    }
    free(s->bytes);
    s->bytes = text;
    s->size = size;
    return true;
}

/* Whether more of what is no ASCII is broken than whole: then it is no UTF-8 at all. */
static bool is_foreign(const struct import_session *s) {
    size_t good = 0, bad = 0, length;
    for (size_t at = 0; at < s->size; at += length) {
        length = 1;
        if ((unsigned char)s->bytes[at] < 0x80) continue;
        if (text_decode(s->bytes + at, s->size - at, &length) == UINT32_MAX)
            bad++;
        else
            good++;
    }
    return bad > good && s->size > 100;
}

/* Text saved by a Chinese Excel is GBK. A few bad rows of UTF-8 get their own verdicts instead. */
static bool recode(struct import_session *s) {
    size_t size = 0, line;
    char *text = encoding_read(s->bytes, s->size, &size, &s->report.recoded, &line);
    if (!text) {
        char where[32];
        snprintf(where, sizeof where, "%zu", line);
        return import_session_fail(s,
                                   _("%s is neither UTF-8 nor GBK, see line %s: save it as one of them, or say "
                                     "--encoding"),
                                   s->command->words[0], where);
    }
    free(s->bytes);
    s->bytes = text;
    s->size = size;
    client_say(s->client, "%s", _("the file is not in UTF-8: it was read as GB18030, as a Chinese Excel saves it"));
    return true;
}

static bool read_file(struct import_session *s, const char *path) {
    const char *separator = s->flags->separator;
    s->separator = !separator ? ',' : strcmp(separator, "tab") == 0 ? '\t' : separator[0];
    if (separator && strcmp(separator, "tab") != 0 && (strlen(separator) != 1 || strchr("\"\r\n", separator[0])))
        return import_session_usage(s, _("--separator is one character, or tab"));
    s->bytes = host_read_file(path, FILE_MAX, &s->size);
    if (!s->bytes) return import_session_fail(s, "%s: %s", path, language_errno(errno));
    s->report.recoded = s->flags->encoding != NULL;
    if (s->flags->encoding) return convert(s, s->flags->encoding);
    return !is_foreign(s) || recode(s);
}

bool import_session_open(struct import_session *s, struct client *client, struct command *command,
                         const struct import_session_flags *flags, const char *none, const char *help) {
    *s = (struct import_session){
        .client = client, .command = command, .flags = flags, .help = help, .code = EXIT_CODE_OK};
    s->report.client = client;
    s->report.every_row = command->globals.output != NULL;
    arena_init(&s->row, WIRE_ARENA_CAP);
    link_init(&s->caller.link);
    if (command->word_count != 1) return import_session_usage(s, none);
    const char *path = command->words[0];
    s->report.reject_path =
        flags->reject ? flags->reject
                      : arena_printf(&client->arena, "%s.rejected.csv", strcmp(path, "-") == 0 ? "stdin" : path);
    if (!s->report.reject_path) return import_session_fail(s, "%s%s", _("out of memory"), "");
    if (strcmp(s->report.reject_path, path) == 0)
        return import_session_usage(s, _("--reject names the file to be read itself"));
    return read_file(s, path) && import_session_rewind(s);
}

bool import_session_rewind(struct import_session *s) {
    csv_close(&s->csv);
    return csv_open(&s->csv, s->bytes, s->size, s->separator) || import_session_fail(s, "%s%s", _("out of memory"), "");
}

/* ---- asking */

bool import_session_connect(struct import_session *s, const char *space) {
    struct link_error error;
    const char *office = "";
    if (!s->flags->dry_run) {
        s->code = caller_open(&s->caller, s->client);
        if (s->code != EXIT_CODE_OK) return false;
        if (!caller_connect(&s->caller, caller_deadline(&s->caller), &error)) {
            struct call_result result = {.end = CALL_UNREACHABLE, .error = error, .status = error.status};
            s->code = failure_print(s->client, s->command, &result);
            return false;
        }
        office = s->caller.link.hello->office_code ? s->caller.link.hello->office_code : "";
    }
    office = arena_printf(&s->client->arena, "%s%s", space, office);
    import_keys_init(&s->keys, office ? office : "");
    return office || import_session_fail(s, "%s%s", _("out of memory"), "");
}

static void say_stopped(struct import_session *s) {
    client_warn(
        s->client,
        _("the import stopped at line %zu; run the same command again to go on: what is entered is not entered twice"),
        s->csv.record_line);
}

bool import_session_ask(struct import_session *s, const char *request, ProtobufCMessage *body,
                        const uint8_t *request_id, bool (*is_about_us)(const Liandong__V1__Status *status),
                        struct call_result *result) {
    caller_call(&s->caller, schema_request(request), body, request_id, caller_deadline(&s->caller), &s->row, result);
    if (result->end == CALL_DONE || (result->end == CALL_REFUSED && !is_about_us(result->status))) return true;
    s->code = failure_print(s->client, s->command, result);
    say_stopped(s);
    return false;
}

/* ---- rows */

void import_session_tell(struct import_session *s, enum import_verdict verdict, const char *no, const char *reason) {
    import_report_row(&s->report, &s->csv, verdict, no && *no ? value_clean(&s->row, no, true) : NULL, reason);
}

bool import_session_rows(struct import_session *s, bool (*take)(void *arg, enum csv_state state), void *arg) {
    enum csv_state state;
    if (!s->report.began_us) s->report.began_us = clock_monotonic_us();
    while ((state = csv_next(&s->csv)) != CSV_END) {
        if (host_interrupted()) {
            s->code = EXIT_CODE_SIGNAL + host_interrupted();
            say_stopped(s);
            return false;
        }
        arena_reset(&s->row);
        if (!take(arg, state)) return false;
        import_report_progress(&s->report);
    }
    return true;
}

int import_session_end(struct import_session *s, bool begun) {
    if (begun && !import_report_end(&s->report) && s->code == EXIT_CODE_OK) s->code = EXIT_CODE_FAILED;
    if (begun && s->report.counts[IMPORT_REJECTED] && s->code == EXIT_CODE_OK) s->code = EXIT_CODE_FAILED;
    caller_close(&s->caller);
    import_keys_free(&s->keys);
    csv_close(&s->csv);
    arena_free(&s->row);
    free(s->bytes);
    return s->code;
}
