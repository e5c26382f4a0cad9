#include "client/failure.h"
#include "client/help.h"
#include "client/host.h"
#include "client/labels.h"
#include "client/language.h"
#include "client/schema.h"
#include "client/value.h"
#include "common/status.h"
#include "common/wire.h"
#include <stdio.h>
#include <string.h>

#define CODE(c) LIANDONG__V1__CODE__CODE_##c

static const struct {
    Liandong__V1__Code code;
    int exit_code;
    const char
        *next; /* msgid; %s: the kind of record that the command was about, and its number; NULL: the hint says it */
} ends[] = {
    {CODE(NOT_FOUND), EXIT_CODE_NOT_FOUND, N_("liandong incident list, or liandong incident search WORD")},
    {CODE(UNAUTHENTICATED), EXIT_CODE_CERTIFICATE,
     N_("the administrator runs liandong device invite TERMINAL --office OFFICE; with the token: liandong enrol")},
    {CODE(PERMISSION_DENIED), EXIT_CODE_FORBIDDEN, N_("liandong status shows who you are here")},
    {CODE(ABORTED), EXIT_CODE_CONFLICT,
     N_("liandong %s show %s, then decide again and name its version with --base-version")},
    {CODE(ALREADY_EXISTS), EXIT_CODE_CONFLICT, N_("leave out --request-id to send this as a request of its own")},
    {CODE(FAILED_PRECONDITION), EXIT_CODE_FAILED, N_("liandong %s show %s shows its state")},
    {CODE(INVALID_ARGUMENT), EXIT_CODE_USAGE, NULL},
    {CODE(OUT_OF_RANGE), EXIT_CODE_USAGE, NULL},
    {CODE(UNAVAILABLE), EXIT_CODE_UNREACHABLE,
     N_("try again in a while; liandong status shows whether the server is back")},
    {CODE(RESOURCE_EXHAUSTED), EXIT_CODE_UNREACHABLE, N_("try again in a while")},
    {CODE(DEADLINE_EXCEEDED), EXIT_CODE_UNREACHABLE,
     N_("try again, with a longer --timeout where the network is slow")},
    {CODE(UNIMPLEMENTED), EXIT_CODE_FAILED,
     N_("client and server are of different versions: liandong version, liandong status")},
    {CODE(PENDING), EXIT_CODE_UNKNOWN, NULL},
};

/* Reasons whose next step is not that of their code; NULL: the hint says it. */
static const struct {
    const char *reason, *next; /* msgid */
} reason_ends[] = {
    {"LOGIN_REQUIRED", "liandong login"},
    {"APPROVAL_NEEDED", "liandong approval list"},
    {"NOT_ON_SCENE", "liandong incident arrive"},
    {"FILE_TOO_LARGE", NULL},
    {"RECORD_FULL", NULL},
    {"LIMIT_REACHED", NULL},
    {"ALERTS_FLOOD", "liandong duty now"},
    {"WRONG_OFFSET", NULL},
    {"WRONG_HASH", NULL},
    {"NOT_BEGUN", NULL},
    {"CODE_TAKEN", NULL},
    {"LOGIN_ENDED", "liandong login"},
    {"LOGIN_IDLE", "liandong login"},
    {"WRONG_PASSWORD", NULL},
    {"LOGIN_BLOCKED", NULL},
    {"NO_ASSIGNMENT", NULL},
    {"OTHER_OFFICES_DEVICE", NULL},
    {"BAD_AREA", "liandong area list"},
    {"BAD_PARTNER_KIND", "liandong office kinds"},
    {"LAST_ONE", NULL},
    {"CENTRE_THERE", NULL},
    {"NOT_OF_OFFICE", NULL},
    {"DUTY_OVERLAP", NULL},
    {"ACCOUNT_LOCKED", NULL},
    {"ENROLMENT_ELSEWHERE", NULL},
    {"TOKEN_INVALID", NULL},
    {"TOKEN_USED", NULL},
    {"TOKEN_EXPIRED", NULL},
    {"DEVICE_TAKEN", NULL},
    {"DEVICE_KEY_TAKEN", NULL},
    {"RENEW_OTHER_KEY", NULL},
    {"OWN_DEVICE", NULL},
    {"DEVICE_REVOKED", NULL},
};

int failure_code_of_status(Liandong__V1__Code code) {
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (ends[i].code == code) return ends[i].exit_code;
    return EXIT_CODE_FAILED;
}

bool failure_tells_codes(const struct client *client) { return !client->terminal.err; }

const char *failure_status_text(struct arena *arena, const Liandong__V1__Status *status, bool codes) {
    char unknown[16];
    const char *code = label_value(&liandong__v1__code__descriptor, (int)status->code, unknown);
    const char *reason = codes ? value_clean(arena, status->reason, true) : "";
    const char *text = arena_printf(arena, *reason ? _("%s (%s)") : "%s", code, reason);
    return text ? text : code;
}

/* A person reads Chinese hints, or in English the message; those of this program where the server sent none. */
static const char *hint_of(struct arena *arena, const Liandong__V1__Status *status) {
    const struct status_row *row = status->reason ? status_find(status->reason) : NULL;
    bool known = row && status->reason && strcmp(row->reason, status->reason) == 0;
    if (status->hint && *status->hint) return value_clean(arena, status->hint, true);
    if (language_is_chinese() && known) return row->hint;
    return value_clean(arena, status->message ? status->message : known ? row->message : NULL, true);
}

/* What the last part of a path is called, in that command: "watch_feed.filter.offices[1]" -> "office codes, item 2". */
static const char *label_of_path(struct arena *arena, const struct command *command, const char *path) {
    const char *dot = strrchr(path, '.'), *name = dot ? dot + 1 : path;
    size_t size = strcspn(name, "[");
    const char *field = arena_copy(arena, name, size);
    const ProtobufCMessageDescriptor *type = command && command->message ? command->message->descriptor : NULL;
    const ProtobufCFieldDescriptor *own =
        type && field ? protobuf_c_message_descriptor_get_field_by_name(type, field) : NULL;
    const char *label = value_clean(arena, own ? label_field(type, own) : label_name(field ? field : name), true);
    unsigned item = 0;
    if (sscanf(name + size, "[%6u]", &item) != 1) return label;
    bool list = !own || own->label == PROTOBUF_C_LABEL_REPEATED; /* else the line of a text */
    const char *text = arena_printf(arena, list ? _("%s, item %u") : _("%s, line %u"), label, item + 1);
    return text ? text : label;
}

const char *failure_fault_text(struct arena *arena, const struct command *command, const char *path,
                               const char *reason) {
    const char *flag = command ? command_flag_of_path(command, path, arena) : path;
    const struct status_row *row = status_find(reason);
    const char *why = strcmp(row->reason, reason) != 0 ? reason : language_is_chinese() ? row->hint : row->message;
    const char *text = arena_printf(arena, _("%s (%s): %s"), value_clean(arena, flag, true),
                                    label_of_path(arena, command, path), value_clean(arena, why, true));
    return text ? text : path;
}

static bool same(const char *a, const char *b) { return a && b && strcmp(a, b) == 0; }

static const ProtobufCFieldDescriptor *record_field(const struct command *command) {
    return command->message ? schema_record(command->message->descriptor) : NULL;
}

/* The field at fault; why, where the status as a whole has not said it already. */
static void print_violation(struct client *client, const struct command *command, const Liandong__V1__Status *status,
                            const Liandong__V1__FieldViolation *violation) {
    struct arena *arena = &client->arena;
    const char *path = violation->field ? violation->field : "";
    bool said = same(violation->reason, status->reason);
    const ProtobufCFieldDescriptor *record = record_field(command);
    const char *dot = strrchr(path, '.');
    if (said && record && status->code == CODE(FAILED_PRECONDITION) && strcmp(dot ? dot + 1 : path, record->name) == 0)
        return; /* that it is this record's state is plain */
    const char *hint =
        violation->hint && !same(violation->hint, status->hint) ? value_clean(arena, violation->hint, true) : "";
    const char *why = said || !failure_tells_codes(client) ? "" : value_clean(arena, violation->reason, true);
    const char *flag = command_flag_of_path(command, path, arena), *label = label_of_path(arena, command, path);
    const char *field =
        same(flag, path) ? label : arena_printf(arena, _("%s (%s)"), value_clean(arena, flag, true), label);
    client_warn(client, "  %s%s%s%s%s", field ? field : "", *why ? "  " : "", why, *hint ? "  " : "", hint);
}

/* The field of a request's receipt that tells its record's state: its type says what kind of record it is. */
static const ProtobufCFieldDescriptor *state_field(const struct command *command) {
    const ProtobufCFieldDescriptor *request = schema_request(command->verb->request ? command->verb->request : "");
    const ProtobufCMessageDescriptor *receipt = request ? schema_type(schema_reply(request)) : NULL;
    const ProtobufCFieldDescriptor *state =
        receipt ? protobuf_c_message_descriptor_get_field_by_name(receipt, "state") : NULL;
    return state && state->type == PROTOBUF_C_TYPE_ENUM ? state : NULL;
}

static void print_details(struct client *client, const struct command *command, const Liandong__V1__Status *status) {
    struct arena *arena = &client->arena;
    const ProtobufCFieldDescriptor *state = state_field(command);
    int record = state ? value_record_of(state->descriptor) : 0;
    for (size_t i = 0; i < status->n_violations; i++) print_violation(client, command, status, status->violations[i]);
    for (size_t i = 0; i < status->n_conflicts; i++) {
        const Liandong__V1__Conflict *conflict = status->conflicts[i];
        const char *field = conflict->field ? conflict->field : "";
        client_warn(client, _("  %s: theirs \"%s\", yours \"%s\""),
                    value_clean(arena, value_field_label(record, field), true),
                    value_of_field(arena, record, field, conflict->theirs, true),
                    value_of_field(arena, record, field, conflict->yours, true));
    }
    char unknown[16];
    if (status->has_current_state && state)
        client_warn(client, _("  state now: %s"), label_value(state->descriptor, (int)status->current_state, unknown));
    const char *roles = "";
    for (size_t i = 0; i < status->n_roles && roles; i++)
        roles = arena_printf(arena, "%s%s%s", roles, *roles ? _(", ") : "",
                             label_value(&liandong__v1__role__descriptor, (int)status->roles[i], unknown));
    if (roles && *roles) client_warn(client, _("  who may: %s"), roles);
    if (status->has_current_version && status->code == CODE(ABORTED))
        client_warn(client, _("  version now: %u"), status->current_version);
}

/* The record that a command was about, for the next command. */
static const char *subject(struct client *client, const struct command *command) {
    const ProtobufCFieldDescriptor *field = record_field(command);
    const char *text =
        field && wire_has(command->message, field) ? *(char **)wire_member(command->message, field) : NULL;
    return text ? value_clean(&client->arena, text, true) : "NO";
}

/* A short number that fits several: written in full it fits one. */
static bool print_whole_number(struct client *client, const struct command *command, const char *reason) {
    static const char zeros[] = "000000"; /* as many digits as JQ-2026-000123 has */
    const char *number = subject(client, command);
    size_t size = strlen(number);
    if (!same(reason, "AMBIGUOUS_NUMBER") || size == 0 || size >= strlen(zeros) || strspn(number, "0123456789") != size)
        return false;
    client_warn(client, _("next: write all digits, such as %s%s for the one with this very number"), zeros + size,
                number);
    return true;
}

/* The kind of record that a field at fault names by its letters: of `dispute open --from JQ-…` an incident. */
static bool noun_at_fault(char noun[SCHEMA_WORD], const struct command *command, const Liandong__V1__Status *status) {
    const char *path = status->n_violations ? status->violations[0]->field : NULL,
               *dot = path ? strrchr(path, '.') : NULL;
    const ProtobufCFieldDescriptor *field =
        dot && command->message ? protobuf_c_message_descriptor_get_field_by_name(command->message->descriptor, dot + 1)
                                : NULL;
    if (!field || field->type != PROTOBUF_C_TYPE_STRING || field->label == PROTOBUF_C_LABEL_REPEATED ||
        !wire_has(command->message, field))
        return false;
    const ProtobufCEnumDescriptor *kinds = &liandong__v1__record_type__descriptor;
    const char *number = *(char **)wire_member(command->message, field);
    const ProtobufCEnumValue *kind = protobuf_c_enum_descriptor_get_value(kinds, value_record_of_number(number));
    if (kind && kind->value != 0) schema_word(noun, kinds, kind);
    return kind && kind->value != 0;
}

/* Where what was not found can be looked up. */
static const char *list_of(const struct command *command, const Liandong__V1__Status *status) {
    char named[SCHEMA_WORD];
    const ProtobufCFieldDescriptor *about = record_field(command);
    const char *words = noun_at_fault(named, command, status) ? named
                        : command->verb->record               ? command->verb->record
                        : about                               ? about->name
                                                              : command->verb->words;
    size_t noun = strcspn(words, " ");
    for (size_t i = 0; verbs_at(i); i++)
        if (strncmp(verbs_at(i)->words, words, noun) == 0 && strcmp(verbs_at(i)->words + noun, " list") == 0)
            return verbs_at(i)->words;
    return NULL;
}

/* A number whose letters are another kind of record's: where that one is shown. */
static bool print_other_noun(struct client *client, const struct command *command) {
    const ProtobufCEnumDescriptor *kinds = &liandong__v1__record_type__descriptor;
    const char *number = subject(client, command);
    const ProtobufCEnumValue *kind = protobuf_c_enum_descriptor_get_value(kinds, value_record_of_number(number));
    const ProtobufCFieldDescriptor *about = record_field(command);
    char noun[SCHEMA_WORD];
    if (!kind || kind->value == 0) return false;
    schema_word(noun, kinds, kind);
    size_t size = strcspn(command->verb->words, " ");
    bool same_noun = strlen(noun) == size && strncmp(noun, command->verb->words, size) == 0;
    if (same_noun || (about && strcmp(about->name, noun) == 0)) return false; /* mediation, agreement: of a dispute */
    client_warn(client, _("next: this number is another kind of record's: liandong %s show %s"), noun, number);
    return true;
}

/* Something else than the record was not found, such as an incident of another jurisdiction: how this command names it.
 */
static void print_how(struct client *client, const struct command *command, const Liandong__V1__Status *status) {
    const char *first = command->verb->positional ? command->verb->positional : "";
    size_t size = strcspn(first, " ");
    for (size_t i = 0; i < status->n_violations; i++) {
        const char *path = status->violations[i]->field, *dot = path ? strrchr(path, '.') : NULL;
        bool subject = dot && strlen(dot + 1) == size && memcmp(dot + 1, first, size) == 0;
        if (dot && command->verb->detail && !subject) {
            client_warn(client, "  %s", _(command->verb->detail));
            return;
        }
    }
}

static void print_next(struct client *client, const struct command *command, const Liandong__V1__Status *status) {
    Liandong__V1__Code code = status->code;
    if (code == CODE(NOT_FOUND) && print_other_noun(client, command)) return;
    if (code == CODE(NOT_FOUND)) print_how(client, command, status);
    if (status->n_roles > 0 && record_field(command)) {
        client_warn(client, _("next: ask one of them, on his terminal: %s"),
                    help_line(&client->arena, command->verb, subject(client, command), true, command->message));
        return;
    }
    if (print_whole_number(client, command, status->reason)) return;
    bool moves = help_allowed(client, status->allowed, status->n_allowed, subject(client, command));
    if (same(status->reason, "ILLEGAL_TRANSITION")) help_course(client, command->verb);
    if (moves) return;
    const ProtobufCFieldDescriptor *about = record_field(command);
    bool incident = about && strcmp(about->name, "incident") == 0;
    const char *list = code == CODE(NOT_FOUND) && !incident ? list_of(command, status) : NULL;
    if (list) {
        client_warn(client, _("next: liandong %s"), list);
        return;
    }
    for (size_t i = 0; i < sizeof reason_ends / sizeof *reason_ends; i++) {
        if (!same(status->reason, reason_ends[i].reason)) continue;
        if (reason_ends[i].next) client_warn(client, _("next: %s"), reason_ends[i].next);
        return;
    }
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        if (ends[i].code != code || !ends[i].next) continue;
        if (!about && strstr(ends[i].next, "%s")) continue; /* it is about something else */
        const char *next =
            arena_printf(&client->arena, _(ends[i].next), about ? about->name : "", subject(client, command));
        client_warn(client, _("next: %s"), next ? next : "");
    }
    if (code == CODE(INVALID_ARGUMENT) || code == CODE(OUT_OF_RANGE))
        client_warn(client, _("next: liandong %s --help"), command->verb->words);
}

static void print_request_id(struct client *client, const struct call_result *result) {
    char text[UUID_TEXT_SIZE];
    if (!result->has_request_id) return;
    uuid_print(text, result->request_id);
    client_warn(client, _("request id: %s"), text);
}

static int print_unknown(struct client *client, const struct command *command, const struct call_result *result) {
    char text[UUID_TEXT_SIZE];
    bool codes = failure_tells_codes(client);
    const char *why = result->status ? failure_status_text(&client->arena, result->status, codes)
                                     : failure_link_text(&client->arena, &result->error, codes);
    uuid_print(text, result->request_id);
    const char *again = command_again(command, text, &client->arena);
    client_warn(client, _("outcome unknown: the request may have been carried out, or not"));
    client_warn(client, _("why: %s"), why);
    client_warn(client, _("next: ask again under the same request id; whatever happened, it is carried out once:"));
    client_warn(client, "  %s", again ? again : text);
    client_warn(client, _("request id: %s"), text);
    return result->interrupted ? EXIT_CODE_SIGNAL + host_interrupted() : EXIT_CODE_UNKNOWN;
}

static int print_status(struct client *client, const struct command *command, const struct call_result *result) {
    const Liandong__V1__Status *status = result->status;
    client_warn(client, _("error: %s"), failure_status_text(&client->arena, status, failure_tells_codes(client)));
    const char *hint = hint_of(&client->arena, status);
    if (*hint) client_warn(client, "  %s", hint);
    print_details(client, command, status);
    print_next(client, command, status);
    print_request_id(client, result);
    return failure_code_of_status(status->code);
}

int failure_print(struct client *client, const struct command *command, const struct call_result *result) {
    if (result->end == CALL_UNKNOWN) return print_unknown(client, command, result);
    if (result->status) return print_status(client, command, result);
    if (result->end == CALL_INTERRUPTED) {
        client_warn(client, "%s", _("interrupted; nothing was sent, or it changes nothing"));
        return EXIT_CODE_SIGNAL + host_interrupted();
    }
    const char *next = failure_link_next(&result->error);
    client_warn(client, _("error: %s"), failure_link_text(&client->arena, &result->error, failure_tells_codes(client)));
    if (result->has_request_id) client_warn(client, "  %s", _("it did not reach the server: nothing was entered"));
    if (next) client_warn(client, _("next: %s"), next);
    print_request_id(client, result);
    return failure_code_of_link(&result->error);
}
