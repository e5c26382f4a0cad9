"""How much one record holds: the rules are data, and what goes beyond one is refused with a word and changes nothing."""
import hashlib
import json

from desk import request_id
from dispute_desk import accepted, ask, done, opened, refused
from support.runner import case

FULL = "LIMIT_REACHED"


def most(d, **limits):
  for what, n in limits.items():
    d.sql("update record_limit set most = $2 where what = $1", what, n)


def party(desk, no, name):
  index = "\\x" + hashlib.sha256(name.encode()).hexdigest()[:32]
  return ask(desk, "add_party", no, role=1, name=name, name_index=index)


@case
def of_a_dispute(ground):
  """Parties, with those of what was merged into it; links; sessions; visits; agreements."""
  with ground.district() as d:
    p, j = d.desk("p1"), d.desk("j1", "mediator")
    no, other = accepted(d), accepted(d)
    most(d, party=3, link=2, session=2, visit=1, agreement=1)
    for n in range(2):
      assert party(p, no, f"甲{n}")["outcome"] == "done" == party(p, other, f"乙{n}")["outcome"]
    assert (got := ask(p, "merge_dispute", no, into=other, reason="同一事"))["reason"] == FULL and got["field"] == "into", got
    done(p, "remove_party", other, party=2, reason="记错了")
    done(p, "merge_dispute", no, into=other, reason="同一事")
    assert party(p, other, "丙")["reason"] == FULL
    done(p, "unmerge_dispute", no, reason="两件事")
    assert party(p, other, "丙")["outcome"] == "done"
    link = lambda n: ask(p, "link_incident", no, external_no=f"外{n}", external_office="邻县所", external_at="2026-01-01", reason="同一人")  # noqa: E731
    assert [link(n)["reason"] for n in range(3)] == [None, None, FULL]
    done(p, "unlink_incident", no, external_no="外0", reason="不是一件事")
    assert link(3)["outcome"] == "done"
    assert [ask(j, "hold_session", no, session_mode=1)["reason"] for _ in range(3)] == [None, None, FULL]
    done(j, "correct_session", no, round=2, note_open="谈谈")
    done(j, "make_agreement", no, agreement_form=1, terms="修好")
    d.sql("update dispute set state = 6 where record_no(num) = $1", no)
    assert refused(j, "make_agreement", no, agreement_form=1, terms="赔钱") == (FULL, "dispute")
    d.sql("update dispute set state = 13 where record_no(num) = $1", no)
    done(j, "visit_dispute", no, note="看过")
    assert refused(j, "visit_dispute", no, note="又看过") == (FULL, "dispute")


@case
def of_any_record(ground):
  """Tasks about it, of a plan over the alert and those that update it, attachments."""
  with ground.district() as d:
    p = d.desk("p1")
    no = opened(p)
    most(d, task=2, plan_task=3, attachment=1)
    task = lambda: p.ask("add_task", about=no, title="走访")[0]  # noqa: E731
    assert [task()["reason"] for _ in range(3)] == [None, None, FULL]
    assert p.ask("add_task", title="走访")[0]["outcome"] == "done", "about nothing: no record is full"
    begin = lambda n: p.ask("begin_attachment", record=no, name=f"{n}.txt", sha256=hashlib.sha256(str(n).encode()).hexdigest(), size=1)[0]["reason"]  # noqa: E731
    assert [begin(1), begin(1), begin(2)] == [None, None, FULL], "the same one again is no other"
    alert = p.ask("raise_alert", kind=1, title="讨薪")[0]["no"]
    plan = lambda of, *whom: p.ask("plan_alert", alert=of, plan="劝离", tasks=list(whom))[0]  # noqa: E731
    assert plan(alert, "社区", "律师")["outcome"] == "done"
    newer = p.ask("update_alert", alert=alert, title="讨薪人数增加")[0]["no"]
    got = plan(newer, "社区", "街道")
    assert (got["reason"], got["field"]) == (FULL, "tasks"), got
    assert d.sql("select count(*) from task where about is not null and record_type_of(about) = 4") == [("2",)], "nothing half"
    assert plan(newer, "街道")["outcome"] == "done"


@case
def of_alerts_within_a_minute(ground):
  """Of one office, whoever raises them; what is raised by itself counts not, nor what was refused; an ack or a cancellation is always taken."""
  with ground.district() as d:
    p, q, j = d.desk("p1"), d.desk("p1", "chief"), d.desk("j1", "mediator")
    most(d, alert_minute=3)
    said = lambda desk, **fields: desk.ask("raise_alert", **{"kind": 1, "title": "讨薪", **fields})[0]  # noqa: E731
    d.report(p, **{"class": 8})
    assert said(p, title="")["reason"] == "REQUIRED"
    no = said(p)["no"]
    newer = q.ask("update_alert", alert=no, title="人数增加")[0]["no"]
    assert said(q)["outcome"] == "done"
    assert [said(p)["reason"], said(q)["reason"], p.ask("update_alert", alert=newer, title="又增加")[0]["reason"]] == ["ALERTS_FLOOD"] * 3
    assert d.report(p, **{"class": 8})["outcome"] == "done" and d.sql("select count(*) from alert where rule is not null") == [("2",)]
    assert j.ask("ack_alert", alert=newer)[0]["outcome"] == "done" == p.ask("cancel_alert", alert=newer, reason="误报")[0]["outcome"]
    assert said(d.desk("p2"))["outcome"] == "done", "each office by itself"
    d.sql("update alert set created_at = created_at - interval '1 minute'")
    assert said(p)["outcome"] == "done"


def pages(desk, name, **fields):
  """All rows of a list, and the bytes of its largest page."""
  rows, largest, page = [], 0, None
  while True:
    found = desk.ask(name, page=page, **fields)
    rows += found
    largest = max(largest, len(json.dumps(found, ensure_ascii=False).encode()))
    page = next((r["next"] for r in found if r.get("next")), None)
    if page is None:
      return rows, largest


@case
def as_much_as_there_may_be(ground):
  """Of a dispute with as many parties as one holds, and scores of long sessions, links, notes, tasks and attachments: every list comes in pages that fit a
  frame, it is merged and parted again exactly, and what verifies finds nothing."""
  with ground.district() as d:
    p, j, h = d.desk("p1"), d.desk("j1", "mediator"), d.desk("j1", "head")
    d.app.rows("set plan_cache_mode = force_generic_plan; set enable_seqscan = off")  # as the server's writer
    no, other = accepted(d), accepted(d)
    most(d, party=120)
    for n in range(120):
      assert party(p, no, f"甲{n}")["outcome"] == "done"
    for n in range(90):
      done(j, "hold_session", no, session_mode=1, note_open="谈" * 2600)
      done(p, "note_dispute", no, note="记" * 600)
      done(p, "link_incident", no, external_no=f"外{n}", external_office="邻县所", external_at="2026-01-01", reason="同一人")
      assert p.ask("add_task", about=no, title=f"走访{n}", content="访" * 600)[0]["outcome"] == "done"
      assert p.ask("begin_attachment", record=no, name=f"{n}.txt", sha256=hashlib.sha256(str(n).encode()).hexdigest(), size=1)[0]["outcome"] == "done"
    expected = {"list_parties": (dict(dispute=no), 120), "list_sessions": (dict(dispute=no), 90), "list_tasks": (dict(about=no, limit=40), 90),
                "list_attachments": (dict(record=no, limit=40), 90), "list_journal": (dict(record=no, limit=100), 393)}
    for name, (fields, count) in expected.items():
      rows, largest = pages(p, name, **fields)
      assert len(rows) == count and largest < 1000000, (name, len(rows), largest)
    rows, largest = pages(p, "show_history", incident=no)
    assert len({r["version"] for r in rows}) == 393 and largest < 1000000, (len(rows), largest)
    stands = lambda: d.sql("select (select md5(string_agg(p::text, ' ' order by p::text)) from party p), (select md5(string_agg(l::text, ' ' order by l::text)) from record_link l),"  # noqa: E731
            " (select md5(string_agg(s::text, ' ' order by s::text)) from mediation_session s), (select md5(string_agg(t::text, ' ' order by t::text)) from task t)")
    before = stands()
    done(h, "merge_dispute", no, into=other, reason="同一事")
    assert stands() == before and len(pages(p, "list_parties", dispute=other)[0]) == 120
    assert party(p, other, "乙")["reason"] == FULL
    done(h, "unmerge_dispute", no, reason="两件事")
    assert stands() == before and pages(p, "list_parties", dispute=other)[0] == []
    assert d.sql("select first_broken from records_verify() where broken > 0") == [] and d.sql("select intact from feed_verify()") == [("t",)]


as_much_as_there_may_be.seconds = 240


@case
def of_events(ground):
  """A record with too many takes no notes, corrections and links, but is brought to its end; an incident as well; a rule that ended limits nothing."""
  with ground.district() as d:
    p, h = d.desk("p1"), d.desk("j1", "head")
    no, incident = opened(p), d.report(p)["no"]
    most(d, event=3)
    assert [ask(p, "note_dispute", no, note=str(n))["reason"] for n in range(3)] == [None, None, FULL]
    assert refused(p, "correct_dispute", no, people_count=3) == (FULL, "dispute") and party(p, no, "甲")["reason"] == FULL
    assert refused(p, "link_incident", no, incident=incident) == (FULL, "dispute")
    done(p, "assess_dispute", no, warning=3)
    done(h, "accept_dispute", no, consent="双方签字")
    assert [p.change("note_incident", incident, note=str(n))["reason"] for n in range(3)] == [None, None, FULL]
    assert p.change("correct_incident", incident, mass_count=3)["reason"] == FULL
    assert p.change("dispatch_incident", incident, dispatched_to="李")["outcome"] == "done"
    most(d, event=40, event_office=4)
    shared = accepted(d)
    while (got := ask(p, "note_dispute", shared, note="又打电话"))["outcome"] == "done":
      pass
    mine, all_ = d.sql("select count(*) filter (where office = 'p1'), count(*) from feed where no = $1", shared)[0]
    assert got["reason"] == FULL and mine == "4" < all_ < "9", (got, mine, all_)
    done(h, "note_dispute", shared, note="司法所记")
    request = request_id()
    d.sql("update record_limit set ended_on = '2020-01-02'")
    first, again = (ask(p, "note_dispute", no, note="还有", request=request) for _ in range(2))
    assert (first["outcome"], again["outcome"]) == ("done", "replay")
