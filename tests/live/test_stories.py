"""The stories that two offices live through, with the client alone: each desk is the program with its own certificate and home, each screen
`feed watch`. After every step the other side's screen must show it; how soon is printed, never judged."""
import contextlib
import json
import os
import time

from support.runner import case
from test_client import Running, client, ok, words

PATIENCE = 20


class Desk:
  """One terminal. `see` waits for what its screen shows; `do` is a command that must succeed."""

  def __init__(self, story, device):
    self.story, self.device, self.read = story, device, 0
    self.screen = Running(story.stage, "feed", "watch", "-o", "ndjson", "--cursor-file", os.path.join(story.stage.folder, f"cursor-{story.node.name}-{device}"),
                          device=device, server=story.server)
    self.screen.until('"live": ?true')

  def do(self, *command):
    self.story.pressed = time.monotonic()
    answer = ok(self.story.stage, *command, "-o", "json", device=self.device, server=self.story.server)
    return json.loads(answer) if answer.strip() else {}

  def told(self, *command):
    """What a person reads."""
    return ok(self.story.stage, *command, device=self.device, server=self.story.server)

  def refused(self, exit_code, *command):
    code, data, talk = client(self.story.stage, *command, device=self.device, server=self.story.server)
    assert code == exit_code, f"{command}: exit {code}, {data}{talk}"
    return talk

  def events(self):
    for line in self.screen.said().splitlines():
      with contextlib.suppress(ValueError):
        event = json.loads(line).get("event")
        if event:
          yield event

  def see(self, kind, no=None, /, **fields):
    """The event on the screen and its changed fields; without a number the first of that kind."""
    end = time.monotonic() + PATIENCE
    while True:
      for event in self.events():
        changed = {c["field"]: c.get("newValue", c.get("new_value")) for c in event.get("changes", ())}
        if event["kind"] == kind and no in (None, event["no"]) and all(changed.get(k) == v for k, v in fields.items()):
          print(f"{self.story.name}: {self.device} saw {kind} of {event['no']} {(time.monotonic() - self.story.pressed) * 1000:.0f} ms after the key was pressed", flush=True)
          return event, changed
      left = end - time.monotonic()
      assert left > 0, f"{self.device} did not see {kind} of {no} with {fields}; it saw {[(e['kind'], e['no']) for e in self.events()]}"
      before = len(self.screen.kept["stdout"])
      with contextlib.suppress(AssertionError):
        self.screen.until(r"\A(?s:.{%d}.)" % len(self.screen.kept["stdout"].decode(errors="replace")), timeout=min(left, 5))
      assert len(self.screen.kept["stdout"]) > before or time.monotonic() < end, f"{self.device}: silence while waiting for {kind} of {no}"

  def never(self, no):
    assert no not in [e["no"] for e in self.events()], f"{self.device} heard of {no}"


class Story:
  def __init__(self, stage, node, name):
    self.stage, self.node, self.name = stage, node, name
    self.server, self.pressed, self.desks = f"localhost:{node.port}", time.monotonic(), {}

  def desk(self, device):
    if device not in self.desks:
      self.desks[device] = Desk(self, device)
    return self.desks[device]


@contextlib.contextmanager
def story(stage, name):
  with stage.alone() as node, stage.proposing(node.name):
    s = Story(stage, node, name)
    try:
      yield s
    finally:
      for desk in s.desks.values():
        desk.screen.__exit__()


@case
def sc4_eight_rounds(stage):
  """An alarm is handed over, mediated in eight rounds whose number the other side reads live, one of them written down late; the period is
  near its end and extended; settled and performed on the spot, told back and confirmed."""
  with story(stage, "SC4") as s:
    stage.sql("update clock_rule set near_seconds = 30 * 86400 - 3 where type = 2 and rule = 'MEDIATION'", database=s.node.name)  # told 3 s after it began
    p, j, other = s.desk("ytp-duty"), s.desk("yts-mediator"), s.desk("xcs-mediator")
    incident = p.do("incident", "report", "--class", "dispute", "--place", "建设路 12 号", "两家为漏水争执")["no"]
    j.see("report_incident", incident)
    transfer = p.do("transfer", "send", incident, "yts", "--mode", "co-handle", "--reason", "请司法所调解")["no"]
    j.see("send_transfer", transfer)
    _, changed = p.see("deliver_transfer", transfer)  # by the other desk's screen: nobody pressed a key
    assert changed["delivered_at"], changed
    j.do("transfer", "sign", transfer)
    _, changed = p.see("sign_transfer", transfer)
    assert changed["signed_at"] and changed["signed_by"], changed
    told = p.told("transfer", "show", transfer)
    assert "送达时间" in told and "签收时间" in told, told
    j.do("transfer", "accept", transfer)
    p.see("accept_transfer", transfer)
    talk = p.refused(1, "transfer", "recall", transfer, "发错单位")
    assert "下一步" in talk or "现在可以" in talk, talk

    dispute = j.do("dispute", "open", "--type", "neighbor", "--source", "public-security", "--warning", "yellow", "楼上漏水，两家争执")["no"]
    p.see("open_dispute", dispute)
    j.do("dispute", "link", dispute, incident)
    p.see("link_incident", dispute)
    j.do("dispute", "assess", dispute, "yellow")
    j.do("dispute", "accept", dispute, "双方签字同意", "--lead-office", "yts")
    due = p.see("accept_dispute", dispute, lead_office="yts")[1]["due_at"]
    for n in range(1, 6):
      late = n == 3
      j.do("mediation", "hold", dispute, "single-party", f"第 {n} 轮，单独听取意见", *(("--held-at", "2026-06-09 09:00") if late else ()))
      p.see("hold_session", dispute, rounds=str(n))
    j.see("deadline_near", dispute, clock="MEDIATION")
    assert "临近" in j.told("deadline", "list", "--about", dispute), j.told("deadline", "list", "--about", dispute)
    j.refused(2, "dispute", "extend", dispute)
    assert j.do("dispute", "extend", dispute, "双方六月二十日签字同意延长")["no"] == dispute
    _, changed = p.see("extend_dispute", dispute)
    assert changed["extended_to"] > due and changed["extension_consent"], changed
    j.refused(1, "dispute", "extend", dispute, "再延长一次")
    for n in range(6, 9):
      j.do("mediation", "hold", dispute, "multi-party", f"第 {n} 轮，释法明理", "--session-method", "law-explain", "--present", "a,b", "--participants", "社区、法律顾问",
           *(("--session-result", "agreeing") if n == 8 else ()))
      p.see("hold_session", dispute, rounds=str(n))
    j.do("agreement", "make", dispute, "oral", "楼上当场赔偿三百元并修好水管", "--on-spot")
    p.see("make_agreement", dispute, outcome="3")
    shown = p.do("dispute", "show", dispute)
    assert (shown["rounds"], shown["state"].removeprefix("DISPUTE_STATE_"), shown["outcome"].removeprefix("DISPUTE_OUTCOME_")) == (8, "FULFILLED", "PERFORMED_ON_SPOT"), shown
    j.do("transfer", "feedback", transfer, "八轮调解，当场履行")
    p.see("feedback_transfer", transfer)
    p.do("transfer", "confirm", transfer)
    j.see("confirm_transfer", transfer)
    assert all(word in p.told("transfer", "history", transfer) for word in ("移送已签收", "八轮调解，当场履行", "反馈已确认"))

    # Both dates of what was entered late: when it was, and when it was written down.
    entered = next(e["at"] for e in p.events() if e["kind"] == "hold_session" and {c["field"]: c.get("newValue", c.get("new_value")) for c in e["changes"]}["round"] == "3")
    sessions = p.do("mediation", "list", dispute)["sessions"]
    third = next(x for x in sessions if x["round"] == 3)
    assert len(sessions) == 8 and third["held_at"] < third["entered_at"] and third["entered_at"][:10] == entered[:10], third
    assert [x["session_mode"].removeprefix("SESSION_MODE_") for x in sessions] == ["SINGLE_PARTY"] * 5 + ["MULTI_PARTY"] * 3, sessions
    history = p.told("dispute", "history", dispute)
    assert "2026-06-09 09:00" in history, history
    other.never(transfer)
    other.never(dispute)


@case
def sc7_mass_event(stage):
  """Thirty wage claimants gather: raised by the judicial office and told to the bureaus above as well, acknowledged, grown, resolved; the server
  killed in between; three wage disputes come of it, all linked to its alarm."""
  with story(stage, "SC7") as s:
    j, p, other, bureau = s.desk("yts-mediator"), s.desk("ytp-duty"), s.desk("xcp-duty"), s.desk("ytga-viewer")
    alert = j.do("alert", "raise", "mass-event", "三十名工人在工地门口讨薪", "--people-count", "30")["no"]
    p.see("raise_alert", alert)
    bureau.see("raise_alert", alert)
    told = j.told("alert", "receipts", alert)
    assert all(office in told for office in ("岳塘派出所", "岳塘公安分局", "岳塘区司法局")), told
    p.do("alert", "ack", alert, "已派两组")
    _, changed = j.see("ack_alert", alert)
    assert changed.get("acked_by"), changed
    late = client(s.stage, "alert", "ack", alert, device="ytp-chief", server=s.server)
    assert late[0] == 0 or "CODE" not in late[2], late
    p.do("plan", "new", alert, "劝离，登记欠薪", "--tasks", "街道综治,社区,律师=讲清讨薪途径")
    _, changed = j.see("plan_alert", alert, asked="街道综治、社区、律师")
    assert changed["plan"] == "劝离，登记欠薪", changed
    asked = j.do("plan", "show", alert)["tasks"]
    assert [t["title"] for t in asked] == ["街道综治：三十名工人在工地门口讨薪", "社区：三十名工人在工地门口讨薪", "律师：讲清讨薪途径"] and all(t["due_at"] for t in asked), asked
    j.do("task", "done", asked[0]["no"], "综治办已到场", "--answered-by", "综治办赵主任")
    p.see("finish_task", asked[0]["no"])
    grown = p.do("alert", "update", alert, "--people-count", "60", "--severity", "extreme")["no"]
    j.see("update_alert", grown)
    s.node.kill()
    s.node.start()
    j.do("alert", "ack", grown)
    p.see("ack_alert", grown)
    p.do("alert", "act", grown)
    assert p.refused(1, "plan", "review", grown, "工资当场发放")
    p.do("alert", "resolve", grown, "工资当场发放，人员散去")
    j.see("resolve_alert", grown)
    p.do("plan", "review", alert, "两组到场，工资当场发放", "--lessons", "应先请劳动监察到场")
    j.see("review_alert", grown, lessons="应先请劳动监察到场")
    assert "应先请劳动监察到场" in j.told("alert", "history", grown) and "综治办赵主任" in j.told("task", "history", asked[0]["no"])
    assert "没有签收" in j.told("report", "alerts")
    page = j.told("plan", "show", grown)
    assert all(word in page for word in ("劝离，登记欠薪", "应先请劳动监察到场", "综治办已到场", "律师：讲清讨薪途径")), page
    bureau.see("resolve_alert", grown)

    incident = p.do("incident", "report", "--class", "mass-event", "--place", "建设路工地", "三十名工人讨薪")["no"]
    j.see("report_incident", incident)
    disputes = []
    for n, claim in enumerate(("木工班八人被欠薪两月", "钢筋班十二人被欠薪三月", "杂工十人被欠薪一月")):
      by, others = (p, j) if n == 0 else (j, p)
      disputes.append(by.do("dispute", "open", "--type", "labor", "--warning", "orange", "--from", incident, claim)["no"])
      others.see("open_dispute", disputes[-1])
      others.see("link_incident", incident, linked=disputes[-1])
      assert incident in others.told("dispute", "timeline", disputes[-1])
    for desk in (p, j):
      page = desk.told("incident", "timeline", incident)
      assert all(no in page for no in disputes), page
    other.never(alert)
    for no in disputes:
      other.never(no)


@case
def sc3_noise_complaint(stage):
  """A complaint becomes a dispute, an alarm about the same place is linked to it, it is settled without an agreement; two outcomes at once: the
  second gets both values."""
  with story(stage, "SC3") as s:
    j, p, other = s.desk("yts-mediator"), s.desk("ytp-duty"), s.desk("xcs-mediator")
    dispute = j.do("dispute", "open", "--type", "neighbor", "--subtype", "噪音", "--source", "street", "--place", "书院路 88 号", "--warning", "yellow", "夜宵摊噪音扰民")["no"]
    p.see("open_dispute", dispute, subtype="噪音")
    incident = p.do("incident", "report", "--class", "dispute", "--place", "书院路 88 号", "夜宵摊噪音，居民报警")["no"]
    j.see("report_incident", incident)
    p.do("dispute", "link", dispute, incident)
    j.see("link_incident", dispute)
    assert incident in j.told("dispute", "timeline", dispute)
    version = str(j.do("dispute", "show", dispute)["version"])
    j.do("dispute", "conclude", dispute, "coordinated", "街道调整经营时间，装隔音棚", "--base-version", version)
    p.see("conclude_dispute", dispute)
    talk = p.refused(6, "dispute", "conclude", dispute, "defused", "当场劝离", "--base-version", version)
    assert "街道调整经营时间" in talk and "当场劝离" in talk, talk
    other.never(dispute)


@case
def sc1_neighbours_call_again_and_again(stage):
  """Three alarms of one place and telephone: the system proposes a dispute to both; accepted, mediated, agreed, visited, closed by both heads; a
  fourth alarm takes it up again."""
  with story(stage, "SC1") as s:
    p, j, other = s.desk("ytp-duty"), s.desk("yts-mediator"), s.desk("xcs-mediator")
    head, chief = s.desk("yts-head"), s.desk("ytp-chief")
    call = ("incident", "report", "--class", "dispute", "--place", "建设路 12 号", "--reporter-phone", "13807320001")
    numbers = [p.do(*call, "楼上夜里拖家具，与邻居争吵")["no"], p.do(*call, "楼上又有噪音，敲门对骂")["no"]]
    dispute = j.see("propose_dispute")[0]["no"]
    third = p.do(*call, "双方在楼道推搡", "--request-id", "01a21e41-166b-739a-982b-1ea45f5b3364")
    assert third["repeat_count"] == 3 and p.do(*call, "双方在楼道推搡", "--request-id", "01a21e41-166b-739a-982b-1ea45f5b3364")["repeat_count"] == 3, third
    numbers.append(third["no"])
    j.see("warn_dispute", dispute, warning="3")
    p.see("warn_dispute", dispute, warning="3")
    timeline = j.told("dispute", "timeline", dispute)
    assert all(no in timeline for no in numbers), timeline
    alert = j.see("raise_alert")[0]["no"] if any(e["kind"] == "raise_alert" for e in j.events()) else j.do("alert", "list")["alerts"][-1]["no"]
    j.do("alert", "ack", alert)
    p.see("ack_alert", alert)
    j.do("dispute", "assess", dispute, "orange")
    j.do("dispute", "accept", dispute, "双方口头同意，李秀英记录", "--lead-office", "yts")
    _, changed = p.see("accept_dispute", dispute, lead_office="yts")
    assert changed["due_at"], changed
    j.do("mediation", "hold", dispute, "face-to-face", "楼上铺地毯，夜里十点后不拖家具", "--participants", "社区、法律顾问")
    p.see("hold_session", dispute)
    j.do("agreement", "make", dispute, "oral", "铺地毯；夜里十点后不拖动家具")
    p.see("make_agreement", dispute)
    talk = head.refused(1, "dispute", "close", dispute)
    assert "liandong" in talk, talk
    j.do("agreement", "perform", dispute, "fulfilled", "地毯已铺")
    p.see("perform_agreement", dispute)
    j.do("dispute", "visit", dispute, "双方都满意", "--performed", "--satisfaction", "good")
    p.see("visit_dispute", dispute)
    head.do("dispute", "close", dispute)
    assert p.do("dispute", "show", dispute)["state"] != "CLOSED", "an orange one takes the heads of both sides"
    chief.do("dispute", "close", dispute)
    j.see("close_dispute", dispute, state="20")
    p.do(*call, "又吵起来了")
    for desk in (p, j):
      desk.see("reopen_dispute", dispute)
    other.never(dispute)


@case
def sc2_six_sessions(stage):
  """A marriage dispute over several places: alarms of other jurisdictions, four sessions back to back whose private notes stay with the mediators,
  a threat that the police hear of at once, two face to face, a written agreement that a court is asked to confirm. It is marked as domestic
  violence: visited for ninety days, and one call from the same telephone makes it red on both screens."""
  with story(stage, "SC2") as s:
    p, j, other = s.desk("ytp-duty"), s.desk("yts-mediator"), s.desk("xcp-duty")
    dispute = j.do("dispute", "open", "--type", "marriage-family", "--warning", "orange", "子女抚养与家暴争执")["no"]
    p.see("open_dispute", dispute)
    p.do("dispute", "link", dispute, "--external-no", "430304-2023-0117", "--external-office", "雨湖某派出所", "--external-at", "2023-03-01 20:00", "--reason", "同一家庭，外地报警")
    j.see("link_incident", dispute)
    assert "430304-2023-0117" in j.told("dispute", "timeline", dispute)
    assert "--external-no" in p.refused(3, "dispute", "link", dispute, "雨湖-0117"), "how another jurisdiction's alarm is named"
    j.do("dispute", "assess", dispute, "orange")
    j.do("dispute", "accept", dispute, "双方书面同意", "--lead-office", "yts")
    secret = "丈夫私下说出的打算"
    for n in range(1, 5):
      j.do("mediation", "hold", dispute, "back-to-back", f"第 {n} 次分别听取意见", "--risk", "mid", "--note-private", secret, *(("--ignite",) if n == 3 else ()))
    p.see("hold_session", dispute)
    p.see("raise_alert")
    alert = p.do("alert", "list")["alerts"][0]["no"]
    assert "第 3 次分别听取意见" in p.told("alert", "show", alert)
    p.do("alert", "ack", alert)
    j.see("ack_alert", alert)
    assert secret not in p.told("mediation", "list", dispute) and "调解" in p.told("mediation", "list", dispute)
    assert secret in j.told("mediation", "private", dispute, "3")
    p.refused(5, "mediation", "private", dispute, "3")
    for _ in range(2):
      j.do("mediation", "hold", dispute, "face-to-face", "民警到场，双方当面谈", "--participants", "派出所民警")
    assert j.do("dispute", "show", dispute)["rounds"] == 6
    j.do("agreement", "make", dispute, "written", "抚养费每月八百元，互不打扰")
    j.do("agreement", "apply", dispute, "岳塘区人民法院")
    p.see("apply_confirmation", dispute)
    assert secret not in p.screen.said(), "a private note on the other side's screen"
    head = s.desk("yts-head")
    j.do("dispute", "correct", dispute, "--subtype", "domestic-violence")
    p.see("correct_dispute", dispute, subtype="家暴")
    p.see("add_task", to_office="ytp")
    head.do("party", "add", dispute, "欧阳晓燕", "--role", "victim", "--phone", "13907320066")
    assert "欧阳晓燕" in head.told("party", "list", dispute) and "欧阳晓燕" not in j.told("party", "list", dispute)
    j.do("dispute", "visit", dispute, "暂无新的冲突")
    p.see("visit_dispute", dispute)
    mild = j.do("dispute", "open", "--type", "neighbor", "--warning", "yellow", "楼道堆物")["no"]  # which its own head closes alone
    talk = s.desk("ytp-chief").refused(5, "dispute", "close", mild)
    assert "司法所长" in talk and "派出所长" not in talk, talk
    due = j.told("deadline", "list", "--about", dispute)
    assert all(f"家暴{n}日回访" in due for n in ("七", "三十", "六十", "九十")), due
    p.do("incident", "report", "--class", "emergency-help", "--reporter-phone", "13907320066", "又被打了")
    for desk in (p, j):
      desk.see("warn_dispute", dispute, warning="4")
      desk.see("raise_alert", about=dispute, kind="11")
      assert "家暴再发" in desk.told("alert", "list"), desk.told("alert", "list")
    other.never(dispute)


@case
def sc6_fire_and_suicide_threatened(stage):
  """An extreme threat alerts the judicial office by itself; nobody there answers, so its head is told; his word ends the escalation. On the scene a
  record is opened; a red dispute comes of it."""
  with story(stage, "SC6") as s:
    stage.sql("update clock_rule set seconds = 2 where rule = 'ACK_EXTREME_1'", database=s.node.name)  # 120 s by rule
    p, j, head, other = s.desk("ytp-duty"), s.desk("yts-mediator"), s.desk("yts-head"), s.desk("xcs-mediator")
    incident = p.do("incident", "report", "--class", "extreme-threat", "--threat", "arson,self-harm", "--level", "major", "--place", "书院路 88 号",
                    "因家庭纠纷扬言要放火自杀")["no"]
    alert = j.see("raise_alert")[0]["no"]
    j.screen.until("通报|ALERT|alertNotice|alert_notice")
    head.see("escalate_alert", alert)
    head.do("alert", "ack", alert, "李秀英会同社区赶往现场")
    _, changed = p.see("ack_alert", alert)
    assert changed["acked_by"] and changed["acked_at"], changed
    p.do("incident", "dispatch", incident, "李警官、王警官")
    p.do("incident", "arrive", incident)
    p.do("incident", "dispatch", incident, "司法所李秀英、社区王主任", "--add")
    j.see("dispatch_incident", incident, dispatched_to="李警官、王警官、司法所李秀英、社区王主任")
    j.do("incident", "arrive", incident)
    p.see("arrive_incident", incident)
    p.do("plan", "new", incident, "隔开双方，先灭火源", "--tasks", "街道=疏散楼上住户,社区=联系家属")
    j.see("plan_alert", alert, asked="街道、社区")
    j.do("incident", "note", incident, "火源已扑灭，正在谈话")
    p.see("note_incident", incident)
    j.do("alert", "note", alert, "当事人交出打火机")
    p.see("note_alert", alert)
    p.do("incident", "feedback", incident, "--result-code", "DEFUSED", "冲动情绪已化解")
    j.see("feedback_incident", incident)
    dispute = p.do("dispute", "open", "--type", "marriage-family", "--warning", "red", "--from", incident, "家庭纠纷，曾扬言放火")["no"]
    j.see("open_dispute", dispute, warning="4")
    j.see("link_incident", incident, linked=dispute)
    assert incident in j.told("dispute", "timeline", dispute) and "红" in j.told("dispute", "show", dispute)
    p.do("alert", "act", alert)
    p.do("alert", "resolve", alert, "现场已化解")
    j.see("resolve_alert", alert)
    assert [e["kind"] for e in j.events() if e["no"] == alert].count("escalate_alert") == 1, "acknowledged: no further step"
    page = p.told("incident", "timeline", incident)
    assert page == j.told("alert", "timeline", alert), "both read the same"
    order = [page.index(word) for word in ("扬言要放火自杀", "通报已看到", "李秀英会同社区赶往现场", "李警官、王警官", "司法所李秀英、社区王主任",
                                           "疏散楼上住户", "火源已扑灭", "当事人交出打火机", "冲动情绪已化解", "现场已化解")]
    assert order == sorted(order), page

    # Red is lowered, and what was red or orange closed, by the heads of both sides: the first one's word alone changes nothing.
    chief = s.desk("ytp-chief")
    calm = ("dispute", "lower", dispute, "orange", "双方情绪平稳，亲属看护")
    assert "所长" in p.refused(5, *calm)
    head.do(*calm)
    chief.see("lower_dispute", dispute, lowered_to="3")
    assert chief.do("dispute", "show", dispute)["warning"].endswith("RED"), "one head alone lowers no red"
    chief.do(*calm)
    for desk in (head, j, p):
      desk.see("lower_dispute", dispute, warning="3")
    j.do("dispute", "assess", dispute, "orange")
    p.see("assess_dispute", dispute)
    j.do("dispute", "accept", dispute, "双方当面同意，李秀英记录", "--lead-office", "yts")
    j.do("mediation", "hold", dispute, "face-to-face", "双方同意分开居住一周", "--participants", "社区、民警")
    p.see("hold_session", dispute)
    j.do("dispute", "conclude", dispute, "coordinated", "亲属接走一方，社区每日看望")
    p.see("conclude_dispute", dispute)
    j.do("dispute", "visit", dispute, "情绪平稳", "--performed", "--satisfaction", "good")
    chief.do("dispute", "close", dispute)
    head.see("close_dispute", dispute)
    assert not head.do("dispute", "show", dispute)["state"].endswith("CLOSED"), "an orange one takes the heads of both sides"
    head.do("dispute", "close", dispute)
    for desk in (chief, p, j):
      desk.see("close_dispute", dispute, state="20")
    other.never(incident)
    other.never(alert)
    other.never(dispute)
