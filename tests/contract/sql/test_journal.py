"""工作记录: acts of all records, cited by number and version, found by who, when and what was said."""
from support.runner import case


def cites(desk, **fields):
  return [r["cite"] for r in desk.ask("list_journal", **fields) if r["cite"]]


@case
def cited_and_found(ground):
  with ground.district() as d:
    p, j, other = d.desk("p1", "chief"), d.desk("j1", "head"), d.desk("p2")
    no = d.report(p)["no"]
    p.change("note_incident", no, note="双方约定周五再谈")
    dispute = j.ask("open_dispute", type=2, title="邻里漏水")[0]["no"]
    j.ask("note_dispute", dispute=dispute, note="周五已谈，约定下周修缮")
    hidden = d.report(other)["no"]
    other.change("note_incident", hidden, note="周五")
    assert cites(p) == [f"{dispute}/2", f"{dispute}/1", f"{no}/2", f"{no}/1"] == cites(j)
    assert cites(p, record=no) == [f"{no}/2", f"{no}/1"] and cites(p, record=dispute) == [f"{dispute}/2", f"{dispute}/1"]
    assert cites(p, text="周五") == [f"{dispute}/2", f"{no}/2"] and cites(other, text="周五") == [f"{hidden}/2"]
    assert cites(j, officer="j1-head") == [f"{dispute}/2", f"{dispute}/1"] == cites(j, office="j1")
    assert cites(p, kinds=["note_dispute"]) == [f"{dispute}/2"]
    first = p.ask("list_journal", record=no)[0]
    assert (first["note"], first["kind"], first["officer"], first["office"]) == ("双方约定周五再谈", "note_incident", "p1-chief", "p1"), first
    assert p.ask("list_journal", record=hidden)[0]["reason"] == "NOT_FOUND" and p.ask("list_journal", office="nowhere")[0]["reason"] == "UNKNOWN_VALUE office"
    when = d.sql("select at from feed where kind = 'note_incident' order by seq limit 1")[0][0]
    assert cites(p, until=when) == [f"{no}/1"] and f"{no}/1" not in cites(p, **{"from": when})


@case
def page_by_page(ground):
  with ground.district() as d:
    p = d.desk("p1")
    no = d.report(p)["no"]
    for n in range(11):
      p.change("note_incident", no, note=f"第{n}次")
    found, page = [], None
    while True:
      rows = p.ask("list_journal", limit=5, page=page)
      found += [r["cite"] for r in rows]
      page = rows[0]["next"]
      if page is None:
        break
    assert found == [f"{no}/{v}" for v in range(12, 0, -1)]


@case
def who_looked_is_written_down(ground):
  """Of records of S2 and above, once an hour; numbers in notes are hidden from whoever may not know them."""
  with ground.district() as d:
    p, j = d.desk("p1", "chief"), d.desk("j1", "head")
    no = d.report(p)["no"]
    p.change("note_incident", no, note="他的电话 13800000001")
    assert j.ask("list_journal")[0]["note"] == "他的电话 ***********" and p.ask("list_journal")[0]["note"].endswith("13800000001")
    d.sql("update incident set sensitivity = 2")
    assert cites(j) and cites(j) and cites(d.desk("p1")) == cites(j)
    rows = d.sql("select no, level, officer from audit where kind = 'list_journal' order by seq")
    assert rows == [(no, "2", "j1-head"), (no, "2", "p1-duty")], rows
    assert cites(d.desk("p1", "officer")) and d.sql("update incident set sensitivity = 4") == [] and cites(j) == []
