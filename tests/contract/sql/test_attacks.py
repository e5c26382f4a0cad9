"""Somebody with a login and a client of his own, who tries what the rules did not think of: scenes of his own making, one record after the
other, approvals bent to another use."""
from desk import request_id
from support.runner import case
from test_glass import ask, doors, open_it, person, scene
from test_matrix import peek, records

RED = {"class": 6, "level": 1}


def agree(d):
  d.sql("update approval set agreed = true, decided_by = 's0001', decided_at = now() where agreed is null")


@case
def a_scene_of_ones_own_making(ground):
  """She reports it, sends herself and arrives; or makes a quarrel grave that nobody else found so. It takes somebody else who says it is grave."""
  with ground.district() as d:
    secret = records(d)["j1", 3]
    account, other = person(d, "044021", "p1", 2), person(d, "044022", "p1", 2)
    me = lambda name, **fields: ask(d, "p1", 2, account, name, **fields)[0]  # noqa: E731
    alone = d.report(d.desk("p1", device=str(account)), **{"class": 8, "level": 1})["no"]
    assert me("dispatch_incident", incident=alone, dispatched_to="我")["outcome"] == "done"
    assert me("arrive_incident", incident=alone)["outcome"] == "done"
    assert open_it(d, "p1", 2, account, secret)["reason"] == "NOT_ON_SCENE", "all of it was hers"
    assert d.sql("select count(*) from glass_review") == [("0",)]
    quarrel = d.report(d.desk("p1"))["no"]
    assert ask(d, "p1", 2, other, "dispatch_incident", incident=quarrel, dispatched_to="一组")[0]["outcome"] == "done"
    assert me("arrive_incident", incident=quarrel)["outcome"] == "done"
    assert me("correct_incident", incident=quarrel, level=1)["outcome"] == "done"
    assert open_it(d, "p1", 2, account, secret)["reason"] == "NOT_ON_SCENE", "only she finds it grave"
    assert ask(d, "p1", 2, other, "note_incident", incident=quarrel, note="路过")[0]["outcome"] == "done"
    assert open_it(d, "p1", 2, account, secret)["reason"] == "NOT_ON_SCENE", "a note is no judgement"
    assert ask(d, "p1", 2, other, "correct_incident", incident=quarrel, level=2)[0]["reason"] == "APPROVAL_NEEDED"
    agree(d)
    assert ask(d, "p1", 2, other, "correct_incident", incident=quarrel, level=2)[0]["outcome"] == "done"
    assert open_it(d, "p1", 2, account, secret)["reason"] is None, "a colleague finds it urgent"


@case
def the_wall_beside_her_is_nobody_else(ground):
  """A device that acts by itself and at which she then logs in says nothing more than she does."""
  with ground.district() as d:
    secret = records(d)["j1", 3]
    account = person(d, "044021", "p1", 2)
    wall = d.desk("p1")
    wall.device = int(account)  # the device at which `ask` has her logged in
    no = d.report(wall, **{"class": 8, "level": 1})["no"]
    wall.change("dispatch_incident", no, dispatched_to="我")
    assert ask(d, "p1", 2, account, "arrive_incident", incident=no)[0]["outcome"] == "done"
    assert open_it(d, "p1", 2, account, secret)["reason"] == "NOT_ON_SCENE"


@case
def one_record_after_the_other(ground):
  """Three go on her own word; from then on, and after one that was judged needless, each takes a head's word, and that for this record."""
  with ground.district() as d:
    d.sql("insert into right_rule(role, relation, sensitivity_most, started_on) values (1, 'OWN', 1, today())")
    many = [d.report(d.desk("p1"))["no"] for _ in range(6)]
    d.sql("update incident set sensitivity = 3")
    account, head = person(d, "044021", "p1", 1), person(d, "s0001", "p1", 3)
    scene(d, "p1", 1, account)
    said = [open_it(d, "p1", 1, account, no)["reason"] for no in many]
    assert said == [None] * 3 + ["APPROVAL_NEEDED"] * 3, said
    assert not doors(d, "p1", 1, account, many[3])
    waiting = d.sql("select kind, no, account from approval order by id")
    assert waiting == [("break_glass", no, account) for no in many[3:]], waiting
    # with three waiting she learns no more of what there is, by no number
    d.sql("update incident set sensitivity = 3 where incident_no(num) = $1", seventh := d.report(d.desk("p1"))["no"])
    assert [open_it(d, "p1", 1, account, no)["reason"] for no in (seventh, "JQ-2026-009999", many[5])] == ["APPROVAL_NEEDED"] * 3
    assert d.sql("select count(*) from approval") == [("3",)]
    d.sql("update approval set agreed = true, decided_at = now() where no = $1", many[3])
    assert open_it(d, "p1", 1, account, many[4])["reason"] == "APPROVAL_NEEDED", "it was another record that was agreed to"
    assert open_it(d, "p1", 1, account, many[3])["reason"] is None and doors(d, "p1", 1, account, many[3])
    # twelve hours later three more; one of them was needless
    d.sql("update glass_review set opened_at = opened_at - interval '13 hours'")
    review = open_it(d, "p1", 1, account, many[4])["review"]
    assert ask(d, "p1", 3, head, "decide_review", review=review, justified=False, reason="与现场无关")[0]["outcome"] == "done"
    assert open_it(d, "p1", 1, account, many[4])["reason"] == "APPROVAL_NEEDED" == open_it(d, "p1", 1, account, many[5])["reason"], "not again at once"
    other = person(d, "044022", "p1", 1)
    assert ask(d, "p1", 1, other, "arrive_incident", incident=d.sql("select max(scene) from glass_review")[0][0])[0]["outcome"] == "done"
    assert open_it(d, "p1", 1, other, many[5])["reason"] is None, "a colleague is not concerned"


@case
def a_key_of_another_s(ground):
  """The same request_id from another desk of the office opens nothing, and another text under it is refused."""
  with ground.district() as d:
    secret = records(d)["j1", 3]
    account, other = person(d, "044021", "p1", 1), person(d, "044022", "p1", 1)
    scene(d, "p1", 1, account)
    key = request_id()
    assert open_it(d, "p1", 1, account, secret, request_id=key)["outcome"] == "done"
    assert open_it(d, "p1", 1, other, secret, request_id=key)["outcome"] == "replay" and not doors(d, "p1", 1, other, secret)
    assert open_it(d, "p1", 1, other, secret, request_id=key, reason="别的")["reason"] == "KEY_REUSED"
    assert d.sql("select count(*) from record_access") == [("1",)]


@case
def what_the_review_list_tells_later(ground):
  """Once the record is for named persons alone, whoever else reads the list is told that there was something, and no number."""
  with ground.district() as d:
    secret = records(d)["j1", 3]
    account, chief, head = person(d, "044021", "p1", 1), person(d, "044001", "p1", 3), person(d, "s0001", "j1", 5)
    scene(d, "p1", 1, account)
    assert open_it(d, "p1", 1, account, secret)["outcome"] == "done"
    listed = lambda office, role, who: peek(d, office, role, "list_reviews", who)[0]  # noqa: E731
    assert listed("p1", 3, chief)["no"] == secret
    assert ask(d, "j1", 5, head, "grade_incident", incident=secret, sensitivity=4, reason="涉及线人")[0]["outcome"] == "done"
    assert (listed("p1", 3, chief)["no"], listed("p1", 3, chief)["why"]) == ("〔无权查看〕",) * 2
    assert listed("j1", 5, head)["no"] == secret == listed("p1", 1, account)["no"]


@case
def old_records_one_by_one(ground):
  """By number, without a list: what is old and closed counts as the rows of a list do, each once an hour; what is fresh or open does not."""
  with ground.district() as d:
    nos = [d.report(d.desk("p1"))["no"] for _ in range(6)]
    d.sql("update incident set state = 6, received_at = received_at - interval '10 days' where num % 1000 <= 5")
    d.sql("update read_rule set look_rows = 4, more_rows = 1")
    account = person(d, "044021", "p1", 1)
    show = lambda name, no: ask(d, "p1", 1, account, name, incident=no)[0]  # noqa: E731
    old = [n for n in nos if d.sql("select state from incident where incident_no(num) = $1", n) == [("6",)]]
    assert len(old) == 5, old
    for _ in range(2):
      for no in old[:4]:
        assert show("show_incident", no)["reason"] is None and show("show_history", no)["reason"] is None, no
    for name in ("show_incident", "show_history"):
      assert show(name, old[4])["reason"] == "APPROVAL_NEEDED"
    assert show("show_incident", nos[5])["reason"] is None, "the day's work goes on"
    assert ask(d, "p1", 1, account, "_rows_read", request="list_incidents", rows=1, sensitive="")[0]["reason"] == "APPROVAL_NEEDED", "one budget"
    agree(d)
    assert show("show_incident", old[4])["reason"] is None
    assert d.sql("select kind, request, no, record, count from audit where kind = 'list_incidents' order by seq desc limit 1") \
      == [("list_incidents", "show_incident", old[4], None, "1")]
    other = person(d, "044022", "p1", 1)
    assert ask(d, "p1", 1, other, "show_incident", incident=old[4])[0]["reason"] is None, "another's budget"


@case
def approved_for_one_thing(ground):
  """Not used for another content, not by another, not after its time, not twice; and who agreed must still be somebody."""
  with ground.district() as d:
    no = d.report(d.desk("p1", "chief"), **RED)["no"]
    account, other = person(d, "044021", "p1", 3), person(d, "044022", "p1", 3)
    lower = lambda who, **fields: ask(d, "p1", 3, who, "correct_incident", incident=no, **{"level": 4, "content": "误报，已核实", **fields})[0]["reason"]  # noqa: E731
    assert lower(account) == "APPROVAL_NEEDED"
    subject = d.sql("select subject from approval")[0][0]
    assert len(subject.split("#")[1]) == 32, f"a mark for which nobody makes two texts: {subject}"
    agree(d)
    assert lower(account, content="误报，已核实。") == "APPROVAL_NEEDED" == lower(other) == lower(account, level=3)
    d.sql("update approval set agreed = null where subject <> $1", subject)
    d.sql("update approval set until = now() where subject = $1", subject)
    assert lower(account) == "APPROVAL_NEEDED", "its time is over"
    agree(d)
    assert lower(account) is None


@case
def an_export_says_how_far_it_goes(ground):
  """Without a first or a last day it is all there is, and whoever agrees reads that."""
  with ground.district() as d:
    account = person(d, "044021", "p1", 1)
    d.sql("update read_rule set export_rows = 1")
    told = lambda **fields: ask(d, "p1", 1, account, "_rows_read", request="list_incidents", rows=5, sensitive="", purpose="risk", **fields)[0]["reason"]  # noqa: E731
    assert told() == "APPROVAL_NEEDED" == told(**{"from": 0})
    assert [s for s, in d.sql("select subject from approval order by id")] == ["风险评估 全部时间", "风险评估 1970-01-01 08:00 起"]
