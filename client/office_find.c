#include "client/office_find.h"
#include "client/labels.h"
#include "client/language.h"
#include "client/offices.h"
#include "client/schema.h"
#include "client/value.h"
#include "common/clock.h"
#include "common/text.h"
#include "common/wire.h"
#include <string.h>

#define TOLD 8u /* of those that a name may mean */

static bool asked; /* all that there are were heard */

/* One page. False: the connection's error. *more: another follows. */
static bool ask_page(struct caller *c, Liandong__V1__ListOffices *body, uint64_t deadline_us, struct arena *arena,
                     struct call_result *result, bool *more) {
    Liandong__V1__ToServer message = LIANDONG__V1__TO_SERVER__INIT;
    message.has_call = true;
    message.call = c->link.next_call++;
    message.body_case = LIANDONG__V1__TO_SERVER__BODY_LIST_OFFICES;
    message.list_offices = body;
    if (!link_send(&c->link, &message, deadline_us, &result->error)) return false;
    for (;;) {
        const Liandong__V1__ToClient *reply = link_receive(&c->link, arena, deadline_us, &result->error);
        if (!reply && result->error.fault == LINK_LEAVING) continue;
        if (!reply) return false;
        if (!reply->has_call || reply->call != message.call) continue;
        result->status = reply->status;
        const Liandong__V1__OfficePage *page =
            reply->body_case == LIANDONG__V1__TO_CLIENT__BODY_LIST_OFFICES ? reply->list_offices : NULL;
        for (size_t i = 0; page && i < page->n_offices; i++)
            offices_hear(page->offices[i]->office, page->offices[i]->name);
        *more = page && page->has_next;
        if (*more) body->page = page->next;
        body->has_page = *more;
        return true;
    }
}

static bool ask(struct caller *c, uint64_t deadline_us, struct arena *arena, struct call_result *result) {
    Liandong__V1__ListOffices body = LIANDONG__V1__LIST_OFFICES__INIT;
    bool more = true;
    body.has_limit = true;
    body.limit = 500;
    while (more)
        if (!ask_page(c, &body, deadline_us, arena, result, &more)) return false;
    asked = !result->status;
    return true;
}

/* ---- from names to codes */

struct search {
    struct client *client;
    struct arena *arena;
    bool said; /* refusals are final: everything was asked for */
    Liandong__V1__Status *refusal;
};

static void refuse(struct search *s, const char *path, const char *text, const char *const *codes, size_t count) {
    Liandong__V1__Status *status = arena_zero(s->arena, sizeof *status);
    Liandong__V1__FieldViolation *violation = arena_zero(s->arena, sizeof *violation);
    Liandong__V1__FieldViolation **violations = arena_zero(s->arena, sizeof *violations);
    static char several[] = "AMBIGUOUS_OFFICE", none[] = "UNKNOWN_OFFICE";
    const char *all = "";
    if (!status || !violation || !violations) return;
    for (size_t i = 0; all && i < count && i < TOLD; i++)
        all = arena_printf(s->arena, _("%s%s%s (%s)"), all, i ? _(", ") : "", offices_name(codes[i]), codes[i]);
    if (all && count > TOLD) all = arena_printf(s->arena, _("%s, and others"), all);
    const char *hint =
        count ? arena_printf(s->arena, _("\"%s\" may be one of several offices: %s. Write the whole name, or the code"),
                             text, all)
              : arena_printf(s->arena, _("no office is called \"%s\": liandong office list has them all"), text);
    liandong__v1__status__init(status);
    liandong__v1__field_violation__init(violation);
    status->has_code = true;
    status->code = LIANDONG__V1__CODE__CODE_INVALID_ARGUMENT;
    status->reason = count ? several : none;
    status->hint = hint ? arena_copy(s->arena, hint, strlen(hint)) : NULL;
    violation->field = arena_copy(s->arena, path, strlen(path));
    violation->reason = status->reason;
    violation->hint = status->hint;
    violations[0] = violation;
    status->n_violations = 1;
    status->violations = violations;
    s->refusal = status;
}

/* False: it is no name of one office. */
static bool settle_text(struct search *s, const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *field,
                        char **text, const char *path) {
    const char *codes[TOLD + 1];
    bool whole;
    size_t count = offices_named(s->arena, *text, codes, TOLD + 1, &whole);
    if (count != 1) {
        refuse(s, path, *text, codes, count);
        return false;
    }
    if (!whole) client_say(s->client, _("%s: %s (%s)"), label_field(type, field), offices_name(codes[0]), codes[0]);
    char *code = arena_copy(s->arena, codes[0], strlen(codes[0]));
    if (code) *text = code;
    return code != NULL;
}

static bool is_name(const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *field, const char *text) {
    return field->type == PROTOBUF_C_TYPE_STRING && label_meaning(type, field) == MEANING_OFFICE && *text &&
           !text_is_code(text);
}

/* With s NULL only looks: false where a name stands somewhere. */
static bool settle(struct search *s, ProtobufCMessage *message, const char *path) {
    const ProtobufCMessageDescriptor *type = message->descriptor;
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        bool list = field->label == PROTOBUF_C_LABEL_REPEATED;
        if (field->type != PROTOBUF_C_TYPE_STRING && field->type != PROTOBUF_C_TYPE_MESSAGE) continue;
        for (size_t n = 0; n < schema_count(message, field); n++) {
            char **item = (char **)(uintptr_t)schema_item(message, field, n);
            const char *below = s && list ? arena_printf(s->arena, "%s.%s[%zu]", path, field->name, n)
                                : s       ? arena_printf(s->arena, "%s.%s", path, field->name)
                                          : path;
            if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
                if (!settle(s, *(ProtobufCMessage **)(void *)item, below)) return false;
            } else if (is_name(type, field, *item)) {
                if (!s || !settle_text(s, type, field, item, below)) return false;
            }
        }
    }
    return true;
}

bool office_find(struct caller *c, const ProtobufCFieldDescriptor *request, ProtobufCMessage *body,
                 uint64_t deadline_us, struct arena *arena, struct call_result *result) {
    struct search search = {.client = c->client, .arena = arena};
    if (settle(NULL, body, "") || (asked && settle(&search, body, request->name))) return true;
    if (!ask(c, deadline_us, arena, result)) return false;
    search.refusal = NULL;
    if (!result->status && !settle(&search, body, request->name)) result->status = search.refusal;
    return true;
}

/* ---- from codes to names */

void office_learn(struct caller *c) {
    struct arena arena;
    struct call_result result = {.end = CALL_DONE};
    if (asked || !link_is_open(&c->link)) return;
    arena_init(&arena, LINK_MESSAGE);
    ask(c, clock_monotonic_us() + CALL_ATTEMPT_US, &arena, &result);
    asked = true; /* what was not told now will not be told the next time */
    arena_free(&arena);
}

/* The meaning of a text: its own, or that of the field whose value it tells. */
static bool tells_code(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, const char *text) {
    enum meaning meaning = label_meaning(message->descriptor, field);
    if (meaning == MEANING_FIELD_VALUE || meaning == MEANING_DIRECTORY_VALUE) {
        const ProtobufCFieldDescriptor *of =
            protobuf_c_message_descriptor_get_field_by_name(message->descriptor, "field");
        const char *name = of && of->type == PROTOBUF_C_TYPE_STRING ? *(char **)wire_member(message, of) : NULL;
        const struct label *label = name ? label_find(name) : NULL;
        meaning = label ? label->meaning : MEANING_PLAIN;
    } else if (offices_name_field(message->descriptor, field)) {
        return false; /* it stands beside */
    }
    return meaning == MEANING_OFFICE && text_is_code(text) && offices_name(text) == text;
}

static bool tells_unknown(const ProtobufCMessage *message) {
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        for (size_t n = 0; n < schema_count(message, field); n++) {
            const void *item = schema_item(message, field, n);
            if (field->type == PROTOBUF_C_TYPE_MESSAGE && tells_unknown(*(ProtobufCMessage *const *)item)) return true;
            if (field->type == PROTOBUF_C_TYPE_STRING && tells_code(message, field, *(char *const *)item)) return true;
        }
    }
    return false;
}

void office_learn_of(struct caller *c, const ProtobufCMessage *answer) {
    if (answer && !asked && tells_unknown(answer)) office_learn(c);
}
