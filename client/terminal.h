/* The terminal: what it is, how wide, what it makes of ambiguous characters, and asking the person in front of it.
 * Client. */
#ifndef LIANDONG_CLIENT_TERMINAL_H
#define LIANDONG_CLIENT_TERMINAL_H
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct terminal {
    bool in, out, err;  /* which of the three are terminals */
    bool colour;        /* on standard output: a terminal, not dumb, not NO_COLOR, not refused */
    unsigned columns;   /* of standard output, or of standard error where output is none; 0: no terminal, no limit */
    unsigned ambiguous; /* columns of “ ” — … ·: 1 or 2; 0: not known yet */
};

/* ambiguous: 1 or 2 where the settings say so, 0 to find out when it matters. */
void terminal_look(struct terminal *t, bool colour_wanted, unsigned ambiguous);
/* Looks at the window again; it may have been resized. */
void terminal_measure(struct terminal *t);
/* 1 or 2. Asks the terminal the first time (prints “, reads where the cursor went, wipes it out); 1 where it does not
 * say. */
unsigned terminal_ambiguous(struct terminal *t);
/* Asks on standard error and reads a line from standard input, without its newline. False: end of input or no terminal.
 */
bool terminal_ask(const struct terminal *t, const char *question, char *answer, size_t room);

/* The same, without showing what is typed. */
bool terminal_ask_hidden(const struct terminal *t, const char *question, char *answer, size_t room);

/* A line of state on standard error that the next one replaces; only on a terminal. */
void terminal_state(const struct terminal *t, const char *line);
/* Wipes that line out; before anything else is printed. */
void terminal_state_end(const struct terminal *t);

#define TERMINAL_RED    "\033[1;31m"
#define TERMINAL_YELLOW "\033[1;33m"
#define TERMINAL_DIM    "\033[2m"
#define TERMINAL_PLAIN  "\033[0m"
#endif
