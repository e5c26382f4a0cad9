#include "tls_pair.h"
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct authority *the_authority;

struct authority *pki_authority(void) {
    if (the_authority) return the_authority;
    the_authority = authority_make("Test CA");
    authority_write(the_authority, "ca.pem");
    authority_issue(the_authority, &(struct wish){.dns = "localhost", .ip = "127.0.0.1", .server = true}, "server.pem",
                    "server.key");
    authority_issue(the_authority, &(struct wish){.uris = {"liandong:device:ytp-duty"}, .client = true}, "client.pem",
                    "client.key");
    return the_authority;
}

void pki_free(void) {
    if (the_authority) authority_free(the_authority);
    the_authority = NULL;
}

static struct tls_files files_named(const char *name) {
    char certificate[64], key[64];
    snprintf(certificate, sizeof certificate, "%s.pem", name);
    snprintf(key, sizeof key, "%s.key", name);
    return (struct tls_files){scratch_path(certificate), scratch_path(key), scratch_path("ca.pem"), NULL};
}

struct tls_files pki_server(void) {
    pki_authority();
    return files_named("server");
}

struct tls_files pki_client(void) {
    pki_authority();
    return files_named("client");
}

struct tls_files pki_issue(struct authority *a, const struct wish *wish, const char *name) {
    char certificate[64], key[64];
    pki_authority();
    snprintf(certificate, sizeof certificate, "%s.pem", name);
    snprintf(key, sizeof key, "%s.key", name);
    authority_issue(a, wish, certificate, key);
    return files_named(name);
}

struct tls_context *context_of(struct tls_files files, bool server) {
    struct tls_error error;
    struct tls_context *c = server ? tls_context_server(&files, &error) : tls_context_client(&files, &error);
    if (!c) fail_msg("%s", error.text);
    return c;
}

void end_make(struct end *e, struct tls *tls) {
    assert_non_null(tls);
    e->tls = tls;
    buffer_init(&e->in, IN_CAP);
    buffer_init(&e->out, OUT_CAP);
}

void end_free(struct end *e) {
    tls_free(e->tls);
    buffer_free(&e->in);
    buffer_free(&e->out);
}

void end_feed(struct end *e, const void *bytes, size_t size, size_t step) {
    const uint8_t *at = bytes;
    while (size) {
        size_t now = size < step ? size : step, consumed;
        uint8_t *exact = sure_malloc(now);
        memcpy(exact, at, now);
        tls_feed(e->tls, exact, now, &consumed, &e->in, &e->out);
        free(exact);
        assert_int_equal(consumed, now);
        at += now;
        size -= now;
    }
}

static bool carry_one_way(struct end *from, struct end *to, size_t step) {
    struct buffer taken = from->out;
    if (!buffer_size(&taken)) return false;
    buffer_init(&from->out, taken.cap);
    end_feed(to, buffer_head(&taken), buffer_size(&taken), step);
    buffer_free(&taken);
    return true;
}

void carry(struct end *client, struct end *server, size_t step) {
    size_t consumed;
    tls_feed(client->tls, NULL, 0, &consumed, &client->in, &client->out);
    bool moved = true;
    for (int round = 0; moved; round++) {
        assert_true(round < 100);
        moved = carry_one_way(client, server, step);
        moved = carry_one_way(server, client, step) || moved;
    }
}

void expect_in(struct end *e, const void *bytes, size_t size) {
    assert_int_equal(buffer_size(&e->in), size);
    if (size) assert_true(memcmp(buffer_head(&e->in), bytes, size) == 0);
    buffer_consume(&e->in, size);
}

void expect_failure(const struct end *e, const char *token) {
    assert_int_equal(tls_get_state(e->tls), TLS_FAILED);
    assert_string_equal(tls_failure(e->tls), token);
}

void pair_open(struct pair *p, size_t step) {
    struct tls_context *server = context_of(pki_server(), true), *client = context_of(pki_client(), false);
    end_make(&p->server, tls_server(server));
    end_make(&p->client, tls_client(client, "localhost"));
    tls_context_free(server); /* connections keep what they need */
    tls_context_free(client);
    carry(&p->client, &p->server, step);
    assert_int_equal(tls_get_state(p->server.tls), TLS_OPEN);
    assert_int_equal(tls_get_state(p->client.tls), TLS_OPEN);
    assert_null(tls_failure(p->server.tls));
    assert_string_equal(tls_failure_detail(p->server.tls), "");
}

void pair_free(struct pair *p) {
    end_free(&p->client);
    end_free(&p->server);
}

/* ---- strangers */

static int choose_any(SSL *ssl, const unsigned char **out, unsigned char *size, const unsigned char *in,
                      unsigned int in_size, void *protocol) {
    (void)ssl, (void)in, (void)in_size;
    if (!protocol) return SSL_TLSEXT_ERR_NOACK;
    *out = protocol;
    *size = (unsigned char)strlen(protocol);
    return SSL_TLSEXT_ERR_OK;
}

static void note_alert(const SSL *ssl, int where, int value) {
    struct stranger *s = SSL_get_app_data(ssl);
    if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT) s->alert = value & 0xff;
}

void stranger_make(struct stranger *s, bool server, const struct tls_files *files, const char *protocol, int version) {
    s->context = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
    assert_non_null(s->context);
    assert_true(SSL_CTX_load_verify_locations(s->context, pki_server().ca, NULL));
    if (version) assert_true(SSL_CTX_set_max_proto_version(s->context, version));
    if (files) {
        assert_true(SSL_CTX_use_certificate_chain_file(s->context, files->certificate));
        assert_true(SSL_CTX_use_PrivateKey_file(s->context, files->key, SSL_FILETYPE_PEM));
    }
    if (server) SSL_CTX_set_alpn_select_cb(s->context, choose_any, (void *)(uintptr_t)protocol);
    SSL_CTX_set_verify(s->context, server ? SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT : SSL_VERIFY_NONE, NULL);
    s->ssl = SSL_new(s->context);
    assert_non_null(s->ssl);
    s->alert = 0;
    SSL_set_app_data(s->ssl, s);
    SSL_set_info_callback(s->ssl, note_alert);
    SSL_set_bio(s->ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    if (server) {
        SSL_set_accept_state(s->ssl);
        return;
    }
    SSL_set_connect_state(s->ssl);
    unsigned char list[64] = {0};
    if (!protocol) return;
    list[0] = (unsigned char)strlen(protocol);
    memcpy(list + 1, protocol, list[0]);
    assert_int_equal(SSL_set_alpn_protos(s->ssl, list, list[0] + 1u), 0);
}

void stranger_free(struct stranger *s) {
    SSL_free(s->ssl);
    SSL_CTX_free(s->context);
}

size_t stranger_carry(struct stranger *s, struct end *e) {
    static char dropped[65536];
    size_t consumed, total = 0;
    tls_feed(e->tls, NULL, 0, &consumed, &e->in, &e->out);
    for (bool moved = true; moved;) {
        char *bytes;
        int got;
        moved = false;
        ERR_clear_error();
        while ((got = SSL_read(s->ssl, dropped, sizeof dropped)) > 0) total += (size_t)got;
        long size = BIO_get_mem_data(SSL_get_wbio(s->ssl), &bytes);
        if (size > 0) {
            end_feed(e, bytes, (size_t)size, (size_t)size);
            BIO_reset(SSL_get_wbio(s->ssl));
            moved = true;
        }
        if (buffer_size(&e->out)) {
            BIO_write(SSL_get_rbio(s->ssl), buffer_head(&e->out), (int)buffer_size(&e->out));
            buffer_consume(&e->out, buffer_size(&e->out));
            moved = true;
        }
    }
    ERR_clear_error();
    return total;
}
