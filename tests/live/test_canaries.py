"""Words that nobody else uses, through every text field of every request there is, taken or refused; then all places where they must not be."""
import base64
import contextlib
import itertools
import os
import re
import resource
import signal
import subprocess

from canary_lives import alarmed, attached, course, handed, joined, staffed, tasks
from peer.messages import pb
from peer.peer import Closed, Refused, request_id
from scene import CLASS, Peer
from support.cluster import binary
from support.node import clean_environment
from support.runner import Skip, case
from support.waiting import until
from test_client import client
from test_enrolment import context_of, decode, enrol, hello, new_key
from test_login import PASSWORD, code_for, run
from test_sealed import files_of

BY_ITSELF = {"hello"}  # each connection's own: see below
# What makes a request pass, by the name of its field, or of one request alone; None is left out; all other text stays a canary.
FITTING = {"office": "xcp", "station": "xcp", "judicial": "yts", "account": "013527", "parent": "ytga", "class": CLASS, "role": 1, "system": 1, "kind": 1,
           "result_code": None, "limit": 2, "sensitivity": 2, "until": 4102444800000, "base_version": None, "cursor": None, "page": None}
ALONE = {"add_account": {"account": "952700"}, "revoke_device": {"device": "ytp-officer"},
         "kick_sessions": {"device": "ytp-officer", "session": None, "office": None}, "set_log_level": {"node": "all", "level": 1}, "follow_logs": {"node": None},
         "invite_device": {"device": "jinsi-desk", "office": "ytp", "role": None}, "watch_feed": {"filter": None}, "list_audit": {"kind": None},
         "report_incident": {"area": None}, "correct_incident": {"area": None},
         "list_incidents": {"purpose": None, "area": None}, "open_office": {"office": "jinsi", "kind": 1, "partner_kind": None}}
WALK = ("dispatch_incident", "arrive_incident", "handle_incident", "feedback_incident", "close_incident", "reopen_incident", "correct_incident", "grant_access",
        "withdraw_access")  # one record's way
# What every canary begins with, so that one look finds all.
MARK = re.compile(r"尉迟丝雀\d{5}|139977\d{5}|43030219900307\d{4}|Jinsique-\d{5}-密码短语|jinsique\d{8}#*")
STARTS = ("尉迟丝雀", "1399770", "43030219900307", "Jinsique-0", "jinsique0")
OWN = 5000  # another case's canary of the same number may be the text of a field that is kept as it is, in the same cluster's log
SECRET = {"password", "new_password", "code", "token", "certificate_request"}  # in no table either, of whatever request
SEALED = {f"{request}.{field}" for request in ("report_incident", "correct_incident") for field in ("reporter", "reporter_phone", "place")} \
  | {f"{request}.{field}" for request in ("add_party", "correct_party", "find_persons") for field in ("name", "phone", "id_no", "domicile")} \
  | {"open_dispute.place", "hold_session.place", "hold_session.note_private", "raise_alert.place", "update_alert.place", "begin_attachment.name", "put_chunk.bytes"}  # in the database


class Birds:
  """A new canary for each field: the kinds in turn, or what the field's name asks for. Whoever looks for his own begins after all that others sing."""

  def __init__(self, first=1):
    self.count, self.all, self.hidden = itertools.count(first), {}, set()

  def text(self, where, field):
    n = next(self.count)
    kinds = (f"尉迟丝雀{n:05}", f"139977{n:05}", f"43030219900307{n:04}", f"Jinsique-{n:05}-密码短语", f"jinsique{n:08}")
    word = {"reporter": kinds[0], "reporter_phone": kinds[1], "password": kinds[3], "new_password": kinds[3]}.get(field) or kinds[n % len(kinds)]
    return self.keep(word, where, field)

  def bytes(self, where, field, size):
    return self.keep(f"jinsique{next(self.count):08}".ljust(size, "#")[:size], where, field).encode()

  def keep(self, word, where, field):
    self.all[word] = f"{where}.{field}"
    if field in SECRET or f"{where}.{field}" in SEALED:
      self.hidden.add(word)
    return word


def starts():
  """Of canaries, as they are and as a log might write them."""
  for word in STARTS:
    raw = word.encode()
    yield from (word, raw.hex(), raw.hex().upper(), base64.b64encode(raw[:len(raw) // 3 * 3]).decode(), word.encode("unicode_escape").decode())


def filled(birds, name, descriptor, fitting, no):
  """The request's fields from its descriptor: one canary in each text, and bytes of a size that is looked into."""
  fields = {}
  fits = {**FITTING, "incident": no, **ALONE.get(name, {})} if fitting else {}
  for f in descriptor.fields:
    value = fits.get(f.name)
    if f.name in fits and (value is None or isinstance(value, str) or f.type != f.TYPE_STRING):
      if value is None:
        continue
    elif f.message_type is not None:
      value = filled(birds, name, f.message_type, fitting, no)
    elif f.type == f.TYPE_STRING:
      value = birds.text(name, f.name)
    elif f.type == f.TYPE_BYTES:
      value = birds.bytes(name, f.name, 16 if f.name != "page" else 24)
    elif fitting or f.type not in (f.TYPE_ENUM, f.TYPE_BOOL):
      continue
    else:
      value = 1
    fields[f.name] = [value] if f.label == f.LABEL_REPEATED else value
  return fields


def requests():
  """(name, descriptor) of all there are: what is added to the table comes by itself."""
  return [(f.name, f.message_type) for f in pb.ToServer.DESCRIPTOR.oneofs_by_name["body"].fields if f.name not in BY_ITSELF]


class Drive:
  """Sends, counts what became of it, and comes back where the server hung up."""

  def __init__(self, stage, node):
    self.stage, self.node, self.peers = stage, node, {}
    self.taken, self.refused, self.cut = set(), set(), set()

  def peer(self, who):
    if who not in self.peers:
      device, account = who if isinstance(who, tuple) else (who, None)
      self.peers[who] = self.stage.peer(self.node, device)
      if account:
        self.peers[who].ask("login", account=account, code=code_for(self.stage, account, self.node), new_password=PASSWORD)
    return self.peers[who]

  def send(self, who, name, fields):
    try:
      self.peer(who).ask(name, request=request_id(), **fields)
      self.taken.add(name)
    except Refused:
      self.refused.add(name)
    except (Closed, TimeoutError):
      self.cut.add(name)
      self.peers.pop(who).close()

  def close(self):
    for p in self.peers.values():
      p.close()


def sing(stage, node, birds):
  """Everything, by everybody whom it concerns; returns what became of it."""
  drive = Drive(stage, node)
  chief, admin = ("ytp-desk", "013001"), ("ytga-desk", "ytga-admin")
  people = (chief, admin, "yts-mediator", "auditor", "ytp-desk2")  # the last one: nobody has logged in
  with contextlib.closing(drive):
    drive.peer(chief)
    for name, descriptor in requests():
      for who in people:
        drive.send(who, name, filled(birds, name, descriptor, False, None))
    all_ = dict(requests())
    report = lambda: drive.peer(chief).ask("report_incident", **filled(birds, "report_incident", all_["report_incident"], True, None)).no  # noqa: E731
    no = report()
    for name in WALK:
      drive.send(chief, name, filled(birds, name, all_[name], True, no))
    for name, descriptor in all_.items():
      no = report()
      for who in (admin, chief, "yts-mediator"):
        drive.send(who, name, filled(birds, name, descriptor, True, no))
    secrets = by_two(stage, node, birds, drive) + login_with(stage, node, birds, drive)
    for _ in range(2):  # hello: what it says of itself stands in the log by intention, a token or what comes instead of it does not
      with contextlib.suppress(Refused, Closed), contextlib.closing(stage.peer(node, "ytp-desk", hello=False)) as p:
        p.hello(token=birds.bytes("hello", "token", 32))
    with contextlib.suppress(Refused, Closed), contextlib.closing(stage.peer(node, "ytp-desk", hello=False)) as p:
      p.hello(locale=birds.text("hello", "locale"), features=[birds.text("hello", "features")])
  return drive, secrets


def by_two(stage, node, birds, drive):
  """What needs somebody's word, or has to be led up to: a scene, a position, another node."""
  word = lambda where: birds.text(*where.split("."))  # noqa: E731
  chief, head, mediator, admin = map(drive.peer, (("ytp-desk", "013001"), "yts-head", ("yts-desk", "s0001"), ("ytga-desk", "ytga-admin")))

  def did(peer, name, /, **fields):
    drive.taken.add(name)
    return peer.ask(name, request=request_id(), **fields)
  report = lambda **fields: did(chief, "report_incident", **{"class": CLASS, "content": word("report_incident.content"), **fields}).no  # noqa: E731
  no, why = report(), word("void_incident.reason")
  with contextlib.suppress(Refused):
    did(chief, "void_incident", incident=no, reason=why)
  waiting = next(a for a in head.ask("list_approvals", open=True).approvals if a.subject == why)
  did(head, "decide_approval", approval=waiting.approval, agreed=True, reason=word("decide_approval.reason"))
  did(chief, "void_incident", incident=no, reason=why)
  did(head, "reveal_incident", incident=report(reporter=word("report_incident.reporter")), purpose="risk", case_no=word("reveal_incident.case_no"))
  attached(did, chief, head, word, no, birds.bytes("put_chunk", "bytes", 16))
  for name in ("report_joint", "list_joint", "report_transfers", "list_transfer_legs", "report_alerts", "list_alert_acks", "report_sessions", "list_session_times"):
    did(head, name, limit=2)
  secret, scene = report(), report(**{"class": "INCIDENT_CLASS_EXTREME_THREAT"})
  did(chief, "grade_incident", incident=secret, sensitivity=3, reason=word("grade_incident.reason"))
  did(chief, "dispatch_incident", incident=scene, dispatched_to=word("dispatch_incident.dispatched_to"))
  did(mediator, "arrive_incident", incident=scene, note=word("arrive_incident.note"))
  did(mediator, "break_glass", incident=secret, purpose="risk", reason=word("break_glass.reason"))
  review = chief.ask("list_reviews", open=True).reviews[0].review
  did(chief, "decide_review", review=review, justified=True, reason=word("decide_review.reason"))
  joined(did, chief, word, report)
  handed(did, chief, mediator, word, report)
  course(did, chief, head, word)
  tasks(did, chief, mediator, word, report)
  staffed(did, admin, word)
  did(chief, "list_deadlines", limit=50)
  did(admin, "import_calendar", days=f"2031-01-01,休,{word('import_calendar.days')}")
  stage.sql("update clock_guard set held_since = now(), held_until = now() + interval '1 hour', jump_ms = 3600000", database=node.name)
  did(admin, "trust_time", reason=word("trust_time.reason"))
  did(head, "prove_heads", feed_seq=1, audit_seq=1, n=1, feed_hash=birds.bytes("prove_heads", "feed_hash", 32), audit_hash=birds.bytes("prove_heads", "audit_hash", 32))
  path, asked = new_key(stage, "jinsi-enrolled")
  secret = decode(did(admin, "invite_device", office="ytp", device="jinsi-enrolled", role=2).token)[0]
  drive.taken.add("enrol_device")
  context = context_of(stage, "jinsi-enrolled", path, enrol(stage, secret, asked, node).certificate)
  until(lambda: hello(node, context) is None, 60, "the new device being served")
  with Peer(node.address, context) as fresh:
    did(fresh, "renew_device", certificate_request=asked)
  alarmed(did, chief, head, mediator, word)
  other = stage.node(node.name + "-drained", node.name).start()
  until(lambda: len(admin.ask("show_health").nodes) == 2, 60, "the other node")
  order = did(admin, "drain_node", node=other.name, reason=word("drain_node.reason")).id
  did(admin, "show_order", order=order)
  until(lambda: other.process.poll() is not None, 60, "the drained node's end")
  stage.nodes.remove(other)
  return secret.hex(), base64.b64encode(secret).decode()


def login_with(stage, node, birds, drive):
  """Secrets that are right: what the server made of them, as it stands in a log or a table if anywhere."""
  code = code_for(stage, "s0001", node)
  first, second = birds.text("login", "new_password"), birds.text("change_password", "new_password")
  with contextlib.closing(stage.peer(node, "yts-desk")) as p:
    token = p.ask("login", account="s0001", code=code, new_password=first).token
    p.ask("change_password", password=first, new_password=second)
    with contextlib.closing(stage.peer(node, "yts-desk", hello=False)) as again:
      again.hello(token=token)
    p.ask("end_login", reason=birds.text("end_login", "reason"))
  drive.taken |= {"login", "change_password", "end_login"}
  return (code, token.hex(), base64.b64encode(token).decode())


def found(birds, words, text):
  """Which of these canaries stand in a text, and whence they came."""
  return sorted({f"{birds.all[w]}: {w}" for w in MARK.findall(text) if w in words})


def found_in_file(birds, words, path):
  with open(path, "rb") as f:  # not mapped: find of Python 3.11 looks at the byte behind the last one
    whole = f.read()
  near = []
  for start in map(str.encode, STARTS):
    at = whole.find(start)
    while at >= 0:
      near.append(whole[at:at + 64])
      at = whole.find(start, at + 1)
  return found(birds, words, "\n".join(n.decode(errors="replace") for n in near))


@case
def no_canary_gets_out(stage):
  """Logs at level debug, what the program prints, its pages, PostgreSQL's own log: none. Dump and files of PostgreSQL: none of what is secret or sealed."""
  birds = Birds(OWN)
  with stage.alone(log_level="debug") as node:
    drive, secrets = sing(stage, node, birds)
    everything = {name for name, _ in requests()}
    assert drive.taken | drive.refused | drive.cut == everything
    assert not drive.cut - {"kick_sessions", "revoke_device", "lock_account", "end_login", "change_password", "enrol_device", "ping", "watch_feed"}, drive.cut
    assert not everything - drive.taken, f"never taken: {sorted(everything - drive.taken)}"
    print(f"# canaries={len(birds.all)} requests={len(everything)} taken={len(drive.taken)} refused={len(drive.refused)} hidden={len(birds.hidden)}")
    pages = "".join(node.http(path)[1] for path in ("/metrics", "/healthz", "/readyz", "/"))
    assert '"level":"debug"' in node.log() and "liandong_" in pages
    for what, text in (("the log", node.output()), ("pages", pages), ("PostgreSQL's log", stage.cluster.log())):
      there = [text[max(0, text.find(s) - 300):text.find(s) + 60] for s in starts() if s in text]
      there += [s for s in secrets if s in text]
      assert not there, f"in {what}: {found(birds, birds.all, text)[:20]}, {there[:3]}"
    with stage.cluster.session(node.name) as s:
      s.rows("checkpoint")
    dump = subprocess.run([binary("pg_dump"), "--dbname", stage.cluster.conninfo(node.name)], stdout=subprocess.PIPE, check=True).stdout.decode()
    assert len(found(birds, birds.all, dump)) > 100, "what is neither secret nor sealed is there, or this finds nothing"
    assert not found(birds, birds.hidden, dump), f"in the dump: {found(birds, birds.hidden, dump)[:20]}"
    assert not [w for w in (*secrets, *(w.encode().hex() for w in birds.hidden)) if w in dump], "in the dump, as bytes"
    files = [(path, found_in_file(birds, birds.hidden, path)) for path in files_of(stage)]
    assert not [f for f in files if f[1]], f"in the clear: {[f for f in files if f[1]]}"
    assert [path for path, _ in files if "pg_wal" in path and found_in_file(birds, birds.all, path)], "the write-ahead log was looked into"


def folders(stage, device):
  """All that the client has written, as bytes."""
  for top, _, names in os.walk(os.path.join(stage.folder, "home-" + device)):
    for name in names:
      yield os.path.join(top, name)


@case
def the_client_keeps_no_words(stage):
  """Reported, shown, listed, searched, watched with a cursor, refused, not reached: its folders hold none of it, and no password."""
  name, phone, words, secret = "尉迟丝雀客户", "13999990001", "丝雀打翻了邻居的晾衣架", "Jinsique-客户端-密码短语"
  code = code_for(stage, "013527")
  assert run(stage, "login", "013527", "--with-code", secrets=(code, secret))[0] == 0
  asked = (("incident", "report", "--class", "dispute", "--reporter", name, "--reporter-phone", phone, words), ("incident", "list"), ("search", phone),
           ("search", words[:6]), ("incident", "report", "--class", "没有这一类" + name, words))
  no = ""
  for line in asked:
    code_, data, talk = client(stage, *line, device="ytp-desk")
    no = no or data
    assert code_ != 70, talk
  assert "JQ-" in no
  number = no[no.index("JQ-"):][:14]
  shown = client(stage, "incident", "show", number, device="ytp-desk")[1]
  assert name in shown and phone in shown, shown
  client(stage, "incident", "note", number, words, "--timeout", "1s", device="ytp-desk", server="localhost:1")
  paths = list(folders(stage, "ytp-desk"))
  assert paths, "it writes nothing at all?"
  for path in paths:
    with open(path, "rb") as f:
      data = f.read()
    for word in (name, phone, words, words[:6], secret, code):
      assert word.encode() not in data, f"{word} is in {path}"
    assert os.stat(path).st_mode & 0o077 == 0, f"others may read {path}"
  assert not [w for w in (name, phone, words, secret, code) if w in stage.a.output()]


def ends_of_abort(words, folder):
  """Runs a program where cores are allowed, kills it by SIGABRT: (did the kernel write a core, files in its folder)."""
  def allow():
    resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)
  return subprocess.Popen(words, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=clean_environment(),
                          preexec_fn=allow)  # pylint: disable=subprocess-popen-preexec-fn


@case
def no_core_after_an_abort(stage):
  """Where a core is allowed to everybody, and another program leaves one, the server leaves none: neither a file nor one for a collector."""
  folder = os.path.join(stage.folder, "cores")
  os.makedirs(folder)
  with ends_of_abort(["sleep", "60"], folder) as other:
    until(lambda: b"sleep" in open(f"/proc/{other.pid}/cmdline", "rb").read(), 60, "another program")  # pylint: disable=consider-using-with
    os.kill(other.pid, signal.SIGABRT)
    if not os.WCOREDUMP(os.waitpid(other.pid, 0)[1]):
      raise Skip("no program leaves a core here (hard limit 0), so that none is left proves nothing")
    other.returncode = -signal.SIGABRT
  for name in os.listdir(folder):
    os.remove(os.path.join(folder, name))
  node = stage.node("aborted", stage.database())
  node.process = ends_of_abort([node.program, "run", "--settings", node.file], folder)
  node.wait_ready()
  with contextlib.closing(stage.peer(node)) as p:
    p.ask("report_incident", **{"class": CLASS, "content": "丝雀在内存里", "reporter": "尉迟丝雀"})
    node.signal(signal.SIGABRT)
    status = os.waitpid(node.process.pid, 0)[1]
  node.process.returncode = -signal.SIGABRT
  assert os.WTERMSIG(status) == signal.SIGABRT and not os.WCOREDUMP(status), status
  assert os.listdir(folder) == [], os.listdir(folder)
  stage.nodes.remove(node)
