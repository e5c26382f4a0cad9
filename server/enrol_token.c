#include "enrol_token.h"
#include "common/ca.h"
#include "common/text.h"
#include "server.h"
#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>

#define USAGE "liandongd enrol-token --office 单位代码 --device 终端名称 [--role viewer] [--server 地址:端口]"

static int fail(int code, const char *what, const char *detail) {
    fprintf(stderr, "%s%s%s\n", what, detail && *detail ? "：" : "", detail ? detail : "");
    return code;
}

bool enrol_token_flags(struct enrol_token_flags *out, int count, char **flags) {
    const struct {
        const char *name;
        const char **value;
    } rows[] = {
        {"--office", &out->office}, {"--device", &out->device}, {"--role", &out->role}, {"--server", &out->server}};
    *out = (struct enrol_token_flags){NULL, NULL, NULL, NULL};
    for (int i = 0; i < count; i++)
        for (size_t j = 0; flags[i] && j < sizeof rows / sizeof *rows; j++) {
            size_t size = strlen(rows[j].name);
            if (strncmp(flags[i], rows[j].name, size) != 0 || (flags[i][size] && flags[i][size] != '=')) continue;
            bool apart = flags[i][size] == '\0';
            const char *value = !apart ? flags[i] + size + 1 : i + 1 < count ? flags[i + 1] : NULL;
            if (!value || !*value) return fail(0, rows[j].name, "后面缺少值。用法：" USAGE);
            *rows[j].value = value;
            flags[i] = NULL;
            if (apart) flags[++i] = NULL;
        }
    if (out->office && out->device) return true;
    fail(0, out->office ? "缺少 --device" : "缺少 --office", "用法：" USAGE);
    return false;
}

/* enum Role, of those that a device may have by itself; NULL where it is none. */
static const char *role_number(const char *word) {
    static const char *const words[] = {"officer", "duty", "chief", "mediator", "office_head", "viewer"};
    static const char *const numbers[] = {"1", "2", "3", "4", "5", "6"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i], word) == 0) return numbers[i];
    return NULL;
}

static const char *explain(const char *reason, const char *field) {
    if (strcmp(reason, "BAD_CODE") == 0) return "终端名称只能用小写字母、数字和连字符，最多 64 个";
    if (strcmp(reason, "DEVICE_TAKEN") == 0) return "别的单位已有同名终端，请换一个名称";
    if (strcmp(field, "office") == 0) return "没有这个单位：先用 liandongd directory 写入单位";
    return reason;
}

/* What the device's command line says of where the server is. */
static void print_server(const struct server_settings *values, const struct enrol_token_flags *flags) {
    size_t size = strcspn(values->listen, ", ");
    bool anywhere = strncmp(values->listen, "0.0.0.0:", 8) == 0 || strncmp(values->listen, "[::]:", 5) == 0;
    if (flags->server)
        fputs(flags->server, stdout);
    else if (anywhere)
        printf("本服务器的地址%.*s", (int)(size - (size_t)(strrchr(values->listen, ':') - values->listen)),
               strrchr(values->listen, ':'));
    else
        printf("%.*s", (int)size, values->listen);
}

static int invite(PGconn *database, const struct server_settings *values, const struct enrol_token_flags *flags,
                  const char *role, const uint8_t *pin) {
    char hex[2 * CA_HASH + 3] = "\\x";
    text_hex(hex + 2, pin, CA_HASH);
    const char *values_in[] = {hex, flags->office, flags->device, role};
    PGresult *r = PQexecParams(database,
                               "select reason, field, token, to_char(until at time zone 'Asia/Shanghai', 'YYYY-MM-DD "
                               "HH24:MI:SS'), replaces from liandong.invite_first_device($1::bytea, $2, $3, $4::int4)",
                               4, NULL, values_in, NULL, NULL, 0);
    int code = SERVER_OK;
    if (PQresultStatus(r) != PGRES_TUPLES_OK) {
        char why[512];
        snprintf(why, sizeof why, "%s", PQerrorMessage(database));
        why[strcspn(why, "\n")] = '\0';
        code = fail(SERVER_FAILED,
                    "没有生成令牌。是不是还没有执行 liandongd migrate，或者不是属主角色（设置 migrate_database）", why);
    } else if (!PQgetisnull(r, 0, 0)) {
        code = fail(SERVER_FAILED, "没有生成令牌", explain(PQgetvalue(r, 0, 0), PQgetvalue(r, 0, 1)));
    } else {
        printf("登记令牌已生成，%s 前有效，只能用一次。在终端 %s 上执行：\n  liandong enrol --server ",
               PQgetvalue(r, 0, 3), flags->device);
        print_server(values, flags);
        printf(" --token %s\n", PQgetvalue(r, 0, 2));
        if (PQgetvalue(r, 0, 4)[0] == 't') puts("已有同名终端：用了这个令牌之后，它原来的密钥作废。");
    }
    PQclear(r);
    return code;
}

static void ignore_notice(void *arg, const char *message) {
    (void)arg;
    (void)message;
}

int enrol_token(const struct server_settings *values, const struct enrol_token_flags *flags) {
    struct tls_error error;
    const char *role = flags->role ? role_number(flags->role) : NULL;
    if (flags->role && !role)
        return fail(
            SERVER_USAGE,
            "--role 只能是 officer、duty、chief、mediator、office_head、viewer 之一（不登录、自己值守的终端才写）",
            flags->role);
    if (!values->enrol_ca_certificate || !values->enrol_ca_certificate[0])
        return fail(
            SERVER_CONFIG,
            "本服务器不签发终端证书（没有设置 enrol_ca_certificate）：由外部 CA 签发，再用 liandongd directory 登记",
            NULL);
    struct ca *authority = ca_open(values->enrol_ca_certificate, values->enrol_ca_key, &error);
    if (!authority) return fail(SERVER_CONFIG, error.text, NULL);
    const char *owner =
        values->migrate_database && values->migrate_database[0] ? values->migrate_database : values->database;
    PGconn *database = PQconnectdb(owner);
    PQsetNoticeProcessor(database, ignore_notice, NULL);
    int code =
        PQstatus(database) == CONNECTION_OK
            ? invite(database, values, flags, role, ca_pin(authority))
            : fail(SERVER_UNAVAILABLE, "连不上数据库，检查设置 migrate_database（liandongd check 会逐项检查）", NULL);
    PQfinish(database);
    ca_free(authority);
    return code;
}
