"""What records and an office live through, request by request, with a word of its own in every text: test_canaries.py looks where the words went.
did(peer, name, …): asks, and keeps that it was taken; word("request.field"): a word that stands nowhere else; report(): a new incident."""
import hashlib
import time


def joined(did, chief, word, report):
  """What belongs to a dispute: incidents, parties, other disputes."""
  dispute, no = did(chief, "open_dispute", type=2, **{f: word(f"open_dispute.{f}") for f in ("title", "content", "place", "subtype")}).no, report()
  did(chief, "note_dispute", dispute=dispute, note=word("note_dispute.note"))
  did(chief, "show_dispute", dispute=dispute)
  did(chief, "list_disputes", text=word("list_disputes.text"))
  did(chief, "link_incident", dispute=dispute, incident=no, reason=word("link_incident.reason"))
  did(chief, "unlink_incident", dispute=dispute, incident=no, reason=word("unlink_incident.reason"))
  outside = {f: word(f"link_incident.{f}") for f in ("external_no", "external_office", "reason")}
  did(chief, "link_incident", dispute=dispute, external_at=int(time.time() * 1000), **outside)
  did(chief, "show_timeline", dispute=dispute)
  did(chief, "list_suspects", dispute=dispute)
  for role in (1, 2):
    who = {f: word(f"add_party.{f}") for f in ("name", "phone", "id_no", "domicile")}
    did(chief, "add_party", dispute=dispute, role=role, **who)
  did(chief, "correct_party", dispute=dispute, party=2, **{f: word(f"correct_party.{f}") for f in ("name", "phone", "id_no", "domicile", "reason")})
  one, two = did(chief, "list_parties", dispute=dispute).parties
  did(chief, "find_persons", **{f: word(f"find_persons.{f}") for f in ("name", "phone", "id_no", "domicile")})
  did(chief, "reveal_party", dispute=dispute, purpose="handling", case_no=word("reveal_party.case_no"))
  did(chief, "merge_person", person=one.person, into=two.person, reason=word("merge_person.reason"))
  did(chief, "unmerge_person", person=one.person, reason=word("unmerge_person.reason"))
  did(chief, "remove_party", dispute=dispute, party=2, reason=word("remove_party.reason"))
  other = chief.ask("open_dispute", type=2, title=word("open_dispute.title")).no
  did(chief, "merge_dispute", dispute=other, into=dispute, reason=word("merge_dispute.reason"))
  did(chief, "unmerge_dispute", dispute=other, reason=word("unmerge_dispute.reason"))


def handed(did, chief, mediator, word, report):
  """A transfer to the paired office and back, leg by leg."""
  send = lambda: chief.ask("send_transfer", about=report(), to_office="yts", **{f: word(f"send_transfer.{f}") for f in ("reason", "doc_no", "title")}).no  # noqa: E731
  first, second, third = send(), send(), send()
  did(chief, "send_transfer", about=report(), to_office="yts", reason=word("send_transfer.reason"))
  did(mediator, "deliver_transfer", transfer=first)
  for no in (first, second):
    did(mediator, "sign_transfer", transfer=no)
  did(mediator, "accept_transfer", transfer=first, note=word("accept_transfer.note"))
  did(mediator, "feedback_transfer", transfer=first, feedback=word("feedback_transfer.feedback"))
  did(chief, "confirm_transfer", transfer=first)
  did(mediator, "return_transfer", transfer=second, reason=word("return_transfer.reason"))
  did(chief, "recall_transfer", transfer=third, reason=word("recall_transfer.reason"))
  did(chief, "show_transfer", transfer=first)
  did(chief, "list_transfers", limit=50)


def course(did, chief, head, word):
  """What a dispute goes through."""
  no = did(chief, "open_dispute", type=2, **{f: word(f"open_dispute.{f}") for f in ("title", "content", "place", "subtype")}).no
  step = lambda who, name, texts="", **fields: did(who, name, dispute=no, **fields, **{f: word(f"{name}.{f}") for f in texts.split()})  # noqa: E731
  step(head, "decline_dispute", "reason")
  step(chief, "reopen_dispute", "reason")
  step(chief, "assess_dispute", "reason", warning=2)
  step(chief, "raise_dispute", "reason", warning=3)
  step(head, "lower_dispute", "reason", warning=2)
  step(head, "accept_dispute", "consent")
  step(chief, "correct_dispute", "title content subtype police_result outcome_note reason")
  step(head, "investigate_dispute", "note")
  step(head, "suspend_dispute", "reason")
  step(head, "resume_dispute", "note")
  step(head, "extend_dispute", "extension_consent")
  step(head, "hold_session", "place mediators participants note_open note_private", session_mode=1)
  step(head, "correct_session", "mediators participants note_open reason", round=1)
  step(head, "list_sessions")
  step(head, "show_session", round=1)
  step(head, "make_agreement", "terms", agreement_form=1)
  step(head, "list_agreements")
  step(head, "apply_confirmation", "court")
  step(head, "decide_confirmation", "note", confirmed=True)
  step(head, "perform_agreement", "note", performance=3)
  step(head, "conclude_dispute", "outcome_note", outcome=8)
  step(head, "visit_dispute", "note")
  step(head, "list_visits")
  step(head, "close_dispute", "note")
  step(head, "archive_dispute", items=[1, 4, 6])
  step(chief, "reopen_dispute", "reason")
  step(chief, "note_dispute", "note")
  did(head, "show_dispute", dispute=no)
  did(head, "list_disputes", text=word("list_disputes.text"))
  return no


def tasks(did, chief, mediator, word, report):
  """Tasks for the paired office, each to an end of its own."""
  add = lambda: chief.ask("add_task", about=report(), to_office="yts", title=word("add_task.title"), content=word("add_task.content")).no  # noqa: E731
  done, declined, cancelled = add(), add(), add()
  did(chief, "add_task", title=word("add_task.title"))
  did(mediator, "accept_task", task=done, answered_by=word("accept_task.answered_by"))
  did(mediator, "finish_task", task=done, **{f: word(f"finish_task.{f}") for f in ("result", "answered_by")})
  did(chief, "recheck_task", task=done, redo=True, reason=word("recheck_task.reason"))
  did(mediator, "decline_task", task=declined, **{f: word(f"decline_task.{f}") for f in ("reason", "answered_by")})
  did(chief, "cancel_task", task=cancelled, reason=word("cancel_task.reason"))
  did(chief, "show_task", task=done)
  did(chief, "list_tasks", limit=50)


def attached(did, chief, head, word, no, body):
  """A file of a record, there and back."""
  attachment = did(chief, "begin_attachment", record=no, name=word("begin_attachment.name"), size=len(body), sha256=hashlib.sha256(body).hexdigest()).attachment
  assert did(chief, "put_chunk", attachment=attachment, offset=0, bytes=body).complete
  did(chief, "list_attachments", record=no)
  did(head, "get_attachment", attachment=attachment)
  did(head, "get_chunk", attachment=attachment, offset=0)
  did(head, "list_journal", record=no, text=word("list_journal.text"))


def staffed(did, admin, word):
  """An office, an area and a position, with somebody on duty there."""
  did(admin, "change_office", office="jinsi", name=word("change_office.name"), reason=word("change_office.reason"))
  area = {"area": "jinsi-area"}
  did(admin, "open_area", **area, office="ytga", name=word("open_area.name"))
  did(admin, "change_area", **area, name=word("change_area.name"), reason=word("change_area.reason"))
  did(admin, "assign_area", **area, office="ytp", reason=word("assign_area.reason"))
  did(admin, "unassign_area", **area, office="ytp", reason=word("unassign_area.reason"))
  did(admin, "close_area", **area, reason=word("close_area.reason"))
  at = {"position": "jinsi-post"}
  did(admin, "open_position", **at, office="ytp", kind=2, **{f: word(f"open_position.{f}") for f in ("name", "place", "phone")})
  did(admin, "change_position", **at, **{f: word(f"change_position.{f}") for f in ("name", "place", "phone", "reason")})
  since = int(time.time() // 60 + 5) * 60000
  did(admin, "set_duty", **at, account="013001", since=since, until=since + 3600000)
  did(admin, "remove_duty", **at, account="013001", since=since, reason=word("remove_duty.reason"))
  did(admin, "close_position", **at, reason=word("close_position.reason"))


def alarmed(did, chief, head, mediator, word):
  """Alerts, each to an end of its own, and the plan of one."""
  def alarm(maker=chief, name="raise_alert", **fields):
    return did(maker, name, **fields, **{f: word(f"{name}.{f}") for f in ("title", "content", "place")}).no
  first = alarm(kind="ALERT_KIND_MASS_EVENT")
  did(mediator, "confirm_alert", alert=first, shown=True)
  second = alarm(mediator, "update_alert", alert=first, people_count=60)
  did(chief, "ack_alert", alert=second, note=word("ack_alert.note"))
  did(chief, "plan_alert", alert=second, plan=word("plan_alert.plan"), tasks=[word("plan_alert.tasks")])
  for name, field in (("act_alert", "note"), ("note_alert", "note"), ("resolve_alert", "outcome")):
    did(chief, name, alert=second, **{field: word(f"{name}.{field}")})
  did(chief, "cancel_alert", alert=alarm(kind="ALERT_KIND_SYSTEM"), reason=word("cancel_alert.reason"))
  did(head, "show_alert", alert=second)
  did(head, "list_receipts", alert=second)
  did(chief, "review_alert", alert=second, **{f: word(f"review_alert.{f}") for f in ("review", "lessons")})
  did(head, "show_plan", alert=second)
  did(head, "list_plans", limit=50)
  did(head, "show_scene", incident=second, record=4)
