"""Many random steps, each carried out by the server's SQL and by a model of it (model.py), and compared: what is answered, and every so often
all that stands in the database and what each caller sees of it. LIANDONG_SEED: the seed of an earlier run, which takes the same steps again;
LIANDONG_STEPS: how many."""
import json
import os
import random
import uuid
from concurrent.futures import ThreadPoolExecutor

from model import KINDS, SYSTEMS, TYPES, Caller, Transition, World, kind_of, text
from model_dispute import Disputes
from model_fields import Fields
from model_mediation import Mediation
from model_passing import Alerts, Tasks, Transfers
from support.runner import case

STEPS = int(os.environ.get("LIANDONG_STEPS", "20000"))
DISTRICTS = 4  # each with a database and a model of its own; two at a time
LOOKS = 3      # how often all of a district is compared
CALLERS = (("p1", "officer"), ("p1", "duty"), ("p1", "chief"), ("j1", "mediator"), ("j1", "head"), ("p2", "duty"), ("p2", "chief"), ("j2", "mediator"), ("j2", "head"),
           ("j3", "head"), ("pb", "viewer"), ("jb", "viewer"))
TOLD = {  # fields whose changes are compared; moments are the database's
  "dispute": "state type title people_count warning complexity track joint_required lead_office consent outcome outcome_note closed_police closed_judicial causes "
             "lowered_to lowered_office police_result extension_consent reopened_n rounds failed_rounds round session_mode session_result note_open ignite agreement_no "
             "agreement_form court confirmed performance visit_no performed",
  "transfer": "state about from_office to_office mode title doc_no why returned_reason feedback signed_by",
  "alert": "state kind title about supersedes superseded_by acked_by acked_office outcome escalation",
  "task": "state about to_office to_account title result answered_by rechecked_by"}
# How often a change is taken into account: those that lead on, so that some get far.
OFTEN = dict.fromkeys(("assess_dispute", "accept_dispute", "hold_session", "make_agreement", "apply_confirmation", "decide_confirmation", "perform_agreement", "visit_dispute",
                       "close_dispute", "archive_dispute", "unmerge_dispute", "deliver_transfer", "sign_transfer", "accept_transfer", "feedback_transfer", "confirm_transfer",
                       "ack_alert", "act_alert", "accept_task", "finish_task", "recheck_task", "suspend_dispute", "resume_dispute"), .7)
TOLD = {kind: frozenset(names.split()) for kind, names in TOLD.items()}


class Model(Disputes, Mediation, Transfers, Alerts, Tasks, World):
  pass


VERBS = tuple(name for name in dir(Model) if name.rpartition("_")[2] in (*TYPES, *KINDS) and not name.startswith("of_"))


class Walk:
  """One district and its model, side by side."""

  def __init__(self, district, seed):
    self.d, self.seed, self.r = district, seed, random.Random(seed)
    d = district
    d.app.rows("set synchronous_commit = off")
    d.sql("update clock_rule set seconds = seconds * 1000 where type = 4")  # none is due unless its time is made to come
    rows = [json.loads(row[0]) for row in d.sql("select to_jsonb(t) from record_transition t where t.started_on <= today() and coalesce(t.ended_on > today(), true)")]
    self.world = Model([Transition(*(row[name] for name in Transition._fields)) for row in rows], d.sql("select extract(year from today())::int")[0][0])
    self.desks = {}
    for office, role in CALLERS:
      account = int(d.sql("insert into account(code, name) values ($1, $1) returning id", f"{office}{role}")[0][0]) if office in ("p2", "j2") else 0
      desk = d.desk(office, role, account=account)
      self.world.accounts += [f"{office}{role}"] if account else []
      self.desks[Caller(desk.officer, office, desk.role, account)] = desk
    self.fields, self.past, self.seen, self.moved, self.counts = Fields(self.r, self.world), [], 0, 0, {}
    assert d.sql("select seq from feed_head") == [("0",)]

  def uuid(self):
    return str(uuid.UUID(int=self.r.getrandbits(128), version=4))

  def walk(self, steps):
    for n in range(1, steps + 1):
      self.where = f"seed {self.seed}, step {n}"
      self.step()
      if n % max(steps // LOOKS, 1) == 0:
        self.look()
    return self.counts

  def step(self):
    chance = self.r.random()
    record = self.record()
    if chance < .04 and self.world.timed:
      record = self.r.choice(self.world.timed[-40:])
      self.clock(record, self.r.choice(record.clocks))
    elif chance < .12 and record:
      self.system(record)
    elif chance < .16 and self.past:
      self.again()
    else:
      who, verb = self.choice(record)
      fields = self.fields.of(verb, record if record and record.kind == kind_of(verb) else None)
      self.request(who, verb, self.uuid(), json.dumps(fields), fields)

  def record(self):
    """Of any kind that there is, mostly a recent one, so that some get far."""
    kinds = [kind for kind in ("dispute", "dispute", "dispute", "transfer", "alert", "task") if self.world.numbers[kind]]
    if not kinds:
      return None
    kind = self.r.choice(kinds)
    last = self.world.numbers[kind]
    first = max(1, last - 5) if self.r.random() < .85 else 1
    return self.world.records[self.world.number(kind, self.r.randint(first, last))]

  def choice(self, record):
    """Who asks for what: mostly something that the record's state allows, by somebody whose role may; else anything, mostly by somebody who sees it."""
    if record is None or self.r.random() < .07:
      return self.r.choice([*self.desks, *list(self.desks)[:5] * 2]), self.r.choice(("open_dispute", "open_dispute", "open_dispute", "send_transfer", "send_transfer", "raise_alert", "add_task"))
    sees = [who for who in self.desks if self.world.sees(who, record)]
    rows = [t for t in self.world.transitions if t.type == TYPES[record.kind][0] and t.from_state == record.state and t.kind in VERBS]
    if rows and self.r.random() < .8:
      verb = self.r.choice(sorted({t.kind for t in rows if self.r.random() < OFTEN.get(t.kind, .2)}) or ["note_dispute"])
      likely = [who for who in sees if any(
        t.kind == verb and SYSTEMS[who.office] in t.systems and who.role in t.roles and self.world.mine(t.side, who, record) for t in rows)]
      return self.r.choice(likely or list(self.desks)), verb
    return self.r.choice(sees if self.r.random() < .9 else list(self.desks)), self.r.choice([v for v in VERBS if self.r.random() < .05 or kind_of(v) == record.kind])

  def request(self, who, verb, request, act, fields):
    before = len(self.world.feed)
    expected = self.world.ask(who, verb, request, act, fields)
    rows = self.desks[who].ask(verb, request=request, act=act, **fields)
    assert len(rows) == 1, (self.where, verb, rows)
    got = rows[0]
    said = {"outcome": got["outcome"], "reason": got["reason"]}
    if expected["outcome"] == "refused":
      # of several fields that are not the caller's any may be named
      said["field"] = expected["field"] if isinstance(expected["field"], set) and got["field"] in expected["field"] else got["field"]
    if expected["outcome"] in ("done", "replay"):
      said["no"] = got["no"]
      said["version"] = got["version"]
    if "state" in expected:
      said["state"] = got["state"]
    if "allowed" in expected:
      said["allowed"] = set(got["allowed"] or ())
    if "standing" in expected:
      said["standing"] = got["conflict_theirs"][0]
    if "both" in expected:
      said["both"] = dict(zip(got["conflict_fields"], zip(got["conflict_theirs"], got["conflict_yours"])))
    assert said == expected, self.story(f"{who.name} {verb} {fields}: answered {said}, expected {expected}", fields)
    if expected["outcome"] == "done":
      self.past.append((who, verb, request, act, fields))
      assert len(self.world.feed) > before
      self.waits(verb, got)
    if self.world.late:
      self.late()
    key = expected["outcome"], expected["reason"] or (verb if expected["outcome"] == "done" else "")
    self.counts[key] = self.counts.get(key, 0) + 1

  def waits(self, verb, got):
    """Whose word it still takes is told to the head who gave the first."""
    if "waits_for" not in got:
      return
    f = self.world.records[got["no"]].fields
    wanted = (3 - SYSTEMS[f["lowered_office"]] if f.get("lowered_to") else None) if verb == "lower_dispute" else \
      None if got["state"] == 20 else 2 if f.get("closed_judicial") is None else 1
    assert got["waits_for"] == wanted, (self.where, verb, got)

  def story(self, what, fields=()):
    """What went wrong, and all that happened to the records that it names."""
    lines = [f"{self.where}: {what}"]
    for name in fields:
      record = self.world.records.get(str(fields[name]))
      if record:
        lines.append(f"{record.no} of {record.origin}, level {record.sensitivity}, open to {record.opened}: {record.state} {record.fields}")
        lines += [f"  {e.version} {e.kind} -> {e.state} {sorted(e.changed)}" for e in record.events]
    return "\n".join(lines)

  def again(self):
    """The same request once more: by whom, for what, and with which words?"""
    who, verb, request, act, fields = self.r.choice(self.past[-50:] if self.r.random() < .7 else self.past)
    change = self.r.randrange(4)
    if change == 1:
      who = self.r.choice(list(self.desks))
    elif change == 2:
      act += " "
    elif change == 3 and "dispute" in fields:
      verb, fields = "note_dispute", {"dispute": fields["dispute"], "note": "又一次"}
    self.request(who, verb, request, act, fields)

  def system(self, record):
    """What the system does by itself: nothing where the state does not allow it."""
    kind, patch = self.r.choice({
      "dispute": [("reopen_dispute", {}), ("warn_dispute", {"warning": 3}), ("warn_dispute", {"warning": 4})],
      "alert": [("expire_alert", {})]}.get(record.kind, [("none", {})]))
    happened = self.world.by_itself(record, kind, patch)
    got = self.d.sql("select record_react(num, $2, $3, now(), $4, '模型') from any_record where record_no(num) = $1", record.no, kind, json.dumps(patch), self.uuid())
    assert got == [("t" if happened else "f",)], self.story(f"{kind} {patch}: {got}", {"record": record.no})
    self.counts["system", ""] = self.counts.get(("system", ""), 0) + happened

  def clock(self, record, clock):
    """Its time comes, or nearly; and nothing happens where it stands still or is over."""
    nth = record.clocks.index(clock)
    found = self.d.sql("select c.id, c.working, c.near_at is not null from clock c join any_record r using (num) where record_no(num) = $1 order by c.id", record.no)
    which, working, nears = found[nth]
    near = nears == "t" and working == "f" and not clock.near and self.r.random() < .4
    runs = clock.runs
    self.d.sql("update clock set from_at = from_at - case when working then interval '200 days' when $2 then (due_at - clock_timestamp()) - (due_at - near_at) / 2"
               " else due_at - clock_timestamp() + interval '1 second' end where id = $1", which, str(near).lower())
    self.d.sql("select clock_keep(clock_worked_out(c)) from clock c where id = $1", which)
    self.moved += 1
    clock.due = clock.near_by if near else self.moved - 10**9  # also of one that was due before
    if runs:
      self.world.fire(record, clock, not near)
    got = self.due()
    assert got == [(str(int(runs)), None)], self.story(f"clock {clock.row()} near {near}: {got}", {"record": record.no} if runs else {"record": self.d.sql("select no from feed order by seq desc limit 1")[0][0]})
    self.counts["clock", ""] = self.counts.get(("clock", ""), 0) + runs

  def late(self):
    """What was due when it began."""
    for record, clock in self.world.late:
      self.world.fire(record, clock, True)
    assert self.due() == [(str(len(self.world.late)), None)], self.where
    self.world.late.clear()

  def due(self):
    self.d.app.rows("begin")
    got = self.d.app.rows("select fired, failed from clocks_due(9000000000000, 0, 50)")
    self.d.app.rows("commit")
    return got

  # Everything, now and then.

  def look(self):
    d, world = self.d, self.world
    rows = d.sql("select seq, no, kind, version, state, changed from feed where seq > $1 order by seq", self.seen)
    for n, (row, event) in enumerate(zip(rows, world.feed[self.seen:]), self.seen + 1):
      told = TOLD[world.records[event.no].kind]
      changed = set((row[5] or "{}")[1:-1].split(",")) & told
      assert (*row[:5], changed) == (str(n), event.no, event.kind, str(event.version), str(event.state), event.changed & told), \
        self.story(f"event {row}, expected {n} {event}", {"record": event.no})
    assert self.seen + len(rows) == len(world.feed), (self.where, len(rows), world.feed[self.seen + len(rows):][:3])
    self.seen = len(world.feed)
    assert d.sql("select intact, checked from feed_verify()") == [("t", str(self.seen))], self.where
    assert d.sql("select checked, broken, first_broken from records_verify()") == [(str(len(world.records)), "0", None)], (
      self.where, d.sql("select * from records_verify()"))
    clocks = {}
    for no, *row in d.sql("select record_no(num), rule, stopped_at is not null, paused_at is not null, near_fired_at is not null, fired_at is not null from clock order by id"):
      clocks.setdefault(no, []).append((row[0], *(v == "t" for v in row[1:])))
    for record in world.records.values():
      assert clocks.get(record.no, []) == [c.row() for c in record.clocks], self.story(f"clocks {clocks.get(record.no)}, expected {[c.row() for c in record.clocks]}", {"record": record.no})
    assert d.sql("select count(*), count(distinct num) from any_record") == [(str(len(world.records)),) * 2], self.where
    for who, desk in self.desks.items():
      self.sees(who, desk)

  def sees(self, who, desk):
    seen = [r for r in self.world.records.values() if self.world.sees(who, r)]
    numbers = {r.no for r in seen}
    listed = {}
    for kind in TOLD:
      page = None
      while True:
        rows = desk.ask(f"list_{kind}s", limit=200, page=page)
        listed.update({row["no"]: row for row in rows})
        page = rows[0]["next"] if rows else None
        if not page:
          break
    assert set(listed) == numbers, (self.where, who, set(listed) ^ numbers)
    for record in seen:
      row = listed[record.no]
      assert (row["version"], row["state"]) == (record.version, record.state), (self.where, row)
      for field in TOLD[record.kind] & set(row) - {"state", "acked_by", "why"}:
        assert text(row[field]) == text(record.fields.get(field)), self.story(f"{field} is {row[field]}", {"record": record.no})
    for record in self.r.sample(list(self.world.records.values()), min(12, len(self.world.records))):
      row = desk.ask(f"show_{record.kind}", **{record.kind: record.no})[0]
      assert row.pop("reason") == (None if record.no in numbers else "NOT_FOUND"), (self.where, who, record.no)
      if record.no in numbers:
        row.pop("allowed", None)  # a list says nothing of what could be done
        assert row == {name: listed[record.no][name] for name in row}, (self.where, who, row, listed[record.no])
    after, told = 0, []
    while rows := desk.ask("_feed_page", after=after, until=self.seen, limit=1000):
      told += [(row["seq"], row["no"]) for row in rows if row["version"] is not None]
      assert rows[0]["seq"] > after and [row["seq"] for row in rows] == sorted({row["seq"] for row in rows}), (self.where, who)
      after = rows[-1]["seq"]
    wanted = [(n, e.no) for n, e in enumerate(self.world.feed, 1) if e.no in numbers]
    assert told == wanted, (self.where, who, sorted(set(told) ^ set(wanted))[:5])


@case
def steps(ground):
  seed = int(os.environ.get("LIANDONG_SEED", random.randrange(10**6)))
  print(f"# LIANDONG_SEED={seed} LIANDONG_STEPS={STEPS}", flush=True)
  districts = [ground.district() for _ in range(DISTRICTS)]
  try:
    walks = [Walk(district, seed * DISTRICTS + n) for n, district in enumerate(districts)]
    with ThreadPoolExecutor(2) as pool:
      list(pool.map(lambda walk: walk.walk(STEPS // DISTRICTS), walks))
    never = lambda: [verb for verb in VERBS if not any(("done", verb) in walk.counts for walk in walks)]  # noqa: E731
    for _ in range(8):  # what is rare may not have come about by then
      if STEPS >= 4000 and never():
        walks[0].walk(1000)
  finally:
    for d in districts:
      d.__exit__()
  total = {key: sum(walk.counts.get(key, 0) for walk in walks) for key in sorted(set().union(*(walk.counts for walk in walks)))}
  print("# " + ", ".join(f"{n} {' '.join(key).strip()}" for key, n in total.items()), flush=True)
  assert STEPS < 4000 or not never(), f"never done: {never()}"


steps.seconds = 600
