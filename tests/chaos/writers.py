"""Writers: each reports and notes as fast as it may, journals what was acknowledged, and asks again with the same request_id
until it knows, over whichever node is there."""
import random
import threading

from peer.messages import pb
from peer.peer import Closed, Peer, Refused, request_id

TRY_AGAIN = ("CODE_UNAVAILABLE", "CODE_PENDING", "CODE_DEADLINE_EXCEEDED", "CODE_RESOURCE_EXHAUSTED")
THINK = 0.03  # s at most between two acts: the watchers, in the same process, must keep up
LAST_WORD = 40  # s in which the last act must come to an end


class Journal:
  """Everything that was acknowledged: request_id -> number of the incident."""

  def __init__(self):
    self.lock = threading.Lock()
    self.acked, self.replays, self.errors = {}, 0, []

  def ack(self, key, receipt):
    with self.lock:
      self.acked[key] = receipt.no
      self.replays += receipt.replay

  def error(self, text):
    with self.lock:
      self.errors.append(text)


class Writer(threading.Thread):
  def __init__(self, number, nodes, context, journal, stop, seed):
    super().__init__(daemon=True, name=f"writer{number}")
    self.number, self.nodes, self.context, self.journal, self.stop = number, nodes, context, journal, stop
    self.random = random.Random(f"{seed}/writer/{number}")
    self.pause = threading.Event()  # never set: its wait is a pause
    self.peer, self.incident, self.count = None, None, 0

  def run(self):
    try:
      while not self.stop.is_set():
        self.act()
        self.pause.wait(self.random.uniform(0, THINK))
    except Exception as e:  # pylint: disable=broad-except
      self.journal.error(f"{self.name}: {type(e).__name__}: {e}")
    finally:
      self.leave()

  def act(self):
    """One report, or a note on the last one; done when it is acknowledged."""
    self.count += 1
    key, text = request_id(), f"混沌 {self.number}/{self.count}"
    note = self.incident and self.random.random() < 0.3
    name, fields = ("note_incident", {"incident": self.incident, "note": text}) if note else \
                   ("report_incident", {"class": "INCIDENT_CLASS_DISPUTE", "content": text})
    for _ in range(10000):
      receipt = self.attempt(name, key, fields)
      if receipt:
        self.journal.ack(key, receipt)
        self.incident = receipt.no
        return
      self.pause.wait(self.random.uniform(0.005, 0.08))
    raise AssertionError("no answer after 10,000 attempts")

  def attempt(self, name, key, fields):
    """The receipt, or None where it must be asked again."""
    try:
      if self.peer is None:
        self.peer = Peer(self.random.choice(self.nodes).address, self.context, timeout=5)
      return self.peer.ask(name, request=key, deadline_ms=4000, **fields)
    except Refused as e:
      if pb.Code.Name(e.status.code) not in TRY_AGAIN:
        raise
      if e.reason == "DRAINING":
        self.leave()
    except (Closed, OSError):  # TimeoutError and ssl.SSLError are OSErrors
      self.leave()
    return None

  def leave(self):
    if self.peer:
      self.peer.close()
    self.peer = None
