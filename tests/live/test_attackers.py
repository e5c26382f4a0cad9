"""Four who are up to no good, played against the running system; each says what came of it. Found means: by what is asserted here."""
import contextlib
import os
import subprocess
import time

from google.protobuf import text_format
from peer.peer import Closed, Refused, request_id
from peer.watch import Watch
from scene import CLASS, check_status, refusal
from support.runner import case
from support.sql import SqlError
from test_audit import fill, liandong, rebuild, signed, witnessed
from test_canaries import Birds, filled, requests
from test_login import PASSWORD, code_for
from test_privacy import cut_off, person



def answers(peer_of, birds, names, no):
  """Every request once, as fitting as can be: name -> the whole answer, or None where the server hung up."""
  got = {}
  for name, descriptor in names:
    if name in ("drain_node", "kick_sessions", "revoke_device", "end_login", "lock_account", "change_password"):
      continue  # these would end the game, not tell anything
    try:
      got[name] = peer_of().call(name, request=request_id(), **filled(birds, name, descriptor, True, no))
    except (Closed, TimeoutError):
      got[name] = None
  return got




# ---- a stolen laptop

@case
def a_stolen_laptop(stage):
  """Certificate, key and folder of a desk; not the password."""
  with stage.alone() as node, contextlib.ExitStack() as all_:
    secret = "翠竹苑三栋的争吵"
    officer = all_.enter_context(stage.peer(node, "ytp-desk"))
    token = officer.ask("login", account="013001", code=code_for(stage, "013001", node), new_password=PASSWORD).token
    no = officer.ask("report_incident", **{"class": CLASS, "content": secret, "reporter": "周某"}).no
    # 1: after a logout, or without what the client keeps: the certificate alone
    thief = all_.enter_context(stage.peer(node, "ytp-desk"))
    got = answers(lambda: thief, Birds(), requests(), no)
    told = sorted(name for name, reply in got.items() if reply and not reply.HasField("status"))
    assert thief.welcome.login_needed and told == ["ping"], told
    assert not [name for name, reply in got.items() if reply and (secret in str(reply) or no in str(reply.status))]
    # 2: guessing. Five, then not even the right one
    guesses = [refusal(lambda n=n: thief.ask("login", account="013001", password=f"猜出来的第{n}个密码")).reason for n in range(6)]
    check_status(refusal(lambda: thief.ask("login", account="013001", password=PASSWORD)), "LOGIN_BLOCKED")
    # 3: with the kept token of somebody who has not logged out: he is that officer, until it was idle for too long
    with stage.peer(node, "ytp-desk", hello=False) as as_officer:
      as_officer.hello(token=token)
      assert as_officer.ask("show_incident", incident=no).content == secret
    minutes = stage.sql("select idle_minutes, extract(epoch from l.ends_at - l.started_at) / 60 from login_rule, login l limit 1", database=node.name)[0]
    with stage.peer(node, "ytp-desk2", hello=False) as other:
      assert refusal(lambda: other.hello(token=token)).reason.startswith("LOGIN"), "on another device it is worth nothing"
    stage.sql("update login set seen_at = now() - make_interval(mins => $1 + 1)", int(minutes[0]), database=node.name)
    officer.close()
    with stage.peer(node, "ytp-desk", hello=False) as late:
      check_status(refusal(lambda: late.hello(token=token)), "LOGIN_IDLE")
    # 4: told: out at once, and for good
    with stage.peer(node, "admin") as admin:
      admin.ask("revoke_device", device="ytp-desk", reason="失窃")
    begun = time.monotonic()
    cut_off(thief)
    took = time.monotonic() - begun
    try:
      stage.peer(node, "ytp-desk").close()
      raise AssertionError("connected")
    except (Closed, Refused, OSError):
      pass
    print(f"# stolen laptop: certificate alone: answered={','.join(told)} of {len(got)}; guesses={len(guesses)} then blocked; a login left open:"
          f" all of its officer's until idle {minutes[0]} min, {float(minutes[1]) / 60:.0f} h at most; out {took * 1000:.0f} ms after revocation")


# ---- a curious officer

def of_records():
  """Requests that name a record."""
  return [(name, d) for name, d in requests() if "incident" in d.fields_by_name]


def answer_without_number(peer, name, descriptor, named):
  """What the answer says of a record, without the name that was given."""
  fields = {k: v for k, v in filled(Birds(), name, descriptor, True, named).items() if k != "request_id"}
  reply = peer.call(name, request=request_id(), **fields)
  assert reply.HasField("status"), f"{name} of a record that is not there for him was answered: {reply}"
  reply.status.ClearField("request_id")  # as it was sent
  return str(reply.status).replace(named, "NO")


def hidden_ones(stage, node):
  """Of another pairing; S3 and S4 of the reader's own office."""
  with person(stage, node, "013001", "ytp-desk") as chief, stage.peer(node, "xcp-duty") as xcp:
    other = xcp.ask("report_incident", **{"class": CLASS, "content": "别处不可见的事", "reporter": "某", "reporter_phone": "13500007777"})
    tip = chief.ask("report_incident", **{"class": "INCIDENT_CLASS_TIP", "content": "线人不可见的事", "reporter": "某", "reporter_phone": "13500007778"})
    named = chief.ask("report_incident", **{"class": CLASS, "content": "具名不可见的事", "reporter": "某", "reporter_phone": "13500007779"})
    chief.ask("grade_incident", incident=named.no, sensitivity=4, reason="涉及线人安全")
  return {"other pairing": other, "S3": tip, "S4": named}


KEPT = """select (select seq from feed_head) - $2::int8, (select string_agg(concat_ws(' ', kind, request, level, cardinality(fields), purpose, reason, count), ';'
    order by seq) from audit where seq > $1::int8)"""


def work_of(stage, node, peer, named):
  """What is left of asking for a record at every door, and how long each answer is: told or timed by nobody, but the same work."""
  stage.sql("update audit_rule set denied_per_minute = 100000", database=node.name)  # each refusal has its row
  done = {}
  for name, descriptor in of_records():
    marks = stage.sql("select a.seq, f.seq from audit_head a, feed_head f", database=node.name)[0]
    fields = {k: v for k, v in filled(Birds(), name, descriptor, True, named).items() if k != "request_id"}
    answer = peer.call(name, request=request_id(), **fields)
    done[name] = (len(answer.status.SerializeToString()), *stage.sql(KEPT, *marks, database=node.name)[0])
  return done


@case
def a_curious_officer(stage):
  """All ways to a record that is not his, beside the same ways to one that does not exist: the same answers."""
  with stage.alone() as node, contextlib.ExitStack() as all_:
    hidden = hidden_ones(stage, node)
    p = all_.enter_context(stage.peer(node, "ytp-officer"))
    mine = p.ask("report_incident", **{"class": CLASS, "content": "自己的事"}).no
    absent = "JQ-2026-999999"
    for name, descriptor in of_records():
      expected = answer_without_number(p, name, descriptor, absent)
      for why, record in hidden.items():
        for named in (record.no, bytes(record.id).hex()):
          if named != record.no:
            expected_here = answer_without_number(p, name, descriptor, os.urandom(16).hex())
          else:
            expected_here = expected
          got = answer_without_number(p, name, descriptor, named)
          assert got == expected_here, f"{name} tells {why} from absent: {got} instead of {expected_here}"
    numbers = {r.no for r in hidden.values()}
    lists = [p.ask("list_incidents", limit=500), p.ask("list_incidents", office="xcp", limit=500), p.ask("search_incidents", text="不可见的事"),
             *(p.ask("search_incidents", text=f"1350000777{n}") for n in (7, 8, 9)), *(p.ask("search_incidents", text=no) for no in numbers)]
    # a page that somebody else was given
    with stage.peer(node, "ytp-chief") as chief:
      for page in (chief.ask("list_incidents", limit=1).next, chief.ask("search_incidents", text="不可见", limit=1).next):
        for ask, more in (("list_incidents", {}), ("search_incidents", {"text": "不可见"})):
          with contextlib.suppress(Refused):
            lists.append(p.ask(ask, page=page, **more))
    assert not [i.no for answer in lists for i in answer.incidents if i.no in numbers]
    w = Watch(all_.enter_context(stage.peer(node, "ytp-officer")), from_start=True)
    seen = [e.no for e in w.backlog()]
    assert mine in seen and not numbers & set(seen), seen
    # what he enters himself tells nothing of theirs
    for n in (7, 8, 9):
      no = p.ask("report_incident", **{"class": CLASS, "content": "试探", "reporter_phone": f"1350000777{n}"}).no
      count = p.ask("show_incident", incident=no).repeat_count
      assert count <= 1, f"the same number was reported {count} times, says the server, and it was by those he does not see"
    closed = {}
    for name in ("verify_feed", "verify_audit", "list_audit", "show_readers", "explain_rights", "list_accounts", "list_changes", "list_connections", "follow_logs"):
      try:
        p.ask(name)
        closed[name] = "answered"
      except Refused as e:
        closed[name] = e.reason
    work = {what: work_of(stage, node, p, named) for what, named in (("absent", absent), ("S3", hidden["S3"].no), ("S4", hidden["S4"].no))}
    assert work["S3"] == work["S4"] == work["absent"], [(n, [w[n] for w in work.values()]) for n in work["S3"] if len({str(w[n]) for w in work.values()}) > 1]
    gap = max(int(no[-6:]) for no in [mine, no]) - len([i for i in p.ask("list_incidents", limit=500).incidents])
    print(f"# curious officer: requests={len(of_records())} hidden={len(hidden)}x2 names, all answered as absent; numbers tell that {gap} records are others'; {closed}")


NAMES = {"dispute": "JF", "alert": "YJ", "task": "RW", "transfer": "YS", "record": None, "about": None, "into": "JF", "from": "JQ", "incident": None}


def others_records(xcp):
  """One of each kind, of a pairing that the curious one has nothing to do with, and what hangs on them: prefix -> number."""
  dispute = xcp.ask("open_dispute", type="DISPUTE_TYPE_NEIGHBOR", title="别处不可见的事").no
  found = {"JF": dispute, "YJ": xcp.ask("raise_alert", kind="ALERT_KIND_MASS_EVENT", title="别处不可见的事").no, "RW": xcp.ask("add_task", about=dispute, title="别处不可见的事").no,
           "YS": xcp.ask("send_transfer", about=dispute, to_office="xcs", reason="别处不可见的事").no, "JQ": xcp.ask("report_incident", **{"class": CLASS, "content": "别处不可见的事"}).no}
  xcp.ask("plan_alert", alert=found["YJ"], plan="不可见", tasks=["社区"])
  xcp.ask("add_party", dispute=dispute, name="某", role=1)
  begun = xcp.ask("begin_attachment", record=dispute, name="x", size=1, sha256="0" * 64)
  return found, begun.attachment


@case
def a_curious_officer_and_every_kind(stage):
  """Every field that names a record, with the number of one that is hidden from him and of none: the same answer, and nothing comes of it."""
  with stage.alone() as node, contextlib.ExitStack() as all_:
    found, attachment = others_records(all_.enter_context(stage.peer(node, "xcp-duty")))
    marks = stage.sql("select seq from feed_head", database=node.name)
    stage.sql("update audit_rule set denied_per_minute = 100000", database=node.name)
    tried = 0
    for device in ("ytp-chief", "yts-head"):
      p = all_.enter_context(stage.peer(node, device))

      def said(name, descriptor, field, named, p=p):
        fields = {k: v for k, v in filled(Birds(), name, descriptor, True, "JQ-2026-999999").items() if k != "request_id"}
        reply = p.call(name, request=request_id(), **{**fields, field: named})
        reply.ClearField("call")
        reply.status.ClearField("request_id")
        return text_format.MessageToString(reply, as_utf8=True).replace(named, "NO")
      for name, descriptor in requests():
        for field in [f.name for f in descriptor.fields if f.name in NAMES and f.type == f.TYPE_STRING and f.label != f.LABEL_REPEATED]:
          for kind in [NAMES[field]] if NAMES[field] else found:
            hidden, absent = said(name, descriptor, field, found[kind]), said(name, descriptor, field, f"{kind}-2026-999999")
            assert hidden == absent, f"{device} {name}.{field} tells {found[kind]} from none: {hidden} instead of {absent}"
            assert "不可见" not in hidden, (name, hidden)
            tried += 1
        if "attachment" in descriptor.fields_by_name:
          fields = {k: v for k, v in filled(Birds(), name, descriptor, True, None).items() if k not in ("request_id", "attachment")}
          hidden, absent = (str(p.call(name, request=request_id(), attachment=number, **fields).status.reason) for number in (attachment, 10**9))
          assert hidden == absent != "", (name, hidden, absent)
    kinds = stage.sql("select distinct kind from feed where seq > $1 and no = any ($2::text[])", marks[0][0], "{" + ",".join(found.values()) + "}", database=node.name)
    assert kinds == [], kinds
    print(f"# curious officer, every kind: tried={tried}, all answered as absent")


# ---- a curious administrator

DENIED = (  # SQL of the server's own role that must not do
  "update incident set content = 'x'", "delete from incident", "insert into incident(num) values (1)", "delete from feed", "update feed set note = 'x'",
  "truncate feed", "insert into feed(seq) values (99999)", "delete from audit", "update audit set officer = 'x'", "truncate audit", "delete from audit_signature",
  "alter table feed disable trigger all", "alter table incident disable row level security", "drop policy {policy} on incident",
  "set session_replication_role = replica", "set role liandong_owner", "set role postgres", "alter role liandong_app bypassrls", "create table liandong.x()",
  "create function liandong.x() returns int language sql as 'select 1'", "select secret from account", "select * from account", "select token from login",
  "update right_rule set sensitivity_most = 4", "insert into record_access select", "update account set state = 0", "update device set revoked = false",
  "update office set sees = '{1}'", "delete from sealing_key", "select pg_read_file('/etc/passwd')", "copy (select 1) to program 'true'",
  "alter function caller_office() rename to x")


@case
def a_curious_administrator(stage):
  """With everything the client gives an administrator; then with the server's own role and SQL in hand."""
  words = {"content": "翠柏苑的家务事金丝雀", "place": "翠柏路七号金丝雀", "reporter": "尉迟金丝雀", "reporter_phone": "13977770001"}
  with stage.alone(log_level="debug") as node, contextlib.ExitStack() as all_:
    with stage.peer(node) as desk:
      no = desk.ask("report_incident", **{"class": CLASS, **words}).no
      desk.ask("show_incident", incident=no)
      desk.ask("note_incident", incident=no, note="金丝雀飞了")
    admin = all_.enter_context(stage.peer(node, "ytga-desk"))
    admin.ask("login", account="ytga-admin", code=code_for(stage, "ytga-admin", node), new_password=PASSWORD)
    got = answers(lambda: admin, Birds(), requests(), no)
    for text in ("金丝雀", "13977770001", "翠柏"):
      got["follow_logs " + text] = admin.call("follow_logs", since=1, level=1, grep=text)
      assert not got["follow_logs " + text].follow_logs.lines, got["follow_logs " + text]
    told = sorted(name for name, reply in got.items() if reply and not reply.HasField("status"))
    assert not [(name, reply) for name, reply in got.items() if [w for w in ("金丝雀", "13977770001", "翠柏") if w in repr(str(reply)) + str_of(reply)]]
    with_number = [name for name in told if no in str(got[name])]
    # SQL
    policy = stage.sql("select polname from pg_policy where polrelid = 'incident'::regclass limit 1", database=node.name)[0][0]
    could, s = [], all_.enter_context(stage.cluster.session(node.name, "liandong_app"))
    s.rows("set search_path to liandong")
    for statement in DENIED:
      try:
        s.rows(statement.replace("{policy}", policy))
        could.append(statement)
      except SqlError:
        pass
    assert not could, could
    assert s.rows("select count(*) from incident") == [("0",)], "nobody sees nothing"
    s.rows("select set_config('liandong.office', (select id::text from office where code = 'ytp'), false), set_config('liandong.role', '3', false)")
    row = s.rows("select content, reporter, reporter_phone from incident")[0]
    assert row[0] == words["content"] and row[1].startswith("~1.") and row[2].startswith("~1."), row
    print(f"# curious administrator: requests={len(got)} told={len(told)}, none a word of a case; the number of a record: {with_number};"
          f" with SQL as liandong_app: {len(DENIED)} statements refused; reads as whomever he says he is: all but sealed fields")


def str_of(reply):
  """With Chinese as it is."""
  return text_format.MessageToString(reply, as_utf8=True) if reply is not None else ""


# ---- a cheating superuser

@case
def an_older_state_is_put_back(stage):
  """The database as it was a while ago, with all that belongs to it, each chain whole: whoever saw a later head says so."""
  with witnessed(stage) as (node, file):
    node.stop()
    stage.cluster.copy(node.name + "-old", node.name)
    node.start()
    fill(stage, node, ["后来的事"])
    signed(stage, node.name, 4)
    liandong(stage, node, "auditor", "audit", "witness", "--once", file)
    assert "警告" not in liandong(stage, node, "ytp-duty", "incident", "list")
    node.stop()
    with stage.cluster.session() as s:
      s.rows(f'alter database "{node.name}" rename to "{node.name}-new"')
      s.rows(f'alter database "{node.name}-old" rename to "{node.name}"')
    node.start()
    found = {"audit verify --witness": liandong(stage, node, "auditor", "audit", "verify", "--witness", file, expected=1)}
    found["client"] = liandong(stage, node, "ytp-duty", "incident", "list", expected=76)
    assert "警告" in found["client"]
    found["witness"] = liandong(stage, node, "auditor", "audit", "witness", "--once", file, expected=1)
    print(f"# superuser, older state: found by {', '.join(found)}")


@case
def a_history_rebuilt_and_signed_by_another_key(stage):
  """Chains rebuilt, signatures removed, and a server started with a key of his own signs what is there now: the witness and the client know the old one."""
  with witnessed(stage) as (node, file), stage.cluster.session(node.name) as s:
    assert "警告" not in liandong(stage, node, "ytp-duty", "incident", "list")
    node.stop()
    s.rows("set search_path = liandong; set session_replication_role = replica")
    s.rows("begin; delete from audit where seq = 2;" + rebuild("audit") + "delete from audit_signature; commit")
    own = os.path.join(stage.folder, node.name + ".own-key")
    subprocess.run([stage.server, "audit-key", own], check=True, stdout=subprocess.DEVNULL)
    node.settings["audit_key"] = own
    node.write()
    node.start()
    fill(stage, node, ["之后"])
    signed(stage, node.name, 1)
    found = {"client": liandong(stage, node, "ytp-duty", "incident", "list", expected=76),
             "audit verify --witness": liandong(stage, node, "auditor", "audit", "verify", "--witness", file, expected=1),
             "witness": liandong(stage, node, "auditor", "audit", "witness", "--once", file, expected=1)}
    print(f"# superuser, rebuilt and signed anew: found by {', '.join(found)}")
