"""Reports: groups, numbers, replays inside a group, repeats."""
from desk import request_id
from support.runner import case

GOOD = {"class": 6, "content": "邻居争吵"}


def outcomes(answers):
  return [(a["outcome"], a["reason"], a["field"]) for a in answers]


@case
def a_group_answers_each_member(ground):
  with ground.district() as d:
    p, j, other = d.desk("p1"), d.desk("j1", "mediator"), d.desk("p2")
    key, used = request_id(), request_id()
    old = d.group((p, GOOD, used))[0]
    got = d.group(
      (p, GOOD, key), (p, {"content": "没有类别"}), (j, GOOD), (p, GOOD, key), (other, GOOD, key), (p, {**GOOD, "content": "别的"}, key),
      (p, {"class": 6}), (p, {"class": 6, "content": " 火 "}), (p, {**GOOD, "class": 0}), (p, {**GOOD, "received_at": "2100-01-01Z"}),
      (p, {**GOOD, "occurred_at": "2100-01-01Z"}), (p, GOOD, used), (other, GOOD, used), (p, GOOD))
    done, same = ("done", None, None), ("replay", None, None)
    reused = ("refused", "KEY_REUSED", "request_id")
    missing = [("refused", *what) for what in (("REQUIRED", "class"), ("REQUIRED", "content"), ("TOO_SHORT", "content"), ("REQUIRED", "class"))]
    assert outcomes(got) == [done, missing[0], done, same, reused, reused, *missing[1:], ("refused", "IN_FUTURE", "received_at"),
                             ("refused", "IN_FUTURE", "occurred_at"), same, reused, done], outcomes(got)
    fields = ("id", "no", "version", "state", "at")
    assert [got[3][f] for f in fields] == [got[0][f] for f in fields] and [got[11][f] for f in fields] == [old[f] for f in fields]
    assert [got[i]["no"][-6:] for i in (0, 2, 13)] == ["000002", "000003", "000004"], "refused ones took numbers"
    assert d.sql("select count(*), max(seq), (select seq from feed_head) from feed") == [("4", "4", "4")]
    assert all(a[f] is None for a in got if a["outcome"] == "refused" for f in fields)


@case
def a_refused_turn_hides_no_other(ground):
  """The same request refused, then good twice: one incident. Two would break the group, and everybody in it had to go alone."""
  with ground.district() as d:
    p, key = d.desk("p1"), request_id()
    got = d.group((p, {"content": "没有类别"}, key), (p, GOOD), (p, GOOD, key), (p, GOOD, key), (d.desk("p2"), GOOD, key))
    assert [a["outcome"] for a in got] == ["refused", "done", "done", "replay", "refused"], outcomes(got)
    assert got[3]["no"] == got[2]["no"] and got[4]["reason"] == "KEY_REUSED", got


@case
def a_group_of_refused_ones_leaves_nothing(ground):
  with ground.district() as d:
    before = d.sql("select * from feed_head")
    d.group((d.desk("p1"), {}), (d.desk("j1"), {"class": 1}))
    assert d.sql("select * from feed_head") == before and d.sql("select count(*) from incident") == [("0",)]


@case
def a_change_key_is_no_report_key(ground):
  with ground.district() as d:
    p, key = d.desk("p1"), request_id()
    no = d.report(p)["no"]
    assert p.change("note_incident", no, request=key, note="记录")["outcome"] == "done"
    assert outcomes(d.group((p, GOOD, key))) == [("refused", "KEY_REUSED", "request_id")]


@case
def defaults_by_system(ground):
  with ground.district() as d:
    d.group((d.desk("p1"), GOOD), (d.desk("j1"), GOOD), (d.desk("p1"), {**GOOD, "source": 4, "level": 1, "place": "", "reporter_phone": ""}))
    rows = d.sql("select source, level, received_at = created_at, place, reporter_phone from incident order by num")
    assert rows == [("1", "3", "t", None, None), ("6", "3", "t", None, None), ("4", "1", "t", None, None)], rows


@case
def repeats(ground):
  """Same phone or place, within the days, by whoever the office sees, in the table and inside the group; itself included."""
  with ground.district() as d:
    p, j, other = d.desk("p1"), d.desk("j1"), d.desk("p2")

    def counts(*members):
      d.group(*[(desk, {**GOOD, **fields}) for desk, fields in members])
      found = d.sql("select i.repeat_count, f.repeat_count from incident i join feed f on f.seq = i.events[1] order by i.num desc limit $1", len(members))
      assert all(a == b for a, b in found), "the feed tells another number than the record"
      return [int(a) for a, _ in found][::-1]
    both = {"reporter_phone": "13800000001", "place": "东门街3号"}
    assert counts((p, both)) == [1]
    assert counts((p, {"reporter_phone": "13800000001"}), (j, {"place": "东门街3号"}), (other, both), (p, both), (p, GOOD)) == [2, 2, 1, 4, 1]
    assert counts((p, both), (p, {"class": 0, **both}), (p, both))[-1] == 6, "a refused member was counted"
    assert counts((p, {**both, "received_at": "2020-01-01Z"})) == [1]
    d.sql("update threshold set repeat_most = 2")
    assert counts((p, {"reporter_phone": "13800000001"})) == [3]


@case
def hidden_reports_are_not_counted(ground):
  """The count is told to whoever sees the new record: it must not tell who tries a number that a tip came from it."""
  with ground.district() as d:
    p = d.desk("p1")
    tip, plain = {"class": 9, "reporter_phone": "13800000007", "place": "线人家"}, {"reporter_phone": "13800000007", "place": "线人家"}
    count = lambda: d.sql("select repeat_count from incident order by num desc limit 1")[0][0]  # noqa: E731
    d.group((p, {**GOOD, **tip}))
    d.group((p, {**GOOD, **plain}))
    assert count() == "1", "from the table"
    d.group((p, {**GOOD, **tip}), (p, {**GOOD, **plain}))
    assert count() == "2", "within the group"
    d.sql("update incident set sensitivity = 4")
    d.group((p, {**GOOD, **plain}))
    assert count() == "1"


@case
def numbers_begin_again_with_the_year(ground):
  with ground.district() as d:
    p = d.desk("p1")
    d.group(*[(p, GOOD)] * 3)
    year = int(d.sql("select extract(year from today())")[0][0])
    d.sql("update feed_head set day = make_date($1::int4 - 1, 12, 31), number = 41", year)
    d.sql("delete from incident")
    got = d.group((p, GOOD), (p, GOOD))
    assert [a["no"] for a in got] == [f"JQ-{year}-000001", f"JQ-{year}-000002"], got
    d.sql("update feed_head set number = 999999")
    assert d.report(p)["no"] == f"JQ-{year}-1000000"


@case
def time_never_runs_backwards(ground):
  with ground.district() as d:
    p = d.desk("p1")
    d.sql("update feed_head set at = '2090-01-01Z', day = '2090-01-01'")
    first, second = d.report(p), d.report(p)
    assert first["at"] == second["at"] == "2090-01-01T00:00:00+00:00" and first["no"].startswith("JQ-2090-")
    assert d.sql("select bool_and(at = date_trunc('milliseconds', at)) from feed") == [("t",)]


@case
def hostile_groups(ground):
  """Nothing that a message may hold raises: that would cost the whole group."""
  with ground.district() as d:
    p = d.desk("p1")
    texts = ("\\", "''", '"{},NULL', "{1,2}", "$1", "%s", "𠮷\U0010ffff", "a\nb\tc", "x" * 8000, "\u200d" * 20)
    got = d.group(*[(p, {**GOOD, "content": t + "内容", "place": t, "reporter_phone": t, "reporter": t, "external_no": t}) for t in texts],
                  (p, {**GOOD, "received_at": "0001-01-01Z", "occurred_at": "0001-01-01Z"}), (p, {**GOOD, "longitude": "NaN", "latitude": "-Infinity"}),
                  (p, {**GOOD, "mass_count": 2**31 - 1, "threats": "{1,2,3,4,5,6}"}))
    assert {a["outcome"] for a in got} == {"done"}, outcomes(got)
    assert [row[0] for row in d.sql("select content from incident order by num limit $1", len(texts))] == [t + "内容" for t in texts]
