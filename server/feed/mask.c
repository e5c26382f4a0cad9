#include "feed/mask.h"
#include "common/wire.h"
#include <string.h>

/* ---- numbers within text */

#define PHONE    11u
#define IDENTITY 18u
#define CUT      5u /* so many digits at the end of a title */

static bool is_digit(uint8_t c) { return c >= '0' && c <= '9'; }

/* 18 characters that hold a day of birth: other numbers of that length are no person's. */
static bool is_identity(const uint8_t *d) {
    unsigned century = (d[6] - '0') * 10u + (d[7] - '0'), month = (d[10] - '0') * 10u + (d[11] - '0'),
             day = (d[12] - '0') * 10u + (d[13] - '0');
    return (century == 19 || century == 20) && month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

/* The next run of digits that is a number, from `at` on; NULL: none. Any has a digit at each eleventh byte, so most
 * text is passed in steps of eleven. */
static const uint8_t *find_number(const uint8_t *begin, const uint8_t *at, const uint8_t *end, size_t *size) {
    while ((size_t)(end - at) >= PHONE) {
        const uint8_t *probe = at + PHONE - 1;
        if (!is_digit(*probe)) {
            at = probe + 1;
            continue;
        }
        const uint8_t *first = probe, *last = probe + 1;
        while (first > begin && is_digit(first[-1])) first--;
        while (last < end && is_digit(*last)) last++;
        size_t n = (size_t)(last - first);
        if (n == IDENTITY - 1 && last < end && (*last == 'X' || *last == 'x')) n++;
        if ((n == IDENTITY && is_identity(first)) || (n == PHONE && first[0] == '1' && first[1] >= '3')) {
            *size = n;
            return first;
        }
        at = last;
    }
    return NULL;
}

/* Packed, a length that looks like a digit may stand before a text: any run that is long enough. */
static bool may_hold_number(const uint8_t *bytes, size_t size) {
    for (const uint8_t *at = bytes, *end = bytes + size; (size_t)(end - at) >= PHONE;) {
        const uint8_t *probe = at + PHONE - 1, *first = probe, *last = probe + 1;
        if (!is_digit(*probe)) {
            at = last;
            continue;
        }
        while (first > at && is_digit(first[-1])) first--;
        while (last < end && is_digit(*last)) last++;
        if ((size_t)(last - first) >= PHONE) return true;
        at = last;
    }
    return false;
}

bool mask_numbers(uint8_t *bytes, size_t size) {
    const uint8_t *end = bytes + size, *at = bytes, *found;
    bool any = false;
    for (size_t n; (found = find_number(bytes, at, end, &n)); at = found + n) {
        memset(bytes + (found - bytes), '*', n);
        any = true;
    }
    return any;
}

/* "JQ-2026-000123" at the end is a record's number. */
static bool ends_with_record(const char *text, size_t tail) {
    static const char before[] = "AA-0000-";
    if (tail < sizeof before - 1) return false;
    for (size_t i = 0; i < sizeof before - 1; i++) {
        uint8_t c = (uint8_t)text[tail - (sizeof before - 1) + i];
        bool same = before[i] == 'A' ? c >= 'A' && c <= 'Z' : before[i] == '0' ? is_digit(c) : c == '-';
        if (!same) return false;
    }
    return true;
}

char *mask_free_text(char *text) {
    if (!text) return NULL;
    size_t size = strlen(text), tail = size;
    mask_numbers((uint8_t *)text, size);
    while (tail > 0 && is_digit((uint8_t)text[tail - 1])) tail--;
    if (size - tail >= CUT && !ends_with_record(text, tail))
        memset(text + tail, '*', size - tail); /* it was cut to a title's length within a number */
    return text;
}

/* What stands for a token of `size` bytes, never longer than it; NULL: it is none. */
static char *open_token(struct masking *m, const char *field, const char *token, size_t size) {
    if (!seal_is_token(token, size, NULL)) return NULL;
    char *text = arena_take(m->arena, size + 1);
    switch (text ? m->opener->open(m->opener->arg, field, m->record, token, size, text) : MASK_HIDDEN) {
    case MASK_PLAIN: return NULL;
    case MASK_OPEN: mask_numbers((uint8_t *)text, strlen(text)); return text;
    case MASK_LATER: m->later = true; break;
    case MASK_HIDDEN: break;
    }
    return wire_borrow(SEAL_HIDDEN);
}

char *mask_text(struct masking *m, const char *field, char *text) {
    if (!text || text[0] != '~') return text;
    const char *token = text + (text[1] == *SEAL_STARRED);
    char *opened = open_token(m, field, token, strlen(token));
    return opened ? opened : text;
}

char *mask_title(struct masking *m, char *title) {
    size_t size = title && title[0] == '~' ? strcspn(title, " ") : 0;
    const char *place = size ? open_token(m, "place", title, size) : NULL;
    return place ? arena_printf(m->arena, "%s%s", place, mask_free_text(title + size)) : mask_free_text(title);
}

void mask_message(struct masking *m, ProtobufCMessage *message) {
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *f = &message->descriptor->fields[i];
        if (f->type != PROTOBUF_C_TYPE_STRING || f->label == PROTOBUF_C_LABEL_REPEATED) continue;
        char **at = (char **)wire_member(message, f);
        *at = mask_text(m, f->name, *at);
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
    unsigned number;
};

/* Passes one field. */
static bool take_field(struct reading *r, struct field *f) {
    uint64_t tag, v;
    *f = (struct field){.begin = r->at};
    if (!take_varint(r, &tag)) return false;
    f->tag_end = r->at;
    f->number = (unsigned)(tag >> 3);
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

/* Its length, and the text. */
static uint8_t *put_text(uint8_t *to, const char *text) {
    size_t size = strlen(text), left = size;
    for (; left > 0x7f; left >>= 7) *to++ = (uint8_t)(left | 0x80);
    *to++ = (uint8_t)left;
    return put(to, text, size);
}

bool mask_packed(struct masking *m, const ProtobufCMessageDescriptor *kind, const uint8_t **bytes, size_t *size) {
    struct reading r = {*bytes, *bytes + *size};
    struct field f;
    if (!may_hold_token(*bytes, *size) && !may_hold_number(*bytes, *size)) return true;
    uint8_t *out = arena_take(m->arena, *size), *to = out; /* a token is longer than what stands for it */
    if (!out) return false;
    while (r.at < r.end) {
        if (!take_field(&r, &f)) return false;
        const ProtobufCFieldDescriptor *named = protobuf_c_message_descriptor_get_field(kind, f.number);
        const char *opened = f.text && named ? open_token(m, named->name, (const char *)f.text, f.size) : NULL;
        if (opened) {
            to = put(to, f.begin, (size_t)(f.tag_end - f.begin));
            to = put_text(to, opened);
        } else {
            uint8_t *text = to + (f.text ? (size_t)(f.text - f.begin) : 0);
            to = put(to, f.begin, (size_t)(r.at - f.begin));
            if (f.text) mask_numbers(text, f.size);
        }
    }
    *bytes = out;
    *size = (size_t)(to - out);
    return true;
}
