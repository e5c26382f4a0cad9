#include "client/status.h"
#include "client/call.h"
#include "client/enrol.h"
#include "client/failure.h"
#include "client/labels.h"
#include "client/language.h"
#include "client/print.h"
#include "client/schema.h"
#include "common/clock.h"
#include "common/wire.h"
#include <stdlib.h>
#include <string.h>

#define PINGS       5
#define COLUMNS_MAX 32

static int by_size(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Median round trip of some pings, us. 0: they did not come back; result says why. */
static uint64_t latency(struct caller *c, struct call_result *result) {
    uint64_t times[PINGS];
    for (size_t i = 0; i < PINGS; i++) {
        Liandong__V1__Ping ping = LIANDONG__V1__PING__INIT;
        ping.has_token = true;
        ping.token = i;
        uint64_t before = clock_monotonic_us();
        caller_call(c, schema_request("ping"), &ping.base, NULL, caller_deadline(c), &c->client->arena, result);
        if (result->end != CALL_DONE) return 0;
        times[i] = clock_monotonic_us() - before;
    }
    qsort(times, PINGS, sizeof *times, by_size);
    return times[PINGS / 2];
}

struct facts {
    struct sheet_column columns[COLUMNS_MAX];
    const char *cells[COLUMNS_MAX];
    size_t count;
};

static void add(struct facts *f, const char *key, const char *label, const char *text, bool number) {
    if (f->count == COLUMNS_MAX || !text || !*text) return;
    f->columns[f->count] = (struct sheet_column){.key = key, .label = label, .number = number};
    f->cells[f->count++] = text;
}

static bool for_program(const struct client *client) {
    enum print_form form = print_form(client);
    return form == PRINT_JSON || form == PRINT_NDJSON;
}

static const char *ms_text(struct client *client, int64_t ms) {
    return arena_printf(&client->arena, "%lld", (long long)ms);
}

/* For programs as "help json" has it: words of the protocol, milliseconds. */
static const char *hello_text(struct client *client, const Liandong__V1__HelloReply *hello,
                              const ProtobufCFieldDescriptor *field) {
    const void *member = wire_member(&hello->base, field);
    if (!for_program(client) || !wire_has(&hello->base, field) || field->type == PROTOBUF_C_TYPE_STRING)
        return value_text(&client->arena, &hello->base, field, true);
    if (field->type == PROTOBUF_C_TYPE_INT64) return ms_text(client, *(const int64_t *)member);
    if (field->type != PROTOBUF_C_TYPE_ENUM) return value_plain(&client->arena, &hello->base, field);
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(field->descriptor, *(const int *)member);
    return value ? schema_token(field->descriptor, value) : "";
}

static void add_hello(struct facts *f, struct client *client, const Liandong__V1__HelloReply *hello) {
    static const char *const shown[] = {"office_name",  "office_code",     "system",  "officer",
                                        "role",         "server",          "version", "server_time",
                                        "heartbeat_ms", "silence_limit_ms"};
    bool nobody = hello->role == LIANDONG__V1__ROLE__ROLE_UNSPECIFIED;
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        bool person = strcmp(shown[i], "officer") == 0 || strcmp(shown[i], "role") == 0;
        if (nobody && person && !for_program(client)) continue; /* they would tell of the terminal */
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field_by_name(hello->base.descriptor, shown[i]);
        add(f, field->name, label_field(hello->base.descriptor, field), hello_text(client, hello, field),
            for_program(client) && field->type == PROTOBUF_C_TYPE_UINT32);
    }
}

int status_run(struct client *client, struct command *command) {
    struct caller caller;
    struct call_result result = {.end = CALL_UNREACHABLE};
    struct facts facts = {.count = 0};
    int code = caller_open(&caller, client);
    uint64_t began = clock_monotonic_us();
    if (code == EXIT_CODE_OK && !caller_connect(&caller, caller_deadline(&caller), &result.error)) {
        result.status = result.error.status;
        code = failure_print(client, command, &result);
    }
    uint64_t connected = clock_monotonic_us() - began;
    uint64_t round_trip = code == EXIT_CODE_OK ? latency(&caller, &result) : 0;
    if (code == EXIT_CODE_OK && result.end != CALL_DONE) code = failure_print(client, command, &result);
    if (code == EXIT_CODE_OK && caller.link.hello) {
        const Liandong__V1__HelloReply *hello = caller.link.hello;
        int64_t expiry = tls_context_expiry(caller.context);
        char when[CLOCK_TEXT_SIZE];
        clock_print(when, expiry);
        const char *until = for_program(client) ? ms_text(client, expiry) : when;
        add(&facts, "address", _("address"), caller.link.server, false);
        add_hello(&facts, client, hello);
        add(&facts, "clock_ahead_ms", _("this computer's clock is ahead by (ms)"),
            arena_printf(&client->arena, "%lld", (long long)(clock_now_ms() - hello->server_time)), true);
        add(&facts, "certificate_until", _("certificate valid until"), until, false);
        add(&facts, "certificate_days", _("certificate days left"),
            arena_printf(&client->arena, "%lld", (long long)((expiry - client->now) / 86400000)), true);
        add(&facts, "connect_ms", _("connecting took (ms)"),
            arena_printf(&client->arena, "%.1f", (double)connected / 1000), true);
        add(&facts, "round_trip_ms", _("round trip (ms)"),
            arena_printf(&client->arena, "%.2f", (double)round_trip / 1000), true);
        add(&facts, "profile", _("profile"), client->profile, false);
        const struct sheet_row row = {.cells = facts.cells};
        const struct sheet sheet = {facts.columns, facts.count, &row, 1};
        print_sheet(client, &sheet, true);
        if (hello->role == LIANDONG__V1__ROLE__ROLE_UNSPECIFIED)
            client_say(client, "%s", _("nobody is logged in here; most commands need it: liandong login"));
    }
    if (caller.context) enrol_renew_when_due(&caller);
    caller_close(&caller);
    return code;
}
