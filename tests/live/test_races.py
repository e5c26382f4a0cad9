"""Two at the same instant, on two nodes: what counts once counts once, whoever is first."""
import contextlib
import threading
import time

from peer.peer import Refused
from peer.watch import Watch
from scene import pb
from support.runner import case
from test_budget import old_records
from test_enrolment import decode, enrol, invite, new_key
from test_glass import closed_record, dispatched
from test_privacy import EVERY_DOOR, IN_TIME, doors, expect_reset, person, two_nodes


def at_once(*acts):
  """All from one barrier: what each gave, a refusal as its reason."""
  barrier, said = threading.Barrier(len(acts)), [None] * len(acts)

  def one(n, act):
    barrier.wait()
    try:
      said[n] = act()
    except Refused as e:
      said[n] = e.reason
  threads = [threading.Thread(target=one, args=(n, act), daemon=True) for n, act in enumerate(acts)]
  for t in threads:
    t.start()
  for t in threads:
    t.join(30)
  return said


def refused(said):
  return sorted(s for s in said if isinstance(s, str))


@case
def one_token_two_keys(stage):
  """The same one-use token, ten times, with a key of each node's caller: one certificate and one device."""
  for n in range(10):
    secret = decode(invite(stage, f"ytp-race-{n}", role=pb.ROLE_DUTY).token)[0]
    keys = [new_key(stage, f"race-{n}-{m}")[1] for m in range(2)]
    said = at_once(*(lambda k=k, node=node: enrol(stage, secret, k, node) for k, node in zip(keys, (stage.a, stage.b))))  # pylint: disable=cell-var-from-loop
    assert refused(said) == ["TOKEN_USED"], said
  assert stage.sql("select count(*) from device where name like 'ytp-race-%'") == [("10",)]


@case
def old_rows_by_four_connections(stage):
  """One person at two desks, on two nodes, pages of five from each: no more than fifty exported, two hundred looked at."""
  with two_nodes(stage) as nodes, contextlib.ExitStack() as all_:
    old_records(stage, nodes[0], 120)
    peers = [all_.enter_context(person(stage, node, "013527", desk, code=not n)) for n, (node, desk) in enumerate(
      (node, desk) for node in nodes for desk in ("ytp-desk", "ytp-desk2"))]

    def eager(peer, got, name, **fields):
      page = b""
      try:
        while True:
          answer = peer.ask(name, **{**fields, **({"page": page} if page else {})})
          got.append(len(answer.incidents))
          page = answer.next
      except Refused as e:
        return e.reason
    for most, name, fields in ((50, "list_incidents", {"limit": 5, "purpose": "risk"}), (200, "search_incidents", {"limit": 7, "text": "旧事"})):
      got = []
      said = at_once(*(lambda p=p: eager(p, got, name, **fields) for p in peers))  # pylint: disable=cell-var-from-loop
      assert set(said) == {"APPROVAL_NEEDED"}, said
      assert most - 7 < sum(got) <= most, (most, sum(got))


@case
def one_word_twice(stage):
  """Two who decide, and then two who use what was agreed to: one of each."""
  with two_nodes(stage) as nodes, contextlib.ExitStack() as all_:
    peer = lambda node, device: all_.enter_context(stage.peer(node, device))  # noqa: E731
    duty, also = peer(nodes[0], "ytp-duty"), peer(nodes[1], "ytp-duty")
    heads = peer(nodes[0], "yts-head"), peer(nodes[1], "ytp-chief")
    no = dispatched(stage, nodes[0])
    act = lambda p: p.ask("void_incident", incident=no, reason="误报")  # noqa: E731
    assert at_once(lambda: act(duty), lambda: act(also)) == ["APPROVAL_NEEDED"] * 2
    waiting, = heads[0].ask("list_approvals", open=True).approvals
    said = at_once(lambda: heads[0].ask("decide_approval", approval=waiting.approval, agreed=True),
                   lambda: heads[1].ask("decide_approval", approval=waiting.approval, agreed=True))
    assert refused(said) == ["NO_CHANGE"], said
    said = at_once(lambda: act(duty), lambda: act(also))
    assert refused(said) == ["ILLEGAL_TRANSITION"], said
    assert stage.sql("select count(*) from feed where kind in ('decide_approval', 'void_incident') and num > 0 group by kind",
                     database=nodes[0].name) == [("1",)] * 2


@case
def a_record_opened_twice(stage):
  """Asked for on both nodes at once: opened once. When its time is over it is gone from both, live, within seconds."""
  with two_nodes(stage) as nodes, contextlib.ExitStack() as all_:
    no, scene = closed_record(stage, nodes[0], "yts-head"), dispatched(stage, nodes[0])
    duty = all_.enter_context(person(stage, nodes[0], "013527", "ytp-desk"))
    also = all_.enter_context(person(stage, nodes[1], "013527", "ytp-desk", code=False))
    duty.ask("arrive_incident", incident=scene)
    watches = [Watch(all_.enter_context(person(stage, node, "013527", "ytp-desk2", code=False))) for node in nodes]
    for w in watches:
      w.backlog()
    for statement in ("create function liandong.soon() returns trigger language plpgsql as $$ begin new.until := new.since + interval '6 seconds'; return new; end $$",
                      "create trigger soon before insert on record_access for each row execute function liandong.soon()"):
      stage.sql(statement, database=nodes[0].name)  # its four hours
    begun = time.monotonic()
    said = at_once(*(lambda p=p: p.ask("break_glass", incident=no, purpose="risk", reason="楼顶的人是谁") for p in (duty, also)))
    assert refused(said) == ["NO_CHANGE"], said
    assert doors(duty, no) == EVERY_DOOR == doors(also, no)
    for w in watches:
      w.event(IN_TIME)
      assert w.delivery.grant.no == no
    for w in watches:
      assert no not in expect_reset(w)
    took = time.monotonic() - begun
    assert took > 5.9, took
    assert doors(duty, no) == set() == doors(also, no)
