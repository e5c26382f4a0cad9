"""How a device comes in, gets its certificate anew, and is thrown out: by an independent peer, and by the real client."""
import base64
import contextlib
import hashlib
import os
import re
import socket
import subprocess
import threading
import time

from peer.messages import pb
from peer.peer import Closed, Peer, Refused, request_id, tls_context
from scene import check_status, refusal
from support.node import clean_environment
from support.pki import Authority
from support.runner import case
from support.stage import program
from support.waiting import until

ENROL = "liandong-enrol/1"
P256 = ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")


def openssl(*arguments, give=None):
  return subprocess.run(["openssl", *arguments], input=give, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True).stdout


def invite(stage, device, office="ytp", node=None, **fields):
  with stage.peer(node or stage.a, "admin") as admin:
    return admin.ask("invite_device", request=request_id(), office=office, device=device, **fields)


def decode(token):
  """(secret, pin) of a token, checked as the document says."""
  raw = base64.b32decode(token.replace("-", "") + "====")
  assert len(raw) == 32 and raw[31] == hashlib.sha256(raw[:31]).digest()[0], raw
  return raw[:16], raw[16:31]


def new_key(stage, name, *how):
  """Path of a key, and a request of it in DER."""
  path = os.path.join(stage.folder, name + ".key")
  openssl("genpkey", *(how or P256), "-out", path)
  return path, openssl("req", "-new", "-key", path, "-subj", "/CN=whatever", "-outform", "DER")


def pin_of(path):
  return hashlib.sha256(openssl("pkey", "-pubin", "-outform", "DER", give=openssl("x509", "-in", path, "-noout", "-pubkey"))).digest()


def door(stage, node=None, **options):
  """A connection without certificate."""
  return Peer((node or stage.a).address, tls_context(stage.authority.ca, alpn=ENROL), **options)


def enrol(stage, secret, request, node=None, key=None):
  with door(stage, node) as peer:
    return peer.ask("enrol_device", request=key or request_id(), token=secret, certificate_request=request)


def field(certificate, *what):
  return openssl("x509", "-noout", *what, give=certificate.encode()).decode()


def context_of(stage, name, path, certificate):
  file = os.path.join(stage.folder, name + ".pem")
  with open(file, "w", encoding="ascii") as f:
    f.write(certificate)
  return tls_context(stage.authority.ca, file, path)


def come_in(stage, device, node=None, **fields):
  """The whole way: (key's path, context, enrolment)."""
  path, request = new_key(stage, device)
  enrolment = enrol(stage, decode(invite(stage, device, node=node, **fields).token)[0], request, node)
  return path, context_of(stage, device, path, enrolment.certificate), enrolment


def hello(node, context):
  """Reason of refusal; None: served. The directory follows within a second."""
  try:
    with Peer(node.address, context, timeout=5):
      return None
  except (OSError, Closed, Refused) as e:
    return str(e)


@case
def invited_and_enrolled(stage):
  """A wall screen comes in with its own role and works on the other node too; the certificate says what it should and no more."""
  invitation = invite(stage, "ytp-wall", role=pb.ROLE_DUTY)
  secret, pin = decode(invitation.token)
  assert pin == pin_of(stage.authority.ca)[:15]
  assert (invitation.office_code, invitation.device, invitation.replaces) == ("ytp", "ytp-wall", False)
  assert 880_000 < invitation.until - time.time() * 1000 < 901_000
  path, request = new_key(stage, "ytp-wall")
  enrolment = enrol(stage, secret, request)
  text = field(enrolment.certificate, "-text")
  for words in ("URI:liandong:device:ytp-wall", "TLS Web Client Authentication", "CA:FALSE", "Digital Signature"):
    assert words in text, f"{words} is not in {text}"
  assert "whatever" not in text and "DNS:" not in text
  assert int(field(enrolment.certificate, "-serial").split("=")[1], 16) == int.from_bytes(enrolment.serial, "big")
  context = context_of(stage, "ytp-wall", path, enrolment.certificate)
  until(lambda: hello(stage.b, context) is None, 5, "the new device being served")
  with Peer(stage.b.address, context) as peer:
    assert (peer.welcome.office_code, peer.welcome.role) == ("ytp", pb.ROLE_DUTY)
    peer.ask("list_incidents")


@case
def enrolled_for_logins(stage):
  """Without a role of its own it is served nothing but a login."""
  _, context, enrolment = come_in(stage, "ytp-came")
  assert not enrolment.HasField("role")
  until(lambda: hello(stage.a, context) is None, 5, "the new device being served")
  with Peer(stage.a.address, context) as peer:
    check_status(refusal(lambda: peer.ask("list_incidents")), "LOGIN_REQUIRED", "UNAUTHENTICATED")


@case
def a_token_counts_once(stage):
  secret = decode(invite(stage, "ytp-once", role=pb.ROLE_DUTY).token)[0]
  _, request = new_key(stage, "ytp-once")
  _, other = new_key(stage, "ytp-once-other")
  key = request_id()
  first = enrol(stage, secret, request, key=key)
  again = enrol(stage, secret, request, node=stage.b, key=key)  # the answer was lost: the same on another node
  assert again.replay and not first.replay
  assert (again.serial, again.valid_from, again.valid_until, again.device) == (first.serial, first.valid_from, first.valid_until, first.device)
  assert field(again.certificate, "-serial", "-dates", "-subject") == field(first.certificate, "-serial", "-dates", "-subject")
  for what, options in (("another key", {"request": other, "key": key}), ("another request", {"request": request}), ("both", {"request": other})):
    check_status(refusal(lambda options=options: enrol(stage, secret, **options)), "TOKEN_USED", "PERMISSION_DENIED", "enrol_device.token")
    assert what
  rows = stage.sql("select count(*) from device where name = 'ytp-once'")
  assert rows == [("1",)], rows


@case
def tokens_that_count_no_more(stage):
  secret = decode(invite(stage, "ytp-late").token)[0]
  _, request = new_key(stage, "ytp-late")
  stage.sql("update invitation set until = clock_timestamp() - interval '1 ms' where device = 'ytp-late'")
  check_status(refusal(lambda: enrol(stage, secret, request)), "TOKEN_EXPIRED", "PERMISSION_DENIED")
  older = decode(invite(stage, "ytp-late").token)[0]
  newer = decode(invite(stage, "ytp-late").token)[0]
  check_status(refusal(lambda: enrol(stage, older, request)), "TOKEN_EXPIRED", "PERMISSION_DENIED")
  check_status(refusal(lambda: enrol(stage, os.urandom(16), request)), "TOKEN_INVALID", "PERMISSION_DENIED")
  enrol(stage, newer, request)


@case
def an_invitation_asked_for_again(stage):
  """The answer with the token was lost: the same request gets another token, the lost one is void."""
  key, fields = request_id(), {"office": "ytp", "device": "ytp-again"}
  with stage.peer(stage.a, "admin") as admin:
    lost = admin.ask("invite_device", request=key, **fields)
    again = admin.ask("invite_device", request=key, **fields)
    assert again.replay and again.token != lost.token
    _, request = new_key(stage, "ytp-again")
    check_status(refusal(lambda: enrol(stage, decode(lost.token)[0], request)), "TOKEN_INVALID")
    enrol(stage, decode(again.token)[0], request)
    check_status(refusal(lambda: admin.ask("invite_device", request=key, **fields)), "TOKEN_USED")


INVITATIONS = (  # name, who, fields, reason, field
  ("wrong_office", "admin", {"office": "nowhere", "device": "x"}, "UNKNOWN_VALUE", "invite_device.office"),
  ("others_office", "admin", {"office": "xcs", "device": "x"}, "NOT_YOURS", "invite_device.office"),
  ("no_office", "admin", {"device": "x"}, "REQUIRED", "invite_device.office"),
  ("no_name", "admin", {"office": "ytp"}, "REQUIRED", "invite_device.device"),
  ("bad_name", "admin", {"office": "ytp", "device": "终端"}, "BAD_CODE", "invite_device.device"),
  ("name_with_more", "admin", {"office": "ytp", "device": "x,DNS:localhost"}, "BAD_CODE", "invite_device.device"),
  ("elsewhere", "admin", {"office": "ytp", "device": "xcp-duty"}, "DEVICE_TAKEN", "invite_device.device"),
  ("admin_machine", "admin", {"office": "ytp", "device": "x", "role": pb.ROLE_ADMIN}, "UNKNOWN_VALUE", "invite_device.role"),
  ("head_machine", "admin", {"office": "ytp", "device": "x", "role": pb.ROLE_CHIEF}, "UNKNOWN_VALUE", "invite_device.role"),
  ("no_administrator", "ytp-chief", {"office": "ytp", "device": "x"}, "ADMIN_ONLY", None),
)


@case.table(INVITATIONS)
def no_invitation(stage, device, fields, reason, at):
  with stage.peer(stage.a, device) as peer:
    check_status(refusal(lambda: peer.ask("invite_device", request=request_id(), **fields)), reason, field=at)


def altered(request):
  return request[:-1] + bytes([request[-1] ^ 1])


REQUESTS = (  # name, how to make the request, reason
  ("rsa_1024", lambda stage: new_key(stage, "weak", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024")[1], "REQUEST_KEY"),
  ("p384", lambda stage: new_key(stage, "p384", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384")[1], "REQUEST_KEY"),
  ("bad_signature", lambda stage: altered(new_key(stage, "altered")[1]), "REQUEST_SIGNATURE"),
  ("trailing_byte", lambda stage: new_key(stage, "trailing")[1] + b"\0", "REQUEST_MALFORMED"),
  ("noise", lambda stage: os.urandom(300), "REQUEST_MALFORMED"),
  ("too_large", lambda stage: bytes(2049), "TOO_LONG"),
  ("nothing", lambda stage: b"", "REQUEST_MALFORMED"),
)


@case.table(REQUESTS)
def hostile_request(stage, make, reason):
  """The token is not used up by it."""
  name = "ytp-hostile"
  secret = decode(invite(stage, name).token)[0]
  request = make(stage)
  check_status(refusal(lambda: enrol(stage, secret, request)), reason)
  assert stage.sql("select count(*) from invitation where device = $1 and used_by is not null", name) == [("0",)]


@case
def the_door_is_narrow(stage):
  """Without certificate: on liandong/1 nothing, on the other nothing but enrolment; with one no enrolment."""
  for alpn in (["liandong/1"], ["liandong/1", ENROL], [ENROL, "liandong/1"]):
    context = tls_context(stage.authority.ca, alpn=None)
    context.set_alpn_protocols(alpn)
    mark = len(stage.a.log())
    assert hello(stage.a, context) is not None, f"let in by {alpn}"
    until(lambda mark=mark: "CERTIFICATE_REQUIRED" in stage.a.log()[mark:], 5, "the refusal in the log")
  with door(stage) as peer:
    assert peer.welcome.max_frame == 4096 and not peer.welcome.office_code and not peer.welcome.HasField("role")
    peer.ask("ping", token=7)
    for name in ("list_incidents", "verify_feed", "watch_feed", "login", "renew_device", "invite_device", "revoke_device", "report_incident"):
      check_status(peer.call(name, request=request_id()).status, "ENROLMENT_ONLY", "PERMISSION_DENIED")
    check_status(peer.call("enrol_device", request=request_id()).status, "REQUIRED")
    try:
      peer.ask("ping", token=8)
      raise AssertionError("still served after the answer")
    except Closed:
      pass
  with door(stage) as peer:
    try:
      peer.call("ping", **{"token": 1})
      peer.wire.send((5000).to_bytes(4, "big") + bytes(5000))
      peer.receive(5)
      assert peer.receive(5) is None
    except Closed:
      pass
  with stage.peer(stage.a) as peer:
    check_status(refusal(lambda: peer.ask("enrol_device", request=request_id(), token=bytes(16), certificate_request=b"x")), "ENROLMENT_ONLY")
  with stage.alone(enrol_ca_certificate=None, enrol_ca_key=None) as node:
    assert hello(node, tls_context(stage.authority.ca, alpn=ENROL)) is not None
    until(lambda: "NO_COMMON_PROTOCOL" in node.log(), 5, "the refusal in the log")
    with stage.peer(node, "admin") as admin:
      check_status(refusal(lambda: admin.ask("invite_device", request=request_id(), office="ytp", device="x")), "ENROLMENT_ELSEWHERE")
    with stage.peer(node) as peer:
      check_status(refusal(lambda: peer.ask("renew_device", request=request_id(), certificate_request=b"x")), "ENROLMENT_ELSEWHERE")


@case
def strangers_take_no_room(stage):
  """More without certificate than are let in at a time: the others are served, and the room comes back."""
  with stage.alone() as node:
    doors = []
    try:
      for _ in range(32):
        doors.append(door(stage, node))
      assert hello(node, tls_context(stage.authority.ca, alpn=ENROL)) is not None, "the 33rd was let in"
      with stage.peer(node) as peer:
        peer.ask("list_incidents")
    finally:
      for one in doors:
        one.close()
    until(lambda: hello(node, tls_context(stage.authority.ca, alpn=ENROL)) is None, 5, "the room being free again")


@case
def the_secret_stays_nowhere(stage):
  """Neither the feed nor a table nor a log holds it."""
  secret = decode(invite(stage, "ytp-quiet").token)[0]
  enrol(stage, secret, new_key(stage, "ytp-quiet")[1])
  found = stage.sql("select (select count(*) from feed where position($1::bytea in act) > 0)"
                    " + (select count(*) from invitation i where position($1::bytea in i.hash) > 0)", "\\x" + secret.hex())
  assert found == [("0",)], found
  for node in (stage.a, stage.b):
    assert secret.hex() not in node.log().lower()
  assert stage.sql("select kind from feed where no = 'ytp-quiet' order by seq") == [("invite_device",), ("enrol_device",)]


@case
def renewed(stage):
  """The same key gets a new certificate, again by the same request the same one; another key does not; the old goes on."""
  path, context, first = come_in(stage, "ytp-renew", role=pb.ROLE_DUTY)
  until(lambda: hello(stage.a, context) is None, 5, "the new device being served")
  version = stage.sql("select version from directory_head")
  request = openssl("req", "-new", "-key", path, "-subj", "/CN=x", "-outform", "DER")
  with Peer(stage.a.address, context) as peer:
    key = request_id()
    fresh = peer.ask("renew_device", request=key, certificate_request=request)
    again = peer.ask("renew_device", request=key, certificate_request=request)
    assert fresh.serial != first.serial and again.serial == fresh.serial and again.replay and fresh.device == "ytp-renew"
    _, other = new_key(stage, "ytp-renew-other")
    check_status(refusal(lambda: peer.ask("renew_device", request=request_id(), certificate_request=other)), "RENEW_OTHER_KEY")
  assert hello(stage.a, context_of(stage, "ytp-renewed", path, fresh.certificate)) is None
  assert hello(stage.a, context) is None
  assert stage.sql("select version from directory_head") == version, "every server reads the directory again for a renewal"
  # a device that was entered with a certificate from elsewhere
  elsewhere = openssl("req", "-new", "-key", stage.certificates["ytp-duty2"] + ".key", "-subj", "/CN=x", "-outform", "DER")
  with stage.peer(stage.a, "ytp-duty2") as peer:
    assert peer.ask("renew_device", request=request_id(), certificate_request=elsewhere).device == "ytp-duty2"


@case
def revoked_on_every_node(stage):
  """20 trials: a device watches on both nodes when it is revoked on one; how long until both are cut."""
  slowest, kept = 0, []
  path, context, _ = come_in(stage, "ytp-stolen", role=pb.ROLE_DUTY)
  with stage.peer(stage.a, "admin") as admin:
    for trial in range(20):
      until(lambda: hello(stage.a, context) is None and hello(stage.b, context) is None, 10, "the device being served")
      with contextlib.ExitStack() as stack:
        peers = [stack.enter_context(Peer(node.address, context)) for node in (stage.a, stage.b) for _ in range(2)]
        for peer in peers[::2]:
          peer.ask("watch_feed")
        key = request_id()
        begun = time.monotonic()
        receipt = admin.ask("revoke_device", request=key, device="ytp-stolen", reason="丢失")
        for peer in peers:
          try:
            while True:
              peer.receive(max(0.01, 5 - (time.monotonic() - begun)))
          except Closed:
            slowest = max(slowest, time.monotonic() - begun)
          except TimeoutError as e:
            raise AssertionError(f"trial {trial}: still connected after 5 s") from e
        assert admin.ask("revoke_device", request=key, device="ytp-stolen", reason="丢失").replay and not receipt.replay
      for node in (stage.a, stage.b):
        assert "UNKNOWN_DEVICE" in hello(node, context), "let in again"
      kept.append(stage.sql("select revoked_why from device where name = 'ytp-stolen'"))
      if trial < 19:  # back by a new invitation, with the key it had
        request = openssl("req", "-new", "-key", path, "-subj", "/CN=x", "-outform", "DER")
        enrol(stage, decode(invite(stage, "ytp-stolen", role=pb.ROLE_DUTY).token)[0], request)
    print(f"revoke_device: 20 trials on two nodes, slowest {slowest:.2f} s", flush=True)
    assert kept == [[("丢失",)]] * 20
    check_status(refusal(lambda: admin.ask("revoke_device", request=request_id(), device="ytp-stolen", reason="x")), "DEVICE_REVOKED")
    check_status(refusal(lambda: admin.ask("revoke_device", request=request_id(), device="ytp-once")), "REASON_REQUIRED", field="revoke_device.reason")
    check_status(refusal(lambda: admin.ask("revoke_device", request=request_id(), device="nothing", reason="x")), "NOT_FOUND")
    check_status(refusal(lambda: admin.ask("revoke_device", request=request_id(), device="xcs-mediator", reason="x")), "NOT_YOURS")
    check_status(refusal(lambda: admin.ask("revoke_device", request=request_id(), device="admin", reason="x")), "OWN_DEVICE")


@case
def settings_that_fit_not(stage):
  """A CA that is not the server's own, half of the pair, an open key: told at check, at start and on reload, and nothing changes."""
  other = Authority(os.path.join(stage.folder, f"foreign-{time.monotonic_ns()}"))
  name = stage.database()
  for settings, word in (({"enrol_ca_certificate": other.ca, "enrol_ca_key": other.key}, "tls_ca"), ({"enrol_ca_key": None}, "enrol_ca_key"),
                         ({"enrol_ca_key": stage.certificates["ytp-duty"] + ".key"}, "不是一对")):
    node = stage.node(f"unfit{len(word)}", name, **settings)
    stage.nodes.remove(node)
    code, text = node.run("check")
    assert code != 0 and word in text, text


# ---- the real client

class Computer:
  """One with a home of its own, on which nothing is set."""

  def __init__(self, stage, name):
    self.home = os.path.join(stage.folder, f"computer-{name}-{time.monotonic_ns()}")
    os.makedirs(self.home)
    self.config = os.path.join(self.home, "config", "liandong")

  def run(self, *arguments, give="", env=None, **options):
    environment = {**clean_environment(), "HOME": self.home, "LC_ALL": "C", "TERM": "dumb", "XDG_CONFIG_HOME": self.home + "/config",
                   "XDG_STATE_HOME": self.home + "/state", **(env or {})}
    done = subprocess.run([program("liandong"), *arguments], env=environment, input=give, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=40, **options)
    return done.returncode, done.stdout, done.stderr

  def setting(self, key, profile="default"):
    with open(os.path.join(self.config, profile + ".ini"), encoding="utf-8") as f:
      return re.search(rf"^{key} = (.*)$", f.read(), re.M).group(1)

  def files(self, profile="default"):
    folder = os.path.join(self.config, profile)
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


def administrators(stage):
  """An administrator's settings for the client."""
  path = stage.certificates["admin"]
  return {"LIANDONG_SERVER": f"localhost:{stage.a.port}", "LIANDONG_CA": stage.authority.ca, "LIANDONG_CERT": path + ".pem", "LIANDONG_KEY": path + ".key"}


def invite_by_client(stage, *arguments):
  """The words after "liandong" of the line that it prints."""
  code, data, talk = Computer(stage, "admin").run("device", "invite", *arguments, env=administrators(stage))
  assert code == 0, data + talk
  line = re.search(r"^  liandong (enrol .*)$", talk, re.M)
  assert line, talk
  assert line.group(1).split()[-1] in data
  return line.group(1).split()


@case
def from_an_invitation_to_the_first_report(stage):
  """What the administrator's client prints is typed on a bare computer; then it works, without any setting by hand."""
  computer = Computer(stage, "new")
  line = invite_by_client(stage, "ytp-front", "--office", "ytp", "--role", "duty")
  code, data, talk = computer.run(*line)
  assert code == 0 and "本终端已登记：ytp-front，岳塘派出所" in talk and "下一步：liandong status" in talk, data + talk
  names = computer.files()
  assert len(names) == 3 and "enrolling.key" not in names, names
  for name in names:
    assert os.stat(os.path.join(computer.config, "default", name)).st_mode & 0o777 == 0o600
  with open(computer.setting("ca"), encoding="ascii") as kept, open(stage.authority.ca, encoding="ascii") as true:
    assert kept.read() == true.read()[true.seek(0):]
  code, data, talk = computer.run("incident", "report", "--class", "dispute", "-o", "id", "登记之后的第一条")
  assert code == 0 and data.startswith("JQ-"), data + talk
  code, _, talk = computer.run(*line)
  assert code == 2 and "已经有证书" in talk, talk
  code, _, talk = computer.run(*line, "--yes")
  assert code == 5 and "TOKEN_USED" in talk, talk
  assert computer.run("status")[0] == 0, "a refused second try broke what was there"
  # replaced by a new invitation: the old key is out, its files are gone
  before = computer.setting("key")
  line = invite_by_client(stage, "ytp-front", "--office", "ytp", "--role", "duty")
  code, _, talk = computer.run(*line, "--yes")
  assert code == 0, talk
  assert computer.setting("key") != before and not os.path.exists(before)
  assert len(computer.files()) == 3, computer.files()


@case
def a_desk_where_people_log_in(stage):
  computer = Computer(stage, "desk")
  code, _, talk = computer.run(*invite_by_client(stage, "ytp-came2", "--office", "ytp"))
  assert code == 0 and "下一步：liandong login" in talk, talk
  code, _, talk = computer.run("incident", "list")
  assert code == 4 and "LOGIN_REQUIRED" in talk, talk


@case
def tokens_as_they_are_typed(stage):
  """Small letters, a slip, a descriptor, nothing at all; a profile of its own."""
  computer = Computer(stage, "typing")
  line = invite_by_client(stage, "ytp-typed", "--office", "ytp", "--role", "viewer")
  token, server = line[-1], line[:-2]
  slip = ("B" if token[5] == "A" else "A").join((token[:5], token[6:]))
  for bad in (slip, token[:-5], "hello", ""):
    code, _, talk = computer.run(*server, "--token", bad)
    assert code == 2 and "输错" in talk, talk
  code, _, talk = computer.run(*server)
  assert code == 2 and "没有给出登记令牌" in talk, talk
  assert computer.files() == [], computer.files()
  read, write = os.pipe()
  os.write(write, token.lower().encode() + b"\n")
  os.close(write)
  code, _, talk = computer.run(*server, "-p", "night", "--token-fd", str(read), pass_fds=(read,))
  os.close(read)
  assert code == 0, talk
  assert computer.run("status", "-p", "night")[0] == 0 and computer.files() == []


@case
def somebody_in_between(stage):
  """A server with another authority, of the same name and address: the client sends nothing that is secret, and says so."""
  other = Authority(os.path.join(stage.folder, f"between-{time.monotonic_ns()}"))
  path = other.issue("server", "server")
  name = stage.database()
  node = stage.node("between", name, tls_certificate=path + ".pem", tls_key=path + ".key", tls_ca=other.ca, enrol_ca_certificate=other.ca,
                    enrol_ca_key=other.key, log_level="debug").start()
  try:
    computer = Computer(stage, "between")
    line = invite_by_client(stage, "ytp-between", "--office", "ytp", "--role", "duty")
    line[line.index("--server") + 1] = f"localhost:{node.port}"
    code, _, talk = computer.run(*line)
    assert code == 4 and "令牌没有发出" in talk, talk
    assert "enrol_device" not in node.log() and '"hello"' not in node.log()
    assert computer.files() == ["enrolling.key"], computer.files()
    line[line.index("--server") + 1] = f"localhost:{stage.a.port}"
    assert computer.run(*line)[0] == 0, "the token was used up"
  finally:
    node.stop()
    stage.nodes.remove(node)


class Gag:
  """Carries connections to a server, and cuts each before the first bytes that the server says once `silent()` is true."""

  def __init__(self, server, silent):
    self.server, self.silent = server, silent
    self.listener = socket.create_server(("127.0.0.1", 0))
    self.port = self.listener.getsockname()[1]
    threading.Thread(target=self.accept, daemon=True).start()

  def close(self):
    self.listener.close()

  def accept(self):
    with contextlib.suppress(OSError):
      while True:
        near = self.listener.accept()[0]
        far = socket.create_connection(self.server, 10)
        threading.Thread(target=self.carry, args=(near, far, None), daemon=True).start()
        threading.Thread(target=self.carry, args=(far, near, self.silent), daemon=True).start()

  @staticmethod
  def carry(source, target, silent):
    with contextlib.suppress(OSError):
      while data := source.recv(65536):
        if silent and silent():
          break
        target.sendall(data)
    for s in (source, target):
      with contextlib.suppress(OSError):
        s.shutdown(socket.SHUT_RDWR)


@case
def the_answer_is_lost(stage):
  """The server has enrolled, the computer heard nothing and was cut off: the same command again completes it."""
  computer = Computer(stage, "lost")
  line = invite_by_client(stage, "ytp-lost", "--office", "ytp", "--role", "duty")
  direct = line.copy()
  used = lambda: stage.sql("select count(*) from invitation where device = 'ytp-lost' and used_by is not null") == [("1",)]  # noqa: E731
  with contextlib.closing(Gag(stage.a.address, used)) as gag:
    line[line.index("--server") + 1] = f"localhost:{gag.port}"
    code, _, talk = computer.run(*line, "--timeout", "2s")
    assert code == 75 and "只会办理一次" in talk, talk
  until(lambda: stage.sql("select count(*) from device where name = 'ytp-lost'") == [("1",)], 5, "the device in the directory")
  assert computer.files() == ["enrolling.key"]
  code, _, talk = computer.run(*direct)
  assert code == 0, talk
  assert computer.run("status")[0] == 0


def aged(stage, computer, start, end):
  """Puts a certificate of these days in place of the computer's, for the same key."""
  path = os.path.join(stage.folder, f"aged-{time.monotonic_ns()}")
  openssl("req", "-new", "-key", computer.setting("key"), "-subj", "/CN=aged", "-out", path + ".csr")
  days = [time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + d * 86400)) for d in (start, end)]
  stage.authority.sign(path, "device", *days, name="ytp-aging")
  os.replace(path + ".pem", computer.setting("cert"))


@case
def renews_by_itself(stage):
  """From two thirds of its life on, after any command; never in the way; by hand at any time; too late it says what to do."""
  computer = Computer(stage, "aging")
  assert computer.run(*invite_by_client(stage, "ytp-aging", "--office", "ytp", "--role", "duty"))[0] == 0
  aged(stage, computer, -19, 10.5)
  code, data, talk = computer.run("incident", "list", "-o", "json")
  assert code == 0 and "续期" not in talk.replace("liandong enrol", "") and "证书将于" in talk and "liandong enrol --renew" in talk, talk
  aged(stage, computer, -21, 9)
  with open(computer.setting("cert"), "rb") as f:
    before = f.read()
  with stage.alone(enrol_ca_certificate=None, enrol_ca_key=None) as node:  # an outside authority certifies: no word of it
    stage.sql("insert into liandong.device(name, key, office, officer, role, unattended) select 'ytp-aging', $1, id, 'x', 2, true from liandong.office where code = 'ytp'",
              "\\x" + hashlib.sha256(openssl("pkey", "-in", computer.setting("key"), "-pubout", "-outform", "DER")).hexdigest(), database=node.name)
    elsewhere = {"LIANDONG_SERVER": f"localhost:{node.port}"}
    until(lambda: computer.run("incident", "list", env=elsewhere)[0] == 0, 5, "the device being served")
    code, _, talk = computer.run("incident", "list", env=elsewhere)
    assert code == 0 and "没有续上" not in talk, talk
    code, _, talk = computer.run("enrol", "--renew", env=elsewhere)
    assert code != 0 and "外部 CA" in talk, talk
  folder = os.path.dirname(computer.setting("cert"))
  with open(computer.setting("cert"), "rb") as f:
    assert f.read() == before
  code, data, talk = computer.run("incident", "list", "-o", "json")
  assert code == 0 and "证书已续期" in talk and data.strip().startswith(("{", "[")), talk
  with open(computer.setting("cert"), "rb") as f:
    assert f.read() != before
  code, _, talk = computer.run("incident", "list")
  assert code == 0 and "续期" not in talk and "证书将于" not in talk, talk
  code, _, talk = computer.run("enrol", "--renew")
  assert code == 0 and "证书已续期" in talk, talk
  aged(stage, computer, -30, -1)
  code, _, talk = computer.run("incident", "list")
  assert code == 4 and "过期" in talk and "liandong device invite" in talk, talk
  assert os.path.isdir(folder)


@case
def thrown_out_by_the_client(stage):
  computer, admin = Computer(stage, "thrown"), Computer(stage, "admin")
  assert computer.run(*invite_by_client(stage, "ytp-thrown", "--office", "ytp", "--role", "duty"))[0] == 0
  code, data, talk = admin.run("device", "revoke", "ytp-thrown", "电脑被盗", "--yes", env=administrators(stage))
  assert code == 0, data + talk
  until(lambda: computer.run("status")[0] == 4, 5, "the device being out")
  assert "UNKNOWN_DEVICE" in computer.run("status")[2]


@case
def the_operators_first_token(stage):
  """`liandongd enrol-token` on the server's machine, before there is any administrator."""
  code, text = stage.a.run("enrol-token", "--office", "ytp", "--device", "ytp-first", "--role", "duty", "--server", f"localhost:{stage.a.port}")
  line = re.search(r"^  liandong (enrol .*)$", text, re.M)
  assert code == 0 and line and "只能用一次" in text, text
  computer = Computer(stage, "first")
  code, _, talk = computer.run(*line.group(1).split())
  assert code == 0, talk
  for arguments, word in ((("--office", "nowhere", "--device", "x"), "没有这个单位"), (("--office", "ytp"), "--device"),
                          (("--office", "ytp", "--device", "终端"), "小写字母"), (("--office", "ytp", "--device", "xcp-duty"), "同名终端"),
                          (("--office", "ytp", "--device", "x", "--role", "admin"), "--role")):
    code, text = stage.a.run("enrol-token", *arguments)
    assert code != 0 and word in text and "enrol --server" not in text, text
