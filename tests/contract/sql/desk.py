"""Migrated databases, and desks at which the .sql files of the server are carried out as the server does it."""
import functools
import glob
import hashlib
import json
import os
import re
import uuid

from support.cluster import Cluster, memory
from support.sql import Session

SERVER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "server")
OFFICES = (  # code, system, kind, parent; ids follow this order
  ("pb", 1, "bureau", None), ("jb", 2, "bureau", None), ("p1", 1, "station", "pb"), ("j1", 2, "judicial", "jb"),
  ("p2", 1, "station", "pb"), ("j2", 2, "judicial", "jb"), ("j3", 2, "judicial", None),
)
PAIRINGS = (("p1", "j1"), ("p2", "j2"))
ROLES = {"officer": 1, "duty": 2, "chief": 3, "mediator": 4, "head": 5, "viewer": 6}
REPORT = ("source", "class", "level", "external_no", "occurred_at", "received_at", "place", "longitude", "latitude", "reporter",
          "reporter_phone", "content", "threats", "mass_count", "area")
READS = re.compile(r"show_|list_|search_|verify_|_feed|_snapshot|_search|_guard|_directory|_secret")


@functools.cache
def load(name):
  """(text with $1…, names) of a .sql file."""
  with open(os.path.join(SERVER, "sql", name + ".sql"), encoding="utf-8") as f:
    text = re.sub(r"--[^\n]*", "", f.read())
  names = []

  def number(match):
    if not match.group(1):
      return match.group(0)
    if match.group(1) not in names:
      names.append(match.group(1))
    return f"${names.index(match.group(1)) + 1}"
  return re.sub(r"'(?:[^']|'')*'|::|:([a-z_][a-z0-9_]*)", number, text), names


def array(values):
  def one(v):
    return "NULL" if v is None else '"' + str(v).replace("\\", "\\\\").replace('"', '\\"') + '"'
  return "{" + ",".join(one(v) for v in values) + "}"


def place_index(place):
  """As phone_index."""
  return phone_index(place)


def place_pairs(text):
  """As the server's, by another hash: of each pair of neighbouring characters 4 bytes, sorted, each once. Here the place itself is not sealed,
  so the pairs find what its text would find anyway; test_looking.py has places that are."""
  return sorted({hashlib.sha256(a.encode() + b.encode()).digest()[:4] for a, b in zip(text, text[1:])})


def phone_index(phone):
  """As the server's: equal for equal numbers, and nothing else is known of it. Here the number itself is not sealed."""
  return "\\x" + hashlib.sha256(phone.encode()).hexdigest()[:32] if phone else None


def request_id():
  return str(uuid.uuid4())


class Ground:
  """A cluster with one migrated template; each case takes a database of its own."""

  def __init__(self, conninfo=None):
    self.cluster = None if conninfo else Cluster(memory(), jit="off")
    self.conninfo = conninfo or self.cluster.conninfo("postgres")
    self.count = 0
    self.prefix = f"sql_{os.getpid()}_"
    self.made = []
    with self.session("postgres") as s:
      for role, options in (("liandong_owner", "login createrole"), ("liandong_app", "login")):
        if not s.rows("select 1 from pg_roles where rolname = $1", role):
          s.rows(f"create role {role} {options}")
    self.template = self.database(None)
    with self.session(self.template, "liandong_owner") as s:
      s.rows("create schema liandong; create table liandong.migration(name text primary key, sha256 text not null)")
      for path in sorted(glob.glob(os.path.join(SERVER, "migrations", "*.sql"))):
        with open(path, encoding="utf-8") as f:
          s.rows(f"begin; set local search_path = liandong, pg_catalog; {f.read()}\n; commit")
        s.rows("insert into liandong.migration values ($1, '')", os.path.basename(path)[:-4])
      for path in sorted(glob.glob(os.path.join(SERVER, "functions", "*.sql"))):
        with open(path, encoding="utf-8") as f:
          s.rows(f"begin; set local search_path = liandong, pg_catalog; set local check_function_bodies = off; {f.read()}\n; commit")
      s.rows("set search_path = liandong, pg_catalog")
      for code, system, kind, parent in OFFICES:
        s.rows("insert into office(code, name, system, kind, parent) values ($1, $1, $2, $3, (select id from office where code = $4))",
               code, system, kind, parent)
      for station, judicial in PAIRINGS:
        s.rows("insert into pairing(station, judicial) select s.id, j.id from office s, office j where s.code = $1 and j.code = $2",
               station, judicial)
      for n, (code, *_) in enumerate(OFFICES):
        s.rows("insert into device(name, key, office, officer, role, unattended) select code, sha256(code::bytea), id, '某', 1, true from office where code = $1", code)

  def session(self, database, role=None):
    s = Session(f"{self.conninfo} dbname={database}" + (f" user={role}" if role else ""))
    s.rows("set search_path = liandong, pg_catalog; set timezone = 'UTC'; set client_min_messages = error")
    return s

  def database(self, template):
    self.count += 1
    name = f"{self.prefix}{self.count}"
    with self.session("postgres") as s:
      s.rows(f'create database {name} template {template or "template0"} owner liandong_owner strategy file_copy')
    self.made.append(name)
    return name

  def drop(self, name):
    with self.session("postgres") as s:
      s.rows(f"drop database if exists {name} with (force)")
    self.made.remove(name)

  def district(self):
    return District(self, self.database(self.template))

  def close(self):
    if self.cluster:
      self.cluster.stop()
      return
    for name in self.made[::-1]:
      self.drop(name)


class District:
  """One database. With: closes its sessions, and it is gone."""

  def __init__(self, ground, name):
    self.ground, self.name = ground, name
    self.admin = ground.session(name)
    self.app = ground.session(name, "liandong_app")
    self.ids = dict(self.admin.rows("select code, id from office"))

  def __enter__(self):
    return self

  def __exit__(self, *_):
    self.close()
    self.ground.drop(self.name)

  def close(self):
    self.admin.close()
    self.app.close()

  def sql(self, statement, *values):
    return self.admin.rows(statement, *values)

  def desk(self, office, role="duty", device=None, account=0):
    return Desk(self, office, ROLES[role], device or f"{office}-{role}", account)

  def group(self, *members):
    """One commit group of reports: (desk, fields[, request, act]). Answers in order."""
    rows = [(desk, fields, *(more or ())) for desk, fields, *more in members]
    rows = [(d, f, r[0] if r else request_id(), r[1] if len(r) > 1 else json.dumps(f)) for d, f, *r in rows]
    columns = {
      "request_id": [r for _, _, r, _ in rows], "act": ["\\x" + a.encode().hex() for *_, a in rows],
      "caller_office": [d.id for d, *_ in rows], "caller_device": [d.device for d, *_ in rows],
      "caller_officer": [d.officer for d, *_ in rows], "caller_account": [d.account for d, *_ in rows], "caller_role": [d.role for d, *_ in rows],
      "phone_index": [phone_index(f.get("reporter_phone")) for _, f, *_ in rows],
      "place_index": [place_index(f.get("place")) for _, f, *_ in rows],
      "place_pairs": [f.get("place_pairs") for _, f, *_ in rows],
      **{name: [f.get(name) for _, f, *_ in rows] for name in REPORT}}
    text, names = load("report_incident")
    self.app.rows("begin")
    self.app.rows("select seq from feed_head for update")
    found = self.app.rows(f"select to_jsonb(x) from ({text}) x order by ord", *(array(columns[n]) for n in names))
    self.app.rows("commit")
    answers = [json.loads(row[0]) for row in found]
    assert [a["ord"] for a in answers] == list(range(1, len(rows) + 1)), answers
    return answers

  def report(self, desk, **fields):
    answer = self.group((desk, {"class": 6, "content": "邻居争吵", **fields}))[0]
    assert answer["outcome"] == "done", answer
    return answer


class Desk:
  def __init__(self, district, office, role, officer, account=0):
    self.account = account  # 0: nobody is logged in
    self.district, self.id, self.role, self.officer = district, int(district.ids[office]), role, officer
    self.device = int.from_bytes(officer.encode()[-6:], "big")

  def ask(self, name, /, request=None, act=None, **fields):
    """Carries out one .sql file; rows as dictionaries. Lists become arrays."""
    text, names = load(name)
    given = {"request_id": request or request_id(), "act": "\\x" + (act or json.dumps(fields, default=str)).encode().hex(), **fields}
    values = [array(v) if isinstance(v, list) else None if v is None else str(v).lower() if isinstance(v, bool) else v
              for v in (given.get(n) for n in names)]
    app = self.district.app
    app.rows("begin")
    app.rows_prepared("select set_config('liandong.office', $1, true), set_config('liandong.device', $2, true), "
                      "set_config('liandong.officer', $3, true), set_config('liandong.role', $4, true), set_config('liandong.account', $5, true)",
                      self.id, self.device, self.officer, self.role, self.account)
    if not READS.match(name):
      app.rows("select seq from feed_head for update")
    found = app.rows_prepared(f"select to_jsonb(x) from ({text}) x", *values)
    app.rows("commit")
    return [json.loads(row[0]) for row in found]

  def change(self, name, incident, **fields):
    found = self.ask(name, incident=incident, **fields)
    if name == "void_incident" and found[0]["reason"] == "APPROVAL_NEEDED":  # by whose word: test_audit.py
      self.district.sql("update approval set agreed = true, decided_at = now() where agreed is null")
      found = self.ask(name, incident=incident, **fields)
    assert len(found) == 1, found
    return found[0]

  def numbers(self, name, **fields):
    return [row["no"] for row in self.ask(name, **fields)]
