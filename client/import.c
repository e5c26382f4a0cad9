#include "client/import.h"
#include "client/failure.h"
#include "client/host.h"
#include "client/import_map.h"
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
    IMPORT_SESSION_FLAGS(offsetof(struct import_flags, session)),
};

struct import {
    struct import_session session;
    struct client *client;
    const struct import_flags *flags;
    struct import_map map;
};

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
    if (i->flags->header && csv_next(&i->session.csv) != CSV_RECORD)
        return import_session_usage(&i->session, _("--header: the file has no header line"));
    const struct csv *header = i->flags->header ? &i->session.csv : NULL;
    if (header)
        i->session.report.reject_heading =
            arena_printf(&i->client->arena, "%.*s,%s", (int)i->session.csv.raw_size, i->session.csv.raw, _("reason"));
    if (!add_maps(i, header, &error)) return import_session_usage(&i->session, error.text);
    if (i->map.count == 0)
        return import_session_usage(&i->session,
                                    _("no --map: which column is which field? Such as --map content=3,occurred_at=4"));
    return true;
}

/* Of the rows below the header line. */
static bool count_rows(struct import *i) {
    while (csv_next(&i->session.csv) != CSV_END) i->session.report.rows++;
    return import_session_rewind(&i->session) && (!i->flags->header || csv_next(&i->session.csv) == CSV_RECORD);
}

/* ---- one row */

/* The report of the row at hand; NULL with error. */
static ProtobufCMessage *make_report(struct import *i, struct value_error *error) {
    Liandong__V1__ReportIncident *report = arena_zero(&i->session.row, sizeof *report);
    struct wire_fault fault;
    if (!report) {
        snprintf(error->text, sizeof error->text, "%s", _("out of memory"));
        return NULL;
    }
    liandong__v1__report_incident__init(report);
    if (!import_map_apply(&i->map, &i->session.csv, &report->base, &i->session.row, error)) return NULL;
    if (report->content && report->has_class_ && wire_check(&report->base, true, &fault)) return &report->base;
    if (!report->content || !report->has_class_) fault = (struct wire_fault){.reason = "REQUIRED"};
    if (!report->content)
        snprintf(fault.field, sizeof fault.field, "content");
    else if (!report->has_class_)
        snprintf(fault.field, sizeof fault.field, "class");
    snprintf(error->text, sizeof error->text, "%s",
             failure_fault_text(&i->session.row, NULL, fault.field, fault.reason));
    return NULL;
}

/* A refusal that the next row would get too. */
static bool is_about_us(const Liandong__V1__Status *status) {
    return status->code == LIANDONG__V1__CODE__CODE_PERMISSION_DENIED ||
           status->code == LIANDONG__V1__CODE__CODE_UNAUTHENTICATED ||
           status->code == LIANDONG__V1__CODE__CODE_UNIMPLEMENTED;
}

/* False: the import stops here. */
static bool send_report(struct import *i, ProtobufCMessage *report, const uint8_t request_id[UUID_SIZE]) {
    struct import_session *s = &i->session;
    struct call_result result;
    if (!import_session_ask(s, "report_incident", report, request_id, is_about_us, &result)) return false;
    if (result.end == CALL_DONE) {
        const Liandong__V1__IncidentReceipt *receipt =
            (const Liandong__V1__IncidentReceipt *)(const void *)result.reply;
        import_session_tell(s, receipt->replay ? IMPORT_REPLAYED : IMPORT_CREATED, receipt->no, NULL);
        return true;
    }
    const char *reason = failure_status_text(&s->row, result.status, true);
    bool reused = result.status->code == LIANDONG__V1__CODE__CODE_ALREADY_EXISTS;
    const char *hint = reused ? _("this row was entered before with another class or other fixed values; change it "
                                  "with liandong incident correct")
                              : value_clean(&s->row, result.status->hint, true);
    const char *both = arena_printf(&s->row, "%s%s%s", reason, *hint ? ": " : "", hint);
    import_session_tell(s, IMPORT_REJECTED, NULL, both ? both : reason);
    return true;
}

static bool take_row(void *arg, enum csv_state state) {
    struct import *i = arg;
    struct import_session *s = &i->session;
    struct value_error error;
    uint8_t request_id[UUID_SIZE];
    if (state == CSV_FAULT) {
        import_session_tell(s, IMPORT_REJECTED, NULL, import_report_fault(s->csv.fault));
        return true;
    }
    import_report_drop_remark(&s->csv);
    if (!import_keys_next(&s->keys, &s->csv, request_id)) return import_session_fail(s, "%s%s", _("out of memory"), "");
    ProtobufCMessage *report = make_report(i, &error);
    if (!report) {
        import_session_tell(s, IMPORT_REJECTED, NULL, error.text);
        return true;
    }
    if (!s->flags->dry_run) return send_report(i, report, request_id);
    import_session_tell(s, IMPORT_VALID, NULL, NULL);
    return true;
}

int import_run(struct client *client, struct command *command) {
    struct import i = {.client = client, .flags = command->own};
    bool good = import_session_open(&i.session, client, command, &i.flags->session,
                                    _("name one file: liandong incident import FILE.csv --map …"), HELP) &&
                make_map(&i) && count_rows(&i) && import_session_connect(&i.session, "");
    if (good) import_session_rows(&i.session, take_row, &i);
    return import_session_end(&i.session, good);
}
