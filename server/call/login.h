/* Who is at the device: logging in, whose login a connection speaks for, and logins that end.
 * Floor 4 (call).
 *
 * A login is a row of the database (server/functions/login.sql), known to the client by a token of 256 random bits of
 * which the database holds the SHA-256. It counts on the device it was made on only, and picks one capacity (office,
 * role) of the account, so that each act has one. A connection names it in its hello; that costs one read by index.
 *
 * Scrypt takes a tenth of a second of a core, so it runs in libuv's pool, LOGIN_WORK_MOST at a time at most: what comes
 * above is told to come again. Which accounts there are can't be learnt: an unknown one takes the same way, the same
 * time and gives the same answer.
 *
 * That a login ended is read from the table login_end each second (2026-11: not through the version of the directory,
 * which every node would read again whole whenever somebody goes home). While a connection of a login is open it is in
 * use: each node says so once a minute. */
#ifndef LIANDONG_CALL_LOGIN_H
#define LIANDONG_CALL_LOGIN_H
#include "call/call.h"

#define LOGIN_WORK_MOST 64u

/* ---- requests answered from here */
void local_login(struct call *c);
void local_change_password(struct call *c);

/* Hello with a token: finds the login, sets the session's actor and goes on with `then`; a token that counts no more is
 * refused and the connection closed. */
void login_resume(struct call *c, void (*then)(struct call *c));

/* ---- chores (core_chores.c) */
/* Rows of _logins_ended: closes the sessions of logins that ended. */
void login_take_ended(struct core *core, const PGresult *rows);
/* Makes the parameter of _logins_seen. False where nobody is logged in here. */
bool login_list_seen(struct core *core);
/* The columns that this file reads by number. */
bool login_contract(const struct core *core, char *error, size_t room);
#endif
