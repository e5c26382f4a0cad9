"""Changes: who may make which in which state, conflicts, what they leave in the record."""
from desk import request_id
from support.runner import case

STATES = (1, 2, 3, 4, 5, 6, 7, 8)  # received, dispatched, arrived, handling, feedback, closed, void, reopened
KINDS = {
  "dispatch_incident": {"dispatched_to": "一组"}, "arrive_incident": {}, "handle_incident": {}, "note_incident": {"note": "记录"},
  "feedback_incident": {"result": "已处理"}, "close_incident": {"result": "已处理"}, "reopen_incident": {"reason": "再报"},
  "void_incident": {"reason": "误录"}, "correct_incident": {"place": "某处", "reason": "笔误"},
}
POLICE = ("p1-officer", "p1-duty", "p1-chief")
EVERYBODY = (*POLICE, "j1-mediator", "j1-head")
# Written down a second time on purpose: a change of the data must be meant. kind: (actors, level, from states, leads to; None: stays)
WANTED = (
  ("dispatch_incident", POLICE, 3, (1, 2, 8), 2), ("dispatch_incident", POLICE, 3, (3, 4), None),
  ("arrive_incident", EVERYBODY, 3, (2,), 3), ("arrive_incident", EVERYBODY, 3, (3, 4), None),
  ("handle_incident", EVERYBODY, 3, (3,), 4),
  ("note_incident", EVERYBODY, 3, (1, 2, 3, 4, 5, 6, 8), None),
  ("feedback_incident", POLICE, 3, (2, 3, 4), 5),
  ("close_incident", POLICE, 3, (3, 4, 5), 6),
  ("close_incident", ("p1-chief",), 1, (3, 4, 5), 6),
  ("reopen_incident", ("p1-duty", "p1-chief"), 3, (6,), 8),
  ("void_incident", ("p1-duty", "p1-chief"), 3, (1, 2, 3, 4, 5, 6, 8), 7),
  ("correct_incident", POLICE, 3, (1, 2, 3, 4, 5, 8), None), ("correct_incident", ("p1-chief",), 3, (6,), None),
)


def wanted(kind, actor, level, state):
  for k, actors, of_level, states, to in WANTED:
    if k == kind and actor in actors and of_level == level and state in states:
      return to or state
  return None


@case.table((f"{kind}.{level}", kind, level) for kind, level in [(k, 3) for k in KINDS] + [("close_incident", 1)])
def matrix(ground, kind, level):
  with ground.district() as d:
    no = d.report(d.desk("p1"), level=level)["no"]
    for actor in (*EVERYBODY, "pb-viewer", "jb-viewer"):
      desk = d.desk(*actor.split("-"))
      for state in STATES:
        d.sql("update incident set state = $1", state)
        fields = {**KINDS[kind], **({"place": f"{actor}之{state}"} if kind == "correct_incident" else {})}
        got = desk.change(kind, no, **fields)
        to = wanted(kind, actor, level, state)
        if to:
          assert (got["outcome"], got["state"]) == ("done", to), f"{actor} in {state}: {got}"
        else:
          assert got["outcome"] == "refused" and got["reason"] in ("ILLEGAL_TRANSITION", "ROLE_NOT_ALLOWED", "NOT_YOURS"), f"{actor} in {state}: {got}"
          assert got["reason"] == "NOT_YOURS" or actor[-6:] != "viewer", f"{actor}: {got}"
          # the state is told to those who may make this change in another one, and to nobody else
          in_another = any(wanted(kind, actor, level, s) for s in STATES)
          assert got["reason"] != "ILLEGAL_TRANSITION" or in_another, f"{actor} in {state}: {got}"
          assert got["state"] == (state if got["reason"] == "ILLEGAL_TRANSITION" else None), f"{actor} in {state}: {got}"
          # what could be done instead, or who could do it
          if got["reason"] == "ILLEGAL_TRANSITION" and level == 3:
            assert set(got["allowed"] or ()) == {k for k in KINDS if wanted(k, actor, 3, state) not in (None, state)}, f"{actor} in {state}: {got}"
          if got["reason"] == "ROLE_NOT_ALLOWED":
            assert desk.role not in (got["roles"] or ()) and (got["roles"] or kind == "correct_incident"), f"{actor} in {state}: {got}"


@case
def own_entries_are_corrected_by_the_judicial_office(ground):
  with ground.district() as d:
    head = d.desk("j1", "head")
    theirs, mine = d.report(d.desk("p1"))["no"], d.report(head)["no"]
    assert head.change("correct_incident", theirs, place="x")["reason"] == "NOT_YOURS"
    assert head.change("correct_incident", mine, place="x")["outcome"] == "done"
    assert d.desk("p1").change("dispatch_incident", mine, dispatched_to="一组")["outcome"] == "done"


REQUIRED = (
  ("void", "void_incident", {"reason": " "}, "REASON_REQUIRED", "reason"), ("note", "note_incident", {"note": " "}, "REQUIRED", "note"),
  ("dispatch", "dispatch_incident", {}, "REQUIRED", "dispatched_to"), ("dispatch_blank", "dispatch_incident", {"dispatched_to": ""}, "REQUIRED", "dispatched_to"),
  ("content", "correct_incident", {"content": "火"}, "TOO_SHORT", "content"), ("content_emptied", "correct_incident", {"content": ""}, "REQUIRED", "content"),
  ("dispatched_at", "dispatch_incident", {"dispatched_to": "x", "dispatched_at": "2100-01-01Z"}, "IN_FUTURE", "dispatched_at"),
  ("occurred_at", "correct_incident", {"occurred_at": "2100-01-01Z"}, "IN_FUTURE", "occurred_at"),
  ("base_ahead", "correct_incident", {"place": "x", "base_version": 2}, "VERSION_CONFLICT", "base_version"),
)


@case.table(REQUIRED)
def refused(ground, kind, fields, reason, field):
  with ground.district() as d:
    no = d.report(d.desk("p1"))["no"]
    got = d.desk("p1").change(kind, no, **fields)
    assert (got["outcome"], got["reason"], got["field"]) == ("refused", reason, field), got
    assert d.sql("select version, (select seq from feed_head) from incident") == [("1", "1")]


@case
def closing_needs_a_result_now_or_before(ground):
  with ground.district() as d:
    p = d.desk("p1")
    no = d.report(p)["no"]
    p.change("dispatch_incident", no, dispatched_to="一组")
    p.change("arrive_incident", no)
    assert p.change("close_incident", no)["field"] == "result"
    p.change("feedback_incident", no, result_code="DEFUSED")
    assert p.change("close_incident", no)["outcome"] == "done"


@case
def moments_are_stamped_once(ground):
  """Given ones stand, missing ones are the commit's; the second side's arrival leaves the first one; reopening takes the closing back."""
  with ground.district() as d:
    p, j = d.desk("p1"), d.desk("j1", "mediator")
    no = d.report(p)["no"]
    record = lambda: p.ask("show_incident", incident=no)[0]  # noqa: E731
    got = p.change("dispatch_incident", no, dispatched_to="一组")
    assert record()["dispatched_at"] == got["at"]
    p.change("arrive_incident", no, arrived_at="2023-06-25T12:00:00.123Z")
    j.change("arrive_incident", no)
    assert record()["arrived_at"] == "2023-06-25T12:00:00.123+00:00"
    got = p.change("close_incident", no, result="和解")
    assert record()["closed_at"] == got["at"]
    p.change("reopen_incident", no, reason="再报")
    assert record()["closed_at"] is None and record()["state"] == 8
    p.change("void_incident", no, reason="重复")
    assert record()["void_reason"] == "重复"


def conflict(got):
  return dict(zip(got["conflict_fields"], zip(got["conflict_theirs"], got["conflict_yours"])))


@case
def conflicts_tell_both_values(ground):
  with ground.district() as d:
    one, two = d.desk("p1"), d.desk("p1", "chief")
    no = d.report(one, place="甲地", longitude=112.9, level=3)["no"]
    one.change("correct_incident", no, base_version=1, place="乙地", longitude=113.25, reporter="同名", level=2, external_no="12345")
    got = two.change("correct_incident", no, base_version=1, place="丙地", longitude=113.5, reporter="同名", level=1, external_no="")
    assert got["outcome"] == "conflict" and got["current_version"] == 2, got
    assert conflict(got) == {"place": ("乙地", "丙地"), "longitude": ("113.25", "113.5"), "level": ("2", "1"), "external_no": ("12345", "")}, got
    assert d.sql("select version from incident") == [("2",)], "a conflict changed something"


@case
def what_is_no_conflict(ground):
  """Other fields, equal values, no base, fields changed before the base. One's own earlier change is one like any other: two
  windows of one desk must not undo each other unseen."""
  with ground.district() as d:
    one, two = d.desk("p1"), d.desk("p1", "chief")
    no = d.report(one, place="甲地", longitude=1e-7)["no"]
    done = lambda desk, **fields: desk.change("correct_incident", no, **fields)["outcome"]  # noqa: E731
    assert done(one, base_version=1, place="乙地", longitude=2e-7) == "done"
    assert done(two, base_version=1, reporter="李四") == "done"
    assert done(two, base_version=1, place="乙地", longitude=2e-7, external_no="X-1") == "done"
    assert done(one, base_version=1, place="丙地") == "conflict"
    assert done(two, place="丁地") == "done"
    assert done(one, base_version=5, place="戊地") == "done"
    two.change("note_incident", no, note="记录")
    assert done(one, base_version=6, place="己地") == "done", "a note is no conflict"


SAME = (
  ("one", {"place": "甲地"}), ("two", {"place": "甲地", "level": 3}), ("number", {"longitude": 112.90}), ("moment", {"occurred_at": "2024-01-01T08:00:00+08"}),
  ("empty", {"external_no": ""}), ("nothing", {}), ("reason", {"place": "甲地", "reason": "核实无误"}), ("old_base", {"base_version": 1, "place": "甲地"}),
)


@case.table(SAME)
def a_correction_to_what_stands(ground, fields):
  """Is refused, again and again, and leaves nothing; once the record is another, the same request is carried out, once."""
  with ground.district() as d:
    p, key = d.desk("p1"), request_id()
    no = d.report(p, place="甲地", longitude=112.9, occurred_at="2024-01-01Z")["no"]
    p.change("note_incident", no, note="记录")
    for _ in (1, 2):
      got = p.change("correct_incident", no, request=key, act="a", **fields)
      assert (got["outcome"], got["reason"], got["field"], got["current_version"], got["state"]) == ("refused", "NO_CHANGE", "incident", 2, None), got
    assert d.sql("select version, (select seq from feed_head) from incident") == [("2", "2")]
    got = p.change("correct_incident", no, **{**fields, "base_version": None, "reporter": "李四"})
    assert got["outcome"] == "done" and d.sql("select changed from feed where seq = 3") == [("{reporter}",)], got
    p.change("correct_incident", no, place="乙地")
    if "place" in fields and "base_version" not in fields:
      assert [p.change("correct_incident", no, request=key, act="a", **fields)["outcome"] for _ in (1, 2)] == ["done", "replay"]


@case
def who_may_not_correct_learns_nothing(ground):
  with ground.district() as d:
    no = d.report(d.desk("p1"), place="甲地")["no"]
    got = d.desk("j1", "head").change("correct_incident", no, place="甲地")
    assert (got["reason"], got["state"]) == ("NOT_YOURS", None), got
    d.sql("update incident set state = 6")
    assert d.desk("p1").change("correct_incident", no, place="甲地")["reason"] == "ROLE_NOT_ALLOWED"
    assert d.desk("p1", "chief").change("correct_incident", no, place="甲地", reason="核实")["reason"] == "NO_CHANGE"


@case
def states_in_conflict(ground):
  with ground.district() as d:
    one, two = d.desk("p1"), d.desk("p1", "chief")
    no = d.report(one)["no"]
    one.change("dispatch_incident", no, base_version=1, dispatched_to="一组")
    got = two.change("void_incident", no, base_version=1, reason="误录")
    assert got["outcome"] == "conflict" and conflict(got) == {"state": ("2", "7")}, got
    got = two.change("dispatch_incident", no, base_version=1, dispatched_to="二组")
    assert conflict(got) == {"dispatched_to": ("一组", "二组")}, got
    assert two.change("dispatch_incident", no, base_version=1, dispatched_to="一组")["outcome"] == "done"


@case
def a_change_again(ground):
  """Same key and act: the first answer, whatever happened since. Another act, kind or office: refused."""
  with ground.district() as d:
    p, chief, j = d.desk("p1"), d.desk("p1", "chief"), d.desk("j1", "mediator")
    no, key = d.report(p)["no"], request_id()
    first = p.change("note_incident", no, request=key, note="记录", act="a")
    chief.change("void_incident", no, reason="误录")
    again = p.change("note_incident", no, request=key, note="记录", act="a")
    assert (first["outcome"], again["outcome"], again["replay"]) == ("done", "replay", True)
    assert all(first[f] == again[f] for f in ("id", "no", "version", "state", "at"))
    assert chief.change("note_incident", no, request=key, note="记录", act="a")["outcome"] == "replay", "a desk is of its office"
    for desk, kind, act in ((p, "note_incident", "b"), (p, "arrive_incident", "a"), (j, "note_incident", "a")):
      got = desk.change(kind, no, request=key, note="记录", act=act)
      assert (got["reason"], got["field"]) == ("KEY_REUSED", "request_id"), got
    assert d.sql("select count(*) from feed") == [("4",)], "what was asked for is the fourth"


@case
def rules_have_dates(ground):
  with ground.district() as d:
    p = d.desk("p1")
    no = d.report(p)["no"]
    dispatch = lambda: p.change("dispatch_incident", no, dispatched_to="一组")["reason"]  # noqa: E731
    d.sql("update incident_transition set ended_on = today() where kind = 'dispatch_incident' and from_state = 1")
    assert dispatch() == "ILLEGAL_TRANSITION"
    d.sql("update incident_transition set ended_on = null, started_on = today() + 1 where kind = 'dispatch_incident' and from_state = 1")
    assert dispatch() == "ILLEGAL_TRANSITION"
    d.sql("update incident_transition set started_on = today() where kind = 'dispatch_incident' and from_state = 1")
    assert dispatch() is None
