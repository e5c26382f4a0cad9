/* The certificates that connections present: one TLS context per device, shared by all its connections.
 * Part of the load generator. */
#ifndef LIANDONG_LOAD_DEVICE_H
#define LIANDONG_LOAD_DEVICE_H
#include <openssl/ssl.h>
#include <stddef.h>

struct device {
    char name[64];
    SSL_CTX *context;
};

/* Reads FOLDER/ca.pem, FOLDER/NAME.pem and FOLDER/NAME.key. TLS 1.3, AES-128-GCM and X25519 for every system, so that
 * no system is measured with a dearer cipher than another. Ends the program with a sentence where a file can't be used.
 */
void device_open(struct device *d, const char *folder, const char *name);
void device_close(struct device *d);
#endif
