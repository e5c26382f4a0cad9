/* Certificates for tests, made in the process; no file of the tree holds a key. */
#ifndef LIANDONG_TESTS_CERTIFICATES_H
#define LIANDONG_TESTS_CERTIFICATES_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct authority;

enum key_kind { KEY_P256, KEY_P384, KEY_ED25519, KEY_RSA_2048, KEY_RSA_3072 };

/* What a certificate shall say. Zeroes are the plain case: P-256, valid from an hour ago for a day, no names. */
struct wish {
    const char *common_name; /* "test" where NULL */
    const char *dns, *ip;    /* SAN, or NULL */
    const char *uris[3];     /* SAN URIs, NULL-ended */
    const void *raw_uri;     /* one more SAN URI, of any bytes */
    size_t raw_uri_size;
    int64_t from_s, until_s; /* seconds from now; 0: the plain case */
    enum key_kind key;
    bool server, client; /* extended key usage; neither: none */
    bool authority;      /* an intermediate authority */
};

/* A self-signed authority; tests fail where OpenSSL does. */
struct authority *authority_make(const char *name);
void authority_free(struct authority *a);
/* Writes PEM files (0600) of these names into the scratch folder and returns the certificate's path. */
const char *authority_write(struct authority *a, const char *file);
const char *authority_write_key(struct authority *a, const char *file);
const char *authority_issue(struct authority *a, const struct wish *wish, const char *certificate_file,
                            const char *key_file);
/* An authority below `a`. Its certificates' files get its own certificate behind them. */
struct authority *authority_below(struct authority *a, const char *name);
/* A list that revokes the authority's certificates numbered `serials` (0-ended; issue counts from 1), until `until_s`.
 */
const char *authority_revoke(struct authority *a, const long *serials, int64_t until_s, const char *file);
/* The same as number `number` (0: without one), issued `age_s` ago. */
const char *authority_revoke_as(struct authority *a, const long *serials, int64_t until_s, long number, int64_t age_s,
                                const char *file);
#endif
