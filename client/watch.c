#include "client/enrol.h"
#include "client/failure.h"
#include "client/host.h"
#include "client/language.h"
#include "client/office_find.h"
#include "client/print.h"
#include "client/retry.h"
#include "client/watch_part.h"
#include "common/clock.h"
#include "common/wire.h"
#include <errno.h>
#include <string.h>

#define SAVE_US      500000u /* between two saves while catching up: a disk that syncs slowly must not slow the feed */
#define HEARTBEAT_MS 15000u  /* where the server names none */
#define SILENCE_MS   45000u

const struct flag watch_flag_rows[WATCH_FLAG_ROWS] = {
    {"no-follow", 0, FLAG_SWITCH, offsetof(struct watch_flags, no_follow), NULL,
     N_("end when everything so far was shown")},
    {"count", 'n', FLAG_COUNT, offsetof(struct watch_flags, count), N_("NUMBER"), N_("end after so many events")},
    {"cursor-file", 0, FLAG_TEXT, offsetof(struct watch_flags, cursor_file), N_("FILE"),
     N_("keep the place in this file instead of the usual one")},
    {"bell", 0, FLAG_SWITCH, offsetof(struct watch_flags, bell), NULL,
     N_("ring for urgent and major incidents and extreme threats")},
};

/* ---- the place on disk */

static bool find_path(struct watch *w) {
    if (w->flags->cursor_file)
        return snprintf(w->path, sizeof w->path, "%s", w->flags->cursor_file) < (int)sizeof w->path;
    const Liandong__V1__HelloReply *hello = w->caller.link.hello;
    struct cursor_scope scope = {.profile = w->client->profile,
                                 .servers = w->client->options.server,
                                 .office = hello->office_code ? hello->office_code : ""};
    if (w->request->filter) {
        size_t size = protobuf_c_message_get_packed_size(&w->request->filter->base);
        uint8_t *packed = arena_take(&w->client->arena, size + 1);
        if (!packed) return false;
        scope.filter_size = protobuf_c_message_pack(&w->request->filter->base, packed);
        scope.filter = packed;
    }
    return cursor_path(w->path, sizeof w->path, &scope);
}

/* Once, at the first connection. False: said, fatal. */
static bool choose_start(struct watch *w) {
    if (!find_path(w)) {
        w->path[0] = '\0';
        client_warn(w->client, "%s",
                    _("note: there is no folder to keep the place in (HOME is not set); use --cursor-file"));
    }
    if (w->request->has_cursor) {
        memcpy(w->cursor, w->request->cursor.data, CURSOR_SIZE);
        w->has_cursor = true;
        return true;
    }
    if (w->request->from_start || !*w->path) return true;
    enum cursor_found found = cursor_load(w->path, w->cursor);
    w->has_cursor = found == CURSOR_FOUND;
    if (found != CURSOR_DAMAGED) return true;
    const char *what = arena_printf(&w->client->arena, _("the saved place in the feed can't be read: %s%s%s"),
                                    value_clean(&w->client->arena, w->path, true), errno ? ": " : "",
                                    errno ? language_errno(errno) : "");
    w->code = client_fail(w->client, EXIT_CODE_FAILED, what ? what : "",
                          _("remove the file, then: liandong feed watch --from-start"));
    return false;
}

/* Lines first, then the place: the other way round a crash in between would lose them. False: said, fatal. */
static bool save(struct watch *w, bool now) {
    if (!client_flush(w->client)) {
        w->code = client_finish(w->client, EXIT_CODE_FAILED);
        return false;
    }
    if (!w->unsaved || !*w->path || w->resetting) return true;
    if (!now && !w->live && clock_monotonic_us() - w->saved_us < SAVE_US) return true;
    if (cursor_save(w->path, w->cursor)) {
        w->unsaved = false;
        w->save_failed = false;
        w->saved_us = clock_monotonic_us();
    } else if (!w->save_failed) {
        w->save_failed = true;
        client_warn(w->client, _("warning: the place in the feed can't be saved: %s: %s"), w->path,
                    language_errno(errno));
    }
    return true;
}

/* ---- one connection */

static enum watch_end refuse(struct watch *w, const Liandong__V1__Status *status) {
    struct call_result result = {.end = CALL_REFUSED, .status = status};
    if (retry_of_status(status->code).again) {
        w->error = (struct link_error){.fault = LINK_HELLO_REFUSED, .status = status};
        return WATCH_AGAIN;
    }
    w->code = failure_print(w->client, w->command, &result);
    return WATCH_FATAL;
}

/* Sends watch_feed and waits for its answer. *begun: the stream follows. */
static enum watch_end begin(struct watch *w, bool *begun) {
    struct link *link = &w->caller.link;
    Liandong__V1__ToServer message = LIANDONG__V1__TO_SERVER__INIT;
    uint64_t deadline = clock_monotonic_us() + WATCH_CONNECT_US;
    *begun = false;
    w->request->has_cursor = w->has_cursor;
    w->request->cursor = (ProtobufCBinaryData){CURSOR_SIZE, w->cursor};
    message.has_call = true;
    message.call = link->next_call++;
    message.body_case = LIANDONG__V1__TO_SERVER__BODY_WATCH_FEED;
    message.watch_feed = w->request;
    if (!link_send(link, &message, deadline, &w->error)) return WATCH_AGAIN;
    for (;;) {
        const Liandong__V1__ToClient *reply = link_receive(link, &w->caller.link.arena, deadline, &w->error);
        if (!reply) return WATCH_AGAIN;
        if (!reply->has_call || reply->call != message.call) continue;
        if (reply->status) return refuse(w, reply->status);
        if (reply->body_case != LIANDONG__V1__TO_CLIENT__BODY_WATCH_FEED) {
            w->error = (struct link_error){.fault = LINK_PROTOCOL, .detail = "watch_feed"};
            return WATCH_AGAIN;
        }
        if (reply->watch_feed->has_cursor && !w->has_cursor) watch_keep(w, reply->watch_feed->cursor);
        *begun = true;
        return WATCH_AGAIN;
    }
}

/* Our own ping, so that the server hears of us; its answer tells us that it is there. */
static bool say_ping(struct watch *w) {
    Liandong__V1__Ping ping = LIANDONG__V1__PING__INIT;
    Liandong__V1__ToServer message = LIANDONG__V1__TO_SERVER__INIT;
    message.has_call = true;
    message.call = w->caller.link.next_call++;
    message.body_case = LIANDONG__V1__TO_SERVER__BODY_PING;
    message.ping = &ping;
    ping.has_token = true;
    ping.token = message.call;
    return link_send(&w->caller.link, &message, clock_monotonic_us() + WATCH_CONNECT_US, &w->error);
}

/* NULL: the connection ended. */
static const Liandong__V1__ToClient *receive(struct watch *w) {
    struct link *link = &w->caller.link;
    uint64_t heartbeat = (link->hello->has_heartbeat_ms ? link->hello->heartbeat_ms : HEARTBEAT_MS) * (uint64_t)1000;
    uint64_t silence =
        (link->hello->has_silence_limit_ms ? link->hello->silence_limit_ms : SILENCE_MS) * (uint64_t)1000;
    for (;;) {
        uint64_t speak = link->said_us + heartbeat, dead = link->heard_us + silence;
        arena_reset(&w->arena);
        const Liandong__V1__ToClient *m = link_receive(link, &w->arena, speak < dead ? speak : dead, &w->error);
        if (m || w->error.fault != LINK_TIMEOUT) return m;
        uint64_t now = clock_monotonic_us();
        if (now >= dead) {
            snprintf(w->error.detail, sizeof w->error.detail, _("nothing heard for %.0f s"),
                     (double)(now - link->heard_us) / 1e6);
            return NULL;
        }
        if (now >= link->said_us + heartbeat && !say_ping(w)) return NULL;
    }
}

/* Those of the filter by their names, and the names of those that events will tell. False: said, or the connection's.
 */
static bool find_offices(struct watch *w, enum watch_end *end) {
    struct call_result result = {.end = CALL_DONE};
    const ProtobufCFieldDescriptor *request = w->command->request;
    *end = WATCH_AGAIN;
    if (!office_find(&w->caller, request, &w->request->base, clock_monotonic_us() + WATCH_CONNECT_US, &w->client->arena,
                     &result)) {
        w->error = result.error;
        return false;
    }
    if (result.status) *end = refuse(w, result.status);
    if (!result.status && print_form(w->client) == PRINT_TABLE) office_learn(&w->caller);
    return !result.status;
}

static enum watch_end session(struct watch *w) {
    bool begun;
    enum watch_end end;
    w->live = false;
    w->lost = false;
    if (!caller_reconnect(&w->caller, clock_monotonic_us() + WATCH_CONNECT_US, &w->error)) {
        if (host_interrupted() || retry_of_link(&w->error, false).again) return WATCH_AGAIN;
        struct call_result result = {.end = CALL_UNREACHABLE, .error = w->error, .status = w->error.status};
        w->code = failure_print(w->client, w->command, &result);
        return WATCH_FATAL;
    }
    enrol_renew_when_due(&w->caller);
    if (!link_is_open(&w->caller.link)) return WATCH_AGAIN;
    if (!w->started && !find_offices(w, &end)) return end;
    if (!w->started && !choose_start(w)) return WATCH_FATAL;
    w->started = true;
    end = begin(w, &begun);
    if (!begun) return end;
    w->caught_up = 0;
    for (;;) {
        if (!link_has_message(&w->caller.link) && !save(w, false)) return WATCH_FATAL;
        const Liandong__V1__ToClient *m = receive(w);
        if (!m) return WATCH_AGAIN;
        bool ended;
        end = watch_hear(w, m, &ended);
        if (ended) return end;
    }
}

/* ---- between connections */

static void say_interruption(struct watch *w, uint32_t pause_ms) {
    char reached[CLOCK_TEXT_SIZE + 64] = "", when[CLOCK_TEXT_SIZE];
    struct arena *arena = &w->client->scratch;
    const char *why = w->lost ? _("an event was lost on the way; going back to the last one that is sure")
                              : failure_link_text(arena, &w->error, failure_tells_codes(w->client));
    if (w->reached_at) {
        clock_print(when, w->reached_at);
        snprintf(reached, sizeof reached, _("; reached %s %s"), when, w->reached_no);
    }
    const char *line = arena_printf(arena,
                                    w->started ? _("-- connection interrupted: %s. Connecting again in %.1f s%s")
                                               : _("-- %s. Trying again in %.1f s%s"),
                                    why, pause_ms / 1000.0, reached);
    if (!line) return;
    /* On a terminal the tries after the first share one line. */
    if (w->client->terminal.err && w->failures > 1 && !w->client->quiet)
        terminal_state(&w->client->terminal, line);
    else
        client_say(w->client, "%s", line);
    arena_reset(arena);
}

/* False: Ctrl-C. */
static bool wait_to_connect(struct watch *w) {
    struct link *link = &w->caller.link;
    uint32_t asked =
        w->error.fault == LINK_LEAVING ? link->leave_after_ms + (uint32_t)(host_jitter() * link->leave_jitter_ms) : 0;
    if (w->error.status) asked = w->error.status->retry_after_ms;
    uint32_t pause_ms = retry_watch_pause_ms(++w->failures, asked, host_jitter());
    say_interruption(w, pause_ms);
    link_close(link);
    w->error = (struct link_error){.fault = LINK_FINE};
    return host_wait_ms(pause_ms);
}

static int interrupted(struct watch *w) {
    terminal_state_end(&w->client->terminal);
    return EXIT_CODE_SIGNAL + host_interrupted();
}

int watch_run(struct client *client, struct command *command) {
    struct watch w = {.client = client, .command = command, .flags = command->own, .code = EXIT_CODE_OK};
    w.request = (Liandong__V1__WatchFeed *)(void *)command->message;
    const char *error;
    if (command->globals.fields &&
        !print_fields_fit(&client->arena, &liandong__v1__event__descriptor, command->globals.fields, &error))
        return client_fail(client, EXIT_CODE_USAGE, error, "liandong feed watch --help");
    if (w.request->has_cursor && w.request->cursor.len != CURSOR_SIZE)
        return client_fail(client, EXIT_CODE_USAGE, _("--cursor is a place in the feed as -o ndjson tells it"),
                           "liandong feed watch --help");
    w.code = caller_open(&w.caller, client);
    if (w.code != EXIT_CODE_OK) {
        caller_close(&w.caller);
        return w.code;
    }
    arena_init(&w.arena, LINK_MESSAGE);
    host_mind_reader();
    uint64_t give_up = caller_deadline(&w.caller); /* only where it does not follow */
    for (;;) {
        enum watch_end end = session(&w);
        if (end == WATCH_FATAL) break;
        if (!save(&w, true)) break;
        if (end == WATCH_DONE) break;
        if (host_interrupted() || !wait_to_connect(&w)) {
            w.code = interrupted(&w);
            break;
        }
        if (w.flags->no_follow && clock_monotonic_us() >= give_up) {
            w.code = client_fail(client, EXIT_CODE_UNREACHABLE, _("the server could not be reached in time"),
                                 "liandong status");
            break;
        }
    }
    arena_free(&w.arena);
    caller_close(&w.caller);
    if (host_reader_gone()) {
        client->out_error = host_end_without_reader();
        w.code = EXIT_CODE_FAILED;
    }
    return w.code;
}
