#include "server.h"
#include "call/core.h"
#include "common/ca.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/seal_file.h"
#include "net/http.h"
#include "net/hub.h"
#include "net/listener.h"
#include "server_certificates.h"
#include "server_process.h"
#include "server_settings.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DESCRIPTORS_KEPT  64u /* for database, log, metrics, certificates being re-read */
#define GO_AWAY_AFTER_MS  0u
#define GO_AWAY_JITTER_MS 3000u  /* clients of a stopped server come back spread over this */
#define DRAIN_STEP_MS     50u    /* between looks for connections that became quiet */
#define REVOKED_MS        1000u  /* between looks whether tls_crl was replaced: revoked devices are out within 5 s */
#define HOUSE_MS          60000u /* between looks at the certificate's age */

enum server_state { SERVER_STARTING, SERVER_SERVING, SERVER_DRAINING, SERVER_STOPPING };
static const int signal_numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};
#define SIGNALS (sizeof signal_numbers / sizeof *signal_numbers)

struct server {
    uv_loop_t loop;
    enum server_state state;
    int code;
    struct server_settings settings;
    int flags_count;
    char **flags, **environment;
    size_t descriptors;

    struct metrics metrics;
    struct process_metrics process;
    struct certificates certificates;

    struct core *core;
    struct hub hub;
    struct listener listeners[ADDRESS_LIST_MAX];
    size_t listeners_count;
    struct http http;
    uv_signal_t signals[SIGNALS];
    uv_timer_t drain, house, look, watchdog;
    uint64_t drain_until;
};

/* ---- settings and what is made of them */

static bool load_settings(const struct server *s, struct server_settings *values, struct settings_error *error) {
    return server_settings_for_run(values, s->flags_count, s->flags, s->environment, error);
}

/* Without it nothing could be read or written: told before anything else begins. */
static bool try_seal_keys(const struct server_settings *values, char *error, size_t room) {
    struct seal_keks keks;
    bool good = seal_keks_read(&keks, values->seal_key_file, error, room);
    seal_keks_forget(&keks);
    return good;
}

static struct hub_limits limits_of(const struct server *s, const struct server_settings *values) {
    size_t room = s->descriptors > 2 * DESCRIPTORS_KEPT ? s->descriptors - DESCRIPTORS_KEPT : s->descriptors / 2;
    size_t wanted = (size_t)values->max_connections;
    return (struct hub_limits){wanted < room ? wanted : room, (size_t)values->max_handshakes,
                               (size_t)values->handshakes_per_address, (uint64_t)values->heartbeat_ms,
                               (uint64_t)values->silence_limit_ms};
}

static void reopen_log(const struct server *s) {
    if (!log_open(s->settings.log_file))
        log_event(LOG_ERROR, "log.reopen_failed", log_str("file", s->settings.log_file));
}

static void apply_log(const struct server_settings *values) {
    enum log_level level = LOG_INFO;
    log_parse_level(&level, values->log_level);
    log_set_level(level);
}

/* What an administrator set stays where the setting is the old one. */
static bool is_same_level(const struct server_settings *a, const struct server_settings *b) {
    return strcmp(a->log_level, b->log_level) == 0;
}

static bool has_text(const char *text) { return text && *text; }

static void take_certificates(struct server *s, const struct certificates_read *fresh) {
    hub_set_tls(&s->hub, fresh->tls);
    core_set_authority(s->core, fresh->authority);
    certificates_take(&s->certificates, fresh, s->settings.tls_certificate);
}

/* A new revocation list counts without anybody's word, and with it the certificates as they stand now; what is not
 * whole is told once and changes nothing. */
static void look_at_revoked(struct server *s) {
    struct certificates_read fresh;
    struct tls_error error;
    if (s->state > SERVER_SERVING || !certificates_list_replaced(&s->certificates, s->settings.tls_crl)) return;
    if (!certificates_read(&fresh, &s->settings, s->hub.tls, &error)) {
        log_event(LOG_ERROR, "reload.refused", log_str("reason", error.text));
        return;
    }
    take_certificates(s, &fresh);
    log_event(LOG_INFO, "revocation_list.read", log_str("file", s->settings.tls_crl));
}

/* Everything is made ready beside what is in use; only when nothing can fail any more it takes its place. */
static void reload(struct server *s) {
    struct server_settings fresh;
    struct settings_error error;
    struct tls_error tls_error;
    char fixed[256];
    if (s->state > SERVER_SERVING) return;
    process_notify("RELOADING=1");
    reopen_log(s); /* whatever becomes of the rest: the old file may be on its way to be packed away */
    if (!load_settings(s, &fresh, &error)) {
        log_event(LOG_ERROR, "reload.refused", log_str("reason", error.text));
        goto kept;
    }
    settings_fixed_changes(server_settings_table, server_settings_count, &s->settings, &fresh, fixed, sizeof fixed);
    if (fixed[0]) {
        log_event(LOG_ERROR, "reload.refused", log_str("reason", "这些设置要重启才生效，其他改动也没有采用"),
                  log_str("settings", fixed));
        goto refused;
    }
    if (has_text(s->settings.tls_crl) && !has_text(fresh.tls_crl)) { /* a cut file must open nothing */
        log_event(LOG_ERROR, "reload.refused",
                  log_str("reason", "设置里没有了 tls_crl：吊销列表不能在运行中去掉，确要去掉请重启服务器"));
        goto refused;
    }
    struct certificates_read read;
    if (!certificates_read(&read, &fresh, s->hub.tls, &tls_error)) {
        log_event(LOG_ERROR, "reload.refused", log_str("reason", tls_error.text));
        goto refused;
    }
    if (!log_open(fresh.log_file)) {
        log_event(LOG_ERROR, "reload.refused", log_str("reason", "日志文件打不开"), log_str("file", fresh.log_file));
        certificates_release(&read);
        goto refused;
    }
    if (!is_same_level(&s->settings, &fresh)) apply_log(&fresh);
    server_settings_release(&s->settings);
    s->settings = fresh;
    struct hub_limits limits = limits_of(s, &fresh);
    hub_set_limits(&s->hub, &limits);
    take_certificates(s, &read);
    log_event(LOG_INFO, "reload.done", log_int("certificate_days", s->certificates.days.value));
    goto kept;
refused:
    server_settings_release(&fresh);
kept:
    process_notify("READY=1");
}

/* ---- the end */

static void close_handle(uv_handle_t *handle) {
    if (!uv_is_closing(handle)) uv_close(handle, NULL);
}
static void on_hub_stopped(void *arg) {
    struct server *s = arg;
    for (size_t i = 0; i < SIGNALS; i++) close_handle((uv_handle_t *)&s->signals[i]);
    close_handle((uv_handle_t *)&s->drain);
    close_handle((uv_handle_t *)&s->house);
    close_handle((uv_handle_t *)&s->look);
    close_handle((uv_handle_t *)&s->watchdog);
    http_stop(&s->http);
}
static void on_core_stopped(void *arg) {
    struct server *s = arg;
    s->core = NULL;
    hub_stop(&s->hub, on_hub_stopped, s);
}
static void stop_when_empty(struct server *s) {
    if (s->state != SERVER_STOPPING || !s->core || hub_connections(&s->hub) > 0) return;
    struct core *core = s->core;
    s->core = NULL;
    core_stop(core, on_core_stopped, s);
}

static void on_conn_freed(void *arg) {
    struct server *s = arg;
    if (s->state == SERVER_SERVING)
        for (size_t i = 0; i < s->listeners_count; i++) listener_go_on(&s->listeners[i]);
    stop_when_empty(s);
}

static void stop_listening(struct server *s) {
    for (size_t i = 0; i < s->listeners_count; i++) listener_stop(&s->listeners[i]);
}

static void stop_now(struct server *s, int code) {
    if (s->state == SERVER_STOPPING) return;
    s->state = SERVER_STOPPING;
    s->code = code;
    log_event(LOG_INFO, "server.stop", log_int("connections", (int64_t)hub_connections(&s->hub)),
              log_int("code", code));
    uv_timer_stop(&s->drain);
    stop_listening(s);
    hub_close_all(&s->hub, "STOPPED");
    stop_when_empty(s);
}

static void on_drain(uv_timer_t *timer) {
    struct server *s = timer->data;
    hub_close_quiet(&s->hub, "DRAINING");
    bool empty = hub_connections(&s->hub) == 0 && core_quiet(s->core);
    if (empty || uv_now(&s->loop) >= s->drain_until) stop_now(s, SERVER_OK);
}

static void drain(struct server *s) {
    if (s->state != SERVER_SERVING) {
        stop_now(s, SERVER_OK);
        return;
    }
    s->state = SERVER_DRAINING;
    process_notify("STOPPING=1");
    log_event(LOG_INFO, "server.drain", log_int("connections", (int64_t)hub_connections(&s->hub)),
              log_int("limit_ms", s->settings.drain_ms));
    stop_listening(s);
    core_drain(s->core);
    hub_go_away(&s->hub, "DRAINING", GO_AWAY_AFTER_MS, GO_AWAY_JITTER_MS);
    s->drain_until = uv_now(&s->loop) + (uint64_t)s->settings.drain_ms;
    uv_timer_start(&s->drain, on_drain, DRAIN_STEP_MS, DRAIN_STEP_MS);
}

/* ---- signals, pages, chores */

static void on_signal(uv_signal_t *handle, int number) {
    struct server *s = handle->data;
    log_event(LOG_INFO, "server.signal", log_int("signal", number));
    if (number == SIGHUP)
        reload(s);
    else if (number == SIGUSR1)
        reopen_log(s);
    else
        drain(s);
}

static bool print_metrics(void *arg, struct buffer *page) {
    struct server *s = arg;
    process_metrics_update(&s->process);
    return metrics_print(&s->metrics, page);
}
static int64_t certificate_expiry(void *arg) { return ((struct server *)arg)->certificates.expiry; }
static void on_drain_ordered(void *arg) {
    struct server *s = arg;
    if (s->state == SERVER_SERVING) drain(s);
}

static int put_text(struct buffer *page, int status, const char *text) {
    return buffer_put(page, text, strlen(text)) && buffer_put(page, "\n", 1) ? status : 503;
}
/* /livez: the loop turns. /healthz: and it can serve. /readyz: and it wants to. */
static int answer_http(void *arg, const char *path, struct buffer *page) {
    struct server *s = arg;
    const char *why = "stopping";
    if (strcmp(path, "/livez") == 0) return put_text(page, 200, "ok");
    if (strcmp(path, "/metrics") == 0) return print_metrics(s, page) ? 200 : 503;
    bool healthy = s->core && core_healthy(s->core, &why);
    if (strcmp(path, "/healthz") == 0) return healthy ? put_text(page, 200, "ok") : put_text(page, 503, why);
    if (strcmp(path, "/readyz") != 0) return 404;
    if (s->state == SERVER_SERVING && healthy) return put_text(page, 200, "ok");
    return put_text(page, 503, s->state == SERVER_DRAINING ? "draining" : why);
}

static void on_house(uv_timer_t *timer) {
    struct server *s = timer->data;
    certificates_look(&s->certificates, s->settings.tls_certificate);
}
static void on_revoked(uv_timer_t *timer) { look_at_revoked(timer->data); }
static void on_watchdog(uv_timer_t *timer) {
    (void)timer;
    process_notify("WATCHDOG=1");
}

/* ---- the beginning */

static void say_ready(struct server *s) {
    char text[ADDRESS_TEXT_SIZE];
    printf("联动服务已就绪：监听");
    for (size_t i = 0; i < s->listeners_count; i++) {
        address_print(text, &s->listeners[i].address);
        printf("%s%s", i ? "、" : " ", text);
        log_event(LOG_INFO, "server.ready", log_str("listen", text), log_str("node", s->settings.node),
                  log_int("pid", getpid()));
    }
    if (s->settings.metrics_listen[0]) {
        address_print(text, &s->http.address);
        printf("；指标 http://%s/metrics", text);
    }
    printf("；日志 %s\n", strcmp(s->settings.log_file, "-") == 0 ? "标准错误" : s->settings.log_file);
    fflush(stdout);
    process_notify("READY=1");
}

static void on_core_ready(void *arg, bool ok, const char *why) {
    struct server *s = arg;
    struct address_error error;
    if (s->state != SERVER_STARTING) return;
    if (!ok) {
        fprintf(stderr, "不能启动：%s\n", why);
        log_event(LOG_ERROR, "server.refused", log_str("reason", why));
        stop_now(s, SERVER_CONFIG);
        return;
    }
    s->state = SERVER_SERVING;
    for (size_t i = 0; i < s->listeners_count; i++)
        if (!listener_serve(&s->listeners[i], &s->hub, &error)) {
            fprintf(stderr, "不能启动：%s\n", error.text);
            stop_now(s, SERVER_CONFIG);
            return;
        }
    say_ready(s);
}

/* Sockets before anything that takes long, so that a port in use is told at once. */
static bool bind_all(struct server *s, struct address_error *error) {
    struct address list[ADDRESS_LIST_MAX], metrics_address;
    size_t count = 0;
    if (!address_parse_list(list, &count, s->settings.listen, error)) return false;
    for (size_t i = 0; i < count; i++) {
        if (!listener_bind(&s->listeners[i], &list[i], s->settings.reuse_port, error)) return false;
        s->listeners_count++;
    }
    const char *at = s->settings.metrics_listen;
    if (!at[0]) return true;
    return address_parse(&metrics_address, at, strlen(at), error) &&
           http_start(&s->http, &s->loop, &metrics_address, answer_http, s, error);
}

static void start_handles(struct server *s) {
    uint64_t watchdog = process_watchdog_ms();
    for (size_t i = 0; i < SIGNALS; i++) {
        s->signals[i].data = s;
        uv_signal_init(&s->loop, &s->signals[i]);
        uv_signal_start(&s->signals[i], on_signal, signal_numbers[i]);
    }
    uv_timer_init(&s->loop, &s->drain);
    uv_timer_init(&s->loop, &s->house);
    uv_timer_init(&s->loop, &s->look);
    uv_timer_init(&s->loop, &s->watchdog);
    s->drain.data = s->house.data = s->look.data = s->watchdog.data = s;
    uv_timer_start(&s->house, on_house, HOUSE_MS, HOUSE_MS);
    uv_timer_start(&s->look, on_revoked, REVOKED_MS, REVOKED_MS);
    if (watchdog > 0) uv_timer_start(&s->watchdog, on_watchdog, watchdog, watchdog);
}

static int refuse(const char *why, int code) {
    fprintf(stderr, "不能启动：%s\n", why);
    log_event(LOG_ERROR, "server.refused", log_str("reason", why));
    return code;
}

static int start_core(struct server *s, struct tls_context *tls, struct ca *authority) {
    const struct server_settings *v = &s->settings;
    struct core_options options = {.database = v->database,
                                   .node = v->node,
                                   .readers = (unsigned)v->readers,
                                   .ring_bytes = (size_t)v->ring,
                                   .heartbeat_ms = (uint64_t)v->heartbeat_ms,
                                   .silence_limit_ms = (uint64_t)v->silence_limit_ms,
                                   .connect_timeout_ms = (uint64_t)v->connect_timeout_ms,
                                   .queue_limit = (uint32_t)v->queue_limit,
                                   .seal_key_file = v->seal_key_file,
                                   .audit_key = v->audit_key,
                                   .feed_keep_ms = v->feed_keep_ms,
                                   .host = {s, print_metrics, certificate_expiry, on_drain_ordered}};
    struct hub_limits limits = limits_of(s, v);
    s->core = core_start(&s->loop, &options, &s->metrics);
    if (!s->core) {
        ca_free(authority);
        return refuse("数据库连接串不对，或内存不足（详见日志 core.start）", SERVER_CONFIG);
    }
    core_set_authority(s->core, authority);
    if (!hub_start(&s->hub, &s->loop, s->core, tls, &limits, &s->metrics)) return refuse("内存不足", SERVER_SOFTWARE);
    s->hub.freed = on_conn_freed;
    s->hub.freed_arg = s;
    if (limits.max_connections < (size_t)v->max_connections)
        log_event(LOG_WARN, "process.descriptors", log_int("limit", (int64_t)s->descriptors),
                  log_int("max_connections", (int64_t)limits.max_connections),
                  log_str("hint", "raise the limit of open files (ulimit -n, LimitNOFILE=)"));
    core_when_ready(s->core, on_core_ready, s);
    return SERVER_OK;
}

static int start(struct server *s) {
    struct settings_error error;
    struct tls_error tls_error;
    struct address_error address_error;
    if (!load_settings(s, &s->settings, &error)) {
        fprintf(stderr, "设置有误：%s\n", error.text);
        return SERVER_CONFIG;
    }
    apply_log(&s->settings);
    if (!log_open(s->settings.log_file))
        return refuse("打不开日志文件（设置 log_file）：检查目录和权限", SERVER_CONFIG);
    signal(SIGPIPE, SIG_IGN);
    s->descriptors = process_limit();
    struct certificates_read read;
    char seal_error[512];
    if (!try_seal_keys(&s->settings, seal_error, sizeof seal_error)) return refuse(seal_error, SERVER_CONFIG);
    if (!certificates_read(&read, &s->settings, NULL, &tls_error)) return refuse(tls_error.text, SERVER_CONFIG);
    certificates_take(&s->certificates, &read, s->settings.tls_certificate);
    log_event(LOG_INFO, "server.start", log_str("version", LIANDONG_VERSION), log_str("node", s->settings.node),
              log_int("pid", getpid()));
    if (!bind_all(s, &address_error)) {
        certificates_release(&read);
        return refuse(address_error.text, SERVER_CONFIG);
    }
    int code = start_core(s, read.tls, read.authority);
    if (code == SERVER_OK) start_handles(s);
    return code;
}

int server_run(int count, char **flags, char **environment) {
    static struct server server; /* one a process: large, and its handles must outlive every callback */
    struct server *s = &server;
    s->flags_count = count;
    s->flags = flags;
    s->environment = environment;
    if (uv_loop_init(&s->loop) != 0) return SERVER_SOFTWARE;
    uv_loop_configure(&s->loop, UV_METRICS_IDLE_TIME);
    metrics_init(&s->metrics);
    process_metrics_init(&s->process, &s->metrics);
    certificates_init(&s->certificates, &s->metrics);
    s->code = start(s);
    if (s->code != SERVER_OK) {
        stop_listening(s);
        http_stop(&s->http);
        if (!s->core) uv_run(&s->loop, UV_RUN_DEFAULT);
    } else {
        uv_run(&s->loop, UV_RUN_DEFAULT);
    }
    if (s->hub.loop) log_event(LOG_INFO, "server.stopped", log_int("code", s->code));
    if (uv_loop_close(&s->loop) != 0 && !s->core) log_event(LOG_WARN, "server.loop_busy", log_int("code", s->code));
    http_free(&s->http);
    server_settings_release(&s->settings);
    return s->code;
}
