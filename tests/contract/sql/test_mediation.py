"""Mediation of disputes: rounds and whose notes they hold, agreements and their confirmation, visits, the file."""
from desk import request_id
from dispute_desk import accepted, ask, done, opened, pages, refused, show
from support.runner import case


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
    got = done(j, "hold_session", no, session_mode=1, session_method=1, held_at="2026-06-09T01:00:00Z", present=[1], participants="社区：书院路社区；法律顾问：张", risk=3, session_result=1)
    assert (got["round"], got["session_mode"]) == (1, 1), got
    first = p.ask("list_sessions", dispute=no)[0]
    assert first["held_at"] == "2026-06-09T01:00:00+00:00" < first["entered_at"] and (first["round"], first["risk"], first["present"]) == (1, 3, [1]), first
    changed, new = d.sql("select array_to_string(changed, ','), array_to_string(new_values, ',', '-') from feed where kind = 'hold_session'")[0]
    told = dict(zip(changed.split(","), new.split(",")))
    assert told["rounds"] == "1" and told["risk"] == "3" and told["held_at"] == "2026-06-09T01:00:00.000Z" and told["state"] == "6", told
    done(j, "correct_session", no, round=1, session_version=1, session_result=3)
    got = ask(d.desk("j1", "head"), "correct_session", no, round=1, session_version=1, session_result=1)
    assert (got["outcome"], got["reason"], got["conflict_fields"], got["conflict_theirs"], got["conflict_yours"]) == ("conflict", "VERSION_CONFLICT", ["session_result"], ["3"], ["1"]), got
    assert refused(j, "correct_session", no, round=1, session_version=9, risk=1) == ("VERSION_CONFLICT", "session_version")
    assert refused(j, "correct_session", no, round=7, risk=1) == ("NO_SUCH_ROUND", "round")
    assert (show(p, no)["failed_rounds"], show(p, no)["warning"]) == (1, 2)
    second = request_id()
    got = done(j, "hold_session", no, session_mode=2, session_result=3, request=second)
    assert (got["round"], got["session_mode"]) == (2, 2), got
    again = ask(j, "hold_session", no, session_mode=2, session_result=3, request=second)
    assert again == {**got, "outcome": "replay", "replay": True}, again
    stranger = ask(d.desk("j2", "mediator"), "hold_session", no, session_mode=2, session_result=3, request=second)
    assert (stranger["reason"], stranger["round"], stranger["deadlines"]) == ("KEY_REUSED", None, None), stranger
    record = show(p, no)
    assert (record["rounds"], record["failed_rounds"], record["warning"]) == (2, 2, 3), record
    assert d.sql("select note from feed where kind = 'warn_dispute'") == [("2次调解未成",)]
    assert d.sql("select kind from alert") == [("5",)], "colour raised"


@case
def two_correct_one_session(ground):
  """On the version that both read: different fields stand beside each other, the same one is shown twice, the same value is none; nothing half."""
  with ground.district() as d:
    j, h = d.desk("j1", "mediator"), d.desk("j1", "head")
    no = accepted(d)
    done(j, "hold_session", no, session_mode=1, note_open="各说各的", held_at="2026-06-09T01:00:00Z", present=[1], place="社区")
    stands = lambda: h.ask("list_sessions", dispute=no)[0]  # noqa: E731
    done(j, "correct_session", no, round=1, session_version=1, note_open="愿意让步", place="司法所")
    done(h, "correct_session", no, round=1, session_version=1, participants="社区", present=[1, 2])
    told = d.sql("select new_values[array_position(changed, 'place_corrected')], '司法所' = any (new_values) from feed where kind = 'correct_session' order by seq")
    assert told == [("见调解记录", "f"), (None, "f")], told
    got = stands()
    assert (got["note_open"], got["participants"], got["present"], got["place"], got["session_version"]) == ("愿意让步", "社区", [1, 2], "司法所", 3), got
    got = ask(h, "correct_session", no, round=1, session_version=1, note_open="不愿意", place="街道", mediators="李", held_at="2026-06-08T01:00:00Z")
    assert got["outcome"] == "conflict" and got["conflict_fields"] == ["note_open", "place"], got
    assert (got["conflict_theirs"], got["conflict_yours"]) == (["愿意让步", "司法所"], ["不愿意", "街道"]), got
    assert [(got["id"], str(got["current_version"]))] == d.sql("select id, version from mediation_session"), "sealed values are the session's"
    assert stands()["mediators"] is None, "nothing half"
    got = ask(j, "correct_session", no, round=1, session_version=2, present=[2], note_open="愿意让步")
    assert (got["conflict_fields"], got["conflict_theirs"], got["conflict_yours"]) == (["present"], ["1、2"], ["2"]), got
    done(h, "correct_session", no, round=1, session_version=3, note_open="不愿意")
    done(j, "correct_session", no, round=1, session_version=2, risk=2)
    got = ask(j, "correct_session", no, round=1, session_version=3, note_open="")
    assert (got["conflict_theirs"], got["conflict_yours"]) == (["不愿意"], [""]), got


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
    assert refused(j, "visit_dispute", no) == ("REQUIRED", "note") == refused(j, "visit_dispute", no, note=" "), "nothing was found out"
    done(j, "visit_dispute", no, note="双方都满意")
    done(j, "close_dispute", no)
    done(d.desk("p1", "chief"), "close_dispute", no)
    assert clocks() == {"VISIT_30", "VISIT_90"}, "closed, and still looked after"
    done(j, "visit_dispute", no, satisfaction=1)
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


@case
def page_by_page(ground):
  """Each row once, in its order, whatever the limit; a page of another record, or of nothing, leads to nothing that may not be seen."""
  with ground.district() as d:
    no, other = accepted(d), accepted(d)
    for table, columns, values in (("mediation_session", "mode, held_at, ignite", "1, now(), false"), ("agreement", "form, terms, effective_at, confirm_by", "1, '条款', now(), now()"),
                                   ("visit", "visited_at", "now()")):
      d.sql(f"insert into {table}(id, num, seq, {columns}, office, officer, entered_at) select gen_random_uuid(), num, n, {values}, origin, '某', now()"
            " from dispute, generate_series(1, 53) n where record_no(num) = $1", no)
    for kind, key in (("list_sessions", "round"), ("list_agreements", "agreement_no"), ("list_visits", "visit_no")):
      for limit, sizes in ((10, [10] * 5 + [3]), (None, [50, 3]), (53, [53])):
        rows, found = pages(d.desk("p1"), kind, no, limit)
        assert ([r[key] for r in rows], found) == (list(range(1, 54)), sizes), (kind, limit, found)
      assert all(r["next"] for r in d.desk("p1").ask(kind, dispute=no, limit=10)), "the client reads it in whichever row"
      token = d.desk("p1").ask(kind, dispute=no, limit=10)[0]["next"]
      assert d.desk("p1").ask(kind, dispute=other, page=token) == []
      assert [r["reason"] for r in d.desk("p2").ask(kind, dispute=no, page=token)] == ["NOT_FOUND"]
      assert len(d.desk("p1").ask(kind, dispute=no, page="\\x01", limit=60)) in (0, 53)
