"""Repeated alarms propose a dispute, exactly one; further ones are linked, make its colour graver and open it again; suspected duplicates."""
from desk import phone_index, place_index
from support.runner import case
from test_links import proved

PHONE = "13800000001"


def propose(d):
  """What the server does behind the reports, as its role and for nobody, until there is nothing more; how many incidents it looked at."""
  total = 0
  while looked := turn(d):
    total += looked
  return total


def turn(d):
  d.app.rows("begin")
  looked, _ = d.app.rows("select looked, failed from proposal_catch_up(2000)")[0]
  d.app.rows("commit")
  return int(looked)


def disputes(d):
  return d.sql("select record_no(num), state, warning, source from dispute order by num")


def linked(d, dispute):
  return [row[0] for row in d.sql("select incident_no(incident) from record_link where record_no(dispute) = $1 and undone_at is null order by incident", dispute)]


def days_ago(d, no, days):
  d.sql("update incident set received_at = received_at - make_interval(days => $1) where incident_no(num) = $2", days, no)


@case
def two_make_one(ground):
  with ground.district() as d:
    p = d.desk("p1")
    first = d.report(p, reporter_phone=PHONE)["no"]
    propose(d)
    assert disputes(d) == []
    second = d.report(p, reporter_phone=PHONE)["no"]
    assert propose(d) == 1 and propose(d) == 0
    (dispute, *rest), = disputes(d)
    assert rest == ["1", "2", "11"] and linked(d, dispute) == [first, second]
    assert d.sql("select title, f.office, officer, o.code from feed f join office o on o.id = f.origin where f.kind = 'propose_dispute'") == [("反复报警：纠纷", "p1", "系统", "p1")]
    for desk in (p, d.desk("j1", "head")):
      assert [r["no"] for r in desk.ask("list_disputes", limit=10)] == [dispute]
    assert d.desk("j2", "head").ask("list_disputes", limit=10) == []
    assert d.sql("select rule from alert where about = (select num from dispute)") == [("REPEAT_ALARM",)]
    third = d.report(p, reporter_phone=PHONE)["no"]
    propose(d)
    assert disputes(d) == [(dispute, "1", "3", "11")], "not proposed again, but graver"
    assert linked(d, dispute) == [first, second, third]
    proved(d)


@case.table((name, row) for name, row in {
  "one_within_30_days": ((0, 31), None), "two": ((0, 29), 2), "three": ((0, 5, 9), 3), "five_within_90": ((0, 22, 44, 66, 88), 4), "four_within_90": ((0, 22, 44, 66), 2),
  "five_beyond_90": ((0, 22, 44, 66, 91), 2)}.items())
def thresholds(ground, row):
  ages, colour = row
  with ground.district() as d:
    p = d.desk("p1")
    for age in sorted(ages, reverse=True):
      days_ago(d, d.report(p, place="建设路12号")["no"], age)
    propose(d)
    assert [int(row[2]) for row in disputes(d)] == ([colour] if colour else []), disputes(d)


@case
def not_counted(ground):
  """Other classes, void ones, what is seen by few, other districts; a threat makes two of them red."""
  with ground.district() as d:
    p = d.desk("p1")
    d.report(p, reporter_phone=PHONE, **{"class": 12})
    d.report(p, reporter_phone=PHONE, **{"class": 9})
    d.report(d.desk("p2"), reporter_phone=PHONE)
    d.sql("update incident set state = 7 where incident_no(num) = $1", d.report(p, reporter_phone=PHONE)["no"])
    d.sql("update incident set sensitivity = 2 where incident_no(num) = $1", d.report(p, reporter_phone=PHONE)["no"])
    d.report(p, reporter_phone=PHONE)
    propose(d)
    assert disputes(d) == []
    d.report(p, reporter_phone=PHONE, threats="{2}")
    propose(d)
    assert [row[2] for row in disputes(d)] == ["4"]


@case
def closed_is_opened_again(ground):
  with ground.district() as d:
    p = d.desk("p1")
    for _ in (1, 2):
      d.report(p, reporter_phone=PHONE)
    propose(d)
    d.sql("update dispute set state = 20")
    fourth = d.report(p, reporter_phone=PHONE)["no"]
    propose(d)
    (dispute, state, *_), = disputes(d)
    assert state == "22" and fourth in linked(d, dispute)
    assert d.sql("select new_values[array_position(changed, 'linked')], officer from feed where kind = 'reopen_dispute'") == [(fourth, "系统")]
    d.sql("update dispute set state = 24")  # what people made void stays so
    d.report(p, reporter_phone=PHONE)
    propose(d)
    assert [row[1] for row in disputes(d)] == ["24", "1"]


@case
def a_partys_phone(ground):
  with ground.district() as d:
    p = d.desk("p1")
    dispute = p.ask("open_dispute", type=2, title="邻里漏水")[0]["no"]
    answer = p.ask("add_party", dispute=dispute, role=1, name="张三", phone=PHONE, phone_index=phone_index(PHONE))[0]
    assert answer["outcome"] == "done", answer
    alarm = d.report(p, reporter_phone=PHONE)["no"]
    propose(d)
    assert linked(d, dispute) == [alarm] and len(disputes(d)) == 1
    p.ask("remove_party", dispute=dispute, party=1, reason="不是他")
    d.report(p, reporter_phone="13800000002")
    propose(d)
    assert linked(d, dispute) == [alarm]


@case
def suspected(ground):
  """A dispute of one side and an alarm of the other at one place: both are told once, whichever came first, until they are linked."""
  with ground.district() as d:
    p, j = d.desk("p1"), d.desk("j1", "head")
    here = {"place": "建设路12号", "place_index": place_index("建设路12号")}
    dispute = j.ask("open_dispute", type=2, title="噪音", subtype="NOISE", **here)[0]["no"]
    alarm = d.report(p, place="建设路12号")["no"]
    propose(d)
    told = lambda: d.sql("select no, new_values[1] from feed where kind = 'suspect_duplicate' order by seq")  # noqa: E731
    assert told() == [(dispute, alarm)] and len(disputes(d)) == 1
    assert d.sql("select rule from alert") == [("DUP_SUSPECT",)]
    row, = j.ask("list_suspects", dispute=dispute)
    assert (row["no"], row["reasons"], row["record"], row["minutes"]) == (alarm, [2, 4], 1, 0), row
    assert p.ask("list_suspects", dispute=dispute)[0]["no"] == alarm and d.desk("p2").ask("list_suspects", dispute=dispute)[0]["reason"] == "NOT_FOUND"
    p.ask("link_incident", dispute=dispute, incident=alarm)
    assert j.ask("list_suspects", dispute=dispute) == []
    other = j.ask("open_dispute", type=2, title="噪音", **here)[0]["no"]
    assert told() == [(dispute, alarm), (other, alarm)]
    d.report(p, place="建设路12号")
    propose(d)
    assert len(disputes(d)) == 2, "repeated alarms at the place of an open dispute are its own"


@case
def exactly_once(ground):
  """Two processes at once, one that dies on the way, and a number of them at a time."""
  with ground.district() as d:
    p = d.desk("p1")
    d.group(*[(p, {"class": 6, "content": "争吵", "reporter_phone": f"1380000{n // 2:04}"}) for n in range(60)])
    d.app.rows("begin")
    assert int(d.app.value("select looked from proposal_catch_up(2000)")) == 1, "one at a time"
    assert d.admin.value("select looked from proposal_catch_up(2000)") == "0", "the other one has it"
    d.app.rows("rollback")  # as a process that was killed
    assert disputes(d) == []
    turns = 0
    while turn(d):
      turns += 1
    assert turns == 31 and len(disputes(d)) == 30 and {row[2] for row in disputes(d)} == {"2"}, (turns, len(disputes(d)))
    assert d.sql("select count(*) from record_link") == [("60",)] and d.sql("select intact from feed_verify()") == [("t",)]


@case
def what_fails_is_tried_again(ground):
  """It is told of, keeps nothing else waiting, and comes later."""
  with ground.district() as d:
    p = d.desk("p1")
    d.sql("create function broken() returns trigger language plpgsql as $$ begin raise '坏了'; end $$")
    d.sql("create trigger broken before insert on dispute for each row when (new.place_index is not null) execute function broken()")
    alarms = [d.report(p, place="建设路12号")["no"] for _ in (1, 2)]
    for _ in (1, 2):
      d.report(p, reporter_phone=PHONE)
    told = [row for row in (d.app.rows("select looked, failed from proposal_catch_up(2000)")[0] for _ in range(6)) if row[1]]
    assert told == [("2", f"{alarms[1]}: 坏了")], told
    assert len(disputes(d)) == 1, "the other one"
    assert d.sql("select incident_no(incident), failures, retry_at > now() from proposal_failed") == [(alarms[1], "1", "t")]
    d.sql("update proposal_failed set retry_at = now()")
    turn(d)
    assert d.sql("select failures, retry_at > now() + interval '15 seconds' from proposal_failed") == [("2", "t")]
    d.sql("drop trigger broken on dispute; update proposal_failed set retry_at = now()")
    propose(d)
    assert len(disputes(d)) == 2 and d.sql("select * from proposal_failed") == []
    proved(d)


@case
def a_look_reads_no_whole_table(ground):
  """How much is read of the incidents in order when there is nothing new, and when there is one among many."""
  with ground.district() as d:
    p = d.desk("p1")
    d.group(*((p, {"class": 6, "content": "邻居争吵", "reporter_phone": f"139{n:08}"}) for n in range(300)))
    propose(d)
    d.sql("analyze incident")

    def read():
      for session in (d.app, d.admin):
        session.rows("select pg_stat_force_next_flush()")
        session.rows("select 1")
      return int(d.sql("select seq_tup_read from pg_stat_user_tables where relname = 'incident'")[0][0])
    before = read()
    assert turn(d) == 0 and read() == before
    d.report(p, reporter_phone=PHONE)
    before = read()
    assert turn(d) == 1 and read() == before
