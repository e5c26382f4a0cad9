#include "net/conn_part.h"
#include "common/log.h"
#include <stdlib.h>
#include <string.h>

#define PLAIN_CAP    (8u << 20) /* a session's high water and one frame are far below */
#define CIPHER_CAP   (9u << 20) /* the same, encrypted */
#define SCRATCH_KEEP (1u << 20) /* scratch that grew larger than this is given back */
#define NS_PER_US    1000u

static struct conn *owner(struct list *l) { return list_owner(l, offsetof(struct conn, in_state)); }

static void trim(struct buffer *scratch) {
    if (buffer_size(scratch) == 0 && scratch->room > SCRATCH_KEEP) buffer_free(scratch);
}

void hub_flush(struct hub *h) {
    if (!h->speaker) return;
    conn_write_plain(h->speaker);
    h->speaker = NULL;
    trim(&h->plain);
    trim(&h->cipher);
}

/* ---- the two moments of a tick */

static void on_again(uv_idle_t *idle) { (void)idle; /* its being active is what counts */ }
void hub_wake(struct hub *h) { uv_idle_start(&h->again, on_again); }

static void settle(struct hub *h) {
    struct list round;
    list_move(&round, &h->due);
    while (!list_is_empty(&round)) {
        struct conn *c = list_owner(round.next, offsetof(struct conn, in_due));
        list_remove(&c->in_due);
        conn_settle(c);
    }
    hub_flush(h);
    h->handshake_budget = HUB_HANDSHAKES_PER_TICK;
    if (list_is_empty(&h->due))
        uv_idle_stop(&h->again);
    else
        hub_wake(h);
}
static void on_check(uv_check_t *check) { settle(check->data); }
static void on_prepare(uv_prepare_t *prepare) {
    struct hub *h = prepare->data;
    settle(h);
    uint64_t now = uv_hrtime(), idle = uv_metrics_idle_time(h->loop);
    if (h->tick_at != 0) metric_observe(&h->metrics.tick, (now - h->tick_at - (idle - h->tick_idle)) / NS_PER_US);
    h->tick_at = now;
    h->tick_idle = idle;
    for (size_t i = 0; i < CONN_STATES; i++) h->metrics.states[i].value = (int64_t)h->counts[i];
}

/* ---- life */

bool hub_start(struct hub *h, uv_loop_t *loop, struct core *core, struct tls_context *tls,
               const struct hub_limits *limits, struct metrics *metrics) {
    memset(h, 0, sizeof *h);
    h->read = malloc(HUB_READ_SIZE);
    if (!h->read) return false;
    h->loop = loop;
    h->core = core;
    h->tls = tls;
    h->limits = *limits;
    h->handshake_budget = HUB_HANDSHAKES_PER_TICK;
    for (size_t i = 0; i < CONN_STATES; i++) list_init(&h->states[i]);
    list_init(&h->due);
    buffer_init(&h->inflow, 0);
    buffer_init(&h->plain, PLAIN_CAP);
    buffer_init(&h->cipher, CIPHER_CAP);
    hub_metrics_init(&h->metrics, metrics);
    uv_check_init(loop, &h->check);
    uv_prepare_init(loop, &h->prepare);
    uv_idle_init(loop, &h->again);
    h->check.data = h->prepare.data = h->again.data = h;
    h->open_handles = 3;
    uv_check_start(&h->check, on_check);
    uv_prepare_start(&h->prepare, on_prepare);
    return true;
}

void hub_set_limits(struct hub *h, const struct hub_limits *limits) { h->limits = *limits; }

size_t hub_connections(const struct hub *h) {
    size_t count = 0;
    for (size_t i = 0; i < CONN_STATES; i++) count += h->counts[i];
    return count;
}

/* Applies `act` to every connection of a state; `act` may mark connections but not move them. */
static void each(struct hub *h, enum conn_state state, void (*act)(struct conn *c, const char *reason),
                 const char *reason) {
    for (struct list *l = h->states[state].next, *next; l != &h->states[state]; l = next) {
        next = l->next;
        act(owner(l), reason);
    }
}
static void close_if_quiet(struct conn *c, const char *reason) {
    if (!conn_is_ending(c) && session_quiet(c->session)) conn_leave(c, reason);
}

static void close_if_revoked(struct conn *c, const char *reason) {
    if (tls_peer_is_revoked(c->tls, c->hub->tls)) conn_close(c, reason);
}

void hub_set_tls(struct hub *h, struct tls_context *tls) {
    tls_context_free(h->tls);
    h->tls = tls;
    each(h, CONN_HELLO, close_if_revoked, "CERTIFICATE_REVOKED");
    each(h, CONN_SERVING, close_if_revoked, "CERTIFICATE_REVOKED");
}

void hub_go_away(struct hub *h, const char *reason, uint32_t after_ms, uint32_t jitter_ms) {
    each(h, CONN_HANDSHAKE, conn_close, "STOPPED");
    for (enum conn_state state = CONN_HELLO; state <= CONN_SERVING; state++)
        for (struct list *l = h->states[state].next; l != &h->states[state]; l = l->next) {
            struct conn *c = owner(l);
            if (!conn_is_ending(c)) session_go_away(c->session, reason, after_ms, jitter_ms);
        }
}
void hub_close_quiet(struct hub *h, const char *reason) {
    each(h, CONN_HELLO, close_if_quiet, reason);
    each(h, CONN_SERVING, close_if_quiet, reason);
}
void hub_close_all(struct hub *h, const char *reason) {
    for (enum conn_state state = CONN_HANDSHAKE; state < CONN_CLOSING; state++) each(h, state, conn_close, reason);
}

static void on_closed(uv_handle_t *handle) {
    struct hub *h = handle->data;
    if (--h->open_handles > 0) return;
    free(h->read);
    buffer_free(&h->inflow);
    buffer_free(&h->plain);
    buffer_free(&h->cipher);
    tls_context_free(h->tls);
    h->read = NULL;
    h->tls = NULL;
    h->stopped(h->stopped_arg);
}
void hub_stop(struct hub *h, void (*stopped)(void *arg), void *arg) {
    h->stopped = stopped;
    h->stopped_arg = arg;
    uv_close((uv_handle_t *)&h->check, on_closed);
    uv_close((uv_handle_t *)&h->prepare, on_closed);
    uv_close((uv_handle_t *)&h->again, on_closed);
}
