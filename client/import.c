#include "client/import.h"
#include "client/call.h"
#include "client/failure.h"
#include "client/host.h"
#include "client/import_file.h"
#include "client/import_key.h"
#include "client/import_map.h"
#include "client/import_report.h"
#include "client/language.h"
#include "client/schema.h"
#include "common/clock.h"
#include "common/wire.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAP_FILE_MAX 65536u
#define HELP         "liandong incident import --help"

const struct flag import_flag_rows[IMPORT_FLAG_ROWS] = {
    {"map", 'm', FLAG_TEXTS, offsetof(struct import_flags, map), N_("FIELD=COLUMN,…"),
     N_("columns by number from 1 or by header name; 5+6 joins two")},
    {"map-file", 0, FLAG_TEXT, offsetof(struct import_flags, map_file), N_("FILE"), N_("more such pairs, one a line")},
    {"set", 0, FLAG_TEXTS, offsetof(struct import_flags, set), N_("FIELD=VALUE"),
     N_("the same for every row; may be repeated")},
    {"header", 0, FLAG_SWITCH, offsetof(struct import_flags, header), NULL, N_("the first line names the columns")},
    {"class-map", 0, FLAG_TEXTS, offsetof(struct import_flags, class_map), N_("BEGINNING=CLASS,…"),
     N_("class by what its column begins with")},
    {"default-class", 0, FLAG_TEXT, offsetof(struct import_flags, default_class), N_("CLASS"),
     N_("class of rows that say none or an unknown one")},
    {"tz", 0, FLAG_TEXT, offsetof(struct import_flags, tz), N_("ZONE"),
     N_("zone of times that name none: +08:00 where not given")},
    {"reject", 0, FLAG_TEXT, offsetof(struct import_flags, reject), N_("FILE"),
     N_("where rejected rows go (FILE.rejected.csv)")},
    {"encoding", 0, FLAG_TEXT, offsetof(struct import_flags, encoding), N_("NAME"),
     N_("of the file, such as gb18030; UTF-8 where not given")},
    {"separator", 0, FLAG_TEXT, offsetof(struct import_flags, separator), N_("CHARACTER"),
     N_("between columns: a comma where not given; tab")},
    {"dry-run", 0, FLAG_SWITCH, offsetof(struct import_flags, dry_run), NULL,
     N_("only check; send nothing, connect to nothing")},
};

struct import {
    struct client *client;
    struct command *command;
    const struct import_flags *flags;
    const char *path;
    struct import_file file;
    struct csv csv;
    struct import_map map;
    struct import_keys keys;
    struct import_report report;
    struct caller caller;
    struct arena row; /* of one row */
    int code;
};

static bool usage(struct import *i, const char *what) {
    i->code = client_fail(i->client, EXIT_CODE_USAGE, what, HELP);
    return false;
}

static bool fail(struct import *i, const char *format, const char *a, const char *b) {
    const char *what = arena_printf(&i->client->arena, format, value_clean(&i->client->arena, a, true), b);
    i->code = client_fail(i->client, EXIT_CODE_FAILED, what ? what : format, NULL);
    return false;
}

/* ---- the mapping */

static bool add_maps(struct import *i, const struct csv *header, struct value_error *error) {
    struct arena *arena = &i->client->arena;
    if (i->flags->map_file) {
        size_t size = 0;
        char *text = host_read_file(i->flags->map_file, MAP_FILE_MAX, &size);
        if (!text) {
            snprintf(error->text, sizeof error->text, "%s: %s", i->flags->map_file, language_errno(errno));
            return false;
        }
        bool good = import_map_columns(&i->map, text, header, arena, error);
        free(text);
        if (!good) return false;
    }
    for (size_t n = 0; n < i->flags->map.count; n++)
        if (!import_map_columns(&i->map, i->flags->map.items[n], header, arena, error)) return false;
    for (size_t n = 0; n < i->flags->set.count; n++)
        if (!import_map_constant(&i->map, i->flags->set.items[n], arena, error)) return false;
    for (size_t n = 0; n < i->flags->class_map.count; n++)
        if (!import_map_classes(&i->map, i->flags->class_map.items[n], arena, error)) return false;
    if (i->flags->tz && !import_map_zone(&i->map, i->flags->tz, error)) return false;
    if (!i->flags->default_class) return true;
    const char *check = arena_printf(arena, "x=%s", i->flags->default_class);
    struct import_map trial;
    import_map_init(&trial);
    i->map.default_class = i->flags->default_class;
    return check && import_map_classes(&trial, check, arena, error);
}

static bool make_map(struct import *i) {
    struct value_error error;
    import_map_init(&i->map);
    if (i->flags->header && csv_next(&i->csv) != CSV_RECORD)
        return usage(i, _("--header: the file has no header line"));
    const struct csv *header = i->flags->header ? &i->csv : NULL;
    if (header)
        i->report.reject_heading =
            arena_printf(&i->client->arena, "%.*s,%s", (int)i->csv.raw_size, i->csv.raw, _("reason"));
    if (!add_maps(i, header, &error)) return usage(i, error.text);
    if (i->map.count == 0)
        return usage(i, _("no --map: which column is which field? Such as --map content=3,occurred_at=4"));
    return true;
}

static size_t count_rows(const struct import *i) {
    struct csv csv;
    size_t rows = 0;
    if (!csv_open(&csv, i->file.bytes, i->file.size, i->file.separator)) return 0;
    while (csv_next(&csv) != CSV_END) rows++;
    csv_close(&csv);
    return rows - (i->flags->header && rows > 0 ? 1 : 0);
}

/* ---- one row */

/* The report of the row at hand; NULL with error. */
static ProtobufCMessage *make_report(struct import *i, struct value_error *error) {
    Liandong__V1__ReportIncident *report = arena_zero(&i->row, sizeof *report);
    struct wire_fault fault;
    if (!report) {
        snprintf(error->text, sizeof error->text, "%s", _("out of memory"));
        return NULL;
    }
    liandong__v1__report_incident__init(report);
    if (!import_map_apply(&i->map, &i->csv, &report->base, &i->row, error)) return NULL;
    if (report->content && report->has_class_ && wire_check(&report->base, true, &fault)) return &report->base;
    if (!report->content || !report->has_class_) fault = (struct wire_fault){.reason = "REQUIRED"};
    if (!report->content)
        snprintf(fault.field, sizeof fault.field, "content");
    else if (!report->has_class_)
        snprintf(fault.field, sizeof fault.field, "class");
    snprintf(error->text, sizeof error->text, "%s", failure_fault_text(&i->row, NULL, fault.field, fault.reason));
    return NULL;
}

/* A refusal that the next row would get too. */
static bool is_about_us(Liandong__V1__Code code) {
    return code == LIANDONG__V1__CODE__CODE_PERMISSION_DENIED || code == LIANDONG__V1__CODE__CODE_UNAUTHENTICATED ||
           code == LIANDONG__V1__CODE__CODE_UNIMPLEMENTED;
}

/* False: the import stops here; i->code is set. */
static bool send_report(struct import *i, ProtobufCMessage *report, const uint8_t request_id[UUID_SIZE]) {
    struct call_result result;
    caller_call(&i->caller, schema_request("report_incident"), report, request_id, caller_deadline(&i->caller), &i->row,
                &result);
    if (result.end == CALL_DONE) {
        const Liandong__V1__IncidentReceipt *receipt =
            (const Liandong__V1__IncidentReceipt *)(const void *)result.reply;
        import_report_row(&i->report, &i->csv, receipt->replay ? IMPORT_REPLAYED : IMPORT_CREATED,
                          value_clean(&i->row, receipt->no, true), NULL);
        return true;
    }
    if (result.end == CALL_REFUSED && !is_about_us(result.status->code)) {
        const char *reason = failure_status_text(&i->row, result.status);
        bool reused = result.status->code == LIANDONG__V1__CODE__CODE_ALREADY_EXISTS;
        const char *hint = reused ? _("this row was entered before with another class or other fixed values; change it "
                                      "with liandong incident correct")
                                  : value_clean(&i->row, result.status->hint, true);
        const char *both = arena_printf(&i->row, "%s%s%s", reason, *hint ? ": " : "", hint);
        import_report_row(&i->report, &i->csv, IMPORT_REJECTED, NULL, both ? both : reason);
        return true;
    }
    i->code = failure_print(i->client, i->command, &result);
    client_warn(
        i->client,
        _("the import stopped at line %zu; run the same command again to go on: what is entered is not entered twice"),
        i->csv.record_line);
    return false;
}

static bool take_row(struct import *i, enum csv_state state) {
    struct value_error error;
    uint8_t request_id[UUID_SIZE];
    arena_reset(&i->row);
    if (state == CSV_FAULT) {
        import_report_row(&i->report, &i->csv, IMPORT_REJECTED, NULL, import_report_fault(i->csv.fault));
        return true;
    }
    import_report_drop_remark(&i->csv);
    if (!import_keys_next(&i->keys, &i->csv, request_id)) return fail(i, "%s%s", _("out of memory"), "");
    ProtobufCMessage *report = make_report(i, &error);
    if (!report) {
        import_report_row(&i->report, &i->csv, IMPORT_REJECTED, NULL, error.text);
        return true;
    }
    if (!i->flags->dry_run) return send_report(i, report, request_id);
    import_report_row(&i->report, &i->csv, IMPORT_VALID, NULL, NULL);
    return true;
}

static void take_rows(struct import *i) {
    enum csv_state state;
    i->report.began_us = clock_monotonic_us();
    while ((state = csv_next(&i->csv)) != CSV_END) {
        if (host_interrupted()) {
            i->code = EXIT_CODE_SIGNAL + host_interrupted();
            client_warn(i->client,
                        _("the import stopped at line %zu; run the same command again to go on: what is entered is not "
                          "entered twice"),
                        i->csv.record_line);
            return;
        }
        if (!take_row(i, state)) return;
        import_report_progress(&i->report);
    }
}

static bool connect(struct import *i) {
    struct link_error error;
    if (i->flags->dry_run) {
        import_keys_init(&i->keys, "");
        return true;
    }
    i->code = caller_open(&i->caller, i->client);
    if (i->code != EXIT_CODE_OK) return false;
    if (!caller_connect(&i->caller, caller_deadline(&i->caller), &error)) {
        struct call_result result = {.end = CALL_UNREACHABLE, .error = error, .status = error.status};
        i->code = failure_print(i->client, i->command, &result);
        return false;
    }
    const char *office = i->caller.link.hello->office_code;
    office = arena_copy(&i->client->arena, office ? office : "", office ? strlen(office) : 0);
    import_keys_init(&i->keys, office ? office : "");
    return office != NULL;
}

static bool prepare(struct import *i) {
    if (i->command->word_count != 1) return usage(i, _("name one file: liandong incident import FILE.csv --map …"));
    i->path = i->command->words[0];
    i->report.reject_path = i->flags->reject ? i->flags->reject : import_file_rejects(i->client, i->path);
    if (!i->report.reject_path) return fail(i, "%s%s", _("out of memory"), "");
    if (strcmp(i->report.reject_path, i->path) == 0) return usage(i, _("--reject names the file to be read itself"));
    i->code = import_file_read(&i->file, i->client, i->path, i->flags->encoding, i->flags->separator, HELP);
    if (i->code != EXIT_CODE_OK) return false;
    i->report.recoded = i->flags->encoding != NULL;
    if (!csv_open(&i->csv, i->file.bytes, i->file.size, i->file.separator))
        return fail(i, "%s%s", _("out of memory"), "");
    i->report.rows = count_rows(i);
    return make_map(i) && connect(i);
}

int import_run(struct client *client, struct command *command) {
    struct import i = {.client = client, .command = command, .flags = command->own, .code = EXIT_CODE_OK};
    i.report.client = client;
    i.report.every_row = command->globals.output != NULL;
    arena_init(&i.row, WIRE_ARENA_CAP);
    link_init(&i.caller.link);
    if (prepare(&i)) {
        take_rows(&i);
        if (!import_report_end(&i.report) && i.code == EXIT_CODE_OK) i.code = EXIT_CODE_FAILED;
        if (i.report.counts[IMPORT_REJECTED] && i.code == EXIT_CODE_OK) i.code = EXIT_CODE_FAILED;
    }
    caller_close(&i.caller);
    import_keys_free(&i.keys);
    csv_close(&i.csv);
    arena_free(&i.row);
    import_file_free(&i.file);
    return i.code;
}
