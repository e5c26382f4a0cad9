#include "group_commit.h"
#include <arpa/inet.h>
#include <endian.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUEUE             65536u      /* reports waiting or in flight; power of two */
#define BYTES             (64u << 20) /* of their bodies */
#define BATCH_MAX         4096u
#define BATCHES_IN_FLIGHT 2u
#define ARRAY_HEADER      20u
#define STATEMENT_ROOM    16384u
#define OID_INT8          20u
#define OID_BYTEA         17u

struct waiting {
    void *owner;
    uint32_t at, size; /* in bytes */
};

/* stored <= sent <= put: what lies between is in flight, then waiting. Numbers grow for ever. */
struct group_commit {
    PGconn *link;
    uv_poll_t poll;
    group_commit_stored *stored;
    struct waiting *queue;
    uint8_t *bytes;
    uint32_t bytes_end;
    uint64_t put, sent, done, sequence;
    uint64_t batch_end[BATCHES_IN_FLIGHT];
    uint64_t batches_sent, batches_done;
    uint8_t *arrays[2]; /* parameters of a batch, in PostgreSQL's binary form */
    size_t arrays_room;
};

static void fail(const char *what) {
    fprintf(stderr, "fanout_reference: %s\n", what);
    exit(1);
}

static const char *read_statement(const char *path) {
    static char text[STATEMENT_ROOM];
    FILE *file = fopen(path, "r");
    if (!file) fail(path);
    size_t size = fread(text, 1, sizeof text - 1, file);
    if (ferror(file) || size == sizeof text - 1) fail(path);
    fclose(file);
    return text;
}

static PGresult *run(PGconn *link, const char *sql) {
    PGresult *r = PQexec(link, sql);
    if (PQresultStatus(r) != PGRES_TUPLES_OK && PQresultStatus(r) != PGRES_COMMAND_OK) fail(PQerrorMessage(link));
    return r;
}

static void take_io(uv_poll_t *poll, int status, int events);

static void flush(struct group_commit *g) {
    int more = PQflush(g->link);
    if (more < 0) fail(PQerrorMessage(g->link));
    uv_poll_start(&g->poll, UV_READABLE | (more ? UV_WRITABLE : 0), take_io);
}

static void finish_batch(struct group_commit *g) {
    uint64_t end = g->batch_end[g->batches_done++ % BATCHES_IN_FLIGHT];
    for (; g->done < end; g->done++) {
        struct waiting *w = &g->queue[g->done % QUEUE];
        g->stored(w->owner, g->bytes + w->at, w->size);
    }
}

static void take_io(uv_poll_t *poll, int status, int events) {
    struct group_commit *g = poll->data;
    int empty = 0;
    if (status < 0 || (events & UV_READABLE && !PQconsumeInput(g->link))) fail(PQerrorMessage(g->link));
    while (g->batches_done != g->batches_sent && !PQisBusy(g->link) && empty < 2) {
        PGresult *r = PQgetResult(g->link);
        if (!r) {
            empty++;
            continue;
        }
        empty = 0;
        ExecStatusType outcome = PQresultStatus(r);
        if (outcome != PGRES_PIPELINE_SYNC && outcome != PGRES_COMMAND_OK) fail(PQresultErrorMessage(r));
        PQclear(r);
        if (outcome == PGRES_PIPELINE_SYNC) finish_batch(g);
    }
    flush(g);
    group_commit_kick(g);
}

struct group_commit *group_commit_open(uv_loop_t *loop, const char *conninfo, const char *statement_file,
                                       group_commit_stored *stored) {
    const char *store = "insert into reference_feed(seq, body) select * from unnest($1::int8[], $2::bytea[])",
               *newest_seq = "select coalesce(max(seq), 0) from reference_feed";
    struct group_commit *g = calloc(1, sizeof *g);
    if (!g || !(g->queue = calloc(QUEUE, sizeof *g->queue)) || !(g->bytes = malloc(BYTES))) fail("no memory");
    g->stored = stored;
    g->link = PQconnectdb(conninfo);
    if (PQstatus(g->link) != CONNECTION_OK) fail(PQerrorMessage(g->link));
    PQclear(run(g->link, "set client_min_messages = warning"));
    if (statement_file) {
        store = read_statement(statement_file);
        newest_seq = "select coalesce(max(seq), 0) from feed";
    } else {
        PQclear(run(g->link,
                    "create table if not exists reference_feed(seq bigint primary key, at timestamptz not null "
                    "default now(), body bytea not null)"));
    }
    PGresult *newest = run(g->link, newest_seq);
    g->sequence = strtoull(PQgetvalue(newest, 0, 0), NULL, 10);
    PQclear(newest);
    PGresult *r = PQprepare(g->link, "store", store, 2, NULL);
    if (PQresultStatus(r) != PGRES_COMMAND_OK) fail(PQerrorMessage(g->link));
    PQclear(r);
    if (!PQenterPipelineMode(g->link) || PQsetnonblocking(g->link, 1)) fail(PQerrorMessage(g->link));
    uv_poll_init(loop, &g->poll, PQsocket(g->link));
    g->poll.data = g;
    uv_poll_start(&g->poll, UV_READABLE, take_io);
    return g;
}

void group_commit_put(struct group_commit *g, void *owner, const uint8_t *body, uint32_t size) {
    if (g->put - g->done == QUEUE) fail("too many reports in flight");
    if (g->bytes_end + size > BYTES) g->bytes_end = 0;
    memcpy(g->bytes + g->bytes_end, body, size);
    g->queue[g->put++ % QUEUE] = (struct waiting){.owner = owner, .at = g->bytes_end, .size = size};
    g->bytes_end += size;
}

static uint8_t *put_u32(uint8_t *at, uint32_t value) {
    value = htonl(value);
    memcpy(at, &value, sizeof value);
    return at + sizeof value;
}

/* One dimension, no NULLs, the type of the elements, how many, counted from 1. */
static uint8_t *put_array(uint8_t *at, uint32_t type, uint32_t count) {
    at = put_u32(put_u32(put_u32(at, 1), 0), type);
    return put_u32(put_u32(at, count), 1);
}

static void make_room(struct group_commit *g, uint32_t count) {
    size_t need = ARRAY_HEADER + (size_t)count * 12;
    for (uint32_t i = 0; i < count; i++) need += g->queue[(g->sent + i) % QUEUE].size;
    if (need <= g->arrays_room) return;
    g->arrays_room = need * 2;
    for (int i = 0; i < 2; i++)
        if (!(g->arrays[i] = realloc(g->arrays[i], g->arrays_room))) fail("no memory");
}

static void send_batch(struct group_commit *g) {
    uint32_t count = g->put - g->sent < BATCH_MAX ? (uint32_t)(g->put - g->sent) : BATCH_MAX;
    make_room(g, count);
    uint8_t *numbers = put_array(g->arrays[0], OID_INT8, count), *bodies = put_array(g->arrays[1], OID_BYTEA, count);
    for (uint32_t i = 0; i < count; i++) {
        struct waiting *w = &g->queue[g->sent++ % QUEUE];
        uint64_t sequence = htobe64(++g->sequence);
        numbers = put_u32(numbers, sizeof sequence);
        memcpy(numbers, &sequence, sizeof sequence);
        numbers += sizeof sequence;
        bodies = put_u32(bodies, w->size);
        memcpy(bodies, g->bytes + w->at, w->size);
        bodies += w->size;
    }
    const char *values[2] = {(char *)g->arrays[0], (char *)g->arrays[1]};
    int lengths[2] = {(int)(numbers - g->arrays[0]), (int)(bodies - g->arrays[1])}, formats[2] = {1, 1};
    if (!PQsendQueryPrepared(g->link, "store", 2, values, lengths, formats, 1) || !PQpipelineSync(g->link))
        fail(PQerrorMessage(g->link));
    g->batch_end[g->batches_sent++ % BATCHES_IN_FLIGHT] = g->sent;
    flush(g);
}

void group_commit_kick(struct group_commit *g) {
    if (g->sent != g->put && g->batches_sent - g->batches_done < BATCHES_IN_FLIGHT) send_batch(g);
}
