"""Working days: the calendar's import, and clocks that go by it."""
from clock_desk import call, dispute, now, rules
from support.runner import case

# What the State Council could announce for the Spring Festival of 2027 (its first day is 2027-02-06): eight days, two weekend days worked for them.
FESTIVAL = ("2027-02-05", "2027-02-06", "2027-02-07", "2027-02-08", "2027-02-09", "2027-02-10", "2027-02-11", "2027-02-12")
WORKED = ("2027-01-31", "2027-02-14")
LINES = "﻿日期,班休,名称\r\n2027-02-05,休,春节\r\n2027-2-6，休，春节\n\n2027-02-14,班,春节调休\n"


def holidays(d):
  d.sql("insert into calendar_day(day, working, name) select x::date, false, '春节' from unnest($1::text[]) x", "{" + ",".join(FESTIVAL) + "}")
  d.sql("insert into calendar_day(day, working, name) select x::date, true, '春节调休' from unnest($1::text[]) x", "{" + ",".join(WORKED) + "}")


@case.table((
  ("over the festival", "2027-02-03 09:00", 3, "2027-02-15", True),  # the Thursday, the Sunday that is worked, the Monday
  ("late in the evening", "2027-02-04 23:59", 1, "2027-02-14", True),
  ("a Sunday that is worked", "2027-01-29 10:00", 1, "2027-01-31", True),
  ("weekends only", "2027-02-03 09:00", 3, "2027-02-08", False),
  ("one year is missing", "2026-12-31 17:00", 1, "2027-01-01", True),
))
def working_days(ground, start, days, last, imported):
  with ground.district() as d:
    if imported:
      holidays(d)
    due, lacks = d.sql("select to_char(x at time zone 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI:SS'), calendar_lacks($1::timestamp at time zone 'Asia/Shanghai', x)"
                       " from working_end($1::timestamp at time zone 'Asia/Shanghai', $2) x", start, days)[0]
    assert due == f"{last} 23:59:59", (start, days, due)
    year = int(start[:4])
    missing = [y for y in range(year, int(last[:4]) + 1) if not imported or y != 2027]
    assert lacks == ("{" + ",".join(map(str, missing)) + "}" if missing else None), lacks


@case
def working_days_paused(ground):
  with ground.district() as d:
    rules(d)
    holidays(d)
    num = dispute(d)
    call(d, "clock_start", num, "days", now(d))
    d.sql("update clock set from_at = '2027-02-03 01:00Z', due_at = clock_due(true, '2027-02-03 01:00Z', 3), next_at = '2027-02-15 15:59:59Z'")
    call(d, "clock_pause", num, "days", "2027-02-05 01:00Z")  # one of the three is used
    assert d.sql("select amount, next_at from clock") == [("2", None)]
    call(d, "clock_resume", num, "days", "2027-02-19 01:00Z")
    assert d.sql("select due_at from clock") == [("2027-02-23 15:59:59.999+00",)]


@case
def the_calendar_is_imported(ground):
  with ground.district() as d:
    rules(d)
    admin, num = d.desk("pb"), dispute(d)
    call(d, "clock_start", num, "days", now(d))
    d.sql("update clock set from_at = '2027-02-03 01:00Z', due_at = clock_due(true, '2027-02-03 01:00Z', 3), next_at = '2027-02-08 15:59:59Z'")
    years = [r["without_calendar"] for r in admin.ask("list_calendar", year=2027)]
    assert years == [[2027]], years
    assert d.desk("j1", "head").ask("list_deadlines")[0]["without_calendar"] == [2027]
    said = admin.ask("import_calendar", days=LINES)[0]
    assert (said["outcome"], said["code"]) == ("done", "2027"), said
    assert d.sql("select day, working, name from calendar_day order by day") == [("2027-02-05", "f", "春节"), ("2027-02-06", "f", "春节"), ("2027-02-14", "t", "春节调休")]
    assert d.sql("select due_at from clock") == [("2027-02-09 15:59:59.999+00",)]  # the Friday is off now
    assert admin.ask("import_calendar", days=LINES)[0]["replay"] and d.sql("select count(*) from feed where kind = 'import_calendar'") == [("1",)]
    said = admin.ask("import_calendar", days=LINES.replace("2027-02-14,班", "2027-02-30,班"))[0]
    assert (said["reason"], said["field"]) == ("BAD_CALENDAR", "days[4]"), said
    assert admin.ask("import_calendar", days="\ufeff日期,类别\r\n2028/1/2,班\r\n2028年1月3日,休，元旦\r\n")[0]["outcome"] == "done", "as spreadsheets write them"
    assert d.sql("select day, name from calendar_day where day > '2028-01-01' order by day") == [("2028-01-02", None), ("2028-01-03", "元旦")]
    assert admin.ask("import_calendar", days="2027-02-14,休,改")[0]["outcome"] == "done" and d.sql("select working from calendar_day where day = '2027-02-14'") == [("f",)]
    assert [(r["day"], r["working"], r["without_calendar"]) for r in admin.ask("list_calendar", year=2027)][0] == ("2027-02-05", False, None)
    assert d.desk("j1", "head").ask("list_deadlines")[0]["without_calendar"] is None


@case
def a_calendar_for_many_clocks(ground):
  """Whenever they began, however much is left of them, near or not: each as if it were worked out by itself. What has fired or stands still stays."""
  with ground.district() as d:
    rules(d)
    d.sql("insert into clock_rule(type, rule, name, working_days) values (2, 'far', '远', 3)")
    d.sql("insert into clock(num, type, rule, rule_since, origin, owner, started_at, working, from_at, amount, due_at, wall_at, near_fired_at, fired_at, paused_at)"
          " select record_base(2::int2, 2027) + n, 2, case n % 2 when 0 then 'days' else 'far' end, '2020-01-01', $1, $1, f.at, true, f.at, n % 7, f.at, f.at,"
          "   case when n % 3 = 0 then f.at end, case when n % 11 = 0 then f.at end, case when n % 13 = 0 then f.at end"
          " from generate_series(1, 300) n cross join lateral (select '2027-01-28 14:30Z'::timestamptz + n * interval '67 minutes' as at) f", d.ids["j1"])
    d.sql("select clock_keep(clock_worked_out(c)) from clock c")
    d.sql("create table was as select * from clock")
    assert d.desk("pb").ask("import_calendar", days=LINES)[0]["outcome"] == "done"
    assert d.sql("select c.num from clock c cross join lateral clock_worked_out(c) w where c.next_at is not null"
                 " and (c.due_at, c.near_at, c.next_at) is distinct from (w.due_at, w.near_at, w.next_at)") == []
    moved, stayed, still = d.sql("select count(*) filter (where c.due_at <> w.due_at), count(*) filter (where c.next_at is not null and c.due_at = w.due_at),"
                                 " count(*) filter (where c.next_at is null and c is distinct from w) from clock c join was w using (id)")[0]
    assert int(moved) > 20 and int(stayed) > 20 and still == "0", (moved, stayed, still)
