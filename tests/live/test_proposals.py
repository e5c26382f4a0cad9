"""Repeated alarms before the eyes of both offices, by real nodes: how soon, exactly once whoever dies, and names that only those see whom they concern."""
import time

from peer.messages import pb
from scene import CLASS, check_status, refusal
from support.runner import case
from support.waiting import until


def count(stage, kind, database=None):
  return int(stage.sql("select count(*) from feed where kind = $1", kind, database=database)[0][0])


@case
def both_are_told(stage):
  phone = "13911110001"
  with stage.proposing(stage.base), stage.watch("yts-mediator", kinds=["link_incident"]) as judicial, stage.watch("ytp-officer", node=stage.b, kinds=["link_incident"]) as police:
    first = stage.report(reporter_phone=phone)
    began = time.monotonic()
    second = stage.report(reporter_phone=phone)
    for watch in (judicial, police):
      seen = []
      while len(seen) < 4:
        seen.append(watch.event(timeout=5))
      took = time.monotonic() - began
      assert {e.no for e in seen if e.record == pb.RECORD_TYPE_INCIDENT} == {first.no, second.no}
      dispute, = {e.no for e in seen if e.record == pb.RECORD_TYPE_DISPUTE}
      assert {e.officer for e in seen} == {"系统"}
    print(f"repeated alarm to both offices: {took * 1000:.0f} ms", flush=True)
  shown = stage.ask("yts-mediator", "show_dispute", dispute=dispute)
  assert (shown.source, shown.warning, shown.state) == (pb.DISPUTE_SOURCE_REPEAT_ALARM, pb.DISPUTE_WARNING_YELLOW, pb.DISPUTE_STATE_REGISTERED)
  entries = stage.ask("yts-mediator", "show_timeline", dispute=dispute, limit=100).entries
  assert [e.no for e in entries if e.source == pb.TIMELINE_SOURCE_ALARM] == [first.no, second.no]


@case
def exactly_once_whoever_dies(stage):
  """Nodes are killed again and again while alarms repeat: in the end each pair has one dispute, and nothing came twice."""
  name = stage.database()
  stage.sql("update proposal_rule set ended_on = null", database=name)
  nodes = [stage.node(f"{name}{n}", name) for n in "xy"]
  try:
    for node in nodes:
      node.start()
    for turn in range(4):
      pairs = [f"1392222{turn}{n:03}" for n in range(20)]
      peer = stage.peer(nodes[turn % 2], "ytp-duty")
      for phone in pairs * 2:
        peer.ask("report_incident", **{"class": CLASS, "content": "反复争吵", "reporter_phone": phone})
      peer.close()
      nodes[turn % 2].kill()
      nodes[turn % 2].start()
    done = lambda: stage.sql("select done = (select max(num) from incident) from proposal_head", database=name) == [("t",)]  # noqa: E731
    until(done, 60, "all alarms being looked at")
    assert (count(stage, "propose_dispute", name), stage.sql("select count(*) from dispute", database=name)) == (80, [("80",)])
    assert stage.sql("select count(*), count(distinct incident) from record_link", database=name) == [("160", "160")]
    assert stage.sql("select intact, r.broken, r.first_broken from feed_verify() f, records_verify() r", database=name) == [("t", "0", None)]
  finally:
    for node in nodes:
      node.stop()
      stage.nodes.remove(node)


@case
def parties_are_sealed(stage):
  """What is typed comes back to whom it concerns, is nowhere in the database, and finds the person again."""
  dispute = stage.ask("ytp-duty", "open_dispute", type=2, title="邻里漏水").no
  who = {"name": "欧阳晓燕", "phone": "13933330001", "id_no": "43030219800101123x", "domicile": "书院路77号"}
  stage.ask("ytp-duty", "add_party", dispute=dispute, role=1, **who)
  party, = stage.ask("ytp-duty", "list_parties", dispute=dispute).parties
  assert {f: getattr(party, f) for f in who} == who
  theirs, = stage.ask("yts-mediator", "list_parties", dispute=dispute).parties
  assert {getattr(theirs, f) for f in who} == {"〔无权查看〕"}
  stage.ask("ytp-duty", "correct_party", dispute=dispute, party=1, phone="13933330002")
  assert stage.ask("ytp-duty", "list_parties", dispute=dispute).parties[0].phone == "13933330002"
  other = stage.ask("ytp-duty", "open_dispute", type=2, title="噪音").no
  stage.ask("ytp-duty", "add_party", dispute=other, role=2, name="欧阳晓燕", id_no=" 43030219800101123X ")
  assert stage.ask("ytp-duty", "list_parties", dispute=other).parties[0].person == party.person, "however it is spelled"
  hit = stage.ask("ytp-duty", "find_persons", phone="139 3333 0002").persons[0]
  assert (hit.person, hit.name, list(hit.reasons)) == (party.person, "欧阳晓燕", [pb.MATCH_REASON_PHONE])
  shown = stage.ask("yts-head", "reveal_party", dispute=dispute, purpose="handling", case_no="TJ-1").parties[0]
  assert shown.name == "欧阳晓燕" and shown.id_no == who["id_no"]
  whole = str(stage.sql("select to_jsonb(p) from party p")) + str(stage.sql("select convert_from(act, 'LATIN1'), to_jsonb(f) - 'act' from feed f where kind like '%party'"))
  assert not [v for v in who.values() if v in whole or v.encode().decode("latin1") in whole]
  check_status(refusal(lambda: stage.ask("ytp-duty", "add_party", dispute="JF-2026-999999", role=1, name="某")), "NOT_FOUND", "NOT_FOUND", "add_party.dispute")


@case
def merged_before_both(stage):
  """A merge and its taking back, by two offices at two nodes at once: one is done, the other one is told why not."""
  one, two = (stage.ask(device, "open_dispute", type=2, title="宅基地界墙", place="界墙村 7 号").no for device in ("ytp-duty", "yts-head"))
  alone = stage.ask("ytp-duty", "open_dispute", type=2, title="采光", place="别处 8 号").no
  with stage.proposing(stage.base):
    assert "merge_dispute" in stage.ask("ytp-duty", "show_dispute", dispute=one).allowed
    assert "merge_dispute" not in stage.ask("ytp-duty", "show_dispute", dispute=alone).allowed, "nothing it could be merged with"
  stage.ask("ytp-duty", "merge_dispute", dispute=one, into=two, reason="同一面墙")
  check_status(refusal(lambda: stage.ask("yts-head", "merge_dispute", dispute=two, into=one, reason="同一面墙")), "MERGED_ALREADY", "FAILED_PRECONDITION", "merge_dispute.into")
  assert stage.ask("yts-head", "show_dispute", dispute=one).state == pb.DISPUTE_STATE_MERGED
  stage.ask("yts-head", "unmerge_dispute", dispute=one, reason="两面墙")
  assert stage.ask("ytp-duty", "show_dispute", dispute=one).state == pb.DISPUTE_STATE_REGISTERED


@case
def a_failure_is_logged_and_tried_again(stage):
  with stage.alone() as node, stage.proposing(node.name):
    stage.sql("create function broken() returns trigger language plpgsql as $$ begin raise 'broken on purpose'; end $$; "
              "create trigger broken before insert on dispute for each row execute function broken()", database=node.name)
    with stage.peer(node, "ytp-duty") as peer:
      for _ in (1, 2):
        peer.ask("report_incident", **{"class": CLASS, "content": "反复争吵", "reporter_phone": "13944440001"})
    until(lambda: "proposals.failed" in node.output() and "broken on purpose" in node.output(), 60, "a line in the log")
    assert count(stage, "propose_dispute", node.name) == 0
    stage.sql("drop trigger broken on dispute; update proposal_failed set retry_at = now()", database=node.name)
    until(lambda: count(stage, "propose_dispute", node.name) == 1 and not stage.sql("select * from proposal_failed", database=node.name), 60, "the dispute")
