#include "call/enrol.h"
#include "common/ca.h"
#include "common/invitation.h"
#include "common/log.h"
#include <string.h>

#define AT(name) LIANDONG__V1__TO_SERVER__BODY_##name

bool enrol_allows(uint32_t number) { return number == AT(HELLO) || number == AT(PING) || number == AT(ENROL_DEVICE); }

/* The key of a request whose sender holds it. */
static bool take_key(struct call *c, struct mapping_input *in, bool given, ProtobufCBinaryData request) {
    uint8_t key[CA_HASH];
    const char *field = arena_printf(&c->arena, "%s.certificate_request", c->field->name);
    const char *reason = !c->core->authority ? "ENROLMENT_ELSEWHERE"
                         : !given            ? "REQUIRED"
                                             : ca_judge(request.data, request.len, key);
    if (!reason) in->device_key = (const uint8_t *)arena_copy(&c->arena, key, sizeof key);
    if (!reason && in->device_key) return true;
    log_event(LOG_WARN, "enrol.refused", log_int("conn", (int64_t)c->session->id), log_str("reason", reason),
              log_str("address", c->session->address));
    if (!reason)
        call_refuse(c, "TOO_LARGE", NULL);
    else
        call_refuse(c, reason, c->core->authority ? field : NULL);
    return false;
}

static bool prepare_enrol(struct call *c, struct mapping_input *in) {
    Liandong__V1__EnrolDevice *m = c->envelope->enrol_device;
    uint8_t hash[32];
    if (!m->has_token) {
        call_refuse(c, "REQUIRED", "enrol_device.token");
        return false;
    }
    invitation_hash(hash, m->token.data); /* its size is the wire's limit */
    memset(m->token.data, 0, m->token.len);
    m->token = (ProtobufCBinaryData){sizeof hash, (uint8_t *)arena_copy(&c->arena, hash, sizeof hash)};
    if (!m->token.data) {
        call_refuse(c, "TOO_LARGE", NULL);
        return false;
    }
    return take_key(c, in, m->has_certificate_request, m->certificate_request);
}

static bool prepare_renew(struct call *c, struct mapping_input *in) {
    const Liandong__V1__RenewDevice *m = c->envelope->renew_device;
    return take_key(c, in, m->has_certificate_request, m->certificate_request);
}

static const char *finish(struct call *c, ProtobufCMessage *reply) {
    Liandong__V1__Enrolment *r = (Liandong__V1__Enrolment *)(void *)reply;
    bool enrols = c->field->id == AT(ENROL_DEVICE);
    ProtobufCBinaryData request =
        enrols ? c->envelope->enrol_device->certificate_request : c->envelope->renew_device->certificate_request;
    struct ca_grant *grant = arena_take(&c->arena, sizeof *grant);
    if (!grant || !c->core->authority || r->serial.len != CA_SERIAL) return "INTERNAL";
    const struct ca_terms terms = {r->device, r->serial.data, r->valid_from, r->valid_until};
    const char *reason = ca_issue(c->core->authority, request.data, request.len, &terms, grant);
    log_event(reason ? LOG_ERROR : LOG_INFO, enrols ? "device.enrolled" : "device.renewed",
              log_str("device", r->device), log_str("office", r->office_code),
              log_bytes("key", grant->key, sizeof grant->key), log_bytes("serial", r->serial.data, r->serial.len),
              log_str("reason", reason));
    r->certificate = grant->pem;
    return reason;
}

const struct request_steps *enrol_steps(uint32_t number) {
    static const struct request_steps enrol = {prepare_enrol, finish}, renew = {prepare_renew, finish};
    return number == AT(ENROL_DEVICE) ? &enrol : number == AT(RENEW_DEVICE) ? &renew : NULL;
}
