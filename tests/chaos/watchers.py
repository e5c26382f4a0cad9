"""Watchers of every temper: fast, slow, stopped, reconnecting at random, hopping between nodes. Each remembers what it was
delivered, in its order, and goes on from its cursor whatever happens to its connection."""
import random
import threading
import time

from peer.peer import Closed, Peer, Refused
from peer.watch import Gap, Reset, Watch
from support.waiting import until

# name, device, nodes it goes to, then: s it dawdles over an event; (chance, s) of stopping to read; chance of leaving after an event
TEMPERS = (
  ("fast_a", "yts-mediator", (0,), 0, (0, 0), 0),
  ("fast_b", "ytp-chief", (1,), 0, (0, 0), 0),
  ("slow", "yts-head", (0,), 0.002, (0, 0), 0),
  ("stopped", "yts-mediator", (1,), 0, (0.001, 3), 0),
  ("reconnecting", "yts-mediator", (0,), 0, (0, 0), 0.01),
  ("reconnecting_viewer", "ytga-viewer", (1,), 0, (0, 0), 0.004),
  ("hopping", "ytp-duty2", (0, 1), 0, (0, 0), 0.006),
  ("other_district", "xcs-mediator", (0, 1), 0, (0, 0), 0.002),
)


class Watcher(threading.Thread):
  def __init__(self, temper, nodes, context, stop, seed):
    super().__init__(daemon=True, name=temper[0])
    _, self.device, places, self.dawdle, (self.stop_chance, self.stop_for), self.leave_chance = temper
    self.nodes = [nodes[i] for i in places]
    self.context, self.stop = context, stop
    self.random = random.Random(f"{seed}/watcher/{temper[0]}")
    self.pause = threading.Event()
    self.seen = []  # (entity, version) of each delivery
    self.cursor, self.connects, self.faults = None, 0, []
    self.turn = 0

  def run(self):
    while not self.stop.is_set():
      try:
        self.watch_once()
      except Gap as e:
        self.faults.append(f"prev: {e}")
      except Reset as e:
        self.faults.append(f"reset: {e.reason}")
        self.cursor = e.cursor
      except Refused as e:
        if e.status.retry_after_ms == 0:
          self.faults.append(f"refused: {e}")
      except (Closed, OSError):
        pass
      except Exception as e:  # pylint: disable=broad-except
        self.faults.append(f"{type(e).__name__}: {e}")
        return
      self.pause.wait(self.random.uniform(0.01, 0.1))

  def watch_once(self):
    self.turn += 1
    peer = Peer(self.nodes[self.turn % len(self.nodes)].address, self.context, timeout=6)
    try:
      watch = Watch(peer, cursor=self.cursor, from_start=self.cursor is None)
      self.connects += 1
      self.cursor = watch.cursor
      while not self.stop.is_set():
        event = watch.next(6)
        if event is not None:
          self.seen.append((event.entity, event.version))
        self.cursor = watch.cursor
        if event is not None and self.tempted():
          return
    finally:
      peer.close()

  def tempted(self):
    """Lives out its temper after an event; True: leaves this connection."""
    if self.dawdle:
      self.pause.wait(self.dawdle)
    if self.random.random() < self.stop_chance:
      self.stop.wait(self.stop_for)  # reads nothing meanwhile: the socket fills up
    return self.random.random() < self.leave_chance


def wait_for_all(watchers, wanted, timeout):
  """Until every watcher has been delivered as many events as it should, or the time is over: the counts tell."""
  try:
    until(lambda: all(len(w.seen) >= wanted[w.name] or not w.is_alive() for w in watchers), timeout)
  except TimeoutError:
    pass
