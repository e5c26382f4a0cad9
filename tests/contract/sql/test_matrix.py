"""Who may see what, cell by cell: every role, every request of the server's table, every level, every relation. What is expected stands here a
second time, by hand; a request that has no row here fails."""
import json
import os
import re

from desk import SERVER, array, load, request_id
from support.runner import case

ROLES = {"officer": 1, "duty": 2, "chief": 3, "mediator": 4, "head": 5, "viewer": 6, "admin": 7, "auditor": 8}
MOST = {  # role -> relation -> the highest level that it sees; what is not here is nothing
  "officer": {"own": 2, "paired": 1, "area": 1, "given": 1}, "duty": {"own": 2, "paired": 2, "area": 1, "given": 2},
  "chief": {"own": 3, "paired": 3, "area": 1, "given": 3},
  "mediator": {"own": 2, "paired": 1, "area": 1, "given": 1}, "head": {"own": 3, "paired": 3, "area": 1, "given": 3}, "viewer": {"above": 1}, "admin": {}, "auditor": {}}
RELATIONS = ("own", "paired", "other", "above", "area", "given")
HIDDEN = "〔无权查看〕"
READ = {"show_incident": {}, "show_history": {}, "show_scene": {}, "show_readers": {}, "reveal_incident": {"purpose": "handling", "case_no": "TJ-1"}, "list_attachments": {}, "list_journal": {}}  # name a record, and refuse
LOOK = {"list_incidents": {"limit": 500}, "search_incidents": {"text": "邻居争吵"},
        "watch_feed": {}}                                                       # find records
BY_RECORD = {"list_attachments", "list_journal", "begin_attachment"}  # of any kind: in others `record` is the kind
ATTACHED = {"get_attachment", "get_chunk", "put_chunk"}  # name no record but what belongs to one: test_attachments.py
FIGURES = {"report_joint", "list_joint", "report_transfers", "list_transfer_legs", "report_alerts", "list_alert_acks", "report_sessions", "list_session_times"}  # test_figures.py
WRITE = {"begin_attachment": {"name": "x", "size": 1, "sha256": "x"}, "dispatch_incident": {"dispatched_to": "一组"}, "arrive_incident": {}, "handle_incident": {}, "note_incident": {"note": "记录"},
         "feedback_incident": {"result": "劝解"}, "close_incident": {"result": "劝解"}, "reopen_incident": {"reason": "再次"},
         "void_incident": {"reason": "误报"}, "correct_incident": {"place": "东门"}, "grade_incident": {"sensitivity": 2, "reason": "x"},
         "grant_access": {"account": "nobody", "until": "2100-01-01Z", "reason": "x"}, "withdraw_access": {"account": "nobody", "reason": "x"}}
# The other kinds of records: what makes one, and which requests read one, find them, change one
OTHERS = {
  "dispute": {"table": "dispute", "make": ("open_dispute", {"type": 2, "title": "邻里漏水"}), "read": {"show_dispute": {}, "show_timeline": {}, "list_parties": {}, "list_suspects": {},
    "list_sessions": {}, "list_agreements": {}, "list_visits": {}, "show_session": {"round": 1},
                                                                          "reveal_party": {"purpose": "handling", "case_no": "TJ-1"}}, "look": {"list_disputes": {"limit": 500}},
              "write": {"note_dispute": {"note": "记录"}, "assess_dispute": {"warning": 3}, "raise_dispute": {"warning": 4, "reason": "x"}, "lower_dispute": {"warning": 1, "reason": "x"},
                        "accept_dispute": {"consent": "x"}, "decline_dispute": {"reason": "x"}, "investigate_dispute": {}, "suspend_dispute": {"reason": "x"}, "resume_dispute": {},
                        "correct_dispute": {"title": "另题"}, "extend_dispute": {"extension_consent": "x"}, "conclude_dispute": {"outcome": 4}, "close_dispute": {},
                        "reopen_dispute": {"reason": "x"}, "hold_session": {"session_mode": 1}, "correct_session": {"round": 1}, "make_agreement": {"agreement_form": 1, "terms": "x"},
                        "apply_confirmation": {"court": "x"}, "decide_confirmation": {"confirmed": True}, "perform_agreement": {"performance": 2}, "visit_dispute": {"note": "x"},
                        "archive_dispute": {"items": [1]},
                        "link_incident": {"external_no": "A-1", "external_office": "外地", "external_at": "2026-01-01Z", "reason": "x"},
                        "unlink_incident": {"external_no": "A-1", "reason": "x"}, "add_party": {"role": 1, "name": "张三"}, "correct_party": {"party": 1, "name": "张三"},
                        "remove_party": {"party": 1, "reason": "x"}, "merge_dispute": {"reason": "x"}, "unmerge_dispute": {"reason": "x"}}},
  "transfer": {"table": "transfer", "read": {"show_transfer": {}}, "look": {"list_transfers": {"limit": 500}, "list_deadlines": {"limit": 500}},  # to an office that nobody here is of
               "make": ("send_transfer", lambda desk, area: {"to_office": "j3", "reason": "x", "about": desk.ask("open_dispute", type=2, title="邻里漏水", area=area)[0]["no"]}),
               "write": {"deliver_transfer": {}, "sign_transfer": {}, "accept_transfer": {}, "return_transfer": {"reason": "x"}, "feedback_transfer": {"feedback": "x"},
                         "confirm_transfer": {}, "recall_transfer": {"reason": "x"}}},
  "alert": {"table": "alert", "make": ("raise_alert", {"kind": 3, "title": "扬言放火"}), "read": {"show_alert": {}, "list_receipts": {}, "confirm_alert": {}, "show_plan": {}},
            "look": {"list_alerts": {"limit": 500}, "list_deadlines": {"limit": 500}, "list_plans": {"limit": 500}}, "lead": ("plan_alert", {"tasks": ["律师"]}),
            "write": {"ack_alert": {}, "act_alert": {}, "note_alert": {"note": "记录"}, "cancel_alert": {"reason": "误报"}, "resolve_alert": {"outcome": "化解"}, "plan_alert": {"plan": "劝离"},
                      "review_alert": {"review": "化解"}}},
  "task": {"table": "task", "read": {"show_task": {}}, "look": {"list_tasks": {"limit": 500}},
           "make": ("add_task", lambda desk, area: {"to_office": "j3", "title": "上门走访", "about": desk.ask("open_dispute", type=2, title="邻里漏水", area=area)[0]["no"]}),
           "write": {"accept_task": {}, "finish_task": {"result": "x"}, "decline_task": {"reason": "x"}, "cancel_task": {"reason": "x"}, "recheck_task": {}}},
}
# These show no record: what they write, count or list is of the caller's own making or of the machine
NONE = {"hello", "ping", "verify_feed", "report_incident", "follow_logs", "list_connections", "kick_sessions", "drain_node", "set_log_level", "show_order",
        "show_health", "show_metrics", "survey_devices", "explain_rights", "list_audit", "list_approvals", "decide_approval", "break_glass", "list_reviews", "decide_review", "verify_audit", "list_heads", "prove_heads",
        "open_office", "change_office", "pair_offices", "part_offices", "list_offices", "list_partner_kinds", "open_area", "change_area", "close_area", "assign_area", "unassign_area", "list_areas", "add_account", "assign_account", "unassign_account", "lock_account",
        "unlock_account", "issue_code", "list_accounts", "list_changes", "open_position", "change_position", "close_position",
        "list_positions", "set_duty", "remove_duty", "list_duties", "login", "end_login", "change_password", "list_logins",
        "update_alert",  # refused by role before it looks; test_alerts.py
        "find_persons", "merge_person", "unmerge_person", "import_calendar", "list_calendar", "trust_time", "invite_device", "enrol_device", "renew_device", "revoke_device"}


def requests_of_the_table():
  with open(os.path.join(SERVER, "call", "requests.c"), encoding="utf-8") as f:
    return [name.lower() for name in re.findall(r"^    \[AT\((\w+)\)\]", f.read(), re.MULTILINE)]


def named(name, no):
  return {"record" if name in BY_RECORD else "incident": no}


def peek(d, office, role, name, who=0, /, **fields):
  """Rows of one .sql file, as the server carries it out; nothing stays."""
  text, names = load(name)
  given = {"request_id": request_id(), "act": "\\x00", **fields}
  values = [array(v) if isinstance(v, list) else v for v in (given.get(n) for n in names)]
  d.app.rows("begin; select seq from feed_head for update")
  d.app.rows_prepared("select set_config('liandong.office', $1, true), set_config('liandong.device', '1', true), set_config('liandong.officer', 'x', true), "
                      "set_config('liandong.role', $2, true), set_config('liandong.account', $3, true)", d.ids[office], role, who)
  try:
    return [json.loads(row[0]) for row in d.app.rows_prepared(f"select to_jsonb(x) from ({text}) x", *values)]
  finally:
    d.app.rows("rollback")


def areas(d):
  """Two areas of p2: one that is also p1's and j1's, one that is not."""
  d.sql("insert into area(code, name, office) select x, x, id from office, unnest(array['shared', 'other']) x where code = 'p2'")
  d.sql("insert into area_office(area, office, started_on) select a.id, o.id, '2020-01-01' from area a, office o where a.code = 'shared' and o.code in ('p1', 'j1')")


def records(d):
  """(office, level) -> number; all of them with a reporter. "area": of p2, in an area that is assigned to p1 and to j1; those of p2 alone are in
  one that isn't. "given": of p2, opened to p1 and to j1."""
  areas(d)
  made = {}
  for office in ("p1", "j1", "p2", "area", "given"):
    for level in range(5):
      no = d.report(d.desk("p2" if office in ("area", "given") else office), reporter="张三", reporter_phone="13800000001",
                    area={"p2": "other", "area": "shared"}.get(office))["no"]
      d.sql("update incident set sensitivity = $1 where incident_no(num) = $2", level, no)
      made[office, level] = no
      if office == "given":
        give(d, no)
  d.desk("p1").ask("_search_index", limit=100)
  return made


def give(d, no):
  """As a transfer does; see test_given.py for how it comes and goes."""
  d.sql("insert into record_office(num, office, since, until, cause) select r.num, o.id, '2020-01-01', 'infinity', 0 from any_record r, office o"
        " where record_no(r.num) = $1 and o.code in ('p1', 'j1')", no)


def place(role, relation):
  """(the reader's office, the record's)."""
  home, pair = ("j1", "p1") if role in ("mediator", "head") else ("p1", "j1")
  return {"own": (home, home), "paired": (home, pair), "other": (home, "p2"), "area": (home, "area"), "given": (home, "given"), "above": ("pb", home)}[relation]


def listed(d, office, role, name, fields):
  """The records that a list shows."""
  return {r["no"] for r in peek(d, office, ROLES[role], name, **fields)}


def told(d, office, role):
  """And each way of a watch."""
  return [{r["no"] for r in peek(d, office, ROLES[role], page, after=0, until=10**6, limit=500) if r["at"]} for page in ("_feed_page", "_feed_stretch")]


def watched(d, office, role):
  pages, shot = told(d, office, role), listed(d, office, role, "_snapshot", {"limit": 500})
  assert pages[0] - {None} == pages[1] == shot - {None}, "the ways of a watch disagree"
  return shot


def sees(d, office, role, name, no, shown):
  """What a request tells of one record. shown: what the lists do."""
  if name in READ:
    rows = peek(d, office, ROLES[role], name, **named(name, no), **READ[name])
    return not rows or rows[0]["reason"] != "NOT_FOUND"
  if name in shown:
    return no in shown[name]
  row = peek(d, office, ROLES[role], name, **named(name, no), **WRITE[name])[0]
  assert row["outcome"] in ("done", "refused"), row
  return row["reason"] != "NOT_FOUND"


def every_request(ground):
  wanted = set(requests_of_the_table())
  known = {*READ, *LOOK, *WRITE, *NONE, *ATTACHED, *FIGURES, *(name for kind in OTHERS.values() for name in (kind["make"][0], *kind["read"], *kind["look"], *kind["write"]))}
  assert wanted <= known, f"without a row in the matrix: {wanted - known}"
  cells, wrong = 0, []
  with ground.district() as d:
    made = records(d)
    for role in ROLES:
      for relation in RELATIONS:
        reader, origin = place(role, relation)
        shown = {name: watched(d, reader, role) if name == "watch_feed" else listed(d, reader, role, name, LOOK[name]) for name in LOOK}
        for level in range(5):
          expected = level <= MOST[role].get(relation, -1)
          auditor = role == "auditor"  # may ask who read any record, and sees none
          for name in (*READ, *LOOK, *WRITE):
            cells += 1
            if sees(d, reader, role, name, made[origin, level], shown) != (expected or auditor and name == "show_readers"):
              wrong.append((role, relation, level, name))
          if expected:
            known = max(level, 2) <= MOST[role][relation]
            for name, plain in (("show_incident", known and relation == "own"), ("reveal_incident", known)):
              row = peek(d, reader, ROLES[role], name, incident=made[origin, level], **READ[name])[0]
              told_of = ("张三", "13800000001") if plain else (None, None) if name == "reveal_incident" else (HIDDEN, HIDDEN)
              assert (row["reporter"], row["reporter_phone"]) == told_of, (role, relation, level, name)
  print(f"matrix of requests: {cells} cells, {len(wrong)} wrong", flush=True)
  assert not wrong and cells >= 1500, wrong[:20]


every_request.seconds = 400
case(every_request)


def other_kinds(ground, kind):
  """The same cells for records that are not incidents."""
  doors, (maker, fields) = OTHERS[kind], OTHERS[kind]["make"]
  cells, wrong = 0, []
  with ground.district() as d:
    areas(d)
    made = {}
    for office in ("p1", "j1", "p2", "area", "given"):
      for level in range(5):
        desk = d.desk("p2" if office in ("area", "given") else office, "head" if office == "j1" else "chief")
        area = {"p2": "other", "area": "shared"}.get(office)
        made[office, level] = no = desk.ask(maker, **(fields(desk, area) if callable(fields) else {**fields, "area": area}))[0]["no"]
        assert no, (maker, office)
        if "lead" in doors:  # what gives the doors something to show
          desk.ask(doors["lead"][0], **{kind: no}, **doors["lead"][1])
        d.sql(f"update {doors['table']} set sensitivity = $1 where record_no(num) = $2", level, no)
        if office == "given":
          give(d, no)
    for role in ROLES:
      for relation in RELATIONS:
        reader, origin = place(role, relation)
        pages = told(d, reader, role)
        shown = {name: listed(d, reader, role, name, extra) for name, extra in doors["look"].items()}
        for level in range(5):
          no, expected = made[origin, level], level <= MOST[role].get(relation, -1)
          seen = {"page": no in pages[0], "stretch": no in pages[1]}
          for name, extra in doors["read"].items():
            rows = peek(d, reader, ROLES[role], name, **{kind: no}, **extra)
            seen[name] = not rows or rows[0]["reason"] != "NOT_FOUND"
          seen |= {name: no in numbers for name, numbers in shown.items()}
          for name, extra in doors["write"].items():
            seen[name] = peek(d, reader, ROLES[role], name, **{kind: no}, **extra)[0]["reason"] != "NOT_FOUND"
          cells += len(seen)
          wrong += [(role, relation, level, name) for name, there in seen.items() if there != expected]
  print(f"matrix of {kind}: {cells} cells, {len(wrong)} wrong", flush=True)
  assert not wrong, wrong[:20]


other_kinds.seconds = 400
case.table((kind, kind) for kind in OTHERS)(other_kinds)


@case
def plain_sql(ground):
  """The same without any of the server's statements: whoever writes his own as the server's role is shown no more, and without a caller nothing."""
  cells, wrong = 0, []
  with ground.district() as d:
    made = records(d)
    for role in ROLES:
      for relation in RELATIONS:
        reader, origin = place(role, relation)
        d.app.rows("begin")
        d.app.rows("select set_config('liandong.office', $1, true), set_config('liandong.role', $2, true)", d.ids[reader], ROLES[role])
        for table, column in (("incident", "incident_no(num)"), ("feed", "no"), ("incident_search", "incident_no(num)")):
          shown = {row[0] for row in d.app.rows(f"select {column} from {table}")}
          for level in range(5):
            cells += 1
            if (made[origin, level] in shown) != (level <= MOST[role].get(relation, -1)):
              wrong.append((role, relation, level, table))
        d.app.rows("commit")
    for table in ("incident", "feed", "incident_search", "record_access"):
      cells += 1
      assert d.app.value(f"select count(*) from {table}") == "0", table
  print(f"matrix of plain SQL: {cells} cells, {len(wrong)} wrong", flush=True)
  assert not wrong, wrong[:20]


@case
def by_name(ground):
  """Opened to a person, whatever the office: at every door, until the end that was set, and a watch hears of it."""
  with ground.district() as d:
    made = records(d)
    no = made["p2", 4]
    account = d.sql("insert into account(code, name) values ('044021', '林某') returning id")[0][0]
    chief = d.sql("insert into account(code, name) values ('044001', '所长') returning id")[0][0]
    d.sql("insert into assignment(account, office, role) values ($1, $2, 1)", account, d.ids["j1"])
    doors = lambda role, who: {*(all(row["reason"] is None for row in peek(d, "j1", ROLES[role], name, who, **named(name, no), **READ[name])) for name in READ),  # noqa: E731
                               *(no in [r["no"] for r in peek(d, "j1", ROLES[role], name, who, **LOOK[name])] for name in ("list_incidents", "search_incidents")),
                               *(no in [r["no"] for r in peek(d, "j1", ROLES[role], page, who, after=0, until=10**6, limit=500) if r["at"]]
                                 for page in ("_feed_page", "_feed_stretch"))}
    assert doors("officer", account) == {False}
    d.sql("insert into record_access(record, account, since, until, granted_by, reason) select id, $1, '2020-01-01', '2100-01-01', 'x', 'x' from incident"
          " where incident_no(num) = $2", account, no)
    assert doors("officer", account) == {True} and doors("officer", chief) == {False} == doors("officer", 0)
    assert doors("viewer", account) == {False} == doors("admin", account), "these roles have no rule of that kind"
    d.sql("update record_access set until = now() - interval '1 second'")
    assert doors("officer", account) == {False}
    # and by the requests: opened, told to the office that the person works for, withdrawn, told again
    ask = lambda name, **fields: d.desk("p2", "chief").ask(name, incident=made["p2", 3], reason="参与办理", **fields)[0]  # noqa: E731
    assert ask("grant_access", account="nobody", until="2100-01-01Z")["reason"] == "UNKNOWN_VALUE"
    assert ask("grant_access", account="044021", until="2020-01-01Z")["reason"] == "OUT_OF_RANGE"
    assert ask("withdraw_access", account="044021")["reason"] == "NO_CHANGE"
    opening = ask("grant_access", account="044021", until="2100-01-01Z")
    assert opening["reason"] == "APPROVAL_NEEDED" and doors("officer", account) == {False}, "such a record takes two"
    d.sql("update approval set agreed = true, decided_at = now()")  # who may do that: test_audit.py
    assert ask("grant_access", account="044021", until="2099-01-01Z")["reason"] == "APPROVAL_NEEDED", "for longer or shorter is another act"
    opened = ask("grant_access", account="044021", until="2100-01-01Z")
    assert (opened["outcome"], opened["version"]) == ("done", 4), opened  # asked for twice
    no = made["p2", 3]
    assert doors("officer", account) == {True}
    assert d.sql("select $1::int4 = any (audience) from feed where kind = 'grant_access'", d.ids["j1"]) == [("t",)]
    assert ask("withdraw_access", account="044021")["outcome"] == "done" and doors("officer", account) == {False}
    for page in ("_feed_page", "_feed_stretch"):
      told = [(r["kind"], r["no"], r["subject"]) for r in peek(d, "j1", 1, page, account, after=0, until=10**6, limit=500) if r["kind"] and not r["at"]]
      assert told == [("grant_access", no, int(account)), ("withdraw_access", no, int(account))], f"what a retract is made of: {told}"
      assert not [r for r in peek(d, "j1", 1, page, chief, after=0, until=10**6, limit=500) if r["no"] == no]


@case
def a_key_of_a_hidden_event(ground):
  """A request_id that stands under what the caller may not see is answered as any other: KEY_REUSED, and no error."""
  with ground.district() as d:
    records(d)
    key = d.sql("select request_id from feed where origin = $1 limit 1", d.ids["p2"])[0][0]
    d.sql("update incident set sensitivity = 4")
    p = d.desk("p1")
    mine = d.report(p)["no"]
    assert p.ask("note_incident", request=key, incident=mine, note="x")[0]["reason"] == "KEY_REUSED"
    assert p.ask("grade_incident", request=key, incident=mine, sensitivity=2, reason="x")[0]["reason"] == "KEY_REUSED"
    assert d.group((p, {"class": 6, "content": "内容"}, key))[0]["reason"] == "KEY_REUSED"


@case
def explained(ground):
  """Why or why not agrees with what is shown, for every role, relation and level; a chief learns of no record that is hidden from him."""
  with ground.district() as d:
    made = records(d)
    for role, number in ROLES.items():
      for relation in RELATIONS:
        reader, origin = place(role, relation)
        for level in range(5):
          rows = peek(d, "pb", 7, "explain_rights", incident=made[origin, level], office=reader, role=number)
          assert any(r["visible"] for r in rows) == (level <= MOST[role].get(relation, -1)), (role, relation, level, rows)
          assert {r["sensitivity"] for r in rows} == {level} and [("AREA" in (r["relation"] for r in rows)), ("GIVEN" in (r["relation"] for r in rows))] == [relation == "area", relation == "given"], rows
    ask = lambda **fields: peek(d, "p1", 3, "explain_rights", **fields)[0]["reason"]  # noqa: E731
    assert ask(incident=made["p1", 4], office="p1", role=1) == "NOT_FOUND incident" == ask(incident="JQ-1999-000001", office="p1", role=1)
    assert peek(d, "p1", 2, "explain_rights", incident=made["p1", 1], office="p1", role=1)[0]["reason"] == "ROLE_NOT_ALLOWED"
    assert ask(incident=made["p1", 3], office="p1") == "REQUIRED account" and ask(incident=made["p1", 3], account="x") == "UNKNOWN_VALUE account"
