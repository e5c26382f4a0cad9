/* The composition root: settings -> log -> limits -> certificates -> core -> listeners -> signals, and the way back.
 *
 *   STARTING -> SERVING -> DRAINING -> STOPPING -> returns
 *      '-----------'-----------------> STOPPING: refused by the database, no descriptor, second signal, drain over
 *
 * SIGTERM, SIGINT: drain (no new connections or writes, GoAway to all, quiet ones are closed, the rest has `drain`
 * long); once more: stop now. SIGHUP: settings and certificates are read again and judged as a whole; all of it is
 * taken or, with the reason in the log, nothing; the log is opened again either way, and its level is only touched
 * where the setting changed, for an administrator may have set another. SIGUSR1: the log is opened again, for rotation.
 */
#ifndef LIANDONG_SERVER_H
#define LIANDONG_SERVER_H

/* Exit codes of the program. */
enum {
    SERVER_OK = 0,
    SERVER_FAILED = 1,
    SERVER_USAGE = 2,
    SERVER_UNAVAILABLE = 69, /* no database */
    SERVER_SOFTWARE = 70,    /* no memory, no loop */
    SERVER_CONFIG = 78       /* settings, certificates, or a database that must not be served from */
};
/* Serves until a signal; returns the exit code. `flags`: what stood behind the verb. */
int server_run(int count, char **flags, char **environment);
#endif
