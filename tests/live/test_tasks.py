"""Tasks through the clients: asked by one office, done by the other, looked at again; of a partner, answered for; each step on the other side's screen."""
from support.runner import case
from test_stories import story


@case
def asked_done_and_done_again(stage):
  with story(stage, "TASK") as s:
    p, j, other = s.desk("ytp-duty"), s.desk("yts-mediator"), s.desk("xcs-mediator")
    dispute = p.do("dispute", "open", "--type", "neighbor", "楼上漏水")["no"]
    task = p.do("task", "add", "周五前上门走访两户", "--to-office", "yts", "--about", dispute, "--due-at", "2099-12-04 18:00")["no"]
    _, changed = j.see("add_task", task)
    assert (changed["title"], changed["to_office"], changed["about"]) == ("周五前上门走访两户", "yts", dispute), changed
    assert task in j.told("task", "list", "--mine", "--open") and task not in p.told("task", "list", "--mine", "--open")
    talk = p.refused(5, "task", "accept", task)
    assert "下一步" in talk or "liandong" in talk, talk
    j.do("task", "accept", task)
    p.see("accept_task", task)
    p.refused(1, "task", "recheck", task)
    j.do("task", "done", task, "双方在家，情绪平稳")
    _, changed = p.see("finish_task", task)
    assert changed["result"] == "双方在家，情绪平稳" and changed["done_at"], changed
    p.do("task", "recheck", task, "--redo", "--reason", "第二户未见到人")
    j.see("recheck_task", task, state="2")
    j.do("task", "done", task, "第二户已走访")
    p.see("finish_task", task, result="第二户已走访")
    p.do("task", "recheck", task)
    _, changed = j.see("recheck_task", task, state="6")
    assert changed["rechecked_by"] == "张建国", changed
    page = j.told("task", "show", task)
    assert all(word in page for word in ("第二户已走访", "张建国", "任务已复核")), page
    other.never(task)


@case
def answered_for_a_partner(stage):
  """A community without a login: the outpost enters what it says; what is late is told to be; a declined one and one called off."""
  with story(stage, "PARTNER") as s:
    p, j = s.desk("ytp-duty"), s.desk("yts-mediator")
    with stage.peer(s.node, "admin") as admin:
      admin.ask("open_office", office="east", name="东门社区", system=3, kind=4, partner_kind="community", parent="ytga")
    stage.sql("update clock_rule set near_seconds = null where rule = 'done'", database=s.node.name)
    task = j.do("task", "add", "劝摊主十点收摊", "--to-office", "east")["no"]
    p.see("add_task", task)
    talk = p.refused(2, "task", "done", task, "已劝说")
    assert "答复人" in talk or "answered" in talk, talk
    p.do("task", "done", task, "已劝说，十点收摊", "--answered-by", "社区王主任")
    _, changed = j.see("finish_task", task)
    assert changed["answered_by"] == "社区王主任", changed
    declined, off = (j.do("task", "add", "清理楼道杂物", "--to-office", "east")["no"] for _ in range(2))
    p.do("task", "decline", declined, "物业的事", "--answered-by", "社区王主任")
    j.see("decline_task", declined)
    p.refused(5, "task", "cancel", off, "不用了")
    j.do("task", "cancel", off, "已自行清理")
    p.see("cancel_task", off)
    late = j.do("task", "add", "回电话", "--to-office", "east", "--due-at", "2099-01-01")["no"]
    stage.sql("update clock set from_at = from_at - (due_at - now()), amount = amount where num = (select num from task where record_no(num) = $1)", late, database=s.node.name)
    stage.sql("select clock_keep(clock_worked_out(c)) from clock c where num = (select num from task where record_no(num) = $1)", late, database=s.node.name)
    p.see("deadline_breached", late)
