"""Disputes, as model.py has them."""
from model import BARRED_CAUSES, COLOURS, ENDINGS, GREEN, NEVER_JOINT, ORANGE, PAIRED, RED, SYSTEMS, Refused, area_named, blank


def gravity(warning):
  return 0 if warning == GREEN else warning


class Disputes:
  def open_dispute(self, who, request, type, title=None, warning=None, people_count=None, area=None, subtype=None):  # pylint: disable=redefined-builtin
    t = self.may_create(who, "dispute", "open_dispute")
    if area and not area_named(area, who.office):
      raise Refused("BAD_AREA", "area")
    self.title_fault(title)
    r = self.make("dispute", request, who.office)
    answer = self.apply(r, "open_dispute", {
      "subtype": self.worded(subtype),
      "state": t.to_state, "type": type, "title": title, "warning": warning or 2, "people_count": people_count, "area": area or None, "complexity": 2, "track": 1, "source": 2,
      "joint_required": False, "reopened_n": 0, "rounds": 0, "failed_rounds": 0})
    self.marked(who, r, None)
    return answer

  @staticmethod
  def title_fault(title):
    if blank(title):
      raise Refused("REQUIRED", "title")
    if len(title.strip()) < 2:
      raise Refused("TOO_SHORT", "title")

  def of_dispute(self, who, verb, dispute, base, given, why, prepare=lambda patch: patch):
    r = self.found(who, dispute, "dispute")

    def whole(patch):
      if patch.get("area") and not area_named(patch["area"], r.origin):
        raise Refused("BAD_AREA", "area")
      patch = prepare(patch)
      if "subtype" in patch:
        patch["subtype"] = self.worded(patch["subtype"])
      after = {**r.fields, **patch}
      if after["complexity"] >= 3 and not after["joint_required"]:
        patch["joint_required"] = True
      if r.fields["joint_required"] and patch.get("joint_required") is False:
        raise Refused("JOINT_STAYS", "joint_required")
      if ("causes" in patch or "track" in patch) and after["track"] == 2 and BARRED_CAUSES & set(after.get("causes") or ()):
        raise Refused("TRACK_BARRED", "track")
      if "title" in patch:
        self.title_fault(patch["title"])
      return patch
    return r, self.change(who, verb, r, base, given, why, whole)

  @staticmethod
  def speaks(who, r):
    """For its side, where both heads have to: who leads, else who opened it, else who is paired with these."""
    named = [o for o in (r.fields.get("lead_office"), r.origin) if o]
    ours = next((o for o in named if SYSTEMS[o] == SYSTEMS[who.office]), PAIRED.get(named[0]))
    return ours in (None, who.office)

  def colour(self, who, verb, dispute, base_version, reason, **given):
    before = self.records.get(dispute)
    old = gravity(before.fields["warning"]) if before and before.kind == "dispute" else 0
    new = gravity(given["warning"])

    def prepare(patch):
      if new is None:
        raise Refused("REQUIRED", "warning")
      if verb == "raise_dispute" and new <= old:
        raise Refused("NOT_HIGHER", "warning")
      if verb == "lower_dispute" and new >= old:
        raise Refused("NOT_LOWER", "warning")
      if verb == "lower_dispute" and old == RED and not self.speaks(who, before):
        raise Refused("NOT_YOURS", "warning")
      if verb == "assess_dispute" and new < old and (old == RED or before.state == 2):
        raise Refused("LOWER_APART", "warning")
      if verb == "lower_dispute" and old == RED:  # takes a word of each side, about the same colour
        if before.fields.get("lowered_to") != given["warning"]:
          del patch["warning"]
          return {**patch, "lowered_to": given["warning"], "lowered_office": who.office}
        if SYSTEMS[before.fields["lowered_office"]] == SYSTEMS[who.office]:
          raise Refused("OTHER_SIDES_WORD", "warning")
        return {**patch, "lowered_to": None, "lowered_office": None}
      return {**patch, **NEVER_JOINT} if new > old else patch
    r, answer = self.of_dispute(who, verb, dispute, base_version, given, reason, prepare)
    if answer["outcome"] == "done" and (verb == "raise_dispute" or verb == "assess_dispute" and new > old):
      self.alert_auto(r, "COLOR_RAISED", 5, both=True, detail=COLOURS[r.fields["warning"]])
    if answer["outcome"] == "done" and verb == "raise_dispute":
      self.reddens(r, old)
    return answer

  def assess_dispute(self, who, _, dispute, base_version=None, warning=None, complexity=None, joint_required=None, causes=None, reason=None):
    return self.colour(who, "assess_dispute", dispute, base_version, reason, warning=warning, complexity=complexity, joint_required=joint_required, causes=causes)

  def raise_dispute(self, who, _, dispute, base_version=None, warning=None, reason=None):
    return self.colour(who, "raise_dispute", dispute, base_version, reason, warning=warning)

  def lower_dispute(self, who, _, dispute, base_version=None, warning=None, reason=None):
    return self.colour(who, "lower_dispute", dispute, base_version, reason, warning=warning)

  def correct_dispute(self, who, _, dispute, base_version=None, reason=None, **given):
    before = dict(self.records[dispute].fields) if dispute in self.records else {}
    r, answer = self.of_dispute(who, "correct_dispute", dispute, base_version, given, reason)
    if answer["outcome"] == "done":
      self.marked(who, r, before["subtype"])
    return answer

  def note_dispute(self, who, _, dispute, note=None):
    def prepare(patch):
      if blank(note):
        raise Refused("REQUIRED", "note")
      return patch
    return self.of_dispute(who, "note_dispute", dispute, None, {}, note, prepare)[1]

  def accept_dispute(self, who, _, dispute, base_version=None, consent=None, lead_office=None, track=None):
    def prepare(patch):
      lead = lead_office or who.office
      if lead not in (who.office, PAIRED.get(who.office)):
        raise Refused("UNKNOWN_VALUE", "lead_office")
      return {**patch, "lead_office": lead, "extended_to": None, "extension_consent": None, "due_at": self.moment()}
    r, answer = self.of_dispute(who, "accept_dispute", dispute, base_version, {"consent": consent, "lead_office": lead_office, "track": track}, None, prepare)
    if answer["outcome"] == "done":
      self.start(r, self.period(r))
      if r.fields["track"] == 2:
        self.start(r, "POLICE_FIRST")
    return answer

  @staticmethod
  def period(r):
    return "POLICE_CASE" if r.fields["track"] == 2 else "MEDIATION"

  def decline_dispute(self, who, _, dispute, base_version=None, reason=None):
    r, answer = self.of_dispute(who, "decline_dispute", dispute, base_version, {}, reason, lambda patch: {**patch, "outcome": 14})
    return self.stopped(r, answer)

  def stopped(self, r, answer):
    if answer["outcome"] == "done":
      self.halt(r)
    return answer

  def investigate_dispute(self, who, _, dispute, base_version=None, note=None):
    return self.of_dispute(who, "investigate_dispute", dispute, base_version, {}, note)[1]

  def suspend_dispute(self, who, _, dispute, base_version=None, reason=None):
    r, answer = self.of_dispute(who, "suspend_dispute", dispute, base_version, {}, reason, lambda patch: {**patch, "suspended_at": self.moment()})
    for c in r.clocks:
      if answer["outcome"] == "done" and c.runs and not (r.fields["subtype"] and c.rule.startswith("VISIT_DV")):
        c.paused, c.resoon, c.near = True, c.near, False
        if c.resoon:
          self.settle(c, "时限已暂停")
    return answer

  def resume_dispute(self, who, _, dispute, base_version=None, note=None):
    r, answer = self.of_dispute(who, "resume_dispute", dispute, base_version, {}, note, lambda patch: {**patch, "suspended_at": None})
    for c in r.clocks:
      if answer["outcome"] == "done" and c.paused and not c.stopped:
        c.paused = False
        if c.resoon:
          self.late.append((r, c, False))
    return answer

  def extend_dispute(self, who, _, dispute, base_version=None, extension_consent=None):
    def prepare(patch):
      if self.records[dispute].fields.get("extended_to"):
        raise Refused("EXTENDED_BEFORE", "dispute")
      return {**patch, "extended_to": self.moment()}
    r, answer = self.of_dispute(who, "extend_dispute", dispute, base_version, {"extension_consent": extension_consent}, None, prepare)
    if answer["outcome"] == "done":
      for rule in ("MEDIATION", "POLICE_CASE"):
        r.stop(rule)
      self.start(r, "EXTENSION")
      r.clocks[-1].paused = r.state == 7
    return answer

  def conclude_dispute(self, who, _, dispute, base_version=None, outcome=None, outcome_note=None):
    def prepare(patch):
      state, systems = ENDINGS.get(outcome, (None, ()))
      if outcome is None:
        raise Refused("REQUIRED", "outcome")
      if state is None:
        raise Refused("OUTCOME_ELSEWHERE", "outcome")
      if SYSTEMS[who.office] not in systems:
        raise Refused("FIELD_NOT_YOURS", "outcome")
      return {**patch, "state": state}
    r, answer = self.of_dispute(who, "conclude_dispute", dispute, base_version, {"outcome": outcome, "outcome_note": outcome_note}, None, prepare)
    self.stopped(r, answer)
    if answer["outcome"] == "done" and answer["state"] == 15:
      self.visits(r)
    return answer

  def close_dispute(self, who, _, dispute, base_version=None, note=None):
    mine, other = ("closed_police", "closed_judicial") if SYSTEMS[who.office] == 1 else ("closed_judicial", "closed_police")

    def prepare(patch):
      before = self.records[dispute].fields
      over = before["warning"] not in (ORANGE, RED) and not before["joint_required"] or before.get(other) is not None
      if (before["warning"] in (ORANGE, RED) or before["joint_required"]) and not self.speaks(who, self.records[dispute]):
        raise Refused("NOT_YOURS", "dispute")
      if not over and before.get(mine):
        raise Refused("OTHER_SIDES_WORD", "dispute")
      return {**patch, mine: who.name, "state": 20 if over else 19, **({"closed_at": self.moment()} if over else {})}
    r, answer = self.of_dispute(who, "close_dispute", dispute, base_version, {}, note, prepare)
    if answer.get("state") == 20 and answer["outcome"] == "done":  # a red one is visited after it was closed as well
      r.stop("VISIT")
      r.stop("CONFIRMATION")
    return answer

  @staticmethod
  def reopened(r):
    return {**dict.fromkeys(("outcome", "outcome_note", "concluded_at", "closed_police", "closed_judicial", "closed_at", "archived_at", "due_at", "extended_to", "extension_consent")),
            "reopened_n": r.fields["reopened_n"] + 1}

  def reopen_dispute(self, who, _, dispute, base_version=None, reason=None):
    return self.stopped(*self.of_dispute(who, "reopen_dispute", dispute, base_version, {}, reason, lambda patch: {**patch, **self.reopened(self.records[dispute])}))
