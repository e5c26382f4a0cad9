"""Tasks: of an office, of a partner who has no login, of a person; what the asked office sees, and what not."""
from clock_desk import look, pass_time
from support.runner import case
from desk import request_id


def added(desk, **fields):
  answer = desk.ask("add_task", **{"title": "上门走访两户", **fields})[0]
  assert answer["outcome"] == "done", answer
  return answer["no"]


def turn(desk, name, no, **fields):
  answer = desk.ask(name, task=no, **fields)[0]
  return (answer["reason"], answer["field"]) if answer["reason"] else (answer["outcome"], answer["state"])


def nos(desk, **fields):
  return [r["no"] for r in desk.ask("list_tasks", limit=50, **fields)]


@case
def asked_and_done(ground):
  """The asked office sees the task and not what it is about; a third sees nothing; whoever asked looks at what was done."""
  with ground.district() as d:
    p, j, third = d.desk("p1"), d.desk("j2", "head"), d.desk("p2", "chief")
    about = p.ask("open_dispute", type=2, title="邻里漏水")[0]["no"]
    no = added(p, to_office="j2", about=about)
    assert no == "RW-2026-000001"
    assert j.ask("show_task", task=no)[0]["about"] == about and j.ask("show_dispute", dispute=about)[0]["reason"] == "NOT_FOUND"
    assert third.ask("show_task", task=no)[0]["reason"] == "NOT_FOUND" == turn(third, "accept_task", no)[0] and nos(third) == []
    told = d.sql("select array(select o.code from office o where o.id = any (feed.audience) order by o.code) from feed where no = $1", no)
    assert told == [("{j1,j2,jb,p1,pb}",)], told
    assert turn(p, "accept_task", no) == ("NOT_YOURS", None), "it was not asked of us"
    assert turn(j, "accept_task", no) == ("done", 2)
    assert turn(j, "finish_task", no) == ("REQUIRED", "result")
    assert turn(j, "finish_task", no, result="双方在家，情绪平稳") == ("done", 3)
    assert turn(j, "recheck_task", no)[0] == "NOT_YOURS" and turn(p, "recheck_task", no, redo=True) == ("REASON_REQUIRED", "reason")
    assert turn(p, "recheck_task", no, redo=True, reason="第二户未见到人") == ("done", 2)
    assert p.ask("show_task", task=no)[0]["done_at"] is None
    assert turn(j, "finish_task", no, result="第二户已走访") == ("done", 3) and turn(p, "recheck_task", no) == ("done", 6)
    row = p.ask("show_task", task=no)[0]
    assert (row["result"], row["rechecked_by"]) == ("第二户已走访", "p1-duty") and row["done_at"] and row["rechecked_at"], row
    assert d.sql("select intact from feed_verify()") == [("t",)]


@case
def for_a_partner(ground):
  """Who has no login is answered for by whoever sees the task, with his name; a task of an office is not answered by another."""
  with ground.district() as d:
    d.sql("insert into office(code, name, system, kind) values ('community', '建设社区', 3, 'partner')")
    p, j = d.desk("p1"), d.desk("j1", "mediator")
    first, second, own = (added(p, to_office=o) for o in ("community", "community", "j2"))
    assert turn(j, "accept_task", first) == ("REQUIRED", "answered_by")
    assert turn(j, "accept_task", first, answered_by="社区赵某") == ("done", 2)
    assert turn(p, "finish_task", first, result="已走访") == ("done", 3), "who answers is known from before"
    assert turn(p, "decline_task", second, answered_by="社区赵某") == ("REASON_REQUIRED", "reason")
    assert turn(p, "decline_task", second, answered_by="社区赵某", reason="不属本社区") == ("done", 4)
    assert turn(j, "finish_task", own, result="x", answered_by="x") == ("NOT_YOURS", None)
    assert [r["by_proxy"] for r in p.ask("list_tasks", limit=9)] == [False, True, True]


@case
def lists(ground):
  with ground.district() as d:
    p = d.desk("p1")
    d.sql("insert into account(code, name) values ('013527', '张建国'), ('013528', '李某')")
    about = d.report(p)["no"]
    late, other, mine = added(p, due_at="2100-01-01Z", about=about), added(p, to_account="013528"), added(p, to_account="013527")
    sent = added(p, to_office="j1", due_at="2100-01-01Z")
    d.sql("update task set due_at = now() - interval '1 minute' where record_no(num) = any ($1)", "{" + late + "," + sent + "}")
    assert nos(p) == [sent, mine, other, late] and nos(p, mine=True) == [mine, other, late], "nobody is logged in: all of the office's"
    assert nos(p, overdue=True) == [sent, late] and nos(p, about=about) == [late]
    assert [r["overdue"] for r in p.ask("list_tasks", limit=9)] == [True, False, False, True]
    assert turn(p, "finish_task", late, result="x") == ("done", 3) and nos(p, overdue=True) == [sent] and nos(p, open=True) == [sent, mine, other]
    assert turn(p, "cancel_task", mine, reason="重复") == ("done", 5) and nos(p, states=[3, 5]) == [mine, late]
    assert nos(d.desk("j1", "head"), mine=True) == [sent]
    page = p.ask("list_tasks", limit=3)
    assert [r["no"] for r in p.ask("list_tasks", limit=3, page=page[0]["next"])] == [late]
    d.app.rows("begin")
    d.app.rows("select set_config('liandong.office', $1, true), set_config('liandong.role', '2', true), set_config('liandong.account', id::text, true)"
               " from (select $2::int8 as id) x", p.id, d.sql("select id from account where code = '013528'")[0][0])
    assert d.app.rows("select caller_code()") == [("013528",)]
    d.app.rows("rollback")


@case
def refused(ground):
  with ground.district() as d:
    p = d.desk("p1")
    hidden = d.report(d.desk("p2"))["no"]
    ask = lambda **fields: (lambda a: (a["reason"], a["field"]))(p.ask("add_task", **{"title": "走访", **fields})[0])  # noqa: E731
    assert ask(title=None) == ("REQUIRED", "title") and ask(title="走") == ("TOO_SHORT", "title")
    assert ask(to_office="nowhere") == ("UNKNOWN_VALUE", "to_office") == ask(to_office="pb") and ask(to_account="nobody") == ("UNKNOWN_VALUE", "to_account")
    assert ask(due_at="2020-01-01Z") == ("OUT_OF_RANGE", "due_at") and ask(about=hidden) == ("NOT_FOUND", "about")
    no = added(p)
    assert turn(p, "cancel_task", no) == ("REASON_REQUIRED", "reason") and turn(d.desk("j1"), "cancel_task", no, reason="x")[0] == "NOT_YOURS"


@case
def set_by_the_system(ground):
  """task_make: of a clock or of another record's change; as sensitive as what it is about, and once however often it is carried out."""
  with ground.district() as d:
    about = d.report(d.desk("p1"))["no"]
    d.sql("update incident set sensitivity = 3")
    d.admin.rows("begin; set local search_path = liandong, pg_catalog; select seq from feed_head for update")
    num = d.admin.rows("select task_make((select num from incident), (select id from office where code = 'j2'), '七日内回访', '2100-01-01Z', $1::uuid, 1, clock_timestamp())",
                       request_id())[0][0]
    d.admin.rows("commit")
    no = d.sql("select record_no($1)", num)[0][0]
    assert nos(d.desk("j2", "head")) == [no] and nos(d.desk("j2", "mediator")) == []
    row = d.desk("p1", "chief").ask("show_task", task=no)[0]
    assert (row["about"], row["origin_office"], row["to_office"], row["created_by"], row["state"]) == (about, "p1", "j2", "系统", 1), row
    assert turn(d.desk("j2", "head"), "finish_task", no, result="已回访") == ("done", 3)


@case
def by_when(ground):
  """Due when the task says: told ahead where there is time, and once it is over."""
  with ground.district() as d:
    p, j = d.desk("p1"), d.desk("j2", "head")
    at = lambda hours: d.sql("select now() + make_interval(hours => $1)", hours)[0][0]  # noqa: E731
    far, near, never = added(p, to_office="j2", due_at=at(10)), added(p, to_office="j2", due_at=at(2)), added(p, to_office="j2")
    kinds = lambda no: [k for k, in d.sql("select kind from feed where no = $1 order by seq", no)]  # noqa: E731
    assert d.sql("select record_no(num), rule, round(extract(epoch from due_at - started_at) / 3600) from clock order by id") == [(far, "done", "10"), (near, "done", "2")]
    assert look(d)[0] == 0, "two hours are not told ahead"
    pass_time(d, 6 * 3600 + 60)
    assert look(d)[0] == 2 and kinds(far) == ["add_task", "deadline_near"] and kinds(near) == ["add_task", "deadline_breached"] and kinds(never) == ["add_task"]
    assert turn(j, "finish_task", far, result="已走访") == ("done", 3)
    pass_time(d, 4 * 3600)
    assert look(d)[0] == 2 and kinds(far)[-1] == "finish_task", "of the missed one's alert, which nobody acknowledged, and no more of the finished one"
    assert turn(p, "recheck_task", far, redo=True, reason="再访一次") == ("done", 2)
    assert d.sql("select count(*) from clock where stopped_at is null and num = (select num from task where record_no(num) = $1)", far) == [("1",)]
