"""Lists, pages, search, history, and what nobody else may see."""
import time

from scene import check_status, pb, refusal
from support.runner import case
from support.waiting import until

OTHERS = ("xcp-duty", "xcs-mediator")      # the other pair: sees nothing of ytp
READERS = ("ytp-officer", "yts-mediator", "yts-head", "ytga-viewer")


def pages(stage, request, device="ytp-duty", size=3, **fields):
  """All incidents of a list, page by page."""
  found, page = [], {}
  while True:
    answer = stage.ask(device, request, limit=size, **fields, **page)
    found += answer.incidents
    assert len(answer.incidents) <= size
    if not answer.HasField("next"):
      return found
    assert len(answer.incidents) == size, "a short page that is not the last"
    page = {"page": answer.next}


@case
def pages_in_stable_order(stage):
  """Same received_at many times, and new incidents arriving between two pages: nothing twice, nothing left out."""
  moment = int(time.time() * 1000) - 3600_000
  mine = [stage.report(received_at=moment + i // 4).no for i in range(10)]
  window = {"from": moment, "until": moment + 10}
  answer = stage.ask("ytp-duty", "list_incidents", limit=4, **window)
  stage.report(received_at=moment + 9)  # newer than what was read: must not shift the next page
  rest = stage.ask("ytp-duty", "list_incidents", limit=100, page=answer.next, **window)
  got = [i.no for i in answer.incidents] + [i.no for i in rest.incidents]
  wanted = sorted(mine, key=lambda no: (moment + mine.index(no) // 4, no), reverse=True)
  assert got == wanted, f"{got} instead of {wanted}"
  full = [i.no for i in pages(stage, "list_incidents", **window)]
  assert len(full) == len(set(full)) == 11 and full[1:] == wanted


FILTERS = (
  ("states", {"states": ["INCIDENT_STATE_DISPATCHED"]}, lambda i: i.state == pb.INCIDENT_STATE_DISPATCHED),
  ("two_states", {"states": ["INCIDENT_STATE_DISPATCHED", "INCIDENT_STATE_VOID"]}, lambda i: i.state in (2, 7)),
  ("classes", {"classes": ["INCIDENT_CLASS_TRAFFIC"]}, lambda i: i.__getattribute__("class") == pb.INCIDENT_CLASS_TRAFFIC),
  ("level", {"level_at_least": "INCIDENT_LEVEL_URGENT"}, lambda i: i.level <= pb.INCIDENT_LEVEL_URGENT),
  ("office", {"office": "yts"}, lambda i: i.origin_office == "yts"),
  ("open", {"open": True}, lambda i: i.state not in (pb.INCIDENT_STATE_CLOSED, pb.INCIDENT_STATE_VOID)),
  ("hidden_office", {"office": "xcp"}, lambda i: False),
)


@case.table(FILTERS)
def list_filter(stage, fields, fits):
  moment = int(time.time() * 1000) - 7200_000
  window = {"from": moment, "until": moment + 1000}
  count = len(pages(stage, "list_incidents", **window))
  if count < 12:
    for n, (cls, level) in enumerate((("TRAFFIC", "MAJOR"), ("TRAFFIC", "GENERAL"), ("DISPUTE", "URGENT"), ("CONSULT", "NON_URGENT"))):
      for device in ("ytp-duty", "yts-mediator", "xcp-duty"):
        no = stage.report(device, **{"class": "INCIDENT_CLASS_" + cls}, level="INCIDENT_LEVEL_" + level, received_at=moment + n).no
        if device == "ytp-duty" and n in (0, 2):
          stage.ask(device, "dispatch_incident", incident=no, dispatched_to="一组")
        if device == "ytp-duty" and n == 3:
          stage.void(device, incident=no, reason="误")
  every = pages(stage, "list_incidents", **window)
  wanted = [i.no for i in every if fits(i)]
  got = [i.no for i in pages(stage, "list_incidents", **window, **fields)]
  assert got == wanted, f"{got} instead of {wanted}"
  assert wanted or fields.get("office") == "xcp", "the filter was tried on nothing"


@case
def a_list_of_an_office_that_is_not_there(stage):
  for device in ("ytp-duty", "ytga-viewer"):
    status = refusal(lambda device=device: stage.ask(device, "list_incidents", office="nowhere"))
    check_status(status, "UNKNOWN_VALUE", "INVALID_ARGUMENT", "list_incidents.office")
    assert "liandong status" in status.hint, status.hint


SEARCHES = (
  ("two_characters", "放火", True), ("one_word_inside", "言放", True), ("two_words", "放火 岳塘", True), ("latin", "zhang", True),
  ("latin_case", "ZHANG", True), ("cyrillic", "Иван ПЕТРОВ", True), ("cyrillic_case", "петров", True),
  ("number", "12345-7", True), ("one_missing", "放火 洪水", False), ("absent", "洪水", False),
  ("not_adjacent", "扬放", False), ("place", "书院", True), ("like_wildcard", "放%", False), ("quote", "放'", False),
)


@case.table(SEARCHES)
def search(stage, text, found):
  tag = "书院路派"
  hits = stage.ask("ytp-duty", "search_incidents", text=tag).incidents
  if not hits:
    stage.report(content="扬言放火自杀 zhang san Иван ПЕТРОВ", place="岳塘书院路派", external_no="12345-7")
    stage.report("xcp-duty", content="扬言放火自杀 zhang san Иван ПЕТРОВ", place="岳塘书院路派", external_no="12345-7")
    hits = stage.ask("ytp-duty", "search_incidents", text=tag).incidents
  assert len(hits) == 1, "the search sees the other district"
  got = [i.no for i in pages(stage, "search_incidents", text=text)]
  assert (hits[0].no in got) == found, got
  assert not found or all(stage.show(no) for no in got)


@case
def search_finds_after_indexing_and_change(stage):
  """Behind the index's mark as well as before it, and by the corrected words."""
  no = stage.report(content="翠湖公园失窃").no
  stage.ask("ytp-duty", "correct_incident", incident=no, content="翠湖公园寻获")
  assert [i.no for i in pages(stage, "search_incidents", text="寻获")] == [no]
  until(lambda: stage.sql("select 1 from search_head h, incident i where i.num <= h.done and i.content = '翠湖公园寻获'"), 60, "the search index")
  assert [i.no for i in pages(stage, "search_incidents", text="寻获")] == [no]
  assert [i.no for i in pages(stage, "search_incidents", text="失窃 翠湖")] == []
  stage.ask("ytp-duty", "correct_incident", incident=no, content="翠湖公园结案陈词")
  assert [i.no for i in pages(stage, "search_incidents", text="陈词")] == [no]
  assert [i.no for i in pages(stage, "search_incidents", text="寻获")] == []


@case
def search_pages(stage):
  mine = [stage.report(content=f"蓝色气球第{i}只").no for i in range(7)]
  got = [i.no for i in pages(stage, "search_incidents", size=2, text="气球")]
  assert got == mine[::-1], got


@case
def the_right_ones_see_it(stage):
  no, secret = stage.report().no, stage.word()
  stage.ask("ytp-duty", "correct_incident", incident=no, content=secret)
  for device in READERS:
    assert stage.show(no, device).content == secret
    assert no in [i.no for i in stage.ask(device, "search_incidents", text=secret).incidents]
    assert stage.ask(device, "show_history", incident=no).entries


@case
def the_other_district_sees_nothing(stage):
  secret = stage.word()
  receipt = stage.report(content=secret)
  id_text = "-".join(receipt.id.hex()[a:b] for a, b in ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32)))
  for device in OTHERS:
    for ref in (receipt.no, receipt.no[-6:], id_text):
      absent = refusal(lambda device=device: stage.show("JQ-2099-000001", device))
      hidden = refusal(lambda device=device, ref=ref: stage.show(ref, device))
      check_status(hidden, "NOT_FOUND", "NOT_FOUND")
      assert (hidden.code, hidden.reason, hidden.message, hidden.hint, len(hidden.violations)) == \
        (absent.code, absent.reason, absent.message, absent.hint, len(absent.violations)), "hidden and absent differ"
      check_status(refusal(lambda device=device, ref=ref: stage.ask(device, "note_incident", incident=ref, note="x")), "NOT_FOUND")
      check_status(refusal(lambda device=device, ref=ref: stage.ask(device, "show_history", incident=ref)), "NOT_FOUND")
    moment = receipt.at
    assert receipt.no not in [i.no for i in pages(stage, "list_incidents", device, size=100, **{"from": moment})]
    assert not stage.ask(device, "search_incidents", text=secret).incidents
  viewer = stage.ask("ytga-viewer", "search_incidents", text=secret).incidents
  assert [i.no for i in viewer] == [receipt.no], "the bureau above sees both"


@case
def history_old_and_new(stage):
  no = stage.report(place="旧址", level="INCIDENT_LEVEL_GENERAL").no
  stage.ask("ytp-duty", "correct_incident", incident=no, place="新址", level="INCIDENT_LEVEL_URGENT", reason="核实地址")
  stage.ask("yts-mediator", "note_incident", incident=no, note="已电话联系")
  stage.ask("ytp-duty", "dispatch_incident", incident=no, dispatched_to="一组", dispatched_at=1687694400123)
  entries = stage.ask("yts-head", "show_history", incident=no).entries
  told = [(e.version, e.kind, e.office, e.officer, e.field, e.old_value, e.new_value, e.note) for e in entries]
  for wanted in ((2, "correct_incident", "ytp", "张建国", "place", "旧址", "新址", "核实地址"),
                 (2, "correct_incident", "ytp", "张建国", "level", "3", "2", "核实地址"),
                 (3, "note_incident", "yts", "刘芳", "", "", "", "已电话联系"),
                 (4, "dispatch_incident", "ytp", "张建国", "state", "1", "2", ""),
                 (4, "dispatch_incident", "ytp", "张建国", "dispatched_to", "", "一组", ""),
                 (4, "dispatch_incident", "ytp", "张建国", "dispatched_at", "", "2023-06-25T12:00:00.123Z", "")):
    assert wanted in told, f"{wanted} is missing in {told}"
  assert told[0][:2] == (1, "report_incident") and [e.version for e in entries] == sorted(e.version for e in entries)
  assert all(a.at <= b.at for a, b in zip(entries, entries[1:]))


@case
def class_filter_with_hidden_neighbours(stage):
  """Pages are full although most of what lies between is somebody else's."""
  moment = int(time.time() * 1000) - 10800_000
  for i in range(12):
    stage.report("xcp-duty", received_at=moment + i)
    if i % 4 == 0:
      stage.report(received_at=moment + i)
  got = pages(stage, "list_incidents", size=2, **{"from": moment, "until": moment + 100})
  assert len(got) == 3 and {i.origin_office for i in got} == {"ytp"}
