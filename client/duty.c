#include "client/duty.h"
#include "client/help.h"
#include "client/language.h"
#include "client/print.h"
#include "client/request.h"
#include "client/value.h"
#include "common/clock.h"
#include "envelope.pb-c.h"
#include <string.h>

#define SHIFT_MS (12 * 3600 * 1000)

int duty_now(struct client *client, struct command *command) {
    Liandong__V1__ListDuties *list = (Liandong__V1__ListDuties *)(void *)command->message;
    list->has_now = true;
    list->now = true;
    return request_run(client, command);
}

static bool is_manned(const Liandong__V1__DutyPage *page, const char *position) {
    for (size_t i = 0; i < page->n_duties; i++)
        if (strcmp(page->duties[i]->position, position) == 0) return true;
    return false;
}

/* The command that puts somebody there from now on, whole but for whom. */
static const char *set_line(struct client *client, char *position) {
    Liandong__V1__SetDuty set = LIANDONG__V1__SET_DUTY__INIT;
    set.position = position;
    set.has_since = set.has_until = true;
    set.since = client->now;
    set.until = client->now + SHIFT_MS;
    return help_line(&client->arena, verbs_find("duty", "set"), NULL, true, &set.base);
}

void duty_tell_vacant(struct client *client, const struct command *command, struct caller *caller,
                      const ProtobufCMessage *reply) {
    if (command->verb->run != duty_now || print_form(client) != PRINT_TABLE || client->quiet) return;
    const Liandong__V1__ListDuties *list = (const Liandong__V1__ListDuties *)(const void *)command->message;
    const Liandong__V1__DutyPage *page = (const Liandong__V1__DutyPage *)(const void *)reply;
    if (list->position || list->account || list->has_page || page->has_next) return;
    Liandong__V1__ListPositions ask = LIANDONG__V1__LIST_POSITIONS__INIT;
    struct call_result result;
    const char *first = NULL;
    ask.office = list->office;
    caller_call(caller, schema_request("list_positions"), &ask.base, NULL, caller_deadline(caller), &client->arena,
                &result);
    if (result.end != CALL_DONE) return;
    const Liandong__V1__PositionPage *all = (const Liandong__V1__PositionPage *)(const void *)result.reply;
    for (size_t i = 0; i < all->n_positions; i++) {
        const Liandong__V1__PositionRecord *p = all->positions[i];
        if (is_manned(page, p->position)) continue;
        client_say(client, _("nobody is on duty now: %s, %s (%s)"), value_clean(&client->arena, p->office_name, true),
                   value_clean(&client->arena, p->name, true), p->position);
        if (!first) first = set_line(client, p->position);
    }
    if (first) client_say(client, _("next: the administrator sets it: %s"), first);
    if (all->n_positions == 0)
        client_say(client,
                   _("next: no position has been opened here; the administrator does it: %s, then sets who is on duty "
                     "there: liandong duty set"),
                   help_line(&client->arena, verbs_find("position", "open"), NULL, true, NULL));
}
