"""Clocks, without waiting: the moments of a clock are moved instead. With waiting, and with what is killed meanwhile: tests/live/test_clocks.py."""
from clock_desk import call, dispute, look, now, pass_time, rules, told
from support.runner import case


@case
def when_to_look_again(ground):
  with ground.district() as d:
    rules(d)
    ask = lambda: int(d.app.rows("select next_ms from clocks_due((extract(epoch from clock_timestamp()) * 1000)::int8, 0, 10)")[0][0])  # noqa: E731
    assert ask() == 1000  # no clock at all
    call(d, "clock_start", dispute(d), "step", now(d))
    assert ask() == 1000
    pass_time(d, 59.7)
    assert 0 <= ask() <= 300


@case
def near_then_due_once(ground):
  with ground.district() as d:
    rules(d)
    num = dispute(d)
    call(d, "clock_start", num, "quick", now(d))
    assert look(d) == (0, 0, None) and told(d, num) == ["open_dispute"]
    pass_time(d, 45)
    assert look(d)[0] == 1 and look(d)[0] == 0 and told(d, num) == ["open_dispute", "deadline_near"]
    pass_time(d, 20)
    assert look(d)[0] == 1 and look(d)[0] == 0 and told(d, num) == ["open_dispute", "deadline_near", "deadline_breached"]
    (changed, values, officer, note, version), = d.sql("select changed, new_values, officer, note, version from feed where num = $1 and kind = 'deadline_breached'", num)
    assert changed == "{clock,clock_due}" and values.startswith("{quick,20") and (officer, note, version) == ("系统", "快钟", "3"), (changed, values, officer, note)
    assert d.sql("select version, cardinality(events) from dispute where num = $1", num) == [("3", "3")]
    call(d, "clock_stop", num, "quick", now(d))
    assert d.sql("select fired_at is not null, stopped_at is not null, next_at from clock") == [("t", "t", None)]


@case
def due_at_once_is_not_told_to_be_near(ground):
  """Nobody looked for long: what is due is due."""
  with ground.district() as d:
    rules(d)
    num = dispute(d)
    call(d, "clock_start", num, "quick", now(d))
    pass_time(d, 3600)
    assert look(d)[0] == 1 and told(d, num) == ["open_dispute", "deadline_breached"]


@case
def stopped_never_fires_and_starts_anew(ground):
  with ground.district() as d:
    rules(d)
    num, other = dispute(d), dispute(d)
    for n in (num, other):
      call(d, "clock_start", n, "quick", now(d))
    call(d, "clock_stop", num, "quick", now(d))
    call(d, "clock_stop", num, None, now(d))
    pass_time(d, 100, num)
    assert look(d)[0] == 0
    call(d, "clock_start", num, "quick", now(d))
    call(d, "clock_start", num, "quick", now(d))
    assert d.sql("select count(*), count(*) filter (where stopped_at is null) from clock where num = $1", num) == [("3", "1")]
    pass_time(d, 100)
    assert look(d)[0] == 2 and told(d, num) == ["open_dispute", "deadline_breached"]


@case
def pause_and_resume(ground):
  with ground.district() as d:
    rules(d)
    num = dispute(d)
    call(d, "clock_start", num, "quick", now(d))
    pass_time(d, 15)
    call(d, "clock_pause", num, "quick", now(d))
    left, = d.sql("select amount from clock")[0]
    assert 44000 < int(left) <= 45000, left
    pass_time(d, 1000)
    assert look(d)[0] == 0
    call(d, "clock_resume", num, "quick", now(d))
    assert d.sql("select due_at - clock_timestamp() between interval '44 seconds' and interval '45 seconds' from clock") == [("t",)]
    pass_time(d, 46)
    assert look(d)[0] == 1 and look(d)[0] == 0


@case
def a_step_follows_the_other(ground):
  with ground.district() as d:
    rules(d)
    num = dispute(d)
    call(d, "clock_start", num, "step", now(d))
    pass_time(d, 61)
    assert look(d)[0] == 1 and d.sql("select rule from clock where next_at is not null") == [("step2",)]
    pass_time(d, 61)
    assert look(d)[0] == 1 and look(d)[0] == 0 and told(d, num)[1:] == ["deadline_breached"] * 2


@case
def near_and_missed_are_alerts(ground):
  """Once a run, to whose clock it is; the missed one takes the place of the near one, which escalates to nobody; over when the clock stops."""
  with ground.district() as d:
    rules(d)
    d.sql("update clock_rule set near_alert = 'DEADLINE_NEAR', due_alert = 'DEADLINE_BREACH' where rule = 'quick'")
    num, head = dispute(d), d.desk("j1", "head")
    alerts = lambda: d.sql("select a.kind, a.severity, a.state, o.code, a.title from alert a join alert_office w using (num) join office o on o.id = w.office order by a.num")  # noqa: E731
    clocks = lambda: d.sql("select c.rule from clock c join alert a using (num) where a.state in (1, 2) and c.stopped_at is null order by c.id")  # noqa: E731
    no, = d.sql("select record_no($1)", num)[0]
    near, missed = f"时限将至（快钟） {no}：请按期办理。邻里漏水（j1）", f"超过时限（快钟） {no}：请立即办理。邻里漏水（j1）"
    call(d, "clock_start", num, "quick", now(d))
    pass_time(d, 45, num)
    assert (look(d)[0], look(d)[0]) == (1, 0) and alerts() == [("12", "4", "1", "j1", near)] and clocks() == [("EXPIRY",)]
    pass_time(d, 20, num)
    assert (look(d)[0], look(d)[0]) == (1, 0) and alerts() == [("12", "4", "7", "j1", near), ("13", "3", "1", "j1", missed)]
    assert clocks() == [("ACK_MODERATE_1",), ("ACK_MODERATE_2",), ("EXPIRY",)]
    call(d, "clock_stop", num, "quick", now(d))
    assert [row[2] for row in alerts()] == ["7", "4"] and clocks() == [] and head.ask("list_alerts", limit=9, states=[1, 2, 3]) == []
    call(d, "clock_start", num, "quick", now(d))
    pass_time(d, 45, num)
    look(d)
    again = d.sql("select record_no(max(num)) from alert")[0][0]
    assert head.ask("ack_alert", alert=again)[0]["outcome"] == "done" and clocks() == [], "nobody is reminded of what is only near"
    assert d.sql("select count(*) from alert_acks(null, now() + interval '1 hour', null, null)") == [("0",)]
    assert d.sql("select intact from feed_verify()") == [("t",)]


@case
def near_is_over_while_it_is_paused(ground):
  """And told again when it goes on, if it is near then; one that is not near any more, or was never told ahead, is not."""
  with ground.district() as d:
    rules(d)
    d.sql("update clock_rule set near_alert = 'DEADLINE_NEAR', due_alert = 'DEADLINE_BREACH' where rule = 'quick'")
    num, soon = dispute(d), dispute(d)
    alerts = lambda: d.sql("select state, outcome from alert order by num")  # noqa: E731
    over = ("4", "时限已暂停")
    call(d, "clock_start", num, "quick", now(d))
    d.sql("select clock_start_at($1, 'quick', clock_timestamp() + interval '15 seconds', clock_timestamp())", soon)
    pass_time(d, 45, num)
    for n in range(2):
      assert (look(d)[0], look(d)[0]) == (1, 0) and alerts() == [over] * n + [("1", None)]
      for each in (num, soon):
        call(d, "clock_pause", each, "quick", now(d))
      assert look(d)[0] == 0 and alerts() == [over] * (n + 1)
      assert d.sql("select distinct officer from feed where kind = 'settle_alert'") == [("系统",)]
      for each in (num, soon):
        call(d, "clock_resume", each, "quick", now(d))
    assert look(d)[0] == 1 and told(d, soon) == ["open_dispute"]
    pass_time(d, 30, num)
    assert (look(d)[0], look(d)[0]) == (1, 0) and [row[0] for row in alerts()] == ["4", "4", "7", "1"], "the missed one takes its place"
    call(d, "clock_pause", num, "quick", now(d))
    assert alerts()[-1] == ("1", None), "what was missed was missed"
    assert told(d, num)[1:] == ["deadline_near"] * 3 + ["deadline_breached"]
    assert d.sql("select intact from feed_verify()") == [("t",)]


@case
def near_before_it_begins(ground):
  """An extension counts from where the period before it ends: what is told ahead of it meanwhile is over with a pause and told again after it, too."""
  with ground.district() as d:
    rules(d)
    d.sql("update clock_rule set near_alert = 'DEADLINE_NEAR' where rule = 'quick'")
    num = dispute(d)
    call(d, "clock_start", num, "quick", d.sql("select now() + interval '100 seconds'")[0][0])
    pass_time(d, 145)
    assert look(d)[0] == 1 and d.sql("select started_at > clock_timestamp(), near_fired_at is not null from clock where num = $1", num) == [("t", "t")]
    call(d, "clock_pause", num, "quick", now(d))
    assert d.sql("select state, outcome from alert") == [("4", "时限已暂停")]
    call(d, "clock_resume", num, "quick", now(d))
    assert look(d)[0] == 1 and d.sql("select state from alert order by num") == [("4",), ("1",)]


@case
def an_exercise_alerts_nobody_of_its_deadlines(ground):
  with ground.district() as d:
    rules(d)
    d.sql("update clock_rule set near_alert = 'DEADLINE_NEAR', due_alert = 'DEADLINE_BREACH' where rule = 'quick'")
    no = d.desk("j1", "head").ask("open_dispute", type=2, title="邻里漏水", exercise=True)[0]["no"]
    num = d.sql("select num from dispute where record_no(num) = $1", no)[0][0]
    call(d, "clock_start", num, "quick", now(d))
    pass_time(d, 100)
    assert look(d)[0] == 1 and told(d, num)[-1] == "deadline_breached" and d.sql("select count(*) from alert") == [("0",)]


@case
def whom_a_missed_deadline_is_told(ground):
  """Who is on duty, and the head whether on duty or not; what is near, who is on duty alone."""
  with ground.district() as d:
    rules(d)
    d.sql("update clock_rule set near_alert = 'DEADLINE_NEAR', due_alert = 'DEADLINE_BREACH' where rule = 'quick'")
    ids = [d.sql("insert into account(code, name) values ($1, $1) returning id", code)[0][0] for code in ("duty", "boss", "other")]
    for account, role in zip(ids, (4, 5, 4)):
      d.sql("insert into assignment(account, office, role, started_on) values ($1, $2, $3, '2020-01-01')", account, d.ids["j1"], role)
    d.sql("insert into post(code, office, name, kind, place) values ('x', $1, '中心', 1, '路')", d.ids["j1"])
    d.sql("insert into duty(post, account, since, until) select id, $1, '2020-01-01', '2100-01-01' from post", ids[0])
    num = dispute(d)
    call(d, "clock_start", num, "quick", now(d))
    pass_time(d, 45, num)
    look(d)
    assert d.sql("select kind, accounts from alert_told") == [("12", f"{{{ids[0]}}}")]
    pass_time(d, 20, num)
    look(d)
    assert d.sql("select kind, accounts from alert_told") == [("13", f"{{{ids[0]},{ids[1]}}}")]
    d.sql("delete from duty")
    assert d.sql("select accounts from alert_told") == [(None,)], "nobody is on duty: everybody"


@case
def the_owner_is_who_the_record_says_now(ground):
  with ground.district() as d:
    rules(d)
    num = dispute(d)
    call(d, "clock_start", num, "quick", now(d))
    assert d.sql("select code from clock c join office o on o.id = c.owner") == [("j1",)]
    d.sql("select record_store(record_row($1) || jsonb_build_object('version', 2, 'lead_office', $2::int4, 'events', array(select generate_series(1, 2))),"
          " jsonb_populate_record(f, jsonb_build_object('version', 2, 'request_id', gen_random_uuid(), 'changed', array['lead_office']))) from feed f where f.num = $1", num, d.ids["p1"])
    assert d.sql("select code from clock c join office o on o.id = c.owner") == [("p1",)]


@case
def of_an_incident_too(ground):
  with ground.district() as d:
    rules(d)
    no = d.report(d.desk("p1"))["no"]
    num, = d.sql("select num from incident where incident_no(num) = $1", no)[0]
    call(d, "clock_start", num, "feedback", now(d))
    pass_time(d, 61)
    assert look(d)[0] == 1 and told(d, num) == ["report_incident", "deadline_breached"]
    assert d.sql("select version, cardinality(events) from incident") == [("2", "2")]
    assert d.desk("p1").ask("verify_feed")[0]["intact"]
    assert d.desk("p1", "officer").change("note_incident", no, note="记录")["version"] == 3


@case
def one_that_fails_keeps_no_other_waiting(ground):
  with ground.district() as d:
    rules(d)
    bad, good = dispute(d), dispute(d)
    d.sql("update clock_rule set on_due = 'no_such' where rule = 'step'")
    d.sql("create or replace function record_react(target int8, wanted text, given jsonb, moment timestamptz, request uuid, why text) returns bool language plpgsql as $$ begin raise 'broken'; end $$")
    call(d, "clock_start", bad, "step", now(d))
    call(d, "clock_start", good, "quick", now(d))
    pass_time(d, 100)
    fired, _, failed = look(d)
    assert fired == 1 and "broken" in failed and "JF-" in failed and told(d, good)[-1] == "deadline_breached", (fired, failed)
    assert d.sql("select failures, fired_at from clock where num = $1", bad) == [("1", None)]
    assert look(d) == (0, 0, None)
    pass_time(d, 10)
    assert "broken" in look(d)[2]


@case
def a_turn_is_short(ground):
  """However long each takes: whoever waits for the pen waits for a few of them, not for all; none is left out, and none comes twice."""
  with ground.district() as d:
    rules(d)
    num = [dispute(d) for _ in range(9)]
    for n in num:
      call(d, "clock_start", n, "step2", now(d))
    d.sql("create function slow() returns trigger language plpgsql as $$ begin perform pg_sleep(0.04); return new; end $$;"
          " create trigger slow before insert on feed for each row execute function slow()")
    pass_time(d, 61)
    fired = []
    while (n := look(d)[0]) or not fired:
      fired.append(n)
    assert sum(fired) == 9 and max(fired) <= 3, fired


@case
def a_bounded_turn(ground):
  with ground.district() as d:
    rules(d)
    num = [dispute(d) for _ in range(7)]
    for n in num:
      call(d, "clock_start", n, "step2", now(d))
    pass_time(d, 61)
    assert [look(d, most=3)[0] for _ in range(4)] == [3, 3, 1, 0]


@case
def a_leap_ahead_is_not_believed_at_once(ground):
  with ground.district() as d:
    rules(d)
    num = dispute(d)
    call(d, "clock_start", num, "quick", now(d))
    pass_time(d, 61)
    assert look(d, ahead=86400_000) == (0, 0, None)  # this look does nothing
    fired, held, _ = look(d, leap=86400_000)
    assert fired == 0 and 299_000 < held <= 300_000, held
    assert look(d)[:1] == (0,) and look(d)[1] > 0                     # nor does a node that saw nothing
    d.sql("update clock_guard set held_since = held_since - interval '301 seconds', held_until = held_until - interval '301 seconds'")
    assert look(d)[:2] == (1, 0) and d.sql("select held_since, held_until from clock_guard") == [(None, None)]


@case
def a_leap_taken_back(ground):
  """Held by a clock of tomorrow, which is set right."""
  with ground.district() as d:
    rules(d)
    num, late = dispute(d), dispute(d)
    assert look(d, leap=86400_000, ahead=-86400_000)[1] == 0, "set right between a node's seeing it and its saying so"
    call(d, "clock_start", num, "quick", now(d))
    call(d, "clock_start", late, "quick", now(d))
    d.sql("update clock_guard set held_since = now() + interval '1 day', held_until = now() + interval '1 day 300 seconds', jump_ms = 86400000")
    d.sql("update clock set wall_at = wall_at + interval '1 day' where num = $1", late)
    pass_time(d, -86400, late)  # it began by the wrong clock
    assert look(d, leap=-86400_000)[1] == 0
    assert d.sql("select bool_and(due_at between now() + interval '50 seconds' and now() + interval '61 seconds') from clock") == [("t",)]
    assert look(d, leap=-86400_000)[0] == 0  # another node says the same: once is enough
    assert d.sql("select bool_and(due_at between now() + interval '50 seconds' and now() + interval '61 seconds') from clock") == [("t",)]
    pass_time(d, 61)
    assert look(d)[0] == 2


@case
def while_the_feed_stands_still(ground):
  """Its moments are ahead of the clock that was set back: clocks go on."""
  with ground.district() as d:
    rules(d)
    num = dispute(d)
    d.sql("update feed_head set at = date_trunc('milliseconds', clock_timestamp()) + interval '1 day'")
    moment, = d.sql("select moment from feed_begin()")[0]
    call(d, "clock_start", num, "quick", moment)
    assert d.sql("select due_at between now() + interval '55 seconds' and now() + interval '61 seconds' from clock") == [("t",)]
    call(d, "clock_start", num, "days", d.sql("select now() + interval '40 days'")[0][0])  # one that is to begin later does
    assert d.sql("select due_at > now() + interval '40 days' from clock where rule = 'days'") == [("t",)]


@case
def lists_of_deadlines(ground):
  """Who sees the record sees its clocks, and nobody else; by record, by owner, overdue, near; page by page."""
  with ground.district() as d:
    rules(d)
    desk = d.desk("j1", "head")
    nums = [dispute(d) for _ in range(6)]
    for n in nums:
      call(d, "clock_start", n, "quick", now(d))
    pass_time(d, 100, nums[0])
    pass_time(d, 45, nums[1])
    call(d, "clock_pause", nums[2], "quick", now(d))
    look(d)
    no = dict(d.sql("select num, record_no(num) from dispute"))
    rows = desk.ask("list_deadlines")
    assert [r["no"] for r in rows][:2] == [no[nums[0]], no[nums[1]]] and [r["state"] for r in rows] == [3, 2, 4, 1, 1, 1], rows
    assert rows[0]["left"].startswith("超期 4") and rows[1]["left"].startswith("剩余 1") and rows[2]["left"].startswith("剩余"), [r["left"] for r in rows]
    assert [r["no"] for r in desk.ask("list_deadlines", overdue=True)] == [no[nums[0]]]
    assert [r["no"] for r in desk.ask("list_deadlines", near=True)] == [no[nums[0]], no[nums[1]]]
    call(d, "clock_stop", nums[0], "quick", now(d))
    call(d, "clock_stop", nums[3], "quick", now(d))
    assert [(r["state"], r["name"]) for n in (0, 3) for r in desk.ask("list_deadlines", about=no[nums[n]])] == [(6, "快钟"), (5, "快钟")]
    assert len(desk.ask("list_deadlines")) == 4 == len(d.desk("p1").ask("list_deadlines", office="j1")) and d.desk("p1").ask("list_deadlines", office="p1")[0]["no"] is None
    assert [r["no"] for r in d.desk("p2", "chief").ask("list_deadlines")] == [None]
    assert d.desk("p2", "chief").ask("list_deadlines", about=no[nums[1]])[0]["reason"] == "NOT_FOUND about"
    d.sql("update dispute set sensitivity = 3 where num = $1", nums[1])
    assert len(d.desk("p1").ask("list_deadlines")) == 3 and len(desk.ask("list_deadlines")) == 4
    page, seen = None, []
    while page is not None or not seen:
      rows = desk.ask("list_deadlines", limit=2, page=page)
      seen += [r["no"] for r in rows]
      page = rows[0]["next"]
    assert len(seen) == len(set(seen)) == 4, seen


@case
def an_administrator_trusts_the_time(ground):
  with ground.district() as d:
    rules(d)
    num = dispute(d)
    call(d, "clock_start", num, "quick", now(d))
    pass_time(d, 61)
    assert look(d, leap=86400_000)[0] == 0 and d.desk("j1", "head").ask("list_deadlines")[0]["held_until"]
    assert d.desk("pb").ask("trust_time", reason="已核对")[0]["outcome"] == "done"
    assert d.desk("pb").ask("trust_time", reason="已核对")[0]["reason"] == "TIME_BELIEVED"
    assert look(d)[0] == 1
