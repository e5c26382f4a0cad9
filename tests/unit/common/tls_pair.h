/* Two TLS ends in memory, and the certificates they use. */
#ifndef LIANDONG_TESTS_TLS_PAIR_H
#define LIANDONG_TESTS_TLS_PAIR_H
#include "certificates.h"
#include "common/tls.h"
#include "support.h"
#include <openssl/ssl.h>

#define IN_CAP  (1u << 20)
#define OUT_CAP (1u << 22)

struct end {
    struct tls *tls;
    struct buffer in, out;
};

/* The authority, a server for localhost and 127.0.0.1 and a client liandong:device:ytp-duty, made once. */
struct authority *pki_authority(void);
struct tls_files pki_server(void);
struct tls_files pki_client(void);
/* Files of another certificate of the authority, `name` within the scratch folder. */
struct tls_files pki_issue(struct authority *a, const struct wish *wish, const char *name);
void pki_free(void);

struct tls_context *context_of(struct tls_files files, bool server);

void end_make(struct end *e, struct tls *tls);
void end_free(struct end *e);
/* Feeds one end with bytes, `step` at a time, each from memory of exactly its size. Expects all of it to be consumed.
 */
void end_feed(struct end *e, const void *bytes, size_t size, size_t step);
/* Carries bytes between the ends until both are silent, `step` at a time. */
void carry(struct end *client, struct end *server, size_t step);
/* All of this arrived. Drains it. */
void expect_in(struct end *e, const void *bytes, size_t size);
void expect_failure(const struct end *e, const char *token);

/* Two ends that are open: the plain case. */
struct pair {
    struct end client, server;
};
void pair_open(struct pair *p, size_t step);
void pair_free(struct pair *p);

/* A peer that is not our code: OpenSSL with memory BIOs. */
struct stranger {
    SSL_CTX *context;
    SSL *ssl;
    int alert; /* the last one it received; 0: none */
};
/* A client or server that trusts the authority, with the files' certificate where `files` is not NULL, offering or
 * choosing `protocol` (NULL: none), at most of `version` (0: any). */
void stranger_make(struct stranger *s, bool server, const struct tls_files *files, const char *protocol, int version);
void stranger_free(struct stranger *s);
/* Carries bytes between a stranger and an end until both are silent; the stranger drops what it reads, which is
 * counted. */
size_t stranger_carry(struct stranger *s, struct end *e);
#endif
