"""Row-level security turns no look-up by index into a scan of a whole table: what PostgreSQL counted while the statements ran, functions and
all, on tables that are analysed and large enough to be worth an index. Planned as the server's readers plan: nothing is forbidden."""
import json
import re

from desk import array, load
from support.runner import case

RECORDS = 6000
TABLES = ("incident", "feed", "incident_search")
_grounds = {}


def filled(ground):
  """One district for all cases: four offices' records, of all levels, indexed and analysed."""
  if ground in _grounds:
    return _grounds[ground]
  d = ground.district()
  desks = [d.desk("p1"), d.desk("j1", "mediator"), d.desk("p2"), d.desk("j2", "mediator")]
  d.sql("insert into area(code, name, office) select 'g1', '一网格', id from office where code = 'pb'")
  d.sql("insert into area_office(area, office, started_on) select a.id, o.id, '2020-01-01' from area a, office o where o.code = 'j1'")
  for part in range(RECORDS // 500):
    d.group(*[(desks[i % 4], {"class": 6, "content": f"邻居争吵第{part}栋{'金鱼' if i == 77 else ''}", "place": f"{part}号院{i}", "reporter_phone": f"138{part:04}{i:04}",
                              "area": "g1" if i % 20 in (0, 2) else None,
                              "received_at": f"2024-01-{1 + part % 28:02}T{i % 24:02}:00:00Z"}) for i in range(500)])
  d.sql("update incident set sensitivity = num % 35 where num % 35 < 5")
  while desks[0].ask("_search_index", limit=1000)[0]["indexed"]:
    pass
  d.sql("insert into record_access(record, account, since, until, granted_by, reason) values ((select id from incident where origin = $1 order by num limit 1), 7, '2020-01-01', '2100-01-01', 'x', 'x')", d.ids["p2"])
  d.sql("vacuum analyze")
  _grounds[ground] = d
  return d


def scans(d, desk, name, account, fields):
  """(rows, whole-table scans, explained) of one execution as a caller."""
  text, names = load(name)
  values = [array(v) if isinstance(v, list) else v for v in (fields.get(n) for n in names)]
  app = d.app
  app.rows("begin")
  app.rows("select set_config('liandong.office', $1, true), set_config('liandong.role', $2, true), set_config('liandong.account', $3, true)",
           desk.id, desk.role, account)
  counted = "select relname, seq_scan from pg_stat_xact_user_tables where schemaname = 'liandong' and seq_scan > 0"
  before = dict(app.rows(counted))
  found = app.rows(text, *values)
  after = {t: int(n) - int(before.get(t, 0)) for t, n in app.rows(counted)}
  explained = "\n".join(row[0] for row in app.rows("explain (costs off) " + text, *values))
  app.rows("commit")
  return found, {t: n for t, n in after.items() if t in TABLES and n > 0}, explained


STATEMENTS = (
  ("list", "list_incidents", {}), ("list_open", "list_incidents", {"open": "true", "level_at_least": 3}), ("list_office", "list_incidents", {"office": "j1"}), ("list_area", "list_incidents", {"area": "g1", "open": "true"}),
  ("list_classes", "list_incidents", {"classes": [6], "limit": 20}), ("show", "show_incident", {"incident": "no"}), ("show_uuid", "show_incident", {"incident": "id"}),
  ("show_tail", "show_incident", {"incident": "tail"}), ("show_hidden", "show_incident", {"incident": "hidden"}), ("history", "show_history", {"incident": "no"}),
  ("search_rare", "search_incidents", {"text": "金鱼"}), ("search_frequent", "search_incidents", {"text": "争吵"}),
  ("page", "_feed_page", {"after": 3000, "until": 6000, "limit": 200}), ("stretch", "_feed_stretch", {"after": 3000, "until": 3500, "limit": 200}),
  ("pull", "_feed_pull", {"after": 3000, "limit": 200}), ("snapshot", "_snapshot", {"limit": 24}),
)


@case.table(STATEMENTS)
def by_index(ground, name, fields):
  d = filled(ground)
  no, key = d.sql("select incident_no(num), id from incident where origin = $1 and sensitivity = 1 order by num limit 1 offset 500", d.ids["p1"])[0]
  hidden = d.sql("select incident_no(num) from incident where origin = $1 and sensitivity = 4 order by num limit 1 offset 3", d.ids["p1"])[0][0]
  named = {"no": no, "id": key, "tail": no[-4:], "hidden": hidden}
  fields = {k: named.get(v, v) if k == "incident" else v for k, v in fields.items()}
  for office, role, account in (("p1", "duty", 0), ("j1", "head", 7), ("pb", "viewer", 0)):
    found, whole, explained = scans(d, d.desk(office, role), name, account, fields)
    assert not whole, f"{office}: {whole}\n{explained}"
    for table in TABLES:
      assert not re.search(rf"Seq Scan on {table}( |$)", explained, re.MULTILINE), explained
    assert found or name.startswith("search") or role == "viewer", (office, name)


def rows_read(plan):
  """Rows that the scans below a node of a plan gave back."""
  own = plan["Actual Rows"] * plan["Actual Loops"] if plan.get("Relation Name") == "feed" else 0
  return own + sum(rows_read(part) for part in plan.get("Plans", ()))


@case.table((("pull", "_feed_pull", {"after": 100}), ("page", "_feed_page", {"after": 100, "until": 6000}),
             ("stretch", "_feed_stretch", {"after": 100, "until": 6000})))
def no_more_than_the_page(ground, statement, limits):
  """What comes after a page is left alone: a backlog of many pages must not cost their square."""
  d, limit = filled(ground), 200
  text, names = load(statement)
  fields = {**limits, "limit": limit}
  desk, app = d.desk("p1"), d.app
  app.rows("begin")
  app.rows("select set_config('liandong.office', $1, true), set_config('liandong.role', $2, true)", desk.id, desk.role)
  plan = json.loads("\n".join(row[0] for row in app.rows("explain (analyze, timing off, format json) " + text, *(fields[n] for n in names))))
  app.rows("commit")
  read = rows_read(plan[0]["Plan"])
  offices_seen = 2
  assert limit <= read <= (2 * offices_seen + 1) * limit, read


@case
def a_list_of_a_week_reads_a_week(ground):
  """Planned without looking at the values, as after some executions of a prepared statement: from and until are conditions of the index."""
  d = filled(ground)
  text, names = load("list_incidents")
  app, desk = d.app, d.desk("p1")
  app.rows("begin")
  app.rows("select set_config('liandong.office', $1, true), set_config('liandong.role', $2, true), set_config('plan_cache_mode', 'force_generic_plan', true)",
           desk.id, desk.role)
  app.rows("prepare listed as " + text)
  given = {"from": "'2024-01-03Z'", "until": "'2024-01-04Z'"}
  explained = "\n".join(row[0] for row in app.rows(f"explain (costs off) execute listed({', '.join(given.get(n, 'null') for n in names)})"))
  app.rows("rollback")
  condition = re.search(r"incident_list on incident.*\n *Index Cond: (.*)", explained)[1]
  assert condition.count("CASE WHEN") >= 2 and "received_at <" in condition, explained


@case
def plans_shown(ground):
  """For the log: how the four that matter most are carried out under row-level security."""
  d = filled(ground)
  no = d.sql("select incident_no(num) from incident where origin = $1 and sensitivity = 1 order by num limit 1", d.ids["p1"])[0][0]
  for name, fields in (("list_incidents", {}), ("show_incident", {"incident": no}), ("_feed_page", {"after": 3000, "until": 6000, "limit": 200}),
                       ("_feed_stretch", {"after": 3000, "until": 3500, "limit": 200})):
    print(f"-- {name}\n{scans(d, d.desk('p1'), name, 0, fields)[2]}", flush=True)


@case
def an_area_costs_its_own_rows(ground):
  """Whoever sees another side's records by an area reads those and no others: of lists, pages of the feed and a snapshot, rows looked at."""
  d, limit = filled(ground), 200
  looked = {}
  for office in ("j1", "j2"):  # with the area, and without
    for name, fields in (("list_incidents", {"limit": limit}), ("_snapshot", {"limit": limit}), ("_feed_page", {"after": 100, "until": 6000, "limit": limit})):
      text, names = load(name)
      d.app.rows("begin")
      d.app.rows("select set_config('liandong.office', $1, true), set_config('liandong.role', '5', true)", d.ids[office])
      plan = json.loads("\n".join(row[0] for row in d.app.rows("explain (analyze, timing off, format json) " + text, *(fields.get(n) for n in names))))
      d.app.rows("commit")
      looked[office, name] = rows_of(plan[0]["Plan"], "incident")
  for name in ("list_incidents", "_snapshot", "_feed_page"):
    assert looked["j1", name] <= looked["j2", name] + 3 * (limit + 1) + 600, (name, looked)  # 600: what the area holds in all
  print(looked, flush=True)


def rows_of(plan, table):
  own = (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * plan["Actual Loops"] if plan.get("Relation Name") == table else 0
  return own + sum(rows_of(part, table) for part in plan.get("Plans", ()))
