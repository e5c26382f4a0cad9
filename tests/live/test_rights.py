"""Who sees what while it changes: levels, retracts and grants in the feed, rights taken away while events flow."""
import contextlib
import threading
import time

from peer.watch import Reset, Watch
from scene import CLASS, check_status, refusal
from support.runner import case
from support.waiting import until

HIDDEN = "〔无权查看〕"


def told(watch):
  """The next delivery but of who has to agree: (what, number)."""
  while watch.event(20).kind in ("ask_approval", "decide_approval"):
    pass
  d = watch.delivery
  return ("retract", d.retract.no) if d.HasField("retract") else ("grant", d.grant.no) if d.HasField("grant") else (d.event.kind, d.event.no)


@case
def a_grading_takes_away_and_gives(stage):
  """Whoever loses the record is told to delete it, whoever gets it that it is there; the others see the grading; nobody sees what is not for him."""
  with stage.alone() as node, contextlib.ExitStack() as all_:
    peers = {name: all_.enter_context(stage.peer(node, name)) for name in ("ytp-chief", "yts-mediator", "yts-head", "ytga-viewer")}
    watches = {name: Watch(peer) for name, peer in peers.items()}
    chief = all_.enter_context(stage.peer(node, "ytp-chief"))
    mediator = all_.enter_context(stage.peer(node, "yts-mediator"))
    for w in watches.values():
      w.backlog()
    old = {name: w.cursor for name, w in watches.items()}
    no = chief.ask("report_incident", **{"class": CLASS, "content": "家中矛盾", "reporter": "张三"}).no
    assert {told(w) for w in watches.values()} == {("report_incident", no)}
    chief.ask("grade_incident", incident=no, sensitivity=3, reason="涉及未成年人")
    chief.ask("note_incident", incident=no, note="已联系")
    other = chief.ask("report_incident", **{"class": CLASS, "content": "另一件"}).no
    for name in ("ytp-chief", "yts-head"):
      assert [told(watches[name]) for _ in range(3)] == [("grade_incident", no), ("note_incident", no), ("report_incident", other)], name
    for name in ("yts-mediator", "ytga-viewer"):
      assert [told(watches[name]) for _ in range(2)] == [("retract", no), ("report_incident", other)], name
    for request in ("show_incident", "show_history", "note_incident"):
      check_status(refusal(lambda: mediator.ask(request, incident=no, **({"note": "x"} if request[0] == "n" else {}))), "NOT_FOUND")
    assert no not in [i.no for i in mediator.ask("list_incidents").incidents] + [i.no for i in mediator.ask("search_incidents", text="家中").incidents]
    check_status(refusal(lambda: chief.ask("grade_incident", incident=no, sensitivity=1)), "REASON_REQUIRED")
    check_status(refusal(lambda: chief.ask("grade_incident", incident=no, sensitivity=3, reason="x")), "NO_CHANGE")
    # whoever was away meanwhile hears of it in the backlog
    def again(place):
      with stage.peer(place, "yts-mediator") as late:
        w = Watch(late, old["yts-mediator"])
        return [told(w) for _ in range(2)]
    assert again(node) == [("retract", no), ("report_incident", other)]
    check_status(refusal(lambda: chief.ask("grade_incident", incident=no, sensitivity=1, reason="核实后降低")), "APPROVAL_NEEDED")
    stage.by_two("grade_incident", "ytp-chief", "S3 → S1", node, incident=no, sensitivity=1, reason="核实后降低")
    assert told(watches["yts-mediator"]) == ("grant", no) == told(watches["ytga-viewer"])
    assert told(watches["yts-head"]) == ("grade_incident", no)
    assert mediator.ask("show_incident", incident=no).reporter == HIDDEN
    chief.ask("grade_incident", incident=no, sensitivity=2, reason="x")
    assert told(watches["yts-mediator"]) == ("retract", no) and told(watches["yts-head"]) == ("grade_incident", no)


@case
def who_may_grade(stage):
  with stage.alone() as node, contextlib.ExitStack() as all_:
    ask = lambda who, **fields: all_.enter_context(stage.peer(node, who)).ask("grade_incident", reason="理由", **fields)  # noqa: E731
    no = all_.enter_context(stage.peer(node, "ytp-duty")).ask("report_incident", **{"class": CLASS, "content": "家中矛盾"}).no
    for who, reason in (("ytp-officer", "ROLE_NOT_ALLOWED"), ("yts-mediator", "NOT_YOURS"), ("yts-head", "NOT_YOURS"), ("xcp-duty", "NOT_FOUND")):
      check_status(refusal(lambda: ask(who, incident=no, sensitivity=2)), reason)
    check_status(refusal(lambda: ask("ytp-duty", incident=no, sensitivity=4)), "ROLE_NOT_ALLOWED")
    assert ask("ytp-duty", incident=no, sensitivity=3).version == 2
    check_status(refusal(lambda: ask("ytp-duty", incident=no, sensitivity=1)), "NOT_FOUND")
    assert stage.by_two("grade_incident", "ytp-chief", "S3 → S1", node, incident=no, sensitivity=1, reason="理由").version == 5  # asked for, agreed to, done


@case
def a_tip_is_the_heads_affair(stage):
  """A class may have a level of its own from the start: live, in lists and by number."""
  with stage.alone() as node, contextlib.ExitStack() as all_:
    duty, chief = all_.enter_context(stage.peer(node, "ytp-duty")), all_.enter_context(stage.peer(node, "ytp-chief"))
    w = Watch(all_.enter_context(stage.peer(node, "ytp-duty")))
    w.backlog()
    no = duty.ask("report_incident", **{"class": "INCIDENT_CLASS_TIP", "content": "举报线索"}).no
    plain = duty.ask("report_incident", **{"class": CLASS, "content": "平常的"}).no
    assert told(w) == ("report_incident", plain)
    check_status(refusal(lambda: duty.ask("show_incident", incident=no)), "NOT_FOUND")
    assert chief.ask("show_incident", incident=no).sensitivity == 3


TRIALS = 20


def revocation_in_mid_feed(stage):
  """Events flow, a rule ends: how long afterwards does the last one arrive? Then comes a RESET whose snapshot holds none of them, and no
  event, although the connection lives; another RESET gives them back."""
  took = []
  with stage.alone() as node, stage.peer(node, "ytp-duty") as writer, stage.peer(node, "yts-mediator") as reader:
    w = Watch(reader)
    w.backlog()
    stop, written = threading.Event(), []

    def write():
      while not stop.wait(0.02):
        writer.ask("report_incident", **{"class": CLASS, "content": "不断的警情"})
        written.append(1)
    thread = threading.Thread(target=write)
    thread.start()
    rule = "update right_rule set ended_on = $1 where role = 4 and relation = 'PAIRED'"

    def starts_over():
      """How many are in the snapshot with which it does."""
      try:
        while True:
          w.next(60)
      except Reset as e:
        assert e.reason == "RIGHTS", e.reason
        return len(e.incidents)
    try:
      for _ in range(TRIALS):
        w.event(60)
        stage.sql(rule, time.strftime("%Y-%m-%d", time.gmtime(time.time() + 8 * 3600)), database=node.name)
        begun = time.monotonic()
        assert starts_over() == 0
        took.append(time.monotonic() - begun)
        before = len(written)
        until(lambda before=before: len(written) > before + 20, 60, "further events")
        assert refusal(lambda: reader.ask("show_incident", incident="000001")).reason == "NOT_FOUND"
        late = [m for m in reader.pushes if m.WhichOneof("body") == "delivery"]
        assert not late, f"events still come: {late}"
        stage.sql(rule, None, database=node.name)
        assert starts_over() > 0
    finally:
      stop.set()
      thread.join()
  print(f"revocation in mid-feed: {TRIALS} trials, slowest {max(took) * 1000:.0f} ms, median {sorted(took)[TRIALS // 2] * 1000:.0f} ms", flush=True)


revocation_in_mid_feed.seconds = 150
case(revocation_in_mid_feed)


@case
def an_area_shows_what_happens_in_it(stage):
  """Another pair's office sees the records of an area that is assigned to it: live, by every door, until the record is taken elsewhere or the area
  from the office; gained, they come as grants or in a snapshot. Only the origin says the area, and only one of its own side."""
  with stage.alone() as node, contextlib.ExitStack() as all_:
    peer = {name: all_.enter_context(stage.peer(node, name)) for name in ("admin", "ytp-duty", "yts-mediator", "xcs-mediator", "xcp-duty", "auditor")}
    ask = lambda who, request, **fields: peer[who].ask(request, **fields)  # noqa: E731
    for code, name in (("qw", "书院路网格"), ("qw2", "东门网格")):
      ask("admin", "open_area", area=code, name=name, office="ytp")
    w, mine = (Watch(all_.enter_context(stage.peer(node, name))) for name in ("xcs-mediator", "ytp-duty"))
    for watch in (w, mine):
      watch.backlog()

    def reset():
      try:
        while True:
          w.event(20)
      except Reset as r:
        return r
    ask("admin", "assign_area", area="qw", office="xcs")
    assert reset().reason == "RIGHTS"
    report = lambda who, **fields: ask(who, "report_incident", **{"class": CLASS, "content": "网格里的纠纷", **fields}).no  # noqa: E731
    for who, area in (("ytp-duty", "nowhere"), ("yts-mediator", "qw"), ("xcp-duty", "qw")):
      check_status(refusal(lambda: report(who, area=area)), "BAD_AREA", field="report_incident.area")
    start = w.cursor
    hidden, no = report("ytp-duty"), report("ytp-duty", area="qw")
    assert told(w) == ("report_incident", no) and [told(mine) for _ in range(2)] == [("report_incident", hidden), ("report_incident", no)]
    shown = ask("xcs-mediator", "show_incident", incident=no)
    assert (shown.area, shown.area_name) == ("qw", "书院路网格")
    listed = lambda who, **terms: [i.no for i in ask(who, "list_incidents", **terms).incidents]  # noqa: E731
    assert listed("xcs-mediator") == [no] == listed("xcs-mediator", area="qw") == listed("ytp-duty", area="qw") and not listed("xcs-mediator", area="qw2")
    assert listed("ytp-duty") == [no, hidden] and not listed("xcp-duty")
    check_status(refusal(lambda: listed("ytp-duty", area="nowhere")), "BAD_AREA", field="list_incidents.area")
    reasons = ask("admin", "explain_rights", incident=no, office="xcs", role="ROLE_MEDIATOR").reasons
    assert sorted((r.relation, r.visible) for r in reasons) == [("AREA", True), ("NONE", False)], reasons
    check_status(refusal(lambda: ask("xcs-mediator", "correct_incident", incident=no, area="")), "NOT_YOURS")

    # taken elsewhere and brought back; whoever is away hears of it, too
    middle = w.cursor
    ask("ytp-duty", "correct_incident", incident=no, area="qw2")
    ask("ytp-duty", "note_incident", incident=no, note="已联系")
    assert told(w) == ("retract", no) and [told(mine) for _ in range(2)] == [("correct_incident", no), ("note_incident", no)]
    check_status(refusal(lambda: ask("xcs-mediator", "show_incident", incident=no)), "NOT_FOUND")
    assert not listed("xcs-mediator") and listed("ytp-duty", area="qw2") == [no]
    change, = [c for c in ask("ytp-duty", "show_history", incident=no).entries if c.field == "area"]
    assert (change.old_value, change.new_value) == ("qw", "qw2")
    later = report("ytp-duty", area="qw")
    assert told(w) == ("report_incident", later)

    def away(cursor, count):
      with stage.peer(node, "xcs-mediator") as late:
        watch = Watch(late, cursor)
        return [told(watch) for _ in range(count)]
    assert away(middle, 2) == [("retract", no), ("report_incident", later)] == away(start, 2)
    ask("ytp-duty", "correct_incident", incident=no, area="qw")
    assert told(w) == ("grant", no) and sorted(listed("xcs-mediator")) == sorted([no, later])
    ask("ytp-duty", "grade_incident", incident=later, sensitivity=2, reason="涉及身份")
    assert told(w) == ("retract", later), "beyond the relation's level"

    ask("admin", "unassign_area", area="qw", office="xcs", reason="重新划分")

    gone = reset()
    assert gone.reason == "RIGHTS" and not gone.incidents and not listed("xcs-mediator")
    ask("ytp-duty", "note_incident", incident=no, note="看不到的")
    ask("admin", "assign_area", area="qw", office="xcs")
    back = reset()
    assert back.reason == "RIGHTS" and [i.no for i in back.incidents] == [no] == listed("xcs-mediator")
    ask("admin", "close_area", area="qw", reason="撤销")
    assert not reset().incidents
    assert ask("auditor", "verify_audit").intact
