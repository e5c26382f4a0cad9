"""What clocks that run and are not due cost: the CPU of the node and of all of PostgreSQL, with nobody connected."""
import os
import time

from support.cluster import children

SETTLED = 5  # percent of a core: a start takes all of one
RULE = "insert into clock_rule(type, rule, name, seconds) values (2, 'long', '长钟', 2592000)"
FILL = """insert into clock(num, type, rule, rule_since, origin, owner, started_at, working, from_at, amount, due_at, next_at, wall_at)
  select record_base(2::int2, 2026) + n, 2, 'long', '2020-01-01', o.id, o.id, now(), false, now(), 2592000000, now() + interval '20 days' + n * interval '1 second',
    now() + interval '20 days' + n * interval '1 second', now() from generate_series(1, $1::int4) n, (select min(id) as id from office) o"""


def fill(ground, database, count):
  with ground.cluster.session(database) as s:
    s.rows("set search_path = liandong, pg_catalog")
    s.rows(RULE)
    s.rows(FILL, count)
    s.rows("analyze clock")
  ground.checkpoint()


def used(pids):
  """Seconds of CPU so far."""
  ticks = 0
  for pid in pids:
    try:
      with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
        words = f.read().rpartition(")")[2].split()
    except FileNotFoundError:  # a worker that ended meanwhile
      continue
    ticks += int(words[11]) + int(words[12])
  return ticks / os.sysconf("SC_CLK_TCK")


def share(pids, seconds):
  """Of one core, over so many seconds of nothing else to do."""
  before, begun = used(pids()), time.monotonic()
  time.sleep(seconds)  # the stretch that is measured
  return (used(pids()) - before) / (time.monotonic() - begun) * 100


def percent(server, seconds):
  """Once what a start brings with it is over."""
  pids = lambda: [server.node.process.pid, server.other_pids, *children(int(server.other_pids))]  # noqa: E731
  if not any(share(pids, 1) < SETTLED for _ in range(30)):
    raise RuntimeError("the start does not come to an end")
  return share(pids, seconds)
