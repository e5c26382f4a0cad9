"""What PostgreSQL alone can do: pgbench, the same SQL over libpq, the replay of rows."""
import glob
import os
import re
import subprocess

from support.cluster import binary

from .ground import program
from .machine import wait_for_quiet

INSERT = "insert into report(body) values(repeat('i', 300)::bytea);\n"


def run(words, **more):
  done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False, **more)
  if done.returncode:
    raise RuntimeError(f"{os.path.basename(words[0])}: {done.stderr.strip()}")
  return done.stdout


def pgbench(ground, clients, seconds):
  """One-row inserts with bigserial on the same cluster, prepared, over its unix socket: {tps, p50_us, p99_us}."""
  script = ground.path("insert.sql")
  with open(script, "w", encoding="utf-8") as f:
    f.write(INSERT)
  prefix = ground.path("pgbench")
  for old in glob.glob(prefix + ".*"):
    os.unlink(old)
  wait_for_quiet()
  text = run([binary("pgbench"), "-n", "-M", "prepared", "-f", script, "-c", str(clients), "-j", "2", "-T", str(round(seconds)),
              *(["-l", f"--log-prefix={prefix}"] if clients == 1 else []), ground.conninfo("reference")])
  tps = re.search(r"^tps = ([0-9.]+)", text, re.M)
  if not tps:
    raise RuntimeError(f"pgbench made no transaction: {text.strip()}")
  measured = {"tps": float(tps.group(1))}
  times = []
  for path in glob.glob(prefix + ".*"):
    with open(path, encoding="ascii") as f:
      times += [int(line.split()[2]) for line in f]
  if times:
    times.sort()
    measured.update(p50_us=times[len(times) // 2], p99_us=times[int(len(times) * 0.99)])
  return measured


def read(text):
  return {name: float(value) for name, _, value in (line.partition("\t") for line in text.splitlines())}


def same_sql(ground, database, request, sql, calls, caller, bound=True):
  """The calls of a file by the statement the server uses, prepared, over libpq, for a caller (office, role); not `bound`: past row-level
  security."""
  wait_for_quiet()
  return read(run([program("tests", "load", "sql_reference"), "calls", ground.conninfo(database, "liandong_app" if bound else "postgres"),
                   *map(str, caller), request, sql, calls]))


def replay(ground, database):
  wait_for_quiet()
  return read(run([program("tests", "load", "sql_reference"), "replay", ground.conninfo(database)]))
