"""Response plans: one request makes the plan and a task for each partner; whom it finds, who may, and the look back when it is over."""
from clock_desk import look, pass_time
from support.runner import case
from test_alerts import CANCELLED, RESOLVED, kinds, made, raised, state, whom


def planned(desk, alert, *tasks, **fields):
  answer = desk.ask("plan_alert", alert=alert, tasks=list(tasks), **fields)[0]
  return (answer["reason"], answer["field"]) if answer["reason"] else answer["no"]


def tasks(desk, alert):
  return [(r["title"], r["to_office"], r["by_proxy"], r["state"]) for r in desk.ask("show_plan", alert=alert) if r["no"]]


def partners(d):
  d.sql("insert into office(code, name, system, kind, partner_kind) values ('east-street', '东门街道综治中心', 3, 'partner', 'governance'), "
        "('east', '东门社区', 3, 'partner', 'community'), ('west', '西门社区', 3, 'partner', 'community')")


@case
def a_plan_and_its_tasks(ground):
  """By part of a name, by kind, by code, and who is in no directory; both offices see each, and the partner his own."""
  with ground.district() as d:
    partners(d)
    p, j = d.desk("p1"), d.desk("j1", "mediator")
    no = raised(j, kind=1, title="三十人讨薪")
    made(p, "ack_alert", no)
    assert planned(p, no, "街道综治=疏导路口", "律师：讲清讨薪途径", "east", "劳动监察", plan="劝离，登记欠薪") == no
    expected = [("疏导路口", "east-street", True, 1), ("律师：讲清讨薪途径", "p1", True, 1), ("三十人讨薪", "east", True, 1), ("劳动监察：三十人讨薪", "p1", True, 1)]
    assert tasks(p, no) == tasks(j, no) == expected, tasks(p, no)
    row = j.ask("show_plan", alert=no)[0]
    assert (row["plan"], row["planned_by"], row["alert"], row["content"]) == ("劝离，登记欠薪", p.officer, no, "劝离，登记欠薪") and row["planned_at"] and row["due_at"], row
    assert kinds(d, no)[-1] == "plan_alert" and d.sql("select count(*) from feed where kind = 'add_task'") == [("4",)]
    told = dict(zip(*(x.strip("{}").split(",") for x in d.sql("select changed, new_values from feed where kind = 'plan_alert'")[0])))
    assert told["asked"].strip('"') == "街道综治、律师、east、劳动监察", told
    assert d.sql("select broken, first_broken from records_verify()") == [("0", None)], d.sql("select * from records_verify()")
    assert [r["no"] for r in j.ask("list_tasks", limit=50)] and d.desk("j2", "head").ask("show_plan", alert=no)[0]["reason"] == "NOT_FOUND"
    # answered for by either office; added to; counted
    by = {r["title"]: r["no"] for r in p.ask("show_plan", alert=no)}
    assert p.ask("finish_task", task=by["劳动监察：三十人讨薪"], result="已登记")[0]["field"] == "answered_by", "also where the caller's own office answers for somebody"
    first = by["三十人讨薪"]
    assert j.ask("finish_task", task=first, result="已到场", answered_by="社区王主任")[0]["outcome"] == "done"
    assert planned(j, no, "医院", due_at=d.sql("select now() + interval '1 hour'")[0][0]) == no
    d.sql("update task set due_at = now() - interval '1 minute'")
    summary = p.ask("list_plans", limit=50)[0]
    assert [summary[f] for f in ("no", "tasks_set", "tasks_done", "tasks_overdue", "planned_by")] == [no, 5, 1, 4, p.officer], summary
    assert d.sql("select intact from feed_verify()") == [("t",)]


@case
def whom_it_means(ground):
  """Of several of a kind the one that has the alert's area; without an area the code is asked for; nothing is made of what is refused."""
  with ground.district() as d:
    partners(d)
    d.sql("insert into area(code, name, office) select 'grid', '东门网格', id from office where code = 'p1'")
    d.sql("insert into area_office(area, office, started_on) select a.id, o.id, '2020-01-01' from area a, office o where o.code = 'east'")
    p = d.desk("p1")
    here, nowhere = raised(p, area="grid"), raised(p)
    assert planned(p, here, "社区") == here and tasks(p, here)[0][1] == "east"
    assert planned(p, nowhere, "社区") == ("AMBIGUOUS_PARTNER", "tasks")
    assert planned(p, nowhere, "=到场") == ("TOO_SHORT", "tasks") and planned(p, nowhere) == ("REQUIRED", "plan")
    assert planned(p, nowhere, "律师", due_at="2020-01-01Z") == ("OUT_OF_RANGE", "due_at")
    assert p.ask("show_plan", alert=nowhere)[0]["reason"] == "NO_PLAN alert"
    assert planned(p, nowhere, plan="只有措施") == nowhere and tasks(p, nowhere) == []
    assert d.sql("select count(*) from task") == [("1",)]


@case
def what_a_partner_misses(ground):
  """Is told to the office that asked him, too: at his own there may be nobody."""
  with ground.district() as d:
    partners(d)
    p = d.desk("p1")
    no = raised(p)
    assert planned(p, no, "east=到场", due_at=d.sql("select now() + interval '5 hours'")[0][0]) == no
    for hours, rule in ((2, "DEADLINE_NEAR"), (4, "DEADLINE_BREACH")):
      pass_time(d, hours * 3600, d.sql("select num from task")[0][0])
      look(d)
      alert, = d.sql("select record_no(num) from alert where rule = $1 and state = 1", rule)
      assert whom(d, *alert) == {"east", "p1"}, whom(d, *alert)
      assert alert[0] in [r["no"] for r in p.ask("list_alerts", limit=9)]
    assert made(p, "ack_alert", *alert) == "done", "it answers for him"


@case
def by_the_incident(ground):
  """The alert that stands about it; where none is, nothing is guessed: a short number is always an alert's."""
  with ground.district() as d:
    p = d.desk("p1")
    threat, plain = d.report(p, **{"class": 8})["no"], d.report(p)["no"]
    assert planned(p, threat, "社区干部").startswith("YJ-") and tasks(p, threat) == [(f"社区干部：扬言极端警情 {threat}：请会同到场稳控。p1", "p1", True, 1)]
    assert planned(p, plain, "社区干部") == ("NO_ALERT", "alert")
    assert planned(p, "999", "社区干部") == ("NOT_FOUND", "alert")
    assert planned(d.desk("p2"), threat, "社区干部")[0] == "NOT_FOUND"


@case
def goes_on_with_an_update(ground):
  """The plan follows to the newer alert, and the number of the old one still finds it."""
  with ground.district() as d:
    p, j = d.desk("p1"), d.desk("j1", "mediator")
    old = raised(j, kind=1, title="三十人讨薪")
    planned(p, old, "律师", plan="劝离")
    new = j.ask("update_alert", alert=old, people_count=60)[0]["no"]
    assert planned(p, old, "医院") == new, "added to what stands"
    assert len(tasks(p, old)) == len(tasks(p, new)) == 2 and j.ask("show_plan", alert=new)[0]["plan"] == "劝离"
    assert [r["no"] for r in j.ask("list_plans", limit=50)] == [new]
    assert d.sql("select broken, first_broken from records_verify()") == [("0", None)], d.sql("select * from records_verify()")


@case
def looked_back_on(ground):
  """Only once it is over, and only where there was a plan; corrected with its version; a false alarm calls its tasks off."""
  with ground.district() as d:
    p, j = d.desk("p1"), d.desk("j1", "mediator")
    no, bare, false = raised(p), raised(p), raised(p)
    planned(p, no, "社区干部")
    planned(p, false, "社区干部", "律师")
    review = lambda desk, which, **fields: made(desk, "review_alert", which, **{"review": "当场化解", "lessons": "先请社区", **fields})  # noqa: E731
    assert review(p, no) == "ILLEGAL_TRANSITION"
    made(p, "cancel_alert", false, reason="误报")
    assert state(d, false) == CANCELLED and {t[3] for t in tasks(p, false)} == {5}
    assert [t[3] for t in tasks(p, no)] == [1] and d.sql("select count(*) from clock where type = 5 and stopped_at is null") == [("1",)]
    made(p, "cancel_alert", bare, reason="误报")
    assert review(p, bare) == "NO_PLAN" and planned(p, false, "社区干部") == ("ILLEGAL_TRANSITION", "alert")
    made(j, "act_alert", no)
    made(j, "resolve_alert", no, outcome="化解")
    assert [r["no"] for r in p.ask("list_plans", limit=50, unreviewed=True)] == [false, no]
    assert review(j, no, review="") == "REQUIRED" and review(j, no) == "done" and state(d, no) == RESOLVED
    version = int(d.sql("select version from alert where record_no(num) = $1", no)[0][0])
    assert review(p, no, review="两人到场", base_version=version - 1) == "VERSION_CONFLICT"
    assert review(p, no, review="两人到场", base_version=version) == "done"
    row = j.ask("show_plan", alert=no)[0]
    assert (row["review"], row["lessons"], row["reviewed_by"]) == ("两人到场", "先请社区", p.officer) and row["reviewed_at"], row
    assert review(d.desk("p2", "chief"), no) == "NOT_FOUND"


@case
def an_exercise_says_so(ground):
  with ground.district() as d:
    p = d.desk("p1")
    no = raised(p, status=2, title="下半年演练")
    planned(p, no, "律师=到场")
    assert [t[0] for t in tasks(p, no)] == ["【演练】律师：到场"]


@case
def said_twice_is_done_once(ground):
  with ground.district() as d:
    p, request = d.desk("p1"), "00000000-0000-4000-8000-0000000000aa"
    no = raised(p)
    answers = [p.ask("plan_alert", request=request, act="x", alert=no, tasks=["律师"])[0]["outcome"] for _ in range(2)]
    assert answers == ["done", "replay"] and d.sql("select count(*) from task") == [("1",)]
