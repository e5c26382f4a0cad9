#include "common/log.h"
#include "common/wire.h"
#include "feed/mask.h"
#include "feed/watcher_part.h"
#include <string.h>

/* In a page, which is read at once and kept for a client that does not read: of the longest records a third of a
 * megabyte, and so no frame is ever too large. */
#define SNAPSHOT_RECORDS 24

static bool put_reset(struct watcher *w, const char *reason) {
    Liandong__V1__FeedReset reset = LIANDONG__V1__FEED_RESET__INIT;
    Liandong__V1__ToClient m = LIANDONG__V1__TO_CLIENT__INIT;
    reset.reason = wire_borrow(reason);
    m.body_case = LIANDONG__V1__TO_CLIENT__BODY_FEED_RESET;
    m.feed_reset = &reset;
    return watcher_put(w, &m);
}

/* The repeated messages of a page: its records. */
static const ProtobufCFieldDescriptor *rows_of(const ProtobufCMessageDescriptor *type,
                                               const ProtobufCMessageDescriptor *of) {
    for (unsigned i = 0; i < type->n_fields; i++)
        if (type->fields[i].label == PROTOBUF_C_LABEL_REPEATED && type->fields[i].type == PROTOBUF_C_TYPE_MESSAGE &&
            (!of || type->fields[i].descriptor == of))
            return &type->fields[i];
    return NULL;
}

/* Moves a page's records to where a snapshot has those of their kind; masks them. */
static bool fill(struct watcher *w, Liandong__V1__FeedSnapshot *snapshot, const ProtobufCMessage *page) {
    const ProtobufCFieldDescriptor *from = rows_of(page->descriptor, NULL),
                                   *to = rows_of(snapshot->base.descriptor, from->descriptor);
    ProtobufCMessage **records = *(ProtobufCMessage ***)wire_member(page, from);
    size_t count = *wire_quantifier(page, from);
    *(ProtobufCMessage ***)wire_member(&snapshot->base, to) = records;
    *wire_quantifier(&snapshot->base, to) = count;
    for (size_t i = 0; i < count; i++) {
        const ProtobufCFieldDescriptor *id =
            protobuf_c_message_descriptor_get_field_by_name(records[i]->descriptor, "id");
        const ProtobufCBinaryData *uuid = wire_member(records[i], id);
        struct masking masking = {&w->view->keys.opener, uuid->data, &w->reading->arena, false};
        mask_message(&masking, records[i]);
        if (!masking.later) continue;
        watcher_fail(w, "DATABASE_AWAY");
        return false;
    }
    return true;
}

/* Rows without a record (id NULL) only carry the head. */
static bool put_page(struct watcher *w, const PGresult *result, bool last) {
    bool empty = PQntuples(result) == 0 || PQgetisnull(result, 0, PQfnumber(result, "id"));
    const ProtobufCMessage *page = mapping_read(w->view->snapshots[w->snapshot_kind].plan, result, 0,
                                                empty ? 0 : PQntuples(result), &w->reading->arena);
    Liandong__V1__FeedSnapshot snapshot = LIANDONG__V1__FEED_SNAPSHOT__INIT;
    Liandong__V1__ToClient m = LIANDONG__V1__TO_CLIENT__INIT;
    if (!page) {
        watcher_fail(w, "INTERNAL");
        return false;
    }
    if (empty && !last) return true;
    if (!fill(w, &snapshot, page)) return false;
    snapshot.has_last = true;
    snapshot.last = last;
    m.body_case = LIANDONG__V1__TO_CLIENT__BODY_FEED_SNAPSHOT;
    m.feed_snapshot = &snapshot;
    return watcher_put(w, &m);
}

/* The watch goes on from the head that the first page saw: later pages may show newer states, and then the same changes
 * come again as events, which carry versions. */
static void keep_head(struct watcher *w, const PGresult *result) {
    struct cursor head = {(uint64_t)mapping_get_int8(result, 0, PQfnumber(result, "seq")), 0};
    int hash = PQfnumber(result, "hash");
    if (head.seq) head.mark = cursor_mark(PQgetvalue(result, 0, hash), (size_t)PQgetlength(result, 0, hash));
    w->position = head.seq;
    watcher_seal(w, head, w->last);
}

static void read_page(struct watcher *w);

static void on_page(struct read *read, const PGresult *result, const char *fault) {
    struct watcher *w = watcher_of(read);
    if (!w) return;
    int next = fault ? -1 : PQfnumber(result, "next");
    bool rows = !fault && PQntuples(result) > 0;
    if (fault || (!rows && !w->snapshot_begun) || (rows && PQgetlength(result, 0, next) > SNAPSHOT_TOKEN)) {
        watcher_drop_read(w);
        watcher_fail(w, fault ? fault : "INTERNAL");
        return;
    }
    bool over = !rows || PQgetisnull(result, 0, next), last = over && w->snapshot_kind + 1 == w->view->snapshot_kinds;
    if (!w->snapshot_begun) keep_head(w, result);
    w->snapshot_begun = true;
    if (!put_page(w, result, last)) return;
    if (last) {
        w->state = WATCHER_TABLE;
        if (watcher_put_sync(w, false))
            watcher_table_read(w); /* the snapshot's place; what came since is the backlog */
        return;
    }
    w->snapshot_kind += over;
    w->page_token_size = over ? 0 : (size_t)PQgetlength(result, 0, next);
    if (w->page_token_size) memcpy(w->page_token, PQgetvalue(result, 0, next), w->page_token_size);
    w->snapshot_waits = !watcher_has_room(w);
    if (!w->snapshot_waits) read_page(w);
}

static void read_page(struct watcher *w) {
    struct watcher_read *r = watcher_take_read(w, w->view->snapshots[w->snapshot_kind].statement);
    if (!r) {
        watcher_fail(w, "INTERNAL");
        return;
    }
    w->snapshot_waits = false;
    watcher_bind_number(r, "limit", SNAPSHOT_RECORDS);
    int at = statement_param(r->read.statement, "page");
    if (w->page_token_size && at >= 0) {
        r->read.binding.values[at] = arena_copy(&r->arena, w->page_token, w->page_token_size);
        r->read.binding.lengths[at] = (int)w->page_token_size;
    }
    w->page_token_size = 0;
    watcher_submit(w, r, on_page);
}

void watcher_go_on_with_snapshot(struct watcher *w) { read_page(w); }

void watcher_reset(struct watcher *w, const char *reason) {
    if (w->state == WATCHER_FAILED || w->state == WATCHER_STOPPED) return;
    bool busy = w->reading && w->reading->in_flight;
    if (!busy) watcher_drop_read(w); /* with its pages */
    w->view->resets.value++;
    log_event(LOG_WARN, "feed.reset", log_str("reason", reason), log_int("office", w->caller.office));
    w->synced = false;
    if (busy) { /* a read in flight belongs to the old history */
        watcher_fail(w, "DATABASE_AWAY");
        return;
    }
    if (!put_reset(w, reason)) return;
    w->state = WATCHER_SNAPSHOT;
    w->snapshot_begun = false;
    w->snapshot_kind = 0;
    w->page_token_size = 0;
    read_page(w);
}
