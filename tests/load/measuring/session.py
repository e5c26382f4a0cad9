"""One run: arguments, ground, repetitions, lines."""
import signal
import sys
import time
import traceback

from support.cluster import MissingTool
from support.sql import SqlError

from . import machine
from .figures import MEASUREMENTS, Bench
from .generator import Faulty
from .ground import Ground, build
from .report import Sheet
from .servers import prepare_template

REPETITIONS = 3


def choose(names):
  """Measurements that yield the figures named; all where none is. An unknown name ends the program."""
  known = [figure.name for m in MEASUREMENTS for figure in m.figures]
  for name in names:
    if name not in known:
      sys.exit(f"no figure {name}; there are: {' '.join(known)}")
  return [m for m in MEASUREMENTS if not names or any(figure.name in names for figure in m.figures)]


def measure(m, bench):
  """One repetition. What goes wrong is the figure's, not the run's."""
  names = [figure.name for figure in m.figures]
  begun = time.monotonic()
  try:
    m.function(bench)
  except MissingTool as e:
    for name in names:
      bench.sheet.skip(name, str(e))
  except (Faulty, SqlError, RuntimeError, OSError, TimeoutError, KeyError) as e:
    if not isinstance(e, Faulty):
      machine.say(traceback.format_exc())
    for name in names:
      bench.sheet.fail(name, " ".join(str(e).split())[:300])
  machine.say(f"  {' '.join(names)}: {time.monotonic() - begun:.1f} s")


def main(arguments, text):
  names = [word for word in arguments if not word.startswith("-")]
  flags = set(arguments) - set(names)
  if flags - {"--quick", "--list"}:
    print(text, file=sys.stderr)
    return 2
  if "--list" in flags:
    print("\n".join(figure.name for m in MEASUREMENTS for figure in m.figures))
    return 0
  chosen, quick, sheet, begun = choose(names), "--quick" in flags, Sheet(), time.monotonic()
  if machine.SERVER_CORE == machine.LOAD_CORE:
    machine.say("warning: one core only: server and load share it, and every figure is about half")
  signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is stopped
  machine.raise_file_limit()
  machine.say("building")
  build()
  ground = Ground()
  try:
    prepare_template(ground)
    bench = Bench(ground, sheet, quick)
    for repetition in range(1 if quick else REPETITIONS):
      machine.say(f"repetition {repetition + 1} at {time.monotonic() - begun:.0f} s")
      ground.checkpoint()
      for m in chosen:
        if repetition == 0 or not m.once:
          measure(m, bench)
  finally:
    ground.close()
  for name, who in sheet.samples:
    machine.say(sheet.note(name, who))
  for m in chosen:
    for figure in m.figures:
      if not names or figure.name in names:
        for line in sheet.lines(figure):
          print(line, flush=True)
  machine.say(f"took {time.monotonic() - begun:.0f} s")
  return 1 if sheet.failures else 0
