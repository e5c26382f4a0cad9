"""The figures: what is measured, and against what. One function a measurement; it may yield several figures."""
import contextlib
import os
import resource

from support.cluster import MissingTool

from . import clocks, joint, logins, million, references
from .generator import Faulty, generate, holding
from .ground import BUREAU, JUDICIAL, PAIRS, ROOT, STATION
from .machine import say
from .servers import Liandong, Mosquitto, Nats, Reference
from .start import second_start

REFERENCE = "fanout_reference"  # the bare fan-out; its name says what it is held in front of
DURABLE = "fanout_reference+postgresql"
RECORD = "fanout_reference+record"  # the same, writing the record that a report writes, and deciding nothing
ALERT_FLOW = 1_000  # reports a second
MEASUREMENTS = []


class Figure:
  def __init__(self, name, unit, *others):
    self.name, self.unit, self.references = name, unit, others


class Measurement:
  def __init__(self, figures, function, once):
    self.figures, self.function, self.once = figures, function, once


def measurement(*figures, once=False):
  """once: steady, or long: measured in the first repetition only."""
  def register(function):
    MEASUREMENTS.append(Measurement(figures, function, once))
    return function
  return register


class Bench:
  """What a measurement works with."""

  def __init__(self, ground, sheet, quick):
    self.ground, self.sheet, self.quick = ground, sheet, quick
    self.million = None

  def seconds(self, full):
    return max(1.0, full / 3) if self.quick else full

  def run(self, server, scenario, parties, **options):
    return generate(self.ground, server, scenario, parties, **options)

  def add(self, name, who, values, metric, scale=1.0):
    self.sheet.add(name, who, values[metric] * scale, values.get("foreign_percent", 0.0))

  @contextlib.contextmanager
  def peer(self, *names):
    """A part that needs something that may not be installed."""
    try:
      yield
    except MissingTool as e:
      for name in names:
        self.sheet.skip(name, str(e))

  def incidents(self):
    """The database with very many incidents, made at the first need."""
    if not self.million:
      count = 200_000 if self.quick else 1_000_000
      say(f"filling a database with {count} incidents")
      self.million = self.ground.database()
      million.fill(self.ground, self.million, count)
    return self.million


# ---- reports

def reporters(b):
  yield "liandong", lambda: Liandong(b.ground)
  yield DURABLE, lambda: Reference(b.ground, durable=True)
  yield RECORD, lambda: Reference(b.ground, record=True)


@measurement(Figure("report_64x1", "reports/s", "pgbench-c64", DURABLE, RECORD))
def report_64x1(b):
  for who, make in reporters(b):
    with make() as server:
      b.add("report_64x1", who, b.run(server, "reports", [("reporter", STATION, 64)], seconds=b.seconds(6)), "reports_per_s")
  b.sheet.add("report_64x1", "pgbench-c64", references.pgbench(b.ground, 64, b.seconds(6))["tps"])


@measurement(Figure("report_1_p50", "us", "pgbench-c1", DURABLE, RECORD), Figure("report_1_p99", "us", "pgbench-c1", DURABLE, RECORD))
def report_1(b):
  for who, make in reporters(b):
    with make() as server:
      values = b.run(server, "reports", [("reporter", STATION, 1)], seconds=b.seconds(5))
    for share in ("p50", "p99"):
      b.add(f"report_1_{share}", who, values, f"acknowledged_{share}_us")
  alone = references.pgbench(b.ground, 1, b.seconds(5))
  for share in ("p50", "p99"):
    b.sheet.add(f"report_1_{share}", "pgbench-c1", alone[f"{share}_us"])


# ---- delivery

@measurement(Figure("deliver_1_p50", "us", DURABLE, RECORD), Figure("deliver_1_p99", "us", DURABLE, RECORD))
def deliver_1(b):
  for who, make in reporters(b):
    with make() as server:
      values = b.run(server, "deliver", [("reporter", STATION, 1), ("watcher", JUDICIAL, 1)], rate=50, seconds=b.seconds(6))
    for share in ("p50", "p99"):
      b.add(f"deliver_1_{share}", who, values, f"delivered_{share}_us")


@measurement(Figure("alert_p99", "us", "deliver_1_p99"))
def alert_p99(b):
  """From raising to the notice at the other side's duty, while 1,000 reports a second flow past; and a report without them."""
  with Liandong(b.ground) as server:
    with b.ground.cluster.session(server.database) as s:  # more than an office may raise
      s.rows("delete from liandong.record_limit where what = 'alert_minute'")
    quiet = b.run(server, "deliver", [("reporter", STATION, 1), ("watcher", JUDICIAL, 1)], rate=50, seconds=b.seconds(6))
    values = b.run(server, "alerts", [("reporter", STATION, 1), ("reporter", JUDICIAL, 1), ("reporter", STATION, 64), ("watcher", JUDICIAL, 1)],
                   rate=ALERT_FLOW, seconds=b.seconds(24))
  say(f"  alerts: {values['alerts']:.0f} shown, p50 {values['shown_p50_us'] / 1e3:.1f} ms; {values['flow_per_s']:.0f} reports/s, p50 {values['delivered_p50_us'] / 1e3:.1f} ms, "
      f"p99 {values['delivered_p99_us'] / 1e3:.1f} ms; server {values['server_percent']:.0f} % of a core")
  if values["flow_per_s"] < 0.98 * ALERT_FLOW:
    raise Faulty(f"only {values['flow_per_s']:.0f} reports/s flowed")
  b.add("alert_p99", "liandong", values, "shown_p99_us")
  b.add("alert_p99", "deliver_1_p99", quiet, "delivered_p99_us")


def fan(b, server):
  return b.run(server, "fanout", [("reporter", STATION, 64), ("watcher", STATION, 500), ("watcher", JUDICIAL, 500)],
               outstanding=64, seconds=b.seconds(4))


@measurement(Figure("fanout_1000", "deliveries/s", DURABLE, "nats-server"))
def fanout_1000(b):
  with Liandong(b.ground) as server:
    values = fan(b, server)
  b.add("fanout_1000", "liandong", values, "deliveries_per_s")
  say(f"  liandong: server {values['server_percent']:.0f} %, generator {values['generator_percent']:.0f} % of a core, "
      f"{values['server_us_per_delivery']:.2f} and {values['generator_us_per_delivery']:.2f} us a delivery")
  with Reference(b.ground, durable=True) as server:
    b.add("fanout_1000", DURABLE, fan(b, server), "deliveries_per_s")
  with b.peer("fanout_1000"), Nats(b.ground) as server:
    # Core NATS promises no common order among publishers; only what is lost or doubled would be a fault, and neither happens.
    b.add("fanout_1000", "nats-server", generate(b.ground, server, "fanout", [("reporter", STATION, 64), ("watcher", STATION, 1000)],
                                                 outstanding=64, seconds=b.seconds(4), order="any"), "deliveries_per_s")


@measurement(Figure("slow_p99", "us", "undisturbed"))
def slow_p99(b):
  with Liandong(b.ground) as server:
    values = b.run(server, "slow", [("reporter", STATION, 64), ("watcher", STATION, 450), ("watcher", JUDICIAL, 450),
                                    ("sluggard", JUDICIAL, 100)], rate=20, events=2000, seconds=b.seconds(6))
  b.add("slow_p99", "liandong", values, "disturbed_p99_us")
  b.add("slow_p99", "undisturbed", values, "undisturbed_p99_us")


@measurement(Figure("storm_s", "s", "jetstream"))
def storm_s(b):
  parties = [("reporter", STATION, 64), ("watcher", STATION, 500), ("watcher", JUDICIAL, 500)]
  with Liandong(b.ground) as server:
    b.add("storm_s", "liandong", b.run(server, "storm", parties, events=1000), "storm_s")
  with b.peer("storm_s"), Nats(b.ground, jetstream=True) as server:
    b.add("storm_s", "jetstream", b.run(server, "storm", parties, events=1000), "storm_s")


FEW, LISTENERS, HOLDERS = 1_000, 10, 2


def spread(watchers):
  """Lists of parties for the processes that hold the connections which must hear nothing, over all other stations."""
  each, more = divmod(watchers, PAIRS - 1)
  parties = [("watcher", f"station-{n}", each + (n <= more)) for n in range(1, PAIRS)]
  return [parties[i::HOLDERS] for i in range(HOLDERS)]


@measurement(Figure("fanout_flat", "us", "1,000 watchers"), once=True)
def fanout_flat(b):
  """The server's CPU for an event that ten of very many watchers may see."""
  # The server needs files for itself besides one a connection.
  many = min(20_000, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 200)
  if many < 20_000:
    say(f"  fanout_flat: {many} watchers, for a process may open {resource.getrlimit(resource.RLIMIT_NOFILE)[0]} files here")
  for _ in range(1 if b.quick else 2):
    for who, watchers in (("liandong", many), ("1,000 watchers", FEW)):
      with Liandong(b.ground) as server, holding(b.ground, server, spread(watchers - LISTENERS)):
        values = b.run(server, "deliver", [("reporter", STATION, 1), ("watcher", STATION, LISTENERS // 2), ("watcher", JUDICIAL, LISTENERS // 2)],
                       rate=500, seconds=b.seconds(8))
      b.add("fanout_flat", who, values, "server_us_per_event")


# ---- what was missed

@measurement(Figure("catchup_ring", "events/s", REFERENCE))
def catchup_ring(b):
  events = 50_000 if b.quick else 150_000
  with Liandong(b.ground, ring="512MiB") as server:
    values = b.run(server, "catchup", [("reporter", STATION, 128), ("watcher", JUDICIAL, 1)], events=events)
  b.add("catchup_ring", "liandong", values, "events_per_s")
  with Reference(b.ground) as server:
    b.add("catchup_ring", REFERENCE, b.run(server, "catchup", [("reporter", STATION, 1), ("watcher", JUDICIAL, 1)], events=events), "events_per_s")


@measurement(Figure("catchup_table", "events/s", "postgresql-copy"))
def catchup_table(b):
  database = b.incidents()
  with Liandong(b.ground, database, ring="1MiB") as server:
    b.add("catchup_table", "liandong", b.run(server, "catchup", [("watcher", BUREAU, 1)], expected=min(200_000, million.bureau_sees(b.ground, database))), "events_per_s")
  b.sheet.add("catchup_table", "postgresql-copy", references.replay(b.ground, database)["rows_per_s"])


# ---- connections

@measurement(Figure("idle_kib", "KiB", REFERENCE, "mosquitto"), once=True)
def idle_kib(b):
  parties = [("watcher", STATION, 2500), ("watcher", JUDICIAL, 2500)]
  with Liandong(b.ground) as server:
    b.add("idle_kib", "liandong", b.run(server, "idle", parties), "kib_per_connection")
  with Reference(b.ground) as server:
    b.add("idle_kib", REFERENCE, b.run(server, "idle", parties), "kib_per_connection")
  with b.peer("idle_kib"), Mosquitto(b.ground) as server:
    b.add("idle_kib", "mosquitto", b.run(server, "idle", parties), "kib_per_connection")


@measurement(Figure("clocks_100k", "% of a core", "no clocks"), once=True)
def clocks_100k(b):
  """The node and PostgreSQL with nothing to do, and 100,000 clocks running."""
  for who, count in (("no clocks", 0), ("liandong", 100_000)):
    with Liandong(b.ground) as server:
      clocks.fill(b.ground, server.database, count)
      b.sheet.add("clocks_100k", who, clocks.percent(server, b.seconds(30)))


@measurement(Figure("connect_per_s", "connects/s", REFERENCE))
def connect_per_s(b):
  for who, make in (("liandong", Liandong), (REFERENCE, Reference)):
    with make(b.ground) as server:
      b.add("connect_per_s", who, b.run(server, "connect", [("reporter", STATION, 16)], seconds=b.seconds(4)), "connects_per_s")


@measurement(Figure("login_per_s", "logins/s", "scrypt"))
def login_per_s(b):
  with Liandong(b.ground) as server:
    b.sheet.add("login_per_s", "liandong", logins.logins_per_s(b.ground, server, b.seconds(6)))
  b.sheet.add("login_per_s", "scrypt", logins.scrypts_per_s(b.seconds(3)))


# ---- pages

@measurement(Figure("list_p95", "ms", "libpq", "libpq-unbound"), Figure("search_p95", "ms", "libpq"))
def pages(b):
  database = b.incidents()
  calls = million.write_calls(b.ground, 150 if b.quick else 400)
  caller = million.bureau_caller(b.ground, database)
  with Liandong(b.ground, database) as server:
    for name, request in (("list_p95", "list_incidents"), ("search_p95", "search_incidents")):
      values = b.run(server, "pages", [("reporter", BUREAU, 1)], calls=calls[request])
      b.add(name, "liandong", values, "call_p95_us", 1e-3)
      sql = os.path.join(ROOT, "server", "sql", request + ".sql")
      b.add(name, "libpq", references.same_sql(b.ground, database, request, sql, calls[request], caller), "call_p95_us", 1e-3)
      if name == "list_p95":  # a search applies the predicate itself: there is no such statement without it
        unbound = references.same_sql(b.ground, database, request, sql, calls[request], caller, bound=False)
        b.add(name, "libpq-unbound", unbound, "call_p95_us", 1e-3)


@measurement(Figure("joint_p95", "ms", "libpq"), Figure("pairing_late_s", "s"), once=True)
def joint_p95(b):
  """Disputes that both offices handled, asked for by the bureau above 20 pairings, over very many acts; and a pairing that is entered after them."""
  database = b.ground.database()
  say("filling a database with acts on disputes")
  b.sheet.add("pairing_late_s", "liandong", joint.fill(b.ground, database, 200_000 if b.quick else 1_000_000))
  calls, caller = joint.write_calls(b.ground, 100), million.bureau_caller(b.ground, database)
  with Liandong(b.ground, database) as server:
    b.add("joint_p95", "liandong", b.run(server, "pages", [("reporter", BUREAU, 1)], calls=calls), "call_p95_us", 1e-3)
    sql = os.path.join(ROOT, "server", "sql", "report_joint.sql")
    b.add("joint_p95", "libpq", references.same_sql(b.ground, database, "report_joint", sql, calls, caller), "call_p95_us", 1e-3)
  b.ground.drop(database)


@measurement(Figure("start_s", "s"), once=True)
def start_s(b):
  b.sheet.add("start_s", "liandong", second_start(b.ground))
