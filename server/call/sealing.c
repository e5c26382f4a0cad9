#include "call/sealing.h"
#include "common/log.h"
#include "common/text.h"
#include "common/wire.h"
#include "envelope.pb-c.h"
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

/* ---- THE TABLE: what is sealed */

static const struct sealed_field {
    const char *record, *field; /* of the record's message */
    const char *place;          /* what a token is bound to */
    enum sealing_class class;
} fields[] = {
    {"incident", "reporter", "incident.reporter", SEALING_NAME},
    {"incident", "reporter_phone", "incident.reporter_phone", SEALING_PHONE},
};
#define FIELDS (sizeof fields / sizeof *fields)

/* The requests that bring such fields, by the same names. */
static const struct sealed_request {
    uint32_t number;
    const char *record;
    enum sealing_need need;
} requests_with[] = {
    {LIANDONG__V1__TO_SERVER__BODY_REPORT_INCIDENT, "incident", SEALING_BY_REQUEST},
    {LIANDONG__V1__TO_SERVER__BODY_CORRECT_INCIDENT, "incident", SEALING_BY_NAME},
};

/* Where a telephone number is compared: the field that names it; `loose`: a text that may be one. */
static const struct indexed_request {
    uint32_t number;
    const char *field;
    bool loose;
} indexed[] = {
    {LIANDONG__V1__TO_SERVER__BODY_REPORT_INCIDENT, "reporter_phone", false},
    {LIANDONG__V1__TO_SERVER__BODY_CORRECT_INCIDENT, "reporter_phone", false},
    {LIANDONG__V1__TO_SERVER__BODY_SEARCH_INCIDENTS, "text", true},
};

/* The messages in which records are told: whole (`id` is the record's), or one field of it (`field`, of the record that
 * the reply is about). */
static const struct sealed_reply {
    const ProtobufCMessageDescriptor *type;
    const char *record;
    bool whole;
} told[] = {
    {&liandong__v1__incident__descriptor, "incident", true},
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

bool sealing_index_phone(struct sealing *s, const char *phone, size_t size, uint8_t out[SEAL_MARK_SIZE]) {
    char small[256], *normal = size <= sizeof small ? small : malloc(size);
    bool good = normal && s->markers[SEALING_PHONE] &&
                seal_blind(s->markers[SEALING_PHONE], "phone", normal, seal_phone(normal, phone, size), out);
    if (normal) OPENSSL_cleanse(normal, size);
    if (normal != small) free(normal);
    return good;
}

/* Seven digits or more, full-width ones too, and nothing but what stands between digits. */
static bool looks_like_phone(const char *text) {
    size_t digits = 0, length;
    for (size_t left = strlen(text); left > 0; text += length, left -= length) {
        uint32_t c = text_decode(text, left, &length);
        if ((c >= '0' && c <= '9') || (c >= 0xff10 && c <= 0xff19))
            digits++;
        else if (c == 0 || c > 127 || !strchr(" +-()", (int)c))
            return false;
    }
    return digits >= 7;
}

const uint8_t *sealing_phone_index(struct sealing *s, uint32_t request, const ProtobufCMessage *message,
                                   struct arena *arena) {
    for (size_t i = 0; i < sizeof indexed / sizeof *indexed; i++) {
        const struct indexed_request *q = &indexed[i];
        char **at, *text = q->number == request ? text_at(message, q->field, &at) : NULL;
        if (!text) continue;
        if (q->loose && !looks_like_phone(text)) continue;
        uint8_t *out = arena_take(arena, SEAL_MARK_SIZE);
        return out && sealing_index_phone(s, text, strlen(text), out) ? out : NULL;
    }
    return NULL;
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

static void open_text(struct sealing *s, const struct sealed_field *f, const uint8_t *record, char **at,
                      struct arena *arena) {
    uint32_t id;
    size_t size = *at ? strlen(*at) : 0;
    if (!size || !seal_is_token(*at, size, &id)) return; /* of before, or hidden by SQL */
    char *text = arena_take(arena, size + 1);
    if (text && open_token(s, f, record, *at, size, id, text)) {
        *at = text;
        return;
    }
    *at = wire_borrow(SEAL_UNREADABLE);
    log_event(LOG_ERROR, "sealing.unreadable", log_str("field", f->place), log_int("key", id),
              record ? log_bytes("record", record, 16) : log_str("record", NULL));
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
                open_text(s, &fields[i], id_of(m), at, arena);
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

void sealing_open_conflicts(struct sealing *s, Liandong__V1__Status *status, const uint8_t *record,
                            struct arena *arena) {
    for (size_t i = 0; i < status->n_conflicts; i++) {
        Liandong__V1__Conflict *c = status->conflicts[i];
        const struct sealed_field *f = c->field ? find_field("incident", c->field) : NULL;
        if (!f) continue;
        open_text(s, f, record, &c->theirs, arena);
        open_text(s, f, record, &c->yours, arena);
    }
}
