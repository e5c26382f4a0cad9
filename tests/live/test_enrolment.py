"""How a device comes in, gets its certificate anew, and is thrown out: by an independent peer. With the real client: test_enrolment_client.py."""
import base64
import contextlib
import hashlib
import os
import subprocess
import time

from peer.messages import pb
from peer.peer import Closed, Peer, Refused, request_id, tls_context
from scene import check_status, refusal
from support.pki import Authority
from support.runner import case
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
  until(lambda: hello(stage.b, context) is None, 60, "the new device being served")
  with Peer(stage.b.address, context) as peer:
    assert (peer.welcome.office_code, peer.welcome.role) == ("ytp", pb.ROLE_DUTY)
    peer.ask("list_incidents")


@case
def enrolled_for_logins(stage):
  """Without a role of its own it is served nothing but a login."""
  _, context, enrolment = come_in(stage, "ytp-came")
  assert not enrolment.HasField("role")
  until(lambda: hello(stage.a, context) is None, 60, "the new device being served")
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
    until(lambda mark=mark: "CERTIFICATE_REQUIRED" in stage.a.log()[mark:], 60, "the refusal in the log")
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
    until(lambda: "NO_COMMON_PROTOCOL" in node.log(), 60, "the refusal in the log")
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
    until(lambda: hello(node, tls_context(stage.authority.ca, alpn=ENROL)) is None, 60, "the room being free again")


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
  until(lambda: hello(stage.a, context) is None, 60, "the new device being served")
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
      until(lambda: hello(stage.a, context) is None and hello(stage.b, context) is None, 60, "the device being served")
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
              peer.receive(60)
          except Closed:
            slowest = max(slowest, time.monotonic() - begun)
          except TimeoutError as e:
            raise AssertionError(f"trial {trial}: still connected") from e
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
