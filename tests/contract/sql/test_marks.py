"""Domestic violence: a dispute that is marked so is visited for ninety days whatever becomes of it, the police are asked for a protection order,
the victim is known to fewer, and when it happens again both sides are alerted and it is red."""
from desk import phone_index, place_index
from dispute_desk import ask, done, opened, refused, show
from support.runner import case
from test_links import proved
from test_proposals import PHONE, propose

VISITS = ["VISIT_DV_30", "VISIT_DV_60", "VISIT_DV_7", "VISIT_DV_90"]


def clocks(d):
  return [row[0] for row in d.sql("select rule from clock where stopped_at is null and type = 2 order by rule")]


def marked(d, **fields):
  return opened(d.desk("j1", "mediator"), subtype="domestic-violence", **fields)


def relapses(d):
  return d.sql("select record_no(about), severity from alert where rule = 'DV_RELAPSE' order by num")


@case
def marked_and_no_longer(ground):
  with ground.district() as d:
    p, j = d.desk("p1"), d.desk("j1", "mediator")
    no = opened(p)
    assert clocks(d) == []
    done(j, "correct_dispute", no, subtype="家庭暴力")
    assert show(p, no)["subtype"] == "家暴" and clocks(d) == VISITS, "whatever word was used for it"
    (title, office, due), = d.sql("select title, o.code, due_at - t.created_at from task t join office o on o.id = t.to_office")
    assert (title, office, due) == (f"核查人身安全保护令 {no}：楼上漏水（p1）", "p1", "1 day")
    done(j, "correct_dispute", no, people_count=2)
    assert clocks(d) == VISITS
    done(j, "correct_dispute", no, subtype="噪音")
    assert clocks(d) == []
    proved(d)


@case
def visited_whatever_becomes_of_it(ground):
  """Suspended, agreed, taken up again: only a visit stops the next visit's clock, one of each sequence; none can be archived before the last."""
  with ground.district() as d:
    j, p = d.desk("j1", "head"), d.desk("p1", "chief")
    no = marked(d)
    done(p, "visit_dispute", no, note="先看一次")
    assert clocks(d) == sorted(set(VISITS) - {"VISIT_DV_7"})
    done(j, "assess_dispute", no, warning=2)
    done(j, "accept_dispute", no, consent="双方签字")
    done(j, "investigate_dispute", no)
    done(j, "suspend_dispute", no, reason="住院")
    assert d.sql("select rule from clock where paused_at is not null") == [("MEDIATION",)]
    done(j, "resume_dispute", no)
    done(j, "hold_session", no, session_mode=1)
    done(j, "make_agreement", no, agreement_form=2, terms="互不打扰", on_spot=True)
    assert clocks(d) == ["VISIT", "VISIT_DV_30", "VISIT_DV_60", "VISIT_DV_90"]
    assert refused(j, "visit_dispute", opened(p), note="看") == ("ILLEGAL_TRANSITION", "dispute"), "of others only what is settled"
    done(j, "visit_dispute", no, performed=True)
    assert clocks(d) == ["VISIT_DV_60", "VISIT_DV_90"], "one visit is the next of both"
    done(j, "close_dispute", no)
    file = {"items": [1, 2, 3, 4, 6]}
    assert refused(j, "archive_dispute", no, **file) == ("VISITS_DUE", "dispute")
    for _ in "60", "90":
      done(p, "visit_dispute", no, note="平静")
    assert done(j, "archive_dispute", no, **file)["state"] == 21


def by_phone(d, no):
  done(d.desk("j1", "mediator"), "add_party", no, role=3, name="张三", phone=PHONE, phone_index=phone_index(PHONE))
  return {"reporter_phone": PHONE}


def by_home(d, no):
  done(d.desk("j1", "mediator"), "add_party", no, role=1, name="李四", domicile="书院路77号", place_index=place_index("书院路77号"))
  return {"place": "书院路77号"}


def by_place(d, no):
  d.sql("update dispute set place_index = $1 where record_no(num) = $2", place_index("书院路77号"), no)
  return {"place": "书院路77号"}


@case.table((f.__name__, f) for f in (by_phone, by_home, by_place))
def happens_again(ground, how):
  """One alarm, of whatever class, is enough; the second tells nothing new while the first alert stands."""
  with ground.district() as d:
    no = marked(d)
    fields = how(d, no)
    alarm = d.report(d.desk("p1"), **{"class": 7, **fields})["no"]
    propose(d)
    assert d.sql("select incident_no(incident) from record_link") == [(alarm,)]
    assert relapses(d) == [(no, "2")] and show(d.desk("p1"), no)["warning"] == 4
    for desk in (d.desk("p1"), d.desk("j1", "mediator")):
      assert [a["kind"] for a in desk.ask("list_alerts", limit=10)] == [11], "one alert, not three"
    d.report(d.desk("p1"), **fields)
    propose(d)
    assert len(relapses(d)) == 1
    proved(d)


@case.table((str(state), state) for state in (4, 20))
def what_was_over_is_taken_up_again(ground, state):
  with ground.district() as d:
    no = marked(d)
    fields = by_phone(d, no)
    d.sql("update dispute set state = $1", state)
    d.report(d.desk("p1"), **fields)
    propose(d)
    assert show(d.desk("p1"), no)["state"] == 22 and len(relapses(d)) == 1


@case
def told_by_people(ground):
  """An alarm of elsewhere that is linked by hand, and signs of it at a visit; not what the dispute was made of."""
  with ground.district() as d:
    p, j = d.desk("p1"), d.desk("j1", "mediator")
    first = d.report(p)["no"]
    no = marked(d)
    external = {"external_no": "430304-1", "external_office": "雨湖某派出所", "reason": "同一家庭"}
    done(p, "link_incident", no, incident=first)
    done(p, "link_incident", no, **external, external_at="2026-01-01 00:00Z")
    assert relapses(d) == [] and show(p, no)["warning"] == 2
    done(p, "link_incident", no, **{**external, "external_no": "430304-2"}, external_at=d.sql("select now()")[0][0])
    assert relapses(d) == [(no, "2")] and show(p, no)["warning"] == 4
    other = marked(d)
    done(j, "visit_dispute", other, relapse=True)
    assert relapses(d)[1:] == [(other, "2")]
    plain = opened(p)
    done(p, "link_incident", plain, incident=d.report(p)["no"])
    assert len(relapses(d)) == 2


@case
def the_victim_is_known_to_fewer(ground):
  with ground.district() as d:
    mediator, head = d.desk("j1", "mediator"), d.desk("j1", "head")
    no = marked(d)
    for role, name in ((1, "甲方某"), (3, "受害人某")):
      done(head, "add_party", no, role=role, name=name)
    names = lambda desk: [row["name"] for row in desk.ask("list_parties", dispute=no)]  # noqa: E731
    assert names(head) == ["甲方某", "受害人某"] and names(mediator) == ["甲方某", "〔无权查看〕"]
    got = mediator.ask("reveal_party", dispute=no, party=2, purpose="mediation", case_no="1")[0]
    assert got["reason"] == "ROLE_NOT_ALLOWED", got
    done(head, "correct_dispute", no, subtype="")
    assert names(mediator) == ["甲方某", "受害人某"]


@case
def red_is_visited_more_often(ground):
  """Also where it becomes red after it was settled."""
  with ground.district() as d:
    p, j = d.desk("p1"), d.desk("j1", "head")
    no = opened(p)
    done(p, "raise_dispute", no, warning=3, reason="扬言")
    assert clocks(d) == []
    done(j, "conclude_dispute", no, outcome=4)
    assert clocks(d) == ["VISIT"]
    done(p, "raise_dispute", no, warning=4, reason="扬言")
    assert clocks(d) == ["VISIT", "VISIT_30", "VISIT_90"]
    assert ask(j, "visit_dispute", no, note="平静")["state"] == 19 and clocks(d) == ["VISIT_30", "VISIT_90"]
