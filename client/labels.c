#include "client/labels.h"
#include "client/language.h"
#include <stdio.h>
#include <string.h>

const struct label labels[] = {
    /* envelope */
    {"call", N_("call"), MEANING_PLAIN},
    {"request_id", N_("request id"), MEANING_UUID},
    {"deadline_ms", N_("deadline"), MEANING_DURATION},
    {"status", N_("status"), MEANING_PLAIN},
    /* requests, which are also the kinds of events */
    {"hello", N_("hello"), MEANING_PLAIN},
    {"ping", N_("ping"), MEANING_PLAIN},
    {"watch_feed", N_("watch"), MEANING_PLAIN},
    {"verify_feed", N_("verify feed"), MEANING_PLAIN},
    {"report_incident", N_("reported"), MEANING_PLAIN},
    {"show_incident", N_("show"), MEANING_PLAIN},
    {"list_incidents", N_("list"), MEANING_PLAIN},
    {"search_incidents", N_("search"), MEANING_PLAIN},
    {"dispatch_incident", N_("dispatched"), MEANING_PLAIN},
    {"arrive_incident", N_("on scene"), MEANING_PLAIN},
    {"handle_incident", N_("handling"), MEANING_PLAIN},
    {"note_incident", N_("work note"), MEANING_PLAIN},
    {"feedback_incident", N_("feedback"), MEANING_PLAIN},
    {"close_incident", N_("closed"), MEANING_PLAIN},
    {"reopen_incident", N_("reopened"), MEANING_PLAIN},
    {"void_incident", N_("voided"), MEANING_PLAIN},
    {"correct_incident", N_("corrected"), MEANING_PLAIN},
    {"show_history", N_("history"), MEANING_PLAIN},
    {"delivery", N_("event"), MEANING_PLAIN},
    {"feed_sync", N_("up to date"), MEANING_PLAIN},
    {"feed_reset", N_("reset"), MEANING_PLAIN},
    {"feed_snapshot", N_("snapshot"), MEANING_PLAIN},
    {"go_away", N_("server stops"), MEANING_PLAIN},
    /* session */
    {"version_min", N_("lowest version"), MEANING_PLAIN},
    {"version_max", N_("highest version"), MEANING_PLAIN},
    {"features", N_("features"), MEANING_PLAIN},
    {"client", N_("client"), MEANING_PLAIN},
    {"locale", N_("language"), MEANING_PLAIN},
    {"version", N_("version"), MEANING_PLAIN},
    {"HelloReply.version", N_("protocol version"), MEANING_PLAIN},
    {"server", N_("server"), MEANING_PLAIN},
    {"office_code", N_("office code"), MEANING_PLAIN},
    {"office_name", N_("office"), MEANING_PLAIN},
    {"system", N_("system"), MEANING_PLAIN},
    {"officer", N_("officer"), MEANING_PLAIN},
    {"role", N_("role"), MEANING_PLAIN},
    {"server_time", N_("server time"), MEANING_TIME},
    {"max_frame", N_("largest frame"), MEANING_PLAIN},
    {"heartbeat_ms", N_("heartbeat"), MEANING_DURATION},
    {"silence_limit_ms", N_("silence limit"), MEANING_DURATION},
    {"token", N_("token"), MEANING_PLAIN},
    {"reconnect_after_ms", N_("reconnect after"), MEANING_DURATION},
    {"jitter_ms", N_("jitter"), MEANING_DURATION},
    /* feed */
    {"kinds", N_("kinds of event"), MEANING_REQUEST},
    {"kind", N_("kind"), MEANING_REQUEST},
    {"classes", N_("classes"), MEANING_PLAIN},
    {"level_at_least", N_("level at least"), MEANING_RANK},
    {"offices", N_("office codes"), MEANING_OFFICE},
    {"cursor", N_("cursor"), MEANING_PLAIN},
    {"from_start", N_("from the start"), MEANING_PLAIN},
    {"filter", N_("filter"), MEANING_PLAIN},
    {"field", N_("field"), MEANING_FIELD},
    {"FieldViolation.field", N_("field"), MEANING_PLAIN},
    {"old_value", N_("old value"), MEANING_FIELD_VALUE},
    {"new_value", N_("new value"), MEANING_FIELD_VALUE},
    {"theirs", N_("theirs"), MEANING_FIELD_VALUE},
    {"yours", N_("yours"), MEANING_FIELD_VALUE},
    {"at", N_("time"), MEANING_TIME},
    {"entity", N_("record"), MEANING_UUID},
    {"office", N_("office code"), MEANING_OFFICE},
    {"title", N_("title"), MEANING_PLAIN},
    {"changes", N_("changes"), MEANING_PLAIN},
    {"note", N_("note"), MEANING_PLAIN},
    {"report", N_("report"), MEANING_PLAIN},
    {"prev", N_("cursor before"), MEANING_PLAIN},
    {"event", N_("event"), MEANING_PLAIN},
    {"live", N_("live"), MEANING_PLAIN},
    {"incidents", N_("incidents"), MEANING_PLAIN},
    {"last", N_("last"), MEANING_PLAIN},
    {"intact", N_("intact"), MEANING_PLAIN},
    {"checked", N_("events checked"), MEANING_PLAIN},
    {"first_broken", N_("first break"), MEANING_PLAIN},
    {"head", N_("hash of the newest event"), MEANING_PLAIN},
    /* incident */
    {"id", N_("id"), MEANING_UUID},
    {"no", N_("number"), MEANING_PLAIN},
    {"incident", N_("incident"), MEANING_PLAIN},
    {"state", N_("state"), MEANING_PLAIN},
    {"states", N_("states"), MEANING_PLAIN},
    {"source", N_("source"), MEANING_PLAIN},
    {"class", N_("class"), MEANING_PLAIN},
    {"level", N_("level"), MEANING_RANK},
    {"external_no", N_("external number"), MEANING_PLAIN},
    {"occurred_at", N_("occurred at"), MEANING_TIME},
    {"received_at", N_("received at"), MEANING_TIME},
    {"dispatched_at", N_("dispatched at"), MEANING_TIME},
    {"arrived_at", N_("arrived at"), MEANING_TIME},
    {"feedback_at", N_("feedback at"), MEANING_TIME},
    {"closed_at", N_("closed at"), MEANING_TIME},
    {"place", N_("place"), MEANING_PLAIN},
    {"longitude", N_("longitude"), MEANING_PLAIN},
    {"latitude", N_("latitude"), MEANING_PLAIN},
    {"reporter", N_("reporter"), MEANING_PLAIN},
    {"reporter_phone", N_("reporter's phone"), MEANING_PLAIN},
    {"content", N_("content"), MEANING_PLAIN},
    {"threats", N_("threats"), MEANING_PLAIN},
    {"mass_count", N_("people gathered"), MEANING_PLAIN},
    {"dispatched_to", N_("dispatched to"), MEANING_PLAIN},
    {"result_code", N_("result code"), MEANING_PLAIN},
    {"result", N_("result"), MEANING_PLAIN},
    {"origin_office", N_("code of the entering office"), MEANING_PLAIN},
    {"origin_office_name", N_("entering office"), MEANING_PLAIN},
    {"created_by", N_("entered by"), MEANING_PLAIN},
    {"created_at", N_("entered at"), MEANING_TIME},
    {"updated_by", N_("changed by"), MEANING_PLAIN},
    {"updated_at", N_("changed at"), MEANING_TIME},
    {"void_reason", N_("reason for voiding"), MEANING_PLAIN},
    {"repeat_count", N_("reports within 30 days"), MEANING_PLAIN},
    {"from", N_("from"), MEANING_TIME},
    {"until", N_("until"), MEANING_TIME},
    {"open", N_("only open ones"), MEANING_PLAIN},
    {"limit", N_("at most"), MEANING_PLAIN},
    {"page", N_("page"), MEANING_PLAIN},
    {"next", N_("next page"), MEANING_PLAIN},
    {"text", N_("text"), MEANING_PLAIN},
    {"base_version", N_("version decided on"), MEANING_PLAIN},
    {"replay", N_("had been carried out before"), MEANING_PLAIN},
    {"entries", N_("entries"), MEANING_PLAIN},
    /* status */
    {"code", N_("code"), MEANING_PLAIN},
    {"reason", N_("reason"), MEANING_PLAIN},
    {"message", N_("message"), MEANING_PLAIN},
    {"hint", N_("hint"), MEANING_PLAIN},
    {"retry_after_ms", N_("try again after"), MEANING_DURATION},
    {"violations", N_("faults"), MEANING_PLAIN},
    {"conflicts", N_("conflicts"), MEANING_PLAIN},
    {"current_version", N_("version now"), MEANING_PLAIN},
    {"current_state", N_("state now"), MEANING_PLAIN},
    /* enums */
    {"INCIDENT_SOURCE_UNSPECIFIED", N_("unspecified"), MEANING_PLAIN},
    {"INCIDENT_SOURCE_CALL_110", N_("110 call"), MEANING_PLAIN},
    {"INCIDENT_SOURCE_HOTLINE_12345", N_("12345 hotline"), MEANING_PLAIN},
    {"INCIDENT_SOURCE_WALK_IN", N_("walk-in"), MEANING_PLAIN},
    {"INCIDENT_SOURCE_PATROL", N_("patrol"), MEANING_PLAIN},
    {"INCIDENT_SOURCE_TRANSFER", N_("transfer"), MEANING_PLAIN},
    {"INCIDENT_SOURCE_JUDICIAL", N_("judicial office"), MEANING_PLAIN},
    {"INCIDENT_SOURCE_GRID", N_("grid worker"), MEANING_PLAIN},
    {"INCIDENT_SOURCE_LETTER", N_("letter"), MEANING_PLAIN},
    {"INCIDENT_SOURCE_SCREENING", N_("screening"), MEANING_PLAIN},
    {"INCIDENT_CLASS_UNSPECIFIED", N_("unspecified"), MEANING_PLAIN},
    {"INCIDENT_CLASS_CRIMINAL", N_("criminal"), MEANING_PLAIN},
    {"INCIDENT_CLASS_PUBLIC_ORDER", N_("public order"), MEANING_PLAIN},
    {"INCIDENT_CLASS_TRAFFIC", N_("traffic"), MEANING_PLAIN},
    {"INCIDENT_CLASS_DISASTER", N_("disaster"), MEANING_PLAIN},
    {"INCIDENT_CLASS_MASS_EVENT", N_("mass event"), MEANING_PLAIN},
    {"INCIDENT_CLASS_DISPUTE", N_("dispute"), MEANING_PLAIN},
    {"INCIDENT_CLASS_EMERGENCY_HELP", N_("emergency help"), MEANING_PLAIN},
    {"INCIDENT_CLASS_EXTREME_THREAT", N_("extreme threat"), MEANING_PLAIN},
    {"INCIDENT_CLASS_TIP", N_("tip-off"), MEANING_PLAIN},
    {"INCIDENT_CLASS_POLICE_COMPLAINT", N_("complaint"), MEANING_PLAIN},
    {"INCIDENT_CLASS_NON_POLICE", N_("non-police help"), MEANING_PLAIN},
    {"INCIDENT_CLASS_CONSULT", N_("consultation"), MEANING_PLAIN},
    {"INCIDENT_CLASS_INVALID", N_("invalid call"), MEANING_PLAIN},
    {"INCIDENT_LEVEL_UNSPECIFIED", N_("unspecified"), MEANING_PLAIN},
    {"INCIDENT_LEVEL_MAJOR", N_("major"), MEANING_PLAIN},
    {"INCIDENT_LEVEL_URGENT", N_("urgent"), MEANING_PLAIN},
    {"INCIDENT_LEVEL_GENERAL", N_("general"), MEANING_PLAIN},
    {"INCIDENT_LEVEL_NON_URGENT", N_("non-urgent"), MEANING_PLAIN},
    {"INCIDENT_STATE_UNSPECIFIED", N_("unspecified"), MEANING_PLAIN},
    {"INCIDENT_STATE_RECEIVED", N_("received"), MEANING_PLAIN},
    {"INCIDENT_STATE_DISPATCHED", N_("officers sent"), MEANING_PLAIN},
    {"INCIDENT_STATE_ARRIVED", N_("officers arrived"), MEANING_PLAIN},
    {"INCIDENT_STATE_HANDLING", N_("being handled"), MEANING_PLAIN},
    {"INCIDENT_STATE_FEEDBACK", N_("result reported"), MEANING_PLAIN},
    {"INCIDENT_STATE_CLOSED", N_("case closed"), MEANING_PLAIN},
    {"INCIDENT_STATE_VOID", N_("void"), MEANING_PLAIN},
    {"INCIDENT_STATE_REOPENED", N_("case reopened"), MEANING_PLAIN},
    {"THREAT_UNSPECIFIED", N_("unspecified"), MEANING_PLAIN},
    {"THREAT_SELF_HARM", N_("self-harm"), MEANING_PLAIN},
    {"THREAT_ARSON", N_("arson"), MEANING_PLAIN},
    {"THREAT_EXPLOSION", N_("explosion"), MEANING_PLAIN},
    {"THREAT_ASSAULT", N_("assault"), MEANING_PLAIN},
    {"THREAT_WEAPON", N_("weapon"), MEANING_PLAIN},
    {"THREAT_CHILD", N_("child involved"), MEANING_PLAIN},
    {"ROLE_UNSPECIFIED", N_("unspecified"), MEANING_PLAIN},
    {"ROLE_OFFICER", N_("police officer"), MEANING_PLAIN},
    {"ROLE_DUTY", N_("duty officer"), MEANING_PLAIN},
    {"ROLE_CHIEF", N_("station chief"), MEANING_PLAIN},
    {"ROLE_MEDIATOR", N_("people's mediator"), MEANING_PLAIN},
    {"ROLE_OFFICE_HEAD", N_("head of the judicial office"), MEANING_PLAIN},
    {"ROLE_VIEWER", N_("viewer of a higher authority"), MEANING_PLAIN},
    {"ROLE_ADMIN", N_("system administrator"), MEANING_PLAIN},
    {"SYSTEM_UNSPECIFIED", N_("unspecified"), MEANING_PLAIN},
    {"SYSTEM_POLICE", N_("public security"), MEANING_PLAIN},
    {"SYSTEM_JUDICIAL", N_("judicial administration"), MEANING_PLAIN},
    {"SYSTEM_PARTNER", N_("partner"), MEANING_PLAIN},
    {"CODE_OK", N_("all right"), MEANING_PLAIN},
    {"CODE_CANCELLED", N_("cancelled"), MEANING_PLAIN},
    {"CODE_UNKNOWN", N_("unknown error"), MEANING_PLAIN},
    {"CODE_INVALID_ARGUMENT", N_("something in the request is wrong"), MEANING_PLAIN},
    {"CODE_DEADLINE_EXCEEDED", N_("not carried out in time"), MEANING_PLAIN},
    {"CODE_NOT_FOUND", N_("not found"), MEANING_PLAIN},
    {"CODE_ALREADY_EXISTS", N_("the request id was used before for other content"), MEANING_PLAIN},
    {"CODE_PERMISSION_DENIED", N_("not permitted"), MEANING_PLAIN},
    {"CODE_RESOURCE_EXHAUSTED", N_("the server is overloaded"), MEANING_PLAIN},
    {"CODE_FAILED_PRECONDITION", N_("the record as it stands does not allow it"), MEANING_PLAIN},
    {"CODE_ABORTED", N_("somebody changed the same fields"), MEANING_PLAIN},
    {"CODE_OUT_OF_RANGE", N_("out of range"), MEANING_PLAIN},
    {"CODE_UNIMPLEMENTED", N_("the server does not know this request"), MEANING_PLAIN},
    {"CODE_INTERNAL", N_("fault inside the server"), MEANING_PLAIN},
    {"CODE_UNAVAILABLE", N_("the server can't serve at the moment"), MEANING_PLAIN},
    {"CODE_DATA_LOSS", N_("data was lost"), MEANING_PLAIN},
    {"CODE_UNAUTHENTICATED", N_("this terminal is not known"), MEANING_PLAIN},
    {"CODE_PENDING", N_("outcome not known yet"), MEANING_PLAIN},
};
const size_t labels_count = sizeof labels / sizeof *labels;

const struct label *label_find(const char *name) {
    for (size_t i = 0; i < labels_count; i++)
        if (strcmp(labels[i].name, name) == 0) return &labels[i];
    return NULL;
}

const struct label *label_of_field(const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *field) {
    if (type) {
        char qualified[128];
        snprintf(qualified, sizeof qualified, "%s.%s", type->short_name, field->name);
        const struct label *row = label_find(qualified);
        if (row) return row;
    }
    return label_find(field->name);
}

const char *label_field(const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *field) {
    const struct label *row = label_of_field(type, field);
    return row ? _(row->text) : field->name;
}

const char *label_name(const char *name) {
    const struct label *row = label_find(name);
    return row ? _(row->text) : name;
}

const char *label_value(const ProtobufCEnumDescriptor *type, int value, char unknown[16]) {
    const ProtobufCEnumValue *known = protobuf_c_enum_descriptor_get_value(type, value);
    if (known) return label_name(known->name);
    snprintf(unknown, 16, "%d", value);
    return unknown;
}

enum meaning label_meaning(const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *field) {
    const struct label *row = label_of_field(type, field);
    return row ? row->meaning : MEANING_PLAIN;
}
