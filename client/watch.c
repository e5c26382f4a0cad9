#include "client/enrol.h"
#include "client/watch.h"
#include "client/call.h"
#include "client/cursor.h"
#include "client/delivered.h"
#include "client/failure.h"
#include "client/host.h"
#include "client/json.h"
#include "client/language.h"
#include "client/notice.h"
#include "client/print.h"
#include "client/retry.h"
#include "client/watch_line.h"
#include "common/clock.h"
#include "common/wire.h"
#include <errno.h>
#include <string.h>

#define CONNECT_US   10000000u /* for one try over all servers */
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

enum watch_end {
    WATCH_AGAIN, /* the connection ended, w->error says why */
    WATCH_DONE,  /* as asked */
    WATCH_FATAL  /* no use trying again; said */
};

struct watch {
    struct client *client;
    struct command *command;
    const struct watch_flags *flags;
    Liandong__V1__WatchFeed *request;
    struct caller caller;
    struct arena arena;      /* of one message */
    struct link_error error; /* why the connection ended */
    bool started;            /* chose where to begin */
    bool lost;               /* it ended because a delivery was missing */
    uint8_t cursor[CURSOR_SIZE];
    bool has_cursor, resetting;
    char path[HOST_PATH]; /* "" where the cursor can't be kept */
    bool unsaved, live, was_live, save_failed;
    uint64_t saved_us;
    uint32_t printed, caught_up; /* in all; since the connection came back */
    int64_t reached_at;          /* of the last event shown; 0: none yet */
    char reached_no[40];
    unsigned failures;
    struct notices_shown notices;
    int code;
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

/* ---- what the server says */

static void keep(struct watch *w, ProtobufCBinaryData cursor) {
    if (cursor.len != CURSOR_SIZE) return;
    memcpy(w->cursor, cursor.data, CURSOR_SIZE);
    w->has_cursor = w->unsaved = true;
}

static void print_json_line(struct watch *w, const ProtobufCMessage *message) {
    json_print(w->client->out, message, NULL, 0);
    fputc('\n', w->client->out);
}

static bool is_json(const struct watch *w) {
    enum print_form form = print_form(w->client);
    return form == PRINT_JSON || form == PRINT_NDJSON;
}

static void print_event(struct watch *w, const Liandong__V1__Delivery *delivery) {
    struct client *client = w->client;
    terminal_state_end(&client->terminal);
    const char *fields = w->command->globals.fields;
    if (is_json(w) && !fields) {
        print_json_line(w, &delivery->base);
    } else if (print_form(client) == PRINT_TABLE && !fields) {
        if (client->terminal.out) {
            terminal_ambiguous(&client->terminal);
            terminal_measure(&client->terminal);
        }
        watch_line_print(client->out, delivery->event, &client->terminal, &w->arena);
    } else {
        print_row(client, &delivery->event->base,
                  fields ? fields : "at,no,kind,class,level,state,office_name,officer,title,note", w->printed == 0);
    }
    if (w->flags->bell && client->terminal.err && w->live && watch_line_rings(delivery->event)) {
        fputc('\a', client->err);
        fflush(client->err);
    }
}

/* A record came into sight or left it: there is no event to show. */
static void print_right(struct watch *w, const Liandong__V1__Delivery *delivery) {
    const Liandong__V1__RecordRight *right = delivery->retract ? delivery->retract : delivery->grant;
    struct client *client = w->client;
    terminal_state_end(&client->terminal);
    if (is_json(w))
        print_json_line(w, &delivery->base);
    else
        fprintf(client->err,
                delivery->retract ? _("%s is no longer for you to see; delete what you hold of it\n")
                                  : _("%s is visible to you from now on\n"),
                value_clean(&w->arena, right->no, true));
}

static enum watch_end on_delivery(struct watch *w, const Liandong__V1__Delivery *delivery, bool *ended) {
    *ended = true;
    bool right = delivery->retract || delivery->grant;
    if ((!delivery->event && !right) || delivery->cursor.len != CURSOR_SIZE || delivery->prev.len != CURSOR_SIZE) {
        w->error = (struct link_error){.fault = LINK_PROTOCOL, .detail = "delivery"};
        return WATCH_AGAIN;
    }
    if (w->has_cursor && memcmp(delivery->prev.data, w->cursor, CURSOR_SIZE) != 0) {
        w->lost = true;
        return WATCH_AGAIN;
    }
    if (!delivery->event) {
        print_right(w, delivery);
        keep(w, delivery->cursor);
        *ended = false;
        return WATCH_AGAIN;
    }
    print_event(w, delivery);
    keep(w, delivery->cursor);
    w->printed++;
    w->caught_up++;
    w->reached_at = delivery->event->at;
    snprintf(w->reached_no, sizeof w->reached_no, "%s", value_clean(&w->arena, delivery->event->no, true));
    if (delivered_is_ours(delivery->event, w->caller.link.hello->office_code) &&
        !delivered_say(&w->caller.link, delivery->event, clock_monotonic_us() + CONNECT_US, &w->error))
        return WATCH_AGAIN;
    if (w->flags->count && w->printed >= w->flags->count) return WATCH_DONE;
    *ended = false;
    return WATCH_AGAIN;
}

static enum watch_end on_sync(struct watch *w, const Liandong__V1__FeedSync *sync, bool *ended) {
    char now[CLOCK_TEXT_SIZE];
    bool first = !w->live;
    keep(w, sync->cursor);
    w->resetting = false;
    *ended = false;
    if (!sync->live || !first) return WATCH_AGAIN;
    w->live = true;
    w->failures = 0;
    clock_print(now, clock_now_ms());
    if (is_json(w)) print_json_line(w, &sync->base);
    if (w->was_live)
        client_say(w->client, _("-- %s connected again, %u events caught up"), now, w->caught_up);
    else
        client_say(w->client, w->flags->no_follow ? _("-- %s up to date") : _("-- %s up to date, live from here on"),
                   now);
    w->was_live = true;
    *ended = w->flags->no_follow;
    return WATCH_DONE;
}

static void on_reset(struct watch *w, const Liandong__V1__FeedReset *reset) {
    static const struct {
        const char *reason, *text;
    } reasons[] = {
        {"PRUNED", N_("the history since then is no longer kept")},
        {"FUTURE", N_("the server's history does not reach that far: it was restored from an older copy")},
        {"FORKED", N_("the server's history took another course since then")},
        {"RIGHTS", N_("what you may see is no longer what it was; delete what you hold of it")},
    };
    const char *why = value_clean(&w->arena, reset->reason, true);
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (strcmp(reasons[i].reason, why) == 0) why = _(reasons[i].text);
    client_warn(w->client,
                _("-- the feed can't go on from where this watch was: %s. What follows are the open incidents as they "
                  "stand, then what happens from now on"),
                why);
    if (is_json(w)) print_json_line(w, &reset->base);
    w->resetting = true;
    w->live = false;
}

static void on_snapshot(struct watch *w, const Liandong__V1__FeedSnapshot *snapshot) {
    if (is_json(w)) {
        print_json_line(w, &snapshot->base);
    } else {
        print_lists(w->client, &snapshot->base);
    }
}

/* Said by itself, as a receipt: that it came here, and that it stood on the screen. The answer is not waited for. */
static bool confirm(struct watch *w, const Liandong__V1__Alert *alert, bool shown) {
    Liandong__V1__ConfirmAlert body = LIANDONG__V1__CONFIRM_ALERT__INIT;
    Liandong__V1__ToServer message = LIANDONG__V1__TO_SERVER__INIT;
    body.alert = alert->no;
    body.has_shown = true;
    body.shown = shown;
    message.has_call = true;
    message.call = w->caller.link.next_call++;
    message.body_case = LIANDONG__V1__TO_SERVER__BODY_CONFIRM_ALERT;
    message.confirm_alert = &body;
    return link_send(&w->caller.link, &message, clock_monotonic_us() + CONNECT_US, &w->error);
}

static void show_notice(struct watch *w, const Liandong__V1__AlertNotice *notice) {
    struct client *client = w->client;
    bool screen = client->terminal.out && print_form(client) == PRINT_TABLE;
    terminal_state_end(&client->terminal);
    if (screen) {
        terminal_ambiguous(&client->terminal);
        terminal_measure(&client->terminal);
    }
    if (is_json(w))
        print_json_line(w, &notice->base);
    else
        notice_print(screen ? client->out : client->err, notice, screen ? &client->terminal : NULL, &w->arena);
    if (client->terminal.err) fputc('\a', client->err);
    fflush(client->err);
}

/* False: the connection ended. */
static bool on_notice(struct watch *w, const Liandong__V1__AlertNotice *notice) {
    if (!notice->alert || !notice->alert->no || !notice_is_new(&w->notices, notice)) return true;
    if (!confirm(w, notice->alert, false)) return false;
    show_notice(w, notice);
    return client_flush(w->client) && confirm(w, notice->alert, true);
}

/* *ended: the session is over, for the reason returned. */
static enum watch_end handle(struct watch *w, const Liandong__V1__ToClient *m, bool *ended) {
    *ended = false;
    switch (m->body_case) {
    case LIANDONG__V1__TO_CLIENT__BODY_DELIVERY: return on_delivery(w, m->delivery, ended);
    case LIANDONG__V1__TO_CLIENT__BODY_FEED_SYNC: return on_sync(w, m->feed_sync, ended);
    case LIANDONG__V1__TO_CLIENT__BODY_ALERT_NOTICE: *ended = !on_notice(w, m->alert_notice); return WATCH_AGAIN;
    case LIANDONG__V1__TO_CLIENT__BODY_FEED_RESET: on_reset(w, m->feed_reset); return WATCH_AGAIN;
    case LIANDONG__V1__TO_CLIENT__BODY_FEED_SNAPSHOT: on_snapshot(w, m->feed_snapshot); return WATCH_AGAIN;
    default: return WATCH_AGAIN; /* the answer to our own ping */
    }
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
    uint64_t deadline = clock_monotonic_us() + CONNECT_US;
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
        if (reply->watch_feed->has_cursor && !w->has_cursor) keep(w, reply->watch_feed->cursor);
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
    return link_send(&w->caller.link, &message, clock_monotonic_us() + CONNECT_US, &w->error);
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

static enum watch_end session(struct watch *w) {
    bool begun;
    w->live = false;
    w->lost = false;
    if (!caller_reconnect(&w->caller, clock_monotonic_us() + CONNECT_US, &w->error)) {
        if (host_interrupted() || retry_of_link(&w->error, false).again) return WATCH_AGAIN;
        struct call_result result = {.end = CALL_UNREACHABLE, .error = w->error, .status = w->error.status};
        w->code = failure_print(w->client, w->command, &result);
        return WATCH_FATAL;
    }
    enrol_renew_when_due(&w->caller);
    if (!link_is_open(&w->caller.link)) return WATCH_AGAIN;
    if (!w->started && !choose_start(w)) return WATCH_FATAL;
    w->started = true;
    enum watch_end end = begin(w, &begun);
    if (!begun) return end;
    w->caught_up = 0;
    for (;;) {
        if (!link_has_message(&w->caller.link) && !save(w, false)) return WATCH_FATAL;
        const Liandong__V1__ToClient *m = receive(w);
        if (!m) return WATCH_AGAIN;
        bool ended;
        end = handle(w, m, &ended);
        if (ended) return end;
    }
}

/* ---- between connections */

static void say_interruption(struct watch *w, uint32_t pause_ms) {
    char reached[CLOCK_TEXT_SIZE + 64] = "", when[CLOCK_TEXT_SIZE];
    struct arena *arena = &w->client->scratch;
    const char *why = w->lost ? _("an event was lost on the way; going back to the last one that is sure")
                              : failure_link_text(arena, &w->error);
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
