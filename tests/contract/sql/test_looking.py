"""Finding by name, pages, search before and behind the index's mark, history."""
from desk import place_pairs
from support.runner import case


def found(d, desk, name):
  got = desk.change("note_incident", name, note="记录")
  return got["no"] or got["reason"]


@case
def names_of_an_incident(ground):
  with ground.district() as d:
    p, other = d.desk("p1"), d.desk("p2")
    d.sql("update feed_head set number = 1122")
    receipt = d.report(p)
    no, year = receipt["no"], receipt["no"][3:7]
    assert no.endswith("001123")
    for name in (no, no.lower(), f" {no} ", f"JQ-{year}-1123", "1123", "123", "3", "001123", "１１２３", receipt["id"], receipt["id"].upper()):
      assert found(d, p, name) == no, name
      assert found(d, other, name) == "NOT_FOUND", name
    for name in ("", None, "JQ", "124", "0", "JQ-1999-001123", "JQ-%-1123", "1123 ", receipt["id"][:-1], "9" * 40, "\\", "'"):
      assert found(d, p, name) == ("NOT_FOUND" if name != "1123 " else no), name
    d.sql("update feed_head set number = 2122")
    hidden, mine = d.report(other)["no"], None
    assert found(d, p, "123") == no and found(d, other, "123") == hidden, "what one may not see makes nothing ambiguous"
    d.sql("update feed_head set number = 3122")
    mine = d.report(p)["no"]
    assert (found(d, p, "123"), found(d, p, "3123"), found(d, p, "1123")) == ("AMBIGUOUS_NUMBER", mine, no)
    d.sql("update feed_head set number = 2000000")
    assert found(d, p, "23") == "AMBIGUOUS_NUMBER", "two digits of millions are not searched for"
    for request in ("show_incident", "show_history"):
      assert [row["reason"] for row in p.ask(request, incident="123")] == ["AMBIGUOUS_NUMBER"]
      assert [row["reason"] for row in p.ask(request, incident="JQ-1999-000001")] == ["NOT_FOUND"]


@case
def pages_with_ties(ground):
  """Equal moments, several offices, new ones in between: each once, newest first."""
  with ground.district() as d:
    p, j, viewer = d.desk("p1"), d.desk("j1"), d.desk("pb", "viewer")
    d.group(*[(desk, {"class": 6, "content": f"纠纷第{i}起", "received_at": f"2024-01-0{1 + i // 7}Z"}) for i in range(21) for desk in (p, j)])
    d.group((d.desk("j3"), {"class": 6, "content": "别人的"}))
    for request, fields in (("list_incidents", {"until": "2024-02-01Z"}), ("search_incidents", {"text": "纠纷"})):
      for desk in (p, viewer):
        whole = desk.numbers(request, limit=500, **fields)
        assert len(whole) == 42 and whole == sorted(whole, reverse=True), whole
        paged, page = [], None
        while True:
          rows = desk.ask(request, limit=4, page=page, **fields)
          paged += [row["no"] for row in rows]
          assert len({row["next"] for row in rows}) == 1
          page = rows[0]["next"]
          d.report(p) if len(paged) == 8 else None
          if not page:
            break
        assert [no for no in paged if no in whole] == whole and len(paged) == len(set(paged)), paged


@case
def no_page(ground):
  """What is no page's end leads to an empty page, never to an error."""
  with ground.district() as d:
    p = d.desk("p1")
    d.report(p)
    for page in ("\\x", "\\x00", "\\x" + "ff" * 16, "\\x" + "00" * 15, "\\x7f" + "ff" * 15, "\\x80" + "00" * 15, "\\x" + "00" * 64):
      for rows in (p.ask("list_incidents", page=page), p.ask("search_incidents", text="争吵", page=page), p.ask("_snapshot", office=p.id, page=page, limit=5)):
        assert not [row for row in rows if row["no"] and page in ("\\x", "\\x00", "\\x" + "00" * 15)], page


FILTERS = (
  ("states", {"states": [2]}, {2}), ("two_states", {"states": [2, 6]}, {2, 3}), ("no_states", {"states": []}, {1, 2, 3, 4}),
  ("classes", {"classes": [1, 5]}, {1, 4}), ("level", {"level_at_least": 2}, {1, 2}), ("level_none", {"level_at_least": 0}, {1, 2, 3, 4}),
  ("open", {"open": True}, {1, 2, 4}), ("not_open", {"open": False}, {1, 2, 3, 4}), ("office", {"office": "j1"}, {4}),
  ("hidden", {"office": "p2"}, set()), ("from", {"from": "2024-01-03Z"}, {3, 4}),
  ("until", {"until": "2024-01-03Z"}, {1, 2}), ("between", {"from": "2024-01-02Z", "until": "2024-01-04Z", "level_at_least": 3}, {2, 3}),
)


@case.table(FILTERS)
def filters(ground, fields, wanted):
  with ground.district() as d:
    p, j = d.desk("p1"), d.desk("j1")
    d.group(*[(desk, {"class": cls, "content": "内容", "level": level, "received_at": f"2024-01-0{n}Z"}) for n, (desk, cls, level) in enumerate(
      ((p, 1, 1), (p, 2, 2), (p, 3, 3), (j, 5, 4), (d.desk("p2"), 1, 1)), 1)])
    d.sql("update incident set state = 2 where num % 10 = 2; update incident set state = 6 where num % 10 = 3")
    assert {int(no[-1]) for no in p.numbers("list_incidents", **fields)} == wanted


@case
def an_office_that_is_not_there(ground):
  """Refused, for an empty page would say that nothing happened there; whoever asks, and on any page. One without devices is there."""
  with ground.district() as d:
    p = d.desk("p1")
    d.report(p)
    for office in ("x", "", "P1", " p1"):
      for page in (None, "\\x" + "7f" * 16):
        got = p.ask("list_incidents", office=office, page=page)
        assert [(row["reason"], row["no"], row["next"]) for row in got] == [("UNKNOWN_VALUE office", None, None)], (office, got)
    d.sql("delete from device where office in (select id from office where code in ('p2', 'j1'))")
    assert p.ask("list_incidents", office="p2") == [] == p.ask("list_incidents", office="j1")
    assert [row["reason"] for row in p.ask("list_incidents", office="p1")] == [None] == [row["reason"] for row in p.ask("list_incidents")]
    assert {"p2", "x"} & {row["code"] for row in p.ask("_directory")} == {"p2"}


WORDS = (
  ("two_characters", "烧烤", {1}), ("across", "烤店", {1}), ("not_adjacent", "烧店", set()), ("both_words", "烧烤 打架", {1}), ("one_missing", "烧烤 醉酒", set()),
  ("place", "东门", {1, 2}), ("latin", "BAR", {2}), ("full_width", "ｂａｒ", {2}), ("digits", "1380000", {2}), ("percent", "%停", {3}),
  ("wildcard", "烧%", set()), ("underscore", "烧_", set()), ("backslash", "\\d", {3}), ("quote", "'x", {3}), ("rare", "𠮷屋", {3}), ("blank", "  ", set()),
  ("one_character", "烧", set()), ("one_and_two", "x 烧烤", {1}), ("none", "洪水", set()), ("many", "东门 打架 3号 烧烤", {1}),
)


@case.table(WORDS)
def search(ground, text, wanted):
  """The same before the index knows the records and after."""
  with ground.district() as d:
    p = d.desk("p1")
    d.group(*[(p, {"class": 6, **f}) for f in (
      {"content": "烧烤店有人打架", "place": "东门街3号"}, {"content": "酒吧Bar噪音", "place": "东门街5号", "reporter_phone": "13800001234"},
      {"content": "50%停车位 \\d 'x 𠮷屋", "place": "西门"})], (d.desk("p2"), {"class": 6, "content": "烧烤 打架 东门 bar %停 𠮷屋 \\d 'x 1380000"}))
    behind = {int(no[-1]) for no in p.numbers("search_incidents", text=text)}
    assert [r["indexed"] for r in (p.ask("_search_index", limit=3)[0], p.ask("_search_index", limit=3)[0], p.ask("_search_index", limit=3)[0])] == [3, 1, 0]
    before = {int(no[-1]) for no in p.numbers("search_incidents", text=text)}
    assert behind == before == wanted, (behind, before)


def token(n):
  """As the server's, of nothing."""
  return f"~1.00000001.{n:022}.{n:043}"


def packed(text):
  """What the server works out of a text that is searched for: each word's pairs with their number before them."""
  return "\\x" + b"".join(len(pairs).to_bytes(4, "big") + b"".join(pairs) for pairs in map(place_pairs, text.split())).hex()


PLACES = (
  ("part", "东门", {1, 2}), ("across", "门街3", {1}), ("not_adjacent", "东街", set()), ("both", "东门 5号", {2}), ("with_the_text", "东门 打架", {1}),
  ("text_first", "有人打架 5号", set()), ("longest_in_the_text", "有人打架 东门 3号", {1}), ("twice", "东门 东门街", {1, 2}), ("text_only", "打架", {1, 3}),
  ("one_elsewhere", "东门 停车", set()), ("one_character", "东", set()), ("one_and_two", "东 门街", {1, 2}), ("the_text_says_it_too", "西门", {3}),
)


@case.table(PLACES)
def search_of_sealed_places(ground, text, wanted):
  """By their pairs of characters, before the index knows the records and after, each record once; words may be in the text as well."""
  with ground.district() as d:
    p = d.desk("p1")
    d.group(*[(p, {"class": 6, "place": token(n), "place_pairs": "\\x" + b"".join(place_pairs(place)).hex(), "content": content})
              for n, (place, content) in enumerate((("东门街3号", "有人打架"), ("东门街5号", "酒吧噪音"), ("西门", "西门有人打架")))])
    for _ in range(2):
      found = p.numbers("search_incidents", text=text, place_pairs=packed(text))
      assert sorted(int(no[-1]) for no in found) == sorted(wanted), found
      p.ask("_search_index", limit=10)


@case
def words_split_otherwise(ground):
  """Where the server took the text for other words than PostgreSQL does, places are not looked at."""
  with ground.district() as d:
    p = d.desk("p1")
    no = d.report(p, place=token(1), place_pairs="\\x" + b"".join(place_pairs("翠湖路")).hex(), content="有人打架")["no"]
    for _ in range(2):
      assert p.numbers("search_incidents", text="翠湖", place_pairs=packed("翠湖 路")) == []
      assert p.numbers("search_incidents", text="打架", place_pairs=packed("翠湖 路")) == [no]
      p.ask("_search_index", limit=10)


@case
def search_of_a_changed_place(ground):
  with ground.district() as d:
    p = d.desk("p1")
    no = d.report(p, place=token(1), place_pairs="\\x" + b"".join(place_pairs("翠湖路")).hex())["no"]
    p.ask("_search_index", limit=10)

    def found(text):
      return p.numbers("search_incidents", text=text, place_pairs=packed(text)) == [no]
    assert found("翠湖") and not found("白石")
    p.change("correct_incident", no, place=token(2), place_index="\\x00", place_pairs="\\x" + b"".join(place_pairs("白石路")).hex())
    assert found("白石") and not found("翠湖")
    p.change("correct_incident", no, content="别的事")
    assert found("白石") and found("别的事 白石")
    p.change("correct_incident", no, place="")
    assert not found("白石") and d.sql("select place_index, place_pairs from incident") == [(None, None)]


@case
def search_of_changed_words(ground):
  with ground.district() as d:
    p = d.desk("p1")
    first, second = d.report(p, content="翠湖失窃")["no"], d.report(p, content="翠湖失窃")["no"]
    p.ask("_search_index", limit=1)
    for no in (first, second):
      p.change("correct_incident", no, content="翠湖寻获")
    p.ask("_search_index", limit=10)
    assert p.numbers("search_incidents", text="寻获 翠湖") == [second, first] and not p.numbers("search_incidents", text="失窃")
    p.change("correct_incident", second, content="翠湖结案")
    p.change("dispatch_incident", first, dispatched_to="水上中队")
    assert p.numbers("search_incidents", text="寻获") == [first] == p.numbers("search_incidents", text="水上")


@case
def common_words_and_rare_ones(ground):
  """Both ways of searching give the same pages: from the newest back, and by the index."""
  with ground.district() as d:
    p, viewer = d.desk("p1"), d.desk("pb", "viewer")
    for part in range(5):
      d.group(*[(p if i % 3 else d.desk("p2"), {"class": 6, "content": f"邻居争吵{'金鱼' if i % 500 == 77 else ''}{'灰鸽' if i % 40 == 7 else ''}",
                 "received_at": f"2024-01-01T00:00:{i % 60:02}Z"}) for i in range(part * 500, part * 500 + 500)])
    while p.ask("_search_index", limit=1000)[0]["indexed"]:
      pass
    for desk in (p, viewer):
      for word in ("争吵", "灰鸽", "金鱼"):
        wanted = [row[0] for row in d.sql("select incident_no(num) from incident where strpos(content, $1) > 0 and origin = any (sees($2))"
                                          " order by received_at desc, num desc", word, desk.id)]
        got, page = [], None
        while True:
          rows = desk.ask("search_incidents", text=word, limit=60, page=page)
          got += [row["no"] for row in rows]
          page = rows[-1]["next"] if rows else None
          if not page or len(got) >= 300:
            break
        assert got == wanted[:len(got)] and (page or got == wanted), f"{word}: {len(got)} of {len(wanted)}"


@case
def a_long_history_has_pages(ground):
  """However often and at what length a record was changed, all of it can be read, each change once and whole."""
  with ground.district() as d:
    p = d.desk("p1")
    no = d.report(p)["no"]
    for n in range(90):
      p.change("correct_incident", no, content=f"{n}" + "长" * 2600, place=f"{n}号", reason="改" * 1300)
    got, page = [], None
    while True:
      rows = p.ask("show_history", incident=no, page=page)
      assert sum(len((row[f] or "").encode()) for row in rows for f in ("old_value", "new_value", "note")) < 600_000
      assert len({row["next"] for row in rows}) == 1
      got += rows
      page = rows[0]["next"]
      if not page:
        break
    assert len(got) == 1 + 2 * 90 and [row["version"] for row in got] == [1] + [v for v in range(2, 92) for _ in (1, 2)]
    assert p.ask("show_history", incident=no, page="\\x7fffffffffffffff") == []
    for odd in ("\\x", "\\x00", "\\xffffffffffffffff", "\\x" + "ff" * 30):
      p.ask("show_history", incident=no, page=odd)


@case
def history_in_order(ground):
  with ground.district() as d:
    p, j = d.desk("p1"), d.desk("j1", "mediator")
    no = d.report(p, place="旧址", threats="{2,1}")["no"]
    p.change("correct_incident", no, place="新址", longitude=112.5, external_no="X-1", reason="核实")
    j.change("note_incident", no, note="联系")
    p.change("correct_incident", no, external_no="")
    told = [(e["version"], e["kind"], e["office"], e["field"], e["old_value"], e["new_value"], e["note"]) for e in j.ask("show_history", incident=no)]
    assert told[0] == (1, "report_incident", "p1", None, None, None, None)
    assert sorted(told[1:4], key=lambda e: e[3]) == [
      (2, "correct_incident", "p1", "external_no", None, "X-1", "核实"), (2, "correct_incident", "p1", "longitude", None, "112.5", "核实"),
      (2, "correct_incident", "p1", "place", "旧址", "新址", "核实")], told
    assert told[4:] == [(3, "note_incident", "j1", None, None, None, "联系"), (4, "correct_incident", "p1", "external_no", "X-1", None, None)], told
