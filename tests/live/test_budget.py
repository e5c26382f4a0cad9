"""How many rows one person is handed: exports above fifty, and old records above what looking something up takes, need a second person."""
import csv
import os
import time

from scene import CLASS, check_status, pb, refusal
from support.runner import case
from test_client import client
from test_login import PASSWORD, code_for, run
from test_privacy import person

DAY = 86400


def old_records(stage, node, count):
  """Closed ones of ytp, received ten days ago, as the database would hold them by then; the moment."""
  at = int((time.time() - 10 * DAY) * 1000)
  with stage.peer(node, "ytp-duty") as peer:
    for n in range(count):
      peer.ask("report_incident", **{"class": CLASS, "content": f"旧事{n}", "received_at": at + n})
  stage.sql("update incident set state = 6, closed_at = received_at where content like '旧事%'", database=node.name)
  return at


def agreed(stage, node, kind, head="yts-head"):
  """What waits is agreed to by the paired office's head; its subject."""
  with stage.peer(node, head) as peer:
    waiting = [a for a in peer.ask("list_approvals", open=True).approvals if a.kind == kind]
    assert len(waiting) == 1, waiting
    peer.ask("decide_approval", approval=waiting[0].approval, agreed=True)
    return waiting[0].subject


@case
def an_export_by_hand(stage):
  """With the real client: fifty go by themselves, more take a head's word, both are in the audit with their number; and no file where nothing may be in it."""
  with stage.alone() as node:
    at = old_records(stage, node, 60)
    here = {"server": f"localhost:{node.port}"}
    run(stage, "login", "013527", "--with-code", secrets=(code_for(stage, "013527", node), PASSWORD), device="ytp-desk", **here)
    file = os.path.join(stage.folder, f"{node.name}.csv")
    export = ("incident", "export", "--purpose", "supervision", "--from", str(time.strftime("%Y-%m-%d", time.localtime(at / 1000 - DAY))), "--out", file)
    act = lambda *words: run(stage, *words, device="ytp-desk", **here)  # noqa: E731
    assert act("incident", "export", "--out", file)[0] == 2 and act("incident", "export", "--purpose", "risk")[0] == 2, "what for, and where to"
    assert act(*export[:3], "fun", *export[4:])[0] == 2 and not os.path.exists(file)
    code, _, talk = act(*export)
    assert code == 5 and "第二人" in talk and "liandong approval list" in talk and not os.path.exists(file), talk
    waits = client(stage, "approval", "list", "--open", device="ytp-chief", **here)[1]
    assert "导出" in waits and "监督检查" in waits and "起" in waits, waits
    agreed(stage, node, "export_incidents")
    code, _, talk = act(*export)
    assert code == 0 and "60" in talk, talk
    with open(file, encoding="utf-8-sig", newline="") as f:
      rows = list(csv.reader(f))
    assert len(rows) == 61 and len({r[1] for r in rows[1:]}) == 60 and os.stat(file).st_mode & 0o777 == 0o600
    code, _, talk = act(*export)
    assert code == 1 and "--out" in talk, "a file that is there is left alone: " + talk
    assert stage.sql("select kind, count, purpose from audit where kind like 'export%'", database=node.name) == [("export_incidents", "60", "supervision")]
    shown = client(stage, "audit", "list", device="auditor", **here)
    assert shown[0] == 0 and "导出" in shown[1] and "60" in shown[1], shown


@case
def small_pages_are_no_way_round(stage):
  """Fifty rows of an export, then each further page is one too many, whatever its size; whoever else asks is not concerned."""
  with stage.alone() as node:
    old_records(stage, node, 60)
    with person(stage, node, "013527", "ytp-desk") as duty, person(stage, node, "013001", "ytp-desk2") as chief:
      page, got = b"", 0
      for _ in range(10):
        answer = duty.ask("list_incidents", limit=5, purpose="risk", **({"page": page} if page else {}))
        page, got = answer.next, got + len(answer.incidents)
        assert answer.counted == 5
      assert got == 50
      check_status(refusal(lambda: duty.ask("list_incidents", limit=1, purpose="risk", page=page)), "APPROVAL_NEEDED", "PERMISSION_DENIED")
      check_status(refusal(lambda: duty.ask("list_incidents", limit=1, purpose="handling")), "APPROVAL_NEEDED")
      check_status(refusal(lambda: duty.ask("list_incidents", limit=1, purpose="fun")), "UNKNOWN_VALUE", "INVALID_ARGUMENT")
      check_status(refusal(lambda: duty.ask("list_incidents", limit=1, purpose="fun", until=1)), "UNKNOWN_VALUE")
      assert not duty.ask("list_incidents", limit=1, purpose="风险评估", until=1).incidents, "by its name as well"
      assert stage.sql("select count, purpose from audit where kind = 'export_incidents' order by seq desc limit 1", database=node.name) == [("0", "risk")]
      assert chief.ask("list_incidents", limit=50, purpose="risk").counted == 50
      assert len(duty.ask("list_incidents", limit=50).incidents) == 50, "to look something up is another budget"
      with stage.peer(node, "yts-head") as head:
        for a in head.ask("list_approvals", open=True).approvals:
          head.ask("decide_approval", approval=a.approval, agreed=a.subject.startswith("风险"), reason="用不着")
      assert len(duty.ask("list_incidents", limit=10, purpose="risk", page=page).incidents) == 10, "one word is good for the rest of it"
      check_status(refusal(lambda: duty.ask("list_incidents", limit=1, purpose="handling")), "APPROVAL_NEEDED")


@case
def a_desk_s_work_is_free(stage):
  """Today's list and what is open, again and again; old ones as many as looking up takes, by list or search, and then a head's word for more."""
  with stage.alone() as node:
    old_records(stage, node, 120)
    with stage.peer(node, "ytp-duty") as peer:
      for n in range(60):
        peer.ask("report_incident", **{"class": CLASS, "content": f"今天{n}"})
      for _ in range(10):
        assert not peer.ask("list_incidents", open=True, limit=60).HasField("counted") and len(peer.ask("list_incidents", limit=60).incidents) == 60
      assert stage.sql("select count(*) from audit where kind = 'list_incidents'", database=node.name) == [("0",)]
      old = lambda **fields: peer.ask("list_incidents", until=int((time.time() - DAY) * 1000), **fields)  # noqa: E731
      assert old(limit=120).counted == 120 == peer.ask("search_incidents", text="旧事", limit=50).counted + 70
      assert len(old(limit=30).incidents) == 30
      check_status(refusal(lambda: old(limit=1)), "APPROVAL_NEEDED")
      check_status(refusal(lambda: peer.ask("search_incidents", text="旧事", limit=1)), "APPROVAL_NEEDED")
      assert len(peer.ask("list_incidents", limit=60).incidents) == 60, "the day's work goes on"
      with stage.peer(node, "yts-mediator") as other:
        assert other.ask("list_incidents", limit=120, until=int((time.time() - DAY) * 1000)).counted == 120
      assert "旧警情" in agreed(stage, node, "list_incidents")
      assert old(limit=120).counted == 120 == old(limit=120).counted
      # what never was closed is old one day, too
      stage.sql("update incident set state = 1, received_at = received_at - interval '25 days' where content like '旧事%'", database=node.name)
      assert old(limit=5, open=True).counted == 5
    denied = stage.sql("select count(*) from audit where kind = 'denied' and reason = 'APPROVAL_NEEDED'", database=node.name)
    assert int(denied[0][0]) >= 2 and pb
