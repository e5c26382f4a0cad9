"""Figures through the client: the number, and with --list what it counts, for both sides and nobody else."""
import json
import re

from support.runner import case
from test_client import client, ok


def told(stage, *command, device="yts-mediator"):
  return json.loads(ok(stage, *command, "-o", "json", device=device))


@case
def a_session_on_the_wrong_dispute(stage):
  """Entered by mistake it keeps its number and counts nowhere from then on; what was told before is told again as it was."""
  no = told(stage, "dispute", "open", "--type", "neighbor", "楼上漏水")["no"]
  told(stage, "dispute", "assess", no, "yellow")
  told(stage, "dispute", "accept", no, "双方签字同意", "--lead-office", "yts")
  for mode in ("face-to-face", "back-to-back"):
    told(stage, "mediation", "hold", no, mode, "谈了一次")
  before = stage.sql("select to_char(clock_timestamp() at time zone 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI:SS.MS')")[0][0]
  code, _, talk = client(stage, "mediation", "hold", no, "face-to-face", "--session-result", "mistaken", device="yts-mediator")
  assert code == 2 and "--session-result" in talk, talk
  told(stage, "mediation", "correct", no, "1", "--session-result", "登记有误", "--reason", "是另一起纠纷的")
  figure = lambda *asof: int(told(stage, "report", "sessions", no, *asof)["total"])  # noqa: E731
  assert (figure(), figure("--asof", before), told(stage, "dispute", "show", no)["rounds"]) == (1, 2, 1)
  assert told(stage, "mediation", "hold", no, "face-to-face", "又谈了一次")["round"] == 3, "numbers are not given twice"
  told(stage, "mediation", "correct", no, "1", "--session-result", "progress")
  assert (figure(), told(stage, "dispute", "show", no)["rounds"]) == (3, 3)


@case
def sessions_by_when_they_were_held(stage):
  """Two in March and one in April, all written down today, the second one after the first figure was asked for."""
  no = told(stage, "dispute", "open", "--type", "neighbor", "楼上漏水")["no"]
  told(stage, "dispute", "assess", no, "yellow")
  told(stage, "dispute", "accept", no, "双方签字同意", "--lead-office", "yts")
  period = ("--from", "2023-03-01", "--until", "2023-03-31")  # with the whole of its last day
  for mode, at in (("back-to-back", "2023-03-31 23:59"), ("back-to-back", "2023-04-01 00:00"), ("face-to-face", "2023-03-01 00:00")):
    before = stage.sql("select to_char(clock_timestamp() at time zone 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI:SS.MS')")[0][0]
    told(stage, "mediation", "hold", no, mode, "谈了一次", "--held-at", at)
  figure = told(stage, "report", "sessions", no, *period)
  assert [int(figure[k]) for k in ("total", "disputes", "rounds")] == [2, 1, 2], figure
  assert {m["session_mode"].removeprefix("SESSION_MODE_"): int(m["sessions"]) for m in figure["modes"]} == {"BACK_TO_BACK": 1, "FACE_TO_FACE": 1}, figure
  assert told(stage, "report", "sessions", no, "--asof", before, *period)["total"] == "1", "the last one was not written down yet"
  assert told(stage, "report", "sessions", no, *period, device="ytp-duty")["total"] == "2"
  listed = told(stage, "report", "sessions", no, "--list", *period)["sessions"]
  assert [(x["no"], x["round"]) for x in listed] == [(no, 1), (no, 3)] and all(x["held_at"] < x["entered_at"] for x in listed), listed
  shown = ok(stage, "report", "sessions", no, "--list", *period)
  assert "2023-03-31 23:59" in shown and "面对面" in shown, shown
  shown = ok(stage, "report", "sessions", no, *period)
  assert "背靠背" in shown and re.search(r"调解场次 +2\n", shown) and re.search(r"单案最多轮次 +2\n", shown), shown
  assert re.search(r"合计 +\d", ok(stage, "report", "joint")), "the sum is told to people as well"
  code, _, talk = client(stage, "report", "sessions", no, device="xcp-duty")
  assert code != 0 and "没有找到" in talk, talk
