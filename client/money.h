/* Amounts of money: fen on the wire and in the database, yuan for people.
 * Client, pure. */
#ifndef LIANDONG_CLIENT_MONEY_H
#define LIANDONG_CLIENT_MONEY_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MONEY_TEXT  24
#define MONEY_YUANS 12 /* digits of the yuan that are taken */
/* "3000", or with both decimals where there are fen: "3000.50". */
void money_print(char out[MONEY_TEXT], uint64_t fen);
/* "3000", "3000.5", "3000.50", each also with 元 behind it. False: it is none, and nothing is set. */
bool money_parse(uint64_t *fen, const char *text);
#endif
