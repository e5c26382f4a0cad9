/* Our own protocol: frames of protobuf messages, see proto/README.md. Each report is a whole record, as a station's
 * desk would send it; the number by which the witness knows it travels in external_no. */
#include "liandong.h"
#include "common/clock.h"
#include "common/frame.h"
#include "common/uuid.h"
#include "crowd.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MARK_SIZE   24u /* 16 letters of the tag, 8 of the index, four bits each */
#define VERSION     1u
#define DEADLINE_MS 60000u

void liandong_put(struct connection *c, Liandong__V1__ToServer *envelope) {
    struct liandong_state *state = c->state;
    envelope->has_call = true;
    envelope->call = ++state->call;
    envelope->has_deadline_ms = true;
    envelope->deadline_ms = DEADLINE_MS;
    size_t size = liandong__v1__to_server__get_packed_size(envelope);
    uint8_t *at = connection_reserve(c, FRAME_HEADER + size);
    frame_header(at, (uint32_t)size);
    liandong__v1__to_server__pack(envelope, at + FRAME_HEADER);
    connection_put_done(c, FRAME_HEADER + size);
}

void liandong_put_write(struct connection *c, Liandong__V1__ToServer *envelope) {
    uint8_t id[UUID_SIZE];
    if (!uuid_make(id)) crowd_fault(c, "no randomness for a request id");
    envelope->has_request_id = true;
    envelope->request_id = (ProtobufCBinaryData){.len = sizeof id, .data = id};
    liandong_put(c, envelope);
}

static void hello(struct connection *c) {
    Liandong__V1__ToServer envelope = LIANDONG__V1__TO_SERVER__INIT;
    Liandong__V1__Hello body = LIANDONG__V1__HELLO__INIT;
    char client[] = "liandong load generator";
    body.has_version_min = body.has_version_max = true;
    body.version_min = body.version_max = VERSION;
    body.client = client;
    envelope.body_case = LIANDONG__V1__TO_SERVER__BODY_HELLO;
    envelope.hello = &body;
    liandong_put(c, &envelope);
}

static void watch(struct connection *c) {
    const struct start *start = &c->crowd->start;
    Liandong__V1__ToServer envelope = LIANDONG__V1__TO_SERVER__INIT;
    Liandong__V1__WatchFeed body = LIANDONG__V1__WATCH_FEED__INIT;
    uint8_t cursor[CURSOR_SIZE];
    memcpy(cursor, start->cursor, sizeof cursor);
    body.has_from_start = start->kind == START_OLDEST;
    body.from_start = true;
    body.has_cursor = start->kind == START_CURSOR;
    body.cursor = (ProtobufCBinaryData){.len = sizeof cursor, .data = cursor};
    envelope.body_case = LIANDONG__V1__TO_SERVER__BODY_WATCH_FEED;
    envelope.watch_feed = &body;
    liandong_put(c, &envelope);
    connection_flush(c);
}

/* A report's own bits, as good as random: its place and phone are hardly ever another's, for a repeated alarm is work
 * of another kind (a proposal). The finaliser of SplitMix64 (Steele, Lea, Flood 2014); multiplication alone would walk
 * through all places in turn and then find each of them taken. */
static uint64_t scatter(uint32_t index, uint64_t tag) {
    uint64_t x = (tag + index) * 0x9E3779B97F4A7C15u;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    return x ^ x >> 31;
}

/* Letters alone: eleven digits in a row would be a telephone number, which is hidden from who may not see it. */
static void put_mark(char *mark, uint64_t tag, uint32_t index) {
    for (size_t i = 0; i < MARK_SIZE; i++) {
        mark[i] = (char)('a' + (i < 16 ? tag >> (60 - 4 * i) : index >> (92 - 4 * i)) % 16);
    }
    mark[MARK_SIZE] = '\0';
}
static void take_mark(const char *mark, uint64_t *tag, uint32_t *index) {
    for (size_t i = 0; i < MARK_SIZE; i++) {
        uint32_t digit = (uint32_t)(mark[i] - 'a') & 15u;
        if (i < 16)
            *tag = *tag << 4 | digit;
        else
            *index = *index << 4 | digit;
    }
}

static void report(struct connection *c, uint32_t index) {
    static const char *const streets[] = {"建设南路", "河东大道", "芙蓉中路", "书院路",
                                          "双拥路",   "晓塘路",   "吉安路",   "宝塔路"};
    static const char *const stories[] = {
        "邻居深夜装修发出噪音，双方在楼道发生争吵，要求民警到场处理。",
        "报警人称与房东因押金退还发生纠纷，对方扬言要砸门，请求协助。",
        "两户因宅基地界墙重建发生口角并有推搡，现场聚集数名亲属。",
        "烧烤店油烟扰民，多名住户与店主争执，情绪激动，请求调解。",
    };
    Liandong__V1__ToServer envelope = LIANDONG__V1__TO_SERVER__INIT;
    Liandong__V1__ReportIncident body = LIANDONG__V1__REPORT_INCIDENT__INIT;
    Liandong__V1__Threat threats[] = {LIANDONG__V1__THREAT__THREAT_ASSAULT};
    uint64_t x = scatter(index, c->crowd->tag);
    char mark[MARK_SIZE + 1], place[96], phone[16], reporter[] = "张某";
    put_mark(mark, c->crowd->tag, index);
    snprintf(place, sizeof place, "%s%u号%u栋", streets[x & 7], (unsigned)(x >> 3 & 0xffffff),
             (unsigned)(x >> 27 & 63));
    snprintf(phone, sizeof phone, "1%010" PRIu64, 3000000000u + (x >> 30) % 7000000000u);
    body.has_source = body.has_class_ = body.has_level = body.has_occurred_at = true;
    body.has_longitude = body.has_latitude = body.has_mass_count = true;
    body.source = LIANDONG__V1__INCIDENT_SOURCE__INCIDENT_SOURCE_CALL_110;
    body.class_ = LIANDONG__V1__INCIDENT_CLASS__INCIDENT_CLASS_DISPUTE;
    body.level = LIANDONG__V1__INCIDENT_LEVEL__INCIDENT_LEVEL_GENERAL;
    body.external_no = mark;
    body.occurred_at = clock_now_ms();
    body.place = place;
    body.longitude = 112.9 + (double)(x & 1023) / 1e4;
    body.latitude = 27.8 + (double)(x >> 20 & 1023) / 1e4;
    body.reporter = reporter;
    body.reporter_phone = phone;
    body.content = (char *)(uintptr_t)stories[x >> 8 & 3];
    body.threats = threats;
    body.n_threats = index % 16 == 0;
    body.mass_count = 2 + (uint32_t)(x % 5);
    envelope.body_case = LIANDONG__V1__TO_SERVER__BODY_REPORT_INCIDENT;
    envelope.report_incident = &body;
    liandong_put_write(c, &envelope);
}

/* ---- what comes back */

static void take_delivery(struct connection *c, const struct liandong_delivery *d) {
    struct liandong_state *state = c->state;
    c->deliveries++;
    if (!d->cursor || !d->prev) {
        crowd_fault(c, "a delivery without cursor or prev");
        return;
    }
    if (state->has_cursor && memcmp(d->prev, state->cursor, CURSOR_SIZE) && memcmp(d->prev, state->synced, CURSOR_SIZE))
        crowd_fault(c, "prev is not the cursor delivered before: an event was lost");
    memcpy(state->cursor, d->cursor, CURSOR_SIZE);
    memcpy(state->synced, d->cursor, CURSOR_SIZE);
    state->has_cursor = true;
    if (!d->mark || d->mark_size != MARK_SIZE) return;
    uint64_t tag = 0;
    uint32_t index = 0;
    take_mark((const char *)d->mark, &tag, &index);
    if (tag == c->crowd->tag) crowd_delivered(c, index);
}

static void take_status(struct connection *c, const Liandong__V1__Status *status) {
    char what[200];
    snprintf(what, sizeof what, "refused: %s %s", status->reason ? status->reason : "?",
             status->message ? status->message : "");
    crowd_fault(c, what);
}

static void take_cursor(struct connection *c, const ProtobufCBinaryData *cursor, bool first) {
    struct liandong_state *state = c->state;
    if (cursor->len != CURSOR_SIZE) {
        crowd_fault(c, "a cursor of odd size");
        return;
    }
    memcpy(state->synced, cursor->data, CURSOR_SIZE);
    if (first) memcpy(state->cursor, cursor->data, CURSOR_SIZE);
    state->has_cursor = true;
}

static void answer_ping(struct connection *c, Liandong__V1__Ping *ping) {
    Liandong__V1__ToServer envelope = LIANDONG__V1__TO_SERVER__INIT;
    envelope.body_case = LIANDONG__V1__TO_SERVER__BODY_PING;
    envelope.ping = ping;
    size_t size = liandong__v1__to_server__get_packed_size(&envelope);
    uint8_t *at = connection_reserve(c, FRAME_HEADER + size);
    frame_header(at, (uint32_t)size);
    liandong__v1__to_server__pack(&envelope, at + FRAME_HEADER);
    connection_put_done(c, FRAME_HEADER + size);
}

static void take_answer(struct connection *c, const Liandong__V1__ToClient *envelope) {
    switch (envelope->body_case) {
    case LIANDONG__V1__TO_CLIENT__BODY_HELLO:
        if (c->role != ROLE_REPORTER)
            watch(c);
        else
            crowd_ready(c);
        break;
    case LIANDONG__V1__TO_CLIENT__BODY_WATCH_FEED: take_cursor(c, &envelope->watch_feed->cursor, true); break;
    default: crowd_acknowledged(c);
    }
}

static void take_message(struct connection *c, const uint8_t *payload, size_t size) {
    Liandong__V1__ToClient *envelope = liandong__v1__to_client__unpack(NULL, size, payload);
    if (!envelope) {
        crowd_fault(c, "a message that can't be unpacked");
        return;
    }
    struct liandong_state *state = c->state;
    if (envelope->has_call && envelope->call != ++state->answered) crowd_fault(c, "the answer to another call");
    if (envelope->status) {
        take_status(c, envelope->status);
        if (c->state_now != CONNECTION_READY)
            crowd_lost(c, "hello or watch");
        else if (connection_in_flight(c))
            crowd_acknowledged(c);
    } else if (envelope->has_call) {
        take_answer(c, envelope);
    } else if (envelope->body_case == LIANDONG__V1__TO_CLIENT__BODY_FEED_SYNC) {
        take_cursor(c, &envelope->feed_sync->cursor, false);
        crowd_ready(c);
        crowd_live(c);
    } else if (envelope->body_case == LIANDONG__V1__TO_CLIENT__BODY_ALERT_NOTICE && c->crowd->noticed) {
        const Liandong__V1__Alert *alert = envelope->alert_notice->alert;
        c->crowd->noticed(c, alert && alert->title ? alert->title : "", alert && alert->no ? alert->no : "");
    } else if (envelope->body_case == LIANDONG__V1__TO_CLIENT__BODY_PING) {
        answer_ping(c, envelope->ping);
    } else {
        crowd_fault(c, "a message that was not expected: RESET or GoAway");
    }
    liandong__v1__to_client__free_unpacked(envelope, NULL);
}

static size_t parse(struct connection *c, const uint8_t *bytes, size_t size) {
    size_t at = 0;
    struct frame frame;
    struct liandong_delivery delivery;
    for (;; at += frame.need) {
        enum frame_state state = frame_look(bytes + at, size - at, FRAME_CAP, &frame);
        if (state == FRAME_PARTIAL) return at;
        if (state != FRAME_WHOLE) {
            crowd_lost(c, "a frame of impossible length");
            return at;
        }
        if (liandong_look(frame.payload, frame.payload_size, &delivery))
            take_delivery(c, &delivery);
        else
            take_message(c, frame.payload, frame.payload_size);
        if (c->state_now == CONNECTION_LOST) return at;
    }
}

const struct protocol protocol_liandong = {.name = "liandong",
                                           .alpn = "liandong/1",
                                           .state_size = sizeof(struct liandong_state),
                                           .hello = hello,
                                           .report = report,
                                           .parse = parse,
                                           .call = liandong_call,
                                           .write = liandong_write};
