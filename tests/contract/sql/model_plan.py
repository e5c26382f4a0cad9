"""Response plans of alerts, as model.py has them, and disputes that are marked by their subtype."""
import re

from model import AREAS, NEVER_JOINT, PAIRED, PARTNERS, RED, SYSTEMS, Refused, blank, title_cut
from model_dispute import gravity

MARK, WORDS = "家暴", ("家暴", "家庭暴力", "DOMESTIC_VIOLENCE", "DV")
MARK_VISITS = (("VISIT_DV_7", 7, 2), ("VISIT_DV_30", 30, 5), ("VISIT_DV_60", 60, 5), ("VISIT_DV_90", 90, 10))  # days: due, and near


def meant(office, area):
  """Whom a plan asks: an office by its code, or the partner whose kind or name it is. None: nobody that the directory knows; (): several."""
  if office in SYSTEMS and office not in ("pb", "jb") or office in PARTNERS:
    return office
  hits = [code for code, (name, kind, _) in PARTNERS.items() if office == kind or office in name]
  if len(hits) > 1 and area is not None:
    hits = [code for code in hits if code in AREAS[area][1]]
  return () if len(hits) > 1 else hits[0] if hits else None


class Plans:
  def alert_named(self, who, named):
    """An alert goes by its own number, by one that it has replaced, and by that of the incident it is about."""
    r = self.records.get(named)
    if r is None or not self.sees(who, r):
      return None
    if r.kind == "incident":
      about = [a for a in self.records.values() if a.kind == "alert" and a.fields["about"] == named and self.sees(who, a)]
      r = max(about, key=lambda a: (a.state in (1, 2, 3), a.no), default=None)
    while r and r.kind == "alert" and self.sees(who, r) and r.fields.get("superseded_by"):
      r = self.records[r.fields["superseded_by"]]
    return r and r.no

  def family(self, no, who=None):
    """An alert with those that it updates and that update it, as far as the caller sees them."""
    kin, more = set(), {no}
    while more:
      kin |= more
      near = [self.records[n] for n in more if who is None or self.sees(who, self.records[n])]
      more = {n for r in near for n in (r.fields.get("supersedes"), r.fields.get("superseded_by")) if n} - kin
    return kin

  def plan_alert(self, who, _, alert, plan=None, tasks=None, due_at=None):
    no = self.alert_named(who, alert)
    if no is None and alert in self.records and self.records[alert].kind == "incident" and self.sees(who, self.records[alert]):
      raise Refused("NO_ALERT", "alert")
    asked, set_ = [], []

    def check(r, here, home):
      self.takes_part(r, here, home)
      for item in tasks or ():
        whom, _, what = (part.strip() for part in re.sub("[＝:：]", "=", item).partition("="))
        if len(whom) < 2:
          raise Refused("TOO_SHORT", "tasks")
        office = meant(whom, r.fields.get("area"))
        if office == ():
          raise Refused("AMBIGUOUS_PARTNER", "tasks")
        asked.append(whom)
        set_.append((office or who.office, title_cut(("" if office else f"{whom}：") + (what or r.fields["title"])), office is None))
      if blank(plan) and not asked:
        raise Refused("REQUIRED", "plan")
      if due_at and due_at < str(self.year):
        raise Refused("OUT_OF_RANGE", "due_at")
    r = self.records.get(no)
    planned = lambda: {"planned_by": r.fields.get("planned_by") or who.name, **({"asked": "、".join(asked)} if asked else {})}  # noqa: E731
    answer = self.of_alert(who, "plan_alert", no or alert, {"plan": plan}, None, check, planned)
    for office, title, proxy in set_ if answer["outcome"] == "done" else ():
      self.asked(who.office, r, office, title, r.fields.get("plan"), proxy, near=not due_at)
    return answer

  def review_alert(self, who, _, alert, base_version=None, review=None, lessons=None):
    no = self.alert_named(who, alert) or alert

    def check(r, here, home):
      self.takes_part(r, here, home)
      if not r.fields.get("planned_by"):
        raise Refused("NO_PLAN", "alert")
    return self.of_alert(who, "review_alert", no, {"review": review, "lessons": lessons}, None, check, lambda: {"reviewed_by": who.name}, base_version)

  def asked(self, asking, about, office, title, content=None, proxy=False, near=False):
    """A task that comes of another record's change. near: so soon that nothing is told ahead."""
    r = self.make("task", None, asking, about.sensitivity)
    if office != asking:
      r.opened[office, r.no] = 1
    self.apply(r, "add_task", {"state": 1, "title": title, "content": content, "to_office": office, "to_account": None, "about": about.no, "due_at": "then",
                               "by_proxy": proxy or office in PARTNERS, "area": about.fields.get("area")})
    self.start(r, "done")
    r.soon = r.clocks[-1].near = near


class Marks:
  @staticmethod
  def worded(subtype):
    return MARK if subtype and re.sub("[- ]", "_", subtype.strip().upper()) in WORDS else subtype or None

  @staticmethod
  def halt(r):
    """The clocks of a dispute that its course stops: all but the visits of its mark."""
    for c in r.clocks:
      if r.fields["subtype"] != MARK or not c.rule.startswith("VISIT_DV"):
        r.halt(c)

  def marked(self, who, r, old):
    new = r.fields["subtype"]
    if MARK in (old, new) and old != new:
      for rule, due, near in MARK_VISITS:
        r.stop(rule)
        if new == MARK:
          self.visit_by(r, rule, due, near)
      station = next((o for o in (r.origin, PAIRED.get(r.origin)) if SYSTEMS.get(o) == 1), None)
      if new == MARK and station:
        said = self.said(r)
        self.asked(who.office, r, station, f"核查人身安全保护令 {r.no}：{said}" if said else f"一项任务 {r.no}：内容见任务", None if said else "核查人身安全保护令")

  def relapses(self, r):
    """It happened again: the alert first, and the colour without one of its own."""
    if r.fields["subtype"] != MARK:
      return
    self.alert_auto(r, "DV_RELAPSE", 11, both=True)
    was = r.fields["warning"]
    if gravity(was) < RED and self.react(r, "warn_dispute", {"warning": RED, **NEVER_JOINT}):
      self.reddens(r, was)
