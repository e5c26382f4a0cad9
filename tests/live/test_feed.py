"""The feed as watchers see it: backlog, SYNC, live, cursors, filters, RESET, heartbeat, the chain."""
import contextlib
import os

from peer.messages import pb
from peer.peer import request_id
from peer.watch import Reset, Watch
from scene import CLASS, check_status, refusal
from support.runner import case
from support.waiting import until


def kinds(events):
  return [e.kind for e in events]


@case
def backlog_sync_live(stage):
  first = stage.report(content=stage.word())
  with stage.watch(from_start=True) as watch:
    backlog = watch.backlog()
    assert watch.live and [e.no for e in backlog if e.no == first.no] == [first.no]
    second = stage.report(content="直播中")
    event = watch.event()
    assert (event.no, event.kind, event.version, event.office, event.office_name, event.officer) == \
      (second.no, "report_incident", 1, "ytp", "岳塘派出所", "张建国")
    assert event.at == second.at and event.entity == second.id and event.report.content == "直播中"


@case
def from_now_on(stage):
  stage.report()
  with stage.watch() as watch:
    assert watch.backlog() == []
    no = stage.report().no
    assert watch.event().no == no


@case
def event_of_every_kind(stage):
  acts = (("dispatch_incident", {"dispatched_to": "一组"}), ("arrive_incident", {}), ("note_incident", {"note": "安抚"}),
          ("feedback_incident", {"result": "已劝离"}), ("close_incident", {"result": "和解"}), ("reopen_incident", {"reason": "再报"}),
          ("correct_incident", {"place": "三单元"}), ("void_incident", {"reason": "重复"}))
  with stage.watch() as watch:
    watch.backlog()
    no = stage.report(threats=["THREAT_ARSON"], place="二单元").no
    for kind, fields in acts:
      (stage.void if kind == "void_incident" else lambda device, kind=kind, **f: stage.ask(device, kind, **f))("ytp-duty", incident=no, **fields)
    events = [watch.event() for _ in range(3 + len(acts))]
  assert kinds(events) == ["report_incident"] + [k for k, _ in acts[:-1]] + ["ask_approval", "decide_approval", "void_incident"]  # it takes two
  assert [e.version for e in events] == list(range(1, len(acts) + 4))
  assert list(events[0].threats) == [pb.THREAT_ARSON] and events[0].repeat_count >= 1 and "二单元" in events[0].title
  assert ("place", "二单元", "三单元") in [(c.field, c.old_value, c.new_value) for c in events[7].changes]
  assert events[3].note == "安抚" and events[10].note == "重复" and events[10].state == pb.INCIDENT_STATE_VOID


@case
def resume_from_every_cursor(stage):
  """Whatever event was processed last: the rest comes, no more and no less."""
  with stage.watch() as watch:
    watch.backlog()
    start = watch.cursor
    nos = []
    for i in range(6):
      nos.append(stage.report().no)
      stage.report("xcp-duty")  # hidden from this watcher
    cursors = [start]
    for _ in nos:
      watch.event()
      cursors.append(watch.cursor)
  for node in (stage.a, stage.b):
    for i, cursor in enumerate(cursors):
      with stage.watch(node=node, cursor=cursor) as again:
        assert [e.no for e in again.backlog()] == nos[i:], f"from cursor {i}"


@case
def from_before_the_first_event(stage):
  """Who watched an empty feed goes on from there: its cursor belongs to every history."""
  with stage.alone() as node:
    with stage.watch(node=node) as watch:
      assert watch.backlog() == []
      cursor = watch.cursor
    with stage.peer(node, "ytp-duty") as desk:
      no = desk.ask("report_incident", **{"class": CLASS, "content": "第一起"}).no
    with stage.watch(node=node, cursor=cursor) as watch:
      assert [e.no for e in watch.backlog()] == [no]


@case
def sync_cursor_skips_the_hidden(stage):
  """A FeedSync's cursor lies behind hidden events, and resuming from it loses nothing."""
  with stage.watch() as watch:
    watch.backlog()
    for _ in range(3):
      stage.report("xcp-duty")
    before = watch.cursor
    until(lambda: watch.next() is None and watch.cursor != before, 60, "a heartbeat with a newer cursor")
    cursor = watch.cursor
  no = stage.report().no
  with stage.watch(cursor=cursor) as watch:
    assert [e.no for e in watch.backlog()] == [no]


FILTERS = (
  ("kinds", {"kinds": ["note_incident"]}, lambda e: e.kind == "note_incident"),
  ("classes", {"classes": ["INCIDENT_CLASS_EXTREME_THREAT"]}, lambda e: getattr(e, "class") == pb.INCIDENT_CLASS_EXTREME_THREAT),
  ("level", {"level_at_least": "INCIDENT_LEVEL_URGENT"}, lambda e: e.level <= pb.INCIDENT_LEVEL_URGENT),
  ("offices", {"offices": ["yts"]}, lambda e: e.office == "yts"),
  ("all_of_them", {"kinds": ["report_incident"], "classes": ["INCIDENT_CLASS_CONSULT"], "level_at_least": "INCIDENT_LEVEL_GENERAL",
                   "offices": ["ytp"]}, lambda e: e.kind == "report_incident" and getattr(e, "class") == pb.INCIDENT_CLASS_CONSULT
                   and e.level <= pb.INCIDENT_LEVEL_GENERAL and e.office == "ytp"),
)


def medley(stage):
  for cls, level in (("EXTREME_THREAT", "MAJOR"), ("CONSULT", "GENERAL"), ("CONSULT", "NON_URGENT"), ("DISPUTE", "URGENT")):
    for device in ("ytp-duty", "yts-mediator"):
      no = stage.report(device, **{"class": "INCIDENT_CLASS_" + cls}, level="INCIDENT_LEVEL_" + level).no
      stage.ask("yts-mediator", "note_incident", incident=no, note="记录")


@case.table(FILTERS)
def filter_live_and_backlog(stage, fields, fits):
  """The server filters; prev is whole under any filter (Watch checks it), from the ring and from the table."""
  with stage.watch() as every, stage.watch(**fields) as some:
    every.backlog(), some.backlog()
    start = every.cursor
    medley(stage)
    last = stage.ask("yts-mediator", "list_incidents", limit=1).incidents[0]
    seen = []
    while not (seen and seen[-1].no == last.no and seen[-1].kind == "note_incident"):
      seen.append(every.event())
    wanted = [(e.no, e.version) for e in seen if fits(e)]
    assert wanted and len(wanted) < len(seen)
    assert [(e.no, e.version) for e in (some.event() for _ in wanted)] == wanted
  with stage.watch(cursor=start, **fields) as again:
    assert [(e.no, e.version) for e in again.backlog()] == wanted


@case
def unknown_kind_in_filter(stage):
  with stage.peer(stage.a, "yts-mediator") as peer:
    check_status(refusal(lambda: Watch(peer, kinds=["no_such_request"])), "UNKNOWN_VALUE", "INVALID_ARGUMENT", "watch_feed.filter.kinds")


@case
def an_office_that_is_not_there_in_filter(stage):
  """Nothing would ever come, and the watch would look well. An office without devices, and one out of sight, are there."""
  with stage.peer(stage.a, "yts-mediator") as peer:
    status = refusal(lambda: Watch(peer, offices=["ytp", "nowhere"]))
    check_status(status, "UNKNOWN_VALUE", "INVALID_ARGUMENT", "watch_feed.filter.offices")
    assert [v.field for v in status.violations] == ["watch_feed.filter.offices[1]"] and "liandong status" in status.hint
    assert Watch(peer, offices=["ytp", "ytsf", "xcp"]).backlog() == [], "the connection is free for another filter"


@case
def codes_that_differ_at_their_end(stage):
  """A code may have 64 characters, and each of them counts, from the ring and from the table."""
  ours, theirs = "a" * 63 + "1", "a" * 63 + "2"
  with stage.alone() as node:
    stage.sql(f"update office set code = '{ours}' where code = 'ytp'; update office set code = '{theirs}' where code = 'yts'", database=node.name)

    def renamed():
      with stage.peer(node, "ytp-duty") as peer:
        return peer.welcome.office_code == ours
    until(renamed, 60, "the whole code")
    with stage.peer(node, "ytp-duty") as desk, stage.peer(node, "yts-mediator") as mediator, stage.watch(node=node, offices=[ours]) as watch:
      watch.backlog()
      hidden, seen = (peer.ask("report_incident", **{"class": CLASS, "content": "两所之一"}).no for peer in (mediator, desk))
      event = watch.event()
      assert (event.no, event.office) == (seen, ours)
    node.kill()
    node.start()  # its ring is empty
    for code, wanted in ((ours, [seen]), (theirs, [hidden])):
      with stage.watch(node=node, from_start=True, offices=[code]) as watch:
        assert [e.no for e in watch.backlog()] == wanted


@case
def isolation_on_the_feed(stage):
  with stage.watch("xcs-mediator") as theirs, stage.watch("yts-mediator") as ours, stage.watch("ytga-viewer") as above:
    for watch in (theirs, ours, above):
      watch.backlog()
    a, b = stage.report("ytp-duty").no, stage.report("xcp-duty").no
    assert theirs.event().no == b and ours.event().no == a
    assert [above.event().no, above.event().no] == [a, b]
  with stage.watch("xcs-mediator", from_start=True) as theirs:
    assert {e.no for e in theirs.backlog()}.isdisjoint({a})


@case
def one_watch_a_connection(stage):
  with stage.watch() as watch:
    check_status(refusal(lambda: Watch(watch.peer)), "ALREADY_WATCHING")
    no = stage.report().no
    assert watch.event().no == no, "the first watch goes on"
    assert watch.peer.ask("show_incident", incident=no).no == no, "calls and pushes share a connection"


@case
def heartbeat(stage):
  with stage.watch() as watch:
    watch.backlog()
    assert any(watch.next(timeout=10) is None for _ in range(50)), "only events"  # clocks of other cases may be due in between
    assert watch.live


@case
def made_up_cursor(stage):
  for cursor in (bytes(16), os.urandom(16), b"\xff" * 16):
    with stage.peer(stage.a, "yts-mediator") as peer:
      try:
        Watch(peer, cursor=cursor).backlog()
        raise AssertionError("a made-up cursor was continued")
      except Reset as e:
        assert e.reason in ("RIGHTS", "FUTURE", "FORKED", "PRUNED"), e.reason
  with stage.peer(stage.a, "yts-mediator") as peer:
    check_status(refusal(lambda: Watch(peer, cursor=b"short")), "BAD_SIZE", "INVALID_ARGUMENT", "watch_feed.cursor")


@contextlib.contextmanager
def told(stage, **settings):
  """A node of its own with five reports and a note, and the cursors a watcher had."""
  with stage.alone(**settings) as node, stage.peer(node) as peer, stage.watch(node=node) as watch:
    watch.backlog()
    cursors, nos = [watch.cursor], []
    for i in range(5):
      nos.append(peer.ask("report_incident", **{"class": CLASS, "content": f"第{i}件事"}).no)
      watch.event()
      cursors.append(watch.cursor)
    stage.sql("update approval_rule set void_from = 0", database=node.name)  # a second person's word would be an event more
    peer.ask("void_incident", incident=nos[1], reason="误")
    watch.event()
    yield node, peer, nos, cursors


def expect_reset(stage, node, cursor, reason):
  """The Reset; the watch goes on live after it."""
  with contextlib.closing(stage.peer(node, "yts-mediator")) as peer:
    watch = Watch.__new__(Watch)
    try:
      watch.__init__(peer, cursor=cursor)
      watch.backlog()
    except Reset as e:
      assert e.reason == reason, e.reason
      with stage.peer(node) as other:
        no = other.ask("report_incident", **{"class": CLASS, "content": "重置之后"}).no
      assert watch.event().no == no, "no live events after the reset"
      return e
  raise AssertionError("no RESET came")


@case
def reset_pruned(stage):
  """What lies before the floor is not replayed: the snapshot of the open incidents comes instead."""
  with told(stage) as (node, _, nos, cursors):
    node.kill()
    assert stage.sql("select feed_keep(0)", database=node.name) == [("6",)]
    node.start()
    reset = expect_reset(stage, node, cursors[1], "PRUNED")
    assert sorted(i.no for i in reset.incidents) == sorted(no for no in nos if no != nos[1]), "the snapshot holds the open ones"
    with stage.watch("xcs-mediator", node=node, cursor=None, from_start=True) as other:
      assert other.backlog() == []
    with contextlib.closing(stage.peer(node, "xcs-mediator")) as peer:
      try:
        Watch(peer, cursor=cursors[1]).backlog()
        raise AssertionError("no RESET came")
      except Reset as e:
        assert not e.incidents, "the snapshot shows the other district's incidents"


@case
def reset_in_small_pages(stage):
  """Of the longest records there are, whole; what a client makes the server read at once, and hold while it reads nothing, is bounded."""
  with stage.alone() as node, stage.peer(node) as peer:
    fields = {"class": CLASS, "content": "汉" * 2666, "place": "地" * 170, "reporter": "人" * 85}
    nos = [peer.ask("report_incident", **fields).no for _ in range(60)]
    with stage.peer(node, "yts-mediator") as watcher:
      watcher.ask("watch_feed", cursor=b"\x01" * 16)
      pages = []
      while not pages or not pages[-1].last:
        push = watcher.push()
        if push.WhichOneof("body") == "feed_snapshot":
          pages.append(push.feed_snapshot)
    assert [i.no for page in pages for i in page.incidents] == nos[::-1] and all(i.content == fields["content"] for page in pages for i in page.incidents)
    assert max(page.ByteSize() for page in pages) < 384 * 1024, [page.ByteSize() for page in pages]


@case
def reset_future(stage):
  """A cursor from a history that this database has not seen: the backup is older than the client."""
  with told(stage) as (node, peer, nos, cursors):
    for i in range(3):
      peer.ask("note_incident", incident=nos[0], note="后来")
    with contextlib.closing(stage.peer(node, "yts-mediator")) as reader:
      watch = Watch(reader, cursor=cursors[-1])
      watch.backlog()
      late = watch.cursor
    node.kill()
    stage.sql("""delete from feed where seq > 6;
      update feed_head set seq = 6, hash = (select hash from feed where seq = 6);
      update incident set events = (select array_agg(e) from unnest(events) e where e <= 6)""", database=node.name)
    node.start()
    expect_reset(stage, node, late, "FUTURE")


@case
def reset_forked(stage):
  """The same number, another history."""
  with told(stage) as (node, peer, nos, cursors):
    node.kill()
    stage.sql("""update feed set hash = sha256('another history') where seq = 5;
      update feed_head set hash = hash""", database=node.name)
    node.start()
    expect_reset(stage, node, cursors[5], "FORKED")


BREAKS = (
  ("changed_title", "update feed set title = '改过' where seq = 3", "#3 CHANGED"),
  ("changed_act", "update feed set act = 'x' where seq = 2", "#2 CHANGED"),
  ("changed_hash", "update feed set hash = sha256('x') where seq = 4", "#4 CHANGED"),
  ("changed_time", "update feed set at = at + interval '1 ms' where seq = 1", "#1 CHANGED"),
  ("missing_first", "delete from feed where seq = 1", "#1 MISSING"),
  ("missing_middle", "delete from feed where seq = 3", "#3 MISSING"),
  ("missing_last", "delete from feed where seq = 6", "#6 MISSING"),
  ("swapped", "update feed set seq = -seq where seq in (2, 3); update feed set seq = 5 + seq where seq < 0", "#2 CHANGED"),
  ("head_moved", "update feed_head set hash = sha256('x')", "#6 HEAD"),
)


@case
def verify_intact_and_broken(stage):
  """A superuser's edit is found and named, whatever it is; put back, the chain is whole again."""
  with told(stage) as (node, peer, _, _):
    verdict = peer.ask("verify_feed")
    assert verdict.intact and verdict.checked == 6 and len(verdict.head) == 32 and not verdict.first_broken
    stage.sql("create table kept as table feed; create table kept_head as table feed_head", database=node.name)
    for name, edit, broken in BREAKS:
      stage.sql(edit, database=node.name)
      found = peer.ask("verify_feed")
      assert not found.intact and found.first_broken == broken, f"{name}: {found.intact} {found.first_broken}"
      stage.sql("truncate feed; insert into feed table kept; truncate feed_head; insert into feed_head table kept_head", database=node.name)
    assert peer.ask("verify_feed").intact
    with stage.peer(node, "admin") as admin:
      assert admin.ask("verify_feed").intact


@case
def the_servers_role_cannot_rewrite(stage):
  """Append-only by GRANT: not even a broken server can change what was said."""
  from support.sql import SqlError
  stage.report()
  for statement in ("update feed set title = 'x'", "delete from feed", "truncate feed", "delete from incident", "drop table feed",
                    "alter table feed add x int", "create table liandong.x(a int)", "create function liandong.x() returns int language sql as 'select 1'"):
    try:
      stage.sql(statement, role="liandong_app")
    except SqlError as e:
      assert e.state == "42501", f"{statement}: {e}"
    else:
      raise AssertionError(f"{statement} was allowed")


@case
def a_watch_ends_with_its_connection(stage):
  """10 watchers come and go in the middle of deliveries; the node goes on."""
  for i in range(10):
    with stage.watch(from_start=True) as watch:
      for _ in range(i):
        watch.next()
      stage.report()
  until(lambda: stage.a.http("/healthz")[0] == 200, 60, "health")


MANY = """do $$
begin
  for n in 1 .. 40 loop
    perform from feed_head for update;
    perform from report_incidents(
      (select array_agg(gen_random_uuid()) from generate_series(1, 300)), (select array_agg(''::bytea) from generate_series(1, 300)),
      (select array_agg((select id from office where code = case when i % 100 = 0 then 'ytp' else 'xcp' end) order by i) from generate_series(1, 300) i),
      (select array_agg(1::int8) from generate_series(1, 300)), (select array_agg('某'::text) from generate_series(1, 300)),
      array_fill(null::int2, array[300]), array_fill(6::int2, array[300]), array_fill(null::int2, array[300]), array_fill(null::text, array[300]),
      array_fill(null::timestamptz, array[300]), array_fill(null::timestamptz, array[300]), array_fill(null::text, array[300]),
      array_fill(null::float8, array[300]), array_fill(null::float8, array[300]), array_fill(null::text, array[300]), array_fill(null::text, array[300]),
      array_fill('一件旧事'::text, array[300]), array_fill(null::text, array[300]), array_fill(null::int4, array[300]), array_fill(null::bytea, array[300]),
      array_fill(null::bytea, array[300]), array_fill(null::bytea, array[300]));
  end loop;
end $$"""


@case
def long_absence(stage):
  """Far behind the ring, page by page: nearly everything for one who sees most of it, every hundredth for one who sees little."""
  with stage.alone(ring="1MiB") as node:
    stage.sql(MANY, database=node.name)
    for device, office, count in (("xcp-duty", "xcp", 11880), ("ytp-duty", "ytp", 120)):
      wanted = [row[0] for row in stage.sql("select f.no from feed f where f.office = $1 order by f.seq", office, database=node.name)]
      assert len(wanted) == count
      with stage.watch(device, node=node, from_start=True) as watch:
        got = []
        while len(got) < count:
          got.append(watch.event(timeout=20).no)
        assert got == wanted
        assert watch.next(timeout=20) is None and watch.live, "told to be live once all is there"


@case
def those_who_stop_reading_hold_little(stage):
  """Forty begin far behind and read nothing: each holds about half a MiB of the server, the few with wide pages some more."""
  with stage.alone(ring="1MiB") as node, contextlib.ExitStack() as stopped:
    stage.sql(MANY.replace("''::bytea", "repeat('x', 2000)::bytea"), database=node.name)
    before, pages = node.memory(), []
    for _ in range(40):
      stopped.enter_context(stage.watch("xcp-duty", node=node, from_start=True))

    def settled():
      pages.append(node.metric("liandong_feed_table_pages_total"))
      return pages[-1] >= 80 and len(pages) > 100 and pages[-1] == pages[-100]
    until(settled, 60, "the last page for those who don't read")
    grown = (node.memory() - before) / (1 << 20)
    assert grown < 40 * 0.6 + 8 * 2.5, f"{grown:.0f} MiB"


@case
def a_slow_watcher_delays_nobody(stage):
  """One stops reading while megabytes pass; the others have each event within the call after it; then it reads on without a gap."""
  with stage.alone(ring="1MiB") as node, stage.peer(node) as peer, stage.watch(node=node) as slow, stage.watch(node=node) as fast:
    slow.backlog(), fast.backlog()
    nos = []
    for i in range(1500):
      nos.append(peer.ask("report_incident", request=request_id(), **{"class": CLASS, "content": f"{i} " + "长" * 1500}).no)
      event = fast.event(timeout=5)
      assert event.no == nos[-1]
    got = [slow.event().no for _ in nos]
    assert got == nos
    assert node.process.poll() is None
