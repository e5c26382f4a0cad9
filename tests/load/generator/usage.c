#include "usage.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define DEPTH_MAX 4 /* a postmaster's children have none of their own */

static double thread_cpu(long pid, const char *thread) {
    char path[128];
    snprintf(path, sizeof path, "/proc/%ld/task/%.20s/schedstat", pid, thread);
    FILE *file = fopen(path, "r");
    if (!file) return 0;
    unsigned long long ns = 0;
    if (fscanf(file, "%llu", &ns) != 1) ns = 0;
    fclose(file);
    return (double)ns / 1e9;
}

static double process_cpu(long pid, int depth) {
    char path[128];
    snprintf(path, sizeof path, "/proc/%ld/task", pid);
    DIR *threads = opendir(path);
    if (!threads) return 0;
    double total = 0;
    for (struct dirent *entry; (entry = readdir(threads));)
        if (entry->d_name[0] != '.') total += thread_cpu(pid, entry->d_name);
    closedir(threads);
    snprintf(path, sizeof path, "/proc/%ld/task/%ld/children", pid, pid);
    FILE *children = depth < DEPTH_MAX ? fopen(path, "r") : NULL;
    if (!children) return total;
    for (long child; fscanf(children, "%ld", &child) == 1;) total += process_cpu(child, depth + 1);
    fclose(children);
    return total;
}

double usage_cpu(const char *pids) {
    double total = 0;
    for (const char *at = pids; at && *at;) {
        char *end;
        long pid = strtol(at, &end, 10);
        if (end == at) break;
        total += process_cpu(pid, 0);
        at = *end == ',' ? end + 1 : end;
    }
    return total;
}

double usage_machine(void) {
    unsigned long user, nice, system, idle, wait, irq, softirq, steal;
    FILE *file = fopen("/proc/stat", "r");
    if (!file) return 0;
    int got = fscanf(file, "cpu %lu %lu %lu %lu %lu %lu %lu %lu", &user, &nice, &system, &idle, &wait, &irq, &softirq,
                     &steal);
    fclose(file);
    return got == 8 ? (double)(user + nice + system + irq + softirq + steal) / (double)sysconf(_SC_CLK_TCK) : 0;
}

static double seconds(struct timeval t) { return (double)t.tv_sec + (double)t.tv_usec / 1e6; }

double usage_own(void) {
    struct rusage r;
    getrusage(RUSAGE_SELF, &r);
    return seconds(r.ru_utime) + seconds(r.ru_stime);
}

double usage_anonymous_kib(const char *pids) {
    char path[64], line[256];
    double kib = 0;
    snprintf(path, sizeof path, "/proc/%ld/status", pids ? strtol(pids, NULL, 10) : 0);
    FILE *file = fopen(path, "r");
    if (!file) return 0;
    while (fgets(line, sizeof line, file))
        if (sscanf(line, "RssAnon: %lf", &kib) == 1) break;
    fclose(file);
    return kib;
}
