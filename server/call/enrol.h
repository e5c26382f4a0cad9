/* Devices that come in: what the server adds to the requests of enrolment that SQL can't do. It judges a request for a
 * certificate and names its key before the write, and makes the certificate after it.
 * Floor 4 (call).
 *
 * A connection by liandong-enrol/1 has no certificate: its session (session_peer.enrolling) may say hello, ping and
 * enrol_device, in frames of FRAME_CAP_HELLO, lives ENROL_SECONDS at most and ends with the answer to enrol_device. Its
 * caller is nobody: office, device and account 0, role unspecified.
 *
 * Order: the key is proved (PKCS#10's own signature) -> one write uses the invitation, enters the device and settles
 * what the certificate says (serial, dates) -> after the commit it is signed (0.1 ms with P-256, on the loop) and
 * answered. An answer that got lost is made again from the same row by the same request_id: the same serial and dates.
 * Of the invitation's secret only SHA-256 goes to the database, and into the act that the feed keeps. */
#ifndef LIANDONG_CALL_ENROL_H
#define LIANDONG_CALL_ENROL_H
#include "call/call.h"

#define ENROL_SECONDS 30u

/* What is done around the write of a request. */
struct request_steps {
    /* Before it: may change the message and fills `in`. False: it was refused. */
    bool (*prepare)(struct call *c, struct mapping_input *in);
    /* After it, on the reply. NULL, or a reason: refused after all. */
    const char *(*finish)(struct call *c, ProtobufCMessage *reply);
};
/* NULL for most requests. */
const struct request_steps *enrol_steps(uint32_t number);
/* True for what a session without a certificate may ask. */
bool enrol_allows(uint32_t number);
#endif
