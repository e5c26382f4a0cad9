/* Kinds of event as people name them: by the command that makes them, or in their own language.
 * Client, pure.
 *
 * A verb alone means the events of every noun ("note": of incidents, disputes and alerts); with its noun ("dispute
 * note"), or by its label, that noun's alone. What the system does by itself has no command, only a name and a label.
 */
#ifndef LIANDONG_CLIENT_KINDS_H
#define LIANDONG_CLIENT_KINDS_H
#include "client/suggest.h"
#include <stddef.h>

#define KINDS_OF_WORD 32 /* kinds that one word may mean: a test holds it */

/* Fills in what a word means ("note_incident", …), each kind once. Returns how many; 0: none. */
size_t kinds_named(const char *word, const char *names[KINDS_OF_WORD]);
/* Offers every word that there is. */
void kinds_suggest(struct suggest *near);
/* A few, as examples for help: "report 接报, …". */
void kinds_examples(char *out, size_t room);
#endif
