#include "common/tls_private.h"
#include <openssl/err.h>
#include <openssl/sslerr.h>

struct reason {
    int code;
    const char *token;
};

static const struct reason reasons[] = {
    {SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, "CERTIFICATE_REQUIRED"},
    {SSL_R_NO_APPLICATION_PROTOCOL, "NO_COMMON_PROTOCOL"},
    {SSL_R_BAD_EXTENSION, "OTHER"},
    {SSL_R_UNSUPPORTED_PROTOCOL, "OLD_VERSION"},
    {SSL_R_VERSION_TOO_LOW, "OLD_VERSION"},
    {SSL_R_WRONG_SSL_VERSION, "OLD_VERSION"},
    {SSL_R_NO_PROTOCOLS_AVAILABLE, "OLD_VERSION"},
    {SSL_R_WRONG_VERSION_NUMBER, "NOT_TLS"},
    {SSL_R_HTTP_REQUEST, "NOT_TLS"},
    {SSL_R_HTTPS_PROXY_REQUEST, "NOT_TLS"},
    {SSL_R_UNEXPECTED_EOF_WHILE_READING, "TRUNCATED"},
    {SSL_R_EE_KEY_TOO_SMALL, "BAD_CERTIFICATE"},
    {SSL_R_CA_KEY_TOO_SMALL, "BAD_CERTIFICATE"},
    {SSL_R_CA_MD_TOO_WEAK, "BAD_CERTIFICATE"},
    /* What the peer said: SSL_AD_REASON_OFFSET + alert. In TLS 1.3 a client learns only so, at its first read after the
     * handshake, that its certificate was refused. */
    {SSL_AD_REASON_OFFSET + SSL_AD_BAD_CERTIFICATE, "BAD_CERTIFICATE"},
    {SSL_AD_REASON_OFFSET + SSL_AD_UNSUPPORTED_CERTIFICATE, "BAD_CERTIFICATE"},
    {SSL_AD_REASON_OFFSET + SSL_AD_CERTIFICATE_REVOKED, "CERTIFICATE_REVOKED"},
    {SSL_AD_REASON_OFFSET + SSL_AD_CERTIFICATE_EXPIRED, "CERTIFICATE_EXPIRED"},
    {SSL_AD_REASON_OFFSET + SSL_AD_CERTIFICATE_UNKNOWN, "CERTIFICATE_UNKNOWN"},
    {SSL_AD_REASON_OFFSET + SSL_AD_UNKNOWN_CA, "UNKNOWN_CA"},
    {SSL_AD_REASON_OFFSET + SSL_AD_PROTOCOL_VERSION, "OLD_VERSION"},
    {SSL_AD_REASON_OFFSET + SSL_AD_CERTIFICATE_REQUIRED, "CERTIFICATE_REQUIRED"},
    {SSL_AD_REASON_OFFSET + SSL_AD_NO_APPLICATION_PROTOCOL, "NO_COMMON_PROTOCOL"},
};

static const struct reason verdicts[] = {
    {X509_V_ERR_CERT_HAS_EXPIRED, "CERTIFICATE_EXPIRED"},
    {X509_V_ERR_CERT_REVOKED, "CERTIFICATE_REVOKED"},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, "UNKNOWN_CA"},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, "UNKNOWN_CA"},
    {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, "UNKNOWN_CA"},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, "UNKNOWN_CA"},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, "UNKNOWN_CA"},
    {X509_V_ERR_HOSTNAME_MISMATCH, "NAME_MISMATCH"},
    {X509_V_ERR_IP_ADDRESS_MISMATCH, "NAME_MISMATCH"},
    /* Without a list that holds today nobody can say whether the certificate was revoked. */
    {X509_V_ERR_UNABLE_TO_GET_CRL, "CERTIFICATE_UNKNOWN"},
    {X509_V_ERR_CRL_HAS_EXPIRED, "CERTIFICATE_UNKNOWN"},
    {X509_V_ERR_CRL_NOT_YET_VALID, "CERTIFICATE_UNKNOWN"},
    {X509_V_ERR_OUT_OF_MEM, "OTHER"},
    {X509_V_ERR_UNSPECIFIED, "OTHER"},
};

static const char *find(const struct reason *rows, size_t count, int code, const char *otherwise) {
    for (size_t i = 0; i < count; i++)
        if (rows[i].code == code) return rows[i].token;
    return otherwise;
}

void tls_explain(struct tls *t) {
    unsigned long error = ERR_peek_last_error();
    int reason = ERR_GET_LIB(error) == ERR_LIB_SSL ? ERR_GET_REASON(error) : 0;
    const char *token, *detail = error ? ERR_reason_error_string(error) : NULL;
    if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
        long verdict = SSL_get_verify_result(t->ssl);
        token = find(verdicts, sizeof verdicts / sizeof *verdicts, (int)verdict, "BAD_CERTIFICATE");
        detail = X509_verify_cert_error_string(verdict);
    } else {
        token = find(reasons, sizeof reasons / sizeof *reasons, reason, "OTHER");
        /* Bytes that never became a ClientHello are of somebody who speaks something else. */
        if (t->context->server && !t->greeted && reason < SSL_AD_REASON_OFFSET) token = "NOT_TLS";
    }
    if (!t->failure) t->failure = token;
    if (!t->detail) t->detail = detail;
    ERR_clear_error();
}
