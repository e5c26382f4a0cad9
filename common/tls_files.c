#include "common/clock.h"
#include "common/errno_text.h"
#include "common/text.h"
#include "common/tls_private.h"
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool tls_refuse(struct tls_error *error, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    text_vprint(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    ERR_clear_error();
    return false;
}

/* Opens a file for reading; *mode is that of the very file opened. */
static BIO *open_file(const char *path, const char *what, mode_t *mode, struct tls_error *error) {
    if (!path || !*path) {
        tls_refuse(error, "没有指定%s文件。请在设置中填写它的路径。", what);
        return NULL;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat info;
    if (fd < 0 || fstat(fd, &info) || !S_ISREG(info.st_mode)) {
        tls_refuse(error, "%s文件 %s 打不开（%s）。请检查路径和读取权限。", what, path,
                   fd < 0 ? errno_text(errno) : "不是普通文件");
        if (fd >= 0) close(fd);
        return NULL;
    }
    *mode = info.st_mode & 07777;
    FILE *file = fdopen(fd, "r");
    BIO *bio = file ? BIO_new_fp(file, BIO_CLOSE) : NULL;
    if (!bio) {
        tls_refuse(error, "内存不足，无法读取%s文件 %s。请稍候重试。", what, path);
        if (file)
            fclose(file);
        else
            close(fd);
    }
    return bio;
}

/* True where PEM reading ended because the file did, not because of a broken block. */
static bool at_end_of_pem(void) {
    unsigned long e = ERR_peek_last_error();
    bool end = ERR_GET_LIB(e) == ERR_LIB_PEM && ERR_GET_REASON(e) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    return end;
}

static bool read_certificates(STACK_OF(X509) * list, const char *path, const char *what, struct tls_error *error) {
    mode_t mode;
    BIO *bio = open_file(path, what, &mode, error);
    if (!bio) return false;
    bool whole = true;
    X509 *one;
    ERR_clear_error();
    while (whole && (one = PEM_read_bio_X509(bio, NULL, NULL, NULL)))
        if (sk_X509_push(list, one) <= 0) {
            X509_free(one);
            whole = false;
        }
    whole = at_end_of_pem() && whole;
    BIO_free(bio);
    if (!whole || sk_X509_num(list) == 0)
        return tls_refuse(error,
                          "%s文件 %s 中没有完好的 PEM 证书。请确认它以 -----BEGIN CERTIFICATE----- 开头且内容完整。",
                          what, path);
    return true;
}

/* Says "no password": a server must not stop at a prompt. */
static int no_password(char *out, int room, int writing, void *unused) {
    (void)out, (void)room, (void)writing, (void)unused;
    return -1;
}

static bool read_key(struct tls_material *m, const char *path, struct tls_error *error) {
    mode_t mode;
    BIO *bio = open_file(path, "私钥", &mode, error);
    if (!bio) return false;
    if (mode & 077) {
        BIO_free(bio);
        return tls_refuse(error, "私钥文件 %s 的权限是 %04o，其他用户也能读写。请执行：chmod 600 %s", path,
                          (unsigned)mode, path);
    }
    m->key = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
    BIO_free(bio);
    if (!m->key)
        return tls_refuse(error, "私钥文件 %s 无法解读。请提供未加密的 PEM 私钥（-----BEGIN PRIVATE KEY-----）。",
                          path);
    return true;
}

static bool check_dates(X509 *certificate, const char *path, const char *what, struct tls_error *error) {
    char at[CLOCK_TEXT_SIZE];
    int64_t now = clock_now_ms(), from = tls_time_ms(X509_get0_notBefore(certificate)),
            until = tls_time_ms(X509_get0_notAfter(certificate));
    if (until <= now) {
        clock_print(at, until);
        return tls_refuse(error, "%s %s 已于 %s 过期。请向管理员申请新证书，替换该文件后重试。", what, path, at);
    }
    if (from > now) {
        clock_print(at, from);
        return tls_refuse(error, "%s %s 从 %s 起才有效。请核对本机时钟，或改用已生效的证书。", what, path, at);
    }
    return true;
}

static bool check_own(const struct tls_material *m, const struct tls_files *files, bool server,
                      struct tls_error *error) {
    int weak = tls_weak_bits(m->certificate);
    if (X509_check_purpose(m->certificate, server ? X509_PURPOSE_SSL_SERVER : X509_PURPOSE_SSL_CLIENT, 0) != 1)
        return tls_refuse(error, "证书 %s 不能用作%s证书（扩展用途缺少 %s）。请按该用途重新签发。", files->certificate,
                          server ? "服务器" : "客户端", server ? "serverAuth" : "clientAuth");
    if (weak)
        return tls_refuse(error,
                          "证书 %s 的 RSA 密钥只有 %d 位，至少需要 %d 位。请用更长的密钥或 ECDSA P-256 重新签发。",
                          files->certificate, weak, TLS_RSA_BITS);
    return true;
}

static bool check_authorities(const struct tls_material *m, const char *path, struct tls_error *error) {
    for (int i = 0; i < sk_X509_num(m->authorities); i++) {
        X509 *authority = sk_X509_value(m->authorities, i);
        if (X509_check_ca(authority) != 1)
            return tls_refuse(error, "根证书文件 %s 中的第 %d 张不是 CA 证书。请只放入签发机构的证书。", path, i + 1);
        if (!check_dates(authority, path, "根证书", error)) return false;
    }
    return true;
}

static bool is_issued(const struct tls_material *m, X509_CRL *crl) {
    for (int i = 0; i < sk_X509_num(m->authorities); i++) {
        X509 *authority = sk_X509_value(m->authorities, i);
        if (X509_NAME_cmp(X509_get_subject_name(authority), X509_CRL_get_issuer(crl)) == 0 &&
            X509_CRL_verify(crl, X509_get0_pubkey(authority)) == 1)
            return true;
    }
    return false;
}

static bool check_crl(const struct tls_material *m, X509_CRL *crl, const struct tls_files *files,
                      struct tls_error *error) {
    char at[CLOCK_TEXT_SIZE];
    const ASN1_TIME *next = X509_CRL_get0_nextUpdate(crl);
    if (!is_issued(m, crl))
        return tls_refuse(error, "吊销列表 %s 不是 %s 中的机构签发的。请取得同一机构的吊销列表。", files->crl,
                          files->ca);
    if (next && tls_time_ms(next) <= clock_now_ms()) {
        clock_print(at, tls_time_ms(next));
        return tls_refuse(error, "吊销列表 %s 已于 %s 到期，不能再据此判断证书。请取得新的吊销列表后替换。", files->crl,
                          at);
    }
    return true;
}

static bool read_crls(struct tls_material *m, const struct tls_files *files, struct tls_error *error) {
    mode_t mode;
    X509_CRL *one;
    BIO *bio = open_file(files->crl, "吊销列表", &mode, error);
    if (!bio) return false;
    bool ok = (m->crls = sk_X509_CRL_new_null()) != NULL, whole = ok;
    ERR_clear_error();
    while (ok && (one = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL))) {
        if (sk_X509_CRL_push(m->crls, one) <= 0) {
            X509_CRL_free(one);
            whole = ok = false;
        }
    }
    whole = at_end_of_pem() && whole && sk_X509_CRL_num(m->crls) > 0;
    BIO_free(bio);
    if (!whole)
        return tls_refuse(
            error, "吊销列表文件 %s 中没有完好的 PEM 吊销列表。请确认它以 -----BEGIN X509 CRL----- 开头且内容完整。",
            files->crl);
    for (int i = 0; ok && i < sk_X509_CRL_num(m->crls); i++)
        ok = check_crl(m, sk_X509_CRL_value(m->crls, i), files, error);
    return ok;
}

bool tls_pair_read(struct tls_material *m, const char *certificate, const char *key, struct tls_error *error) {
    *m = (struct tls_material){.chain = sk_X509_new_null(), .authorities = sk_X509_new_null()};
    if (!m->chain || !m->authorities) return tls_refuse(error, "内存不足，无法读取证书。请稍候重试。");
    if (!read_certificates(m->chain, certificate, "证书", error)) return false;
    m->certificate = sk_X509_shift(m->chain);
    if (!read_key(m, key, error)) return false;
    if (X509_check_private_key(m->certificate, m->key) != 1)
        return tls_refuse(error, "私钥 %s 与证书 %s 不是一对。请换成同一次签发的两个文件。", key, certificate);
    return check_dates(m->certificate, certificate, "证书", error);
}

bool tls_material_read(struct tls_material *m, const struct tls_files *files, bool server, struct tls_error *error) {
    return tls_pair_read(m, files->certificate, files->key, error) && check_own(m, files, server, error) &&
           read_certificates(m->authorities, files->ca, "根证书", error) && check_authorities(m, files->ca, error) &&
           (!files->crl || !*files->crl || read_crls(m, files, error));
}

void tls_material_free(struct tls_material *m) {
    X509_free(m->certificate);
    sk_X509_pop_free(m->chain, X509_free);
    EVP_PKEY_free(m->key);
    sk_X509_pop_free(m->authorities, X509_free);
    sk_X509_CRL_pop_free(m->crls, X509_CRL_free);
    *m = (struct tls_material){0};
}

bool tls_certificate_key(const char *path, uint8_t key[32], struct tls_error *error) {
    STACK_OF(X509) *list = sk_X509_new_null();
    bool ok =
        list ? read_certificates(list, path, "证书", error) : tls_refuse(error, "内存不足，无法读取证书。请稍候重试。");
    if (ok && !tls_certificate_hash(sk_X509_value(list, 0), key))
        ok = tls_refuse(error, "证书 %s 的公钥无法解读。请重新导出证书。", path);
    sk_X509_pop_free(list, X509_free);
    return ok;
}
