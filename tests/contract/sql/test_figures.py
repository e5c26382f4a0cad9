"""Figures: the article's 172起 comes out exactly, with rows beside it that must not count; a past figure comes out the same when it is asked for
again; each opens into its list."""
from test_matrix import MOST, RELATIONS, ROLES, areas, peek, place
from support.runner import case


def opened(d, office, **fields):
  desk = d.desk(office, "head" if office.startswith("j") else "chief")
  row = desk.ask("open_dispute", type=2, title="邻里纠纷", **fields)[0]
  assert row["outcome"] == "done", row
  return row["no"]


def noted(d, office, no):
  row = d.desk(office, "head" if office.startswith("j") else "chief").ask("note_dispute", dispute=no, note="联合走访")[0]
  assert row["outcome"] == "done", row


def joint(d, office="p1", role="chief", **fields):
  """(sum, {(station, judicial): number})."""
  rows = d.desk(office, role).ask("report_joint", **fields)
  return rows[0]["total"], {(r["station"], r["judicial"]): r["disputes"] for r in rows if r["station"]}


def listed(d, office="p1", role="chief", **fields):
  found, page = [], None
  while True:
    rows = d.desk(office, role).ask("list_joint", page=page, **fields)
    found += [r["no"] for r in rows]
    page = rows[0]["next"] if rows else None
    if page is None:
      return found


def now(d):
  return d.sql("select clock_timestamp()")[0][0]


def merge(d, one, into):
  """Of two disputes one; with None it is taken back."""
  fields = {"into": into} if into else {}
  row = d.desk("p1", "chief").ask("merge_dispute" if into else "unmerge_dispute", dispute=one, reason="同一起纠纷", **fields)[0]
  assert row["outcome"] == "done", row


def recomputed(d, station, judicial):
  """The number once more, from the feed alone."""
  return d.sql("""select count(*) from dispute x where x.state not in (23, 24) and x.exercise is not true and (
      select count(distinct f.actor) from feed f join pairing p on p.station = $1 and p.judicial = $2 and (f.at at time zone 'Asia/Shanghai')::date >= p.started_on
        and (p.ended_on is null or (f.at at time zone 'Asia/Shanghai')::date < p.ended_on)
      where f.actor in ($1, $2) and f.num = any (joint_family(x.num)) and joint_act(f.kind, f.officer)) = 2""", d.ids[station], d.ids[judicial])[0][0]


@case
def one_hundred_and_seventy_two(ground):
  with ground.district() as d:
    expected = []
    for n in range(172):
      no = opened(d, ("p1", "j1")[n % 2])
      noted(d, ("j1", "p1")[n % 2], no)
      if n % 3 == 0:
        noted(d, "p1", no)
      expected.append(no)
    before = now(d)
    assert joint(d) == (172, {("p1", "j1"): 172}) == joint(d, "j1", "head")
    # what must not count: one side alone, an exercise, another pairing's, one merged into another, an act of a bureau
    for n in range(7):
      noted(d, "p1", opened(d, "p1"))
      opened(d, "j1")
    noted(d, "j1", opened(d, "p1", exercise=True))
    other = opened(d, "p2")
    noted(d, "j2", other)
    gone = opened(d, "p1")
    noted(d, "j1", gone)
    assert joint(d)[0] == 173
    merge(d, gone, expected[0])
    assert joint(d) == (172, {("p1", "j1"): 172})
    assert joint(d, "p2") == (1, {("p2", "j2"): 1}), "and that is another office's to see"
    assert joint(d, "pb", "viewer") == (173, {("p1", "j1"): 172, ("p2", "j2"): 1}), "a bureau sees those of its stations"
    found = listed(d, limit=50)
    assert sorted(found) == sorted(expected) and len(found) == 172
    # entered late: known from then on, and never before
    late = opened(d, "p1")
    then = now(d)
    d.sql("select pg_sleep(0.002)")  # acts have whole milliseconds: the next one is another
    noted(d, "j1", late)
    assert joint(d)[0] == 173 and joint(d, asof=then)[0] == 172 == joint(d, asof=before)[0]
    assert sorted(listed(d, asof=then)) == sorted(expected)
    assert joint(d, until=before)[0] == 172 and joint(d, **{"from": then})[0] == 1
    assert recomputed(d, "p1", "j1") == "173"


one_hundred_and_seventy_two.seconds = 120


@case
def what_merging_does(ground):
  """Of two that are one, one counts; an act on either side is the whole's; taken back, all is as it was, and what was told of a past time stays."""
  with ground.district() as d:
    one, two = opened(d, "p1"), opened(d, "j1")
    assert joint(d)[0] == 0
    t0 = now(d)
    merge(d, one, two)
    assert listed(d) == [two] and joint(d)[0] == 1, "the station's act came with it"
    t1 = now(d)
    merge(d, one, None)
    assert joint(d)[0] == 0 and joint(d, asof=t1)[0] == 1 and joint(d, asof=t0)[0] == 0
    noted(d, "j1", one)
    noted(d, "p1", two)
    assert joint(d)[0] == 2
    merge(d, two, one)
    assert listed(d) == [one] and joint(d, asof=t1)[0] == 1
    assert recomputed(d, "p1", "j1") == "1"


@case
def before_the_pairing(ground):
  """Acts from before it began are none of it; a pairing that is entered late counts what was done while it held, from its entry on."""
  with ground.district() as d:
    d.sql("delete from pairing where station = $1", d.ids["p2"])
    d.sql("select directory_work_out()")
    no = opened(d, "p2")
    d.sql("update dispute set sensitivity = 1")
    d.sql("insert into record_office(num, office, since, until, cause, mode) select num, $1, '2020-01-01', 'infinity', num, 2 from dispute", d.ids["j2"])
    noted(d, "j2", no)
    t0 = now(d)
    assert joint(d, "p2")[0] == 0
    d.sql("insert into pairing(station, judicial, started_on) values ($1, $2, (today() + 1))", d.ids["p2"], d.ids["j2"])
    assert joint(d, "p2")[0] == 0, "it begins tomorrow"
    d.sql("update pairing set started_on = today() - 3 where station = $1", d.ids["p2"])
    assert joint(d, "p2")[0] == 1 and joint(d, "p2", asof=t0)[0] == 0


@case
def by_who_sees_it(ground):
  """A dispute that is hidden from somebody is in none of his figures; nor is there a word of it in a list."""
  with ground.district() as d:
    no, other = opened(d, "p1"), opened(d, "p1")
    noted(d, "j1", no)
    noted(d, "j1", other)
    d.sql("update dispute set sensitivity = 3 where record_no(num) = $1", no)
    assert joint(d, "p1", "officer")[0] == 1 and listed(d, "p1", "officer") == [other] and joint(d, "p1", "chief")[0] == 2
    assert joint(d, "pb", "viewer")[0] == 1 and joint(d, "p2")[0] == 0
    assert d.app.value("select count(*) from joint_span") == "0", "nobody asks"
    assert d.desk("p1").ask("report_joint", office="nowhere")[0]["reason"] == "UNKNOWN_VALUE office" == d.desk("p1").ask("list_joint", office="nowhere")[0]["reason"]


@case
def matrix(ground):
  """Every role, relation and level: whoever sees a dispute, a transfer, an alert has it in his figures and lists, and nobody else."""
  cells, wrong = 0, []
  with ground.district() as d:
    areas(d)
    made = {}
    for office in ("p1", "j1", "p2", "area"):
      for level in range(5):
        home = "p2" if office == "area" else office
        desk = d.desk(home, "head" if office == "j1" else "chief")
        no = desk.ask("open_dispute", type=2, title="邻里纠纷", area={"p2": "other", "area": "shared"}.get(office))[0]["no"]
        noted(d, {"p1": "j1", "j1": "p1", "p2": "j2"}[home], no)
        d.sql("update dispute set sensitivity = $1 where record_no(num) = $2", level, no)
        made[office, level] = no
    for role in ROLES:
      for relation in (r for r in RELATIONS if r != "given"):
        reader, origin = place(role, relation)
        found = [r["no"] for r in peek(d, reader, ROLES[role], "list_joint", limit=500)]
        total = (peek(d, reader, ROLES[role], "report_joint") or [{"total": 0}])[0]["total"]
        assert total == len(found), (role, relation, total, found)
        for level in range(5):
          cells += 1
          if (made[origin, level] in found) != (level <= MOST[role].get(relation, -1)):
            wrong.append((role, relation, level))
  print(f"matrix of figures: {cells} cells, {len(wrong)} wrong", flush=True)
  assert not wrong, wrong[:20]


@case
def how_soon_alerts_are_acknowledged(ground):
  """In the buckets of the rule; exercises in none; not yet known is not acknowledged."""
  with ground.district() as d:
    p, j = d.desk("p1", "chief"), d.desk("j1", "head")
    took = (5, 31, 59, 60, 119, 150, 181, 4000, None)
    for seconds in (*took, "exercise"):
      fields = {"kind": 3, "title": "扬言放火", **({"status": 2} if seconds == "exercise" else {})}
      no = p.ask("raise_alert", **fields)[0]["no"]
      assert no
      if isinstance(seconds, int):
        assert j.ask("ack_alert", alert=no)[0]["outcome"] == "done"
        d.sql("update alert set created_at = acked_at - $1 * interval '1 second' where record_no(num) = $2", seconds, no)
    rows = {r["from_s"]: r["alerts"] for r in p.ask("report_alerts")}
    assert rows == {0: 1, 30: 2, 60: 2, 120: 1, 180: 2, None: 1}, rows
    acks = p.ask("list_alert_acks", limit=500)
    assert sorted(r["seconds"] for r in acks if r["seconds"] is not None) == sorted(t for t in took if t) and len(acks) == 9
    early = d.sql("select max(acked_at) - interval '1 hour' from alert")[0][0]
    past = {r["from_s"]: r["alerts"] for r in p.ask("report_alerts", asof=early)}
    assert past == {0: 0, 30: 0, 60: 0, 120: 0, 180: 0, None: 1}, past


@case
def how_long_transfers_take(ground):
  with ground.district() as d:
    p, j = d.desk("p1", "chief"), d.desk("j1", "head")
    for hours in (1, 2, 9):
      no = p.ask("send_transfer", about=opened(d, "p1"), to_office="j1", mode=2, reason="请协助调解")[0]["no"]
      assert no and j.ask("sign_transfer", transfer=no)[0]["outcome"] == "done"
      d.sql("update transfer set sent_at = signed_at - $1 * interval '1 hour', delivered_at = signed_at - $1 * interval '30 minutes' where record_no(num) = $2", hours, no)
    exercise = p.ask("send_transfer", about=opened(d, "p1", exercise=True), to_office="j1", mode=1, reason="演练")[0]["no"]
    assert exercise and j.ask("sign_transfer", transfer=exercise)[0]["outcome"] == "done"
    rows = {r["leg"]: r for r in p.ask("report_transfers")}
    assert set(rows) == {"delivered_at", "signed_at"} and rows["signed_at"]["transfers"] == 3, rows
    assert (rows["signed_at"]["median_s"], rows["signed_at"]["longest_s"]) == (3600, 16200), rows
    found, page = [], None
    while True:
      part = j.ask("list_transfer_legs", limit=2, page=page)
      found += [(r["no"], r["leg"]) for r in part]
      page = part[0]["next"]
      if page is None:
        break
    assert len(found) == 6 == len(set(found)) and exercise not in {f[0] for f in found}
