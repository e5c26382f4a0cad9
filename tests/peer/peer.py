"""One connection to a server: TLS 1.3 with certificates both ways, frames, hello, calls, the pushes of a watch."""
import collections
import os
import socket
import ssl
import struct
import time

from .messages import pb, writes

ALPN = "liandong/1"
VERSION = 1


class Closed(Exception):
  """The other side ended the connection."""


class Refused(Exception):
  """The server answered with a status."""

  def __init__(self, status):
    super().__init__(f"{pb.Code.Name(status.code)} {status.reason}: {status.message}")
    self.status = status
    self.reason = status.reason


def request_id():
  """A UUIDv7: 48 bits of ms, then random."""
  raw = bytearray(int(time.time() * 1000).to_bytes(6, "big") + os.urandom(10))
  raw[6] = 0x70 | raw[6] & 0x0f
  raw[8] = 0x80 | raw[8] & 0x3f
  return bytes(raw)


def tls_context(ca, certificate=None, key=None, version=ssl.TLSVersion.TLSv1_3, alpn=ALPN):
  context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
  context.minimum_version = context.maximum_version = version
  context.load_verify_locations(ca)
  if certificate:
    context.load_cert_chain(certificate, key)
  if alpn:
    context.set_alpn_protocols([alpn])
  return context


def frame(payload):
  return struct.pack(">I", len(payload)) + payload


class Wire:
  """Bytes and frames over TLS; knows no message."""

  def __init__(self, address, context, timeout=10, plain=None):
    raw = plain or socket.create_connection(address, timeout)
    raw.settimeout(timeout)
    if raw.family != socket.AF_UNIX:
      raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
      self.socket = context.wrap_socket(raw, server_hostname="localhost")
    except BaseException:
      raw.close()
      raise
    self.buffer = bytearray()

  def send(self, data):
    try:
      self.socket.sendall(data)
    except (ConnectionError, ssl.SSLError) as e:
      raise Closed(f"while sending: {e}") from e

  def receive_frame(self, timeout=None):
    """The next payload. Closed at the end of the connection, TimeoutError when nothing came."""
    until = None if timeout is None else time.monotonic() + timeout
    while True:
      if len(self.buffer) >= 4:
        size = int.from_bytes(self.buffer[:4], "big")
        if len(self.buffer) >= 4 + size:
          payload = bytes(self.buffer[4:4 + size])
          del self.buffer[:4 + size]
          return payload
      if until is not None:
        self.socket.settimeout(max(until - time.monotonic(), 0.001))
      try:
        data = self.socket.recv(262144)
      except socket.timeout as e:
        raise TimeoutError("no frame came") from e
      except (ConnectionError, ssl.SSLError) as e:
        raise Closed(f"while receiving: {e}") from e
      if not data:
        raise Closed("end of stream")
      self.buffer += data

  def fileno(self):
    return self.socket.fileno()

  def close(self):
    self.socket.close()


class Peer:
  """Calls. What the server says by itself is kept in `pushes` until somebody asks for it."""

  def __init__(self, address, context, timeout=10, hello=True, plain=None):
    self.timeout = timeout
    self.wire = Wire(address, context, timeout, plain)
    self.pushes = collections.deque()
    self.notices, self.came = [], 0
    self.number = 0
    self.welcome = self.hello() if hello else None

  def __enter__(self):
    return self

  def __exit__(self, *_):
    self.close()

  def close(self):
    self.wire.close()

  def hello(self, **fields):
    fields = {"version_min": VERSION, "version_max": VERSION, "client": "peer/1 python", "locale": "zh_CN", **fields}
    return self.ask("hello", **fields)

  def send(self, name, /, *, request=None, deadline_ms=None, **fields):
    """Sends without waiting; returns the call's number."""
    self.number += 1
    message = pb.ToServer(call=self.number, **{name: fields})
    getattr(message, name).SetInParent()
    if request is not None:
      message.request_id = request
    if deadline_ms is not None:
      message.deadline_ms = deadline_ms
    self.wire.send(frame(message.SerializeToString()))
    return self.number

  def receive(self, timeout=None):
    """The next message, whatever it is; pings are answered here."""
    while True:
      message = pb.ToClient.FromString(self.wire.receive_frame(timeout or self.timeout))
      if message.WhichOneof("body") == "ping" and not message.HasField("call"):
        pong = pb.ToServer(ping={"token": message.ping.token})
        self.wire.send(frame(pong.SerializeToString()))
        continue
      return message

  def answer(self, number, timeout=None):
    """The reply to a call; pushes that come before it are kept."""
    while True:
      message = self.receive(timeout)
      if message.HasField("call"):
        assert message.call == number, f"answer to call {message.call} while waiting for {number}"
        return message
      self.pushes.append(message)

  def call(self, name, /, *, request=None, timeout=None, **fields):
    """The whole reply envelope. Writes get a fresh request_id unless one is given; b"" sends none."""
    if request is None and name in writes():
      request = request_id()
    reply = self.answer(self.send(name, request=request or None, **fields), timeout)
    if not reply.HasField("status"):
      assert reply.WhichOneof("body") == name, f"{name} answered with {reply.WhichOneof('body')}"
    return reply

  def ask(self, name, /, **fields):
    """The reply's body; Refused where it is a status."""
    reply = self.call(name, **fields)
    if reply.HasField("status"):
      raise Refused(reply.status)
    return getattr(reply, name)

  def push(self, timeout=None):
    """The next message the server sends by itself, over the notices of alerts, which are kept."""
    while True:
      message = self.message(timeout)
      if message.WhichOneof("body") != "alert_notice":
        return message

  def message(self, timeout=None):
    """The next of whatever kind. notices: (how many deliveries came before it, the notice)."""
    message = self.pushes.popleft() if self.pushes else self.receive(timeout)
    if message.WhichOneof("body") == "alert_notice":
      self.notices.append((self.came, message.alert_notice))
    self.came += message.WhichOneof("body") == "delivery"
    return message
