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
    for line in self.screen.kept["stdout"].decode().splitlines():
      with contextlib.suppress(ValueError):
        event = json.loads(line).get("event")
        if event:
          yield event

  def see(self, kind, no, **fields):
    """The event on the screen; its changed fields as `told`."""
    end = time.monotonic() + PATIENCE
    while True:
      for event in self.events():
        changed = {c["field"]: c.get("newValue", c.get("new_value")) for c in event.get("changes", ())}
        if event["kind"] == kind and event["no"] == no and all(changed.get(k) == v for k, v in fields.items()):
          print(f"{self.story.name}: {self.device} saw {kind} of {no} {(time.monotonic() - self.story.pressed) * 1000:.0f} ms after the key was pressed", flush=True)
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
  with stage.alone() as node:
    s = Story(stage, node, name)
    try:
      yield s
    finally:
      for desk in s.desks.values():
        desk.screen.__exit__()


@case
def sc4_eight_rounds(stage):
  """A transfer of an incident, leg by leg, each seen by the other side."""
  with story(stage, "SC4") as s:
    p, j, other = s.desk("ytp-duty"), s.desk("yts-mediator"), s.desk("xcs-mediator")
    incident = p.do("incident", "report", "--class", "dispute", "--place", "建设路 12 号", "两家为漏水争执")["no"]
    j.see("report_incident", incident)
    transfer = p.do("transfer", "send", incident, "yts", "--mode", "co-handle", "--reason", "请司法所调解")["no"]
    j.see("send_transfer", transfer)
    j.do("transfer", "sign", transfer)
    p.see("sign_transfer", transfer)
    j.do("transfer", "accept", transfer)
    p.see("accept_transfer", transfer)
    assert "已" in p.told("transfer", "show", transfer)
    j.do("transfer", "feedback", transfer, "已受理，周五调解")
    p.see("feedback_transfer", transfer)
    p.do("transfer", "confirm", transfer)
    j.see("confirm_transfer", transfer)
    talk = p.refused(1, "transfer", "recall", transfer, "发错单位")
    assert "下一步" in talk or "现在可以" in talk, talk
    other.never(transfer)


@case
def sc7_mass_event(stage):
  """Thirty wage claimants gather: raised by the judicial office, acknowledged, grown, resolved; the server killed in between."""
  with story(stage, "SC7") as s:
    j, p, other = s.desk("yts-mediator"), s.desk("ytp-duty"), s.desk("xcp-duty")
    alert = j.do("alert", "raise", "mass-event", "三十名工人在工地门口讨薪", "--people-count", "30")["no"]
    p.see("raise_alert", alert)
    p.do("alert", "ack", alert, "已派两组")
    _, changed = j.see("ack_alert", alert)
    assert changed.get("acked_by"), changed
    late = client(s.stage, "alert", "ack", alert, device="ytp-chief", server=s.server)
    assert late[0] == 0 or "CODE" not in late[2], late
    grown = p.do("alert", "update", alert, "--people-count", "60", "--severity", "extreme")["no"]
    j.see("update_alert", grown)
    s.node.kill()
    s.node.start()
    j.do("alert", "ack", grown)
    p.see("ack_alert", grown)
    p.do("alert", "act", grown)
    p.do("alert", "resolve", grown, "工资当场发放，人员散去")
    j.see("resolve_alert", grown)
    other.never(alert)


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
