"""Attachments as SQL sees them: begun once, filled in order, one event, gone with the record's rights. Sealing and hashes are the server's: here the
hash of a chunk is whatever the case says."""
import hashlib

from desk import load
from test_matrix import MOST, RELATIONS, ROLES, peek, place, records
from support.runner import case

CHUNK = 131072


def begin(desk, no, text="a", size=CHUNK * 2 + 5, **fields):
  return desk.ask("begin_attachment", **{"record": no, "name": "信.pdf", "size": size, "sha256": hashlib.sha256(text.encode()).hexdigest(), **fields})[0]


def put(desk, attachment, offset, digest="state", content="\\xaa", **fields):
  return desk.ask("put_chunk", attachment=attachment, offset=offset, bytes=content, digest=digest, **fields)[0]


def whole(desk, record, text="a"):
  """All three chunks; the last receipt."""
  started = begin(desk, record, text)
  for offset in (0, CHUNK):
    assert put(desk, started["attachment"], offset)["complete"] is False
  return put(desk, started["attachment"], 2 * CHUNK, hashlib.sha256(text.encode()).hexdigest())


def incident(d, office="p1"):
  return d.report(d.desk(office))["no"]


def dispute(d, office="j1"):
  return d.desk(office, "head").ask("open_dispute", type=2, title="邻里漏水")[0]["no"]


@case.table((("incident", incident), ("dispute", dispute)))
def from_begin_to_event(ground, made):
  """Filled in order, told in one event of the record, and not begun anew by whoever has the same file."""
  with ground.district() as d:
    no, p, j = made(d), d.desk("p1", "chief"), d.desk("j1", "head")
    started = begin(p, no)
    assert (started["outcome"], started["offset"], started["chunk"], started["complete"]) == ("done", 0, CHUNK, False), started
    a = started["attachment"]
    assert put(p, a, CHUNK)["reason"] == "WRONG_OFFSET" == put(p, a, 7)["reason"]
    first = put(p, a, 0)
    assert (first["outcome"], first["offset"], first["complete"], first["no"]) == ("done", CHUNK, False, None)
    again = put(j, a, 0)
    assert (again["outcome"], again["replay"], again["offset"]) == ("done", True, CHUNK), "another uploader is told where to go on"
    assert begin(j, no)["attachment"] == a and begin(j, no)["offset"] == CHUNK, "the same file is the same attachment"
    assert begin(j, no, "b")["attachment"] != a
    assert put(j, a, CHUNK)["offset"] == 2 * CHUNK
    assert put(p, a, 2 * CHUNK, digest=None)["reason"] == "WRONG_OFFSET", "a chunk of which nothing was hashed is none"
    before = d.sql("select count(*) from feed")[0][0]
    last = put(p, a, 2 * CHUNK, hashlib.sha256(b"a").hexdigest())
    assert (last["complete"], last["no"], last["offset"], last["version"]) == (True, no, 2 * CHUNK + 5, 2), last
    events = d.sql("select kind, no, version, changed, new_values, officer from feed where seq > $1", before)
    assert events == [("attached", no, "2", "{attachment,media_type,size}", "{%s,application/octet-stream,%s}" % (a, 2 * CHUNK + 5), "p1-chief")], events
    assert put(p, a, 2 * CHUNK, "x")["replay"] and d.sql("select count(*) from feed where seq > $1", before) == [("1",)]
    assert begin(j, no)["complete"] and begin(j, no)["replay"]
    assert d.desk("p1").ask("verify_feed")[0]["intact"] and d.sql("select records_verify()")
    listed = {r["attachment"]: r for r in p.ask("list_attachments", record=no)}
    assert listed[a]["complete"] and listed[a]["received"] == 2 * CHUNK + 5 and len(listed) == 2


@case
def what_is_refused(ground):
  with ground.district() as d:
    no, p = incident(d), d.desk("p1")
    reasons = {begin(p, no, **wrong)["reason"] for wrong in ({"size": 0}, {"size": 20971521}, {"name": " "}, {"media_type": "图片"}, {"record": "JQ-2026-099999"})}
    assert reasons == {"OUT_OF_RANGE", "FILE_TOO_LARGE", "REQUIRED", "UNKNOWN_VALUE", "NOT_FOUND"}, reasons
    assert begin(d.desk("p2"), no)["reason"] == "NOT_FOUND", "no right"
    assert begin(d.desk("pb", "chief"), no)["reason"] in ("NOT_YOURS", "NOT_FOUND")
    wrong = begin(p, no, size=10)
    assert put(p, wrong["attachment"], 0, "another hash")["reason"] == "WRONG_HASH"
    assert put(p, wrong["attachment"], 0)["reason"] == "NOT_FOUND", "it was thrown away"
    assert begin(p, no, size=10)["attachment"] != wrong["attachment"], "and can be sent again"
    d.sql("update attachment_rule set record_most = 1000")
    assert begin(p, no, "c", size=1000)["reason"] == "RECORD_FULL"
    assert begin(p, no, "c", size=900)["outcome"] == "done"
    assert d.sql("select count(*) from audit where request in ('begin_attachment', 'put_chunk') and kind = 'denied'")[0][0] == "4"


@case
def unfinished_ones_end(ground):
  """A day after the last chunk, within a minute or at whoever begins next; finished ones stay. How long is data."""
  with ground.district() as d:
    no, p = incident(d), d.desk("p1")
    done, left, fresh = whole(p, no, "a")["attachment"], begin(p, no, "b")["attachment"], begin(p, no, "c")["attachment"]
    put(p, left, 0)
    d.sql("update attachment set touched_at = now() - interval '25 hours' where id in ($1, $2)", done, left)
    begin(d.desk("p2"), incident(d, "p2"), "d")
    assert {int(r[0]) for r in d.sql("select id from attachment")} >= {done, fresh} and not d.sql("select from attachment where id = $1", left)
    assert not d.sql("select from attachment_chunk where attachment = $1", left)
    d.sql("update attachment set touched_at = now() - interval '25 hours' where id in ($1, $2)", done, fresh)
    d.sql("update attachment_rule set hours = 26")
    given_up = lambda: p.ask("_feed_keep", keep_ms=0)[0]["given_up"]  # noqa: E731
    assert given_up() == 0
    d.sql("update attachment_rule set hours = 24")
    assert (given_up(), given_up()) == (1, 0) and not d.sql("select from attachment where id = $1", fresh) and d.sql("select from attachment where id = $1", done)


def seen(desk, a, no):
  """By which doors an attachment is there."""
  got = desk.ask("get_attachment", attachment=a)[0]
  return {"list": a in [r["attachment"] for r in desk.ask("list_attachments", record=no)], "get": got["reason"] is None,
          "chunk": desk.ask("get_chunk", attachment=a, offset=0)[0]["reason"] is None, "put": put(desk, a, 0)["outcome"] == "done",
          "begin": begin(desk, no)["outcome"] == "done"}


@case.table((("incident", incident), ("dispute", dispute)))
def by_the_record_s_own_predicate(ground, made):
  """At every door and every chunk: who sees the record, by office and level, and no longer once it is closed to him."""
  with ground.district() as d:
    no = made(d, "p1") if made is incident else made(d)
    chief = d.desk("p1", "chief")
    a = whole(chief, no)["attachment"]
    own, paired, other = d.desk("p1"), d.desk("j1", "mediator"), d.desk("p2", "chief")
    assert set(seen(own, a, no).values()) == set(seen(paired, a, no).values()) == {True}
    assert set(seen(other, a, no).values()) == {False}
    d.sql(f"update {'incident' if made is incident else 'dispute'} set sensitivity = 3")
    assert set(seen(own, a, no).values()) == set(seen(paired, a, no).values()) == {False}, "between two chunks"
    assert set(seen(chief, a, no).values()) == {True}
    for table in ("attachment", "attachment_chunk"):
      assert d.app.value(f"select count(*) from {table}") == "0", "nobody calls"


@case
def matrix(ground):
  """Every role, relation and level, at the doors that name an attachment."""
  cells, wrong = 0, []
  with ground.district() as d:
    made, chiefs = records(d), {"p1": d.desk("p1", "chief"), "j1": d.desk("j1", "head"), "p2": d.desk("p2", "chief"), "area": d.desk("p2", "chief"), "given": d.desk("p2", "chief")}
    d.sql("create table kept as select num, sensitivity from incident")
    d.sql("update incident set sensitivity = 1")
    attached = {at: whole(chiefs[at[0]], no)["attachment"] for at, no in made.items()}
    d.sql("update incident i set sensitivity = k.sensitivity from kept k where k.num = i.num")
    d.sql("insert into attachment_reading select a.id, 0, 1, '2100-01-01' from attachment a")
    for role in ROLES:
      for relation in RELATIONS:
        reader, origin = place(role, relation)
        for level in range(5):
          a = attached[origin, level]
          shown = {"get_attachment": peek(d, reader, ROLES[role], "get_attachment", attachment=a)[0]["reason"] is None,
                   "get_chunk": peek(d, reader, ROLES[role], "get_chunk", attachment=a, offset=CHUNK)[0]["reason"] is None,
                   "put_chunk": peek(d, reader, ROLES[role], "put_chunk", attachment=a, offset=0, bytes="\\xaa", digest="x")[0]["reason"] != "NOT_FOUND"}
          cells += len(shown)
          wrong += [(role, relation, level, name) for name, seen_ in shown.items() if seen_ != (level <= MOST[role].get(relation, -1))]
  print(f"matrix of attachments: {cells} cells, {len(wrong)} wrong", flush=True)
  assert not wrong, wrong[:20]


matrix.seconds = 60


@case
def downloads_are_written_down(ground):
  """Once each, where the record is sensitive; chunks are for whoever began, and end with the hours of the rule."""
  with ground.district() as d:
    no, chief, head = incident(d), d.desk("p1", "chief"), d.desk("j1", "head")
    a = whole(chief, no)["attachment"]
    read = lambda: d.sql("select kind, no, level, officer from audit where kind like '%attachment%' order by seq")  # noqa: E731
    assert chief.ask("get_chunk", attachment=a, offset=0)[0]["reason"] == "NOT_BEGUN"
    chief.ask("get_attachment", attachment=a)
    assert read() == [], "plain work"
    d.sql("update incident set sensitivity = 2")
    for offset in (0, CHUNK, 2 * CHUNK):
      row = chief.ask("get_chunk", attachment=a, offset=offset)[0]
      assert (row["reason"], row["offset"], row["bytes"]) == (None, offset, "\\xaa"), row
    assert read() == [] and head.ask("get_chunk", attachment=a, offset=0)[0]["reason"] == "NOT_BEGUN"
    head.ask("get_attachment", attachment=a)
    assert read() == [("get_attachment", no, "2", "j1-head")] and head.ask("get_chunk", attachment=a, offset=CHUNK)[0]["reason"] is None
    assert head.ask("get_chunk", attachment=a, offset=1)[0]["reason"] == "WRONG_OFFSET offset" == head.ask("get_chunk", attachment=a, offset=3 * CHUNK)[0]["reason"]
    d.sql("update attachment_reading set until = now() - interval '1 second'")
    assert head.ask("get_chunk", attachment=a, offset=0)[0]["reason"] == "NOT_BEGUN"
    head.ask("list_attachments", record=no)
    assert read()[1:] == [("list_attachments", no, "2", "j1-head")]
    assert chief.ask("get_attachment", attachment=begin(chief, no, "unfinished")["attachment"])[0]["reason"] == "NOT_FOUND"


@case
def a_page_of_them(ground):
  with ground.district() as d:
    no, p = incident(d), d.desk("p1")
    made = [begin(p, no, str(n))["attachment"] for n in range(5)]
    found, page = [], None
    while True:
      rows = p.ask("list_attachments", record=no, limit=2, page=page)
      found += [r["attachment"] for r in rows]
      page = rows[0]["next"]
      if page is None:
        break
    assert found == made[::-1]
    assert load("list_attachments")[1] == ["record", "page", "limit"]
