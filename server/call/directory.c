#include "call/directory.h"
#include "db/contract.h"
#include <stdlib.h>
#include <string.h>

enum { KEY, DEVICE, NAME, OFFICER, ROLE, REVOKED, OFFICE, CODE, OFFICE_NAME, SYSTEM, KIND, COLUMNS };

bool directory_contract(const struct statement *s, char *error, size_t room) {
    static const char *const names[COLUMNS] = {"key",    "device", "name",        "officer", "role", "revoked",
                                               "office", "code",   "office_name", "system",  "kind"};
    static const Oid types[COLUMNS] = {TYPE_BYTEA, TYPE_INT8, TYPE_TEXT, TYPE_TEXT, TYPE_INT2, TYPE_BOOL,
                                       TYPE_INT4,  TYPE_TEXT, TYPE_TEXT, TYPE_INT2, TYPE_TEXT};
    return contract_columns(s, names, types, COLUMNS, error, room);
}

/* Cut at a character's border: a name longer than its place is still a name. */
static void copy_text(char *out, size_t room, const PGresult *r, int row, int column) {
    size_t n = text_cut(PQgetvalue(r, row, column), (size_t)PQgetlength(r, row, column), room - 1);
    memcpy(out, PQgetvalue(r, row, column), n);
    out[n] = '\0';
}

/* False without memory, as add_device. */
static bool add_office(struct directory *d, const PGresult *r, int row) {
    struct office *v;
    char code[sizeof v->code];
    copy_text(code, sizeof code, r, row, CODE);
    HASH_FIND_STR(d->offices, code, v);
    if (v) return true;
    v = calloc(1, sizeof *v);
    if (!v) return false;
    memcpy(v->code, code, sizeof code);
    v->id = mapping_get_int4(r, row, OFFICE);
    HASH_ADD_STR(d->offices, code, v);
    if (v->hh.tbl) return true;
    free(v); /* the table had no memory for it */
    return false;
}

static bool add_device(struct directory *d, const PGresult *r, int row) {
    struct device *v = calloc(1, sizeof *v);
    if (!v) return false;
    memcpy(v->key, PQgetvalue(r, row, KEY), DIRECTORY_KEY_SIZE);
    v->id = mapping_get_int8(r, row, DEVICE);
    copy_text(v->name, sizeof v->name, r, row, NAME);
    v->acts.office = mapping_get_int4(r, row, OFFICE);
    v->acts.system = mapping_get_int2(r, row, SYSTEM);
    v->acts.role = mapping_get_int2(r, row, ROLE);
    copy_text(v->acts.office_code, sizeof v->acts.office_code, r, row, CODE);
    copy_text(v->acts.office_name, sizeof v->acts.office_name, r, row, OFFICE_NAME);
    copy_text(v->acts.officer, sizeof v->acts.officer, r, row, OFFICER);
    HASH_ADD(hh, d->devices, key, DIRECTORY_KEY_SIZE, v);
    if (v->hh.tbl) return true;
    free(v);
    return false;
}

/* An office without devices has a row whose device is NULL. */
static bool may_connect(const PGresult *r, int row) {
    return PQgetlength(r, row, KEY) == DIRECTORY_KEY_SIZE && PQgetvalue(r, row, REVOKED)[0] == 0;
}

bool directory_read(struct directory *d, const PGresult *r, int64_t version) {
    *d = (struct directory){.version = version};
    for (int row = 0; row < PQntuples(r); row++) {
        if (add_office(d, r, row) && (!may_connect(r, row) || add_device(d, r, row))) continue;
        directory_free(d);
        return false;
    }
    return true;
}

const struct device *directory_find(const struct directory *d, const uint8_t key[DIRECTORY_KEY_SIZE]) {
    struct device *v;
    HASH_FIND(hh, d->devices, key, DIRECTORY_KEY_SIZE, v);
    return v;
}

bool directory_is_named(const struct device *d, const char *uri) {
    static const char prefix[] = "liandong:device:";
    return uri && strncmp(uri, prefix, sizeof prefix - 1) == 0 && strcmp(uri + sizeof prefix - 1, d->name) == 0;
}

int32_t directory_office(const struct directory *d, const char *code) {
    struct office *v;
    HASH_FIND_STR(d->offices, code, v);
    return v ? v->id : 0;
}

void directory_free(struct directory *d) {
    struct device *v, *next;
    struct office *o, *next_office;
    HASH_ITER(hh, d->devices, v, next) {
        HASH_DEL(d->devices, v);
        free(v);
    }
    HASH_ITER(hh, d->offices, o, next_office) {
        HASH_DEL(d->offices, o);
        free(o);
    }
    *d = (struct directory){0};
}
