"""What most live cases share: two nodes on one database, a connection per device, short words for the usual acts."""
import contextlib
import itertools

from peer.messages import pb
from peer.peer import Closed, Peer, Refused, request_id
from peer.watch import Watch
from support.cluster import memory
from support.stage import Stage

CLASS = "INCIDENT_CLASS_DISPUTE"


class Scene(Stage):
  def __init__(self, **cluster_settings):
    super().__init__(under=memory(), **cluster_settings)
    self.words = itertools.count(1)
    self.peers = {}
    self.base = self.database("live")
    with self.cluster.session(self.base) as s:  # what one case left unacknowledged brings no events into another
      s.rows("update liandong.clock_rule set seconds = seconds * 1000 where type = 4 and rule <> 'EXPIRY'")
    self.a = self.node("a", self.base).start()
    self.b = self.node("b", self.base).start()

  def word(self):
    """A text that no other case uses."""
    return f"第{next(self.words)}号证言"

  def ask(self, device, name, /, **fields):
    """One call on the device's own connection to node a."""
    for attempt in (1, 2):
      if device not in self.peers:
        self.peers[device] = self.peer(self.a, device)
      try:
        return self.peers[device].ask(name, **fields)
      except (Closed, TimeoutError):
        self.peers.pop(device).close()
        if attempt == 2:
          raise
    raise AssertionError

  def report(self, device="ytp-duty", request=None, **fields):
    """Reports; the receipt."""
    fields = {"class": CLASS, "content": self.word(), **fields}
    return self.ask(device, "report_incident", request=request, **fields)

  def by_two(self, name, device, subject, node=None, **fields):
    """An act that takes two: asked for, agreed to by the head of the paired office, who is told `subject`, and carried out."""
    with contextlib.closing(self.peer(node or self.a, device)) as peer, contextlib.closing(self.peer(node or self.a, "yts-head")) as head:
      check_status(refusal(lambda: peer.ask(name, **fields)), "APPROVAL_NEEDED", "PERMISSION_DENIED")
      waiting = next(a for a in head.ask("list_approvals", open=True).approvals if a.kind == name)
      assert waiting.subject == subject, waiting
      head.ask("decide_approval", approval=waiting.approval, agreed=True)
      return peer.ask(name, **fields)

  def void(self, device, node=None, **fields):
    return self.by_two("void_incident", device, fields["reason"], node, **fields)

  def show(self, no, device="ytp-duty"):
    return self.ask(device, "show_incident", incident=no)

  def watch(self, device="yts-mediator", node=None, **options):
    """A watch on a connection of its own; close it."""
    return contextlib.closing(OwnWatch(self.peer(node or self.a, device), **options))

  def sql(self, statement, *values, database=None, role="postgres"):
    """As superuser, behind the server's back."""
    with self.cluster.session(database or self.base, role) as s:
      s.rows("set search_path to liandong")
      return s.rows(statement, *values)

  @contextlib.contextmanager
  def alone(self, **settings):
    """A node with a database of its own, for cases that break things."""
    name = self.database()
    node = self.node(name, name, **settings)
    try:
      yield node.start()
    finally:
      node.stop()
      self.nodes.remove(node)


class OwnWatch(Watch):
  def close(self):
    self.peer.close()


def refusal(act):
  """The status of something that must be refused."""
  try:
    answer = act()
  except Refused as e:
    return e.status
  raise AssertionError(f"was not refused: {str(answer)[:200]}")


def check_status(status, reason, code=None, field=None):
  """A refusal says code, reason, a Chinese hint, and the field at fault."""
  assert status.reason == reason, f"reason {status.reason} ({status.message}), expected {reason}"
  if code:
    assert pb.Code.Name(status.code) == "CODE_" + code, f"code {pb.Code.Name(status.code)}, expected {code}"
  assert any("\u4e00" <= c <= "\u9fff" for c in status.hint), f"no Chinese hint: {status.hint!r}"
  assert status.message, "no message"
  if field:
    fields = [v.field.split("[")[0] for v in status.violations]
    assert field in fields, f"fields at fault {fields}, expected {field}"


__all__ = ["CLASS", "Closed", "Peer", "Refused", "Scene", "check_status", "pb", "refusal", "request_id"]
