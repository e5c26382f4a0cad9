"""The connection is cut at every byte of a report and of its reply; the client asks again with the same request_id."""
from peer.peer import Closed, Peer, request_id
from peer.watch import Watch
from scene import CLASS
from support.proxy import Cut
from support.runner import case


class Through(Peer):
  """A peer whose bytes go through a proxy that can be armed."""

  def __init__(self, stage, node, hard):
    self.cut = Cut(node.address, hard)
    super().__init__(node.address, stage.context("ytp-duty"), plain=self.cut.near)


def tried(stage, node, direction, after, hard, key, text):
  """Reports through a connection cut after so many bytes: the receipt, or None where the answer was lost."""
  peer = Through(stage, node, hard)
  try:
    peer.cut.arm(direction, after)
    return peer.ask("report_incident", request=key, **{"class": CLASS, "content": text})
  except (Closed, TimeoutError, OSError):
    return None
  finally:
    peer.close()
    peer.cut.wait()


def sizes(stage, node):
  """Ciphertext bytes of a report and of its reply."""
  with Through(stage, node, False) as peer:
    peer.cut.arm()
    peer.ask("report_incident", **{"class": CLASS, "content": "第0000刀"})
    return peer.cut.passed["request"], peer.cut.passed["reply"]


@case
def at_every_byte(stage):
  """Both directions, FIN and RST in turn. Each report is there exactly once whatever was lost, and all four stories were seen."""
  with stage.alone() as node, stage.peer(node) as again:
    request, reply = sizes(stage, node)
    assert request > 60 and reply > 60
    stories, receipts = {"first": 0, "lost_unwritten": 0, "lost_written": 0}, {}
    for direction, size in (("request", request), ("reply", reply)):
      for after in range(size + 1):
        key, text = request_id(), f"第{len(receipts) + 1:04d}刀"
        first = tried(stage, node, direction, after, after % 2 == 1, key, text)
        second = again.ask("report_incident", request=key, **{"class": CLASS, "content": text})
        assert first is None or (second.replay and second.no == first.no), f"{direction} byte {after}"
        stories["first" if first else "lost_written" if second.replay else "lost_unwritten"] += 1
        receipts[text] = second
    rows = stage.sql("select content, array_agg(id) from incident where content like '第%刀' and content <> '第0000刀' group by 1", database=node.name)
    assert len(rows) == len(receipts) == request + reply + 2
    for text, ids in rows:
      assert ids == "{%s}" % "-".join(receipts[text].id.hex()[a:b] for a, b in ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32))), text
    assert all(stories.values()), stories
    assert again.ask("verify_feed").intact
    print(f"# cuts={len(receipts)} request_bytes={request} reply_bytes={reply} " + " ".join(f"{k}={v}" for k, v in stories.items()))


at_every_byte.seconds = 120


@case
def in_the_handshake(stage):
  """Cut at every 16th byte of the handshake and hello: no trace is left."""
  fds = stage.a.metric("process_open_fds")
  for after in range(0, 2400, 16):
    cut = Cut(stage.a.address, after % 32 == 0)
    cut.arm("request" if after % 48 else "reply", after)
    try:
      Peer(stage.a.address, stage.context("ytp-duty"), timeout=5, plain=cut.near).close()
    except (Closed, TimeoutError, OSError):
      pass
    finally:
      cut.near.close()
      cut.wait()
  stage.report()
  assert fds is None or stage.a.metric("process_open_fds") <= fds + 5


@case
def in_the_feed(stage):
  """A watch cut in the middle of deliveries goes on from its cursor: each event once, in order."""
  with stage.watch() as watch:
    watch.backlog()
    cursor = watch.cursor
  nos = [stage.report().no for _ in range(12)]
  seen, step = [], 100
  while len(seen) < len(nos):
    cut = Cut(stage.a.address, step % 2 == 1)
    peer = Peer(stage.a.address, stage.context("yts-mediator"), plain=cut.near)
    cut.arm("reply", step)
    try:
      watch = Watch(peer, cursor=cursor)
      while len(seen) < len(nos):
        seen.append(watch.event(5).no)
        cursor = watch.cursor
    except (Closed, OSError):
      step += 37
    finally:
      peer.close()
      cut.wait()
  assert seen == nos, f"{seen} instead of {nos}"
