"""Each write on an incident: done, done again, refused for every reason, in conflict."""
import re
import time

from peer.peer import Refused, request_id
from scene import CLASS, check_status, pb, refusal
from support.runner import case
from support.waiting import until

WHOLE = {
  "source": "INCIDENT_SOURCE_HOTLINE_12345", "class": "INCIDENT_CLASS_EXTREME_THREAT", "level": "INCIDENT_LEVEL_MAJOR",
  "external_no": "12345-0625-7", "occurred_at": 1687694400123, "received_at": 1687694903456, "place": "岳塘街道 3 栋 𠮷屋",
  "longitude": 112.9691, "latitude": 27.8723, "reporter": "张三", "reporter_phone": "0731-5551234",
  "content": "扬言放火自杀\n\t楼下聚集约 20 人", "threats": ["THREAT_ARSON", "THREAT_SELF_HARM"], "mass_count": 20,
}
DISPATCH = ("dispatch_incident", {"dispatched_to": "巡逻一组"})
ARRIVE = ("arrive_incident", {})
FEEDBACK = ("feedback_incident", {"result": "已劝离", "result_code": "DEFUSED"})
CLOSE = ("close_incident", {"result": "双方和解"})
REOPEN = ("reopen_incident", {"reason": "再次报警"})
# name, what came before, request, fields, state after it, fields of the record that must then hold
CHANGES = (
  ("dispatch", (), "dispatch_incident", {"dispatched_to": "巡逻一组", "note": "速去"}, "DISPATCHED", {"dispatched_to": "巡逻一组"}),
  ("arrive", (DISPATCH,), "arrive_incident", {"arrived_at": 1687695000001}, "ARRIVED", {"arrived_at": 1687695000001}),
  ("note", (), "note_incident", {"note": "安抚情绪"}, "RECEIVED", {}),
  ("feedback", (DISPATCH, ARRIVE), "feedback_incident", {"result": "已劝离", "result_code": "DEFUSED"}, "FEEDBACK",
   {"result": "已劝离", "result_code": "DEFUSED"}),
  ("close", (DISPATCH, ARRIVE, FEEDBACK), "close_incident", {"result": "双方和解"}, "CLOSED", {"result": "双方和解"}),
  ("close_after_arrival", (DISPATCH, ARRIVE), "close_incident", {"result": "双方和解"}, "CLOSED", {"result": "双方和解"}),
  ("reopen", (DISPATCH, ARRIVE, CLOSE), "reopen_incident", {"reason": "再次报警"}, "REOPENED", {}),
  ("redispatch_reopened", (DISPATCH, ARRIVE, CLOSE, REOPEN), "dispatch_incident", {"dispatched_to": "二组"}, "DISPATCHED", {"dispatched_to": "二组"}),
  ("void", (), "void_incident", {"reason": "重复录入"}, "VOID", {"void_reason": "重复录入"}),
  ("correct", (), "correct_incident", {"place": "更正后的地点", "mass_count": 7, "longitude": 113.5}, "RECEIVED",
   {"place": "更正后的地点", "mass_count": 7, "longitude": 113.5}),
)
NOWHERE = {"incident": "JQ-2099-999999"}
# name, device, request, fields, reason, code, field at fault; incident "?" stands for a fresh one of ytp
REFUSALS = (
  ("class_missing", "ytp-duty", "report_incident", {"content": "没有类别"}, "REQUIRED", "INVALID_ARGUMENT", "report_incident.class"),
  ("content_missing", "ytp-duty", "report_incident", {"class": CLASS}, "REQUIRED", "INVALID_ARGUMENT", "report_incident.content"),
  ("content_short", "ytp-duty", "report_incident", {"class": CLASS, "content": " 火 "}, "TOO_SHORT", "INVALID_ARGUMENT", "report_incident.content"),
  ("received_future", "ytp-duty", "report_incident", {"class": CLASS, "content": "将来", "received_at": 4102444800000}, "IN_FUTURE",
   "INVALID_ARGUMENT", "report_incident.received_at"),
  ("occurred_future", "ytp-duty", "report_incident", {"class": CLASS, "content": "将来", "occurred_at": 4102444800000}, "IN_FUTURE",
   "INVALID_ARGUMENT", "report_incident.occurred_at"),
  ("request_id_missing", "ytp-duty", "report_incident", {"class": CLASS, "content": "没有编号", "request": b""}, "REQUEST_ID_REQUIRED",
   "INVALID_ARGUMENT", None),
  ("viewer_reports", "ytga-viewer", "report_incident", {"class": CLASS, "content": "看的人"}, "ROLE_NOT_ALLOWED", "PERMISSION_DENIED", None),
  ("admin_reads", "admin", "list_incidents", {}, "ROLE_NOT_ALLOWED", "PERMISSION_DENIED", None),
  ("admin_watches", "admin", "watch_feed", {}, "ROLE_NOT_ALLOWED", "PERMISSION_DENIED", None),
  ("mediator_dispatches", "yts-mediator", "dispatch_incident", {"incident": "?", "dispatched_to": "x"}, "ROLE_NOT_ALLOWED", "PERMISSION_DENIED", None),
  ("officer_voids", "ytp-officer", "void_incident", {"incident": "?", "reason": "误"}, "ROLE_NOT_ALLOWED", "PERMISSION_DENIED", None),
  ("mediator_corrects_theirs", "yts-mediator", "correct_incident", {"incident": "?", "place": "x"}, "NOT_YOURS", "PERMISSION_DENIED", None),
  ("show_nothing", "ytp-duty", "show_incident", NOWHERE, "NOT_FOUND", "NOT_FOUND", None),
  ("note_nothing", "ytp-duty", "note_incident", {**NOWHERE, "note": "x"}, "NOT_FOUND", "NOT_FOUND", None),
  ("change_no_ref", "ytp-duty", "note_incident", {"note": "x"}, "NOT_FOUND", "NOT_FOUND", None),
  ("void_no_reason", "ytp-duty", "void_incident", {"incident": "?"}, "REASON_REQUIRED", "INVALID_ARGUMENT", "void_incident.reason"),
  ("note_empty", "ytp-duty", "note_incident", {"incident": "?", "note": "  "}, "REQUIRED", "INVALID_ARGUMENT", "note_incident.note"),
  ("dispatch_nobody", "ytp-duty", "dispatch_incident", {"incident": "?"}, "REQUIRED", "INVALID_ARGUMENT", "dispatch_incident.dispatched_to"),
  ("close_received", "ytp-duty", "close_incident", {"incident": "?", "result": "x"}, "ILLEGAL_TRANSITION", "FAILED_PRECONDITION", None),
  ("correct_nothing", "ytp-duty", "correct_incident", {"incident": "?", "class": CLASS}, "NO_CHANGE", "FAILED_PRECONDITION", "correct_incident.incident"),
  ("correct_from_future", "ytp-duty", "correct_incident", {"incident": "?", "place": "x", "base_version": 99}, "VERSION_CONFLICT", "ABORTED", None),
  ("page_too_large", "ytp-duty", "list_incidents", {"limit": 501}, "OUT_OF_RANGE", "OUT_OF_RANGE", "list_incidents.limit"),
  ("page_of_nothing", "ytp-duty", "list_incidents", {"limit": 0}, "OUT_OF_RANGE", "OUT_OF_RANGE", "list_incidents.limit"),
  ("short_search", "ytp-duty", "search_incidents", {"text": "火"}, "TOO_SHORT", "INVALID_ARGUMENT", "search_incidents.text"),
)


def act(stage, device, name, **fields):
  """One change, by as many as it takes."""
  return stage.void(device, **fields) if name == "void_incident" else stage.ask(device, name, **fields)


def do(stage, device, no, *acts):
  for name, fields in acts:
    act(stage, device, name, incident=no, **fields)


@case
def report_whole(stage):
  sent = request_id()
  receipt = stage.report(request=sent, **WHOLE)
  assert re.fullmatch(r"JQ-20\d\d-\d{6}", receipt.no) and receipt.version == 1 and len(receipt.id) == 16 and not receipt.replay
  assert receipt.state == pb.INCIDENT_STATE_RECEIVED and abs(receipt.at - time.time() * 1000) < 60000
  seen = stage.show(receipt.no, "ytp-duty")
  paired = stage.show(receipt.no, "yts-mediator")
  assert (paired.reporter, paired.reporter_phone, paired.content) == ("〔无权查看〕", "〔无权查看〕", seen.content)
  wanted = pb.ReportIncident(**WHOLE)
  for field, value in wanted.ListFields():
    got = getattr(seen, field.name)
    assert (list(got) if field.label == field.LABEL_REPEATED else got) == (list(value) if field.label == field.LABEL_REPEATED else value), \
      f"{field.name}: {got!r} instead of {value!r}"
  assert (seen.origin_office, seen.origin_office_name, seen.created_by) == ("ytp", "岳塘派出所", "张建国")
  assert seen.created_at == receipt.at == seen.updated_at and seen.id == receipt.id and seen.version == 1


@case
def report_defaults(stage):
  for device, source in (("ytp-duty", "INCIDENT_SOURCE_CALL_110"), ("yts-mediator", "INCIDENT_SOURCE_JUDICIAL")):
    receipt = stage.report(device)
    seen = stage.show(receipt.no, device)
    assert pb.IncidentSource.Name(seen.source) == source and seen.level == pb.INCIDENT_LEVEL_GENERAL
    assert seen.received_at == receipt.at and not seen.HasField("occurred_at") and not seen.HasField("place")


@case
def numbers_are_contiguous(stage):
  numbers = [int(stage.report(device).no[-6:]) for device in ("ytp-duty", "xcp-duty", "yts-mediator", "ytp-chief")]
  assert numbers == list(range(numbers[0], numbers[0] + 4)), numbers


@case
def repeats_are_counted(stage):
  phone, place = stage.word(), stage.word()
  receipts = [stage.report(**fields) for fields in
              ({"reporter_phone": phone}, {"reporter_phone": phone, "place": place}, {"place": place}, {"reporter_phone": phone},
               {"reporter_phone": phone, "received_at": int((time.time() - 40 * 86400) * 1000)}, {})]
  counts = [stage.show(r.no).repeat_count for r in receipts]
  assert counts == [1, 2, 2, 3, 1, 1] and [r.repeat_count or 1 for r in receipts] == counts, (counts, receipts)
  elsewhere = stage.report("xcp-duty", reporter_phone=phone)
  assert stage.show(elsewhere.no, "xcp-duty").repeat_count == 1 and not elsewhere.repeat_count, "counts what it may not see"


@case.table(CHANGES)
def change(stage, before, request, fields, state, holds):
  no = stage.report().no
  do(stage, "ytp-duty", no, *before)
  version = stage.show(no).version
  receipt = act(stage, "ytp-duty", request, incident=no, **fields)
  assert pb.IncidentState.Name(receipt.state) == "INCIDENT_STATE_" + state and not receipt.replay
  assert receipt.version == version + (3 if state == "VOID" else 1), "what takes two is asked for and agreed to first"
  seen = stage.show(no)
  assert seen.state == receipt.state and seen.version == receipt.version and seen.updated_at == receipt.at
  for field, value in holds.items():
    assert getattr(seen, field) == value, f"{field}: {getattr(seen, field)!r} instead of {value!r}"


@case.table(CHANGES)
def replay(stage, before, request, fields, state, holds):  # pylint: disable=unused-argument
  no = stage.report().no
  do(stage, "ytp-duty", no, *before)
  key = request_id()
  first = act(stage, "ytp-duty", request, request=key, incident=no, **fields)
  do(stage, "ytp-duty", no, ("note_incident", {"note": "其间"})) if state != "VOID" else None
  version = stage.show(no).version
  again = stage.ask("ytp-duty", request, request=key, incident=no, **fields)
  assert again.replay and not first.replay
  assert (again.id, again.no, again.version, again.state, again.at) == (first.id, first.no, first.version, first.state, first.at)
  assert stage.show(no).version == version, "the replay was carried out"
  for other in ({**fields, "incident": stage.report().no}, ):
    check_status(refusal(lambda other=other: stage.ask("ytp-duty", request, request=key, **other)), "KEY_REUSED", "ALREADY_EXISTS")


@case
def replay_report(stage):
  key, content = request_id(), stage.word()
  first = stage.report(request=key, content=content)
  again = stage.report(request=key, content=content)
  assert again.replay and (again.no, again.id, again.at) == (first.no, first.id, first.at)
  with stage.peer(stage.b, "ytp-officer") as other_node:
    same = other_node.ask("report_incident", request=key, **{"class": CLASS, "content": content})
    assert same.replay and same.no == first.no
  for device, text in (("ytp-duty", stage.word()), ("xcp-duty", content)):
    status = refusal(lambda device=device, text=text: stage.report(device, request=key, content=text))
    check_status(status, "KEY_REUSED", "ALREADY_EXISTS")
    assert status.request_id == key
  status = refusal(lambda: stage.ask("ytp-duty", "note_incident", request=key, incident=first.no, note="x"))
  check_status(status, "KEY_REUSED", "ALREADY_EXISTS")


@case.table(REFUSALS)
def refused(stage, device, request, fields, reason, code, field):
  fields = dict(fields)
  if fields.get("incident") == "?":
    fields["incident"] = stage.report().no
  before = stage.sql("select seq from feed_head")
  status = refusal(lambda: stage.ask(device, request, **fields))
  check_status(status, reason, code, field)
  assert stage.sql("select seq from feed_head") == before, "a refused request left an event"


@case
def a_state_that_does_not_allow_it_is_told(stage):
  """To those who may make the change in another state; and nothing of it with any other refusal."""
  no = stage.report(level="INCIDENT_LEVEL_URGENT").no
  status = refusal(lambda: stage.ask("ytp-chief", "close_incident", incident=no, result="x"))
  check_status(status, "ILLEGAL_TRANSITION", "FAILED_PRECONDITION", "close_incident.incident")
  assert (status.current_state, status.current_version) == (pb.INCIDENT_STATE_RECEIVED, 1)
  for device, request, fields, reason in (
      ("ytp-duty", "close_incident", {"result": "x"}, "ROLE_NOT_ALLOWED"), ("yts-mediator", "correct_incident", {"place": "x"}, "NOT_YOURS"),
      ("xcp-duty", "dispatch_incident", {"dispatched_to": "x"}, "NOT_FOUND"), ("ytp-duty", "dispatch_incident", {}, "REQUIRED")):
    status = refusal(lambda device=device, request=request, fields=fields: stage.ask(device, request, incident=no, **fields))
    assert status.reason == reason and not status.HasField("current_state"), status


@case
def refusal_names_request(stage):
  key = request_id()
  status = refusal(lambda: stage.ask("ytp-duty", "note_incident", request=key, note="x", **NOWHERE))
  assert status.request_id == key
  no = stage.report().no  # a refused request_id is not used up
  assert stage.ask("ytp-duty", "note_incident", request=key, incident=no, note="y").version == 2


@case
def english_hints(stage):
  with stage.peer(stage.a, "ytp-duty", hello=False) as peer:
    peer.hello(locale="en")
    status = refusal(lambda: peer.ask("show_incident", **NOWHERE))
    assert status.hint and status.hint.isascii(), status.hint


@case
def grave_ones_are_closed_by_the_chief(stage):
  no = stage.report(level="INCIDENT_LEVEL_URGENT").no
  do(stage, "ytp-duty", no, DISPATCH, ARRIVE, FEEDBACK)
  check_status(refusal(lambda: do(stage, "ytp-duty", no, CLOSE)), "ROLE_NOT_ALLOWED", "PERMISSION_DENIED")
  do(stage, "ytp-chief", no, CLOSE)


@case
def conflict_shows_both_values(stage):
  no = stage.report(place="甲地", reporter="旧名").no
  stage.ask("ytp-duty", "correct_incident", incident=no, base_version=1, place="乙地", reporter="新名")
  status = refusal(lambda: stage.ask("ytp-duty2", "correct_incident", incident=no, base_version=1, place="丙地", reporter="新名"))
  check_status(status, "VERSION_CONFLICT", "ABORTED")
  assert [(c.field, c.theirs, c.yours) for c in status.conflicts] == [("place", "乙地", "丙地")], status.conflicts
  assert status.current_version == 2
  stage.ask("ytp-duty2", "correct_incident", incident=no, base_version=2, place="丙地")
  assert stage.show(no).place == "丙地"


@case
def disjoint_changes_merge(stage):
  no = stage.report(place="甲地").no
  stage.ask("ytp-duty", "correct_incident", incident=no, base_version=1, place="乙地")
  receipt = stage.ask("ytp-duty2", "correct_incident", incident=no, base_version=1, reporter="李四")
  seen = stage.show(no)
  assert receipt.version == 3 and (seen.place, seen.reporter) == ("乙地", "李四")


@case
def conflict_of_states(stage):
  no = stage.report().no
  do(stage, "ytp-duty", no, ("dispatch_incident", {"dispatched_to": "一组", "base_version": 1}))
  status = refusal(lambda: stage.ask("ytp-duty2", "dispatch_incident", incident=no, base_version=1, dispatched_to="二组"))
  check_status(status, "VERSION_CONFLICT", "ABORTED")
  assert ("dispatched_to", "一组", "二组") in [(c.field, c.theirs, c.yours) for c in status.conflicts], status.conflicts
  status = refusal(lambda: stage.ask("ytp-chief", "void_incident", incident=no, base_version=1, reason="误报"))
  check_status(status, "VERSION_CONFLICT", "ABORTED")
  assert "state" in [c.field for c in status.conflicts], status.conflicts


@case
def references(stage):
  receipt = stage.report()
  number = receipt.no.rsplit("-", 1)[1]
  id_text = "-".join(receipt.id.hex()[a:b] for a, b in ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32)))
  for text in (receipt.no, receipt.no.lower(), f" {receipt.no} ", number, id_text, id_text.upper()):
    assert stage.show(text).no == receipt.no, text
  for text in ("JQ-", "123456789012", "' or 1=1 --", "%", "JQ-2026-", id_text[:-1]):
    check_status(refusal(lambda text=text: stage.show(text)), "NOT_FOUND", "NOT_FOUND")


@case
def ambiguous_number(stage):
  for _ in range(11):
    last = stage.report()
  tail = last.no[-1]
  status = refusal(lambda: stage.ask("ytp-duty", "note_incident", incident=tail, note="x"))
  check_status(status, "AMBIGUOUS_NUMBER")


@case
def hostile_texts_come_back_byte_by_byte(stage):
  for text in ("'; drop table incident; --", "\\x00\\", "$1 :content ::text", "{\"a\":1}", "{1,2}", "NULL", "%s%n", "𠮷\U0010ffff", "a\nb\tc", "\"引号\""):
    no = stage.report(content=text, reporter=text.replace("\n", "").replace("\t", "")).no
    seen = stage.show(no)
    assert seen.content == text and seen.reporter == text.replace("\n", "").replace("\t", ""), repr(text)


@case
def pending_until_known(stage):
  """Somebody else holds the pen: the deadline passes with the outcome unknown; asking again with the same id tells it, once."""
  key, content = request_id(), stage.word()
  fields = {"class": CLASS, "content": content}
  with stage.alone() as node, stage.peer(node) as peer:
    peer.ask("report_incident", **{**fields, "content": "先来一个"})
    with stage.cluster.session(node.name) as holder:
      holder.rows("begin")
      holder.rows("select seq from liandong.feed_head for update")
      reply = peer.answer(peer.send("report_incident", request=key, deadline_ms=200, **fields))
      status = reply.status
      check_status(status, "OUTCOME_PENDING", "PENDING")
      assert status.retry_after_ms > 0 and status.request_id == key
      holder.rows("rollback")

    def known():
      try:
        return peer.ask("report_incident", request=key, **fields)
      except Refused as e:
        assert e.reason == "OUTCOME_PENDING", e.reason
        return None
    assert until(known, 60).no
    assert stage.sql("select count(*) from incident where content = $1", content, database=node.name) == [("1",)]
