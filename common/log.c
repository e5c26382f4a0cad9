#include "common/log.h"
#include "common/clock.h"
#include "common/text.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES    4096u /* PIPE_BUF: a line into a pipe stays one piece, also beside other processes */
#define STRING_MAX_BYTES  512u
#define BYTES_MAX         64u
#define TAIL              3u  /* room kept for "}\n" and the NUL */
#define NUMBER_MAX_DIGITS 20u /* longer than any number that is blotted out */

/* The one log of a process, like stderr itself: passing it through every floor would put it into every signature. */
static struct {
    int fd; /* -1: stderr */
    enum log_level level;
    bool torn; /* the last line is incomplete: the next one starts a new line first */
    uint64_t lost;
    void (*tap)(void *arg, const char *line, size_t size);
    void *tap_arg;
    bool tapping; /* inside tap */
} the_log = {.fd = -1, .level = LOG_INFO};

static const char *const level_names[] = {
    [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARN] = "warn", [LOG_ERROR] = "error"};

bool log_open(const char *path) {
    int fd = -1;
    if (path && strcmp(path, "-")) {
        fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);
        if (fd < 0) return false;
    }
    if (the_log.fd >= 0) close(the_log.fd);
    the_log.fd = fd;
    the_log.torn = false;
    return true;
}

void log_set_level(enum log_level level) { the_log.level = level; }
enum log_level log_get_level(void) { return the_log.level; }
const char *log_level_name(enum log_level level) { return level_names[level]; }
bool log_gate_open(struct log_gate *g, uint64_t now_ms, struct log_field *suppressed) {
    if (now_ms - g->window_at >= 1000) {
        g->window_at = now_ms;
        g->lines = 0;
    }
    if (g->lines >= LOG_GATE_LINES) {
        g->suppressed++;
        return false;
    }
    g->lines++;
    *suppressed = g->suppressed ? log_int("suppressed", g->suppressed) : (struct log_field){0};
    g->suppressed = 0;
    return true;
}

uint64_t log_lost(void) { return the_log.lost; }
void log_tap(void (*tap)(void *arg, const char *line, size_t size), void *arg) {
    the_log.tap = tap;
    the_log.tap_arg = arg;
}

bool log_parse_level(enum log_level *level, const char *word) {
    for (unsigned i = LOG_DEBUG; i <= LOG_ERROR; i++)
        if (!strcmp(word, level_names[i])) {
            *level = (enum log_level)i;
            return true;
        }
    return false;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* ID numbers (15 digits, 18 digits, 17 digits and X) and mobile numbers (1 and ten digits, maybe after 86). */
static bool is_private(const char *run, size_t digits, bool ends_with_x) {
    if (digits == 15 || digits == 18 || (digits == 17 && ends_with_x)) return true;
    if (digits == 13 && run[0] == '8' && run[1] == '6') return run[2] == '1' && run[3] >= '3';
    return digits == 11 && run[0] == '1' && run[1] >= '3';
}

static void blot_private_numbers(char *text, size_t size) {
    for (size_t i = 0; i < size;) {
        size_t digits = 0;
        while (i + digits < size && is_digit(text[i + digits])) digits++;
        size_t after = i + digits;
        bool x = digits && after < size && (text[after] == 'X' || text[after] == 'x');
        if (is_private(text + i, digits, x)) memset(text + i, '*', digits + (digits == 17));
        i = after + (digits == 0);
    }
}

struct line {
    char text[LINE_MAX_BYTES];
    size_t size;
    bool cut; /* a field did not fit */
};

/* Appends a piece of JSON, or nothing where it does not fit. */
static bool __attribute__((format(printf, 2, 3))) add(struct line *l, const char *format, ...) {
    va_list arguments;
    size_t room = sizeof l->text - TAIL - l->size;
    va_start(arguments, format);
    int size = vsnprintf(l->text + l->size, room, format, arguments);
    va_end(arguments);
    if (size < 0 || (size_t)size >= room) return false;
    l->size += (size_t)size;
    return true;
}

static bool add_string(struct line *l, const char *string) {
    char clean[STRING_MAX_BYTES + NUMBER_MAX_DIGITS], escaped[6 * STRING_MAX_BYTES + 1];
    /* Blotted before it is cut: a number that the cut would shorten must not escape by it. */
    size_t size = strnlen(string, sizeof clean);
    memcpy(clean, string, size);
    blot_private_numbers(clean, size);
    size = text_cut(clean, size, STRING_MAX_BYTES);
    text_json(escaped, sizeof escaped, clean, size);
    return add(l, "\"%s\"", escaped);
}

static bool add_value(struct line *l, const struct log_field *f) {
    if (f->type == LOG_FIELD_INTEGER) return add(l, "%" PRId64, f->integer);
    if (f->type == LOG_FIELD_STRING) return add_string(l, f->string);
    char hex[2 * BYTES_MAX + 1];
    text_hex(hex, f->string, f->size < BYTES_MAX ? f->size : BYTES_MAX);
    return add(l, "\"%s\"", hex);
}

static void add_field(struct line *l, const struct log_field *f) {
    if (!f->key || (f->type != LOG_FIELD_INTEGER && !f->string)) return;
    size_t before = l->size;
    if (add(l, ",\"%s\":", f->key) && add_value(l, f)) return;
    l->size = before;
    l->cut = true;
}

static void write_line(struct line *l) {
    int fd = the_log.fd >= 0 ? the_log.fd : STDERR_FILENO;
    int saved = errno;
    ssize_t written;
    if (the_log.torn && write(fd, "\n", 1) == 1) the_log.torn = false;
    do written = write(fd, l->text, l->size);
    while (written < 0 && errno == EINTR);
    if (written != (ssize_t)l->size) {
        the_log.lost++;
        the_log.torn = the_log.torn || written > 0;
    }
    errno = saved;
}

static void tap_line(enum log_level level, const char *event, const struct line *l) {
    if (!the_log.tap || the_log.tapping || level < LOG_INFO || strncmp(event, LOG_TAP_OWN, strlen(LOG_TAP_OWN)) == 0)
        return;
    the_log.tapping = true;
    the_log.tap(the_log.tap_arg, l->text, l->size - 1);
    the_log.tapping = false;
}

void log_emit(enum log_level level, const char *event, const struct log_field *fields, size_t count) {
    if (level < the_log.level) return;
    struct line line; /* not zeroed: only `size` bytes of it are ever read */
    line.size = 0;
    line.cut = false;
    char at[CLOCK_TEXT_SIZE];
    clock_print_utc(at, clock_now_ms());
    add(&line, "{\"ts\":\"%s\",\"level\":\"%s\",\"ev\":", at, level_names[level]);
    add_string(&line, event);
    for (size_t i = 0; i < count; i++) add_field(&line, &fields[i]);
    if (line.cut) add_field(&line, &(struct log_field){"cut", LOG_FIELD_INTEGER, NULL, 1, 0});
    line.text[line.size++] = '}';
    line.text[line.size++] = '\n';
    write_line(&line);
    tap_line(level, event, &line);
}
