"""Break-glass with the real client: the one on the scene, both heads who watch, and who judges of it afterwards."""
import contextlib
import json
import re
import time

from peer.watch import Watch
from scene import CLASS, check_status, refusal
from support.runner import case
from support.waiting import until
from test_client import Running, client
from test_login import PASSWORD, code_for, run
from test_privacy import EVERY_DOOR, IN_TIME, doors, expect_reset, person

SECRET = "线人提供的情况：曾持刀伤人"
SIDES = (  # who is on the scene: account, desk, the record's reporter and head, hers
  ("mediator", "s0001", "yts-desk", "ytp-chief", "yts-head"), ("duty", "013527", "ytp-desk", "yts-head", "ytp-chief"))


def closed_record(stage, node, head):
  """S3, of the office of this head."""
  with stage.peer(node, head) as peer:
    no = peer.ask("report_incident", **{"class": CLASS, "content": SECRET}).no
    peer.ask("grade_incident", incident=no, sensitivity=3, reason="特殊人群")
  return no


def dispatched(stage, node, **fields):
  with stage.peer(node, "ytp-duty") as duty:
    no = duty.ask("report_incident", **{"class": "INCIDENT_CLASS_EXTREME_THREAT", "level": "INCIDENT_LEVEL_MAJOR", "content": "楼顶扬言放火", **fields}).no
    duty.ask("dispatch_incident", incident=no, dispatched_to="巡逻一组")
  return no


@case.table(SIDES)
def on_the_scene(stage, account, desk, theirs, own):
  """By hand, from the refusal to the judgement; both heads read it as it happens, in Chinese, and each command names the next one."""
  with stage.alone() as node:
    here = {"server": f"localhost:{node.port}"}
    no, scene = closed_record(stage, node, theirs), dispatched(stage, node)
    code, _, talk = run(stage, "login", account, "--with-code", secrets=(code_for(stage, account, node), PASSWORD), device=desk, **here)
    assert code == 0, talk
    act = lambda *arguments: run(stage, *arguments, device=desk, **here)  # noqa: E731
    glass = ("incident", "break-glass", no, "--purpose", "risk", "--reason", "楼顶的人有无伤人前科")
    assert act("incident", "show", no)[0] == 3
    code, _, talk = act(*glass)
    assert code == 5 and "现场" in talk and "liandong incident arrive" in talk, talk
    code, _, talk = act("incident", "arrive", scene)
    assert code == 0, talk
    with contextlib.ExitStack() as all_:
      watches = [all_.enter_context(Running(stage, "feed", "watch", device=device, **here)) for device in (theirs, own)]
      for w in watches:
        w.until(".", "stderr")
      code, said, talk = act(*glass)
      assert code == 0 and f"liandong incident show {no}" in talk and no in said, said + talk
      for w in watches:
        line = w.until("紧急查看[^\n]*\n(   [^\n]*\n)*")
        assert no in line and "楼顶的人有无伤人前科" in line and scene in line and "风险评估" in line, line
      code, said, talk = act("incident", "show", no)
      assert code == 0 and SECRET in said, said + talk
      code, said, talk = client(stage, "review", "list", "--open", device=theirs, **here)
      assert code == 0 and "待复核" in said and no in said, said + talk
      review, = json.loads(client(stage, "review", "list", "-o", "json", device=theirs, **here)[1])["reviews"]
      assert (review["no"], review["scene"], review["reads"]) == (no, scene, 1), review
      number = str(review["review"])
      assert client(stage, "review", "decide", number, "是", "确有必要", device=own, **here)[0] == 3, "her own head is not the one to judge"
      assert client(stage, "review", "decide", number, "是", device=theirs, **here)[0] == 2, "not without a word why"
      code, _, talk = client(stage, "review", "decide", number, "否", "与现场无关", device=theirs, **here)
      assert code == 0, talk
      for w in watches:
        w.until("紧急查看复核[^\n]*\n?[^\n]*不属必要")
    assert act("incident", "show", no)[0] == 3, "what lasted ended with it"
    assert "不属必要" in client(stage, "review", "list", device=theirs, **here)[1]
    seen = client(stage, "audit", "who-saw", no, device=theirs, **here)[1]
    assert "紧急查看" in seen and re.search(r"风险评估|risk", seen), seen


@case
def her_feed(stage):
  """It comes into her feed as a record that she sees from now on, goes when she closes it, and when its four hours are over; away or there."""
  with stage.alone() as node, contextlib.ExitStack() as all_:
    no, scene = closed_record(stage, node, "ytp-chief"), dispatched(stage, node)
    mediator = all_.enter_context(person(stage, node, "s0001", "yts-desk"))
    watch = Watch(all_.enter_context(person(stage, node, "s0001", "yts-desk", code=False)))
    watch.backlog()
    mediator.ask("arrive_incident", incident=scene)
    assert watch.event(IN_TIME).kind == "arrive_incident"
    open_ = lambda: mediator.ask("break_glass", incident=no, purpose="risk", reason="楼顶的人是谁")  # noqa: E731
    assert doors(mediator, no) == set()
    told = open_()
    looked = lambda: stage.sql("select kind, count(*) from audit where no = $1 and kind in ('list_incidents', 'search_incidents') group by 1 order by 1",  # noqa: E731
                               no, database=node.name)
    assert told.until - told.at == 4 * 3600 * 1000
    watch.event(IN_TIME)
    assert watch.delivery.grant.no == no and doors(mediator, no) == EVERY_DOOR
    assert looked() == [("list_incidents", "1"), ("search_incidents", "1")] and doors(mediator, no) == EVERY_DOOR
    assert looked() == [("list_incidents", "1"), ("search_incidents", "1")], "once an hour for each"
    check_status(refusal(open_), "NO_CHANGE", "FAILED_PRECONDITION")
    mediator.ask("withdraw_access", incident=no, account="s0001", reason="用完")
    watch.event(IN_TIME)
    assert watch.delivery.retract.no == no and doors(mediator, no) == set()
    open_()
    watch.event(IN_TIME)
    assert watch.delivery.grant.no == no
    # what becomes a matter of named persons is closed to her at once; nobody has to think of it
    chief = all_.enter_context(person(stage, node, "013001", "ytp-desk"))
    chief.ask("grade_incident", incident=no, sensitivity=4, reason="涉及线人")
    assert no not in expect_reset(watch) and doors(mediator, no) == set()
    # late: told to the heads, counted
    stage.sql("update glass_review set due_at = now()", database=node.name)
    with stage.peer(node, "ytp-chief") as head:
      until(lambda: len(head.ask("list_reviews", overdue=True).reviews) == 2, 60, "overdue")
    until(lambda: "liandong_reviews_overdue 2" in node.http("/metrics")[1], 60, "the metric")
