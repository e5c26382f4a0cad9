/* Text that comes from a file or standard input, in UTF-8 from here on: what programs save without saying how.
 * Client. */
#ifndef LIANDONG_CLIENT_ENCODING_H
#define LIANDONG_CLIENT_ENCODING_H
#include <stdbool.h>
#include <stddef.h>

/* What begins with the mark of UTF-8 or UTF-16 is that; what is UTF-8 is; else it is GB18030 (of which GBK and GB2312
 * are parts), as a Chinese Excel saves it. The mark is left out. To be freed; *recoded: it was no UTF-8. NULL: it is
 * neither, *line is the first that is not, from 1; or 0 without memory. */
char *encoding_read(const char *bytes, size_t size, size_t *out_size, bool *recoded, size_t *line);
#endif
