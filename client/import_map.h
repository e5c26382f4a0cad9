/* How the columns of a foreign call log become the fields of a report.
 * Client, pure.
 *
 * "field=column": the field by its name or label, the column by its number from 1 or by its name in the header line;
 * "5+6" joins columns with a blank. Empty cells leave the field absent. */
#ifndef LIANDONG_CLIENT_IMPORT_MAP_H
#define LIANDONG_CLIENT_IMPORT_MAP_H
#include "client/csv.h"
#include "client/value.h"

#define IMPORT_FIELDS_MAX  32
#define IMPORT_COLUMNS_MAX 8
#define IMPORT_CLASSES_MAX 64

struct import_field {
    const ProtobufCFieldDescriptor *field;
    size_t columns[IMPORT_COLUMNS_MAX]; /* from 0 */
    size_t column_count;                /* 0: the constant */
    const char *constant;
};
struct import_class {
    const char *beginning, *word;
};
struct import_map {
    struct import_field fields[IMPORT_FIELDS_MAX];
    size_t count;
    struct import_class classes[IMPORT_CLASSES_MAX];
    size_t class_count;
    const char *default_class;
    int64_t zone_ms; /* of times that name no zone */
};

/* A message's field by its name, flag or label. NULL: there is none; *near may be one like it, or NULL. */
const ProtobufCFieldDescriptor *import_map_find(const ProtobufCMessageDescriptor *type, const char *name,
                                                const char **near);
void import_map_init(struct import_map *m);
/* Adds "field=column,field=column". `header`: the header line's cells, NULL where there is none. Texts are the arena's.
 */
bool import_map_columns(struct import_map *m, const char *spec, const struct csv *header, struct arena *arena,
                        struct value_error *error);
/* Adds "field=value": the same for every row. */
bool import_map_constant(struct import_map *m, const char *spec, struct arena *arena, struct value_error *error);
/* Adds "EMS=emergency-help,Fire=disaster": what the class column begins with, longest first, case ignored. */
bool import_map_classes(struct import_map *m, const char *spec, struct arena *arena, struct value_error *error);
/* "+08:00", "-05:00", "Z". */
bool import_map_zone(struct import_map *m, const char *zone, struct value_error *error);
/* Fills an initialized ReportIncident from the record at hand. False: what is wrong with the row. */
bool import_map_apply(const struct import_map *m, const struct csv *row, ProtobufCMessage *report, struct arena *arena,
                      struct value_error *error);
#endif
