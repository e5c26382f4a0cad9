#include "common/seal_base64.h"

void seal_base64_put(char *out, const uint8_t *bytes, size_t size) {
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (; size >= 3; size -= 3, bytes += 3, out += 4) {
        uint32_t v = (uint32_t)bytes[0] << 16 | (uint32_t)bytes[1] << 8 | bytes[2];
        out[0] = alphabet[v >> 18];
        out[1] = alphabet[v >> 12 & 63];
        out[2] = alphabet[v >> 6 & 63];
        out[3] = alphabet[v & 63];
    }
    if (!size) return;
    uint32_t v = (uint32_t)bytes[0] << 16 | (size > 1 ? (uint32_t)bytes[1] << 8 : 0);
    out[0] = alphabet[v >> 18];
    out[1] = alphabet[v >> 12 & 63];
    if (size > 1) out[2] = alphabet[v >> 6 & 63];
}

size_t seal_base64_bytes(size_t size) {
    return size % 4 == 1 ? SIZE_MAX : size / 4 * 3 + (size % 4 ? size % 4 - 1 : 0);
}

static int value_of(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '-' ? 62 : c == '_' ? 63 : -1;
}

bool seal_base64_get(uint8_t *out, const char *text, size_t size) {
    uint32_t held = 0;
    unsigned bits = 0;
    if (size % 4 == 1) return false;
    for (size_t i = 0; i < size; i++) {
        int v = value_of(text[i]);
        if (v < 0) return false;
        held = held << 6 | (uint32_t)v;
        bits += 6;
        if (bits < 8) continue;
        bits -= 8;
        if (out) *out++ = (uint8_t)(held >> bits);
        held &= (1u << bits) - 1;
    }
    return held == 0;
}
