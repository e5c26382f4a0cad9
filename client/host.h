/* What the client needs of the operating system besides sockets (link) and the terminal: files, folders, signals,
 * waiting, randomness. With link.c and terminal.c the only place of POSIX calls. Client. */
#ifndef LIANDONG_CLIENT_HOST_H
#define LIANDONG_CLIENT_HOST_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HOST_PATH 4096

/* Folder of the running program. False where the system does not tell. */
bool host_program_folder(char *out, size_t room);
/* "$XDG_CONFIG_HOME/liandong" or "~/.config/liandong"; "$XDG_STATE_HOME/liandong" or "~/.local/state/liandong". Not
 * created. False where neither the variable nor HOME is set. */
bool host_config_folder(char *out, size_t room);
bool host_state_folder(char *out, size_t room);
/* "$XDG_RUNTIME_DIR/liandong", memory that goes when the person leaves the computer; else the state folder. */
bool host_private_folder(char *out, size_t room);
/* A line of an open descriptor, byte by byte, so that the next line is still there; without its end. False: nothing
 * there. */
bool host_read_line(int file, char *out, size_t room);
/* The absolute form of an existing path. */
bool host_absolute(char *out, size_t room, const char *path);
bool host_exists(const char *path);
/* Calls back with each name in a folder that ends in `ending`, the ending cut off. A folder that is not there has none.
 */
void host_list(const char *folder, const char *ending, void (*each)(void *arg, const char *name), void *arg);

/* The whole of a file, with a NUL behind; "-" is standard input. NULL with errno set; EFBIG past `most`. To be freed.
 */
char *host_read_file(const char *path, size_t most, size_t *size);
/* Puts `bytes` in place of the file as a whole: whoever reads it, even after a power cut, finds the old or the new.
 * Mode 0600; folders on the way are made (0700). False with errno set, also where it is no plain file. */
bool host_replace_file(const char *path, const void *bytes, size_t size);

/* Adds `bytes` at the end of the file, on disk before it returns; mode 0600 where it is new. False with errno set. */
bool host_append_file(const char *path, const void *bytes, size_t size);

/* Random bits, for jitter and never for keys. */
uint32_t host_random(void);
/* A number between 0 and 1. */
double host_jitter(void);
/* "linux" and the like. */
const char *host_system(void);
/* The same bytes in UTF-8, from an encoding that iconv knows. NULL: unknown encoding (errno EINVAL), or bytes that are
 * none of it (EILSEQ, *at their offset), or no memory. To be freed. */
char *host_to_utf8(const char *encoding, const char *bytes, size_t size, size_t *out_size, size_t *at);

/* From now on SIGINT and SIGTERM do not kill but are noticed. */
void host_catch_signals(void);
/* From now on it is noticed as SIGPIPE, even while nothing is written, that whoever read standard output (`| head`) is
 * gone. For what may wait for hours with nothing to print; a request's outcome matters to more than its reader. */
void host_mind_reader(void);
/* What to poll, for no events, in every wait; -1: not minded, or it can't be told. */
int host_reader_handle(void);
/* True where that was noticed. */
bool host_reader_gone(void);
/* Then: ends as the next write would, by SIGPIPE. Returns what a write would fail with where that signal is ignored. */
int host_end_without_reader(void);
/* The signal noticed, 0 for none. */
int host_interrupted(void);
/* Becomes readable when a signal is noticed, so that no wait can miss one; -1 before host_catch_signals. */
int host_interrupt_handle(void);
/* Waits; false where a signal came in between. */
bool host_wait_ms(uint64_t ms);
#endif
