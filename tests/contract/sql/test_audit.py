"""The audit: who looked and who was refused; a chain of its own that nobody changes unseen."""
import hashlib
import json

from support.runner import case
from support.sql import SqlError
from test_chain import TYPES, event_hash


def entries(d, columns="kind, request, officer, office, role, no, fields, reason, count"):
  return [json.loads(r[0]) for r in d.sql(f"select to_jsonb(x) from (select {columns} from audit order by seq) x")]


def reveal(desk, no, **fields):
  """As the server's writer: with the pen, so that nobody else's event comes in between."""
  row, = desk.ask("reveal_incident", incident=no, **{"purpose": "mediation", "case_no": "TJ-7", **fields})
  return row


def looked(d):
  """A record, read by both sides, refused to a third."""
  p, j, other = d.desk("p1"), d.desk("j1", "head"), d.desk("p2")
  no = d.report(p, reporter="周某", reporter_phone="13800000000")["no"]
  p.ask("show_incident", incident=no)
  j.ask("show_incident", incident=no)  # tells the other office's people nothing sensitive
  reveal(j, no)
  other.ask("show_incident", incident=no)
  p.change("correct_incident", no, reporter="周某某")
  j.ask("show_history", incident=no)
  p.ask("show_history", incident=no)
  j.change("void_incident", no, reason="x")
  return no


@case
def who_looked_and_who_was_refused(ground):
  with ground.district() as d:
    no = looked(d)
    d.desk("p2").ask("show_history", incident="JQ-2020-000001")
    told = [(e["kind"], e["request"], e["office"], e["no"], e["fields"], e["reason"]) for e in entries(d)]
    assert told == [
      ("show_incident", "show_incident", "p1", no, ["reporter", "reporter_phone"], None),
      ("reveal_incident", "reveal_incident", "j1", no, ["reporter", "reporter_phone"], None),
      ("denied", "show_incident", "p2", no, None, "NOT_FOUND"),
      ("show_history", "show_history", "p1", no, ["reporter"], None),
      ("denied", "void_incident", "j1", no, None, "NOT_YOURS"),
      ("denied", "show_history", "p2", "JQ-2020-000001", None, "NOT_FOUND")], told
    records = [e["record"] for e in entries(d, "record")]
    assert len(set(records[:5])) == 1 and records[0] and records[5] is None


@case
def what_tells_nothing_sensitive_is_not_written_down(ground):
  with ground.district() as d:
    no = d.report(d.desk("p1"))["no"]
    d.desk("p1").ask("show_incident", incident=no)
    d.desk("p1").ask("show_history", incident=no)
    d.desk("p1").change("close_incident", no)  # a mistake, not a want of a right
    d.desk("p1").ask("show_incident", incident="1")
    assert entries(d) == []


@case
def revealing(ground):
  """Only for a purpose that there is and a case; the office that entered the record reads it in the feed, and no value of it."""
  with ground.district() as d:
    p, j, mediator, other = d.desk("p1"), d.desk("j1", "head"), d.desk("j1", "mediator"), d.desk("p2", "chief")
    no = d.report(p, reporter="周某", reporter_phone="13800000000")["no"]
    assert [reveal(*asked, **fields)["reason"] for asked, fields in (
      ((j, no), {"purpose": ""}), ((j, no), {"purpose": "gossip"}), ((j, no), {"case_no": " "}), ((mediator, no), {}), ((other, no), {}))] == [
        "REQUIRED purpose", "UNKNOWN_VALUE purpose", "REQUIRED case_no", "ROLE_NOT_ALLOWED", "NOT_FOUND"]
    row = reveal(j, no)
    assert (row["reason"], row["reporter"], row["reporter_phone"]) == (None, "周某", "13800000000"), row
    assert entries(d, "kind, purpose, case_no, fields")[-1] == {"kind": "reveal_incident", "purpose": "mediation", "case_no": "TJ-7",
                                                                "fields": ["reporter", "reporter_phone"]}
    event, = [json.loads(r[0]) for r in d.sql("select to_jsonb(f) from feed f where kind = 'reveal_incident'")]
    assert (event["no"], event["office"], event["new_values"]) == (no, "j1", ["联合调解", "TJ-7"]) and int(d.ids["p1"]) in event["audience"], event
    assert d.sql("select intact from feed_verify()") == d.sql("select intact from audit_verify()") == [("t",)]


@case
def above_the_limit(ground):
  """A second person has to agree, and no one else: not the asker, not a stranger; for this one act, once."""
  with ground.district() as d:
    p, j, chief, other = d.desk("p1"), d.desk("j1", "head"), d.desk("p1", "chief"), d.desk("p2", "chief")
    first, second = (d.report(p, reporter="周某")["no"] for _ in range(2))
    d.sql("update audit_rule set reveal_per_hour = 1")
    assert reveal(j, first)["reason"] is None and reveal(j, second)["reason"] == "APPROVAL_NEEDED" == reveal(j, second)["reason"]
    waiting, = chief.ask("list_approvals", open=True)
    assert (waiting["kind"], waiting["no"], waiting["subject"], waiting["state"]) == ("reveal_incident", second, "联合调解 TJ-7", 1), waiting
    assert other.ask("list_approvals") == [] and p.ask("list_approvals") == [] and [a["approval"] for a in j.ask("list_approvals")] == [waiting["approval"]]
    grade = lambda level: d.sql(f"update incident set sensitivity = {level} where incident_no(num) = '{second}'")  # noqa: E731
    grade(4)
    hidden, = chief.ask("list_approvals", open=True)
    assert (hidden["approval"], hidden["no"], hidden["subject"]) == (waiting["approval"], "〔无权查看〕", "〔无权查看〕"), hidden
    decide = lambda desk, **fields: desk.ask("decide_approval", approval=waiting["approval"], **fields)[0]["reason"]  # noqa: E731
    grade(1)
    assert chief.ask("list_approvals", open=True) == [waiting]
    assert [decide(j, agreed=True), decide(other, agreed=True), decide(p, agreed=True), decide(chief), decide(chief, agreed=False)] == [
      "NOT_FOUND", "NOT_FOUND", "NOT_FOUND", "REQUIRED", "REASON_REQUIRED"]
    assert decide(chief, agreed=True) is None and decide(chief, agreed=True) == "NO_CHANGE"
    assert reveal(j, second, purpose="handling")["reason"] == "APPROVAL_NEEDED", "another purpose is another act"
    assert reveal(j, second, purpose=" 联合调解 ")["reason"] is None and reveal(j, second)["reason"] == "APPROVAL_NEEDED", "in words it is the same purpose; once"
    assert {e["purpose"] for e in entries(d, "kind, purpose") if e["kind"] == "reveal_incident"} == {"mediation"}
    assert [a["state"] for a in chief.ask("list_approvals")] == [1, 1, 4]
    assert d.sql("select note, new_values from feed where kind = 'decide_approval' and num = 0")[0][1].count(second) == 1
    told = d.sql("select kind, changed, new_values, officer, num > 0 from feed where kind in ('ask_approval', 'decide_approval') and no = $1 order by seq", second)
    assert told[:2] == [("ask_approval", "{approval,asked_for,subject}", f'{{{waiting["approval"]},reveal_incident,"联合调解 TJ-7"}}', j.officer, "t"),
                        ("decide_approval", "{agreed,approval,asked_for}", f'{{true,{waiting["approval"]},reveal_incident}}', chief.officer, "t")], told
    assert d.sql("select version, cardinality(events) from incident where incident_no(num) = $1", second)[0] == d.sql("select max(version), count(*) from feed where no = $1 and num > 0", second)[0]
    assert d.sql("select intact from feed_verify()") == [("t",)]


@case
def no_entry_no_answer(ground):
  with ground.district() as d:
    no = d.report(d.desk("p1"), reporter="周某")["no"]
    d.sql("alter table audit add constraint full_disk check (false) not valid")
    try:
      d.desk("p1").ask("show_incident", incident=no)
    except SqlError as e:
      assert e.state == "23514", e
      d.app.rows("rollback")
      return
    raise AssertionError("it was told")


@case
def a_flood_of_refusals_is_counted(ground):
  with ground.district() as d:
    most = 20
    for n in range(most + 7):
      d.desk("p2").ask("show_incident", incident=f"JQ-2020-{n:06}")
    d.desk("j2", "mediator").ask("show_incident", incident="JQ-2020-000001")
    minutes = int(d.sql("select count(distinct minute) from audit_flood where device = $1", d.desk("p2").device)[0][0])
    assert minutes == 1
    written = [e for e in entries(d) if e["office"] == "p2"]
    assert most <= len(written) <= most + 7 and all(e["count"] == 1 for e in written), len(written)
    rest = int(d.sql("select coalesce(sum(rest), 0) from audit_flood")[0][0])
    assert len(written) + rest == most + 7 or len(written) > most, "a refusal was neither written nor counted"
    d.sql("update audit_flood set minute = minute - interval '1 minute'")
    d.desk("j2", "mediator").ask("show_incident", incident="JQ-2020-000001")
    assert sum(e["count"] for e in entries(d) if e["office"] == "p2") == most + 7
    assert d.sql("select count(*) from audit_flood where rest > 0") == [("0",)]


@case
def hashes_by_other_means(ground):
  with ground.district() as d:
    looked(d)
    columns = d.sql("select attname, typname from pg_attribute a join pg_type t on t.oid = atttypid where attrelid = 'audit'::regclass and attnum > 0 order by attnum")
    assert all(kind in TYPES for _, kind in columns)
    previous = hashlib.sha256(b"liandong audit").digest()
    rows = [json.loads(row[0]) for row in d.sql("select to_jsonb(a) from audit a order by seq")]
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
    for row in rows:
      previous = event_hash(previous, columns, row)
      assert row["hash"] == "\\x" + previous.hex(), f"entry {row['seq']}"
    assert d.sql("select intact, checked, head from audit_verify()") == [("t", str(len(rows)), "\\x" + previous.hex())]


BY_HAND = (("insert", "insert into audit select * from audit limit 1"), ("head", "update audit_head set seq = 0"),
           ("count", "update audit_flood set rest = 0"))
APPEND_ONLY = (("update", "update {} set at = at"), ("delete", "delete from {}"), ("truncate", "truncate {}"))


@case.table((f"{role}_{table}_{name}", role, statement.format(table)) for role in ("owner", "superuser", "server")
            for table in ("audit", "audit_signature") for name, statement in APPEND_ONLY)
@case.table((f"server_{name}", "server", statement) for name, statement in BY_HAND)
def append_only(ground, role, statement):
  """Not even the owner; a superuser has to switch the triggers off first."""
  with ground.district() as d:
    looked(d)
    before = entries(d, "hash")
    s = {"owner": lambda: ground.session(d.name, "liandong_owner"), "superuser": lambda: d.admin, "server": lambda: d.app}[role]()
    try:
      s.rows(statement)
    except SqlError as e:
      assert e.state == "42501", e
      assert entries(d, "hash") == before
      return
    finally:
      if role == "owner":
        s.close()
    raise AssertionError("it was allowed")


TAMPERINGS = (
  ("reader", "update audit set officer = '别人' where seq = 2", "#2 CHANGED"), ("denial", "update audit set reason = null where seq = 3", "#3 CHANGED"),
  ("middle", "delete from audit where seq = 3", "#3 MISSING"), ("last", "delete from audit where seq = 5", "#5 MISSING"),
  ("head", "update audit_head set seq = 4", "#5 HEAD"), ("all", "delete from audit", "#1 MISSING"),
)


@case.table(TAMPERINGS)
def tampering(ground, statement, wanted):
  with ground.district() as d:
    looked(d)
    d.sql("alter table audit disable trigger all")
    d.sql(statement)
    assert d.sql("select intact, first_broken from audit_verify()") == [("f", wanted)]
