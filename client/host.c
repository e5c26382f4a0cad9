#include "client/host.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <iconv.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

/* A signal handler can reach nothing but statics. */
static volatile sig_atomic_t caught;
static int caught_pipe[2] = {-1, -1};
static int reader = -1; /* standard output, where its reader is minded */

bool host_program_folder(char *out, size_t room) {
    ssize_t size = readlink("/proc/self/exe", out, room - 1);
    if (size <= 0 || (size_t)size >= room - 1) return false;
    out[size] = '\0';
    char *slash = strrchr(out, '/');
    if (!slash) return false;
    *slash = '\0';
    return true;
}

static bool folder(char *out, size_t room, const char *variable, const char *under_home) {
    const char *base = getenv(variable);
    int size;
    if (base && base[0] == '/') {
        size = snprintf(out, room, "%s/liandong", base);
    } else {
        const char *home = getenv("HOME");
        if (!home || !*home) return false;
        size = snprintf(out, room, "%s/%s/liandong", home, under_home);
    }
    return size > 0 && (size_t)size < room;
}

bool host_config_folder(char *out, size_t room) { return folder(out, room, "XDG_CONFIG_HOME", ".config"); }
bool host_state_folder(char *out, size_t room) { return folder(out, room, "XDG_STATE_HOME", ".local/state"); }

bool host_private_folder(char *out, size_t room) {
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    if (!runtime || runtime[0] != '/') return host_state_folder(out, room);
    int size = snprintf(out, room, "%s/liandong", runtime);
    return size > 0 && (size_t)size < room;
}

bool host_read_line(int file, char *out, size_t room) {
    size_t used = 0;
    for (;;) {
        ssize_t got = read(file, out + used, 1);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0 || out[used] == '\n') break;
        if (++used == room) return false;
    }
    if (used > 0 && out[used - 1] == '\r') used--;
    out[used] = '\0';
    return used > 0;
}

bool host_absolute(char *out, size_t room, const char *path) {
    char *real = realpath(path, NULL);
    if (!real) return false;
    int size = snprintf(out, room, "%s", real);
    free(real);
    return size > 0 && (size_t)size < room;
}

bool host_exists(const char *path) { return access(path, F_OK) == 0; }

void host_list(const char *path, const char *ending, void (*each)(void *arg, const char *name), void *arg) {
    DIR *folder_handle = opendir(path);
    if (!folder_handle) return;
    size_t cut = strlen(ending);
    for (struct dirent *entry; (entry = readdir(folder_handle));) {
        size_t size = strlen(entry->d_name);
        if (size <= cut || strcmp(entry->d_name + size - cut, ending) != 0) continue;
        char name[NAME_MAX + 1];
        snprintf(name, sizeof name, "%.*s", (int)(size - cut), entry->d_name);
        each(arg, name);
    }
    closedir(folder_handle);
}

static char *read_stream(FILE *file, size_t most, size_t *size) {
    size_t used = 0, room = 65536;
    char *bytes = malloc(room);
    while (bytes) {
        used += fread(bytes + used, 1, room - 1 - used, file);
        if (ferror(file) || used > most) {
            int why = ferror(file) ? errno : EFBIG;
            free(bytes);
            errno = why;
            return NULL;
        }
        if (feof(file)) break;
        if (used < room - 1) continue;
        char *more = realloc(bytes, room *= 2);
        if (!more) free(bytes);
        bytes = more;
    }
    if (!bytes) return NULL;
    bytes[used] = '\0';
    *size = used;
    return bytes;
}

char *host_read_file(const char *path, size_t most, size_t *size) {
    if (strcmp(path, "-") == 0) return read_stream(stdin, most, size);
    struct stat facts;
    if (stat(path, &facts) != 0) return NULL;
    if (S_ISDIR(facts.st_mode)) {
        errno = EISDIR;
        return NULL;
    }
    FILE *file = fopen(path, "rb");
    if (!file) return NULL;
    char *bytes = read_stream(file, most, size);
    int why = errno;
    fclose(file);
    errno = why;
    return bytes;
}

static bool make_folders(const char *path) {
    char part[HOST_PATH];
    if (snprintf(part, sizeof part, "%s", path) >= (int)sizeof part) {
        errno = ENAMETOOLONG;
        return false;
    }
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(part, 0700) != 0 && errno != EEXIST) return false;
        *slash = '/';
    }
    return true;
}

static bool write_whole(int file, const char *bytes, size_t size) {
    while (size > 0) {
        ssize_t wrote = write(file, bytes, size);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0) return false;
        bytes += wrote;
        size -= (size_t)wrote;
    }
    return fsync(file) == 0;
}

bool host_replace_file(const char *path, const void *bytes, size_t size) {
    char fresh[HOST_PATH];
    struct stat there;
    if (stat(path, &there) == 0 && !S_ISREG(there.st_mode)) { /* /dev/null would be gone, for everybody */
        errno = EINVAL;
        return false;
    }
    if (!make_folders(path)) return false;
    /* The process's number keeps two watches from writing the same fresh file. */
    if (snprintf(fresh, sizeof fresh, "%s.%ld.new", path, (long)getpid()) >= (int)sizeof fresh) {
        errno = ENAMETOOLONG;
        return false;
    }
    int file = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) return false;
    bool done = write_whole(file, bytes, size);
    int why = errno;
    if (close(file) != 0 && done) {
        done = false;
        why = errno;
    }
    if (done && rename(fresh, path) == 0) return true;
    if (done) why = errno;
    unlink(fresh);
    errno = why;
    return false;
}

bool host_append_file(const char *path, const void *bytes, size_t size) {
    int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file < 0) return false;
    bool done = write_whole(file, bytes, size);
    int why = errno;
    if (close(file) != 0 && done) return false;
    errno = why;
    return done;
}

uint32_t host_random(void) {
    uint32_t bits = 0;
    if (getentropy(&bits, sizeof bits) != 0) bits = (uint32_t)getpid() * 2654435761u;
    return bits;
}

double host_jitter(void) { return (double)host_random() / 4294967296.0; }

const char *host_system(void) {
    static char name[32];
    struct utsname facts;
    if (!*name) snprintf(name, sizeof name, "%.20s", uname(&facts) == 0 ? facts.sysname : "unix");
    for (char *c = name; *c; c++)
        if (*c >= 'A' && *c <= 'Z') *c = (char)(*c + ('a' - 'A'));
    return name;
}

char *host_to_utf8(const char *encoding, const char *bytes, size_t size, size_t *out_size, size_t *at) {
    *at = 0;
    iconv_t converter = iconv_open("UTF-8", encoding);
    if (converter == (iconv_t)-1) {
        errno = EINVAL;
        return NULL;
    }
    if (size > (SIZE_MAX - 1) / 4) {
        iconv_close(converter);
        errno = EFBIG;
        return NULL;
    }
    size_t room = size * 4; /* no encoding's character of one byte takes more than four in UTF-8 */
    char *out = malloc(room + 1);
    char *from = malloc(size + 1); /* iconv's parameter is not const, though it does not write */
    if (out && from) {
        memcpy(from, bytes, size);
        char *read_at = from, *write_at = out;
        size_t left = size, free_room = room;
        if (iconv(converter, &read_at, &left, &write_at, &free_room) == (size_t)-1) {
            *at = (size_t)(read_at - from);
            free(out);
            out = NULL;
            errno = EILSEQ;
        } else {
            *out_size = room - free_room;
            out[*out_size] = '\0';
        }
    } else {
        free(out);
        out = NULL;
        errno = ENOMEM;
    }
    int why = errno;
    free(from);
    iconv_close(converter);
    errno = why;
    return out;
}

static void on_signal(int number) {
    int why = errno;
    caught = number;
    ssize_t ignored = write(caught_pipe[1], "", 1);
    (void)ignored; /* a full pipe says it already */
    errno = why;
}

void host_catch_signals(void) {
    if (caught_pipe[0] >= 0 || pipe(caught_pipe) != 0) return;
    for (int i = 0; i < 2; i++) {
        fcntl(caught_pipe[i], F_SETFL, O_NONBLOCK);
        fcntl(caught_pipe[i], F_SETFD, FD_CLOEXEC);
    }
    /* Reset: a second Ctrl-C ends even what does not look (a resolver that hangs). */
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL); /* the terminal's window was closed */
}

void host_mind_reader(void) { reader = STDOUT_FILENO; }
int host_reader_handle(void) { return reader; }

bool host_reader_gone(void) { return caught == SIGPIPE; }

int host_end_without_reader(void) {
    raise(SIGPIPE);
    return EPIPE;
}

int host_interrupted(void) {
    struct pollfd out = {.fd = reader};
    if (caught || reader < 0 || poll(&out, 1, 0) <= 0) return caught;
    reader = -1; /* closed from the start is POLLNVAL: what is printed fails, and no poll may spin on it */
    if (out.revents & (POLLERR | POLLHUP)) caught = SIGPIPE;
    return caught;
}
int host_interrupt_handle(void) { return caught_pipe[0]; }

bool host_wait_ms(uint64_t ms) {
    if (host_interrupted()) return false;
    struct pollfd wake[2] = {{.fd = caught_pipe[0], .events = POLLIN}, {.fd = reader}};
    poll(wake, 2, ms > INT_MAX ? INT_MAX : (int)ms); /* passes over -1 */
    return !host_interrupted();
}
