#include "client/kinds.h"
#include "client/labels.h"
#include "client/language.h"
#include "client/money.h"
#include "client/schema.h"
#include "client/value.h"
#include "common/clock.h"
#include "common/text.h"
#include "common/uuid.h"
#include "common/wire.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct target {
    ProtobufCMessage *message;
    const ProtobufCFieldDescriptor *field;
    int64_t now;
    struct arena *arena;
    struct value_error *error;
};

static bool wrong(const struct target *t, const char *format, const char *text, const char *more) {
    char shown[200];
    text_terminal(shown, sizeof shown, text, text_cut(text, strlen(text), 120), true);
    snprintf(t->error->text, sizeof t->error->text, format, shown, more);
    return false;
}

/* Where the next item goes: the member itself, or a new place at the end of a repeated field. */
static void *place_for(const struct target *t, size_t size) {
    if (t->field->label != PROTOBUF_C_LABEL_REPEATED) {
        wire_mark_present(t->message, t->field);
        return wire_member(t->message, t->field);
    }
    size_t *count = wire_quantifier(t->message, t->field);
    void **items = wire_member(t->message, t->field);
    char *longer = arena_zero(t->arena, (*count + 1) * size);
    if (!longer) {
        wrong(t, "%s%s", _("out of memory"), "");
        return NULL;
    }
    if (*count) memcpy(longer, *items, *count * size);
    *items = longer;
    return longer + (*count)++ * size;
}

static bool put(const struct target *t, const void *value, size_t size) {
    void *place = place_for(t, size);
    if (place) memcpy(place, value, size);
    return place != NULL;
}

static bool is_beginning(const char *whole, const char *text) {
    size_t size = strlen(text);
    char head[SCHEMA_WORD];
    if (size == 0 || size >= sizeof head || strlen(whole) < size) return false;
    memcpy(head, whole, size);
    head[size] = '\0';
    return schema_same_word(head, text);
}

/* How well a text names a value: the whole word, label, name or rank before the beginning of one, before a part of the
 * label ("自杀" is enough for 自伤自杀). */
enum likeness { LIKE_NONE, LIKE_PART, LIKE_BEGINNING, LIKE_WHOLE };

static enum likeness likeness_of(const ProtobufCEnumValue *value, const char *word, const char *label,
                                 const char *text) {
    if (schema_same_word(word, text) || schema_same_word(label, text) || schema_same_word(value->name, text))
        return LIKE_WHOLE;
    if (is_beginning(word, text) || is_beginning(label, text)) return LIKE_BEGINNING;
    return *text && strstr(label, text) ? LIKE_PART : LIKE_NONE;
}

static bool is_rank(const struct target *t, const ProtobufCEnumValue *value, const char *text) {
    char number[16];
    snprintf(number, sizeof number, "%d", value->value);
    return label_meaning(t->message->descriptor, t->field) == MEANING_RANK && strcmp(number, text) == 0;
}

static bool unknown_value(const struct target *t, const char *text, const char *nearest) {
    char all[512], hint[640];
    label_words(t->field, all, sizeof all);
    if (!nearest) return wrong(t, _("\"%s\" is not known here. Known: %s"), text, all);
    snprintf(hint, sizeof hint, _("did you mean %s? Known: %s"), nearest, all);
    return wrong(t, _("\"%s\" is not known here; %s"), text, hint);
}

static bool set_enum(const struct target *t, const char *text) {
    const ProtobufCEnumDescriptor *type = t->field->descriptor;
    enum likeness best = LIKE_NONE;
    unsigned as_good = 0;
    int number = 0;
    struct suggest near;
    char words[64][SCHEMA_WORD];
    suggest_begin(&near, text);
    for (unsigned i = 0; i < type->n_values && i < 64; i++) {
        const ProtobufCEnumValue *value = &type->values[i];
        if (value->value == 0) continue; /* unspecified is said by not saying it */
        const char *label = label_name(value->name);
        schema_word(words[i], type, value);
        enum likeness like = is_rank(t, value, text) ? LIKE_WHOLE : likeness_of(value, words[i], label, text);
        if (like < LIKE_WHOLE && !schema_offers(t->field, value)) continue; /* named in full, the server says why not */
        if (like > best) {
            best = like;
            as_good = 0;
            number = value->value;
        }
        as_good += like == best;
        suggest_offer(&near, words[i]);
        suggest_offer(&near, label);
    }
    if (best == LIKE_NONE || as_good > 1) return unknown_value(t, text, near.best);
    return put(t, &number, sizeof number);
}

/* A word may mean several kinds of event: a list takes all of them. */
static bool set_kinds(const struct target *t, const char *text) {
    const char *names[KINDS_OF_WORD];
    size_t count = kinds_named(text, names);
    for (size_t i = 0; i < count; i++) {
        char *copy = arena_copy(t->arena, names[i], strlen(names[i]));
        if (!copy || !put(t, &copy, sizeof copy)) return wrong(t, "%s%s", _("out of memory"), "");
    }
    if (count) return true;
    char examples[256], hint[512];
    struct suggest near;
    suggest_begin(&near, text);
    kinds_suggest(&near);
    kinds_examples(examples, sizeof examples);
    if (!near.best)
        return wrong(t, _("\"%s\" is no kind of event. A kind is a command's verb, such as %s"), text, examples);
    snprintf(hint, sizeof hint, _("did you mean %s? A kind is a command's verb, such as %s"), near.best, examples);
    return wrong(t, _("\"%s\" is no kind of event; %s"), text, hint);
}

static bool put_text(const struct target *t, const char *text) {
    char *copy = arena_copy(t->arena, text, strlen(text));
    if (!copy) return wrong(t, "%s%s", _("out of memory"), "");
    return put(t, &copy, sizeof copy);
}

/* A number as it was typed or copied: the dashes of Chinese input methods as plain ones, no stop behind it. */
static const char *tidy_number(const struct target *t, const char *text) {
    static const char *const dashes[] = {"—", "–", "―"}, *const stops[] = {"。", "、", ".", ",", ";", ":", " "};
    char *out = arena_copy(t->arena, text, strlen(text));
    size_t n = 0;
    for (const char *at = text; out && *at; n++) {
        out[n] = *at++;
        for (size_t i = 0; i < sizeof dashes / sizeof *dashes; i++)
            if (strncmp(at - 1, dashes[i], strlen(dashes[i])) == 0) {
                out[n] = '-';
                at += strlen(dashes[i]) - 1;
                break;
            }
    }
    for (size_t i = 0; out && i < sizeof stops / sizeof *stops; i++) {
        size_t size = strlen(stops[i]);
        if (n < size || memcmp(out + n - size, stops[i], size) != 0) continue;
        n -= size;
        i = SIZE_MAX; /* there may be more of them */
    }
    if (out) out[n] = '\0';
    return out ? out : text;
}

/* "jf17" is the dispute JF-2026-000017 of this year, and so is "JF2026000017". NULL: it is not so short. */
static const char *whole_number(const struct target *t, const char *text) {
    size_t letters = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
    const char *tail = text + letters + (letters && text[letters] == '-');
    size_t digits = strspn(tail, "0123456789");
    char now[CLOCK_TEXT_SIZE];
    if (letters != 2 || tail[digits] != '\0' || digits == 0 || (digits > 6 && digits != 10)) return NULL;
    clock_print(now, t->now);
    return arena_printf(t->arena, "%.2s-%.4s-%06lu", text, digits == 10 ? tail : now,
                        strtoul(tail + (digits == 10 ? 4 : 0), NULL, 10));
}

/* A record of any kind. Its tail alone would be taken for an incident's, and the file or the task end up there. */
static bool set_record(const struct target *t, const char *text) {
    if (!*text || text[strspn(text, "0123456789")] != '\0' || strlen(text) > 6) return put_text(t, text);
    return wrong(t,
                 _("\"%s\" may be of several kinds of record: write JQ%s for the incident, in the same way JF for a "
                   "dispute, YS for a transfer, YJ for an alert, RW for a task"),
                 text, text);
}

static bool set_string(const struct target *t, const char *text) {
    enum meaning meaning = label_meaning(t->message->descriptor, t->field);
    if (meaning == MEANING_REQUEST) return set_kinds(t, text);
    if (meaning == MEANING_CODE ? !text_is_code(text) : meaning == MEANING_OFFICE && !*text) /* names: office_find.h */
        return wrong(t, _("\"%s\" is no office's code: small letters and digits, such as %s"), text,
                     _("ytp; liandong office list has them all"));
    bool record = meaning == MEANING_RECORD || t->field == schema_record(t->message->descriptor);
    if (record) text = tidy_number(t, text);
    const char *whole = record ? whole_number(t, text) : NULL;
    if (whole) return put_text(t, whole);
    return meaning == MEANING_RECORD ? set_record(t, text) : put_text(t, text);
}

/* What lies ahead, and what ends a period: only where there is a beginning to it. */
static enum clock_sense sense_of(const struct target *t) {
    static const char *const ahead[] = {"due_at", "perform_by", "expires_at"};
    for (size_t i = 0; i < sizeof ahead / sizeof *ahead; i++)
        if (strcmp(ahead[i], t->field->name) == 0) return CLOCK_AHEAD;
    bool period = protobuf_c_message_descriptor_get_field_by_name(t->message->descriptor, "from");
    return period && strcmp(t->field->name, "until") == 0 ? CLOCK_END : CLOCK_BACK;
}

static bool set_time(const struct target *t, const char *text) {
    int64_t ms = 0;
    if (text[0] == '@') {
        char *end;
        errno = 0;
        long long exact = strtoll(text + 1, &end, 10);
        if (*end || end == text + 1 || errno)
            return wrong(t, _("\"%s\" is not a time: after @ stand milliseconds since 1970%s"), text, "");
        ms = exact;
    } else if (!clock_parse_as(&ms, text, t->now, sense_of(t))) {
        return wrong(t, _("\"%s\" is not a time. Such as these are: %s"), text,
                     _("2023-06-25 20:15, 20:15 (today), 10m (ago), +3d (from now), now"));
    }
    return put(t, &ms, sizeof ms);
}

static bool set_money(const struct target *t, const char *text) {
    uint64_t fen;
    if (money_parse(&fen, text)) return put(t, &fen, sizeof fen);
    return wrong(t, _("\"%s\" is no amount of yuan: digits and at most two decimals, such as %s"), text,
                 "3000, 3000.50");
}

static bool set_number(const struct target *t, const char *text) {
    char *end;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (text[0] == '-' || text[0] == '+' || !*text || *end || errno)
        return wrong(t, _("\"%s\" is not a whole number%s"), text, "");
    if (t->field->type == PROTOBUF_C_TYPE_UINT64) {
        uint64_t wide = number;
        return put(t, &wide, sizeof wide);
    }
    if (number > UINT32_MAX) return wrong(t, _("%s is too large%s"), text, "");
    uint32_t small = (uint32_t)number;
    return put(t, &small, sizeof small);
}

static bool set_real(const struct target *t, const char *text) {
    char *end;
    errno = 0;
    double number = strtod(text, &end);
    if (!*text || *end || errno == ERANGE || !isfinite(number))
        return wrong(t, _("\"%s\" is not a number%s"), text, "");
    return put(t, &number, sizeof number);
}

static bool set_bool(const struct target *t, const char *text) {
    static const struct {
        const char *word;
        protobuf_c_boolean value;
    } words[] = {{"yes", 1},   {"no", 0}, {"on", 1}, {"off", 0}, {"true", 1},
                 {"false", 0}, {"1", 1},  {"0", 0},  {"是", 1},  {"否", 0}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (schema_same_word(words[i].word, text)) return put(t, &words[i].value, sizeof words[i].value);
    return wrong(t, _("\"%s\" is neither yes nor no%s"), text, "");
}

static bool set_bytes(const struct target *t, const char *text) {
    size_t size = strlen(text);
    ProtobufCBinaryData bytes = {.len = size / 2, .data = arena_zero(t->arena, size + UUID_SIZE)};
    if (!bytes.data) return wrong(t, "%s%s", _("out of memory"), "");
    if (size == UUID_TEXT_SIZE - 1 && uuid_parse(bytes.data, text, size)) {
        bytes.len = UUID_SIZE;
    } else if (size == 0 || !text_unhex(bytes.data, bytes.len, text, size)) {
        return wrong(t, _("\"%s\" is not what this program printed: hexadecimal digits, two for each byte%s"), text,
                     "");
    }
    return put(t, &bytes, sizeof bytes);
}

const char *value_half_width(struct arena *arena, const char *text) {
    size_t size = strlen(text), n = 0, length;
    char *out = arena_copy(arena, text, size);
    for (size_t at = 0; out && at < size; at += length) {
        uint32_t c = text_decode(text + at, size - at, &length), half = text_half_width(c);
        if (half == c)
            for (size_t i = 0; i < length; i++) out[n++] = text[at + i];
        else
            out[n++] = (char)half;
    }
    if (out) out[n] = '\0';
    return out ? out : text;
}

static bool set_one(const struct target *t, const char *typed) {
    bool is_free = t->field->type == PROTOBUF_C_TYPE_STRING && t->field != schema_record(t->message->descriptor) &&
                   label_meaning(t->message->descriptor, t->field) == MEANING_PLAIN;
    const char *text = is_free ? typed : value_half_width(t->arena, typed);
    switch (t->field->type) {
    case PROTOBUF_C_TYPE_STRING: return set_string(t, text);
    case PROTOBUF_C_TYPE_ENUM: return set_enum(t, text);
    case PROTOBUF_C_TYPE_INT64:
        return set_time(t, text); /* there is no other int64: a test holds the .proto files to it */
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_UINT64:
        return label_meaning(t->message->descriptor, t->field) == MEANING_MONEY ? set_money(t, text)
                                                                                : set_number(t, text);
    case PROTOBUF_C_TYPE_DOUBLE: return set_real(t, text);
    case PROTOBUF_C_TYPE_BOOL: return set_bool(t, text);
    case PROTOBUF_C_TYPE_BYTES: return set_bytes(t, text);
    default: return wrong(t, _("%s: this field can't be given on the command line%s"), t->field->name, "");
    }
}

/* Bytes of the separator at `text`: comma, Chinese comma, Chinese enumeration comma; 0: none. */
static size_t separator_size(const char *text) {
    static const char *const separators[] = {",", "，", "、"};
    for (size_t i = 0; i < sizeof separators / sizeof *separators; i++)
        if (strncmp(text, separators[i], strlen(separators[i])) == 0) return strlen(separators[i]);
    return 0;
}

bool value_set(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, const char *text, int64_t now,
               struct arena *arena, struct value_error *error) {
    struct target t = {message, field, now, arena, error};
    if (field->label != PROTOBUF_C_LABEL_REPEATED) return set_one(&t, text);
    while (*text) {
        size_t size = 0;
        while (text[size] && separator_size(text + size) == 0) size++;
        char *item = arena_copy(arena, text, size);
        if (!item) return wrong(&t, "%s%s", _("out of memory"), "");
        if (*item && !set_one(&t, item)) return false;
        text += size;
        text += separator_size(text);
    }
    return true;
}
