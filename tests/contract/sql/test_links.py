"""Links between disputes and incidents: N:M, also to incidents elsewhere, told on both records, and what of them stays hidden."""
from support.runner import case


def opened(desk, **fields):
  answer = desk.ask("open_dispute", type=2, title="邻里漏水", **fields)[0]
  assert answer["outcome"] == "done", answer
  return answer["no"]


def proved(d):
  """The chain is whole, and disputes say what their events say."""
  assert d.sql("select intact from feed_verify()") == [("t",)]
  assert d.sql("select record_no(num), fault from dispute d cross join lateral other_fault(num, to_jsonb(d), (select array_agg(seq order by seq) from feed f where f.num = d.num)) fault"
               " where fault is not null") == []


def reason(desk, name, /, **fields):
  answer = desk.ask(name, **fields)[0]
  assert answer["outcome"] == "refused", answer
  return answer["reason"], answer["field"]


@case
def both_records_hear(ground):
  with ground.district() as d:
    p, j = d.desk("p1"), d.desk("j1", "head")
    first, second = d.report(p, place="东门")["no"], d.report(p)["no"]
    dispute, other = opened(j), opened(j)
    for number in (first, second):
      assert p.ask("link_incident", dispute=dispute, incident=number)[0]["outcome"] == "done"
    assert j.ask("link_incident", dispute=other, incident=first)[0]["outcome"] == "done", "N:M"
    assert reason(p, "link_incident", dispute=dispute, incident=first) == ("NO_CHANGE", "incident")
    told = d.sql("select no, kind, new_values, office from feed where kind = 'link_incident' order by seq")
    assert told == [(dispute, "link_incident", "{" + first + "}", "p1"), (first, "link_incident", "{" + dispute + "}", "p1"),
                    (dispute, "link_incident", "{" + second + "}", "p1"), (second, "link_incident", "{" + dispute + "}", "p1"),
                    (other, "link_incident", "{" + first + "}", "j1"), (first, "link_incident", "{" + other + "}", "j1")], told
    assert reason(p, "unlink_incident", dispute=dispute, incident=first) == ("REASON_REQUIRED", "reason")
    assert p.ask("unlink_incident", dispute=dispute, incident=first, reason="另一户")[0]["outcome"] == "done"
    assert reason(p, "unlink_incident", dispute=dispute, incident=first, reason="另一户") == ("NO_CHANGE", "incident")
    assert [r["no"] for r in j.ask("show_timeline", dispute=dispute) if r["source"] == 1] == [second]
    assert [r["no"] for r in j.ask("show_timeline", dispute=other) if r["source"] == 1] == [first]
    assert p.ask("link_incident", dispute=dispute, incident=first)[0]["outcome"] == "done", "again after it was taken back"
    assert d.sql("select count(*) from record_link") == [("4",)], "what was linked when stays"
    proved(d)
    same = dict(request="00000000-0000-4000-8000-0000000000aa", dispute=other, incident=second)
    assert [p.ask("link_incident", **same)[0]["outcome"] for _ in (1, 2)] == ["done", "replay"]


@case
def elsewhere(ground):
  with ground.district() as d:
    p, j = d.desk("p1"), d.desk("j1", "mediator")
    dispute = opened(p)
    outside = dict(external_no="A2023-0311", external_office="雨湖派出所", external_at="2023-03-11T12:10:00Z", reason="同一对夫妻，电话13800000001")
    for lacking, told in (("external_office", "REQUIRED"), ("external_at", "REQUIRED"), ("reason", "REASON_REQUIRED")):
      assert reason(p, "link_incident", dispute=dispute, **{**outside, lacking: None}) == (told, lacking)
    assert reason(p, "link_incident", dispute=dispute) == ("REQUIRED", "incident")
    assert reason(p, "link_incident", dispute=dispute, **{**outside, "external_at": "2100-01-01Z"}) == ("IN_FUTURE", "external_at")
    assert reason(p, "link_incident", dispute=dispute, incident=d.report(p)["no"], **outside) == ("ONE_OF_THEM", "incident")
    assert p.ask("link_incident", dispute=dispute, **outside)[0]["outcome"] == "done"
    assert reason(p, "link_incident", dispute=dispute, **outside) == ("NO_CHANGE", "external_no")
    assert p.ask("link_incident", dispute=dispute, **{**outside, "external_office": "长沙岳麓"})[0]["outcome"] == "done", "each office counts for itself"
    rows = j.ask("show_timeline", dispute=dispute)
    assert [(r["source"], r["no"], r["office_name"]) for r in rows][:2] in (
      [(2, "A2023-0311", "雨湖派出所"), (2, "A2023-0311", "长沙岳麓")], [(2, "A2023-0311", "长沙岳麓"), (2, "A2023-0311", "雨湖派出所")]), rows
    assert "13800000001" not in str(rows) and [r["kind"] for r in rows][2:] == ["open_dispute", "link_incident", "link_incident"]
    assert j.ask("unlink_incident", dispute=dispute, external_no="A2023-0311", external_office="长沙岳麓", reason="不是")[0]["outcome"] == "done"
    assert [r["office_name"] for r in j.ask("show_timeline", dispute=dispute) if r["source"] == 2] == ["雨湖派出所"]


@case
def hidden(ground):
  """What the caller does not see can't be linked, is not in the timeline, and a number is not told to more people than see the record."""
  with ground.district() as d:
    p, j, chief, elsewhere_ = d.desk("p1"), d.desk("j1", "mediator"), d.desk("p1", "chief"), d.desk("p2")
    dispute, grave = opened(p), d.report(p)["no"]
    d.sql("update incident set sensitivity = 3 where incident_no(num) = $1", grave)
    assert reason(j, "link_incident", dispute=dispute, incident=grave) == ("NOT_FOUND", "incident")
    assert reason(elsewhere_, "link_incident", dispute=dispute, incident=grave) == ("NOT_FOUND", "dispute")
    assert d.sql("select count(*) from audit where kind = 'denied'") == [("2",)]
    assert chief.ask("link_incident", dispute=dispute, incident=grave)[0]["outcome"] == "done"
    assert d.sql("select new_values from feed where kind = 'link_incident' and no = $1", dispute) == [("{〔无权查看〕}",)]
    assert [r["no"] for r in chief.ask("show_timeline", dispute=dispute) if r["source"] == 1] == [grave]
    assert [r["no"] for r in j.ask("show_timeline", dispute=dispute) if r["source"] == 1] == []
    assert elsewhere_.ask("show_timeline", dispute=dispute)[0]["reason"] == "NOT_FOUND"
    d.sql("update dispute set state = 23")
    assert reason(p, "link_incident", dispute=dispute, incident=d.report(p)["no"]) == ("ILLEGAL_TRANSITION", "dispute")


@case
def opened_out_of_an_incident(ground):
  """One request: what was not said is taken over, at the incident's level, and both are linked; nothing where it may not be seen."""
  with ground.district() as d:
    d.sql("insert into area(code, name, office) select 'east', '东门网格', id from office where code = 'p1'")
    p, j, stranger = d.desk("p1", "chief"), d.desk("j1", "head"), d.desk("p2", "chief")
    alarm = d.report(p, source=2, content="楼上漏水，电话 13900000001", mass_count=4, area="east")["no"]
    first = "018f0000-0000-7000-8000-000000000001"
    got = j.ask("open_dispute", request=first, type=2, title="楼上漏水", **{"from": alarm})[0]
    assert (got["outcome"], got["version"], got["state"]) == ("done", 1, 1), got
    assert j.ask("open_dispute", request=first, type=2, title="楼上漏水", **{"from": alarm})[0]["replay"]
    shown = j.ask("show_dispute", dispute=got["no"])[0]
    assert [shown[f] for f in ("content", "people_count", "source", "sensitivity", "area", "origin_office")] == ["楼上漏水，电话 ***********", 4, 9, 1, None, "j1"], shown
    assert alarm in [r["no"] for r in p.ask("show_timeline", dispute=got["no"])]
    told = d.sql("select no, kind, new_values[array_position(changed, 'linked')], office from feed where seq > 1 order by seq")
    assert told == [(got["no"], "open_dispute", alarm, "j1"), (alarm, "link_incident", got["no"], "j1")], told
    assert reason(p, "link_incident", dispute=got["no"], incident=alarm) == ("NO_CHANGE", "incident")
    said = p.ask("open_dispute", type=2, title="另一起", content="自己写的", people_count=9, source=8, **{"from": alarm})[0]["no"]
    shown = p.ask("show_dispute", dispute=said)[0]
    assert [shown[f] for f in ("content", "people_count", "source", "area")] == ["自己写的", 9, 8, "east"], shown
    grave = d.report(p)["no"]
    d.sql("update incident set sensitivity = 3 where incident_no(num) = $1", grave)
    made = p.ask("open_dispute", type=2, title="涉密", **{"from": grave})[0]
    assert d.sql("select sensitivity from dispute where record_no(num) = $1", made["no"]) == [("3",)]
    count = d.sql("select count(*) from dispute")
    assert reason(stranger, "open_dispute", type=2, title="楼上漏水", **{"from": alarm}) == ("NOT_FOUND", "from")
    assert reason(p, "open_dispute", type=2, title="楼上漏水", **{"from": "JQ-2026-000999"}) == ("NOT_FOUND", "from")
    assert reason(p, "open_dispute", type=2, title="楼上漏水", **{"from": got["no"]}) == ("NOT_FOUND", "from")
    d.sql("update incident set sensitivity = 4 where incident_no(num) = $1", grave)
    assert reason(p, "open_dispute", type=2, title="涉密", **{"from": grave})[1] == "from" and d.sql("select count(*) from dispute") == count
    assert reason(p, "open_dispute", type=2, title="", **{"from": alarm}) == ("REQUIRED", "title") and d.sql("select count(*) from dispute") == count
    assert d.sql("select count(*) from audit where request = 'open_dispute'") == [("4",)]
    d.sql("update incident set sensitivity = 1")
    d.sql("update dispute set sensitivity = 1")
    assert d.sql("select intact from feed_verify()") == [("t",)]
