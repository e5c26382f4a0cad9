"""What every server stands on: a private PostgreSQL on a real disk, certificates, a district, databases made from one template."""
import contextlib
import os
import shutil
import subprocess
import tempfile

from support.cluster import Cluster, MissingTool
from support.pki import Authority

from . import machine

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
TEMPLATE = "liandong_template"
STATION, JUDICIAL = "station-0", "judicial-0"  # the pair that all is measured with
BUREAU = "bureau"  # sees the first DISTRICT_PAIRS pairs
PAIRS = 201        # in all: the first one and those whose watchers must hear nothing of it
DISTRICT_PAIRS = 20
WAL_SEGMENTS = 96  # of 16 MiB that are there beforehand: what all measurements between two checkpoints write
ACCOUNTS = [f"officer-{n}" for n in range(16)]  # of STATION
CLUSTER = {
  "shared_buffers": "1GB", "wal_buffers": "64MB", "max_wal_size": "4GB", "min_wal_size": "2GB", "checkpoint_timeout": "30min",
  "max_connections": "200", "jit": "off", "maintenance_work_mem": "512MB",
}


def build_folder():
  return os.path.abspath(os.environ.get("LIANDONG_BUILD") or os.path.join(ROOT, ".build", "release"))


def build():
  """Brings the release tree up to date. Figures of a debug build would be worthless."""
  folder = build_folder()
  targets = ["liandongd", "load_generator", "fanout_reference", "sql_reference"]
  steps = [["cmake", "--build", folder, "--target", *targets]]
  if not os.path.exists(os.path.join(folder, "CMakeCache.txt")):
    steps.insert(0, ["cmake", "-G", "Ninja", "-S", ROOT, "-B", folder, "-DCMAKE_BUILD_TYPE=Release"])
  for step in steps:
    machine.need(step[0])
    done = subprocess.run(step, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
      raise RuntimeError(f"{' '.join(step)}:\n{done.stdout[-4000:]}")


def program(*path):
  found = os.path.join(build_folder(), *path)
  if not os.access(found, os.X_OK):
    raise MissingTool(f"{path[-1]} is not built in {build_folder()}")
  return found


def filesystem(path):
  """Type of the file system a path is on."""
  best = ("", "?")
  with open("/proc/mounts", encoding="utf-8") as f:
    for line in f:
      _, point, kind = line.split()[:3]
      if os.path.realpath(path).startswith(point) and len(point) > len(best[0]):
        best = (point, kind)
  return best[1]


def office(code, name, system, kind, parent=None):
  return [f"[office {code}]", f"name = {name}", f"system = {system}", f"kind = {kind}", *([f"parent = {parent}"] if parent else [])]


def directory(authority):
  """Text of a directory file: pairs of a station and its judicial office, each pair seeing only its own, the first of them under
  the bureaus of a district."""
  lines = office(BUREAU, "分局", "police", "bureau") + office("justice", "司法局", "judicial", "bureau")
  devices = {STATION: "duty", JUDICIAL: "mediator", BUREAU: "viewer"}
  for n in range(PAIRS):
    above = (BUREAU, "justice") if n < DISTRICT_PAIRS else (None, None)
    lines += office(f"station-{n}", f"第{n}派出所", "police", "station", above[0])
    lines += office(f"judicial-{n}", f"第{n}司法所", "judicial", "judicial_office", above[1])
    lines += [f"[pairing station-{n} judicial-{n}]", "since = 2020-01-01"]
    devices.setdefault(f"station-{n}", "duty")
  for device, role in devices.items():
    lines += [f"[device {device}]", f"office = {device}", "officer = 值班员", f"role = {role}", f"certificate = {authority.folder}/{device}.pem"]
  for account in ACCOUNTS:
    lines += [f"[account {account}]", "name = 民警", f"office = {STATION}", "role = officer"]
  return "\n".join(lines) + "\n"


class Ground:
  def __init__(self):
    under = os.environ.get("TMPDIR") or "/var/tmp"
    self.folder = tempfile.mkdtemp(prefix="liandong-load-", dir=under)
    os.chmod(self.folder, 0o755)
    self.closing = contextlib.ExitStack()
    self.closing.callback(shutil.rmtree, self.folder, ignore_errors=True)
    try:
      if filesystem(self.folder) in ("tmpfs", "ramfs"):
        machine.say(f"warning: {under} is in memory: durable costs nothing here, set TMPDIR to a folder on a disk")
      machine.say("making certificates")
      self.certificates = self.make_certificates()
      subprocess.run([program("server", "liandongd"), "seal-key", self.path("seal.key")], check=True, stdout=subprocess.DEVNULL)
      machine.say("starting PostgreSQL")
      self.cluster = Cluster(under=under, **CLUSTER)
      self.closing.callback(self.cluster.stop)
      self.databases = 0
      self.make_databases()
      self.age_log()
    except BaseException:
      self.close()
      raise

  def make_certificates(self):
    authority = Authority(os.path.join(self.folder, "pki"), "liandong load CA")
    authority.issue("server", "server")
    for device in (JUDICIAL, BUREAU, *(f"station-{n}" for n in range(PAIRS))):
      authority.issue(device)
    # Readable to peers that give up root.
    for name in os.listdir(authority.folder):
      if not name.endswith(".key"):
        os.chmod(os.path.join(authority.folder, name), 0o644)
    with open(os.path.join(self.folder, "directory.ini"), "w", encoding="utf-8") as f:
      f.write(directory(authority))
    return authority.folder

  def make_databases(self):
    with self.cluster.session() as s:
      for role in ("liandong_owner", "liandong_app"):
        s.rows(f"create role {role} login")
      s.rows(f"create database {TEMPLATE} owner liandong_owner")
      s.rows("create database reference")
    with self.cluster.session("reference") as s:
      s.rows("create table report(seq bigserial primary key, at timestamptz not null default now(), body bytea not null)")

  def age_log(self):
    """Leaves the cluster with segments of its log to write over, as one that has been running has. Making one holds everybody's commit for 20 to 30 ms."""
    with self.cluster.session("reference") as s:
      for _ in range(WAL_SEGMENTS):
        s.rows("select pg_logical_emit_message(false, 'liandong', ''), pg_switch_wal()")
      s.rows("checkpoint")

  def conninfo(self, database, role="postgres"):
    return self.cluster.conninfo(database, role)

  def database(self):
    """A fresh one with schema and district."""
    self.databases += 1
    name = f"load{self.databases}"
    self.cluster.copy(name, TEMPLATE)
    return name

  def drop(self, name):
    with self.cluster.session() as s:
      s.rows(f'drop database "{name}" with (force)')

  def checkpoint(self):
    with self.cluster.session() as s:
      s.rows("checkpoint")

  postmaster = property(lambda self: str(self.cluster.process.pid))

  def path(self, *parts):
    return os.path.join(self.folder, *parts)

  def close(self):
    self.closing.close()
