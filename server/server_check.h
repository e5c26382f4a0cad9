/* `liandongd check`: everything `run` needs, tried one by one, each with 通过 or 失败 and what to do about it.
 * Composition floor. Blocking; changes nothing. */
#ifndef LIANDONG_SERVER_CHECK_H
#define LIANDONG_SERVER_CHECK_H
#include "server_settings.h"

/* Prints the list to stdout. 0, or the exit code of the first thing that failed. */
int server_check(const struct server_settings *values);
#endif
