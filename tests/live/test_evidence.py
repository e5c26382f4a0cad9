"""What stands in the tables against what the chained history says: a superuser who edits only what stands is found, and nothing else is."""
import functools
import time

from scene import CLASS, check_status, refusal
from support.runner import case
from support.waiting import until
from test_audit import liandong
from test_glass import closed_record, dispatched
from test_privacy import person

WHOLE = {"class": CLASS, "content": "酒后在楼下叫骂", "source": 2, "level": 2, "external_no": "43030420260001", "occurred_at": 1700000000123, "received_at": 1700000100456,
         "place": "建设南路十二号", "longitude": -112.5, "latitude": 27.123456789, "reporter": "周某", "reporter_phone": "13800000000", "threats": [1, 2],
         "mass_count": 12}


def verdict(stage, node):
  peer = stage.peer(node, "auditor", timeout=60)
  try:
    return peer.ask("verify_audit")
  finally:
    peer.close()


def live(stage, node):
  """Records: one with all that a report may say and all that may happen to it, one as bare as can be, one that was opened on the scene of another;
  what a second person agreed to, and what waits for one. All of them searchable."""
  p, chief = stage.peer(node), stage.peer(node, "ytp-chief")
  no = p.ask("report_incident", **WHOLE).no
  for name, fields in (("dispatch_incident", {"dispatched_to": "一组"}), ("arrive_incident", {}), ("handle_incident", {}), ("note_incident", {"note": "已谈话"}),
                       ("feedback_incident", {"result": "已劝离"}), ("close_incident", {"result": "和解"}), ("reopen_incident", {"reason": "再报"}),
                       ("correct_incident", {"place": "", "longitude": 1.5, "reporter_phone": "13900000000", "content": "酒后在楼下叫骂、砸门"})):
    chief.ask(name, incident=no, **fields)
  version = chief.ask("show_incident", incident=no).version
  chief.ask("grade_incident", incident=no, base_version=version, sensitivity=2, reason="涉及隐私")
  chief.ask("grant_access", incident=no, base_version=version + 1, account="s0001", until=int(time.time() * 1000) + 3600000, reason="协同处置")
  bare = p.ask("report_incident", **{"class": CLASS, "content": "邻居争吵"}).no
  chief.ask("dispatch_incident", incident=bare, dispatched_to="二组")
  closed, scene = closed_record(stage, node, "yts-head"), dispatched(stage, node)
  with person(stage, node, "013527", "ytp-desk") as duty:
    duty.ask("arrive_incident", incident=scene)
    for _ in range(2):  # opened, closed by her own hand, opened again, and judged
      opened = duty.ask("break_glass", incident=closed, purpose="risk", reason="楼顶的人有无前科")
      duty.ask("withdraw_access", incident=closed, account="013527", reason="用完")
  lower = {"incident": scene, "level": "INCIDENT_LEVEL_GENERAL"}
  check_status(refusal(lambda: p.ask("correct_incident", **lower)), "APPROVAL_NEEDED")
  with stage.peer(node, "yts-head") as head:
    head.ask("decide_review", review=opened.review, justified=True, reason="确有必要")
    head.ask("decide_approval", approval=head.ask("list_approvals", open=True).approvals[0].approval, agreed=True)
  p.ask("correct_incident", **lower)
  check_status(refusal(lambda: chief.ask("void_incident", incident=bare, reason="误报")), "APPROVAL_NEEDED")
  until(lambda: stage.sql("select done = (select max(num) from incident) from search_head", database=node.name) == [("t",)], 60, "the search index")
  p.close()
  chief.close()


@case
def nothing_is_found_where_nothing_was_edited(stage):
  with stage.alone() as node:
    live(stage, node)
    said = verdict(stage, node)
    assert said.intact and said.records_checked == 5 and said.records_broken == 0 and not said.HasField("record_broken"), said


@case
def nor_in_what_the_other_tests_did(stage):
  stage.report()
  said = verdict(stage, stage.a)
  assert said.records_checked >= 1 and said.records_broken == 0, said


FIRST = "(select min(num) from incident)"
EDITS = (  # what a superuser does, and what is said of it
  ("content", f"update incident set content = '邻里小事' where num = {FIRST}", "content"),
  ("place", "update incident set place = '别处' where place is null", "place"),
  ("emptied", f"update incident set external_no = null where num = {FIRST}", "external_no"),
  ("sealed", "update incident set reporter = (select reporter_phone from incident where reporter_phone is not null) where reporter is not null", "reporter"),
  ("unsealed", "update incident set reporter_phone = '13700000000' where reporter_phone is not null", "reporter_phone"),
  ("level", f"update incident set level = 3 where num = {FIRST}", "level"),
  ("state", "update incident set state = 6 where state = 2", "state"),
  ("sensitivity", f"update incident set sensitivity = 1 where num = {FIRST}", "sensitivity"),
  ("longitude", "update incident set longitude = 2 where longitude is not null", "longitude"),
  ("latitude", "update incident set latitude = 2 where latitude is not null", "latitude"),
  ("received", f"update incident set received_at = received_at - interval '1 day' where num = {FIRST}", "received_at"),
  ("occurred", f"update incident set occurred_at = received_at where num = {FIRST}", "occurred_at"),
  ("threats", f"update incident set threats = '{{1}}' where num = {FIRST}", "threats"),
  ("office", f"update incident set origin = origin + 1 where num = {FIRST}", "id"),
  ("writer", f"update incident set created_by = '别人' where num = {FIRST}", "created"),
  ("result", f"update incident set result = '已撤回' where num = {FIRST}", "result"),
  ("went_back", f"update incident set events = events[:1], version = 1, state = 1 where num = {FIRST}", "events"),
  ("history", f"update incident set events[3] = events[2] where num = {FIRST}", "events"),
  ("editor", f"update incident set updated_by = '别人' where num = {FIRST}", "updated"),
  ("edited", f"update incident set updated_at = updated_at + interval '1 hour' where num = {FIRST}", "updated"),
  ("unfindable", f"delete from incident_search where num = {FIRST}", "search"),
  ("other_words", f"update incident_search set words = '无' where num = {FIRST}", "search"),
  ("other_level", f"update incident_search set sensitivity = 4 where num = {FIRST}", "search"),
  ("elsewhere", "update incident_search set place_pairs = '{1,2}' where place_pairs is null", "search"),
  ("never_indexed", "update search_head set done = done + 1000", "search"),
  ("own_word", "update approval set agreed = true, decided_by = '陈某 s0001', decided_at = now()", "approval"),
  ("unasked", "delete from approval; insert into approval(kind, record, no, subject, account, device, officer, office, asked_at, until, agreed, decided_by, used_at)"
              " select 'void_incident', id, incident_no(num), '误报', 1, 1, '某', 1, now(), now(), true, '某', now() from incident", "approval"),
  ("asked_by_another", "update approval set agreed = true, officer = '别人' where agreed", "approval"),
  ("word_gone", "delete from approval where agreed", "approval"),
  ("needed_after_all", "update glass_review set justified = true, decided_by = '某', decided_at = now(), remark = '必要'", "review"),
  ("no_review", "delete from glass_review", "review"),
  ("other_reason", "update glass_review set reason = '公务'", "review"),
  ("removed", f"delete from incident where num = {FIRST}", "MISSING"),
  ("invented", f"insert into incident select (jsonb_populate_record(i, jsonb_build_object('num', num + 500, 'id', gen_random_uuid()))).* from incident i where num = {FIRST}", "INVENTED"),
  ("access", "insert into record_access select i.id, a.id, now(), now() + interval '1 day', '某', '某' from incident i, account a where a.code = '013527' limit 1", "access"),
  ("kept_on", "insert into record_access select i.id, a.id, i.created_at, now() + interval '30 days', '某', '登记人' from incident i, account a where a.code = '013527' limit 1", "access"),
  ("of_another", "insert into record_access select i.id, a.id, i.created_at, i.created_at + interval '7 days', '某', '登记人' from incident i, account a where a.code = '013527' limit 1", "access"),
  ("as_graded", "insert into record_access select f.entity, a.id, f.at, '9999-01-01', '某', '某' from feed f, account a where f.kind = 'grade_incident' and a.code = '013527'", "access"),
  ("withheld", "delete from record_access", "access"),
  ("shorter", "update record_access set until = since", "access"),
  ("longer", "update record_access set until = until + interval '1 day'", "access"),
)


@functools.cache
def lived(stage):
  """Database in which all that has happened, and nobody serves from it any more."""
  with stage.alone() as node:
    live(stage, node)
  return node.name


@case.table(EDITS)
def an_edit_of_what_stands_is_found(stage, statement, field):
  """Told by number and field."""
  name = lived(stage) + "-edited"
  stage.cluster.copy(name, lived(stage))
  with stage.cluster.session(name) as s:
    s.rows("set search_path = liandong; set session_replication_role = replica")
    s.rows(statement)
    (broken, first), = s.rows("select broken, first_broken from records_verify()")
    assert int(broken) >= 1 and first.startswith("JQ-") and first.endswith(" " + field), (broken, first)
    assert s.rows("select f.intact, a.intact from feed_verify() f, audit_verify() a") == [("t", "t")], "the chains are whole"
  with stage.cluster.session() as s:
    s.rows(f'drop database "{name}"')


@case
def the_auditor_is_told(stage):
  """By the server: which record and field (and that search finds it by other words), and no value, for whoever looks after the audit sees no case."""
  with stage.alone() as node:
    live(stage, node)
    with stage.cluster.session(node.name) as s:
      s.rows("set search_path = liandong; set session_replication_role = replica")
      s.rows(f"update incident set content = '邻里小事' where num = {FIRST}")
    said = verdict(stage, node)
    assert not said.intact and said.records_broken == 2 and said.record_broken.startswith("JQ-") and said.record_broken.endswith(" content"), said
    assert not said.HasField("feed_broken") and not said.HasField("audit_broken"), "the chains are whole"


@case
def a_long_look_is_waited_for(stage):
  """Longer than any other answer: a city's records take minutes."""
  with stage.alone() as node:
    stage.sql("alter function records_verify() rename to records_verify_at_once", database=node.name)
    stage.sql("create function records_verify(out checked int8, out broken int8, out first_broken text) stable language plpgsql as $$"
              " begin perform pg_sleep(11); checked := 7; broken := 0; end $$", database=node.name)
    assert "7" in liandong(stage, node, "auditor", "audit", "verify")
