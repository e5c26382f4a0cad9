#include "client/doubt.h"
#include "client/language.h"
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#define DIGITS_MAX 32

/* Its digits, with the X that an ID number may end with; false: it has other things than these and what stands between
 * them. */
static bool take_digits(char out[DIGITS_MAX], const char *text) {
    size_t n = 0;
    for (; *text; text++) {
        if (strchr(" -+()", *text)) continue;
        if (n + 1 == DIGITS_MAX ||
            (!isdigit((unsigned char)*text) && !(toupper((unsigned char)*text) == 'X' && !text[1])))
            return false;
        out[n++] = (char)toupper((unsigned char)*text);
    }
    out[n] = '\0';
    return n > 0;
}

static bool is_cut_id(const char *digits) { return strlen(digits) != 15 && strlen(digits) != 18; }

/* GB 11643: the last of eighteen follows from the others. */
static bool is_wrong_id(const char *digits) {
    static const int weights[] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
    int sum = 0;
    if (strlen(digits) != 18) return false;
    for (size_t i = 0; i < 17; i++) sum += (digits[i] - '0') * weights[i];
    return digits[17] != "10X98765432"[sum % 11];
}

static bool is_cut_phone(const char *digits) {
    size_t size = strlen(digits);
    return digits[0] == '1' && size > 6 && size != 11;
}

static const struct {
    const char *field;
    bool (*odd)(const char *digits);
    const char *why; /* msgid */
} rules[] = {
    {"id_no", is_cut_id, N_("an ID number has 18 digits")},
    {"id_no", is_wrong_id, N_("its check digit does not fit: one digit is wrong")},
    {"phone", is_cut_phone, N_("a mobile number has 11 digits")},
    {"reporter_phone", is_cut_phone, N_("a mobile number has 11 digits")},
};

const char *doubt_about(const char *field, const char *text) {
    char digits[DIGITS_MAX];
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (strcmp(field, rules[i].field) == 0 && take_digits(digits, text) && rules[i].odd(digits))
            return rules[i].why;
    return NULL;
}
