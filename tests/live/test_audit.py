"""Accountability: who read what and who was refused, before they were answered."""
import contextlib

from scene import CLASS, check_status, refusal
from support.runner import case
from support.waiting import until


def told(stage, database=None, after=0):
  return stage.sql("select kind, request, office, officer, no, array_to_string(fields, ' '), reason from audit where seq > $1 order by seq", after, database=database)


def head(stage, database=None):
  return int(stage.sql("select seq from audit_head", database=database)[0][0])


@case
def a_read_is_written_down_before_its_answer(stage):
  no = stage.report(reporter="周某", reporter_phone="13800000000").no
  before = head(stage)
  assert stage.show(no, "yts-head").reporter == "周某"
  assert told(stage, after=before) == [("show_incident", "show_incident", "yts", "周敏", no, "reporter reporter_phone", None)]
  stage.ask("ytp-duty", "correct_incident", incident=no, reporter="周某某", place="东门")
  entries = stage.ask("yts-head", "show_history", incident=no).entries
  assert {e.field for e in entries} >= {"reporter", "place"}, "all rows of the history"
  assert told(stage, after=before + 1) == [("show_history", "show_history", "yts", "周敏", no, "reporter", None)]


@case
def what_was_masked_was_not_told(stage):
  no, before = stage.report(reporter="周某").no, head(stage)
  stage.ask("ytp-duty", "correct_incident", incident=no, reporter="周某某")
  assert "周" not in stage.show(no, "yts-mediator").reporter
  assert all("周" not in e.new_value for e in stage.ask("yts-mediator", "show_history", incident=no).entries)
  assert head(stage) == before


@case
def a_sensitive_record_is_written_down_whatever_it_tells(stage):
  no = stage.report("ytp-chief", **{"class": "INCIDENT_CLASS_TIP"}).no
  before = head(stage)
  stage.show(no, "ytp-chief")
  stage.ask("ytp-chief", "show_history", incident=no)
  assert [row[0] for row in told(stage, after=before)] == ["show_incident", "show_history"]
  assert stage.sql("select distinct level from audit where seq > $1", before) == [("3",)]


@case
def what_is_not_sensitive_leaves_no_trace(stage):
  no, before = stage.report().no, head(stage)
  assert stage.show(no).no == no and stage.ask("ytp-duty", "show_history", incident=no).entries
  assert head(stage) == before


REFUSALS = (("hidden", "xcp-duty", "show_incident", {}, "NOT_FOUND"), ("hidden_history", "xcs-mediator", "show_history", {}, "NOT_FOUND"),
            ("hidden_correction", "xcp-duty", "correct_incident", {"reporter": "李某"}, "NOT_FOUND"),
            ("hidden_change", "xcp-duty", "note_incident", {"note": "x"}, "NOT_FOUND"), ("role", "yts-mediator", "void_incident", {"reason": "x"}, "ROLE_NOT_ALLOWED"),
            ("rule", "ytp-duty", "void_incident", {"reason": "x"}, "ROLE_NOT_ALLOWED"),
            ("administrators_only", "ytp-chief", "show_health", {}, "ADMIN_ONLY"),
            ("no_case_for_the_administrator", "admin", "show_incident", {}, "ROLE_NOT_ALLOWED"))


@case.table(REFUSALS)
def refusals_are_written_down(stage, device, request, fields, reason):
  no = stage.report().no
  before = head(stage)
  if reason == "ROLE_NOT_ALLOWED" and device == "ytp-duty":
    device = "ytp-officer"
  if reason != "ADMIN_ONLY":
    fields = {"incident": no, **fields}
  check_status(refusal(lambda: stage.ask(device, request, **fields)), reason)
  (kind, asked, _office, _officer, which, _fields, why), = told(stage, after=before)
  assert (kind, asked, why) == ("denied", request, reason)
  assert which == no or device in ("yts-mediator", "admin", "ytp-chief"), "which record is known wherever the request was looked at"


@case
def a_refusal_is_written_down_though_nobody_waits(stage):
  before = head(stage)
  peer = stage.peer(stage.a, "admin")
  peer.send("list_incidents")
  peer.send("list_incidents")
  peer.close()
  until(lambda: head(stage) > before, 10, "the entry")


NO_AUDIT = (  # what is done to the table, and undone, how many refusals are written meanwhile
  ("right", "revoke insert on audit from liandong_app", "grant insert on audit to liandong_app", 1),
  ("insert", "create trigger broken before insert on audit for each statement execute function append_only()", "drop trigger broken on audit", 0),
)


@case.table(NO_AUDIT)
def no_entry_no_answer(stage, breaking, mending, refusals):
  """Where the audit can't be written nothing is told, a refusal remains one, and what needs no entry goes on."""
  with stage.alone() as node, contextlib.closing(stage.peer(node)) as p, contextlib.closing(stage.peer(node, "admin")) as admin:
    secret, plain = (p.ask("report_incident", **{"class": CLASS, "content": "邻居争吵", **more}).no for more in ({"reporter": "周某"}, {}))
    p.ask("correct_incident", incident=secret, reporter="周某某")
    stage.sql(breaking, database=node.name)
    for request in ("show_incident", "show_history"):
      reply = p.call(request, incident=secret)
      assert reply.status.reason == "INTERNAL" and reply.WhichOneof("body") is None, reply
    check_status(refusal(lambda: admin.ask("show_incident", incident=secret)), "ROLE_NOT_ALLOWED")
    assert p.ask("show_incident", incident=plain).no == plain
    assert p.ask("note_incident", incident=plain, note="无关").version == 2
    stage.sql(mending, database=node.name)
    assert p.ask("show_incident", incident=secret).reporter == "周某某"
    assert [row[0] for row in told(stage, node.name)] == ["denied"] * refusals + ["show_incident"]
    assert "周某" not in node.log()
