#include "common/seal_file.h"
#include "common/errno_text.h"
#include "common/text.h"
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX 8192u
#define REMEDY   "。新的密钥文件由 liandongd seal-key 文件 生成；所有节点用同一份"

static bool __attribute__((format(printf, 3, 4))) refuse(char *error, size_t room, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    text_vprint(error, room, format, arguments);
    va_end(arguments);
    return false;
}

static void name_key(struct seal_kek *k) {
    static const char label[] = "liandong kek 1";
    uint8_t all[sizeof label + SEAL_KEY_SIZE], hash[32];
    memcpy(all, label, sizeof label);
    memcpy(all + sizeof label, k->key, SEAL_KEY_SIZE);
    if (!EVP_Digest(all, sizeof all, hash, NULL, EVP_sha256(), NULL)) memset(hash, 0, sizeof hash);
    text_hex(k->id, hash, 8);
    OPENSSL_cleanse(all, sizeof all);
}

static bool read_key(uint8_t key[SEAL_KEY_SIZE], const char *line, size_t size) {
    uint8_t decoded[36];
    if (size == 64) return text_unhex(key, SEAL_KEY_SIZE, line, size);
    if (size != 44 || line[43] != '=' || line[42] == '=') return false;
    bool good = EVP_DecodeBlock(decoded, (const uint8_t *)line, 44) == 33;
    memcpy(key, decoded, SEAL_KEY_SIZE);
    OPENSSL_cleanse(decoded, sizeof decoded);
    return good;
}

static bool take_line(struct seal_keks *out, const char *line, size_t size, unsigned number, const char *path,
                      char *error, size_t room) {
    while (size > 0 && strchr(" \t\r", line[size - 1])) size--;
    while (size > 0 && strchr(" \t", *line)) line++, size--;
    if (size == 0 || *line == '#') return true;
    if (out->count == SEAL_KEKS_MAX)
        return refuse(error, room, "密钥文件 %s 里的密钥超过 %u 个，请删去不再使用的", path, SEAL_KEKS_MAX);
    struct seal_kek *k = &out->list[out->count];
    if (!read_key(k->key, line, size))
        return refuse(error, room, "密钥文件 %s 第 %u 行不是 32 字节的密钥（64 位十六进制或 44 位 base64）" REMEDY,
                      path, number);
    name_key(k);
    if (seal_keks_find(out, k->id)) return refuse(error, room, "密钥文件 %s 第 %u 行与前面的一行重复", path, number);
    out->count++;
    return true;
}

/* The file's bytes; its mode is judged on the very file that is read. -1: refused. */
static ssize_t read_bytes(char *bytes, const char *path, char *error, size_t room) {
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &info) || !S_ISREG(info.st_mode)) {
        refuse(error, room, "密钥文件 %s 打不开（%s）" REMEDY, path, fd < 0 ? errno_text(errno) : "不是普通文件");
    } else if (info.st_mode & 077) {
        refuse(error, room, "密钥文件 %s 的权限是 %04o，其他用户也能读写。请执行：chmod 600 %s", path,
               (unsigned)(info.st_mode & 07777), path);
    } else {
        ssize_t n = 0, got = 1;
        while (n < (ssize_t)FILE_MAX && (got = read(fd, bytes + n, FILE_MAX - (size_t)n)) > 0) n += got;
        close(fd);
        if (got == 0) return n;
        refuse(error, room, "密钥文件 %s 读不了（%s）" REMEDY, path, got < 0 ? errno_text(errno) : "太长");
        return -1;
    }
    if (fd >= 0) close(fd);
    return -1;
}

bool seal_keks_read(struct seal_keks *out, const char *path, char *error, size_t room) {
    char bytes[FILE_MAX];
    *out = (struct seal_keks){.count = 0};
    if (!path || !*path)
        return refuse(
            error, room,
            "没有设置 seal_key_file（敏感字段的密钥文件）：执行 liandongd seal-key 文件 生成一个，再把路径写进设置");
    ssize_t size = read_bytes(bytes, path, error, room);
    if (size < 0) return false;
    bool good = true;
    unsigned number = 0;
    for (ssize_t at = 0; good && at < size;) {
        const char *end = memchr(bytes + at, '\n', (size_t)(size - at));
        size_t length = end ? (size_t)(end - bytes - at) : (size_t)(size - at);
        good = take_line(out, bytes + at, length, ++number, path, error, room);
        at += (ssize_t)length + 1;
    }
    OPENSSL_cleanse(bytes, sizeof bytes);
    if (good && out->count == 0) good = refuse(error, room, "密钥文件 %s 里没有密钥" REMEDY, path);
    if (!good) seal_keks_forget(out);
    return good;
}

const struct seal_kek *seal_keks_find(const struct seal_keks *k, const char *id) {
    for (size_t i = 0; i < k->count; i++)
        if (strcmp(k->list[i].id, id) == 0) return &k->list[i];
    return NULL;
}

void seal_keks_forget(struct seal_keks *k) { OPENSSL_cleanse(k, sizeof *k); }

/* ---- a new key */

static bool write_all(int fd, const char *bytes, size_t size) {
    for (size_t at = 0; at < size;) {
        ssize_t n = write(fd, bytes + at, size - at);
        if (n <= 0) return false;
        at += (size_t)n;
    }
    return true;
}

static bool put_file(const char *path, const char *fresh, const char *bytes, size_t size, bool add) {
    int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return false;
    bool good = write_all(fd, bytes, size) && fsync(fd) == 0;
    close(fd);
    /* link() refuses where the file exists: a key that is in use is never overwritten. */
    good = good && (add ? rename(fresh, path) == 0 : link(fresh, path) == 0);
    int kept = errno;
    if (!good || !add) unlink(fresh);
    errno = kept;
    return good;
}

bool seal_keks_make(const char *path, bool add, char *error, size_t room) {
    char bytes[FILE_MAX + 80], fresh[4200];
    uint8_t key[SEAL_KEY_SIZE];
    size_t size = 2 * SEAL_KEY_SIZE + 1;
    struct seal_keks old;
    if (add && !seal_keks_read(&old, path, error, room)) return false;
    if (add && old.count == SEAL_KEKS_MAX)
        return refuse(error, room, "密钥文件 %s 里已有 %u 个密钥，请先删去不再使用的", path, SEAL_KEKS_MAX);
    if (RAND_bytes(key, sizeof key) != 1) return refuse(error, room, "系统给不出随机数，没有生成密钥");
    text_hex(bytes, key, sizeof key);
    OPENSSL_cleanse(key, sizeof key);
    bytes[size - 1] = '\n';
    if (add) {
        ssize_t more = read_bytes(bytes + size, path, error, room);
        if (more < 0) return false;
        size += (size_t)more;
        seal_keks_forget(&old);
    }
    bool good = (size_t)snprintf(fresh, sizeof fresh, "%s.new", path) < sizeof fresh;
    good = good && put_file(path, fresh, bytes, size, add);
    OPENSSL_cleanse(bytes, sizeof bytes);
    if (good) return true;
    return refuse(error, room, "密钥文件 %s 没有写成（%s）%s", path, errno_text(errno),
                  errno == EEXIST ? "：已有的密钥不会被覆盖；要换密钥，用 liandongd seal-key 文件 add" : "");
}
