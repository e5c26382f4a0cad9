#include "common/clock.h"
#include "common/tls_private.h"
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

#define RECORD_MAX      16384u /* plaintext of a record, RFC 8446 5.1 */
#define RECORD_OVERHEAD 22u    /* header 5, content type 1, tag 16 */
#define UPDATES_BURST   16u    /* key updates: each costs us a key derivation and an answer, */
#define UPDATES_PER_S   2u     /* and an honest peer needs one in 2^24 records */

/* ---- the BIO: OpenSSL's side of a slice and a buffer */

static int slice_read(BIO *bio, char *out, size_t room, size_t *got) {
    struct tls *t = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    *got = room < t->input_size ? room : t->input_size;
    if (*got == 0) {
        BIO_set_retry_read(bio);
        return 0;
    }
    memcpy(out, t->input, *got);
    t->input += *got;
    t->input_size -= *got;
    return 1;
}

static int slice_write(BIO *bio, const char *bytes, size_t size, size_t *written) {
    struct tls *t = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    *written = 0;
    if (!t->output || !buffer_put(t->output, bytes, size)) {
        t->failure = "OTHER";
        t->detail = "no room for what must be sent";
        return 0;
    }
    *written = size;
    return 1;
}

static long slice_control(BIO *bio, int command, long number, void *pointer) {
    (void)bio, (void)number, (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

static int slice_create(BIO *bio) {
    BIO_set_init(bio, 1);
    return 1;
}

BIO_METHOD *tls_slices_new(void) {
    BIO_METHOD *m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "slices");
    if (m && BIO_meth_set_read_ex(m, slice_read) && BIO_meth_set_write_ex(m, slice_write) &&
        BIO_meth_set_ctrl(m, slice_control) && BIO_meth_set_create(m, slice_create))
        return m;
    BIO_meth_free(m);
    return NULL;
}

/* ---- life */

static struct tls *make(struct tls_context *context) {
    struct tls *t = OPENSSL_zalloc(sizeof *t);
    BIO *bio = BIO_new(context->slices);
    if (!t || !bio) goto refused;
    t->context = tls_context_hold(context);
    t->updates_left = UPDATES_BURST;
    t->ssl = SSL_new(context->ssl);
    if (!t->ssl || !SSL_set_app_data(t->ssl, t)) goto refused;
    BIO_set_data(bio, t);
    SSL_set_bio(t->ssl, bio, bio); /* owns it now */
    return t;
refused:
    BIO_free(bio);
    tls_free(t);
    ERR_clear_error();
    return NULL;
}

struct tls *tls_server(struct tls_context *context) {
    struct tls *t = make(context);
    if (t) SSL_set_accept_state(t->ssl);
    return t;
}

struct tls *tls_client(struct tls_context *context, const char *peer_name) {
    struct tls *t = make(context);
    if (!t) return NULL;
    SSL_set_connect_state(t->ssl);
    SSL_set_hostflags(t->ssl, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    bool named = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(t->ssl), peer_name) == 1 ||
                 (SSL_set1_host(t->ssl, peer_name) == 1 && SSL_set_tlsext_host_name(t->ssl, peer_name) == 1);
    ERR_clear_error();
    if (named && *peer_name) return t;
    tls_free(t);
    return NULL;
}

void tls_free(struct tls *t) {
    if (!t) return;
    SSL_free(t->ssl);
    ASN1_INTEGER_free(t->serial);
    OPENSSL_free(t->uri);
    X509_free(t->authority);
    tls_context_free(t->context);
    OPENSSL_free(t);
}

/* ---- the handshake's end */

/* Called by OpenSSL for every message of the protocol itself. */
static void count_updates(int writing, int version, int type, const void *bytes, size_t size, SSL *ssl, void *tls) {
    (void)version, (void)ssl;
    struct tls *t = tls;
    if (writing || type != SSL3_RT_HANDSHAKE || size == 0 || *(const uint8_t *)bytes != SSL3_MT_KEY_UPDATE) return;
    uint64_t now = clock_monotonic_us(), earned = (now - t->updates_at) * UPDATES_PER_S / 1000000;
    if (earned) {
        t->updates_left =
            earned > UPDATES_BURST - t->updates_left ? UPDATES_BURST : (uint8_t)(t->updates_left + earned);
        t->updates_at = now;
    }
    if (t->updates_left)
        t->updates_left--;
    else
        t->failure = "OTHER", t->detail = "too many key updates";
}

/* Lets the peer's decoded certificate go (6 KiB of it): what we need of it was taken in tls_peer_verify. An SSL has no
 * call for that, but it takes another session, and all open connections of a context share one empty session. Two
 * things make it safe, and tls_park_test proves them on the OpenSSL at hand (key updates both ways, bulk both ways,
 * alerts, close_notify afterwards):
 * - SSL_set_session resets the whole connection where its method is not its context's. After negotiation it never is
 *   (TLS_server_method became TLS 1.3's own), so the connection first moves to a context that was made with the
 *   negotiated method and holds nothing else.
 * - nothing after a TLS 1.3 handshake reads the session: secrets and cipher are in the SSL.
 * Where a step fails the connection just keeps its memory. */
static void park(struct tls *t) {
    struct tls_context *c = t->context;
    const SSL_METHOD *method = SSL_get_ssl_method(t->ssl);
    if (!c->parked) c->parked = SSL_CTX_new(method);
    if (!c->blank) c->blank = SSL_SESSION_new();
    if (c->parked && c->blank && SSL_CTX_get_ssl_method(c->parked) == method &&
        SSL_set_SSL_CTX(t->ssl, c->parked) == c->parked)
        SSL_set_session(t->ssl, c->blank);
    ERR_clear_error();
}

static enum tls_state fail(struct tls *t) {
    tls_explain(t);
    return t->state = TLS_FAILED;
}

static enum tls_state fail_with(struct tls *t, const char *failure, const char *detail) {
    t->failure = failure;
    t->detail = detail;
    return t->state = TLS_FAILED;
}

/* What was agreed on, looked at once more where it is said to be open. */
static enum tls_state open_up(struct tls *t) {
    const unsigned char *protocol;
    unsigned int size;
    bool pinned = t->context->pin_size > 0;
    const char *wanted = pinned ? TLS_ALPN_ENROL : TLS_ALPN;
    SSL_get0_alpn_selected(t->ssl, &protocol, &size);
    t->enrolment =
        size == strlen(TLS_ALPN_ENROL) && memcmp(protocol, TLS_ALPN_ENROL, size) == 0 && (pinned || t->context->enrols);
    if (!t->enrolment && (size != strlen(wanted) || memcmp(protocol, wanted, size) != 0))
        return fail_with(t, "NO_COMMON_PROTOCOL", "the server chose no protocol");
    if (!t->identified && !(t->context->server && t->enrolment))
        return fail_with(t, "CERTIFICATE_REQUIRED", "nobody was verified");
    if (t->context->server) park(t);
    t->updates_at = clock_monotonic_us();
    SSL_set_msg_callback(t->ssl, count_updates);
    SSL_set_msg_callback_arg(t->ssl, t);
    return t->state = TLS_OPEN;
}

static enum tls_state shake_hands(struct tls *t) {
    int result = SSL_do_handshake(t->ssl);
    if (result == 1) return open_up(t);
    /* Without automatic retry it also comes back between two records; a last call without input asks for more. */
    while (SSL_get_error(t->ssl, result) == SSL_ERROR_WANT_READ && t->input_size) {
        ERR_clear_error();
        result = SSL_do_handshake(t->ssl);
        if (result == 1) return open_up(t);
    }
    return SSL_get_error(t->ssl, result) == SSL_ERROR_WANT_READ ? TLS_HANDSHAKE : fail(t);
}

/* ---- data */

static enum tls_state read_data(struct tls *t, struct buffer *in) {
    uint8_t plain[RECORD_MAX];
    for (;;) {
        size_t held = buffer_size(in), room = in->cap > held ? in->cap - held : 0, got;
        if (room == 0) return TLS_OPEN;
        ERR_clear_error();
        int result = SSL_read_ex(t->ssl, plain, room < sizeof plain ? room : sizeof plain, &got);
        if (t->failure) return fail(t);
        if (result == 1) {
            if (!buffer_put(in, plain, got)) return fail_with(t, "OTHER", "no memory for what was received");
            continue;
        }
        switch (SSL_get_error(t->ssl, result)) {
        case SSL_ERROR_WANT_READ:
            if (t->input_size) continue; /* a record that was not data is done */
            return TLS_OPEN;
        case SSL_ERROR_ZERO_RETURN: return t->state = TLS_CLOSED;
        default: return fail(t);
        }
    }
}

enum tls_state tls_feed(struct tls *t, const uint8_t *bytes, size_t size, size_t *consumed, struct buffer *in,
                        struct buffer *out) {
    *consumed = size;
    if (t->state == TLS_CLOSED || t->state == TLS_FAILED) return t->state;
    t->input = bytes;
    t->input_size = size;
    t->output = out;
    ERR_clear_error();
    if (t->state == TLS_HANDSHAKE) shake_hands(t);
    if (t->state == TLS_OPEN) read_data(t, in);
    /* What follows a close_notify or a failure is nobody's. */
    if (t->state == TLS_OPEN) *consumed = size - t->input_size;
    t->input = NULL;
    t->input_size = 0;
    t->output = NULL;
    return t->state;
}

bool tls_pending(const struct tls *t) { return t->state == TLS_OPEN && SSL_pending(t->ssl) > 0; }

enum tls_state tls_end(struct tls *t) {
    if (t->state == TLS_HANDSHAKE || t->state == TLS_OPEN)
        fail_with(t, "TRUNCATED", "the stream ended without close_notify");
    return t->state;
}

bool tls_write(struct tls *t, const void *bytes, size_t size, struct buffer *out) {
    const uint8_t *at = bytes;
    size_t records = size / RECORD_MAX + 1, written;
    if (t->state != TLS_OPEN) return false;
    if (size == 0) return true;
    /* All or nothing, and one growth: half a run of records would be the end of the stream. */
    if (!buffer_reserve(out, size + records * RECORD_OVERHEAD)) {
        fail_with(t, "OTHER", "no room for what must be sent");
        return false;
    }
    t->output = out;
    ERR_clear_error();
    while (size && SSL_write_ex(t->ssl, at, size, &written) == 1) {
        at += written;
        size -= written;
    }
    t->output = NULL;
    if (size) fail(t);
    return size == 0;
}

void tls_close(struct tls *t, struct buffer *out) {
    if (t->state != TLS_OPEN && t->state != TLS_CLOSED) return;
    t->output = out;
    ERR_clear_error();
    SSL_shutdown(t->ssl);
    ERR_clear_error();
    t->output = NULL;
}

enum tls_state tls_get_state(const struct tls *t) { return t->state; }
const char *tls_failure(const struct tls *t) { return t->state == TLS_FAILED ? t->failure : NULL; }
const char *tls_failure_detail(const struct tls *t) { return t->state == TLS_FAILED && t->detail ? t->detail : ""; }
const uint8_t *tls_peer_key(const struct tls *t) { return t->key; }
const char *tls_peer_uri(const struct tls *t) { return t->uri ? t->uri : ""; }
bool tls_is_enrolment(const struct tls *t) { return t->enrolment; }

bool tls_authority(const struct tls *t, char *pem, size_t room) {
    char *bytes;
    BIO *bio = t->authority ? BIO_new(BIO_s_mem()) : NULL;
    long size = bio && PEM_write_bio_X509(bio, t->authority) ? BIO_get_mem_data(bio, &bytes) : 0;
    bool fits = size > 0 && (size_t)size < room;
    if (fits) {
        memcpy(pem, bytes, (size_t)size);
        pem[size] = '\0';
    }
    BIO_free(bio);
    ERR_clear_error();
    return fits;
}

int64_t tls_peer_expiry(const struct tls *t) { return t->expiry; }
