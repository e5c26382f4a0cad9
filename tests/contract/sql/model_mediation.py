"""Mediation, as model.py has it: sessions in their rounds, agreements with confirmation and performance, visits, the file."""
from model import PAST, RED, Conflict, Refused, blank, later, text
from model_dispute import gravity

FILE = (("APPLICATION", None), ("CONSENT", (1, 2, 3)), ("INVESTIGATION", (1, 2, 3)), ("RECORD", (1, 2, 3, 6)), ("AGREEMENT", (1,)), ("VISIT", None), ("CONFIRMATION", ()))
ANEW = (11, 14, 16)  # after these a session begins a period of its own
POLICE_ROUNDS = FAILED_ORANGE = 2
VISITS = (("VISIT", 7, 2), ("VISIT_30", 30, 5), ("VISIT_90", 90, 10))  # days: due, and near


class Mediation:
  @staticmethod
  def failed(r, result, old=None):
    return r.fields["failed_rounds"] + (result == 3) - (old == 3)

  def burns(self, r, failed_before, ignite=False):
    """Sessions that fail make a dispute orange; what may ignite is told at once."""
    if failed_before < r.fields["failed_rounds"] >= FAILED_ORANGE and gravity(r.fields["warning"]) < 3:
      self.by_itself(r, "warn_dispute", {"warning": 3})
    if ignite:
      self.alert_auto(r, "IGNITE", 18, both=True)

  def hold_session(self, who, _, dispute, base_version=None, **told):
    before = {}

    def prepare(patch):
      r = self.records[dispute]
      before.update(r.fields, state=r.state)
      if later(told.get("held_at")):
        raise Refused("IN_FUTURE", "held_at")
      if told.get("session_result") == 5:
        raise Refused("OUT_OF_RANGE", "session_result")
      if told.get("session_mode") is None:
        raise Refused("REQUIRED", "session_mode")
      if told.get("note_private") is not None and who.role not in (4, 5):
        raise Refused("FIELD_NOT_YOURS", "note_private")
      if r.fields["track"] == 2 and r.fields["rounds"] >= POLICE_ROUNDS:
        raise Refused("ROUNDS_OVER", "dispute")
      patch = {**patch, "round": len(r.sessions) + 1, "rounds": r.fields["rounds"] + 1, "failed_rounds": self.failed(r, told.get("session_result"))}
      return {**patch, "due_at": self.moment(), **dict.fromkeys(("extended_to", "extension_consent", "outcome", "concluded_at"))} if r.state in ANEW else patch
    r, answer = self.of_dispute(who, "hold_session", dispute, base_version, told, None, prepare)
    if answer["outcome"] == "done":
      r.sessions.append({**told, "officer": who.name, "session_version": 1, "touched": {}})
      r.stop("POLICE_FIRST")
      r.stop("POLICE_REPEAT")
      if before["state"] in ANEW:
        self.halt(r)
        self.start(r, self.period(r))
      if r.fields["track"] == 2 and told.get("session_result") == 3 and r.fields["rounds"] < POLICE_ROUNDS:
        self.start(r, "POLICE_REPEAT")
      self.burns(r, before["failed_rounds"], told.get("ignite"))
    return answer

  def correct_session(self, who, _, dispute, round=None, session_version=None, reason=None, **told):  # pylint: disable=redefined-builtin
    before, differs = {}, {}

    def prepare(patch):
      r = self.records[dispute]
      before.update(r.fields)
      if later(told.get("held_at")):
        raise Refused("IN_FUTURE", "held_at")
      if not 1 <= (round or 0) <= len(r.sessions):
        raise Refused("NO_SUCH_ROUND", "round")
      old = r.sessions[round - 1]
      differs.update({f: (text(old.get(f)) or "", text(v)) for f, v in told.items() if v is not None and text(old.get(f)) != text(v)})
      both = {f: values for f, values in differs.items() if session_version and old["touched"].get(f, 1) > session_version}
      if both:
        raise Conflict(both)
      if session_version and session_version > old["session_version"]:
        raise Refused("VERSION_CONFLICT", "session_version")
      result = told.get("session_result")
      counted = r.fields["rounds"] + (old.get("session_result") == 5) - (result == 5)
      return {**patch, "failed_rounds": self.failed(r, result, old.get("session_result")), "rounds": counted} if result else patch
    r, answer = self.of_dispute(who, "correct_session", dispute, None, {"round": round, **told}, reason, prepare)
    if answer["outcome"] == "done":
      old = r.sessions[round - 1]
      old.update({f: v for f, v in told.items() if v not in (None, "")}, session_version=old["session_version"] + 1)
      old["touched"].update(dict.fromkeys(differs, old["session_version"]))
      self.burns(r, before["failed_rounds"])
    return answer

  def make_agreement(self, who, _, dispute, base_version=None, agreement_form=None, terms=None, effective_at=None, perform_by=None, on_spot=None):
    def prepare(patch):
      for field, value in (("agreement_form", agreement_form), ("terms", terms)):
        if blank(value):
          raise Refused("REQUIRED", field)
      if perform_by and not later(perform_by) and effective_at != PAST:
        raise Refused("BEFORE_AGREEMENT", "perform_by")
      return {**patch, "agreement_no": len(self.records[dispute].agreements) + 1, "outcome": 3 if on_spot else agreement_form, "state": 13 if on_spot else 8,
              **({"performance": 2} if on_spot else {})}
    r, answer = self.of_dispute(who, "make_agreement", dispute, base_version, {"agreement_form": agreement_form}, None, prepare)
    if answer["outcome"] == "done":
      r.agreements.append({"agreement_form": agreement_form, "terms": terms, "effective_at": effective_at, "performance": 2 if on_spot else None})
      self.halt(r)
      if r.state == 8 and r.fields["track"] != 2:
        self.start(r, "CONFIRMATION", late=effective_at == PAST)
      self.visits(r)
    return answer

  def visits(self, r):
    for rule, due, near in VISITS if r.fields["warning"] == RED else VISITS[:1]:
      self.visit_by(r, rule, due, near)

  def visit_by(self, r, rule, due, near):
    self.start(r, rule)
    r.clocks[-1].due, r.clocks[-1].near_by = due, near / 2

  def reddens(self, r, was):
    """Red only after it was settled: it is visited as those that were red before."""
    for rule, due, near in VISITS[1:]:
      if r.fields["warning"] == RED != was and r.state in (8, 9, 10, 11, 12, 13, 15, 19) and not any(c.rule == rule and not c.stopped for c in r.clocks):
        self.visit_by(r, rule, due, near)

  def agreed(self, who, verb, dispute, base, given, why, prepare):
    """What becomes of the last agreement."""
    r, answer = self.of_dispute(who, verb, dispute, base, given, why, prepare)
    if answer["outcome"] == "done":
      r.agreements[-1].update({f: v for f, v in given.items() if v is not None})
      if verb != "decide_confirmation":
        r.stop("CONFIRMATION")
    return answer

  def apply_confirmation(self, who, _, dispute, base_version=None, court=None, applied_at=None):
    def prepare(patch):
      if blank(court):
        raise Refused("REQUIRED", "court")
      if later(applied_at):
        raise Refused("IN_FUTURE", "applied_at")
      if self.records[dispute].agreements[-1]["effective_at"] == PAST and applied_at != PAST:
        raise Refused("WINDOW_OVER", "applied_at")
      return patch
    return self.agreed(who, "apply_confirmation", dispute, base_version, {"court": court}, None, prepare)

  def decide_confirmation(self, who, _, dispute, base_version=None, confirmed=None, note=None):
    def prepare(patch):
      if confirmed is None:
        raise Refused("REQUIRED", "confirmed")
      return {**patch, "state": 10 if confirmed else 11}
    return self.agreed(who, "decide_confirmation", dispute, base_version, {"confirmed": confirmed}, note, prepare)

  def perform_agreement(self, who, _, dispute, base_version=None, performance=None, note=None):
    def prepare(patch):
      if performance is None:
        raise Refused("REQUIRED", "performance")
      if self.records[dispute].state == 14 and performance != 2:
        raise Refused("BREACHED_BEFORE", "performance")
      return {**patch, "state": 11 + performance}
    return self.agreed(who, "perform_agreement", dispute, base_version, {"performance": performance}, note, prepare)

  def visit_dispute(self, who, _, dispute, base_version=None, visited_at=None, performed=None, relapse=None, note=None):
    def prepare(patch):
      if later(visited_at):
        raise Refused("IN_FUTURE", "visited_at")
      if blank(note) and performed is None and relapse is None:
        raise Refused("REQUIRED", "note")
      return {**patch, "visit_no": len(self.records[dispute].visits) + 1}
    r, answer = self.of_dispute(who, "visit_dispute", dispute, base_version, {"performed": performed, "relapse": relapse}, note, prepare)
    if answer["outcome"] == "done":
      r.visits.append({"performed": performed, "officer": who.name, "note": note})
      for marked in (False, True):  # one visit is the next one of either sequence
        waiting = [c for c in r.clocks if c.rule.startswith("VISIT") and c.rule.startswith("VISIT_DV") == marked and not c.stopped]
        for c in sorted(waiting, key=lambda c: c.due)[:1]:
          r.halt(c)
      if relapse:
        self.relapses(r)
    return answer

  def archive_dispute(self, who, _, dispute, base_version=None, items=None):
    def prepare(patch):
      lacks = [f"FILE_ITEM_{name}" for n, (name, outcomes) in enumerate(FILE, 1)
               if n not in (items or ()) and (outcomes is None or self.records[dispute].fields.get("outcome") in outcomes)]
      if lacks:
        raise Refused("FILE_INCOMPLETE", " ".join(lacks))
      if any(c.rule.startswith("VISIT") and not c.stopped for c in self.records[dispute].clocks):
        raise Refused("VISITS_DUE", "dispute")
      return {**patch, "checklist": text(items), "archived_at": self.moment()}
    return self.of_dispute(who, "archive_dispute", dispute, base_version, {}, None, prepare)[1]
