/* THE TABLE: every request there is, one row each. The one place to add one.
 * Floor 4 (call).
 *
 * To add a request: (1) its messages and two oneof lines in proto/, (2) server/sql/<name>.sql, (3) a row here, (4) a
 * row in the client's verbs. The oneof field's name is also the file's, the log's word and the event's kind. What is
 * missing or disagrees stops the server at its start (contract_compile) and fails the tests. */
#ifndef LIANDONG_CALL_REQUESTS_H
#define LIANDONG_CALL_REQUESTS_H
#include "session.pb-c.h"
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>

struct call;
enum request_lane {
    LANE_NONE,   /* no such request */
    LANE_LOCAL,  /* answered from memory by `local` */
    LANE_READ,   /* its .sql, in a transaction of its own */
    LANE_HELD,   /* the same, asked again and again until it has something to tell or `wait_ms` is over: operation.h */
    LANE_AUDIT,  /* a read as a member of a commit group: what it writes down of its reader is durable before it is
                    answered */
    LANE_WRITE,  /* its .sql, as a member of a commit group; needs request_id */
    LANE_URGENT, /* the same, before all that waits and in a group without the others: what somebody is alerted by */
    LANE_BATCH   /* the same, many reports of one group in one execution */
};
static inline bool request_in_group(enum request_lane lane) { return lane >= LANE_AUDIT; }
static inline bool request_writes(enum request_lane lane) { return lane >= LANE_WRITE; }
struct request {
    enum request_lane lane;
    uint32_t roles; /* bits 1 << ROLE_…: who may ask. What of it they see is for the SQL to say */
    void (*local)(struct call *c);
};
#define REQUESTS 256u
extern const struct request requests[REQUESTS]; /* by number of the oneof field */

/* Descriptor of the reply that goes with a request's number, NULL where ToClient has none. */
const ProtobufCFieldDescriptor *request_reply_field(uint32_t number);
#endif
