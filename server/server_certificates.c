#include "server_certificates.h"
#include "common/clock.h"
#include "common/log.h"
#include <sys/stat.h>

#define DAY_MS    86400000
#define WARN_DAYS 14

void certificates_init(struct certificates *c, struct metrics *registry) {
    c->days = (struct metric){.name = "liandong_certificate_days",
                              .help = "Days until the server's certificate expires.",
                              .type = METRIC_GAUGE};
    metrics_add(registry, &c->days);
}

static struct certificates_mark mark_of(const char *path) {
    struct stat at;
    if (!path || !*path || stat(path, &at) != 0) return (struct certificates_mark){0, 0, {0, 0}};
    return (struct certificates_mark){at.st_ino, at.st_size, at.st_mtim};
}

/* The mark first: what is replaced while it is read is seen at the next look. */
bool certificates_read(struct certificates_read *out, const struct server_settings *values,
                       const struct tls_context *used, struct tls_error *error) {
    struct tls_files files = {values->tls_certificate, values->tls_key, values->tls_ca, values->tls_crl};
    *out = (struct certificates_read){NULL, NULL, mark_of(values->tls_crl)};
    out->tls = tls_context_server(&files, error);
    if (!out->tls) return false;
    if (used && tls_context_is_behind(out->tls, used, error)) {
        certificates_release(out);
        return false;
    }
    if (!values->enrol_ca_certificate || !values->enrol_ca_certificate[0]) return true;
    out->authority = ca_open(values->enrol_ca_certificate, values->enrol_ca_key, error);
    if (out->authority && tls_context_enrols(out->tls, out->authority, error)) return true;
    certificates_release(out);
    return false;
}

void certificates_release(struct certificates_read *read) {
    ca_free(read->authority);
    tls_context_free(read->tls);
    read->authority = NULL;
    read->tls = NULL;
}

void certificates_take(struct certificates *c, const struct certificates_read *read, const char *file) {
    c->expiry = tls_context_expiry(read->tls);
    c->list = read->list;
    c->days.value = 0;
    certificates_look(c, file);
}

void certificates_look(struct certificates *c, const char *file) {
    int64_t days = (c->expiry - clock_now_ms()) / DAY_MS;
    bool fewer = days < c->days.value || c->days.value == 0;
    if (days < WARN_DAYS && fewer)
        log_event(LOG_WARN, "certificate.expires", log_int("days", days), log_str("file", file));
    c->days.value = days;
}

bool certificates_list_replaced(struct certificates *c, const char *file) {
    struct certificates_mark before = c->list, now = mark_of(file);
    c->list = now;
    return now.inode != before.inode || now.size != before.size || now.changed.tv_sec != before.changed.tv_sec ||
           now.changed.tv_nsec != before.changed.tv_nsec;
}
