"""What the server's role may do to the tables, and who sees what an office enters."""
from support.runner import case
from support.sql import SqlError

FORBIDDEN = (
  ("feed_update", "update feed set note = 'x'"), ("feed_delete", "delete from feed"), ("feed_truncate", "truncate feed"),
  ("incident_delete", "delete from incident"), ("head_delete", "delete from feed_head"), ("head_insert", "insert into feed_head select * from feed_head"),
  ("search_delete", "delete from incident_search"), ("office_write", "update office set name = 'x'"),
  ("office_insert", "insert into office(code, name, system, kind) values ('x', 'x', 1, 'station')"),
  ("device_write", "update device set revoked = false"), ("pairing_write", "delete from pairing"), ("rules_write", "delete from incident_transition"),
  ("threshold_write", "update threshold set repeat_days = 1"), ("secret_write", "update secret set value = 'x'"),
  ("ddl_create", "create table liandong.x(i int)"), ("ddl_alter", "alter table feed add x int"), ("ddl_drop", "drop function feed_append(feed)"),
  ("trigger_off", "alter table feed disable trigger all"), ("role", "set role liandong_owner"),
)


@case.table(FORBIDDEN)
def forbidden(ground, statement):
  with ground.district() as d:
    d.report(d.desk("p1"))
    try:
      d.app.rows(statement)
    except SqlError as e:
      assert e.state == "42501", f"{e}"
      return
    raise AssertionError("it was allowed")


@case
def nobody_sees_nothing(ground):
  """Without a caller every door is shut, for reading and for writing."""
  with ground.district() as d:
    no = d.report(d.desk("p1"))["no"]
    for table in ("incident", "incident_search", "feed", "record_access"):
      assert d.app.value(f"select count(*) from {table}") == "0", table
    assert d.sql("select visible(i) from incident i") == [("f",)]
    assert d.app.value("select reason from incident_find($1)", no) == "NOT_FOUND"
    assert d.app.rows("select outcome, reason from incident_change($1, 'x', 'note_incident', $2, null, '{}', 'x')",
                      "018f0000-0000-7000-8000-000000000001", no) == [("refused", "NOT_FOUND")]


AUDIENCES = (("p1", {"p1", "j1", "pb", "jb"}), ("j1", {"p1", "j1", "pb", "jb"}), ("p2", {"p2", "j2", "pb", "jb"}), ("j3", {"j3"}), ("pb", {"pb"}))


@case.table((office, office, wanted) for office, wanted in AUDIENCES)
def audience(ground, office, wanted):
  with ground.district() as d:
    codes = {row[0] for row in d.sql("select r.code from office o join office r on r.id = any (o.audience) where o.code = $1", office)}
    assert codes == wanted, codes
    readers = {row[0] for row in d.sql("select r.code from office r where (select id from office where code = $1) = any (r.sees)", office)}
    assert readers == wanted, "the two directions differ"


def sees(d, office, role, no):
  desk = d.desk(office, role)
  seen = {*(desk.ask(request, incident=no)[0]["reason"] is None for request in ("show_incident", "show_history")), no in desk.numbers("list_incidents"),
          no in desk.numbers("search_incidents", text="争吵"), no in [r["no"] for r in desk.ask("_feed_page", after=0, until=10**9, limit=100) if r["kind"]],
          no in [r["no"] for r in desk.ask("_snapshot", limit=100)]}
  assert len(seen) == 1, f"{office}: the doors disagree"
  return seen.pop()


@case
def one_predicate_at_every_door(ground):
  with ground.district() as d:
    no = d.report(d.desk("j1", "mediator"))["no"]
    for office, role, wanted in (("p1", "duty", True), ("j1", "mediator", True), ("pb", "viewer", True), ("jb", "viewer", True),
                                 ("p2", "duty", False), ("j2", "mediator", False), ("j3", "head", False)):
      assert sees(d, office, role, no) == wanted, office


@case
def pairings_hold_by_date(ground):
  """A new pairing opens what was entered before; an ended one closes everything; what begins tomorrow waits for the day."""
  with ground.district() as d:
    no = d.report(d.desk("p1"))["no"]
    pair = "insert into pairing(station, judicial, started_on) values ((select id from office where code = 'p1'), (select id from office where code = 'j3'), $1)"
    assert not sees(d, "j3", "head", no)
    version = int(d.sql("select version from directory_head")[0][0])
    d.sql(pair, "2100-01-01")
    assert not sees(d, "j3", "head", no)
    d.sql("update pairing set started_on = today() where started_on = '2100-01-01'")
    assert sees(d, "j3", "head", no)
    assert int(d.sql("select version from directory_head")[0][0]) > version, "servers would not notice"
    d.sql("update pairing set started_on = '2020-01-01', ended_on = today() where judicial = (select id from office where code = 'j3')")
    assert not sees(d, "j3", "head", no)


@case
def a_new_day_is_noticed_by_the_next_write(ground):
  """Pairings that begin with a day need no change of the directory: the first write of the day works them out."""
  with ground.district() as d:
    d.sql("alter table pairing disable trigger changed")
    d.sql("insert into pairing(station, judicial, started_on) select s.id, j.id, today() from office s, office j where s.code = 'p1' and j.code = 'j3'")
    d.sql("update feed_head set day = day - 1")
    no = d.report(d.desk("p1"))["no"]
    assert sees(d, "j3", "head", no)
    assert d.sql("select day = today() from feed_head") == [("t",)]
