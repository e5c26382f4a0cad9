/* The language of everything a person reads. English texts are the msgids, po/zh_CN.po holds the Chinese.
 * Client. */
#ifndef LIANDONG_CLIENT_LANGUAGE_H
#define LIANDONG_CLIENT_LANGUAGE_H
#include <libintl.h>
#include <stdbool.h>

#define _(text)  gettext(text)
#define N_(text) text /* marks a msgid in a table; who prints it says _() */

/* Chooses and loads. choice: "zh", "en"; NULL, "" or "auto": the environment's (LANGUAGE, LC_ALL, LC_MESSAGES, LANG),
 * where nothing, C and C.UTF-8 mean Chinese, since a bare machine in a Chinese office has no Chinese locale. May be
 * called again. Character handling is UTF-8 in any case, so that tables align. */
void language_start(const char *choice);
/* True where Chinese is chosen. */
bool language_is_chinese(void);
/* What the operating system says went wrong. Valid until the next call. */
const char *language_errno(int number);
#endif
