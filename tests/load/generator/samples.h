/* Measured values and their percentiles.
 * Part of the load generator: knows nothing of connections. */
#ifndef LIANDONG_LOAD_SAMPLES_H
#define LIANDONG_LOAD_SAMPLES_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Values past the room are dropped, not overwritten: a run that long says the same with the first four million. */
#define SAMPLES_ROOM 4000000u

struct samples {
    float *values;
    size_t count, room;
};

/* Reserves address space only; pages are taken as they are written. False without memory. */
bool samples_init(struct samples *s);
void samples_add(struct samples *s, double value);
/* `share` 0..1. Sorts in place. 0 where nothing was measured. */
double samples_percentile(struct samples *s, double share);
void samples_free(struct samples *s);

/* One line "name<TAB>value", what the runner reads. */
void samples_print(const char *name, double value);
/* Prints NAME_p50_us, NAME_p95_us and NAME_p99_us; nothing where nothing was measured. */
void samples_print_percentiles(const char *name, struct samples *s);

/* ns since some start, never goes back. */
uint64_t samples_now(void);
#endif
