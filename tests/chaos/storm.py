"""The storm: 16 writers and 8 watchers on two nodes and one PostgreSQL, while servers and database are killed with -9."""
import random
import threading
import time

from support.sql import SqlError
from support.waiting import until

from checker import Verdict, check_acks, check_watch
from watchers import TEMPERS, Watcher, wait_for_all
from writers import LAST_WORD, Journal, Writer

WRITERS = 16
WRITER_DEVICES = ("ytp-duty", "ytp-officer", "yts-mediator", "xcp-duty")
SERVER_KILLS = 20
DATABASE_KILLS = 20
PROGRESS = 40        # acknowledgements between two kills, so that each hits a system at work
LONGEST_OUTAGE = 30  # s without one: it does not come back


class Storm:
  def __init__(self, stage, seed):
    self.stage, self.seed = stage, seed
    self.random = random.Random(seed)
    self.database = stage.database("chaos")
    self.nodes = [stage.node(name, self.database, heartbeat="1s", silence_limit="5s", ring="1MiB", log_level="info").start() for name in ("chaos-a", "chaos-b")]
    self.journal = Journal()
    self.writers_stop, self.watchers_stop = threading.Event(), threading.Event()
    self.writers = [Writer(i, self.nodes, stage.context(WRITER_DEVICES[i % len(WRITER_DEVICES)]), self.journal, self.writers_stop, seed)
                    for i in range(WRITERS)]
    self.watchers = [Watcher(t, self.nodes, stage.context(t[1]), self.watchers_stop, seed) for t in TEMPERS]
    self.kills = {"server": 0, "both_servers": 0, "postmaster": 0, "backend": 0}
    self.outage = 0.0

  def sql(self, statement, *values):
    with self.stage.cluster.session(self.database) as s:
      s.rows("set search_path to liandong")
      return s.rows(statement, *values)

  # ---- kills

  def kill_server(self):
    node = self.random.choice(self.nodes)
    node.kill()
    node.spawn()
    self.kills["server"] += 1

  def kill_both_servers(self):
    for node in self.nodes:
      node.kill()
    for node in self.nodes:
      node.spawn()
    self.kills["both_servers"] += 1

  def kill_postmaster(self):
    self.stage.cluster.kill()
    self.stage.cluster.start()
    self.kills["postmaster"] += 1

  def kill_backend(self):
    """The one that holds the pen, where there is one; else any of a server."""
    try:
      pids = self.sql("""select a.pid from pg_stat_activity a where a.datname = $1 and a.pid <> pg_backend_pid() and a.usename = 'liandong_app'
        order by a.xact_start is null, random() limit 1""", self.database)
    except SqlError:
      pids = []
    if not pids:
      return self.kill_postmaster()
    try:
      self.stage.cluster.kill_backend(int(pids[0][0]))
    except ProcessLookupError:
      return self.kill_postmaster()
    self.stage.cluster.wait_ready()
    self.kills["backend"] += 1
    return None

  def plan(self):
    kills = [self.kill_server] * (SERVER_KILLS - 4) + [self.kill_both_servers] * 4
    kills += [self.kill_postmaster] * (DATABASE_KILLS // 2) + [self.kill_backend] * (DATABASE_KILLS - DATABASE_KILLS // 2)
    self.random.shuffle(kills)
    return kills

  # ---- the course of it

  def crashed(self):
    """Names of servers that ended by themselves."""
    return [f"{n.name} exit {n.process.returncode}" for n in self.nodes if n.process.poll() is not None]

  def progress(self):
    """Waits until work goes on; an act killed in the middle of it counts as well as one between."""
    begun, mark = time.monotonic(), len(self.journal.acked)
    until(lambda: len(self.journal.acked) > mark or self.journal.errors or self.crashed(), LONGEST_OUTAGE, "an acknowledgement")
    self.outage = max(self.outage, time.monotonic() - begun)
    until(lambda: len(self.journal.acked) >= mark + PROGRESS or self.journal.errors or self.crashed(), LONGEST_OUTAGE, "progress")
    threading.Event().wait(self.random.uniform(0, 0.5))  # so that the kill falls anywhere

  def run(self):
    for thread in self.watchers + self.writers:
      thread.start()
    for kill in self.plan():
      self.progress()
      if self.journal.errors or self.crashed():
        break
      kill()
    self.progress()
    self.writers_stop.set()
    for writer in self.writers:
      writer.join(LAST_WORD)
      if writer.is_alive():
        self.journal.error(f"{writer.name} never got an answer")

  # ---- the verdict

  def truths(self):
    """Device -> the events its office may see, in the feed's order; by the plan of the district, not by the server's own rule."""
    rows = self.sql("""select f.entity, f.version, o.code from feed f join office o on o.id = f.origin order by f.seq""")
    pair = {"ytp": "yt", "yts": "yt", "xcp": "xc", "xcs": "xc"}
    events = [((bytes.fromhex(entity.replace("-", "")), int(version)), pair[code]) for entity, version, code in rows]
    return {t[1]: [e for e, p in events if t[1].startswith("ytga") or t[1].startswith(p)] for t in TEMPERS}

  def verdict(self):
    truths = self.truths()
    wait_for_all(self.watchers, {w.name: len(truths[w.device]) for w in self.watchers}, 30)
    self.watchers_stop.set()
    for watcher in self.watchers:
      watcher.join(10)
    stored = [bytes.fromhex(key.replace("-", "")) for (key,) in self.sql("select request_id from feed")]
    total = check_acks(self.journal.acked, stored)
    texts = [text for (text,) in self.sql("select content from incident union all select note from feed where kind = 'note_incident'")]
    total.add(Verdict(dup=check_acks((), texts).dup))
    details = []
    for watcher in self.watchers:
      one = check_watch(list(watcher.seen), truths[watcher.device])
      one.gaps += sum(1 for fault in watcher.faults if fault.startswith("prev"))
      details.append(f"{watcher.name}: {len(watcher.seen)} events, {watcher.connects} connects, {one}" + "".join(f"; {f}" for f in watcher.faults[:3]))
      total.add(one)
    return total, details

  def line(self, total):
    return f"acked={len(self.journal.acked)} {total} kills={sum(self.kills.values())} seed={self.seed}"
