"""Somebody with a login who turns what two offices do together to another use: hands on what he was only shown, gets rid of the second head, learns
from a copy what the record itself no longer tells him, stands in others' way."""
from clock_desk import look
from support.runner import case
from test_alerts import raised
from test_attachments import CHUNK, begin, put
from test_glass import ask, person
from test_links import reason
from test_persons import add, persons
from test_transfers import opened, sees, sent, turn

TO_READ, TO_HELP, TO_LEAD = 1, 2, 3


def level(d, no, n):
  d.sql("update any_record set sensitivity = $1 where record_no(num) = $2", n, no)


def seen_by_name(d, no, account):
  d.sql("insert into record_access(record, account, since, until, granted_by, reason) select id, $1, '2020-01-01', now() + interval '1 hour', 'x', 'x' from any_record"
        " where record_no(num) = $2", account, no)


@case
def what_was_shown_is_not_handed_on(ground):
  """What is open to a person by name for some hours is not opened by a transfer for ever; what is open to an office to read, neither."""
  with ground.district() as d:
    p = d.desk("p1", "chief")
    mediator = person(d, "044021", "j1", 4)
    for no in (opened(p), d.report(p)["no"]):
      level(d, no, 2)
      seen_by_name(d, no, mediator)
      one = ask(d, "j1", 4, mediator, "send_transfer", about=no, to_office="j2", reason="x")[0]
      assert (one["reason"], one["field"]) == ("NOT_YOURS", "about"), one
      assert not sees(d.desk("j2", "head"), no)
      sent(p, no)
      assert reason(d.desk("j2", "head"), "send_transfer", about=no, to_office="j3", reason="x") == ("NOT_YOURS", "about")
    no = opened(p)
    sent(p, no, to_office="j2", mode=TO_HELP)
    assert reason(d.desk("j2", "mediator"), "send_transfer", about=no, to_office="j3", reason="x") == ("NOT_YOURS", "about"), "not before it was accepted"


@case
def reading_is_no_acting(ground):
  """An office that was shown a dispute to decide whether it takes it: attaches nothing, drops no upload, merges nothing into it, joins none of its
  persons, reads no private note."""
  with ground.district() as d:
    p, own, reader, mediator = d.desk("p1", "chief"), d.desk("j1", "head"), d.desk("j2", "head"), d.desk("j2", "mediator")
    shown, other, theirs = opened(p), opened(p), opened(reader)
    add(p, shown, name="张三")
    add(p, other, name="李四")
    (one,), (two,) = persons(p, shown), persons(p, other)
    assert own.ask("assess_dispute", dispute=shown, warning=2)[0]["outcome"] == "done"
    assert own.ask("accept_dispute", dispute=shown, consent="双方同意")[0]["outcome"] == "done"
    assert own.ask("hold_session", dispute=shown, session_mode=1, note_private="私下说的")[0]["outcome"] == "done"
    for no in (shown, other):
      sent(own, no)
    upload = begin(p, shown)["attachment"]
    put(p, upload, 0)
    before = d.sql("select max(seq) from feed")
    assert begin(reader, shown, "z")["reason"] == "NOT_YOURS" == put(reader, upload, CHUNK)["reason"] == put(reader, upload, CHUNK, "other")["reason"]
    assert put(p, upload, CHUNK)["offset"] == 2 * CHUNK, "the upload is there as it was"
    assert reason(reader, "merge_dispute", dispute=theirs, into=shown, reason="x") == ("NOT_YOURS", "into")
    assert reason(reader, "merge_person", person=one, into=two, reason="x") == ("NOT_YOURS", "person")
    assert reason(reader, "unmerge_person", person=one, reason="x")[0] == "NO_SUCH_PERSON"
    for desk in (reader, mediator):
      row = desk.ask("show_session", dispute=shown, round=1)[0]
      assert (row["reason"], row["note_private"]) == ("NOT_YOURS", None), row
    assert own.ask("show_session", dispute=shown, round=1)[0]["note_private"] == "私下说的"
    assert d.sql("select max(seq) from feed") == before


@case
def parted_whole(ground):
  """Persons that are parted are parted in every dispute in which they were joined, also in one that the parting officer no longer sees."""
  with ground.district() as d:
    p = d.desk("p1", "chief")
    a, b, c = (opened(p) for _ in range(3))
    for no, name in ((a, "张三"), (b, "张三"), (c, "李四")):
      add(p, no, name=name, phone="13800000001" if name == "张三" else None)
    (one,), (two,) = persons(p, a), persons(p, c)
    assert persons(p, b) == [one] and p.ask("merge_person", person=one, into=two, reason="x")[0]["outcome"] == "done"
    level(d, b, 4)
    assert p.ask("unmerge_person", person=one, reason="x")[0]["outcome"] == "done"
    assert d.sql("select distinct person_no(person) from party where dispute <> (select num from dispute where record_no(num) = $1)", c) == [(one,)]
    assert d.sql("select no, kind from feed where kind = 'unmerge_person' order by seq") == [(a, "unmerge_person"), (b, "unmerge_person")]


@case
def the_second_head_is_not_merged_away(ground):
  """What takes the heads of both sides goes into nothing that takes one; the other way round it may, so one way is always open."""
  with ground.district() as d:
    p, j = d.desk("p1", "chief"), d.desk("j1", "head")
    cells = {(4, False): 3, (3, False): 2, (2, True): 2, (2, False): 1}  # (colour, joint) -> how much it takes
    for (colour, joint), mine in cells.items():
      for (other, together), theirs in cells.items():
        one, two = opened(p), opened(j)
        for no, warning, both in ((one, colour, joint), (two, other, together)):
          d.sql("update dispute set warning = $1, joint_required = $2 where record_no(num) = $3", warning, both, no)
        got = p.ask("merge_dispute", dispute=one, into=two, reason="x")[0]
        assert (got["reason"] or got["outcome"]) == ("done" if mine <= theirs else "GRAVER_STAYS"), (colour, joint, other, together, got)
        assert got["field"] == (None if mine <= theirs else "into")


@case
def what_was_not_his_to_give(ground):
  """A dispute that got a lead after it was handed on is taken from nobody; and to a partner, who could take it no further, none is handed to lead."""
  with ground.district() as d:
    p, own, j = d.desk("p1", "chief"), d.desk("j1", "head"), d.desk("j2", "head")
    no = opened(p)
    transfer = sent(p, no, mode=TO_LEAD)
    assert own.ask("assess_dispute", dispute=no, warning=2)[0]["outcome"] == "done"
    assert own.ask("accept_dispute", dispute=no, consent="双方同意")[0]["outcome"] == "done"
    assert turn(j, "sign_transfer", transfer) == ("done", 3)
    assert turn(j, "accept_transfer", transfer)[0] == "LEAD_CHANGED"
    assert own.ask("show_dispute", dispute=no)[0]["lead_office"] == "j1"
    assert turn(j, "return_transfer", transfer, reason="已由他所主办") == ("done", 5)
    d.sql("insert into office(code, name, system, kind, partner_kind) values ('x1', '东门社区', 3, 'partner', (select code from partner_kind limit 1))")
    assert reason(own, "send_transfer", about=no, to_office="x1", mode=TO_LEAD, reason="x") == ("UNKNOWN_VALUE", "to_office")
    assert own.ask("send_transfer", about=no, to_office="x1", mode=TO_HELP, reason="x")[0]["outcome"] == "done"


@case
def a_copy_is_as_special(ground):
  """What an alert, a transfer or a task says of a record is as special as the record: when it is made, and when the record becomes so later."""
  with ground.district() as d:
    p, head, mediator = d.desk("p1", "chief"), d.desk("j1", "head"), d.desk("j1", "mediator")
    special, sealed = d.report(p, place="建设路12号")["no"], d.report(p)["no"]
    level(d, special, 3)
    level(d, sealed, 4)
    seen_by_name(d, sealed, account := person(d, "s0001", "p1", 3))
    alert = raised(p, about=special)
    assert mediator.ask("show_alert", alert=alert)[0]["reason"] == "NOT_FOUND" and head.ask("show_alert", alert=alert)[0]["about"] == special
    told = ask(d, "p1", 3, account, "raise_alert", kind=3, title="扬言放火", about=sealed)[0]
    assert (told["reason"], told["field"]) == ("ROLE_NOT_ALLOWED", "about"), told
    # later
    no = opened(p)
    copies = [sent(p, no), p.ask("add_task", about=no, to_office="j2", title="上门走访")[0]["no"], raised(p, about=no)]
    copies.append(p.ask("add_task", about=copies[2], to_office="j1", title="在场劝说")[0]["no"])
    version = p.ask("show_dispute", dispute=no)[0]["version"]
    graded = ask(d, "p1", 3, account, "grade_incident", record=2, incident=no, base_version=version, sensitivity=3, reason="涉未成年人")[0]
    assert graded["outcome"] == "done", graded
    assert d.sql("select record_no(num), sensitivity from any_record where record_no(num) = any ($1) order by 1", "{" + ",".join(copies) + "}") == \
      [(copy, "3") for copy in sorted(copies)]
    assert d.sql("select no, old_values, new_values from feed where kind = 'grade_incident' and no <> $1 order by no", no) == [(copy, "{1}", "{3}") for copy in sorted(copies)]
    assert mediator.ask("list_alerts", limit=50) == [] == mediator.ask("list_tasks", limit=50)
    assert not [row for row in mediator.ask("list_journal", limit=500) if row["cite"] and row["cite"].split("/")[0] in (no, *copies)]
    assert ask(d, "p1", 3, account, "grade_incident", record=2, incident=no, base_version=version + 1, sensitivity=4, reason="x")[0]["outcome"] == "done"
    assert head.ask("list_alerts", limit=50) == [r for r in head.ask("list_alerts", limit=50) if r["no"] == alert], "not the one about the sealed record"
    assert {r["no"] for r in ask(d, "p1", 3, account, "list_tasks", limit=50)} == {copies[1], copies[3]}, "whoever sealed it is the first of those named"
    look(d)
    assert d.sql("select intact from feed_verify()") == [("t",)] and d.sql("select records_verify()")


@case
def an_upload_stands_in_nobodys_way(ground):
  """One that was announced with a wrong size hinders no right one; those that nobody went on with fill no record."""
  with ground.district() as d:
    p, j = d.desk("p1", "chief"), d.desk("j1", "head")
    no = opened(p)
    wrong = begin(p, no, size=77)
    right = begin(j, no)
    assert right["outcome"] == "done" and right["attachment"] != wrong["attachment"], right
    assert begin(p, no)["attachment"] == right["attachment"], "the same again is the same"
    for n in range(9):
      assert begin(j, no, f"big {n}", size=20 << 20)["outcome"] == "done"
    assert begin(p, no, "photo", size=20 << 20)["reason"] == "RECORD_FULL"
    d.sql("update attachment set touched_at = touched_at - interval '25 hours'")
    assert begin(p, no, "photo", size=20 << 20)["outcome"] == "done"
    assert d.sql("select count(*) from attachment") == [("1",)]


@case
def a_dispute_without_its_type(ground):
  """Past the client, which asks for it: said, and nothing breaks."""
  with ground.district() as d:
    answer = d.desk("p1").ask("open_dispute", title="邻里漏水")[0]
    assert (answer["outcome"], answer["reason"], answer["field"]) == ("refused", "REQUIRED", "type"), answer


@case
def a_helper_is_not_the_second_head(ground):
  """Another pair's offices that handle a dispute together with its own say neither side's word: not the first, not the second."""
  with ground.district() as d:
    p, j = d.desk("p1", "chief"), d.desk("j1", "head")
    no = opened(p)
    for office, role in (("j2", "head"), ("p2", "chief")):
      transfer = sent(p, no, office, mode=2)
      assert turn(d.desk(office, role), "sign_transfer", transfer)[0] == turn(d.desk(office, role), "accept_transfer", transfer)[0] == "done"
    d.sql("update dispute set state = 19, warning = 4, lead_office = $1", d.ids["j1"])
    d.sql("insert into visit(id, num, seq, visited_at, office, officer, entered_at) select gen_random_uuid(), num, 1, now(), origin, '某', now() from dispute")
    said = lambda office, role, verb, **fields: (lambda r: r["reason"] or r["outcome"])(d.desk(office, role).ask(verb, dispute=no, **fields)[0])  # noqa: E731
    for office, role in (("j2", "head"), ("p2", "chief")):
      assert said(office, role, "close_dispute") == "NOT_YOURS" == said(office, role, "lower_dispute", warning=2, reason="已平息"), office
    assert said("p1", "chief", "lower_dispute", warning=2, reason="已平息") == "done" and said("j2", "head", "lower_dispute", warning=2, reason="已平息") == "NOT_YOURS"
    assert said("p1", "chief", "close_dispute") == "done" and said("j2", "head", "close_dispute") == "NOT_YOURS"
    assert said("j1", "head", "close_dispute") == "done" and d.sql("select state from dispute") == [("20",)]
