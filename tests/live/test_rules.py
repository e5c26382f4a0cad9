"""Every kind of change in every state by every role: allowed exactly where the table of transitions says so, and nowhere else."""
from peer.messages import pb
from peer.peer import Refused
from scene import check_status, refusal
from support.runner import case

KINDS = {
  "dispatch_incident": {"dispatched_to": "一组"}, "arrive_incident": {}, "handle_incident": {}, "note_incident": {"note": "记录"},
  "feedback_incident": {"result": "已处理"}, "close_incident": {"result": "已处理"}, "reopen_incident": {"reason": "再报"},
  "void_incident": {"reason": "误录"}, "correct_incident": {"place": "某处", "reason": "笔误"},
}
STATES = ("RECEIVED", "DISPATCHED", "ARRIVED", "HANDLING", "FEEDBACK", "CLOSED", "VOID", "REOPENED")
ACTORS = {  # device -> (system, role, enters incidents of ytp)
  "ytp-officer": (1, 1, True), "ytp-duty": (1, 2, True), "ytp-chief": (1, 3, True), "yts-mediator": (2, 4, False), "yts-head": (2, 5, False),
}
# A few that no change of the data may loosen without somebody looking here.
NEVER = (("dispatch_incident", "CLOSED"), ("dispatch_incident", "VOID"), ("arrive_incident", "RECEIVED"), ("feedback_incident", "CLOSED"),
         ("close_incident", "RECEIVED"), ("close_incident", "CLOSED"), ("reopen_incident", "RECEIVED"), ("reopen_incident", "VOID"),
         ("void_incident", "VOID"), ("note_incident", "VOID"), ("correct_incident", "VOID"))


def rules(stage):
  """(kind, state number, device) -> state it leads to, for a general incident."""
  allowed = {}
  rows = stage.sql("select kind, from_state, to_state, systems, roles, levels, origin_only from incident_transition"
                   " where started_on <= current_date and (ended_on is null or ended_on > current_date)")
  for kind, from_state, to_state, systems, roles, levels, origin_only in rows:
    for device, (system, role, own) in ACTORS.items():
      fits = str(system) in systems.strip("{}").split(",") and str(role) in roles.strip("{}").split(",")
      if fits and (own or origin_only == "f") and (levels is None or "3" in levels.strip("{}").split(",")):
        allowed[kind, int(from_state), device] = int(to_state)
  return allowed


@case.table((kind, kind, fields) for kind, fields in KINDS.items())
def matrix(stage, kind, fields):
  allowed = rules(stage)
  assert any(key[0] == kind for key in allowed), "the table holds no rule"
  for device in ACTORS:
    for state in STATES:
      number = pb.IncidentState.Value("INCIDENT_STATE_" + state)
      no = stage.report().no
      stage.sql("update incident set state = $1::int2 where num = $2::int8", number, int(no[3:7]) * 10**9 + int(no[8:]))
      wanted = allowed.get((kind, number, device))
      try:
        got, reason = (stage.void(device, incident=no, **fields) if kind == "void_incident" and wanted else stage.ask(device, kind, incident=no, **fields)).state, None
      except Refused as e:
        got, reason = None, e.reason
        assert reason in ("ILLEGAL_TRANSITION", "ROLE_NOT_ALLOWED", "NOT_YOURS"), f"{device} {state}: {reason}"
      assert got == wanted, f"{device} in {state}: led to {got} ({reason}), the table says {wanted}"
      assert (kind, state) not in NEVER or got is None, f"{kind} in {state} must never be allowed"


@case
def dated_rules(stage):
  """A rule that ended yesterday no longer holds; one that begins tomorrow does not yet."""
  with stage.alone() as node, stage.peer(node) as peer:
    fields = {"class": "INCIDENT_CLASS_DISPUTE", "content": "看规则的日期"}
    no = peer.ask("report_incident", **fields).no
    change = "update incident_transition set {} where kind = 'dispatch_incident' and from_state = 1"
    for dates in ("ended_on = '2021-01-01'", "ended_on = null, started_on = '2100-01-01'"):
      stage.sql(change.format(dates), database=node.name)
      check_status(refusal(lambda: peer.ask("dispatch_incident", incident=no, dispatched_to="一组")), "ILLEGAL_TRANSITION", "FAILED_PRECONDITION")
    stage.sql(change.format("started_on = '2020-01-01'"), database=node.name)
    assert peer.ask("dispatch_incident", incident=no, dispatched_to="一组").state == pb.INCIDENT_STATE_DISPATCHED
