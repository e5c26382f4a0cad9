"""What stands of disputes, transfers, alerts and tasks against what their chained history says. Incidents: tests/live/test_evidence.py."""
import functools

from support.runner import case

FIRST = "(select min(num) from {0})"
EDITS = (  # what a superuser does, and what is said of it
  ("title", "dispute", "update dispute set title = '小事' where num = " + FIRST, "title"),
  ("colour", "dispute", "update dispute set warning = 1 where num = " + FIRST, "warning"),
  ("state", "dispute", "update dispute set state = 20 where num = " + FIRST, "state"),
  ("level", "dispute", "update dispute set sensitivity = 1 where num = " + FIRST, "sensitivity"),
  ("level_of_another", "dispute", "update dispute set sensitivity = 4 where num > " + FIRST, "sensitivity"),
  ("area", "dispute", "update dispute set area = null where num = " + FIRST, "area"),
  ("other_area", "dispute", "update dispute set area = (select id from area where code = 'b') where num = " + FIRST, "area"),
  ("lead", "dispute", "update dispute set lead_office = 1 where num = " + FIRST, "lead_office"),
  ("origin", "dispute", "update dispute set origin = origin + 1 where num = " + FIRST, "origin"),
  ("went_back", "dispute", "update dispute set events = events[:1], version = 1 where num = " + FIRST, "events"),
  ("version", "dispute", "update dispute set version = 1 where num = " + FIRST, "version"),
  ("removed", "dispute", "delete from dispute where num = " + FIRST, "MISSING"),
  ("invented", "dispute", "insert into dispute select (jsonb_populate_record(d, jsonb_build_object('num', num + 500, 'id', gen_random_uuid()))).* from dispute d where num = " + FIRST, "INVENTED"),
  ("why", "transfer", "update transfer set why = '无' where num = " + FIRST, "why"),
  ("receiver", "transfer", "update transfer set to_office = 1 where num = " + FIRST, "to_office"),
  ("signed", "transfer", "update transfer set signed_by = '别人' where num = " + FIRST, "signed_by"),
  ("acked", "alert", "update alert set acked_at = acked_at - interval '5 minutes' where acked_at is not null", "acked_at"),
  ("severity", "alert", "update alert set severity = 4 where num = " + FIRST, "severity"),
  ("level", "alert", "update alert set sensitivity = 0 where num = " + FIRST, "sensitivity"),
  ("answered", "task", "update task set result = '没有' where num = " + FIRST, "result"),
)


def live(d):
  """One of each kind, changed a few times."""
  p, j = d.desk("p1", "chief"), d.desk("j1", "head")
  d.sql("insert into area(code, name, office) select x, x, id from office, unnest(array['a', 'b']) x where code = 'p1'")
  no = p.ask("open_dispute", type=2, title="邻里漏水", area="a")[0]["no"]
  done = lambda rows: rows[0]["outcome"] == "done" or rows[0]  # noqa: E731
  assert done(p.ask("assess_dispute", dispute=no, warning=3)) is True
  assert done(p.ask("grade_incident", incident=no, sensitivity=2, reason="有未成年人")) is True
  assert done(j.ask("accept_dispute", dispute=no, consent="双方当面同意")) is True
  p.ask("open_dispute", type=1, title="另一起")
  transfer = p.ask("send_transfer", about=no, to_office="j1", mode=2, reason="共同办理")[0]["no"]
  for verb in ("deliver_transfer", "sign_transfer"):
    assert done(j.ask(verb, transfer=transfer)) is True
  alert = p.ask("raise_alert", kind=3, title="扬言放火")[0]["no"]
  assert done(j.ask("ack_alert", alert=alert)) is True
  task = p.ask("add_task", to_office="j1", title="上门走访", about=no)[0]["no"]
  assert done(j.ask("accept_task", task=task)) is True and done(j.ask("finish_task", task=task, result="已走访")) is True
  assert done(p.ask("correct_dispute", dispute=no, area="a", title="楼上漏水")) is True


@functools.cache
def lived(ground):
  """Database in which all that has happened."""
  d = ground.district()
  live(d)
  assert d.sql("select checked > 4, broken, first_broken from records_verify()") == [("t", "0", None)]
  d.close()
  return d.name


@case.table((f"{table}.{name}", table, statement, said) for name, table, statement, said in EDITS)
def an_edit_is_found(ground, table, statement, said):
  """Told by number and field."""
  name = ground.database(lived(ground))
  with ground.session(name) as s:
    s.rows("set session_replication_role = replica")
    s.rows(statement.format(table))
    (broken, first), = s.rows("select broken, first_broken from records_verify()")
    assert int(broken) >= 1 and first.endswith(" " + said), (broken, first)
