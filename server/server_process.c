#include "server_process.h"
#include "common/clock.h"
#include "common/log.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1 /* the leak check looks into its own process, as a debugger does */
#else
#define SANITIZED 0
#endif

size_t process_limit(void) {
    struct rlimit none = {0, 0}, files = {1024, 1024};
    if (setrlimit(RLIMIT_CORE, &none) != 0 || (!SANITIZED && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0))
        log_event(LOG_WARN, "process.dumpable", log_str("hint", "core files could not be forbidden"));
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
        struct rlimit wanted = {files.rlim_max, files.rlim_max};
        if (setrlimit(RLIMIT_NOFILE, &wanted) == 0) files = wanted;
    }
    return files.rlim_cur;
}

void process_metrics_init(struct process_metrics *p, struct metrics *registry) {
    const struct {
        struct metric *metric;
        const char *name, *help;
        int type;
    } rows[] = {
        {&p->version, "liandong_build_info{version=\"" LIANDONG_VERSION "\"}", "Version of the program.", METRIC_GAUGE},
        {&p->up_seconds, "liandong_uptime_seconds", "Since the process started.", METRIC_GAUGE},
        {&p->resident, "process_resident_memory_bytes", "Resident memory.", METRIC_GAUGE},
        {&p->descriptors, "process_open_fds", "Open descriptors.", METRIC_GAUGE},
        {&p->descriptors_limit, "process_max_fds", "Limit of descriptors.", METRIC_GAUGE},
        {&p->cpu_ms, "liandong_cpu_milliseconds_total", "Processor time used, user and system.", METRIC_COUNTER},
        {&p->log_lost, "liandong_log_lines_lost_total", "Lines the log could not take.", METRIC_COUNTER},
    };
    p->started_us = clock_monotonic_us();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        *rows[i].metric = (struct metric){.name = rows[i].name, .help = rows[i].help};
        rows[i].metric->type = rows[i].type == METRIC_COUNTER ? METRIC_COUNTER : METRIC_GAUGE;
        metrics_add(registry, rows[i].metric);
    }
    p->version.value = 1;
}

static int64_t resident_bytes(void) {
    long pages = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (!f) return 0;
    if (fscanf(f, "%ld %ld", &pages, &resident) != 2) resident = 0;
    fclose(f);
    return (int64_t)resident * sysconf(_SC_PAGESIZE);
}
static int64_t open_descriptors(void) {
    DIR *d = opendir("/proc/self/fd");
    int64_t count = -3; /* ".", ".." and the descriptor of this very folder */
    if (!d) return 0;
    while (readdir(d)) count++;
    closedir(d);
    return count;
}
static int64_t cpu_milliseconds(void) {
    struct rusage u;
    if (getrusage(RUSAGE_SELF, &u) != 0) return 0;
    return (int64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000 + (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1000;
}

void process_metrics_update(struct process_metrics *p) {
    struct rlimit files = {0, 0};
    getrlimit(RLIMIT_NOFILE, &files);
    p->up_seconds.value = (int64_t)((clock_monotonic_us() - p->started_us) / 1000000);
    p->resident.value = resident_bytes();
    p->descriptors.value = open_descriptors();
    p->descriptors_limit.value = (int64_t)files.rlim_cur;
    p->cpu_ms.value = cpu_milliseconds();
    p->log_lost.value = (int64_t)log_lost();
}

void process_notify(const char *state) {
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t size = path ? strlen(path) : 0;
    if (size < 2 || size >= sizeof address.sun_path || (path[0] != '/' && path[0] != '@')) return;
    memcpy(address.sun_path, path, size);
    if (path[0] == '@') address.sun_path[0] = '\0'; /* abstract name */
    int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return;
    socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);
    if (sendto(descriptor, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&address, length) < 0)
        log_event(LOG_WARN, "process.notify", log_str("error", "the supervisor could not be told"));
    close(descriptor);
}

uint64_t process_watchdog_ms(void) {
    const char *text = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
    if (!text || (pid && strtol(pid, NULL, 10) != (long)getpid())) return 0;
    return strtoull(text, NULL, 10) / 2000;
}
