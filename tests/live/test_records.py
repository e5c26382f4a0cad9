"""Records that are no incidents, on the wire: the other side sees them live, after an absence, in history and in a snapshot."""
from peer.peer import request_id
from scene import CLASS, check_status, pb, refusal
from support.runner import case


def open_dispute(stage, device="ytp-duty", **fields):
  return stage.ask(device, "open_dispute", **{"type": "DISPUTE_TYPE_NEIGHBOR", "title": stage.word(), **fields})


def until(watch, wanted):
  """The first event that is wanted."""
  for _ in range(200):
    event = watch.event(10)
    if wanted(event):
      return event
  raise AssertionError("it did not come")


@case
def the_paired_office_sees_it_live(stage):
  with stage.watch("yts-mediator", node=stage.b) as watch:
    made = open_dispute(stage, place="建设路 12 号", warning="DISPUTE_WARNING_RED")
    event = until(watch, lambda e: e.no == made.no)
    assert (event.record, event.dispute_state) == (pb.RECORD_TYPE_DISPUTE, pb.DISPUTE_STATE_REGISTERED) and not event.HasField("state"), event
    assert event.level == pb.INCIDENT_LEVEL_MAJOR, "a red one is marked as what is gravest"
    told = {c.field: c.new_value for c in event.changes}
    assert told["place"] == "建设路 12 号" and told["type"] == "2", told
    stage.ask("yts-mediator", "note_dispute", dispute=made.no, note="先听双方意见")
    assert until(watch, lambda e: e.kind == "note_dispute" and e.no == made.no).note == "先听双方意见"
  shown = stage.ask("yts-mediator", "show_dispute", dispute=made.no[-6:])
  assert (shown.no, shown.version, shown.place) == (made.no, 2, "建设路 12 号"), shown
  assert [e.kind for e in stage.ask("yts-mediator", "show_history", incident=made.no[-6:], record="RECORD_TYPE_DISPUTE").entries][-1] == "note_dispute"


@case
def others_do_not(stage):
  made = open_dispute(stage)
  for name, fields in (("show_dispute", {}), ("note_dispute", {"note": "x"})):
    check_status(refusal(lambda name=name, fields=fields: stage.ask("xcp-duty", name, dispute=made.no, **fields)), "NOT_FOUND", "NOT_FOUND")
  check_status(refusal(lambda: stage.ask("xcp-duty", "show_history", incident=made.no)), "NOT_FOUND", "NOT_FOUND")
  assert made.no not in [d.no for d in stage.ask("xcp-duty", "list_disputes").disputes]


@case
def said_twice_it_is_one(stage):
  key = request_id()
  one, two = (open_dispute(stage, request=key, title="同一起") for _ in range(2))
  assert (one.no, one.replay, two.no, two.replay) == (two.no, False, one.no, True)


@case
def a_snapshot_holds_them(stage):
  """After the incidents, kind by kind; more than a page of them, and nobody else's."""
  with stage.alone() as node, stage.peer(node, "xcp-duty") as peer, stage.peer(node, "ytp-duty") as other:
    incident = peer.ask("report_incident", **{"class": CLASS, "content": "先有警情"}).no
    made = [peer.ask("open_dispute", type="DISPUTE_TYPE_DEBT", title=f"欠款第{n}起").no for n in range(60)]
    alert = peer.ask("raise_alert", kind="ALERT_KIND_MASS_EVENT", title="聚集讨薪").no
    transfer = peer.ask("send_transfer", about=incident, to_office="xcs", reason="请调解").no
    task = peer.ask("add_task", about=made[0], to_office="xcs", title="周五前走访").no
    other.ask("open_dispute", type="DISPUTE_TYPE_DEBT", title="别处的")
    other.ask("raise_alert", kind="ALERT_KIND_MASS_EVENT", title="别处聚集")
    with stage.peer(node, "xcs-mediator") as watcher:
      watcher.ask("watch_feed", cursor=b"\x01" * 16)
      pages = []
      while not pages or not pages[-1].last:
        push = watcher.push()
        if push.WhichOneof("body") == "feed_snapshot":
          pages.append(push.feed_snapshot)
    assert [d.no for page in pages for d in page.disputes] == made[::-1] and len(pages) == 7, [len(page.disputes) for page in pages]
    assert [i.no for page in pages for i in page.incidents] == [incident]
    assert [[r.no for page in pages for r in getattr(page, kind)] for kind in ("alerts", "transfers", "tasks")] == [[alert], [transfer], [task]]
