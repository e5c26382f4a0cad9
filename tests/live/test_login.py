"""Who sits at a device: codes, passwords, capacities, and logins that end; with the Python peer and with the real client."""
import os
import subprocess
import time

from peer.messages import pb
from peer.peer import Closed, Refused
from scene import check_status, refusal
from support.runner import case
from support.waiting import until
from test_client import SECONDS, words

PASSWORD = "岳塘所值班室的老槐树"


def code_for(stage, account, node=None):
  """A one-use code, as the operator makes it on the server's machine."""
  status, text = (node or stage.a).run("code", account)
  assert status == 0, text
  return text.splitlines()[0]


def with_password(stage, account, device, password=PASSWORD):
  """Gives an account its password by its first login; the reply."""
  with stage.peer(stage.a, device) as peer:
    return peer.ask("login", account=account, code=code_for(stage, account), new_password=password)


def login(stage, account, device, node=None, password=PASSWORD, **fields):
  """A peer that is logged in, and the reply."""
  peer = stage.peer(node or stage.a, device)
  try:
    return peer, peer.ask("login", account=account, password=password, **fields)
  except BaseException:
    peer.close()
    raise


def with_token(stage, token, device, node=None):
  peer = stage.peer(node or stage.a, device, hello=False)
  peer.welcome = peer.hello(token=token)
  return peer


def admin(stage, account="ytga-admin", device="ytga-desk"):
  if not stage.sql("select from account where code = $1 and secret is not null", account):
    with_password(stage, account, device)
  return login(stage, account, device)[0]


def new_account(stage, peer, code, office="ytp", role="ROLE_OFFICER"):
  return peer.ask("add_account", account=code, name="某" + code, office=office, role=role)


@case
def device_alone_does_nothing(stage):
  with stage.peer(stage.a, "ytp-desk") as peer:
    assert peer.welcome.login_needed and peer.welcome.role == 0 and peer.welcome.office_code == "ytp"
    peer.ask("ping", token=1)
    for name, fields in (("list_incidents", {}), ("watch_feed", {}), ("report_incident", {"content": "没有人登录"}), ("list_offices", {}),
                         ("change_password", {"password": "x", "new_password": "y"}), ("end_login", {})):
      check_status(refusal(lambda: peer.ask(name, **fields)), "LOGIN_REQUIRED", "UNAUTHENTICATED")
  with stage.peer(stage.a, "ytp-duty") as peer:  # one that acts by itself goes on as before
    assert not peer.welcome.login_needed


@case
def code_then_password(stage):
  code = code_for(stage, "013527")
  with stage.peer(stage.a, "ytp-desk") as peer:
    check_status(refusal(lambda: peer.ask("login", account="013527", code=code, new_password="太短")), "WEAK_PASSWORD", field="login.new_password")
    reply = peer.ask("login", account="013527", code=code, new_password=PASSWORD)
    assert (reply.office_code, reply.role, reply.officer) == ("ytp", pb.ROLE_DUTY, "张建国 013527")
    no = peer.ask("report_incident", **{"class": "INCIDENT_CLASS_DISPUTE", "content": "登录之后报的警"}).no
    assert peer.ask("show_incident", incident=no).created_by == "张建国 013527"
  with stage.peer(stage.a, "ytp-desk") as peer:  # the code was for once
    check_status(refusal(lambda: peer.ask("login", account="013527", code=code, new_password=PASSWORD)), "WRONG_PASSWORD", "UNAUTHENTICATED")
    peer.ask("login", account="013527", password=PASSWORD)
  with with_token(stage, reply.token, "ytp-desk", stage.b) as peer:  # on the other node as well
    assert peer.welcome.officer == "张建国 013527" and not peer.welcome.login_needed
    assert peer.welcome.login_ends_at == reply.ends_at
    assert peer.ask("show_incident", incident=no).no == no


@case
def token_counts_on_its_device_only(stage):
  token = with_password(stage, "s0001", "yts-desk").token
  for device in ("ytp-desk", "ytp-desk2", "yts-mediator"):
    check_status(refusal(lambda: with_token(stage, token, device)), "LOGIN_ENDED", "UNAUTHENTICATED")
  with_token(stage, token, "yts-desk").close()
  check_status(refusal(lambda: with_token(stage, bytes(32), "yts-desk")), "LOGIN_ENDED")


@case
def unknown_accounts_look_like_wrong_passwords(stage):
  with_password(stage, "013527", "ytp-desk")
  times = {}
  for account, password in (("013527", "不是这个密码呀呀"), ("no-such-account", "不是这个密码呀呀"), ("013001", "不是这个密码呀呀")):
    with stage.peer(stage.a, "ytp-desk") as peer:
      begun = time.monotonic()
      status = refusal(lambda: peer.ask("login", account=account, password=password))
      times[account] = time.monotonic() - begun
      check_status(status, "WRONG_PASSWORD", "UNAUTHENTICATED")
      assert not status.violations, "says which of the two is wrong"
  stage.sql("update account set failures = 0, blocked_until = null")


@case
def five_failures_block(stage):
  with admin(stage) as boss:
    new_account(stage, boss, "block-me")
    with_password(stage, "block-me", "ytp-desk")
    with stage.peer(stage.a, "ytp-desk") as peer:
      for _ in range(5):
        check_status(refusal(lambda: peer.ask("login", account="block-me", password="一二三四五六七八九十")), "WRONG_PASSWORD")
      check_status(refusal(lambda: peer.ask("login", account="block-me", password=PASSWORD)), "LOGIN_BLOCKED", "UNAUTHENTICATED")
      check_status(refusal(lambda: peer.ask("login", account="block-me", password="还是不对的密码呀")), "WRONG_PASSWORD")
      row = [a for a in boss.ask("list_accounts", office="ytp").accounts if a.account == "block-me"][0]
      assert row.blocked_until > row.last_login_at > 0
      boss.ask("unlock_account", account="block-me", reason="本人来电核实")
      peer.ask("login", account="block-me", password=PASSWORD)


@case
def capacities(stage):
  """Stationed at another office: one login, one capacity; the device's office decides who may sit there."""
  with_password(stage, "s0001", "yts-desk")
  with stage.peer(stage.a, "ytp-desk") as peer:
    check_status(refusal(lambda: peer.ask("login", account="s0001", password=PASSWORD)), "OTHER_OFFICES_DEVICE", "PERMISSION_DENIED")
  with admin(stage) as boss:
    boss.ask("assign_account", account="s0001", office="ytp", role="ROLE_OFFICER", reason="前置到派出所")
    check_status(refusal(lambda: boss.ask("assign_account", account="s0001", office="yts", role="ROLE_OFFICE_HEAD")), "NOT_YOURS")
    peer, reply = login(stage, "s0001", "ytp-desk")
    assert (reply.office_code, reply.role) == ("ytp", pb.ROLE_OFFICER), "the device's own office comes first"
    peer.close()
    peer, reply = login(stage, "s0001", "ytp-desk", office="yts")
    assert (reply.office_code, reply.role) == ("yts", pb.ROLE_MEDIATOR)
    peer.close()
    check_status(refusal(lambda: login(stage, "s0001", "ytp-desk", role="ROLE_CHIEF")), "NO_ASSIGNMENT", "PERMISSION_DENIED")
    watching, _ = login(stage, "s0001", "ytp-desk2", stage.b, office="ytp")
    watching.ask("watch_feed")
    boss.ask("unassign_account", account="s0001", office="ytp", role="ROLE_OFFICER", reason="已回原单位")
    until(lambda: closed(watching), 60, "the other node cutting a login whose capacity was taken away")
    check_status(refusal(lambda: login(stage, "s0001", "ytp-desk")), "OTHER_OFFICES_DEVICE")


def closed(peer):
  try:
    while True:
      peer.push(0.05)
  except Closed:
    return True
  except TimeoutError:
    return False


@case
def locked_account_is_out_on_every_node(stage):
  """Twenty times: from the lock's answer to the end of a watch on the other node. The slowest is printed."""
  slowest = 0.0
  with admin(stage) as boss:
    new_account(stage, boss, "lock-me")
    with_password(stage, "lock-me", "ytp-desk")
    for _ in range(20):
      peer, reply = login(stage, "lock-me", "ytp-desk", stage.b)
      peer.ask("watch_feed")
      boss.ask("lock_account", account="lock-me", reason="笔记本电脑被盗")
      begun = time.monotonic()
      until(lambda: closed(peer), 60, "the other node cutting a locked account")
      slowest = max(slowest, time.monotonic() - begun)
      check_status(refusal(lambda: with_token(stage, reply.token, "ytp-desk")), "LOGIN_ENDED")
      check_status(refusal(lambda: login(stage, "lock-me", "ytp-desk")), "WRONG_PASSWORD")
      boss.ask("unlock_account", account="lock-me", reason="已找回")
  print(f"  cut after {slowest:.2f} s at the slowest of 20")


@case
def idle_and_old_logins_end(stage):
  reply = with_password(stage, "013001", "ytp-desk")
  stage.sql("update login set seen_at = now() - interval '14 minutes' where id = $1::uuid", reply.login.hex())
  with_token(stage, reply.token, "ytp-desk").close()  # in use: seen now
  assert stage.sql("select seen_at > now() - interval '10 seconds' from login where id = $1::uuid", reply.login.hex())[0][0] == "t"
  stage.sql("update login set seen_at = now() - interval '16 minutes' where id = $1::uuid", reply.login.hex())
  check_status(refusal(lambda: with_token(stage, reply.token, "ytp-desk")), "LOGIN_IDLE", "UNAUTHENTICATED")
  stage.sql("update login set seen_at = now(), ends_at = now() where id = $1::uuid", reply.login.hex())
  check_status(refusal(lambda: with_token(stage, reply.token, "ytp-desk")), "LOGIN_ENDED", "UNAUTHENTICATED")


@case
def password_change_ends_the_others(stage):
  with admin(stage) as boss:
    new_account(stage, boss, "change-me")
  other = with_password(stage, "change-me", "ytp-desk")
  peer, mine = login(stage, "change-me", "ytp-desk2")
  with peer:
    check_status(refusal(lambda: peer.ask("change_password", password="不是现在的密码", new_password="新密码新密码新密码十")), "WRONG_PASSWORD")
    check_status(refusal(lambda: peer.ask("change_password", password=PASSWORD, new_password="短")), "WEAK_PASSWORD")
    peer.ask("change_password", password=PASSWORD, new_password="新密码新密码新密码十")
  check_status(refusal(lambda: with_token(stage, other.token, "ytp-desk")), "LOGIN_ENDED")
  with with_token(stage, mine.token, "ytp-desk2") as peer:
    peer.ask("end_login")
  check_status(refusal(lambda: with_token(stage, mine.token, "ytp-desk2")), "LOGIN_ENDED")
  check_status(refusal(lambda: login(stage, "change-me", "ytp-desk")), "WRONG_PASSWORD")
  login(stage, "change-me", "ytp-desk", password="新密码新密码新密码十")[0].close()


@case
def others_logins_are_nobodys_business(stage):
  mine = with_password(stage, "013527", "ytp-desk")
  theirs = with_password(stage, "s0001", "yts-desk")
  with with_token(stage, mine.token, "ytp-desk") as peer:
    assert {r.account for r in peer.ask("list_logins").logins} == {"013527"}
    assert not peer.ask("list_logins", account="s0001").logins
    check_status(refusal(lambda: peer.ask("end_login", login=theirs.login, reason="好奇")), "NOT_FOUND")
    check_status(refusal(lambda: peer.ask("list_accounts")), "ADMIN_ONLY")
  with admin(stage) as boss:  # of the police's bureau: the judicial office is not theirs
    assert "013527" in {r.account for r in boss.ask("list_logins").logins}
    assert "s0001" not in {r.account for r in boss.ask("list_logins").logins}
    check_status(refusal(lambda: boss.ask("lock_account", account="s0001", reason="越权")), "NOT_YOURS")
    boss.ask("end_login", login=mine.login, reason="下班")
  check_status(refusal(lambda: with_token(stage, mine.token, "ytp-desk")), "LOGIN_ENDED")


@case
def last_one_stays(stage):
  with admin(stage) as boss:
    check_status(refusal(lambda: boss.ask("lock_account", account="ytga-admin", reason="锁自己")), "LAST_ONE", "FAILED_PRECONDITION")
    check_status(refusal(lambda: boss.ask("unassign_account", account="ytga-admin", office="ytga", role="ROLE_ADMIN", reason="免自己")), "LAST_ONE")
    check_status(refusal(lambda: boss.ask("lock_account", account="013001", reason="唯一的所长")), "LAST_ONE")
    new_account(stage, boss, "chief2", role="ROLE_CHIEF")
    check_status(refusal(lambda: boss.ask("lock_account", account="013001", reason="接任的还没登录过")), "LAST_ONE")
    with_password(stage, "chief2", "ytp-desk")
    boss.ask("lock_account", account="013001", reason="调离")
    boss.ask("unlock_account", account="013001", reason="回来了")


@case
def offices_and_pairings(stage):
  """Two administrators make two new offices and pair them; the feed reaches the pair once both have agreed."""
  police, judicial = admin(stage), admin(stage, "ytsf-admin", "ytsf-desk")
  with police, judicial:
    police.ask("open_office", office="newp", name="新开派出所", system="SYSTEM_POLICE", kind="OFFICE_KIND_STATION", parent="ytga")
    judicial.ask("open_office", office="newj", name="新开司法所", system="SYSTEM_JUDICIAL", kind="OFFICE_KIND_JUDICIAL_OFFICE", parent="ytsf")
    check_status(refusal(lambda: police.ask("open_office", office="newp", name="又一个", system="SYSTEM_POLICE", kind="OFFICE_KIND_STATION", parent="ytga")),
                 "CODE_TAKEN", field="open_office.office")
    check_status(refusal(lambda: police.ask("open_office", office="x-j", name="越权", system="SYSTEM_JUDICIAL", kind="OFFICE_KIND_JUDICIAL_OFFICE",
                                            parent="ytsf")), "NOT_YOURS", field="open_office.parent")
    check_status(refusal(lambda: police.ask("change_office", office="ytga", parent="newp")), "OWN_SUPERIOR")
    seen = "select $1::int4 = any (audience) from (select audience from office where code = 'newp') o"
    judicial_id = stage.sql("select id from office where code = 'newj'")[0][0]
    police.ask("pair_offices", station="newp", judicial="newj")
    assert stage.sql(seen, judicial_id)[0][0] == "f", "one side alone has opened the other's records"
    judicial.ask("pair_offices", station="newp", judicial="newj")
    assert stage.sql(seen, judicial_id)[0][0] == "t"
    check_status(refusal(lambda: judicial.ask("pair_offices", station="newp", judicial="newj")), "NO_CHANGE")
    row = [o for o in police.ask("list_offices", office="ytga").offices if o.office == "newp"][0]
    assert list(row.paired_with) == ["newj"] and row.kind == pb.OFFICE_KIND_STATION
    yesterday = int((time.time() - 86400) * 1000)
    police.ask("part_offices", station="newp", judicial="newj", until=yesterday, reason="试用结束")
    changes = police.ask("list_changes").changes
    assert [c.kind for c in changes if c.code == "newp"][:1] == ["part_offices"] and {c.office for c in changes if c.code == "newp"} == {"ytga"}
    replayed = police.call("change_office", request=(request := os.urandom(16)), office="newp", name="改名的所")
    again = police.call("change_office", request=request, office="newp", name="改名的所")
    assert not replayed.change_office.replay and again.change_office.replay and again.change_office.version == replayed.change_office.version
  assert stage.ask("ytp-chief", "verify_feed").intact


@case
def secrets_leave_no_trace(stage):
  code = code_for(stage, "013527")
  with stage.peer(stage.a, "ytp-desk") as peer:
    token = peer.ask("login", account="013527", code=code, new_password=PASSWORD).token
    peer.call("login", account="013527", password="错误的密码也是秘密")
  logs = stage.a.log() + stage.b.log() + stage.a.output()
  for secret in (code, PASSWORD, "错误的密码也是秘密", token.hex()):
    assert secret not in logs, "a secret stands in a log"
  dump = "\n".join(str(row) for table in ("account", "login", "feed", "login_end") for row in stage.sql(f"select t::text from {table} t"))
  for secret in (code, PASSWORD, "错误的密码也是秘密", token.hex()):
    assert secret not in dump, "a secret stands in the database"


# ---- the client

def run(stage, *arguments, secrets=(), device="ytp-desk", **options):
  """(exit code, data, talk); secrets go through a descriptor of their own."""
  reader, writer = os.pipe()
  os.write(writer, "".join(s + "\n" for s in secrets).encode())
  os.close(writer)
  line, environment = words(stage, *arguments, *(["--secret-fd", str(reader)] if secrets else []), device=device, **options)
  environment.pop("XDG_RUNTIME_DIR", None)
  try:
    done = subprocess.run(line, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=SECONDS,
                          pass_fds=(reader,))
  finally:
    os.close(reader)
  return done.returncode, done.stdout, done.stderr


@case
def client_logs_in_and_out(stage):
  run(stage, "logout")  # another case may have left somebody there
  code, _, talk = run(stage, "incident", "list")
  assert code == 4 and "liandong login" in talk, talk
  one_use = code_for(stage, "013527")
  code, data, talk = run(stage, "login", "013527", "--with-code", secrets=(one_use, PASSWORD))
  assert code == 0 and "张建国" in talk and not data, talk
  code, data, talk = run(stage, "status", "-o", "json")
  assert code == 0 and "张建国 013527" in data and '"DUTY"' in data, data + talk
  kept = [os.path.join(folder, name) for folder, _, names in os.walk(os.path.join(stage.folder, "home-ytp-desk")) for name in names if "login" in folder]
  assert len(kept) == 1 and os.stat(kept[0]).st_mode & 0o777 == 0o600, kept
  code, _, talk = run(stage, "incident", "report", "--class", "纠纷", "登录后用客户端报警")
  assert code == 0, talk
  code, _, talk = run(stage, "password", secrets=(PASSWORD, "另外一个还要更长的密码"))
  assert code == 0 and "密码已修改" in talk, talk
  code, _, talk = run(stage, "logout")
  assert code == 0 and not os.path.exists(kept[0]), talk
  code, _, talk = run(stage, "incident", "list")
  assert code == 4, talk
  code, _, talk = run(stage, "login", "013527", secrets=("不是这个密码",))
  assert code == 4 and "密码" in talk and "不是这个密码" not in talk, talk
  code, _, talk = run(stage, "login", "013527", secrets=("另外一个还要更长的密码",))
  assert code == 0, talk


@case
def secrets_are_no_flags(stage):
  for flag in ("--password=x", "--new-password=x", "--code=x"):
    code, _, talk = run(stage, "login", "013527", flag)
    assert code == 2 and "x" not in talk.split("--")[-1].split("\n")[0].replace(flag.split("=")[0][2:], ""), talk
  code, _, talk = run(stage, "login", "013527")  # no terminal, no descriptor
  assert code == 2 and "--secret-fd" in talk, talk


@case
def administrator_with_the_client(stage):
  admin(stage).close()
  code, _, talk = run(stage, "login", "ytga-admin", secrets=(PASSWORD,), device="ytga-desk")
  assert code == 0, talk
  code, data, talk = run(stage, "account", "add", "014000", "何来", "--office", "ytp", "--role", "值班", device="ytga-desk")
  assert code == 0, talk
  code, data, talk = run(stage, "account", "code", "014000", "-o", "json", device="ytga-desk")
  assert code == 0 and '"code"' in data, talk
  code, data, talk = run(stage, "account", "list", "--office", "ytp", device="ytga-desk")
  assert code == 0 and "何来" in data and "张建国" in data and "赵刚" not in data, data
  code, data, talk = run(stage, "office", "list", device="ytga-desk")
  assert code == 0 and "岳塘司法所" in data, data
  code, data, talk = run(stage, "account", "add", "014000", "何来", "--office", "ytp", "--role", "值班", device="ytga-desk")
  assert code == 6 and "--request-id" not in talk, talk
  code, data, talk = run(stage, "office", "changes", device="ytga-desk")
  assert code == 0 and "014000" in data, data
  code, data, talk = run(stage, "incident", "list", device="ytga-desk")
  assert code == 5, "an administrator sees no case: " + talk


__all__ = ["Refused"]
