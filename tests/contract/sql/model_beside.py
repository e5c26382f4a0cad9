"""Incidents and what is beside disputes, as model.py has them: links, merges, and who sees a record."""
from model import MOST, SOON, TYPES, Event, Refused, area_named, blank, later
from model_plan import MARK

GRAVE = {8: ("EXTREME_THREAT", 3), 5: ("MASS_EVENT", 1)}  # classes of incidents that raise an alert: its rule, kind and title
MAJOR = ("MAJOR_INCIDENT", 2)
SPECIAL = {9: 3}                                          # and those that not everybody sees, with their level
APPROVED_FROM = 3                                         # opening these takes a second person


class Incidents:
  def report_incident(self, who, request, content=None, level=None, area=None, **more):
    kind = more.get("class")
    if not kind:
      raise Refused("REQUIRED", "class")
    if len((content or "").strip()) < 2:
      raise Refused("REQUIRED" if blank(content) else "TOO_SHORT", "content")
    if area and not area_named(area, who.office):
      raise Refused("BAD_AREA", "area")
    r = self.make("incident", request, who.office, SPECIAL.get(kind, 1))
    r.fields = {"class": kind, "level": level or 3, "content": content, "area": area}
    r.state = 1
    if who.account and r.sensitivity > MOST[who.role, "OWN"]:
      r.named.add(who.account)
    answer = self.tell(r, "report_incident")
    rule, alert = GRAVE.get(kind, MAJOR if level == 1 else (None,) * 2)
    if rule:
      self.alert_auto(r, rule, alert, both=False)
    return answer

  def of_incident(self, who, verb, incident, base, given, why):
    r = self.found(who, incident, "incident")

    def prepare(patch):
      if patch.get("area") and not area_named(patch["area"], r.origin):
        raise Refused("BAD_AREA", "area")
      if verb == "note_incident" and blank(why):
        raise Refused("REQUIRED", "note")
      return patch
    return self.change(who, verb, r, base, given, why, prepare)

  def note_incident(self, who, _, incident, note=None):
    return self.of_incident(who, "note_incident", incident, None, {}, note)

  def correct_incident(self, who, _, incident, base_version=None, content=None, area=None, reason=None):
    return self.of_incident(who, "correct_incident", incident, base_version, {"content": content, "area": area}, reason)

  def arrive_incident(self, who, _, incident, base_version=None, note=None):
    return self.of_incident(who, "arrive_incident", incident, base_version, {}, note)

  def dispatch_incident(self, who, _, incident, base_version=None, dispatched_to=None, note=None):
    return self.of_incident(who, "dispatch_incident", incident, base_version, {"dispatched_to": dispatched_to}, note)

  def close_incident(self, who, _, incident, base_version=None, result=None, note=None):
    return self.of_incident(who, "close_incident", incident, base_version, {"result": result}, note)

  def reopen_incident(self, who, _, incident, base_version=None, reason=None):
    return self.of_incident(who, "reopen_incident", incident, base_version, {}, reason)


class Links:
  def link_incident(self, who, _, dispute, incident=None, external_no=None, external_office=None, external_at=None, reason=None):
    return self.linked(who, "link_incident", dispute, incident, external_no, external_office, external_at, reason)

  def unlink_incident(self, who, _, dispute, incident=None, external_no=None, external_office=None, external_at=None, reason=None):
    return self.linked(who, "unlink_incident", dispute, incident, external_no, external_office, external_at, reason)

  def linked(self, who, verb, dispute, incident, external_no, external_office, external_at, reason):
    standing = []

    def prepare(patch):
      if (incident is None) == (external_no is None):
        raise Refused("REQUIRED" if incident is None else "ONE_OF_THEM", "incident")
      if incident is not None:
        self.found(who, incident, "incident")
      elif verb == "link_incident":
        for field, value in (("external_office", external_office), ("external_at", external_at), ("reason", reason)):
          if blank(value):
            raise Refused("REASON_REQUIRED" if field == "reason" else "REQUIRED", field)
        if later(external_at):
          raise Refused("IN_FUTURE", "external_at")
      standing.extend(row for row in self.links if row[:3] == (dispute, incident, external_no) and row not in self.unlinked
                      and (incident is not None or verb == "unlink_incident" and external_office is None or row[3] == external_office))
      if bool(standing) == (verb == "link_incident"):
        raise Refused("NO_CHANGE", "external_no" if incident is None else "incident")
      return {**patch, "linked": incident or external_no}
    answer = self.of_dispute(who, verb, dispute, None, {}, reason, prepare)[1]
    if answer["outcome"] == "done":
      if verb == "link_incident":
        self.links.append((dispute, incident, external_no, external_office if incident is None else None, len(self.links)))
      else:
        self.unlinked.add(standing[-1])
      r = self.records[dispute]
      if verb == "link_incident" and (external_at == SOON if incident is None else self.records[incident].born > r.born):
        self.relapses(r)
      if incident is not None:
        self.tell(self.records[incident], verb, ("linked",))
    return answer


class Merges:
  @staticmethod
  def joint(r):
    return r.fields["warning"] in (3, 4) or r.fields["joint_required"]

  def merge_dispute(self, who, _, dispute, into=None, reason=None):
    before = self.records.get(dispute)
    state = before.state if before else None

    def prepare(patch):
      if blank(into):
        raise Refused("REQUIRED", "into")
      target = self.found(who, into, "dispute", "into")
      if target.no == dispute:
        raise Refused("NO_CHANGE", "into")
      if target.state == 23:
        raise Refused("MERGED_ALREADY", "into")
      if target.state in (4, 20, 21, 24):
        raise Refused("TARGET_CLOSED", "into")
      if self.only_reads(who, target):
        raise Refused("NOT_YOURS", "into")
      if before.fields["subtype"] == MARK != target.fields["subtype"]:
        raise Refused("MARK_LOST", "into")
      if before.fields["warning"] == 4 != target.fields["warning"] or self.joint(before) and not self.joint(target):
        raise Refused("GRAVER_STAYS", "into")
      return {**patch, "merged_into": into}
    r, answer = self.of_dispute(who, "merge_dispute", dispute, None, {}, reason, prepare)
    if answer["outcome"] == "done":
      r.merged_from = state
      for c in r.clocks:
        c.held = not c.stopped
      r.stop()
      self.react(self.records[into], "absorb_dispute", {"absorbed": dispute})
    return answer

  def unmerge_dispute(self, who, _, dispute, reason=None):
    before = self.records.get(dispute)
    into = before.fields.get("merged_into") if before else None
    r, answer = self.of_dispute(who, "unmerge_dispute", dispute, None, {}, reason, lambda patch: {**patch, "state": self.records[dispute].merged_from, "merged_into": None})
    if answer["outcome"] == "done":
      for c in r.clocks:
        c.stopped = c.stopped and not c.held
        if c.held and c.came and c.runs:
          self.late.append((r, c, True))
      self.react(self.records[into], "absorb_dispute", {"released": dispute})
      for c in r.clocks:
        if c.held and (c.fired or c.near and c.runs and not c.came):
          self.alert_deadline(r, c, c.fired)
        c.held = c.came = False
    return answer


class Rights:
  """Changes of who sees a record of any kind."""

  def rights(self, who, verb, incident, base, why, faults, opening, wanted=None):
    r = self.found(who, incident, field="incident")
    if base not in (None, r.version):
      raise Refused("VERSION_CONFLICT", "base_version")
    reason = self.rule(who, r, wanted(r) if wanted else verb)[1]
    if reason:
      raise Refused(reason)
    for broken, field, told in ((blank(why), "reason", "REASON_REQUIRED"), *faults(r)):
      if broken:
        raise Refused(told, field)
    subject = opening(r)
    if subject and r.sensitivity >= APPROVED_FROM and not self.approved(who, verb, r, subject):
      raise Refused("APPROVAL_NEEDED")
    return r

  def approved(self, who, verb, r, subject):
    """Whether a second person's word is there: it is used up. Else it is asked for, once."""
    key = verb, r.no, who.name, subject
    if self.approvals.get(key):
      del self.approvals[key]
      return True
    if key not in self.approvals:
      self.approvals[key] = False
      self.tell(r, "ask_approval")
    return False

  def decided(self, key, agreed):
    """The second person's word, for one carrying out of the act: an event of the directory, and one of the record."""
    self.feed.append(Event(None, "decide_approval", 1, None, frozenset()))
    self.tell(self.records[key[1]], "decide_approval")
    if agreed:
      self.approvals[key] = True
    else:
      del self.approvals[key]
    return agreed

  def grade_incident(self, who, _, incident, record=None, base_version=None, sensitivity=None, reason=None):
    def wanted(r):
      if sensitivity == 4 and not who.account:
        reason = self.rule(who, r, "head_grade")[1]
        raise Refused(reason or "ROLE_NOT_ALLOWED")
      return "head_grade" if sensitivity == 4 or r.sensitivity >= 3 and sensitivity is not None and sensitivity < r.sensitivity else "grade_incident"
    r = self.rights(who, "grade_incident", incident, base_version, reason, lambda r: (
      (sensitivity is None, "sensitivity", "REQUIRED"), (sensitivity not in (0, 1, 2, 3, 4), "sensitivity", "OUT_OF_RANGE"), (sensitivity == r.sensitivity, "incident", "NO_CHANGE")),
      lambda r: f"S{r.sensitivity} → S{sensitivity}" if sensitivity < r.sensitivity else None, wanted)
    higher, answer = sensitivity > r.sensitivity, self.graded(who, r, sensitivity)
    kin = [r.no]
    for other in self.records.values():
      if higher and other.fields.get("about") in kin:
        kin.append(other.no)
    for no in sorted(kin[1:], key=lambda no: (TYPES[self.records[no].kind][0], no)):  # what tells of it
      if self.records[no].sensitivity < sensitivity:
        self.graded(who, self.records[no], sensitivity)
    return answer

  def graded(self, who, r, sensitivity):
    r.sensitivity = sensitivity
    if sensitivity == 4:
      r.named.add(who.account)
    return self.tell(r, "grade_incident", ("sensitivity",))

  def person(self, account):
    return ((blank(account), "account", "REQUIRED"), (account not in self.accounts, "account", "UNKNOWN_VALUE"))

  def grant_access(self, who, _, incident, record=None, base_version=None, account=None, until=None, reason=None):
    r = self.rights(who, "grant_access", incident, base_version, reason, lambda r: (
      *self.person(account), (until is None, "until", "REQUIRED"), (not later(until), "until", "OUT_OF_RANGE")), lambda r: account)
    r.named.add(self.accounts[account])
    return self.tell(r, "grant_access", ("access",))

  def withdraw_access(self, who, _, incident, record=None, base_version=None, account=None, reason=None):
    r = self.rights(who, "withdraw_access", incident, base_version, reason, lambda r: self.person(account), lambda r: None)
    if self.accounts[account] not in r.named:
      raise Refused("NO_CHANGE", "incident")
    r.named.discard(self.accounts[account])
    return self.tell(r, "withdraw_access", ("access",))
