#include "call/sealing.h"
#include "common/log.h"
#include "common/text.h"
#include "common/wire.h"
#include "envelope.pb-c.h"
#include <endian.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

/* ---- THE TABLE: what is sealed */

static const struct sealed_field {
    const char *record, *field; /* of the record's message */
    const char *place;          /* what a token is bound to */
    enum sealing_class class;
    bool told; /* to whoever sees the record, also in the feed */
} fields[] = {
    {"incident", "reporter", "incident.reporter", SEALING_NAME, false},
    {"incident", "reporter_phone", "incident.reporter_phone", SEALING_PHONE, false},
    {"incident", "place", "incident.place", SEALING_PLACE, true},
    {"attachment", "name", "attachment.name", SEALING_NAME, true},
    {"attachment", "sha256", "attachment.sha256", SEALING_FILE, true},
    {"dispute", "place", "incident.place", SEALING_PLACE,
     true}, /* bound to the record's id as well: the name is only its first home's */
    {"session", "place", "session.place", SEALING_PLACE, true}, /* of a mediation; its record is the session */
    {"session", "note_private", "session.note_private", SEALING_NAME, false},
    {"alert", "place", "incident.place", SEALING_PLACE, true},
    {"party", "name", "party.name", SEALING_NAME, false},
    {"party", "phone", "party.phone", SEALING_PHONE, false},
    {"party", "id_no", "party.id_no", SEALING_PHONE, false},
    {"party", "domicile", "party.domicile", SEALING_PLACE, false},
};
#define FIELDS (sizeof fields / sizeof *fields)

/* The requests that bring such fields, by the same names; and which field names the record that they are sealed for,
 * where that exists already: a child is sealed for the record that it belongs to. */
static const struct sealed_request {
    uint32_t number;
    const char *record;
    enum sealing_need need;
    const char *named, *part; /* part: the number of what it belongs to within that record */
} requests_with[] = {
    {LIANDONG__V1__TO_SERVER__BODY_REPORT_INCIDENT, "incident", SEALING_BY_REQUEST, NULL, NULL},
    {LIANDONG__V1__TO_SERVER__BODY_CORRECT_INCIDENT, "incident", SEALING_BY_NAME, "incident", NULL},
    {LIANDONG__V1__TO_SERVER__BODY_OPEN_DISPUTE, "dispute", SEALING_BY_REQUEST, NULL, NULL},
    {LIANDONG__V1__TO_SERVER__BODY_CORRECT_DISPUTE, "dispute", SEALING_BY_NAME, "dispute", NULL},
    {LIANDONG__V1__TO_SERVER__BODY_RAISE_ALERT, "alert", SEALING_BY_REQUEST, NULL, NULL},
    {LIANDONG__V1__TO_SERVER__BODY_UPDATE_ALERT, "alert", SEALING_BY_REQUEST, NULL, NULL},
    {LIANDONG__V1__TO_SERVER__BODY_ADD_PARTY, "party", SEALING_BY_NAME, "dispute", NULL},
    {LIANDONG__V1__TO_SERVER__BODY_CORRECT_PARTY, "party", SEALING_BY_NAME, "dispute", NULL},
    {LIANDONG__V1__TO_SERVER__BODY_HOLD_SESSION, "session", SEALING_BY_REQUEST, NULL, NULL},
    {LIANDONG__V1__TO_SERVER__BODY_CORRECT_SESSION, "session", SEALING_BY_NAME, "dispute", "round"},
};

/* The requests that make a record out of an incident, and the field that names it. */
static const struct sealed_source {
    uint32_t number;
    const char *named;
} sources[] = {{LIANDONG__V1__TO_SERVER__BODY_OPEN_DISPUTE, "from"}};

/* Where telephone numbers, places, names and ID numbers are compared: the fields that name them, or the text that is
 * searched for, which may be one. */
static const struct marked_request {
    uint32_t number;
    const char *phone, *place, *text, *name, *id;
} marked[] = {
    {LIANDONG__V1__TO_SERVER__BODY_REPORT_INCIDENT, "reporter_phone", "place", NULL, NULL, NULL},
    {LIANDONG__V1__TO_SERVER__BODY_CORRECT_INCIDENT, "reporter_phone", "place", NULL, NULL, NULL},
    {LIANDONG__V1__TO_SERVER__BODY_OPEN_DISPUTE, NULL, "place", NULL, NULL, NULL},
    {LIANDONG__V1__TO_SERVER__BODY_CORRECT_DISPUTE, NULL, "place", NULL, NULL, NULL},
    {LIANDONG__V1__TO_SERVER__BODY_SEARCH_INCIDENTS, NULL, NULL, "text", NULL, NULL},
    {LIANDONG__V1__TO_SERVER__BODY_ADD_PARTY, "phone", "domicile", NULL, "name", "id_no"},
    {LIANDONG__V1__TO_SERVER__BODY_CORRECT_PARTY, "phone", "domicile", NULL, "name", "id_no"},
    {LIANDONG__V1__TO_SERVER__BODY_FIND_PERSONS, "phone", "domicile", NULL, "name", "id_no"},
};

/* The messages in which records are told: whole (`id` is the record's; without one, it is of the record that the reply
 * is about), or one field of it (`field`, of the record that the reply is about). */
static const struct sealed_reply {
    const ProtobufCMessageDescriptor *type;
    const char *record;
    bool whole;
} told[] = {
    {&liandong__v1__incident__descriptor, "incident", true},
    {&liandong__v1__dispute__descriptor, "dispute", true},
    {&liandong__v1__mediation_session__descriptor, "session", true},
    {&liandong__v1__session_note__descriptor, "session", true},
    {&liandong__v1__timeline_entry__descriptor, "incident", true},
    {&liandong__v1__party__descriptor, "party", true},
    {&liandong__v1__person_hit__descriptor, "party", true},
    {&liandong__v1__alert__descriptor, "alert", true},
    {&liandong__v1__attachment_record__descriptor, "attachment", true},
    {&liandong__v1__history_entry__descriptor, "incident", false},
};

/* ---- on the way in */

static const struct sealed_request *find_request(uint32_t number) {
    for (size_t i = 0; i < sizeof requests_with / sizeof *requests_with; i++)
        if (requests_with[i].number == number) return &requests_with[i];
    return NULL;
}

/* The text of a string field that is present and not empty; NULL else. *at is where the message holds it. */
static char *text_at(const ProtobufCMessage *m, const char *name, char ***at) {
    const ProtobufCFieldDescriptor *f = protobuf_c_message_descriptor_get_field_by_name(m->descriptor, name);
    if (!f || f->type != PROTOBUF_C_TYPE_STRING || f->label == PROTOBUF_C_LABEL_REPEATED) return NULL;
    *at = (char **)wire_member(m, f);
    return **at && (**at)[0] ? **at : NULL;
}

enum sealing_need sealing_need(uint32_t request, const ProtobufCMessage *message) {
    const struct sealed_request *q = find_request(request);
    char **at;
    if (!q) return SEALING_NOTHING;
    for (size_t i = 0; i < FIELDS; i++)
        if (strcmp(fields[i].record, q->record) == 0 && text_at(message, fields[i].field, &at)) return q->need;
    return SEALING_NOTHING;
}

const char *sealing_named(uint32_t request) {
    const struct sealed_request *q = find_request(request);
    return q && q->named ? q->named : "incident";
}
const char *sealing_part(uint32_t request) {
    const struct sealed_request *q = find_request(request);
    return q ? q->part : NULL;
}

const char *sealing_source(uint32_t request, const ProtobufCMessage *message) {
    char **at;
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
        if (sources[i].number == request && text_at(message, sources[i].named, &at) && !text_at(message, "place", &at))
            return sources[i].named;
    return NULL;
}

static bool close_text(struct sealing *s, const struct sealed_field *f, char **at, const uint8_t *record,
                       struct arena *arena) {
    const struct sealing_key *k = sealing_current(s, f->class, sealing_year());
    size_t size = strlen(*at);
    char *token = arena_take(arena, seal_size(size) + 1);
    if (!k || !s->markers[f->class] || !token ||
        !seal_close(k->key, s->markers[f->class], (struct seal_place){f->place, record}, *at, size, token))
        return false;
    *at = token;
    return true;
}

bool sealing_close(struct sealing *s, uint32_t request, ProtobufCMessage *message, const uint8_t *record,
                   struct arena *arena) {
    const struct sealed_request *q = find_request(request);
    char **at;
    if (!q) return true;
    for (size_t i = 0; i < FIELDS; i++)
        if (strcmp(fields[i].record, q->record) == 0 && text_at(message, fields[i].field, &at) &&
            !close_text(s, &fields[i], at, record, arena))
            return false;
    return true;
}

static bool blind(struct sealing *s, enum sealing_class class, const char *what,
                  size_t (*form)(char *out, const char *text, size_t size), const char *text, size_t size,
                  uint8_t out[SEAL_MARK_SIZE]) {
    char small[256], *normal = size <= sizeof small ? small : malloc(size);
    bool good =
        normal && s->markers[class] && seal_blind(s->markers[class], what, normal, form(normal, text, size), out);
    if (normal) OPENSSL_cleanse(normal, size);
    if (normal != small) free(normal);
    return good;
}
bool sealing_index_phone(struct sealing *s, const char *phone, size_t size, uint8_t out[SEAL_MARK_SIZE]) {
    return blind(s, SEALING_PHONE, "phone", seal_phone, phone, size, out);
}
bool sealing_index_place(struct sealing *s, const char *place, size_t size, uint8_t out[SEAL_MARK_SIZE]) {
    return blind(s, SEALING_PLACE, "place", seal_address, place, size, out);
}

/* Small letters, half-width, no blanks: what a place is compared by does for these too. */
static const uint8_t *index_word(struct sealing *s, enum sealing_class class, const char *what,
                                 const ProtobufCMessage *message, const char *field, struct arena *arena) {
    char **at, *text = field ? text_at(message, field, &at) : NULL;
    uint8_t *out = text ? arena_take(arena, SEAL_MARK_SIZE) : NULL;
    return out && blind(s, class, what, seal_address, text, strlen(text), out) ? out : NULL;
}

/* Seven digits or more, full-width ones too, and nothing but what stands between digits. */
static bool looks_like_phone(const char *text) {
    size_t digits = 0, length;
    for (size_t left = strlen(text); left > 0; text += length, left -= length) {
        uint32_t c = text_half_width(text_decode(text, left, &length));
        if (c >= '0' && c <= '9')
            digits++;
        else if (c == 0 || c > 127 || !strchr(" +-()", (int)c))
            return false;
    }
    return digits >= 7;
}

/* Pairs of `size` bytes of text, behind what the marks hold; `counted`: with their number before them. The arena has
 * room for them. */
static bool add_pairs(struct sealing *s, struct mapping_marks *marks, uint8_t *room, const char *text, size_t size,
                      bool counted, struct arena *arena) {
    char *normal = arena_take(arena, size + 1);
    uint32_t *pairs = arena_take(arena, (size + 1) * sizeof *pairs);
    if (!normal || !pairs || !s->markers[SEALING_PLACE]) return false;
    size_t n = seal_pairs(s->markers[SEALING_PLACE], normal, seal_address(normal, text, size), pairs);
    if (n == SIZE_MAX) return false;
    uint8_t *to = room + marks->place_pairs_size;
    uint32_t count = htobe32((uint32_t)n);
    if (counted) memcpy(to, &count, sizeof count);
    if (counted) to += sizeof count;
    for (size_t i = 0; i < n; i++) {
        uint32_t big = htobe32(pairs[i]);
        memcpy(to + i * sizeof big, &big, sizeof big);
    }
    marks->place_pairs = room;
    marks->place_pairs_size = (size_t)(to - room) + n * sizeof *pairs;
    return true;
}

/* The words of a text, as PostgreSQL splits it too (functions/search.sql compares their number). */
static void mark_words(struct sealing *s, struct mapping_marks *marks, const char *text, struct arena *arena) {
    size_t size = strlen(text), length;
    uint8_t *room = arena_take(arena, (size + 1) * 8);
    for (size_t at = 0; room && at < size;) {
        size_t begin = at;
        while (at < size && !seal_is_blank(text_decode(text + at, size - at, &length))) at += length;
        if (at > begin && !add_pairs(s, marks, room, text + begin, at - begin, true, arena)) room = NULL;
        if (at < size) at += length;
    }
    if (!room) marks->place_pairs = NULL; /* what is sealed is not found, the rest is */
}

struct mapping_marks sealing_marks(struct sealing *s, uint32_t request, const ProtobufCMessage *message,
                                   struct arena *arena) {
    struct mapping_marks marks = {0};
    uint8_t *phone = NULL, *place = NULL, *room;
    for (size_t i = 0; i < sizeof marked / sizeof *marked; i++) {
        const struct marked_request *q = &marked[i];
        char **at, *text;
        if (q->number != request) continue;
        marks.name_index = index_word(s, SEALING_NAME, "name", message, q->name, arena);
        marks.id_index = index_word(s, SEALING_PHONE, "id", message, q->id, arena);
        if (q->phone && (text = text_at(message, q->phone, &at)) && (phone = arena_take(arena, SEAL_MARK_SIZE)) &&
            sealing_index_phone(s, text, strlen(text), phone))
            marks.phone_index = phone;
        if (q->place && (text = text_at(message, q->place, &at)) && (place = arena_take(arena, SEAL_MARK_SIZE)) &&
            (room = arena_take(arena, strlen(text) * 4 + 4)) && sealing_index_place(s, text, strlen(text), place) &&
            add_pairs(s, &marks, room, text, strlen(text), false, arena))
            marks.place_index = place;
        if (q->text && (text = text_at(message, q->text, &at))) {
            if (looks_like_phone(text) && (phone = arena_take(arena, SEAL_MARK_SIZE)) &&
                sealing_index_phone(s, text, strlen(text), phone))
                marks.phone_index = phone;
            mark_words(s, &marks, text, arena);
        }
    }
    return marks;
}

/* ---- on the way out */

static const struct sealed_field *find_field(const char *record, const char *field) {
    for (size_t i = 0; i < FIELDS; i++)
        if (strcmp(fields[i].record, record) == 0 && strcmp(fields[i].field, field) == 0) return &fields[i];
    return NULL;
}

static bool open_token(struct sealing *s, const struct sealed_field *f, const uint8_t *record, const char *token,
                       size_t size, uint32_t id, char *text) {
    struct sealing_key *k;
    size_t n;
    HASH_FIND(hh, s->keys, &id, sizeof id, k);
    if (!k || k->class != (int)f->class || !record || !s->markers[f->class] ||
        !seal_open(k->key, s->markers[f->class], (struct seal_place){f->place, record}, token, size, (uint8_t *)text,
                   &n))
        return false;
    text[n] = '\0';
    return true;
}

static void tell_unreadable(const struct sealed_field *f, uint32_t key, const uint8_t *record) {
    log_event(LOG_ERROR, "sealing.unreadable", log_str("field", f->place), log_int("key", key),
              record ? log_bytes("record", record, 16) : log_str("record", NULL));
}

static void open_text(struct sealing *s, const struct sealed_field *f, const uint8_t *record, char **at,
                      struct arena *arena) {
    uint32_t id;
    bool starred = *at && (*at)[0] == *SEAL_STARRED && (*at)[1] == *SEAL_STARRED;
    const char *token = *at + starred;
    size_t size = *at ? strlen(token) : 0;
    if (!size || !seal_is_token(token, size, &id)) return; /* of before, or hidden by SQL */
    char *text = arena_take(arena, size + 1);
    if (text && open_token(s, f, record, token, size, id, text)) {
        if (starred) mask_numbers((uint8_t *)text, strlen(text));
        *at = text;
        return;
    }
    *at = wire_borrow(SEAL_UNREADABLE);
    tell_unreadable(f, id, record);
}

char **sealing_take_over(struct sealing *s, ProtobufCMessage *message, const char *place, const uint8_t *incident,
                         struct arena *arena) {
    char **at, *text = place ? arena_copy(arena, place, strlen(place)) : NULL;
    if (!text || text_at(message, "place", &at)) return NULL;
    open_text(s, find_field("incident", "place"), incident, &text, arena);
    if (strcmp(text, SEAL_UNREADABLE) == 0 || strcmp(text, SEAL_HIDDEN) == 0) return NULL;
    *at = text;
    return at;
}

/* Whether the table may have the key by now: asked for once. */
static bool may_come(struct sealing *s, uint32_t id) {
    if (id <= s->newest || id == s->sought) return s->wanted;
    s->sought = id;
    s->wanted = true;
    return true;
}

enum mask_opened sealing_tell(void *sealing, const char *field, const uint8_t *record, const char *token, size_t size,
                              char *text) {
    const struct sealed_field *f = find_field("incident", field);
    struct sealing *s = sealing;
    struct sealing_key *k;
    uint32_t id = 0;
    if (!f || !seal_is_token(token, size, &id)) return MASK_PLAIN;
    if (!f->told) return MASK_HIDDEN;
    HASH_FIND(hh, s->keys, &id, sizeof id, k);
    if (!k && may_come(s, id)) return MASK_LATER;
    if (open_token(s, f, record, token, size, id, text)) return MASK_OPEN;
    memcpy(text, SEAL_UNREADABLE, sizeof SEAL_UNREADABLE);
    tell_unreadable(f, id, record);
    return MASK_OPEN;
}

static const uint8_t *id_of(const ProtobufCMessage *m) {
    const ProtobufCFieldDescriptor *f = protobuf_c_message_descriptor_get_field_by_name(m->descriptor, "id");
    if (!f || f->type != PROTOBUF_C_TYPE_BYTES || !wire_has(m, f)) return NULL;
    const ProtobufCBinaryData *id = wire_member(m, f);
    return id->len == 16 ? id->data : NULL;
}

static void open_told(struct sealing *s, const struct sealed_reply *t, ProtobufCMessage *m, const uint8_t *record,
                      struct arena *arena) {
    char **at, *field;
    if (t->whole) {
        for (size_t i = 0; i < FIELDS; i++)
            if (strcmp(fields[i].record, t->record) == 0 && text_at(m, fields[i].field, &at))
                open_text(s, &fields[i], id_of(m) ? id_of(m) : record, at, arena);
        return;
    }
    field = text_at(m, "field", &at);
    const struct sealed_field *f = field ? find_field(t->record, field) : NULL;
    if (!f) return;
    if (text_at(m, "old_value", &at)) open_text(s, f, record, at, arena);
    if (text_at(m, "new_value", &at)) open_text(s, f, record, at, arena);
}

/* Messages in messages: no type holds itself (see the limits of wire.h). */
void sealing_open(struct sealing *s, ProtobufCMessage *m, const uint8_t *record, struct arena *arena) {
    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        if (told[i].type == m->descriptor) {
            open_told(s, &told[i], m, record, arena);
            return;
        }
    for (unsigned i = 0; i < m->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *f = &m->descriptor->fields[i];
        if (f->type != PROTOBUF_C_TYPE_MESSAGE) continue;
        bool repeated = f->label == PROTOBUF_C_LABEL_REPEATED;
        size_t n = repeated ? *wire_quantifier(m, f) : wire_has(m, f);
        ProtobufCMessage **items = repeated ? *(ProtobufCMessage ***)wire_member(m, f) : wire_member(m, f);
        for (size_t j = 0; j < n; j++) sealing_open(s, items[j], record, arena);
    }
}

void sealing_open_conflicts(struct sealing *s, Liandong__V1__Status *status, uint32_t request, const uint8_t *record,
                            struct arena *arena) {
    const struct sealed_request *q = find_request(request);
    for (size_t i = 0; i < status->n_conflicts; i++) {
        Liandong__V1__Conflict *c = status->conflicts[i];
        const struct sealed_field *f = c->field ? find_field(q ? q->record : "incident", c->field) : NULL;
        if (!f) continue;
        open_text(s, f, record, &c->theirs, arena);
        open_text(s, f, record, &c->yours, arena);
    }
}
