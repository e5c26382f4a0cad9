"""Disputes: who may do what in which state, what takes both sides, what is whose to say, conflicts, dates and alerts."""
from desk import request_id
from dispute_desk import accepted, ask, done, opened, refused, show, visited
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
    assert set(got["allowed"]) == {"assess_dispute", "decline_dispute", "conclude_dispute"}, got
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
    told = lambda got: (got["deadlines"], got["deadlines_at"])  # noqa: E731
    assert told(done(j, "investigate_dispute", no)) == (["人民调解期限"], [show(j, no)["due_at"]])
    assert told(done(j, "suspend_dispute", no, reason="住院")) == (None, None), "it stands still"
    d.sql("update dispute set suspended_at = suspended_at - interval '5 days'")
    assert done(j, "resume_dispute", no)["deadlines"] == ["人民调解期限"]
    assert 35 <= float(days("due_at")) < 35.01
    assert told(done(j, "extend_dispute", no, extension_consent="双方签字")) == (["延长后的调解期限"], [show(j, no)["extended_to"]])
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
    assert refused(p, "correct_dispute", no, area="west")[0] == "NO_CHANGE"
    hears = lambda office, page: [(r["kind"], r["at"] is not None) for r in d.desk(office).ask(page, after=0, until=9, limit=9) if r["kind"]]  # noqa: E731
    for page in ("_feed_page", "_feed_stretch"):
      assert hears("j3", page) == [("correct_dispute", False)], "what a retract is made of"
      assert hears("p2", page) == [("open_dispute", True), ("correct_dispute", True)]
    assert d.sql("select first_broken from records_verify()") == [(None,)]
