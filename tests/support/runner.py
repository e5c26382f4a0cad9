"""Runs cases one after the other and prints `result NAME pass|fail|skip[: why]` for each. Nothing hangs: a case has a time
limit, kept by an alarm, and the whole run has one too."""
import importlib
import os
import signal
import sys
import time
import traceback

CASE_SECONDS = 90
STAGE_SECONDS = 180


class Skip(Exception):
  """The case can't be run here; its text says what is missing."""


class TooLong(BaseException):
  """Not an Exception: no case may swallow it."""


class Registry:
  """Cases in the order in which they were written."""

  def __init__(self):
    self.list = []

  def __call__(self, function):
    """@case: the function takes the stage."""
    self.list.append((function.__module__, function.__name__, function))
    return function

  def table(self, rows):
    """@case.table(rows): one case a row; the first column names it, the others are passed after the stage."""
    def register(function):
      for name, *columns in rows:
        entry = lambda stage, columns=columns: function(stage, *columns)  # noqa: E731
        entry.seconds = getattr(function, "seconds", CASE_SECONDS)
        self.list.append((function.__module__, f"{function.__name__}.{name}", entry))
      return function
    return register


case = Registry()


def alarm(_signal, _frame):
  raise TooLong()


def run_case(name, function, stage, seconds):
  """One line; True unless it failed."""
  begun = time.monotonic()
  signal.alarm(seconds)
  try:
    function(stage)
    verdict, detail = "pass", ""
  except Skip as e:
    verdict, detail = f"skip: {e}", ""
  except TooLong:
    verdict, detail = f"fail: not done after {seconds} s", traceback.format_exc()
  except Exception as e:  # pylint: disable=broad-except
    verdict, detail = "fail: " + (f"{type(e).__name__}: {e}".strip().splitlines() or ["?"])[0][:300], traceback.format_exc()
  finally:
    signal.alarm(0)
  if detail:
    print(detail, file=sys.stderr, flush=True)
  if os.environ.get("LIANDONG_TIMES"):
    print(f"# {time.monotonic() - begun:.2f} s", end=" ")
  print(f"result {name} {verdict}", flush=True)
  return not verdict.startswith("fail")


def take_turns(modules, workers):
  """The modules that fall to this process, one at a time as it gets through them, and the processes of the others ([] in those)."""
  turns, rest = os.pipe()
  os.write(rest, bytes(range(len(modules))))
  os.close(rest)
  others = []
  for _ in range(workers - 1):
    pid = os.fork()
    if pid == 0:
      others = []
      break
    others.append(pid)

  def mine():
    while turn := os.read(turns, 1):
      yield modules[turn[0]]
  return mine(), others


def run(suite, modules, make_stage, wanted, workers=1):
  """Exit code. `wanted`: parts of names; empty: all. `workers` processes share the modules out, each on a stage of its own."""
  signal.signal(signal.SIGALRM, alarm)
  signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
  modules, others = take_turns(modules, workers)
  code = 143
  try:
    code = run_modules(suite, modules, make_stage, wanted)
  finally:
    if code == 143:
      for pid in others:
        os.kill(pid, signal.SIGTERM)
    ended = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in others]
  return max([code, *map(abs, ended)])


def run_modules(suite, modules, make_stage, wanted):
  from .cluster import MissingTool
  try:
    signal.alarm(STAGE_SECONDS)
    stage = make_stage()
  except MissingTool as e:
    print(f"result {suite} skip: {e}", flush=True)
    return 0
  except (Exception, TooLong) as e:  # pylint: disable=broad-except
    traceback.print_exc()
    print(f"result {suite} fail: the stage could not be set up: {type(e).__name__}", flush=True)
    return 1
  finally:
    signal.alarm(0)
  try:
    good = True
    for module in modules:
      importlib.import_module(module)
      for _, name, function in [entry for entry in case.list if entry[0] == module]:
        full = f"{suite}.{module.removeprefix('test_')}.{name}"
        if not wanted or any(part in full for part in wanted):
          good = run_case(full, function, stage, getattr(function, "seconds", CASE_SECONDS)) and good
    return 0 if good else 1
  finally:
    stage.close()
