/* The server's settings: one table, from which the file's keys, LIANDONG_<KEY>, --<key>, --help and `check` come.
 * Composition floor. */
#ifndef LIANDONG_SERVER_SETTINGS_H
#define LIANDONG_SERVER_SETTINGS_H
#include "common/settings.h"

struct server_settings {
    char *listen, *database, *migrate_database;
    char *tls_certificate, *tls_key, *tls_ca, *tls_crl;
    char *seal_key_file, *audit_key;
    char *enrol_ca_certificate, *enrol_ca_key;
    char *metrics_listen, *log_file, *log_level, *node;
    int64_t readers, ring, queue_limit, feed_keep_ms, connect_timeout_ms;
    int64_t heartbeat_ms, silence_limit_ms, drain_ms;
    int64_t max_connections, max_handshakes, handshakes_per_address;
    bool reuse_port;
};

extern const struct setting server_settings_table[];
extern const size_t server_settings_count;

/* Default < file < environment < flags. `flags` are what stood behind the verb on the command line; among them
 * "--settings FILE" (else LIANDONG_SETTINGS, else SERVER_SETTINGS_FILE where it exists) names the file. Words that are
 * no flags are counted into *words and kept in order at the front of `flags`. `values` must be zeroed.
 * False with error->text; then `values` holds nothing. */
#define SERVER_SETTINGS_FILE "/etc/liandong/liandongd.ini"
bool server_settings_load(struct server_settings *values, int count, char **flags, char **environment, int *words,
                          struct settings_error *error);
/* What no single row can say: heartbeat against silence limit, addresses, all three files of TLS. */
bool server_settings_judge(const struct server_settings *values, struct settings_error *error);
/* What `run` serves by, at the start and at each reload: loaded, with no words among the flags, which stay as they are;
 * judged; the node named. False with error->text; then `values` holds nothing. */
bool server_settings_for_run(struct server_settings *values, int count, char *const *flags, char **environment,
                             struct settings_error *error);
/* Every flag with its default and meaning, for --help. */
void server_settings_help(FILE *out);
void server_settings_release(struct server_settings *values);
#endif
