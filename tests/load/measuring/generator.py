"""Runs the load generator and reads what it measured."""
import contextlib
import subprocess

from .ground import program
from .machine import LOAD_CORE, pinned, wait_for_quiet


class Faulty(Exception):
  """Something was lost, doubled, out of order or refused: the figure is worth nothing."""


def command(ground, server, scenario, parties, options):
  words = [program("tests", "load", "load_generator"), scenario, f"--protocol={server.protocol}", f"--port={server.port}",
           f"--certificates={ground.certificates}", f"--server-pids={server.pids}"]
  words += [f"--other-pids={server.other_pids}"] if server.other_pids else []
  words += [f"--party={role}:{device}:{count}" for role, device, count in parties if count]
  return words + [f"--{name}={value}" for name, value in options.items()]


def read(text):
  """name<TAB>value lines."""
  return {name: float(value) for name, _, value in (line.partition("\t") for line in text.splitlines()) if value}


def check(scenario, code, values, errors):
  if code or "faults" not in values:
    raise Faulty(f"{scenario} could not be measured: {errors.strip() or f'exit {code}'}")
  if values["faults"]:
    raise Faulty(f"{scenario}: {values['faults']:.0f} faults: {errors.strip() or 'events missing or out of order'}")
  return values


def generate(ground, server, scenario, parties, **options):
  """What one run measured, by name. Raises Faulty."""
  wait_for_quiet()
  with pinned(LOAD_CORE):
    done = subprocess.run(command(ground, server, scenario, parties, options), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=240, check=False)
  return check(f"{server.protocol} {scenario}", done.returncode, read(done.stdout), done.stderr)


@contextlib.contextmanager
def holding(ground, server, parties):
  """Connections that stay open meanwhile and must hear nothing. By as many processes as there are lists of parties."""
  processes = []
  try:
    for some in parties:
      with pinned(LOAD_CORE):
        processes.append(subprocess.Popen(command(ground, server, "hold", some, {"parallel": 64}), stdin=subprocess.PIPE,
                                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
      if processes[-1].stdout.readline().strip() != "ready":
        raise Faulty(f"hold: {processes[-1].communicate()[1].strip()}")
    yield
    for process in processes:
      output, errors = process.communicate()
      check("hold", process.returncode, read(output), errors)
  finally:
    for process in processes:
      if process.poll() is None:
        process.kill()
        process.wait()
