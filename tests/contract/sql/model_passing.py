"""Transfers, alerts and tasks, as model.py has them."""
from model import BUREAUS, PAIRED, PARTNERS, SYSTEMS, Refused, blank, title_cut

ABOVE_AT_ONCE = (1,)  # kinds of alert of which the bureaus are told too
NEAR, BREACH = 12, 13  # a deadline
SAYS = {  # by rule: what it says, what it asks
  "MASS_EVENT": ("群体性事件警情", "请会同到场处置"), "MAJOR_INCIDENT": ("重大警情", "请会同处置"), "EXTREME_THREAT": ("扬言极端警情", "请会同到场稳控"),
  "COLOR_RAISED": ("预警升级", "请会商稳控"), "DEADLINE_NEAR": ("时限将至", "请按期办理"), "DEADLINE_BREACH": ("超过时限", "请立即办理"),
  "TRANSFER_UNSIGNED": ("超过时限", "请签收或退回"), "IGNITE": ("可能激化", "请派警稳控，会同调解"), "DV_RELAPSE": ("家暴再次发生", "请上门核查，会同处置")}
UNPRESSED = "DEADLINE_NEAR"  # nobody is looked for; an update of it, which a person says, is pressed
SEVERITY = {1: 1, 2: 2, 3: 1, 4: 3, 5: 3, 10: 2, 11: 2, NEAR: 4, BREACH: 3, 15: 3, 18: 2}
ESCALATION = {1: ("DELIVER_EXTREME", "ACK_EXTREME_1", "ACK_EXTREME_2", "ACK_EXTREME_3"), 2: ("ACK_SEVERE_1", "ACK_SEVERE_2", "ACK_SEVERE_3"), 3: ("ACK_MODERATE_1", "ACK_MODERATE_2"),
              4: ("ACK_MINOR_1", "ACK_MINOR_2")}


class Transfers:
  def send_transfer(self, who, request, about=None, to_office=None, mode=None, reason=None, doc_no=None):
    t = self.may_create(who, "transfer", "send_transfer")
    if blank(about):
      raise Refused("REQUIRED", "about")
    target, mode = self.found(who, about, field="about"), mode or 1
    if target.kind not in ("incident", "dispute"):
      raise Refused("UNKNOWN_VALUE", "about")
    if not self.hands_on(who, target):
      raise Refused("NOT_YOURS", "about")
    if target.sensitivity >= 3 and (who.role not in (3, 5) or target.sensitivity > 3):
      raise Refused("ROLE_NOT_ALLOWED", "about")
    if mode == 3 and target.fields.get("lead_office") not in (None, who.office):
      raise Refused("NOT_YOURS", "mode")
    if to_office not in SYSTEMS or to_office in (*BUREAUS, who.office):
      raise Refused("REQUIRED" if to_office is None else "UNKNOWN_VALUE", "to_office")
    standing = self.crossed(about, who.office, to_office, mode)
    if standing:
      raise Refused("TRANSFER_OPEN", "about", standing=standing)
    self.lacks(t, {}, reason)
    r = self.make("transfer", request, who.office, target.sensitivity)
    r.opened[to_office, r.no] = 1
    answer = self.apply(r, "send_transfer", {"state": t.to_state, "about": about, "from_office": who.office, "to_office": to_office, "mode": mode, "why": reason,
                                             "doc_no": doc_no, "title": target.fields.get("title") or about, "lead_before": target.fields.get("lead_office"),
                                             "area": target.fields.get("area")})
    self.start(r, "sign")
    self.open_to(target, to_office, 1, r.no)
    return answer

  def crossed(self, about, sender, receiver, mode):
    return next((t.no for t in self.records.values() if t.kind == "transfer" and t.fields["about"] == about
                 and (t.state in (1, 2, 3) or t.state in (4, 6) and (t.fields["from_office"], t.fields["to_office"]) == (sender, receiver) and t.fields["mode"] >= mode)
                 and ({t.fields["from_office"], t.fields["to_office"]} == {sender, receiver} or t.fields["mode"] == mode == 3)), None)

  def leg(self, who, verb, transfer, given=None, why=None, **patch):
    r = self.found(who, transfer, "transfer")
    return r, self.change(who, verb, r, None, given or {}, why, lambda p: {**p, **patch})

  def deliver_transfer(self, who, _, transfer):
    return self.leg(who, "deliver_transfer", transfer)[1]

  def sign_transfer(self, who, _, transfer):
    r, answer = self.leg(who, "sign_transfer", transfer, signed_by=who.name)
    if answer["outcome"] == "done":
      r.stop("sign")
      self.start(r, "decide")
    return answer

  def accept_transfer(self, who, _, transfer, note=None):
    def prepare(patch):
      target = self.records[r.fields["about"]]
      if r.fields["mode"] == 3 and target.kind == "dispute" and self.sees(who, target) and target.fields.get("lead_office") != r.fields["lead_before"]:
        raise Refused("LEAD_CHANGED", "transfer")
      return patch
    r = self.found(who, transfer, "transfer")
    answer = self.change(who, "accept_transfer", r, None, {}, note, prepare)
    if answer["outcome"] == "done":
      r.stop()
      target = self.records[r.fields["about"]]
      target.opened[r.fields["to_office"], r.no] = r.fields["mode"]
      if r.fields["mode"] == 3:
        self.react(target, "accept_transfer", {"lead_office": r.fields["to_office"]})
    return answer

  def closed_again(self, r, answer):
    if answer["outcome"] == "done":
      r.stop()
      self.shut(self.records[r.fields["about"]], r.fields["to_office"], r.no)
    return answer

  def return_transfer(self, who, _, transfer, reason=None):
    return self.closed_again(*self.leg(who, "return_transfer", transfer, {"returned_reason": reason}, reason))

  def recall_transfer(self, who, _, transfer, reason=None):
    return self.closed_again(*self.leg(who, "recall_transfer", transfer, why=reason))

  def feedback_transfer(self, who, _, transfer, feedback=None):
    return self.leg(who, "feedback_transfer", transfer, {"feedback": feedback}, feedback)[1]

  def confirm_transfer(self, who, _, transfer):
    return self.leg(who, "confirm_transfer", transfer)[1]


class Alerts:
  @staticmethod
  def whom(office, kind):
    paired = {PAIRED[office]} if office in PAIRED else set()
    return paired | (set(BUREAUS) if office in PAIRED and kind in ABOVE_AT_ONCE else set())

  def raised(self, request, origin, sensitivity, whom, **fields):
    r = self.make("alert", request, origin, sensitivity)
    r.addressed = set(whom)
    r.opened = {(office, r.no): 2 for office in r.addressed - {origin}}
    answer = self.apply(r, fields.pop("verb"), {"state": 1, "escalation": 0, **fields})
    for rule in (*(ESCALATION[SEVERITY[fields["kind"]]] if fields["rule"] != UNPRESSED else ()), "EXPIRY"):
      self.start(r, rule)
    return r, answer

  def alert_due(self, r, rule):
    """What a clock of an alert brings about: nobody acknowledged it, or did no more than that."""
    if rule in ("EXPIRY", "ACT", "DELIVER_EXTREME"):  # no terminal is there that could get it
      self.react(r, {"EXPIRY": "expire_alert", "ACT": "remind_alert", "DELIVER_EXTREME": "redeliver_alert"}[rule], {})
    elif int(rule[-1]) <= r.fields["escalation"]:
      r.stop(rule)
    elif self.react(r, "escalate_alert", {"escalation": int(rule[-1])}) and not rule.endswith("1"):
      below = r.addressed | ({r.origin} if rule.endswith("3") else set())
      for bureau in [b for b in BUREAUS if b not in r.addressed and any(o[0] == b[0] for o in below & set(PAIRED))]:  # police above police
        r.addressed.add(bureau)
        self.open_to(r, bureau, 2, r.no)

  @staticmethod
  def said(r):
    """What a record is and whose; None of what is S3."""
    whose = r.fields.get("to_office") or r.fields.get("lead_office") or r.origin
    whose = PARTNERS.get(whose, (whose,))[0]
    whose, title = "，".join(x for x in (whose, r.fields.get("area")) if x), r.fields.get("title")
    return None if r.sensitivity >= 3 else f"{title}（{whose}）" if title else whose

  def alert_title(self, r, rule, detail=None):
    says, asks = SAYS[rule]
    title = f"{says}{f'（{detail}）' if detail else ''} {r.no}：{asks}。{self.said(r)}"
    return f"紧要情况 {r.no}：请查看后办理" if self.said(r) is None else title_cut(title)

  def alert_auto(self, about, rule, kind, both, addressed=None, detail=None):
    """An alert that a rule raises about a record: one at a time. addressed: instead of the paired office."""
    if about.sensitivity == 4 or not both and not self.whom(about.origin, kind) or any(
        r.kind == "alert" and r.state in (1, 2, 3) and (r.fields["about"], r.fields["rule"]) == (about.no, rule) for r in self.records.values()):
      return
    self.raised(None, about.origin, about.sensitivity, ({addressed} if addressed else self.whom(about.origin, kind)) | ({about.origin} if both else set()), verb="raise_alert", about=about.no, rule=rule,
                kind=kind, title=self.alert_title(about, rule, detail), area=about.fields.get("area"))

  def alert_deadline(self, about, clock, due):
    """What is near is told to whose it is, what is due takes its place, and it is over when the clock stops."""
    if about.sensitivity == 4:
      return
    before = clock.alert if clock.alert and clock.alert.state in (1, 2, 3) else None
    unsigned = due and clock.rule == "sign"
    owner = about.fields["to_office"] if about.kind != "dispute" else about.fields.get("lead_office") or about.origin
    clock.alert, _ = self.raised(None, about.origin, about.sensitivity, {owner} | (before.addressed if before else set()) | ({about.origin} if unsigned or owner in PARTNERS else set()),
                                 verb="raise_alert", about=about.no, rule="TRANSFER_UNSIGNED" if unsigned else "DEADLINE_BREACH" if due else UNPRESSED, kind=15 if unsigned else BREACH if due else NEAR,
                                 title=self.alert_title(about, "TRANSFER_UNSIGNED" if unsigned else "DEADLINE_BREACH" if due else UNPRESSED, self.names[clock.rule]), area=about.fields.get("area"),
                                 **({"supersedes": before.no} if before else {}))
    if before:
      self.react(before, "supersede_alert", {"superseded_by": clock.alert.no})

  def settle(self, clock, outcome="时限已停止"):
    if clock.alert and clock.alert.state in (1, 2, 3):
      self.react(clock.alert, "settle_alert", {"outcome": outcome})

  def raise_alert(self, who, request, kind=None, title=None, about=None):
    self.may_create(who, "alert", "raise_alert")
    if kind is None:
      raise Refused("REQUIRED", "kind")
    self.title_fault(title)
    if not self.whom(who.office, kind):
      raise Refused("NO_ADDRESSEE")
    target = None if blank(about) else self.found(who, about, field="about")
    if target and target.sensitivity > 3:
      raise Refused("ROLE_NOT_ALLOWED", "about")
    return self.raised(request, who.office, target.sensitivity if target else 1, self.whom(who.office, kind), verb="raise_alert", about=about, rule=None, kind=kind, title=title)[1]

  def update_alert(self, who, request, alert=None, title=None):
    self.may_create(who, "alert", "update_alert")
    old = self.found(who, alert, "alert")
    if who.office != old.origin and who.office not in old.addressed:
      raise Refused("NOT_YOURS", "alert")
    if old.state not in (1, 2, 3):
      raise Refused("ALERT_OVER", "alert")
    title = old.fields["title"] if title is None else title
    self.title_fault(title)
    r, answer = self.raised(request, who.office, old.sensitivity, (old.addressed | {old.origin}) - {who.office}, verb="update_alert", about=old.fields["about"], rule=None,
                            kind=old.fields["kind"], title=title, area=old.fields.get("area"), supersedes=old.no, **{f: old.fields.get(f) for f in ("plan", "planned_by")})
    self.react(old, "supersede_alert", {"superseded_by": r.no})
    return answer

  def of_alert(self, who, verb, alert, given, why, check, more=dict, base=None):
    r = self.found(who, alert, "alert")

    def prepare(patch):
      check(r, who.office in r.addressed, who.office == r.origin)
      if verb in ("ack_alert", "act_alert") and r.fields.get("acked_by") is None:
        patch = {**patch, "acked_by": who.name, "acked_office": who.office}
      return {**patch, **more()}
    before = r.state
    answer = self.change(who, verb, r, base, given, why, prepare)
    if answer["outcome"] == "done" and verb in ("ack_alert", "act_alert"):
      r.acked.add(who.office)
    if r.state != before:
      r.stop()
      if verb == "ack_alert" and r.fields["rule"] != UNPRESSED:
        self.start(r, "ACT")
    return answer

  def ack_alert(self, who, _, alert, note=None):
    def check(r, here, home):
      if r.state > 3:
        raise Refused("ALERT_OVER", "alert")
      if not here:
        raise Refused("OWN_ALERT" if home else "NOT_YOURS", "alert")
      if who.office in r.acked:
        raise Refused("ALREADY_ACKED", "alert")
    return self.of_alert(who, "ack_alert", alert, {}, note, check)

  @staticmethod
  def takes_part(r, here, home, first=False):
    if not here and not home or first and r.state == 1 and not here:
      raise Refused("OWN_ALERT" if home else "NOT_YOURS", "alert")

  def act_alert(self, who, _, alert, note=None):
    return self.of_alert(who, "act_alert", alert, {}, note, lambda r, here, home: self.takes_part(r, here, home, True))

  def note_alert(self, who, _, alert, note=None):
    def check(r, here, home):
      self.takes_part(r, here, home)
      if blank(note):
        raise Refused("REQUIRED", "note")
    return self.of_alert(who, "note_alert", alert, {}, note, check)

  def resolve_alert(self, who, _, alert, outcome=None):
    return self.of_alert(who, "resolve_alert", alert, {"outcome": outcome}, None, self.takes_part)

  def cancel_alert(self, who, _, alert, reason=None):
    def check(_r, _here, home):
      if not home:
        raise Refused("NOT_YOURS", "alert")
    answer = self.of_alert(who, "cancel_alert", alert, {}, reason, check)
    kin = self.family(alert) if answer["outcome"] == "done" else ()
    for task in [r for r in self.records.values() if r.kind == "task" and r.fields["about"] in kin and r.state in (1, 2)]:
      self.react(task, "cancel_task", {})
      task.stop()
    return answer


class Tasks:
  def add_task(self, who, request, title=None, to_office=None, to_account=None, about=None, due_at=None):
    t, to_office = self.may_create(who, "task", "add_task"), to_office or who.office
    self.title_fault(title)
    if to_office not in (*SYSTEMS, *PARTNERS) or to_office in BUREAUS:
      raise Refused("UNKNOWN_VALUE", "to_office")
    if to_account not in (None, *self.accounts):
      raise Refused("UNKNOWN_VALUE", "to_account")
    if due_at and due_at < str(self.year):
      raise Refused("OUT_OF_RANGE", "due_at")
    target = None if about is None else self.found(who, about, field="about")
    r = self.make("task", request, who.office, target.sensitivity if target else 1)
    if to_office != who.office:
      r.opened[to_office, r.no] = 1
    answer = self.apply(r, "add_task", {"state": t.to_state, "title": title, "to_office": to_office, "to_account": to_account, "about": about, "due_at": due_at, "by_proxy": to_office in PARTNERS,
                                        "area": target.fields.get("area") if target else None})
    if due_at:
      self.start(r, "done")
    return answer

  def of_task(self, who, verb, task, given, why, prepare=lambda patch: patch):
    r = self.found(who, task, "task")
    answer = self.change(who, verb, r, None, given, why, prepare)
    if answer["outcome"] == "done" and r.state not in (1, 2):
      r.stop()
    return r, answer

  def accept_task(self, who, _, task, answered_by=None):
    return self.of_task(who, "accept_task", task, {"answered_by": answered_by}, None)[1]

  def finish_task(self, who, _, task, result=None, answered_by=None):
    return self.of_task(who, "finish_task", task, {"result": result, "answered_by": answered_by}, result)[1]

  def decline_task(self, who, _, task, answered_by=None, reason=None):
    return self.of_task(who, "decline_task", task, {"answered_by": answered_by}, reason)[1]

  def cancel_task(self, who, _, task, reason=None):
    return self.of_task(who, "cancel_task", task, {}, reason)[1]

  def recheck_task(self, who, _, task, redo=None, reason=None):
    def prepare(patch):
      if redo and blank(reason):
        raise Refused("REASON_REQUIRED", "reason")
      return {**patch, "state": 2, "done_at": None, "rechecked_at": None} if redo else {**patch, "rechecked_by": who.name}
    r, answer = self.of_task(who, "recheck_task", task, {}, reason, prepare)
    if answer["outcome"] == "done" and redo and r.fields["due_at"]:
      self.start(r, "done")
      r.clocks[-1].near = r.soon
    return answer
