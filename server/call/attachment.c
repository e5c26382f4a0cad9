#include "call/attachment.h"
#include "common/digest.h"
#include "common/log.h"
#include "common/seal.h"
#include "common/text.h"
#include "db/contract.h"
#include <ctype.h>
#include <inttypes.h>
#include <openssl/crypto.h>
#include <string.h>

#define AT(name) LIANDONG__V1__TO_SERVER__BODY_##name

struct attachment_found { /* how far it came, as the look saw it */
    int64_t received, size;
    int32_t chunk;
    const char *hash; /* token, or NULL */
};

/* ---- the look */

enum { ID, REASON, RECEIVED, CHUNK, SIZE, HASH, COLUMNS };

bool attachment_contract(const struct statement *s, char *error, size_t room) {
    static const char *const names[COLUMNS] = {"id", "reason", "received", "chunk", "size", "hash"};
    static const Oid types[COLUMNS] = {TYPE_UUID, TYPE_TEXT, TYPE_INT8, TYPE_INT4, TYPE_INT8, TYPE_TEXT};
    return contract_columns(s, names, types, COLUMNS, error, room);
}

bool attachment_looks(uint32_t number) { return number == AT(BEGIN_ATTACHMENT) || number == AT(PUT_CHUNK); }

struct statement *attachment_look(struct call *c, struct binding *b, const char **named, const char **field) {
    struct statement *s = c->core->attachment_statement;
    bool begins = c->field->id == AT(BEGIN_ATTACHMENT);
    int at = statement_param(s, begins ? "record" : "attachment");
    *named = begins ? c->envelope->begin_attachment->record : NULL;
    *field = begins ? "record" : "attachment";
    b->values = arena_zero(&c->arena, (size_t)s->params_count * sizeof *b->values);
    b->lengths = arena_zero(&c->arena, (size_t)s->params_count * sizeof *b->lengths);
    if (!b->values || !b->lengths || at < 0) return NULL;
    b->values[at] = begins ? *named : mapping_int8(&c->arena, (int64_t)c->envelope->put_chunk->attachment);
    b->lengths[at] = begins ? (int)(*named ? strlen(*named) : 0) : 8;
    return s;
}

bool attachment_take(struct call *c, const PGresult *r) {
    struct attachment_found *f = c->attachment = arena_zero(&c->arena, sizeof *f);
    if (!f || PQgetisnull(r, 0, RECEIVED)) return f != NULL; /* one that is only begun */
    f->received = mapping_get_int8(r, 0, RECEIVED);
    f->size = mapping_get_int8(r, 0, SIZE);
    f->chunk = mapping_get_int4(r, 0, CHUNK);
    if (!PQgetisnull(r, 0, HASH))
        f->hash = arena_copy(&c->arena, PQgetvalue(r, 0, HASH), (size_t)PQgetlength(r, 0, HASH));
    return true;
}

/* ---- sealing */

/* What a token of an attachment is bound to besides its record. */
#define PLACE 64
static void place_of(char out[PLACE], uint64_t attachment, uint64_t offset, const char *what) {
    snprintf(out, PLACE, "attachment.%" PRIu64 ".%" PRIu64 "%s", attachment, offset, what);
}

/* The token of some bytes of this call's record. NULL without memory. */
static char *seal(struct call *c, enum sealing_class class, const char *place, const void *bytes, size_t size) {
    struct sealing *s = &c->core->sealing;
    const struct sealing_key *k = sealing_current(s, class, sealing_year());
    char *token = arena_take(&c->arena, seal_size(size) + 1);
    if (!k || !s->markers[class] || !token ||
        !seal_close(k->key, s->markers[class], (struct seal_place){place, c->record}, bytes, size, token))
        return NULL;
    return token;
}

/* The bytes of a token; NULL where it does not open. */
static uint8_t *open_bytes(struct call *c, const char *place, const uint8_t *record, const char *token, size_t size,
                           size_t *out) {
    struct sealing *s = &c->core->sealing;
    uint32_t id = 0;
    struct sealing_key *k = NULL;
    uint8_t *bytes = arena_take(&c->arena, size + 1);
    if (seal_is_token(token, size, &id)) HASH_FIND(hh, s->keys, &id, sizeof id, k);
    if (bytes && record && k && k->class == SEALING_FILE && s->markers[SEALING_FILE] &&
        seal_open(k->key, s->markers[SEALING_FILE], (struct seal_place){place, record}, token, size, bytes, out))
        return bytes;
    log_event(LOG_ERROR, "sealing.unreadable", log_str("field", place), log_int("key", id),
              record ? log_bytes("record", record, 16) : log_str("record", NULL));
    return NULL;
}

static bool prepare_begin(struct call *c, struct mapping_input *in) {
    Liandong__V1__BeginAttachment *m = c->envelope->begin_attachment;
    (void)in;
    size_t digits = m->sha256 ? strspn(m->sha256, "0123456789abcdefABCDEF") : 0;
    if (digits != 2 * DIGEST_SIZE || m->sha256[digits]) {
        call_refuse(c, m->sha256 ? "BAD_SIZE" : "REQUIRED", "begin_attachment.sha256");
        return false;
    }
    for (char *at = m->sha256; *at; at++) *at = (char)tolower(*at);
    if (m->name && *m->name) m->name = seal(c, SEALING_NAME, "attachment.name", m->name, strlen(m->name));
    m->sha256 = seal(c, SEALING_FILE, "attachment.sha256", m->sha256, strlen(m->sha256));
    if (m->sha256 && !c->arena.exhausted) return true;
    call_refuse(c, "TOO_LARGE", NULL);
    return false;
}

/* The hash with this chunk, sealed. NULL: no memory, or what lies there does not open. */
static const char *hash_on(struct call *c, const struct attachment_found *f, const Liandong__V1__PutChunk *m) {
    char place[PLACE];
    uint8_t state[DIGEST_SIZE];
    int64_t upto = f->received + (int64_t)m->bytes.len;
    bool last = upto == f->size;
    if (f->received > 0) {
        size_t size = 0;
        place_of(place, m->attachment, m->offset, ".hash");
        const uint8_t *before = f->hash ? open_bytes(c, place, c->record, f->hash, strlen(f->hash), &size) : NULL;
        if (!before || size != sizeof state) return NULL;
        memcpy(state, before, sizeof state);
    }
    if (!digest_more(state, (uint64_t)f->received, m->bytes.data, m->bytes.len, last)) return NULL;
    char hex[2 * DIGEST_SIZE + 1];
    text_hex(hex, state, sizeof state);
    place_of(place, m->attachment, (uint64_t)upto, ".hash");
    char *token = last ? seal(c, SEALING_FILE, "attachment.sha256", hex, strlen(hex))
                       : seal(c, SEALING_FILE, place, state, sizeof state);
    OPENSSL_cleanse(state, sizeof state);
    return token;
}

static bool prepare_chunk(struct call *c, struct mapping_input *in) {
    Liandong__V1__PutChunk *m = c->envelope->put_chunk;
    const struct attachment_found *f = c->attachment;
    char place[PLACE];
    if (!m->has_offset || !m->has_bytes) {
        call_refuse(c, "REQUIRED", m->has_offset ? "put_chunk.bytes" : "put_chunk.offset");
        return false;
    }
    int64_t left = f->size - f->received, due = left < f->chunk ? left : f->chunk;
    if (m->offset != (uint64_t)f->received || left == 0) {
        m->bytes.len = 0; /* nothing will be kept of it: the statement says why */
        return true;
    }
    if (m->bytes.len != (size_t)due) {
        call_refuse(c, "BAD_SIZE", "put_chunk.bytes");
        return false;
    }
    in->digest = hash_on(c, f, m);
    place_of(place, m->attachment, m->offset, "");
    char *token = in->digest ? seal(c, SEALING_FILE, place, m->bytes.data, m->bytes.len) : NULL;
    if (!token) {
        call_refuse(c, c->arena.exhausted ? "TOO_LARGE" : "INTERNAL", NULL);
        return false;
    }
    m->bytes = (ProtobufCBinaryData){strlen(token), (uint8_t *)token};
    return true;
}

const struct request_steps *attachment_steps(uint32_t number) {
    static const struct request_steps begin = {prepare_begin, NULL}, chunk = {prepare_chunk, NULL};
    return number == AT(BEGIN_ATTACHMENT) ? &begin : number == AT(PUT_CHUNK) ? &chunk : NULL;
}

const char *attachment_open(struct call *c, ProtobufCMessage *reply, const uint8_t *record) {
    char place[PLACE];
    size_t size;
    if (reply->descriptor != &liandong__v1__attachment_chunk__descriptor) return NULL;
    Liandong__V1__AttachmentChunk *m = (Liandong__V1__AttachmentChunk *)(void *)reply;
    place_of(place, m->attachment, m->offset, "");
    uint8_t *bytes = open_bytes(c, place, record, (const char *)m->bytes.data, m->bytes.len, &size);
    if (!bytes) return "INTERNAL";
    m->bytes = (ProtobufCBinaryData){size, bytes};
    return NULL;
}
