"""What requests of the model's callers say."""
from model import FUTURE, PAST, SYSTEMS, TYPES, kind_of


class Fields:
  """What a request says, likely and unlikely."""

  def __init__(self, r, world):
    self.r, self.world = r, world

  def some(self, *values):
    return self.r.choice(values)

  def said(self):
    return self.some("双方已谈过", "双方已谈过", "电话核实", "上门核实", "", None)

  def about(self):
    last = self.world.numbers["dispute"]
    return self.some(None, *list(self.world.records)[-1:], *[self.world.number("dispute", n) for n in range(max(1, last - 9), last + 1)])

  def based(self, record, **fields):
    if record and record.kind == "dispute":
      n = self.r.random()
      fields["base_version"] = None if n < .4 else record.version if n < .65 else self.r.randint(max(1, record.version - 4), record.version) if n < .95 else record.version + 1
    return fields

  def of(self, verb, record):
    colour, kind = lambda: self.some(1, 2, 3, 4, 4, 5, None), kind_of(verb)
    own = {kind: record.no if record else f"{TYPES[kind][1]}-{self.world.year}-000000"} if not verb.startswith(("open_", "send_", "raise_alert", "add_task")) else {}
    of_one = lambda **fields: {**own, **self.based(record, **fields)}  # noqa: E731
    return {
      "open_dispute": lambda: {"type": self.some(1, 2, 3), "title": self.some("楼上漏水", "地界不清", "楼上漏水", "狗", ""), "warning": colour(), "people_count": self.some(None, 2, 3)},
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
        ("police_result", self.said()), ("causes", self.some([1], [6], [7, 8])), ("complexity", self.some(1, 2, 3))) if self.r.random() < .3}),
      "hold_session": lambda: of_one(session_mode=self.some(1, 2, 3, 4, 5, None), session_result=self.some(None, 1, 2, 3, 3, 4), held_at=self.some(None, None, None, PAST, FUTURE),
                                     note_open=self.said(), note_private=self.some(None, None, None, "甲方愿让步"), ignite=self.some(None, None, None, False, True)),
      "correct_session": lambda: {**own, "round": self.some(None, 1, 1, 2, 9), "session_version": self.some(None, 1, 1, 2), "session_result": self.some(None, 1, 3),
                                  "session_mode": self.some(None, 1, 2), "note_open": self.some(None, "补记"), "held_at": self.some(None, None, PAST, FUTURE), "reason": self.said()},
      "make_agreement": lambda: of_one(agreement_form=self.some(1, 1, 2, 2, None), terms=self.said(), effective_at=self.some(None, None, PAST),
                                       perform_by=self.some(None, None, PAST, FUTURE), on_spot=self.some(None, None, None, True)),
      "apply_confirmation": lambda: of_one(court=self.some("区法院", "区法院", ""), applied_at=self.some(None, None, PAST, FUTURE)),
      "decide_confirmation": lambda: of_one(confirmed=self.some(True, False, None), note=self.said()),
      "perform_agreement": lambda: of_one(performance=self.some(1, 2, 3, 3, None), note=self.said()),
      "visit_dispute": lambda: of_one(visited_at=self.some(None, None, PAST, FUTURE), performed=self.some(None, True, False), note=self.said()),
      "archive_dispute": lambda: of_one(items=self.some(None, [1, 6], [1, 2, 3, 4, 6], [1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6, 7])),
      "note_dispute": lambda: {**own, "note": self.said()},
      "send_transfer": lambda: {"about": self.about(), "to_office": self.some(*SYSTEMS, None, "没有"), "mode": self.some(None, 1, 2, 3), "reason": self.said(), "doc_no": self.some(None, "1号")},
      **{verb: lambda: dict(own) for verb in ("deliver_transfer", "sign_transfer", "confirm_transfer")},
      "accept_transfer": lambda: {**own, "note": self.said()}, "return_transfer": lambda: {**own, "reason": self.said()}, "recall_transfer": lambda: {**own, "reason": self.said()},
      "feedback_transfer": lambda: {**own, "feedback": self.said()},
      "raise_alert": lambda: {"kind": self.some(1, 3, 4, 10, None), "title": self.some("有人聚集", "扬言报复", "火", None), "about": self.some(None, self.about())},
      "update_alert": lambda: {**own, "title": self.some(None, "人数增加", "火")},
      "ack_alert": lambda: {**own, "note": self.said()}, "act_alert": lambda: {**own, "note": self.said()}, "note_alert": lambda: {**own, "note": self.said()},
      "resolve_alert": lambda: {**own, "outcome": self.said()}, "cancel_alert": lambda: {**own, "reason": self.said()},
      "add_task": lambda: {"title": self.some("上门走访", "核实情况", "走"), "to_office": self.some(None, *SYSTEMS), "to_account": self.some(None, None, "p2duty", "没有"),
                           "about": self.some(None, self.about()), "due_at": self.some(None, FUTURE, FUTURE, PAST)},
      "accept_task": lambda: dict(own), "finish_task": lambda: {**own, "result": self.said()}, "decline_task": lambda: {**own, "reason": self.said()},
      "cancel_task": lambda: {**own, "reason": self.said()}, "recheck_task": lambda: {**own, "redo": self.some(None, True, True), "reason": self.said()},
    }[verb]()
