"""Who may connect: every wrong certificate, protocol and stranger is turned away, and costs nobody else anything."""
import os
import socket
import ssl
import struct
import time

from peer.peer import Closed, Peer, Refused, tls_context
from scene import check_status
from support import district
from support.pki import Authority
from support.runner import case
from support.waiting import until


def attempt(stage, context, node=None):
  """The reason why a connection did not get as far as a served hello; None where it did."""
  try:
    with Peer((node or stage.a).address, context, timeout=5):
      return None
  except (OSError, Closed, Refused) as e:
    return str(e) or type(e).__name__


def other_ca(stage):
  authority = Authority(os.path.join(stage.folder, f"other-{time.monotonic_ns()}"))
  path = authority.issue("ytp-duty")
  return tls_context(stage.authority.ca, path + ".pem", path + ".key")


def without(stage):
  return tls_context(stage.authority.ca)


def own(name, **options):
  return lambda stage: tls_context(stage.authority.ca, stage.certificates[name] + ".pem", stage.certificates[name] + ".key", **options)


WRONG = (  # name, context, word that the refusal or the log must hold
  ("none", without, "CERTIFICATE_REQUIRED"),
  ("wrong_ca", other_ca, "UNKNOWN_CA"),
  ("expired", own("ytp-expired"), "CERTIFICATE_EXPIRED"),
  ("tls_1_2", own("ytp-duty", version=ssl.TLSVersion.TLSv1_2), "OLD_VERSION"),
  ("other_alpn", own("ytp-duty", alpn="http/1.1"), "NO_COMMON_PROTOCOL"),
  ("no_alpn", own("ytp-duty", alpn=None), "NO_COMMON_PROTOCOL"),
  ("server_certificate", own("server"), "CERTIFICATE"),
)


@case.table(WRONG)
def wrong(stage, context, word):
  mark = len(stage.a.log())
  assert attempt(stage, context(stage)) is not None, "was let in"
  until(lambda: word in stage.a.log()[mark:], 60, f"{word} in the log")
  assert attempt(stage, stage.context("ytp-duty")) is None, "the right one is no longer let in"


@case
def unknown_device(stage):
  with Peer(stage.a.address, stage.context("stranger"), hello=False) as peer:
    check_status(peer.call("hello", version_min=1, version_max=1).status, "UNKNOWN_DEVICE", "UNAUTHENTICATED")
    try:
      peer.receive(5)
      raise AssertionError("not hung up")
    except Closed:
      pass


@case
def revoked_device(stage):
  with Peer(stage.a.address, stage.context("ytp-old"), hello=False) as peer:
    check_status(peer.call("hello", version_min=1, version_max=1).status, "UNKNOWN_DEVICE", "UNAUTHENTICATED")


@case
def revoked_while_connected(stage):
  """Within seconds: the open watch gets no further event, the open connection no further answer, a new one no hello."""
  with stage.alone() as node:
    file = os.path.join(stage.folder, "revoking.ini")
    with stage.watch("yts-mediator", node=node) as watch, stage.peer(node, "ytp-duty") as writer, stage.peer(node, "ytp-chief") as stays:
      watch.backlog()
      with open(file, "w", encoding="utf-8") as f:
        f.write(district.directory(stage.certificates, revoked=("ytp-old", "yts-mediator", "ytp-duty")))
      code, text = node.run("directory", file)
      assert code == 0, text

      def cut():
        try:
          return bool(writer.call("list_incidents", limit=1).status.reason)
        except Closed:
          return True
      until(cut, 60, "the end of a revoked device's calls")
      stays.ask("report_incident", **{"class": "INCIDENT_CLASS_TIP", "content": "吊销之后"})
      try:
        while True:
          assert watch.next(timeout=60) is None, "an event was delivered to a revoked device"
      except Closed:
        pass
    assert attempt(stage, stage.context("yts-mediator"), node) is not None
    with open(file, "w", encoding="utf-8") as f:
      f.write(district.directory(stage.certificates))
    assert node.run("directory", file)[0] == 0
    until(lambda: attempt(stage, stage.context("yts-mediator"), node) is None, 60, "the device being let in again")


RAW = (
  ("plaintext", b"\0\0\0\x06hello!"), ("http", b"GET / HTTP/1.1\r\n\r\n"), ("sslv2", b"\x80\x2e\x01\0\x02"), ("zeros", bytes(600)),
  ("record_of_64_kib", b"\x16\x03\x01\xff\xff" + bytes(70000)), ("hello_cut", b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03" + bytes(100)),
  ("alert", b"\x15\x03\x03\0\x02\x02\x28"), ("random", os.urandom(4000)),
)


@case.table(RAW)
def not_tls(stage, data):
  """Bytes that are no TLS: the connection ends with the time for a handshake; the others are served meanwhile."""
  with socket.create_connection(stage.a.address, 5) as s:
    s.settimeout(60)
    try:
      s.sendall(data)
      while s.recv(4096):
        pass
    except ConnectionError:
      pass
  assert attempt(stage, stage.context("ytp-duty")) is None


@case
def slowloris(stage):
  """200 that never finish: half a ClientHello, a handshake without hello, half a frame. All are out by themselves; others are served meanwhile."""
  hello = b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03" + bytes(50)
  raw = [socket.create_connection(stage.a.address, 5) for _ in range(60)]
  mute = [Peer(stage.a.address, stage.context("ytp-duty"), hello=False) for _ in range(60)]
  half = [stage.peer(stage.a) for _ in range(60)]
  for s in raw:
    s.sendall(hello)
  for peer in half:
    peer.wire.send(struct.pack(">I", 5000) + b"\x08")
  for _ in range(20):
    stage.report()  # answered while they all hang: each of them is waited for below
  for s in raw:
    s.settimeout(60)
    try:
      while s.recv(4096):
        pass
    except ConnectionError:
      pass
    s.close()
  for peer in mute + half:
    try:
      while True:
        peer.receive(60)
    except Closed:
      pass
    peer.close()


@case
def silent_connection_is_given_up(stage):
  """A peer that answers no ping is gone after the silence limit; one that does stays."""
  with stage.alone(heartbeat="300ms", silence_limit="1s") as node, stage.peer(node) as silent, stage.peer(node) as polite:
    end = time.monotonic() + 2
    while time.monotonic() < end:
      try:
        polite.receive(0.2)  # answers the pings that come
      except TimeoutError:
        pass
    try:
      while True:
        silent.wire.receive_frame(5)  # what was sent before the end; nothing is answered
    except Closed:
      pass
    polite.ask("ping", token=1)


@case
def many_come_and_go(stage):
  """300 connections dropped at every stage of their life; the server's descriptors come back."""
  fds = lambda: stage.a.metric("process_open_fds")  # noqa: E731
  before = fds()
  for i in range(300):
    if i % 3 == 0:
      socket.create_connection(stage.a.address, 5).close()
    elif i % 3 == 1:
      Peer(stage.a.address, stage.context("ytp-duty"), hello=False).close()
    else:
      with stage.peer(stage.a) as peer:
        peer.send("report_incident", request=os.urandom(16), **{"class": "INCIDENT_CLASS_TIP", "content": "中途离开"})
  until(lambda: fds() <= before + 2, 60, "the descriptors")
