#include "call/clocks.h"
#include "common/clock.h"
#include "common/log.h"
#include "db/contract.h"
#include "db/mapping.h"
#include <endian.h>
#include <string.h>

#define TURN_MOST     64   /* clocks in one transaction: reports wait for the pen meanwhile */
#define LEAP_LEAST_MS 1000 /* less is a clock that is being slewed, or the network */

int64_t wall_leap(const struct wall *before, const struct wall *after) {
    int64_t most = before->ms + after->received_ms - before->sent_ms;
    int64_t least = before->ms + after->sent_ms - before->received_ms;
    int64_t leap = after->ms > most ? after->ms - most : after->ms < least ? after->ms - least : 0;
    return leap > LEAP_LEAST_MS || leap < -LEAP_LEAST_MS ? leap : 0;
}

bool clocks_contract(const struct statement *s, char *error, size_t room) {
    static const char *const names[] = {"now_ms",  "fired",  "next_ms",     "held_ms",
                                        "jump_ms", "failed", "undelivered", "unacked"};
    static const Oid types[] = {TYPE_INT8, TYPE_INT4, TYPE_INT4, TYPE_INT8, TYPE_INT8, TYPE_TEXT, TYPE_TEXT, TYPE_TEXT};
    return contract_columns(s, names, types, sizeof types / sizeof *types, error, room);
}

void clocks_init(struct clocks *c, struct metrics *metrics) {
    uint32_t most = htobe32(TURN_MOST);
    *c = (struct clocks){.values = {c->expected, c->leap, c->most}, .lengths = {8, 8, 4}};
    memcpy(c->most, &most, sizeof most);
    c->fired = (struct metric){.name = "liandong_clocks_fired_total", .help = "Deadlines told as near or breached"};
    c->holding = (struct metric){.name = "liandong_clocks_held",
                                 .help = "1: the database's clock leapt and is not believed yet",
                                 .type = METRIC_GAUGE};
    metrics_add(metrics, &c->fired);
    metrics_add(metrics, &c->holding);
}

void clocks_ask(struct clocks *c) {
    c->sent_ms = clock_elapsed_ms();
    if (!c->wall.ms)
        c->wall = (struct wall){clock_now_ms(), c->sent_ms, c->sent_ms}; /* of the first no better is known */
    uint64_t expected = htobe64((uint64_t)(c->wall.ms + c->sent_ms - c->wall.sent_ms));
    uint64_t leap = htobe64((uint64_t)c->leap_ms);
    memcpy(c->expected, &expected, sizeof expected);
    memcpy(c->leap, &leap, sizeof leap);
}

/* Loud, for until somebody looks nothing is due; but once, not every second. */
static void tell_held(struct clocks *c, int64_t held_ms, int64_t jump_ms) {
    bool held = held_ms > 0;
    if (held && !c->held)
        log_event(
            LOG_ERROR, "clocks.held", log_int("leap_ms", jump_ms), log_int("believed_in_ms", held_ms),
            log_str("hint",
                    "数据库主机的时间突然前跳，所有时限暂停触发。请核对数据库主机时间：若有误请改正，时限随即恢复；"
                    "若无误请执行 liandong deadline trust，或等到该时间稳定后自动采信"));
    if (!held && c->held) log_event(LOG_WARN, "clocks.believed", log_str("hint", "数据库主机时间已可信，时限恢复触发"));
    c->held = held;
    c->holding.value = held;
}

/* Somebody should see to it that there is a terminal, and somebody at it. */
static void tell_unheard(const PGresult *r) {
    if (!PQgetisnull(r, 0, 6))
        log_event(LOG_WARN, "alerts.undelivered", log_str("alerts", PQgetvalue(r, 0, 6)),
                  log_str("hint", "所列通报在规定时间内没有送达所列单位的任何终端，已改为通知该单位全体人员。"
                                  "请查看该单位终端是否开机、联网、登录，并用电话通知"));
    if (!PQgetisnull(r, 0, 7))
        log_event(LOG_WARN, "alerts.unacked", log_str("alerts", PQgetvalue(r, 0, 7)),
                  log_str("hint", "所列通报已逐级上报到最后一步仍无人签收。请用电话通知有关单位负责人"));
}

uint64_t clocks_take(struct clocks *c, const PGresult *r) {
    struct wall now = {mapping_get_int8(r, 0, 0), c->sent_ms, clock_elapsed_ms()};
    int32_t fired = mapping_get_int4(r, 0, 1);
    c->leap_ms = wall_leap(&c->wall, &now);
    c->wall = now;
    if (c->leap_ms < 0)
        log_event(
            LOG_ERROR, "clocks.set_back", log_int("leap_ms", c->leap_ms),
            log_str("hint",
                    "数据库主机的时间被往回拨。已触发的时限不变，正在计时的继续计时。请核对数据库主机的时间同步"));
    tell_held(c, mapping_get_int8(r, 0, 3), PQgetisnull(r, 0, 4) ? 0 : mapping_get_int8(r, 0, 4));
    if (!PQgetisnull(r, 0, 5))
        log_event(LOG_ERROR, "clocks.failed", log_str("clocks", PQgetvalue(r, 0, 5)),
                  log_str("hint", "时限到期后的处理失败，稍后自动重试。请将本行日志交给维护人员"));
    tell_unheard(r);
    c->fired.value += fired;
    return (uint64_t)mapping_get_int4(r, 0, 2);
}
