"""Parties of disputes: who sees who they are, whom they are taken to be, and merging persons and back."""
from desk import phone_index
from dispute_desk import pages
from support.runner import case
from test_links import opened, proved, reason

HIDDEN = "〔无权查看〕"


def marks(fields):
  of = {"name": "name_index", "phone": "phone_index", "id_no": "id_index", "domicile": "place_index"}
  return {**fields, **{of[f]: phone_index(v) for f, v in fields.items() if f in of and v}}


def add(desk, dispute, **fields):
  answer = desk.ask("add_party", dispute=dispute, **marks({"role": 1, "name": "张三", **fields}))[0]
  assert answer["outcome"] == "done", answer


def persons(desk, dispute):
  return [r["person"] for r in desk.ask("list_parties", dispute=dispute)]


@case
def kept_and_corrected(ground):
  with ground.district() as d:
    p = d.desk("p1")
    dispute = opened(p)
    assert reason(p, "add_party", dispute=dispute, name="张三") == ("REQUIRED", "role")
    assert reason(p, "add_party", dispute=dispute, role=1) == ("REQUIRED", "name")
    add(p, dispute, phone="13800000001", id_no="430302198001011234", gender=1, birth_year=1980, domicile="建设路12号")
    add(p, dispute, role=2, name="李四")
    one, two = p.ask("list_parties", dispute=dispute)
    assert (one["party"], one["name"], one["phone"], one["id_no"], one["domicile"], one["birth_year"]) == (1, "张三", "13800000001", "430302198001011234", "建设路12号", 1980)
    assert two["party"] == 2 and one["person"] != two["person"]
    assert reason(p, "correct_party", dispute=dispute, party=2, name="李四") == ("NO_CHANGE", "party")
    assert reason(p, "correct_party", dispute=dispute, party=7, name="李四") == ("NO_SUCH_PARTY", "party")
    assert p.ask("correct_party", dispute=dispute, party=2, phone="13900000002")[0]["outcome"] == "done"
    assert p.ask("correct_party", dispute=dispute, party=1, phone="")[0]["outcome"] == "done"
    assert [r["phone"] for r in p.ask("list_parties", dispute=dispute)] == [None, "13900000002"]
    assert d.sql("select phone_index is null from party where seq = 1") == [("t",)]
    assert reason(p, "remove_party", dispute=dispute, party=2) == ("REASON_REQUIRED", "reason")
    assert p.ask("remove_party", dispute=dispute, party=2, reason="路人")[0]["outcome"] == "done"
    assert reason(p, "remove_party", dispute=dispute, party=2, reason="路人") == ("NO_SUCH_PARTY", "party")
    add(p, dispute, role=2, name="王五")
    assert [r["party"] for r in p.ask("list_parties", dispute=dispute)] == [1, 3], "a number is not given twice"
    told = str(d.sql("select changed, new_values, note, title from feed where kind like '%party'"))
    assert not [v for v in ("张三", "李四", "138", "139", "4303", "建设路") if v in told], told
    assert "party_fields" in told and d.sql("select intact from feed_verify()") == [("t",)]


@case
def who_sees_whom(ground):
  with ground.district() as d:
    p, head, mediator = d.desk("p1"), d.desk("j1", "head"), d.desk("j1", "mediator")
    dispute = opened(p)
    add(p, dispute, phone="13800000001")
    names = lambda desk: [(r["name"], r["phone"]) for r in desk.ask("list_parties", dispute=dispute)]  # noqa: E731
    assert names(p) == [("张三", "13800000001")] and names(head) == names(mediator) == [(HIDDEN, HIDDEN)]
    assert d.desk("p2").ask("list_parties", dispute=dispute)[0]["reason"] == "NOT_FOUND"
    asked = dict(dispute=dispute, purpose="handling", case_no="TJ-1")
    assert mediator.ask("reveal_party", **asked)[0]["reason"] == "ROLE_NOT_ALLOWED"
    assert head.ask("reveal_party", dispute=dispute, case_no="TJ-1")[0]["reason"] == "REQUIRED purpose"
    assert head.ask("reveal_party", dispute=dispute, purpose="handling")[0]["reason"] == "REQUIRED case_no"
    assert head.ask("reveal_party", party=9, **asked)[0]["reason"] == "NO_SUCH_PARTY party"
    assert [(r["name"], r["phone"]) for r in head.ask("reveal_party", **asked)] == [("张三", "13800000001")]
    assert d.sql("select kind, office, new_values[2] from feed where kind = 'reveal_party'") == [("reveal_party", "j1", "TJ-1")]
    assert d.sql("select kind, fields, purpose, case_no from audit where kind in ('reveal_party', 'list_parties') order by seq") == [
      ("list_parties", "{name,phone}", None, None), ("reveal_party", "{name,phone}", "handling", "TJ-1")]
    d.sql("update dispute set lead_office = $1", d.ids["j1"])  # whoever leads it works with the parties
    assert names(mediator) == [("张三", "13800000001")]
    d.sql("update dispute set sensitivity = 3")
    assert names(head) == [("张三", "13800000001")] and mediator.ask("list_parties", dispute=dispute)[0]["reason"] == "NOT_FOUND"


@case
def taken_for_the_same(ground):
  with ground.district() as d:
    p = d.desk("p1")
    a, b, c, e = (opened(p) for _ in range(4))
    add(p, a, phone="13800000001", id_no="430302198001011234", domicile="建设路12号")
    add(p, b, name="张叁", id_no="430302198001011234")
    add(p, c, phone="13800000001")
    add(p, e, phone="13800000001", id_no="430302199901019999")
    first = persons(p, a)
    assert persons(p, b) == first, "the same ID number, whatever the name"
    assert persons(p, c) == first, "name and telephone"
    assert persons(p, e) != first, "another ID number speaks against it"
    hits = p.ask("find_persons", **marks({"name": "张三", "phone": "13800000001", "id_no": "430302198001011234"}))
    assert (hits[0]["person"], hits[0]["score"], hits[0]["reasons"], hits[0]["parties"]) == (first[0], 140, [1, 2, 3], 3), hits[0]
    hits = p.ask("find_persons", **marks({"domicile": "建设路12号"}))
    assert [(h["person"], h["reasons"], h["name"]) for h in hits] == [(first[0], [4], "张三")]
    assert [h["name"] for h in d.desk("j1", "mediator").ask("find_persons", **marks({"domicile": "建设路12号"}))] == [HIDDEN]
    assert d.desk("p2").ask("find_persons", **marks({"domicile": "建设路12号"})) == []
    assert p.ask("find_persons")[0]["reason"] == "REQUIRED name"
    other = d.desk("p2")
    foreign = opened(other)
    add(other, foreign, id_no="430302198001011234")
    assert persons(other, foreign) != first, "what the caller does not see is not compared"
    for n in range(12):
      add(p, a, name="刘某", phone=f"1370000{n:04}")
    assert len(p.ask("find_persons", **marks({"name": "刘某"}))) == 10


@case
def what_speaks_for_and_against(ground):
  """Another ID number in another dispute parts them, whatever place the party has there; what fits as well keeps a name with its address from nobody;
  what was emptied speaks no longer."""
  with ground.district() as d:
    p = d.desk("p1")
    a, b, c, e, f, g, h = (opened(p) for _ in range(7))
    correct = lambda dispute, **fields: p.ask("correct_party", dispute=dispute, party=1, reason="核对证件", **marks(fields))[0]["outcome"]  # noqa: E731
    add(p, a, phone="13800000001", id_no="430302198001011234")
    add(p, b, phone="13800000001")
    assert persons(p, b) == persons(p, a)
    assert correct(b, id_no="430302199901019999") == "done" and persons(p, b) != persons(p, a)
    add(p, c, name="刘某", domicile="建设路12号", phone="13900000002")
    add(p, e, name="周某", id_no="430302197001011111", phone="13900000009")
    add(p, f, name="刘某某", id_no="430302197001011111", phone="13900000003")
    assert persons(p, f) == persons(p, e) != persons(p, c)
    assert correct(f, id_no="") == "done" and persons(p, f) == persons(p, e), "and stays whom it was taken for"
    add(p, g, name="刘某某", domicile="学府路3号", id_no="430302196001012222")
    add(p, h, name="刘某某某", phone="13900000004", id_no="430302196001012222")
    last = opened(p)
    add(p, last, name="刘某某", domicile="学府路3号", phone="13900000004")
    assert persons(p, last) == persons(p, g), "by name and address, though one with the telephone alone is newer"


@case
def merged_and_parted(ground):
  with ground.district() as d:
    p, j = d.desk("p1", "chief"), d.desk("j1", "mediator")
    a, b, c = (opened(p) for _ in range(3))
    for dispute, name in ((a, "张三"), (b, "张三丰"), (c, "李四")):
      add(p, dispute, name=name)
    (one,), (two,), (three,) = persons(p, a), persons(p, b), persons(p, c)
    before = d.sql("select to_jsonb(x) from party x order by dispute, seq")
    ask = lambda name, **fields: p.ask(name, reason="出示同一证件", **fields)[0]  # noqa: E731
    key = "00000000-0000-4000-8000-0000000000ab"
    answer = ask("merge_person", request=key, person=one, into=two)
    assert (answer["outcome"], answer["no"]) == ("done", f"{one} → {two}"), answer
    assert ask("merge_person", request=key, person=one, into=two)["outcome"] == "replay"
    assert persons(p, a) == [two]
    for person, into, told, field in ((one, three, "MERGED_ALREADY", "person"), (two, one, "MERGED_ALREADY", "into"), (three, one, "MERGED_ALREADY", "into"),
                                      (three, three, "NO_CHANGE", "into"), ("RY-999", two, "NO_SUCH_PERSON", "person"), (three, "", "REQUIRED", "into")):
      assert reason(p, "merge_person", person=person, into=into, reason="x") == (told, field), (person, into)
    assert reason(p, "merge_person", person=three, into=two) == ("REASON_REQUIRED", "reason")
    assert reason(j, "merge_person", person=three, into=two, reason="x") == ("ROLE_NOT_ALLOWED", "person")
    assert reason(d.desk("p2", "chief"), "merge_person", person=three, into=two, reason="x") == ("NO_SUCH_PERSON", "person")
    ask("merge_person", person=two, into=three)
    assert persons(p, a) == persons(p, b) == [three]
    assert reason(p, "unmerge_person", person=one, reason="x") == ("MERGED_ALREADY", "person"), "the later one first"
    assert ask("unmerge_person", person=two)["outcome"] == "done"
    add(p, b, role=2, name="张三")
    assert ask("unmerge_person", person=one)["outcome"] == "done"
    assert d.sql("select to_jsonb(x) from party x where seq = 1 order by dispute, seq") == before, "both exactly as before"
    assert reason(p, "unmerge_person", person=one, reason="x") == ("NO_SUCH_PERSON", "person")
    assert d.sql("select made_by, undone_by, reason, undone_why from person_merge order by id") == [("p1-chief", "p1-chief", "出示同一证件", "出示同一证件")] * 2
    assert d.sql("select no, new_values from feed where kind = 'merge_person' order by seq") == [(a, "{" + f'"{one} → {two}"' + "}"), (a, "{" + f'"{two} → {three}"' + "}"), (b, "{" + f'"{two} → {three}"' + "}")]
    proved(d)


@case
def parties_page_by_page(ground):
  """Also across what was merged into it; who reads a page is written down with what that page told."""
  with ground.district() as d:
    p = d.desk("p1")
    one, two = opened(p), opened(p)
    for n in range(5):
      add(p, one, name=f"甲{n}")
      add(p, two, name=f"乙{n}", **({"phone": "13800000001"} if n == 4 else {}))
    d.sql("update dispute x set merged_into = y.num from dispute y where record_no(x.num) = $1 and record_no(y.num) = $2", two, one)
    rows, sizes = pages(p, "list_parties", one, 4)
    assert sizes == [4, 4, 2] and [(r["dispute"], r["party"]) for r in rows] == [(no, n) for no in (one, two) for n in range(1, 6)], rows
    assert d.sql("select fields from audit where kind = 'list_parties' order by seq") == [("{name}",), ("{name}",), ("{name,phone}",)]
