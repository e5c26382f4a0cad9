/* Values that look mistyped, and may be meant all the same.
 * Client, pure. */
#ifndef LIANDONG_CLIENT_DOUBT_H
#define LIANDONG_CLIENT_DOUBT_H

/* What is odd about a text for the field of that name, as a msgid; NULL: nothing. */
const char *doubt_about(const char *field, const char *text);
#endif
