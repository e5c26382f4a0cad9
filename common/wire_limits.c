#include "common/ca.h"
#include "common/invitation.h"
#include "common/wire_private.h"
#include <string.h>

/* Longest texts: a call-taker's account rarely passes 2,000 characters, 6,000 bytes of UTF-8. */
#define CONTENT      8000u
#define REMARK       4000u  /* note, reason, result */
#define CALENDAR     65536u /* some thirty days a year */
#define PLACE        512u
#define HINT         1024u
#define UUID         16u
#define CURSOR       16u /* one block of the cipher */
#define HASH         32u /* SHA-256 */
#define TOKEN        32u
#define CROWD        1000000u
#define PLACE_IN_LOG 8u
#define NAME_PAGE    128u    /* a name of 64 bytes and a number */
#define LOG_TEXT     8192u   /* a line has 4,096 bytes; its values are quoted */
#define CHUNK        262144u /* of an attachment: a quarter of a frame */
#define WAIT_MS      30000u  /* an answer held back */
#define PAGE_ROWS    500u    /* about 400 KiB of whole records: a page fits a frame */
#define LONGITUDE    180u
#define LATITUDE     90u

/* Sorted by message, and within it by the field's number: both are found without an index. */
const struct wire_limit wire_limits[] = {
    {"AcceptDispute", "consent", .max = REMARK, .multiline = true},
    {"AcceptDispute", "causes", .max = 16},
    {"AcceptTransfer", "note", .max = REMARK, .multiline = true},
    {"AckAlert", "note", .max = REMARK, .multiline = true},
    {"ActAlert", "note", .max = REMARK, .multiline = true},
    {"AddParty", "birth_year", .max = 2100, .min = 1900},
    {"AddParty", "domicile", .max = PLACE},
    {"AddTask", "content", .max = CONTENT, .multiline = true},
    {"Agreement", "terms", .max = CONTENT, .multiline = true},
    {"Alert", "content", .max = CONTENT, .multiline = true},
    {"Alert", "place", .max = PLACE},
    {"Alert", "outcome", .max = REMARK, .multiline = true},
    {"Alert", "whom", .max = 64},
    {"Alert", "plan", .max = REMARK, .multiline = true},
    {"Alert", "review", .max = REMARK, .multiline = true},
    {"Alert", "lessons", .max = REMARK, .multiline = true},
    {"AlertFigure", "share", .max = 100},
    {"AlertNotice", "about_place", .max = PLACE},
    {"ArchiveDispute", "items", .max = 16},
    {"ArriveIncident", "note", .max = REMARK, .multiline = true},
    {"AssessDispute", "causes", .max = 16},
    {"AssessDispute", "reason", .max = REMARK, .multiline = true},
    {"AttachmentChunk", "bytes", .max = CHUNK},
    {"AuditVerdict", "feed_head", .max = HASH, .size = HASH},
    {"AuditVerdict", "audit_head", .max = HASH, .size = HASH},
    {"BreakGlass", "purpose", .max = 32},
    {"BreakGlass", "reason", .max = REMARK, .multiline = true},
    {"CancelAlert", "reason", .max = REMARK, .multiline = true},
    {"CancelTask", "reason", .max = REMARK, .multiline = true},
    {"Change", "old_value", .max = CONTENT, .multiline = true},
    {"Change", "new_value", .max = CONTENT, .multiline = true},
    {"ChangePosition", "place", .max = PLACE},
    {"ChangePosition", "reason", .max = REMARK, .multiline = true},
    {"CloseDispute", "note", .max = REMARK, .multiline = true},
    {"CloseIncident", "result", .max = REMARK, .multiline = true},
    {"CloseIncident", "note", .max = REMARK, .multiline = true},
    {"ClosePosition", "reason", .max = REMARK, .multiline = true},
    {"ConcludeDispute", "outcome_note", .max = REMARK, .multiline = true},
    {"Conflict", "theirs", .max = CONTENT, .multiline = true},
    {"Conflict", "yours", .max = CONTENT, .multiline = true},
    {"ConnectionPage", "next", .max = NAME_PAGE},
    {"CorrectDispute", "content", .max = CONTENT, .multiline = true},
    {"CorrectDispute", "people_count", .max = CROWD},
    {"CorrectDispute", "consent", .max = REMARK, .multiline = true},
    {"CorrectDispute", "outcome_note", .max = REMARK, .multiline = true},
    {"CorrectDispute", "police_result", .max = REMARK, .multiline = true},
    {"CorrectDispute", "causes", .max = 16},
    {"CorrectDispute", "reason", .max = REMARK, .multiline = true},
    {"CorrectDispute", "place", .max = PLACE},
    {"CorrectIncident", "place", .max = PLACE},
    {"CorrectIncident", "longitude", .max = LONGITUDE},
    {"CorrectIncident", "latitude", .max = LATITUDE},
    {"CorrectIncident", "content", .max = CONTENT, .multiline = true},
    {"CorrectIncident", "mass_count", .max = CROWD},
    {"CorrectIncident", "reason", .max = REMARK, .multiline = true},
    {"CorrectParty", "birth_year", .max = 2100, .min = 1900},
    {"CorrectParty", "domicile", .max = PLACE},
    {"CorrectParty", "reason", .max = REMARK, .multiline = true},
    {"CorrectSession", "participants", .max = REMARK, .multiline = true},
    {"CorrectSession", "present", .max = 16},
    {"CorrectSession", "note_open", .max = CONTENT, .multiline = true},
    {"CorrectSession", "reason", .max = REMARK, .multiline = true},
    {"CorrectSession", "place", .max = PLACE},
    {"DecideApproval", "reason", .max = REMARK, .multiline = true},
    {"DecideConfirmation", "note", .max = REMARK, .multiline = true},
    {"DecideReview", "reason", .max = REMARK, .multiline = true},
    {"DeclineDispute", "reason", .max = REMARK, .multiline = true},
    {"DeclineTask", "reason", .max = REMARK, .multiline = true},
    {"Delivery", "cursor", .max = CURSOR, .size = CURSOR},
    {"Delivery", "prev", .max = CURSOR, .size = CURSOR},
    {"DevicePage", "next", .max = NAME_PAGE},
    {"DirectoryChange", "old_value", .max = CONTENT, .multiline = true},
    {"DirectoryChange", "new_value", .max = CONTENT, .multiline = true},
    {"DirectoryChange", "note", .max = REMARK, .multiline = true},
    {"DispatchIncident", "note", .max = REMARK, .multiline = true},
    {"Dispute", "content", .max = CONTENT, .multiline = true},
    {"Dispute", "place", .max = PLACE},
    {"Dispute", "consent", .max = REMARK, .multiline = true},
    {"Dispute", "outcome_note", .max = REMARK, .multiline = true},
    {"Dispute", "checklist", .max = REMARK, .multiline = true},
    {"Dispute", "causes", .max = 16},
    {"Dispute", "police_result", .max = REMARK, .multiline = true},
    {"Dispute", "extension_consent", .max = REMARK, .multiline = true},
    {"DrainNode", "after", .max = 86400}, /* a day, in seconds */
    {"DrainNode", "reason", .max = REMARK, .multiline = true},
    {"DutyRecord", "place", .max = PLACE},
    {"EndLogin", "login", .max = UUID, .size = UUID},
    {"EnrolDevice", "token", .max = INVITATION_SECRET, .size = INVITATION_SECRET},
    {"EnrolDevice", "certificate_request", .max = CA_REQUEST_MAX},
    {"Enrolment", "certificate", .max = CA_PEM_MAX, .multiline = true},
    {"Enrolment", "serial", .max = CA_SERIAL, .size = CA_SERIAL},
    {"Event", "entity", .max = UUID, .size = UUID},
    {"Event", "title", .max = HINT, .multiline = true},
    {"Event", "note", .max = REMARK, .multiline = true},
    {"Event", "threats", .max = 16},
    {"ExtendDispute", "extension_consent", .max = REMARK, .multiline = true},
    {"FeedFilter", "kinds", .max = 32},
    {"FeedFilter", "classes", .max = 16},
    {"FeedFilter", "records", .max = 16},
    {"FeedSync", "cursor", .max = CURSOR, .size = CURSOR},
    {"FeedVerdict", "head", .max = HASH, .size = HASH},
    {"FeedbackIncident", "result", .max = REMARK, .multiline = true},
    {"FeedbackTransfer", "feedback", .max = REMARK, .multiline = true},
    {"FieldViolation", "hint", .max = HINT},
    {"FigureAsked", "limit", .max = PAGE_ROWS, .min = 1},
    {"FindPersons", "domicile", .max = PLACE},
    {"FinishTask", "result", .max = REMARK, .multiline = true},
    {"FollowLogs", "cursor", .max = PLACE_IN_LOG, .size = PLACE_IN_LOG},
    {"FollowLogs", "limit", .max = PAGE_ROWS, .min = 1},
    {"FollowLogs", "wait_ms", .max = WAIT_MS},
    {"GlassReceipt", "id", .max = UUID, .size = UUID},
    {"GlassReview", "why", .max = REMARK, .multiline = true},
    {"GlassReview", "remark", .max = REMARK, .multiline = true},
    {"GradeIncident", "sensitivity", .max = 4},
    {"GradeIncident", "reason", .max = REMARK, .multiline = true},
    {"GrantAccess", "reason", .max = REMARK, .multiline = true},
    {"HandleIncident", "note", .max = REMARK, .multiline = true},
    {"HeadProof", "feed_hash", .max = HASH, .size = HASH},
    {"HeadProof", "audit_hash", .max = HASH, .size = HASH},
    {"Hello", "features", .max = 32},
    {"Hello", "token", .max = TOKEN, .size = TOKEN},
    {"HelloReply", "features", .max = 32},
    {"HistoryEntry", "old_value", .max = CONTENT, .multiline = true},
    {"HistoryEntry", "new_value", .max = CONTENT, .multiline = true},
    {"HistoryEntry", "note", .max = REMARK, .multiline = true},
    {"HoldSession", "place", .max = PLACE},
    {"HoldSession", "participants", .max = REMARK, .multiline = true},
    {"HoldSession", "present", .max = 16},
    {"HoldSession", "note_open", .max = CONTENT, .multiline = true},
    {"HoldSession", "note_private", .max = REMARK, .multiline = true},
    {"ImportCalendar", "days", .max = CALENDAR, .multiline = true},
    {"Incident", "id", .max = UUID, .size = UUID},
    {"Incident", "place", .max = PLACE},
    {"Incident", "longitude", .max = LONGITUDE},
    {"Incident", "latitude", .max = LATITUDE},
    {"Incident", "content", .max = CONTENT, .multiline = true},
    {"Incident", "threats", .max = 16},
    {"Incident", "mass_count", .max = CROWD},
    {"Incident", "result", .max = REMARK, .multiline = true},
    {"Incident", "void_reason", .max = REMARK, .multiline = true},
    {"IncidentReceipt", "id", .max = UUID, .size = UUID},
    {"InvestigateDispute", "note", .max = REMARK, .multiline = true},
    {"JournalEntry", "note", .max = REMARK, .multiline = true},
    {"KickSessions", "reason", .max = REMARK, .multiline = true},
    {"LinkIncident", "reason", .max = REMARK, .multiline = true},
    {"ListAccounts", "limit", .max = PAGE_ROWS, .min = 1},
    {"ListAgreements", "limit", .max = 100, .min = 1}, /* of the longest so many fit a frame */
    {"ListAlerts", "states", .max = 8},
    {"ListAlerts", "kinds", .max = 32},
    {"ListAlerts", "severity", .max = 8},
    {"ListAlerts", "limit", .max = PAGE_ROWS, .min = 1},
    {"ListAlerts", "page", .max = TOKEN},
    {"ListAttachments", "limit", .max = PAGE_ROWS, .min = 1},
    {"ListAudit", "limit", .max = PAGE_ROWS, .min = 1},
    {"ListCalendar", "year", .max = 2999u, .min = 2000u},
    {"ListChanges", "limit", .max = PAGE_ROWS, .min = 1},
    {"ListConnections", "limit", .max = PAGE_ROWS, .min = 1},
    {"ListConnections", "page", .max = NAME_PAGE},
    {"ListDeadlines", "limit", .max = PAGE_ROWS, .min = 1},
    {"ListDeadlines", "page", .max = TOKEN},
    {"ListDisputes", "states", .max = 32},
    {"ListDisputes", "types", .max = 32},
    {"ListDisputes", "warnings", .max = 8},
    {"ListDisputes", "limit", .max = PAGE_ROWS, .min = 1},
    {"ListDisputes", "page", .max = TOKEN},
    {"ListDuties", "limit", .max = PAGE_ROWS, .min = 1},
    {"ListHeads", "limit", .max = PAGE_ROWS, .min = 1},
    {"ListIncidents", "states", .max = 16},
    {"ListIncidents", "classes", .max = 16},
    {"ListIncidents", "limit", .max = PAGE_ROWS, .min = 1},
    {"ListIncidents", "purpose", .max = 32},
    {"ListJournal", "kinds", .max = 32},
    {"ListJournal", "limit", .max = PAGE_ROWS, .min = 1},
    {"ListLogins", "limit", .max = PAGE_ROWS, .min = 1},
    {"ListOffices", "limit", .max = PAGE_ROWS, .min = 1},
    {"ListParties", "limit", .max = PAGE_ROWS, .min = 1},
    {"ListPositions", "limit", .max = PAGE_ROWS, .min = 1},
    {"ListReviews", "limit", .max = PAGE_ROWS, .min = 1},
    {"ListSessions", "limit", .max = 60, .min = 1},
    {"ListTasks", "states", .max = 8},
    {"ListTasks", "limit", .max = PAGE_ROWS, .min = 1},
    {"ListTasks", "page", .max = TOKEN},
    {"ListTransfers", "states", .max = 8},
    {"ListTransfers", "limit", .max = PAGE_ROWS, .min = 1},
    {"ListTransfers", "page", .max = TOKEN},
    {"ListVisits", "limit", .max = 200, .min = 1},
    {"LoginRecord", "login", .max = UUID, .size = UUID},
    {"LoginReply", "token", .max = TOKEN, .size = TOKEN},
    {"LoginReply", "login", .max = UUID, .size = UUID},
    {"LowerDispute", "reason", .max = REMARK, .multiline = true},
    {"MakeAgreement", "terms", .max = CONTENT, .multiline = true},
    {"MediationSession", "id", .max = UUID, .size = UUID},
    {"MediationSession", "place", .max = PLACE},
    {"MediationSession", "participants", .max = REMARK, .multiline = true},
    {"MediationSession", "present", .max = 16},
    {"MediationSession", "note_open", .max = CONTENT, .multiline = true},
    {"MergeDispute", "reason", .max = REMARK, .multiline = true},
    {"MergePerson", "reason", .max = REMARK, .multiline = true},
    {"NodeLogLine", "text", .max = LOG_TEXT},
    {"NodeLogPage", "cursor", .max = PLACE_IN_LOG, .size = PLACE_IN_LOG},
    {"NoteAlert", "note", .max = REMARK, .multiline = true},
    {"NoteDispute", "note", .max = REMARK, .multiline = true},
    {"NoteIncident", "note", .max = REMARK, .multiline = true},
    {"OpenDispute", "content", .max = CONTENT, .multiline = true},
    {"OpenDispute", "place", .max = PLACE},
    {"OpenDispute", "people_count", .max = CROWD},
    {"OpenPosition", "place", .max = PLACE},
    {"OrderReceipt", "id", .max = UUID, .size = UUID},
    {"Party", "id", .max = UUID, .size = UUID},
    {"Party", "domicile", .max = PLACE},
    {"PerformAgreement", "note", .max = REMARK, .multiline = true},
    {"PersonHit", "id", .max = UUID, .size = UUID},
    {"PersonHit", "reasons", .max = 8},
    {"PersonHit", "domicile", .max = PLACE},
    {"PlanAlert", "plan", .max = REMARK, .multiline = true},
    {"PlanAlert", "tasks", .max = 32},
    {"PositionRecord", "place", .max = PLACE},
    {"ProveHeads", "feed_hash", .max = HASH, .size = HASH},
    {"ProveHeads", "audit_hash", .max = HASH, .size = HASH},
    {"PutChunk", "bytes", .max = CHUNK},
    {"RaiseAlert", "content", .max = CONTENT, .multiline = true},
    {"RaiseAlert", "place", .max = PLACE},
    {"RaiseAlert", "people_count", .max = CROWD},
    {"RaiseDispute", "reason", .max = REMARK, .multiline = true},
    {"RecallTransfer", "reason", .max = REMARK, .multiline = true},
    {"RecheckTask", "reason", .max = REMARK, .multiline = true},
    {"RecordRight", "entity", .max = UUID, .size = UUID},
    {"RemoveDuty", "reason", .max = REMARK, .multiline = true},
    {"RemoveParty", "reason", .max = REMARK, .multiline = true},
    {"RenewDevice", "certificate_request", .max = CA_REQUEST_MAX},
    {"ReopenDispute", "reason", .max = REMARK, .multiline = true},
    {"ReopenIncident", "reason", .max = REMARK, .multiline = true},
    {"ReportIncident", "place", .max = PLACE},
    {"ReportIncident", "longitude", .max = LONGITUDE},
    {"ReportIncident", "latitude", .max = LATITUDE},
    {"ReportIncident", "content", .max = CONTENT, .multiline = true},
    {"ReportIncident", "threats", .max = 16},
    {"ReportIncident", "mass_count", .max = CROWD},
    {"ResolveAlert", "outcome", .max = REMARK, .multiline = true},
    {"ResponsePlan", "plan", .max = REMARK, .multiline = true},
    {"ResponsePlan", "review", .max = REMARK, .multiline = true},
    {"ResponsePlan", "lessons", .max = REMARK, .multiline = true},
    {"ResumeDispute", "note", .max = REMARK, .multiline = true},
    {"ReturnTransfer", "reason", .max = REMARK, .multiline = true},
    {"RevealIncident", "purpose", .max = 32},
    {"RevealIncident", "case_no", .max = 256},
    {"ReviewAlert", "review", .max = REMARK, .multiline = true},
    {"ReviewAlert", "lessons", .max = REMARK, .multiline = true},
    {"RevokeDevice", "reason", .max = REMARK, .multiline = true},
    {"SceneEntry", "content", .max = CONTENT, .multiline = true},
    {"SearchIncidents", "text", .max = WIRE_STRING_MAX, .min = 2}, /* the index holds pairs of characters */
    {"SearchIncidents", "limit", .max = PAGE_ROWS, .min = 1},
    {"SendTransfer", "reason", .max = REMARK, .multiline = true},
    {"SessionNote", "id", .max = UUID, .size = UUID},
    {"SessionNote", "note_private", .max = REMARK, .multiline = true},
    {"SessionsAsked", "limit", .max = PAGE_ROWS, .min = 1},
    {"SetLogLevel", "reason", .max = REMARK, .multiline = true},
    {"ShowOrder", "order", .max = UUID, .size = UUID},
    {"ShowOrder", "wait_ms", .max = WAIT_MS},
    {"ShowReaders", "limit", .max = PAGE_ROWS, .min = 1},
    {"ShowScene", "limit", .max = PAGE_ROWS, .min = 1},
    {"ShowTimeline", "limit", .max = PAGE_ROWS, .min = 1},
    {"SignedHead", "feed_hash", .max = HASH, .size = HASH},
    {"SignedHead", "audit_hash", .max = HASH, .size = HASH},
    {"SignedHead", "previous", .max = HASH, .size = HASH},
    {"SignedHead", "key", .max = HASH, .size = HASH},
    {"SignedHead", "signature", .max = 2 * HASH, .size = 2 * HASH},
    {"Status", "message", .max = HINT},
    {"Status", "hint", .max = HINT},
    {"SurveyDevices", "limit", .max = PAGE_ROWS, .min = 1},
    {"SurveyDevices", "page", .max = NAME_PAGE},
    {"Suspect", "reasons", .max = 8},
    {"SuspendDispute", "reason", .max = REMARK, .multiline = true},
    {"Task", "content", .max = CONTENT, .multiline = true},
    {"Task", "result", .max = REMARK, .multiline = true},
    {"TaskPage", "next", .max = TOKEN},
    {"TimelineEntry", "id", .max = UUID, .size = UUID},
    {"TimelineEntry", "place", .max = PLACE},
    {"TimelineEntry", "content", .max = CONTENT, .multiline = true},
    {"ToServer", "request_id", .max = UUID, .size = UUID},
    {"ToServer", "deadline_ms", .max = 600000}, /* ten minutes: a forgotten call ends by itself */
    {"Transfer", "why", .max = REMARK, .multiline = true},
    {"Transfer", "returned_reason", .max = REMARK, .multiline = true},
    {"Transfer", "feedback", .max = REMARK, .multiline = true},
    {"TransferPage", "next", .max = TOKEN},
    {"TrustTime", "reason", .max = REMARK, .multiline = true},
    {"UnlinkIncident", "reason", .max = REMARK, .multiline = true},
    {"UnmergeDispute", "reason", .max = REMARK, .multiline = true},
    {"UnmergePerson", "reason", .max = REMARK, .multiline = true},
    {"UpdateAlert", "content", .max = CONTENT, .multiline = true},
    {"UpdateAlert", "place", .max = PLACE},
    {"UpdateAlert", "people_count", .max = CROWD},
    {"Visit", "note", .max = REMARK, .multiline = true},
    {"VisitDispute", "note", .max = REMARK, .multiline = true},
    {"VoidIncident", "reason", .max = REMARK, .multiline = true},
    {"WatchFeed", "cursor", .max = CURSOR, .size = CURSOR},
    {"WatchFeedReply", "cursor", .max = CURSOR, .size = CURSOR},
    {"WithdrawAccess", "reason", .max = REMARK, .multiline = true},
};
const size_t wire_limits_count = sizeof wire_limits / sizeof *wire_limits;

const struct wire_limit *wire_limit_first(const ProtobufCMessageDescriptor *message) {
    size_t low = 0, high = wire_limits_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(wire_limits[middle].message, message->short_name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < wire_limits_count && !strcmp(wire_limits[low].message, message->short_name);
    return found ? &wire_limits[low] : NULL;
}

const struct wire_limit *wire_limit_standard(ProtobufCType type) {
    static const struct wire_limit none = {.max = 0}, string = {.max = WIRE_STRING_MAX},
                                   bytes = {.max = WIRE_BYTES_MAX}, number = {.max = WIRE_NUMBER_MAX};
    switch (type) {
    case PROTOBUF_C_TYPE_STRING: return &string;
    case PROTOBUF_C_TYPE_BYTES: return &bytes;
    case PROTOBUF_C_TYPE_UINT32: return &number;
    default: return &none;
    }
}

static const struct wire_limit *standard_of(const ProtobufCFieldDescriptor *field) {
    static const struct wire_limit items = {.max = WIRE_ITEMS_MAX};
    return field->label == PROTOBUF_C_LABEL_REPEATED ? &items : wire_limit_standard(field->type);
}

/* Behind the last row of its message a row has no successor. */
static const struct wire_limit *next_of(const struct wire_limit *row) {
    const struct wire_limit *next = row + 1;
    return next < wire_limits + wire_limits_count && !strcmp(next->message, row->message) ? next : NULL;
}

const struct wire_limit *wire_limit_step(const struct wire_limit **row, const ProtobufCFieldDescriptor *field) {
    const struct wire_limit *here = *row;
    if (!here || strcmp(here->field, field->name)) return standard_of(field);
    *row = next_of(here);
    return here;
}

struct wire_limit wire_limit_of(const ProtobufCMessageDescriptor *message, const ProtobufCFieldDescriptor *field) {
    for (const struct wire_limit *row = wire_limit_first(message); row; row = next_of(row))
        if (!strcmp(row->field, field->name)) return *row;
    struct wire_limit limit = *standard_of(field);
    limit.message = message->short_name;
    limit.field = field->name;
    return limit;
}
