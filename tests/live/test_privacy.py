"""Need-to-know while it changes: rules, pairings, offices, days and access by name, for who watches and for who is away."""
import contextlib
import time

from peer.peer import Closed
from peer.watch import Reset, Watch
from scene import CLASS, check_status, refusal
from support.runner import case
from support.waiting import until
from test_login import PASSWORD, code_for

IN_TIME = 60  # seconds that are waited, on however busy a machine; how soon it comes is printed, not judged
HIDDEN = "〔无权查看〕"


@contextlib.contextmanager
def two_nodes(stage):
  """Two nodes on a database of their own."""
  with stage.alone() as one:
    two = stage.node(one.name + "-two", one.name).start()
    try:
      yield one, two
    finally:
      two.stop()
      stage.nodes.remove(two)


def person(stage, node, account, device, code=True):
  """A connection of somebody who is logged in."""
  peer = stage.peer(node, device)
  given = {"code": code_for(stage, account, node), "new_password": PASSWORD} if code else {"password": PASSWORD}
  peer.ask("login", account=account, **given)
  return peer


def expect_reset(watch, reason="RIGHTS"):
  """The snapshot's numbers."""
  try:
    while True:
      watch.next(IN_TIME)
  except Reset as e:
    assert e.reason == reason, e.reason
    return [i.no for i in e.incidents]


PAIR = "update pairing set ended_on = {} where station = (select id from office where code = 'ytp')"
CHANGES = (  # what a superuser types; what makes it undone
  ("rule", "update right_rule set ended_on = today() where role = 4 and relation = 'PAIRED'", "update right_rule set ended_on = null where role = 4"),
  ("pairing", PAIR.format("today()"), PAIR.format("null")),
  # the database's midnight: nobody writes, and nothing of the directory is touched
  ("end_of_day", "alter table pairing disable trigger changed; " + PAIR.format("today()") + "; update directory_head set worked_on = today() - 1",
   PAIR.format("null") + "; update directory_head set worked_on = today() - 1"),
)


@case.table(CHANGES)
def who_sees_other_offices_starts_over(stage, lose, gain):
  """On both nodes, live and after an absence: the record is gone from the snapshot, and comes back with the right."""
  with two_nodes(stage) as nodes, contextlib.ExitStack() as all_:
    no = all_.enter_context(stage.peer(nodes[0], "ytp-duty")).ask("report_incident", **{"class": CLASS, "content": "会看不到的"}).no
    watches = [Watch(all_.enter_context(stage.peer(node, "yts-mediator"))) for node in nodes]
    chief = Watch(all_.enter_context(stage.peer(nodes[1], "ytp-chief")))
    for w in (*watches, chief):
      w.backlog()
    for statements, there in ((lose, False), (gain, True)):
      away = watches[1].cursor
      for statement in statements.split("; "):
        stage.sql(statement, database=nodes[0].name)
      for w in watches:
        assert (no in expect_reset(w)) == there
      for node in nodes:
        with stage.peer(node, "yts-mediator") as late:
          assert (no in expect_reset(Watch(late, away))) == there, "whoever was away"
      with stage.peer(nodes[1], "yts-mediator") as again:
        Watch(again, watches[0].cursor).backlog()  # told since, so it is continued
    with stage.peer(nodes[0], "ytp-duty") as writer:
      other = writer.ask("report_incident", **{"class": CLASS, "content": "之后的"}).no
    for w in watches:
      assert w.event(IN_TIME).no == other, "live goes on"
    if "right_rule" in lose:
      assert chief.event(IN_TIME).no == other, "who sees what he saw goes on without a gap"


@case
def a_place_is_one_role_s(stage):
  """What one role was told is no place for another one of the same office."""
  with stage.watch("ytp-chief") as chief:
    chief.backlog()
    with stage.peer(stage.a, "ytp-officer") as officer:
      expect_reset(Watch(officer, chief.cursor))
    with stage.peer(stage.b, "ytp-chief") as again:
      assert Watch(again, chief.cursor).backlog() == []


@case
def a_closed_office_is_out(stage):
  """Its devices and those who are logged in to it are cut off, on both nodes; so is who works for it no longer."""
  with two_nodes(stage) as nodes, contextlib.ExitStack() as all_:
    device = all_.enter_context(stage.peer(nodes[0], "yts-mediator"))
    member = all_.enter_context(person(stage, nodes[1], "s0001", "yts-desk"))
    duty = all_.enter_context(person(stage, nodes[0], "013527", "ytp-desk"))
    stage.sql("update office set closed_on = today() where code = 'yts'", database=nodes[0].name)
    for peer in (device, member):
      cut_off(peer)
    assert duty.ask("list_incidents") is not None, "others go on"
    stage.sql("update assignment set ended_on = today() where account = (select id from account where code = '013527')", database=nodes[0].name)
    stage.sql("update directory_head set worked_on = today() - 1", database=nodes[0].name)
    cut_off(duty)


def cut_off(peer):
  """Heartbeats come until then: silence isn't what is waited for."""
  def gone():
    try:
      peer.push(1)
    except TimeoutError:
      pass
    except Closed:
      return True
    return False
  until(gone, IN_TIME, "the end of the connection")


# ---- by name

def named(stage, node, all_):
  """A record of named persons only, of ytp; its chief; and a mediator of another office who has a password."""
  chief, mediator = (all_.enter_context(person(stage, node, *who)) for who in (("013001", "ytp-desk"), ("s0001", "yts-desk")))
  no = chief.ask("report_incident", **{"class": CLASS, "content": "线人提供的情况"}).no
  chief.ask("grade_incident", incident=no, sensitivity=4, reason="涉及线人安全")
  return no, chief, mediator


def open_to(stage, node, chief, no, seconds):
  """With the word of the paired office's head: it is a record of named persons."""
  grant = {"incident": no, "account": "s0001", "until": int((time.time() + seconds) * 1000), "reason": "协同处置"}
  check_status(refusal(lambda: chief.ask("grant_access", **grant)), "APPROVAL_NEEDED")
  with contextlib.closing(stage.peer(node, "yts-head")) as head:
    waiting = head.ask("list_approvals", open=True).approvals[0]
    assert (waiting.no, waiting.subject, waiting.kind) == (HIDDEN, HIDDEN, "grant_access"), "what it is about is not for him to see"
    head.ask("decide_approval", approval=waiting.approval, agreed=True)
  chief.ask("grant_access", **grant)


def doors(peer, no):
  """At which doors the record is seen."""
  seen = set()
  for name in ("show_incident", "show_history"):
    with contextlib.suppress(Exception):
      peer.ask(name, incident=no)
      seen.add(name)
  seen |= {"list_incidents"} if no in [i.no for i in peer.ask("list_incidents").incidents] else set()
  seen |= {"search_incidents"} if no in [i.no for i in peer.ask("search_incidents", text="线人提供").incidents] else set()
  return seen


EVERY_DOOR = {"show_incident", "show_history", "list_incidents", "search_incidents"}


@case
def a_named_person_of_another_office(stage):
  """S4: seen at every door while it is open to her by name, at none before, after, or for her colleagues; and its time ends by itself."""
  with stage.alone() as node, contextlib.ExitStack() as all_:
    no, chief, mediator = named(stage, node, all_)
    head = all_.enter_context(stage.peer(node, "yts-head"))
    watch = Watch(all_.enter_context(person(stage, node, "s0001", "yts-desk", code=False)))
    watch.backlog()
    assert doors(mediator, no) == doors(head, no) == set() and doors(chief, no) == EVERY_DOOR
    open_to(stage, node, chief, no, 60)
    watch.event(IN_TIME)
    assert watch.delivery.grant.no == no
    assert doors(mediator, no) == EVERY_DOOR and doors(head, no) == set()
    chief.ask("note_incident", incident=no, note="已联系")
    assert watch.event(IN_TIME).no == no
    chief.ask("withdraw_access", incident=no, account="s0001", reason="办结")
    watch.event(IN_TIME)
    assert watch.delivery.retract.no == no and doors(mediator, no) == set()
    check_status(refusal(lambda: mediator.ask("show_incident", incident=no)), "NOT_FOUND")
    # its time ends: nobody does anything
    open_to(stage, node, chief, no, 2)
    watch.event(IN_TIME)
    assert watch.delivery.grant.no == no
    away = watch.cursor
    assert no not in expect_reset(watch)
    assert doors(mediator, no) == set()
    with person(stage, node, "s0001", "yts-desk", code=False) as late:
      assert no not in expect_reset(Watch(late, away)), "whoever was away"


@case
def who_entered_a_tip_sees_it(stage):
  """A tip is S3, beyond the duty officer: the one who entered it sees it all the same, for as long as the rule says; colleagues don't, nor does
  a device that nobody is logged in to."""
  with two_nodes(stage) as nodes, contextlib.ExitStack() as all_:
    duty = all_.enter_context(person(stage, nodes[0], "013527", "ytp-desk"))
    watch = Watch(all_.enter_context(person(stage, nodes[1], "013527", "ytp-desk2", code=False)))
    wall = Watch(all_.enter_context(stage.peer(nodes[0], "ytp-duty")))
    for w in (watch, wall):
      w.backlog()
    tip = lambda peer: peer.ask("report_incident", **{"class": "INCIDENT_CLASS_TIP", "content": "线人提供的情况"}).no  # noqa: E731
    no = tip(duty)
    assert watch.event(IN_TIME).no == no and doors(duty, no) == EVERY_DOOR
    duty.ask("note_incident", incident=no, note="已核对号码")
    assert watch.event(IN_TIME).kind == "note_incident"
    with stage.peer(nodes[1], "ytp-duty2") as other:
      assert doors(other, no) == set()
      unseen = tip(other)
      assert doors(other, unseen) == set() == doors(duty, unseen)
    plain = duty.ask("report_incident", **{"class": CLASS, "content": "平常的"}).no
    assert watch.event(IN_TIME).no == plain == wall.event(IN_TIME).no
    assert stage.sql("select (until - since)::text from record_access", database=nodes[0].name) == [("7 days",)], "the plain one too?"
    with stage.peer(nodes[0], "ytp-chief") as chief:
      chief.ask("withdraw_access", incident=no, account="013527", reason="已交接")
    watch.event(IN_TIME)
    assert watch.delivery.retract.no == no and doors(duty, no) == set()
    stage.sql("insert into entered_rule values (today(), 0)", database=nodes[0].name)
    assert doors(duty, tip(duty)) == set()


TRIALS = 20


def withdrawn_in_mid_feed(stage):
  """Notes on the record follow each other without a break while access by name is withdrawn: how long until the retract, and no note after it."""
  took = []
  with two_nodes(stage) as nodes, contextlib.ExitStack() as all_:
    no, chief, mediator = named(stage, nodes[0], all_)
    mediator.close()
    watch = Watch(all_.enter_context(person(stage, nodes[1], "s0001", "yts-desk", code=False)))
    watch.backlog()
    for _ in range(TRIALS):
      open_to(stage, nodes[0], chief, no, 600)
      for note in ("一", "二"):
        chief.ask("note_incident", incident=no, note=note)
      while not (watch.event(IN_TIME) and watch.delivery.event.note == "二"):
        pass
      begun = time.monotonic()
      chief.ask("withdraw_access", incident=no, account="s0001", reason="办结")
      chief.ask("note_incident", incident=no, note="之后")
      watch.event(IN_TIME)
      assert watch.delivery.retract.no == no, watch.delivery
      took.append(time.monotonic() - begun)
      other = chief.ask("report_incident", **{"class": CLASS, "content": "平常的"}).no
      assert watch.event(IN_TIME).no == other, "nothing of the record comes any more"
  print(f"withdrawn in mid-feed: {TRIALS} trials, slowest {max(took) * 1000:.0f} ms, median {sorted(took)[TRIALS // 2] * 1000:.0f} ms", flush=True)


withdrawn_in_mid_feed.seconds = 120
case(withdrawn_in_mid_feed)


@case
def numbers_within_free_text(stage):
  """Whoever is not to see who reported does not read the number in the story either: live, from the table, in lists, by number, in the history."""
  phone, card = "13977778888", "430302199003071231"
  story = f"来电人留的是{phone}，对方证件{card}"
  with stage.watch() as watch:
    watch.backlog()
    before = watch.cursor
    no = stage.report(content=story, place=f"门口写着{phone}").no
    stage.ask("ytp-duty", "note_incident", incident=no, note=f"改打{phone}")
    stage.ask("ytp-duty", "correct_incident", incident=no, content=story + "，已核")
    events = [watch.event() for _ in range(3)]
  with stage.watch(cursor=before) as again:
    events += again.backlog()
  assert len(events) == 6
  mediator = [stage.show(no, "yts-mediator"), *stage.ask("yts-mediator", "list_incidents").incidents,
              *stage.ask("yts-mediator", "show_history", incident=no).entries, *stage.ask("ytp-duty", "list_incidents").incidents]
  for told in (*events, *mediator):
    assert phone not in str(told) and card not in str(told) and card[:12] not in str(told), told
  assert "***********" in events[0].report.content and "来电人留的是" in mediator[0].content
  assert stage.show(no, "ytp-chief").content == story + "，已核" == stage.ask("yts-head", "reveal_incident", incident=no, purpose="risk", case_no="1").content
  assert phone in str(stage.ask("ytp-chief", "show_history", incident=no).entries)
