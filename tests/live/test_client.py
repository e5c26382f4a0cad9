"""The client program from end to end: a process, its standard output, its talk and its exit code."""
import csv
import io
import json
import os
import re
import select
import signal
import subprocess
import time

from support.node import clean_environment, free_port
from support.runner import Skip, case
from support.stage import program
from support.waiting import until

CHINESE = re.compile("[\u4e00-\u9fff]")
SECONDS = 40


def words(stage, *arguments, device="ytp-duty", server=None, **settings):
  """Command line and environment of one run, with a home of its own."""
  path = stage.certificates.get(device, device)
  home = os.path.join(stage.folder, "home-" + os.path.basename(path))
  os.makedirs(home, exist_ok=True)
  environment = {**clean_environment(), "HOME": home, "LC_ALL": "C", "TERM": "dumb", "XDG_CONFIG_HOME": home + "/config", "XDG_STATE_HOME": home + "/state",
                 "LIANDONG_SERVER": server or f"localhost:{stage.a.port}", "LIANDONG_CA": stage.authority.ca, "LIANDONG_CERT": path + ".pem",
                 "LIANDONG_KEY": path + ".key", **settings}
  return [program("liandong"), *arguments], environment


def client(stage, *arguments, give="", **options):
  """(exit code, data, talk)."""
  line, environment = words(stage, *arguments, **options)
  done = subprocess.run(line, env=environment, input=give, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=SECONDS)
  assert "\x1b" not in done.stdout + done.stderr, "escape sequences outside a terminal"
  return done.returncode, done.stdout, done.stderr


def ok(stage, *arguments, **options):
  code, data, talk = client(stage, *arguments, **options)
  assert code == 0, f"exit {code}: {data}{talk}"
  return data


def report(stage, *arguments, **options):
  """Reports; the number."""
  no = ok(stage, "incident", "report", "--class", "dispute", "-o", "id", *arguments, **options).strip()
  assert re.fullmatch(r"JQ-\d{4}-\d{6}", no), no
  return no


class Running:
  """A client in the background; its lines as they come."""

  def __init__(self, stage, *arguments, **options):
    line, environment = words(stage, *arguments, **options)
    self.process = subprocess.Popen(line, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    self.kept = {"stdout": b"", "stderr": b""}

  def __enter__(self):
    return self

  def __exit__(self, *_):
    if self.process.poll() is None:
      self.process.kill()
    self.process.communicate()

  def until(self, wanted, which="stdout", timeout=60):
    """Reads until the pattern was said; all that was said so far."""
    end = time.monotonic() + timeout
    while not re.search(wanted, self.kept[which].decode(errors="replace")):
      pipes = {self.process.stdout: "stdout", self.process.stderr: "stderr"}
      ready = select.select(list(pipes), [], [], max(0, end - time.monotonic()))[0]
      assert ready, f"{wanted!r} was not said: {self.kept}"
      data = [(pipes[pipe], os.read(pipe.fileno(), 65536)) for pipe in ready]
      assert any(d for _, d in data), f"ended before saying {wanted!r}: {self.kept}"
      for name, d in data:
        self.kept[name] += d
    return self.kept[which].decode(errors="replace")

  def said(self):
    """What stands on standard output so far; a line that has begun is read to its end."""
    self.until(r"\A\Z|\n\Z")
    return self.kept["stdout"].decode()


@case
def a_whole_story(stage):
  """Both offices' words: report, list, search, dispatch … close, history; every answer in every form."""
  no = report(stage, "--place", "岳塘街道 3 栋", "--level", "general", "夜里烧烤，邻居争吵")
  shown = json.loads(ok(stage, "incident", "show", no, "-o", "json", device="yts-mediator"))
  assert shown["no"] == no and shown["content"] == "夜里烧烤，邻居争吵" and shown["place"] == "岳塘街道 3 栋"
  for arguments in (("dispatch", no, "巡逻一组"), ("arrive", no), ("handle", no), ("feedback", no, "--result-code", "RECONCILED", "双方和解"), ("close", no),
                    ("reopen", no, "再次报警"), ("correct", no, "--place", "4 栋", "--reason", "听错")):
    ok(stage, "incident", *arguments, device="ytp-chief")
  # what can't be taken back takes two: the chief asks, the paired office's head agrees, and it stays to be read by both
  void = ("incident", "void", no, "重复录入", "--yes")
  code, _, talk = client(stage, *void, device="ytp-chief")
  assert code == 5 and "第二人" in talk and "liandong approval list" in talk, talk
  waits = ok(stage, "approval", "list", "--open", device="yts-head")
  assert no in waits and "作废" in waits and "重复录入" in waits, waits
  asked = next(a for a in json.loads(ok(stage, "approval", "list", "--open", "-o", "json", device="yts-head"))["approvals"] if a["no"] == no)
  assert client(stage, "approval", "decide", str(asked["approval"]), "是", device="ytp-chief")[0] == 3, "not the one who asked"
  ok(stage, "approval", "decide", str(asked["approval"]), "是", device="yts-head")
  assert client(stage, "incident", "void", no, "另一个理由", "--yes", device="ytp-chief")[0] == 5, "another reason is another act"
  ok(stage, *void, device="ytp-chief")
  assert "作废" in ok(stage, "incident", "show", no, device="yts-mediator") and "重复录入" in ok(stage, "incident", "history", no, device="yts-mediator")
  ok(stage, "feed", "verify", device="yts-mediator")
  ok(stage, "incident", "note", report(stage, "另一件"), "已电话联系", device="yts-mediator")
  history = [json.loads(line) for line in ok(stage, "incident", "history", no, "-o", "ndjson", device="yts-head").splitlines()]
  assert ("place", "岳塘街道 3 栋", "4 栋") in [(h.get("field"), h.get("old_value"), h.get("new_value")) for h in history], history
  assert ["岳塘街道 3 栋", "4 栋"] in [row[-5:-3] for row in csv.reader(io.StringIO(ok(stage, "incident", "history", no, "-o", "csv")))]
  listed = [json.loads(line) for line in ok(stage, "incident", "list", "--state", "void", "-o", "ndjson").splitlines()]
  assert no in [i["no"] for i in listed]
  found = [line for line in ok(stage, "incident", "search", "烧烤", "-o", "id").split()]
  assert no in found
  table = ok(stage, "incident", "search", "烧烤")
  assert no in table and "作废" in table and CHINESE.search(table)


@case
def the_other_office_sees_it_live(stage):
  """feed watch says what happens within the second, as people's lines and as ndjson; Ctrl-C ends it with 130."""
  with Running(stage, "feed", "watch", device="yts-mediator") as people, Running(stage, "feed", "watch", "-o", "ndjson", device="yts-head") as machine:
    machine.until('"live"')
    people.until(".", "stderr")
    no = report(stage, "--level", "major", "--class", "extreme-threat", "扬言放火")
    people.until(no), machine.until(no)
    said = [json.loads(line) for line in machine.said().splitlines()]
    event = [m["event"] for m in said if m.get("event", {}).get("no") == no][0]
    assert event["kind"] == "report_incident" and event["report"]["content"] == "扬言放火", event
    for running in (people, machine):
      running.process.send_signal(signal.SIGINT)
      assert running.process.wait(10) == 130
  for alert in ok(stage, "alert", "list", "--unacked", "-o", "id", device="yts-mediator").split():  # what it raised by itself
    ok(stage, "alert", "ack", alert, device="yts-mediator")


@case
def watch_goes_on_where_it_left_off(stage):
  """Ended in between: the next watch tells exactly what was missed."""
  arguments = ("feed", "watch", "-o", "ndjson", "--cursor-file", os.path.join(stage.folder, "cursor"))
  with Running(stage, *arguments, device="yts-mediator") as first:
    first.until('"live"')
    before = report(stage, "看到的一件")
    first.until(before)
    until(lambda: os.path.exists(os.path.join(stage.folder, "cursor")), 60, "the cursor file")
    first.process.send_signal(signal.SIGINT)
    first.process.wait(10)
  missed = [report(stage, "错过的" + text) for text in "二三四"]
  data = ok(stage, *arguments, "--no-follow", device="yts-mediator")
  events = [json.loads(line).get("event", {}).get("no") for line in data.splitlines()]
  assert [e for e in events if e] == missed, events


@case
def watch_survives_the_server(stage):
  """kill -9 of the server: it says so, comes back by itself, and nothing is missing."""
  with stage.alone() as node, Running(stage, "feed", "watch", "-o", "ndjson", device="yts-mediator", server=f"localhost:{node.port}") as watch:
    server = f"localhost:{node.port}"
    watch.until('"live"')
    nos = [report(stage, "之前", server=server)]
    watch.until(nos[0])
    node.kill()
    watch.until("连接|中断", "stderr")
    node.start()
    nos.append(report(stage, "之后", server=server))
    watch.until(nos[1], timeout=30)
    events = [json.loads(line).get("event", {}).get("no") for line in watch.said().splitlines()]
    assert [e for e in events if e] == nos
    watch.until("恢复", "stderr")


@case
def watch_filter(stage):
  with Running(stage, "feed", "watch", "-o", "ndjson", "--class", "traffic", device="yts-mediator") as watch:
    watch.until('"live"')
    report(stage, "不要的")
    no = ok(stage, "incident", "report", "--class", "交通", "-o", "id", "两车相撞").strip()
    watch.until(no)
    assert len([line for line in watch.kept["stdout"].splitlines() if b'"event"' in line]) == 1


@case
def watch_ends_with_its_reader(stage):
  """`feed watch | head -1`: over once head is gone, not at the next event; as at a write, quietly; while it looks for a server too."""
  line, environment = words(stage, "feed", "watch", "-o", "ndjson", "--cursor-file", os.path.join(stage.folder, "one-line"), device="yts-mediator")
  done = subprocess.run(["bash", "-c", 'timeout 8 "$@" | head -n 1; echo "${PIPESTATUS[0]}"', "-", *line], env=environment, stdin=subprocess.DEVNULL,
                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=10, check=False)
  assert re.fullmatch(r'\{.*"live":true.*\}\n141\n', done.stdout) and "错误" not in done.stderr, done
  for server, said in ((None, "实时"), (f"localhost:{free_port()}", "后再试")):
    with Running(stage, "feed", "watch", device="yts-head", server=server) as watch:
      watch.until(said, "stderr")
      watch.process.stdout.close()
      assert watch.process.wait(5) == -signal.SIGPIPE
      assert "错误".encode() not in watch.kept["stderr"] + watch.process.stderr.read()


CODES = (  # name, arguments, options, exit code, what the talk must hold
  ("usage_unknown_verb", ("incident", "reprot"), {}, 2, "report"),
  ("usage_unknown_flag", ("incident", "list", "--opne"), {}, 2, "--open"),
  ("usage_unknown_word", ("incident", "report", "--class", "dispuet", "x y"), {}, 2, "dispute"),
  ("usage_missing", ("incident", "report", "只有内容"), {}, 2, "--class"),
  ("not_found", ("incident", "show", "JQ-2099-000001"), {}, 3, "没有找到"),
  ("not_found_hidden", ("incident", "show", "?xc"), {}, 3, "没有找到"),
  ("no_certificate", ("status",), {"device": "/nonexistent"}, 4, "/nonexistent.pem 打不开（没有这个文件或目录）"),
  ("expired", ("status",), {"device": "ytp-expired"}, 4, "过期"),
  ("unknown_device", ("incident", "list"), {"device": "stranger"}, 4, "登记"),
  ("revoked", ("incident", "list"), {"device": "ytp-old"}, 4, "登记"),
  ("forbidden", ("incident", "list"), {"device": "admin"}, 5, "权限"),
  ("forbidden_void", ("incident", "void", "?", "误报", "--yes"), {"device": "ytp-officer"}, 5, "权限"),
  ("state", ("incident", "close", "?", "--result", "x"), {}, 1, "状态"),
  ("unreachable", ("incident", "list", "--timeout", "1s"), {"server": "localhost:1"}, 69, "localhost:1"),
  ("unreachable_why", ("incident", "list", "--timeout", "1s"), {"server": "127.0.0.1:1"}, 69, "对方拒绝连接"),
  ("unresolved", ("incident", "list", "--timeout", "1s"), {"server": "a..b:1"}, 69, "没有这个名字"),  # refused without a question to the network
)


@case.table(CODES)
def exit_code(stage, arguments, options, wanted, says):
  fresh = {"?": lambda: report(stage, "退出码"), "?xc": lambda: report(stage, "退出码", device="xcp-duty")}
  code, data, talk = client(stage, *(fresh[a]() if a in fresh else a for a in arguments), **options)
  assert code == wanted, f"exit {code} instead of {wanted}: {data}{talk}"
  assert says in talk and CHINESE.search(talk) and not data, f"talk: {talk!r}, data: {data!r}"


@case
def conflict(stage):
  """Exit 6, both values, and the next command."""
  no = report(stage, "--place", "甲地", "冲突")
  ok(stage, "incident", "correct", no, "--place", "乙地", "--base-version", "1")
  code, _, talk = client(stage, "incident", "correct", no, "--place", "丙地", "--base-version", "1", device="ytp-duty2")
  assert code == 6 and "乙地" in talk and "丙地" in talk and no in talk, f"exit {code}: {talk}"


@case
def dead_server_first_in_the_list(stage):
  """The next one is tried; one incident."""
  text = stage.word()
  line, environment = words(stage, "incident", "report", "--class", "dispute", "-o", "json", text, server=f"localhost:{free_port()},localhost:{stage.a.port}")
  done = subprocess.run(line, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=SECONDS)
  assert done.returncode == 0, done.stderr
  assert stage.sql("select count(*) from incident where content = $1", text) == [("1",)]


@case
def unknown_outcome(stage):
  """Somebody holds the pen past the timeout: exit 75 and the exact command to ask again, which then tells the one number."""
  with stage.alone() as node:
    server = f"localhost:{node.port}"
    report(stage, "先来", server=server)
    with stage.cluster.session(node.name) as holder:
      holder.rows("begin")
      holder.rows("select seq from liandong.feed_head for update")
      code, data, talk = client(stage, "incident", "report", "--class", "dispute", "等不到答复", "--timeout", "1500ms", server=server)
      assert code == 75 and not data and "--request-id" in talk, f"exit {code}: {talk}"
      holder.rows("rollback")
    again = re.search(r"liandong (incident report .*--request-id[= ]\S+.*)", talk).group(1)
    line, environment = words(stage, server=server)
    done = subprocess.run(f"{line[0]} {again} -o id", shell=True, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=SECONDS)
    assert done.returncode == 0 and done.stdout.startswith("JQ-"), done.stderr
    assert stage.sql("select count(*) from incident where content = '等不到答复'", database=node.name) == [("1",)]


@case
def control_bytes_never_reach_the_terminal(stage):
  """A record whose text holds what a terminal would obey (put there behind the door's back)."""
  no = report(stage, "将被改写")
  stage.sql("update incident set content = e'红\\x1b[31m色\\x07\\u009b2J\\u202e' where num = $1::int8", int(no[3:7]) * 10**9 + int(no[8:]))
  for form in ("table", "csv", "json", "ndjson"):
    _, data, talk = client(stage, "incident", "show", no, "-o", form)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", data + talk), f"{form}: {data!r} {talk!r}"
  # The lists of later cases hold it too.
  stage.sql("update incident set content = '将被改写' where num = $1::int8", int(no[3:7]) * 10**9 + int(no[8:]))
  stage.sql("update incident_search s set words = incident_words(i) from incident i where i.num = s.num")  # which may have been worked out in between


@case
def languages(stage):
  """Chinese by default where no Chinese locale is installed; English on request."""
  assert CHINESE.search(ok(stage, "--help")) and CHINESE.search(ok(stage, "incident", "report", "--help"))
  english = ok(stage, "--help", "--lang", "en")
  assert not CHINESE.search(english), english
  code, _, talk = client(stage, "incident", "show", "JQ-2099-000001", "--lang", "en")
  assert code == 3 and not CHINESE.search(talk), talk
  code, _, talk = client(stage, "status", "--lang", "en", "--timeout", "1s", server="127.0.0.1:1")
  assert code == 69 and "Connection refused" in talk and not CHINESE.search(talk), talk


@case
def status_and_verify(stage):
  data = ok(stage, "status")
  assert "岳塘派出所" in data and "张建国" in data
  verdict = json.loads(ok(stage, "feed", "verify", "-o", "json"))
  assert verdict["intact"] is True
  facts = json.loads(ok(stage, "status", "-o", "json"))  # as "help json" has it
  assert facts["system"] == "POLICE" and facts["role"] == "DUTY" and facts["heartbeat_ms"] > 0 and facts["server_time"].isdigit(), facts


@case
def a_full_disk_is_named(stage):
  line, environment = words(stage, "incident", "show", stage.report().no)
  with open("/dev/full", "w", encoding="utf-8") as full:
    done = subprocess.run(line, env=environment, stdout=full, stderr=subprocess.PIPE, text=True, timeout=SECONDS, check=False)
  assert done.returncode == 1 and "设备上没有空间" in done.stderr, done.stderr


# ---- import

ROWS = '''时间,类型,地点,经过
2023-06-25 20:15,火警,岳塘街道,扬言放火自杀
2023-06-25 20:16,纠纷,"书院路, 3 栋","邻居说""太吵"""
2023-06-25 20:17,纠纷,霞光路,
not a time,纠纷,霞光路,时间不对
2023-06-25 20:15,火警,岳塘街道,扬言放火自杀
2023-06-25 20:18,外星,月球,没有这一类
'''
MAP = ("--header", "--map", "content=经过,class=类型,occurred_at=时间,received_at=时间,place=地点", "--class-map", "火警=disaster,纠纷=dispute")


def imported(stage, path, *arguments, **options):
  """(exit code, verdicts, talk)."""
  code, data, talk = client(stage, "incident", "import", path, *arguments, "-o", "ndjson", **options)
  verdicts = [json.loads(line) for line in data.splitlines()]
  return code, [v["verdict"] for v in verdicts], talk


@case
def import_small(stage):
  """Verdict for each row; bad rows in the reject file, not stopping the rest; identical rows are two; again: nothing new."""
  path = os.path.join(stage.folder, "calls.csv")
  with open(path, "w", encoding="utf-8") as f:
    f.write(ROWS)
  with stage.alone() as node:
    server = f"localhost:{node.port}"
    count = lambda: int(stage.sql("select count(*) from incident", database=node.name)[0][0])  # noqa: E731
    code, verdicts, talk = imported(stage, path, *MAP, "--dry-run", server=server)
    assert count() == 0 and verdicts.count("rejected") == 3, f"{verdicts} {talk}"
    code, verdicts, talk = imported(stage, path, *MAP, server=server)
    assert code == 1 and verdicts == ["created", "created", "rejected", "rejected", "created", "rejected"], f"exit {code}: {verdicts} {talk}"
    assert count() == 3
    with open(path + ".rejected.csv", encoding="utf-8-sig") as f:
      rejects = list(csv.reader(f))
    assert len(rejects) == 4 and [r[3] for r in rejects[1:]] == ["", "时间不对", "没有这一类"] and all(CHINESE.search(r[-1]) for r in rejects[1:]), rejects
    code, verdicts, _ = imported(stage, path, *MAP, server=server)
    assert verdicts == ["replayed", "replayed", "rejected", "rejected", "replayed", "rejected"] and count() == 3, verdicts
    peer = stage.peer(node, "ytp-duty")
    places = [i.place for i in sorted(peer.ask("list_incidents").incidents, key=lambda i: i.no)]
    peer.close()
    assert places == ["岳塘街道", "书院路, 3 栋", "岳塘街道"]
    times = stage.sql("select extract(epoch from occurred_at)::int8 from incident order by num", database=node.name)
    assert times[0] == ("1687695300",), times  # 20:15 in +08:00


@case
def import_in_another_encoding(stage):
  """The reject file is UTF-8, says so, and goes in again once mended."""
  path = os.path.join(stage.folder, "calls-gb.csv")
  with open(path, "w", encoding="gb18030") as f:
    f.write(ROWS)
  for how in ((), ("--encoding", "gb18030")):  # said, or seen
    with stage.alone() as node:
      server = f"localhost:{node.port}"
      _, verdicts, talk = imported(stage, path, *MAP, *how, server=server)
      assert verdicts.count("created") == 3 and "UTF-8" in talk, f"{verdicts} {talk}"
      with open(path + ".rejected.csv", encoding="utf-8-sig") as f:
        mended = f.read().replace("not a time", "2023-06-25 20:19")
      with open(path + ".mended.csv", "w", encoding="utf-8-sig") as f:
        f.write(mended)
      _, verdicts, talk = imported(stage, path + ".mended.csv", *MAP, server=server)
      assert verdicts == ["rejected", "created", "rejected"] and "UTF-8" not in talk, f"{verdicts} {talk}"


@case
def import_cut_off_and_resumed(stage):
  """kill -9 of the client in the middle: the second run adds only what was missing."""
  path = os.path.join(stage.folder, "many.csv")
  with open(path, "w", encoding="utf-8") as f:
    f.writelines(f"2023-06-25 20:15,第{i}个电话\n" for i in range(600))
  arguments = ("incident", "import", path, "--map", "content=2,occurred_at=1", "--default-class", "dispute")
  with stage.alone() as node:
    server = f"localhost:{node.port}"
    count = lambda: int(stage.sql("select count(*) from incident", database=node.name)[0][0])  # noqa: E731
    with Running(stage, *arguments, server=server) as first:
      until(lambda: count() > 50, 60, "the first rows")
      first.process.kill()
      first.process.wait()
    assert 50 < count() < 600, "was not cut in the middle"
    ok(stage, *arguments, server=server)
    assert stage.sql("select count(*), count(distinct content) from incident", database=node.name) == [("600", "600")]


@case
def import_real_calls(stage):
  """2,000 real emergency calls, twice (file named by LIANDONG_CALLS)."""
  path = os.environ.get("LIANDONG_CALLS")
  if not path:
    raise Skip("LIANDONG_CALLS names no file of calls")
  copy = os.path.join(stage.folder, "calls-911.csv")
  with open(path, "rb") as source, open(copy, "wb") as target:
    target.write(source.read())
  arguments = ("--map", "latitude=1,longitude=2,content=3,class=3,occurred_at=4,received_at=4,place=5+6",
               "--class-map", "EMS=emergency-help,Fire=disaster,Traffic=traffic", "--tz", "-05:00")
  with stage.alone() as node:
    server = f"localhost:{node.port}"
    first = imported(stage, copy, *arguments, server=server)
    rows = stage.sql("select count(*) from incident", database=node.name)
    second = imported(stage, copy, *arguments, server=server)
    assert len(first[1]) == 2000 and rows == [(str(first[1].count("created")),)]
    assert second[1].count("created") == 0 and second[1].count("replayed") == first[1].count("created")
    assert stage.sql("select count(*) from incident", database=node.name) == rows
    print(f"# created={first[1].count('created')} rejected={first[1].count('rejected')}")


import_real_calls.seconds = 120
