#include "common/tls_private.h"
#include <openssl/err.h>
#include <string.h>

/* AES-128 first: a level-128 system as a whole (X25519, P-256, SHA-256), and a third faster than AES-256 per record. */
#define SUITES "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
#define GROUPS "X25519:P-256"
#define SIGNATURES                                                                                                     \
    "ecdsa_secp256r1_sha256:ed25519:ecdsa_secp384r1_sha384:rsa_pss_rsae_sha256:rsa_pss_pss_sha256:rsa_pss_rsae_sha384"
#define CHAIN_DEPTH       2     /* one intermediate authority below the trusted one */
#define CERTIFICATE_BYTES 16384 /* of the peer's Certificate message */

static const unsigned char alpn_list[] = "\x0aliandong/1"; /* a length and TLS_ALPN */
static const unsigned char alpn_enrol[] = "\x10liandong-enrol/1";
#define ALPN_LIST_SIZE  (sizeof alpn_list - 1)
#define ALPN_ENROL_SIZE (sizeof alpn_enrol - 1)
#define DEMANDED        (SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT)

static bool is_offered(const unsigned char *offered, unsigned int size, const unsigned char *wanted) {
    for (unsigned at = 0; at < size; at += 1u + offered[at])
        if (offered[at] == wanted[0] && size - at > wanted[0] && !memcmp(offered + at, wanted, 1u + wanted[0]))
            return true;
    return false;
}

/* The one place that lets anybody in without a certificate. It may be called twice in a handshake (the client is asked
 * for another key share and may offer other protocols then): what is demanded is set each time, and open_up looks again
 * at what came of it. */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *size, const unsigned char *offered,
                           unsigned int offered_size, void *unused) {
    (void)unused;
    struct tls *t = SSL_get_app_data(ssl);
    const unsigned char *chosen = NULL;
    if (is_offered(offered, offered_size, alpn_list))
        chosen = alpn_list;
    else if (t->context->enrols && is_offered(offered, offered_size, alpn_enrol))
        chosen = alpn_enrol;
    SSL_set_verify(ssl, chosen == alpn_enrol ? SSL_VERIFY_NONE : DEMANDED, NULL);
    if (chosen == alpn_enrol && !SSL_add1_chain_cert(ssl, t->context->enrols)) return SSL_TLSEXT_ERR_ALERT_FATAL;
    if (chosen) {
        *out = chosen + 1;
        *size = chosen[0];
        return SSL_TLSEXT_ERR_OK;
    }
    t->failure = "NO_COMMON_PROTOCOL";
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* The list of versions in a ClientHello: a length byte, then two bytes each. */
static bool offers_tls13(SSL *ssl) {
    const unsigned char *list;
    size_t size;
    if (!SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_supported_versions, &list, &size)) return false;
    for (size_t i = 1; i + 1 < size; i += 2)
        if (list[i] == 3 && list[i + 1] == 4) return true;
    return false;
}

/* Who offers no protocol at all would pass choose_protocol by. An old version is left to OpenSSL's own alert. */
static int look_at_hello(SSL *ssl, int *alert, void *unused) {
    (void)unused;
    const unsigned char *list;
    size_t size;
    struct tls *t = SSL_get_app_data(ssl);
    t->greeted = true;
    if (!offers_tls13(ssl) ||
        SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_application_layer_protocol_negotiation, &list, &size))
        return SSL_CLIENT_HELLO_SUCCESS;
    t->failure = "NO_COMMON_PROTOCOL";
    *alert = SSL_AD_NO_APPLICATION_PROTOCOL;
    return SSL_CLIENT_HELLO_ERROR;
}

static bool set_protocol(SSL_CTX *ctx) {
    SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    /* No automatic chain: the server would search it anew in every handshake. No automatic retry: tls_feed looks at
     * every record that is not data. */
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_clear_mode(ctx, SSL_MODE_AUTO_RETRY);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_max_cert_list(ctx, CERTIFICATE_BYTES);
    SSL_CTX_set_security_level(ctx, 2);
    SSL_CTX_set_verify_depth(ctx, CHAIN_DEPTH);
    SSL_CTX_set_verify(ctx, DEMANDED, NULL);
    SSL_CTX_set_cert_verify_callback(ctx, tls_peer_verify, NULL);
    return SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) && SSL_CTX_set_max_proto_version(ctx, TLS1_3_VERSION) &&
           SSL_CTX_set_num_tickets(ctx, 0) && SSL_CTX_set_max_early_data(ctx, 0) &&
           SSL_CTX_set_recv_max_early_data(ctx, 0) && SSL_CTX_set_ciphersuites(ctx, SUITES) &&
           SSL_CTX_set1_groups_list(ctx, GROUPS) && SSL_CTX_set1_sigalgs_list(ctx, SIGNATURES) &&
           SSL_CTX_set1_client_sigalgs_list(ctx, SIGNATURES);
}

static bool set_side(SSL_CTX *ctx, bool server) {
    if (!server) return SSL_CTX_set_alpn_protos(ctx, alpn_list, ALPN_LIST_SIZE) == 0;
    SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, NULL);
    SSL_CTX_set_client_hello_cb(ctx, look_at_hello, NULL);
    return true;
}

static bool set_material(SSL_CTX *ctx, const struct tls_material *m) {
    X509_STORE *store = SSL_CTX_get_cert_store(ctx);
    unsigned long flags = X509_V_FLAG_X509_STRICT;
    if (!SSL_CTX_use_certificate(ctx, m->certificate) || !SSL_CTX_use_PrivateKey(ctx, m->key)) return false;
    for (int i = 0; i < sk_X509_num(m->chain); i++)
        if (!SSL_CTX_add1_chain_cert(ctx, sk_X509_value(m->chain, i))) return false;
    for (int i = 0; i < sk_X509_num(m->authorities); i++)
        if (!X509_STORE_add_cert(store, sk_X509_value(m->authorities, i))) return false;
    for (int i = 0; i < sk_X509_CRL_num(m->crls); i++)
        if (!X509_STORE_add_crl(store, sk_X509_CRL_value(m->crls, i))) return false;
    if (m->crls) flags |= X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;
    return X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(ctx), flags) == 1;
}

/* Without certificate and protocol yet. NULL without memory. */
static struct tls_context *make_bare(bool server) {
    struct tls_context *c = OPENSSL_zalloc(sizeof *c);
    if (!c) return NULL;
    c->references = 1;
    c->server = server;
    c->slices = tls_slices_new();
    c->ssl = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
    if (c->ssl && c->slices && set_protocol(c->ssl)) return c;
    tls_context_free(c);
    return NULL;
}

static struct tls_context *make(const struct tls_files *files, bool server, struct tls_error *error) {
    struct tls_material m;
    struct tls_context *c = NULL;
    error->text[0] = '\0';
    ERR_clear_error();
    if (!tls_material_read(&m, files, server, error)) goto out;
    c = make_bare(server);
    if (!c) {
        tls_refuse(error, "内存不足，无法建立加密设置。请稍候重试。");
        goto out;
    }
    c->start = tls_time_ms(X509_get0_notBefore(m.certificate));
    c->expiry = tls_time_ms(X509_get0_notAfter(m.certificate));
    if (!set_side(c->ssl, server) || !set_material(c->ssl, &m)) {
        const char *reason = ERR_reason_error_string(ERR_peek_last_error());
        tls_refuse(error, "证书 %s 不能用于加密连接（%s）。请换用 ECDSA P-256、Ed25519 或 3072 位以上的 RSA 证书。",
                   files->certificate, reason ? reason : "内存不足");
        tls_context_free(c);
        c = NULL;
        goto out;
    }
    c->lists = m.crls;
    m.crls = NULL;
out:
    tls_material_free(&m);
    ERR_clear_error();
    return c;
}

struct tls_context *tls_context_pinned(const uint8_t *pin, size_t size, struct tls_error *error) {
    struct tls_context *c = size && size <= sizeof c->pin ? make_bare(false) : NULL;
    error->text[0] = '\0';
    if (c && SSL_CTX_set_alpn_protos(c->ssl, alpn_enrol, ALPN_ENROL_SIZE) == 0 &&
        X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(c->ssl), X509_V_FLAG_X509_STRICT) == 1) {
        memcpy(c->pin, pin, size);
        c->pin_size = size;
        return c;
    }
    tls_context_free(c);
    tls_refuse(error, "内存不足，无法建立加密设置。请稍候重试。");
    return NULL;
}

/* A device that pins `ca` must be able to follow the server's certificate to it, and to come back with its own. */
static bool is_chained(struct tls_context *c, X509 *ca) {
    STACK_OF(X509) *chain = NULL, *anchor = sk_X509_new_null();
    X509_STORE_CTX *check = X509_STORE_CTX_new();
    X509 *own = SSL_CTX_get0_certificate(c->ssl);
    SSL_CTX_get0_chain_certs(c->ssl, &chain);
    bool good = false;
    if (anchor && check && sk_X509_push(anchor, ca) > 0 && X509_STORE_CTX_init(check, NULL, own, chain)) {
        X509_STORE_CTX_set0_trusted_stack(check, anchor);
        good = X509_verify_cert(check) == 1;
    }
    if (check) X509_STORE_CTX_cleanup(check);
    if (good && X509_STORE_CTX_init(check, SSL_CTX_get_cert_store(c->ssl), ca, NULL))
        good = X509_verify_cert(check) == 1 && sk_X509_num(X509_STORE_CTX_get0_chain(check)) == 1;
    X509_STORE_CTX_free(check);
    sk_X509_free(anchor);
    return good;
}

bool tls_context_enrols(struct tls_context *c, const struct ca *ca, struct tls_error *error) {
    X509 *authority = ca_certificate(ca);
    bool good = is_chained(c, authority);
    ERR_clear_error();
    if (!good)
        return tls_refuse(error,
                          "enrol_ca_certificate 必须就是签发服务器证书的那个 CA，并且写在 tls_ca 里：否则新终端无法"
                          "凭令牌认出服务器。请核对这三个文件，或把 enrol_ca_certificate 留空。");
    X509_up_ref(authority);
    X509_free(c->enrols);
    c->enrols = authority;
    return true;
}

struct tls_context *tls_context_server(const struct tls_files *files, struct tls_error *error) {
    return make(files, true, error);
}

struct tls_context *tls_context_client(const struct tls_files *files, struct tls_error *error) {
    return make(files, false, error);
}

/* < 0: `a` is older than `b`. */
static int compare_lists(X509_CRL *a, X509_CRL *b) {
    ASN1_INTEGER *one = X509_CRL_get_ext_d2i(a, NID_crl_number, NULL, NULL),
                 *other = X509_CRL_get_ext_d2i(b, NID_crl_number, NULL, NULL);
    int order = one && other ? ASN1_INTEGER_cmp(one, other) : 0;
    ASN1_INTEGER_free(one);
    ASN1_INTEGER_free(other);
    ERR_clear_error();
    return order ? order : ASN1_TIME_compare(X509_CRL_get0_lastUpdate(a), X509_CRL_get0_lastUpdate(b));
}

bool tls_context_is_behind(const struct tls_context *fresh, const struct tls_context *used, struct tls_error *error) {
    for (int i = 0; fresh->lists && i < sk_X509_CRL_num(fresh->lists); i++)
        for (int j = 0; used->lists && j < sk_X509_CRL_num(used->lists); j++) {
            X509_CRL *one = sk_X509_CRL_value(fresh->lists, i), *before = sk_X509_CRL_value(used->lists, j);
            if (X509_NAME_cmp(X509_CRL_get_issuer(one), X509_CRL_get_issuer(before)) != 0 ||
                compare_lists(one, before) >= 0)
                continue;
            tls_refuse(error,
                       "吊销列表比正在用的那份旧（编号或签发时间更早），没有采用，原来的继续有效。请向签发机构取得最"
                       "新的一份；确要退回旧的，请重启服务器。");
            return true;
        }
    return false;
}

struct tls_context *tls_context_hold(struct tls_context *c) {
    c->references++;
    return c;
}

void tls_context_free(struct tls_context *c) {
    if (!c || --c->references) return;
    X509_free(c->enrols);
    sk_X509_CRL_pop_free(c->lists, X509_CRL_free);
    SSL_SESSION_free(c->blank);
    SSL_CTX_free(c->parked);
    SSL_CTX_free(c->ssl);
    BIO_meth_free(c->slices);
    OPENSSL_free(c);
}

int64_t tls_context_start(const struct tls_context *c) { return c->start; }
int64_t tls_context_expiry(const struct tls_context *c) { return c->expiry; }
