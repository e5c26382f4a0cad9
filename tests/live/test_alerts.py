"""Alerts where they count: on the other side's screen, ahead of what waits there, and again until somebody acknowledges."""
import contextlib
import os
import pty
import re
import select
import subprocess
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

from scene import CLASS, OwnWatch, check_status, pb, refusal
from support.runner import case
from support.waiting import until
from test_client import Running, client, ok, words
from test_login import PASSWORD, code_for

QUICK = "update clock_rule set seconds = substring(rule from '_(.)$')::int * 2 where rule ~ '^ACK_EXTREME'"


def raised(stage, device="ytp-duty", **fields):
  return stage.ask(device, "raise_alert", **{"kind": "ALERT_KIND_EXTREME_THREAT", "title": stage.word(), **fields}).no


def of(watch, no):
  return [(n.alert.no, n.step) for _, n in watch.peer.notices if n.alert.no == no]


def notice_of(watch, wanted, timeout=60):
  """The first notice that is wanted, whatever comes before it."""
  while True:
    for _, notice in watch.peer.notices:
      if wanted(notice):
        return notice
    watch.peer.message(timeout)


@case
def the_other_side_is_told(stage):
  """On another node, with the place in the clear; not whoever raised it, and nobody else."""
  with stage.watch("yts-mediator", node=stage.b) as watch, stage.watch("ytp-chief") as own, stage.watch("xcs-mediator") as others:
    no = raised(stage, place="霞光路 8 号", people_count=3)
    notice = notice_of(watch, lambda n: n.alert.no == no)
    a = notice.alert
    assert (a.place, a.severity, a.people_count, a.origin_office_name, a.created_by, notice.step) == ("霞光路 8 号", pb.ALERT_SEVERITY_EXTREME, 3, "岳塘派出所", "张建国", 0), a
    assert list(a.whom) == ["岳塘司法所"]
    mine, theirs = (stage.ask(device, "show_alert", alert=no).allowed for device in ("ytp-duty", "yts-mediator"))
    assert "cancel_alert" in mine and not {"ack_alert", "act_alert"} & set(mine), mine
    assert {"ack_alert", "act_alert"} <= set(theirs) and "cancel_alert" not in theirs, theirs
    stage.ask("yts-mediator", "ack_alert", alert=no, note="两人出发")
    while own.event(10).kind != "ack_alert":
      pass
    assert not of(own, no) and not of(others, no)

    def told_late():
      with stage.watch("yts-head") as late:
        late.backlog()
        return of(late, no)
    until(lambda: not told_late(), 60, "nobody being told who comes after the ack")
  check_status(refusal(lambda: stage.ask("yts-head", "ack_alert", alert=no)), "ALREADY_ACKED", "FAILED_PRECONDITION")
  check_status(refusal(lambda: stage.ask("ytp-chief", "ack_alert", alert=no)), "OWN_ALERT", "FAILED_PRECONDITION")
  stage.ask("ytp-chief", "cancel_alert", alert=no, reason="误报")


@case
def told_again_to_who_connects(stage):
  """Before the backlog, whatever the cursor; until it is acknowledged."""
  with stage.watch("yts-mediator") as first:
    cursor = first.cursor
  stage.report()
  no = raised(stage)

  def first_of_all(node):
    with stage.watch("yts-mediator", node=node, cursor=cursor) as watch:
      notice_of(watch, lambda n: n.alert.no == no)
      before = watch.peer.came
      watch.backlog()
      assert of(watch, no) == [(no, 0)], watch.peer.notices
      return before == 0
  for node in (stage.a, stage.b):
    until(lambda node=node: first_of_all(node), 60, "the notice coming first, once the node knows of it")
  stage.ask("ytp-duty", "cancel_alert", alert=no, reason="误报")


@case
def a_grave_report_tells_by_itself(stage):
  """In the report's own group: the event stands right behind it, and the notice has the incident's place."""
  with stage.watch("yts-mediator") as watch:
    no = stage.report(**{"class": "INCIDENT_CLASS_EXTREME_THREAT", "place": "书院路 3 号", "content": "扬言放火自杀"}).no
    notice = notice_of(watch, lambda n: n.alert.about == no)
    assert (notice.about_place, notice.alert.created_by, notice.alert.place) == ("书院路 3 号", "系统", ""), notice
  stage.ask("yts-mediator", "ack_alert", alert=notice.alert.no)
  assert "about" in [e.field for e in stage.ask("ytp-duty", "show_history", incident=notice.alert.no).entries]


@case
def where_and_what_stays_on_the_screen(stage):
  """An update that names no place is where the alert before it was; what a session ignited says what was said, and where they live; a suspect says
  of what it may be a double."""
  with stage.watch("ytp-duty") as watch:
    first = raised(stage, "yts-mediator", kind="ALERT_KIND_MASS_EVENT", place="东门广场")
    second = stage.ask("yts-mediator", "update_alert", alert=first, people_count=60).no
    third = stage.ask("yts-mediator", "update_alert", alert=second, title="六十人，堵路").no
    for no in (second, third):
      notice = notice_of(watch, lambda n, no=no: n.alert.no == no)
      assert (notice.alert.place, notice.about_place) == ("", "东门广场"), notice
    stage.ask("ytp-duty", "ack_alert", alert=third)
    dispute = stage.ask("yts-mediator", "open_dispute", type="DISPUTE_TYPE_MARRIAGE_FAMILY", title="离婚争执", place=f"书院路 {stage.word()} 号").no
    stage.ask("yts-mediator", "assess_dispute", dispute=dispute, warning="DISPUTE_WARNING_YELLOW")
    stage.ask("yts-mediator", "accept_dispute", dispute=dispute, consent="双方同意")
    stage.ask("yts-mediator", "hold_session", dispute=dispute, session_mode="SESSION_MODE_SINGLE_PARTY", note_open="扬言要动刀", ignite=True)
    notice = notice_of(watch, lambda n: n.alert.about == dispute)
    assert notice.alert.content == "扬言要动刀" and notice.about_place.startswith("书院路"), notice
    stage.ask("ytp-duty", "ack_alert", alert=notice.alert.no)


@case
def overtakes_a_backlog(stage):
  """Five thousand events wait on the connection: the alert comes before most of them, and none is lost by it."""
  with stage.alone() as node, contextlib.ExitStack() as peers:
    desks = [peers.enter_context(stage.peer(node, "ytp-duty")) for _ in range(8)]

    def fill(desk):
      for _ in range(625):
        desk.ask("report_incident", **{"class": CLASS, "content": "邻居争吵" * 100})
    with ThreadPoolExecutor(len(desks)) as pool:
      list(pool.map(fill, desks))
    with stage.watch("yts-mediator", node=node, from_start=True) as watch:
      no = desks[0].ask("raise_alert", kind="ALERT_KIND_MASS_EVENT", title="三十人聚集讨薪").no
      until(lambda: node.metric("liandong_alert_notices_total") >= 1, 60, "the notice being sent")
      events = watch.backlog(30)
      notices = watch.peer.notices
      assert len(events) >= 5000 and [n.alert.no for _, n in notices] == [no], (len(events), notices)
      print(f"# the notice came after {notices[0][0]} of {len(events)} events", flush=True)
      assert notices[0][0] < 4000, notices[0][0]


@case
def goes_before_what_waits(stage):
  """Somebody holds the pen, and reports wait for it: an alert that comes last is written before all of them but those that were sent already."""
  with stage.alone() as node, contextlib.ExitStack() as peers:
    desks = [peers.enter_context(stage.peer(node, "ytp-duty")) for _ in range(7)]
    with stage.cluster.session(node.name) as holder:
      holder.rows("begin")
      holder.rows("select seq from liandong.feed_head for update")
      for n, desk in enumerate(desks[:-1]):
        desk.send("report_incident", request=uuid.uuid4().bytes, **{"class": CLASS, "content": f"邻居争吵 {n}"})
        until(lambda n=n: node.metric("liandong_writes_waiting") == n + 1, 60, "the report waiting")
      desks[-1].send("raise_alert", request=uuid.uuid4().bytes, kind="ALERT_KIND_MASS_EVENT", title="三十人聚集讨薪")
      until(lambda: node.metric("liandong_writes_waiting") == len(desks), 60, "the alert waiting")
      holder.rows("rollback")
    until(lambda: node.metric("liandong_writes_waiting") == 0, 60, "all being written")
    kinds = [kind for kind, in stage.sql("select kind from feed order by seq", database=node.name)]
    assert sorted(kinds) == ["raise_alert"] + ["report_incident"] * 6, kinds
    assert kinds.index("raise_alert") <= 2, f"two groups may have been sent: {kinds}"


@case
def nobody_is_kept_waiting_by_them(stage):
  """One alert after the other from several terminals: after each group of alerts comes one of what waits, however many more alerts do."""
  with stage.alone() as node, contextlib.ExitStack() as peers:
    desks = [peers.enter_context(stage.peer(node, "ytp-duty")) for _ in range(6)]
    alerts = lambda which: [desk.send("raise_alert", request=uuid.uuid4().bytes, kind="ALERT_KIND_MASS_EVENT", title="三十人聚集讨薪") for desk in which]  # noqa: E731
    waiting = lambda n: until(lambda: node.metric("liandong_writes_waiting") == n, 60, f"{n} waiting")  # noqa: E731
    with stage.cluster.session(node.name) as holder:
      holder.rows("begin")
      holder.rows("select seq from liandong.feed_head for update")
      for n, desk in enumerate(desks[:2]):  # a group each: both are sent
        alerts([desk])
        waiting(n + 1)
      alerts(desks[2:5])
      waiting(5)
      desks[5].send("report_incident", request=uuid.uuid4().bytes, **{"class": CLASS, "content": "邻居争吵"})
      waiting(6)
      holder.rows("rollback")
    waiting(0)
    kinds = [kind for kind, in stage.sql("select kind from feed order by seq", database=node.name)]
    assert kinds == ["raise_alert"] * 2 + ["report_incident"] + ["raise_alert"] * 3, kinds


@case
def escalates_once_whatever_is_killed(stage):
  """Each step once, told to the watchers again, over kill -9 of the node; none after the ack."""
  with stage.alone() as node:
    base = node.settings["database"].split("dbname=")[1].split()[0]
    stage.sql(QUICK, database=base)
    with stage.peer(node, "ytp-duty") as peer:
      no = peer.ask("raise_alert", kind="ALERT_KIND_EXTREME_THREAT", title="扬言放火").no
      quiet = peer.ask("raise_alert", kind="ALERT_KIND_EXTREME_THREAT", title="扬言放火").no
    with stage.peer(node, "yts-mediator") as peer:
      peer.ask("ack_alert", alert=quiet)
    steps = lambda which: int(stage.sql("select count(*) from feed where kind = 'escalate_alert' and no = $1", which, database=base)[0][0])  # noqa: E731
    for done in (1, 2):
      until(lambda done=done: steps(no) >= done, 60, f"step {done}")
      node.kill()
      node.start()
    until(lambda: steps(no) == 3, 60, "step 3")
    with stage.watch("yts-head", node=node) as watch:
      notice_of(watch, lambda n: n.alert.no == no and n.step == 3)  # the step before it may come first: a look at them may be under way
    with stage.peer(node, "yts-head") as head:
      head.ask("ack_alert", alert=no)
    running = "select count(*) from clock where stopped_at is null and fired_at is null and rule like 'ACK%' and num = (select num from alert where record_no(num) = $1)"
    assert stage.sql(running, no, database=node.name) == [("0",)], "the ack stops every step in its own transaction"
    assert steps(no) == 3 and steps(quiet) == 0, (steps(no), steps(quiet))
    whom = {row[0] for row in stage.sql("select o.code from alert_office a join office o on o.id = a.office join alert r using (num) where record_no(r.num) = $1", no, database=base)}
    assert whom == {"yts", "ytsf", "ytga"}, whom


@case
def a_client_shows_it_and_says_so(stage):
  """Plain lines where there is no terminal: how grave, where, who, the command; the receipts come by themselves; shown once though told twice."""
  no = raised(stage, place="霞光路 9 号", title="扬言跳楼")
  with Running(stage, "feed", "watch", device="yts-mediator") as watch:
    said = watch.until(rf"liandong alert ack {no}", "stderr")
    for word in ("通报预警", "特别严重", "扬言跳楼", "霞光路 9 号", "岳塘派出所", "张建国"):
      assert word in said, (word, said)
    until(lambda: any(r.shown_at for r in stage.ask("ytp-duty", "list_receipts", alert=no).receipts), 60, "the receipt")
    receipt = next(r for r in stage.ask("ytp-duty", "list_receipts", alert=no).receipts if r.shown_at)
    assert (receipt.office, receipt.person) == ("yts", "刘芳") and receipt.delivered_at <= receipt.shown_at and not receipt.acked_at, receipt
    drill = raised(stage, status="ALERT_STATUS_EXERCISE", title="下半年演练")
    assert "【演练】下半年演练" in watch.until(rf"liandong alert ack {drill}", "stderr")
    assert watch.kept["stderr"].decode().count(f"alert ack {no}") == 1
  assert "刘芳" in ok(stage, "alert", "receipts", no)
  assert "已签收" in ok(stage, "alert", "ack", no, "马上到", device="yts-mediator")
  code, _, talk = client(stage, "alert", "ack", no, device="yts-head")
  assert code != 0 and "已经签收" in talk, talk
  listed = ok(stage, "alert", "list", "--unacked", device="yts-head")
  assert drill in listed and no not in listed, listed
  for which in (drill, no):
    ok(stage, "alert", "cancel", which, "结束", "--yes")


@case
def on_a_terminal(stage):
  """The whole screen and the bell; at 30 columns every line fits."""
  no = raised(stage, title="扬言放火并且说了很长的一段话要在窄窗口里换行")
  line, environment = words(stage, "feed", "watch", device="yts-mediator")
  master, slave = pty.openpty()
  subprocess.run(["stty", "cols", "30", "rows", "20"], stdin=slave, check=True)
  environment = {**environment, "TERM": "xterm-256color"}
  environment.pop("NO_COLOR", None)
  with subprocess.Popen(line, env=environment, stdin=slave, stdout=slave, stderr=slave) as process:
    os.close(slave)
    said, end = b"", time.monotonic() + 15
    while f"alert ack {no}".encode() not in re.sub(rb"\s+", b" ", said) and time.monotonic() < end:
      if select.select([master], [], [], 0.5)[0]:
        with contextlib.suppress(OSError):
          said += os.read(master, 65536)
    while select.select([master], [], [], 0.5)[0]:
      said += os.read(master, 65536)
    process.kill()
  os.close(master)
  text = said.decode(errors="replace")
  assert "\a" in text, text
  screens = [re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen) for screen in text.split("\x1b[2J")[1:]]
  screen = next(s for s in screens if "一段话" in re.sub(r"\s", "", s))
  screen = screen[:screen.index("alert show")]  # below it the feed goes on
  wide = [row for row in screen.replace("\r", "").split("\n") if sum(1 + (ord(c) > 0x2e80) for c in row) > 31]
  assert not wide and "扬言放火" in screen, (wide, screen)
  stage.ask("ytp-duty", "cancel_alert", alert=no, reason="误报")


def logged_in(stage, node, device, account):
  peer = stage.peer(node, device)
  peer.ask("login", account=account, code=code_for(stage, account, node), new_password=PASSWORD)
  return peer


@case
def who_is_on_duty_is_told(stage):
  """By the roster; its next shift as soon as it begins; everybody where none of theirs said that it came, or nobody is on the roster."""
  with stage.alone() as node, contextlib.ExitStack() as stack:
    stage.sql("update clock_rule set seconds = 2 where rule = 'DELIVER_EXTREME'", database=node.name)  # 5 s by rule
    desk = lambda peer: stack.enter_context(contextlib.closing(peer))  # noqa: E731
    admin, sender = desk(stage.peer(node, "admin")), desk(stage.peer(node, "yts-mediator"))
    officer, chief = (OwnWatch(desk(logged_in(stage, node, device, account))) for device, account in (("ytp-desk", "013527"), ("ytp-desk2", "013001")))
    own = stack.enter_context(stage.watch("yts-head", node=node))
    admin.ask("open_position", position="ytp-c", office="ytp", kind=1, name="岳塘联动中心", place="岳塘路 1 号")
    since = int(time.time() // 60 - 60) * 60000
    shift = lambda account: admin.ask("set_duty", position="ytp-c", account=account, since=since, until=since + 7200000)  # noqa: E731
    leave = lambda account: admin.ask("remove_duty", position="ytp-c", account=account, since=since, reason="换班")  # noqa: E731
    send = lambda: sender.ask("raise_alert", kind="ALERT_KIND_EXTREME_THREAT", title=stage.word()).no  # noqa: E731
    got = lambda watch, no: watch.peer.ask("ping") and of(watch, no)  # what was sent before the answer has been read by then  # noqa: E731
    wait = lambda watch, no: notice_of(watch, lambda n: n.alert.no == no, 30)  # noqa: E731
    shift("013527")
    seen = send()
    wait(officer, seen)
    officer.peer.ask("confirm_alert", alert=seen)
    lost = send()
    wait(officer, lost)
    assert not got(chief, lost) and not got(chief, seen), "not on duty"
    wait(chief, lost)
    event = own.event(30)
    while event.kind != "redeliver_alert":
      event = own.event(30)
    assert (event.no, [c.new_value for c in event.changes if c.field == "undelivered"]) == (lost, ["岳塘派出所"]), event
    line = until(lambda: next((line for line in node.log().splitlines() if "alerts.undelivered" in line), None), 60, "the log's line")
    assert f"{lost} ytp" in line and "warn" in line.lower() and event.title not in line, line
    until(lambda: stage.sql("select count(*) from clock where rule = 'DELIVER_EXTREME' and num = (select num from alert where record_no(num) = $1) and stopped_at is null", seen,
                            database=node.name) == [("0",)], 60, "the clock of what came in time")
    assert not got(chief, seen) and stage.sql("select count(*) from feed where kind = 'redeliver_alert'", database=node.name) == [("1",)]
    leave("013527")
    shift("013001")
    wait(chief, seen)
    leave("013001")
    nobody = send()
    for watch in (officer, chief):
      wait(watch, nobody)


@case
def a_transfer_that_nobody_signs_for(stage):
  """Both who sent it and who should have signed are alerted, and nobody else, also where the two are not paired."""
  with stage.alone() as node, contextlib.ExitStack() as stack:
    stage.sql("update clock_rule set seconds = 2, near_seconds = null where rule = 'sign'", database=node.name)  # four hours by rule
    receiver, sender, other = (stack.enter_context(stage.watch(device, node=node)) for device in ("xcs-mediator", "ytp-chief", "yts-mediator"))
    with stage.peer(node, "ytp-duty") as peer:
      no = peer.ask("report_incident", **{"class": CLASS, "content": "邻居争吵"}).no
      transfer = peer.ask("send_transfer", about=no, to_office="xcs", reason="住所在霞城").no
    for watch in (receiver, sender):
      notice = notice_of(watch, lambda n: n.alert.about == transfer, 30)
      assert notice.alert.kind == pb.ALERT_KIND_TRANSFER_UNSIGNED and list(notice.alert.whom) == ["霞城司法所", "岳塘派出所"], notice
    with stage.peer(node, "xcs-mediator") as peer:
      peer.ask("sign_transfer", transfer=transfer)
      assert peer.ask("show_alert", alert=notice.alert.no).state == pb.ALERT_STATE_RESOLVED, "it was about what is done now"
    other.peer.ask("ping")
    assert not of(other, notice.alert.no)
