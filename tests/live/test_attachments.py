"""Files to and from records through real nodes: cut at any byte, gone on with on another node and after a kill -9, refused where they are to be."""
import contextlib
import hashlib
import os
import random
import signal
import subprocess
import threading
import time

from peer.peer import Closed, Peer
from scene import check_status, refusal
from support.cluster import binary
from support.proxy import Cut
from support.runner import case
from support.waiting import until
from test_client import client, ok
from test_sealed import files_of, holds


def content(size, mark="附件正文"):
  """Bytes that hold a mark again and again, and are not the same twice."""
  seed = random.randrange(1 << 30)
  noise = random.Random(seed).randbytes(size)
  words = (mark + str(seed)).encode()
  return (words + noise)[:size - len(words)] + words if size > 2 * len(words) else noise[:size]


def begin(peer, record, data, name="信.pdf", **fields):
  return peer.ask("begin_attachment", record=record, name=name, size=len(data), sha256=hashlib.sha256(data).hexdigest(), **fields)


def put(peer, receipt, data, offset=None):
  offset = receipt.offset if offset is None else offset
  return peer.ask("put_chunk", attachment=receipt.attachment, offset=offset, bytes=data[offset:offset + receipt.chunk])


def upload(peer, record, data, **fields):
  receipt = begin(peer, record, data, **fields)
  while not receipt.complete:
    receipt = put(peer, receipt, data)
  return receipt


def download(peer, attachment):
  record = peer.ask("get_attachment", attachment=attachment)
  parts = [peer.ask("get_chunk", attachment=attachment, offset=at).bytes for at in range(0, record.size, record.chunk)]
  return record, b"".join(parts)


def dispute(stage, title="邻里漏水"):
  return stage.ask("yts-head", "open_dispute", type="DISPUTE_TYPE_NEIGHBOR", title=title).no


@case
def there_and_back(stage):
  """Of one byte, of a chunk, of a chunk and a byte, of 20 MiB: the same bytes at the other side; the other side's watch hears of it."""
  no = dispute(stage)
  with stage.watch("ytp-duty") as watch, stage.peer(stage.a, "yts-head") as j, stage.peer(stage.b, "ytp-duty") as p:
    watch.backlog()
    for size in (1, 131072, 131073, 20 << 20):
      data = content(size)
      started = time.monotonic()
      receipt = upload(j, no, data)
      spent = time.monotonic() - started
      event = watch.event()
      assert (event.kind, event.no, event.version) == ("attached", no, receipt.version), event
      told = {c.field: c.new_value for c in event.changes}
      assert told == {"attachment": str(receipt.attachment), "media_type": "application/octet-stream", "size": str(size)}, told
      record, got = download(p, receipt.attachment)
      assert got == data and record.sha256 == hashlib.sha256(data).hexdigest() and record.name == "信.pdf" and record.record == no
    print(f"# 20 MiB up in {spent:.1f} s")
    assert begin(p, no, data).complete and len(p.ask("list_attachments", record=no).attachments) == 4
    assert {a.name for a in p.ask("list_attachments", record=no).attachments} == {"信.pdf"}


there_and_back.seconds = 90


class Through(Peer):
  def __init__(self, stage, node, hard):
    self.cut = Cut(node.address, hard)
    super().__init__(node.address, stage.context("ytp-duty"), plain=self.cut.near)


@case
def cut_at_any_byte(stage):
  """At random bytes of an upload, both directions, FIN and RST, the nodes in turn: begun again it goes on where the server says, and is there once."""
  random.seed(int(os.environ.get("LIANDONG_SEED", time.time_ns())))
  seed = random.randrange(1 << 30)
  random.seed(seed)
  no, data, cuts, went_on = stage.report().no, content(131072 * 16 + 77), 0, 0
  before = stage.show(no).version
  receipt = None
  while receipt is None:
    node = (stage.a, stage.b)[cuts % 2]
    peer = Through(stage, node, cuts % 4 > 1)
    try:
      direction = random.choice(("request", "request", "reply"))
      peer.cut.arm(direction, random.randrange(80 if direction == "reply" else 200000) if cuts < 12 else 1 << 30)
      started = begin(peer, no, data)
      went_on += started.offset > 0
      while not started.complete:
        started = put(peer, started, data)
      receipt = started
    except (Closed, TimeoutError, OSError):
      cuts += 1
    finally:
      peer.close()
      peer.cut.wait()
  assert cuts == 12 and went_on >= 3, f"seed {seed}: cuts={cuts} went_on={went_on}"
  with stage.peer(stage.b, "yts-mediator") as j:
    assert download(j, receipt.attachment)[1] == data, f"seed {seed}"
    assert len(j.ask("list_attachments", record=no).attachments) == 1
  assert stage.show(no).version == before + 1, f"one event, seed {seed}"
  print(f"# seed={seed} cuts={cuts} went_on={went_on}")


cut_at_any_byte.seconds = 60


@case
def killed_in_between(stage):
  """kill -9 of the node while chunks come: what was acknowledged is there after it, and the rest follows at the next start."""
  name = stage.database()
  node = stage.node("killed-upload", name).start()
  data = content(131072 * 40)
  with stage.peer(node, "ytp-duty") as p:
    no = p.ask("report_incident", **{"class": "INCIDENT_CLASS_DISPUTE", "content": "附件"}).no
    receipt, acknowledged = begin(p, no, data), []

    def go_on():
      at = receipt
      with contextlib.suppress(Closed, TimeoutError, OSError):
        while not at.complete:
          at = put(p, at, data)
          acknowledged.append(at.offset)
    thread = threading.Thread(target=go_on)
    thread.start()
    until(lambda: len(acknowledged) >= 5, 60, "five chunks")
    node.signal(signal.SIGKILL)
    thread.join(20)
  node.process.wait(10)
  stage.nodes.remove(node)
  again = stage.node("killed-upload2", name).start()
  with stage.peer(again, "yts-mediator") as p:
    resumed = begin(p, no, data)
    assert resumed.attachment == receipt.attachment and acknowledged[-1] <= resumed.offset <= acknowledged[-1] + receipt.chunk, (resumed, acknowledged[-1])
    assert not resumed.complete, "it was over before it was killed"
    assert upload(p, no, data).complete and download(p, receipt.attachment)[1] == data
    assert p.ask("verify_feed").intact
  again.stop()
  stage.nodes.remove(again)


@case
def two_uploaders(stage):
  """The same file from both sides at once on two nodes: one attachment, one event, whole."""
  no, data, ends = stage.report().no, content(131072 * 12 + 5), []
  before = stage.show(no).version

  def send(node, device):
    with stage.peer(node, device) as p:
      ends.append(upload(p, no, data))
  threads = [threading.Thread(target=send, args=who) for who in ((stage.a, "ytp-duty"), (stage.b, "yts-mediator"))]
  for t in threads:
    t.start()
  for t in threads:
    t.join()
  assert len(ends) == 2 and len({e.attachment for e in ends}) == 1 and all(e.complete for e in ends)
  assert stage.show(no).version == before + 1
  with stage.peer(stage.a, "ytp-duty") as p:
    assert download(p, ends[0].attachment)[1] == data


@case
def what_is_refused(stage):
  """Wrong hash, wrong size, too large, out of turn, no right, and closed to the reader between two chunks."""
  no, data = stage.report().no, content(131072 * 2 + 9)
  with stage.peer(stage.a, "ytp-duty") as p, stage.peer(stage.b, "yts-mediator") as j, stage.peer(stage.a, "xcp-duty") as other:
    lies = p.ask("begin_attachment", record=no, name="x", size=len(data), sha256=hashlib.sha256(b"x").hexdigest())
    first = put(p, lies, data)
    check_status(refusal(lambda: put(p, first, data, 2 * 131072)), "WRONG_OFFSET", "FAILED_PRECONDITION", "put_chunk.offset")
    check_status(refusal(lambda: p.ask("put_chunk", attachment=lies.attachment, offset=131072, bytes=data[:9])), "BAD_SIZE", field="put_chunk.bytes")
    check_status(refusal(lambda: put(p, put(p, first, data), data)), "WRONG_HASH", "FAILED_PRECONDITION")
    check_status(refusal(lambda: put(p, first, data)), "NOT_FOUND")
    check_status(refusal(lambda: p.ask("begin_attachment", record=no, name="x", size=(20 << 20) + 1, sha256="0" * 64)), "FILE_TOO_LARGE", "OUT_OF_RANGE")
    check_status(refusal(lambda: p.ask("begin_attachment", record=no, name="x", size=5, sha256="00")), "BAD_SIZE", field="begin_attachment.sha256")
    check_status(refusal(lambda: begin(other, no, data)), "NOT_FOUND", field="begin_attachment.record")
    a = upload(p, no, data).attachment
    check_status(refusal(lambda: other.ask("get_attachment", attachment=a)), "NOT_FOUND")
    check_status(refusal(lambda: j.ask("get_chunk", attachment=a, offset=0)), "NOT_BEGUN")
    j.ask("get_attachment", attachment=a)
    assert j.ask("get_chunk", attachment=a, offset=0).bytes == data[:131072]
    half = put(j, begin(j, no, data + b"x"), data + b"x")
    stage.ask("ytp-chief", "grade_incident", incident=no, sensitivity=3, reason="涉及未成年人")
    check_status(refusal(lambda: j.ask("get_chunk", attachment=a, offset=131072)), "NOT_FOUND")
    check_status(refusal(lambda: put(j, half, data + b"x")), "NOT_FOUND")
    check_status(refusal(lambda: j.ask("list_attachments", record=no)), "NOT_FOUND")


@case
def a_right_that_ends_midway(stage):
  """Both ways, between two chunks: the pairing ends, the terminal is revoked; nothing more goes to or comes from there, the own side goes on."""
  data, yesterday = content(131072 * 3), int((time.time() - 86400) * 1000)
  with stage.alone() as node, stage.peer(node, "ytp-duty") as p, stage.peer(node, "yts-mediator") as j, stage.peer(node, "admin") as admin:
    no = p.ask("report_incident", **{"class": "INCIDENT_CLASS_DISPUTE", "content": "附件"}).no
    a = upload(p, no, data).attachment
    j.ask("get_attachment", attachment=a)
    assert j.ask("get_chunk", attachment=a, offset=0).bytes == data[:131072]
    half, ours = put(j, begin(j, no, data[::-1]), data[::-1]), put(p, begin(p, no, data[1:]), data[1:])
    admin.ask("part_offices", station="ytp", judicial="yts", until=yesterday, reason="试用结束")
    check_status(refusal(lambda: j.ask("get_chunk", attachment=a, offset=131072)), "NOT_FOUND")
    check_status(refusal(lambda: put(j, half, data[::-1])), "NOT_FOUND")
    check_status(refusal(lambda: j.ask("get_attachment", attachment=a)), "NOT_FOUND")
    assert put(p, ours, data[1:]).offset == 2 * 131072 and download(p, a)[1] == data
    with stage.peer(node, "ytp-duty2") as stolen:
      stolen.ask("get_attachment", attachment=a)
      assert stolen.ask("get_chunk", attachment=a, offset=0).bytes == data[:131072]
      admin.ask("revoke_device", device="ytp-duty2", reason="失窃")
      with contextlib.suppress(Closed):
        until(lambda: not stolen.ask("get_chunk", attachment=a, offset=131072), 60, "the end of its connection")
    assert download(p, a)[1] == data


@case
def nothing_in_the_clear(stage):
  """Neither its name nor its bytes nor its SHA-256 are in a dump or in any file of the cluster; another record's chunk in its place does not open."""
  mark, name = "丝雀附件的正文不该在库里", "丝雀与邻居的调解协议.pdf"
  data = (mark.encode() * 12000)[:300000]
  digest = hashlib.sha256(data).hexdigest()
  with stage.alone() as node:
    with stage.peer(node, "ytp-duty") as p:
      report = lambda: p.ask("report_incident", **{"class": "INCIDENT_CLASS_DISPUTE", "content": "附件"}).no  # noqa: E731
      one, two = (upload(p, report(), body, name=name).attachment for body in (data, data[::-1]))
      assert download(p, one)[1] == data
    with stage.cluster.session(node.name) as s:
      s.rows("checkpoint")
    dump = subprocess.run([binary("pg_dump"), "--dbname", stage.cluster.conninfo(node.name)], stdout=subprocess.PIPE, check=True).stdout.decode()
    words = (mark, name, digest)
    assert "attachment_chunk" in dump and not [w for w in words if w in dump or w.encode().hex() in dump]
    assert not [path for path in files_of(stage) if holds(path, words)]
    with stage.peer(node, "ytp-duty") as p:  # anew: looking through the files may take longer than a silent connection is kept
      stage.sql("update attachment_chunk c set bytes = o.bytes from attachment_chunk o where c.attachment = $1 and o.attachment = $2 and c.n = 0 and o.n = 1",
                one, one, database=node.name)
      check_status(refusal(lambda: p.ask("get_chunk", attachment=one, offset=0)), "INTERNAL")
      stage.sql("update attachment_chunk c set bytes = o.bytes from attachment_chunk o where c.attachment = $1 and o.attachment = $2 and c.n = o.n",
                one, two, database=node.name)
      check_status(refusal(lambda: p.ask("get_chunk", attachment=one, offset=131072)), "INTERNAL")
      assert "sealing.unreadable" in node.log()


@case
def with_the_client(stage):
  """add, list, get: names cleaned, nothing overwritten, a part that is there is gone on from, what is damaged is thrown away."""
  folder = os.path.join(stage.folder, "files")
  os.makedirs(folder, exist_ok=True)
  data, no = content(131072 * 3 + 11), stage.report().no
  path, out = os.path.join(folder, "门口 照片.jpg"), os.path.join(folder, "取回.jpg")
  with open(path, "wb") as f:
    f.write(data)
  shown = ok(stage, "attach", "add", no, path)
  assert "附件" in shown and no in shown, shown
  again = ok(stage, "attach", "add", no, path, "-o", "json")
  number = stage.sql("select max(id) from attachment")[0][0]
  assert f'"attachment": "{number}"' in again and '"complete": true' in again, again
  listed = ok(stage, "attach", "list", no, device="yts-mediator")
  assert "门口 照片.jpg" in listed and "image/jpeg" in listed, listed
  part = f"{out}.{number}.part"
  with open(part, "wb") as f:
    f.write(data[:131072 * 2 + 50])
  ok(stage, "attach", "get", number, "--out", out, device="yts-mediator")
  with open(out, "rb") as f:
    assert f.read() == data
  assert not os.path.exists(part) and os.stat(out).st_mode & 0o077 == 0
  code, _, talk = client(stage, "attach", "get", number, "--out", out)
  assert code == 1 and "--force" in talk, talk
  with open(part, "wb") as f:
    f.write(b"x" * 131072)
  code, _, talk = client(stage, "attach", "get", number, "--out", out, "--force")
  assert code == 1 and "SHA-256" in talk and not os.path.exists(part), talk
  ok(stage, "attach", "get", number, "--out", out, "--force")
  code, _, talk = client(stage, "attach", "get", number, "--out", os.path.join(folder, "x"), device="xcp-duty")
  assert code == 3 and not os.path.exists(os.path.join(folder, "x")), (code, talk)
  for wrong, told in ((folder, "目录"), (os.path.join(folder, "没有"), "没有")):
    code, _, talk = client(stage, "attach", "add", no, wrong)
    assert code == 1 and told in talk, talk
  cited = ok(stage, "journal", "list", no, "-o", "csv")
  assert f"{no}/2" in cited and "添加附件" in cited, cited


@case
def through_a_broken_line(stage):
  """The client goes on by itself over a line that breaks again and again; on a terminal there is a bar."""
  from test_client import words  # pylint: disable=import-outside-toplevel
  data, no = content(131072 * 16), stage.report().no
  path = os.path.join(stage.folder, "broken.bin")
  with open(path, "wb") as f:
    f.write(data)
  import socket  # pylint: disable=import-outside-toplevel
  door, stop, cuts = socket.create_server(("127.0.0.1", 0)), threading.Event(), []

  def serve():
    while not stop.is_set():
      with contextlib.suppress(OSError):
        near, _ = door.accept()
        far = socket.create_connection(stage.a.address, 5)
        most = 400000 if len(cuts) < 3 else 1 << 30

        def pump(source, target, limit):
          passed = 0
          with contextlib.suppress(OSError):
            while (data_ := source.recv(16384)):
              target.sendall(data_)
              passed += len(data_)
              if passed > limit:
                cuts.append(passed)
                break
          for s in (source, target):
            with contextlib.suppress(OSError):
              s.shutdown(socket.SHUT_RDWR)
        threading.Thread(target=pump, args=(near, far, most), daemon=True).start()
        threading.Thread(target=pump, args=(far, near, 1 << 30), daemon=True).start()
  threading.Thread(target=serve, daemon=True).start()
  line, environment = words(stage, "attach", "add", no, path, server=f"localhost:{door.getsockname()[1]}")
  master, slave = os.openpty()
  done = subprocess.Popen(line, env={**environment, "TERM": "xterm"}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=slave)
  os.close(slave)
  seen = b""
  with contextlib.suppress(OSError):
    while (piece := os.read(master, 4096)):
      seen += piece
  os.close(master)
  assert done.wait(60) == 0, seen.decode()
  stop.set()
  door.close()
  assert len(cuts) == 3 and b"[####" in seen and b"100%" in seen, (cuts, seen.decode()[-400:])
  with stage.peer(stage.b, "yts-mediator") as j:
    listed = j.ask("list_attachments", record=no).attachments
    assert len(listed) == 1 and download(j, listed[0].attachment)[1] == data


through_a_broken_line.seconds = 60
