"""A private PostgreSQL: unix socket only, an unprivileged user of its own, gone at the end.

Durability is on, as in service: the chaos test kills it. The postmaster is our child, so that a kill -9 hits exactly what
it means to hit and the end of the tests leaves nothing behind."""
import glob
import os
import pwd
import shutil
import signal
import subprocess
import tempfile

from .sql import Session, SqlError
from .waiting import until

SETTINGS = {
  "listen_addresses": "", "unix_socket_permissions": "0777", "fsync": "on", "full_page_writes": "on",
  "synchronous_commit": "on", "max_connections": "60", "shared_buffers": "64MB", "logging_collector": "off",
  "log_parameter_max_length": "0", "log_parameter_max_length_on_error": "0", "restart_after_crash": "on",
}


ROOM = 3 << 30  # bytes


class MissingTool(Exception):
  """A tool the tests need is not installed: a skip by name."""


def binary(name):
  found = [shutil.which(name)] + sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"), reverse=True)
  for path in found:
    if path and os.access(path, os.X_OK):
      return path
  raise MissingTool(f"{name} is not installed")


def unprivileged():
  """Whom PostgreSQL runs as: it refuses root."""
  if os.getuid() != 0:
    return None
  for name in ("postgres", "nobody"):
    try:
      return pwd.getpwnam(name)
    except KeyError:
      pass
  raise MissingTool("no unprivileged user for PostgreSQL")


def children(pid):
  try:
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
      return [int(word) for word in f.read().split()]
  except FileNotFoundError:
    return []


def alive(pid):
  """Running, not merely unreaped."""
  try:
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
      return f.read().rpartition(")")[2].split()[0] not in "ZX"
  except FileNotFoundError:
    return False


def memory():
  """A folder in memory where one has room: for clusters that need not outlive the machine. A database is some 800 files, and to make those on a disk
  costs many times what most cases do with them. A kill -9 of PostgreSQL is the same there."""
  try:
    with open("/proc/meminfo", encoding="ascii") as f:
      available = next(int(line.split()[1]) * 1024 for line in f if line.startswith("MemAvailable"))
    room = os.statvfs("/dev/shm")
    return "/dev/shm" if min(available, room.f_bavail * room.f_frsize) > ROOM and os.access("/dev/shm", os.W_OK) else "/tmp"
  except (OSError, StopIteration):
    return "/tmp"


class Cluster:
  def __init__(self, under="/tmp", environment=None, **settings):
    """Makes the cluster and starts it. The folder is short: a socket's path may have 107 bytes. environment: of PostgreSQL's processes, over ours."""
    self.environment = {**os.environ, **(environment or {})}
    self.user = unprivileged()
    self.folder = tempfile.mkdtemp(prefix="lpg-", dir=under)
    if self.user:
      os.chown(self.folder, self.user.pw_uid, self.user.pw_gid)
    os.chmod(self.folder, 0o700)
    self.data = os.path.join(self.folder, "data")
    self.process = None
    self.run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8",
             "--data-checksums", "--no-sync")
    with open(os.path.join(self.data, "postgresql.auto.conf"), "a", encoding="utf-8") as f:
      for key, value in {**SETTINGS, "unix_socket_directories": self.folder, **settings}.items():
        f.write(f"{key} = '{value}'\n")
    self.start()

  def as_user(self):
    return {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []} if self.user else {}

  def run(self, name, *arguments):
    done = subprocess.run([binary(name), *arguments], cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, env={**os.environ, "LC_ALL": "C.UTF-8"}, **self.as_user())
    if done.returncode:
      raise RuntimeError(f"{name}: {done.stdout}")

  def start(self):
    with open(os.path.join(self.folder, "log"), "ab") as log:
      self.process = subprocess.Popen([binary("postgres"), "-D", self.data], cwd="/", stdin=subprocess.DEVNULL,
                                      stdout=log, stderr=log, start_new_session=True, env=self.environment, **self.as_user())
    self.wait_ready()

  def wait_ready(self):
    def ready():
      assert self.process.poll() is None, f"postgres ended: {self.log()[-2000:]}"
      try:
        with self.session("postgres"):
          return True
      except SqlError:
        return False
    until(ready, 120, "PostgreSQL")  # after a kill it first syncs every file of every database

  def log(self):
    with open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as f:
      return f.read()

  def conninfo(self, database, role="postgres"):
    return f"host={self.folder} dbname={database} user={role}"

  def session(self, database="postgres", role="postgres"):
    return Session(self.conninfo(database, role))

  def copy(self, name, template):
    """A new database like another one that nobody uses."""
    with self.session() as s:
      s.rows(f'create database "{name}" template "{template}" owner liandong_owner strategy file_copy')

  def kill(self):
    """kill -9 of the postmaster and every process of it."""
    family = [self.process.pid, *children(self.process.pid)]
    for pid in family:
      try:
        os.kill(pid, signal.SIGKILL)
      except ProcessLookupError:
        pass
    self.process.wait()
    until(lambda: not any(alive(pid) for pid in family), 60, "the end of PostgreSQL's processes")

  def kill_backend(self, pid):
    """kill -9 of one backend: the postmaster throws all of them out and recovers."""
    os.kill(pid, signal.SIGKILL)
    until(lambda: not alive(pid), 60, "the end of a backend")

  def stop(self):
    if self.process and self.process.poll() is None:
      self.process.send_signal(signal.SIGINT)
      try:
        self.process.wait(20)
      except subprocess.TimeoutExpired:
        self.kill()
    shutil.rmtree(self.folder, ignore_errors=True)
