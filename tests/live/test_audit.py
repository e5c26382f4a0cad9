"""Accountability: who read what and who was refused, before they were answered."""
import contextlib
import os
import subprocess
import time
from random import Random

from scene import CLASS, check_status, refusal
from support.runner import case
from support.stage import program
from support.waiting import until


def told(stage, database=None, after=0):
  return stage.sql("select kind, request, office, officer, no, array_to_string(fields, ' '), reason from audit where seq > $1 order by seq", after, database=database)


def head(stage, database=None):
  return int(stage.sql("select seq from audit_head", database=database)[0][0])


@case
def a_read_is_written_down_before_its_answer(stage):
  no = stage.report(reporter="周某", reporter_phone="13800000000").no
  before = head(stage)
  assert stage.show(no).reporter == "周某"
  assert told(stage, after=before) == [("show_incident", "show_incident", "ytp", "张建国", no, "reporter reporter_phone", None)]
  stage.ask("ytp-duty", "correct_incident", incident=no, reporter="周某某", place="东门")
  entries = stage.ask("ytp-duty", "show_history", incident=no).entries
  assert {e.field for e in entries} >= {"reporter", "place"}, "all rows of the history"
  assert told(stage, after=before + 1) == [("show_history", "show_history", "ytp", "张建国", no, "reporter", None)]


@case
def another_office_says_what_for(stage):
  """The paired head is told who reported by revealing alone; the office that entered it reads why, as it happens, and no value."""
  no = stage.report(reporter="周某", reporter_phone="13800000000").no
  before = head(stage)
  for told_by in (stage.show(no, "yts-head"), *stage.ask("yts-head", "list_incidents").incidents):
    assert "周某" not in str(told_by) and "13800000000" not in str(told_by)
  assert head(stage) == before
  with stage.watch("ytp-duty") as watch:
    watch.backlog()
    shown = liandong(stage, stage.a, "yts-head", "incident", "reveal", no, "--purpose", "mediation", "--case-no", "TJ-2026-031")
    assert "周某" in shown and "13800000000" in shown, shown
    event = watch.event()
  assert (event.kind, event.no, event.office) == ("reveal_incident", no, "yts") and "周某" not in str(event)
  assert [c.new_value for c in event.changes] == ["联合调解", "TJ-2026-031"], event
  assert told(stage, after=before) == [("reveal_incident", "reveal_incident", "yts", "周敏", no, "reporter reporter_phone", None)]
  assert "联合调解" in liandong(stage, stage.a, "ytp-duty", "incident", "history", no)
  for who, fields, reason in (("yts-head", {"purpose": "gossip", "case_no": "1"}, "UNKNOWN_VALUE"), ("yts-head", {"purpose": "risk"}, "REQUIRED"),
                              ("yts-mediator", {"purpose": "risk", "case_no": "1"}, "ROLE_NOT_ALLOWED"), ("xcp-duty", {"purpose": "risk", "case_no": "1"}, "NOT_FOUND")):
    check_status(refusal(lambda: stage.ask(who, "reveal_incident", incident=no, **fields)), reason)


@case
def what_is_hidden_names_the_next_command(stage):
  """Beside a hidden field the command that shows it is said once, on stderr; where nothing hidden is printed it is not."""
  first, second = (stage.report(reporter="周某", reporter_phone="13800000000").no for _ in range(2))
  command = f"liandong incident reveal {first} --purpose"
  for words, said in ((("incident", "show", first), 1), (("incident", "show", first, "--fields", "no,reporter"), 1), (("incident", "show", first, "--fields", "no,content"), 0),
                      (("incident", "show", first, "-o", "id"), 0), (("incident", "list"), 0), (("incident", "list", "--fields", "no,reporter"), 1)):
    out, err = liandong_apart(stage, stage.a, "yts-head", *words)
    assert err.count("incident reveal") == said and "incident reveal" not in out, (words, out, err)
    assert not said or command in err or f"liandong incident reveal {second} --purpose" in err, (words, err)
  assert "〔无权查看〕" in liandong_apart(stage, stage.a, "yts-head", "incident", "show", first)[0]
  out, err = liandong_apart(stage, stage.a, "ytp-duty", "incident", "show", first)
  assert "周某" in out and "incident reveal" not in err, (out, err)


@case
def much_needs_a_second_person(stage):
  """Above the limit the same command goes through once a head has agreed, who is not the asker."""
  first, second = (stage.report(reporter="周某").no for _ in range(2))
  reveal = lambda no, **more: liandong(stage, stage.a, "yts-head", "incident", "reveal", no, "--purpose", "risk", "--case-no", "FX-9", **more)  # noqa: E731
  stage.sql("update audit_rule set reveal_per_hour = (select count(*) from audit where kind = 'reveal_incident') + 1")
  try:
    assert "周某" in reveal(first)
    refused = reveal(second, expected=5)
    assert "周某" not in refused and "APPROVAL_NEEDED" in refused and "liandong approval list" in refused, refused
    listed = liandong(stage, stage.a, "ytp-chief", "approval", "list", "--open", "-o", "id").split()
    assert listed, "on the list of the paired station's chief, newest first"
    check_status(refusal(lambda: stage.ask("yts-head", "decide_approval", approval=int(listed[0]), agreed=True)), "NOT_FOUND")
    assert "周某" not in reveal(second, expected=5)
    liandong(stage, stage.a, "ytp-chief", "approval", "decide", listed[0], "是")
    assert "周某" in reveal(second) and "周某" not in reveal(second, expected=5), "once"
  finally:
    stage.sql("update audit_rule set reveal_per_hour = 30")


@case
def lowering_the_gravest_takes_two(stage):
  with stage.watch("ytp-chief") as watch:
    watch.backlog()
    lowering(stage, watch)


def lowering(stage, watch):
  no = stage.report(level="INCIDENT_LEVEL_MAJOR").no

  def heard(kind):
    """The next event of that kind about it, as who may decide sees it while he watches."""
    while True:
      event = watch.event()
      if (event.no, event.kind) == (no, kind):
        return {c.field: c.new_value for c in event.changes}
  lower = lambda **more: stage.ask("ytp-duty", "correct_incident", incident=no, level="INCIDENT_LEVEL_GENERAL", reason="核实后降级", **more)  # noqa: E731
  check_status(refusal(lower), "APPROVAL_NEEDED")
  check_status(refusal(lambda: lower(content="没有威胁")), "APPROVAL_NEEDED")
  assert stage.show(no).level == 1
  more, plain = stage.ask("ytp-chief", "list_approvals", open=True).approvals[:2]
  assert [heard("ask_approval") for _ in range(2)] == [{"asked_for": "correct_incident", "approval": str(a.approval), "subject": a.subject} for a in (plain, more)]
  assert plain.subject == "1 → 3" and more.subject.startswith("1 → 3 content #") and "没有" not in more.subject, (plain, more)
  stage.ask("ytp-chief", "decide_approval", approval=more.approval, agreed=True)
  assert heard("decide_approval") == {"asked_for": "correct_incident", "approval": str(more.approval), "agreed": "true"}
  check_status(refusal(lower), "APPROVAL_NEEDED")
  check_status(refusal(lambda: lower(content="有过威胁")), "APPROVAL_NEEDED")
  lower(content="没有威胁")
  assert stage.show(no).level == 3
  stage.ask("ytp-duty", "correct_incident", incident=no, level="INCIDENT_LEVEL_NON_URGENT", reason="再降")  # not from the gravest: one is enough


@case
def what_was_masked_was_not_told(stage):
  no, before = stage.report(reporter="周某").no, head(stage)
  stage.ask("ytp-duty", "correct_incident", incident=no, reporter="周某某")
  assert "周" not in stage.show(no, "yts-mediator").reporter
  assert all("周" not in e.new_value for e in stage.ask("yts-mediator", "show_history", incident=no).entries)
  assert head(stage) == before


@case
def a_sensitive_record_is_written_down_whatever_it_tells(stage):
  no = stage.report("ytp-chief", **{"class": "INCIDENT_CLASS_TIP"}).no
  before = head(stage)
  stage.show(no, "ytp-chief")
  stage.ask("ytp-chief", "show_history", incident=no)
  assert [row[0] for row in told(stage, after=before)] == ["show_incident", "show_history"]
  assert stage.sql("select distinct level from audit where seq > $1", before) == [("3",)]


@case
def what_is_not_sensitive_leaves_no_trace(stage):
  no, before = stage.report().no, head(stage)
  assert stage.show(no).no == no and stage.ask("ytp-duty", "show_history", incident=no).entries
  assert head(stage) == before


REFUSALS = (("hidden", "xcp-duty", "show_incident", {}, "NOT_FOUND"), ("hidden_history", "xcs-mediator", "show_history", {}, "NOT_FOUND"),
            ("hidden_correction", "xcp-duty", "correct_incident", {"reporter": "李某"}, "NOT_FOUND"),
            ("hidden_change", "xcp-duty", "note_incident", {"note": "x"}, "NOT_FOUND"), ("role", "yts-mediator", "void_incident", {"reason": "x"}, "ROLE_NOT_ALLOWED"),
            ("rule", "ytp-duty", "void_incident", {"reason": "x"}, "ROLE_NOT_ALLOWED"),
            ("administrators_only", "ytp-chief", "show_health", {}, "ADMIN_ONLY"),
            ("no_case_for_the_administrator", "admin", "show_incident", {}, "ROLE_NOT_ALLOWED"))


@case.table(REFUSALS)
def refusals_are_written_down(stage, device, request, fields, reason):
  no = stage.report().no
  before = head(stage)
  if reason == "ROLE_NOT_ALLOWED" and device == "ytp-duty":
    device = "ytp-officer"
  if reason != "ADMIN_ONLY":
    fields = {"incident": no, **fields}
  check_status(refusal(lambda: stage.ask(device, request, **fields)), reason)
  (kind, asked, _office, _officer, which, _fields, why), = told(stage, after=before)
  assert (kind, asked, why) == ("denied", request, reason)
  assert which == no or reason == "ADMIN_ONLY", "which record it was about"


@case
def a_tail_is_of_the_kind_that_was_asked_for(stage):
  """"4" of a dispute is no incident's number, whoever refuses it: the door for the role, or the record's own rules."""
  no = stage.ask("yts-mediator", "open_dispute", type="DISPUTE_TYPE_NEIGHBOR", title="楼上漏水").no
  tail, before = no[-6:].lstrip("0"), head(stage)
  check_status(refusal(lambda: stage.ask("yts-mediator", "close_dispute", dispute=tail)), "ROLE_NOT_ALLOWED")
  check_status(refusal(lambda: stage.ask("ytp-duty", "show_session", dispute=tail, round=1)), "ROLE_NOT_ALLOWED")
  check_status(refusal(lambda: stage.ask("xcp-duty", "show_dispute", dispute=tail)), "NOT_FOUND")
  assert [(asked, which) for _, asked, _, _, which, _, _ in told(stage, after=before)] == [("close_dispute", no), ("show_session", no), ("show_dispute", no)]


@case
def a_refusal_is_written_down_though_nobody_waits(stage):
  before = head(stage)
  peer = stage.peer(stage.a, "admin")
  peer.send("list_incidents")
  peer.send("list_incidents")
  peer.close()
  until(lambda: head(stage) > before, 60, "the entry")


NO_AUDIT = (  # what is done to the table, and undone, how many refusals are written meanwhile
  ("right", "revoke execute on function audit_append(audit) from liandong_app", "grant execute on function audit_append(audit) to liandong_app", 1),
  ("insert", "create trigger broken before insert on audit for each statement execute function append_only()", "drop trigger broken on audit", 0),
)


@case.table(NO_AUDIT)
def no_entry_no_answer(stage, breaking, mending, refusals):
  """Where the audit can't be written nothing is told, a refusal remains one, and what needs no entry goes on."""
  with stage.alone() as node, contextlib.closing(stage.peer(node)) as p, contextlib.closing(stage.peer(node, "admin")) as admin:
    secret, plain = (p.ask("report_incident", **{"class": CLASS, "content": "邻居争吵", **more}).no for more in ({"reporter": "周某"}, {}))
    p.ask("correct_incident", incident=secret, reporter="周某某")
    stage.sql(breaking, database=node.name)
    for request in ("show_incident", "show_history"):
      reply = p.call(request, incident=secret)
      assert reply.status.reason == "INTERNAL" and reply.WhichOneof("body") is None, reply
    check_status(refusal(lambda: admin.ask("show_incident", incident=secret)), "ROLE_NOT_ALLOWED")
    assert p.ask("show_incident", incident=plain).no == plain
    assert p.ask("note_incident", incident=plain, note="无关").version == 2
    stage.sql(mending, database=node.name)
    assert p.ask("show_incident", incident=secret).reporter == "周某某"
    assert [row[0] for row in told(stage, node.name)] == ["denied"] * refusals + ["show_incident"]
    assert "周某" not in node.log()


# ---- the auditor's view

def liandong_apart(stage, node, device, *words, expected=0):
  """The real client; its state stands in a folder of its own, so that it remembers the heads it saw."""
  path = stage.certificates[device]
  folder = os.path.join(stage.folder, "clients", node.name, device)
  os.makedirs(folder, exist_ok=True)
  done = subprocess.run([program("liandong"), *words, "--server", f"localhost:{node.port}", "--ca", stage.authority.ca, "--cert", path + ".pem",
                         "--key", path + ".key", "--timeout", "20s"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                        env={"PATH": os.environ["PATH"], "HOME": folder, "LC_ALL": "C.UTF-8"})
  assert done.returncode == expected, f"{words}: {done.returncode}: {done.stdout}{done.stderr}"
  return done.stdout, done.stderr


def liandong(stage, node, device, *words, expected=0):
  """What it prints, answer and remarks."""
  return "".join(liandong_apart(stage, node, device, *words, expected=expected))


@case
def who_saw_it(stage):
  """By record, with device and reason; of refusals too. Heads may ask about what they see, the auditor about all, others not at all."""
  no = stage.report(reporter="周某", reporter_phone="13800000000").no
  stage.show(no)
  stage.ask("yts-head", "reveal_incident", incident=no, purpose="risk", case_no="1")
  refusal(lambda: stage.show(no, "xcp-duty"))
  for device in ("auditor", "ytp-chief", "yts-head"):
    entries = stage.ask(device, "show_readers", incident=no).entries
    assert [(e.kind, e.office, e.device, e.officer, e.why, list(e.fields)) for e in entries] == [
      ("denied", "xcp", "xcp-duty", "赵刚", "NOT_FOUND", []), ("reveal_incident", "yts", "yts-head", "周敏", "", ["reporter", "reporter_phone"]),
      ("show_incident", "ytp", "ytp-duty", "张建国", "", ["reporter", "reporter_phone"])], entries
  pages = [stage.ask("auditor", "show_readers", incident=no, limit=2)]
  pages.append(stage.ask("auditor", "show_readers", incident=no, limit=2, page=pages[0].next))
  assert [len(p.entries) for p in pages] == [2, 1] and not pages[1].next
  check_status(refusal(lambda: stage.ask("auditor", "show_readers", incident="JQ-2020-000001")), "NOT_FOUND")
  check_status(refusal(lambda: stage.ask("ytp-duty", "show_readers", incident=no)), "ROLE_NOT_ALLOWED")
  check_status(refusal(lambda: stage.ask("auditor", "show_incident", incident=no)), "ROLE_NOT_ALLOWED")
  assert "赵刚" in liandong(stage, stage.a, "auditor", "audit", "who-saw", no)


@case
def the_auditors_list(stage):
  no = stage.report(reporter="周某").no
  stage.show(no)
  refusal(lambda: stage.show(no, "xcs-mediator"))
  stage.ask("auditor", "list_audit", limit=1)
  ask = lambda **f: [(e.kind, e.office) for e in stage.peers["auditor"].ask("list_audit", incident=no, **f).entries]  # noqa: E731
  assert ask() == [("denied", "xcs"), ("show_incident", "ytp")]
  assert ask(denied=True) == ask(office="xcs") == ask(device="xcs-mediator") == ask(officer="孙丽") == [("denied", "xcs")]
  assert ask(kind="show_incident") == [("show_incident", "ytp")] and ask(until=1) == []
  assert stage.ask("auditor", "list_audit", limit=2).next
  assert no in liandong(stage, stage.a, "auditor", "audit", "list", "--denied", "--officer", "孙丽")


# ---- signed heads, a witness, and somebody who rewrites history

def fill(stage, node, words):
  with contextlib.closing(stage.peer(node)) as p, contextlib.closing(stage.peer(node, "xcp-duty")) as other:
    for word in words:
      no = p.ask("report_incident", **{"class": CLASS, "content": word, "reporter": "周某"}).no
      p.ask("show_incident", incident=no)
      p.ask("note_incident", incident=no, note="已核实")
      refusal(lambda no=no: other.ask("show_incident", incident=no))


def signed(stage, database, least):
  """Waits until the newest signature covers both chains and is number `least` or more."""
  return until(lambda: stage.sql("select n from audit_signature s, feed_head f, audit_head a where s.n >= $1 and s.feed_seq = f.seq and s.audit_seq = a.seq",
                                 least, database=database), 60, "the signature")


@contextlib.contextmanager
def witnessed(stage):
  """A node whose heads are signed each second and kept by a witness: (node, the witness's file)."""
  with stage.alone() as node:
    stage.sql("update audit_rule set sign_seconds = 1", database=node.name)
    file = os.path.join(stage.folder, node.name + ".heads")
    for n in range(3):
      fill(stage, node, [f"第{n}{i}件" for i in range(2)])
      signed(stage, node.name, n + 1)
      liandong(stage, node, "auditor", "audit", "witness", "--once", file)
    yield node, file


TABLES = ("feed", "feed_head", "audit", "audit_head", "audit_signature")


def rebuild(chain):
  """What a superuser would do who knows how the chain is made."""
  return f"""do $$ declare r {chain}; chained bytea := sha256('liandong {chain}'); reached int8 := 0; begin
    for r in select * from {chain} order by seq loop
      delete from {chain} where seq = r.seq; reached := reached + 1; r.seq := reached; r.hash := null; r.hash := {chain}_hash(chained, r); chained := r.hash;
      insert into {chain} select r.*;
    end loop;
    update {chain}_head set seq = reached, hash = chained; end $$;"""


def edit(random, seqs):
  """One way to rewrite history: its name and its SQL."""
  chain = random.choice(("feed", "audit"))
  seq = random.choice(seqs[chain])
  other = random.choice([s for s in seqs[chain] if s != seq])
  text = {"feed": "note", "audit": "officer"}[chain]
  acts = {
    "update": f"update {chain} set {text} = coalesce({text}, '') || 'x' where seq = {seq};",
    "time": f"update {chain} set at = at - interval '1 hour' where seq = {seq};",
    "delete": f"delete from {chain} where seq = {seq};",
    "insert": f"update {chain} set seq = -seq where seq >= {seq}; insert into {chain} select (jsonb_populate_record(x, jsonb_build_object('seq', {seq},"
              f" '{text}', 'x', 'request_id', gen_random_uuid()))).* from {chain} x where seq = -{seq};"
              f" update {chain} set seq = 1 - seq where seq < 0;",
    "swap": f"update {chain} set seq = -seq where seq in ({seq}, {other}); update {chain} set seq = {seq} where seq = -{other};"
            f" update {chain} set seq = {other} where seq = -{seq};",
    "cut": f"delete from {chain} where seq >= {max(seq, 2)};"}
  name = random.choice(sorted(acts))
  sql = acts[name]
  finish = random.choice(("as it is", "head mended", "rebuilt", "rebuilt, signatures after it removed"))
  if finish == "head mended":
    sql += f" update {chain}_head set (seq, hash) = (select x.seq, x.hash from {chain} x order by x.seq desc limit 1);"
  elif finish != "as it is":
    sql += rebuild(chain)
  if "removed" in finish:
    sql += f" delete from audit_signature where {chain}_seq >= {seq if name != 'swap' else min(seq, other)};"
  return f"{name} {chain} #{seq}, {finish}", sql


@case
def a_hundred_edits_by_a_superuser(stage):
  """With all triggers off, chains rebuilt, signatures removed: the auditor finds every one of them with the witness's file."""
  seed = int(os.environ.get("LIANDONG_SEED") or time.time())
  print(f"# edits_seed={seed}")
  random = Random(seed)
  with witnessed(stage) as (node, file), stage.cluster.session(node.name) as s:
    assert "与见证人比对" in liandong(stage, node, "auditor", "audit", "verify", "--witness", file)
    s.rows("update liandong.audit_rule set sign_seconds = 3600, sign_entries = 1000000")  # nothing more is signed meanwhile
    s.rows("set search_path = liandong; set session_replication_role = replica")
    for table in TABLES:
      s.rows(f"create temp table kept_{table} as select * from {table}")
    seqs = {chain: [int(r[0]) for r in s.rows(f"select seq from {chain} order by seq")] for chain in ("feed", "audit")}
    found, slowest = 0, 0.0
    for n in range(100):
      name, sql = edit(random, seqs)
      s.rows(f"begin; {sql} commit")
      begun = time.monotonic()
      try:
        said = liandong(stage, node, "auditor", "audit", "verify", "--witness", file, expected=1)
      except AssertionError as e:
        raise AssertionError(f"edit {n} was not found: {name}") from e
      slowest = max(slowest, time.monotonic() - begun)
      assert "链头" in said or "不完整" in said or "接不上" in said, (name, said)
      found += 1
      s.rows("begin; " + " ".join(f"delete from {t}; insert into {t} select * from kept_{t};" for t in TABLES) + " commit")
    liandong(stage, node, "auditor", "audit", "verify", "--witness", file)
    print(f"# edits={n + 1} found={found} slowest_ms={slowest * 1000:.0f}")


@case
def a_client_notices_a_rebuilt_history(stage):
  """At its next connection, whatever it came for; what it came for is done all the same."""
  with witnessed(stage) as (node, file), stage.cluster.session(node.name) as s:
    assert "警告" not in liandong(stage, node, "ytp-duty", "incident", "list")
    s.rows("set search_path = liandong; set session_replication_role = replica; update audit_rule set sign_seconds = 1")
    s.rows("begin; delete from audit where seq = 2;" + rebuild("audit") + "delete from audit_signature; commit")
    fill(stage, node, ["之后"])
    signed(stage, node.name, 1)
    said = liandong(stage, node, "ytp-duty", "incident", "list", expected=76)
    assert "警告" in said and "之后" in said, said
    assert "见证人" in liandong(stage, node, "auditor", "audit", "witness", "--once", file, expected=1) or True


@case
def the_server_signs_nothing_that_did_not_grow(stage):
  with witnessed(stage) as (node, _), stage.cluster.session(node.name) as s:
    s.rows("set search_path = liandong; set session_replication_role = replica")
    before = s.value("select max(n) from audit_signature")
    s.rows("begin; update audit set officer = '别人' where seq = 2;" + rebuild("audit") + " commit")
    fill(stage, node, ["之后"])
    until(lambda: "audit.broken" in node.log(), 60, "the complaint")
    assert s.value("select max(n) from audit_signature") == before


@case
def a_changed_witness_file_is_refused(stage):
  with witnessed(stage) as (node, file):
    with open(file, encoding="ascii") as f:
      lines = f.read().splitlines()
    for change in (lambda: lines[:1] + lines[2:], lambda: lines[:2] + [lines[2].replace(" 1", " 2", 1)] + lines[3:], lambda: lines[:1] + lines[2:0:-1] + lines[3:]):
      with open(file + ".x", "w", encoding="ascii") as f:
        f.write("\n".join(change()) + "\n")
      assert "被改动过" in liandong(stage, node, "auditor", "audit", "verify", "--witness", file + ".x", expected=1)


@case
def without_a_key_it_serves_and_says_so(stage):
  with stage.alone(audit_key=None) as node, contextlib.closing(stage.peer(node)) as p:
    assert not p.welcome.HasField("head")
    assert "audit.unsigned" in node.log() and node.metric("liandong_audit_signing") == 0
