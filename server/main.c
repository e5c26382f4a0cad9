/* liandongd: run | migrate | check | directory | seal-key | audit-key | seal-rotate | help | version. */
#include "common/log.h"
#include "common/sign.h"
#include "db/migrate.h"
#include "account_code.h"
#include "directory_import.h"
#include "enrol_token.h"
#include "seal_command.h"
#include "server.h"
#include "server_check.h"
#include "server_settings.h"
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

struct verb {
    const char *word, *usage, *help;
    int (*act)(int count, char **flags);
};
static int do_run(int count, char **flags) { return server_run(count, flags, environ); }
static int do_migrate(int count, char **flags);
static int do_check(int count, char **flags);
static int do_directory(int count, char **flags);
static int do_seal_key(int count, char **flags);
static int do_seal_rotate(int count, char **flags);
static int do_audit_key(int count, char **flags);
static int do_code(int count, char **flags);
static int do_enrol_token(int count, char **flags);
static int do_help(int count, char **flags);
static int do_version(int count, char **flags);

static const struct verb verbs[] = {
    {"run", "run", "启动服务，停在前台；SIGTERM 或 Ctrl-C 停止，SIGHUP 重新读设置和证书，SIGUSR1 重新打开日志", do_run},
    {"migrate", "migrate [check]", "把数据库结构更新到本程序的版本；check 只看不改。用属主角色连接", do_migrate},
    {"check", "check", "逐项检查设置、证书、数据库，并说明怎么改", do_check},
    {"seal-key", "seal-key 文件 [add]",
     "生成敏感字段的密钥文件（设置 seal_key_file）；add 在已有的文件里加一个新的主密钥，然后用 seal-rotate 换过去",
     do_seal_key},
    {"seal-rotate", "seal-rotate",
     "换密钥，服务不停：今后写入的用新的数据密钥，所有密钥改由文件里的第一个主密钥包裹。用属主角色连接",
     do_seal_rotate},
    {"audit-key", "audit-key 文件", "生成给动态和审计的链头签名的密钥文件（设置 audit_key）", do_audit_key},
    {"directory", "directory 文件.ini", "把单位、结对、终端、人员的名册写进数据库；重复执行没有影响", do_directory},
    {"code", "code 账号", "给这个账号一个一次性登录码（第一位管理员就这样进来）；用属主角色连接", do_code},
    {"enrol-token", "enrol-token --office 单位 --device 终端 [--role 岗位] [--server 地址:端口]",
     "生成一次性登记令牌，在新终端上执行 liandong enrol 时用；第一台终端就这样进来", do_enrol_token},
    {"help", "help", "这一页", do_help},
    {"version", "version", "版本", do_version},
};
#define VERBS (sizeof verbs / sizeof *verbs)

static void print_help(FILE *out) {
    fputs(
        "联动服务器\n\n例子：\n"
        "  liandongd check --settings /etc/liandong/liandongd.ini\n"
        "  liandongd migrate --migrate-database 'host=/run/postgresql dbname=liandong user=liandong_owner'\n"
        "  liandongd run --listen 10.0.0.5:7443 --database 'host=/run/postgresql dbname=liandong user=liandong_app'\n\n"
        "用法：liandongd 动词 [参数]；不写动词、只写参数，就是 run\n\n",
        out);
    for (size_t i = 0; i < VERBS; i++) fprintf(out, "  %s\n      %s\n", verbs[i].usage, verbs[i].help);
    fputs(
        "\n参数（设置文件里写 键 = 值，键用下划线；环境变量 LIANDONG_ 加大写的键；先后：默认 < 文件 < 环境 < 参数）：\n"
        "  --settings 文件  默认 " SERVER_SETTINGS_FILE "（有的话），或环境变量 LIANDONG_SETTINGS\n",
        out);
    server_settings_help(out);
    fputs("\n退出码：0 正常，1 没有成功，2 用法不对，69 连不上数据库，70 内部错误，78 设置、证书或数据库不合用\n", out);
}
static int do_help(int count, char **flags) {
    (void)count;
    (void)flags;
    print_help(stdout);
    return SERVER_OK;
}
static int do_version(int count, char **flags) {
    (void)count;
    (void)flags;
    puts("liandongd " LIANDONG_VERSION);
    return SERVER_OK;
}

/* Settings of a verb that works and ends, and exactly `most` words at most behind it. False: told, *code says how to
 * exit. */
static bool load(struct server_settings *values, int count, char **flags, int *words, int most, const char *usage,
                 int *code) {
    struct settings_error error;
    memset(values, 0, sizeof *values);
    if (!server_settings_load(values, count, flags, environ, words, &error)) {
        fprintf(stderr, "设置有误：%s\n", error.text);
        *code = SERVER_CONFIG;
        return false;
    }
    if (*words <= most) return true;
    fprintf(stderr, "不认识的词 %s。用法：liandongd %s\n", flags[most], usage);
    server_settings_release(values);
    *code = SERVER_USAGE;
    return false;
}
static const char *owner_of(const struct server_settings *values) {
    return values->migrate_database[0] ? values->migrate_database : values->database;
}

static int do_migrate(int count, char **flags) {
    struct server_settings values;
    struct migrate_report found;
    int words, code;
    if (!load(&values, count, flags, &words, 1, "migrate [check]", &code)) return code;
    bool only_look = words == 1 && strcmp(flags[0], "check") == 0;
    if (words == 1 && !only_look) {
        fprintf(stderr, "不认识的词 %s。用法：liandongd migrate [check]\n", flags[0]);
        server_settings_release(&values);
        return SERVER_USAGE;
    }
    code = SERVER_OK;
    if (!migrate_run(owner_of(&values), only_look, &found)) {
        PGPing ping = PQping(owner_of(&values));
        fprintf(stderr, "%s\n", found.error);
        code = ping == PQPING_NO_RESPONSE || ping == PQPING_REJECT ? SERVER_UNAVAILABLE : SERVER_FAILED;
    } else if (only_look && found.applied_before < found.known) {
        printf("还缺 %u 个迁移：执行 liandongd migrate\n", found.known - found.applied_before);
        code = SERVER_FAILED;
    } else if (found.applied_now > 0) {
        printf("执行了 %u 个迁移，数据库结构已是最新（共 %u 个）\n", found.applied_now, found.known);
    } else {
        printf("数据库结构已是最新（共 %u 个迁移%s）\n", found.known, found.functions_now ? "，函数已更新" : "");
    }
    server_settings_release(&values);
    return code;
}

static int do_check(int count, char **flags) {
    struct server_settings values;
    int words, code;
    if (!load(&values, count, flags, &words, 0, "check", &code)) return code;
    code = server_check(&values);
    server_settings_release(&values);
    return code;
}

static int do_directory(int count, char **flags) {
    struct server_settings values;
    int words, code;
    if (!load(&values, count, flags, &words, 1, "directory 文件.ini", &code)) return code;
    if (words == 0) {
        fputs("缺少名册文件。用法：liandongd directory 文件.ini\n", stderr);
        code = SERVER_USAGE;
    } else {
        code = directory_import(owner_of(&values), flags[0]);
    }
    server_settings_release(&values);
    return code;
}

static int do_seal_key(int count, char **flags) {
    bool add = count == 2 && strcmp(flags[1], "add") == 0;
    if (count < 1 || flags[0][0] == '-' || (count > 1 && !add)) {
        fputs("用法：liandongd seal-key 文件 [add]\n", stderr);
        return SERVER_USAGE;
    }
    return seal_key_command(flags[0], add);
}

static int do_audit_key(int count, char **flags) {
    char error[512];
    if (count != 1 || flags[0][0] == '-') {
        fputs("用法：liandongd audit-key 文件\n", stderr);
        return SERVER_USAGE;
    }
    if (!sign_key_make(flags[0], error, sizeof error)) {
        fprintf(stderr, "%s\n", error);
        return SERVER_FAILED;
    }
    printf("签名密钥已写入 %s。所有节点用同一份；不要放在数据库所在的机器上\n", flags[0]);
    return SERVER_OK;
}

static int do_seal_rotate(int count, char **flags) {
    struct server_settings values;
    int words, code;
    if (!load(&values, count, flags, &words, 0, "seal-rotate", &code)) return code;
    code = seal_rotate_command(owner_of(&values), values.seal_key_file);
    server_settings_release(&values);
    return code;
}

static int do_code(int count, char **flags) {
    struct server_settings values;
    int words, code;
    if (!load(&values, count, flags, &words, 1, "code 账号", &code)) return code;
    if (words == 0) {
        fputs("缺少账号。用法：liandongd code 账号\n", stderr);
        code = SERVER_USAGE;
    } else {
        code = account_code(owner_of(&values), flags[0]);
    }
    server_settings_release(&values);
    return code;
}

static int do_enrol_token(int count, char **flags) {
    struct server_settings values;
    struct enrol_token_flags own;
    int words, code;
    if (!enrol_token_flags(&own, count, flags)) return SERVER_USAGE;
    if (!load(&values, count, flags, &words, 0, "enrol-token --office 单位 --device 终端", &code)) return code;
    code = enrol_token(&values, &own);
    server_settings_release(&values);
    return code;
}

int main(int count, char **words) {
    for (int i = 1; i < count; i++)
        if (strcmp(words[i], "--help") == 0 || strcmp(words[i], "-h") == 0) return do_help(0, NULL);
    if (count < 2) {
        print_help(stderr);
        return SERVER_USAGE;
    }
    if (strcmp(words[1], "--version") == 0) return do_version(0, NULL);
    if (words[1][0] == '-') return do_run(count - 1, words + 1);
    for (size_t i = 0; i < VERBS; i++)
        if (strcmp(verbs[i].word, words[1]) == 0) return verbs[i].act(count - 2, words + 2);
    fprintf(stderr, "不认识的动词 %s：liandongd help 列出全部\n", words[1]);
    return SERVER_USAGE;
}
