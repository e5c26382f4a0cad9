#include "server_settings.h"
#include "common/errno_text.h"
#include "net/address.h"
#include <errno.h>
#include <libgen.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define AT(member) offsetof(struct server_settings, member)
#define KIB        INT64_C(1024)
#define MIB        (1024 * KIB)
#define SECOND     INT64_C(1000)
#define DAY        (86400 * SECOND)

const struct setting server_settings_table[] = {
    {"listen", SETTING_STRING, AT(listen), "127.0.0.1:7443", 1, 1024, NULL, false, false,
     "接受终端连接的地址，形如 10.0.0.5:7443 或 [::]:7443，多个用逗号隔开；端口 0 由系统分配"},
    {"reuse_port", SETTING_BOOLEAN, AT(reuse_port), "off", 0, 0, NULL, false, false,
     "允许同一台机器上几个进程共用一个端口，由内核分配连接"},
    {"database", SETTING_STRING, AT(database), "host=/run/postgresql dbname=liandong user=liandong_app", 1, 4096, NULL,
     false, false,
     "PostgreSQL 的连接串或 URL，用运行角色登录；可写多台主机，务必加 target_session_attrs=read-write；密码放在 "
     "passfile 里"},
    {"migrate_database", SETTING_STRING, AT(migrate_database), NULL, 0, 4096, NULL, false, false,
     "migrate 和 directory 用的连接串，用属主角色登录；空着就用 database"},
    {"connect_timeout", SETTING_DURATION, AT(connect_timeout_ms), "3s", 100, 60 * SECOND, NULL, false, false,
     "连一台数据库主机最多等多久，超过就换下一台"},
    {"readers", SETTING_INTEGER, AT(readers), "4", 1, 16, NULL, false, false, "读数据库的连接数"},
    {"queue_limit", SETTING_INTEGER, AT(queue_limit), "10000", 1, 1000000, NULL, false, false,
     "排队等待提交的写请求上限，超过的请求得到“稍后再试”"},
    {"ring", SETTING_SIZE, AT(ring), "64MiB", MIB, 16 * KIB *MIB, NULL, false, false,
     "内存里保留多少最近的动态；落后得更多的终端从数据库补"},
    {"feed_keep", SETTING_DURATION, AT(feed_keep_ms), "30d", SECOND, 3650 * DAY, NULL, false, false,
     "动态可以回放多久；更早的终端会收到快照"},
    {"heartbeat", SETTING_DURATION, AT(heartbeat_ms), "15s", 100, 600 * SECOND, NULL, false, false,
     "这么久没有发过东西，就向终端发一次心跳"},
    {"silence_limit", SETTING_DURATION, AT(silence_limit_ms), "45s", 200, 3600 * SECOND, NULL, false, false,
     "终端这么久没有声音，就断开它；至少是 heartbeat 的两倍"},
    {"drain", SETTING_DURATION, AT(drain_ms), "30s", 0, 600 * SECOND, NULL, true, false,
     "停止时最多等多久，让在途的请求做完"},
    {"max_connections", SETTING_INTEGER, AT(max_connections), "20000", 1, 1000000, NULL, true, false,
     "同时连接的终端上限；还受进程可打开文件数的限制"},
    {"max_handshakes", SETTING_INTEGER, AT(max_handshakes), "512", 1, 100000, NULL, true, false,
     "同时握手（还没有验明证书）的连接上限，多出来的在内核里排队"},
    {"handshakes_per_address", SETTING_INTEGER, AT(handshakes_per_address), "64", 1, 100000, NULL, true, false,
     "同一个地址上拖着不完成的握手最多这么多，再来就断开最老的"},
    {"tls_certificate", SETTING_STRING, AT(tls_certificate), NULL, 0, 4096, NULL, true, false,
     "服务器证书（PEM，含中间证书）"},
    {"tls_key", SETTING_STRING, AT(tls_key), NULL, 0, 4096, NULL, true, false, "服务器私钥（PEM，权限 0600）"},
    {"tls_ca", SETTING_STRING, AT(tls_ca), NULL, 0, 4096, NULL, true, false, "签发终端证书的 CA（PEM），只信它"},
    {"tls_crl", SETTING_STRING, AT(tls_crl), NULL, 0, 4096, NULL, true, false,
     "吊销列表（PEM）；空着就只靠单位与终端名册里的 revoked"},
    {"seal_key_file", SETTING_STRING, AT(seal_key_file), NULL, 0, 4096, NULL, false, false,
     "敏感字段的密钥文件（权限 0600，不要放在数据库所在的机器上；所有节点用同一份），由 liandongd seal-key 文件 生成"},
    {"audit_key", SETTING_STRING, AT(audit_key), NULL, 0, 4096, NULL, false, false,
     "给动态和审计的链头签名的 Ed25519 私钥（PEM，权限 0600，不要放在数据库所在的机器上；所有节点用同一份），由 "
     "liandongd audit-key 文件 "
     "生成；空着就不签名，日志里会反复提醒"},
    {"enrol_ca_certificate", SETTING_STRING, AT(enrol_ca_certificate), NULL, 0, 4096, NULL, true, false,
     "本服务器自己签发终端证书用的 CA 证书（PEM），须与签发服务器证书的相同，并写在 tls_ca 里；空着就由外部 CA 签发"},
    {"enrol_ca_key", SETTING_STRING, AT(enrol_ca_key), NULL, 0, 4096, NULL, true, false, "它的私钥（PEM，权限 0600）"},
    {"metrics_listen", SETTING_STRING, AT(metrics_listen), "127.0.0.1:9743", 0, 128, NULL, false, false,
     "/metrics、/healthz、/readyz 的地址，只能是本机回环地址；空着就不开"},
    {"log_file", SETTING_STRING, AT(log_file), "-", 1, 4096, NULL, true, false, "日志文件；- 是标准错误"},
    {"log_level", SETTING_CHOICE, AT(log_level), "info", 0, 0, "debug info warn error", true, false,
     "写进日志的最低级别"},
    {"node", SETTING_STRING, AT(node), NULL, 0, 63, NULL, false, false,
     "本进程的名字，出现在日志和 pg_stat_activity 里；空着用主机名"},
};
const size_t server_settings_count = sizeof server_settings_table / sizeof *server_settings_table;

/* Names of the environment that belong to the client, the scripts or to us outside the table: a shell prepared for a
 * client must be able to start a server. */
static const char *const foreign_names[] = {"LIANDONG_SETTINGS",  "LIANDONG_SERVER",  "LIANDONG_CA",
                                            "LIANDONG_CERT",      "LIANDONG_KEY",     "LIANDONG_PROFILE",
                                            "LIANDONG_LANG",      "LIANDONG_TIMEOUT", "LIANDONG_OUTPUT",
                                            "LIANDONG_LOCALEDIR", "LIANDONG_BUILD",   NULL};

/* Finds --settings in the flags and blanks it out for the pass over the others. */
static const char *settings_path(int count, char **flags, const char **source, struct settings_error *error) {
    const char *path = NULL;
    for (int i = 0; i < count; i++) {
        if (!flags[i]) continue;
        if (strcmp(flags[i], "--settings") == 0) {
            if (i + 1 >= count || !flags[i + 1]) {
                snprintf(error->text, sizeof error->text,
                         "--settings 后面缺少文件名：写成 --settings /etc/liandong/liandongd.ini");
                return NULL;
            }
            flags[i] = NULL;
            path = flags[i + 1];
            flags[++i] = NULL;
        } else if (strncmp(flags[i], "--settings=", 11) == 0) {
            path = flags[i] + 11;
            flags[i] = NULL;
        }
    }
    *source = path ? "--settings" : "LIANDONG_SETTINGS";
    if (!path) path = getenv("LIANDONG_SETTINGS");
    if (!path && access(SERVER_SETTINGS_FILE, F_OK) == 0) path = SERVER_SETTINGS_FILE;
    return path;
}

static bool read_flags(struct server_settings *values, int count, char **flags, int *words,
                       struct settings_error *error) {
    *words = 0;
    for (int i = 0; i < count; i++) {
        if (!flags[i]) continue;
        if (strncmp(flags[i], "--", 2) != 0) {
            flags[(*words)++] = flags[i];
            continue;
        }
        bool used_next = false;
        const char *next = i + 1 < count ? flags[i + 1] : NULL;
        if (!settings_read_flag(server_settings_table, server_settings_count, values, flags[i], next, &used_next,
                                error)) {
            if (!error->text[0])
                snprintf(error->text, sizeof error->text, "不认识的参数 %.200s：liandongd help 列出全部参数", flags[i]);
            return false;
        }
        i += used_next;
    }
    return true;
}

bool server_settings_load(struct server_settings *values, int count, char **flags, char **environment, int *words,
                          struct settings_error *error) {
    const char *source = NULL;
    error->text[0] = '\0';
    *words = 0;
    if (!settings_defaults(server_settings_table, server_settings_count, values, error)) goto failed;
    const char *path = settings_path(count, flags, &source, error);
    if (error->text[0]) goto failed;
    if (path && !settings_read_file(server_settings_table, server_settings_count, values, path, error)) goto failed;
    if (!settings_read_environment(server_settings_table, server_settings_count, values, environment, foreign_names,
                                   error))
        goto failed;
    if (!read_flags(values, count, flags, words, error)) goto failed;
    return true;
failed:
    server_settings_release(values);
    return false;
}

/* The first keyword that libpq does not know; "" where there is none before a password: what follows one that is not
 * quoted can be a part of it. */
static void unknown_keyword(const char *text, char *out, size_t room) {
    PQconninfoOption *known = PQconndefaults();
    out[0] = '\0';
    while (known && *(text += strspn(text, " \t\n"))) {
        size_t size = strspn(text, "abcdefghijklmnopqrstuvwxyz_");
        const PQconninfoOption *row = known;
        while (row->keyword && (strlen(row->keyword) != size || strncmp(row->keyword, text, size) != 0)) row++;
        if (size == 0 || text[size] != '=' || strncmp(text, "password=", size + 1) == 0) break;
        if (!row->keyword) {
            snprintf(out, room, "%.*s", (int)size, text);
            break;
        }
        text += size + 1;
        text += *text == '\'' ? strcspn(text + 1, "'") + 1 : strcspn(text, " \t\n");
        text += *text == '\'';
    }
    PQconninfoFree(known);
}

/* libpq's own words are left out: they can quote a password. */
static bool judge_conninfo(const char *key, const char *text, struct settings_error *error) {
    char *message = NULL;
    PQconninfoOption *options = PQconninfoParse(text, &message);
    PQfreemem(message);
    PQconninfoFree(options);
    if (options) return true;
    char unknown[64];
    unknown_keyword(text, unknown, sizeof unknown);
    snprintf(error->text, sizeof error->text,
             "%s 不是 PostgreSQL 的连接串%s%s%s：写成 host=/run/postgresql dbname=liandong user=liandong_app，或 "
             "postgresql:// 开头的 URL",
             key, unknown[0] ? "（没有叫 " : "", unknown, unknown[0] ? " 的参数）" : "");
    return false;
}

/* Without making the file: a check leaves nothing behind. */
static bool judge_log_file(const char *path, struct settings_error *error) {
    if (strcmp(path, "-") == 0 || access(path, W_OK) == 0) return true;
    char copy[4097];
    snprintf(copy, sizeof copy, "%s", path); /* the table allows no longer one */
    if (errno == ENOENT && access(dirname(copy), W_OK | X_OK) == 0) return true;
    snprintf(error->text, sizeof error->text, "log_file：%.200s 写不了（%s）。先建好目录并给运行用户写权限，或写成 -",
             path, errno_text(errno));
    return false;
}

bool server_settings_judge(const struct server_settings *values, struct settings_error *error) {
    const struct {
        const char *key, *value, *what;
    } needed[] = {
        {"tls_certificate", values->tls_certificate, "服务器证书"},
        {"tls_key", values->tls_key, "服务器私钥"},
        {"tls_ca", values->tls_ca, "签发终端证书的 CA"},
    };
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (!needed[i].value || !needed[i].value[0]) {
            snprintf(error->text, sizeof error->text, "没有设置 %s（%s）：在设置文件里写上 PEM 文件的路径",
                     needed[i].key, needed[i].what);
            return false;
        }
    if (!values->seal_key_file || !values->seal_key_file[0]) {
        snprintf(error->text, sizeof error->text,
                 "没有设置 seal_key_file（敏感字段的密钥文件）：用 liandongd seal-key 文件 "
                 "生成一个，再在设置文件里写上它的路径");
        return false;
    }
    bool has_certificate = values->enrol_ca_certificate && values->enrol_ca_certificate[0],
         has_key = values->enrol_ca_key && values->enrol_ca_key[0];
    if (has_certificate != has_key) {
        snprintf(error->text, sizeof error->text,
                 "enrol_ca_certificate 和 enrol_ca_key 要么都写，要么都空着：现在只有 %s",
                 has_key ? "enrol_ca_key" : "enrol_ca_certificate");
        return false;
    }
    if (values->silence_limit_ms < 2 * values->heartbeat_ms) {
        snprintf(error->text, sizeof error->text,
                 "silence_limit（%lld ms）不到 heartbeat（%lld ms）的两倍，正常的终端也会被断开：调大前者或调小后者",
                 (long long)values->silence_limit_ms, (long long)values->heartbeat_ms);
        return false;
    }
    if (!judge_conninfo("database", values->database, error) ||
        !judge_conninfo("migrate_database", values->migrate_database, error) ||
        !judge_log_file(values->log_file, error))
        return false;
    struct address list[ADDRESS_LIST_MAX];
    size_t count = 0;
    struct address_error why;
    if (!address_parse_list(list, &count, values->listen, &why)) {
        snprintf(error->text, sizeof error->text, "listen：%s", why.text);
        return false;
    }
    if (values->metrics_listen && values->metrics_listen[0]) {
        if (!address_parse(&list[0], values->metrics_listen, strlen(values->metrics_listen), &why)) {
            snprintf(error->text, sizeof error->text, "metrics_listen：%s", why.text);
            return false;
        }
        if (!address_is_loopback(&list[0])) {
            snprintf(error->text, sizeof error->text,
                     "metrics_listen：%.100s 不是本机回环地址，指标不对外开放：写成 127.0.0.1:9743",
                     values->metrics_listen);
            return false;
        }
    }
    return true;
}

void server_settings_help(FILE *out) {
    for (size_t i = 0; i < server_settings_count; i++) {
        const struct setting *row = &server_settings_table[i];
        fputs("  --", out);
        for (const char *c = row->key; *c; c++) fputc(*c == '_' ? '-' : *c, out);
        if (row->choices) fprintf(out, " (%s)", row->choices);
        fprintf(out, "%s%s\n      %s%s\n", row->standard ? "  默认 " : "", row->standard ? row->standard : "",
                row->help, row->reloadable ? "（SIGHUP 生效）" : "");
    }
}

void server_settings_release(struct server_settings *values) {
    settings_release(server_settings_table, server_settings_count, values);
}

/* A node without a name takes its machine's. */
static bool name_node(struct server_settings *values, struct settings_error *error) {
    char host[64] = "liandongd";
    if (values->node && values->node[0]) return true;
    gethostname(host, sizeof host - 1);
    return settings_set(server_settings_table, server_settings_count, values, "node", host, "hostname", error);
}

bool server_settings_for_run(struct server_settings *values, int count, char *const *flags, char **environment,
                             struct settings_error *error) {
    char **scratch = malloc(((size_t)count + 1) * sizeof *scratch); /* loading sorts them */
    int words = 0;
    memset(values, 0, sizeof *values);
    if (!scratch) {
        snprintf(error->text, sizeof error->text, "内存不足");
        return false;
    }
    memcpy(scratch, flags, (size_t)count * sizeof *scratch);
    bool good = server_settings_load(values, count, scratch, environment, &words, error);
    if (good && words > 0) {
        snprintf(error->text, sizeof error->text, "run 后面不认识的词 %.100s：liandongd help 列出用法", scratch[0]);
        good = false;
    }
    if (good) good = server_settings_judge(values, error) && name_node(values, error);
    if (!good) server_settings_release(values);
    free(scratch);
    return good;
}
