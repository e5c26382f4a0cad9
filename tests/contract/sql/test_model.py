"""Many random steps, each carried out by the server's SQL and by a model of it (model.py), and compared: what is answered, and every so often
all that stands in the database and what each caller sees of it. LIANDONG_SEED: the seed of an earlier run, which takes the same steps again;
LIANDONG_STEPS: how many."""
import json
import os
import random
import uuid
from concurrent.futures import ThreadPoolExecutor

from model import AREAS, KINDS, PAIRED, PARTNERS, SYSTEMS, TYPES, Caller, Transition, World, kind_of
from model_beside import Incidents, Links, Merges, Rights
from model_dispute import Disputes
from model_fields import Fields
from model_look import Looks
from model_mediation import Mediation
from model_passing import Alerts, Tasks, Transfers
from model_plan import Marks, Plans
from desk import array
from support.runner import case

STEPS = int(os.environ.get("LIANDONG_STEPS", "20000"))
DISTRICTS = 4  # each with a database and a model of its own; two at a time
NEW = ("open_dispute", "open_dispute", "open_dispute", "send_transfer", "send_transfer", "raise_alert", "add_task", "report_incident", "report_incident")
# How often a change is taken into account: those that lead on, so that some get far.
OFTEN = dict.fromkeys(("assess_dispute", "accept_dispute", "hold_session", "make_agreement", "apply_confirmation", "decide_confirmation", "perform_agreement", "visit_dispute",
                       "close_dispute", "archive_dispute", "unmerge_dispute", "deliver_transfer", "sign_transfer", "accept_transfer", "return_transfer", "feedback_transfer", "confirm_transfer",
                       "ack_alert", "act_alert", "accept_task", "finish_task", "recheck_task", "plan_alert", "review_alert", "suspend_dispute", "resume_dispute"), .7)
LOOKS = 3      # how often all of a district is compared
CALLERS = (("p1", "officer"), ("p1", "duty"), ("p1", "chief"), ("j1", "mediator"), ("j1", "head"), ("p2", "duty"), ("p2", "chief"), ("j2", "mediator"), ("j2", "head"),
           ("j3", "head"), ("pb", "viewer"), ("jb", "viewer"))


class Model(Incidents, Disputes, Mediation, Links, Merges, Rights, Transfers, Alerts, Plans, Marks, Tasks, World):
  pass


ACTS = tuple(name for name in dir(Model) if name.rpartition("_")[2] in (*TYPES, *KINDS) and not name.startswith("of_"))


class Walk(Looks):
  """One district and its model, side by side."""

  def __init__(self, district, seed):
    self.d, self.seed, self.r = district, seed, random.Random(seed)
    self.wanted = ()  # what has come about nowhere yet: looked for where a record is at the right step
    d = district
    d.app.rows("set synchronous_commit = off; set plan_cache_mode = force_generic_plan; set enable_seqscan = off")  # as the server's writer
    d.sql("update clock_rule set seconds = seconds * 1000 where type = 4")  # none is due unless its time is made to come
    rows = [json.loads(row[0]) for row in d.sql("select to_jsonb(t) from record_transition t where t.started_on <= today() and coalesce(t.ended_on > today(), true)")]
    rows += [{**json.loads(row[0]), "type": 1} for row in d.sql("select to_jsonb(t) from incident_transition t where t.started_on <= today() and coalesce(t.ended_on > today(), true)")]
    for row in rows:
      if row["type"] == 1:
        row.update(side="origin" if row["origin_only"] else None, condition=f"level:{','.join(map(str, row['levels']))}" if row["levels"] else None)
    for code, (name, _, kind) in PARTNERS.items():
      d.sql("insert into office(code, name, system, kind, partner_kind) values ($1, $2, 3, 'partner', $3)", code, name, kind)
    for code, (owner, assigned) in AREAS.items():
      d.sql("insert into area(code, name, office) select $1, $1, id from office where code = $2", code, owner)
      d.sql("insert into area_office(area, office, started_on) select a.id, o.id, '2020-01-01' from area a, office o where a.code = $1 and o.code = any ($2)", code, array(assigned))
    d.sql("select rights_work_out()")
    self.world = Model([Transition(*(row[name] for name in Transition._fields)) for row in rows], d.sql("select extract(year from today())::int")[0][0])
    self.world.names = dict(d.sql("select rule, name from clock_rule"))
    self.desks = {}
    for office, role in CALLERS:
      account = int(d.sql("insert into account(code, name) values ($1, $1) returning id", f"{office}-{role}")[0][0]) if office in ("p2", "j2") else 0
      desk = d.desk(office, role, account=account)
      if account:
        self.world.accounts[desk.officer] = account
        d.sql("insert into assignment(account, office, role, started_on) values ($1, $2, $3, '2020-01-01')", account, desk.id, desk.role)
      self.desks[Caller(desk.officer, office, desk.role, account)] = desk
    self.fields, self.past, self.seen, self.moved, self.counts = Fields(self.r, self.world), [], 0, 0, {}
    assert d.sql("select seq from feed_head") == [("0",)]

  def uuid(self):
    return str(uuid.UUID(int=self.r.getrandbits(128), version=4))

  def walk(self, steps, looks=LOOKS):
    for n in range(1, steps + 1):
      self.where = f"seed {self.seed}, step {n}"
      self.step()
      if n % max(steps // looks, 1) == 0:
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
    elif chance < .2 and not all(self.world.approvals.values()):
      self.second()
    else:
      who, verb = self.choice(record)
      fields = self.fields.of(verb, record if record and kind_of(verb) in (record.kind, "any") else None)
      self.request(who, verb, self.uuid(), self.fields.act(verb, fields), fields)

  def second(self):
    """Another head says a word about what waits for one."""
    key = verb, no, asked, subject = self.r.choice([key for key, agreed in self.world.approvals.items() if not agreed])
    home = next(who.office for who in self.desks if who.name == asked)
    heads = [who for who in self.desks if who.role in (3, 5) and who.name != asked and home in (who.office, PAIRED.get(who.office))]
    if heads:
      waits = "select id from approval where kind = $1 and no = $2 and officer = $3 and starts_with(subject, $4) and agreed is null"
      which = self.d.sql(waits, verb, no, asked, subject)[0][0]
      agreed = self.world.decided(key, self.r.random() < .8)
      got = self.desks[self.r.choice(heads)].ask("decide_approval", approval=which, agreed=agreed, reason="已核实")
      assert got[0]["outcome"] == "done", (self.where, key, got)

  def record(self):
    """Of any kind that there is, mostly a recent one, so that some get far."""
    ways = {(t.type, t.from_state) for t in self.world.transitions if t.kind in self.wanted}
    near = [r for r in self.world.records.values() if (TYPES[r.kind][0], r.state) in ways] if ways else ()
    if near and self.r.random() < .5:
      return self.r.choice(near)
    kinds = [kind for kind in ("dispute", "dispute", "dispute", "transfer", "alert", "task", "incident") if self.world.numbers[kind]]
    if not kinds:
      return None
    kind = self.r.choice(kinds)
    last = self.world.numbers[kind]
    first = max(1, last - 5) if self.r.random() < .85 else 1
    return self.world.records[self.world.number(kind, self.r.randint(first, last))]

  def choice(self, record):
    """Who asks for what: mostly something that the record's state allows, by somebody whose role may; else anything, mostly by somebody who sees it."""
    if record is None or self.r.random() < .07:
      return self.r.choice([*self.desks, *list(self.desks)[:5] * 2]), self.r.choice(NEW)
    sees = [who for who in self.desks if self.world.sees(who, record)]
    rows = [t for t in self.world.transitions if t.type == TYPES[record.kind][0] and t.from_state == record.state and t.kind in ACTS]
    if rows and self.r.random() < .8:
      verb = self.r.choice(sorted({t.kind for t in rows if self.r.random() < OFTEN.get(t.kind, .2)}) or ["note_dispute"])
      likely = [who for who in sees if any(
        t.kind == verb and SYSTEMS[who.office] in t.systems and who.role in t.roles and self.world.mine(t.side, who, record) for t in rows)]
      return self.r.choice(likely or list(self.desks)), verb
    return self.r.choice(sees if sees and self.r.random() < .9 else list(self.desks)), self.r.choice([v for v in ACTS if self.r.random() < .05 or kind_of(v) in (record.kind, "any")])

  def request(self, who, verb, request, act, fields):
    before = len(self.world.feed)
    expected = self.world.ask(who, verb, request, act, fields)
    rows = self.d.group((self.desks[who], fields, request, act)) if verb == "report_incident" else self.desks[who].ask(verb, request=request, act=act, **fields)
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
    near = nears == "t" and working == "f" and not clock.near and not clock.held and self.r.random() < .4
    runs = clock.runs
    self.d.sql("update clock set from_at = from_at - case when working then interval '200 days' when $2 then (due_at - clock_timestamp()) - (due_at - near_at) / 2"
               " else due_at - clock_timestamp() + interval '1 second' end where id = $1", which, str(near).lower())
    self.d.sql("select clock_keep(clock_worked_out(c)) from clock c where id = $1", which)
    self.moved += 1
    clock.came = clock.held
    clock.due = clock.near_by if near else self.moved - 10**9  # also of one that was due before
    if runs:
      self.world.fire(record, clock, not near)
    got = self.due()
    assert got == [(str(int(runs)), None)], self.story(f"clock {clock.row()} near {near}: {got}", {"record": record.no} if runs else {"record": self.d.sql("select no from feed order by seq desc limit 1")[0][0]})
    self.counts["clock", ""] = self.counts.get(("clock", ""), 0) + runs

  def late(self):
    """What was due when it began."""
    for record, clock, due in self.world.late:
      self.world.fire(record, clock, due)
    got = self.due()
    assert got == [(str(len(self.world.late)), None)], f"{self.where}: {len(self.world.late)} were late, fired {got}; the last events: " + str(self.d.sql("select kind, no, note from feed order by seq desc limit 4"))
    self.world.late.clear()

  def due(self):
    self.d.app.rows("begin")
    got = self.d.app.rows("select fired, failed from clocks_due(9000000000000, 0, 50)")
    self.d.app.rows("commit")
    return got


@case
def steps(ground):
  seed = int(os.environ.get("LIANDONG_SEED", random.randrange(10**6)))
  print(f"# LIANDONG_SEED={seed} LIANDONG_STEPS={STEPS}", flush=True)
  districts = [ground.district() for _ in range(DISTRICTS)]
  try:
    walks = [Walk(district, seed * DISTRICTS + n) for n, district in enumerate(districts)]
    with ThreadPoolExecutor(2) as pool:
      list(pool.map(lambda walk: walk.walk(STEPS // DISTRICTS), walks))
    never = lambda: [verb for verb in ACTS if not any(("done", verb) in walk.counts for walk in walks)]  # noqa: E731
    for n in range(8):  # what is rare may not have come about by then
      if STEPS >= 4000 and (wanted := never()):
        walks[n % DISTRICTS].wanted = wanted
        walks[n % DISTRICTS].walk(1000, 1)
  finally:
    for d in districts:
      d.__exit__()
  total = {key: sum(walk.counts.get(key, 0) for walk in walks) for key in sorted(set().union(*(walk.counts for walk in walks)))}
  print("# " + ", ".join(f"{n} {' '.join(key).strip()}" for key, n in total.items()), flush=True)
  assert STEPS < 4000 or not never(), f"never done: {never()}"


steps.seconds = 600
