#include "call/requests.h"
#include "call/local.h"
#include "call/login.h"
#include "envelope.pb-c.h"

#define ROLE(name) (1u << LIANDONG__V1__ROLE__ROLE_##name)
#define POLICE     (ROLE(OFFICER) | ROLE(DUTY) | ROLE(CHIEF))
#define JUDICIAL   (ROLE(MEDIATOR) | ROLE(OFFICE_HEAD))
#define VIEWER     ROLE(VIEWER)
#define ADMIN      ROLE(ADMIN)
#define AUDITOR    ROLE(AUDITOR)
#define HEADS      (ROLE(CHIEF) | ROLE(OFFICE_HEAD))
#define EVERYONE   (POLICE | JUDICIAL | VIEWER | ADMIN | AUDITOR)
#define NOBODY     ROLE(UNSPECIFIED) /* a device at which nobody has logged in */
#define AT(name)   LIANDONG__V1__TO_SERVER__BODY_##name

/* clang-format off */
const struct request requests[REQUESTS] = {
    [AT(HELLO)]             = {LANE_LOCAL, NOBODY | EVERYONE, local_hello},
    [AT(PING)]              = {LANE_LOCAL, NOBODY | EVERYONE, local_ping},
    [AT(WATCH_FEED)]        = {LANE_LOCAL, POLICE | JUDICIAL | VIEWER, local_watch_feed},
    [AT(VERIFY_FEED)]       = {LANE_READ, EVERYONE, NULL},
    [AT(REPORT_INCIDENT)]   = {LANE_BATCH, POLICE | JUDICIAL, NULL},
    [AT(SHOW_INCIDENT)]     = {LANE_AUDIT, POLICE | JUDICIAL | VIEWER, NULL},
    [AT(LIST_INCIDENTS)]    = {LANE_READ, POLICE | JUDICIAL | VIEWER, NULL},
    [AT(SEARCH_INCIDENTS)]  = {LANE_READ, POLICE | JUDICIAL | VIEWER, NULL},
    [AT(DISPATCH_INCIDENT)] = {LANE_WRITE, POLICE, NULL},
    [AT(ARRIVE_INCIDENT)]   = {LANE_WRITE, POLICE | JUDICIAL, NULL},
    [AT(HANDLE_INCIDENT)]   = {LANE_WRITE, POLICE | JUDICIAL, NULL},
    [AT(NOTE_INCIDENT)]     = {LANE_WRITE, POLICE | JUDICIAL, NULL},
    [AT(FEEDBACK_INCIDENT)] = {LANE_WRITE, POLICE, NULL},
    [AT(CLOSE_INCIDENT)]    = {LANE_WRITE, POLICE, NULL},
    [AT(REOPEN_INCIDENT)]   = {LANE_WRITE, POLICE, NULL},
    [AT(VOID_INCIDENT)]     = {LANE_WRITE, POLICE, NULL},
    [AT(CORRECT_INCIDENT)]  = {LANE_WRITE, POLICE | JUDICIAL, NULL},
    [AT(GRADE_INCIDENT)]    = {LANE_WRITE, POLICE | JUDICIAL, NULL},
    [AT(GRANT_ACCESS)]      = {LANE_WRITE, POLICE | JUDICIAL, NULL},
    [AT(WITHDRAW_ACCESS)]   = {LANE_WRITE, POLICE | JUDICIAL, NULL},
    [AT(EXPLAIN_RIGHTS)]    = {LANE_READ, POLICE | JUDICIAL | ADMIN, NULL},
    [AT(SHOW_HISTORY)]      = {LANE_AUDIT, POLICE | JUDICIAL | VIEWER, NULL},
    [AT(OPEN_OFFICE)]       = {LANE_WRITE, ADMIN, NULL},
    [AT(CHANGE_OFFICE)]     = {LANE_WRITE, ADMIN, NULL},
    [AT(PAIR_OFFICES)]      = {LANE_WRITE, ADMIN, NULL},
    [AT(PART_OFFICES)]      = {LANE_WRITE, ADMIN, NULL},
    [AT(LIST_OFFICES)]      = {LANE_READ, EVERYONE, NULL},
    [AT(ADD_ACCOUNT)]       = {LANE_WRITE, ADMIN, NULL},
    [AT(ASSIGN_ACCOUNT)]    = {LANE_WRITE, ADMIN, NULL},
    [AT(UNASSIGN_ACCOUNT)]  = {LANE_WRITE, ADMIN, NULL},
    [AT(LOCK_ACCOUNT)]      = {LANE_WRITE, ADMIN, NULL},
    [AT(UNLOCK_ACCOUNT)]    = {LANE_WRITE, ADMIN, NULL},
    [AT(ISSUE_CODE)]        = {LANE_WRITE, ADMIN, NULL},
    [AT(LIST_ACCOUNTS)]     = {LANE_READ, ADMIN, NULL},
    [AT(LIST_CHANGES)]      = {LANE_READ, ADMIN, NULL},
    [AT(LOGIN)]             = {LANE_LOCAL, NOBODY | EVERYONE, local_login},
    [AT(END_LOGIN)]         = {LANE_WRITE, EVERYONE, NULL},
    [AT(CHANGE_PASSWORD)]   = {LANE_LOCAL, EVERYONE, local_change_password},
    [AT(LIST_LOGINS)]       = {LANE_READ, EVERYONE, NULL},
    [AT(INVITE_DEVICE)]     = {LANE_WRITE, ADMIN, NULL},
    [AT(ENROL_DEVICE)]      = {LANE_WRITE, NOBODY, NULL}, /* and only by liandong-enrol/1: call/enrol.h */
    [AT(RENEW_DEVICE)]      = {LANE_WRITE, NOBODY | EVERYONE, NULL},
    [AT(REVOKE_DEVICE)]     = {LANE_WRITE, ADMIN, NULL},
    [AT(FOLLOW_LOGS)]       = {LANE_HELD, ADMIN, NULL},
    [AT(LIST_CONNECTIONS)]  = {LANE_READ, ADMIN, NULL},
    [AT(KICK_SESSIONS)]     = {LANE_WRITE, ADMIN, NULL},
    [AT(DRAIN_NODE)]        = {LANE_WRITE, ADMIN, NULL},
    [AT(SET_LOG_LEVEL)]     = {LANE_WRITE, ADMIN, NULL},
    [AT(SHOW_ORDER)]        = {LANE_HELD, ADMIN, NULL},
    [AT(SHOW_HEALTH)]       = {LANE_READ, ADMIN, NULL},
    [AT(SHOW_METRICS)]      = {LANE_READ, ADMIN, NULL},
    [AT(SURVEY_DEVICES)]    = {LANE_READ, ADMIN, NULL},
    [AT(LIST_AUDIT)]        = {LANE_READ, AUDITOR, NULL},
    [AT(SHOW_READERS)]      = {LANE_READ, AUDITOR | HEADS, NULL},
    [AT(VERIFY_AUDIT)]      = {LANE_READ, AUDITOR | ADMIN | HEADS, NULL},
    [AT(LIST_HEADS)]        = {LANE_READ, EVERYONE, NULL},
    [AT(PROVE_HEADS)]       = {LANE_READ, AUDITOR | ADMIN | HEADS, NULL},
};
/* clang-format on */

const ProtobufCFieldDescriptor *request_reply_field(uint32_t number) {
    return protobuf_c_message_descriptor_get_field(&liandong__v1__to_client__descriptor, number);
}
