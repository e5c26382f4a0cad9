#include "feed/event.h"
#include "common/frame.h"
#include "db/contract.h"
#include "envelope.pb-c.h"
#include "feed/mask.h"
#include <endian.h>
#include <string.h>

enum { /* columns, as event_contract says them */
       SEQ,
       AT,
       KIND,
       ENTITY,
       NO,
       VERSION,
       STATE,
       CLASS,
       LEVEL,
       OFFICE,
       OFFICE_NAME,
       OFFICER,
       TITLE,
       CHANGED,
       OLD_VALUES,
       NEW_VALUES,
       NOTE,
       THREATS,
       REPEAT_COUNT,
       ACT,
       AUDIENCE,
       ACTOR,
       HASH,
       NUM,
       ORIGIN,
       SENSITIVITY,
       WAS,
       SUBJECT,
       NAMED,
       AREA,
       AREA_WAS,
       COLUMNS
};

bool event_contract(const struct statement *s, char *error, size_t room) {
    static const char *const names[COLUMNS] = {
        "seq",    "at",          "kind",         "entity",  "no",       "version", "state",      "class",
        "level",  "office",      "office_name",  "officer", "title",    "changed", "old_values", "new_values",
        "note",   "threats",     "repeat_count", "act",     "audience", "actor",   "hash",       "num",
        "origin", "sensitivity", "was",          "subject", "named",    "area",    "area_was"};
    static const Oid types[COLUMNS] = {
        TYPE_INT8,       TYPE_TIMESTAMPTZ, TYPE_TEXT, TYPE_UUID,       TYPE_TEXT, TYPE_INT4,  TYPE_INT2,
        TYPE_INT2,       TYPE_INT2,        TYPE_TEXT, TYPE_TEXT,       TYPE_TEXT, TYPE_TEXT,  TYPE_TEXT_ARRAY,
        TYPE_TEXT_ARRAY, TYPE_TEXT_ARRAY,  TYPE_TEXT, TYPE_INT2_ARRAY, TYPE_INT4, TYPE_BYTEA, TYPE_INT4_ARRAY,
        TYPE_INT4,       TYPE_BYTEA,       TYPE_INT8, TYPE_INT4,       TYPE_INT2, TYPE_INT2,  TYPE_INT8,
        TYPE_INT8_ARRAY, TYPE_INT4,        TYPE_INT4};
    return contract_columns(s, names, types, COLUMNS, error, room);
}

uint32_t event_kind(const char *name) {
    const ProtobufCFieldDescriptor *f =
        protobuf_c_message_descriptor_get_field_by_name(&liandong__v1__to_server__descriptor, name);
    return f && f->type == PROTOBUF_C_TYPE_MESSAGE ? f->id : 0;
}

/* ---- the event's fields */

/* The numbers of records say their kind: record_type_of in server/functions/record.sql. */
static int64_t record_type_of(int64_t num) {
    int64_t type = num / INT64_C(10000000000000);
    return type ? type : LIANDONG__V1__RECORD_TYPE__RECORD_TYPE_INCIDENT;
}

/* A PGresult's text values end with a NUL of libpq's: they can be borrowed as they are. */
static char *text(const PGresult *r, int row, int column) {
    return PQgetisnull(r, row, column) ? NULL : PQgetvalue(r, row, column);
}
static int16_t number(const PGresult *r, int row, int column) {
    return PQgetisnull(r, row, column) ? 0 : mapping_get_int2(r, row, column);
}

static char *item(struct mapping_array *a, struct arena *arena) {
    int32_t n;
    const char *value = mapping_array_next(a, &n);
    return n < 0 ? NULL : arena_copy(arena, value, (size_t)n);
}

static bool read_changes(Liandong__V1__Event *e, const PGresult *r, int row, struct masking *m) {
    struct arena *arena = m->arena;
    struct mapping_array fields = mapping_get_array(r, row, CHANGED),
                         old_values = mapping_get_array(r, row, OLD_VALUES),
                         new_values = mapping_get_array(r, row, NEW_VALUES);
    int32_t n = fields.count;
    if (!n) return true;
    e->changes = arena_take(arena, (size_t)n * sizeof *e->changes);
    if (!e->changes) return false;
    for (int32_t i = 0; i < n; i++) {
        Liandong__V1__Change *c = arena_take(arena, sizeof *c);
        if (!c) return false;
        liandong__v1__change__init(c);
        c->field = item(&fields, arena);
        if (i < old_values.count) c->old_value = mask_text(m, c->field, item(&old_values, arena));
        if (i < new_values.count) c->new_value = mask_text(m, c->field, item(&new_values, arena));
        if (c->old_value) mask_numbers((uint8_t *)c->old_value, strlen(c->old_value));
        if (c->new_value) mask_numbers((uint8_t *)c->new_value, strlen(c->new_value));
        e->changes[e->n_changes++] = c;
    }
    return true;
}

static bool read_threats(Liandong__V1__Event *e, const PGresult *r, int row, struct arena *arena) {
    struct mapping_array a = mapping_get_array(r, row, THREATS);
    if (!a.count) return true;
    e->threats = arena_take(arena, (size_t)a.count * sizeof *e->threats);
    if (!e->threats) return false;
    for (int32_t i = 0; i < a.count; i++) {
        int32_t n;
        const char *value = mapping_array_next(&a, &n);
        uint16_t big;
        if (n != sizeof big) continue;
        memcpy(&big, value, sizeof big);
        e->threats[e->n_threats++] = (Liandong__V1__Threat)be16toh(big);
    }
    return true;
}

/* Each kind of record has states of its own. */
static void read_state(Liandong__V1__Event *e, int64_t num, int16_t state) {
    if (num <= 0) return;
    e->record = (Liandong__V1__RecordType)record_type_of(num);
    e->has_record = true;
    switch (e->record) {
    case LIANDONG__V1__RECORD_TYPE__RECORD_TYPE_DISPUTE:
        e->has_dispute_state = true;
        e->dispute_state = (Liandong__V1__DisputeState)state;
        break;
    case LIANDONG__V1__RECORD_TYPE__RECORD_TYPE_TRANSFER:
        e->has_transfer_state = true;
        e->transfer_state = (Liandong__V1__TransferState)state;
        break;
    case LIANDONG__V1__RECORD_TYPE__RECORD_TYPE_ALERT:
        e->has_alert_state = true;
        e->alert_state = (Liandong__V1__AlertState)state;
        break;
    case LIANDONG__V1__RECORD_TYPE__RECORD_TYPE_TASK:
        e->has_task_state = true;
        e->task_state = (Liandong__V1__TaskState)state;
        break;
    default: e->has_state = true; e->state = (Liandong__V1__IncidentState)state;
    }
}

static bool read_fields(Liandong__V1__Event *e, const PGresult *r, int row, struct masking *m) {
    liandong__v1__event__init(e);
    e->has_at = e->has_entity = e->has_version = true;
    e->at = mapping_get_time(r, row, AT);
    e->kind = text(r, row, KIND);
    e->entity = (ProtobufCBinaryData){(size_t)PQgetlength(r, row, ENTITY), (uint8_t *)PQgetvalue(r, row, ENTITY)};
    e->no = text(r, row, NO);
    e->version = (uint32_t)mapping_get_int4(r, row, VERSION);
    read_state(e, mapping_get_int8(r, row, NUM), number(r, row, STATE));
    e->class_ = (Liandong__V1__IncidentClass)number(r, row, CLASS);
    e->has_class_ = e->class_ != 0;
    e->level = (Liandong__V1__IncidentLevel)number(r, row, LEVEL);
    e->has_level = e->level != 0;
    e->office = text(r, row, OFFICE);
    e->office_name = text(r, row, OFFICE_NAME);
    e->officer = text(r, row, OFFICER);
    e->title = mask_title(m, text(r, row, TITLE));
    e->note = mask_free_text(text(r, row, NOTE));
    e->has_repeat_count = !PQgetisnull(r, row, REPEAT_COUNT);
    if (e->has_repeat_count) e->repeat_count = (uint32_t)mapping_get_int4(r, row, REPEAT_COUNT);
    return read_changes(e, r, row, m) && read_threats(e, r, row, m->arena);
}

/* ---- the frame: [length][delivery: [cursor][prev][event: fields, report as it was sent]] */

static size_t varint(uint8_t *out, uint64_t v) {
    size_t n = 0;
    do {
        uint8_t low = v & 0x7f;
        v >>= 7;
        out[n++] = (uint8_t)(low | (v ? 0x80 : 0));
    } while (v);
    return n;
}
/* Tag and length of a length-delimited field. */
static size_t field_head(uint8_t *out, uint32_t number_, size_t size) {
    size_t n = varint(out, (uint64_t)number_ << 3 | 2);
    return n + varint(out + n, size);
}

#define DELIVERY 100u
#define HEADS    64u /* more than all the heads below together */

static bool pack_frame(struct event *out, const Liandong__V1__Event *e, const uint8_t *act, size_t act_size,
                       struct arena *arena) {
    uint8_t report_head[16], event_head[16], delivery_head[16];
    size_t fields = liandong__v1__event__get_packed_size(e);
    size_t report_n = act ? field_head(report_head, 16, act_size) : 0;
    size_t event_size = fields + report_n + act_size;
    size_t event_n = field_head(event_head, 3, event_size);
    size_t delivery_size = 2 * (2 + CURSOR_SIZE) + event_n + event_size;
    size_t delivery_n = field_head(delivery_head, DELIVERY, delivery_size);
    size_t payload = delivery_n + delivery_size;
    uint8_t *frame = arena_take(arena, FRAME_HEADER + payload + HEADS), *p = frame;
    if (!frame) return false;
    frame_header(p, (uint32_t)payload);
    p += FRAME_HEADER;
    memcpy(p, delivery_head, delivery_n);
    p += delivery_n;
    p += field_head(p, 1, CURSOR_SIZE);
    memcpy(p, out->cursor, CURSOR_SIZE);
    p += CURSOR_SIZE;
    p += field_head(p, 2, CURSOR_SIZE);
    out->prev_at = (uint32_t)(p - frame);
    memset(p, 0, CURSOR_SIZE);
    p += CURSOR_SIZE;
    memcpy(p, event_head, event_n);
    p += event_n;
    p += liandong__v1__event__pack(e, p);
    if (act) {
        memcpy(p, report_head, report_n);
        memcpy(p + report_n, act, act_size);
        p += report_n + act_size;
    }
    out->frame = frame;
    out->frame_size = (uint32_t)(p - frame);
    return true;
}

/* [length][delivery: [cursor][prev][retract: entity, no]] */
static bool pack_change(struct event *out, const PGresult *r, int row, struct arena *arena) {
    size_t no = (size_t)PQgetlength(r, row, NO), entity = (size_t)PQgetlength(r, row, ENTITY);
    if (entity != 16 || no > 40) return true; /* no record of ours */
    size_t right = 2 + entity + 2 + no, delivery = 2 * (2 + CURSOR_SIZE) + 2 + right, payload = 3 + delivery;
    uint8_t *frame = arena_take(arena, FRAME_HEADER + payload), *p = frame;
    if (!frame) return false;
    frame_header(p, (uint32_t)payload);
    p += FRAME_HEADER;
    p += field_head(p, DELIVERY, delivery);
    p += field_head(p, 1, CURSOR_SIZE);
    memcpy(p, out->cursor, CURSOR_SIZE);
    p += CURSOR_SIZE;
    p += field_head(p, 2, CURSOR_SIZE);
    memset(p, 0, CURSOR_SIZE);
    p += CURSOR_SIZE;
    p += field_head(p, 4, right);
    p += field_head(p, 1, entity);
    memcpy(p, PQgetvalue(r, row, ENTITY), entity);
    p += entity;
    p += field_head(p, 2, no);
    memcpy(p, PQgetvalue(r, row, NO), no);
    out->change = frame;
    out->change_size = (uint32_t)(FRAME_HEADER + payload);
    return true;
}

static void read_right(struct event *out, const PGresult *r, int row) {
    struct event_right *e = &out->right;
    e->num = mapping_get_int8(r, row, NUM);
    e->origin = mapping_get_int4(r, row, ORIGIN);
    e->sensitivity = PQgetisnull(r, row, SENSITIVITY) ? -1 : mapping_get_int2(r, row, SENSITIVITY);
    e->was = PQgetisnull(r, row, WAS) ? -1 : mapping_get_int2(r, row, WAS);
    e->area = PQgetisnull(r, row, AREA) ? 0 : mapping_get_int4(r, row, AREA);
    e->area_was = PQgetisnull(r, row, AREA_WAS) ? -1 : mapping_get_int4(r, row, AREA_WAS);
    e->subject = PQgetisnull(r, row, SUBJECT) ? 0 : mapping_get_int8(r, row, SUBJECT);
    e->withdrawn = out->face.kind == LIANDONG__V1__TO_SERVER__BODY_WITHDRAW_ACCESS ||
                   out->face.kind == LIANDONG__V1__TO_SERVER__BODY_DECIDE_REVIEW;
}

bool event_take_right(struct rights *rights, const struct event *e, const PGresult *r, int row) {
    bool good = rights_set_level(rights, e->right.num, e->right.sensitivity);
    if (e->right.area_was >= 0) good &= rights_set_area(rights, e->right.num, e->right.area);
    bool told = e->right.subject || !PQgetisnull(r, row, NAMED); /* a report may be open to who entered it */
    return (!told || rights_set_named(rights, e->right.num, r, row, NAMED)) && good;
}

static bool read_audience(struct event *out, const PGresult *r, int row, struct arena *arena) {
    struct mapping_array a = mapping_get_array(r, row, AUDIENCE);
    int32_t *offices = arena_take(arena, (size_t)(a.count + 1) * sizeof *offices);
    if (!offices) return false;
    for (int32_t i = 0; i < a.count; i++) {
        int32_t n;
        uint32_t big;
        const char *value = mapping_array_next(&a, &n);
        if (n != sizeof big) continue;
        memcpy(&big, value, sizeof big);
        offices[out->audience_count++] = (int32_t)be32toh(big);
    }
    out->audience = offices;
    return true;
}

bool event_is_hidden(const PGresult *r, int row) { return PQgetisnull(r, row, KIND); }

bool event_read(struct event *out, const PGresult *r, int row, const struct event_keys *keys, struct arena *arena) {
    struct masking m = {&keys->opener, (const uint8_t *)PQgetvalue(r, row, ENTITY), arena, false};
    Liandong__V1__Event e;
    *out = (struct event){.seq = (uint64_t)mapping_get_int8(r, row, SEQ)};
    out->mark = cursor_mark(PQgetvalue(r, row, HASH), (size_t)PQgetlength(r, row, HASH));
    out->face.kind = event_kind(PQgetvalue(r, row, KIND));
    read_right(out, r, row);
    cursor_seal(keys->cursor, (struct cursor){out->seq, out->mark}, out->cursor);
    if ((out->right.was >= 0 || out->right.area_was >= 0 || out->right.subject) && !pack_change(out, r, row, arena))
        return false;
    if (PQgetisnull(r, row, AT)) return true;
    if (!read_fields(&e, r, row, &m) || !read_audience(out, r, row, arena)) return false;
    out->face.record = (int16_t)e.record;
    out->face.class = (int16_t)e.class_;
    out->face.level = (int16_t)e.level;
    out->face.office = mapping_get_int4(r, row, ACTOR);
    /* A report travels as it was checked at the door and hashed, but for what is sealed. */
    bool whole = out->face.kind == LIANDONG__V1__TO_SERVER__BODY_REPORT_INCIDENT && !PQgetisnull(r, row, ACT);
    const uint8_t *act = whole ? (const uint8_t *)PQgetvalue(r, row, ACT) : NULL;
    size_t act_size = whole ? (size_t)PQgetlength(r, row, ACT) : 0;
    bool good = !whole || mask_packed(&m, &liandong__v1__report_incident__descriptor, &act, &act_size);
    out->later = m.later;
    return good && !m.later && pack_frame(out, &e, act, act_size, arena);
}
