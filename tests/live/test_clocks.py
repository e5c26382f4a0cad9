"""Clocks with what is killed while they run: each fires once, none after it was stopped."""
import contextlib
import glob
import os
import subprocess
import tempfile

from scene import Scene
from support.runner import Skip, case
from support.sql import SqlError
from support.waiting import until
from test_client import ok, words

CLOCKS, STOPPED = 200, 60


def dispute(peer, title="时限"):
  return peer.ask("open_dispute", type="DISPUTE_TYPE_NEIGHBOR", title=title).no


@contextlib.contextmanager
def two_nodes(stage):
  name = stage.database()
  nodes = [stage.node(f"{name}{x}", name) for x in "xy"]
  try:
    yield [node.start() for node in nodes]
  finally:
    for node in nodes:
      node.stop()
      stage.nodes.remove(node)


def rule(stage, base, name="quick", **columns):
  columns = {"type": 2, "rule": name, "name": "快钟", "seconds": 2, **columns}
  stage.sql(f"insert into clock_rule({', '.join(columns)}) values ({', '.join(f'${i + 1}' for i in range(len(columns)))})", *columns.values(), database=base)


def start(stage, base, no, name="quick"):
  """As a request of the record's kind would, under the pen."""
  stage.sql("select clock_start(num, $2, date_trunc('milliseconds', clock_timestamp())) from any_record, (select seq from feed_head for update) pen"
            " where record_no(num) = $1", no, name, database=base)


def breaches(stage, base):
  return stage.sql("select count(*), count(distinct num) from feed where kind = 'deadline_breached'", database=base)[0]


@case
def fires_by_itself_and_is_told(stage):
  """The other side's watch hears of it, and first that it is near."""
  with two_nodes(stage) as (x, y):
    base = x.settings["database"].split("dbname=")[1].split()[0]
    rule(stage, base, seconds=4, near_seconds=3)
    with stage.peer(x) as peer, stage.watch(node=y) as watch:
      watch.backlog()
      no = dispute(peer)
      assert watch.event().no == no
      start(stage, base, no)
      near, breached = watch.event(30), watch.event(30)
      assert (near.kind, breached.kind, near.no) == ("deadline_near", "deadline_breached", no), (near, breached)
      assert breached.at >= near.at + 2000


ACK = """with pen as (select seq from feed_head for update)
  select (record_tell(r.num, 'note_dispute', '{}', (select b.moment from feed_begin() b), md5($1 || 'ack')::uuid, null, 'ack')).kind,
    clock_stop(r.num, null, date_trunc('milliseconds', clock_timestamp()))
  from any_record r, pen where record_no(r.num) = $1 and not exists (select from feed f where f.request_id = md5($1 || 'ack')::uuid)"""


def insistent(stage, base, statement, *values):
  """PostgreSQL is killed now and then: asked again until it answers; the statement does nothing the second time."""
  def asked():
    try:
      stage.sql(statement, *values, database=base)
      return True
    except SqlError:
      return False
  until(asked, 120, "PostgreSQL")


@case
def killed_while_they_run(stage):
  """200 clocks of a few seconds; 60 are stopped while a node and PostgreSQL are killed: each other one fires once, none after its stop."""
  with two_nodes(stage) as (x, y):
    base = x.settings["database"].split("dbname=")[1].split()[0]
    for n in range(7):
      rule(stage, base, f"in{n}", seconds=2 + 3 * n)
    with stage.peer(x) as peer:
      nos = [dispute(peer) for _ in range(CLOCKS)]
    stage.sql("select clock_start(num, 'in' || num % 7, date_trunc('milliseconds', clock_timestamp())) from dispute, (select seq from feed_head for update) pen", database=base)
    kills = [x.kill, stage.cluster.kill, y.kill, stage.cluster.kill]
    back = [x.start, stage.cluster.start, y.start, stage.cluster.start]
    for i, no in enumerate(nos[:STOPPED]):
      if i % 15 == 7:
        kills[i // 15]()
        back[i // 15]()
      insistent(stage, base, ACK, no)
    until(lambda: stage.sql("select count(*) from clock where next_at is not null", database=base) == [("0",)], 120, "the last clock")
    events, records, clocks, fired = stage.sql(
      "select count(*), count(distinct num), (select count(*) from clock), (select count(*) from clock where fired_at is not null) from feed where kind = 'deadline_breached'", database=base)[0]
    late = stage.sql("select b.no from feed b join feed a on a.num = b.num and a.note = 'ack' where b.kind = 'deadline_breached' and b.seq > a.seq", database=base)
    kept = stage.sql("select count(*) from clock where fired_at is null and stopped_at is not null", database=base)[0][0]
    print(f"# clocks {clocks}, fired {fired}, events {events}, stopped in time {kept}", flush=True)
    assert late == [] and events == records == fired and int(fired) + int(kept) == CLOCKS == int(clocks)
    assert int(kept) > 0 and int(fired) >= CLOCKS - STOPPED


killed_while_they_run.seconds = 400


def library():
  found = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
  if not found:
    raise Skip("the package faketime is not installed")
  return found[0]


@case
def the_clock_of_the_database_leaps(_):
  """PostgreSQL's clock alone, by libfaketime: a day ahead holds the clocks and is said loudly; set right, they go on and are due in time."""
  with tempfile.NamedTemporaryFile("w", prefix="liandong-time-") as offset:
    os.chmod(offset.name, 0o644)

    def leap(seconds):
      offset.seek(0)
      offset.write(f"{seconds:+d}\n")
      offset.truncate()
      offset.flush()
    leap(0)
    stage = Scene(environment={"LD_PRELOAD": library(), "FAKETIME_TIMESTAMP_FILE": offset.name, "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                               "DONT_FAKE_MONOTONIC": "1"})
    try:
      rule(stage, stage.base, seconds=6)
      before, within = (stage.ask("ytp-duty", "open_dispute", type="DISPUTE_TYPE_NEIGHBOR", title=t).no for t in ("之前", "其间"))
      start(stage, stage.base, before)
      leap(86400)
      until(lambda: stage.a.metric("liandong_clocks_held") == 1 == stage.b.metric("liandong_clocks_held"), 60, "the leap being held")
      assert "clocks.held" in stage.a.log() and "数据库主机的时间突然前跳" in stage.a.log()
      start(stage, stage.base, within)
      assert stage.ask("ytp-duty", "list_deadlines").held_until and breaches(stage, stage.base) == ("0", "0")
      leap(0)
      until(lambda: breaches(stage, stage.base) == ("2", "2"), 90, "both being due")
      assert stage.a.metric("liandong_clocks_held") == 0
      assert "clocks.set_back" in stage.a.log() + stage.b.log()
    finally:
      stage.close()


the_clock_of_the_database_leaps.seconds = 180


def entered(stage, data):
  """A calendar on standard input, byte by byte as it is: exit code and what was said."""
  line, environment = words(stage, "calendar", "import", "-", device="admin")
  done = subprocess.run(line, env=environment, input=data, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False)
  return done.returncode, done.stdout.decode()


@case
def a_calendar_as_it_was_saved(stage):
  """UTF-8 with or without its mark, GBK, UTF-16; what is none of them, and a line that says nothing, are refused by their line."""
  lines = "日期,类别,名称\n2033-01-01,休,元旦放假\n2033/1/2,班,元旦调休\n"
  for year, encoding in ((2033, "utf-8"), (2034, "utf-8-sig"), (2035, "gbk"), (2036, "utf-16")):
    code, said = entered(stage, lines.replace("2033", str(year)).encode(encoding))
    assert code == 0, (encoding, said)
    listed = ok(stage, "calendar", "list", str(year), "-o", "csv", device="admin")
    assert f"{year}-01-01" in listed and f"{year}-01-02" in listed and "元旦调休" in listed, (encoding, listed)
  code, said = entered(stage, lines.encode() + b"2033-01-03,\xff\xff\xff,x\n")
  assert code == 2 and "GBK" in said and "第 4 行" in said, said
  code, said = entered(stage, (lines + "2033-02-30,休\n").encode("gbk"))
  assert code == 2 and "第4行" in said, said
