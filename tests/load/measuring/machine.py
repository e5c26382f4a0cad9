"""The machine: its cores, its noise, its processes."""
import contextlib
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time

from support.cluster import MissingTool
from support.waiting import until

CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, LOAD_CORE = CORES[0], CORES[-1]
QUIET_SECONDS, QUIET_SHARE = 2.0, 0.15


def say(text):
  print(text, file=sys.stderr, flush=True)


@contextlib.contextmanager
def pinned(*cores):
  """Processes started within run on these cores only. Unpinned, the scheduler puts a single-threaded server and its load on the
  same core and halves both."""
  os.sched_setaffinity(0, set(cores))
  try:
    yield
  finally:
    os.sched_setaffinity(0, set(CORES))


def raise_file_limit():
  """Both ends of every connection are here. Returns how many files a process may have open."""
  _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
  for wanted in (65536, hard):
    with contextlib.suppress(ValueError, OSError):
      resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(hard, wanted)))
      return wanted
  return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def busy():
  """Seconds of CPU all processes used since the machine started."""
  with open("/proc/stat", encoding="ascii") as f:
    fields = [int(word) for word in f.readline().split()[1:9]]
  return (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")


def wait_for_quiet():
  """Until others leave the cores alone, but not for long: what remains is reported with each measurement."""
  end = time.monotonic() + QUIET_SECONDS
  while time.monotonic() < end:
    before = busy()
    time.sleep(0.2)  # the stretch over which noise is measured
    if busy() - before < 0.2 * QUIET_SHARE * len(CORES):
      return


def need(name):
  """Path of a program that may be missing."""
  path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/sbin")
  if not path:
    raise MissingTool(f"{name} is not installed")
  return path


class Program:
  """A server of somebody else's: started on the server's core, ready when its port answers, ended by pid."""

  def __init__(self, command, port, log):
    self.port = port
    with open(log, "ab") as out, pinned(SERVER_CORE):
      self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd="/",
                                      start_new_session=True)
    until(self.answers, 15, f"{os.path.basename(command[0])} on port {port}")

  pids = property(lambda self: str(self.process.pid))
  other_pids = None
  protocol = None

  def answers(self):
    if self.process.poll() is not None:
      raise RuntimeError(f"{self.process.args[0]} ended with {self.process.returncode}")
    try:
      socket.create_connection(("127.0.0.1", self.port), 1).close()
      return True
    except OSError:
      return False

  def stop(self):
    if self.process.poll() is None:
      self.process.send_signal(signal.SIGTERM)
      try:
        self.process.wait(20)
      except subprocess.TimeoutExpired:
        self.process.kill()
        self.process.wait()

  def __enter__(self):
    return self

  def __exit__(self, *_):
    self.stop()
