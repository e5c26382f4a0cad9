#include "samples.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

bool samples_init(struct samples *s) {
    *s = (struct samples){.values = malloc(SAMPLES_ROOM * sizeof(float)), .room = SAMPLES_ROOM};
    return s->values != NULL;
}

void samples_add(struct samples *s, double value) {
    if (s->count < s->room) s->values[s->count++] = (float)value;
}

static int compare(const void *left, const void *right) {
    float a = *(const float *)left, b = *(const float *)right;
    return (a > b) - (a < b);
}

double samples_percentile(struct samples *s, double share) {
    if (!s->count) return 0;
    qsort(s->values, s->count, sizeof *s->values, compare);
    size_t at = (size_t)((double)s->count * share);
    return (double)s->values[at < s->count ? at : s->count - 1];
}

void samples_free(struct samples *s) {
    free(s->values);
    *s = (struct samples){0};
}

void samples_print(const char *name, double value) { printf("%s\t%.3f\n", name, value); }

void samples_print_percentiles(const char *name, struct samples *s) {
    static const struct {
        const char *suffix;
        double share;
    } wanted[] = {{"p50_us", 0.50}, {"p95_us", 0.95}, {"p99_us", 0.99}};
    if (!s->count) return;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        printf("%s_%s\t%.1f\n", name, wanted[i].suffix, samples_percentile(s, wanted[i].share));
}

uint64_t samples_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}
