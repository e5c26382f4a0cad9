"""Sealed fields: what PostgreSQL holds, who reads it, keys that are changed, missing, wrong; rows of before."""
import contextlib
import glob
import mmap
import os
import re
import subprocess
import threading

from peer.peer import Refused, request_id
from scene import CLASS, check_status, pb, refusal
from support.cluster import binary
from support.runner import case
from support.waiting import until
from test_client import client

HIDDEN, UNREADABLE = "〔无权查看〕", "〔无法解密〕"
TOKEN = re.compile(r"~1\.[0-9a-f]{8}\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43,}")


@contextlib.contextmanager
def desk(stage, node, device="ytp-duty"):
  peer = stage.peer(node, device)
  try:
    yield peer
  finally:
    peer.close()


def report(peer, **fields):
  return peer.ask("report_incident", request=fields.pop("request", None), **{"class": CLASS, "content": "邻里纠纷", **fields})


def stored(stage, data, no):
  return stage.sql("select reporter, reporter_phone from incident where incident_no(num) = $1", no, database=data)[0]


def files_of(stage):
  """Whatever PostgreSQL has written: heap, indexes, write-ahead log, its own log."""
  for path in [*glob.glob(os.path.join(stage.cluster.data, "base", "*", "*")), *glob.glob(os.path.join(stage.cluster.data, "pg_wal", "*")),
               os.path.join(stage.cluster.folder, "log")]:
    if os.path.isfile(path) and os.path.getsize(path):
      yield path


def holds(path, words):
  with open(path, "rb") as f, mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) as whole:
    return [w for w in words if whole.find(w.encode()) >= 0]


@case
def nothing_in_the_clear(stage):
  """Reported, imported, corrected, listed, searched for, asked in vain: neither a dump nor any file of the cluster nor a log has it."""
  canaries = ["欧阳卓玛", "13711112221", "慕容格桑", "13711112222", "尉迟央金", "13711112223", "司徒卓嘎", "13711112224", "诸葛曲珍", "13711112225",
              "栖霞里七弄", "鸣鹤坊九弄", "听松巷三弄", "拾翠桥五弄", "枕流街八弄"]
  with stage.alone() as node, desk(stage, node) as p:
    no = report(p, reporter=canaries[0], reporter_phone=canaries[1], place=canaries[10] + "12号").no
    p.ask("correct_incident", incident=no, reporter=canaries[2], reporter_phone=canaries[3], place=canaries[11])
    for status in (refusal(lambda: report(p, content="", reporter=canaries[4], reporter_phone=canaries[5], place=canaries[12])),
                   refusal(lambda: p.ask("correct_incident", incident="JQ-2026-999999", reporter=canaries[4], reporter_phone=canaries[5], place=canaries[12]))):
      assert canaries[5] not in str(status)
    rows = f"2026-01-05 10:00,导入的纠纷,{canaries[6]},{canaries[7]},{canaries[13]}\n"
    path = os.path.join(stage.folder, "sealed.csv")
    with open(path, "w", encoding="utf-8") as f:
      f.write(rows)
    code, data, talk = client(stage, "incident", "import", path, "--map", "occurred_at=1,content=2,reporter=3,reporter_phone=4,place=5", "--default-class", "纠纷",
                              server=f"localhost:{node.port}")
    assert code == 0, data + talk
    shown = p.ask("show_incident", incident=no)
    assert (shown.reporter, shown.reporter_phone, shown.place) == (*canaries[2:4], canaries[11])
    history = p.ask("show_history", incident=no).entries
    assert ("reporter", canaries[0], canaries[2]) in [(e.field, e.old_value, e.new_value) for e in history]
    assert ("reporter_phone", canaries[1], canaries[3]) in [(e.field, e.old_value, e.new_value) for e in history]
    assert ("place", canaries[10] + "12号", canaries[11]) in [(e.field, e.old_value, e.new_value) for e in history]
    assert [(i.no, i.place) for i in p.ask("search_incidents", text="鸣鹤 九弄").incidents] == [(no, canaries[11])]
    assert not p.ask("search_incidents", text="栖霞").incidents
    found = p.ask("search_incidents", text=canaries[7]).incidents
    assert [(i.reporter, i.reporter_phone) for i in found] == [(HIDDEN, HIDDEN)], found
    found = p.ask("show_incident", incident=found[0].no)
    assert (found.reporter, found.reporter_phone, found.place) == (*canaries[6:8], canaries[13]), found
    # a conflict tells both values to who sent one of them
    p.ask("correct_incident", incident=no, base_version=2, reporter=canaries[8], reporter_phone=canaries[9], place=canaries[14])
    conflict = refusal(lambda: p.ask("correct_incident", incident=no, base_version=2, reporter="某人"))
    assert [(c.field, c.theirs, c.yours) for c in conflict.conflicts] == [("reporter", canaries[8], "某人")], conflict
    conflict = refusal(lambda: p.ask("correct_incident", incident=no, base_version=2, reporter_phone=""))
    assert [(c.field, c.theirs, c.yours) for c in conflict.conflicts] == [("reporter_phone", canaries[9], "")], conflict
    conflict = refusal(lambda: p.ask("correct_incident", incident=no, base_version=2, place="别处"))
    assert [(c.field, c.theirs, c.yours) for c in conflict.conflicts] == [("place", canaries[14], "别处")], conflict
    until(lambda: p.ask("search_incidents", text="枕流街").incidents and stage.sql("select count(*) from incident_search", database=node.name) == [("2",)], 60, "index")
    assert [i.no for i in p.ask("search_incidents", text="枕流街 纠纷").incidents] == [no], "by the index"
    with stage.cluster.session(node.name) as s:
      s.rows("checkpoint")
    dump = subprocess.run([binary("pg_dump"), "--dbname", stage.cluster.conninfo(node.name)], stdout=subprocess.PIPE, check=True).stdout.decode()
    assert len(TOKEN.findall(dump)) >= 12
    assert not [w for w in canaries if w in dump], "in the dump"
    assert not [w for w in canaries if w in node.output()], "in the server's log"
    for file in files_of(stage):
      assert not holds(file, canaries), f"in {file}"
    # and the search of files finds what is there
    assert any(holds(file, ["导入的纠纷"]) for file in files_of(stage))


@case
def what_is_typed_is_never_a_token(stage):
  """Somebody who knows a token types it: it is text like any other, and so it comes back."""
  no = stage.report(reporter="张三", reporter_phone="13800000001").no
  token, phone = stored(stage, stage.base, no)
  assert TOKEN.fullmatch(token) and TOKEN.fullmatch(phone)
  other = stage.report(reporter=token, reporter_phone=phone, content=token).no
  got = stage.show(other)
  assert (got.reporter, got.reporter_phone, got.content) == (token, phone, token)
  assert stored(stage, stage.base, other)[0] != token
  stage.ask("ytp-duty", "correct_incident", incident=other, content="改了", reporter="~1.")
  got = stage.show(other)
  assert (got.reporter, got.content) == ("~1.", "改了")
  stage.ask("ytp-duty", "correct_incident", incident=other, reporter="")
  assert not stage.show(other).HasField("reporter")


@case
def tokens_that_were_moved(stage):
  """By a superuser: to another row, another field, changed, of a key that is not there. Each says so, and the rest of the record is read."""
  with stage.alone() as node, desk(stage, node) as p:
    one, two = report(p, reporter="甲某某", reporter_phone="13600000001").no, report(p, reporter="乙某某", reporter_phone="13600000002").no
    name, phone = stored(stage, node.name, one)
    for set_to in (("reporter", name), ("reporter_phone", phone), ("reporter", phone), ("reporter", name[:-1] + ("A" if name[-1] != "A" else "E")),
                   ("reporter", name.replace(name[3:11], "0000ffff"))):
      stage.sql(f"update incident set {set_to[0]} = $1 where incident_no(num) = $2", set_to[1], two, database=node.name)
      got = p.ask("show_incident", incident=two)
      assert getattr(got, set_to[0]) == UNREADABLE and got.content == "邻里纠纷", set_to
      assert [getattr(i, set_to[0]) for i in p.ask("list_incidents").incidents if i.no == two] == [HIDDEN]
    assert p.ask("show_incident", incident=one).reporter == "甲某某"
    log = node.log()
    assert '"ev":"sealing.unreadable"' in log and "incident.reporter" in log and name not in log and "甲某某" not in log


@case
def watchers_are_not_told(stage):
  """Events, those that come again from the table, and snapshots: the mask stands where the text would."""
  with stage.watch() as watch:
    watch.backlog()
    before = watch.cursor
    no = stage.report(reporter="丙某某", reporter_phone="13500000001", place="翠竹路").no
    stage.ask("ytp-duty", "correct_incident", incident=no, reporter="丁某某", place="翠柏路")

    def check(events):
      assert (events[0].report.reporter, events[0].report.reporter_phone, events[0].report.place) == (HIDDEN, HIDDEN, "翠竹路")
      changes = {c.field: (c.old_value, c.new_value) for c in events[1].changes}
      assert changes == {"reporter": (HIDDEN, HIDDEN), "place": ("翠竹路", "翠柏路")}, changes
    check([watch.event(), watch.event()])
  with stage.watch(cursor=before) as again:
    check(again.backlog())
  forged = bytes(16)
  with contextlib.closing(stage.peer(stage.a, "yts-mediator")) as peer:
    peer.call("watch_feed", cursor=forged)
    while True:
      push = peer.push()
      if push.WhichOneof("body") == "feed_snapshot":
        assert {i.reporter for i in push.feed_snapshot.incidents} <= {"", HIDDEN} and {i.reporter_phone for i in push.feed_snapshot.incidents} <= {"", HIDDEN}
        if push.feed_snapshot.last:
          break


@case
def equal_is_equal(stage):
  """A correction to what stands already is none; the same number in another spelling counts and is found."""
  no = stage.report(reporter="戊某某", reporter_phone="13400000001").no
  check_status(refusal(lambda: stage.ask("ytp-duty", "correct_incident", incident=no, reporter="戊某某", reporter_phone="13400000001")), "NO_CHANGE")
  again = stage.report(reporter_phone="+86 134-0000-0001").no
  assert stage.show(again).repeat_count == 2
  assert [i.no for i in stage.ask("ytp-duty", "search_incidents", text="134 0000 0001").incidents] == [again, no]
  assert [i.no for i in stage.ask("ytp-duty", "search_incidents", text="１３４０００００００１").incidents] == [again, no]
  assert [i.no for i in stage.ask("ytp-duty", "search_incidents", text="1340000000").incidents] == []
  assert [i.no for i in stage.ask("xcp-duty", "search_incidents", text="13400000001").incidents] == []
  stage.ask("ytp-duty", "correct_incident", incident=again, reporter_phone="13400000009")
  assert [i.no for i in stage.ask("ytp-duty", "search_incidents", text="13400000001").incidents] == [no]
  stage.ask("ytp-duty", "correct_incident", incident=no, reporter_phone="")
  assert [i.no for i in stage.ask("ytp-duty", "search_incidents", text="13400000001").incidents] == []


def rotate(stage, node):
  code, text = node.run("seal-rotate")
  assert code == 0 and "换好了" in text, text


@case
def repeated_after_a_change_of_keys(stage):
  """The same request again is the same, though its bytes in the feed are of another key; other content is not."""
  with stage.alone() as node, desk(stage, node) as p:
    first, second = request_id(), request_id()
    fields = {"reporter": "己某某", "reporter_phone": "13300000001"}
    no = report(p, request=first, **fields).no
    p.ask("correct_incident", request=second, incident=no, reporter="庚某某")
    old = stored(stage, node.name, no)
    known = node.log().count('"ev":"sealing.keys"')
    rotate(stage, node)
    until(lambda: node.log().count('"ev":"sealing.keys"') > known, 60, "the node to read the keys again")
    other = report(p, reporter="己某某").no
    assert stored(stage, node.name, other)[0][3:11] != old[0][3:11], "still the old key"
    got = report(p, request=first, **fields)
    assert got.replay and got.no == no
    assert p.ask("correct_incident", request=second, incident=no, reporter="庚某某").replay
    check_status(refusal(lambda: report(p, request=first, **{**fields, "reporter": "己某"})), "KEY_REUSED")
    check_status(refusal(lambda: p.ask("correct_incident", request=second, incident=no, reporter="庚某")), "KEY_REUSED")
    check_status(refusal(lambda: p.ask("correct_incident", incident=no, reporter="庚某某")), "NO_CHANGE")
    got = p.ask("show_incident", incident=no)
    assert (got.reporter, got.reporter_phone) == ("庚某某", "13300000001")


@case
def keys_change_while_others_write(stage):
  """Eight writers on two nodes, four rotations, each with a new key-encryption key: every report reads as it was written."""
  data = stage.database()
  file = os.path.join(stage.folder, "rotating.key")
  subprocess.run([stage.server, "seal-key", file], check=True, stdout=subprocess.DEVNULL)
  nodes = [stage.node(f"rotating{n}", data, seal_key_file=file).start() for n in (1, 2)]
  stop, written, faults = threading.Event(), [], []

  def write(n):
    try:
      with desk(stage, nodes[n % 2]) as p:
        count = 0
        while not stop.is_set():
          count += 1
          name, phone = f"写者{n}号{count}", f"131{n:02}{count:06}"
          written.append((report(p, reporter=name, reporter_phone=phone, place=f"{name}院").no, name, phone))
    except Exception as e:  # pylint: disable=broad-exception-caught
      faults.append(e)
  threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
  for t in threads:
    t.start()
  for _ in range(4):
    size, read = len(written), [n.log().count('"ev":"sealing.keys"') for n in nodes]
    until(lambda: len(written) > size + 40 or faults, 60, "writers")
    subprocess.run([stage.server, "seal-key", file, "add"], check=True, stdout=subprocess.DEVNULL)
    rotate(stage, nodes[0])
    until(lambda: all(n.log().count('"ev":"sealing.keys"') > k for n, k in zip(nodes, read)) or faults, 60, "nodes")
  size = len(written)
  until(lambda: len(written) > size + 400 or faults, 60, "writers")
  stop.set()
  for t in threads:
    t.join()
  assert not faults, faults
  for n in nodes:
    with desk(stage, n) as p:
      for no, name, phone in written[::7] + written[-20:]:
        got = p.ask("show_incident", incident=no)
        assert (got.reporter, got.reporter_phone) == (name, phone), (no, got.reporter, name)
    # each node packed its events as they came, some under keys that it had not read yet
    places = {no: f"{name}院" for no, name, _ in written}
    with stage.watch(node=n, from_start=True) as watch:
      while places:
        event = watch.event()
        assert event.report.place == places.pop(event.no) and event.title.startswith(event.report.place), event
  used = {row[0] for row in stage.sql("select distinct substr(reporter, 4, 8) from incident", database=data)}
  assert len(used) >= 3, used
  # what the newest key-encryption key does not open is nothing: the older ones may go
  with open(file, encoding="ascii") as f:
    newest = f.readline()
  with open(file, "w", encoding="ascii") as f:
    f.write(newest)
  nodes[0].stop()
  nodes[0].start()
  with desk(stage, nodes[0]) as p:
    assert p.ask("show_incident", incident=written[0][0]).reporter == written[0][1]
  for n in nodes:
    n.stop()
    stage.nodes.remove(n)


def refused_with(stage, data, words, **settings):
  node = stage.node("unsealed", data, **settings)
  stage.nodes.remove(node)
  code, text = node.run("run", timeout=30)
  assert code == 78, f"exit {code}: {text}"
  for word in words:
    assert word in text, f"{word!r} is not in: {text}"


@case
def without_the_key_it_does_not_serve(stage):
  other = os.path.join(stage.folder, "other.key")
  code = subprocess.run([stage.server, "seal-key", other], stdout=subprocess.DEVNULL, check=False).returncode
  assert code == 0
  refused_with(stage, stage.base, ("seal_key_file", "liandongd seal-key"), seal_key_file=None)
  refused_with(stage, stage.base, ("/nonexistent/seal.key", "liandongd seal-key"), seal_key_file="/nonexistent/seal.key")
  refused_with(stage, stage.base, (other, "其他节点"), seal_key_file=other)
  os.chmod(other, 0o644)
  refused_with(stage, stage.base, ("chmod 600",), seal_key_file=other)
  os.chmod(other, 0o600)
  again = subprocess.run([stage.server, "seal-key", other], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
  assert again.returncode == 1 and "不会被覆盖" in again.stdout, again.stdout
  node = stage.node("unsealed", stage.base, seal_key_file=other)
  stage.nodes.remove(node)
  code, text = node.run("seal-rotate")
  assert code == 1 and "没有作任何改动" in text, text


@case
def rows_of_before(stage):
  """Plain rows are read as they are, found as they were, counted with new ones, and sealed once they are corrected."""
  data = stage.database()
  node = stage.node(data, data).start()
  with desk(stage, node) as p:
    no, still = report(p, reporter="某", reporter_phone="1", place="一", content="旧事一件").no, report(p, reporter="某", reporter_phone="2", place="二", content="旧事二件").no
  node.stop()
  stage.sql("update incident set reporter = '旧某某', reporter_phone = '13200000001', phone_index = null, place = '旧址里7号', place_index = null,"
            " place_pairs = null", database=data)
  stage.sql("update incident_search s set words = incident_words(i) from incident i where i.num = s.num", database=data)
  node.start()
  until(lambda: stage.sql("select count(*) from incident where phone_index is null or place_index is null", database=data) == [("0",)], 60, "blind indexes")
  with desk(stage, node) as p:
    got = p.ask("show_incident", incident=no)
    assert (got.reporter, got.reporter_phone) == ("旧某某", "13200000001")
    fresh = report(p, reporter_phone="13200000001").no
    assert p.ask("show_incident", incident=fresh).repeat_count == 3
    assert [i.no for i in p.ask("search_incidents", text="13200000001").incidents] == [fresh, still, no]
    assert [i.no for i in p.ask("search_incidents", text="旧某某").incidents] == [still, no]
    same = report(p, place="旧址里 ７号").no
    assert p.ask("show_incident", incident=same).repeat_count == 3
    assert [i.no for i in p.ask("search_incidents", text="旧址里").incidents] == [same, still, no]
    p.ask("correct_incident", incident=no, reporter_phone="13200000002")
    assert TOKEN.fullmatch(stored(stage, data, no)[1]) and stored(stage, data, no)[0] == "旧某某"
    changes = {e.field: (e.old_value, e.new_value) for e in p.ask("show_history", incident=no).entries if e.field}
    assert changes == {"reporter_phone": ("13200000001", "13200000002")}, changes
    assert [i.no for i in p.ask("search_incidents", text="旧某某").incidents] == [still, no]
    assert p.ask("verify_feed").intact
  node.stop()
  stage.nodes.remove(node)


@case
def a_correction_of_what_is_not_there(stage):
  """Asked for first, answered as before."""
  check_status(refusal(lambda: stage.ask("ytp-duty", "correct_incident", incident="JQ-2020-000001", reporter="某")), "NOT_FOUND",
               field="correct_incident.incident")
  hidden = stage.report("xcp-duty", reporter="某").no
  check_status(refusal(lambda: stage.ask("ytp-duty", "correct_incident", incident=hidden, reporter="某")), "NOT_FOUND", field="correct_incident.incident")
  try:
    stage.ask("ytp-duty", "correct_incident", reporter="某")
  except Refused as e:
    assert e.status.reason == "NOT_FOUND", e.status
  assert pb.CODE_OK == 0
