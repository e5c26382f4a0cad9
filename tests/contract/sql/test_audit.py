"""The audit: who looked and who was refused; a chain of its own that nobody changes unseen."""
import hashlib
import json

from support.runner import case
from support.sql import SqlError
from test_chain import TYPES, event_hash


def entries(d, columns="kind, request, officer, office, role, no, fields, reason, count"):
  return [json.loads(r[0]) for r in d.sql(f"select to_jsonb(x) from (select {columns} from audit order by seq) x")]


def looked(d):
  """A record, read by both sides, refused to a third."""
  p, j, other = d.desk("p1"), d.desk("j1", "head"), d.desk("p2")
  no = d.report(p, reporter="周某", reporter_phone="13800000000")["no"]
  p.ask("show_incident", incident=no)
  j.ask("show_incident", incident=no)
  other.ask("show_incident", incident=no)
  p.change("correct_incident", no, reporter="周某某")
  j.ask("show_history", incident=no)
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
      ("show_incident", "show_incident", "j1", no, ["reporter", "reporter_phone"], None),
      ("denied", "show_incident", "p2", no, None, "NOT_FOUND"),
      ("show_history", "show_history", "j1", no, ["reporter"], None),
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
def no_entry_no_answer(ground):
  with ground.district() as d:
    no = d.report(d.desk("p1"), reporter="周某")["no"]
    d.sql("revoke insert on audit from liandong_app")
    try:
      d.desk("p1").ask("show_incident", incident=no)
    except SqlError as e:
      assert e.state == "42501", e
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


APPEND_ONLY = (("update", "update {} set at = at"), ("delete", "delete from {}"), ("truncate", "truncate {}"))


@case.table((f"{role}_{table}_{name}", role, statement.format(table)) for role in ("owner", "superuser", "server")
            for table in ("audit", "audit_signature") for name, statement in APPEND_ONLY)
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
