"""Malformed bytes of every kind: each costs its own call, or its own connection, with a clear status; nobody else notices."""
import os
import struct

from peer.messages import pb
from peer.peer import Closed, frame, request_id
from scene import CLASS, check_status
from support.runner import case

HELLO_CAP, CAP = 4096, 1048576


def varint(n):
  out = bytearray()
  while n > 127:
    out.append(n & 127 | 128)
    n >>= 7
  return bytes(out + bytes([n]))


def counted(number, data):
  return varint(number << 3 | 2) + varint(len(data)) + data


def number(field, value):
  return varint(field << 3) + varint(value & (1 << 64) - 1)


def nested(field, depth):
  """`depth` messages inside each other: 2 to 4 bytes a level."""
  data = b""
  for _ in range(depth):
    data = counted(field, data)
  return data


def envelope(body_field, body, more=b"", request=True):
  """An envelope by hand: whatever protobuf's own encoder would refuse to write."""
  return number(1, 77) + (counted(2, request_id()) if request else b"") + more + counted(body_field, body)


CONTENT = counted(12, "报文试验".encode())
TIP = number(2, 9)
REPORT, LIST, WATCH, SHOW, DISPATCH = 20, 22, 12, 21, 24


def text(raw):
  """A report with these bytes as its content."""
  return envelope(REPORT, TIP + counted(12, raw))


# name, payload after hello, reason, field at fault; the connection goes on
CALLS = (
  ("garbage", bytes(range(255, 200, -1)), "MALFORMED", None),
  ("random", b"\x07" + os.urandom(300), "MALFORMED", None),
  ("truncated_varint", number(1, 77) + b"\xa2\x01", "MALFORMED", None),
  ("length_past_the_end", number(1, 77) + varint(REPORT << 3 | 2) + varint(5000) + b"abc", "MALFORMED", None),
  ("length_of_4_gib", number(1, 77) + varint(REPORT << 3 | 2) + varint(2**32 - 1) + b"abc", "MALFORMED", None),
  ("length_of_2_63", number(1, 77) + varint(REPORT << 3 | 2) + varint(2**63) + b"abc", "MALFORMED", None),
  ("inner_length_past_its_end", envelope(REPORT, TIP + varint(12 << 3 | 2) + varint(40) + b"abc"), "MALFORMED", None),
  ("varint_of_11_bytes", b"\x08" + b"\xff" * 10 + b"\x01" + counted(REPORT, TIP + CONTENT), "MALFORMED", None),
  ("field_zero", envelope(REPORT, TIP + CONTENT, more=b"\x02\x00"), "MALFORMED", None),
  ("group", envelope(REPORT, TIP + CONTENT, more=b"\x2b\x2c"), "MALFORMED", None),
  ("groups_10000_deep", b"\x2b" * 10000, "MALFORMED", None),
  ("wire_type_6", envelope(REPORT, TIP + CONTENT, more=b"\x2e\x00"), "MALFORMED", None),
  ("no_body", number(1, 77), "NO_BODY", None),
  ("unknown_request", envelope(99, b"\x08\x01"), "UNKNOWN_REQUEST", None),
  ("unknown_in_envelope", envelope(REPORT, TIP + CONTENT, more=number(9, 1)), "UNKNOWN_FIELD", None),
  ("unknown_in_body", envelope(REPORT, TIP + CONTENT + number(90, 1)), "UNKNOWN_FIELD", None),
  ("unknown_in_filter", envelope(WATCH, counted(3, number(77, 1)), request=False), "UNKNOWN_FIELD", None),
  ("wrong_type_of_a_field", envelope(REPORT, TIP + number(12, 5)), None, None),
  ("not_utf8", text(b"\xff\xfe\xfd"), "NOT_UTF8", "report_incident.content"),
  ("utf8_cut", text("火".encode()[:2]), "NOT_UTF8", "report_incident.content"),
  ("utf8_overlong", text(b"a\xc0\xafb"), "NOT_UTF8", "report_incident.content"),
  ("utf8_surrogate", text(b"a\xed\xa0\x80b"), "NOT_UTF8", "report_incident.content"),
  ("utf8_past_the_end", text(b"a\xf4\x90\x80\x80b"), "NOT_UTF8", "report_incident.content"),
  ("nul", text(b"abc\0def"), "CONTROL_CHARACTER", "report_incident.content"),
  ("escape", text(b"abc\x1b[2Jdef"), "CONTROL_CHARACTER", "report_incident.content"),
  ("delete", text(b"abc\x7f"), "CONTROL_CHARACTER", "report_incident.content"),
  ("c1", text("abc\u009bdef".encode()), "CONTROL_CHARACTER", "report_incident.content"),
  ("newline_in_a_line", envelope(REPORT, TIP + CONTENT + counted(7, b"a\nb")), "CONTROL_CHARACTER", "report_incident.place"),
  ("right_to_left", text("abc\u202edef".encode()), "DIRECTION_MARK", "report_incident.content"),
  ("isolate", text("abc\u2066def".encode()), "DIRECTION_MARK", "report_incident.content"),
  ("content_too_long", text(b"x" * 8001), "TOO_LONG", "report_incident.content"),
  ("place_too_long", envelope(REPORT, TIP + CONTENT + counted(7, b"x" * 513)), "TOO_LONG", "report_incident.place"),
  ("too_many_threats", envelope(REPORT, TIP + CONTENT + number(13, 1) * 17), "TOO_MANY", "report_incident.threats"),
  ("too_many_packed", envelope(REPORT, TIP + CONTENT + counted(13, b"\x01" * 900000)), "TOO_MANY_FIELDS", None),
  ("unknown_enum", envelope(REPORT, number(2, 99) + CONTENT), "UNKNOWN_VALUE", "report_incident.class"),
  ("negative_enum", envelope(REPORT, number(2, -1) + CONTENT), "UNKNOWN_VALUE", "report_incident.class"),
  ("unknown_enum_in_list", envelope(LIST, number(1, 2) + number(1, 55), request=False), "UNKNOWN_VALUE", "list_incidents.states"),
  ("request_id_of_15", number(1, 77) + counted(2, b"x" * 15) + counted(REPORT, TIP + CONTENT), "BAD_SIZE", "request_id"),
  ("request_id_empty", number(1, 77) + counted(2, b"") + counted(REPORT, TIP + CONTENT), "BAD_SIZE", "request_id"),
  ("request_id_missing", envelope(REPORT, TIP + CONTENT, request=False), "REQUEST_ID_REQUIRED", None),
  ("cursor_of_17", envelope(WATCH, counted(1, b"x" * 17), request=False), "BAD_SIZE", "watch_feed.cursor"),
  ("not_a_number", envelope(REPORT, TIP + CONTENT + b"\x41" + struct.pack("<d", float("nan"))), "OUT_OF_RANGE", "report_incident.longitude"),
  ("infinite", envelope(REPORT, TIP + CONTENT + b"\x49" + struct.pack("<d", float("inf"))), "OUT_OF_RANGE", "report_incident.latitude"),
  ("longitude_181", envelope(REPORT, TIP + CONTENT + b"\x41" + struct.pack("<d", 181.0)), "OUT_OF_RANGE", "report_incident.longitude"),
  ("crowd_too_large", envelope(REPORT, TIP + CONTENT + number(14, 1000001)), "OUT_OF_RANGE", "report_incident.mass_count"),
  ("deadline_too_long", envelope(SHOW, counted(1, b"1"), more=number(3, 600001), request=False), "OUT_OF_RANGE", "deadline_ms"),
  ("nested_3_kib", envelope(WATCH, nested(3, 800), request=False), None, None),
  ("nested_29_kib_unknown", envelope(99, nested(1, 7000)), None, None),
  ("empty_messages_72x", number(1, 77) + counted(WATCH, counted(3, b"") * 32000), "MALFORMED", None),
  ("empty_strings_44x", envelope(WATCH, counted(3, counted(1, b"") * 32000), request=False), "TOO_MANY_FIELDS", None),
  ("bodies_32x", number(1, 77) + counted(SHOW, b"") * 32000, "MALFORMED", None),
  ("two_bodies", number(1, 77) + counted(SHOW, counted(1, b"1")) + counted(LIST, b""), None, None),
  ("same_field_twice", envelope(SHOW, counted(1, b"JQ-2099-000001") + counted(1, b"JQ-2099-000002"), request=False), None, None),
)


def node_lives(stage):
  assert stage.a.process.poll() is None, "the server died"
  with stage.peer(stage.a, timeout=5) as peer:
    peer.ask("list_incidents", limit=1)


@case.table(CALLS)
def call(stage, payload, reason, field):
  """One bad call; the next one on the same connection is served."""
  with stage.peer(stage.a, timeout=5) as peer:
    peer.wire.send(frame(payload))
    status = peer.receive().status
    assert status.reason and status.code, "no status"
    if reason:
      check_status(status, reason, field=field)
    else:
      check_status(status, status.reason)
      assert status.reason not in ("INTERNAL", "DEADLINE"), status.reason
    assert peer.ask("report_incident", **{"class": CLASS, "content": "坏报文之后"}).no, "the connection does not go on"
  node_lives(stage)


@case
def bad_call_is_echoed(stage):
  """The status of a message that can't be decoded still names its call, where that can be read."""
  with stage.peer(stage.a) as peer:
    peer.wire.send(frame(text(b"\xff")))
    assert peer.receive().call == 77


# name, whether hello was said before, bytes, reason that is told
ENDS = (
  ("empty_frame", True, b"\0\0\0\0", "MALFORMED"),
  ("empty_frame_first", False, b"\0\0\0\0", "MALFORMED"),
  ("frame_of_4_gib", True, b"\xff\xff\xff\xff" + b"x" * 100, "TOO_LARGE"),
  ("frame_of_2_gib", True, b"\x80\0\0\0" + b"x" * 100, "TOO_LARGE"),
  ("frame_past_the_cap", True, struct.pack(">I", CAP + 1), "TOO_LARGE"),
  ("frame_past_the_first_cap", False, struct.pack(">I", HELLO_CAP + 1), "TOO_LARGE"),
  ("frame_of_4_gib_first", False, b"\xff\xff\xff\xff", "TOO_LARGE"),
  ("http", False, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "TOO_LARGE"),
  ("garbage_first", False, frame(b"\x07garbage"), "MALFORMED"),
  ("request_first", False, frame(b"\x08\x01\xb2\x01\x00"), "HELLO_FIRST"),
  ("largest_first_frame", False, frame(b"\x07" * HELLO_CAP), "MALFORMED"),
)


@case.table(ENDS)
def connection_ends(stage, greeted, data, reason):
  """The server says why, by a status with a hint, and hangs up; nothing is kept waiting."""
  with stage.peer(stage.a, hello=greeted, timeout=5) as peer:
    peer.wire.send(data)
    said = []
    try:
      while True:
        said.append(peer.receive(5).status)
    except Closed:
      pass
    assert said, "hung up without a word"
    check_status(said[-1], reason)
  node_lives(stage)


@case
def hello_rules(stage):
  for fields, reason in (({"version_min": 2, "version_max": 9}, "NO_COMMON_VERSION"), ({"version_min": 0, "version_max": 0}, "NO_COMMON_VERSION")):
    with stage.peer(stage.a, hello=False) as peer:
      status = peer.call("hello", **fields).status
      check_status(status, reason)
      try:
        peer.receive(5)
        raise AssertionError("not closed")
      except Closed:
        pass
  with stage.peer(stage.a, hello=False) as peer:
    check_status(peer.call("list_incidents").status, "HELLO_FIRST")
  with stage.peer(stage.a) as peer:
    check_status(peer.call("hello").status, "HELLO_TWICE")
  with stage.peer(stage.a, "yts-mediator", hello=False) as peer:
    welcome = peer.hello(version_min=1, version_max=7, features=["feed", "telepathy"])
    assert welcome.version == 1 and list(welcome.features) == ["feed"] and welcome.max_frame == CAP
    assert (welcome.office_code, welcome.office_name, welcome.officer) == ("yts", "岳塘司法所", "刘芳")
    assert welcome.system == pb.SYSTEM_JUDICIAL and welcome.role == pb.ROLE_MEDIATOR and welcome.heartbeat_ms == 2000


@case
def ping_both_ways(stage):
  with stage.peer(stage.a) as peer:
    assert peer.ask("ping", token=2**64 - 1).token == 2**64 - 1
    raw = pb.ToClient()
    while raw.WhichOneof("body") != "ping":  # the server's own, after a heartbeat of silence
      raw = pb.ToClient.FromString(peer.wire.receive_frame(10))
    peer.wire.send(frame(pb.ToServer(ping={"token": raw.ping.token}).SerializeToString()))
    peer.ask("ping", token=1)


@case
def split_at_every_byte(stage):
  """One byte at a time, each in a TLS record of its own; then several frames in one record: answered in order."""
  message = frame(pb.ToServer(call=5, show_incident={"incident": "JQ-2099-000001"}).SerializeToString())
  with stage.peer(stage.a) as peer:
    for i in range(len(message)):
      peer.wire.send(message[i:i + 1])
    assert peer.receive().call == 5
    many = b"".join(frame(pb.ToServer(call=i, ping={"token": i}).SerializeToString()) for i in range(1, 301))
    peer.wire.send(many)
    assert [peer.receive().call for _ in range(300)] == list(range(1, 301))


NUMBERS = (-2**63, -1, 0, 1, 2**31, 253402300799999, 253402300800000, 9223372036854775, 2**63 - 1)


@case.table((f"{field}_{request}", request, field) for request, field in (
  ("report_incident", "occurred_at"), ("report_incident", "received_at"), ("dispatch_incident", "dispatched_at"),
  ("list_incidents", "from"), ("list_incidents", "until"), ("search_incidents", "from")))
def extreme_time(stage, request, field):
  """Any int64 as a moment: served, or refused by name; never an error inside, which would fail other people's writes too."""
  fixed = {"report_incident": {"class": CLASS, "content": "时间"}, "dispatch_incident": {"dispatched_to": "x"}, "list_incidents": {},
           "search_incidents": {"text": "时间"}}[request]
  for value in NUMBERS:
    with stage.peer(stage.a) as peer:
      fields = {**fixed, field: value}
      if request == "dispatch_incident":
        fields["incident"] = stage.report().no
      status = peer.call(request, **fields).status
      assert status.reason in ("", "IN_FUTURE", "OUT_OF_RANGE"), f"{value}: {status.reason} {status.message}"
  assert stage.a.http("/healthz")[0] == 200


@case
def random_bytes(stage):
  """500 random payloads on few connections: each answered or ended; the server lives and its memory stays."""
  before = stage.a.metric("process_resident_memory_bytes")
  peer = stage.peer(stage.a)
  for i in range(500):
    payload = bytearray(text("随机".encode()))
    for _ in range(1 + i % 8):
      payload[int.from_bytes(os.urandom(2), "big") % len(payload)] = os.urandom(1)[0]
    try:
      peer.wire.send(frame(bytes(payload)))
      peer.receive(5)
    except Closed:
      peer = stage.peer(stage.a)
  peer.close()
  node_lives(stage)
  after = stage.a.metric("process_resident_memory_bytes")
  assert before is None or after < before + 32e6, f"{before} -> {after}"


@case
def bombs_take_no_memory(stage):
  """64 connections with a claim of 1 MiB each and the largest amplification in the frames: far from 64 x 72 MiB."""
  bomb = frame((number(1, 77) + counted(WATCH, counted(3, b"") * 500000))[:CAP])
  peers = [stage.peer(stage.a) for _ in range(32)]
  before = stage.a.memory()
  for peer in peers:
    peer.wire.send(struct.pack(">I", CAP) + b"x" * 1000)  # the claim, and next to nothing of it
  node_lives(stage)
  claimed = stage.a.memory()
  for peer in peers:
    peer.close()
  for _ in range(8):
    with stage.peer(stage.a) as peer:
      try:
        peer.wire.send(bomb)
        peer.receive(5)
      except Closed:
        pass
  assert claimed - before < 8 << 20, f"claims took {(claimed - before) >> 20} MiB"
  assert stage.a.memory() - before < 48 << 20, "bombs took memory"
