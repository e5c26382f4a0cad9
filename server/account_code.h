/* `liandongd code ACCOUNT`: a one-use code for somebody's first login, made on the server's own machine.
 * Composition floor. Blocking libpq, a program of its own: never called while serving.
 *
 * It is how the first administrator comes in: nobody could ask for it with the client yet. Whoever may connect as the
 * owner of the schema may change everything anyhow. The code goes to standard output, alone; what is said of it to
 * standard error. */
#ifndef LIANDONG_SERVER_ACCOUNT_CODE_H
#define LIANDONG_SERVER_ACCOUNT_CODE_H

/* Exit code of the program: 0 done; 1 no such account, or refused by the database; 69 no database. */
int account_code(const char *conninfo, const char *account);
#endif
