"""Records opened to an office, whoever entered them: to whom they show, how far, until when, and what the feed tells of it."""
from support.runner import case
from desk import request_id
from test_matrix import ROLES, peek

CAUSE = 30000000000001 + 2026 * 10**9


def made(d):
  """An incident and a dispute of p2, which neither p1 nor j1 is told of."""
  return d.report(d.desk("p2"), reporter="张三", reporter_phone="13800000001")["no"], d.desk("p2", "chief").ask("open_dispute", type=2, title="邻里漏水")[0]["no"]


def turn(d, what, no, office, *more):
  """Carries record_open or record_shut out, as a transfer does."""
  d.admin.rows("begin; set local search_path = liandong, pg_catalog; select seq from feed_head for update")
  d.admin.rows("select set_config('liandong.office', $1, true), set_config('liandong.device', '1', true), set_config('liandong.officer', '某', true),"
               " set_config('liandong.role', '3', true)", d.ids["p2"])
  args = {"record_open": "1::int2, $3::int8, clock_timestamp(), 'infinity', $4::uuid, '移送'", "record_shut": "$3::int8, clock_timestamp(), $4::uuid, '退回'"}[what]
  d.admin.rows(f"select {what}((select num from any_record where record_no(num) = $1), (select id from office where code = $2), {args})", no, office, CAUSE, request_id())
  d.admin.rows("commit")


def shown(d, office, role, no):
  pages = [{r["no"] for r in peek(d, office, ROLES[role], page, after=0, until=10**6, limit=500) if r["at"]} for page in ("_feed_page", "_feed_stretch")]
  assert pages[0] - {None} == pages[1], "the ways of a watch disagree"
  return no in pages[0]


@case
def comes_and_goes(ground):
  with ground.district() as d:
    for no in made(d):
      assert not shown(d, "j1", "head", no)
      turn(d, "record_open", no, "j1")
      assert shown(d, "j1", "head", no) and shown(d, "j1", "mediator", no)
      assert not shown(d, "j1", "viewer", no) and not shown(d, "j1", "admin", no), "these roles have no rule of that kind"
      assert not shown(d, "p1", "chief", no), "what is open to one office is not open to the one paired with it"
      turn(d, "record_shut", no, "j1")
      assert not shown(d, "j1", "head", no)
      told = [(r["kind"], r["subject"]) for r in peek(d, "j1", 5, "_feed_page", after=0, until=10**6, limit=500) if r["kind"] and not r["at"] and r["no"] == no]
      assert told == [("grant_access", -int(d.ids["j1"])), ("withdraw_access", -int(d.ids["j1"]))], f"what a retract is made of: {told}"
      both = d.sql("select kind, $1::int4 = any (audience) from feed where no = $2 and kind like '%access' order by seq", d.ids["j1"], no)
      assert both == [("grant_access", "t"), ("withdraw_access", "t")], both
    assert d.desk("p2").ask("verify_feed")[0]["intact"]


@case
def only_for_reading(ground):
  """Until it was opened to act as well; and its reporter stays hidden below the level that the role sees of such records."""
  with ground.district() as d:
    incident, dispute = made(d)
    for no in (incident, dispute):
      turn(d, "record_open", no, "p1")
    note = lambda: (d.desk("p1").ask("note_incident", incident=incident, note="到场")[0]["reason"],  # noqa: E731
                    d.desk("p1").ask("note_dispute", dispute=dispute, note="到场")[0]["reason"])
    assert note() == ("NOT_YOURS", "NOT_YOURS")
    d.sql("update record_office set mode = 2")
    assert note() == (None, None)
    for no in (incident, dispute):
      assert d.desk("p1", "chief").ask("grade_incident", incident=no, sensitivity=2, reason="x")[0]["reason"] == "NOT_YOURS", "who sees it is for its own office to say"
    told = lambda role: peek(d, "p1", ROLES[role], "reveal_incident", incident=incident, purpose="handling", case_no="TJ-1")[0]["reporter"]  # noqa: E731
    assert (told("officer"), told("duty")) == (None, "张三")
    note = d.sql("select audience from feed where no = $1 order by seq desc limit 1", dispute)[0][0]
    assert d.ids["p1"] in note.strip("{}").split(","), "it hears of what it wrote itself"


@case
def until_its_time(ground):
  """A time that ends by itself tells nobody; the veil of that office's watchers changes instead."""
  with ground.district() as d:
    no = made(d)[0]
    turn(d, "record_open", no, "j1")
    lapsed = lambda: d.app.rows("select account, count(*) from record_lapsed group by account")  # noqa: E731
    assert lapsed() == []
    d.sql("update record_office set since = now() - interval '1 minute', until = now() - interval '1 second'")
    assert not shown(d, "j1", "head", no) and lapsed() == [(str(-int(d.ids["j1"])), "1")]


@case
def explained(ground):
  with ground.district() as d:
    for no in made(d):
      ask = lambda: [(r["relation"], r["visible"]) for r in peek(d, "pb", 7, "explain_rights", incident=no, office="j1", role=5)]  # noqa: E731,B023
      assert ask() == [("NONE", False)]
      turn(d, "record_open", no, "j1")
      assert sorted(ask()) == [("GIVEN", True), ("NONE", False)]


@case
def by_name_and_to_the_office(ground):
  """Each event comes once, and taking the access back is explained by what was told."""
  with ground.district() as d:
    chief, account = d.desk("p2", "chief"), d.sql("insert into account(code, name) values ('j1head', '某') returning id")[0][0]
    _, no = made(d)
    turn(d, "record_open", no, "j1")
    assert chief.ask("grant_access", record=0, incident=no, account="j1head", until="2099-01-01T00:00:00Z", reason="协助")[0]["outcome"] == "done"
    seqs = lambda: [r["seq"] for r in d.desk("j1", "head", account=account).ask("_feed_page", after=0, until=10**6, limit=500) if r["no"] == no]  # noqa: E731
    assert seqs() == sorted(set(seqs())) and len(seqs()) == 3, seqs()
    assert chief.ask("withdraw_access", record=0, incident=no, account="j1head", reason="已办完")[0]["outcome"] == "done"
    assert d.sql("select access_fault()") == [(None,)]


@case
def what_was_special_from_the_start(ground):
  """A tip that changed since is as special as its class: nobody is told that somebody wrote into it."""
  with ground.district() as d:
    no = d.group((d.desk("p1"), {"class": 9, "content": "邻居争吵"}, request_id(), "\x10\x09b\x0c邻居争吵"))[0]["no"]
    assert d.desk("p1", "chief").ask("note_incident", incident=no, note="核实")[0]["outcome"] == "done"
    assert d.sql("select broken, first_broken from records_verify()") == [("0", None)]
