"""Settings, migrations, refusals to run, /metrics and /healthz, and logs that hold nobody's words."""
import contextlib
import os
import re
import socket
import subprocess

from peer.peer import Refused, request_id
from scene import CLASS
from support.node import clean_environment, free_port
from support.runner import case
from support.waiting import until

CHINESE = re.compile("[\u4e00-\u9fff]")


def refuses(stage, node, *words, verb="run"):
  """The program ends by itself with a Chinese sentence that holds these words."""
  code, text = node.run(verb, timeout=20)
  assert code not in (0, 1, -6, -11, 134, 139), f"exit {code}: {text}"
  assert CHINESE.search(text), f"no Chinese: {text}"
  for word in words:
    assert word in text, f"{word!r} is not in: {text}"
  return code


SETTINGS = (  # name, settings, words of the refusal
  ("listen", {"listen": "127.0.0.1:99999"}, ("listen",)),
  ("listen_word", {"listen": "somewhere"}, ("listen",)),
  ("number", {"readers": "many"}, ("readers",)),
  ("range", {"readers": "17"}, ("readers", "16")),
  ("choice", {"log_level": "loud"}, ("log_level", "loud")),
  ("duration", {"heartbeat": "15 parsecs"}, ("heartbeat",)),
  ("size", {"ring": "-1"}, ("ring",)),
  ("silence_under_heartbeat", {"silence_limit": "3s", "heartbeat": "2s"}, ("silence_limit", "heartbeat")),
  ("unknown", {"lisen": "127.0.0.1:1"}, ("lisen",)),
  ("metrics_for_all", {"metrics_listen": "0.0.0.0:9743"}, ("metrics_listen",)),
  ("no_certificate", {"tls_certificate": None}, ("tls_certificate",)),
  ("certificate_absent", {"tls_certificate": "/nonexistent/x.pem"}, ("/nonexistent/x.pem 打不开（没有这个文件或目录）",)),
  ("ca_absent", {"tls_ca": "/nonexistent/ca.pem"}, ("/nonexistent/ca.pem",)),
  ("ca_is_no_pem", {"tls_ca": "/etc/hostname"}, ("/etc/hostname",)),
  ("log_folder_absent", {"log_file": "/nonexistent/log"}, ("log_file", "（没有这个文件或目录）")),
  ("conninfo", {"database": "host=/tmp dbnaem=x"}, ("dbnaem",)),
)


@case.table(SETTINGS)
def setting_refused(stage, settings, words):
  """run and check judge alike, and name the setting."""
  for verb in ("run", "check"):
    node = stage.node("refused", stage.base, **settings)
    stage.nodes.remove(node)
    refuses(stage, node, *words, verb=verb)


@case
def setting_file_line(stage):
  node = stage.node("lines", stage.base)
  stage.nodes.remove(node)
  for text, word in (("log_level = info\nreaders = x\n", "lines.ini:2"), ("readers = 1\nreaders = 2\n", "lines.ini:2"), ("\xff\xfe", "lines.ini")):
    with open(node.file, "w", encoding="latin-1") as f:
      f.write(text)
    refuses(stage, node, word, verb="check")


@case
def setting_sources(stage):
  """file < environment < flag; an unknown LIANDONG_ name is an error."""
  node = stage.node("sources", stage.base, listen="127.0.0.1:7001")
  stage.nodes.remove(node)

  def check(environment, *flags):
    done = subprocess.run([stage.server, "check", "--settings", node.file, *flags], env={**clean_environment(), **environment}, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=20)
    return done.returncode, done.stdout
  for environment, flags, wanted in (({}, (), 7001), ({"LIANDONG_LISTEN": "127.0.0.1:7002"}, (), 7002),
                                     ({"LIANDONG_LISTEN": "127.0.0.1:7002"}, ("--listen", "127.0.0.1:7003"), 7003),
                                     ({"LIANDONG_LISTEN": "127.0.0.1:7002"}, ("--listen=127.0.0.1:7004",), 7004)):
    code, text = check(environment, *flags)
    assert code == 0 and f"127.0.0.1:{wanted}" in text, f"exit {code}, wanted {wanted}: {text}"
  for environment, flags, word in (({"LIANDONG_LOG_LEVLE": "x"}, (), "LIANDONG_LOG_LEVLE"), ({}, ("--log-levle=x",), "--log-levle")):
    code, text = check(environment, *flags)
    assert code != 0 and word in text and CHINESE.search(text), text


@case
def key_file_must_be_private(stage):
  path = os.path.join(stage.folder, "open.key")
  with open(stage.certificates["server"] + ".key", encoding="ascii") as source, open(path, "w", encoding="ascii") as target:
    target.write(source.read())
  os.chmod(path, 0o644)
  node = stage.node("open", stage.base, tls_key=path)
  stage.nodes.remove(node)
  refuses(stage, node, path)


@case
def port_in_use(stage):
  node = stage.node("second", stage.base, port=stage.a.port)
  stage.nodes.remove(node)
  refuses(stage, node, str(stage.a.port))


@case
def help_lists_every_setting(stage):
  code, text = stage.a.run("help")
  assert code == 0 and CHINESE.search(text)
  for key in stage.a.settings:
    assert "--" + key.replace("_", "-") in text, key
  done = subprocess.run([stage.server, "nonsense"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=20)
  assert done.returncode == 2 and CHINESE.search(done.stdout), done.stdout


@case
def check_is_clean(stage):
  code, text = stage.a.run("check")
  assert code == 0, text


@contextlib.contextmanager
def altered(stage, name, value):
  """A PostgreSQL setting of the whole cluster, put back afterwards."""
  stage.sql(f"alter system set {name} = {value}")
  stage.sql("select pg_reload_conf()")
  until(lambda: stage.sql("select current_setting($1)", name) == [(value,)], 60, f"{name} = {value}")
  try:
    yield
  finally:
    stage.sql(f"alter system set {name} = on")
    stage.sql("select pg_reload_conf()")
    until(lambda: stage.sql("select current_setting($1)", name) == [("on",)], 60, f"{name} = on")


@case.table((name, name) for name in ("fsync", "full_page_writes", "synchronous_commit"))
def refuses_to_run_without_durability(stage, name):
  """With the reason and the remedy, at the start and by `check`; and a session setting of the role is found too."""
  database = stage.database()
  node = stage.node("careless", database)
  stage.nodes.remove(node)
  with altered(stage, name, "off"):
    for verb in ("run", "check"):
      refuses(stage, node, name, verb=verb)
  if name == "synchronous_commit":
    stage.sql(f'alter role liandong_app in database "{database}" set synchronous_commit = off')
    refuses(stage, node, name)
    stage.sql(f'alter role liandong_app in database "{database}" reset synchronous_commit')
  assert node.run("check")[0] == 0


@case
def durability_switched_off_while_running(stage):
  """An administrator's reload in the middle: nothing is acknowledged that a power cut might take back."""
  with stage.alone() as node, stage.peer(node) as peer:
    fields = {"class": CLASS, "content": "开关"}
    peer.ask("report_incident", **fields)
    with altered(stage, "synchronous_commit", "off"), stage.cluster.session() as watcher:
      for _ in range(20):
        before = watcher.value("select pg_current_wal_insert_lsn()")
        try:
          peer.ask("report_incident", deadline_ms=1000, **fields)
        except Refused:
          continue
        assert watcher.value("select pg_current_wal_flush_lsn() > $1::pg_lsn", before) == "t", "acknowledged before it was on the disk"

    def well():
      try:
        return peer.ask("report_incident", **fields)
      except Refused:
        return None
    until(well, 60, "service again")


@case
def old_schema_is_refused(stage):
  database = stage.database()
  node = stage.node("older", database)
  stage.nodes.remove(node)
  stage.sql("delete from migration where name = (select max(name) from migration)", database=database)
  refuses(stage, node, "migrate")


@case
def newer_schema_is_refused(stage):
  database = stage.database()
  node = stage.node("newer", database)
  stage.nodes.remove(node)
  stage.sql("insert into migration(name, sha256) select '9999_future', max(sha256) from migration", database=database)
  code, text = node.run("migrate")
  assert code != 0 and CHINESE.search(text) and "9999_future" in text, f"exit {code}: {text}"


@case
def migrate_twice_changes_nothing(stage):
  database = stage.database()
  node = stage.node("twice", database)
  stage.nodes.remove(node)
  before = stage.sql("select name, applied_at from migration order by 1", database=database)
  code, text = node.run("migrate")
  assert code == 0, text
  assert stage.sql("select name, applied_at from migration order by 1", database=database) == before


@case
def a_function_made_again_may_still_be_called(stage):
  """A file that drops its function and makes it anew leaves it to nobody, and the file that says who may call what has not changed."""
  database = stage.database()
  node = stage.node("again", database)
  stage.nodes.remove(node)
  stage.sql("drop function alert_record(alert); delete from function_file where name = 'alert'", database=database)
  code, text = node.run("migrate")
  assert code == 0, text
  assert stage.sql("select has_function_privilege('liandong_app', 'alert_record(alert)', 'execute')", database=database) == [("t",)]


@case
def changed_migration_is_refused(stage):
  database = stage.database()
  node = stage.node("changed", database)
  stage.nodes.remove(node)
  stage.sql("update migration set sha256 = 'x' where name like '0002%'", database=database)
  code, text = node.run("migrate")
  assert code != 0 and CHINESE.search(text) and "0002" in text, text


@case
def directory_twice_changes_nothing(stage):
  file = os.path.join(stage.folder, "directory.ini")
  before = stage.sql("select * from device order by 1"), stage.sql("select * from office order by 1"), stage.sql("select * from pairing")
  code, text = stage.a.run("directory", file)
  assert code == 0, text
  assert (stage.sql("select * from device order by 1"), stage.sql("select * from office order by 1"), stage.sql("select * from pairing")) == before


DIRECTORIES = (  # name, text, word of the refusal
  ("unknown_office", "[device x]\noffice = nowhere\nrole = duty\nkey = " + "ab" * 32, "nowhere"),
  ("unknown_role", "[device x]\noffice = ytp\nrole = king\nkey = " + "ab" * 32, "king"),
  ("short_key", "[device x]\noffice = ytp\nrole = duty\nkey = abcd", "key"),
  ("no_key", "[device x]\noffice = ytp\nrole = duty", "x"),
  ("certificate_absent", "[device x]\noffice = ytp\nrole = duty\ncertificate = nowhere.pem", "nowhere.pem"),
  ("unknown_section", "[thing x]\na = b", "thing"),
  ("unknown_key", "[office zz]\nname = 某所\nsystem = police\nkind = station\ncolour = blue", "colour"),
  ("bad_code", "[office ZZ_]\nname = 某所\nsystem = police\nkind = station", "bad_code.ini:5"),
  ("loop", "[office zz]\nname = 某所\nsystem = police\nkind = bureau\nparent = zz", "zz"),
  ("pairing_of_nobody", "[pairing ytp nowhere]", "nowhere"),
  ("bad_date", "[pairing ytp yts]\nsince = 2019-13-01", "2019-13-01"),
  ("empty", "", "empty.ini"),
)


@case.table(DIRECTORIES)
def directory_refused(stage, text, word):
  """One bad entry and nothing is written; the fault names the entry."""
  before = stage.sql("select version from directory_head")
  name = [row[0] for row in DIRECTORIES if row[1] == text][0]
  path = os.path.join(stage.folder, f"{name}.ini")
  with open(path, "w", encoding="utf-8") as f:
    f.write("[office good]\nname = 好所\nsystem = police\nkind = station\n" + text + "\n" if text else "")
  code, said = stage.a.run("directory", path)
  assert code == 1 and word in said and CHINESE.search(said), f"exit {code}: {said}"
  assert stage.sql("select version from directory_head") == before, "something was written"


@case
def metrics(stage):
  stage.report()
  status, page = stage.a.http("/metrics")
  assert status == 200
  names = set()
  for line in page.splitlines():
    if line and not line.startswith("#"):
      assert re.fullmatch(r'[a-z_]+(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? [-+0-9.e]+(Inf)?', line), f"not a metric: {line}"
      names.add(re.split(r"[{ ]", line)[0])
  for part in ("calls_total", "sessions", "handshakes", "feed", "commit_groups", "certificate", "resident_memory", "loop"):
    assert any(part in name for name in names), f"no metric of {part}: {sorted(names)}"
  assert "岳塘" not in page


@case
def health_and_other_pages(stage):
  for path, wanted in (("/healthz", 200), ("/readyz", 200), ("/metrics?x=1", 200), ("/", 404), ("/../etc/passwd", 404)):
    assert stage.a.http(path)[0] == wanted, path
  assert stage.a.http("/metrics", "POST")[0] in (400, 405)
  for data in (b"\0\0\0\0", b"GET\r\n\r\n", b"GET /" + b"x" * 100000, b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 20000):
    with socket.create_connection(("127.0.0.1", stage.a.http_port), 5) as s:
      s.settimeout(8)
      with contextlib.suppress(ConnectionError):
        s.sendall(data)
        while s.recv(4096):
          pass
  assert stage.a.http("/healthz")[0] == 200


CANARY = "金丝雀9527"


@case
def logs_hold_nobodys_words(stage):
  """A canary through every text field of every request, served, refused and failed, on debug: in no log of ours or PostgreSQL's."""
  phone, identity = "13812345678", "430304199001011234"
  words = {"content": CANARY + identity, "place": CANARY, "reporter": CANARY, "reporter_phone": phone, "external_no": CANARY}
  with stage.alone(log_level="debug") as node, stage.peer(node, "ytp-chief") as peer, stage.watch(node=node) as watch:
    no = peer.ask("report_incident", **{"class": CLASS, **words}).no
    for name, fields in (
        ("dispatch_incident", {"dispatched_to": CANARY, "note": CANARY}), ("arrive_incident", {"note": CANARY}), ("note_incident", {"note": CANARY}),
        ("feedback_incident", {"result": CANARY}), ("close_incident", {"result": CANARY, "note": CANARY}), ("reopen_incident", {"reason": CANARY}),
        ("correct_incident", {**words, "mass_count": 3, "reason": CANARY})):
      peer.ask(name, incident=no, **fields)
    stage.void("ytp-chief", node, incident=no, reason=CANARY)
    for name, fields in (
        ("show_incident", {"incident": CANARY}), ("note_incident", {"incident": CANARY, "note": CANARY}), ("dispatch_incident", {"incident": no, "dispatched_to": CANARY}),
        ("report_incident", {"class": CLASS, "content": CANARY + "\x1b"}), ("report_incident", {"class": CLASS, "content": CANARY, "place": CANARY * 100}),
        ("search_incidents", {"text": CANARY}), ("list_incidents", {"office": CANARY}), ("watch_feed", {"filter": {"kinds": [CANARY]}}),
        ("report_incident", {"class": CLASS, "content": CANARY, "received_at": 4102444800000})):
      with contextlib.suppress(Refused):
        peer.ask(name, **fields)
    stage.sql("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and pid <> pg_backend_pid()", node.name)
    with contextlib.suppress(Refused):
      peer.ask("report_incident", request=request_id(), **{"class": CLASS, **words})
    watch.next()
    lines = node.output()
  assert '"level":"debug"' in lines and "hello" in lines
  for secret in (CANARY, CANARY.encode("unicode_escape").decode(), phone, identity, CANARY.encode().hex()):
    assert secret not in lines, f"{secret} is in the server's log"
    assert secret not in stage.cluster.log(), f"{secret} is in PostgreSQL's log"
  for line in node.log().splitlines():
    assert line.startswith('{"ts":"') and line.endswith("}"), f"not one line of JSON: {line}"


@case
def client_names_cannot_forge_log_lines(stage):
  mark = len(stage.a.log())
  with stage.peer(stage.a, hello=False) as peer:
    reply = peer.call("hello", version_min=1, version_max=1, client='x"}\\u000a{"ev":"forged')
    assert reply.hello.version or reply.status.reason
  assert '{"ev":"forged' not in stage.a.log()[mark:].replace('\\"', "")
  assert all(line.startswith('{"ts":"') for line in stage.a.log()[mark:].splitlines())


@case
def no_cores_and_no_dump(stage):
  with open(f"/proc/{stage.a.process.pid}/limits", encoding="ascii") as f:
    limits = f.read()
  assert re.search(r"Max core file size\s+0\s+0", limits), limits


@case
def database_by_url(stage):
  """--database URL, several hosts, the second of which is there."""
  database = stage.database()
  folder = stage.cluster.folder.replace("/", "%2F")
  node = stage.node("url", database, database=f"postgresql://liandong_app@127.0.0.1:{free_port()},{folder}/{database}?target_session_attrs=read-write")
  node.start()
  with stage.peer(node) as peer:
    peer.ask("report_incident", **{"class": CLASS, "content": "多台主机"})
  node.stop()
