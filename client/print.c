#include "client/print.h"
#include "client/json.h"
#include "client/labels.h"
#include "client/language.h"
#include "client/offices.h"
#include "client/schema.h"
#include "client/suggest.h"
#include "client/value.h"
#include "common/clock.h"
#include "common/wire.h"
#include "incident.pb-c.h"
#include <string.h>

/* What the form `table` makes of it: aligned columns, one record, or a line of a list that grows. */
enum shape { SHAPE_TABLE, SHAPE_RECORD, SHAPE_LINE };

/* What tables show of a message that comes in many; a record on its own shows all it has. "?": may be left out where
 * the terminal is narrow, the leftmost first. */
static const struct {
    const char *message, *columns;
} views[] = {
    {"Incident", "no,state,class,level,received_at,origin_office_name?,area_name?,repeat_count?,place?,content"},
    {"Dispute", "no,state,warning,type,created_at,origin_office_name?,lead_office_name?,due_at?,place?,title"},
    {"MediationSession",
     "round,held_at,session_mode,session_result?,risk?,note_open,participants?,ignite?,private_noted?,"
     "officer?,office_name?"},
    {"Agreement", "agreement_no,agreement_form,effective_at,perform_by?,performance,court?,confirmed?,officer?,terms"},
    {"Visit", "visit_no,visited_at,performed,satisfaction,relapse?,office_name?,officer?,note"},
    {"Party", "party,role,name,phone,id_no?,domicile?,person?,entered_by?"},
    {"TimelineEntry", "at,source?,no,kind,office_name,officer?,class?,level?,place?,content"},
    {"SceneEntry", "at,office_name,officer,kind,no?,content"},
    {"Transfer",
     "no,state,mode,about,from_office_name?,to_office_name?,sent_at,signed_at?,decision_ms?,signing_ms?,title"},
    {"Task", "no,state,overdue?,due_at,to_office_name,about?,origin_office_name?,answered_by?,result?,title"},
    {"Alert", "no,state,status?,severity,kind,created_at,origin_office_name?,escalation?,acked_by?,place?,title"},
    {"PlanSummary", "no,state,tasks_set,tasks_done,tasks_overdue,planned_at,planned_by?,about?,reviewed_at?,title"},
    {"AlertReceipt", "office_name,step?,person,delivered_at,shown_at,acked_at,acted_at"},
    {"Suspect", "no,at,office_name?,minutes?,reasons,title"},
    {"JointDispute", "no,state,police_at?,judicial_at?,joint_at,station?,judicial?,title"},
    {"SessionTime",
     "no,round,session_mode,session_method?,held_at,entered_at,session_result?,office_name?,officer?,title"},
    {"Deadline", "no,name,state,left,due_at?,started_at?,office_name?,without_calendar?"},
    {"Connection",
     "session,office?,officer,device,address?,since,last_at,last_request?,bytes_in?,bytes_out?,queue?,client?"},
    {"NodeHealth", "node,state,fault,started?,seen_at,version?,schema?,sessions,writes_waiting,feed_lag,database_ms,"
                   "certificate_days,log_level?,lines_dropped?"},
    {"DeviceState", "device,office,officer?,role?,revoked,certificate_days,seen_at,sessions,address?,client?"},
    {"AuditEntry", "seq,at,kind,request?,office?,officer,account?,device?,no,fields,purpose?,case_no?,why?,count?"},
    {"GlassReview",
     "review,no,officer,office_name?,scene?,purpose?,why,opened_at?,until,reads,due_at,verdict,decided_by?"},
    {"SignedHead", "n,at,node,feed_seq,audit_seq"},
    {"AttachmentRecord", "attachment,name,size,complete,received?,media_type?,office_name?,officer,attached_at"},
    {"JournalEntry", "cite,at,kind,office_name?,officer?,fields,note"},
    {"OfficeRecord", "office,name,version?,account_count?,device_count?,partner_kind?,system?,parent?,kind,"
                     "partner_kind_name?,paired_with?"},
    {"HistoryEntry", "version?,at,kind,office_name?,officer?,field,old_value,new_value,note?"},
};

/* What a person reads first of a record, and all that says something: that it had been carried out before is told in
 * words, what can be done next as commands. "?": left out where it is no, or 0. Of a list, what stands below it. */
static const struct {
    const char *message, *columns;
} records[] = {
    {"Incident",
     "no,state,level,class,threats,place,content,mass_count,reporter,reporter_phone,repeat_count,result_code,"
     "result,dispatched_to,received_at,occurred_at,dispatched_at,arrived_at,feedback_at,closed_at,void_reason,"
     "source,external_no,longitude,latitude,origin_office_name,created_by,created_at,area_name,area,"
     "updated_by,updated_at,sensitivity,version"},
    {"Dispute",
     "no,state,warning,title,place,content,type,subtype,source,people_count?,amount_fen?,causes,complexity,"
     "track,joint_required?,lead_office_name,consent,accepted_at,due_at,extended_to,extension_consent,rounds?,"
     "failed_rounds?,outcome,outcome_note,police_result,concluded_at,lowered_to,lowered_office_name,"
     "closed_police,closed_judicial,closed_at,archived_at,checklist,reopened_n?,origin_office_name,created_by,"
     "created_at,area_name,area,updated_by,updated_at,sensitivity,version"},
    {"Alert",
     "no,state,status,severity,kind,title,place,content,people_count,about,urgency,certainty,escalation?,"
     "escalated_at,whom,acked_office_name,acked_by,acked_at,responding_at,plan,planned_by,planned_at,outcome,"
     "resolved_at,review,lessons,reviewed_by,reviewed_at,supersedes,superseded_by,origin_office_name,created_by,"
     "created_at,expires_at,area_name,area,updated_by,updated_at,sensitivity,version"},
    {"Transfer", "no,state,mode,about,title,why,doc_no,from_office_name,created_by,to_office_name,sent_at,delivered_at,"
                 "signed_at,signed_by,accepted_at,returned_at,returned_reason,feedback,feedback_at,confirmed_at,"
                 "recalled_at,delivery_ms,signing_ms,decision_ms,feedback_ms,confirmation_ms,updated_by,updated_at,"
                 "sensitivity,version"},
    {"Task", "no,state,overdue?,title,about,content,to_office_name,to_account,due_at,by_proxy?,result,answered_by,"
             "accepted_at,done_at,declined_at,cancelled_at,rechecked_at,rechecked_by,origin_office_name,created_by,"
             "created_at,updated_by,updated_at,sensitivity,version"},
    {"IncidentReceipt", "no,state,repeat_count?,version"},
    {"DisputeReceipt", "no,state,round?,session_mode?,waits_for,deadlines,version"},
    {"TransferReceipt", "no,state,deadlines,version"},
    {"TaskReceipt", "no,state,deadlines,version"},
    {"AlertReply", "no,state,deadlines,version"},
    {"ResponsePlan",
     "alert,alert_state,alert_title,incident,plan,planned_by,planned_at,review,lessons,reviewed_by,reviewed_at"},
    {"AttachmentReceipt", "attachment,complete,no,version,at"},
    {"GlassReceipt", "no,at,until,review"},
    {"Invitation", "device,office_code,office_name,until,token"},
    {"JointReport", "total,asof"},
    {"SessionReport", "total,disputes,rounds,asof"},
};

/* Fields whose text is long: they give way where the terminal is narrow. */
static const char *const wide_fields[] = {"content",   "place", "note",  "title",        "result",    "old_value",
                                          "new_value", "why",   "terms", "participants", "note_open", "fields"};

enum print_form print_form(const struct client *client) {
    static const char *const words[] = {"table", "json", "ndjson", "csv", "id"};
    for (int i = 0; i < 5; i++)
        if (strcmp(client->options.output, words[i]) == 0) return (enum print_form)i;
    return PRINT_TABLE;
}

const char *print_columns(const ProtobufCMessageDescriptor *type) {
    for (size_t i = 0; i < sizeof views / sizeof *views; i++)
        if (strcmp(views[i].message, type->short_name) == 0) return views[i].columns;
    return NULL;
}

const char *print_record_columns(const ProtobufCMessageDescriptor *type) {
    for (size_t i = 0; i < sizeof records / sizeof *records; i++)
        if (strcmp(records[i].message, type->short_name) == 0) return records[i].columns;
    return NULL;
}

enum sheet_mark print_mark(int level, int class_) {
    if (level == LIANDONG__V1__INCIDENT_LEVEL__INCIDENT_LEVEL_MAJOR ||
        class_ == LIANDONG__V1__INCIDENT_CLASS__INCIDENT_CLASS_EXTREME_THREAT)
        return SHEET_ALARM;
    return level == LIANDONG__V1__INCIDENT_LEVEL__INCIDENT_LEVEL_URGENT ? SHEET_WARN : SHEET_PLAIN;
}

static int enum_of(const ProtobufCMessage *message, const char *name) {
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
    return field && field->type == PROTOBUF_C_TYPE_ENUM && wire_has(message, field)
               ? *(int *)wire_member(message, field)
               : 0;
}

static bool is_wide(const char *name) {
    for (size_t i = 0; i < sizeof wide_fields / sizeof *wide_fields; i++)
        if (strcmp(wide_fields[i], name) == 0) return true;
    return false;
}

static bool is_number(const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *field) {
    if (field->label == PROTOBUF_C_LABEL_REPEATED || label_meaning(type, field) == MEANING_DURATION) return false;
    return field->type == PROTOBUF_C_TYPE_UINT32 || field->type == PROTOBUF_C_TYPE_UINT64 ||
           field->type == PROTOBUF_C_TYPE_DOUBLE;
}

struct column {
    const ProtobufCFieldDescriptor *field;
    bool optional;
};

/* Fields of a comma-separated list, or all that are no messages. Returns how many. */
static size_t choose(const ProtobufCMessageDescriptor *type, const char *list, struct column out[SHEET_COLUMNS_MAX]) {
    size_t count = 0;
    for (unsigned i = 0; !list && i < type->n_fields && count < SHEET_COLUMNS_MAX; i++)
        if (type->fields[i].type != PROTOBUF_C_TYPE_MESSAGE) out[count++] = (struct column){&type->fields[i], false};
    while (list && *list && count < SHEET_COLUMNS_MAX) {
        size_t size = strcspn(list, ",");
        bool optional = size > 0 && list[size - 1] == '?';
        for (unsigned i = 0; i < type->n_fields; i++) {
            const char *name = type->fields[i].name;
            if (strlen(name) == size - optional && memcmp(name, list, size - optional) == 0)
                out[count++] = (struct column){&type->fields[i], optional};
        }
        list += size + (list[size] == ',');
    }
    return count;
}

bool print_fields_fit(struct arena *arena, const ProtobufCMessageDescriptor *type, const char *fields,
                      const char **error) {
    const ProtobufCFieldDescriptor *rows = schema_rows(type);
    if (rows) type = schema_type(rows);
    while (*fields) {
        size_t size = strcspn(fields, ",");
        const char *name = arena_copy(arena, fields, size);
        if (!name) return *error = "", false;
        struct suggest near;
        suggest_begin(&near, name);
        for (unsigned i = 0; i < type->n_fields; i++) suggest_offer(&near, type->fields[i].name);
        if (!protobuf_c_message_descriptor_get_field_by_name(type, name)) {
            const char *all = "";
            for (unsigned i = 0; i < type->n_fields && all; i++)
                all = arena_printf(arena, "%s%s%s", all, i ? ", " : "", type->fields[i].name);
            const char *shown = value_clean(arena, name, true);
            *error = near.best ? arena_printf(arena, _("--fields: there is no field \"%s\"; did you mean %s? All: %s"),
                                              shown, near.best, all)
                               : arena_printf(arena, _("--fields: there is no field \"%s\". All: %s"), shown, all);
            return false;
        }
        fields += size + (fields[size] == ',');
    }
    return true;
}

/* An office's code, which people need to name it, stands behind its name. */
static const char *with_code(struct arena *arena, const ProtobufCMessage *message, const ProtobufCFieldDescriptor *name,
                             const char *text) {
    for (unsigned i = 0; *text && i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *code = &message->descriptor->fields[i];
        if (offices_name_field(message->descriptor, code) == name && wire_has(message, code))
            return arena_printf(arena, "%s %s", text, value_text(arena, message, code, true));
    }
    return text;
}

/* What has to happen, each with the moment by which: "deadlines" and "deadlines_at" go together. */
static const char *with_moments(struct arena *arena, const ProtobufCMessage *message,
                                const ProtobufCFieldDescriptor *field, const char *text) {
    char name[64];
    snprintf(name, sizeof name, "%s_at", field->name);
    const ProtobufCFieldDescriptor *moments =
        protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
    size_t count = *wire_quantifier(message, field);
    if (!moments || *wire_quantifier(message, moments) != count) return text;
    text = "";
    for (size_t i = 0; i < count && text; i++) {
        char at[CLOCK_TEXT_SIZE];
        clock_print(at, (*(int64_t **)wire_member(message, moments))[i]);
        text = arena_printf(arena, "%s%s%s %s", text, i ? "\n" : "",
                            value_clean(arena, (*(char ***)wire_member(message, field))[i], true), at);
    }
    return text;
}

static bool says_nothing(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field) {
    const void *member = wire_member(message, field);
    if (field->label == PROTOBUF_C_LABEL_REPEATED) return false;
    if (field->type == PROTOBUF_C_TYPE_BOOL) return !*(const protobuf_c_boolean *)member;
    if (field->type == PROTOBUF_C_TYPE_UINT64) return *(const uint64_t *)member == 0;
    return field->type == PROTOBUF_C_TYPE_UINT32 && *(const uint32_t *)member == 0;
}

/* Of a moment of this year its month, day and minute, of others the day. */
static const char *short_time(struct client *client, const char *text) {
    char now[CLOCK_TEXT_SIZE];
    if (!text || strlen(text) != strlen("2023-06-25 20:15:03")) return text;
    clock_print(now, client->now);
    bool this_year = strncmp(now, text, 4) == 0;
    return this_year ? arena_copy(&client->scratch, text + 5, 11) : arena_copy(&client->scratch, text, 10);
}

/* What it says that a field is not there. */
static const char *absent_text(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field) {
    bool unacknowledged =
        strcmp(message->descriptor->short_name, "AlertFigure") == 0 && strcmp(field->name, "from_s") == 0;
    return unacknowledged && !wire_has(message, field) ? _("not acknowledged") : NULL;
}

struct how {
    bool one_line;    /* several lines of a text become one */
    bool whole;       /* a record on its own */
    bool short_times; /* there is little room */
};

/* Columns and rows in the arena. False without memory. */
static bool make_sheet(struct client *client, const ProtobufCMessageDescriptor *type,
                       const ProtobufCMessage *const *messages, size_t count, const char *fields, struct how how,
                       struct sheet *sheet) {
    struct column chosen[SHEET_COLUMNS_MAX];
    struct arena *arena = &client->scratch;
    size_t columns = choose(type, fields, chosen);
    struct sheet_column *heads = arena_zero(arena, (columns ? columns : 1) * sizeof *heads);
    struct sheet_row *rows = arena_zero(arena, (count ? count : 1) * sizeof *rows);
    if (!heads || !rows) return false;
    for (size_t c = 0; c < columns; c++)
        heads[c] = (struct sheet_column){.key = chosen[c].field->name,
                                         .label = label_field(type, chosen[c].field),
                                         .number = is_number(type, chosen[c].field),
                                         .wide = is_wide(chosen[c].field->name),
                                         .optional = chosen[c].optional};
    for (size_t r = 0; r < count; r++) {
        const char **cells = arena_zero(arena, (columns ? columns : 1) * sizeof *cells);
        if (!cells) return false;
        for (size_t c = 0; c < columns; c++) {
            const ProtobufCFieldDescriptor *field = chosen[c].field;
            const char *absent = print_form(client) == PRINT_TABLE ? absent_text(messages[r], field) : NULL;
            cells[c] = absent ? absent : value_text(arena, messages[r], field, how.one_line);
            if (how.short_times && field->type == PROTOBUF_C_TYPE_INT64) cells[c] = short_time(client, cells[c]);
            if (how.whole && cells[c])
                cells[c] = field->label == PROTOBUF_C_LABEL_REPEATED ? with_moments(arena, messages[r], field, cells[c])
                                                                     : with_code(arena, messages[r], field, cells[c]);
            if (how.whole && chosen[c].optional && says_nothing(messages[r], field)) cells[c] = "";
            if (!cells[c]) return false;
        }
        rows[r] = (struct sheet_row){cells, print_mark(enum_of(messages[r], "level"), enum_of(messages[r], "class"))};
    }
    *sheet = (struct sheet){heads, columns, rows, count};
    return true;
}

/* -o id: what the next command takes: the number, or what stands in for it. */
static void print_ids(FILE *out, struct arena *arena, const ProtobufCMessage *const *messages, size_t count) {
    static const char *const names[] = {"approval", "no", "id", "cursor", "version"};
    for (size_t r = 0; r < count; r++) {
        for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
            const ProtobufCFieldDescriptor *field =
                protobuf_c_message_descriptor_get_field_by_name(messages[r]->descriptor, names[n]);
            const char *text =
                field && wire_has(messages[r], field) ? value_text(arena, messages[r], field, true) : NULL;
            if (!text) continue;
            fprintf(out, "%s\n", text);
            break;
        }
    }
}

static void bom(struct client *client, bool heading) {
    if (heading && client->options.csv_bom) fputs("\xef\xbb\xbf", client->out);
}

static bool print_rows(struct client *client, const ProtobufCMessageDescriptor *type,
                       const ProtobufCMessage *const *messages, size_t count, const char *fields, enum shape shape,
                       bool heading) {
    enum print_form form = print_form(client);
    struct sheet sheet;
    if (form == PRINT_ID) {
        print_ids(client->out, &client->scratch, messages, count);
        return true;
    }
    if (form == PRINT_JSON || form == PRINT_NDJSON) {
        for (size_t r = 0; r < count; r++) {
            json_print(client->out, messages[r], fields, form == PRINT_JSON ? 2 : 0);
            fputc('\n', client->out);
        }
        return true;
    }
    if (!fields && shape == SHAPE_TABLE && form == PRINT_TABLE) fields = print_columns(type);
    bool whole = !fields && shape == SHAPE_RECORD && form == PRINT_TABLE;
    if (whole) fields = print_record_columns(type);
    struct how how = {.one_line = form == PRINT_TABLE && shape != SHAPE_RECORD, .whole = whole};
    if (!make_sheet(client, type, messages, count, fields, how, &sheet)) return false;
    how.short_times = form == PRINT_TABLE && shape == SHAPE_TABLE && client->terminal.out;
    if (how.short_times && !sheet_fits(&sheet, &client->terminal) &&
        !make_sheet(client, type, messages, count, fields, how, &sheet))
        return false;
    if (form == PRINT_CSV) {
        bom(client, heading);
        sheet_print_csv(&sheet, client->out, heading);
        return true;
    }
    switch (shape) {
    case SHAPE_RECORD: sheet_print_record(&sheet, client->out, &client->terminal); return true;
    case SHAPE_LINE: sheet_print_line(&sheet, client->out); return true;
    case SHAPE_TABLE: break;
    }
    return sheet_print_table(&sheet, client->out, &client->terminal);
}

static bool print_many(struct client *client, const ProtobufCMessageDescriptor *type,
                       const ProtobufCMessage *const *messages, size_t count, const char *fields, enum shape shape,
                       bool heading) {
    for (size_t i = 0; i < count; i++) offices_hear_message(messages[i]);
    bool done = print_rows(client, type, messages, count, fields, shape, heading);
    arena_reset(&client->scratch);
    return done;
}

bool print_answer(struct client *client, const ProtobufCMessage *message, const char *fields) {
    const ProtobufCFieldDescriptor *rows = schema_rows(message->descriptor);
    if (!rows) return print_many(client, message->descriptor, &message, 1, fields, SHAPE_RECORD, true);
    if (print_form(client) == PRINT_JSON) {
        json_print(client->out, message, fields, 2);
        fputc('\n', client->out);
        return true;
    }
    const ProtobufCMessage *const *items = *(void **)wire_member(message, rows);
    size_t count = *wire_quantifier(message, rows);
    bool below = print_form(client) == PRINT_TABLE && print_record_columns(message->descriptor);
    if (count == 0 && print_form(client) == PRINT_TABLE && !below) {
        client_say(client, "%s", _("nothing found"));
        return true;
    }
    return ((below && count == 0) || print_many(client, schema_type(rows), items, count, fields, SHAPE_TABLE, true)) &&
           (!below || print_many(client, message->descriptor, &message, 1, NULL, SHAPE_RECORD, true));
}

bool print_lists(struct client *client, const ProtobufCMessage *message) {
    bool good = true;
    for (unsigned i = 0; i < message->descriptor->n_fields && good; i++) {
        const ProtobufCFieldDescriptor *rows = &message->descriptor->fields[i];
        if (rows->type != PROTOBUF_C_TYPE_MESSAGE || rows->label != PROTOBUF_C_LABEL_REPEATED) continue;
        const ProtobufCMessage *const *items = *(void **)wire_member(message, rows);
        size_t count = *wire_quantifier(message, rows);
        if (count > 0) good = print_many(client, schema_type(rows), items, count, NULL, SHAPE_TABLE, true);
    }
    return good;
}

bool print_row(struct client *client, const ProtobufCMessage *message, const char *fields, bool first) {
    return print_many(client, message->descriptor, &message, 1, fields, SHAPE_LINE, first);
}

bool print_sheet(struct client *client, const struct sheet *sheet, bool record) {
    switch (print_form(client)) {
    case PRINT_CSV:
        bom(client, true);
        sheet_print_csv(sheet, client->out, true);
        return true;
    case PRINT_JSON:
    case PRINT_NDJSON: sheet_print_ndjson(sheet, client->out); return true;
    case PRINT_ID:
        for (size_t r = 0; r < sheet->row_count; r++) fprintf(client->out, "%s\n", sheet->rows[r].cells[0]);
        return true;
    case PRINT_TABLE: break;
    }
    if (!record) return sheet_print_table(sheet, client->out, &client->terminal);
    sheet_print_record(sheet, client->out, &client->terminal);
    return true;
}
