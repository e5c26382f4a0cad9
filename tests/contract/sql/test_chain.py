"""The feed: its chain computed by other means, its end, its floor, its audience."""
import hashlib
import struct
import uuid
from datetime import datetime, timezone

from support.runner import case

# The columns that the hash covers, in the table's order, and the number of each type (pg_type).
TYPES = {"int8": 20, "timestamptz": 1184, "text": 25, "uuid": 2950, "int4": 23, "int2": 21, "_text": 1009, "_int2": 1005, "bytea": 17, "_int4": 1007}


def binary(kind, value):
  """PostgreSQL's binary form of a value given as JSON."""
  if kind in ("int8", "int4", "int2"):
    return struct.pack({"int8": ">q", "int4": ">i", "int2": ">h"}[kind], value)
  if kind == "text":
    return value.encode()
  if kind == "uuid":
    return uuid.UUID(value).bytes
  if kind == "bytea":
    return bytes.fromhex(value[2:])
  if kind == "timestamptz":
    since = datetime.fromisoformat(value) - datetime(2000, 1, 1, tzinfo=timezone.utc)
    return struct.pack(">q", (since.days * 86400 + since.seconds) * 10**6 + since.microseconds)
  elements = b"".join(struct.pack(">i", -1) if v is None else struct.pack(">i", len(b)) + b for v in value for b in (binary(kind[1:], v) if v is not None else b"",))
  if not value:
    return struct.pack(">iii", 0, 0, TYPES[kind[1:]])
  return struct.pack(">iiiii", 1, any(v is None for v in value), TYPES[kind[1:]], len(value), 1) + elements


def event_hash(previous, columns, row):
  packed = struct.pack(">i", len(columns))
  for name, kind in columns:
    value = None if name == "hash" else row[name]
    packed += struct.pack(">I", TYPES[kind])
    data = binary(kind, value) if value is not None else None
    packed += struct.pack(">i", -1) if data is None else struct.pack(">i", len(data)) + data
  return hashlib.sha256(previous + packed).digest()


def busy(d):
  p, j = d.desk("p1"), d.desk("j1", "mediator")
  got = d.group((p, {"class": 6, "content": "扬言放火", "threats": "{1,2}", "place": "东门"}), (j, {"class": 6, "content": "发现隐患"}), (d.desk("p2"), {"class": 1, "content": "盗窃"}))
  p.change("dispatch_incident", got[0]["no"], dispatched_to="一组", note="速去")
  j.change("note_incident", got[0]["no"], note="安抚")
  p.change("correct_incident", got[1]["no"], place="西门", reporter="")
  return got


@case
def hashes_by_other_means(ground):
  """Whoever has the rows can compute the chain: sha256 of the hash before and the row's binary form, its hash being NULL."""
  import json  # pylint: disable=import-outside-toplevel
  with ground.district() as d:
    busy(d)
    columns = d.sql("select attname, typname from pg_attribute a join pg_type t on t.oid = atttypid where attrelid = 'feed'::regclass and attnum > 0 order by attnum")
    previous = hashlib.sha256(b"liandong feed").digest()
    rows = [json.loads(row[0]) for row in d.sql("select to_jsonb(f) from feed f order by seq")]
    assert [row["seq"] for row in rows] == [1, 2, 3, 4, 5, 6]
    for row in rows:
      previous = event_hash(previous, columns, row)
      assert row["hash"] == "\\x" + previous.hex(), f"event {row['seq']}"
    assert d.sql("select seq, hash from feed_head") == [("6", "\\x" + previous.hex())]
    assert d.desk("p1").ask("verify_feed")[0]["intact"]


TAMPERINGS = (
  ("note", "update feed set note = 'x' where seq = 5", "#5 CHANGED"), ("device", "update feed set device = 0 where seq = 2", "#2 CHANGED"),
  ("request", "update feed set request_id = gen_random_uuid() where seq = 1", "#1 CHANGED"), ("audience", "update feed set audience = '{1}' where seq = 3", "#3 CHANGED"),
  ("empty_for_null", "update feed set note = '' where seq = 1", "#1 CHANGED"), ("moved", "update feed set old_values = new_values where seq = 4", "#4 CHANGED"),
  ("first", "delete from feed where seq = 1", "#1 MISSING"), ("middle", "delete from feed where seq = 3", "#3 MISSING"), ("last", "delete from feed where seq = 6", "#6 MISSING"),
  ("all", "delete from feed", "#1 MISSING"), ("head_hash", "update feed_head set hash = sha256('x')", "#6 HEAD"), ("head_back", "update feed_head set seq = 5", "#6 HEAD"),
  ("head_ahead", "update feed_head set seq = 7", "#7 MISSING"),
)


@case.table(TAMPERINGS)
def tampering(ground, statement, wanted):
  with ground.district() as d:
    busy(d)
    d.sql(statement)
    got = d.desk("p1").ask("verify_feed")[0]
    assert (got["intact"], got["first_broken"]) == (False, wanted), got


@case
def floor_by_age(ground):
  """Events older than what is kept are no longer replayed; the rows stay."""
  with ground.district() as d:
    p = d.desk("p1")
    assert p.ask("_feed_keep", keep_ms=0) == [{"floor": 0, "given_up": 0}]
    for n in range(10):
      d.report(p)
      d.sql("update feed set at = now() - interval '1 hour' * (10 - $1::int4) where seq = $1::int4 + 1", n)
    for hours, floor in ((24, 0), (6.5, 4), (9.5, 4), (3.5, 7), (0, 10)):
      assert p.ask("_feed_keep", keep_ms=int(hours * 3600000)) == [{"floor": floor, "given_up": 0}], hours
    assert d.sql("select count(*) from feed") == [("10",)]


@case
def pages_of_the_feed(ground):
  with ground.district() as d:
    busy(d)
    page = lambda office, after, until, limit, role="duty": [r["seq"] for r in d.desk(office, role).ask("_feed_page", after=after, until=until, limit=limit) if r["kind"]]  # noqa: E731
    assert page("j1", 0, 100, 100) == [1, 2, 4, 5, 6] and page("pb", 0, 100, 100, "viewer") == [1, 2, 3, 4, 5, 6] and page("j3", 0, 100, 100) == []
    assert page("j1", 1, 100, 2) == [2, 4] and page("j1", 2, 5, 100) == [4, 5]
    assert [r["seq"] for r in d.desk("p1").ask("_feed_pull", after=2, limit=3)] == [3, 4, 5]


@case
def snapshots(ground):
  """Open ones only, in pages, each row with the head that it is as new as; none open: the head alone."""
  with ground.district() as d:
    p = d.desk("p1")
    numbers = [d.report(p)["no"] for _ in range(5)]
    d.desk("p1", "chief").change("void_incident", numbers[2], reason="误")
    got, page = [], None
    while True:
      rows = p.ask("_snapshot", office=p.id, page=page, limit=2)
      assert {r["seq"] for r in rows} == {7}  # asked for, and voided
      got += [r["no"] for r in rows]
      page = rows[0]["next"]
      if not page:
        break
    assert got == [numbers[4], numbers[3], numbers[1], numbers[0]]
    empty = d.desk("j3", "head")
    assert [(r["no"], r["seq"], r["next"]) for r in empty.ask("_snapshot", office=empty.id, limit=2)] == [(None, 7, None)]


@case
def guard_knows_the_newest_migration(ground):
  import glob  # pylint: disable=import-outside-toplevel
  import os  # pylint: disable=import-outside-toplevel
  from desk import SERVER  # pylint: disable=import-outside-toplevel
  newest = sorted(os.path.basename(path)[:-4] for path in glob.glob(os.path.join(SERVER, "migrations", "*.sql")))[-1]
  with ground.district() as d:
    assert d.desk("p1").ask("_guard") == []
    d.sql("delete from migration where name = $1", newest)
    assert [row["reason"] for row in d.desk("p1").ask("_guard")] == ["the schema is older than this program"]
