#include "server_check.h"
#include "call/core.h"
#include "common/ca.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/seal_file.h"
#include "common/tls_context.h"
#include "db/migrate.h"
#include "server.h"
#include <libpq-fe.h>
#include <stdarg.h>
#include <string.h>
#include <uv.h>

#define DAY_MS   86400000
#define READY_MS 10000u /* for the core to connect and to prepare every statement */

struct check {
    const struct server_settings *values;
    int code; /* of the first failure */
};

static void __attribute__((format(printf, 4, 5)))
report(struct check *c, int code, const char *what, const char *format, ...) {
    va_list arguments;
    printf("%s  %s：", code == SERVER_OK ? "通过" : "失败", what);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
    if (c->code == SERVER_OK) c->code = code;
}

static void check_settings(struct check *c) {
    struct settings_error error;
    if (server_settings_judge(c->values, &error))
        report(c, SERVER_OK, "设置", "各项合用，监听 %s", c->values->listen);
    else
        report(c, SERVER_CONFIG, "设置", "%s", error.text);
}

static void check_certificates(struct check *c) {
    const struct server_settings *v = c->values;
    struct tls_files files = {v->tls_certificate, v->tls_key, v->tls_ca, v->tls_crl};
    struct tls_error error;
    struct tls_context *tls = tls_context_server(&files, &error);
    if (!tls) {
        report(c, SERVER_CONFIG, "证书", "%s", error.text);
        return;
    }
    char until[CLOCK_TEXT_SIZE];
    clock_print(until, tls_context_expiry(tls));
    report(c, SERVER_OK, "证书", "有效到 %s，还有 %lld 天", until,
           (long long)((tls_context_expiry(tls) - clock_now_ms()) / DAY_MS));
    if (v->enrol_ca_certificate && v->enrol_ca_certificate[0]) {
        struct ca *authority = ca_open(v->enrol_ca_certificate, v->enrol_ca_key, &error);
        if (authority && tls_context_enrols(tls, authority, &error)) {
            clock_print(until, ca_expiry(authority));
            report(c, SERVER_OK, "签发终端证书", "由本服务器签发，CA 有效到 %s", until);
        } else {
            report(c, SERVER_CONFIG, "签发终端证书", "%s", error.text);
        }
        ca_free(authority);
    }
    tls_context_free(tls);
}

static bool check_seal_keys(struct check *c) {
    char error[512];
    struct seal_keks keks;
    bool good = seal_keks_read(&keks, c->values->seal_key_file, error, sizeof error);
    if (good)
        report(c, SERVER_OK, "敏感字段的密钥", "%zu 个主密钥，新密钥由 %s 包裹", keks.count, keks.list[0].id);
    else
        report(c, SERVER_CONFIG, "敏感字段的密钥", "%s", error);
    seal_keks_forget(&keks);
    return good;
}

static bool check_database(struct check *c) {
    char why[512];
    PGconn *database = PQconnectdb(c->values->database);
    bool good = PQstatus(database) == CONNECTION_OK;
    snprintf(why, sizeof why, "%s", PQerrorMessage(database));
    why[strcspn(why, "\n")] = '\0';
    if (good)
        report(c, SERVER_OK, "数据库", "连上了 %s，角色 %s，PostgreSQL %d", PQdb(database), PQuser(database),
               PQserverVersion(database) / 10000);
    else
        report(c, SERVER_UNAVAILABLE, "数据库", "连不上（%s）。检查设置 database，以及数据库是否在运行", why);
    PQfinish(database);
    return good;
}

static bool check_schema(struct check *c) {
    struct migrate_report found;
    const char *owner = c->values->migrate_database[0] ? c->values->migrate_database : c->values->database;
    if (!migrate_run(owner, true, &found)) {
        report(c, SERVER_CONFIG, "数据库结构", "%s", found.error);
        return false;
    }
    if (found.applied_before < found.known) {
        report(c, SERVER_CONFIG, "数据库结构", "还缺 %u 个迁移：执行 liandongd migrate",
               found.known - found.applied_before);
        return false;
    }
    report(c, SERVER_OK, "数据库结构", "%u 个迁移都在", found.known);
    return true;
}

/* ---- the core's own judgement: durability settings, every request against its statement, the directory */

struct trial {
    struct check *check;
    uv_loop_t loop;
    uv_timer_t limit;
    struct core *core;
    bool told;
};
static void on_stopped(void *arg) { uv_close((uv_handle_t *)&((struct trial *)arg)->limit, NULL); }
static void tell(struct trial *t, int code, const char *text) {
    if (t->told) return;
    t->told = true;
    report(t->check, code, "落盘保证与请求定义", "%s", text);
    uv_timer_stop(&t->limit);
}
static void end_trial(uv_timer_t *timer) {
    struct trial *t = timer->data;
    core_stop(t->core, on_stopped, t);
}
static void on_ready(void *arg, bool ok, const char *why) {
    struct trial *t = arg;
    tell(t, ok ? SERVER_OK : SERVER_CONFIG, ok ? "数据库会真正落盘；每个请求都和它的 SQL 一致" : why);
    uv_timer_start(&t->limit, end_trial, 0, 0); /* not from within the core's own call */
}
static void on_limit(uv_timer_t *timer) {
    struct trial *t = timer->data;
    tell(t, SERVER_UNAVAILABLE, "10 秒内没有准备好，检查数据库是否可写、角色 liandong_app 是否有权（详见日志）");
    core_stop(t->core, on_stopped, t);
}

static void check_core(struct check *c) {
    const struct server_settings *v = c->values;
    static struct trial t;
    struct metrics metrics;
    struct core_options options = {.database = v->database,
                                   .node = "check",
                                   .readers = 1,
                                   .ring_bytes = 1u << 20,
                                   .heartbeat_ms = (uint64_t)v->heartbeat_ms,
                                   .silence_limit_ms = (uint64_t)v->silence_limit_ms,
                                   .connect_timeout_ms = (uint64_t)v->connect_timeout_ms,
                                   .queue_limit = (uint32_t)v->queue_limit,
                                   .seal_key_file = v->seal_key_file,
                                   .trial = true,
                                   .feed_keep_ms = v->feed_keep_ms};
    t.check = c;
    metrics_init(&metrics);
    if (uv_loop_init(&t.loop) != 0) {
        report(c, SERVER_SOFTWARE, "落盘保证与请求定义", "内存不足");
        return;
    }
    t.core = core_start(&t.loop, &options, &metrics);
    if (!t.core) {
        report(c, SERVER_CONFIG, "落盘保证与请求定义", "程序不能用这个数据库（详见日志 core.start）");
        return;
    }
    uv_timer_init(&t.loop, &t.limit);
    t.limit.data = &t;
    uv_timer_start(&t.limit, on_limit, READY_MS, 0);
    core_when_ready(t.core, on_ready, &t);
    uv_run(&t.loop, UV_RUN_DEFAULT);
    uv_loop_close(&t.loop);
}

int server_check(const struct server_settings *values) {
    struct check c = {.values = values};
    log_set_level(LOG_ERROR);
    check_settings(&c);
    check_certificates(&c);
    bool sealed = check_seal_keys(&c);
    if (check_database(&c) && check_schema(&c) && sealed) check_core(&c);
    puts(c.code == SERVER_OK ? "都通过了，可以 liandongd run" : "还不能启动：先处理上面“失败”的各项");
    return c.code;
}
