"""The feed as a watcher sees it. Every delivery's prev is checked: a lost one can't go unnoticed."""


class Gap(Exception):
  """A delivery's prev is not the cursor delivered before it."""


class Reset(Exception):
  """The cursor can't be continued; `incidents` is the snapshot, `cursor` where the feed goes on."""

  def __init__(self, reason, incidents, cursor):
    super().__init__(reason)
    self.reason, self.incidents, self.cursor = reason, incidents, cursor


class Watch:
  """cursor: told last, by reply, delivery or sync: where to go on after a reconnect, and what the next delivery's prev must be."""

  def __init__(self, peer, cursor=None, from_start=False, **filter):
    self.peer = peer
    fields = {"filter": filter} if filter else {}
    if cursor is not None:
      fields["cursor"] = cursor
    elif from_start:
      fields["from_start"] = True
    self.cursor = peer.ask("watch_feed", **fields).cursor
    self.live, self.delivery = False, None

  def next(self, timeout=None):
    """The next event, or None for a FeedSync."""
    message = self.peer.push(timeout)
    kind = message.WhichOneof("body")
    if kind == "delivery":
      if message.delivery.prev != self.cursor:
        raise Gap(f"prev {message.delivery.prev.hex()}, cursor told last {self.cursor.hex()}")
      self.cursor, self.delivery = message.delivery.cursor, message.delivery
      return message.delivery.event
    if kind == "feed_sync":
      self.cursor = message.feed_sync.cursor
      self.live = self.live or message.feed_sync.live
      return None
    if kind == "feed_reset":
      self.reset(message.feed_reset.reason)
    raise AssertionError(f"{kind} on a watch")

  def reset(self, reason):
    """What was begun comes whole, however short the caller's patience: kind by kind, each read by itself."""
    incidents = []
    while True:
      message = self.peer.push()
      if message.WhichOneof("body") == "feed_sync":
        self.cursor = message.feed_sync.cursor
        raise Reset(reason, incidents, self.cursor)
      assert message.WhichOneof("body") == "feed_snapshot", message.WhichOneof("body")
      incidents.extend(message.feed_snapshot.incidents)

  def event(self, timeout=None):
    """The next event, over heartbeats."""
    while True:
      event = self.next(timeout)
      if event is not None:
        return event

  def backlog(self, timeout=None):
    """Events up to the first FeedSync."""
    events = []
    while True:
      event = self.next(timeout)
      if event is None:
        return events
      events.append(event)
