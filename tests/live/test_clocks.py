"""Clocks with what is killed while they run: each fires once, none after it was stopped."""
import contextlib
import random
import time

from support.runner import case
from support.waiting import until

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
  """The other side's watch hears of it, within the second it is due."""
  with two_nodes(stage) as (x, y):
    base = x.settings["database"].split("dbname=")[1].split()[0]
    rule(stage, base, near_seconds=1)
    with stage.peer(x) as peer, stage.watch(node=y) as watch:
      watch.backlog()
      no = dispute(peer)
      assert watch.event().no == no
      start(stage, base, no)
      began = time.monotonic()
      near, breached = watch.event(10), watch.event(10)
      assert (near.kind, breached.kind, near.no) == ("deadline_near", "deadline_breached", no), (near, breached)
      assert 1.9 < time.monotonic() - began < 4
