/* CPU and time of a stretch of a run: the server's, ours, and what strangers took meanwhile.
 * Part of the load generator. */
#ifndef LIANDONG_LOAD_METER_H
#define LIANDONG_LOAD_METER_H
#include "crowd.h"

struct meter {
    const struct crowd *crowd;
    uint64_t begin; /* ns */
    double server, others, own, machine;
};
struct reading {
    double seconds;
    double server_cpu, own_cpu; /* seconds */
    double foreign;             /* share of one core, percent, that neither server nor database nor generator used */
};

struct meter meter_start(const struct crowd *c);
struct reading meter_read(const struct meter *m);
/* foreign_percent, server_percent, generator_percent: so that the reader sees who was the bottleneck, and whether the
 * machine was his. */
void reading_print(const struct reading *r);
#endif
