#include "client/labels/groups.h"
#include "client/language.h"
#include "client/schema.h"
#include "common/text.h"
#include <stdio.h>
#include <string.h>
#include <stdlib.h>

/* One place to add a topic. */
static const struct label_group *const groups[] = {
    &labels_requests,  &labels_session, &labels_feed,      &labels_audit,      &labels_incident, &labels_operation,
    &labels_directory, &labels_dispute, &labels_mediation, &labels_link,       &labels_person,   &labels_alert,
    &labels_transfer,  &labels_task,    &labels_deadline,  &labels_attachment, &labels_figure,
};
#define GROUPS     (sizeof groups / sizeof *groups)
#define LABELS_MAX 4096

static int by_name(const void *a, const void *b) {
    const struct label *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}
/* All rows, sorted once: a table of five hundred rows asks for thousands of names. */
static const struct label **sorted(size_t *count) {
    static const struct label *rows[LABELS_MAX];
    static size_t n;
    static bool done;
    for (size_t g = 0; !done && g < GROUPS; g++)
        for (size_t i = 0; i < groups[g]->count && n < LABELS_MAX; i++) rows[n++] = &groups[g]->labels[i];
    if (!done) qsort(rows, n, sizeof *rows, by_name);
    done = true;
    *count = n;
    return rows;
}

const struct label *label_at(size_t index) {
    size_t n;
    const struct label **rows = sorted(&n);
    return index < n ? rows[index] : NULL;
}

const struct label *label_find(const char *name) {
    size_t n;
    const struct label **rows = sorted(&n);
    const struct label wanted = {.name = name}, *key = &wanted;
    const struct label **found = bsearch(&key, rows, n, sizeof *rows, by_name);
    return found ? *found : NULL;
}

const struct label *label_of_field(const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *field) {
    if (type) {
        char qualified[128];
        snprintf(qualified, sizeof qualified, "%s.%s", type->short_name, field->name);
        const struct label *row = label_find(qualified);
        if (row) return row;
    }
    return label_find(field->name);
}

const char *label_field(const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *field) {
    const struct label *row = label_of_field(type, field);
    return row ? _(row->text) : field->name;
}

const char *label_name(const char *name) {
    const struct label *row = label_find(name);
    return row ? _(row->text) : name;
}

const char *label_value(const ProtobufCEnumDescriptor *type, int value, char unknown[16]) {
    const ProtobufCEnumValue *known = protobuf_c_enum_descriptor_get_value(type, value);
    if (known) return label_name(known->name);
    snprintf(unknown, 16, "%d", value);
    return unknown;
}

void label_words(const ProtobufCFieldDescriptor *field, char *out, size_t room) {
    const ProtobufCEnumDescriptor *type = field->descriptor;
    size_t used = 0;
    out[0] = '\0';
    for (unsigned i = 0; i < type->n_values && used < room; i++) {
        if (!schema_offers(field, &type->values[i])) continue;
        char word[SCHEMA_WORD];
        schema_word(word, type, &type->values[i]);
        const char *shown = language_is_chinese() ? label_name(type->values[i].name) : word;
        int n = snprintf(out + used, room - used, "%s%s", used ? _(", ") : "", shown);
        used += n > 0 ? (size_t)n : 0;
    }
    if (used >= room) out[text_cut(out, room - 1, room - 1)] = '\0'; /* not within a character */
}

enum meaning label_meaning(const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *field) {
    const struct label *row = label_of_field(type, field);
    return row ? row->meaning : MEANING_PLAIN;
}
