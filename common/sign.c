#include "common/sign.h"
#include "common/errno_text.h"
#include "common/text.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct sign_key {
    EVP_PKEY *pkey;
    uint8_t public[SIGN_HASH];
};

static bool __attribute__((format(printf, 3, 4))) refuse(char *error, size_t room, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    text_vprint(error, room, format, arguments);
    va_end(arguments);
    return false;
}

/* ---- the key's file */

bool sign_key_make(const char *path, char *error, size_t room) {
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return refuse(error, room, "签名密钥文件 %s 没有写成（%s）。已有的文件不会被覆盖，请换一个文件名", path,
                      errno_text(errno));
    FILE *file = fdopen(fd, "w");
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    bool good = file && pkey && PEM_write_PrivateKey(file, pkey, NULL, NULL, 0, NULL, NULL) == 1 && fflush(file) == 0 &&
                fsync(fd) == 0;
    EVP_PKEY_free(pkey);
    if (file ? fclose(file) != 0 : close(fd) != 0) good = false;
    if (good) return true;
    unlink(path);
    return refuse(error, room, "签名密钥文件 %s 没有写成。请检查磁盘空间后重试", path);
}

static int no_password(char *out, int room, int writing, void *arg) {
    (void)out;
    (void)room;
    (void)writing;
    (void)arg;
    return -1;
}

/* Its mode is judged on the very file that is read. */
static FILE *open_private(const char *path, char *error, size_t room) {
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    FILE *file = NULL;
    if (fd < 0 || fstat(fd, &info) || !S_ISREG(info.st_mode))
        refuse(error, room, "签名密钥文件 %s 打不开（%s）。新的由 liandongd audit-key 文件 生成", path,
               fd < 0 ? errno_text(errno) : "不是普通文件");
    else if (info.st_mode & 077)
        refuse(error, room, "签名密钥文件 %s 的权限是 %04o，其他用户也能读写。请执行：chmod 600 %s", path,
               (unsigned)(info.st_mode & 07777), path);
    else
        file = fdopen(fd, "r");
    if (!file && fd >= 0) close(fd);
    return file;
}

struct sign_key *sign_key_read(const char *path, char *error, size_t room) {
    FILE *file = open_private(path, error, room);
    if (!file) return NULL;
    struct sign_key *key = calloc(1, sizeof *key);
    size_t size = SIGN_HASH;
    if (key) key->pkey = PEM_read_PrivateKey(file, NULL, no_password, NULL);
    fclose(file);
    if (key && key->pkey && EVP_PKEY_is_a(key->pkey, "ED25519") &&
        EVP_PKEY_get_raw_public_key(key->pkey, key->public, &size) == 1 && size == SIGN_HASH)
        return key;
    sign_key_free(key);
    refuse(error, room, "签名密钥文件 %s 里不是 Ed25519 私钥（PEM）。新的由 liandongd audit-key 文件 生成", path);
    return NULL;
}

void sign_key_free(struct sign_key *key) {
    if (key) EVP_PKEY_free(key->pkey);
    free(key);
}

void sign_key_public(const struct sign_key *key, uint8_t out[SIGN_HASH]) { memcpy(out, key->public, SIGN_HASH); }

/* ---- signatures */

bool sign_bytes(const struct sign_key *key, const void *bytes, size_t size, uint8_t signature[SIGN_SIZE]) {
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    size_t length = SIGN_SIZE;
    bool good = c && EVP_DigestSignInit(c, NULL, NULL, NULL, key->pkey) == 1 &&
                EVP_DigestSign(c, signature, &length, bytes, size) == 1 && length == SIGN_SIZE;
    EVP_MD_CTX_free(c);
    return good;
}

bool sign_bytes_good(const uint8_t key[SIGN_HASH], const void *bytes, size_t size, const uint8_t signature[SIGN_SIZE]) {
    EVP_PKEY *pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, SIGN_HASH);
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    bool good = pkey && c && EVP_DigestVerifyInit(c, NULL, NULL, NULL, pkey) == 1 &&
                EVP_DigestVerify(c, signature, SIGN_SIZE, bytes, size) == 1;
    EVP_MD_CTX_free(c);
    EVP_PKEY_free(pkey);
    return good;
}

size_t sign_text(const struct sign_head *h, char out[SIGN_TEXT_SIZE]) {
    char feed[2 * SIGN_HASH + 1], audit[2 * SIGN_HASH + 1], previous[2 * SIGN_HASH + 1];
    text_hex(feed, h->feed_hash, SIGN_HASH);
    text_hex(audit, h->audit_hash, SIGN_HASH);
    text_hex(previous, h->previous, SIGN_HASH);
    int n = snprintf(out, SIGN_TEXT_SIZE,
                     "liandong heads 1\nn %" PRIu64 "\nat %" PRId64 "\nnode %s\nfeed %" PRIu64 " %s\naudit %" PRIu64
                     " %s\nprevious %s\n",
                     h->n, h->at, h->node, h->feed_seq, feed, h->audit_seq, audit, previous);
    return (size_t)n;
}

bool sign_make(const struct sign_key *key, struct sign_head *head) {
    char text[SIGN_TEXT_SIZE];
    sign_key_public(key, head->key);
    return sign_bytes(key, text, sign_text(head, text), head->signature);
}

bool sign_good(const struct sign_head *head) {
    char text[SIGN_TEXT_SIZE];
    return sign_bytes_good(head->key, text, sign_text(head, text), head->signature);
}

void sign_link(const struct sign_head *head, uint8_t out[SIGN_HASH]) {
    static const char first[] = "liandong heads";
    if (!EVP_Digest(head ? (const void *)head->signature : first, head ? SIGN_SIZE : sizeof first - 1, out, NULL,
                    EVP_sha256(), NULL))
        memset(out, 0, SIGN_HASH);
}

/* ---- lines: n at feed_seq feed_hash audit_seq audit_hash previous key signature node */

void sign_print(const struct sign_head *h, char out[SIGN_LINE_SIZE]) {
    const uint8_t *const bytes[] = {h->feed_hash, h->audit_hash, h->previous, h->key};
    char hex[4][2 * SIGN_HASH + 1], signature[2 * SIGN_SIZE + 1];
    for (size_t i = 0; i < 4; i++) text_hex(hex[i], bytes[i], SIGN_HASH);
    text_hex(signature, h->signature, SIGN_SIZE);
    snprintf(out, SIGN_LINE_SIZE, "%" PRIu64 " %" PRId64 " %" PRIu64 " %s %" PRIu64 " %s %s %s %s %s", h->n, h->at,
             h->feed_seq, hex[0], h->audit_seq, hex[1], hex[2], hex[3], signature, h->node);
}

/* The next word; its length 0 where there is none. */
static size_t next_word(const char **at, const char *end, const char **word) {
    while (*at < end && **at == ' ') (*at)++;
    *word = *at;
    while (*at < end && **at != ' ') (*at)++;
    return (size_t)(*at - *word);
}

static bool take_number(const char **at, const char *end, uint64_t *out) {
    const char *word;
    size_t size = next_word(at, end, &word);
    *out = 0;
    if (size == 0 || size > 18) return false;
    for (size_t i = 0; i < size; i++) {
        if (word[i] < '0' || word[i] > '9') return false;
        *out = *out * 10 + (uint64_t)(word[i] - '0');
    }
    return true;
}

static bool take_hex(const char **at, const char *end, void *out, size_t bytes) {
    const char *word;
    size_t size = next_word(at, end, &word);
    return text_unhex(out, bytes, word, size);
}

bool sign_parse(struct sign_head *h, const char *line, size_t size) {
    const char *at = line, *end = line + size, *node;
    uint64_t moment = 0;
    *h = (struct sign_head){0};
    if (!take_number(&at, end, &h->n) || !take_number(&at, end, &moment) || !take_number(&at, end, &h->feed_seq) ||
        !take_hex(&at, end, h->feed_hash, SIGN_HASH) || !take_number(&at, end, &h->audit_seq) ||
        !take_hex(&at, end, h->audit_hash, SIGN_HASH) || !take_hex(&at, end, h->previous, SIGN_HASH) ||
        !take_hex(&at, end, h->key, SIGN_HASH) || !take_hex(&at, end, h->signature, SIGN_SIZE))
        return false;
    h->at = (int64_t)moment;
    size_t length = next_word(&at, end, &node);
    if (length == 0 || length >= SIGN_NODE_SIZE || at != end) return false;
    memcpy(h->node, node, length);
    return true;
}
