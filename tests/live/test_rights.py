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
  """The next delivery: (what, number)."""
  watch.event(20)
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
    assert stage.by_two("grade_incident", "ytp-chief", "S3 → S1", node, incident=no, sensitivity=1, reason="理由").version == 3


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
    stop, resets = threading.Event(), []

    def write():
      while not stop.wait(0.02):
        writer.ask("report_incident", **{"class": CLASS, "content": "不断的警情"})
    thread = threading.Thread(target=write)
    thread.start()
    rule = "update right_rule set ended_on = $1 where role = 4 and relation = 'PAIRED'"

    def flows(seconds):
      """The moment of the last event within that time; None: none came."""
      last, end = None, time.monotonic() + seconds
      while time.monotonic() < end:
        try:
          if w.next(0.3) is not None:
            return time.monotonic()
        except TimeoutError:
          pass
        except Reset as e:
          resets.append((e.reason, len(e.incidents)))
      return last
    try:
      for _ in range(TRIALS):
        until(lambda: flows(2), 20, "events")
        stage.sql(rule, time.strftime("%Y-%m-%d", time.gmtime(time.time() + 8 * 3600)), database=node.name)
        begun = last = time.monotonic()
        while (moment := flows(0.7)) is not None:
          last = moment
          assert last - begun < 5, "events still come"
        took.append(last - begun)
        assert resets == [("RIGHTS", 0)], resets
        resets.clear()
        assert refusal(lambda: reader.ask("show_incident", incident="000001")).reason == "NOT_FOUND"
        stage.sql(rule, None, database=node.name)
        until(lambda: flows(2), 20, "events")
        assert len(resets) == 1 and resets[0][0] == "RIGHTS" and resets[0][1] > 0, resets
        resets.clear()
    finally:
      stop.set()
      thread.join()
  print(f"revocation in mid-feed: {TRIALS} trials, slowest {max(took) * 1000:.0f} ms, median {sorted(took)[TRIALS // 2] * 1000:.0f} ms", flush=True)


revocation_in_mid_feed.seconds = 150
case(revocation_in_mid_feed)
