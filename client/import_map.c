#include "client/import_map.h"
#include "client/labels.h"
#include "client/language.h"
#include "client/schema.h"
#include "client/suggest.h"
#include "common/clock.h"
#include "common/text.h"
#include "incident.pb-c.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ZONE_STANDARD_MS INT64_C(28800000) /* +08:00, what clock_parse takes for granted */

static bool wrong(struct value_error *error, const char *format, const char *a, const char *b) {
    char shown[200], more[300];
    text_terminal(shown, sizeof shown, a, text_cut(a, strlen(a), 120), true);
    text_terminal(more, sizeof more, b, text_cut(b, strlen(b), 240), true);
    snprintf(error->text, sizeof error->text, format, shown, more);
    return false;
}

void import_map_init(struct import_map *m) { *m = (struct import_map){.zone_ms = ZONE_STANDARD_MS}; }

const ProtobufCFieldDescriptor *import_map_find(const ProtobufCMessageDescriptor *type, const char *name,
                                                const char **near) {
    struct suggest suggestion;
    suggest_begin(&suggestion, name);
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        const char *label = label_field(type, field);
        if (schema_same_word(field->name, name) || schema_is_flag(field, name, strlen(name)) ||
            strcmp(label, name) == 0)
            return field;
        suggest_offer(&suggestion, field->name);
    }
    *near = suggestion.best;
    return NULL;
}

/* One "name=value" of a comma-separated list; steps past it. NULL at the end or without memory; *value NULL: no '='. */
static const char *next_pair(const char **spec, const char **value, struct arena *arena) {
    const char *text = *spec;
    while (*text == ',' || *text == ' ' || *text == '\n' || *text == '\r') text++;
    size_t size = strcspn(text, ",\n\r");
    *spec = text + size;
    if (size == 0) return NULL;
    char *pair = arena_copy(arena, text, size);
    if (!pair) return NULL;
    char *equals = strchr(pair, '=');
    *value = NULL;
    if (equals) {
        *equals = '\0';
        *value = equals + 1 + strspn(equals + 1, " ");
        while (equals > pair && equals[-1] == ' ') *--equals = '\0';
    }
    for (size_t end = strlen(*value ? *value : ""); end > 0 && (*value)[end - 1] == ' '; end--)
        pair[(size_t)(*value - pair) + end - 1] = '\0';
    return pair;
}

static struct import_field *add_field(struct import_map *m, const char *name, struct value_error *error) {
    const char *near = NULL;
    const ProtobufCFieldDescriptor *field = import_map_find(&liandong__v1__report_incident__descriptor, name, &near);
    if (!field) {
        wrong(error, near ? _("a report has no field \"%s\"; did you mean %s?") : _("a report has no field \"%s\"%s"),
              name, near ? near : "");
        return NULL;
    }
    for (size_t i = 0; i < m->count; i++) {
        if (m->fields[i].field != field) continue;
        wrong(error, _("the field \"%s\" is given twice%s"), name, "");
        return NULL;
    }
    if (m->count == IMPORT_FIELDS_MAX) {
        wrong(error, _("too many fields, at \"%s\"%s"), name, "");
        return NULL;
    }
    m->fields[m->count] = (struct import_field){.field = field};
    return &m->fields[m->count++];
}

static bool find_column(const char *name, const struct csv *header, size_t *column, struct value_error *error) {
    size_t digits = strspn(name, "0123456789");
    if (digits > 0 && name[digits] == '\0') {
        unsigned long number = digits < 6 ? strtoul(name, NULL, 10) : 0;
        if (number < 1 || number > CSV_CELLS_MAX)
            return wrong(error, _("column %s: columns are numbered from 1%s"), name, "");
        *column = number - 1;
        return true;
    }
    if (!header)
        return wrong(error, _("column \"%s\": names can be used only with --header; or give its number%s"), name, "");
    struct suggest near;
    suggest_begin(&near, name);
    for (size_t i = 0; i < header->count; i++) {
        if (strcasecmp(header->cells[i].text, name) == 0) {
            *column = i;
            return true;
        }
        suggest_offer(&near, header->cells[i].text);
    }
    return wrong(error,
                 near.best ? _("the header line has no column \"%s\"; did you mean \"%s\"?")
                           : _("the header line has no column \"%s\"%s"),
                 name, near.best ? near.best : "");
}

bool import_map_columns(struct import_map *m, const char *spec, const struct csv *header, struct arena *arena,
                        struct value_error *error) {
    const char *name, *value;
    while ((name = next_pair(&spec, &value, arena))) {
        if (name[0] == '#') continue; /* a comment in a map file */
        if (!value || !*value) return wrong(error, _("\"%s\": write field=column, such as place=5+6%s"), name, "");
        struct import_field *field = add_field(m, name, error);
        if (!field) return false;
        while (*value) {
            size_t size = strcspn(value, "+");
            const char *one = arena_copy(arena, value, size);
            if (!one || field->column_count == IMPORT_COLUMNS_MAX)
                return wrong(error, _("too many columns for \"%s\"%s"), name, "");
            if (!find_column(one, header, &field->columns[field->column_count], error)) return false;
            field->column_count++;
            value += size + (value[size] == '+');
        }
    }
    return true;
}

/* A value may hold commas: only one pair. */
bool import_map_constant(struct import_map *m, const char *spec, struct arena *arena, struct value_error *error) {
    const char *equals = strchr(spec, '=');
    const char *name = equals ? arena_copy(arena, spec, (size_t)(equals - spec)) : NULL;
    if (!name || !equals[1]) return wrong(error, _("\"%s\": write field=value, such as source=transfer%s"), spec, "");
    struct import_field *field = add_field(m, name, error);
    if (!field) return false;
    field->constant = equals + 1;
    ProtobufCMessage *trial = arena_zero(arena, sizeof(Liandong__V1__ReportIncident));
    if (!trial) return wrong(error, "%s%s", _("out of memory"), "");
    protobuf_c_message_init(&liandong__v1__report_incident__descriptor, trial);
    return value_set(trial, field->field, field->constant, 0, arena, error);
}

bool import_map_classes(struct import_map *m, const char *spec, struct arena *arena, struct value_error *error) {
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(&liandong__v1__report_incident__descriptor, "class");
    const char *name, *value;
    while ((name = next_pair(&spec, &value, arena))) {
        Liandong__V1__ReportIncident trial = LIANDONG__V1__REPORT_INCIDENT__INIT;
        if (!value || !*value)
            return wrong(error, _("\"%s\": write beginning=class, such as Fire=disaster%s"), name, "");
        if (m->class_count == IMPORT_CLASSES_MAX) return wrong(error, _("too many classes, at \"%s\"%s"), name, "");
        if (!value_set(&trial.base, field, value, 0, arena, error)) return false;
        m->classes[m->class_count++] = (struct import_class){name, value};
    }
    return true;
}

static int two_digits(const char *text) {
    return text[0] >= '0' && text[0] <= '9' && text[1] >= '0' && text[1] <= '9' ? (text[0] - '0') * 10 + text[1] - '0'
                                                                                : -1;
}

bool import_map_zone(struct import_map *m, const char *zone, struct value_error *error) {
    if (strcmp(zone, "Z") == 0 || strcmp(zone, "UTC") == 0) {
        m->zone_ms = 0;
        return true;
    }
    bool formed = strlen(zone) == 6 && (zone[0] == '+' || zone[0] == '-') && zone[3] == ':';
    int hours = formed ? two_digits(zone + 1) : -1, minutes = formed ? two_digits(zone + 4) : -1;
    if (hours < 0 || hours > 14 || minutes < 0 || minutes > 59)
        return wrong(error, _("\"%s\" is no time zone; write it as +08:00 or -05:00%s"), zone, "");
    m->zone_ms = (zone[0] == '-' ? -1 : 1) * ((int64_t)hours * 60 + minutes) * 60000;
    return true;
}

/* Ends in Z or in +hh:mm after a time of day: no zone is to be assumed. */
static bool names_zone(const char *text) {
    size_t size = strlen(text);
    if (size > 0 && (text[size - 1] == 'Z' || text[size - 1] == 'z')) return true;
    return size > 6 && text[size - 3] == ':' && (text[size - 6] == '+' || text[size - 6] == '-') &&
           memchr(text, ':', size - 6);
}

/* The whole date must be there: "20:15" or "10m" would mean another moment on every run. */
static bool apply_time(const struct import_map *m, ProtobufCMessage *report, const ProtobufCFieldDescriptor *field,
                       const char *text, struct arena *arena, struct value_error *error) {
    char *copy = arena_copy(arena, text, strlen(text));
    int64_t ms;
    if (!copy) return wrong(error, "%s%s", _("out of memory"), "");
    if (strspn(copy, "0123456789") < 4)
        return wrong(error, _("\"%s\" is no time with a year in front, such as 2016-01-15 12:01%s"), text, "");
    for (char *c = copy; *c; c++)
        if (*c == '/') *c = '-';
    if (!clock_parse(&ms, copy, 0))
        return wrong(error, _("\"%s\" is no time with a year in front, such as 2016-01-15 12:01%s"), text, "");
    if (!names_zone(copy)) ms += ZONE_STANDARD_MS - m->zone_ms;
    const char *exact = arena_printf(arena, "@%lld", (long long)ms);
    return exact && value_set(report, field, exact, 0, arena, error);
}

static const char *class_word(const struct import_map *m, const char *text) {
    const char *word = NULL;
    size_t longest = 0;
    for (size_t i = 0; i < m->class_count; i++) {
        size_t size = strlen(m->classes[i].beginning);
        if (size < longest || strncasecmp(text, m->classes[i].beginning, size) != 0) continue;
        longest = size;
        word = m->classes[i].word;
    }
    return word;
}

static bool apply_class(const struct import_map *m, ProtobufCMessage *report, const ProtobufCFieldDescriptor *field,
                        const char *text, struct arena *arena, struct value_error *error) {
    const char *word = class_word(m, text);
    if (word) return value_set(report, field, word, 0, arena, error);
    if (value_set(report, field, text, 0, arena, error)) return true;
    return m->default_class && value_set(report, field, m->default_class, 0, arena, error);
}

/* The cells of a field, joined; "" where all are empty. NULL: the row is too short, or no memory. */
static const char *join(const struct import_field *f, const struct csv *row, struct arena *arena,
                        struct value_error *error) {
    const char *all = "";
    for (size_t i = 0; i < f->column_count; i++) {
        if (f->columns[i] >= row->count) {
            snprintf(error->text, sizeof error->text, _("the row has %zu columns; %s wants column %zu"), row->count,
                     label_field(NULL, f->field), f->columns[i] + 1);
            return NULL;
        }
        const char *text = row->cells[f->columns[i]].text;
        text += strspn(text, " \t");
        size_t size = strlen(text);
        while (size > 0 && (text[size - 1] == ' ' || text[size - 1] == '\t')) size--;
        if (size == 0) continue;
        all = arena_printf(arena, "%s%s%.*s", all, *all ? " " : "", (int)size, text);
        if (!all) {
            wrong(error, "%s%s", _("out of memory"), "");
            return NULL;
        }
    }
    return all;
}

bool import_map_apply(const struct import_map *m, const struct csv *row, ProtobufCMessage *report, struct arena *arena,
                      struct value_error *error) {
    bool has_class = false;
    for (size_t i = 0; i < m->count; i++) {
        const struct import_field *f = &m->fields[i];
        const char *text = f->column_count ? join(f, row, arena, error) : f->constant;
        if (!text) return false;
        if (!*text) continue;
        bool is_class = strcmp(f->field->name, "class") == 0;
        bool good = is_class ? apply_class(m, report, f->field, text, arena, error)
                    : f->field->type == PROTOBUF_C_TYPE_INT64 && f->column_count
                        ? apply_time(m, report, f->field, text, arena, error)
                        : value_set(report, f->field, text, 0, arena, error);
        if (!good) return false;
        has_class = has_class || is_class;
    }
    const ProtobufCFieldDescriptor *class_field =
        protobuf_c_message_descriptor_get_field_by_name(report->descriptor, "class");
    return has_class || !m->default_class || value_set(report, class_field, m->default_class, 0, arena, error);
}
