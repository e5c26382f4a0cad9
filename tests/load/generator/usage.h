/* What processes use: CPU time and memory, read from /proc.
 * Part of the load generator. */
#ifndef LIANDONG_LOAD_USAGE_H
#define LIANDONG_LOAD_USAGE_H

/* Seconds of CPU that the processes in `pids` ("12" or "12,34") and their children have used, all threads. Taken from
 * schedstat (ns) rather than from stat (10 ms ticks): a run of one second must not lose a hundredth to rounding.
 * NULL or a process that is gone counts 0. */
double usage_cpu(const char *pids);
/* Seconds of CPU that everything on this machine has used. */
double usage_machine(void);
/* Seconds of CPU that this process has used. */
double usage_own(void);
/* Anonymous resident memory of the first process of `pids`, KiB: what it would not give back to the page cache. */
double usage_anonymous_kib(const char *pids);
#endif
