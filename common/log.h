/* The log: one JSON object a line, one write(2) a line, to stderr or a file.
 * Floor 1 (common).
 *
 * Never holds message bodies: callers pass ids, codes, counts and durations. Every string is escaped (text_json),
 * cut at 512 bytes, and runs of 15 or 18 digits ending like an ID number and 11-digit mobile numbers are blotted out
 * here, so that a slip elsewhere does not leak. Logging never fails the caller: a line that can't be written is
 * counted. */
#ifndef LIANDONG_COMMON_LOG_H
#define LIANDONG_COMMON_LOG_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

struct log_field {
    const char *key; /* a literal; NULL: the field is skipped */
    enum { LOG_FIELD_STRING, LOG_FIELD_INTEGER, LOG_FIELD_BYTES } type;
    const char *string;
    int64_t integer;
    size_t size; /* of bytes, printed as hex */
};
static inline struct log_field log_str(const char *key, const char *v) {
    return (struct log_field){key, LOG_FIELD_STRING, v, 0, 0};
}
static inline struct log_field log_int(const char *key, int64_t v) {
    return (struct log_field){key, LOG_FIELD_INTEGER, NULL, v, 0};
}
static inline struct log_field log_bytes(const char *key, const void *v, size_t n) {
    return (struct log_field){key, LOG_FIELD_BYTES, (const char *)v, 0, n};
}

/* Opens or re-opens (for rotation) the log. path NULL or "-": stderr. False with errno set: the old one stays. */
bool log_open(const char *path);
void log_set_level(enum log_level level);
enum log_level log_get_level(void);
/* "debug" "info" "warn" "error" -> level. */
bool log_parse_level(enum log_level *level, const char *word);
const char *log_level_name(enum log_level level);
/* Every line from info up is also given to `tap`, without its newline, while log_emit runs: it must copy and may not
 * block. What it logs itself goes to the file only, and so do events named LOG_TAP_OWN*, which are about whoever hands
 * lines on: a fault of the handing on must not feed itself. NULL: nobody. */
#define LOG_TAP_OWN "operation."
void log_tap(void (*tap)(void *arg, const char *line, size_t size), void *arg);
/* Keeps lines that any stranger can cause from filling the disk: of those behind one gate at most LOG_GATE_LINES a
 * second are written. All zero to begin with. */
#define LOG_GATE_LINES 20u
struct log_gate {
    uint64_t window_at;
    unsigned lines;
    int64_t suppressed;
};
/* False: this line must not be written. Else *suppressed is a field that says how many were not before it, if any. */
bool log_gate_open(struct log_gate *g, uint64_t now_ms, struct log_field *suppressed);
/* Lines lost because the file could not take them. */
uint64_t log_lost(void);
/* {"ts":"…","level":"info","ev":"conn.open","conn":7,…}. Strings that are NULL are left out. */
void log_emit(enum log_level level, const char *event, const struct log_field *fields, size_t count);
/* log_event(LOG_INFO, "conn.open", log_int("conn", 7), log_str("office", code)); at least one field. */
#define log_event(level, event, ...)                                                                                   \
    log_emit((level), (event), (const struct log_field[]){__VA_ARGS__},                                                \
             sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field))
#endif
