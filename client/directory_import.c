#include "client/directory_import.h"
#include "client/failure.h"
#include "client/import_map.h"
#include "client/labels.h"
#include "client/language.h"
#include "client/schema.h"
#include "common/clock.h"
#include "common/wire.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HELP       "liandong directory import --help"
#define LIST_LIMIT "500"

/* What a row may be. code: the field that names it; list: where what is there already is read; change: how it is
 * changed. */
static const struct row_kind {
    const char *word, *request, *code, *list, *list_by, *change;
} row_kinds[] = {
    {N_("office"), "open_office", "office", "list_offices", "office", "change_office"},
    {N_("pairing"), "pair_offices", "station", NULL, NULL, NULL},
    {N_("person"), "add_account", "account", "list_accounts", "account", NULL},
    {N_("capacity"), "assign_account", "account", NULL, NULL, NULL},
    {N_("area"), "open_area", "area", "list_areas", "office", "change_area"},
    {N_("assigned area"), "assign_area", "area", NULL, NULL, NULL},
    {N_("position"), "open_position", "position", "list_positions", "office", "change_position"},
};
#define ROW_KINDS (sizeof row_kinds / sizeof *row_kinds)

const struct flag directory_import_flag_rows[DIRECTORY_IMPORT_FLAG_ROWS] = {
    IMPORT_SESSION_FLAGS(offsetof(struct directory_import_flags, session)),
};

struct directory_import {
    struct import_session session;
    const struct row_kind *pass; /* rows of this kind are taken */
    const char **headings;       /* of the columns */
    size_t headings_count;
};

/* ---- a row as a request */

static const struct row_kind *find_kind(const char *word) {
    for (size_t k = 0; k < ROW_KINDS; k++)
        if (schema_same_word(word, row_kinds[k].word) || strcmp(word, _(row_kinds[k].word)) == 0) return &row_kinds[k];
    return NULL;
}

static const char *words_of_kinds(struct arena *arena) {
    const char *all = "";
    for (size_t k = 0; all && k < ROW_KINDS; k++)
        all = arena_printf(arena, "%s%s%s", all, k ? _(", ") : "", _(row_kinds[k].word));
    return all ? all : "";
}

static ProtobufCMessage *new_message(struct arena *arena, const char *request) {
    const ProtobufCMessageDescriptor *type = schema_type(schema_request(request));
    ProtobufCMessage *m = arena_zero(arena, type->sizeof_message);
    if (m) protobuf_c_message_init(type, m);
    return m;
}

/* NULL with error. */
static ProtobufCMessage *read_row(struct directory_import *i, const struct row_kind *kind, struct value_error *error) {
    ProtobufCMessage *m = new_message(&i->session.row, kind->request);
    struct wire_fault fault;
    const char *near = NULL;
    snprintf(error->text, sizeof error->text, "%s", _("out of memory"));
    if (!m) return NULL;
    for (size_t n = 1; n < i->session.csv.count; n++) {
        const char *text = i->session.csv.cells[n].text;
        if (!*text) continue;
        const char *heading = n < i->headings_count ? i->headings[n] : "";
        const ProtobufCFieldDescriptor *field = import_map_find(m->descriptor, heading, &near);
        if (!field) {
            snprintf(error->text, sizeof error->text,
                     _("a row of the kind %s has no \"%.100s\"; leave that cell empty"), _(kind->word),
                     value_clean(&i->session.row, heading, true));
            return NULL;
        }
        if (!value_set(m, field, text, clock_now_ms(), &i->session.row, error)) return NULL;
    }
    if (wire_check(m, true, &fault)) return m;
    snprintf(error->text, sizeof error->text, "%s",
             failure_fault_text(&i->session.row, NULL, fault.field, fault.reason));
    return NULL;
}

static const char *text_of(struct directory_import *i, const ProtobufCMessage *m, const char *name) {
    const ProtobufCFieldDescriptor *f = protobuf_c_message_descriptor_get_field_by_name(m->descriptor, name);
    const char *text = f && wire_has(m, f) ? value_plain(&i->session.row, m, f) : "";
    return text ? text : "";
}

/* ---- asking */

static void tell(struct directory_import *i, enum import_verdict verdict, const char *code, const char *reason) {
    import_session_tell(&i->session, verdict, code, reason);
}

/* The heading of the column that a refusal is about ("open_office.parent"), for people; "" where it names none. */
static const char *heading_at_fault(struct directory_import *i, const Liandong__V1__Status *status) {
    const char *path = status->n_violations && status->violations[0]->field ? status->violations[0]->field : "";
    const char *name = strrchr(path, '.'), *near;
    for (size_t n = 1; name && n < i->headings_count; n++)
        for (size_t k = 0; k < ROW_KINDS; k++) {
            const ProtobufCMessageDescriptor *type = schema_type(schema_request(row_kinds[k].request));
            const ProtobufCFieldDescriptor *f = import_map_find(type, i->headings[n], &near);
            if (f && strcmp(f->name, name + 1) == 0) return value_clean(&i->session.row, i->headings[n], true);
        }
    return name ? label_name(name + 1) : "";
}

static void tell_refusal(struct directory_import *i, const Liandong__V1__Status *status) {
    const char *reason = failure_status_text(&i->session.row, status, true),
               *hint = value_clean(&i->session.row, status->hint, true);
    const char *cell = heading_at_fault(i, status);
    const char *all =
        arena_printf(&i->session.row, "%s%s%s%s%s", cell, *cell ? ": " : "", reason, *hint ? ": " : "", hint);
    tell(i, IMPORT_REJECTED, NULL, all ? all : reason);
}

static bool is_reason(const Liandong__V1__Status *status, const char *reason) {
    return status->reason && strcmp(status->reason, reason) == 0;
}

/* A refusal that the next row would get too. */
static bool is_about_us(const Liandong__V1__Status *status) {
    return status->code == LIANDONG__V1__CODE__CODE_UNAUTHENTICATED ||
           status->code == LIANDONG__V1__CODE__CODE_UNIMPLEMENTED || is_reason(status, "ADMIN_ONLY") ||
           is_reason(status, "ROLE_NOT_ALLOWED");
}

/* False: the import stops here. */
static bool ask(struct directory_import *i, const char *request, ProtobufCMessage *m, const uint8_t *request_id,
                struct call_result *result) {
    return import_session_ask(&i->session, request, m, request_id, is_about_us, result);
}

/* ---- what is there already */

/* Whether the record says all that the row says. *other: a field in which it does not. */
static bool says_the_same(struct directory_import *i, const ProtobufCMessage *record, const ProtobufCMessage *row,
                          const ProtobufCFieldDescriptor **other) {
    for (unsigned n = 0; n < row->descriptor->n_fields; n++) {
        const ProtobufCFieldDescriptor *f = &row->descriptor->fields[n];
        if (!wire_has(row, f) || strcmp(text_of(i, record, f->name), text_of(i, row, f->name)) == 0) continue;
        *other = f;
        return false;
    }
    return true;
}

/* The row as a change of the record: NULL where it wants what can't be changed, or without memory. */
static ProtobufCMessage *make_change(struct directory_import *i, const struct row_kind *kind,
                                     const ProtobufCMessage *record, const ProtobufCMessage *row) {
    ProtobufCMessage *change = new_message(&i->session.row, kind->change);
    struct value_error error;
    for (unsigned n = 0; change && n < row->descriptor->n_fields; n++) {
        const ProtobufCFieldDescriptor *f = &row->descriptor->fields[n];
        const ProtobufCFieldDescriptor *to =
            protobuf_c_message_descriptor_get_field_by_name(change->descriptor, f->name);
        bool same = !wire_has(row, f) || strcmp(text_of(i, record, f->name), text_of(i, row, f->name)) == 0;
        if (same && strcmp(f->name, kind->code) != 0) continue;
        if (!to || !value_set(change, to, text_of(i, row, f->name), 0, &i->session.row, &error)) return NULL;
    }
    static const char *const more[] = {"base_version", "reason"};
    for (size_t n = 0; change && n < 2; n++) {
        const ProtobufCFieldDescriptor *to =
            protobuf_c_message_descriptor_get_field_by_name(change->descriptor, more[n]);
        const char *text = n == 0 ? text_of(i, record, "version") : _("imported from a file");
        if (!to || !value_set(change, to, text, 0, &i->session.row, &error)) return NULL;
    }
    return change;
}

/* A person that is there already, in another capacity: one more. */
static ProtobufCMessage *make_capacity(struct directory_import *i, const ProtobufCMessage *row) {
    ProtobufCMessage *m = new_message(&i->session.row, "assign_account");
    static const char *const fields[] = {"account", "office", "role"};
    struct value_error error;
    for (size_t n = 0; m && n < sizeof fields / sizeof *fields; n++) {
        const ProtobufCFieldDescriptor *to = protobuf_c_message_descriptor_get_field_by_name(m->descriptor, fields[n]);
        if (*text_of(i, row, fields[n]) && !value_set(m, to, text_of(i, row, fields[n]), 0, &i->session.row, &error))
            return NULL;
    }
    return m;
}

/* Lists what may be the row's record: *best says the same, else is one of that code; NULL where there is none. */
static bool look_up(struct directory_import *i, const struct row_kind *kind, const ProtobufCMessage *row,
                    const ProtobufCMessage **best, bool *same) {
    ProtobufCMessage *list = new_message(&i->session.row, kind->list);
    const ProtobufCFieldDescriptor *by, *limit, *other;
    struct value_error error;
    struct call_result result;
    *best = NULL;
    *same = false;
    if (!list) return import_session_usage(&i->session, _("out of memory"));
    by = protobuf_c_message_descriptor_get_field_by_name(list->descriptor, kind->list_by);
    limit = protobuf_c_message_descriptor_get_field_by_name(list->descriptor, "limit");
    if (!value_set(list, by, text_of(i, row, kind->list_by), 0, &i->session.row, &error) ||
        !value_set(list, limit, LIST_LIMIT, 0, &i->session.row, &error))
        return true;
    if (!ask(i, kind->list, list, NULL, &result)) return false;
    if (result.end != CALL_DONE) return true;
    const ProtobufCFieldDescriptor *rows = schema_rows(result.reply->descriptor);
    for (size_t n = 0; !*same && n < schema_count(result.reply, rows); n++) {
        const ProtobufCMessage *record = *(const ProtobufCMessage *const *)schema_item(result.reply, rows, n);
        if (strcmp(text_of(i, record, kind->code), text_of(i, row, kind->code)) != 0) continue;
        *best = record;
        *same = says_the_same(i, record, row, &other);
    }
    return true;
}

/* Something else is there that an import does not change; or nothing that the administrator may see. */
static void tell_otherwise(struct directory_import *i, const ProtobufCMessage *record, const ProtobufCMessage *row,
                           const char *code, const Liandong__V1__Status *status) {
    const ProtobufCFieldDescriptor *other = NULL, *there;
    if (!record || says_the_same(i, record, row, &other)) {
        if (status)
            tell_refusal(i, status);
        else
            tell(i, IMPORT_REPLAYED, code, NULL); /* entered once, and not to be seen any more */
        return;
    }
    there = protobuf_c_message_descriptor_get_field_by_name(record->descriptor, other->name);
    const char *why =
        arena_printf(&i->session.row, _("%s is there already, and its \"%s\" is %s; an import does not change that"),
                     value_clean(&i->session.row, code, true), label_field(row->descriptor, other),
                     there ? value_text(&i->session.row, record, there, true) : "-");
    tell(i, IMPORT_REJECTED, NULL, why ? why : _("out of memory"));
}

/* The code is taken: by what the row says, or by something else? */
static bool settle(struct directory_import *i, const struct row_kind *kind, const ProtobufCMessage *row,
                   const Liandong__V1__Status *status) {
    const ProtobufCMessage *record;
    const char *code = text_of(i, row, kind->code), *request = kind->change ? kind->change : "assign_account";
    bool same;
    if (!look_up(i, kind, row, &record, &same)) return false;
    if (same) {
        tell(i, IMPORT_REPLAYED, code, NULL);
        return true;
    }
    ProtobufCMessage *change = NULL;
    if (record && kind->change)
        change = make_change(i, kind, record, row);
    else if (record && strcmp(text_of(i, record, "name"), text_of(i, row, "name")) == 0)
        change = make_capacity(i, row);
    if (!change) {
        tell_otherwise(i, record, row, code, status);
        return true;
    }
    struct call_result result;
    if (!ask(i, request, change, NULL, &result)) return false;
    if (result.end == CALL_DONE)
        tell(i, kind->change ? IMPORT_CHANGED : IMPORT_CREATED, code, NULL);
    else
        tell_refusal(i, result.status);
    return true;
}

/* ---- rows */

static bool send_row(struct directory_import *i, const struct row_kind *kind, ProtobufCMessage *row,
                     const uint8_t request_id[UUID_SIZE]) {
    struct call_result result;
    const char *code = text_of(i, row, kind->code);
    if (!ask(i, kind->request, row, request_id, &result)) return false;
    if (result.end == CALL_DONE) {
        const ProtobufCFieldDescriptor *replay =
            protobuf_c_message_descriptor_get_field_by_name(result.reply->descriptor, "replay");
        bool again = replay && strcmp(value_plain(&i->session.row, result.reply, replay), "yes") == 0;
        /* What this row entered once may have been changed since by another: the file's last word holds. */
        if (again && kind->change) return settle(i, kind, row, NULL);
        tell(i, again ? IMPORT_REPLAYED : IMPORT_CREATED, code, NULL);
        return true;
    }
    if (is_reason(result.status, "NO_CHANGE")) {
        tell(i, IMPORT_REPLAYED, code, NULL);
        return true;
    }
    if (kind->list && is_reason(result.status, "CODE_TAKEN")) return settle(i, kind, row, result.status);
    tell_refusal(i, result.status);
    return true;
}

/* One row, if it is of this pass: rows of no kind belong to the first. */
static bool take_row(void *arg, enum csv_state state) {
    struct directory_import *i = arg;
    struct import_session *s = &i->session;
    struct value_error error;
    uint8_t request_id[UUID_SIZE];
    bool is_first = i->pass == row_kinds;
    if (state == CSV_FAULT) {
        if (is_first) tell(i, IMPORT_REJECTED, NULL, import_report_fault(s->csv.fault));
        return true;
    }
    import_report_drop_remark(&s->csv);
    const struct row_kind *kind = find_kind(s->csv.cells[0].text);
    if (kind != i->pass && !(is_first && !kind)) return true;
    if (!kind) {
        const char *why = arena_printf(&s->row, _("\"%.100s\" is no kind of row; the first column is one of: %s"),
                                       value_clean(&s->row, s->csv.cells[0].text, true), words_of_kinds(&s->row));
        tell(i, IMPORT_REJECTED, NULL, why ? why : _("out of memory"));
        return true;
    }
    if (!import_keys_next(&s->keys, &s->csv, request_id)) return import_session_fail(s, "%s%s", _("out of memory"), "");
    ProtobufCMessage *row = read_row(i, kind, &error);
    if (!row)
        tell(i, IMPORT_REJECTED, NULL, error.text);
    else if (s->flags->dry_run)
        tell(i, IMPORT_VALID, text_of(i, row, kind->code), NULL);
    else
        return send_row(i, kind, row, request_id);
    return true;
}

/* ---- before the rows */

static bool is_known(const char *heading) {
    const char *near = NULL;
    for (size_t k = 0; k < ROW_KINDS; k++)
        if (import_map_find(schema_type(schema_request(row_kinds[k].request)), heading, &near)) return true;
    return false;
}

/* Every column must mean something to some kind of row: a typing mistake would drop a whole column. The last one of a
 * reject file is our own. */
static bool read_headings(struct directory_import *i) {
    struct import_session *s = &i->session;
    struct arena *arena = &s->client->arena;
    if (csv_next(&s->csv) != CSV_RECORD)
        return import_session_usage(s, _("the first line of the file names its columns: kind of row, office, name, …"));
    i->headings_count = s->csv.count;
    i->headings = arena_zero(arena, s->csv.count * sizeof *i->headings);
    s->report.reject_heading = arena_printf(arena, "%.*s,%s", (int)s->csv.raw_size, s->csv.raw, _("reason"));
    for (size_t n = 0; i->headings && n < s->csv.count; n++) {
        const char *text = s->csv.cells[n].text;
        i->headings[n] = arena_copy(arena, text, s->csv.cells[n].size);
        bool is_last = n + 1 == s->csv.count;
        if (n == 0 || is_known(text) || (is_last && strcmp(text, _("reason")) == 0)) continue;
        const char *what = arena_printf(arena, _("the column \"%.100s\" means nothing to any kind of row"),
                                        value_clean(arena, text, true));
        return import_session_usage(s, what ? what : _("out of memory"));
    }
    while (csv_next(&s->csv) != CSV_END) s->report.rows++;
    return i->headings || import_session_fail(s, "%s%s", _("out of memory"), "");
}

int directory_import_run(struct client *client, struct command *command) {
    struct directory_import i = {.pass = row_kinds};
    const struct directory_import_flags *flags = command->own;
    bool good = import_session_open(&i.session, client, command, &flags->session,
                                    _("name one file: liandong directory import FILE.csv"), HELP) &&
                read_headings(&i) && import_session_connect(&i.session, "directory ");
    i.session.report.may_change = true;
    for (bool go_on = good; go_on && i.pass < row_kinds + ROW_KINDS; i.pass++)
        go_on = import_session_rewind(&i.session) && csv_next(&i.session.csv) == CSV_RECORD &&
                import_session_rows(&i.session, take_row, &i);
    return import_session_end(&i.session, good);
}
