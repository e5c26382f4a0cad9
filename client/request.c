#include "client/request.h"
#include "client/call.h"
#include "client/doubt.h"
#include "client/duty.h"
#include "client/enrol.h"
#include "client/failure.h"
#include "client/help.h"
#include "client/labels.h"
#include "client/language.h"
#include "client/office_find.h"
#include "client/operation.h"
#include "client/print.h"
#include "client/schema.h"
#include "common/seal.h"
#include "common/wire.h"
#include "envelope.pb-c.h"
#include "incident.pb-c.h"
#include <string.h>

#define ANSWER 8192

static int usage(struct client *client, const struct command *command, const char *what) {
    return help_misused(client, command->verb, what ? what : "");
}

static const char *flag_of(struct client *client, const ProtobufCFieldDescriptor *field) {
    char flag[SCHEMA_WORD];
    schema_flag(flag, field);
    const char *text = arena_printf(&client->arena, "--%s", flag);
    return text ? text : field->name;
}

/* What can be chosen, numbered from 1; with `typed`, its word where it is one of the numbers, else as it is. */
static const char *choose(struct client *client, const ProtobufCFieldDescriptor *field, const char *typed) {
    const ProtobufCEnumDescriptor *type = field->descriptor;
    unsigned number = 0;
    for (unsigned i = 0; i < type->n_values; i++) {
        char word[SCHEMA_WORD], shown[16];
        if (!schema_offers(field, &type->values[i])) continue;
        snprintf(shown, sizeof shown, "%u", ++number);
        schema_word(word, type, &type->values[i]);
        if (typed && strcmp(value_half_width(&client->arena, typed), shown) == 0) return type->values[i].name;
        if (!typed)
            fprintf(client->err, "  %2s %s\n", shown, language_is_chinese() ? label_name(type->values[i].name) : word);
    }
    return typed;
}

/* Asks for one field until the answer fits. False: no person, or no answer. */
static bool ask_field(struct client *client, struct command *command, const ProtobufCFieldDescriptor *field) {
    char answer[ANSWER];
    struct value_error error;
    const char *label = label_field(command->message->descriptor, field);
    bool chosen = field->type == PROTOBUF_C_TYPE_ENUM;
    if (chosen && client->terminal.in && client->terminal.err) choose(client, field, NULL);
    const char *question = arena_printf(&client->arena, chosen ? _("%s (number or word): ") : _("%s: "), label);
    while (question && terminal_ask(&client->terminal, question, answer, sizeof answer)) {
        if (!*answer) continue;
        const char *value = chosen ? choose(client, field, answer) : answer;
        if (value_set(command->message, field, value, client->now, &client->arena, &error)) return true;
        client_warn(client, "%s", error.text);
    }
    return false;
}

/* What is lacking and, where there is a list, what it can be. */
static int missing(struct client *client, const struct command *command, const ProtobufCFieldDescriptor *field) {
    char words[768] = "";
    if (field->type == PROTOBUF_C_TYPE_ENUM) label_words(field, words, sizeof words);
    return usage(client, command,
                 arena_printf(&client->arena, *words ? _("%s (%s) is missing: %s") : _("%s (%s) is missing%s"),
                              flag_of(client, field), label_field(command->message->descriptor, field), words));
}

static int complete(struct client *client, struct command *command) {
    const ProtobufCFieldDescriptor *field;
    while ((field = command_missing(command))) {
        if (ask_field(client, command, field)) continue;
        return missing(client, command, field);
    }
    return EXIT_CODE_OK;
}

static bool says_yes(const char *answer) {
    return answer[0] == 'y' || answer[0] == 'Y' || strncmp(answer, "是", 3) == 0;
}

/* What looks mistyped is asked about; a program is told. */
static int doubt(struct client *client, const struct command *command) {
    char answer[64];
    for (unsigned i = 0; i < command->message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &command->message->descriptor->fields[i];
        if (field->type != PROTOBUF_C_TYPE_STRING || field->label == PROTOBUF_C_LABEL_REPEATED ||
            !wire_has(command->message, field))
            continue;
        const char *text = value_text(&client->arena, command->message, field, true);
        const char *why = text ? doubt_about(field->name, text) : NULL;
        if (!why) continue;
        const char *flag = flag_of(client, field);
        const char *question =
            arena_printf(&client->arena, _("%s %s: %s. Is it so all the same? [y/N] "), flag, text, _(why));
        if (command->globals.yes || !question || !terminal_ask(&client->terminal, question, answer, sizeof answer)) {
            client_warn(client, _("note: %s %s: %s"), flag, text, _(why));
        } else if (!says_yes(answer)) {
            client_say(client, "%s", _("nothing was done"));
            return EXIT_CODE_FAILED;
        }
    }
    return EXIT_CODE_OK;
}

/* A person says yes once more; a program says --yes. */
static int confirm(struct client *client, const struct command *command) {
    char answer[64];
    if (!command->verb->confirm || command->globals.yes) return EXIT_CODE_OK;
    const ProtobufCFieldDescriptor *field = schema_record(command->message->descriptor);
    const char *subject = field ? value_text(&client->arena, command->message, field, true) : "";
    const char *question = arena_printf(&client->arena, _("%s %s? It can't be undone. [y/N] "), _(command->verb->about),
                                        subject ? subject : "");
    if (!question || !terminal_ask(&client->terminal, question, answer, sizeof answer))
        return usage(client, command, _("this is hard to undo: add --yes to do it without being asked"));
    if (says_yes(answer)) return EXIT_CODE_OK;
    client_say(client, "%s", _("nothing was done"));
    return EXIT_CODE_FAILED;
}

/* What is wrong with a field; of a number that does not fit, also which ones do. */
static const char *fault_text(struct client *client, const struct command *command, const struct wire_fault *fault) {
    const char *text = failure_fault_text(&client->arena, command, fault->field, fault->reason);
    const ProtobufCMessageDescriptor *type = command->message->descriptor;
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(type, fault->field);
    if (!field || field->type != PROTOBUF_C_TYPE_UINT32 || strcmp(fault->reason, "OUT_OF_RANGE") != 0) return text;
    struct wire_limit limit = wire_limit_of(type, field);
    return arena_printf(&client->arena, _("%s (%u to %u)"), text, limit.min, limit.max);
}

/* The rules that need no server, before anything is sent. */
static int check(struct client *client, const struct command *command) {
    struct wire_fault fault;
    const char *error;
    const ProtobufCMessageDescriptor *reply = schema_type(schema_reply(command->request));
    /* The answer to an order is what the nodes make of it. */
    if (reply == &liandong__v1__order_receipt__descriptor) reply = &liandong__v1__order_report__descriptor;
    if (command->globals.fields && !print_fields_fit(&client->arena, reply, command->globals.fields, &error))
        return usage(client, command, error);
    if (command_is_idle(command)) return usage(client, command, _("nothing to change was given"));
    if (command->globals.request_id && !schema_writes(command->request))
        return usage(client, command,
                     _("--request-id is for commands that write; this one only reads: just run it again"));
    if (!wire_check(command->message, true, &fault)) return usage(client, command, fault_text(client, command, &fault));
    return EXIT_CODE_OK;
}

/* Whether a text of `message` that was printed stands hidden. fields: what was chosen, NULL for all. */
static bool hides(const ProtobufCMessage *message, const char *fields) {
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        if (field->type != PROTOBUF_C_TYPE_STRING || field->label == PROTOBUF_C_LABEL_REPEATED) continue;
        const char *text = wire_has(message, field) ? *(char **)wire_member(message, field) : NULL;
        if (!text || strcmp(text, SEAL_HIDDEN) != 0) continue;
        size_t size = strlen(field->name);
        for (const char *at = fields; at && *at; at += strcspn(at, ","), at += *at == ',')
            if (strcspn(at, ",") == size && memcmp(at, field->name, size) == 0) return true;
        if (!fields) return true;
    }
    return false;
}

/* Beside what stands hidden in incidents: the command that shows it, once, for the first of them. */
static void tell_hidden(struct client *client, const struct command *command, const ProtobufCMessage *reply) {
    const ProtobufCFieldDescriptor *rows = schema_rows(reply->descriptor);
    const ProtobufCMessage *const *items = rows ? *(void **)wire_member(reply, rows) : &reply;
    size_t count = rows ? *wire_quantifier(reply, rows) : 1;
    enum print_form form = print_form(client);
    if ((rows ? schema_type(rows) : reply->descriptor) != &liandong__v1__incident__descriptor || form == PRINT_ID)
        return;
    const char *fields = command->globals.fields;
    if (!fields && rows && form == PRINT_TABLE) fields = print_columns(&liandong__v1__incident__descriptor);
    for (size_t i = 0; i < count; i++) {
        if (!hides(items[i], fields)) continue;
        const char *no = ((const Liandong__V1__Incident *)(const void *)items[i])->no;
        if (rows)
            client_say(
                client,
                _("who reported stands in no list: liandong incident show %s shows it to the office that entered "
                  "it, liandong incident reveal %s --purpose PURPOSE --case-no NUMBER to a head of another"),
                no, no);
        else
            client_say(
                client,
                _("who reported is shown to a head: liandong incident reveal %s --purpose PURPOSE --case-no NUMBER"),
                no);
        return;
    }
}

/* Below a record: what its reader can do with it next. */
static void tell_allowed(struct client *client, const ProtobufCMessage *reply) {
    const ProtobufCFieldDescriptor *allowed =
        protobuf_c_message_descriptor_get_field_by_name(reply->descriptor, "allowed");
    const ProtobufCFieldDescriptor *no = protobuf_c_message_descriptor_get_field_by_name(reply->descriptor, "no");
    if (!allowed || !no || client->quiet || print_form(client) != PRINT_TABLE) return;
    help_allowed(client, *(char ***)wire_member(reply, allowed), *wire_quantifier(reply, allowed),
                 value_text(&client->arena, reply, no, true));
}

/* What the answer asks of the person, beside the answer. */
static int remark(struct client *client, struct command *command, const ProtobufCMessage *reply) {
    const ProtobufCFieldDescriptor *next = protobuf_c_message_descriptor_get_field_by_name(reply->descriptor, "next");
    const ProtobufCFieldDescriptor *page =
        protobuf_c_message_descriptor_get_field_by_name(command->message->descriptor, "page");
    if (next && page && wire_has(reply, next)) {
        wire_mark_present(command->message, page);
        *(ProtobufCBinaryData *)wire_member(command->message, page) =
            *(const ProtobufCBinaryData *)wire_member(reply, next);
        const char *again = command_again(command, NULL, &client->arena);
        client_say(client, _("there are more: %s"), again ? again : "--page");
    }
    if (reply->descriptor == &liandong__v1__invitation__descriptor)
        enrol_tell_invitation(client, (const Liandong__V1__Invitation *)(const void *)reply);
    if (reply->descriptor == &liandong__v1__glass_receipt__descriptor)
        client_say(client, _("open for you now: liandong incident show %s; both heads were told, and it is reviewed"),
                   ((const Liandong__V1__GlassReceipt *)(const void *)reply)->no);
    tell_hidden(client, command, reply);
    tell_allowed(client, reply);
    const ProtobufCFieldDescriptor *replay =
        protobuf_c_message_descriptor_get_field_by_name(reply->descriptor, "replay");
    if (replay && wire_has(reply, replay) && *(const protobuf_c_boolean *)wire_member(reply, replay))
        client_say(client, "%s", _("this request had been carried out before; nothing was done twice"));
    if (reply->descriptor != &liandong__v1__feed_verdict__descriptor ||
        ((const Liandong__V1__FeedVerdict *)(const void *)reply)->intact)
        return EXIT_CODE_OK;
    return client_fail(
        client, EXIT_CODE_FAILED, _("the record of changes is NOT intact"),
        _("leave everything as it is and call the administrator: the server's log and a backup show what was changed"));
}

static int answer(struct client *client, struct command *command, struct caller *caller, const uint8_t *request_id) {
    struct call_result result;
    caller_call(caller, command->request, command->message, request_id, caller_deadline(caller), &client->arena,
                &result);
    office_learn_of(caller, result.reply ? result.reply : result.status ? &result.status->base : NULL);
    if (result.end != CALL_DONE) return failure_print(client, command, &result);
    if (result.reply->descriptor == &liandong__v1__order_receipt__descriptor)
        return operation_answers(client, command, caller,
                                 (const Liandong__V1__OrderReceipt *)(const void *)result.reply);
    if (!print_answer(client, result.reply, command->globals.fields))
        return client_fail(client, EXIT_CODE_FAILED, _("out of memory"), NULL);
    client_flush(client); /* before what is said about it */
    duty_tell_vacant(client, command, caller, result.reply);
    return remark(client, command, result.reply);
}

int request_prepare(struct client *client, struct command *command) {
    int code = complete(client, command);
    return code == EXIT_CODE_OK ? check(client, command) : code;
}

int request_run(struct client *client, struct command *command) {
    struct caller caller;
    uint8_t request_id[UUID_SIZE];
    const char *given = command->globals.request_id;
    int code = request_prepare(client, command);
    if (code == EXIT_CODE_OK && given && !uuid_parse(request_id, given, strlen(given)))
        code = usage(client, command, _("--request-id is a UUID, as this program printed it"));
    if (code == EXIT_CODE_OK) code = doubt(client, command);
    if (code == EXIT_CODE_OK) code = confirm(client, command);
    if (code != EXIT_CODE_OK) return code;
    code = caller_open(&caller, client);
    if (code == EXIT_CODE_OK) code = answer(client, command, &caller, given ? request_id : NULL);
    if (caller.context) enrol_renew_when_due(&caller);
    caller_close(&caller);
    return code;
}
