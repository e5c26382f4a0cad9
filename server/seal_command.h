/* `liandongd seal-key FILE [add]` and `liandongd seal-rotate`: the keys of sealed fields, see call/sealing.h.
 * Composition floor. Blocking libpq, programs of their own: never called while serving, though others may serve
 * meanwhile.
 *
 * To change the key-encryption key: `seal-key FILE add` puts a new first key into the file; the file goes to every
 * node, each of which reads it when it next needs it; `seal-rotate` then makes new data keys and wraps every key anew.
 * From then on the old line of the file opens nothing and may be deleted. */
#ifndef LIANDONG_SERVER_SEAL_COMMAND_H
#define LIANDONG_SERVER_SEAL_COMMAND_H
#include <stdbool.h>

/* Both print one Chinese sentence; exit code of the program. */
int seal_key_command(const char *path, bool add);
int seal_rotate_command(const char *conninfo, const char *path);
#endif
