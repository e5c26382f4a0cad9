"""What the records of a district come to, written down a second time and by hand: who sees and who may, colours, words of two heads, legs of
transfers, receipts of alerts, clocks, conflicts, repeated requests. Only the rows of record_transition are the database's own, for which
change leads from which state where is data; what the rows mean is worked out here again. test_model.py carries the same steps out on both."""
from collections import namedtuple
from datetime import datetime, timedelta, timezone

SYSTEMS = {"p1": 1, "j1": 2, "p2": 1, "j2": 2, "j3": 2, "pb": 1, "jb": 2}
PAIRED = {"p1": "j1", "j1": "p1", "p2": "j2", "j2": "p2"}
BUREAUS = ("pb", "jb")  # above both pairings
MOST = {  # role, relation: up to which level
  (1, "OWN"): 2, (1, "PAIRED"): 1, (2, "OWN"): 2, (2, "PAIRED"): 2, (3, "OWN"): 3, (3, "PAIRED"): 3, (4, "OWN"): 2, (4, "PAIRED"): 1,
  (5, "OWN"): 3, (5, "PAIRED"): 3, (6, "ABOVE"): 1, (1, "GIVEN"): 1, (2, "GIVEN"): 2, (3, "GIVEN"): 3, (4, "GIVEN"): 1, (5, "GIVEN"): 3,
  **{(role, "NAMED"): 4 for role in (1, 2, 3, 4, 5)}, **{(role, "AREA"): 1 for role in (1, 2, 3, 4, 5)}}
COLOURS = (None, "蓝色", "黄色", "橙色", "红色")
AREAS = {"a1": ("pb", ("j3", "p2", "c1")), "a2": ("j1", ("p2",))}  # whose it is, to whom it is assigned
PARTNERS = {"c1": ("东门社区", "社区", "community"), "c2": ("西门社区", "社区", "community"), "c3": ("城关法律服务所", "律师", "lawyer")}  # name, kind, its code
PARENTS = {"p1": "pb", "p2": "pb", "j1": "jb", "j2": "jb"}
TYPES = {"incident": (1, "JQ"), "dispute": (2, "JF"), "transfer": (3, "YS"), "alert": (4, "YJ"), "task": (5, "RW")}
GREEN, RED, ORANGE = 5, 4, 3
FIELD_SIDES = {"track": 2, "consent": 2, "police_result": 1}
ENDINGS = {4: (15, (1, 2)), 5: (15, (1, 2)), 6: (16, (2,)), 7: (17, (2,)), 8: (18, (2,)), 9: (18, (2,)), 10: (18, (2,)), 11: (18, (2,)),
           12: (18, (1,)), 13: (18, (1,))}
BARRED_CAUSES = {1, 2, 3, 4, 5}  # no mediation by the police
PAST, FUTURE = "2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z"
SOON = (datetime.now(timezone.utc) + timedelta(hours=6)).isoformat()  # later than whatever a run enters
# Verbs whose last word is not the kind of record that they change.
KINDS = {"session": "dispute", "agreement": "dispute", "confirmation": "dispute", "access": "any"}
VERBS = {"link_incident": "dispute", "unlink_incident": "dispute", "grade_incident": "any"}
RIGHTS = ("grade_incident", "head_grade", "grant_access", "withdraw_access")
ONLY_TOLD = frozenset((  # in events: no column of the record keeps them
  "round", "session_mode", "held_at", "mediators", "note_open", "note_private", "session_result", "ignite", "agreement_no", "agreement_form", "court", "confirmed", "performance",
  "visit_no", "performed", "relapse", "linked", "absorbed", "released", "asked"))
NEVER_JOINT = {"lowered_to": None, "lowered_office": None, "closed_police": None, "closed_judicial": None}

Caller = namedtuple("Caller", "name office role account")
Transition = namedtuple("Transition", "type kind from_state to_state systems roles side condition reason_required required stamp")
Event = namedtuple("Event", "no kind version state changed")


class Refused(Exception):
  def __init__(self, reason, field=None, **more):
    super().__init__(reason)
    self.answer = {"outcome": "refused", "reason": reason, "field": field, **more}


class Conflict(Refused):
  """With both values of each field: theirs, yours."""

  def __init__(self, both):
    super().__init__("VERSION_CONFLICT")
    self.answer = {"outcome": "conflict", "reason": "VERSION_CONFLICT", "both": both}


def text(value):
  return {True: "true", False: "false"}.get(value) if isinstance(value, bool) else "、".join(map(str, value)) if isinstance(value, list) else \
    None if value is None else str(value)


def later(moment):
  return moment == FUTURE


def kind_of(verb):
  noun = verb.rpartition("_")[2]
  return VERBS.get(verb) or KINDS.get(noun, noun)


def area_named(area, office):
  """Whether records of that office may name it: its own, one of the office above it, or one that is assigned to it."""
  owner, assigned = AREAS.get(area, (None, ()))
  return owner is not None and owner in (office, PARENTS.get(office)) or office in assigned


def title_cut(title):
  """What comes by itself stands on one line."""
  return title if len(title) <= 80 else title[:79] + "…"


def blank(value):
  return value is None or not str(value).strip()


class Clock:
  def __init__(self, rule):
    self.rule, self.stopped, self.paused, self.near, self.fired = rule, False, False, False, False
    self.alert = None  # the last one that told of it
    self.resoon = False  # it was near when it was paused
    self.held = self.came = False  # stopped for as long as its record is merged into another; its time came meanwhile
    self.due = self.near_by = 0  # in days, where it matters which of a record's clocks is due first; near_by: when it was told to be near

  @property
  def runs(self):
    return not (self.stopped or self.paused or self.fired)

  def row(self):
    return self.rule, self.stopped, self.paused, self.near, self.fired


class Record:
  def __init__(self, kind, no, request, origin, sensitivity=1):
    self.kind, self.no, self.id, self.origin, self.sensitivity = kind, no, request, origin, sensitivity
    self.version, self.state, self.fields, self.events, self.born = 0, 0, {}, [], 0
    self.soon = False   # of a task: due before anything could be told ahead
    self.opened = {}    # (office, number of the record that opened it): mode
    self.named = set()  # accounts
    self.clocks = []
    self.sessions, self.agreements, self.visits = [], [], []  # of a dispute
    self.addressed, self.acked = set(), set()  # offices, of an alert
    self.settle = None  # World.settle

  def value(self, field):
    return self.state if field == "state" else self.origin if field == "origin" else self.fields.get(field)

  def mode(self, office):
    return max((m for (o, _), m in self.opened.items() if o == office), default=0)

  def stop(self, rule=None):
    for c in self.clocks:
      if rule in (None, c.rule):
        self.halt(c)

  def halt(self, c):
    if not c.stopped:
      c.stopped = True
      self.settle(c)


class World:
  def __init__(self, transitions, year):
    self.transitions, self.year = transitions, year
    self.records, self.feed, self.requests = {}, [], {}
    self.names = {}     # of the rules of clocks
    self.timed = []     # records that have clocks
    self.links, self.unlinked, self.approvals = [], set(), {}
    self.late = []      # clocks that were due when they were started
    self.accounts = {}  # of persons: code -> id
    self.numbers = dict.fromkeys(TYPES, 0)

  # Who sees and who may.

  @staticmethod
  def relation(office, origin):
    return "OWN" if office == origin else "PAIRED" if PAIRED.get(office) == origin else "ABOVE" if office in BUREAUS and origin in PAIRED else None

  def sees(self, who, r):
    most = lambda relation: MOST.get((who.role, relation), -1)  # noqa: E731
    return r.sensitivity <= max(most(self.relation(who.office, r.origin)), most("GIVEN") if r.mode(who.office) else -1, most("NAMED") if who.account in r.named else -1,
                               most("AREA") if self.nearby(who, r) else -1)

  @staticmethod
  def nearby(who, r):
    return who.office in AREAS.get(r.fields.get("area"), (None, ()))[1]

  def only_reads(self, who, r):
    """It was opened for reading, and that is why it is seen at all."""
    return (who.role, self.relation(who.office, r.origin)) not in MOST and r.mode(who.office) == 1 and who.account not in r.named \
      and not (self.nearby(who, r) and (who.role, "AREA") in MOST)

  def hands_on(self, who, r):
    """Whether a record may be opened to others: not by who only reads it, nor by who sees it by name alone."""
    most = max(MOST.get((who.role, self.relation(who.office, r.origin)), -1), MOST.get((who.role, "AREA"), -1) if self.nearby(who, r) else -1)
    return not self.only_reads(who, r) and (r.mode(who.office) >= 2 or r.sensitivity <= most)

  @staticmethod
  def fulfils(condition, r):
    if condition is None:
      return True
    field, _, values = condition.lstrip("!").partition(":")
    return ((text(r.value(field)) or "") in values.split(",")) != condition.startswith("!")

  @staticmethod
  def mine(side, who, r, wanted=None):
    """Whoever handles a record together with its office may do what that may, but for who sees it."""
    return side is None or r.value(side) == who.office or side in ("origin", "lead_office") and r.mode(who.office) >= 2 and wanted not in RIGHTS

  def rule(self, who, r, wanted):
    """(the transition that fits best, why it does not)."""
    best, reason, rank = None, "NOT_YOURS", None
    if r.kind == "incident" and (who.office in BUREAUS or self.only_reads(who, r)):
      return best, reason
    for t in self.transitions:
      if t.type != TYPES[r.kind][0] or t.kind != wanted or SYSTEMS[who.office] not in t.systems:
        continue
      here, fits, role, mine = t.from_state == r.state, self.fulfils(t.condition, r), who.role in t.roles, self.mine(t.side, who, r, wanted)
      why = "NOT_YOURS" if not mine or t.side is None and r.version and self.only_reads(who, r) else \
        "ROLE_NOT_ALLOWED" if not role or not fits else None if here else "ILLEGAL_TRANSITION"
      order = (why is None, fits or r.kind == "incident", here, role, mine, (t.to_state != t.from_state) != (why is None), (t.condition is None) != (why is None))
      if rank is None or order > rank:
        best, reason, rank = t, why, order
    return best, reason

  def moves(self, who, r):
    """Merging is offered where another dispute has a party or the place in common: here nobody names either."""
    return {t.kind for t in self.transitions if t.type == TYPES[r.kind][0] and t.from_state == r.state != t.to_state and SYSTEMS[who.office] in t.systems
            and who.role in t.roles and self.fulfils(t.condition, r) and self.mine(t.side, who, r) and self.alert_may(t.kind, who, r) and t.kind != "merge_dispute"}

  @staticmethod
  def alert_may(verb, who, r):
    """Only who was told of an alert acknowledges it, only who raised it takes it back."""
    return not (verb == "cancel_alert" and who.office != r.origin
                or (verb == "ack_alert" or verb == "act_alert" and r.state == 1) and who.office not in r.addressed)

  def found(self, who, no, kind=None, field=None):
    r = self.records.get(no)
    if r is None or kind not in (None, r.kind) or not self.sees(who, r):
      raise Refused("NOT_FOUND", field or kind)
    return r

  # Requests.

  def ask(self, who, verb, request, act, fields):
    """What the server has to answer; what it has to do is done here."""
    past = self.requests.get(request)
    if past:
      return {**past[3], "outcome": "replay"} if past[:3] == (verb, who.office, act) else Refused("KEY_REUSED", "request_id").answer
    try:
      answer = getattr(self, verb)(who, request, **fields)
    except Refused as e:
      return e.answer
    if answer["outcome"] == "done":
      self.requests[request] = verb, who.office, act, answer
    return answer

  def tell(self, r, kind, changed=()):
    r.version += 1
    self.feed.append(Event(r.no, kind, r.version, r.state, frozenset(changed)))
    r.events.append(self.feed[-1])
    return {"outcome": "done", "reason": None, "no": r.no, "version": r.version, "state": r.state}

  def apply(self, r, kind, patch):
    changed = {f for f, v in patch.items() if text(r.value(f)) != text(v)}
    if kind.startswith("correct_") and not changed:
      raise Refused("NO_CHANGE", r.kind)
    r.state = patch.pop("state", r.state)
    r.fields.update((f, v) for f, v in patch.items() if f not in ONLY_TOLD)
    return self.tell(r, kind, changed)

  def number(self, kind, n):
    return f"{TYPES[kind][1]}-{self.year}-{n:06}"

  def make(self, kind, request, origin, sensitivity=1):
    self.numbers[kind] += 1
    r = Record(kind, self.number(kind, self.numbers[kind]), request, origin, sensitivity)
    r.settle = self.settle
    self.records[r.no], r.born = r, len(self.feed)
    return r

  @staticmethod
  def lacks(t, after, why):
    if t.reason_required and blank(why):
      raise Refused("REASON_REQUIRED", "reason")
    if t.type == 1:  # one of these is enough
      if len((after.get("content") or "").strip()) < 2:
        raise Refused("REQUIRED" if blank(after.get("content")) else "TOO_SHORT", "content")
      if t.required and all(after.get(field) in (None, "") for field in t.required):
        raise Refused("REQUIRED", t.required[0])
      return
    for field in t.required or ():
      if after.get(field) in (None, ""):
        raise Refused("REQUIRED", field)

  def may_create(self, who, kind, verb):
    t, reason = self.rule(who, Record(kind, None, None, who.office), verb)
    if reason:
      raise Refused(reason)
    return t

  def change(self, who, verb, r, base, given, why, prepare):
    """prepare: the patch -> the patch with what the kind adds. The order of refusals is the order of what is looked at."""
    if base is not None and base > r.version:
      raise Refused("VERSION_CONFLICT", "base_version")
    given = {f: None if v == "" else v for f, v in given.items() if v is not None}
    t, reason = self.rule(who, r, verb)
    if reason in ("NOT_YOURS", "ROLE_NOT_ALLOWED"):
      raise Refused(reason)
    foreign = {f for f in given if r.kind == "dispute" and FIELD_SIDES.get(f, SYSTEMS[who.office]) != SYSTEMS[who.office]}
    if foreign:
      raise Refused("FIELD_NOT_YOURS", foreign)
    if base is not None and base < r.version:
      patch = {**given, **({"state": t.to_state} if t.to_state not in (0, t.from_state) else {})}
      touched = set().union(*(e.changed for e in r.events if e.version > base))
      both = {f: (text(r.value(f)) or "", text(v) or "") for f, v in patch.items() if f in touched - ONLY_TOLD and text(r.value(f)) != text(v)}
      if both:
        raise Conflict(both)
    if reason:
      raise Refused(reason, r.kind, state=r.state, allowed=self.moves(who, r))
    patch = prepare({**({"state": t.to_state} if t.to_state else {}), **({t.stamp: self.moment()} if t.stamp else {}), **given})
    self.lacks(t, {**r.fields, **patch}, why)
    return self.apply(r, verb, patch)

  def moment(self):
    return f"at {len(self.feed)}"

  def react(self, r, kind, patch):
    """What the system does by itself; nothing where no row of the database's says that it may."""
    for t in self.transitions:
      if t.type == TYPES[r.kind][0] and t.kind == kind and t.roles == [0] and t.from_state == r.state and self.fulfils(t.condition, r):
        answer = self.apply(r, kind, {**({"state": t.to_state} if t.to_state else {}), **patch})
        if r.kind == "alert" and t.to_state != t.from_state:
          r.stop()
        return answer
    return None

  # What the system opens.

  def open_to(self, r, office, mode, cause):
    r.opened[office, cause] = mode
    self.tell(r, "grant_access", ("opened_to",))

  def shut(self, r, office, cause):
    if r.opened.pop((office, cause), None):
      self.tell(r, "withdraw_access", ("opened_to",))

  # Clocks.

  def start(self, r, rule, late=False):
    r.stop(rule)
    if not r.clocks:
      self.timed.append(r)
    r.clocks.append(Clock(rule))
    if late:
      self.late.append((r, r.clocks[-1], True))

  def fire(self, r, clock, due):
    clock.near, clock.fired = clock.near or not due, clock.fired or due
    if r.kind == "alert":
      self.alert_due(r, clock.rule)
      return
    self.tell(r, "deadline_breached" if due else "deadline_near")
    self.alert_deadline(r, clock, due)

  def by_itself(self, r, kind, patch):
    """record_react from outside: whether it happens."""
    if kind == "reopen_dispute":
      patch = {**patch, **self.reopened(r)}
    elif kind == "warn_dispute":
      patch = {**patch, **NEVER_JOINT}
    was = r.fields.get("warning")
    happened = self.react(r, kind, patch) is not None
    if happened and kind == "reopen_dispute":
      self.halt(r)
    if happened and kind == "warn_dispute":
      self.alert_auto(r, "COLOR_RAISED", 5, both=True, detail=COLOURS[r.fields["warning"]])
      self.reddens(r, was)
    return happened
