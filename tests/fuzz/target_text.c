/* Text from outside: judged, counted, cut and escaped; nothing that could fool a terminal or a log reader comes out.
 * Input: choices, text. */
#include "fuzz.h"
#include "common/text.h"
#include "common/uuid.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void judge(const char *text, size_t size, bool multiline) {
    size_t at = size + 1, count = 0;
    enum text_fault fault = text_check(text, size, multiline, &at);
    bool broken = false;
    for (size_t i = 0, length; i < size; i += length, count++) {
        uint32_t point = text_decode(text + i, size - i, &length);
        fuzz_require(length >= 1 && length <= 4 && length <= size - i, "a code point lies in the text");
        fuzz_require(point == UINT32_MAX || (point <= 0x10FFFF && (point < 0xD800 || point > 0xDFFF)),
                     "code points are real");
        if (point == UINT32_MAX) broken = true;
    }
    fuzz_require(!broken || fault != TEXT_OK, "malformed text is no good text");
    fuzz_require(fault != TEXT_NOT_UTF8 || broken, "only malformed text is called so");
    if (fault != TEXT_OK) {
        fuzz_require(at < size, "the fault lies in the text");
        fuzz_require(text_check(text, at, multiline, NULL) == TEXT_OK, "nothing is wrong before the first fault");
        return;
    }
    fuzz_require(text_count(text, size) == count, "code points are counted");
    for (size_t max = 0; max <= size && max < 40; max++) {
        size_t cut = text_cut(text, size, max);
        fuzz_require(cut <= max && max - cut < 4, "a cut is as large as it can be");
        fuzz_require(text_check(text, cut, multiline, NULL) == TEXT_OK, "a cut keeps code points whole");
    }
}

static size_t escape(char *out, size_t room, const char *text, size_t size, int way) {
    return way == 0 ? text_json(out, room, text, size) : text_terminal(out, room, text, size, way == 1);
}

static void judge_escape(const char *text, size_t size, int way, size_t room) {
    size_t need = escape(NULL, 0, text, size, way);
    char *whole = malloc(need + 1), *part = malloc(room ? room : 1);
    if (!whole || !part) exit(1);
    fuzz_require(escape(whole, need + 1, text, size, way) == need && strlen(whole) == need,
                 "the length is told before");
    fuzz_require(text_check(whole, need, way == 2, NULL) == TEXT_OK, "what comes out is clean");
    for (size_t i = 0; way == 0 && i < need; i++) {
        fuzz_require(whole[i] != '"', "no quote ends the JSON string");
        if (whole[i] == '\\') fuzz_require(++i < need && strchr("\"\\/bfnrtu", whole[i]), "JSON knows the escape");
    }
    fuzz_require(escape(part, room, text, size, way) == need, "the length does not depend on the room");
    if (room) {
        fuzz_require(memchr(part, '\0', room) && strncmp(part, whole, strlen(part)) == 0, "less room gives a prefix");
        fuzz_require(text_check(part, strlen(part), way == 2, NULL) == TEXT_OK, "a prefix is clean, too");
        fuzz_require(need >= room || strcmp(part, whole) == 0, "enough room gives all");
    }
    free(whole);
    free(part);
}

static void judge_hex(const char *text, size_t size) {
    uint8_t id[UUID_SIZE], back[64];
    char print[UUID_TEXT_SIZE], hex[2 * 64 + 1];
    if (uuid_parse(id, text, size)) {
        uuid_print(print, id);
        fuzz_require(size == UUID_TEXT_SIZE - 1 && strncasecmp(print, text, size) == 0, "a UUID prints as it was read");
    }
    if (size % 2 == 0 && size / 2 <= sizeof back && text_unhex(back, size / 2, text, size)) {
        text_hex(hex, back, size / 2);
        fuzz_require(strncasecmp(hex, text, size) == 0, "hex prints as it was read");
    }
    size_t n = size < sizeof back ? size : sizeof back;
    text_hex(hex, text, n);
    fuzz_require(text_unhex(back, n, hex, 2 * n) && memcmp(back, text, n) == 0, "bytes survive hex");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint8_t choice = fuzz_take(&data, &size);
    if (size > 2048) return 0;
    char *text = fuzz_copy(data, size, false);
    judge(text, size, choice & 1);
    for (int way = 0; way < 3; way++) judge_escape(text, size, way, choice % 96);
    judge_hex(text, size);
    free(text);
    return 0;
}
