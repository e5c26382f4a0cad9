"""What requests of the model's callers say."""
import json

from model import FUTURE, PARTNERS, PAST, SOON, SYSTEMS, TYPES, kind_of


class Fields:
  """What a request says, likely and unlikely."""

  def __init__(self, r, world):
    self.r, self.world = r, world

  def some(self, *values):
    return self.r.choice(values)

  def said(self):
    return self.some("双方已谈过", "双方已谈过", "电话核实", "上门核实", "", None)

  def about(self):
    return self.some(None, *list(self.world.records)[-1:], *self.last("dispute", 9), *self.last("incident", 4))

  def answered(self):
    return self.some(None, None, "王主任")

  def named(self, own, record):
    """An alert by its own number, or by that of the record it is about."""
    about = record and record.fields.get("about")
    return {"alert": about} if about and self.r.random() < .3 else own

  def last(self, kind, most):
    """The numbers of the last records of a kind."""
    last = self.world.numbers[kind]
    return [self.world.number(kind, n) for n in range(max(1, last - most + 1), last + 1)]

  def subtype(self):
    return self.some(None, None, None, "家暴", "domestic-violence", "噪音", "")

  def area(self):
    return self.some(None, None, "a1", "a2", "没有")

  @staticmethod
  def act(verb, fields):
    """A report's bytes are read again (records_verify): the message itself. All are short, and so are characters."""
    if verb != "report_incident":
      return json.dumps(fields)
    number = lambda n, value: chr(n << 3) + chr(value) if value else ""  # noqa: E731
    words = lambda n, value: chr(n << 3 | 2) + chr(len(value.encode())) + value if value is not None else ""  # noqa: E731
    return number(2, fields["class"]) + number(3, fields["level"]) + words(12, fields["content"]) + words(15, fields["area"])

  def incident(self):
    outside = {"external_no": self.some("外1", "外2"), "external_office": self.some("邻县所", "邻县所", "外市所", None), "external_at": self.some(PAST, SOON, None, FUTURE)}
    return self.some({}, {"incident": "JQ-2020-000001"}, *({"incident": no} for no in self.last("incident", 5)), outside, outside, {**outside, "incident": "JQ-2020-000001"})

  def based(self, record, **fields):
    if record and record.kind in ("dispute", "incident"):
      n = self.r.random()
      fields["base_version"] = None if n < .4 else record.version if n < .65 else self.r.randint(max(1, record.version - 4), record.version) if n < .95 else record.version + 1
    return fields

  def of(self, verb, record):
    colour, kind = lambda: self.some(1, 2, 3, 4, 4, 5, None), kind_of(verb)
    own = {} if verb.startswith(("open_", "send_", "raise_alert", "add_task", "report_")) else {"incident": record.no} if kind == "any" else \
      {kind: record.no if record else f"{TYPES[kind][1]}-{self.world.year}-000000"}
    of_one = lambda **fields: {**own, **self.based(record, **fields)}  # noqa: E731
    return {
      "open_dispute": lambda: {"type": self.some(1, 2, 3), "title": self.some("楼上漏水", "地界不清", "楼上漏水", "狗", ""), "warning": colour(), "people_count": self.some(None, 2, 3), "area": self.area(), "subtype": self.subtype()},
      "assess_dispute": lambda: of_one(warning=colour(), complexity=self.some(None, None, 1, 2, 3), joint_required=self.some(None, None, None, True, False),
                                       causes=self.some(None, None, [1], [2, 7], [6])),
      "raise_dispute": lambda: of_one(warning=colour(), reason=self.said()),
      "lower_dispute": lambda: of_one(warning=colour(), reason=self.said()),
      "accept_dispute": lambda: of_one(consent=self.said(), lead_office=self.some(None, None, "j1", "p1", "j2", "pb"), track=self.some(None, None, 1, 2, 3)),
      "decline_dispute": lambda: of_one(reason=self.said()), "suspend_dispute": lambda: of_one(reason=self.said()), "reopen_dispute": lambda: of_one(reason=self.said()),
      "investigate_dispute": lambda: of_one(note=self.said()), "resume_dispute": lambda: of_one(note=self.said()), "close_dispute": lambda: of_one(note=self.said()),
      "extend_dispute": lambda: of_one(extension_consent=self.said()),
      "conclude_dispute": lambda: of_one(outcome=self.some(None, 1, 4, 4, 5, 6, 8, 12, 13), outcome_note=self.said()),
      "correct_dispute": lambda: of_one(**{f: v for f, v in (
        ("title", self.some("楼上漏水", "地界不清", "井", "")), ("people_count", self.r.randint(2, 5)), ("track", self.some(1, 2, 3)), ("consent", self.said()),
        ("area", self.area()), ("subtype", self.subtype()), ("police_result", self.said()), ("causes", self.some([1], [6], [7, 8])), ("complexity", self.some(1, 2, 3))) if self.r.random() < .3}),
      "hold_session": lambda: of_one(session_mode=self.some(1, 2, 3, 4, 5, None), session_result=self.some(None, None, 1, 2, 2, 3, 3, 3, 4, 5), held_at=self.some(None, None, None, PAST, FUTURE),
                                     note_open=self.said(), note_private=self.some(None, None, None, "甲方愿让步"), ignite=self.some(None, None, None, False, True)),
      "correct_session": lambda: {**own, "round": self.some(None, 1, 1, 2, 9), "session_version": self.some(None, 1, 1, 2, 3), "session_result": self.some(None, 1, 3, 5),
                                  "session_mode": self.some(None, 1, 2), "note_open": self.some(None, "补记"), "held_at": self.some(None, None, PAST, FUTURE), "reason": self.said()},
      "make_agreement": lambda: of_one(agreement_form=self.some(1, 1, 2, 2, None), terms=self.said(), effective_at=self.some(None, None, PAST),
                                       perform_by=self.some(None, None, PAST, FUTURE), on_spot=self.some(None, None, None, True)),
      "apply_confirmation": lambda: of_one(court=self.some("区法院", "区法院", ""), applied_at=self.some(None, None, PAST, FUTURE)),
      "decide_confirmation": lambda: of_one(confirmed=self.some(True, False, None), note=self.said()),
      "perform_agreement": lambda: of_one(performance=self.some(1, 2, 3, 3, None), note=self.said()),
      "visit_dispute": lambda: of_one(visited_at=self.some(None, None, PAST, FUTURE), performed=self.some(None, True, False), relapse=self.some(None, None, False, True), note=self.said()),
      "archive_dispute": lambda: of_one(items=self.some(None, [1, 6], [1, 2, 3, 4, 6], [1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6, 7])),
      "merge_dispute": lambda: {**own, "into": self.some(None, *self.last("dispute", 6)), "reason": self.said()}, "unmerge_dispute": lambda: {**own, "reason": self.said()},
      "link_incident": lambda: {**own, **self.incident(), "reason": self.said()}, "unlink_incident": lambda: {**own, **self.incident(), "reason": self.said()},
      "report_incident": lambda: {"class": self.some(6, 6, 6, 9, 5, 8, 2, None), "level": self.some(None, None, None, 1, 4), "content": self.some("邻居争吵", "扬言放火", "聚集", "吵", ""),
                                  "area": self.area()},
      "note_incident": lambda: {**own, "note": self.said()},
      "correct_incident": lambda: of_one(content=self.some(None, "楼道争吵", "邻居争吵", "吵"), area=self.area(), reason=self.said()),
      "arrive_incident": lambda: of_one(note=self.said()), "dispatch_incident": lambda: of_one(dispatched_to=self.some(None, "一组"), note=self.said()),
      "close_incident": lambda: of_one(result=self.some(None, "劝和"), note=self.said()), "reopen_incident": lambda: of_one(reason=self.said()),
      "grade_incident": lambda: {**own, "record": 0, "base_version": self.some(None, None, record.version, 1), "sensitivity": self.some(0, 1, 1, 1, 2, 3, 3, 4, 5, None), "reason": self.said()},
      "grant_access": lambda: {**own, "record": 0, "account": self.some("p2-duty", "p2-chief", "j2-head", "没有", None), "until": self.some(None, PAST, FUTURE, FUTURE), "reason": self.said()},
      "withdraw_access": lambda: {**own, "record": 0, "account": self.some("p2-duty", "p2-chief", "j2-head", "没有", None), "reason": self.said()},
      "note_dispute": lambda: {**own, "note": self.said()},
      "send_transfer": lambda: {"about": self.about(), "to_office": self.some(*SYSTEMS, None, "没有"), "mode": self.some(None, 1, 2, 3), "reason": self.said(), "doc_no": self.some(None, "1号")},
      **{verb: lambda: dict(own) for verb in ("deliver_transfer", "sign_transfer", "confirm_transfer")},
      "accept_transfer": lambda: {**own, "note": self.said()}, "return_transfer": lambda: {**own, "reason": self.said()}, "recall_transfer": lambda: {**own, "reason": self.said()},
      "feedback_transfer": lambda: {**own, "feedback": self.said()},
      "raise_alert": lambda: {"kind": self.some(1, 3, 4, 10, None), "title": self.some("有人聚集", "扬言报复", "火", None), "about": self.some(None, self.about())},
      "update_alert": lambda: {**own, "title": self.some(None, "人数增加", "火")},
      "ack_alert": lambda: {**own, "note": self.said()}, "act_alert": lambda: {**own, "note": self.said()}, "note_alert": lambda: {**own, "note": self.said()},
      "resolve_alert": lambda: {**own, "outcome": self.said()}, "cancel_alert": lambda: {**own, "reason": self.said()},
      "add_task": lambda: {"title": self.some("上门走访", "核实情况", "走"), "to_office": self.some(None, *SYSTEMS, *PARTNERS), "to_account": self.some(None, None, "p2-duty", "没有"),
                           "about": self.some(None, self.about()), "due_at": self.some(None, FUTURE, FUTURE, PAST)},
      "accept_task": lambda: {**own, "answered_by": self.answered()}, "finish_task": lambda: {**own, "result": self.said(), "answered_by": self.answered()},
      "decline_task": lambda: {**own, "reason": self.said(), "answered_by": self.answered()},
      "plan_alert": lambda: {**self.named(own, record), "plan": self.some(None, "劝离，登记欠薪", "疏导", ""), "due_at": self.some(None, None, FUTURE, PAST),
                             "tasks": self.some(None, ["社区=到场"], ["c3", "综治：巡逻"], ["律师＝讲清讨薪途径", "东门社区"], ["p2=核查"], ["律"], ["pb", "社区"])},
      "review_alert": lambda: {**self.named(own, record), "base_version": self.some(None, None, record and record.version, 1), "review": self.said(), "lessons": self.some(None, "早联系")},
      "cancel_task": lambda: {**own, "reason": self.said()}, "recheck_task": lambda: {**own, "redo": self.some(None, True, True), "reason": self.said()},
    }[verb]()
