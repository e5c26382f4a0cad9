#include "client/watch_part.h"
#include "client/delivered.h"
#include "client/json.h"
#include "client/language.h"
#include "client/offices.h"
#include "client/print.h"
#include "client/watch_line.h"
#include "common/clock.h"
#include <string.h>

void watch_keep(struct watch *w, ProtobufCBinaryData cursor) {
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
    const char *office = w->caller.link.hello ? w->caller.link.hello->office_code : NULL;
    terminal_state_end(&client->terminal);
    offices_hear_message(&delivery->event->base);
    const char *fields = w->command->globals.fields;
    if (is_json(w) && !fields) {
        print_json_line(w, &delivery->base);
    } else if (print_form(client) == PRINT_TABLE && !fields) {
        if (client->terminal.out) {
            terminal_ambiguous(&client->terminal);
            terminal_measure(&client->terminal);
        }
        if (!watch_line_echoes(&w->linked, delivery->event, &w->arena))
            watch_line_print(client->out, delivery->event, office, &client->terminal, &w->arena);
    } else {
        print_row(client, &delivery->event->base,
                  fields ? fields : "at,no,kind,class,level,state,office_name,officer,title,note", w->printed == 0);
    }
    if (w->flags->bell && client->terminal.err && w->live && watch_line_rings(delivery->event, office)) {
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
        watch_keep(w, delivery->cursor);
        *ended = false;
        return WATCH_AGAIN;
    }
    notice_learn(&w->notices, delivery->event);
    print_event(w, delivery);
    watch_keep(w, delivery->cursor);
    w->printed++;
    w->caught_up++;
    w->reached_at = delivery->event->at;
    snprintf(w->reached_no, sizeof w->reached_no, "%s", value_clean(&w->arena, delivery->event->no, true));
    if (delivered_is_ours(delivery->event, w->caller.link.hello->office_code) &&
        !delivered_say(&w->caller.link, delivery->event, clock_monotonic_us() + WATCH_CONNECT_US, &w->error))
        return WATCH_AGAIN;
    if (w->flags->count && w->printed >= w->flags->count) return WATCH_DONE;
    *ended = false;
    return WATCH_AGAIN;
}

static enum watch_end on_sync(struct watch *w, const Liandong__V1__FeedSync *sync, bool *ended) {
    char now[CLOCK_TEXT_SIZE];
    bool first = !w->live;
    watch_keep(w, sync->cursor);
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
    return link_send(&w->caller.link, &message, clock_monotonic_us() + WATCH_CONNECT_US, &w->error);
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
        notice_print(screen ? client->out : client->err, &w->notices, notice, screen ? &client->terminal : NULL,
                     &w->arena);
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

enum watch_end watch_hear(struct watch *w, const Liandong__V1__ToClient *m, bool *ended) {
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
