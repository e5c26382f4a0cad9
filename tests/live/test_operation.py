"""What administrators see and order: logs, sessions, health and metrics of every node, from any node; and that no case is in it."""
import contextlib
import json
import os
import random
import re
import signal
import subprocess
import time

from peer.peer import Closed, Refused, request_id
from scene import check_status, refusal
from support.runner import case
from support.waiting import until
from test_client import Running, client, ok, words

REQUESTS = {  # each with fields that would do
  "follow_logs": {}, "list_connections": {}, "kick_sessions": {"device": "ytp-duty", "reason": "x"}, "drain_node": {"node": "a"},
  "set_log_level": {"node": "all", "level": "LOG_LEVEL_DEBUG"}, "show_order": {"order": bytes(16)}, "show_health": {}, "show_metrics": {}, "survey_devices": {},
}
DEVICES = ("ytp-officer", "ytp-duty", "ytp-chief", "yts-mediator", "yts-head", "ytga-viewer")


@contextlib.contextmanager
def pair(stage, **settings):
  """Two nodes with a database of their own."""
  name = stage.database()
  nodes = [stage.node(f"{name}{letter}", name, **settings) for letter in "xy"]
  try:
    for node in nodes:
      node.start()
    yield nodes
  finally:
    for node in nodes:
      node.stop()
      stage.nodes.remove(node)


@contextlib.contextmanager
def shared(stage):
  """The two nodes of all, for what harms nobody; no session is left over from the cases before."""
  while stage.peers:
    stage.peers.popitem()[1].close()
  both_known(stage, (stage.a, stage.b))
  until(lambda: not stage.sql("select 1 from node_session s join device d on d.id = s.device where d.name <> 'admin'"), 60, "an empty list")
  yield stage.a, stage.b


def admin(stage, node, *arguments, **options):
  return ok(stage, "admin", *arguments, device="admin", server=f"localhost:{node.port}", **options)


def moment():
  return f"@{int(time.time() * 1000)}"


def rows(text):
  return [json.loads(line) for line in text.splitlines()]


def health(stage, node):
  return {n["node"]: n for n in json.loads(admin(stage, node, "health", "-o", "json")).get("nodes", [])}


def both_known(stage, nodes):
  until(lambda: len(health(stage, nodes[0])) == 2, 60, "both nodes in the list")


def answers(stage, node, *arguments):
  """An order; what each node made of it."""
  return {a["node"]: a for a in json.loads(admin(stage, node, *arguments, "-o", "json")).get("answers", [])}


@case.table((f"{request}.{device}", request, device) for request in REQUESTS for device in DEVICES)
def refused(stage, request, device):
  """Nobody but an administrator, on any of these requests; nothing is recorded."""
  with stage.peer(stage.a, device) as peer:
    check_status(refusal(lambda: peer.ask(request, **REQUESTS[request])), "ADMIN_ONLY", "PERMISSION_DENIED")


@case
def refused_in_the_client(stage):
  code, data, talk = client(stage, "admin", "logs", "--follow", device="ytp-chief")
  assert code == 5 and not data and "系统管理员" in talk, (code, data, talk)
  assert stage.sql("select count(*) from node_order where device <> (select id from device where name = 'admin')") == [("0",)]


@case
def refused_by_the_database_too(stage):
  """The runtime role sees nothing of this but on behalf of an administrator, and can write none of it."""
  until(lambda: stage.sql("select 1 from node_status"), 60, "a beat")
  with stage.cluster.session(stage.base, "liandong_app") as s:
    s.rows("set search_path to liandong")
    for table in ("node_status", "node_metric", "node_session", "node_log", "node_order", "node_answer", "device_seen"):
      for role in range(1, 7):
        s.rows("select set_config('liandong.role', $1, false)", str(role))
        assert s.rows(f"select count(*) from {table}") == [("0",)], table
    s.rows("select set_config('liandong.role', '7', false)")
    assert int(s.rows("select count(*) from node_status")[0][0]) >= 1
    assert s.rows("select outcome, reason from node_order_give($1, 'x', 'drain_node', null, '{}', null)", "018f0000-0000-7000-8000-000000000009") == [("refused", "REQUIRED")]


@case
def logs_of_both_nodes_while_following(stage):
  """What happens on either node comes, filtered by the server, each once, in the order of its node."""
  with shared(stage) as (x, y):
    with Running(stage, "admin", "logs", "-f", "--since", moment(), "--word", "hello", "--office", "ytp", "-o", "ndjson", device="admin",
                 server=f"localhost:{x.port}") as watch:
      for round_ in range(3):
        for node in (x, y):
          for device in ("ytp-duty", "yts-head", "ytp-chief"):
            stage.peer(node, device).close()
        wanted = 4 * (round_ + 1)
        watch.until(r"([^\n]+\n){%d}" % wanted, timeout=60)
    lines = rows(watch.said())
    assert len(lines) == 12, len(lines)
    for node in (x, y):
      own = [line for line in lines if line["node"] == node.name]
      assert len(own) == 6 and [int(line["at"]) for line in own] == sorted(int(line["at"]) for line in own)
      assert all(line["event"] == "hello" and line["office"] == "ytp" and line["level"] == "INFO" for line in own)
      kept = [re.sub(r"^.*?\"ev\":\"hello\",", "", l) for l in node.log().splitlines() if '"ev":"hello"' in l and '"office":"ytp"' in l]
      assert [re.search(r"conn=(\d+)", line["text"])[1] for line in own] == [re.search(r'"conn":(\d+)', l)[1] for l in kept[-6:]], "the file and the log of all differ"


@case
def log_filters(stage):
  with shared(stage) as (x, y):
    since = ("--since", moment())
    for node in (x, y):
      try:
        stage.peer(node, "ytp-old").close()
      except (Closed, Refused):
        pass
    until(lambda: len(rows(admin(stage, x, "logs", "--word", "hello.refused", *since, "-o", "ndjson"))) == 2, 60, "both refusals")
    warned = rows(admin(stage, x, "logs", "--level", "warn", "-o", "ndjson"))
    assert {w["level"] for w in warned} <= {"WARN", "ERROR"} and {w["node"] for w in warned} == {x.name, y.name}
    assert {w["node"] for w in rows(admin(stage, x, "logs", "--node", y.name, "-o", "ndjson"))} == {y.name}
    assert all("UNKNOWN_DEVICE" in w["text"] for w in rows(admin(stage, y, "logs", "--grep", "UNKNOWN_DEVICE", "-o", "ndjson")))
    assert {w["event"].split(".")[0] for w in rows(admin(stage, y, "logs", "--word", "db.*", "--since", "1h", "-o", "ndjson"))} == {"db"}
    assert admin(stage, x, "logs", "--since", "now", "--office", "xcp", "-o", "ndjson") == ""
    assert len(rows(admin(stage, x, "logs", "-n", "3", "-o", "ndjson"))) == 3
    text = admin(stage, x, "logs", "--level", "warn")
    assert "警告" in text and x.name in text


@case
def following_survives_its_server_and_the_database(stage):
  """Its own node is killed, then every database connection is cut: it goes on at the other node, no line lost, none twice."""
  with pair(stage) as (x, y):
    both_known(stage, (x, y))
    with Running(stage, "admin", "logs", "-f", "--since", moment(), "--node", y.name, "--word", "hello", "--office", "xcp", "-o", "ndjson", device="admin",
                 server=f"localhost:{x.port},localhost:{y.port}") as watch:
      def hellos(n):
        for _ in range(n):
          stage.peer(y, "xcp-duty").close()
      hellos(5)
      watch.until(r"([^\n]+\n){5}", timeout=60)
      x.kill()
      hellos(5)
      watch.until(r"([^\n]+\n){10}", timeout=60)
      stage.sql("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and pid <> pg_backend_pid()", y.settings["node"][:-1])
      hellos(5)
      watch.until(r"([^\n]+\n){15}", timeout=60)
      seen = [re.search(r"conn=(\d+)", line["text"])[1] for line in rows(watch.said()) if line.get("office") == "xcp"]
    assert len(seen) == len(set(seen)) == 15, seen


@case
def a_crash_of_the_database_forgets_and_goes_on(stage):
  """The tables of what lives are emptied by it: nodes and sessions are told anew, and new lines come."""
  with pair(stage) as (x, y), stage.peer(y, "ytp-duty"):
    until(lambda: admin(stage, x, "sessions", "--device", "ytp-duty", "-o", "id") or True, 60)
    stage.sql("truncate node_status, node_session, node_metric, node_log", database=x.settings["node"][:-1])
    until(lambda: len(health(stage, x)) == 2, 60, "both nodes again")
    until(lambda: '"ytp-duty"' in admin(stage, x, "sessions", "-o", "json"), 60, "the session again")
    until(lambda: rows(admin(stage, x, "logs", "--word", "hello", "-o", "ndjson")), 60, "new lines")


@case
def following_ends_with_its_reader(stage):
  """`| head` ends: so does the watch, at once, although nothing is printed."""
  line, environment = words(stage, "admin", "logs", "-f", "--since", "now", "--word", "nothing.at.all", device="admin")
  watch = subprocess.Popen(line, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
  try:
    until(lambda: stage.sql("select 1 from node_session where told ->> 'last_request' = 'follow_logs'"), 60, "the watch")
    watch.stdout.close()
    watch.wait(60)
  finally:
    watch.kill()
    watch.wait()


@case
def following_stops_at_ctrl_c(stage):
  with Running(stage, "admin", "logs", "-f", "--since", "10m", device="admin") as watch:
    watch.until("server.ready")
    watch.process.send_signal(signal.SIGINT)
    assert watch.process.wait(5) == 130


@case
def sessions_of_both_nodes(stage):
  with shared(stage) as (x, y):
    with stage.peer(x, "ytp-duty") as one, stage.peer(y, "yts-head") as two:
      one.ask("report_incident", **{"class": "INCIDENT_CLASS_DISPUTE", "content": "会话"})
      two.ask("list_incidents")

      def listed():
        found = {c["device"]: c for c in json.loads(admin(stage, x, "sessions", "-o", "json")).get("connections", [])}
        return found if {"ytp-duty", "yts-head"} <= set(found) and "lastRequest" in str(found) + "lastRequest" else None
      found = until(listed, 60, "both sessions")
      assert found["ytp-duty"]["session"].startswith(x.name + "/") and found["yts-head"]["session"].startswith(y.name + "/")
      for device, office, role in (("ytp-duty", "ytp", "DUTY"), ("yts-head", "yts", "OFFICE_HEAD")):
        c = found[device]
        assert (c["office"], c["role"], c["client"]) == (office, role, "peer/1 python"), c
        assert c["address"].startswith("127.0.0.1") and int(c["bytes_in"]) > 0 and int(c["bytes_out"]) > 0
      until(lambda: {c["device"]: c for c in json.loads(admin(stage, x, "sessions", "-o", "json"))["connections"]}["yts-head"].get("last_request") == "list_incidents",
            60, "the last request")
      assert len(rows(admin(stage, y, "sessions", "--device", "ytp-duty", "-o", "ndjson"))) == 1
      page = stage.peer(y, "admin")
      seen, token = [], None
      while True:
        reply = page.ask("list_connections", limit=1, **({"page": token} if token else {}))
        seen += [c.session for c in reply.connections]
        token = reply.next
        if not token:
          break
      page.close()
      assert len(seen) == len(set(seen)) >= 2, seen
    until(lambda: "ytp-duty" not in admin(stage, y, "sessions", "-o", "json"), 60, "the end of it")


@case
def sessions_watched(stage):
  with shared(stage) as (x, y), Running(stage, "admin", "sessions", "--watch", "-o", "ndjson", "--office", "xcp", device="admin", server=f"localhost:{x.port}") as watch:
    with stage.peer(y, "xcp-duty"):
      watch.until('"opened".*xcp-duty', timeout=60)
    watch.until('"ended".*xcp-duty', timeout=60)


def cut(peer, limit=60):
  """How long until the server ended this connection, and what it said before."""
  begun, said = time.monotonic(), None
  try:
    while True:
      message = peer.receive(limit)
      if message.WhichOneof("body") == "go_away":
        said = message.go_away.reason
  except Closed:
    return time.monotonic() - begun, said


def mine(stage, at, of, device, known):
  """A session of that device on that node that was not known before."""
  listed = {c["session"] for c in rows(admin(stage, at, "sessions", "--device", device, "--node", of.name, "-o", "ndjson"))}
  return next(iter(listed - known), None)


@case
def kick_on_the_other_node(stage):
  """By session, device and office; within 5 s; nobody else; recorded with its author and reason."""
  with shared(stage) as (x, y):
    slowest, known = 0, set()
    for how in ("session", "device", "office"):
      with stage.peer(y, "ytp-duty") as victim, stage.peer(y, "yts-head") as other:
        session = until(lambda: mine(stage, x, y, "ytp-duty", known), 60, "the session")
        known.add(session)
        target = {"session": (session,), "device": ("--device", "ytp-duty"), "office": ("--office", "ytp")}[how]
        begun = time.monotonic()
        told = answers(stage, x, "kick", *target, "--reason", f"演练 {how}")
        took, said = cut(victim)
        slowest = max(slowest, time.monotonic() - begun)
        assert said == "KICKED" and told[y.name]["count"] == 1, (said, told)
        other.ask("list_incidents")
    print(f"# slowest kick {slowest:.2f} s")
    assert stage.sql("select kind, officer, reason from node_order order by at desc limit 1") == [("kick_sessions", "管理员", "演练 office")]


@case
def kick_needs_one_target_and_a_reason(stage):
  with stage.peer(stage.a, "admin") as peer:
    for fields, reason, field in (({"reason": "x"}, "REQUIRED", "kick_sessions.session"), ({"device": "ytp-duty"}, "REASON_REQUIRED", "kick_sessions.reason"),
                                  ({"device": "ytp-duty", "office": "ytp", "reason": "x"}, "REQUIRED", "kick_sessions.session"),
                                  ({"device": "nobody", "reason": "x"}, "UNKNOWN_VALUE", "kick_sessions.device"),
                                  ({"office": "nowhere", "reason": "x"}, "UNKNOWN_VALUE", "kick_sessions.office"),
                                  ({"session": "a", "reason": "x"}, "UNKNOWN_VALUE", "kick_sessions.session"),
                                  ({"session": "zz/1", "reason": "x"}, "UNKNOWN_NODE", "kick_sessions.session")):
      check_status(refusal(lambda fields=fields: peer.ask("kick_sessions", **fields)), reason, field=field)
    check_status(refusal(lambda: peer.ask("drain_node", node="all")), "UNKNOWN_NODE", field="drain_node.node")
    check_status(refusal(lambda: peer.ask("drain_node")), "REQUIRED", field="drain_node.node")
    check_status(refusal(lambda: peer.ask("set_log_level", node="all")), "REQUIRED", field="set_log_level.level")
    check_status(refusal(lambda: peer.ask("show_order", order=bytes(16))), "NOT_FOUND", field="show_order.order")
    key = request_id()
    until(lambda: peer.ask("show_health").nodes, 60, "the nodes")
    first = peer.ask("set_log_level", request=key, node="b", level="LOG_LEVEL_INFO")
    again = peer.ask("set_log_level", request=key, node="b", level="LOG_LEVEL_INFO")
    assert again.replay and not first.replay and again.id == first.id and again.at == first.at
    check_status(refusal(lambda: peer.ask("set_log_level", request=key, node="b", level="LOG_LEVEL_WARN")), "KEY_REUSED")


@case
def level_while_running(stage):
  """On one node, then on all; it stays through a reload of unchanged settings; each node answers."""
  with shared(stage) as (x, y):
    told = answers(stage, x, "level", y.name, "debug")
    assert set(told) == {y.name} and told[y.name]["outcome"] == "info -> debug", told
    mark = len(x.log()), len(y.log())
    with stage.peer(x) as px, stage.peer(y) as py:
      px.ask("list_incidents"), py.ask("list_incidents")
    assert '"level":"debug"' in y.log()[mark[1]:] and '"level":"debug"' not in x.log()[mark[0]:]
    y.signal(signal.SIGHUP)
    until(lambda: '"reload.done"' in y.log()[mark[1]:], 60, "the reload")
    until(lambda: health(stage, x)[y.name]["log_level"] == "DEBUG", 60, "the level in the list")
    told = answers(stage, y, "level", "all", "warn")
    assert {n: a["outcome"] for n, a in told.items()} == {x.name: "info -> warn", y.name: "debug -> warn"}
    assert answers(stage, y, "level", "all", "info")[x.name]["outcome"] == "warn -> info"


@case
def drain_the_other_node(stage):
  """GoAway to its clients, the order answered, the process gone with 0; it counts as stopped, not as lost; it is not drained again when it returns."""
  with pair(stage, drain="5s") as (x, y):
    both_known(stage, (x, y))
    with stage.watch(node=y) as watch, stage.peer(y, "ytp-duty") as idle:
      watch.backlog()
      told = answers(stage, x, "drain", y.name, "--yes", "--reason", "演练")
      assert told[y.name]["done_at"] and told[y.name]["count"] == 2, told
      assert cut(idle)[1] == "DRAINING" and y.process.wait(60) == 0
    until(lambda: health(stage, x)[y.name]["state"] == "STOPPED", 60, "stopped as planned")
    y.start()
    until(lambda: health(stage, x)[y.name]["state"] == "SERVING", 60, "back")
    begun = time.monotonic()
    answers(stage, x, "drain", y.name, "--after", "2", "--yes")  # and until then it must not end by the order of before
    assert y.process.poll() is None and len(health(stage, x)) == 2
    assert y.process.wait(60) == 0 and time.monotonic() - begun > 2


@case
def a_killed_node_is_silent(stage):
  with pair(stage) as (x, y), stage.peer(y, "ytp-duty"):
    both_known(stage, (x, y))
    until(lambda: "ytp-duty" in admin(stage, x, "sessions", "-o", "json"), 60, "its session")
    y.kill()
    until(lambda: health(stage, x)[y.name]["state"] == "SILENT", 60, "silence")
    assert "ytp-duty" not in admin(stage, x, "sessions", "-o", "json")


@case
def health_metrics_devices(stage):
  with shared(stage) as (x, y):
    nodes = health(stage, y)
    for node in (x, y):
      n = nodes[node.name]
      assert n["process"] == node.process.pid and 10 < n["certificate_days"] <= 20 and n["feed_lag"] == 0 and n["schema"] >= "0017" and "fault" not in n, n
    with stage.peer(x, "ytp-duty"):
      until(lambda: '"ytp-duty"' in admin(stage, y, "sessions", "-o", "json"), 60, "the session")
      devices = {d["device"]: d for d in rows(admin(stage, y, "devices", "-o", "ndjson"))}
      d = devices["ytp-duty"]
      assert d["sessions"] == 1 and d["client"] == "peer/1 python" and 10 < d["certificate_days"] <= 20 and int(d["seen_at"]) > 0, d
      assert devices["ytp-old"]["revoked"] and "seen_at" not in devices["ytp-old"] and "certificate_days" not in devices["ytp-old"]
      assert [d["device"] for d in rows(admin(stage, y, "devices", "--office", "xcs", "-o", "ndjson"))] == ["xcs-mediator"]
      assert "ytp-duty" in admin(stage, y, "devices", "--expires-within", "21") and "ytp-duty" not in admin(stage, y, "devices", "--expires-within", "10")
    code, _, talk = client(stage, "admin", "devices", "--office", "nowhere", device="admin", server=f"localhost:{y.port}")
    assert code == 2 and "--office" in talk, (code, talk)
    metrics = rows(admin(stage, y, "metrics", x.name, "-o", "ndjson"))
    assert {m["node"] for m in metrics} == {x.name} and "liandong_sessions" in {m["name"] for m in metrics}
    assert any(m["name"].startswith("liandong_answers_total{") for m in metrics)
    assert "liandong_sessions" in admin(stage, x, "metrics", "--name", "sessions")


@case
def no_case_content_anywhere(stage):
  """Canaries go through reports, changes, refusals and a broken stream; every answer an administrator can get is searched."""
  canary = [f"金丝雀{random.randrange(10**6)}{word}" for word in ("内容", "地点", "报警人", "备注", "结果")]
  phone, number = "13912345678", "430302198005121234"
  with shared(stage) as (x, y):
    answers(stage, x, "level", "all", "debug")
    for node in (x, y):
      with stage.peer(node) as peer, stage.watch(node=node) as watch:
        watch.backlog()
        no = peer.ask("report_incident", **{"class": "INCIDENT_CLASS_DISPUTE", "content": canary[0] + number, "place": canary[1], "reporter": canary[2], "reporter_phone": phone}).no
        peer.ask("note_incident", incident=no, note=canary[3])
        peer.ask("search_incidents", text=canary[0])
        for request, fields in (("dispatch_incident", {"incident": canary[3], "dispatched_to": canary[2]}), ("close_incident", {"incident": no, "result": canary[4]}),
                                ("report_incident", {"content": canary[0]}), ("list_incidents", {"office": canary[1]})):
          refusal(lambda request=request, fields=fields: peer.ask(request, **fields))
        watch.event()
    until(lambda: "report_incident" in x.log() + y.log(), 60, "debug lines")
    now = stage.sql("select clock_timestamp()")[0][0]
    last = stage.peer(y, "yts-head")
    until(lambda: stage.sql("select 1 from node_log where event = 'hello' and node = $1 and at > $2", y.name, now), 60, "the last lines handed on")
    last.close()
    said = "".join(admin(stage, x, *words_, *form) for words_ in (("logs",), ("sessions",), ("health",), ("metrics",), ("devices",)) for form in ((), ("-o", "json")))
    answers(stage, x, "level", "all", "info")
    tables = "".join(str(stage.sql(f"select * from {table}")) for table in ("node_status", "node_metric", "node_session", "node_log", "node_order", "node_answer", "device_seen"))
    for place, text in (("answers", said), ("tables", tables), ("files", x.log() + y.log())):
      assert len(text) > 1000, place
      for secret in (*canary, phone, number):
        assert secret not in text, f"{secret} in {place}"


@case
def rotation_loses_and_tears_nothing(stage):
  """As logrotate does it, mv and SIGHUP (or SIGUSR1), 40 times while lines flow; also where the settings are broken meanwhile."""
  with stage.alone() as node:
    hellos, files = 0, []
    for i in range(40):
      for _ in range(3):
        stage.peer(node).close()
        hellos += 1
      files.append(f"{node.log_path}.{i}")
      os.rename(node.log_path, files[-1])
      if i == 20:
        node.write("broken !!!\n")
      node.signal(signal.SIGHUP if i % 2 == 0 else signal.SIGUSR1)
      for _ in range(2):
        stage.peer(node).close()
        hellos += 1
      until(lambda: os.path.exists(node.log_path), 60, "the new file")
      if i == 20:
        until(lambda: "reload.refused" in node.log(), 60, "the refusal, in the new file")
        node.write()
    node.stop()
    lines = [json.loads(line) for path in (*files, node.log_path) for line in open(path, encoding="utf-8").read().splitlines()]
    assert sum(line["ev"] == "hello" for line in lines) == hellos
    assert all(open(path, encoding="utf-8").read().endswith("\n") for path in (*files, node.log_path))


