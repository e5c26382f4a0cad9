#include "feed/mask.h"
#include "common/wire.h"
#include <string.h>

char *mask_text(char *text) {
    return text && text[0] == '~' && seal_is_token(text, strlen(text), NULL) ? wire_borrow(SEAL_HIDDEN) : text;
}

void mask_message(ProtobufCMessage *m) {
    for (unsigned i = 0; i < m->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *f = &m->descriptor->fields[i];
        if (f->type != PROTOBUF_C_TYPE_STRING || f->label == PROTOBUF_C_LABEL_REPEATED) continue;
        char **at = (char **)wire_member(m, f);
        *at = mask_text(*at);
    }
}

/* ---- packed */

struct reading {
    const uint8_t *at, *end;
};

static bool take_varint(struct reading *r, uint64_t *v) {
    *v = 0;
    for (unsigned shift = 0; r->at < r->end && shift < 64; shift += 7) {
        uint8_t byte = *r->at++;
        *v |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) return true;
    }
    return false;
}

struct field {
    const uint8_t *begin, *tag_end, *text; /* text NULL: it is no string of bytes */
    size_t size;                           /* of the text */
};

/* Passes one field. */
static bool take_field(struct reading *r, struct field *f) {
    uint64_t tag, v;
    *f = (struct field){.begin = r->at};
    if (!take_varint(r, &tag)) return false;
    f->tag_end = r->at;
    switch (tag & 7) {
    case 0: return take_varint(r, &v);
    case 1: v = 8; break;
    case 5: v = 4; break;
    case 2:
        if (!take_varint(r, &v)) return false;
        f->text = r->at;
        break;
    default: return false;
    }
    if (v > (uint64_t)(r->end - r->at)) return false;
    f->size = (size_t)v;
    r->at += v;
    return true;
}

static uint8_t *put(uint8_t *to, const void *bytes, size_t size) {
    memcpy(to, bytes, size);
    return to + size;
}

static bool may_hold_token(const uint8_t *bytes, size_t size) {
    for (const uint8_t *at = bytes, *end = bytes + size; (at = memchr(at, '~', (size_t)(end - at))); at++)
        if (end - at > 3 && at[1] == '1' && at[2] == '.') return true;
    return false;
}

bool mask_packed(const uint8_t **bytes, size_t *size, struct arena *arena) {
    static const char hidden[] = SEAL_HIDDEN;
    struct reading r = {*bytes, *bytes + *size};
    struct field f;
    if (!may_hold_token(*bytes, *size)) return true;
    uint8_t *out = arena_take(arena, *size), *to = out; /* a token is longer than what stands for it */
    if (!out) return false;
    while (r.at < r.end) {
        if (!take_field(&r, &f)) return false;
        if (f.text && seal_is_token((const char *)f.text, f.size, NULL)) {
            to = put(to, f.begin, (size_t)(f.tag_end - f.begin));
            *to++ = sizeof hidden - 1;
            to = put(to, hidden, sizeof hidden - 1);
        } else {
            to = put(to, f.begin, (size_t)(r.at - f.begin));
        }
    }
    *bytes = out;
    *size = (size_t)(to - out);
    return true;
}
