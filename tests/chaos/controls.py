"""Controls: the same checkers on systems that do lose, skip, double and reorder. One that finds nothing proves nothing."""
import threading

from peer.peer import Peer
from peer.watch import Gap, Watch
from support.cluster import Cluster
from support.sql import SqlError
from support.waiting import until

from checker import check_acks, check_watch

KILLS = 2
ACKS_BETWEEN = 200


def table_under_kills(synchronous_commit):
  """Four sessions insert into a plain table and journal each acknowledged key; PostgreSQL is killed with -9 between.
  Returns (verdict, acknowledged)."""
  cluster = Cluster(synchronous_commit=synchronous_commit, wal_writer_delay="10s", autovacuum="off")
  acked, stop = [], threading.Event()

  def write(number):
    count = 0
    while not stop.is_set():
      try:
        with cluster.session() as s:
          while not stop.is_set():
            count += 1
            key = f"{number}/{count}"
            s.rows("insert into control values ($1)", key)
            acked.append(key)
      except SqlError:
        stop.wait(0.02)
  try:
    with cluster.session() as s:
      s.rows("create table control(key text)")
      s.rows("checkpoint")
    threads = [threading.Thread(target=write, args=(i,), daemon=True) for i in range(4)]
    for t in threads:
      t.start()
    for _ in range(KILLS):
      mark = len(acked)
      until(lambda mark=mark: len(acked) >= mark + ACKS_BETWEEN, 60, "acknowledgements")
      cluster.kill()
      cluster.start()
    stop.set()
    for t in threads:
      t.join(10)
    with cluster.session() as s:
      return check_acks(acked, [key for (key,) in s.rows("select key from control")]), len(acked)
  finally:
    stop.set()
    cluster.stop()


class Tampered(Peer):
  """A peer whose deliveries are tampered with on their way. `trick(deliveries so far, message)` gives the messages to pass on."""

  def __init__(self, *arguments, trick, **options):
    self.trick, self.delivered = trick, 0
    super().__init__(*arguments, **options)

  def push(self, timeout=None):
    while not self.pushes:
      message = super().push(timeout)
      if message.WhichOneof("body") == "delivery":
        self.delivered += 1
        self.pushes.extend(self.trick(self.delivered, message))
      else:
        self.pushes.append(message)
    return self.pushes.popleft()


class Blind(Watch):
  """A watcher that does not look at prev: only the comparison with the table can find what is wrong."""

  def next(self, timeout=None):
    message = self.peer.push(timeout)
    if message.WhichOneof("body") == "feed_sync":
      return None
    return message.delivery.event


WHERE = 25  # which delivery is tampered with


class Swap:
  """Holds one delivery back until the next has passed."""

  def __init__(self):
    self.held = None

  def __call__(self, n, message):
    if n == WHERE:
      self.held = message
      return ()
    return (message, self.held) if n == WHERE + 1 else (message,)


TRICKS = {  # what is done to delivery number WHERE
  "skip": lambda: lambda n, m: () if n == WHERE else (m,),
  "double": lambda: lambda n, m: (m, m) if n == WHERE else (m,),
  "swap": Swap,
}


def tampered(node, context, trick, truth):
  """(noticed by prev, verdict of the comparison)."""
  with Tampered(node.address, context, trick=TRICKS[trick]()) as peer:
    try:
      Watch(peer, from_start=True).backlog()
      noticed = False
    except Gap:
      noticed = True
  with Tampered(node.address, context, trick=TRICKS[trick]()) as peer:
    seen = [(e.entity, e.version) for e in Blind(peer, from_start=True).backlog()]
  return noticed, check_watch(seen, truth)
