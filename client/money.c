#include "client/money.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void money_print(char out[MONEY_TEXT], uint64_t fen) {
    if (fen % 100)
        snprintf(out, MONEY_TEXT, "%" PRIu64 ".%02u", fen / 100, (unsigned)(fen % 100));
    else
        snprintf(out, MONEY_TEXT, "%" PRIu64, fen / 100);
}

bool money_parse(uint64_t *fen, const char *text) {
    static const char digit[] = "0123456789";
    size_t yuans = strspn(text, digit), point = text[yuans] == '.';
    const char *decimals = text + yuans + point;
    size_t decimal_count = strspn(decimals, digit);
    const char *end = decimals + decimal_count;
    if (yuans == 0 || yuans > MONEY_YUANS || decimal_count > 2 || (point && decimal_count == 0)) return false;
    if (*end && strcmp(end, "元") != 0) return false;
    uint64_t sum = 0;
    for (size_t i = 0; i < yuans; i++) sum = sum * 10 + (uint64_t)(text[i] - '0');
    for (size_t i = 0; i < 2; i++) sum = sum * 10 + (uint64_t)(i < decimal_count ? decimals[i] - '0' : 0);
    *fen = sum;
    return true;
}
