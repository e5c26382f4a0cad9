"""Every field of every request at the ends of what the wire can say: carried out or refused by name, and never an error inside, which would take
other people's writes with it."""
import collections
import contextlib
import itertools

from peer.messages import pb
from peer.peer import Closed, frame, request_id
from scene import CLASS
from support.runner import case
from test_canaries import Birds, filled, requests
from test_frames import counted, number

ENDS = {"drain_node", "kick_sessions", "revoke_device", "end_login", "lock_account", "change_password", "login", "enrol_device", "follow_logs", "ping", "show_order", "watch_feed"}
WHOLE = (0, 1, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**63, 2**64 - 1)  # as varints: the last ones are below zero where there is a sign
WORDS = ("", " ", "9" * 40, "-1", "JF-9999-999999999", "YJ-0000-0", "'\\%_", "〇" * 80, "NaN", "infinity")
DOUBLES = (float("nan"), float("inf"), float("-inf"), 1e308)
DEVICES = ("ytp-chief", "yts-head", "admin", "auditor")


def values(field):
  if field.message_type is not None:
    return ()
  if field.type == field.TYPE_STRING:
    return WORDS
  if field.type == field.TYPE_BYTES:
    return b"", b"\0", bytes(16), b"\xff" * 24
  return DOUBLES if field.type in (field.TYPE_DOUBLE, field.TYPE_FLOAT) else WHOLE


def body(descriptor, fields, field, value):
  """The message with one field as it is said, over whatever its encoder would refuse to write."""
  message = getattr(pb, descriptor.name)(**{k: v for k, v in fields.items() if k != field.name})
  if isinstance(value, int):
    return message.SerializeToString() + number(field.number, value)
  getattr(message, field.name).extend([value]) if field.label == field.LABEL_REPEATED else setattr(message, field.name, value)
  return message.SerializeToString()


class Asker:
  """As whoever gets furthest with a request; anew where he was hung up on."""

  def __init__(self, stage, node, named):
    self.stage, self.node, self.named, self.peers, self.calls = stage, node, named, {}, itertools.count(1)

  def fields(self, name, descriptor):
    given = {k: v for k, v in filled(Birds(), name, descriptor, True, self.named["incident"]).items() if k != "request_id"}
    return {**given, **{k: v for k, v in self.named.items() if k in descriptor.fields_by_name and descriptor.fields_by_name[k].type == descriptor.fields_by_name[k].TYPE_STRING}}

  def send(self, device, name, payload):
    """The reason it is refused for; "" where it is not."""
    if device not in self.peers:
      self.peers[device] = self.stage.peer(self.node, device)
    peer, call = self.peers[device], next(self.calls)
    shell = pb.ToServer(call=call, request_id=request_id()).SerializeToString()
    peer.wire.send(frame(shell + counted(pb.ToServer.DESCRIPTOR.fields_by_name[name].number, payload)))
    try:
      while (reply := peer.receive(60)).call != call:
        pass
      return reply.status.reason if reply.HasField("status") else ""
    except Closed:
      self.peers.pop(device).close()
      return "CLOSED"

  def who(self, name, descriptor):
    plain = getattr(pb, descriptor.name)(**self.fields(name, descriptor)).SerializeToString()
    told = {device: self.send(device, name, plain) for device in DEVICES}
    return next((d for d, reason in told.items() if reason not in ("ROLE_NOT_ALLOWED", "ADMIN_ONLY", "CLOSED")), DEVICES[0]), told

  def close(self):
    for peer in self.peers.values():
      peer.close()


def records(peer):
  incident = peer.ask("report_incident", **{"class": CLASS, "content": "尽头"}).no
  dispute = peer.ask("open_dispute", type="DISPUTE_TYPE_NEIGHBOR", title="尽头").no
  alert = peer.ask("raise_alert", kind="ALERT_KIND_MASS_EVENT", title="尽头").no
  task = peer.ask("add_task", about=dispute, title="尽头").no
  transfer = peer.ask("send_transfer", about=dispute, to_office="yts", reason="尽头").no
  return {"incident": incident, "dispute": dispute, "alert": alert, "task": task, "transfer": transfer, "record": dispute, "about": dispute, "into": dispute}


@case
def of_every_field(stage):
  with stage.alone() as node, contextlib.ExitStack() as all_:
    stage.sql("delete from record_limit", database=node.name)
    stage.sql("update audit_rule set denied_per_minute = 1", database=node.name)
    with stage.peer(node, "ytp-duty") as peer:
      asker = all_.enter_context(contextlib.closing(Asker(stage, node, records(peer))))
    wrong, reasons = [], collections.Counter()
    for name, descriptor in requests():
      if name in ENDS:
        continue
      device, told = asker.who(name, descriptor)
      wrong += [(name, "as it should be", d) for d, reason in told.items() if reason in ("INTERNAL", "CLOSED", "DATABASE_AWAY", "OUTCOME_PENDING")]
      for field in descriptor.fields:
        for value in values(field):
          reason = asker.send(device, name, body(descriptor, asker.fields(name, descriptor), field, value))
          reasons[reason] += 1
          if reason in ("INTERNAL", "CLOSED", "DATABASE_AWAY", "OUTCOME_PENDING"):
            wrong.append((name, field.name, value, reason))
    print(f"# sent={sum(reasons.values())} carried_out={reasons['']} {reasons.most_common(12)}", flush=True)
    assert not wrong, wrong[:40]
    failed = [line for line in node.log().splitlines() if '"write.failed"' in line or '"read.failed"' in line]
    assert not failed, failed[:5]
    assert node.metric("liandong_commit_groups_failed_total") == 0 and reasons[""] > 500
    with stage.peer(node, "ytp-duty") as peer:
      assert peer.ask("verify_feed", deadline_ms=60000, timeout=60).intact
    assert stage.sql("select first_broken from records_verify() where broken > 0", database=node.name) == []


of_every_field.seconds = 300
