"""Alerts: whom they reach, the four receipts, acks that come late or twice, updates, and what is raised by itself."""
from clock_desk import look, pass_time
from desk import request_id
from support.runner import case

RAISED, ACKED, IN_RESPONSE, RESOLVED, CANCELLED, EXPIRED, SUPERSEDED = range(1, 8)
MASS_EVENT, MAJOR, THREAT, SYSTEM = 1, 2, 3, 17


def raised(desk, **fields):
  answer = desk.ask("raise_alert", **{"kind": THREAT, "title": "扬言放火", **fields})[0]
  assert answer["outcome"] == "done", answer
  return answer["no"]


def made(desk, name, no, **fields):
  answer = desk.ask(name, alert=no, **fields)[0]
  return answer["reason"] or answer["outcome"]


def state(d, no):
  return int(d.sql("select state from alert where record_no(num) = $1", no)[0][0])


def whom(d, no):
  return {row[0] for row in d.sql("select o.code from alert_office a join office o on o.id = a.office where record_no(a.num) = $1", no)}


def kinds(d, no):
  return [row[0] for row in d.sql("select kind from feed where no = $1 order by seq", no)]


@case
def reaches_the_other_side(ground):
  """The paired office, not one's own; by rule the bureaus above both; without a pairing those above; nobody at all is refused."""
  with ground.district() as d:
    assert whom(d, raised(d.desk("p1"))) == {"j1"}
    assert whom(d, raised(d.desk("j1", "mediator"))) == {"p1"}
    assert whom(d, raised(d.desk("j1", "mediator"), kind=MASS_EVENT)) == {"p1", "pb", "jb"}
    d.sql("update pairing set ended_on = current_date - 1 where station = (select id from office where code = 'p2')")
    assert whom(d, raised(d.desk("p2"))) == {"pb"}
    answer = d.desk("j3", "mediator").ask("raise_alert", kind=THREAT, title="扬言放火")[0]
    assert (answer["outcome"], answer["reason"]) == ("refused", "NO_ADDRESSEE"), answer
    # the bureau's own desk sees what was opened to it, and nothing else
    seen = {row["no"] for row in d.desk("jb", "duty").ask("list_alerts", limit=50)}
    assert seen == {"YJ-" + no[3:] for no in seen} and len(seen) == 1, seen
    assert d.desk("j2", "head").ask("list_alerts", limit=50) == []


@case.table((name, name) for name in ("defaults", "said"))
def kind_decides_what_is_not_said(ground, name):
  with ground.district() as d:
    fields = {} if name == "defaults" else {"severity": 4, "urgency": 3, "certainty": 3, "status": 2}
    no = raised(d.desk("p1"), **fields)
    row = d.desk("j1", "head").ask("show_alert", alert=no)[0]
    said = tuple(row[f] for f in ("severity", "urgency", "certainty", "status", "state"))
    assert said == ((1, 1, 2, 1, RAISED) if name == "defaults" else (4, 3, 3, 2, RAISED)), row
    assert row["whom"] == ["j1"] and row["origin_office"] == "p1" and row["expires_at"] > row["created_at"], row


@case
def bad_input(ground):
  with ground.district() as d:
    p, j = d.desk("p1"), d.desk("j1", "mediator")
    for fields, reason, field in (({"kind": None}, "REQUIRED", "kind"), ({"title": " "}, "REQUIRED", "title"), ({"title": "火"}, "TOO_SHORT", "title"),
                                  ({"expires_at": "2020-01-01Z"}, "OUT_OF_RANGE", "expires_at"), ({"about": "JQ-2026-000099"}, "NOT_FOUND", "about")):
      answer = p.ask("raise_alert", **{"kind": THREAT, "title": "扬言放火", **fields})[0]
      assert (answer["reason"], answer["field"]) == (reason, field), (fields, answer)
    no = raised(p)
    for name, fields, reason in (("cancel_alert", {}, "REASON_REQUIRED"), ("ack_alert", {}, "OWN_ALERT"), ("act_alert", {}, "OWN_ALERT"), ("note_alert", {"note": ""}, "REQUIRED")):
      assert made(p, name, no, **fields) == reason, name
    assert made(j, "cancel_alert", no, reason="误报") == "NOT_YOURS"
    assert made(j, "resolve_alert", no, outcome="化解") == "ILLEGAL_TRANSITION", "nobody has acknowledged it"
    assert made(j, "ack_alert", no) == "done" and made(j, "resolve_alert", no) == "REQUIRED"
    assert made(d.desk("j2", "mediator"), "ack_alert", no) == "NOT_FOUND"
    assert d.sql("select count(*) from alert")[0][0] == "1"


@case
def the_whole_life(ground):
  with ground.district() as d:
    p, j = d.desk("p1"), d.desk("j1", "mediator")
    no = raised(p, about=d.report(p, **{"class": 6})["no"])
    assert made(j, "ack_alert", no, note="两人出发") == "done" and state(d, no) == ACKED
    row = p.ask("show_alert", alert=no)[0]
    assert (row["acked_by"], row["acked_office"], row["about"][:3]) == (j.officer, "j1", "JQ-") and row["acked_at"], row
    assert made(j, "act_alert", no) == "done" and state(d, no) == IN_RESPONSE
    assert made(p, "note_alert", no, note="汽油已收走") == "done"
    assert made(p, "resolve_alert", no, outcome="化解") == "done" and state(d, no) == RESOLVED
    assert kinds(d, no) == ["raise_alert", "ack_alert", "act_alert", "note_alert", "resolve_alert"]
    told = d.sql("select audience from feed where no = $1 and kind = 'ack_alert'", no)[0][0]
    assert str(d.ids["p1"]) in told.strip("{}").split(","), "who raised it hears of the ack"


@case
def late_and_repeated_acks(ground):
  """Clear answers, and nothing is opened again: acknowledged by the same office, by another one, resolved, cancelled."""
  with ground.district() as d:
    j, pb = d.desk("j1", "mediator"), d.desk("pb", "duty")
    p = d.desk("p1")
    no = raised(p, kind=MASS_EVENT)
    request = request_id()
    assert [j.ask("ack_alert", request=request, act="x", alert=no)[0]["outcome"] for _ in range(2)] == ["done", "replay"]
    assert made(d.desk("j1", "head"), "ack_alert", no) == "ALREADY_ACKED"
    first = p.ask("show_alert", alert=no)[0]
    assert made(pb, "ack_alert", no) == "done", "another office signs for itself"
    after = p.ask("show_alert", alert=no)[0]
    assert [after[f] for f in ("acked_at", "acked_by", "acked_office", "state")] == [first[f] for f in ("acked_at", "acked_by", "acked_office", "state")]
    assert made(j, "act_alert", no) == "done" and made(j, "resolve_alert", no, outcome="化解") == "done"
    assert made(d.desk("jb", "duty"), "ack_alert", no) == "ALERT_OVER" and state(d, no) == RESOLVED
    gone = raised(p)
    assert made(p, "cancel_alert", gone, reason="误报") == "done"
    assert made(j, "ack_alert", gone) == "ALERT_OVER" and state(d, gone) == CANCELLED


@case
def receipts(ground):
  """Delivered and shown come from terminals and make no event; acknowledged and acted come from people and do."""
  with ground.district() as d:
    p, j, head = d.desk("p1"), d.desk("j1", "mediator"), d.desk("j1", "head")
    no = raised(p)
    before = d.sql("select seq from feed_head")
    assert [(r["office"], r["person"]) for r in p.ask("list_receipts", alert=no)] == [("j1", None)]
    assert j.ask("confirm_alert", alert=no)[0]["alert"] == no
    head.ask("confirm_alert", alert=no, shown=True)
    head.ask("confirm_alert", alert=no, shown=True)
    p.ask("confirm_alert", alert=no, shown=True)  # not addressed to it
    rows = {r["person"]: r for r in p.ask("list_receipts", alert=no)}
    assert set(rows) == {j.officer, head.officer}, rows
    assert rows[j.officer]["delivered_at"] and not rows[j.officer]["shown_at"] and rows[head.officer]["shown_at"], rows
    assert d.sql("select seq from feed_head") == before
    made(j, "ack_alert", no)
    made(j, "act_alert", no)
    row = {r["person"]: r for r in p.ask("list_receipts", alert=no)}[j.officer]
    assert row["delivered_at"] <= row["acked_at"] <= row["acted_at"], row
    assert d.desk("j2", "head").ask("list_receipts", alert=no)[0]["reason"] == "NOT_FOUND"
    assert d.desk("j2", "head").ask("confirm_alert", alert=no)[0]["reason"] == "NOT_FOUND"


@case
def updates_supersede(ground):
  """By either side; whoever had it acknowledges anew; of what is over there is no update."""
  with ground.district() as d:
    p, j = d.desk("p1"), d.desk("j1", "mediator")
    old = raised(j, kind=MASS_EVENT, people_count=30, severity=2, title="三十人讨薪")
    assert made(p, "ack_alert", old) == "done"
    new = p.ask("update_alert", alert=old, people_count=60, severity=1)[0]["no"]
    row = j.ask("show_alert", alert=new)[0]
    assert [row[f] for f in ("people_count", "severity", "title", "kind", "supersedes", "state", "acked_at")] == [60, 1, "三十人讨薪", MASS_EVENT, old, RAISED, None]
    assert state(d, old) == SUPERSEDED and j.ask("show_alert", alert=old)[0]["superseded_by"] == new
    assert whom(d, new) == {"j1", "pb", "jb"} and not [r for r in j.ask("list_receipts", alert=new) if r["person"]]
    assert made(p, "ack_alert", new) == "OWN_ALERT" and made(j, "ack_alert", new) == "done"
    assert kinds(d, old)[-1] == "supersede_alert" and kinds(d, new)[0] == "update_alert"
    assert made(p, "update_alert", old, people_count=70) == "ALERT_OVER"
    assert made(d.desk("p2"), "update_alert", new, people_count=70) == "NOT_FOUND"


@case
def raised_by_itself(ground):
  """Once about a record while the last one is open; not where the rule has ended; as the record's own office, at the record's level."""
  with ground.district() as d:
    p, j = d.desk("p1"), d.desk("j1", "mediator")
    no = d.report(p)["no"]
    num = d.sql("select num from incident where incident_no(num) = $1", no)[0][0]

    def auto(rule, n):
      d.sql("begin; select seq from feed_head for update")
      d.sql("select alert_auto($1, $2, $3, $4, $5, now())", num, rule, "第三次", "00000000-0000-0000-0000-000000000001", n)
      d.sql("commit")
    auto("REPEAT_ALARM", 1)
    auto("REPEAT_ALARM", 2)
    d.sql("update alert_rule set ended_on = current_date where rule = 'IGNITE'")
    auto("IGNITE", 3)
    rows = j.ask("list_alerts", limit=50)
    assert [(r["about"], r["origin_office"], r["created_by"], r["kind"]) for r in rows] == [(no, "p1", "系统", 4)], rows
    assert rows[0]["title"] == f"反复报警（第三次） {no}：请会商调处。p1", rows
    assert whom(d, rows[0]["no"]) == {"p1", "j1"} and made(p, "ack_alert", rows[0]["no"]) == "done"
    assert d.sql("select intact from feed_verify()")[0][0] == "t"


def num_of(d, no):
  return d.sql("select num from alert where record_no(num) = $1", no)[0][0]


def open_clocks(d, no):
  return {row[0] for row in d.sql("select rule from clock where num = $1 and stopped_at is null", num_of(d, no))}


@case
def escalates_step_by_step(ground):
  """Leaders, the bureaus above who has it, the heads of the bureaus above both; each step once, each opened to its offices."""
  with ground.district() as d:
    p, jb, pb = d.desk("p1"), d.desk("jb", "duty"), d.desk("pb", "duty")
    no = raised(p)
    assert open_clocks(d, no) == {"DELIVER_EXTREME", "ACK_EXTREME_1", "ACK_EXTREME_2", "ACK_EXTREME_3", "EXPIRY"}
    for wait, step, offices in ((121, 1, {"j1"}), (180, 2, {"j1", "jb"}), (300, 3, {"j1", "jb", "pb"})):
      pass_time(d, wait)
      look(d)
      look(d)
      row = p.ask("show_alert", alert=no)[0]
      assert (row["escalation"], row["state"], whom(d, no)) == (step, RAISED, offices), (step, row, whom(d, no))
      assert kinds(d, no).count("escalate_alert") == step
    assert {bool(row[0] == "t") for row in d.sql("select leaders from alert_office where num = $1 and step = 3", num_of(d, no))} == {True}
    assert jb.ask("show_alert", alert=no)[0]["no"] == no and made(pb, "ack_alert", no) == "done"
    pass_time(d, 100000)
    look(d)
    assert kinds(d, no)[-1] == "remind_alert" and kinds(d, no).count("escalate_alert") == 3
    assert d.sql("select intact from feed_verify()")[0][0] == "t"


@case
def what_the_log_is_to_say(ground):
  """Which alert came to no terminal of which offices, and which nobody acknowledged after the last step: once each, and of no other step."""
  with ground.district() as d:
    p, j = d.desk("p1"), d.desk("j1", "mediator")
    lost, found, mild = raised(p, kind=MASS_EVENT), raised(p), raised(p, severity=4)
    j.ask("confirm_alert", alert=found)

    def said():
      """Of one look after another, until there is nothing to do."""
      fired, *told = d.sql("select fired, undelivered, unacked from clocks_due((extract(epoch from clock_timestamp()) * 1000)::int8, 0, 50)")[0]
      return [told, *said()] if int(fired) else []
    numbers = lambda n: sorted(no for told in said() if told[n] for no in told[n].split("; "))  # noqa: E731
    pass_time(d, 6)
    assert numbers(0) == [f"{lost} j1,jb,pb"] and said() == []
    for wait, unacked in ((116, []), (180, []), (300, [lost]), (86400, [mild])):
      if unacked == [lost]:
        assert made(j, "ack_alert", found) == "done"
      pass_time(d, wait)
      assert (got := numbers(1)) == unacked, (wait, got, unacked)
      assert said() == []


@case
def what_comes_to_nobody(ground):
  """In time nobody's terminal said that it came: everybody of that office is told, on duty or not, and the sender hears which; where one got it
  nothing happens, and nothing is overdue."""
  with ground.district() as d:
    p, j, pb = d.desk("p1"), d.desk("j1", "mediator"), d.desk("pb", "duty")
    account = d.sql("insert into account(code, name) values ('044021', '林某') returning id")[0][0]
    d.sql("insert into assignment(account, office, role) values ($1, $2, 4)", account, d.ids["j1"])
    d.sql("insert into post(code, office, name, kind, place) values ('x', $1, '中心', 1, '路')", d.ids["j1"])
    d.sql("insert into duty(post, account, since, until) select id, $1, '2020-01-01', '2100-01-01' from post", account)
    lost, found = raised(p, kind=MASS_EVENT), raised(p)
    told = lambda: {(r[0], r[1]): r[2] for r in d.sql("select no, o.code, accounts from alert_told join office o on o.id = to_office")}  # noqa: E731
    only = "{" + account + "}"
    assert told() == {(lost, "j1"): only, (lost, "pb"): None, (lost, "jb"): None, (found, "j1"): only}
    j.ask("confirm_alert", alert=found)
    pb.ask("confirm_alert", alert=lost)
    pass_time(d, 6)
    look(d)
    assert kinds(d, found) == ["raise_alert"] and "DELIVER_EXTREME" not in open_clocks(d, found)
    assert kinds(d, lost) == ["raise_alert", "redeliver_alert"] and state(d, lost) == RAISED
    assert d.sql("select new_values[array_position(changed, 'undelivered')] from feed where kind = 'redeliver_alert'") == [("j1、jb",)]
    assert told() == {(lost, "j1"): None, (lost, "pb"): None, (lost, "jb"): None, (found, "j1"): only}
    quiet = raised(p, severity=2)
    acked = raised(p)
    made(j, "ack_alert", acked)
    pass_time(d, 6)
    look(d)
    assert kinds(d, quiet) == ["raise_alert"] and kinds(d, acked) == ["raise_alert", "ack_alert"]


@case
def an_ack_stops_every_clock(ground):
  """In the transaction of the ack: nothing that is due afterwards comes. So do a cancel and an update, which starts them anew."""
  with ground.district() as d:
    p, j = d.desk("p1"), d.desk("j1", "mediator")
    acked, cancelled, updated, acted = (raised(p) for _ in range(4))
    made(j, "ack_alert", acked)
    made(p, "cancel_alert", cancelled, reason="误报")
    new = p.ask("update_alert", alert=updated, severity=2)[0]["no"]
    made(j, "act_alert", acted)
    assert [open_clocks(d, no) for no in (acked, cancelled, updated, acted)] == [{"ACT"}, set(), set(), set()]
    assert open_clocks(d, new) == {"ACK_SEVERE_1", "ACK_SEVERE_2", "ACK_SEVERE_3", "EXPIRY"}
    pass_time(d, 700)
    look(d)
    assert [("escalate_alert" in kinds(d, no)) for no in (acked, cancelled, updated, acted, new)] == [False, False, False, False, True]


@case
def expires(ground):
  """At its own time, and then nothing more comes of it."""
  with ground.district() as d:
    p, j = d.desk("p1"), d.desk("j1", "mediator")
    no = raised(p, severity=4, expires_at=d.sql("select now() + interval '1 hour'")[0][0])
    pass_time(d, 3500)
    look(d)
    assert state(d, no) == RAISED
    pass_time(d, 101)
    look(d)
    assert state(d, no) == EXPIRED and open_clocks(d, no) == set()
    assert made(j, "ack_alert", no) == "ALERT_OVER" and kinds(d, no) == ["raise_alert", "expire_alert"]


@case.table((name, fields, kind) for name, fields, kind in (
  ("threat", {"class": 8}, THREAT), ("crowd", {"class": 5}, MASS_EVENT), ("major", {"class": 6, "level": 1}, MAJOR), ("ordinary", {"class": 6, "level": 2}, None),
  ("old", {"class": 8, "received_at": "2020-01-01Z"}, None)))
def a_report_raises_one(ground, fields, kind):
  """Within its own group, after all of the group's reports, and the chain stays whole."""
  with ground.district() as d:
    p, j = d.desk("p1"), d.desk("j1", "mediator")
    group = [(p, {"class": 6, "content": "邻居争吵"}), (p, {"class": 6, "content": "邻居争吵", **fields}), (d.desk("p2"), {"class": 6, "content": "邻居争吵"})]
    answers = d.group(*group)
    assert [a["outcome"] for a in answers] == ["done"] * 3
    rows = j.ask("list_alerts", limit=50)
    assert [(r["kind"], r["about"], r["created_by"], r["state"]) for r in rows] == ([(kind, answers[1]["no"], "系统", RAISED)] if kind else []), rows
    assert d.sql("select intact from feed_verify()")[0][0] == "t"
    d.group(*group)
    assert len(j.ask("list_alerts", limit=50)) == (2 if kind else 0)


@case
def what_they_say(ground):
  """Which record, whose, and what to do; of what is S3 only its number, whatever it is about."""
  with ground.district() as d:
    d.sql("insert into area(code, name, office) select 'east', '东门网格', id from office where code = 'p1'")
    p = d.desk("p1", "chief")
    threat = d.report(p, area="east", **{"class": 8, "threats": "{2,1}"})["no"]
    no = p.ask("open_dispute", type=2, title="楼上漏水", area="east")[0]["no"]
    p.ask("raise_dispute", dispute=no, warning=4, reason="扬言报复")
    beaten = p.ask("open_dispute", type=1, title="夫妻打架", subtype="家暴")[0]["no"]
    long = p.ask("open_dispute", type=2, title="长" * 80)[0]["no"]
    p.ask("raise_dispute", dispute=long, warning=3, reason="扬言报复")
    said = {a["about"]: a["title"] for a in d.desk("j1", "head").ask("list_alerts", limit=50)}
    assert said == {threat: f"扬言极端警情（放火、自伤自杀） {threat}：请会同到场稳控。p1，东门网格", no: f"预警升级（红色） {no}：请会商稳控。楼上漏水（p1，东门网格）",
                    long: f"预警升级（橙色） {long}：请会商稳控。{'长' * 49}…"}, said
    assert all(len(t) <= 80 for t in said.values())
    assert [t["title"] for t in p.ask("list_tasks", limit=9)] == [f"核查人身安全保护令 {beaten}：夫妻打架（p1）"]
    quiet, hit = p.ask("open_dispute", type=2, title="患病吵闹")[0]["no"], p.ask("open_dispute", type=1, title="再打")[0]["no"]
    d.sql("update dispute set sensitivity = 3 where record_no(num) in ($1, $2)", quiet, hit)
    p.ask("raise_dispute", dispute=quiet, warning=4, reason="扬言报复")
    p.ask("correct_dispute", dispute=hit, subtype="家暴")
    assert d.sql("select title from alert where record_no(about) = $1", quiet) == [(f"紧要情况 {quiet}：请查看后办理",)]
    assert d.sql("select title, content from task where record_no(about) = $1", hit) == [(f"一项任务 {hit}：内容见任务", "核查人身安全保护令")]
