#include "client/operation.h"
#include "client/failure.h"
#include "client/host.h"
#include "client/json.h"
#include "client/labels.h"
#include "client/language.h"
#include "client/print.h"
#include "client/request.h"
#include "client/width.h"
#include "common/clock.h"
#include "common/wire.h"
#include <stdlib.h>
#include <string.h>

#define WAIT_MS       8000u /* for one answer: below CALL_ATTEMPT_US */
#define AGAIN_MS      1000u /* between two tries to reach a server, beside those of the call itself */
#define SESSIONS_MS   2000u /* between two looks at the sessions */
#define SESSIONS_PAGE 500u
#define CURSOR_ROOM   8

const struct flag logs_flag_rows[LOGS_FLAG_ROWS] = {
    {"follow", 'f', FLAG_SWITCH, offsetof(struct logs_flags, follow), NULL, N_("go on with what comes, until Ctrl-C")},
    {"count", 'n', FLAG_COUNT, offsetof(struct logs_flags, count), N_("NUMBER"), N_("end after so many lines")},
};
const struct flag sessions_flag_rows[SESSIONS_FLAG_ROWS] = {
    {"watch", 'w', FLAG_SWITCH, offsetof(struct sessions_flags, watch), NULL,
     N_("go on: say which sessions begin (+) and end (-)")},
};

/* Whoever reads is gone: ends as the next write would. */
static int end_of_stream(struct client *client, int code) {
    if (!host_reader_gone()) return code;
    client->out_error = host_end_without_reader();
    return EXIT_CODE_FAILED;
}

/* What went wrong in a stream that goes on by itself: true where it does, after a pause. */
static bool goes_on(const struct call_result *result) {
    return result->end == CALL_UNREACHABLE && !host_interrupted() && host_wait_ms(AGAIN_MS);
}

static int refuse_fields(struct client *client, const struct command *command) {
    const char *error;
    const ProtobufCMessageDescriptor *reply = schema_type(schema_reply(command->request));
    if (!command->globals.fields || print_fields_fit(&client->arena, reply, command->globals.fields, &error))
        return EXIT_CODE_OK;
    return client_fail(client, EXIT_CODE_USAGE, error,
                       arena_printf(&client->arena, "liandong %s --help", command->verb->words));
}

/* ---- logs */

struct logs {
    struct client *client;
    struct command *command;
    const struct logs_flags *flags;
    Liandong__V1__FollowLogs *request;
    uint8_t cursor[CURSOR_ROOM];
    uint32_t printed;
    bool over;
};

static void column(FILE *out, const char *text, size_t width) {
    width_pad(out, text, width, 1);
    fputs("  ", out);
}

/* "2026-11-26 20:15:03  a  warning  conn.refused  ytp  peer=..." Columns as wide as their usual texts. */
static void print_line(struct client *client, const Liandong__V1__NodeLogLine *line) {
    char when[CLOCK_TEXT_SIZE], unknown[16];
    struct arena *arena = &client->scratch;
    FILE *out = client->out;
    enum sheet_mark mark = print_mark((int)line->level, 0);
    bool colour = client->terminal.colour && mark != SHEET_PLAIN;
    clock_print(when, line->at);
    if (colour) fputs(mark == SHEET_ALARM ? TERMINAL_RED : TERMINAL_YELLOW, out);
    column(out, when, 0);
    column(out, value_clean(arena, line->node, true), 8);
    column(out, label_value(&liandong__v1__log_level__descriptor, (int)line->level, unknown), 4);
    column(out, value_clean(arena, line->event, true), 18);
    fputs(value_clean(arena, line->text, true), out);
    if (colour) fputs(TERMINAL_PLAIN, out);
    fputc('\n', out);
    arena_reset(arena);
}

static void print_one(struct logs *l, const Liandong__V1__NodeLogLine *line) {
    struct client *client = l->client;
    const char *fields = l->command->globals.fields;
    enum print_form form = print_form(client);
    if (form == PRINT_TABLE && !fields) {
        print_line(client, line);
    } else if (form == PRINT_JSON && !fields) {
        json_print(client->out, &line->base, NULL, 0); /* a line each, as of the feed */
        fputc('\n', client->out);
    } else {
        print_row(client, &line->base, fields, l->printed == 0);
    }
    l->printed++;
    l->over = l->flags->count && l->printed >= l->flags->count;
}

static void take_page(struct logs *l, const Liandong__V1__NodeLogPage *page) {
    for (size_t i = 0; i < page->n_lines && !l->over; i++) print_one(l, page->lines[i]);
    if (page->has_cursor && page->cursor.len == CURSOR_ROOM) {
        memcpy(l->cursor, page->cursor.data, CURSOR_ROOM);
        l->request->has_cursor = true;
        l->request->cursor = (ProtobufCBinaryData){CURSOR_ROOM, l->cursor};
    }
    if (!l->flags->follow && page->n_lines < l->request->limit) l->over = true;
}

static int follow(struct logs *l, struct caller *caller) {
    struct arena arena;
    int code = EXIT_CODE_OK;
    arena_init(&arena, LINK_MESSAGE);
    while (!l->over && code == EXIT_CODE_OK) {
        struct call_result result;
        caller_call(caller, l->command->request, &l->request->base, NULL, caller_deadline(caller), &arena, &result);
        if (result.end == CALL_DONE) {
            take_page(l, (const Liandong__V1__NodeLogPage *)(const void *)result.reply);
            if (!client_flush(l->client)) code = EXIT_CODE_FAILED;
        } else if (!l->flags->follow || !goes_on(&result)) {
            code = host_interrupted() ? EXIT_CODE_SIGNAL + host_interrupted()
                                      : failure_print(l->client, l->command, &result);
        }
        arena_reset(&arena);
    }
    arena_free(&arena);
    return code;
}

int logs_run(struct client *client, struct command *command) {
    struct logs l = {.client = client, .command = command, .flags = command->own};
    struct caller caller;
    l.request = (Liandong__V1__FollowLogs *)(void *)command->message;
    if (!l.request->has_limit) l.request->limit = SESSIONS_PAGE;
    l.request->has_limit = true;
    l.request->has_wait_ms = l.flags->follow;
    l.request->wait_ms = WAIT_MS;
    int code = refuse_fields(client, command);
    if (code != EXIT_CODE_OK) return code;
    code = caller_open(&caller, client);
    if (l.flags->follow) host_mind_reader();
    if (code == EXIT_CODE_OK) code = follow(&l, &caller);
    caller_close(&caller);
    if (code == EXIT_CODE_OK && l.printed == 0 && print_form(client) == PRINT_TABLE)
        client_say(client, "%s", _("nothing found"));
    return end_of_stream(client, code);
}

/* ---- sessions */

struct look { /* at all sessions of a moment */
    struct arena arena;
    const Liandong__V1__Connection **all; /* by session */
    size_t count;
};

static int by_session(const void *a, const void *b) {
    const Liandong__V1__Connection *const *x = a, *const *y = b;
    return strcmp((*x)->session ? (*x)->session : "", (*y)->session ? (*y)->session : "");
}

static bool has(const struct look *look, const Liandong__V1__Connection *one) {
    return look->count > 0 && bsearch(&one, look->all, look->count, sizeof *look->all, by_session) != NULL;
}

/* All pages. False with the call's end. */
static bool look_at_all(struct command *command, struct caller *caller, struct look *look, struct call_result *result) {
    Liandong__V1__ListConnections *request = (Liandong__V1__ListConnections *)(void *)command->message;
    size_t room = 0;
    request->has_page = false;
    do {
        caller_call(caller, command->request, command->message, NULL, caller_deadline(caller), &look->arena, result);
        if (result->end != CALL_DONE) return false;
        const Liandong__V1__ConnectionPage *page = (const Liandong__V1__ConnectionPage *)(const void *)result->reply;
        if (look->count + page->n_connections > room) {
            size_t more = 2 * (look->count + page->n_connections);
            const Liandong__V1__Connection **all = arena_take(&look->arena, more * sizeof *all);
            if (!all) break;
            if (look->count) memcpy(all, look->all, look->count * sizeof *all);
            look->all = all;
            room = more;
        }
        for (size_t i = 0; i < page->n_connections; i++) look->all[look->count++] = page->connections[i];
        request->has_page = page->has_next;
        request->page = page->next;
    } while (request->has_page);
    request->has_page = false;
    if (look->count > 0) qsort(look->all, look->count, sizeof *look->all, by_session);
    return true;
}

static void say_session(struct client *client, const struct command *command, const Liandong__V1__Connection *one,
                        bool begins) {
    enum print_form form = print_form(client);
    if (form == PRINT_JSON || form == PRINT_NDJSON) {
        fputs(begins ? "{\"opened\":" : "{\"ended\":", client->out);
        json_print(client->out, &one->base, command->globals.fields, 0);
        fputs("}\n", client->out);
        return;
    }
    if (form != PRINT_ID) fputs(begins ? "+ " : "- ", client->out);
    print_row(client, &one->base,
              command->globals.fields ? command->globals.fields : "session,office,officer,device,address,since,client",
              false);
}

static int watch_sessions(struct client *client, struct command *command, struct caller *caller) {
    struct look looks[2] = {{.count = 0}, {.count = 0}}, *old = &looks[0], *new = &looks[1];
    int code = EXIT_CODE_OK;
    for (size_t i = 0; i < 2; i++) arena_init(&looks[i].arena, CLIENT_ARENA);
    while (code == EXIT_CODE_OK) {
        struct call_result result;
        arena_reset(&new->arena);
        new->count = 0;
        new->all = NULL;
        if (look_at_all(command, caller, new, &result)) {
            for (size_t i = 0; i < old->count; i++)
                if (!has(new, old->all[i])) say_session(client, command, old->all[i], false);
            for (size_t i = 0; i < new->count; i++)
                if (!has(old, new->all[i])) say_session(client, command, new->all[i], true);
            struct look *swap = old;
            old = new;
            new = swap;
            if (!client_flush(client)) code = EXIT_CODE_FAILED;
            if (code == EXIT_CODE_OK && !host_wait_ms(SESSIONS_MS)) code = EXIT_CODE_SIGNAL + host_interrupted();
        } else if (!goes_on(&result)) {
            code = host_interrupted() ? EXIT_CODE_SIGNAL + host_interrupted() : failure_print(client, command, &result);
        }
    }
    for (size_t i = 0; i < 2; i++) arena_free(&looks[i].arena);
    return code;
}

int sessions_run(struct client *client, struct command *command) {
    const struct sessions_flags *flags = command->own;
    struct caller caller;
    if (!flags->watch) return request_run(client, command);
    int code = refuse_fields(client, command);
    if (code != EXIT_CODE_OK) return code;
    code = caller_open(&caller, client);
    host_mind_reader();
    if (code == EXIT_CODE_OK) code = watch_sessions(client, command, &caller);
    caller_close(&caller);
    return end_of_stream(client, code);
}

/* ---- orders */

int operation_answers(struct client *client, struct command *command, struct caller *caller,
                      const Liandong__V1__OrderReceipt *receipt) {
    Liandong__V1__ShowOrder request = LIANDONG__V1__SHOW_ORDER__INIT;
    struct call_result result;
    size_t silent = 0;
    if (receipt->has_replay && receipt->replay)
        client_say(client, "%s", _("this request had been carried out before; nothing was done twice"));
    request.has_order = request.has_wait_ms = true;
    request.order = receipt->id;
    request.wait_ms = WAIT_MS;
    caller_call(caller, schema_request("show_order"), &request.base, NULL, caller_deadline(caller), &client->arena,
                &result);
    if (result.end != CALL_DONE) return failure_print(client, command, &result);
    const Liandong__V1__OrderReport *report = (const Liandong__V1__OrderReport *)(const void *)result.reply;
    if (!print_answer(client, &report->base, command->globals.fields))
        return client_fail(client, EXIT_CODE_FAILED, _("out of memory"), NULL);
    client_flush(client);
    for (size_t i = 0; i < report->n_answers; i++) silent += !report->answers[i]->has_done_at;
    if (silent == 0) return EXIT_CODE_OK;
    char id[UUID_TEXT_SIZE] = "";
    if (receipt->id.len == UUID_SIZE) uuid_print(id, receipt->id.data);
    return client_fail(client, EXIT_CODE_UNKNOWN, _("the order is recorded, but not every node has answered yet"),
                       arena_printf(&client->arena, "liandong admin order %s", id));
}
