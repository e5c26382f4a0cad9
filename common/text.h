/* Text as it comes from outside: checked, escaped, cut, counted. UTF-8 only.
 * Floor 1 (common). */
#ifndef LIANDONG_COMMON_TEXT_H
#define LIANDONG_COMMON_TEXT_H
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TEXT_CODE_MAX 64u
enum text_fault {
    TEXT_OK,
    TEXT_NOT_UTF8, /* malformed, overlong, surrogate or above U+10FFFF */
    TEXT_CONTROL,  /* C0 (newline and tab pass where `multiline`), DEL, C1 */
    TEXT_DIRECTION /* U+202A..202E, U+2066..2069, U+200E, U+200F, U+061C: they can reorder what a reader sees */
};

/* Judges `size` bytes; *at (may be NULL) is the offset of the first fault. NUL is a control byte. */
enum text_fault text_check(const char *text, size_t size, bool multiline, size_t *at);
/* Decodes one code point at `text` (size > 0), sets *length to its bytes; malformed: returns UINT32_MAX, *length = 1.
 */
uint32_t text_decode(const char *text, size_t size, size_t *length);
/* True for the code of an office or a device: small letters, digits and '-', at most TEXT_CODE_MAX. */
bool text_is_code(const char *text);
/* The half-width form of a full-width character (U+FF01..FF5E, U+3000), any other as it is: Chinese input methods give
 * both for the same key. */
uint32_t text_half_width(uint32_t character);
/* Number of code points in valid text. */
size_t text_count(const char *text, size_t size);
/* Largest prefix of at most `max` bytes that ends at a code point's border. */
size_t text_cut(const char *text, size_t size, size_t max);
/* Writes `text` as a JSON string without the quotes: control, C1, direction marks and malformed bytes as \u00XX or
 * \uXXXX, so that no terminal or log reader can be fooled. Returns the bytes it needs (without NUL); writes at most
 * room-1 and a NUL, cut at a whole escape. */
size_t text_json(char *out, size_t room, const char *text, size_t size);
/* Writes `text` for a terminal: control, C1, direction marks and malformed bytes become visible escapes such as \x1b;
 * newline and tab become a space where `one_line`. Same return as text_json. */
size_t text_terminal(char *out, size_t room, const char *text, size_t size, bool one_line);
/* vsnprintf that cuts at the border of a code point. `room` > 0. */
void text_vprint(char *out, size_t room, const char *format, va_list arguments) __attribute__((format(printf, 3, 0)));
/* Lower-case hex, 2*size+1 bytes at `out`. */
void text_hex(char *out, const void *bytes, size_t size);
/* Reads hex of exactly 2*size digits. False on anything else. */
bool text_unhex(void *out, size_t size, const char *hex, size_t length);
#endif
