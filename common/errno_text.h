/* What the operating system says went wrong, in Chinese: strerror would say it in English on a machine without a
 * Chinese locale. Floor 1 (common). */
#ifndef LIANDONG_COMMON_ERRNO_TEXT_H
#define LIANDONG_COMMON_ERRNO_TEXT_H

/* Of an errno; "错误 N" for one that has no row. Valid until the thread's next call. Never NULL; leaves errno alone. */
const char *errno_text(int number);
#endif
