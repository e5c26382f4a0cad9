"""Figures: the article's 172起 comes out exactly, with rows beside it that must not count; a past figure comes out the same when it is asked for
again; each opens into its list."""
import random

from desk import ROLES as SIX, array
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


def joint(d, office="p1", role="chief", /, **fields):
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


def mediated(d, *held, **fields):
  """A dispute that j1 leads, with a session at each of these moments: (mode, held_at)."""
  no = opened(d, "p1", **fields)
  for desk, name, more in ((d.desk("p1"), "assess_dispute", {"warning": 2}), (d.desk("j1", "head"), "accept_dispute", {"consent": "双方签字"})):
    row = desk.ask(name, dispute=no, **more)[0]
    assert row["outcome"] == "done", row
  for mode, at in held:
    hold(d, no, mode, at)
  return no


def hold(d, no, mode, at, **fields):
  row = d.desk("j1", "head").ask("hold_session", dispute=no, session_mode=mode, held_at=at, **fields)[0]
  assert row["outcome"] == "done", row


def sessions(d, office="j1", role="head", /, **fields):
  """(sessions, disputes, most rounds of one, {mode: sessions}); the list must have as many, whatever its pages."""
  rows = d.desk(office, role).ask("report_sessions", **fields)
  found, page = [], None
  while True:
    part = d.desk(office, role).ask("list_session_times", limit=4, page=page, **fields)
    found += [(r["no"], r["round"], r["held_at"]) for r in part]
    page = part[0]["next"] if part else None
    if page is None:
      break
  assert len(found) == len(set(found)) == rows[0]["total"] and len({f[0] for f in found}) == rows[0]["disputes"], (found, rows)
  return rows[0]["total"], rows[0]["disputes"], rows[0]["rounds"], {r["session_mode"]: r["sessions"] for r in rows if r["sessions"]}


def now(d):
  """This moment, which is gone by when it is told: acts have whole milliseconds, and neither the one before nor the next one shares it."""
  d.sql("select pg_sleep(0.002)")
  moment = d.sql("select clock_timestamp()")[0][0]
  d.sql("select pg_sleep(0.002)")
  return moment


def joint_by_rows(d, office, role, asof=None, from_=None, until=None, of=None):
  """As `joint`, counted from the spans one by one."""
  app = d.app
  app.rows("begin")
  app.rows("select set_config('liandong.office', $1, true), set_config('liandong.role', $2, true), set_config('liandong.account', '0', true)", d.ids[office], SIX[role])
  try:
    rows = app.rows("select p.code, j.code, s.num from joint_spans($1, figure_asof($2), $3, $4) s join office p on p.id = s.station join office j on j.id = s.judicial", of, asof, from_, until)
  finally:
    app.rows("rollback")
  pairs = [(p, j) for p, j, _ in rows]
  return len({num for *_, num in rows}), {pair: pairs.count(pair) for pair in pairs}


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
      where f.actor in ($1, $2) and f.num = any (dispute_family(x.num)) and joint_act(f.kind, f.officer, f.act <> '')) = 2""", d.ids[station], d.ids[judicial])[0][0]


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
    # what must not count: one side alone, an exercise, another pairing's, one merged into another, acts from before the pairing began
    for n in range(7):
      noted(d, "p1", opened(d, "p1"))
      opened(d, "j1")
    noted(d, "j1", opened(d, "p1", exercise=True))
    early = opened(d, "p1")
    noted(d, "j1", early)
    d.sql("update feed set at = '2022-10-27T15:59:00Z' where no = $1 and actor = $2", early, d.ids["j1"])  # the day before, in China
    d.sql("update pairing set started_on = '2022-10-28' where station = $1", d.ids["p1"])
    assert early not in listed(d, limit=500)
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
def a_pairing_that_changes(ground):
  """What was done outside its time counts no more from then on; ended and begun again, both times count; asked for a past time, all is as it was."""
  with ground.district() as d:
    nos = [opened(d, "p1") for _ in range(3)]
    for no in nos:
      noted(d, "j1", no)
    d.sql("update feed set at = at - interval '10 days' where no = $1", nos[0])
    d.sql("update pairing set started_on = today() - 20 where station = $1", d.ids["p1"])
    t0 = now(d)
    assert joint(d)[0] == 3
    d.sql("update pairing set started_on = today() - 5 where station = $1", d.ids["p1"])
    assert joint(d)[0] == 2 and sorted(listed(d)) == nos[1:] and joint(d, asof=t0)[0] == 3
    t1 = now(d)
    d.sql("insert into pairing(station, judicial, started_on, ended_on) values ($1, $2, today() - 30, today() - 8)", d.ids["p1"], d.ids["j1"])
    assert joint(d)[0] == 3 and joint(d, asof=t1)[0] == 2
    d.sql("update pairing set station_agreed = false where station = $1 and ended_on is null", d.ids["p1"])
    assert listed(d) == nos[:1] and joint(d, asof=t0)[0] == 3


@case
def a_page_ends_between_two_pairings(ground):
  """A dispute of two pairings stands in the list twice, also where a page ends between the two."""
  with ground.district() as d:
    d.sql("insert into pairing(station, judicial, started_on) values ($1, $2, '2020-01-01')", d.ids["p1"], d.ids["j2"])
    nos = [opened(d, "p1") for _ in range(3)]
    for no in nos:
      d.sql("update joint_side set judicial_at = police_at where judicial = $1", d.ids["j2"])
      noted(d, "j1", no)
    whole = listed(d, limit=50)
    assert len(whole) == 6 and all(whole.count(no) == 2 for no in nos), whole
    for limit in (1, 2, 3, 4):
      assert listed(d, limit=limit) == whole, limit


@case
def whoever_reopens_it_acts_on_it(ground):
  """By hand; a dispute that a new alarm reopened by itself was nobody's act. The same where the pairing is entered later."""
  with ground.district() as d:
    by_hand, alone = opened(d, "p1"), opened(d, "p1")
    for no in (by_hand, alone):
      d.sql("update dispute set state = 20 where record_no(num) = $1", no)
    assert d.desk("j1", "head").ask("reopen_dispute", dispute=by_hand, reason="再次漏水")[0]["outcome"] == "done"
    d.sql("select record_react(num, 'reopen_dispute', '{}', now(), gen_random_uuid(), '再次报警') from dispute where record_no(num) = $1", alone)
    assert listed(d) == [by_hand]
    d.sql("update pairing set started_on = started_on - 1 where station = $1", d.ids["p1"])
    assert listed(d) == [by_hand] and recomputed(d, "p1", "j1") == "1"


MARCH = {"from": "2023-02-28T16:00:00Z", "until": "2023-03-31T16:00:00Z"}  # in China
JUNE = {"from": "2023-05-31T16:00:00Z", "until": "2023-06-30T16:00:00Z"}


@case
def the_tally_agrees_with_the_rows(ground):
  """Whatever day, hour, office and level is asked for: disputes over some weeks, two pairings that have the same ones, some merged, graded, given to
  another office, or voided later."""
  dice = random.Random(172)
  with ground.district() as d:
    d.sql("insert into pairing(station, judicial, started_on) values ($1, $2, '2020-01-01')", d.ids["p1"], d.ids["j3"])
    d.sql("select directory_work_out()")
    nos = [opened(d, dice.choice(("p1", "j1", "p2"))) for _ in range(40)]
    for no in nos:
      d.sql("insert into record_office(num, office, since, until, cause, mode) select num, o.id, '2020-01-01', 'infinity', num, 2 from dispute, office o "
            "where record_no(num) = $1 and o.code = any ($2::text[])", no, array(("j1", "j3", "j2", "p1")))
      for office in dice.sample(("p1", "j1", "j3", "p2", "j2"), 3):
        d.desk(office, "head" if office.startswith("j") else "chief").ask("note_dispute", dispute=no, note="联合走访")
    hours = [dice.randint(1, 40 * 24) for _ in nos]
    for no, hour in zip(nos, hours):
      num = d.sql("select num from dispute where record_no(num) = $1", no)[0][0]
      d.sql("update joint_span set since = since - $1 * interval '1 hour', joint_at = joint_at - $1 * interval '1 hour' where num = $2", hour, num)
      if dice.random() < 0.4:
        d.sql("update joint_span set until = since + $1 * interval '1 hour' where num = $2", dice.randint(0, hour), num)
      if dice.random() < 0.3:
        d.sql("update dispute set sensitivity = $1 where num = $2", dice.randint(0, 4), num)
    for one, into in zip(nos[:6:2], nos[1:6:2]):
      d.desk("p1", "chief").ask("merge_dispute", dispute=one, into=into, reason="同一起纠纷")
    moments = [d.sql("select now() - $1 * interval '1 hour'", dice.randint(0, 45 * 24))[0][0] for _ in range(8)]
    moments += [d.sql("select date_trunc('day', now() - $1 * interval '1 day', 'Asia/Shanghai')", n)[0][0] for n in (0, 3, 20)] + [None]
    often, counted = moments + [None] * len(moments), 0
    for _ in range(150):
      office, role = dice.choice((("p1", "chief"), ("p1", "officer"), ("j1", "head"), ("j3", "head"), ("p2", "chief"), ("j2", "mediator"), ("pb", "viewer")))
      asof, from_, until, of = dice.choice(moments), dice.choice(often), dice.choice(often), dice.choice((None, None, "p1", "j3"))
      told = joint(d, office, role, asof=asof, until=until, office=of, **{"from": from_})
      assert told == joint_by_rows(d, office, role, asof, from_, until, of), (office, role, asof, from_, until, of, told)
      counted += told[0]
    assert counted > 300, counted


@case
def six_sessions_and_eight_rounds(ground):
  """By when they were held, in China: 6次 of one dispute in March, 8轮 of another in June. What is entered late counts in its month, and never as
  of before; nor does a correction, nor a merge, change what was told of a past time."""
  with ground.district() as d:
    six = mediated(d, *((1, f"2023-03-{day:02}T01:00:00Z") for day in (1, 7, 12, 19)), (2, "2023-03-24T07:00:00Z"), (2, "2023-03-31T15:59:00Z"),
                   (2, "2023-03-31T16:01:00Z"), (1, "2023-02-28T15:59:00Z"))  # the last two are of April and of February
    eight = mediated(d, (3, "2023-05-31T16:30:00Z"), (3, "2023-06-05T01:00:00Z"), (3, "2023-06-12T01:00:00Z"), (3, "2023-06-13T01:00:00Z"), (4, "2023-06-14T01:00:00Z"),
                     (4, "2023-06-15T01:00:00Z"), (4, "2023-06-30T15:30:00Z"), (4, "2023-06-30T16:30:00Z"))
    then = now(d)
    hold(d, eight, 3, "2023-06-09T01:00:00Z")
    # what must not count: an exercise, another office's
    mediated(d, (1, "2023-03-08T01:00:00Z"), (4, "2023-06-08T01:00:00Z"), exercise=True)
    assert sessions(d, dispute=six, **MARCH) == (6, 1, 6, {1: 4, 2: 2}), sessions(d, dispute=six, **MARCH)
    assert sessions(d, dispute=eight, **JUNE) == (8, 1, 8, {3: 5, 4: 3}), sessions(d, dispute=eight, **JUNE)
    assert sessions(d, dispute=six)[0] == 8 and sessions(d, **MARCH) == (6, 1, 6, {1: 4, 2: 2}) and sessions(d)[:3] == (17, 2, 9)
    assert sessions(d, dispute=eight, asof=then, **JUNE)[0] == 7, "one of them was not written down yet"
    late = next(r for r in d.desk("p1").ask("list_session_times", dispute=eight) if r["held_at"].startswith("2023-06-09"))
    assert late["entered_at"][:4] > "2023" and (late["round"], late["office"], late["officer"]) == (9, "j1", "j1-head"), late
    for office in ("p1", "j1"):
      assert sessions(d, office=office)[0] == 17 and sessions(d, "p1", "officer", office=office)[0] == 17
    assert sessions(d, "pb", "viewer", office="p2")[0] == 0 == sessions(d, "p2", "chief")[0]
    assert d.desk("p1").ask("report_sessions", office="nowhere")[0]["reason"] == "UNKNOWN_VALUE office" == d.desk("p1").ask("list_session_times", office="nowhere")[0]["reason"]
    assert d.desk("p2").ask("report_sessions", dispute=six)[0]["reason"] == "NOT_FOUND" == d.desk("p2").ask("list_session_times", dispute=six)[0]["reason"]
    assert d.app.value("select count(*) from session_span") == "0", "nobody asks"
    # corrected: it was in April after all
    then = now(d)
    row = d.desk("j1", "head").ask("correct_session", dispute=six, round=4, session_version=1, held_at="2023-04-19T01:00:00Z")[0]
    assert row["outcome"] == "done" and sessions(d, dispute=six, **MARCH)[:3] == (5, 1, 5) and sessions(d, dispute=six, asof=then, **MARCH)[0] == 6, row
    # merged and taken back
    other = mediated(d, (2, "2023-03-15T01:00:00Z"))
    assert sessions(d, **MARCH)[:3] == (6, 2, 5)
    merge(d, other, six)
    assert sessions(d, **MARCH)[:3] == (6, 1, 6) == sessions(d, dispute=six, **MARCH)[:3] and sessions(d, dispute=other, **MARCH)[:2] == (1, 1)
    merged = now(d)
    merge(d, other, None)
    assert sessions(d, dispute=six, **MARCH)[:3] == (5, 1, 5) and sessions(d, **MARCH)[:3] == (6, 2, 5) and sessions(d, dispute=six, asof=merged, **MARCH)[:3] == (6, 1, 6)
    assert sessions(d, dispute=six, asof=then, **MARCH)[:3] == (6, 1, 6) and sessions(d, dispute=eight, **JUNE)[:3] == (8, 1, 8)
    # hidden from somebody: in none of his figures
    d.sql("update dispute set sensitivity = 3 where record_no(num) = $1", eight)
    assert sessions(d, "p1", "officer", **JUNE)[0] == 0 and sessions(d, **JUNE)[0] == 8


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
        d.sql("insert into mediation_session(id, num, seq, mode, held_at, ignite, office, officer, entered_at) select gen_random_uuid(), num, 1, 1, now(), false, origin, '某', now() "
              "from dispute where record_no(num) = $1", no)
        made[office, level] = no
    for role in ROLES:
      for relation in (r for r in RELATIONS if r != "given"):
        reader, origin = place(role, relation)
        found = [r["no"] for r in peek(d, reader, ROLES[role], "list_joint", limit=500)]
        total = (peek(d, reader, ROLES[role], "report_joint") or [{"total": 0}])[0]["total"]
        assert total == len(found), (role, relation, total, found)
        held = [r["no"] for r in peek(d, reader, ROLES[role], "list_session_times", limit=500)]
        total = (peek(d, reader, ROLES[role], "report_sessions") or [{"total": 0}])[0]["total"]
        assert total == len(held), (role, relation, total, held)
        for level in range(5):
          cells += 1
          if (made[origin, level] in found) != (level <= MOST[role].get(relation, -1)) or (made[origin, level] in held) != (made[origin, level] in found):
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
