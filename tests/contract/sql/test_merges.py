"""Merging disputes and taking it back: counted once while merged, and afterwards each as it was."""
from support.runner import case
from test_links import opened, proved, reason


def snapshot(d, dispute):
  return d.sql("select to_jsonb(x) - array['version', 'updated_at', 'updated_by', 'events'] from dispute x where record_no(num) = $1", dispute)


def merge(desk, dispute, into, name="merge_dispute"):
  answer = desk.ask(name, dispute=dispute, into=into, reason="同一件事")[0]
  assert answer["outcome"] == "done", answer
  return answer


@case
def there_and_back(ground):
  with ground.district() as d:
    p, j = d.desk("p1", "chief"), d.desk("j1", "head")
    one, two = opened(p), opened(j)
    shared, own = d.report(p)["no"], d.report(p)["no"]
    for dispute, incident in ((one, shared), (two, shared), (one, own)):
      p.ask("link_incident", dispute=dispute, incident=incident)
    p.ask("add_party", dispute=one, role=1, name="张三")
    assert j.ask("assess_dispute", dispute=one, warning=1)[0]["state"] == 2
    before = snapshot(d, one), snapshot(d, two)
    assert merge(j, one, two)["state"] == 23
    alarms = lambda of: sorted(r["no"] for r in j.ask("show_timeline", dispute=of, limit=500) if r["source"] == 1)  # noqa: E731
    assert alarms(two) == [shared, own], "once, though both had it"
    assert [r["dispute"] for r in j.ask("list_parties", dispute=two)] == [one]
    assert d.sql("select no, changed, new_values from feed where kind = 'absorb_dispute'") == [(two, "{absorbed}", "{" + one + "}")]
    assert reason(p, "link_incident", dispute=one, incident=own)[0] == "ILLEGAL_TRANSITION"
    assert reason(p, "merge_dispute", dispute=one, into=two, reason="x") == ("ILLEGAL_TRANSITION", "dispute")
    assert reason(p, "merge_dispute", dispute=two, into=one, reason="x") == ("MERGED_ALREADY", "into"), "crossing"
    merge(p, one, None, "unmerge_dispute")
    assert (snapshot(d, one), snapshot(d, two)) == before
    assert alarms(two) == [shared] and alarms(one) == [shared, own] and j.ask("list_parties", dispute=two) == []
    assert reason(p, "unmerge_dispute", dispute=one, reason="x") == ("ILLEGAL_TRANSITION", "dispute")
    merge(p, two, one)  # and the other way round
    proved(d)


@case
def refused(ground):
  with ground.district() as d:
    p, j = d.desk("p1", "chief"), d.desk("j1", "head")
    one, two, foreign = opened(p), opened(j), opened(d.desk("p2"))
    for state, told in ((4, "TARGET_CLOSED"), (20, "TARGET_CLOSED"), (21, "TARGET_CLOSED"), (24, "TARGET_CLOSED"), (23, "MERGED_ALREADY")):
      d.sql("update dispute set state = $1 where record_no(num) = $2", state, two)
      assert reason(p, "merge_dispute", dispute=one, into=two, reason="x") == (told, "into")
      assert reason(p, "merge_dispute", dispute=two, into=one, reason="x")[0] == "ILLEGAL_TRANSITION"
    assert reason(p, "merge_dispute", dispute=one, into=foreign, reason="x") == ("NOT_FOUND", "into")
    assert reason(p, "merge_dispute", dispute=one, into=one, reason="x") == ("NO_CHANGE", "into")
    assert reason(p, "merge_dispute", dispute=one, reason="x") == ("REQUIRED", "into")
    assert reason(p, "merge_dispute", dispute=one, into=two)[0] in ("REASON_REQUIRED", "MERGED_ALREADY")
    assert reason(d.desk("p1", "officer"), "merge_dispute", dispute=one, into=two, reason="x")[0] == "ROLE_NOT_ALLOWED"


@case
def chains(ground):
  """A into B into C: C has all; B taken back takes A with it."""
  with ground.district() as d:
    p = d.desk("p1", "chief")
    a, b, c = opened(p), opened(p), opened(p)
    incident = d.report(p)["no"]
    p.ask("link_incident", dispute=a, incident=incident)
    merge(p, a, b)
    merge(p, b, c)
    alarms = lambda of: [r["no"] for r in p.ask("show_timeline", dispute=of, limit=500) if r["source"] == 1]  # noqa: E731
    assert alarms(c) == [incident]
    merge(p, b, None, "unmerge_dispute")
    assert (alarms(c), alarms(b)) == ([], [incident])
    merge(p, a, None, "unmerge_dispute")
    assert (alarms(b), alarms(a)) == ([], [incident])


def running(d, dispute):
  return d.sql("select c.rule, c.due_at, c.next_at, c.paused_at, c.stopped_at from clock c where record_no(c.num) = $1 order by c.id", dispute)


@case
def clocks_stop_and_come_back(ground):
  """What ran, was paused or was due in vain is as it was; what was stopped before stays stopped, though in the same millisecond."""
  with ground.district() as d:
    p, j = d.desk("p1", "chief"), d.desk("j1", "head")
    one, two = opened(p), opened(j)
    for dispute in (one, two):
      j.ask("assess_dispute", dispute=dispute, warning=2)
      j.ask("accept_dispute", dispute=dispute, consent="双方签字")
    d.sql("select clock_start(num, r, now()) from dispute, unnest(array['VISIT', 'VISIT_30', 'VISIT_90', 'CONFIRMATION']) r where record_no(num) = $1", one)
    d.sql("select clock_pause(num, 'VISIT_30', now()) from dispute where record_no(num) = $1", one)
    d.sql("update clock set fired_at = now(), due_at = now() - interval '1 day', from_at = now() - interval '91 days', next_at = null where rule = 'VISIT_90'")
    d.sql("select clock_stop(num, 'CONFIRMATION', (select at from feed_head)) from dispute where record_no(num) = $1", one)
    d.sql("update clock set stopped_at = (select at from feed_head) where rule = 'CONFIRMATION'")
    before, theirs = running(d, one), running(d, two)
    assert [row[0] for row in before] == ["MEDIATION", "VISIT", "VISIT_30", "VISIT_90", "CONFIRMATION"], before
    merge(p, one, two)
    assert all(row[2] is None and row[4] for row in running(d, one)) and running(d, two) == theirs
    assert {r["no"] for r in j.ask("list_deadlines", limit=100)} == {two}
    merge(p, one, None, "unmerge_dispute")
    assert (running(d, one), running(d, two)) == (before, theirs)


@case
def what_was_missed_is_told_again(ground):
  """Once for each time the merge is taken back, under the system's name; what was near as well, but not if it is due by then."""
  with ground.district() as d:
    p, j = d.desk("p1", "chief"), d.desk("j1", "head")
    one, two = opened(p), opened(j)
    d.sql("select clock_start(num, r, now()) from dispute, unnest(array['VISIT', 'VISIT_30', 'VISIT_90']) r where record_no(num) = $1", one)

    def move(rule, due):
      d.sql("update clock set from_at = from_at - (due_at - clock_timestamp()) + $2::interval where rule = $1", rule, due)
      d.sql("select clock_keep(clock_worked_out(c)) from clock c where rule = $1", rule)

    def look():
      """How many fired, though a look may end before it has done all."""
      fired, failed = d.sql("select fired, failed from clocks_due((extract(epoch from clock_timestamp()) * 1000)::int8, 0, 50)")[0]
      assert failed is None, failed
      return int(fired) and int(fired) + look()
    alerts = lambda: d.sql("select c.rule, a.rule, a.state from alert a join clock c on c.id = a.deadline where a.state <> 7 order by a.num")  # noqa: E731
    move("VISIT", "-1 hour"), move("VISIT_30", "1 hour"), move("VISIT_90", "1 hour")
    assert look() == 3
    missed, soon, other = ("VISIT", "DEADLINE_BREACH", "1"), ("VISIT_30", "DEADLINE_NEAR", "1"), ("VISIT_90", "DEADLINE_NEAR", "1")
    over = lambda *rows: [(*row[:2], "4") for row in rows]  # noqa: E731
    assert sorted(alerts()) == [missed, soon, other]
    merge(p, one, two)
    assert sorted(alerts()) == over(missed, soon, other) and look() == 0
    move("VISIT_90", "-1 hour")
    merge(p, one, None, "unmerge_dispute")
    assert alerts()[3:] == [missed, soon], alerts()
    assert look() == 1 and alerts()[3:] == [missed, soon, ("VISIT_90", "DEADLINE_BREACH", "1")]
    merge(p, one, two)
    merge(p, one, None, "unmerge_dispute")
    assert [row[2] for row in alerts()] == ["4"] * 6 + ["1"] * 3 and look() == 0, alerts()
    assert d.sql("select distinct officer from feed where kind in ('raise_alert', 'settle_alert')") == [("系统",)]
    proved(d)


@case
def a_marked_one_is_not_lost(ground):
  """Into one without the mark its visits would end."""
  with ground.district() as d:
    p = d.desk("p1", "chief")
    one, two = opened(p), opened(p)
    p.ask("correct_dispute", dispute=one, subtype="家暴")
    assert reason(p, "merge_dispute", dispute=one, into=two, reason="x") == ("MARK_LOST", "into")
    p.ask("correct_dispute", dispute=two, subtype="DV")
    merge(p, one, two)
    merge(p, one, None, "unmerge_dispute")
    p.ask("correct_dispute", dispute=one, subtype="噪音")
    merge(p, one, two)


@case
def only_read(ground):
  """What is open to an office for reading alone is nothing to merge into."""
  with ground.district() as d:
    p, j = d.desk("p1", "chief"), d.desk("j2", "head")
    theirs, own = opened(p), opened(j)
    assert p.ask("send_transfer", about=theirs, to_office="j2", reason="请了解")[0]["outcome"] == "done"
    assert reason(j, "merge_dispute", dispute=own, into=theirs, reason="x") == ("NOT_YOURS", "into")


@case
def into_what_is_more_special(ground):
  """To whoever may not see it the target is not there, whether it is or not; its number stands in no event that more people read."""
  with ground.district() as d:
    p, j, blind = d.desk("p1", "chief"), d.desk("j1", "head"), d.desk("p1", "duty")
    one, two, there, none = opened(p), opened(p), opened(j), "JF-2026-000999"
    whole = lambda: d.sql("select other_fault(num, to_jsonb(d), events) from dispute d where record_no(num) = $1", one)  # noqa: E731
    d.sql("update dispute set sensitivity = 3 where record_no(num) = $1", there)
    d.sql("update dispute set sensitivity = 4 where record_no(num) = $1", two)
    assert reason(blind, "merge_dispute", dispute=one, into=there, reason="x")[0] in ("NOT_FOUND", "ROLE_NOT_ALLOWED")
    answers = [p.ask("merge_dispute", dispute=one, into=into, reason="x")[0] for into in (two, none)]
    assert answers[0] == answers[1] and (answers[0]["reason"], answers[0]["field"]) == ("NOT_FOUND", "into"), answers
    assert merge(j, one, there)["state"] == 23
    told = d.sql("select kind, new_values[array_position(changed, 'merged_into')] from feed where no = $1 and kind like '%merge%' order by seq", one)
    assert told == [("merge_dispute", "〔无权查看〕")], told
    assert there not in str(d.desk("p1", "officer").ask("show_history", incident=one)) and p.ask("show_dispute", dispute=one)[0]["state"] == 23
    assert whole() == [(None,)]
    merge(j, one, None, "unmerge_dispute")
    told = d.sql("select old_values[array_position(changed, 'merged_into')] from feed where no = $1 and kind = 'unmerge_dispute'", one)
    assert told == [("〔无权查看〕",)], told
    assert whole() == [(None,)]
