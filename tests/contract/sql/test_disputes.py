"""Disputes: who may do what in which state, what takes both sides, what is whose to say, conflicts, dates and alerts."""
from desk import request_id
from support.runner import case

OPEN = (1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 22)
STATES = tuple(range(1, 25))
POLICE = ("p1-officer", "p1-duty", "p1-chief")
JUDICIAL = ("j1-mediator", "j1-head")
EVERYBODY = (*POLICE, *JUDICIAL)
HEADS = ("p1-chief", "j1-head")
# Written down a second time on purpose: a change of the data must be meant. The dispute is yellow and led by j1.
# kind: fields, ((actors, from states, leads to; None: stays) …)
WANTED = {
  "assess_dispute": ({"warning": 3}, (EVERYBODY, (1, 2, 22), 2)),
  "raise_dispute": ({"warning": 4, "reason": "扬言"}, (EVERYBODY, OPEN, None)),
  "lower_dispute": ({"warning": 1, "reason": "平静"}, (("p1-duty", "p1-chief", *JUDICIAL), OPEN, None)),
  "accept_dispute": ({"consent": "双方签字"}, (JUDICIAL, (2, 22), 3)),
  "decline_dispute": ({"reason": "已立案"}, (JUDICIAL, (1, 2, 22), 4)),
  "investigate_dispute": ({}, (JUDICIAL, (3,), 5)),
  "suspend_dispute": ({"reason": "住院"}, (JUDICIAL, (5, 6), 7)),
  "resume_dispute": ({}, (JUDICIAL, (7,), 5)),
  "correct_dispute": ({}, (EVERYBODY, OPEN, None)),
  "extend_dispute": ({"extension_consent": "双方签字"}, (JUDICIAL, (3, 5, 6, 7), None)),
  "conclude_dispute": ({"outcome": 4}, (EVERYBODY, (1, 2, 3, 5, 6, 7, 14, 22), 15)),
  "close_dispute": ({}, (("j1-head",), (19,), 20)),
  "reopen_dispute": ({"reason": "又起"}, (("p1-duty", "p1-chief", *JUDICIAL), (4, 15, 16, 17, 18, 19, 20, 21), 22)),
  "hold_session": ({"session_mode": 1}, (JUDICIAL, (3, 5, 6, 11, 14, 16), 6)),
  "correct_session": ({"round": 1}, (JUDICIAL, (3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 22), None)),
  "make_agreement": ({"agreement_form": 2, "terms": "各自让一步"}, (JUDICIAL, (6,), 8)),
  "apply_confirmation": ({"court": "区法院"}, (JUDICIAL, (8, 12), 9)),
  "decide_confirmation": ({"confirmed": False}, (JUDICIAL, (9,), 11)),
  "perform_agreement": ({"performance": 2}, (JUDICIAL, (8, 10, 11, 12, 14), 13)),
  "archive_dispute": ({"items": [1, 6]}, (JUDICIAL, (20,), 21)),
  "note_dispute": ({"note": "记录"}, (EVERYBODY, (*OPEN, 20), None)),
}


def opened(desk, **fields):
  got = desk.ask("open_dispute", **{"type": 2, "title": "楼上漏水", "warning": 2, **fields})[0]
  assert got["outcome"] == "done", got
  return got["no"]


def ask(desk, kind, no, /, **fields):
  return desk.ask(kind, dispute=no, **fields)[0]


def done(desk, kind, no, /, **fields):
  got = ask(desk, kind, no, **fields)
  assert got["outcome"] == "done", (kind, got)
  return got


def refused(desk, kind, no, /, **fields):
  got = ask(desk, kind, no, **fields)
  assert got["outcome"] == "refused", (kind, got)
  return got["reason"], got["field"]


def show(desk, no):
  return desk.ask("show_dispute", dispute=no)[0]


def visited(d):
  d.sql("insert into visit(id, num, seq, visited_at, office, officer, entered_at) select gen_random_uuid(), num, 1, now(), origin, '某', now() from dispute")


def accepted(d, **fields):
  """A dispute that j1 leads, from now on."""
  no = opened(d.desk("p1"))
  done(d.desk("p1"), "assess_dispute", no, warning=2)
  done(d.desk("j1", "head"), "accept_dispute", no, consent="双方签字", **fields)
  return no


def matrix(ground, kind):
  fields, (actors, states, to) = WANTED[kind]
  with ground.district() as d:
    no = accepted(d)
    visited(d)
    d.sql("insert into mediation_session(id, num, seq, mode, held_at, ignite, office, officer, entered_at) select gen_random_uuid(), num, 1, 1, now(), false, origin, '某', now() from dispute")
    for n, actor in enumerate((*EVERYBODY, "pb-viewer", "jb-viewer", "p2-chief", "j2-head")):
      desk = d.desk(*actor.split("-"))
      for state in STATES:
        d.sql("update dispute set state = $1, warning = 2, joint_required = false, closed_police = null, closed_judicial = null, outcome = null, extended_to = null, "
              "rounds = 0, suspended_at = now(), people_count = null where num > 0", state)
        if kind == "hold_session":
          d.sql("delete from mediation_session")
        got = ask(desk, kind, no, **{**fields, **({"people_count": n + 3} if kind == "correct_dispute" else {}), **({"participants": f"社区{n}{state}"} if kind == "correct_session" else {})})
        if n >= len(EVERYBODY) and actor[:2] in ("p2", "j2"):
          assert got["reason"] == "NOT_FOUND", f"{actor} in {state}: {got}"
        elif actor in actors and state in states:
          assert (got["outcome"], got["state"]) == ("done", to or state), f"{actor} in {state}: {got}"
        else:
          assert got["outcome"] == "refused" and got["reason"] in ("ILLEGAL_TRANSITION", "ROLE_NOT_ALLOWED", "NOT_YOURS"), f"{actor} in {state}: {got}"
          assert got["reason"] != "ILLEGAL_TRANSITION" or actor in actors, f"{actor} in {state}: {got}"
          assert got["state"] == (state if got["reason"] == "ILLEGAL_TRANSITION" else None), f"{actor} in {state}: {got}"


matrix.seconds = 300
case.table((kind, kind) for kind in WANTED)(matrix)


@case
def an_illegal_step_names_the_legal_ones(ground):
  with ground.district() as d:
    no = opened(d.desk("p1"))
    got = ask(d.desk("j1", "mediator"), "accept_dispute", no, consent="双方签字")
    assert got["reason"] == "ILLEGAL_TRANSITION" and got["state"] == 1, got
    assert set(got["allowed"]) == {"assess_dispute", "decline_dispute", "conclude_dispute", "merge_dispute"}, got
    got = ask(d.desk("p1", "officer"), "lower_dispute", no, warning=1, reason="x")
    assert got["reason"] == "ROLE_NOT_ALLOWED" and set(got["roles"]) == {2, 3, 4, 5}, got


REFUSED = (
  ("accept_without_consent", "accept_dispute", ("j1", "head"), 2, {}, ("REQUIRED", "consent")),
  ("accept_blank_consent", "accept_dispute", ("j1", "head"), 2, {"consent": ""}, ("REQUIRED", "consent")),
  ("accept_unknown_lead", "accept_dispute", ("j1", "head"), 2, {"consent": "口头", "lead_office": "p2"}, ("UNKNOWN_VALUE", "lead_office")),
  ("decline_without_reason", "decline_dispute", ("j1", "head"), 2, {}, ("REASON_REQUIRED", "reason")),
  ("assess_nothing", "assess_dispute", ("p1", "duty"), 1, {}, ("REQUIRED", "warning")),
  ("raise_to_the_same", "raise_dispute", ("p1", "duty"), 2, {"warning": 2, "reason": "x"}, ("NOT_HIGHER", "warning")),
  ("raise_to_green", "raise_dispute", ("p1", "duty"), 2, {"warning": 5, "reason": "x"}, ("NOT_HIGHER", "warning")),
  ("raise_without_reason", "raise_dispute", ("p1", "duty"), 2, {"warning": 4}, ("REASON_REQUIRED", "reason")),
  ("lower_to_more", "lower_dispute", ("p1", "duty"), 2, {"warning": 3, "reason": "x"}, ("NOT_LOWER", "warning")),
  ("assessed_down", "assess_dispute", ("p1", "duty"), 2, {"warning": 1}, ("LOWER_APART", "warning")),
  ("title", "correct_dispute", ("p1", "duty"), 2, {"title": "水"}, ("TOO_SHORT", "title")),
  ("title_emptied", "correct_dispute", ("p1", "duty"), 2, {"title": ""}, ("REQUIRED", "title")),
  ("nothing_new", "correct_dispute", ("p1", "duty"), 2, {"title": "楼上漏水"}, ("NO_CHANGE", "dispute")),
  ("track_is_judicial", "correct_dispute", ("p1", "chief"), 2, {"track": 3}, ("FIELD_NOT_YOURS", "track")),
  ("consent_is_judicial", "correct_dispute", ("p1", "chief"), 2, {"consent": "x"}, ("FIELD_NOT_YOURS", "consent")),
  ("police_result_is_police", "correct_dispute", ("j1", "head"), 2, {"police_result": "x"}, ("FIELD_NOT_YOURS", "police_result")),
  ("criminal_is_police", "conclude_dispute", ("j1", "head"), 2, {"outcome": 13}, ("FIELD_NOT_YOURS", "outcome")),
  ("failed_is_judicial", "conclude_dispute", ("p1", "chief"), 2, {"outcome": 6}, ("FIELD_NOT_YOURS", "outcome")),
  ("agreed_elsewhere", "conclude_dispute", ("j1", "head"), 2, {"outcome": 1}, ("OUTCOME_ELSEWHERE", "outcome")),
  ("conclude_how", "conclude_dispute", ("j1", "head"), 2, {}, ("REQUIRED", "outcome")),
  ("base_ahead", "correct_dispute", ("p1", "duty"), 2, {"title": "另一题", "base_version": 9}, ("VERSION_CONFLICT", "base_version")),
)


@case.table(REFUSED)
def refused_values(ground, kind, who, state, fields, wanted):
  with ground.district() as d:
    no = opened(d.desk("p1"))
    d.sql("update dispute set state = $1", state)
    assert refused(d.desk(*who), kind, no, **fields) == wanted
    assert d.sql("select version, (select seq from feed_head) from dispute") == [("1", "1")]


@case
def red_is_lowered_by_both(ground):
  with ground.district() as d:
    p, j, officer = d.desk("p1", "chief"), d.desk("j1", "head"), d.desk("p1", "officer")
    no = opened(p, warning=4)
    assert refused(d.desk("j1", "mediator"), "lower_dispute", no, warning=2, reason="x")[0] == "ROLE_NOT_ALLOWED"
    assert refused(j, "assess_dispute", no, warning=2) == ("LOWER_APART", "warning"), "an assessment is no way around it"
    got = done(p, "lower_dispute", no, warning=2, reason="已平静")
    assert got["waits_for"] == 2, got
    assert [show(j, no)[f] for f in ("warning", "lowered_to", "lowered_office")] == [4, 2, "p1"]
    assert refused(p, "lower_dispute", no, warning=2, reason="再说")[0] == "OTHER_SIDES_WORD", "one side is not two"
    got = done(j, "lower_dispute", no, warning=3, reason="只到橙")  # another colour is another wish
    assert (got["waits_for"], show(p, no)["warning"]) == (1, 4), got
    got = done(p, "lower_dispute", no, warning=3, reason="同意")
    assert (got["waits_for"], show(p, no)["warning"], show(p, no)["lowered_to"]) == (None, 3, None), got
    done(officer, "raise_dispute", no, warning=4, reason="又闹")
    done(j, "lower_dispute", no, warning=3, reason="x")
    d.sql("update dispute set warning = 3")
    done(officer, "raise_dispute", no, warning=4, reason="再闹")
    assert show(p, no)["lowered_to"] is None, "what makes it graver takes the first word back"
    assert done(p, "lower_dispute", no, warning=3, reason="x")["waits_for"] == 2


@case
def difficult_ones_are_joint(ground):
  with ground.district() as d:
    p, j = d.desk("p1", "chief"), d.desk("j1", "head")
    no = opened(p)
    done(j, "assess_dispute", no, warning=2, complexity=3)
    assert show(p, no)["joint_required"]
    assert refused(j, "assess_dispute", no, warning=2, complexity=1, joint_required=False) == ("JOINT_STAYS", "joint_required")
    d.sql("update dispute_limit set value = 4 where rule = 'JOINT_FROM_COMPLEXITY'")
    no = opened(p)
    done(j, "assess_dispute", no, warning=2, complexity=3)
    assert not show(p, no)["joint_required"], "the threshold is data"


@case.table((("red", {"warning": 4}, True), ("orange", {"warning": 3}, True), ("joint", {"warning": 2, "joint_required": True}, True),
             ("yellow", {"warning": 2}, False), ("blue", {"warning": 1}, False)))
def closing(ground, change, both):
  """By both heads in either order where it is grave; else by the judicial head alone, and the station reads it."""
  for first in (0, 1):
    with ground.district() as d:
      heads = (d.desk("j1", "head"), d.desk("p1", "chief"))
      no = accepted(d)
      d.sql("update dispute set state = 19")
      assert refused(heads[0], "close_dispute", no) == ("VISIT_FIRST", "dispute")
      visited(d)
      for column, value in change.items():
        d.sql(f"update dispute set {column} = $1", str(value).lower())
      if not both:
        assert refused(heads[1], "close_dispute", no)[0] == "ROLE_NOT_ALLOWED"
        got = done(heads[0], "close_dispute", no)
        assert (got["state"], got["waits_for"]) == (20, None), got
        assert d.sql("select p.id = any (f.audience) from feed f, office p where p.code = 'p1' and f.kind = 'close_dispute'") == [("t",)], "told"
        return
      got = done(heads[first], "close_dispute", no)
      assert (got["state"], got["waits_for"]) == (19, 1 if first == 0 else 2), got
      assert refused(heads[first], "close_dispute", no)[0] == "OTHER_SIDES_WORD"
      done(d.desk("p1", "officer"), "raise_dispute", no, warning=4, reason="又闹") if change.get("warning") != 4 else None
      if change.get("warning") != 4:
        assert done(heads[1 - first], "close_dispute", no)["state"] == 19, "graver since: the first word is taken back"
        first = 1 - first
      assert done(heads[1 - first], "close_dispute", no)["state"] == 20
      record = show(heads[0], no)
      assert record["closed_police"] and record["closed_judicial"] and record["closed_at"], record
      assert refused(heads[0], "close_dispute", no)[0] == "ILLEGAL_TRANSITION"


@case
def mediation_by_the_police_is_barred(ground):
  with ground.district() as d:
    p, j = d.desk("p1"), d.desk("j1", "head")
    for cause in range(1, 6):
      no = opened(p)
      done(p, "assess_dispute", no, warning=3, causes=[cause])
      assert refused(j, "accept_dispute", no, consent="双方签字", track=2) == ("TRACK_BARRED", "track"), cause
      done(j, "accept_dispute", no, consent="双方签字", track=1)
      assert refused(j, "correct_dispute", no, track=2) == ("TRACK_BARRED", "track"), cause
    d.sql("update track_bar set ended_on = today() where cause = 5")
    done(j, "correct_dispute", no, track=2)
    assert refused(p, "correct_dispute", no, causes=[1, 5]) == ("TRACK_BARRED", "track"), "what comes up later"


@case
def two_edit_one_dispute(ground):
  """Fields of one's own merge, the same field twice is a conflict with both values, and so are two outcomes."""
  with ground.district() as d:
    p, j, m = d.desk("p1", "chief"), d.desk("j1", "head"), d.desk("j1", "mediator")
    no = accepted(d)
    base = show(p, no)["version"]
    done(j, "correct_dispute", no, base_version=base, track=3, people_count=6)
    done(p, "correct_dispute", no, base_version=base, police_result="治安处罚")
    record = show(p, no)
    assert (record["track"], record["police_result"], record["people_count"]) == (3, "治安处罚", 6)
    got = ask(m, "correct_dispute", no, base_version=base, track=1, amount_fen=300)
    assert (got["outcome"], got["conflict_fields"], got["conflict_theirs"], got["conflict_yours"]) == ("conflict", ["track"], ["3"], ["1"]), got
    assert show(p, no)["amount_fen"] is None, "a conflict changed something"
    base = show(p, no)["version"]
    done(j, "conclude_dispute", no, base_version=base, outcome=4)
    got = ask(p, "conclude_dispute", no, base_version=base, outcome=13)
    assert (got["outcome"], got["conflict_fields"], got["conflict_theirs"], got["conflict_yours"]) == ("conflict", ["outcome"], ["4"], ["13"]), got
    assert (show(p, no)["state"], show(p, no)["outcome"]) == (15, 4)


@case
def a_request_again(ground):
  with ground.district() as d:
    j, key = d.desk("j1", "head"), request_id()
    no = accepted(d)
    first = ask(j, "investigate_dispute", no, request=key, act="a")
    ask(j, "suspend_dispute", no, reason="住院")
    again = ask(j, "investigate_dispute", no, request=key, act="a")
    assert (first["outcome"], again["outcome"], again["version"]) == ("done", "replay", first["version"]), again


@case
def periods(ground):
  """Thirty days, standing still while suspended, extended once; a period that is data."""
  with ground.district() as d:
    j = d.desk("j1", "head")
    no = accepted(d)
    days = lambda column: d.sql(f"select extract(epoch from {column} - accepted_at) / 86400 from dispute where record_no(num) = $1", no)[0][0]  # noqa: E731
    assert float(days("due_at")) == 30
    assert refused(j, "extend_dispute", no) == ("REQUIRED", "extension_consent")
    done(j, "investigate_dispute", no)
    done(j, "suspend_dispute", no, reason="住院")
    d.sql("update dispute set suspended_at = suspended_at - interval '5 days'")
    done(j, "resume_dispute", no)
    assert 35 <= float(days("due_at")) < 35.01
    done(j, "extend_dispute", no, extension_consent="双方签字")
    assert 65 <= float(days("extended_to")) < 65.01
    assert refused(j, "extend_dispute", no, extension_consent="再延") == ("EXTENDED_BEFORE", "dispute")


@case
def taken_up_again_by_itself(ground):
  """What record_react is for: a closed dispute is reopened by another record's change, and only a closed one."""
  with ground.district() as d:
    j = d.desk("j1", "head")
    no = accepted(d)
    react = "select record_react((select num from dispute), 'reopen_dispute', '{}', now(), gen_random_uuid(), '再次报警')"
    assert d.sql(react) == [("f",)]
    d.sql("update dispute set state = 20, closed_judicial = '某', closed_at = now(), outcome = 4")
    assert d.sql(react) == [("t",)]
    record = show(j, no)
    assert (record["state"], record["reopened_n"], record["closed_at"], record["closed_judicial"], record["outcome"]) == (22, 1, None, None, None), record
    assert d.sql("select officer, note from feed where kind = 'reopen_dispute'") == [("系统", "再次报警")]
    done(j, "accept_dispute", no, consent="再次签字")


@case
def visits_of_both_sides(ground):
  """A judicial visit leads to the follow-up, one by the station is written down and leads nowhere."""
  with ground.district() as d:
    p, j = d.desk("p1", "officer"), d.desk("j1", "mediator")
    no = accepted(d)
    for state, after_p, after_j in ((13, 13, 19), (15, 15, 19), (18, 18, 19), (19, 19, 19), (12, 12, 12), (20, 20, 20)):
      d.sql("update dispute set state = $1", state)
      assert done(p, "visit_dispute", no, performed=True)["state"] == after_p
      assert done(j, "visit_dispute", no, performed=True)["state"] == after_j
    for state in (1, 2, 3, 5, 6, 7, 14, 21):
      d.sql("update dispute set state = $1", state)
      assert refused(j, "visit_dispute", no)[0] == "ILLEGAL_TRANSITION", state
    assert len(p.ask("list_visits", dispute=no)) == 12


@case
def rounds(ground):
  """They are counted, entered late with both moments, corrected on the version that was read; failed ones make it orange by rule."""
  with ground.district() as d:
    j, p = d.desk("j1", "mediator"), d.desk("p1", "officer")
    no = accepted(d)
    assert refused(j, "hold_session", no) == ("REQUIRED", "session_mode")
    assert refused(j, "hold_session", no, session_mode=1, held_at="2100-01-01Z") == ("IN_FUTURE", "held_at")
    assert refused(p, "hold_session", no, session_mode=1)[0] == "NOT_YOURS"
    done(j, "hold_session", no, session_mode=1, session_method=1, held_at="2026-06-09T01:00:00Z", present=[1], participants="社区：书院路社区；法律顾问：张", risk=3, session_result=1)
    first = p.ask("list_sessions", dispute=no)[0]
    assert first["held_at"] == "2026-06-09T01:00:00+00:00" < first["entered_at"] and (first["round"], first["risk"], first["present"]) == (1, 3, [1]), first
    changed, new = d.sql("select array_to_string(changed, ','), array_to_string(new_values, ',', '-') from feed where kind = 'hold_session'")[0]
    told = dict(zip(changed.split(","), new.split(",")))
    assert told["rounds"] == "1" and told["risk"] == "3" and told["held_at"] == "2026-06-09T01:00:00.000Z" and told["state"] == "6", told
    done(j, "correct_session", no, round=1, session_version=1, session_result=3)
    got = ask(d.desk("j1", "head"), "correct_session", no, round=1, session_version=1, session_result=1)
    assert (got["reason"], got["field"]) == ("VERSION_CONFLICT", "session_version"), got
    assert refused(j, "correct_session", no, round=7, risk=1) == ("NO_SUCH_ROUND", "round")
    assert (show(p, no)["failed_rounds"], show(p, no)["warning"]) == (1, 2)
    done(j, "hold_session", no, session_mode=2, session_result=3)
    record = show(p, no)
    assert (record["rounds"], record["failed_rounds"], record["warning"]) == (2, 2, 3), record
    assert d.sql("select note from feed where kind = 'warn_dispute'") == [("2次调解未成",)]
    assert d.sql("select kind from alert") == [("5",)], "colour raised"


@case
def a_session_likely_to_ignite(ground):
  """Both sides are told in the same transaction."""
  with ground.district() as d:
    no = accepted(d)
    done(d.desk("j1", "mediator"), "hold_session", no, session_mode=1, ignite=True, risk=4)
    assert d.sql("select a.rule, record_no(a.about) from alert a") == [("IGNITE", no)]
    assert d.sql("select count(distinct xmin::text) from (select xmin from mediation_session union all select xmin from alert) x") == [("1",)]
    offices = d.sql("select o.code from alert_office a join office o on o.id = a.office order by 1")
    assert [o for (o,) in offices if o in ("p1", "j1")] == ["j1", "p1"], offices


@case
def private_notes(ground):
  """Read by mediators and the head of the judicial side, each time written down; nobody else, and nowhere else."""
  secret = "甲方私下说已备好汽油"
  with ground.district() as d:
    j, head = d.desk("j1", "mediator"), d.desk("j1", "head")
    no = accepted(d)
    d.sql("update office set name = code")
    assert refused(d.desk("p1"), "hold_session", no, session_mode=1, note_private=secret)[0] in ("NOT_YOURS", "FIELD_NOT_YOURS")
    done(j, "hold_session", no, act="sealed by the server", session_mode=1, note_private=secret, note_open="谈了一个小时")
    for desk in (j, head):
      assert desk.ask("show_session", dispute=no, round=1)[0]["note_private"] == secret
    assert d.sql("select count(*) from audit where kind = 'show_session' and level = 3") == [("2",)]
    for who in ("p1-officer", "p1-duty", "p1-chief", "pb-viewer", "jb-viewer"):
      got = d.desk(*who.split("-")).ask("show_session", dispute=no, round=1)[0]
      assert (got["note_private"], got["reason"]) == (None, "ROLE_NOT_ALLOWED"), got
    for who in ("p2-chief", "j2-mediator", "j2-head"):
      got = d.desk(*who.split("-")).ask("show_session", dispute=no, round=1)[0]
      assert (got["note_private"], got["reason"]) == (None, "NOT_FOUND"), got
    for who in ("p1-chief", "j1-mediator"):
      sessions = d.desk(*who.split("-")).ask("list_sessions", dispute=no)
      assert sessions[0]["private_noted"] and secret not in str(sessions)
    tables = [t for (t,) in d.sql("select table_name from information_schema.tables where table_schema = 'liandong' and table_type = 'BASE TABLE'")]
    holding = [t for t in tables if d.sql(f"select 1 from {t} x where x::text like $1 limit 1", f"%{secret}%")]
    assert holding == ["mediation_session"], holding
    d.app.rows("begin")
    d.app.rows("select set_config('liandong.office', $1, true), set_config('liandong.role', '5', true)", d.ids["j1"])
    try:
      d.app.rows("select note_private from mediation_session")
      raise AssertionError("the column is open to plain SQL")
    except Exception as e:  # pylint: disable=broad-except
      assert "permission denied" in str(e), e
    d.app.rows("rollback")


@case
def mediation_by_the_police_has_two_rounds(ground):
  with ground.district() as d:
    j, p = d.desk("j1", "head"), d.desk("p1", "officer")
    no = accepted(d, track=2, lead_office="p1")
    clocks = lambda: {r for (r,) in d.sql("select rule from clock where stopped_at is null and type = 2")}  # noqa: E731
    assert clocks() == {"POLICE_CASE", "POLICE_FIRST"}
    done(p, "hold_session", no, session_mode=2, session_result=3)
    assert clocks() == {"POLICE_CASE", "POLICE_REPEAT"}
    done(p, "hold_session", no, session_mode=2, session_result=3)
    assert clocks() == {"POLICE_CASE"}
    assert refused(p, "hold_session", no, session_mode=2) == ("ROUNDS_OVER", "dispute")
    done(p, "conclude_dispute", no, outcome=12)
    assert clocks() == set() and show(j, no)["state"] == 18


@case
def mediation_by_the_police_anew(ground):
  """After it had failed without a session: the first one, where it fails, is repeated in time as any."""
  with ground.district() as d:
    no = accepted(d, track=2, lead_office="p1")
    done(d.desk("j1", "head"), "conclude_dispute", no, outcome=6)
    done(d.desk("p1", "officer"), "hold_session", no, session_mode=2, session_result=3)
    assert {r for (r,) in d.sql("select rule from clock where stopped_at is null and type = 2")} == {"POLICE_CASE", "POLICE_REPEAT"}


@case
def an_area_is_told(ground):
  """A correction of nothing but the area is one, and those whose area it leaves or enters hear of it."""
  with ground.district() as d:
    for code, office in (("east", "j3"), ("west", "p2")):
      d.sql("insert into area(code, name, office) values ($1, $1, $2)", code, d.ids["p1"])
      d.sql("insert into area_office(area, office, started_on) select id, $2, '2020-01-01' from area where code = $1", code, d.ids[office])
    d.sql("select rights_work_out()")
    p = d.desk("p1", "chief")
    no = opened(p, area="east")
    done(p, "correct_dispute", no, area="west")
    assert d.sql("select changed, old_values, new_values from feed where kind = 'correct_dispute'") == [("{area}", "{east}", "{west}")]
    hears = lambda office, page: [(r["kind"], r["at"] is not None) for r in d.desk(office).ask(page, after=0, until=9, limit=9) if r["kind"]]  # noqa: E731
    for page in ("_feed_page", "_feed_stretch"):
      assert hears("j3", page) == [("correct_dispute", False)], "what a retract is made of"
      assert hears("p2", page) == [("open_dispute", True), ("correct_dispute", True)]
    assert d.sql("select first_broken from records_verify()") == [(None,)]


@case
def no_session_after_the_period(ground):
  with ground.district() as d:
    j = d.desk("j1", "head")
    no = accepted(d)
    d.sql("update dispute set due_at = now() - interval '1 hour'")
    assert refused(j, "hold_session", no, session_mode=2) == ("PERIOD_OVER", "held_at")
    done(j, "hold_session", no, session_mode=2, held_at="2026-06-20T00:00:00Z")  # entered late
    done(j, "extend_dispute", no, extension_consent="双方同意")
    done(j, "hold_session", no, session_mode=2)


@case
def the_whole_way(ground):
  """Agreement, confirmation within its window, breach, mediation anew, performance, visit, closing, file."""
  with ground.district() as d:
    j, head = d.desk("j1", "mediator"), d.desk("j1", "head")
    no = accepted(d)
    clocks = lambda: {r for (r,) in d.sql("select rule from clock where stopped_at is null and type = 2")}  # noqa: E731
    assert clocks() == {"MEDIATION"}
    done(j, "hold_session", no, session_mode=2)
    assert refused(j, "make_agreement", no, agreement_form=1) == ("REQUIRED", "terms")
    assert refused(j, "make_agreement", no, agreement_form=1, terms="x", effective_at="2026-06-01Z", perform_by="2026-05-01Z") == ("BEFORE_AGREEMENT", "perform_by")
    done(j, "make_agreement", no, agreement_form=1, terms="甲方赔三百元", effective_at="2026-01-01T00:00:00Z")
    assert clocks() == {"CONFIRMATION", "VISIT"} and show(j, no)["outcome"] == 1
    assert refused(j, "apply_confirmation", no, court="区法院") == ("WINDOW_OVER", "applied_at")
    done(j, "apply_confirmation", no, court="区法院", applied_at="2026-01-20T00:00:00Z")
    done(j, "decide_confirmation", no, confirmed=True)
    assert done(j, "perform_agreement", no, performance=1)["state"] == 12
    assert done(j, "perform_agreement", no, performance=3, note="逾期未付")["state"] == 14
    assert refused(j, "perform_agreement", no, performance=1) == ("BREACHED_BEFORE", "performance")
    assert done(j, "hold_session", no, session_mode=4)["state"] == 6
    assert clocks() == {"MEDIATION"} and show(j, no)["outcome"] is None
    assert done(j, "make_agreement", no, agreement_form=2, terms="当场付清", on_spot=True)["state"] == 13
    assert [a["agreement_no"] for a in j.ask("list_agreements", dispute=no)] == [1, 2] and show(j, no)["outcome"] == 3
    done(j, "visit_dispute", no, performed=True, satisfaction=1, note="都满意")
    assert clocks() == set()
    done(head, "close_dispute", no)
    assert refused(j, "archive_dispute", no, items=[1, 2]) == ("FILE_INCOMPLETE", "FILE_ITEM_INVESTIGATION FILE_ITEM_RECORD FILE_ITEM_VISIT")
    assert done(j, "archive_dispute", no, items=[1, 2, 3, 4, 6])["state"] == 21
    assert "调解笔录" in show(j, no)["checklist"]
    assert refused(j, "correct_dispute", no, title="另题")[0] == "ILLEGAL_TRANSITION"
    p = d.desk("p1")
    assert len(p.ask("list_sessions", dispute=no)) == 2 and d.desk("p2").ask("list_sessions", dispute=no)[0]["reason"] == "NOT_FOUND"


@case
def a_red_one_is_visited_three_times(ground):
  with ground.district() as d:
    j = d.desk("j1", "head")
    no = accepted(d)
    d.sql("update dispute set warning = 4")
    done(j, "conclude_dispute", no, outcome=5)
    clocks = lambda: {r for (r,) in d.sql("select rule from clock where stopped_at is null and type = 2")}  # noqa: E731
    assert clocks() == {"VISIT", "VISIT_30", "VISIT_90"}
    done(j, "visit_dispute", no)
    done(j, "close_dispute", no)
    done(d.desk("p1", "chief"), "close_dispute", no)
    assert clocks() == {"VISIT_30", "VISIT_90"}, "closed, and still looked after"
    done(j, "visit_dispute", no)
    assert clocks() == {"VISIT_90"}


@case
def lists_and_places_are_emptied(ground):
  with ground.district() as d:
    j = d.desk("j1", "head")
    no = accepted(d)
    done(j, "assess_dispute", opened(j), warning=2, causes=[2, 3])
    done(j, "correct_dispute", no, causes=[2, 3])
    assert show(j, no)["causes"] == [2, 3]
    done(j, "correct_dispute", no, no_causes=True)
    assert show(j, no)["causes"] is None
    assert d.sql("select old_values, new_values from feed where kind = 'correct_dispute' order by seq desc limit 1") == [("{2、3}", "{NULL}")]
    assert refused(j, "correct_dispute", no, no_causes=True) == ("NO_CHANGE", "dispute")
    done(j, "correct_dispute", no, place="建设路 12 号", place_index="\\x01", place_pairs=["\\x02"])
    assert show(j, no)["place"] == "建设路 12 号" and d.sql("select place_index is null from dispute where record_no(num) = $1", no) == [("f",)]
    done(j, "correct_dispute", no, place="")
    assert show(j, no)["place"] is None and d.sql("select place_index is null and place_pairs is null from dispute where record_no(num) = $1", no) == [("t",)]
    done(j, "hold_session", no, session_mode=1, present=[1, 2], mediators="李", place="所里")
    done(j, "correct_session", no, round=1, session_version=1, no_present=True, mediators="", place="社区")
    got, = j.ask("list_sessions", dispute=no)
    assert (got["present"], got["mediators"], got["place"], got["session_mode"]) == (None, None, "社区", 1), got
