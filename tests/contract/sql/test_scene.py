"""The on-scene timeline: what everybody did about an incident and its alerts, in one order, each part for whoever may see its record."""
from clock_desk import look, pass_time
from support.runner import case
from test_alerts import made, raised
from test_response import planned


def scene(desk, no, **fields):
  return desk.ask("show_scene", incident=no, record=4 if no.startswith("YJ") else 1, **fields)


@case
def everything_in_order(ground):
  """The same from the incident and from its alert, for both offices: report, alert, receipts, escalation, ack, dispatch, arrival, notes, tasks, end."""
  with ground.district() as d:
    p, j, head = d.desk("p1"), d.desk("j1", "mediator"), d.desk("j1", "head")
    no = d.report(p, **{"class": 8, "content": "扬言放火，电话 13800000001"})["no"]
    alert = j.ask("list_alerts", limit=9)[0]["no"]
    j.ask("confirm_alert", alert=alert)
    head.ask("confirm_alert", alert=alert, shown=True)
    pass_time(d, 121)
    look(d)
    assert made(head, "ack_alert", alert, note="两人出发") == "done"
    assert p.change("dispatch_incident", no, dispatched_to="李警官")["outcome"] == "done"
    assert p.change("arrive_incident", no)["outcome"] == "done"
    got = p.change("dispatch_incident", no, dispatched_to="司法所李秀英、社区王主任", add=True)
    assert (got["outcome"], got["state"]) == ("done", 3), got
    assert p.ask("show_incident", incident=no)[0]["dispatched_to"] == "李警官、司法所李秀英、社区王主任"
    planned(p, no, "律师=讲清后果", plan="隔开双方")
    j.change("note_incident", no, note="火已扑灭，正在谈")
    made(j, "note_alert", alert, note="交出打火机")
    task = p.ask("list_tasks", limit=9)[0]["no"]
    j.ask("finish_task", task=task, result="已通话", answered_by="陈律师")
    made(j, "act_alert", alert)
    made(p, "resolve_alert", alert, outcome="化解")
    rows = scene(p, no)
    assert rows == scene(j, alert) == scene(j, no), "one timeline"
    assert rows == sorted(rows, key=lambda r: r["at"]) and not [r for r in rows if not r["officer"] or not r["office_name"]], rows
    said = [(r["kind"], r["content"]) for r in rows]
    assert said == [
      ("report_incident", "扬言放火，电话 ***********"), ("raise_alert", f"扬言极端警情 {no}：请会同到场稳控。p1"), ("receipt_delivered", None), ("receipt_shown", None),
      ("escalate_alert", "j1"), ("ack_alert", "两人出发"), ("dispatch_incident", "李警官"), ("arrive_incident", ""),
      ("dispatch_incident", "李警官、司法所李秀英、社区王主任"), ("plan_alert", "隔开双方；律师"), ("add_task", "律师：讲清后果"), ("note_incident", "火已扑灭，正在谈"),
      ("note_alert", "交出打火机"), ("finish_task", "律师：讲清后果；陈律师；已通话"), ("act_alert", ""), ("resolve_alert", "化解")], said
    assert [r["kind"] for r in scene(p, no, limit=2)] == ["act_alert", "resolve_alert"]


@case
def each_part_for_who_may_see_it(ground):
  """Whom the alert alone was opened to reads of the alert and not of the incident; who sees neither finds nothing; other kinds have no scene."""
  with ground.district() as d:
    p, pb = d.desk("p1"), d.desk("pb", "duty")
    no = d.report(p, **{"class": 5, "content": "三十人讨薪"})["no"]
    alert = p.ask("list_alerts", limit=9)[0]["no"]
    kinds = lambda desk, which: {r["kind"] or r["reason"] for r in scene(desk, which)}  # noqa: E731
    assert kinds(pb, alert) == {"raise_alert"} and kinds(p, alert) == {"report_incident", "raise_alert"}
    assert kinds(pb, no) == {"NOT_FOUND"} == kinds(d.desk("p2", "chief"), no) == kinds(d.desk("p2", "chief"), alert)
    dispute = p.ask("open_dispute", type=2, title="邻里漏水")[0]["no"]
    assert [r["reason"] for r in p.ask("show_scene", incident=dispute)] == ["UNKNOWN_VALUE incident"]
    d.sql("update incident set sensitivity = 3")
    assert kinds(p, no) == {"NOT_FOUND"} and kinds(d.desk("p1", "chief"), alert) == {"report_incident", "raise_alert"}


@case
def over_updates(ground):
  """Of an alert about nothing: itself, with those that it replaced and their tasks."""
  with ground.district() as d:
    p, j = d.desk("p1"), d.desk("j1", "mediator")
    old = raised(j, kind=1, title="三十人讨薪", people_count=30)
    planned(p, old, "律师")
    new = p.ask("update_alert", alert=old, people_count=60)[0]["no"]
    assert [(r["kind"], r["content"]) for r in scene(p, old)] == [("raise_alert", "三十人讨薪；30 人"), ("plan_alert", "律师"), ("add_task", "律师：三十人讨薪"), ("update_alert", "三十人讨薪；60 人")]
    assert scene(p, old) == scene(j, new)
